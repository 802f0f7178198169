"""Time windows: release dates and deadlines.

For every operation *o* and every loaded move *k* without predecessor (the arrival of a part) of job *j*::

    start(o) >= release_date_j        start(k) >= release_date_j        (and neither is negative)
    C_j <= deadline_j

The completion ``C_j`` is the latest end of the job's operations and loaded moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scheduler.constraints.facts import describe, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether any job is released after tick 0 or has a deadline."""
    return any(job.release_date > 0 or job.deadline is not None for job in instance.jobs)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    released_at = {job.id: max(0, job.release_date) for job in instance.jobs}
    for operation in schedule.operations:
        earliest = released_at.get(operation.job, 0)
        if operation.start < earliest:
            detail = f"starts at {operation.start}, its job is released at {earliest}"
            yield Violation("time_windows", place(operation), detail, earliest - operation.start)
    for move in schedule.moves:
        if move.job is None or move.predecessor is not None:
            continue
        earliest = released_at.get(move.job, 0)
        if move.start < earliest:
            detail = f"{describe(move)}: the job is released at {earliest}"
            yield Violation("time_windows", f"{move.job} on {move.mover}", detail, earliest - move.start)
    for job in instance.jobs:
        completion = schedule.completions.get(job.id, 0)
        if job.deadline is not None and completion > job.deadline:
            detail = f"is completed at {completion}, its deadline is {job.deadline}"
            yield Violation("time_windows", job.id, detail, completion - job.deadline)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post release dates and deadlines; arriving moves have the release date as bound of their variables."""
    for job in ctx.instance.jobs:
        if job.release_date > 0:
            for operation in job.operations:
                key = (job.id, operation.id)
                ctx.enforce(ctx.model.add(ctx.start(key) >= job.release_date), ctx.present(key))
        if job.deadline is not None:
            for operation in job.operations:
                key = (job.id, operation.id)
                ctx.enforce(ctx.model.add(ctx.end(key) <= job.deadline), ctx.present(key))
            for link in ctx.links_of(job):
                for slot in link.slots:
                    ctx.enforce(ctx.model.add(slot.end <= job.deadline), link.active)


RULE = Rule("time_windows", applies, violations, post)
