"""Undoing an event: the instance as if it had never been asserted, as far as the past allows.

Nothing here knows a kind of event. What an event changed is compared with what it was before and what it is now, field
by field (a three-way merge), so that what other events have changed since then stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from scheduler.domain.calendar import Calendar, Downtime, working_time
from scheduler.domain.execution import Change
from scheduler.domain.happened import execution_of, lengthened, started, without_pending
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job, Mode, Operation

T = TypeVar("T")

_KINDS = ("facilities", "machines", "cells", "lanes", "operators", "fleets", "jobs")
"""Fields of an instance that hold items with ids."""
_AMOUNTS = frozenset({"duration", "capacity", "places", "vehicles", "units_per_vehicle"})
"""Numbers to which several events add or from which they take; of all others the last word counts."""


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


def undone(instance: Instance, changes: tuple[Change, ...]) -> Instance:
    """Return the instance without the changes, from `execution.now` on.

    Downtimes end now, those that were taken away come back; a new job is cancelled, a cancelled one comes back. What an
    operation has been worked on stays, and so does its length where it is completed.
    """
    before = instance
    for change in reversed(changes):
        instance = _job_undone(instance, change) if change.kind == "jobs" else _item_undone(instance, change)
    execution = execution_of(instance)
    moves = tuple(
        lengthened(move, execution.now, before.carrier_by_id[move.mover].calendar, carrier.calendar)
        if (carrier := instance.carrier_by_id.get(move.mover)) is not None
        else move
        for move in execution.moves
    )
    return replace(instance, execution=replace(execution, moves=moves))


def _item_undone(instance: Instance, change: Change) -> Instance:
    items = getattr(instance, change.kind)
    if change.before is None or change.after is None:
        raise ValueError(f"events add and remove jobs only, not {change.kind}")
    now = execution_of(instance).now
    changed = tuple(
        _merged(change.before, change.after, item, now) if item.id == change.after.id else item for item in items
    )
    return replace(instance, **{change.kind: changed})  # type: ignore[arg-type]


def _job_undone(instance: Instance, change: Change) -> Instance:
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
    begun = started(instance)
    added = {o.id for o in after.operations} - {o.id for o in before.operations}
    if any((current.id, operation) in begun for operation in added):
        return instance
    merged = _merged(before, after, current, execution_of(instance).now)
    operations = tuple(
        o
        if o.id not in {c.id for c in current.operations}
        else _limited(instance, current.operation(o.id), o, before.id)
        for o in merged.operations
    )
    merged = replace(merged, operations=operations)
    return replace(instance, jobs=tuple(merged if job.id == merged.id else job for job in instance.jobs))


def _limited(instance: Instance, current: Operation, merged: Operation, job: str) -> Operation:
    """Return the operation with no less work than is done of it, and as it is if it is completed."""
    was = started(instance).get((job, merged.id))
    if was is None:
        return merged
    now = execution_of(instance).now
    if was.end <= now:
        return current
    done = working_time(instance.machine_by_id[was.machine].calendar.blocked(now), was.start, now)
    modes = tuple(replace(mode, duration=max(mode.duration, done)) for mode in merged.modes)
    return replace(merged, modes=modes, interruptible=current.interruptible)


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
            return current  # it can't be reached any more
        values = {}
        for field in fields(current):
            old, new, value = (getattr(item, field.name) for item in (before, after, current))
            is_amount = field.name in _AMOUNTS and None not in (old, new, value)
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
    if all(isinstance(item, Mode) for item in current) and len(before) == len(after) == len(current):
        return tuple(_merged(*items, now) for items in zip(before, after, current, strict=True))
    kept = [item for item in current if item in before or item not in after]
    return (*kept, *(item for item in before if item not in after and item not in kept))


def _calendar(before: Calendar, after: Calendar, current: Calendar, now: int) -> Calendar:
    """Take away the downtimes that came, but for what of them has happened; bring back the rest of those that went."""
    came = Counter(after.downtimes) - Counter(before.downtimes)
    went = Counter(before.downtimes) - Counter(after.downtimes)
    left = Counter(current.downtimes)
    for downtime in (came & left).elements():
        left[downtime] -= 1
        if downtime.start < now:
            left[replace(downtime, end=min(downtime.end, now))] += 1
    for downtime in went.elements():
        if downtime.end > now:
            left[Downtime(max(downtime.start, now), downtime.end, downtime.reason)] += 1
    pattern = before.pattern if current.pattern == after.pattern else current.pattern
    return Calendar(tuple(sorted(left.elements())), pattern)
