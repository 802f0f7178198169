"""Trips in compiled form: with which vehicle of a lane a job departs, alone or with others, at once or in loads."""

from __future__ import annotations

from scheduler.search.decode.carriers import enter
from scheduler.search.decode.departures import departure, hold_docks, length_of, num_lengths
from scheduler.search.decode.layout import (
    ABLE,
    ABLE_AT,
    ABLE_END,
    BESIDE,
    FULL_LOAD,
    GONE,
    GONE_UNTIL,
    LANES,
    LAST_OF,
    LEGS,
    LIMIT,
    LINKS,
    LOAD,
    LOADS_AT,
    MOVE_ABLE,
    MOVE_AFTER,
    MOVE_BEFORE,
    MOVE_END,
    MOVE_FREE,
    MOVE_START,
    MOVER,
    NEVER,
    NUM_TRIPS,
    NUM_VEHICLES,
    ONWARD,
    ONWARD_AT,
    PATIENCE,
    RETURN_TIME,
    ROOM_FOR,
    SLOT,
    VEHICLE,
    WHO,
    ZERO,
    Ints,
    get,
    put,
)
from scheduler.search.inner import inner


@inner
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


@inner
def shared_trip(data: Ints, state: Ints, lane: int, vehicle: int, ready: int, size: int, latest: int) -> int:
    """Return the trip that departs from `ready` on and arrives first, by `latest`, with room for a job (-1: none)."""
    found, trip = -1, state[data[LAST_OF] + vehicle]
    while trip >= 0 and state[data[MOVE_START] + trip] >= ready:
        fits = state[data[LOAD] + trip] + size <= get(data, LANES, lane, ROOM_FOR)
        if fits and state[data[MOVE_END] + trip] <= latest:
            found, latest = trip, state[data[MOVE_END] + trip]
        trip = state[data[MOVE_BEFORE] + trip]
    return found


@inner
def by_lane(data: Ints, state: Ints, leg: int, size: int, ready: int) -> tuple[int, int, int, int, int, int]:
    """Return the lane (its row of ABLE) and vehicle that arrive first, departure, arrival, the trip to join or before.

    The last but one is the trip that is joined (-1: a further one), the last the trip before a further one.
    """
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


@inner
def ride(data: Ints, state: Ints, trail: Ints, leg: int, move: int, size: int, ready: int) -> tuple[int, int]:
    """Place the transfer of so many units; return its start and end, `NEVER` if nobody can do it."""
    able, vehicle, start, end, joined, before = by_lane(data, state, leg, size, ready)
    if able < 0 or end > data[LIMIT]:
        return NEVER, NEVER
    if joined >= 0:
        put(state, trail, data[LOAD] + joined, state[data[LOAD] + joined] + size)
    else:
        back_at = end + get(data, LANES, get(data, ABLE, able, WHO), RETURN_TIME)
        put(state, trail, data[LOAD] + move, size)
        put(state, trail, data[MOVE_FREE] + move, max(back_at, start + 1))
        put(state, trail, data[NUM_TRIPS], state[data[NUM_TRIPS]] + 1)
        enter(data, state, trail, vehicle, move, before)
        hold_docks(data, state, trail, get(data, ABLE, able, WHO), start, end)
    put(state, trail, data[MOVE_START] + move, start)
    put(state, trail, data[MOVE_END] + move, end)
    put(state, trail, data[MOVE_ABLE] + move, able)
    put(state, trail, data[MOVER] + move, vehicle)
    return start, end


@inner
def ride_in_loads(
    data: Ints, state: Ints, trail: Ints, link: int, leg: int, move: int, size: int, ready: int
) -> tuple[int, int]:
    """Place a transfer for each load of a job of that size; return the first start and the last end.

    Of the first of the legs that are left, some loads may be gone.
    """
    left, full, arrived_at = size - state[data[GONE] + link], get(data, LEGS, leg, FULL_LOAD), ZERO
    if left < size:
        arrived_at = state[data[GONE_UNTIL] + link]
        put(state, trail, data[GONE] + link, 0)
    further = get(data, LINKS, link, ONWARD_AT if get(data, LEGS, leg, SLOT) == ONWARD else LOADS_AT)
    departed_at = NEVER
    while True:
        start, end = ride(data, state, trail, leg, move, min(left, full), ready)
        if start >= NEVER:
            return NEVER, NEVER
        departed_at, arrived_at = min(departed_at, start), max(arrived_at, end)
        left -= full
        if left <= 0:
            return departed_at, arrived_at
        put(state, trail, data[BESIDE] + move, further)
        move, further = further, further + 1
