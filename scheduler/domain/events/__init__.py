"""Events: what can go wrong (or change) while a schedule is carried out, and what each does to the instance.

An event returns a changed instance; nothing downstream has to know it. A new kind of event is one class in the file of
its family, one line in `EVENTS` and one section in `docs/events.md`; the event file follows from the class.
"""

from scheduler.domain.events.base import Estimate, Event
from scheduler.domain.events.facilities import FacilityOutage, PowerCapChange
from scheduler.domain.events.machines import (
    BufferChange,
    Interrupted,
    MachineBreakdown,
    MachineDegraded,
    MachineRestored,
)
from scheduler.domain.events.maintenance import (
    DegradationAlert,
    MaintenanceAdded,
    MaintenanceCancelled,
    MaintenanceMoved,
    Risk,
)
from scheduler.domain.events.movers import BatteryLow, ChargerDown, RobotCellStop, RobotDown, VehicleDown
from scheduler.domain.events.notices import Retraction
from scheduler.domain.events.orders import DueDateChange, JobCancelled, PriorityChange, QuantityChange, RushOrder
from scheduler.domain.events.planning import ClockTick, Forbid, Pin, Unpin, pinned
from scheduler.domain.events.revision import Revision, revise, same
from scheduler.domain.events.routes import (
    LaneCapacityChange,
    RouteBlocked,
    RouteSlow,
    TransferCancelled,
    TransferDelayed,
)
from scheduler.domain.events.supplies import MaterialLate, MaterialShort, OperatorAbsent, ToolBroken
from scheduler.domain.events.work import EarlyCompletion, OperationDelayed, OperationStatus, Rework

EVENTS: tuple[type[Event], ...] = (
    MachineBreakdown,
    MachineDegraded,
    MachineRestored,
    BufferChange,
    MaintenanceAdded,
    MaintenanceMoved,
    MaintenanceCancelled,
    DegradationAlert,
    RobotDown,
    RobotCellStop,
    VehicleDown,
    ChargerDown,
    BatteryLow,
    RouteSlow,
    RouteBlocked,
    TransferDelayed,
    TransferCancelled,
    LaneCapacityChange,
    FacilityOutage,
    PowerCapChange,
    RushOrder,
    JobCancelled,
    QuantityChange,
    DueDateChange,
    PriorityChange,
    OperationStatus,
    OperationDelayed,
    EarlyCompletion,
    Rework,
    MaterialLate,
    MaterialShort,
    OperatorAbsent,
    ToolBroken,
    Pin,
    Unpin,
    Forbid,
    ClockTick,
    Retraction,
)
"""Every kind of event, in the order of `docs/events.md`."""

__all__ = [
    "EVENTS",
    "BatteryLow",
    "BufferChange",
    "ChargerDown",
    "ClockTick",
    "DegradationAlert",
    "DueDateChange",
    "EarlyCompletion",
    "Estimate",
    "Event",
    "FacilityOutage",
    "Forbid",
    "Interrupted",
    "JobCancelled",
    "LaneCapacityChange",
    "MachineBreakdown",
    "MachineDegraded",
    "MachineRestored",
    "MaintenanceAdded",
    "MaintenanceCancelled",
    "MaintenanceMoved",
    "MaterialLate",
    "MaterialShort",
    "OperationDelayed",
    "OperationStatus",
    "OperatorAbsent",
    "Pin",
    "PowerCapChange",
    "PriorityChange",
    "QuantityChange",
    "Retraction",
    "Revision",
    "Rework",
    "Risk",
    "RobotCellStop",
    "RobotDown",
    "RouteBlocked",
    "RouteSlow",
    "RushOrder",
    "ToolBroken",
    "TransferCancelled",
    "TransferDelayed",
    "Unpin",
    "VehicleDown",
    "pinned",
    "revise",
    "same",
]
