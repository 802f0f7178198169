"""Lowering of where robots and vehicles go: the places of their groups, travel times, and limited places."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from typing import TYPE_CHECKING

from scheduler.domain import CarrierGroup, Fleet
from scheduler.domain.parking import served, shared_room
from scheduler.domain.slowdowns import lifts

if TYPE_CHECKING:
    from scheduler.search.decode.facts import Facts

NO_WAY = 1 << 40
"""Travel time between places of a group that have no way."""


def places_of(group: CarrierGroup) -> dict[str, int]:
    """Return the places of a robot cell or fleet by number."""
    names = [*group.travel, *(place for row in group.travel.values() for place in row)]
    names += [carrier.start for carrier in group.carriers]
    if not isinstance(group, Fleet):
        names += [group.input_station, group.output_station]
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def travel_of(group: CarrierGroup, origin: str, destination: str, instant: int | None = None) -> int:
    """Return the time of travel that begins then (None: the longest), `NO_WAY` between places without a way."""
    if origin == destination:
        return 0
    has_way = destination in group.travel.get(origin, {})
    return group.travel_time(origin, destination, instant) if has_way else NO_WAY


def pace_row(group: CarrierGroup, places: Collection[str], times: list[int]) -> tuple[int, int, int, int]:
    """Write down the travel times of a group at one speed, and return its row of `layout.PACES`."""
    ways, travel_at = list(product(places, repeat=2)), len(times)
    times.extend(travel_of(group, a, b) for a, b in ways)
    lifted_at, later_at = max(lifts(group), default=0), len(times)
    if lifted_at > 0:
        times.extend(travel_of(group, a, b, lifted_at) for a, b in ways)
    return travel_at, len(places), lifted_at, later_at


def limited_places(facts: Facts) -> dict[str, tuple[int, int]]:
    """Return where rooms and detours of vehicles in limited parking begin among the times; see `layout.CARRIERS`.

    A vehicle shares no room with others at its haven: there it is not limited.
    """
    found: dict[str, tuple[int, int]] = {}
    instance, yard_of = facts.problem.instance, facts.yards
    for fleet in instance.fleets:
        if not fleet.limited:
            continue
        room = shared_room(fleet, yard_of)
        profile = {place: len(facts.profiles) + number for number, place in enumerate(room)}
        facts.profiles.extend(room.values())
        places, handled = places_of(fleet), served(instance, fleet)
        for vehicle in fleet.vehicles:
            yard, rooms_at = yard_of[vehicle.id], len(facts.times)
            for place in places:
                limit = (profile[place], room[place] - 1) if place in yard.limits else (-1, 0)
                facts.times.extend((*limit, int(place not in handled)))
            found[vehicle.id] = rooms_at, len(facts.times)
            for here in places:
                facts.times.extend(yard.detour(here, there) for there in places)
    return found
