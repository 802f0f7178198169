"""What lies between the tasks of vehicles with batteries, in limited parking, or with several jobs: for hints."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from scheduler.cpsat.tending import TendingVars
from scheduler.cpsat.visits import counts_held
from scheduler.domain import Battery, Charge, Instance, Move, Schedule, ScheduledOperation
from scheduler.domain.batteries import corrected, levels, visit_levels
from scheduler.domain.parking import Gap as ParkingGap
from scheduler.domain.parking import gaps_listed
from scheduler.domain.visits import Stretch, Visit, stretches

if TYPE_CHECKING:
    from scheduler.cpsat.links import OptionVars
    from scheduler.cpsat.stands import ParkingTask
    from scheduler.cpsat.view import TaskVars


class Gaps:
    """Answers about what lies between the tasks of vehicles in a schedule."""

    def __init__(self, instance: Instance, schedule: Schedule) -> None:
        self._instance = instance
        self._schedule = schedule

    def before(self, vehicle: str, option: OptionVars | None) -> Gap:
        """Return what is before a loaded move of a vehicle with a battery, or before its return (None)."""
        minimum = self._instance.battery_by_vehicle[vehicle].minimum
        no_gap = Gap(-1, 0, None, minimum, minimum)
        return self._before.get((vehicle, *(() if option is None else leg_of(option))), no_gap)

    @cached_property
    def _before(self) -> dict[tuple[object, ...], Gap]:
        return battery_gaps(self._instance, self._schedule)

    def held(self, vehicle: str, task: TaskVars, is_drop: bool) -> Held:
        """Return what a vehicle for several jobs has after a visit."""
        battery = self._instance.battery_by_vehicle.get(vehicle)
        no_visit = Held(0 if is_drop else 1, 0 if battery is None else battery.minimum)
        return self._held.get((vehicle, *name_of(task), is_drop), no_visit)

    @cached_property
    def _held(self) -> dict[tuple[object, ...], Held]:
        return held_after(self._instance, self._schedule)

    def parked(self, vehicle: str, before: ParkingTask | None) -> ParkingGap | None:
        """Return the gap after a task of a vehicle (None: the first) if it does it, in limited parking."""
        return self._parked.get((vehicle, *(() if before is None else before.key)))

    @cached_property
    def _parked(self) -> dict[tuple[object, ...], ParkingGap]:
        return parking_gaps(self._instance, self._schedule)

    def stay(self, vehicle: str, task: TaskVars, is_drop: bool) -> tuple[int, int]:
        """Return since when and until when a vehicle stands where it makes a visit, with something on board after it.

        0 and 0 if it does not make it.
        """
        return self._stays.get((vehicle, *name_of(task), is_drop), (0, 0))

    @cached_property
    def _stays(self) -> dict[tuple[object, ...], tuple[int, int]]:
        return visit_stays(self._instance, self._schedule)


class Gap(NamedTuple):
    """What is before a stretch of a vehicle with a battery, by its first move, or before its return.

    The stretch before, or a charge or empty move of the past, ends at ``free_at`` and leaves ``charge_left``: its level
    plus ``drain_idle`` times that instant, less what a detour over a stop drains. ``level_after`` is the level after
    the stretch. A level that there is not is the ``minimum``.
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

    def over(self, battery: Battery, travelled: int, direct: int) -> Gap:
        """Return the gap with what a detour has drained, unless the vehicle has made it after a charge."""
        if self.charge is not None or travelled == 0:
            return self
        more = (battery.drain_empty - battery.drain_idle) * (travelled - direct)
        return self._replace(charge_left=self.charge_left - more)

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
    now = 0 if execution is None else execution.now
    found: dict[tuple[object, ...], Gap] = {}
    for vehicle, battery in instance.battery_by_vehicle.items():
        moves, charges = schedule.by_mover.get(vehicle, ()), schedule.by_vehicle.get(vehicle, ())
        fleet, here, least = instance.fleet_by_vehicle[vehicle], instance.carrier_by_id[vehicle].start, battery.minimum
        gap = Gap(0, battery.initial + corrected(battery, 0), None, least, least)
        is_used, travelled = False, 0
        for item, _, level in levels(instance, vehicle, moves, charges):
            left = level + corrected(battery, max(item.end, item.start + 1))
            after = Gap(item.end, left + battery.drain_idle * item.end, None, least, least)
            if isinstance(item, Move):
                is_past = item.start < now
                here, gap = (item.destination, after) if is_past and fleet.limited else (here, gap)
                travelled += 0 if is_past else item.end - item.start
                continue
            there = instance.charger_by_id[item.charger].place if isinstance(item, Charge) else item.origin
            gap = gap.over(battery, travelled, fleet.travel_time(here, there)) if fleet.limited else gap
            travelled = 0
            if isinstance(item, Charge):
                here, gap = there, after if item in past else gap._replace(charge=item)
            elif isinstance(first := item.visits[0].task, Move):
                found[(vehicle, *_name(first))] = gap._replace(level_after=level)
                here, gap, is_used = item.destination, after, True
        if is_used:
            home = instance.carrier_by_id[vehicle].start
            found[vehicle,] = gap.over(battery, travelled, fleet.travel_time(here, home)) if fleet.limited else gap
    return found


class Held(NamedTuple):
    """What a vehicle for several jobs has after a visit: see `scheduler.cpsat.visits.HeldVars`."""

    number: int
    level: int
    opens: bool = False
    is_asked: bool = False


def held_after(instance: Instance, schedule: Schedule) -> dict[tuple[object, ...], Held]:
    """Return what vehicles for several jobs have after each visit, by `_name` and whether it drops."""
    now = 0 if instance.execution is None else instance.execution.now
    found: dict[tuple[object, ...], Held] = {}
    for vehicle in instance.fleet_by_vehicle:
        number, is_asked = 0, False
        for visit, level in _visits(instance, schedule, vehicle) if counts_held(instance, vehicle) else ():
            if not isinstance(visit.task, Move):
                continue
            is_asked = (number > 0 and is_asked) or visit.task.start >= now
            opens, number = number == 0, number + visit.taken
            found[(vehicle, *_name(visit.task), visit.is_drop)] = Held(number, level, opens, is_asked)
    return found


def _visits(instance: Instance, schedule: Schedule, vehicle: str) -> Iterator[tuple[Visit, int]]:
    """Yield the visits of a vehicle with the level after each, 0 without a battery."""
    moves, charges = schedule.by_mover.get(vehicle, ()), schedule.by_vehicle.get(vehicle, ())
    if vehicle in instance.battery_by_vehicle:
        made = visit_levels(instance, vehicle, moves, charges)
        yield from ((visit, level) for visit, level in made if isinstance(visit, Visit))
    else:
        yield from ((visit, 0) for stretch in _stretches(instance, schedule, vehicle) for visit in stretch.visits)


def _stretches(instance: Instance, schedule: Schedule, vehicle: str) -> Iterator[Stretch]:
    loaded = [move for move in schedule.by_mover.get(vehicle, ()) if move.job is not None]
    return stretches(instance.fleet_by_vehicle[vehicle], instance.carrier_by_id[vehicle], loaded)


def visit_stays(instance: Instance, schedule: Schedule) -> dict[tuple[object, ...], tuple[int, int]]:
    """Return begin and end of the stay in each visit, on to the next at that place in a stretch; keys as of `Held`."""
    found = {}
    for vehicle in instance.fleet_by_vehicle:
        for stretch in _stretches(instance, schedule, vehicle):
            for visit, after in pairwise([*stretch.visits, None]):
                if visit is not None and isinstance(visit.task, Move):
                    stays = after is not None and after.place == visit.place
                    until = after.begin if after is not None and stays else visit.end
                    found[(vehicle, *_name(visit.task), visit.is_drop)] = (visit.begin, until)
    return found


def parking_gaps(instance: Instance, schedule: Schedule) -> dict[tuple[object, ...], ParkingGap]:
    """Return what is after each task in limited parking that ends the past or is pending, as `ParkingTask.key`.

    By vehicle alone: what is before the first. What is after a charge of the past is after what was before it.
    """
    execution = instance.execution
    past, now = (frozenset(), 0) if execution is None else (frozenset(execution.charges), execution.now)
    found: dict[tuple[object, ...], ParkingGap] = {}
    for fleet in instance.fleets:
        gaps = iter(gaps_listed(instance, fleet, schedule) if fleet.limited else ())
        for vehicle in fleet.vehicles if fleet.limited else ():
            several = (True,) if vehicle.capacity > 1 else ()
            made: list[Stretch | Charge] = [*_stretches(instance, schedule, vehicle.id)]
            made += schedule.by_vehicle.get(vehicle.id, ())
            made.sort(key=lambda item: (item.start, item.end))
            key: tuple[object, ...] = ()
            for item, after in pairwise([None, *made, None]):
                if isinstance(item, Stretch):
                    key = (*_name(item.visits[-1].task), *several)
                elif item is not None and item not in past:
                    key = (item.charger, *(_name(after.visits[0].task) if isinstance(after, Stretch) else ()))
                if (gap := next(gaps)).wanted_at >= now:
                    found[vehicle.id, *key] = gap
    return found


def _name(move: Move | ScheduledOperation) -> tuple[object, ...]:
    assert isinstance(move, Move)  # vehicles tend nothing
    return (move.job, move.predecessor, move.successor, move.origin, move.destination)


def leg_of(option: OptionVars) -> tuple[object, ...]:
    """Return what tells a loaded move from others."""
    link, leg = option.link, option.leg
    return (link.job.id, link.predecessor, link.successor, leg.origin, leg.destination)


def name_of(task: TaskVars) -> tuple[object, ...]:
    """Return what tells what a carrier may have to do from others."""
    return (*task.key, task.machine) if isinstance(task, TendingVars) else leg_of(task)
