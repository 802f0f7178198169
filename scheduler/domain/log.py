"""The log: every event that has been applied, and what it changed.

A factory that runs on has a long log. What events ask it for (one of an id, those that still hold, those that changed a
job) is carried from each log to the next, so that no event looks through all that came before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from scheduler.domain.jobs import Job
from scheduler.domain.lanes import Lane
from scheduler.domain.resources import Facility, Fleet, Machine, OperatorPool, RobotCell
from scheduler.domain.schedule import Move

if TYPE_CHECKING:
    from scheduler.domain.events.base import Event

Item: TypeAlias = Facility | Machine | RobotCell | Lane | OperatorPool | Fleet | Job
"""Anything in an instance that has an id."""


@dataclass(frozen=True)
class Change:
    """An item of the field ``kind`` of an instance, before and after an event; None: there was none."""

    kind: str
    before: Item | None
    after: Item | None

    @property
    def item_id(self) -> str:
        """Id of the item."""
        item = self.after if self.before is None else self.before
        return "" if item is None else item.id


@dataclass(frozen=True)
class Applied:
    """An event that has been applied, and what it changed.

    ``trips`` are the transfers under way that it made longer or shorter, before and after. ``superseded_by`` is the id
    of the event that undid it, or its own if it has expired.
    """

    event: Event
    changes: tuple[Change, ...] = ()
    trips: tuple[tuple[Move, Move], ...] = ()
    superseded_by: str | None = None

    @property
    def jobs(self) -> frozenset[str]:
        """The jobs that it changed, or whose trips."""
        changed = {change.item_id for change in self.changes if change.kind == "jobs"}
        return frozenset(changed | {before.job for before, _ in self.trips if before.job is not None})


@dataclass(frozen=True)
class Log:
    """Every event that has been applied, oldest first, each with another id; begin with ``Log()``.

    An append costs a copy of ``entries`` and, on average, of ``log n`` places; all else costs what it returns.

    Attributes
    ----------
    entries
        The events; all else follows from them.
    forgotten
        Of so many, the oldest, nothing is kept but the event.
    """

    entries: tuple[Applied, ...] = ()
    forgotten: int = 0
    _places: tuple[Mapping[str, int], ...] = field(default=(), compare=False, repr=False)
    _holding: tuple[str, ...] = field(default=(), compare=False, repr=False)
    _by_job: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def holding(self) -> tuple[Applied, ...]:
        """The entries of the events that hold until something ends them and that nothing has ended, oldest first."""
        return tuple(self.entries[self._place(event_id)] for event_id in self._holding)

    def find(self, event_id: str) -> Applied | None:
        """Return the entry of the event with this id."""
        place = next((places[event_id] for places in self._places if event_id in places), None)
        return None if place is None else self.entries[place]

    def appended(self, applied: Applied) -> Log:
        """Return the log with one more event at its end."""
        event_id = applied.event.id
        if self.find(event_id) is not None:
            raise ValueError(f"event {event_id} has been applied before")
        by_job = {**self._by_job, **{job: (*self._by_job.get(job, ()), event_id) for job in applied.jobs}}
        return Log(
            (*self.entries, applied),
            self.forgotten,
            _with_place(self._places, event_id, len(self.entries)),
            (*self._holding, event_id) if applied.event.holds else self._holding,
            by_job,
        )

    def ended(self, applied: Applied, by: str) -> Log:
        """Return the log in which the event `by` has undone another, which can't be undone again."""
        log = self._replaced([replace(applied, superseded_by=by, changes=(), trips=())])
        holding = tuple(event_id for event_id in self._holding if event_id != applied.event.id)
        return replace(log, _holding=holding, _by_job=_without(self._by_job, [applied]))

    def without_jobs(self, gone: Collection[str]) -> Log:
        """Return the log without what events changed about these jobs; those that name one hold no more."""
        ids = dict.fromkeys(event_id for job in gone for event_id in self._by_job.get(job, ()))
        found = [self.entries[self._place(event_id)] for event_id in ids]
        log = self._replaced(
            replace(
                applied,
                changes=tuple(c for c in applied.changes if c.kind != "jobs" or c.item_id not in gone),
                trips=tuple(pair for pair in applied.trips if pair[0].job not in gone),
            )
            for applied in found
        )
        holding = tuple(a.event.id for a in self.holding if getattr(a.event, "job", None) not in gone)
        by_job = {job: events for job, events in self._by_job.items() if job not in gone}
        return replace(log, _holding=holding, _by_job=by_job)

    def undoable(self, most: int) -> Log:
        """Return the log that keeps of all but the last `most` events nothing but the event."""
        forgotten = max(self.forgotten, len(self.entries) - most)
        old = [a for a in self.entries[self.forgotten : forgotten] if a.changes or a.trips]
        log = self._replaced(replace(applied, changes=(), trips=()) for applied in old)
        return replace(log, forgotten=forgotten, _by_job=_without(self._by_job, old))

    def _place(self, event_id: str) -> int:
        return next(places[event_id] for places in self._places if event_id in places)

    def _replaced(self, changed: Iterable[Applied]) -> Log:
        """Return the log with other entries of events that are in it."""
        entries = list(self.entries)
        for applied in changed:
            entries[self._place(applied.event.id)] = applied
        return replace(self, entries=tuple(entries))


def _with_place(places: tuple[Mapping[str, int], ...], event_id: str, place: int) -> tuple[Mapping[str, int], ...]:
    """Return tables with one more event: those that are no larger than the last become one with it.

    So there are at most ``log n`` tables, none is ever changed, and each event is copied ``log n`` times in all
    (logarithmic method, Bentley & Saxe 1980, Journal of Algorithms 1).
    """
    last: Mapping[str, int] = {event_id: place}
    while places and len(places[-1]) <= len(last):
        last, places = {**places[-1], **last}, places[:-1]
    return (*places, last)


def _without(by_job: Mapping[str, tuple[str, ...]], entries: Iterable[Applied]) -> Mapping[str, tuple[str, ...]]:
    """Return the events by job without these."""
    left = dict(by_job)
    for applied in entries:
        for job in applied.jobs:
            left[job] = tuple(event_id for event_id in left.get(job, ()) if event_id != applied.event.id)
            if not left[job]:
                del left[job]
    return left
