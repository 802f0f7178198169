"""Undoing an event: the instance as if it had never been asserted, as far as the past allows.

Nothing here knows a kind of event. What an event changed is compared with what it was before and what it is now, field
by field (a three-way merge), so that what other events have changed since then stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any, TypeVar

from scheduler.domain.calendar import Calendar, Downtime
from scheduler.domain.execution import Execution, Wait
from scheduler.domain.happened import (
    execution_of,
    lengthened,
    pausing,
    reachable,
    started,
    with_calendar,
    without_pending,
    work_done,
)
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job, Mode, Operation
from scheduler.domain.log import Applied, Change
from scheduler.domain.measured import measured_otherwise
from scheduler.domain.routing import route
from scheduler.domain.schedule import Move
from scheduler.domain.shortages import Shortage
from scheduler.domain.slowdowns import Slowdown

T = TypeVar("T")
W = TypeVar("W", Downtime, Shortage)

_KINDS = ("facilities", "machines", "cells", "lanes", "operators", "fleets", "jobs")
"""Fields of an instance that hold items with ids."""
_AMOUNTS = frozenset({"duration", "transit_time", "capacity", "places", "vehicles", "units_per_vehicle"})
"""Numbers to which several events add or from which they take; of all others the last word counts."""
WAITS = "waits for "
"""How the reason of a downtime begins for which a robot or vehicle waits in front of a machine."""


def changes_between(before: Instance, after: Instance) -> tuple[Change, ...]:
    """Return what of the factory and its jobs has changed, item by item."""
    found = []
    for kind in _KINDS:
        old, new = getattr(before, kind), getattr(after, kind)
        if old is not new:
            was, now = {item.id: item for item in old}, {item.id: item for item in new}
            differing = (id for id in dict.fromkeys((*was, *now)) if was.get(id) != now.get(id))
            found += [Change(kind, was.get(id), now.get(id)) for id in differing]
    return tuple(found)


def undone(instance: Instance, applied: Applied) -> Instance:
    """Return the instance without what an event changed, from `execution.now` on.

    Downtimes end now, those that were taken away come back; a new job is cancelled, a cancelled one comes back. What an
    operation has been worked on stays, and so does its length where it is completed.
    """
    before = instance
    for change in reversed(applied.changes):
        instance = (
            _job_undone(instance, change, applied.event.scales)
            if change.kind == "jobs"
            else _item_undone(instance, change)
        )
    instance = _renumbered(measured_otherwise(before, _shortened(before, instance)))
    execution = execution_of(instance)
    trips = {after: before for before, after in applied.trips}
    back = tuple(_arriving(trips.get(move), move, execution.now) for move in execution.moves)
    return pausing(let_go(replace(instance, execution=replace(execution, moves=back))))


def _renumbered(instance: Instance) -> Instance:
    """Return the instance whose baseline says in modes of today on which machines its pending operations are."""
    execution, begun = execution_of(instance), started(instance)
    operations = []
    for operation in execution.baseline.operations:
        known = instance.operation_by_key.get(operation.key)
        if (
            known is not None
            and operation.key not in begun
            and known.modes[operation.mode].machine != operation.machine
        ):
            there = (number for number, mode in enumerate(known.modes) if mode.machine == operation.machine)
            operation = replace(operation, mode=next(there, operation.mode))
        operations.append(operation)
    baseline = replace(execution.baseline, operations=tuple(operations))
    return replace(instance, execution=replace(execution, baseline=baseline))


def with_waits(instance: Instance, waits: Iterable[Wait]) -> Instance:
    """Return the instance in which robots and vehicles under way put their part down later.

    For one that holds a single part that is a downtime, which lengthens the move.
    """
    for wait in waits:
        execution, carrier = execution_of(instance), instance.carrier_by_id[wait.mover]
        move = _waiting(execution, wait)
        if carrier.capacity > 1:
            longer = move and replace(move, end=move.end + wait.end - wait.start)
            execution = replace(execution, waits=(*execution.waits, wait))
        else:
            calendar = carrier.calendar.with_downtime(Downtime(wait.start, wait.end, f"{WAITS}{wait.destination}"))
            longer = move and lengthened(move, wait.start, carrier.calendar, calendar)
            instance = with_calendar(instance, wait.mover, calendar)
        instance = replace(instance, execution=_with_move(execution, move, longer))
    return instance


def _waiting(execution: Execution, wait: Wait) -> Move | None:
    """Return the move that a wait makes longer."""
    way = (wait.mover, wait.job, wait.destination)
    there = (m for m in execution.moves if (m.mover, m.job, m.destination) == way)
    return max(there, key=lambda m: m.start, default=None)


def _with_move(execution: Execution, move: Move | None, other: Move | None) -> Execution:
    """Return the execution with another move instead of one of its."""
    if move is None or other is None:
        return execution
    return replace(execution, moves=tuple(other if m == move else m for m in execution.moves))


def let_go(instance: Instance) -> Instance:
    """Return the instance in which robots and vehicles that wait in front of machines go on now.

    Where they still have to wait, the repair lets them.
    """
    now, before = execution_of(instance).now, instance
    for carrier_id, carrier in before.carrier_by_id.items():
        waits = [d for d in carrier.calendar.downtimes if d.reason.startswith(WAITS) and d.end > now]
        if waits:
            kept = tuple(d for d in carrier.calendar.downtimes if d not in waits)
            cut = tuple(replace(d, end=now) for d in waits if d.start < now)
            calendar = replace(carrier.calendar, downtimes=tuple(sorted((*kept, *cut))))
            instance = with_calendar(instance, carrier_id, calendar)
    return _shortened(before, _put_down_now(instance))


def _put_down_now(instance: Instance) -> Instance:
    """Return the instance in which carriers of several parts put down at once what they wait with."""
    execution = execution_of(instance)
    for wait in execution.waits:
        move, group = _waiting(execution, wait), instance.group_by_carrier.get(wait.mover)
        if move is not None and group is not None and move.end - group.drop_time > execution.now:
            end = max(move.end - (wait.end - wait.start), execution.now + group.drop_time)
            execution = _with_move(execution, move, replace(move, end=end))
    return replace(instance, execution=replace(execution, waits=()))


def _shortened(before: Instance, after: Instance) -> Instance:
    """Return the instance `after` in which moves under way take as long as the calendars there say."""
    execution = execution_of(after)
    moves = tuple(
        lengthened(m, execution.now, before.carrier_by_id[m.mover].calendar, after.carrier_by_id[m.mover].calendar)
        if m.mover in after.carrier_by_id
        else m
        for m in execution.moves
    )
    return replace(after, execution=replace(execution, moves=moves))


def _arriving(was: Move | None, move: Move, now: int) -> Move:
    """Return a move that ends when it did before an event changed that, or as soon as it still can."""
    return move if was is None or move.end <= now else replace(move, end=max(was.end, now + 1))


def _item_undone(instance: Instance, change: Change) -> Instance:
    items = getattr(instance, change.kind)
    if change.before is None or change.after is None:
        raise ValueError(f"events add and remove jobs only, not {change.kind}")
    now = execution_of(instance).now
    changed = tuple(
        _merged(change.before, change.after, item, now) if item.id == change.after.id else item for item in items
    )
    return replace(instance, **{change.kind: changed})  # type: ignore[arg-type]


def _job_undone(instance: Instance, change: Change, scales: bool) -> Instance:
    before, after = change.before, change.after
    if before is None:
        return without_pending(instance, after.id) if after is not None and after.id in instance.job_by_id else instance
    assert isinstance(before, Job)
    current = instance.job_by_id.get(before.id)
    if after is None:
        return instance if current is not None else replace(instance, jobs=(*instance.jobs, before))
    if current is None:
        return instance
    assert isinstance(after, Job)
    old, new = {o.id for o in before.operations}, {o.id for o in after.operations}
    if old != new and (_has_gone_on(instance, current, new - old) or _has_left(instance, current)):
        return instance
    merged = _merged(before, after, current, execution_of(instance).now)
    there = {o.id: o for o in current.operations}
    stretched = {o.id: _factors(o, after) for o in before.operations} if scales else {}
    operations = tuple(
        _limited(instance, there.get(o.id, o), o, before.id, stretched.get(o.id, ())) for o in merged.operations
    )
    merged = replace(merged, operations=operations)
    return replace(instance, jobs=tuple(merged if job.id == merged.id else job for job in instance.jobs))


def _has_gone_on(instance: Instance, job: Job, added: set[str]) -> bool:
    """Return whether one of the added operations has begun, its part is on its way there, or a part has left."""
    moved = {m.successor for m in execution_of(instance).moves if m.job == job.id}
    return None in moved or not added.isdisjoint(moved) or any((job.id, o) in started(instance) for o in added)


def _has_left(instance: Instance, job: Job) -> bool:
    """Return whether the parts of a job have left the factory without a move, as their places are for others then.

    That is so from the end of the last operation on, where a machine has room for so many completed parts only and
    nobody has to carry them out.
    """
    begun, now = started(instance), execution_of(instance).now
    followed = {precedence.predecessor for precedence in job.precedences}
    lasts = [begun.get((job.id, operation.id)) for operation in job.operations if operation.id not in followed]
    machines = {o.key: instance.machine_by_id[o.machine] for o in lasts if o is not None and o.end <= now}
    return len(machines) == len(lasts) and any(
        machine.output_buffer is not None and route(instance, machine, None) == () for machine in machines.values()
    )


def _factors(before: Operation, after: Job) -> tuple[Fraction, ...]:
    """Return by how much the modes of an operation were stretched."""
    now = next((o for o in after.operations if o.id == before.id), before)
    pairs = zip(before.modes, now.modes, strict=True)
    return tuple(Fraction(a.duration, b.duration) if b.duration else Fraction(1) for b, a in pairs)


def _limited(
    instance: Instance, current: Operation, merged: Operation, job: str, factors: tuple[Fraction, ...]
) -> Operation:
    """Return the operation as far as it can be changed.

    A completed one stays as it is. A running one has no less work than is done; what was stretched is shrunk for what
    is left of it. A pending one keeps the modes that its part can reach.
    """
    key = (job, merged.id)
    was = started(instance).get(key)
    if was is None:
        pairs = zip(merged.modes, current.modes, strict=True)
        return replace(
            merged, modes=tuple(m if m.machine == c.machine or reachable(instance, key, m) else c for m, c in pairs)
        )
    if was.end <= execution_of(instance).now:
        return current
    done = work_done(instance, was)
    modes = []
    for mode, old, factor in zip(
        merged.modes, current.modes, factors or (Fraction(1),) * len(current.modes), strict=True
    ):
        left = max(mode.duration - done, 0) if factor == 1 else ceil((old.duration - done) / factor)
        modes.append(replace(old, duration=done + left) if mode.machine == old.machine else old)
    return replace(merged, modes=tuple(modes), interruptible=current.interruptible)


def _merged(before: T, after: T, current: T, now: int) -> T:
    """Return the current value without the change from `before` to `after`."""
    if before == after:
        return current
    found: Any
    if isinstance(current, Calendar):
        assert isinstance(before, Calendar) and isinstance(after, Calendar)
        found = _calendar(before, after, current, now)
    elif isinstance(current, tuple):
        found = _items(before, after, current, now)  # type: ignore[arg-type]
    elif isinstance(current, Mapping):
        found = {key: _merged(before.get(key), after.get(key), value, now) for key, value in current.items()}  # type: ignore[attr-defined]
    elif is_dataclass(current) and type(before) is type(after) is type(current):
        if isinstance(current, Mode) and before.machine != after.machine:  # type: ignore[attr-defined]
            return before if current == after else current
        values = {}
        for field in fields(current):
            old, new, value = (getattr(item, field.name) for item in (before, after, current))
            is_amount = field.name in _AMOUNTS and all(isinstance(item, int) for item in (old, new, value))
            values[field.name] = max(0, value - (new - old)) if is_amount else _merged(old, new, value, now)
        found = replace(current, **values)  # type: ignore[type-var]
    else:
        found = before if current == after else current
    return found  # type: ignore[no-any-return]


def _items(before: tuple[Any, ...], after: tuple[Any, ...], current: tuple[Any, ...], now: int) -> tuple[Any, ...]:
    """Merge items by id, modes by number, others as sets."""
    if all(hasattr(item, "id") for item in (*before, *after, *current)):
        was, new = {item.id: item for item in before}, {item.id: item for item in after}
        there = {item.id for item in current}
        kept = [
            _merged(was[item.id], new[item.id], item, now) if item.id in was and item.id in new else item
            for item in current
            if item.id in was or item.id not in new
        ]
        return (*kept, *(item for item in before if item.id not in new and item.id not in there))
    if any(isinstance(item, Slowdown) for item in (*before, *after)):
        return _slowdowns(before, after, current, now)
    if any(isinstance(item, Shortage) for item in (*before, *after)):
        return _windows(before, after, current, now)
    if all(isinstance(item, Mode) for item in current) and len(before) == len(after) == len(current):
        return tuple(_merged(*items, now) for items in zip(before, after, current, strict=True))
    kept = [item for item in current if item in before or item not in after]
    return (*kept, *(item for item in before if item not in after and item not in kept))


def _slowdowns(
    before: tuple[Slowdown, ...], after: tuple[Slowdown, ...], current: tuple[Slowdown, ...], now: int
) -> tuple[Slowdown, ...]:
    """End the slowdowns that came; what of them has happened stays."""
    came = Counter(after) - Counter(before)
    kept = []
    for slowdown in current:
        if came[slowdown] == 0:
            kept.append(slowdown)
            continue
        came[slowdown] -= 1
        if slowdown.start < now:
            kept.append(replace(slowdown, end=now))
    return tuple(kept)


def _calendar(before: Calendar, after: Calendar, current: Calendar, now: int) -> Calendar:
    """Merge the downtimes as windows, and the pattern."""
    pattern = before.pattern if current.pattern == after.pattern else current.pattern
    return Calendar(_windows(before.downtimes, after.downtimes, current.downtimes, now), pattern)


def _windows(before: tuple[W, ...], after: tuple[W, ...], current: tuple[W, ...], now: int) -> tuple[W, ...]:
    """Take away the windows that came, but for what of them has happened; bring back the rest of those that went."""
    came, went = Counter(after) - Counter(before), Counter(before) - Counter(after)
    left = Counter(current)
    for window in (came & left).elements():
        left[window] -= 1
        if window.start < now:
            left[replace(window, end=min(window.end, now))] += 1
    for window in went.elements():
        if window.end > now:
            left[replace(window, start=max(window.start, now))] += 1
    return tuple(sorted(left.elements()))
