"""What every event has: the envelope (who said it, when, about which plan) around what happened."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from scheduler.domain.happened import execution_of
from scheduler.domain.instance import Instance
from scheduler.errors import Defect, EventError

Status: TypeAlias = Literal["asserted", "updated", "retracted"]
"""What an event says of another one: nothing, that it now reads like this, or that it never happened."""


@dataclass(frozen=True)
class Range:
    """The least and the largest whole number that a field of an event may hold (None: any)."""

    least: int | None
    largest: int | None = None


Tick: TypeAlias = Annotated[int, Range(0)]
Length: TypeAlias = Annotated[int, Range(1)]
Amount: TypeAlias = Annotated[int, Range(0)]
Count: TypeAlias = Annotated[int, Range(1)]
Percent: TypeAlias = Annotated[int, Range(0, 100)]
Difference: TypeAlias = Annotated[int, Range(None)]


@dataclass(frozen=True)
class Estimate:
    """How long something lasts that is not known: at least ``low``, probably ``mode``, at most ``high`` ticks."""

    low: Length
    """Shortest length."""
    mode: Length
    """Most probable length."""
    high: Length
    """Longest length."""

    @property
    def expected(self) -> int:
        """``(low + 4 mode + high) / 6``, rounded up (PERT: Malcolm et al. 1959, Operations Research 7)."""
        return -(-(self.low + 4 * self.mode + self.high) // 6)


@dataclass(frozen=True)
class Event(ABC):
    """Something that happened; subclasses say what.

    The fields here are the envelope. The event file follows from the fields of the class: each is a key of that name,
    and the text below a field is its description there.
    """

    type: ClassVar[str]
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Groups of keys of the event file of which exactly one is given."""
    scales: ClassVar[bool] = False
    """Whether it stretches durations; other events add to them."""
    holds: ClassVar[bool] = False
    """Whether it holds until something ends it: its time is over (`expires_at`), or another event says so."""
    is_request: ClassVar[bool] = False
    """Whether somebody asks for it, and may get a refusal; all else has happened, whether or not there is a plan."""

    id: str
    """Name of the event, unique among all events of the factory: an event that comes again counts once."""
    at: Tick
    """Tick at which it happened."""
    _: KW_ONLY
    detected_at: Tick | None = None
    """Tick at which it was noticed; absent: at once."""
    received_at: Tick | None = None
    """Tick at which the planner was told; absent: when it was noticed."""
    source: str = ""
    """Who says so: a system or a person."""
    sequence: Tick | None = None
    """Number of the event among those of its source; events of one instant count in this order."""
    base_revision: Tick | None = None
    """Number of the revision whose schedule the source had before its eyes; 0: the first schedule."""
    supersedes: str | None = None
    """Id of the event of the same type that this one corrects: it counts as if it had read like this from now on."""
    note: str = ""
    """Anything else, for people."""

    @property
    def status(self) -> Status:
        """``updated`` if it corrects another event, ``retracted`` if it takes one back, otherwise ``asserted``."""
        return "asserted" if self.supersedes is None else "updated"

    @property
    def known_at(self) -> int:
        """The first tick at which anyone can react."""
        return max(self.at, self.detected_at or 0, self.received_at or 0)

    @property
    def frees(self) -> bool:
        """Whether it may leave room for something better; what doesn't is left at that if it moves nothing."""
        return True

    @property
    def expires_at(self) -> int | None:
        """The tick from which on it is undone, None if it is not: how long what the model can't limit in time lasts."""
        return None

    def apply(self, instance: Instance) -> Instance:
        """Return the instance after the event; its `execution` says what has happened until then.

        The event counts from `execution.now` on, which is `at` or, if it became known later, later.

        Raises
        ------
        EventError
            If the event contradicts the instance or what has happened, with every contradiction.
        """
        defects = (*self._disorder(), *self.contradictions(instance))
        if defects:
            raise EventError(f"event {self.id}", defects)
        return self.change(instance)

    @abstractmethod
    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield why the event can't be applied."""

    @abstractmethod
    def change(self, instance: Instance) -> Instance:
        """Return the instance after an event that contradicts nothing."""

    def defect(self, code: str, member: str, cause: str, fix: str) -> Defect:
        """Return a defect of one member of this event, placed by a JSON path that names the event by its id."""
        return Defect(code, f"$.events[?@.id=={json.dumps(self.id, ensure_ascii=False)}].{member}", cause, fix)

    def unknown(self, member: str, kind: str, name: str, known: Iterable[str]) -> Defect:
        """Return the defect of a name that the instance does not have."""
        names = list(known)
        listed = ", ".join(names[:12]) + (f" or another of the {len(names)}" if len(names) > 12 else "")
        fix = f"write {listed}" if names else f"the instance has no {kind}"
        return self.defect("E601", member, f"there is no {kind} {name!r}", fix)

    def missing(self, member: str, cause: str, fix: str) -> Defect:
        """Return the defect of an event about something that the model does not have yet."""
        return self.defect("E607", member, f"events of type {self.type} can't be answered yet: {cause}", fix)

    def empty(self, instance: Instance, until: int, member: str = "until") -> Iterator[Defect]:
        """Yield the defect of a window from now on that ends before it begins."""
        now = execution_of(instance).now
        if until <= now:
            cause = f"the downtime ends at {until}, not after its begin at {now}"
            yield self.defect("E603", member, cause, f"write {now + 1} or later")

    def _disorder(self) -> Iterator[Defect]:
        """Yield the times of the envelope that are out of order."""
        before, earliest = "at", self.at
        for member in ("detected_at", "received_at"):
            instant = getattr(self, member)
            if instant is None:
                continue
            if instant < earliest:
                cause = f"{member} {instant} is before {before} {earliest}"
                yield self.defect("E603", member, cause, f"write {earliest} or later")
            before, earliest = member, max(earliest, instant)
