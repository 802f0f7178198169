"""Plans: what has to be scheduled.

Every operation of a job without alternative plans is scheduled exactly once. With plans, the set ``S_j`` of scheduled
operations of job *j* is exactly one plan, each operation once::

    plans_j empty:   S_j = operations_j
    otherwise:       S_j in plans_j

Nothing is scheduled that the instance does not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Job, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return True: every instance has jobs."""
    return True


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    counts = Counter(operation.key for operation in schedule.operations)
    for (job_id, operation_id), count in counts.items():
        if (job_id, operation_id) not in instance.operation_by_key:
            detail = "is scheduled, but the instance has no such operation"
            yield Violation("plans", f"{job_id}.{operation_id}", detail, count)
        elif count > 1:
            yield Violation("plans", f"{job_id}.{operation_id}", f"is scheduled {count} times", count - 1)
    for job in instance.jobs:
        scheduled = {o.id for o in job.operations if (job.id, o.id) in counts}
        if not job.plans and len(scheduled) == len(job.operations):
            continue
        plan = _nearest_plan(job, scheduled)
        differing = scheduled.symmetric_difference(plan)
        for operation in job.operations if differing else ():
            where = f"{job.id}.{operation.id}"
            if operation.id in plan and operation.id not in scheduled:
                yield Violation("plans", where, "is not scheduled", 1)
            if operation.id in scheduled and operation.id not in plan:
                yield Violation("plans", where, f"is scheduled, but not in the plan {', '.join(plan)}", 1)


def _nearest_plan(job: Job, scheduled: set[str]) -> tuple[str, ...]:
    """Return the plan that differs least from what is scheduled, the first of several."""
    plans = job.plans or (tuple(operation.id for operation in job.operations),)
    return min(plans, key=lambda plan: len(scheduled.symmetric_difference(plan)))


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Choose exactly one plan of each job that has any; its operations, and no others, are present."""
    for job in ctx.instance.jobs:
        if not job.plans:
            continue
        ctx.model.add_exactly_one(ctx.plans(job))
        for operation in job.operations:
            literal = ctx.present((job.id, operation.id))
            chosen = [p for plan, p in zip(job.plans, ctx.plans(job), strict=True) if operation.id in plan]
            if literal is not ctx.true:
                ctx.model.add(sum(chosen) == literal)


RULE = Rule("plans", applies, violations, post)
