"""When a trip may depart: timetable and headway of its lane, docks at both ends."""

from __future__ import annotations

from numba import njit

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
    LIMITS,
    LISTED_AT,
    MOVE_BEFORE,
    MOVE_START,
    NEVER,
    NUM_LISTED,
    NUM_VEHICLES,
    OTHERS_FROM,
    OTHERS_TO,
    PERIOD,
    TIMES,
    TRIP_TIME,
    VEHICLE,
    Ints,
    get,
)
from scheduler.search.decode.machines import profile_opening, take


@njit(cache=True, nogil=True)
def departure(data: Ints, state: Ints, lane: int, ready: int) -> int:
    """Return the earliest departure at or after `ready` of a further trip of a lane; `NEVER` if there is none."""
    calendar, length = get(data, LANES, lane, LANE_CALENDAR), max(get(data, LANES, lane, TRIP_TIME), 1)
    row = get(data, LANES, lane, LIMITS)
    if row < 0:
        return work_start(data, calendar, ready, length, 0)
    while True:
        start = listed(data, row, work_start(data, calendar, ready, length, 0))
        if start >= NEVER:
            return NEVER
        start = apart(data, state, lane, start, get(data, LANE_LIMITS, row, HEADWAY))
        start = with_docks(data, state, row, start, get(data, LANES, lane, TRIP_TIME))
        if start == ready or start >= NEVER:
            return start
        ready = start


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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
