"""Vehicles of fleets with limited places in compiled form; the compiled `scheduler.search.parking`.

A vehicle stands at limited places as the rule of `scheduler.domain.parking.Yard` says. So its stays follow from its
moves alone: at a pick-up from when it arrives until the part is lifted, at a drop until that ends. When a move is put
into a gap, the vehicle may arrive at another instant for the move behind it; no other stay changes. While a gap is
tried, the room that the vehicle itself takes in it counts as taken.
"""

from __future__ import annotations

from numba import njit

from scheduler.search.decode.calendars import work_start
from scheduler.search.decode.carriers import next_after, travel
from scheduler.search.decode.layout import (
    ABLE,
    ARRIVES_AT,
    CARRIER_CALENDAR,
    CARRIERS,
    DESTINATION,
    DETOURS_AT,
    DROP,
    LAST_OF,
    LEAVES_AT,
    LENGTH,
    LIMIT,
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
    PICK_UP,
    ROOMS_AT,
    SOME_PARK,
    STANDS,
    TIMES,
    TRAVEL_SIDE,
    WHO,
    Ints,
    get,
    put,
)
from scheduler.search.decode.machines import profile_beyond, profile_opening, take


@njit(cache=True, nogil=True)
def parks(data: Ints, carrier: int) -> bool:
    """Return whether the fleet of a carrier has limited places."""
    return data[SOME_PARK] > 0 and get(data, CARRIERS, carrier, ROOMS_AT) >= 0


@njit(cache=True, nogil=True)
def room_at(data: Ints, carrier: int, place: int) -> int:
    """Return where in the facts stand the profile of a limited place (-1: not limited) and what others may take."""
    return data[TIMES] + get(data, CARRIERS, carrier, ROOMS_AT) + 2 * place


@njit(cache=True, nogil=True)
def stand(data: Ints, state: Ints, carrier: int, before: int) -> tuple[int, int]:
    """Return where a vehicle is after a move (-1: before its first), and from when on it may leave."""
    if before < 0 or state[data[MOVE_START] + before] < data[NOW]:
        return get(data, CARRIERS, carrier, STANDS), get(data, CARRIERS, carrier, LEAVES_AT)
    return get(data, ABLE, state[data[MOVE_ABLE] + before], DESTINATION), state[data[MOVE_FREE] + before]


@njit(cache=True, nogil=True)
def detour(data: Ints, carrier: int, here: int, place: int) -> int:
    """Return the travel time between two limited places over the stop."""
    side = get(data, PACES, get(data, CARRIERS, carrier, PACE), TRAVEL_SIDE)
    return data[data[TIMES] + get(data, CARRIERS, carrier, DETOURS_AT) + here * side + place]


@njit(cache=True, nogil=True)
def arrival(data: Ints, carrier: int, here: int, leaves_at: int, place: int, wanted_at: int) -> int:
    """Return when a vehicle comes from one place to another one, where it is wanted then."""
    is_limited = data[room_at(data, carrier, here)] >= 0 and data[room_at(data, carrier, place)] >= 0
    if is_limited and wanted_at - leaves_at < detour(data, carrier, here, place):
        return leaves_at + travel(data, carrier, here, place)
    return wanted_at


@njit(cache=True, nogil=True)
def room_opens(data: Ints, state: Ints, carrier: int, place: int, begin: int, until: int) -> int:
    """Return when there is room for a stay that long, from its begin on."""
    room = room_at(data, carrier, place)
    if data[room] < 0 or begin >= until:
        return begin
    return profile_opening(data, state, data[room], begin, until - begin, data[room + 1])


@njit(cache=True, nogil=True)
def parked_start(data: Ints, state: Ints, able: int, ready: int, before: int, after: int) -> int:
    """Return the earliest start of a move in a gap, with room for all stays; `NEVER` if it does not fit in."""
    carrier, length = get(data, ABLE, able, WHO), get(data, ABLE, able, LENGTH)
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    pick_up, drop = get(data, ABLE, able, PICK_UP), get(data, ABLE, able, DROP)
    calendar = get(data, CARRIERS, carrier, CARRIER_CALENDAR)
    here, leaves_at = stand(data, state, carrier, before)
    start = max(ready, leaves_at + travel(data, carrier, here, origin))
    while start <= data[LIMIT]:
        start = work_start(data, calendar, start, length, 0)
        end = start + length
        since = arrival(data, carrier, here, leaves_at, origin, start)
        opens = room_opens(data, state, carrier, origin, since, start + pick_up)
        if opens > since:
            # It waits there: with more time it could go away meanwhile.
            start = leaves_at + detour(data, carrier, here, origin) if since < start else opens
            continue
        opens = room_opens(data, state, carrier, destination, end - drop, end)
        if opens > end - drop:
            start = min(opens, NEVER) - (length - drop)
            continue
        if after < 0:
            return start
        place, wanted_at = get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN), state[data[MOVE_START] + after]
        if end + travel(data, carrier, destination, place) > wanted_at:
            return NEVER
        since, known = arrival(data, carrier, destination, end, place, wanted_at), state[data[ARRIVES_AT] + after]
        if since >= known:
            return start
        room = room_at(data, carrier, place)
        opens = profile_beyond(data, state, data[room], since, known, data[room + 1])
        if opens == since:
            return start
        start += opens - since
    return NEVER


@njit(cache=True, nogil=True)
def parked_opening(data: Ints, state: Ints, able: int, ready: int) -> tuple[int, int]:
    """Return the earliest start from `ready` on of a move by a vehicle, and the move before it (-1: none)."""
    carrier, length = get(data, ABLE, able, WHO), get(data, ABLE, able, LENGTH)
    after, before = -1, state[data[LAST_OF] + carrier]
    while before >= 0 and state[data[MOVE_FREE] + before] > ready:
        after, before = before, state[data[MOVE_BEFORE] + before]
    while True:
        if after < 0 or state[data[MOVE_START] + after] - ready >= length:
            start = parked_start(data, state, able, ready, before, after)
            if start < NEVER or after < 0:
                return start, before
        ready = max(ready, state[data[MOVE_FREE] + after])
        before, after = after, state[data[MOVE_AFTER] + after]


@njit(cache=True, nogil=True)
def take_room(
    data: Ints, state: Ints, trail: Ints, carrier: int, place: int, begin: int, until: int, amount: int
) -> None:
    """Take room during ``[begin, until)``, if the place is limited."""
    room = room_at(data, carrier, place)
    if data[room] >= 0:
        take(data, state, trail, data[room], begin, until, amount)


@njit(cache=True, nogil=True)
def park(data: Ints, state: Ints, trail: Ints, move: int, able: int, start: int, before: int) -> None:
    """Take room for the stays that a move at an opening leads to, before it enters the sequence of its vehicle."""
    carrier, after = get(data, ABLE, able, WHO), next_after(data, state, get(data, ABLE, able, WHO), before)
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    here, leaves_at = stand(data, state, carrier, before)
    end = start + get(data, ABLE, able, LENGTH)
    since = arrival(data, carrier, here, leaves_at, origin, start)
    take_room(data, state, trail, carrier, origin, since, start + get(data, ABLE, able, PICK_UP), 1)
    take_room(data, state, trail, carrier, destination, end - get(data, ABLE, able, DROP), end, 1)
    put(state, trail, data[ARRIVES_AT] + move, since)
    if after >= 0:
        place, known = get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN), state[data[ARRIVES_AT] + after]
        since = arrival(data, carrier, destination, end, place, state[data[MOVE_START] + after])
        take_room(data, state, trail, carrier, place, since, known, 1)
        take_room(data, state, trail, carrier, place, known, since, -1)
        put(state, trail, data[ARRIVES_AT] + after, since)
