"""Moves in compiled form: who carries a part first, when, and on which trip."""

from __future__ import annotations

from numba import njit

from scheduler.search.decode.carriers import approach, enter, move_opening
from scheduler.search.decode.charging import charged_opening, use_battery
from scheduler.search.decode.departures import departure, hold_docks, length_of, num_lengths
from scheduler.search.decode.layout import (
    ABLE,
    ABLE_AT,
    ABLE_END,
    AT,
    BATTERY,
    CARRIERS,
    DONE,
    FIRST_CHARGE,
    FLEET,
    FLEETS_AT,
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
    RETURN_TIME,
    ROOM_FOR,
    SIZE,
    TIMES,
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
        if data[FIRST_CHARGE] > 0 and get(data, CARRIERS, get(data, ABLE, able, WHO), BATTERY) >= 0:
            start, before, _, _, _ = charged_opening(data, state, able, ready)
        else:
            start, before = move_opening(data, state, able, ready)
        end = start + get(data, ABLE, able, LENGTH)
        if end <= best_end:
            way = approach(data, state, get(data, ABLE, able, WHO), before, get(data, ABLE, able, ORIGIN))
            if end < best_end or way < best_way:
                best_able, best_start, best_before, best_end, best_way = able, start, before, end, way
    return best_able, best_start, best_before


@njit(cache=True, nogil=True)
def new_trip(data: Ints, state: Ints, lane: int, vehicle: int, ready: int, length: int) -> tuple[int, int]:
    """Return the earliest departure of a further trip of a vehicle of that length, and the trip before it."""
    cycle = max(length + get(data, LANES, lane, RETURN_TIME), 1)
    after, before = -1, state[data[LAST_OF] + vehicle]
    while before >= 0 and state[data[MOVE_FREE] + before] > ready:
        after, before = before, state[data[MOVE_BEFORE] + before]
    while True:
        start = max(ready, state[data[MOVE_FREE] + before]) if before >= 0 else ready
        start = departure(data, state, lane, start, length)
        if after < 0 or start + cycle <= state[data[MOVE_START] + after]:
            return start, before
        before, after = after, state[data[MOVE_AFTER] + after]


@njit(cache=True, nogil=True)
def shared_trip(data: Ints, state: Ints, lane: int, vehicle: int, ready: int, size: int, latest: int) -> int:
    """Return the trip that departs from `ready` on and arrives first, by `latest`, with room for a job (-1: none)."""
    found, trip = -1, state[data[LAST_OF] + vehicle]
    while trip >= 0 and state[data[MOVE_START] + trip] >= ready:
        fits = state[data[LOAD] + trip] + size <= get(data, LANES, lane, ROOM_FOR)
        if fits and state[data[MOVE_END] + trip] <= latest:
            found, latest = trip, state[data[MOVE_END] + trip]
        trip = state[data[MOVE_BEFORE] + trip]
    return found


@njit(cache=True, nogil=True)
def by_lane(data: Ints, state: Ints, leg: int, job: int, ready: int) -> tuple[int, int, int, int, int, int]:
    """Return the lane (its row of ABLE) and vehicle that arrive first, departure, arrival, the trip to join or before.

    The last but one is the trip that is joined (-1: a further one), the last the trip before a further one.
    """
    size = get(data, JOBS, job, SIZE)
    best = (-1, -1, NEVER, NEVER, -1, -1)
    for able in range(get(data, LEGS, leg, ABLE_AT), get(data, LEGS, leg, ABLE_END)):
        lane = get(data, ABLE, able, WHO)
        if size > get(data, LANES, lane, ROOM_FOR):
            continue
        first, num = get(data, LANES, lane, VEHICLE), get(data, LANES, lane, NUM_VEHICLES)
        start, arrival, at, before = NEVER, NEVER, -1, -1
        for k in range(num_lengths(data, lane)):
            length = length_of(data, lane, k)
            for vehicle in range(first, first + num):
                departs_at, behind = new_trip(data, state, lane, vehicle, ready, length)
                if departs_at + length < arrival:
                    start, arrival, at, before = departs_at, departs_at + length, vehicle, behind
        joined, latest = -1, arrival + data[PATIENCE]
        for vehicle in range(first, first + num):
            trip = shared_trip(data, state, lane, vehicle, ready, size, latest)
            if trip >= 0 and (joined < 0 or state[data[MOVE_END] + trip] < arrival):
                joined, at = trip, vehicle
                start, arrival = state[data[MOVE_START] + trip], state[data[MOVE_END] + trip]
                latest = arrival
        if arrival < best[3]:
            best = (able, at, start, arrival, joined, before)
    return best


@njit(cache=True, nogil=True)
def carry(data: Ints, state: Ints, trail: Ints, link: int, leg: int, number: int, ready: int) -> tuple[int, int]:
    """Place a move of a part at the earliest; return its start and end, `NEVER` if nobody can do it."""
    job, move = get(data, LINKS, link, LINK_JOB), MAX_LEGS * link + number
    ready = max(ready, data[NOW])
    if get(data, LEGS, leg, IS_TRIP):
        able, mover, start, end, joined, before = by_lane(data, state, leg, job, ready)
        if able < 0 or end > data[LIMIT]:
            return NEVER, NEVER
        size = get(data, JOBS, job, SIZE)
        if joined >= 0:
            put(state, trail, data[LOAD] + joined, state[data[LOAD] + joined] + size)
        else:
            back_at = end + get(data, LANES, get(data, ABLE, able, WHO), RETURN_TIME)
            put(state, trail, data[LOAD] + move, size)
            put(state, trail, data[MOVE_FREE] + move, max(back_at, start + 1))
            put(state, trail, data[NUM_TRIPS], state[data[NUM_TRIPS]] + 1)
            enter(data, state, trail, mover, move, before)
            hold_docks(data, state, trail, get(data, ABLE, able, WHO), start, end)
    else:
        able, start, before = by_carrier(data, state, leg, job, ready)
        mover, end = get(data, ABLE, able, WHO), start + get(data, ABLE, able, LENGTH)
        if able < 0 or end > data[LIMIT]:
            return NEVER, NEVER
        if data[FIRST_CHARGE] > 0 and get(data, CARRIERS, mover, BATTERY) >= 0:
            before = use_battery(data, state, trail, move, able, ready)
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
