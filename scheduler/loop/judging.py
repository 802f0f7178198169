"""Which events count: what was said before, comes too late, comes too early or makes no sense does not.

Events are untrusted. None of them stops the loop: what can't be used is put aside with a reason (*quarantined*), for
people to look at. What the domain says against an event shows when it is applied; see `scheduler.loop.planning`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from scheduler.domain.events import Event, same
from scheduler.domain.horizon import horizon
from scheduler.errors import Defect, DefectsError
from scheduler.loop.journal import Draft, Journal
from scheduler.loop.state import State, event_of
from scheduler.loop.understanding import understood

Verdict: TypeAlias = Literal["accepted", "duplicate", "quarantined"]


@dataclass(frozen=True)
class Told:
    """What was received in the entry of number ``entry``: an event, or why it is none."""

    entry: int
    event: Event | None
    reason: str = ""


@dataclass(frozen=True)
class Decision:
    """What becomes of what was told."""

    told: Told
    verdict: Verdict
    reason: str = ""
    revision: int | None = None

    @property
    def draft(self) -> Draft:
        """The entry of the journal."""
        event = self.told.event
        body = {"entry": self.told.entry, "verdict": self.verdict, "reason": self.reason, "revision": self.revision}
        return Draft("decided", "" if event is None else event.id, body)


def told(entry: int, text: str, defect: Defect | None) -> Told:
    """Return what a received line tells."""
    if defect is not None:
        return Told(entry, None, str(defect))
    try:
        return Told(entry, understood(text))
    except DefectsError as error:
        return Told(entry, None, reason_of(error.defects))


def judged(
    waiting: Sequence[Told], state: State, journal: Journal, *, nothing_follows: bool
) -> tuple[list[Decision], list[Told], list[Told]]:
    """Return what is decided without a look at the factory, what is to be applied, and what waits for others.

    An event waits if it supersedes one that is not known yet, or if events of its source are missing before it. It
    waits no longer once `nothing_follows`.
    """
    decided: list[Decision] = []
    taken: dict[str, Told] = {}
    for item in waiting:
        event = item.event
        if event is None:
            decided.append(Decision(item, "quarantined", item.reason))
        elif (first := taken.get(event.id) or _accepted(journal, event.id)) is not None:
            decided.append(_repeated(item, event, first))
        elif (reason := _out_of_order(event, state)) is not None:
            decided.append(Decision(item, "quarantined", reason))
        else:
            taken[event.id] = item
    ready = list(taken.values()) if nothing_follows else _complete(taken, state, journal)
    return decided, ready, [item for item in taken.values() if item not in ready]


def guilty(batch: Sequence[Told], defects: Iterable[Defect]) -> list[Decision]:
    """Return a quarantine for each event that the defects speak of, for every event if they speak of none."""
    found = list(defects)
    decisions = []
    for item in batch:
        place = f"?@.id=={json.dumps(item.event.id if item.event else '', ensure_ascii=False)}]"
        own = [defect for defect in found if place in defect.where]
        if own:
            decisions.append(Decision(item, "quarantined", reason_of(own)))
    return decisions or [Decision(item, "quarantined", reason_of(found)) for item in batch]


def reason_of(defects: Sequence[Defect]) -> str:
    """Return defects as one text, shortened if they are many."""
    texts = [str(defect)[:500] for defect in defects[:5]]
    return "; ".join(texts) + (f"; and {len(defects) - 5} more" if len(defects) > 5 else "")


def _accepted(journal: Journal, event_id: str) -> Told | None:
    """Return the event of this id that has been accepted before."""
    for entry in journal.entries("decided", key=event_id):
        if entry.body["verdict"] == "accepted":
            number = entry.body["entry"]
            return Told(number, event_of(journal, number))
    return None


def _repeated(item: Told, event: Event, first: Told) -> Decision:
    if first.event is not None and same(first.event, event):
        return Decision(item, "duplicate", f"it is the event of entry {first.entry}")
    cause = f"the event of entry {first.entry} has the id {event.id} and says something else"
    fix = "give a new event a new id; name the one that it corrects in supersedes"
    return Decision(item, "quarantined", str(event.defect("E604", "id", cause, fix)))


def _out_of_order(event: Event, state: State) -> str | None:
    """Return why an event can't count any more, or not yet."""
    last = state.sequences.get(event.source)
    if event.sequence is not None and last is not None and event.sequence <= last:
        cause = f"sequence {event.sequence} of source {event.source!r} comes after {last}, which has been applied"
        return str(event.defect("E612", "sequence", cause, "say what holds now in a new event"))
    end = max(state.now, state.schedule.makespan)
    if event.known_at <= end:  # the horizon takes longer to compute than all else here
        return None
    end += horizon(state.instance)
    if event.known_at > end:
        cause = f"the event becomes known at {event.known_at}; the schedule in force ends at {state.schedule.makespan}"
        return str(event.defect("E613", "at", cause, f"write {end} or earlier"))
    return None


def _complete(taken: dict[str, Told], state: State, journal: Journal) -> list[Told]:
    """Return the events before which nothing is missing."""
    ready: list[Told] = []
    last, ids = dict(state.sequences), set()
    for item in sorted(taken.values(), key=_order):
        event = item.event
        assert event is not None
        follows = event.sequence is None or event.sequence == last.get(event.source, event.sequence - 1) + 1
        base = event.supersedes
        if follows and (base is None or base in ids or base in taken or _accepted(journal, base) is not None):
            ready.append(item)
            ids.add(event.id)
            if event.sequence is not None:
                last[event.source] = event.sequence
    return ready


def _order(item: Told) -> tuple[str, int, int]:
    event = item.event
    assert event is not None
    return (event.source, -1 if event.sequence is None else event.sequence, item.entry)
