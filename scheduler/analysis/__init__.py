"""Tables of a schedule and of what a repair changed, as pandas frames."""

from scheduler.analysis.compare import Change, ChangeKind, changes, comparison_frame
from scheduler.analysis.movers import MoverUsage, mover_usage
from scheduler.analysis.occupation import Occupation, Usage, machine_usage, occupations
from scheduler.analysis.tables import (
    charges_frame,
    history_frame,
    jobs_frame,
    machines_frame,
    movers_frame,
    moves_frame,
    operations_frame,
    setups_frame,
)

__all__ = [
    "Change",
    "ChangeKind",
    "MoverUsage",
    "Occupation",
    "Usage",
    "changes",
    "charges_frame",
    "comparison_frame",
    "history_frame",
    "jobs_frame",
    "machine_usage",
    "machines_frame",
    "mover_usage",
    "movers_frame",
    "moves_frame",
    "occupations",
    "operations_frame",
    "setups_frame",
]
