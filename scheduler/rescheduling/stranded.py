"""Vehicles whose battery is too low for what comes next, and what that means for the jobs."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from scheduler.domain import Charge, Instance, Job, Machine, Move
from scheduler.domain.batteries import level_at
from scheduler.domain.happened import execution_of, started
from scheduler.domain.routing import Leg, carriers, routes
from scheduler.rescheduling.draft import places_of


class _Stand(NamedTuple):
    """Where a vehicle is when it has done what has begun, and with which level, if it leaves at once.

    ``is_going`` says whether it is under way from there, empty: it is nearer to where it goes than it seems;
    ``is_loaded``, whether it still has to get there with what it carries.
    """

    place: str
    level: int
    is_going: bool
    is_loaded: bool


def at_chargers(instance: Instance) -> dict[str, int]:
    """Return the level of every vehicle at the nearest charger if it goes there at once; below 0 it lacks so much."""
    found = {}
    for vehicle, battery in instance.battery_by_vehicle.items():
        stand = _stand(instance, vehicle)
        found[vehicle] = stand.level - battery.drain_empty * _way_to_charger(instance, vehicle, stand.place)
    return found


def reachable(instance: Instance) -> dict[str, int]:
    """Return the levels `at_chargers` of the vehicles that get to one."""
    return {vehicle: level for vehicle, level in at_chargers(instance).items() if level >= 0}


def stranded(instance: Instance) -> frozenset[str]:
    """Return the vehicles that neither get to a charger nor make any transport without running below their minimum.

    With the level *a* at their place, both the way to the nearest charger and the shortest transport there is take more
    than ``a - minimum``. Levels are judged later at the earliest, and fall until then, so that such a vehicle does
    nothing any more in a schedule that keeps the minimum. One that has jobs on board may take others along on its way.
    """
    found = set()
    for vehicle, battery in instance.battery_by_vehicle.items():
        stand, fleet = _stand(instance, vehicle), instance.fleet_by_vehicle[vehicle]
        ways = [ticks for place, row in fleet.travel.items() for there, ticks in row.items() if there != place]
        shortest = battery.drain_loaded * (fleet.pick_up_time + min(ways, default=0) + fleet.drop_time)
        to_charger = battery.drain_empty * _way_to_charger(instance, vehicle, stand.place)
        takes_along = stand.is_loaded and instance.carrier_by_id[vehicle].capacity > 1
        if not stand.is_going and not takes_along and stand.level - min(shortest, to_charger) < battery.minimum:
            found.add(vehicle)
    return frozenset(found)


def left_behind(instance: Instance) -> frozenset[str]:
    """Return the stranded vehicles of which a job needs one: without them it can't go its way, whatever is decided."""
    gone, needed = stranded(instance), set()
    if gone and not execution_of(instance).aborted:
        for job in instance.jobs:
            if not job.plans:
                needed |= _needed(instance, job, gone)
    return frozenset(needed)


def _needed(instance: Instance, job: Job, gone: frozenset[str]) -> set[str]:
    """Return the stranded vehicles on whose way a part of the job has not set out yet, and can't without them."""
    begun, needed = started(instance), set()
    moved = {(m.predecessor, m.successor) for m in execution_of(instance).moves if m.job == job.id}
    for predecessor, successor, _ in job.links:
        if (predecessor, successor) in moved or (job.id, successor) in begun:
            continue
        ends = [possible_machines(instance, job, operation) for operation in (predecessor, successor)]
        lacks = [
            set().union(*(_able(instance, job, leg, gone) for leg in route if leg.kind == "transport"))
            for origin, destination in product(*ends)
            for route in routes(instance, origin, destination)
        ]
        if lacks and all(lacks):
            needed |= lacks[0]
    return needed


def _able(instance: Instance, job: Job, leg: Leg, gone: frozenset[str]) -> set[str]:
    """Return the vehicles that may make a transport if all of them are stranded, else none."""
    able = {vehicle for vehicle, _ in carriers(instance, leg, job)}
    return able if able <= gone else set()


def possible_machines(instance: Instance, job: Job, operation: str | None) -> tuple[Machine | None, ...]:
    """Return where an operation is or may be done; None is outside."""
    if operation is None:
        return (None,)
    begun = started(instance).get((job.id, operation))
    names = [begun.machine] if begun is not None else [mode.machine for mode in job.operation(operation).modes]
    return tuple(instance.machine_by_id[name] for name in dict.fromkeys(names))


def _stand(instance: Instance, vehicle: str) -> _Stand:
    execution = execution_of(instance)
    place, free_at = instance.carrier_by_id[vehicle].start, 0
    moves = [move for move in execution.moves if move.mover == vehicle]
    charges = [charge for charge in execution.charges if charge.vehicle == vehicle]
    begun: list[Move | Charge] = [*moves, *charges]
    if begun:
        last = max(begun, key=lambda item: item.end)
        place, free_at = places_of(instance, last)[1], last.end
    planned = execution.baseline.by_mover.get(vehicle, ())
    empty = [move for move in planned if move.job is None and move.start < execution.now]
    at = max(execution.now, free_at)
    level = level_at(instance, vehicle, [*moves, *empty], charges, at)
    last_tick = min(1, instance.fleet_by_vehicle[vehicle].drop_time)
    is_loaded = any(move.end - last_tick >= execution.now for move in moves)
    return _Stand(place, level, any(move.end > free_at for move in empty), is_loaded)


def _way_to_charger(instance: Instance, vehicle: str, place: str) -> int:
    fleet = instance.fleet_by_vehicle[vehicle]
    return min((fleet.travel_time(place, charger.place) for charger in fleet.chargers), default=0)
