"""Revisions: from the schedule in force and what has happened to the instance that has to be rescheduled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scheduler.domain.events.archive import without_jobs
from scheduler.domain.events.base import Event
from scheduler.domain.events.notices import Retraction
from scheduler.domain.events.undo import changes_between, undone, with_waits
from scheduler.domain.execution import Execution, Wait
from scheduler.domain.happened import execution_of
from scheduler.domain.instance import Instance
from scheduler.domain.log import Applied
from scheduler.domain.schedule import Schedule, ScheduledOperation
from scheduler.errors import Defect, EventError

MOST_UNDOABLE = 1_000
"""Of older events only the id is kept: they can't be updated or retracted any more."""


@dataclass(frozen=True)
class Revision:
    """Everything that changes at one instant.

    Attributes
    ----------
    now
        The instant; every event has ``at <= now`` and counts from `now` on.
    frozen_until
        End of the frozen horizon; see `Execution`.
    events
        What has become known by `now`, in any order.
    baseline
        The schedule in force until now, for the instance before the events.
    pins
        Pending operations that keep machine and start.
    waits
        For how long robots and vehicles under way stand still in front of machines that are not ready for their part.
    archived
        Finished jobs that leave instance and baseline before anything else, see `scheduler.domain.events.archive`.
    """

    now: int
    frozen_until: int
    events: tuple[Event, ...]
    baseline: Schedule
    pins: tuple[ScheduledOperation, ...] = ()
    waits: tuple[Wait, ...] = ()
    archived: tuple[str, ...] = ()


def revise(instance: Instance, revision: Revision) -> Instance:
    """Return the instance after the events, with `execution` saying what has happened; see `docs/rules.md`, Execution.

    Events are applied in the order of sources, their sequence numbers, and ids. An event that has been applied before
    is passed over. One that `supersedes` another undoes it first; where both come at once, the other never counts.
    Work aborted at earlier revisions stays recorded.

    Raises
    ------
    EventError
        If events contradict one another, the instance or what has happened; with every contradiction.
    """
    now = revision.now
    instance, baseline = without_jobs(instance, revision.baseline, revision.archived)
    earlier = instance.execution if instance.execution is not None else Execution(0, baseline)
    execution = Execution(
        now,
        baseline,
        revision.pins,
        revision.frozen_until,
        aborted=earlier.aborted,
        moves=tuple(move for move in baseline.moves if move.job is not None and move.start < now),
        charges=tuple(charge for charge in baseline.charges if charge.start < now),
        waits=tuple(wait for wait in earlier.waits if wait.end > now),
        revision=earlier.revision + 1,
        log=earlier.log,
    )
    changed = _expired(replace(instance, execution=execution, cycle=None))
    defects: list[Defect] = []
    new = _new(revision.events, earlier, defects)
    at_once = {event.supersedes for event in new} & {event.id for event in new}
    for event in new:
        if event.at > now or now < earlier.now:
            cause = f"the event is at {event.at}, the revision at {now}, the one before at {earlier.now}"
            defects.append(event.defect("E605", "at", cause, "give events in the order of time"))
            continue
        if event.base_revision is not None and event.base_revision > earlier.revision:
            cause = f"there is no revision {event.base_revision} yet, the schedule in force is {earlier.revision}"
            defects.append(event.defect("E602", "base_revision", cause, "name the revision that the source saw"))
            continue
        try:
            changed = _applied(changed, event, event.id in at_once)
        except EventError as error:
            defects.extend(error.defects)
    if defects:
        raise EventError(f"events at {now}", tuple(defects))
    execution = execution_of(changed)
    changed = replace(changed, execution=replace(execution, log=execution.log.undoable(MOST_UNDOABLE)))
    return with_waits(changed, revision.waits)


def same(event: Event, other: Event) -> bool:
    """Return whether two events of one id are the same, however late each copy of it came in."""
    return replace(event, received_at=None) == replace(other, received_at=None)


def _new(events: Iterable[Event], earlier: Execution, defects: list[Defect]) -> list[Event]:
    """Return the events that have not been applied yet, each once, what is superseded before what supersedes it."""
    found: dict[str, Event] = {}
    for event in sorted(events, key=_order):
        known = earlier.log.find(event.id)
        other = known.event if known is not None else found.get(event.id)
        if other is None:
            found[event.id] = event
        elif not same(other, event):
            defects.append(event.defect("E604", "id", f"two events have the id {event.id}", "give each its own"))
    ordered: list[Event] = []
    for event in found.values():
        chain = []
        while event.id in found and event not in ordered and event not in chain:
            chain.append(event)
            event = found.get(event.supersedes or "", event)
        ordered.extend(reversed(chain))
    return ordered


def _order(event: Event) -> tuple[str, int, str]:
    return (event.source, -1 if event.sequence is None else event.sequence, event.id)


def _applied(instance: Instance, event: Event, is_superseded: bool) -> Instance:
    """Return the instance after one more event, and with it on the log.

    One that is superseded by another of the same revision goes on the log only.
    """
    if event.supersedes is not None:
        instance = _without(instance, event)
    after = instance if is_superseded else event.apply(instance)
    execution = execution_of(after)
    pairs = zip(execution_of(instance).moves, execution.moves, strict=True)
    trips = tuple((was, now) for was, now in pairs if was != now and now.kind == "transfer")
    log = execution.log.appended(Applied(event, changes_between(instance, after), trips))
    return replace(after, execution=replace(execution, log=log))


def _without(instance: Instance, event: Event) -> Instance:
    """Return the instance without the event that this one supersedes."""
    log = execution_of(instance).log
    other = log.find(event.supersedes or "")
    if other is None:
        known = [applied.event.id for applied in log.entries if applied.superseded_by is None]
        raise EventError(f"event {event.id}", (event.unknown("supersedes", "event", event.supersedes or "", known),))
    if other.superseded_by is not None:
        raise EventError(f"event {event.id}", (_over(event, other, log.find(other.superseded_by)),))
    if not isinstance(event, Retraction) and type(event) is not type(other.event):
        cause = f"event {other.event.id} is of type {other.event.type}, not {event.type}"
        raise EventError(f"event {event.id}", (event.defect("E603", "supersedes", cause, "retract it instead"),))
    return _ended(instance, other, event.id)


def _over(event: Event, other: Applied, by: Applied | None) -> Defect:
    """Return what is wrong about superseding an event that has expired, was retracted, or was superseded before."""
    words, fix = f"was superseded by {other.superseded_by}", f"write {other.superseded_by}"
    is_expired = other.superseded_by == other.event.id
    if is_expired or (by is not None and isinstance(by.event, Retraction)):
        words = f"expired at {other.event.expires_at}" if is_expired else f"was retracted by {other.superseded_by}"
        fix = "leave it out" if isinstance(event, Retraction) else "tell it as an event of its own"
    return event.defect("E602", "supersedes", f"event {other.event.id} {words}", fix)


def _expired(instance: Instance) -> Instance:
    """Return the instance without the events whose time is over."""
    execution = execution_of(instance)
    for applied in execution.log.holding:
        expires_at = applied.event.expires_at
        if expires_at is not None and expires_at <= execution.now:
            instance = _ended(instance, applied, applied.event.id)
    return instance


def _ended(instance: Instance, applied: Applied, by: str) -> Instance:
    """Return the instance without what an event changed; its entry in the log says by what it was ended."""
    if applied.changes or applied.trips:
        instance = undone(instance, applied)
    execution = execution_of(instance)
    return replace(instance, execution=replace(execution, log=execution.log.ended(applied, by)))
