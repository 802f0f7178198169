"""Lowering of batteries: levels, drains and charge curve, and what it takes to get to a charger, or where it ends."""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING

from scheduler.domain import Fleet
from scheduler.domain.batteries import corrected
from scheduler.domain.parking import Yard
from scheduler.domain.slowdowns import lifts
from scheduler.search.decode import layout as at
from scheduler.search.decode.places import NO_WAY, travel_of

if TYPE_CHECKING:
    from scheduler.search.decode.facts import Facts, Tables


def lower_battery(facts: Facts, name: str, tables: Tables) -> int:
    """Add the row of the battery of a vehicle, and those of the chargers from which it gets home if it has to."""
    instance = facts.problem.instance
    battery, fleet = instance.battery_by_vehicle[name], instance.fleet_by_vehicle[name]
    home, places, yard = instance.carrier_by_id[name].start, facts.group_places[fleet.id], facts.yards.get(name)
    idle = battery.drain_idle
    # Whether a way is over a stop that nobody needs is known in the end only, and it may last shorter then.
    empty = battery.drain_empty if yard is None else max(battery.drain_empty, idle)
    scale = lcm(*(step.rate for step in battery.curve))
    curve_at = len(facts.times)
    for step in battery.curve:
        facts.times.extend((step.up_to, scale // step.rate))
    curve_end, chargers_at = len(facts.times), len(tables[at.CHARGERS])
    spots, range_left, lifted_at = [], battery.capacity - battery.minimum, max(lifts(fleet), default=None)
    for charger in fleet.chargers:
        if not fleet.returns or empty * travel_of(fleet, charger.place, home, lifted_at) <= range_left:
            tables[at.CHARGERS].append(facts.chargers[charger.id])
            spots.append(charger.place)
    away = [0 if yard is None else _way_in_the_end(fleet, yard, place, home) for place in places]
    reach_at = len(facts.times)
    for place, end in zip(places, away, strict=True):
        way = min((_way_at_most(fleet, yard, place, spot) for spot in spots), default=NO_WAY)
        facts.times.append(min(empty * max(way, end), NO_WAY))
    end_at = len(facts.times)
    homeward = (travel_of(fleet, place, home) if fleet.returns else 0 for place in places)
    facts.times.extend(min(empty * way, NO_WAY) for way in homeward)
    away_at = len(facts.times)
    facts.times.extend(min(empty * way, NO_WAY) for way in away)
    if lifted_at is not None:  # the same from then on, but that those ways are no shorter that may be over a stop
        for place, end in zip(places, away, strict=True):
            ways = (_way_at_most(fleet, yard, place, spot, lifted_at) for spot in spots)
            facts.times.append(min(empty * max(min(ways, default=NO_WAY), end), NO_WAY))
        homeward = (travel_of(fleet, place, home, lifted_at) if fleet.returns else 0 for place in places)
        facts.times.extend(min(empty * way, NO_WAY) for way in homeward)
        facts.times.extend(min(empty * way, NO_WAY) for way in away)
    initial = battery.initial + corrected(battery, 0)
    levels, drains = (battery.capacity, battery.minimum, initial), (battery.drain_loaded, empty, idle)
    where = (curve_at, curve_end, scale, int(fleet.returns), reach_at, end_at, away_at)
    tables[at.BATTERIES].append((*levels, *drains, *where, chargers_at, len(tables[at.CHARGERS]), initial))
    return len(tables[at.BATTERIES]) - 1


def _way_at_most(fleet: Fleet, yard: Yard | None, origin: str, destination: str, instant: int | None = None) -> int:
    """Return how long a vehicle travels between two places, at the most: over its stop, if both are limited for it."""
    if yard is None or not {origin, destination} <= yard.limits.keys():
        return travel_of(fleet, origin, destination, instant)
    return yard.detour(origin, destination)


def _way_in_the_end(fleet: Fleet, yard: Yard, place: str, home: str) -> int:
    """Return how long a vehicle travels from the place of its last task: home, or where there is room for it."""
    if fleet.returns:
        return travel_of(fleet, place, home)
    return 0 if place not in yard.limits else fleet.travel_time(place, yard.stop(place, None))
