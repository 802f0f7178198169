"""Operators: running operations share the people of each pool.

For every pool *q* and instant *t*, with ``n(o, q)`` the demand of the scheduled mode and *missing* the sum of the
counts of its shortages at *t*::

    sum of n(o, q) over {o : start(o) <= t < end(o)} <= max(0, capacity_q - missing_q(t))

An interruptible operation keeps its people in downtimes, and one that has begun keeps them to its end: an instant at
which only operations that started before `now` hold operators is not counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from scheduler.constraints.facts import mode_of, name
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, OperatorPool, Schedule, ScheduledOperation
from scheduler.domain.shortages import missing

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether there are operator pools."""
    return bool(instance.operators)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    now = instance.execution.now if instance.execution is not None else 0
    for pool in instance.operators:
        demands = []
        for operation in schedule.operations:
            mode = mode_of(instance, operation)
            demand = mode.operators.get(pool.id, 0) if mode is not None else 0
            if demand > 0 and operation.start < operation.end:
                demands.append((operation, demand))
        yield from _overloads(pool, demands, now)


def _overloads(pool: OperatorPool, demands: Sequence[tuple[ScheduledOperation, int]], now: int) -> Iterator[Violation]:
    """Yield every maximal window in which the pool is overloaded, with its first peak."""
    changes = [(o.start, 1, index) for index, (o, _) in enumerate(demands)]
    changes += [(o.end, 0, index) for index, (o, _) in enumerate(demands)]  # who stops comes first
    short = [shortage for shortage in pool.shortages if shortage.start < shortage.end]
    changes += [(s.start, 1, len(demands) + index) for index, s in enumerate(short)]
    changes += [(s.end, 0, len(demands) + index) for index, s in enumerate(short)]
    running: dict[int, str] = {}
    held = away = num_new = excess = worst = begin = 0
    words = ""
    for instant, comes, index in sorted(changes):
        sign = 1 if comes else -1
        if index >= len(demands):
            away += sign * short[index - len(demands)].count
        else:
            operation, demand = demands[index]
            held += sign * demand
            num_new += sign * (operation.start >= now)
            if comes:
                running[index] = name(operation)
            else:
                del running[index]
        there = max(0, pool.capacity - away)
        was_over, excess = excess > 0, held - there if num_new > 0 else 0
        if not was_over and excess > 0:
            begin, worst = instant, 0
        if excess > worst:
            worst, words = excess, f"needs {held} at {instant} for {_few(running.values())}, has {there}"
        if was_over and excess <= 0:
            yield Violation("operators", f"pool {pool.id}", f"[{begin}, {instant}): {words}", worst)


def _few(names: Collection[str]) -> str:
    """Name up to five."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(islice(names, 5)) + more


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post a cumulative over all modes that need operators of the pool, and what shortages and the past take."""
    for pool in ctx.instance.operators:
        needs = [
            (ctx.interval(key, number), mode.operators[pool.id])
            for key, operation in ctx.instance.operation_by_key.items()
            for number, mode in enumerate(operation.modes)
            if mode.operators.get(pool.id, 0) > 0 and not ctx.has_begun(key)
        ]
        if needs:
            for start, end, amount in _taken(ctx, pool):
                needs.append((ctx.model.new_fixed_size_interval_var(start, end - start, f"taken[{pool.id}]"), amount))
            ctx.model.add_cumulative([interval for interval, _ in needs], [n for _, n in needs], pool.capacity)


def _taken(ctx: ModelContext, pool: OperatorPool) -> Iterator[tuple[int, int, int]]:
    """Yield from when to when how many of the pool, at most all, are missing or held by what has begun."""
    windows = [(gap.start, gap.end, gap.count) for gap in missing(pool.capacity, pool.shortages)]
    execution = ctx.instance.execution
    for operation in execution.baseline.operations if execution is not None else ():
        if ctx.has_begun(operation.key):
            mode = ctx.instance.mode(operation.key, operation.mode)
            end = operation.end
            if execution is not None and end > execution.now:
                machine = ctx.instance.machine_by_id[operation.machine]
                pauses = ctx.instance.operation_by_key[operation.key].interruptible
                blocked = machine.calendar.blocked(ctx.full_horizon) if pauses else ()
                end = machine.tempo.end(blocked, operation.start, mode.duration)
            windows.append((operation.start, end, mode.operators.get(pool.id, 0)))
    edges = sorted({instant for start, end, amount in windows if amount for instant in (start, end)})
    for start, end in pairwise(edges):
        amount = sum(amount for first, last, amount in windows if first <= start < last)
        if amount > 0:
            yield start, end, min(amount, pool.capacity)


RULE = Rule("operators", applies, violations, post)
