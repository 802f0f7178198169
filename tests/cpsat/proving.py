"""What CP-SAT finds and proves on its own, one worker and the whole model."""

from __future__ import annotations

from scheduler.cpsat.solve import Outcome, improve
from scheduler.domain import Instance, Objective, Schedule, Stop


def shortest(instance: Instance, start: Schedule | None = None) -> Outcome:
    """Return the outcome for the makespan, from a schedule if there is one."""
    return improve(
        instance,
        Objective.parse("makespan"),
        start=start,
        time_limit=60,
        workers=1,
        seed=0,
        on_progress=lambda value, bound: None,
        stop=Stop(),
    )
