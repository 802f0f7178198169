"""Constraint-based production scheduling for factories that run as coordinated systems.

>>> import scheduler
>>> instance = scheduler.load("instances/ft06.json")
>>> result = scheduler.solve(instance, time_limit=10)
>>> result.status, result.schedule.makespan
(<Status.OPTIMAL: 'optimal'>, 55)
"""

from __future__ import annotations

from pathlib import Path

from scheduler.checker import check
from scheduler.domain import Instance, Objective, Result, Schedule, Status, Stop
from scheduler.errors import (
    EventError,
    FormatError,
    InstanceError,
    ObjectiveError,
    ScheduleError,
    SchedulerError,
)
from scheduler.portfolio import solve
from scheduler.rescheduling import Repair, repair

__all__ = [
    "EventError",
    "FormatError",
    "Instance",
    "InstanceError",
    "Objective",
    "ObjectiveError",
    "Repair",
    "Result",
    "Schedule",
    "ScheduleError",
    "SchedulerError",
    "Status",
    "Stop",
    "check",
    "load",
    "repair",
    "solve",
]


def load(path: str | Path) -> Instance:
    """Read an instance in any known format.

    Raises
    ------
    FormatError
        If the file is missing or in no known format.
    InstanceError
        If the instance is defective; the error lists every defect.
    """
    # Here, not above: the file models are heavy, and solving an instance built in code does not need them.
    from scheduler.io import read

    return read(path)
