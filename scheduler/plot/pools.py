"""Operator pools in a chart, where they have shortages: who holds whom, and who is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from scheduler.domain.instance import Instance
from scheduler.domain.schedule import Schedule, ScheduledOperation
from scheduler.domain.shortages import Shortage, missing


class Share(NamedTuple):
    """A sub-lane that is taken during ``[start, end)`` by an operation, or (None) by somebody who is missing."""

    start: int
    end: int
    lane: int
    operation: ScheduledOperation | None


def pool_shares(instance: Instance, schedule: Schedule) -> Mapping[str, tuple[Share, ...]]:
    """Return the shares of every pool that has shortages.

    Operations that are no longer in the instance, since their job was cancelled, are left out: whom they held is not
    known any more.
    """
    found = {}
    for pool in instance.operators:
        if pool.shortages:
            uses = []
            for operation in schedule.operations:
                if operation.key not in instance.operation_by_key:
                    continue
                amount = instance.mode(operation.key, operation.mode).operators.get(pool.id, 0)
                uses += [(operation.start, operation.end, operation)] * amount
            found[pool.id] = stacked(pool.capacity, uses, pool.shortages)
    return found


def stacked(
    capacity: int, uses: Iterable[tuple[int, int, ScheduledOperation]], shortages: Iterable[Shortage]
) -> tuple[Share, ...]:
    """Return uses in the lowest free sub-lanes, and what is missing in the highest."""
    taken: list[tuple[int, int, ScheduledOperation | None]] = [*uses]
    for shortage in missing(capacity, shortages):
        taken += [(shortage.start, shortage.end, None)] * shortage.count
    free_at = [0] * capacity
    shares = []
    for start, end, operation in sorted(taken, key=lambda use: (use[0], use[2] is not None, use[1])):
        lanes = range(capacity) if operation is not None else range(capacity - 1, -1, -1)
        lane = next((lane for lane in lanes if free_at[lane] <= start), lanes[0])
        free_at[lane] = max(free_at[lane], end)
        shares.append(Share(start, end, lane, operation))
    return tuple(shares)
