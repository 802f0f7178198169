"""Operators: running operations share the people of each pool.

For every pool *q* and instant *t*, with ``n(o, q)`` the demand of the scheduled mode::

    sum of n(o, q) over {o : start(o) <= t < end(o)} <= capacity_q

An interruptible operation keeps its people in downtimes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from scheduler.constraints.facts import mode_of, name
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, OperatorPool, Schedule, ScheduledOperation

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether there are operator pools."""
    return bool(instance.operators)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    for pool in instance.operators:
        demands = []
        for operation in schedule.operations:
            mode = mode_of(instance, operation)
            demand = mode.operators.get(pool.id, 0) if mode is not None else 0
            if demand > 0 and operation.start < operation.end:
                demands.append((operation, demand))
        yield from _overloads(pool, demands)


def _overloads(pool: OperatorPool, demands: Sequence[tuple[ScheduledOperation, int]]) -> Iterator[Violation]:
    """Yield every maximal window in which the pool is overloaded, with its first peak."""
    changes = [(o.start, 1, index) for index, (o, _) in enumerate(demands)]
    changes += [(o.end, 0, index) for index, (o, _) in enumerate(demands)]  # who stops comes first
    running: dict[int, str] = {}
    held = peak = peak_at = begin = 0
    names = ""
    for instant, starts, index in sorted(changes):
        operation, demand = demands[index]
        was_over = held > pool.capacity
        if starts:
            running[index] = name(operation)
            held += demand
        else:
            del running[index]
            held -= demand
        if not was_over and held > pool.capacity:
            begin, peak = instant, 0
        if held > max(peak, pool.capacity):
            peak, peak_at, names = held, instant, _few(running.values())
        if was_over and held <= pool.capacity:
            detail = f"[{begin}, {instant}): needs {peak} at {peak_at} for {names}, has {pool.capacity}"
            yield Violation("operators", f"pool {pool.id}", detail, peak - pool.capacity)


def _few(names: Collection[str]) -> str:
    """Name up to five."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(islice(names, 5)) + more


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post a cumulative over all modes that need operators of the pool."""
    for pool in ctx.instance.operators:
        needs = [
            (ctx.interval(key, number), mode.operators[pool.id])
            for key, operation in ctx.instance.operation_by_key.items()
            for number, mode in enumerate(operation.modes)
            if mode.operators.get(pool.id, 0) > 0
        ]
        if needs:
            ctx.model.add_cumulative([interval for interval, _ in needs], [n for _, n in needs], pool.capacity)


RULE = Rule("operators", applies, violations, post)
