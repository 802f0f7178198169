"""Events: what can go wrong (or change) while a schedule is carried out, and what each does to the instance.

An event returns a changed instance; nothing downstream has to know it. A new kind of event is one class in the file of
its family, one line in `EVENTS` and one section in `docs/events.md`; the event file follows from the class.
"""

from scheduler.domain.events.base import Event
from scheduler.domain.events.machines import Interrupted, MachineBreakdown
from scheduler.domain.events.movers import RobotDown, VehicleDown
from scheduler.domain.events.notices import Retraction
from scheduler.domain.events.orders import JobCancelled, RushOrder
from scheduler.domain.events.revision import Revision, revise, same
from scheduler.domain.events.work import OperationDelayed

EVENTS: tuple[type[Event], ...] = (
    MachineBreakdown,
    RobotDown,
    VehicleDown,
    OperationDelayed,
    RushOrder,
    JobCancelled,
    Retraction,
)
"""Every kind of event, in the order of `docs/events.md`."""

__all__ = [
    "EVENTS",
    "Event",
    "Interrupted",
    "JobCancelled",
    "MachineBreakdown",
    "OperationDelayed",
    "Retraction",
    "Revision",
    "RobotDown",
    "RushOrder",
    "VehicleDown",
    "revise",
    "same",
]
