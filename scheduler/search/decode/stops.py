"""Empty moves of vehicles in limited parking: by the rule of parking, or over the stops of a decode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scheduler.domain import Charge, Fleet, Move, Schedule
from scheduler.domain.parking import Gap, Way, gaps_of, stand_at, with_rule, yards
from scheduler.domain.slowdowns import last_departure
from scheduler.search.decode import layout as at
from scheduler.search.decode.layout import Array
from scheduler.search.decode.lower import Lowered
from scheduler.search.decode.places import places_of

Stops = dict[tuple[str, int], tuple[str, int]]


def ways_with_stops(
    lowered: Lowered, state: Array, loaded: Iterable[Move], charges: Iterable[Charge]
) -> list[Move] | None:
    """Return the empty moves of vehicles in limited parking; None if all of them follow the rule."""
    instance, made, staying = lowered.instance, _stops(lowered, state), _staying(lowered, state)
    if not made and not staying:
        return None
    now, yard_of = int(lowered.data[at.NOW]), yards(instance)
    tasks, found = Schedule((), tuple(loaded), charges=tuple(charges)), []
    for fleet in instance.fleets:
        for gap in gaps_of(instance, fleet, tasks) if fleet.limited else ():
            yard, stop = yard_of[gap.vehicle], made.get((gap.vehicle, gap.wanted_at))
            if gap.there is None and gap.vehicle in staying:
                continue
            ways = with_rule(yard, gap, now).ways if stop is None else _over(yard.fleet, gap, *stop, now)
            for way in ways:
                if way.start >= now:
                    found.append(Move(None, way.origin, way.destination, gap.vehicle, "empty_move", way.start, way.end))
    return found


def _stops(lowered: Lowered, state: Array) -> Stops:
    """Return, by vehicle and the start of its next task, where it makes a stop before, and when it sets out."""
    data, found = lowered.data, Stops()
    numbers = {name: number for number, name in enumerate(lowered.movers)}
    for fleet in lowered.instance.fleets:
        places = list(places_of(fleet))
        for vehicle in fleet.vehicles if fleet.limited else ():
            row = int(state[data[at.LAST_OF] + numbers[vehicle.id]])
            while row >= 0:
                stop = int(state[data[at.STOP_AT] + row]) - 1
                if stop >= 0:
                    start = int(state[data[at.MOVE_START] + row])
                    found[vehicle.id, start] = places[stop], int(state[data[at.SETS_OUT] + row])
                row = int(state[data[at.MOVE_BEFORE] + row])
    return found


def _staying(lowered: Lowered, state: Array) -> set[str]:
    """Return the vehicles that can't leave in the end: see `parked_charging.stay_put`."""
    data, found = lowered.data, set[str]()
    for number in range(int(data[at.NUM_CARRIERS])):
        carrier = data[data[at.CARRIERS] + number * data[at.CARRIERS + 1] :]
        last = int(state[data[at.LAST_OF] + number])
        if carrier[at.ROOMS_AT] < 0 or carrier[at.BATTERY] < 0:
            continue
        battery = data[data[at.BATTERIES] + carrier[at.BATTERY] * data[at.BATTERIES + 1] :]
        place, level = carrier[at.STANDS], battery[at.LEVEL_THERE]
        if last >= 0 and state[data[at.MOVE_START] + last] >= data[at.NOW]:
            able = data[data[at.ABLE] + state[data[at.MOVE_ABLE] + last] * data[at.ABLE + 1] :]
            place, level = able[at.DESTINATION], state[data[at.LEVEL] + last]
        if level - data[data[at.TIMES] + battery[at.AWAY_AT] + place] < battery[at.MINIMUM]:
            found.add(lowered.movers[number])
    return found


def _over(fleet: Fleet, gap: Gap, stop: str, sets_out: int, now: int) -> Iterator[Way]:
    """Yield the ways of a vehicle that sets out for a stop then and comes to its next task just in time."""
    here, _ = stand_at(gap.ways, gap.here, gap.free_at, now)
    assert gap.there is not None
    yield Way(here, stop, sets_out, sets_out + fleet.travel_time(here, stop, sets_out))
    if stop != gap.there:
        goes_on = last_departure(fleet, stop, gap.there, gap.wanted_at)
        yield Way(stop, gap.there, goes_on, goes_on + fleet.travel_time(stop, gap.there, goes_on))
