"""Where the factory is: rebuilt from the journal alone, and carried forward by every revision.

A revision is journalled as what was told, not as what came of it: the instant, the events, the pins, and for how long
robots and vehicles wait. The instance follows from these by `revise`, the baseline is the last plan of the revision
before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from scheduler.constraints import Violation
from scheduler.domain import Instance, Schedule
from scheduler.domain.events import Event, Revision, revise
from scheduler.domain.execution import Wait
from scheduler.errors import Defect, JournalError
from scheduler.io import native
from scheduler.io.schedule_reader import read_schedule_text
from scheduler.loop.journal import Draft, Entry, Journal
from scheduler.loop.packing import packed_operations, unpacked, unpacked_operations
from scheduler.loop.publication import broken_by
from scheduler.loop.understanding import understood


@dataclass(frozen=True)
class Beginning:
    """What a journal begins with: an instance and maybe its schedule, after the revisions of the schedule file.

    If that is a degraded one, `broken` are the limits that it breaks.
    """

    instance: Instance
    schedule: Schedule | None
    revisions: tuple[Revision, ...] = ()
    broken: tuple[Violation, ...] = ()


@dataclass(frozen=True)
class State:
    """The factory after a revision.

    Attributes
    ----------
    instance
        The instance after all events so far.
    schedule
        The schedule in force: the last plan of the revision.
    revision
        Number of the revision; 0 is the schedule of the instance file.
    now
        Instant of the revision.
    sequences
        The last sequence number of each source that has been accepted.
    last
        The revision itself; None at the beginning.
    broken
        The limits that the schedule in force breaks; none unless it is degraded.
    """

    instance: Instance
    schedule: Schedule
    revision: int = 0
    now: int = 0
    sequences: Mapping[str, int] = field(default_factory=dict)
    last: Revision | None = None
    broken: tuple[Violation, ...] = ()

    @classmethod
    def first(cls, beginning: Beginning, schedule: Schedule) -> State:
        """Return the state at the beginning."""
        now = max((revision.now for revision in beginning.revisions), default=0)
        return cls(beginning.instance, schedule, len(beginning.revisions), now, broken=beginning.broken)

    def revised(
        self, instance: Instance, revision: Revision, schedule: Schedule, broken: tuple[Violation, ...] = ()
    ) -> State:
        """Return the state after one more revision, whose instance is known already."""
        sequences = dict(self.sequences)
        for event in revision.events:
            if event.sequence is not None:
                sequences[event.source] = max(event.sequence, sequences.get(event.source, 0))
        return State(instance, schedule, self.revision + 1, revision.now, sequences, revision, broken)


def opening(instance: Instance, schedule_text: str | None, objective: str) -> Draft:
    """Return the first entry of a journal: the instance and, where there is one, the schedule file to begin with."""
    content = {"instance": native.write(instance), "schedule": schedule_text}
    return Draft("opened", instance.name, {"objective": objective}, json.dumps(content).encode())


def beginning_of(journal: Journal) -> Beginning:
    """Return what the first entry says.

    Raises
    ------
    JournalError
        If the journal does not begin with it.
    """
    entry = journal.last("opened")
    if entry is None or entry.content is None:
        defect = Defect("E701", "journal", "the journal has no beginning", "name another file")
        raise JournalError(str(journal.path), (defect,))
    return beginning_with(journal.content(entry.content), entry.key)


def beginning_with(content: bytes, name: str) -> Beginning:
    """Return what the content of a first entry says, for an instance of this name.

    Raises
    ------
    ScheduleError
        If the schedule file in it does not fit the instance.
    """
    documents = json.loads(content)
    instance = native.read(documents["instance"], name)
    if documents["schedule"] is None:
        return Beginning(instance, None)
    file = read_schedule_text(documents["schedule"], name, instance)
    return Beginning(file.instance, file.schedule, file.revisions, file.broken)


def revision_draft(number: int, revision: Revision, entries: tuple[int, ...]) -> Draft:
    """Return the entry of a revision; `entries` are the numbers of those in which its events were received."""
    body: dict[str, Any] = {"now": revision.now, "frozen_until": revision.frozen_until, "events": list(entries)}
    body |= {"pins": packed_operations(revision.pins)}
    body |= {"waits": [asdict(wait) for wait in revision.waits]} if revision.waits else {}
    body |= {"archived": list(revision.archived)} if revision.archived else {}
    return Draft("revised", str(number), body)


def states(journal: Journal) -> Iterator[tuple[Entry, State]]:
    """Yield the state after every revision, oldest first, with the entry of its last plan.

    Raises
    ------
    DefectsError
        If something that a revision needs is not there, or it can't be applied again.
    """
    beginning = beginning_of(journal)
    plan = journal.last("planned", str(len(beginning.revisions)))
    if plan is None:
        return
    state = State.first(beginning, schedule_of(journal, plan))
    yield plan, state
    for entry in journal.entries("revised"):
        events = tuple(event_of(journal, number) for number in entry.body["events"])
        pins = unpacked_operations(entry.body["pins"])
        waits = tuple(Wait(**wait) for wait in entry.body.get("waits", ()))
        archived = tuple(entry.body.get("archived", ()))
        now, frozen_until = entry.body["now"], entry.body["frozen_until"]
        revision = Revision(now, frozen_until, events, state.schedule, pins, waits, archived)
        plan = journal.last("planned", entry.key)
        if plan is None:
            defect = Defect(
                "E702", f"entry {entry.number}", "the revision has no plan", "restore the journal from a copy"
            )
            raise JournalError(str(journal.path), (defect,))
        instance = revise(state.instance, revision)
        state = state.revised(instance, revision, schedule_of(journal, plan), broken_by(plan))
        yield plan, state


def schedule_of(journal: Journal, plan: Entry) -> Schedule:
    """Return the schedule of a plan."""
    return unpacked(journal.content(plan.content or ""))


def event_of(journal: Journal, number: int) -> Event:
    """Return the event that was received in the entry of this number."""
    return understood(journal.entry(number).body["text"])
