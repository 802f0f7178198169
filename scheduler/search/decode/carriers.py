"""Robots and vehicles in compiled form: when one can be where, and where another move fits in."""

from __future__ import annotations

from scheduler.search.decode.calendars import work_start
from scheduler.search.decode.layout import (
    ABLE,
    CARRIER_CALENDAR,
    CARRIERS,
    DESTINATION,
    DROP,
    HOLDS,
    HOME,
    LAST_OF,
    LATER_AT,
    LENGTH,
    LIFTED_AT,
    LOAD,
    MOVE_ABLE,
    MOVE_AFTER,
    MOVE_BEFORE,
    MOVE_FREE,
    MOVE_START,
    NEVER,
    NOW,
    ORIGIN,
    PACE,
    PACES,
    SOME_LIFT,
    TIMES,
    TRAVEL_AT,
    TRAVEL_SIDE,
    UNDER_AT,
    UNDER_END,
    UNDER_FROM,
    UNDER_START,
    UNDER_TIME,
    UNDER_TO,
    UNDER_WAY,
    WHO,
    ZERO,
    Ints,
    get,
    put,
)
from scheduler.search.inner import inner


@inner
def travel(data: Ints, carrier: int, origin: int, destination: int) -> int:
    """Return how long a carrier travels between two places of its group."""
    pace = get(data, CARRIERS, carrier, PACE)
    at = data[TIMES] + get(data, PACES, pace, TRAVEL_AT)
    return data[at + origin * get(data, PACES, pace, TRAVEL_SIDE) + destination]


@inner
def lifted(data: Ints, carrier: int) -> int:
    """Return from when on the ways of a carrier are to be faster (0: they are not)."""
    return get(data, PACES, get(data, CARRIERS, carrier, PACE), LIFTED_AT) if data[SOME_LIFT] else ZERO


@inner
def later_travel(data: Ints, carrier: int, origin: int, destination: int) -> int:
    """Return how long a carrier travels between two places once its ways are faster."""
    pace = get(data, CARRIERS, carrier, PACE)
    at = data[TIMES] + get(data, PACES, pace, LATER_AT)
    return data[at + origin * get(data, PACES, pace, TRAVEL_SIDE) + destination]


@inner
def arrives(data: Ints, carrier: int, origin: int, destination: int, leaves: int) -> int:
    """Return when a carrier is at a place that is free to leave for it then; it may wait for its ways to be faster."""
    lift, at = lifted(data, carrier), leaves + travel(data, carrier, origin, destination)
    if lift == 0:
        return at
    return min(at, max(leaves, lift) + later_travel(data, carrier, origin, destination))


@inner
def travel_from(data: Ints, carrier: int, origin: int, destination: int, leaves: int) -> int:
    """Return how long a carrier travels between two places that leaves then."""
    lift = lifted(data, carrier)
    if lift > 0 and leaves >= lift:
        return later_travel(data, carrier, origin, destination)
    return travel(data, carrier, origin, destination)


@inner
def latest_departure(data: Ints, carrier: int, origin: int, destination: int, wanted_at: int) -> int:
    """Return the last instant at which a carrier can leave for a place where it is wanted then."""
    lift = lifted(data, carrier)
    if lift == 0:
        return wanted_at - travel(data, carrier, origin, destination)
    fast = wanted_at - later_travel(data, carrier, origin, destination)
    return fast if fast >= lift else min(wanted_at - travel(data, carrier, origin, destination), lift - 1)


@inner
def way_until(data: Ints, carrier: int, origin: int, destination: int, wanted_at: int) -> int:
    """Return how long a carrier travels between two places that leaves as late as it can to be there in time."""
    if data[SOME_LIFT]:
        lift, later = lifted(data, carrier), later_travel(data, carrier, origin, destination)
        if lift > 0 and wanted_at - later >= lift:
            return later
    return travel(data, carrier, origin, destination)


@inner
def ride_length(data: Ints, able: int, start: int) -> int:
    """Return how long a move of a carrier for one part lasts that starts then."""
    length, carrier = get(data, ABLE, able, LENGTH), get(data, ABLE, able, WHO)
    if not data[SOME_LIFT]:
        return length
    lift = lifted(data, carrier)
    if lift == 0 or start < lift:
        return length
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    return length - travel(data, carrier, origin, destination) + later_travel(data, carrier, origin, destination)


@inner
def approach(data: Ints, state: Ints, carrier: int, before: int, place: int) -> int:
    """Return the empty travel of a carrier to a place after a move (-1: from its start)."""
    if before < 0:
        return travel(data, carrier, get(data, CARRIERS, carrier, HOME), place)
    return travel(data, carrier, get(data, ABLE, state[data[MOVE_ABLE] + before], DESTINATION), place)


@inner
def place_after(data: Ints, state: Ints, carrier: int, before: int) -> int:
    """Return where a carrier is after a move (-1: at its start)."""
    if before < 0:
        return get(data, CARRIERS, carrier, HOME)
    return get(data, ABLE, state[data[MOVE_ABLE] + before], DESTINATION)


@inner
def travelled(data: Ints, state: Ints, carrier: int, before: int, place: int, instant: int) -> int:
    """Return for how long a carrier is on its way to a place after a move, to be there at an instant.

    A way under way at `now` goes on, unless one that begins later is shorter.
    """
    is_past = data[NOW] > 0 and (before < 0 or state[data[MOVE_START] + before] < data[NOW])
    if not is_past and not data[SOME_LIFT]:
        return approach(data, state, carrier, before, place)
    here = place_after(data, state, carrier, before)
    later = way_until(data, carrier, here, place, instant)
    if is_past:
        for row in range(get(data, CARRIERS, carrier, UNDER_AT), get(data, CARRIERS, carrier, UNDER_END)):
            if get(data, UNDER_WAY, row, UNDER_FROM) == here and get(data, UNDER_WAY, row, UNDER_TO) == place:
                return min(get(data, UNDER_WAY, row, UNDER_TIME), later)
    return later


@inner
def there(data: Ints, state: Ints, carrier: int, before: int, place: int) -> int:
    """Return when a carrier can be at a place after a move; a new empty move begins at `now` or later."""
    time = approach(data, state, carrier, before, place)
    free_at = state[data[MOVE_FREE] + before] if before >= 0 else 0
    later, lift = NEVER, lifted(data, carrier)
    if lift > 0 and time > 0:
        here = get(data, CARRIERS, carrier, HOME)
        if before >= 0:
            here = get(data, ABLE, state[data[MOVE_ABLE] + before], DESTINATION)
        later = max(free_at, lift) + later_travel(data, carrier, here, place)
    now = data[NOW]
    if now > 0 and time > 0 and (before < 0 or state[data[MOVE_START] + before] < now):
        here = get(data, CARRIERS, carrier, HOME)
        if before >= 0:
            here = get(data, ABLE, state[data[MOVE_ABLE] + before], DESTINATION)
        begun = max(free_at, now)
        for row in range(get(data, CARRIERS, carrier, UNDER_AT), get(data, CARRIERS, carrier, UNDER_END)):
            if get(data, UNDER_WAY, row, UNDER_FROM) == here and get(data, UNDER_WAY, row, UNDER_TO) == place:
                begun = get(data, UNDER_WAY, row, UNDER_START)
        free_at = begun
    return min(free_at + time, later)


@inner
def move_opening(data: Ints, state: Ints, able: int, ready: int, length: int) -> tuple[int, int]:
    """Return the earliest start from `ready` on of a move that long by a carrier, and the move before it (-1: none).

    A carrier that holds several parts needs a place for it too: so it is with tending.
    """
    carrier, length = get(data, ABLE, able, WHO), max(length, 1)
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    calendar = get(data, CARRIERS, carrier, CARRIER_CALENDAR)
    starts, frees, afters, loads = data[MOVE_START], data[MOVE_FREE], data[MOVE_AFTER], data[LOAD]
    holds = get(data, CARRIERS, carrier, HOLDS)
    after, before = -1, state[data[LAST_OF] + carrier]
    while before >= 0 and state[frees + before] > ready:
        after, before = before, state[data[MOVE_BEFORE] + before]
    while True:
        has_room = before < 0 or state[loads + before] < holds
        if has_room and (after < 0 or state[starts + after] - ready >= length):
            start = max(ready, there(data, state, carrier, before, origin))
            start = work_start(data, calendar, start, length, 0)
            if after < 0:
                return start, before
            back = travel(data, carrier, destination, get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN))
            if start + length + back <= state[starts + after]:
                return start, before
        ready = max(ready, state[frees + after])
        before, after = after, state[afters + after]


@inner
def ride_opening(data: Ints, state: Ints, able: int, ready: int, least: int) -> tuple[int, int, int]:
    """Return start and end of a move that ends first, put down at `least` or later, and the move before (-1: none).

    Once ways are to be faster the move is so too, and may wait for that.
    """
    length, drop = get(data, ABLE, able, LENGTH), get(data, ABLE, able, DROP)
    start, before = move_opening(data, state, able, max(ready, least - length + drop), length)
    end, carrier = start + length, get(data, ABLE, able, WHO)
    lift = lifted(data, carrier)
    if lift > 0:
        origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
        length -= travel(data, carrier, origin, destination) - later_travel(data, carrier, origin, destination)
        later, behind = move_opening(data, state, able, max(ready, lift, least - length + drop), length)
        if later + length < end:
            return later, later + length, behind
    return start, end, before


@inner
def next_after(data: Ints, state: Ints, mover: int, before: int) -> int:
    """Return what comes after a move or trip of its mover (-1: nothing), or what is first (before -1)."""
    if before >= 0:
        return state[data[MOVE_AFTER] + before]
    after = state[data[LAST_OF] + mover]
    while after >= 0 and state[data[MOVE_BEFORE] + after] >= 0:
        after = state[data[MOVE_BEFORE] + after]
    return after


@inner
def held_after(data: Ints, state: Ints, row: int) -> int:
    """Return how many parts a carrier that makes visits holds after a row (-1: before the first)."""
    return state[data[LOAD] + row] if row >= 0 else 0


@inner
def enter(data: Ints, state: Ints, trail: Ints, mover: int, move: int, before: int) -> None:
    """Put a move or trip into the sequence of its mover behind another one (-1: first)."""
    after = next_after(data, state, mover, before)
    if before >= 0:
        put(state, trail, data[MOVE_AFTER] + before, move)
    put(state, trail, data[MOVE_BEFORE] + move, before)
    put(state, trail, data[MOVE_AFTER] + move, after)
    put(state, trail, (data[MOVE_BEFORE] + after) if after >= 0 else (data[LAST_OF] + mover), move)
