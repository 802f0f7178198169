"""Events of robots and vehicles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from scheduler.domain.calendar import Downtime
from scheduler.domain.events.base import Event, Tick
from scheduler.domain.happened import execution_of, lengthened, with_calendar
from scheduler.domain.instance import Instance
from scheduler.errors import Defect


@dataclass(frozen=True)
class RobotDown(Event):
    """A robot of a cell stands still; a loaded move under way takes that much longer."""

    type: ClassVar[str] = "robot_down"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until"),)
    robot: str
    """The robot."""
    until: Tick
    """First tick at which it moves again."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown robot and an empty downtime."""
        robots = [robot.id for cell in instance.cells for robot in cell.robots]
        if self.robot not in robots:
            yield self.unknown("robot", "robot", self.robot, robots)
        yield from self.empty(instance, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add the downtime; lengthen the move under way."""
        return stopped(instance, self.robot, "robot down", self.until)


@dataclass(frozen=True)
class VehicleDown(Event):
    """A vehicle of a fleet stands still; a loaded move under way takes that much longer."""

    type: ClassVar[str] = "vehicle_down"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until"),)
    vehicle: str
    """The vehicle."""
    until: Tick
    """First tick at which it moves again."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown vehicle and an empty downtime."""
        vehicles = [vehicle.id for fleet in instance.fleets for vehicle in fleet.vehicles]
        if self.vehicle not in vehicles:
            yield self.unknown("vehicle", "vehicle", self.vehicle, vehicles)
        yield from self.empty(instance, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add the downtime; lengthen the move under way."""
        return stopped(instance, self.vehicle, "vehicle down", self.until)


def stopped(instance: Instance, carrier_id: str, reason: str, until: int) -> Instance:
    """Return the instance in which a robot or vehicle stands still, and its loaded move under way takes longer."""
    carrier, execution = instance.carrier_by_id[carrier_id], execution_of(instance)
    calendar = carrier.calendar.with_downtime(Downtime(execution.now, until, reason))
    moves = tuple(
        lengthened(move, execution.now, carrier.calendar, calendar) if move.mover == carrier_id else move
        for move in execution.moves
    )
    return replace(with_calendar(instance, carrier_id, calendar), execution=replace(execution, moves=moves))
