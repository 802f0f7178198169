"""When a trip may depart, and how long it takes then: transit times, timetable and headway of its lane, docks."""

from __future__ import annotations

from scheduler.search.decode.calendars import work_start
from scheduler.search.decode.layout import (
    DOCK_FROM,
    DOCK_TO,
    HEADWAY,
    HOLD_FROM,
    HOLD_TO,
    LANE_CALENDAR,
    LANE_LIMITS,
    LANES,
    LAST_LISTED,
    LAST_OF,
    LENGTHS_AT,
    LIMIT,
    LIMITS,
    LISTED_AT,
    MOVE_BEFORE,
    MOVE_START,
    NEVER,
    NUM_FIRST,
    NUM_LENGTHS,
    NUM_LISTED,
    NUM_PIECES,
    NUM_VEHICLES,
    OTHERS_FROM,
    OTHERS_TO,
    PERIOD,
    PIECES_AT,
    PIECES_PERIOD,
    TIMES,
    TRIP_TIME,
    VEHICLE,
    Ints,
    get,
)
from scheduler.search.decode.machines import profile_opening, take
from scheduler.search.inner import inner


@inner
def departure(data: Ints, state: Ints, lane: int, ready: int, length: int) -> int:
    """Return the earliest departure from `ready` on of a further trip of that length; `NEVER` if there is none."""
    calendar = get(data, LANES, lane, LANE_CALENDAR)
    row = get(data, LANES, lane, LIMITS)
    if row < 0:
        return work_start(data, calendar, ready, max(length, 1), 0)
    while True:
        start = work_start(data, calendar, with_length(data, row, ready, length), max(length, 1), 0)
        start = listed(data, row, start)
        if start > data[LIMIT]:
            return NEVER
        start = apart(data, state, lane, start, get(data, LANE_LIMITS, row, HEADWAY))
        start = with_docks(data, state, row, start, length)
        if start == ready or start >= NEVER:
            return start
        ready = start


@inner
def num_lengths(data: Ints, lane: int) -> int:
    """Return how many lengths the trips of a lane have."""
    row = get(data, LANES, lane, LIMITS)
    return max(1, get(data, LANE_LIMITS, row, NUM_LENGTHS)) if row >= 0 else 1


@inner
def length_of(data: Ints, lane: int, k: int) -> int:
    """Return one of the lengths that the trips of a lane have, the shortest first."""
    if k == 0:
        return get(data, LANES, lane, TRIP_TIME)
    return data[data[TIMES] + get(data, LANE_LIMITS, get(data, LANES, lane, LIMITS), LENGTHS_AT) + k]


@inner
def with_length(data: Ints, row: int, ready: int, length: int) -> int:
    """Return the first instant at or after `ready` at which trips that depart are so long."""
    num, period = get(data, LANE_LIMITS, row, NUM_PIECES), get(data, LANE_LIMITS, row, PIECES_PERIOD)
    if num == 0 or ready >= NEVER:
        return ready
    at = data[TIMES] + get(data, LANE_LIMITS, row, PIECES_AT)
    for _ in range(get(data, LANE_LIMITS, row, NUM_FIRST)):
        if data[at] > ready and data[at + 1] == length:
            return ready
        ready = max(ready, data[at])
        at += 2
    begin = ready - ready % period
    for k in range(2 * num):
        end = begin + data[at + 2 * (k % num)]
        if end > ready and data[at + 2 * (k % num) + 1] == length:
            return ready
        ready = max(ready, end)
        if k == num - 1:
            begin += period
    return NEVER


@inner
def listed(data: Ints, row: int, ready: int) -> int:
    """Return the first departure of a timetable at or after `ready`."""
    num, period = get(data, LANE_LIMITS, row, NUM_LISTED), get(data, LANE_LIMITS, row, PERIOD)
    if num == 0:
        return ready
    at, found = data[TIMES] + get(data, LANE_LIMITS, row, LISTED_AT), NEVER
    for k in range(num):
        instant = data[at + k]
        if instant < ready and period > 0:
            instant += (ready - instant + period - 1) // period * period
        if instant >= ready:
            found = min(found, instant)
    return found if found <= get(data, LANE_LIMITS, row, LAST_LISTED) else NEVER


@inner
def apart(data: Ints, state: Ints, lane: int, ready: int, headway: int) -> int:
    """Return the first instant at or after `ready` that is far enough from all departures of a lane."""
    first, end = get(data, LANES, lane, VEHICLE), get(data, LANES, lane, VEHICLE) + get(data, LANES, lane, NUM_VEHICLES)
    start = ready
    while headway > 0:
        for vehicle in range(first, end):
            trip = state[data[LAST_OF] + vehicle]
            while trip >= 0 and state[data[MOVE_START] + trip] > ready - headway:
                if state[data[MOVE_START] + trip] < ready + headway:
                    start = max(start, state[data[MOVE_START] + trip] + headway)
                trip = state[data[MOVE_BEFORE] + trip]
        if start == ready:
            break
        ready = start
    return start


@inner
def with_docks(data: Ints, state: Ints, row: int, ready: int, length: int) -> int:
    """Return the first departure at or after `ready` for which a dock is free here, or later if none is free there."""
    start, dock = ready, get(data, LANE_LIMITS, row, DOCK_FROM)
    if dock >= 0:
        others = get(data, LANE_LIMITS, row, OTHERS_FROM)
        start = profile_opening(data, state, dock, start, get(data, LANE_LIMITS, row, HOLD_FROM), others)
    dock, hold = get(data, LANE_LIMITS, row, DOCK_TO), get(data, LANE_LIMITS, row, HOLD_TO)
    if dock >= 0 and start < NEVER:
        before = length - hold
        start = profile_opening(data, state, dock, start + before, hold, get(data, LANE_LIMITS, row, OTHERS_TO))
        start -= before
    return start


@inner
def hold_docks(data: Ints, state: Ints, trail: Ints, lane: int, start: int, end: int) -> None:
    """Let a trip hold docks while it loads and unloads."""
    row = get(data, LANES, lane, LIMITS)
    if row < 0:
        return
    dock = get(data, LANE_LIMITS, row, DOCK_FROM)
    if dock >= 0:
        take(data, state, trail, dock, start, start + get(data, LANE_LIMITS, row, HOLD_FROM), 1)
    dock = get(data, LANE_LIMITS, row, DOCK_TO)
    if dock >= 0:
        take(data, state, trail, dock, end - get(data, LANE_LIMITS, row, HOLD_TO), end, 1)
