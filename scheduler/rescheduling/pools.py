"""Operator pools in the network of a draft: who comes first in it is served first."""

from __future__ import annotations

from collections.abc import Iterable

from scheduler.domain import Instance, ScheduledOperation
from scheduler.rescheduling.timing import Capacity, Reason, Timing, Use


def add_pools(instance: Instance, timing: Timing, operations: Iterable[tuple[int, ScheduledOperation]]) -> None:
    """Limit the operators that are held; `operations` with their activities, in their nominal order."""
    uses: dict[str, list[Use]] = {}
    for node, operation in operations:
        for pool, amount in instance.mode(operation.key, operation.mode).operators.items():
            uses.setdefault(pool, []).append(Use((node, "start", 0), [(node, "end", 0)], amount))
    for pool, held in uses.items():
        timing.limit(Capacity(instance.pool_by_id[pool].capacity, held, Reason("operators", pool)))
