"""Moves in compiled form: who carries a part first, when, and on which trip."""

from __future__ import annotations

from numba import njit

from scheduler.search.decode.calendars import work_start
from scheduler.search.decode.departures import departure, hold_docks
from scheduler.search.decode.layout import (
    ABLE,
    ABLE_AT,
    ABLE_END,
    AT,
    CARRIER_CALENDAR,
    CARRIERS,
    CYCLE_TIME,
    DESTINATION,
    DONE,
    FLEET,
    FLEETS_AT,
    GROUP,
    GROUPS,
    HOME,
    IS_TRIP,
    JOB_END,
    JOBS,
    LANES,
    LAST_OF,
    LEGS,
    LENGTH,
    LIMIT,
    LINK_JOB,
    LINKS,
    LOAD,
    MACHINES,
    MAX_LEGS,
    MOVE_ABLE,
    MOVE_AFTER,
    MOVE_BEFORE,
    MOVE_END,
    MOVE_FREE,
    MOVE_START,
    MOVER,
    NEVER,
    NOW,
    NUM_PLACES,
    NUM_TRIPS,
    NUM_VEHICLES,
    ORIGIN,
    PATIENCE,
    PLACE,
    ROOM_FOR,
    SIZE,
    TIMES,
    TRAVEL_AT,
    TRAVEL_SIDE,
    TRIP_TIME,
    UNDER_AT,
    UNDER_END,
    UNDER_FROM,
    UNDER_START,
    UNDER_TO,
    UNDER_WAY,
    VEHICLE,
    WHO,
    Ints,
    get,
    put,
)


@njit(cache=True, nogil=True)
def route_between(data: Ints, origin: int, destination: int) -> int:
    """Return the row of the route from machine to machine (-1: from or to the outside)."""
    outside = data[NUM_PLACES]
    here = get(data, MACHINES, origin, PLACE) if origin >= 0 else outside
    there = get(data, MACHINES, destination, PLACE) if destination >= 0 else outside
    return here * (outside + 1) + there


@njit(cache=True, nogil=True)
def travel(data: Ints, carrier: int, origin: int, destination: int) -> int:
    """Return how long a carrier travels between two places of its group."""
    group = get(data, CARRIERS, carrier, GROUP)
    at = data[TIMES] + get(data, GROUPS, group, TRAVEL_AT)
    return data[at + origin * get(data, GROUPS, group, TRAVEL_SIDE) + destination]


@njit(cache=True, nogil=True)
def approach(data: Ints, state: Ints, carrier: int, before: int, place: int) -> int:
    """Return the empty travel of a carrier to a place after a move (-1: from its start)."""
    if before < 0:
        return travel(data, carrier, get(data, CARRIERS, carrier, HOME), place)
    return travel(data, carrier, get(data, ABLE, state[data[MOVE_ABLE] + before], DESTINATION), place)


@njit(cache=True, nogil=True)
def there(data: Ints, state: Ints, carrier: int, before: int, place: int) -> int:
    """Return when a carrier can be at a place after a move; a new empty move begins at `now` or later."""
    time = approach(data, state, carrier, before, place)
    free_at = state[data[MOVE_FREE] + before] if before >= 0 else 0
    now = data[NOW]
    if now > 0 and time > 0 and (before < 0 or state[data[MOVE_START] + before] < now):
        here = get(data, CARRIERS, carrier, HOME)
        if before >= 0:
            here = get(data, ABLE, state[data[MOVE_ABLE] + before], DESTINATION)
        begun = now
        for row in range(get(data, CARRIERS, carrier, UNDER_AT), get(data, CARRIERS, carrier, UNDER_END)):
            if get(data, UNDER_WAY, row, UNDER_FROM) == here and get(data, UNDER_WAY, row, UNDER_TO) == place:
                begun = get(data, UNDER_WAY, row, UNDER_START)
        free_at = max(free_at, begun)
    return free_at + time


@njit(cache=True, nogil=True)
def move_opening(data: Ints, state: Ints, able: int, ready: int) -> tuple[int, int]:
    """Return the earliest start at or after `ready` of a move by a carrier, and the move before it (-1: none)."""
    carrier, length = get(data, ABLE, able, WHO), max(get(data, ABLE, able, LENGTH), 1)
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    calendar = get(data, CARRIERS, carrier, CARRIER_CALENDAR)
    starts, frees, afters = data[MOVE_START], data[MOVE_FREE], data[MOVE_AFTER]
    after, before = -1, state[data[LAST_OF] + carrier]
    while before >= 0 and state[frees + before] > ready:
        after, before = before, state[data[MOVE_BEFORE] + before]
    while True:
        if after < 0 or state[starts + after] - ready >= length:
            start = max(ready, there(data, state, carrier, before, origin))
            start = work_start(data, calendar, start, length, 0)
            if after < 0:
                return start, before
            back = travel(data, carrier, destination, get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN))
            if start + length + back <= state[starts + after]:
                return start, before
        ready = max(ready, state[frees + after])
        before, after = after, state[afters + after]


@njit(cache=True, nogil=True)
def may_carry(data: Ints, job: int, able: int) -> bool:
    """Return whether the fleet of a carrier may carry a job."""
    fleet, at = get(data, ABLE, able, FLEET), get(data, JOBS, job, FLEETS_AT)
    return fleet < 0 or at < 0 or data[data[TIMES] + at + fleet] == 1


@njit(cache=True, nogil=True)
def by_carrier(data: Ints, state: Ints, leg: int, job: int, ready: int) -> tuple[int, int, int]:
    """Return who can end a move first (the nearest of several), when it starts, and the move before it."""
    best_able, best_start, best_before, best_end, best_way = -1, NEVER, -1, NEVER, NEVER
    for able in range(get(data, LEGS, leg, ABLE_AT), get(data, LEGS, leg, ABLE_END)):
        if not may_carry(data, job, able):
            continue
        start, before = move_opening(data, state, able, ready)
        end = start + get(data, ABLE, able, LENGTH)
        if end <= best_end:
            way = approach(data, state, get(data, ABLE, able, WHO), before, get(data, ABLE, able, ORIGIN))
            if end < best_end or way < best_way:
                best_able, best_start, best_before, best_end, best_way = able, start, before, end, way
    return best_able, best_start, best_before


@njit(cache=True, nogil=True)
def enter(data: Ints, state: Ints, trail: Ints, mover: int, move: int, before: int) -> None:
    """Put a move or trip into the sequence of its mover behind another one (-1: first)."""
    last = data[LAST_OF] + mover
    if before >= 0:
        after = state[data[MOVE_AFTER] + before]
        put(state, trail, data[MOVE_AFTER] + before, move)
    else:
        after = state[last]
        while after >= 0 and state[data[MOVE_BEFORE] + after] >= 0:
            after = state[data[MOVE_BEFORE] + after]
    put(state, trail, data[MOVE_BEFORE] + move, before)
    put(state, trail, data[MOVE_AFTER] + move, after)
    put(state, trail, (data[MOVE_BEFORE] + after) if after >= 0 else last, move)


@njit(cache=True, nogil=True)
def new_trip(data: Ints, state: Ints, lane: int, vehicle: int, ready: int) -> tuple[int, int]:
    """Return the earliest departure of a further trip of a vehicle, and the trip before it."""
    cycle = max(get(data, LANES, lane, CYCLE_TIME), 1)
    after, before = -1, state[data[LAST_OF] + vehicle]
    while before >= 0 and state[data[MOVE_FREE] + before] > ready:
        after, before = before, state[data[MOVE_BEFORE] + before]
    while True:
        start = max(ready, state[data[MOVE_FREE] + before]) if before >= 0 else ready
        start = departure(data, state, lane, start)
        if after < 0 or start + cycle <= state[data[MOVE_START] + after]:
            return start, before
        before, after = after, state[data[MOVE_AFTER] + after]


@njit(cache=True, nogil=True)
def shared_trip(data: Ints, state: Ints, lane: int, vehicle: int, ready: int, size: int, latest: int) -> int:
    """Return the first trip from `ready` to `latest` with room for a job (-1: none)."""
    found, trip = -1, state[data[LAST_OF] + vehicle]
    while trip >= 0 and state[data[MOVE_START] + trip] >= ready:
        fits = state[data[LOAD] + trip] + size <= get(data, LANES, lane, ROOM_FOR)
        if fits and state[data[MOVE_START] + trip] <= latest:
            found = trip
        trip = state[data[MOVE_BEFORE] + trip]
    return found


@njit(cache=True, nogil=True)
def by_lane(data: Ints, state: Ints, leg: int, job: int, ready: int) -> tuple[int, int, int, int, int]:
    """Return the lane (its row of ABLE) and vehicle that arrive first, the departure, and the trip to join or before.

    The last but one is the trip that is joined (-1: a further one), the last the trip before a further one.
    """
    size = get(data, JOBS, job, SIZE)
    best = (-1, -1, NEVER, -1, -1)
    best_arrival = NEVER
    for able in range(get(data, LEGS, leg, ABLE_AT), get(data, LEGS, leg, ABLE_END)):
        lane = get(data, ABLE, able, WHO)
        if size > get(data, LANES, lane, ROOM_FOR):
            continue
        first, num = get(data, LANES, lane, VEHICLE), get(data, LANES, lane, NUM_VEHICLES)
        soonest, at, before = NEVER, -1, -1
        for vehicle in range(first, first + num):
            start, behind = new_trip(data, state, lane, vehicle, ready)
            if start < soonest:
                soonest, at, before = start, vehicle, behind
        joined, latest = -1, soonest + data[PATIENCE]
        for vehicle in range(first, first + num):
            trip = shared_trip(data, state, lane, vehicle, ready, size, latest)
            if trip >= 0:
                start = state[data[MOVE_START] + trip]
                if joined < 0 or start < soonest:
                    joined, soonest, at = trip, start, vehicle
                    latest = soonest
        arrival = soonest + get(data, LANES, lane, TRIP_TIME)
        if arrival < best_arrival:
            best_arrival = arrival
            best = (able, at, soonest, joined, before)
    return best


@njit(cache=True, nogil=True)
def carry(data: Ints, state: Ints, trail: Ints, link: int, leg: int, number: int, ready: int) -> tuple[int, int]:
    """Place a move of a part at the earliest; return its start and end, `NEVER` if nobody can do it."""
    job, move = get(data, LINKS, link, LINK_JOB), MAX_LEGS * link + number
    ready = max(ready, data[NOW])
    if get(data, LEGS, leg, IS_TRIP):
        able, mover, start, joined, before = by_lane(data, state, leg, job, ready)
        end = start + get(data, ABLE, able, LENGTH)
        if able < 0 or end > data[LIMIT]:
            return NEVER, NEVER
        size = get(data, JOBS, job, SIZE)
        if joined >= 0:
            put(state, trail, data[LOAD] + joined, state[data[LOAD] + joined] + size)
        else:
            cycle = get(data, LANES, get(data, ABLE, able, WHO), CYCLE_TIME)
            put(state, trail, data[LOAD] + move, size)
            put(state, trail, data[MOVE_FREE] + move, max(start + cycle, start + 1))
            put(state, trail, data[NUM_TRIPS], state[data[NUM_TRIPS]] + 1)
            enter(data, state, trail, mover, move, before)
            hold_docks(data, state, trail, get(data, ABLE, able, WHO), start, end)
    else:
        able, start, before = by_carrier(data, state, leg, job, ready)
        mover, end = get(data, ABLE, able, WHO), start + get(data, ABLE, able, LENGTH)
        if able < 0 or end > data[LIMIT]:
            return NEVER, NEVER
        put(state, trail, data[MOVE_FREE] + move, max(end, start + 1))
        enter(data, state, trail, mover, move, before)
    put(state, trail, data[MOVE_START] + move, start)
    put(state, trail, data[MOVE_END] + move, end)
    put(state, trail, data[MOVE_ABLE] + move, able)
    put(state, trail, data[MOVER] + move, mover)
    put(state, trail, data[DONE] + link, number + 1)
    put(state, trail, data[AT] + link, end)
    if end > state[data[JOB_END] + job]:
        put(state, trail, data[JOB_END] + job, end)
    return start, end
