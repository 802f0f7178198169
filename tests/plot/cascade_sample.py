"""A cascade of two events for charts."""

from __future__ import annotations

from scheduler.domain.events import Event, MachineBreakdown, VehicleDown
from scheduler.rescheduling.cascade import Delay

EVENTS: tuple[Event, ...] = (MachineBreakdown("E1", 4, "saw", 9), VehicleDown("E2", 4, "agv", 7))
DELAYS = (
    Delay("operation", "X.cut on saw", "X", "saw", 0, 5),
    Delay("move", "X from saw to S1 by r", "X", "r", 5, 0, 0, "job", "X"),
    Delay("operation", "Y.cut on saw", "Y", "saw", 5, 0, 0, "machine", "saw"),
    Delay("operation", "X.weld on S1", "X", "S1", 5, 0, 1, "job", "X"),
    Delay("charge", "charge of agv", "", "agv", 3, 0),
    Delay("move", "Z from dock to oven by agv", "Z", "agv", 3, 0, 4, "mover", "agv"),
)
