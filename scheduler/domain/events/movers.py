"""Events of robots, vehicles and what they run on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from scheduler.domain.batteries import filled
from scheduler.domain.calendar import Downtime
from scheduler.domain.events.base import Amount, Count, Event, Tick
from scheduler.domain.happened import (
    carried,
    execution_of,
    interruptible,
    lengthened,
    started,
    with_calendar,
    with_charger,
    with_machine,
)
from scheduler.domain.instance import Instance
from scheduler.domain.measured import measured
from scheduler.domain.schedule import Charge
from scheduler.domain.shortages import Shortage, missing
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

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

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
class RobotCellStop(Event):
    """All robots of a cell stand still (an open door, say); parts in their grip stay there."""

    type: ClassVar[str] = "robot_cell_stop"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until"),)
    cell: str
    """The robot cell."""
    until: Tick
    """First tick at which they move again."""
    stations: bool = False
    """Whether its stations stop too; running operations then go on afterwards."""

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown cell and an empty downtime."""
        if self.cell not in instance.cell_by_id:
            yield self.unknown("cell", "robot cell", self.cell, instance.cell_by_id)
        yield from self.empty(instance, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add the downtimes; lengthen moves under way and, with the stations, let running operations pause."""
        for robot in instance.cell_by_id[self.cell].robots:
            instance = stopped(instance, robot.id, "cell stop", self.until)
        for machine in instance.machines if self.stations else ():
            if machine.cell == self.cell:
                instance = paused(instance, machine.id, "cell stop", self.until)
        return instance


@dataclass(frozen=True)
class VehicleDown(Event):
    """A vehicle of a fleet stands still; a loaded move under way takes that much longer, with its load."""

    type: ClassVar[str] = "vehicle_down"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until"),)
    vehicle: str
    """The vehicle."""
    until: Tick
    """First tick at which it moves again."""
    load: str | None = None
    """The job that it carries, if it is known to; the schedule in force has to say the same."""

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown vehicle, an empty downtime, and a load that it does not carry."""
        vehicles = [vehicle.id for fleet in instance.fleets for vehicle in fleet.vehicles]
        if self.vehicle not in vehicles:
            yield self.unknown("vehicle", "vehicle", self.vehicle, vehicles)
        elif self.load is not None and self.load not in (on := [m.job for m in carried(instance, self.vehicle)]):
            cause = f"vehicle {self.vehicle} carries {on[0] if on else 'nothing'}, not job {self.load}"
            yield self.defect("E602", "load", cause, "say what has happened to the job first")
        yield from self.empty(instance, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add the downtime; lengthen the move under way."""
        return stopped(instance, self.vehicle, "vehicle down", self.until)


@dataclass(frozen=True)
class ChargerDown(Event):
    """A charging station, or some of its places, can't be used for a time; charges under way there end now."""

    type: ClassVar[str] = "charger_down"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until"),)
    charger: str
    """The charger."""
    until: Tick
    """First tick at which it works again."""
    count: Count | None = None
    """How many of its places; absent: all."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown charger, an empty downtime, and more places than it has."""
        charger = instance.charger_by_id.get(self.charger)
        if charger is None:
            yield self.unknown("charger", "charger", self.charger, instance.charger_by_id)
        elif self.count is not None and self.count > charger.places:
            cause = f"{self.count} places are down of {charger.places}"
            yield self.defect("E603", "count", cause, f"write {charger.places} or less")
        yield from self.empty(instance, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add a shortage; of the charges under way those that began last end now, with the level they have reached."""
        charger, execution = instance.charger_by_id[self.charger], execution_of(instance)
        gap = Shortage(execution.now, self.until, self.count or charger.places, "charger down")
        charger = replace(charger, shortages=tuple(sorted((*charger.shortages, gap))))
        instance = with_charger(instance, charger)
        now = execution.now
        out = sum(gap.count for gap in missing(charger.places, charger.shortages) if gap.start <= now < gap.end)
        there = [c for c in execution.charges if c.charger == charger.id and c.start < now < c.end]
        there.sort(key=lambda charge: (charge.start, charge.vehicle))
        cut = {charge: _unplugged(instance, charge, now) for charge in there[charger.places - out :]}
        charges = tuple(cut.get(charge, charge) for charge in execution.charges)
        planned = tuple(cut.get(charge, charge) for charge in execution.baseline.charges)
        baseline = replace(execution.baseline, charges=planned)
        return replace(instance, execution=replace(execution, charges=charges, baseline=baseline))


@dataclass(frozen=True)
class BatteryLow(Event):
    """The battery of a vehicle is found to have another level than planned."""

    type: ClassVar[str] = "battery_low"
    vehicle: str
    """The vehicle."""
    level: Amount
    """Its level now, in the unit of the instance."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a vehicle without battery, and a level above the capacity."""
        battery = instance.battery_by_vehicle.get(self.vehicle)
        if battery is None:
            yield self.unknown("vehicle", "vehicle with a battery", self.vehicle, instance.battery_by_vehicle)
        elif self.level > battery.capacity:
            cause = f"level {self.level} is above the capacity {battery.capacity}"
            yield self.defect("E603", "level", cause, f"write {battery.capacity} or less")

    def change(self, instance: Instance) -> Instance:
        """Correct the level by what it differs from the plan in force; a charge under way goes on from there."""
        return measured(instance, self.vehicle, self.level)


def _unplugged(instance: Instance, charge: Charge, now: int) -> Charge:
    """Return a charge that ends now."""
    battery = instance.battery_by_vehicle[charge.vehicle]
    return replace(charge, end=now, to_level=filled(battery, charge.from_level, charge.start, now))


def stopped(instance: Instance, carrier_id: str, reason: str, until: int) -> Instance:
    """Return the instance in which a robot or vehicle stands still, and its loaded move under way takes longer."""
    carrier, execution = instance.carrier_by_id[carrier_id], execution_of(instance)
    calendar = carrier.calendar.with_downtime(Downtime(execution.now, until, reason))
    moves = tuple(
        lengthened(move, execution.now, carrier.calendar, calendar) if move.mover == carrier_id else move
        for move in execution.moves
    )
    return replace(with_calendar(instance, carrier_id, calendar), execution=replace(execution, moves=moves))


def paused(instance: Instance, machine_id: str, reason: str, until: int) -> Instance:
    """Return the instance in which a machine stands still, and its running operations pause."""
    now, machine = execution_of(instance).now, instance.machine_by_id[machine_id]
    calendar = machine.calendar.with_downtime(Downtime(now, until, reason))
    instance = with_machine(instance, replace(machine, calendar=calendar))
    for operation in started(instance).values():
        if operation.machine == machine_id and operation.end > now:
            instance = interruptible(instance, operation)
    return instance
