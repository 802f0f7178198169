"""Precedence: an operation waits for its predecessors, and no longer than it may.

For every precedence of a job whose two operations *a*, *b* are both scheduled::

    min_lag <= start(b) - end(a) <= max_lag
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scheduler.constraints.facts import name
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether any job has precedences."""
    return any(job.precedences for job in instance.jobs)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    for job in instance.jobs:
        for precedence in job.precedences:
            before = schedule.by_operation.get((job.id, precedence.predecessor))
            after = schedule.by_operation.get((job.id, precedence.successor))
            if before is None or after is None:
                continue
            lag = after.start - before.end
            if lag < precedence.min_lag:
                where = f"{name(before)} -> {name(after)}"
                detail = f"needs {precedence.min_lag} between end {before.end} and start {after.start}, has {lag}"
                yield Violation("precedence", where, detail, precedence.min_lag - lag)
            if precedence.max_lag is not None and lag > precedence.max_lag:
                where = f"{name(before)} -> {name(after)}"
                detail = f"allows {precedence.max_lag} between end {before.end} and start {after.start}, has {lag}"
                yield Violation("precedence", where, detail, lag - precedence.max_lag)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post both lags of every precedence."""
    for job in ctx.instance.jobs:
        for precedence in job.precedences:
            before, after = (job.id, precedence.predecessor), (job.id, precedence.successor)
            present = ctx.present(before), ctx.present(after)
            lag = ctx.start(after) - ctx.end(before)
            ctx.enforce(ctx.model.add(lag >= precedence.min_lag), *present)
            if precedence.max_lag is not None:
                ctx.enforce(ctx.model.add(lag <= precedence.max_lag), *present)


RULE = Rule("precedence", applies, violations, post)
