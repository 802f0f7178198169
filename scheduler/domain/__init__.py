"""The factory, the schedule, the objective: frozen data that knows no solver."""

from scheduler.domain.calendar import Calendar, Downtime, Shift, ShiftPattern
from scheduler.domain.execution import Execution
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job, Mode, Operation, Precedence
from scheduler.domain.lanes import Lane
from scheduler.domain.objective import Objective, Tier
from scheduler.domain.resources import (
    Battery,
    Carrier,
    CarrierGroup,
    Charger,
    ChargeStep,
    Correction,
    Facility,
    Fleet,
    Machine,
    OperatorPool,
    Robot,
    RobotCell,
    SetupMatrix,
    Vehicle,
)
from scheduler.domain.result import Progress, Result, Status
from scheduler.domain.schedule import Charge, Move, MoveKind, OperationKey, Schedule, ScheduledOperation, Setup
from scheduler.domain.shortages import Shortage
from scheduler.domain.slowdowns import Slowdown
from scheduler.domain.stop import Stop
from scheduler.domain.timetable import Timetable
from scheduler.domain.transit import TransitTimes, TransitWindow

__all__ = [
    "Battery",
    "Calendar",
    "Carrier",
    "CarrierGroup",
    "Charge",
    "ChargeStep",
    "Charger",
    "Correction",
    "Downtime",
    "Execution",
    "Facility",
    "Fleet",
    "Instance",
    "Job",
    "Lane",
    "Machine",
    "Mode",
    "Move",
    "MoveKind",
    "Objective",
    "Operation",
    "OperationKey",
    "OperatorPool",
    "Precedence",
    "Progress",
    "Result",
    "Robot",
    "RobotCell",
    "Schedule",
    "ScheduledOperation",
    "Setup",
    "SetupMatrix",
    "Shift",
    "ShiftPattern",
    "Shortage",
    "Slowdown",
    "Status",
    "Stop",
    "Tier",
    "Timetable",
    "TransitTimes",
    "TransitWindow",
    "Vehicle",
]
