"""What lies between the moves of vehicles with batteries or in limited parking, for complete hints."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from scheduler.domain import Charge, Instance, Move, Schedule
from scheduler.domain.batteries import corrected, levels, visit_levels
from scheduler.domain.parking import Gap as ParkingGap
from scheduler.domain.parking import gaps_listed
from scheduler.domain.visits import Stretch


class Gap(NamedTuple):
    """What is before a stretch of a vehicle with a battery, by its first move, or before its return.

    The stretch before, or a charge of the past, ends at ``free_at`` and leaves ``charge_left``: its level plus
    ``drain_idle`` times that instant. ``level_after`` is the level after the stretch. A level that there is not is the
    ``minimum``.
    """

    free_at: int
    charge_left: int
    charge: Charge | None
    level_after: int
    minimum: int

    @property
    def charger(self) -> str | None:
        """Where the vehicle charges in the gap: "" nowhere, None if it does not make the move at all."""
        return None if self.free_at < 0 else "" if self.charge is None else self.charge.charger

    @property
    def start(self) -> int:
        """Start of the charge, 0 without."""
        return 0 if self.charge is None else self.charge.start

    @property
    def end(self) -> int:
        """End of the charge, 0 without."""
        return 0 if self.charge is None else self.charge.end

    @property
    def length(self) -> int:
        """Length of the charge, 0 without."""
        return self.end - self.start

    def level(self, of: str) -> int:
        """Return ``from_level`` or ``to_level`` of the charge, or ``level_after``."""
        if of == "level_after":
            return self.level_after
        if self.charge is None:
            return self.minimum
        return self.charge.from_level if of == "from_level" else self.charge.to_level


def battery_gaps(instance: Instance, schedule: Schedule) -> dict[tuple[object, ...], Gap]:
    """Return what is before each stretch of vehicles with batteries, by `_name`, and before returns, by vehicle."""
    execution = instance.execution
    past = frozenset(execution.charges) if execution is not None else frozenset()
    found: dict[tuple[object, ...], Gap] = {}
    for vehicle, battery in instance.battery_by_vehicle.items():
        moves, charges = schedule.by_mover.get(vehicle, ()), schedule.by_vehicle.get(vehicle, ())
        least = battery.minimum
        gap = Gap(0, battery.initial + corrected(battery, 0), None, least, least)
        is_used = False
        for item, _, level in levels(instance, vehicle, moves, charges):
            left = level + corrected(battery, max(item.end, item.start + 1))
            after = Gap(item.end, left + battery.drain_idle * item.end, None, least, least)
            if isinstance(item, Charge):
                gap = after if item in past else gap._replace(charge=item)
            elif isinstance(item, Stretch) and isinstance(first := item.visits[0].task, Move):
                found[(vehicle, *_name(first))] = gap._replace(level_after=level)
                gap, is_used = after, True
        if is_used:
            found[vehicle,] = gap
    return found


class Held(NamedTuple):
    """What a vehicle with a battery has after a visit: see `scheduler.cpsat.visits.HeldVars`."""

    number: int
    level: int
    opens: bool = False
    is_asked: bool = False


def held_after(instance: Instance, schedule: Schedule) -> dict[tuple[object, ...], Held]:
    """Return what vehicles for several jobs with batteries have after each visit, by `_name` and whether it drops."""
    now = 0 if instance.execution is None else instance.execution.now
    found: dict[tuple[object, ...], Held] = {}
    for vehicle in instance.battery_by_vehicle:
        moves, charges = schedule.by_mover.get(vehicle, ()), schedule.by_vehicle.get(vehicle, ())
        number, is_asked = 0, False
        several = instance.carrier_by_id[vehicle].capacity > 1
        for item, level in visit_levels(instance, vehicle, moves, charges) if several else ():
            if isinstance(item, Charge) or not isinstance(item.task, Move):
                continue
            is_asked = (number > 0 and is_asked) or item.task.start >= now
            opens, number = number == 0, number + item.taken
            found[(vehicle, *_name(item.task), item.is_drop)] = Held(number, level, opens, is_asked)
    return found


def parking_gaps(instance: Instance, schedule: Schedule) -> dict[tuple[object, ...], ParkingGap]:
    """Return what is after each transport in limited parking that ends the past or is pending, by `_name`.

    By vehicle alone: what is before the first.
    """
    now = 0 if instance.execution is None else instance.execution.now
    found: dict[tuple[object, ...], ParkingGap] = {}
    for fleet in instance.fleets:
        gaps = gaps_listed(instance, fleet, schedule) if fleet.limited else []
        for vehicle, of_vehicle in groupby(gaps, key=lambda gap: gap.vehicle):
            loaded = [move for move in schedule.by_mover.get(vehicle, ()) if move.job is not None]
            for move, gap in zip([None, *loaded], of_vehicle, strict=True):
                if gap.wanted_at >= now:
                    found[(vehicle, *(() if move is None else _name(move)))] = gap
    return found


def _name(move: Move) -> tuple[object, ...]:
    return (move.job, move.predecessor, move.successor, move.origin, move.destination)
