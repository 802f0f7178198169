"""A slope on the plateaus of the makespan: jobs that end shortly before the last one count a little, too.

Most changes leave the makespan as it is, above all where many jobs wait for one shift, and a walk that sees nothing
else is lost on the plateau. So it walks on

    s C_max + sum_j max(0, C_j - T)

with *T* a little below the makespan with which the walk has begun (or begun again, once that is reached) and *s* large
enough that a shorter makespan is hardly ever given away. Makespans alone decide what is reported and what is kept.
"""

from __future__ import annotations

from dataclasses import replace

from scheduler.search.decode.goal import Goal
from scheduler.search.decode.value import BROKEN, DUE_AT, FLOW, LATE, MAKESPAN, OVER, TARDY

STEEP = 10
"""What a tick of the makespan comes to, against a tick of one job beyond the target."""
NEAR = 0.95
"""Share of the makespan after which jobs count (*T*)."""


def is_makespan(goal: Goal) -> bool:
    """Return whether nothing but the makespan counts, without aspiration and deadlines."""
    in_all = goal.weights[-1].copy()
    in_all[MAKESPAN] = 0
    is_alone = goal.weights[-1, MAKESPAN] > 0 and not in_all.any()
    return bool(is_alone and not goal.weights[:-1, [LATE, TARDY, FLOW, OVER, BROKEN]].any())


def sloped(goal: Goal, limit: int) -> Goal:
    """Return the makespan together with the jobs that are complete after the makespan of value `limit`."""
    weights = goal.weights.copy()
    weights[:-1, DUE_AT], weights[:-1, LATE] = limit // weights[-1, MAKESPAN], 1
    weights[-1, MAKESPAN] = STEEP
    return replace(goal, weights=weights, unit=STEEP, is_maximum=False)
