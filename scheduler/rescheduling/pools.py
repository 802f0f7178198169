"""Operator pools in the network of a draft: who comes first in it is served first."""

from __future__ import annotations

from collections.abc import Iterable

from scheduler.domain import Instance, ScheduledOperation
from scheduler.domain.shortages import missing
from scheduler.rescheduling.timing import NOBODY, Capacity, Reason, Taken, Timing, Use


def add_pools(
    instance: Instance, timing: Timing, operations: Iterable[tuple[int, ScheduledOperation]], now: int
) -> None:
    """Limit the operators that are held; `operations` with their activities, in their nominal order.

    What runs keeps its people; who is missing leaves less to the others.
    """
    uses: dict[str, list[Use]] = {}
    taken: dict[str, list[Taken]] = {}
    for node, operation in operations:
        start, end = timing.starts[node], timing.ends[node]
        has_begun = timing.fixed[node] and start < now
        for pool, amount in instance.mode(operation.key, operation.mode).operators.items():
            if not has_begun:
                uses.setdefault(pool, []).append(Use((node, "start", 0), [(node, "end", 0)], amount))
            elif end > now:
                taken.setdefault(pool, []).append(Taken(start, end, amount, node))
    for pool, held in uses.items():
        known, busy = instance.pool_by_id[pool], taken.get(pool, [])
        gaps = (gap for gap in missing(known.capacity, known.shortages) if gap.end > now)
        busy += [Taken(gap.start, gap.end, gap.count, NOBODY) for gap in gaps]
        timing.limit(Capacity(known.capacity, held, Reason("operators", pool), busy))
