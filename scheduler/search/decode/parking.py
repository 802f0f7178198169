"""Vehicles of fleets with limited places in compiled form; the compiled `scheduler.search.parking`.

A vehicle stands at limited places as the rule of `scheduler.domain.parking.Yard` says: at a pick-up from when it
arrives until the part is lifted, at a drop until that ends. Where that rule lets it wait at the pick-up, since there is
no time to go where there is room for all, it may make a *stop* instead: it stays where it put its part down until there
is room for it at another limited place, waits there, and comes to the pick-up just in time. It does so at a bay, where
no job is handled, if it can, and elsewhere if the pick-up has no room. When a move is put into a gap, the stays in that
gap change, and no others. While a gap is tried, the room that the vehicle itself takes in it counts as taken.

With jobs on board a vehicle for several is nowhere between two visits, or stays where both are: see
`scheduler.search.decode.boarding`.

Where ways are to be faster from a tick on, it waits for that where there is room for all, or with jobs on board. From a
limited place it goes at once, as fast as it can then.
"""

from __future__ import annotations

from scheduler.search.decode.calendars import work_start
from scheduler.search.decode.carriers import (
    arrives,
    latest_departure,
    lifted,
    next_after,
    ride_length,
    travel,
    travel_from,
)
from scheduler.search.decode.layout import (
    ABLE,
    ARRIVES_AT,
    BATTERY,
    CARRIER_CALENDAR,
    CARRIERS,
    DESTINATION,
    DETOURS_AT,
    DROP,
    LAST_OF,
    LEAVES_AT,
    LIMIT,
    MOVE_ABLE,
    MOVE_AFTER,
    MOVE_BEFORE,
    MOVE_FREE,
    MOVE_START,
    NEVER,
    NONE,
    NOW,
    ORIGIN,
    PACE,
    PACES,
    PICK_UP,
    ROOMS_AT,
    SETS_OUT,
    SOME_PARK,
    STANDS,
    STOP_AT,
    TIMES,
    TRAVEL_SIDE,
    WHO,
    ZERO,
    Ints,
    get,
    put,
)
from scheduler.search.decode.machines import profile_beyond, profile_limit, profile_opening, take
from scheduler.search.inner import inner


@inner
def parks(data: Ints, carrier: int) -> bool:
    """Return whether the fleet of a carrier has limited places."""
    return data[SOME_PARK] > 0 and get(data, CARRIERS, carrier, ROOMS_AT) >= 0


@inner
def room_at(data: Ints, carrier: int, place: int) -> int:
    """Return where in the facts stands the room at a place: see `layout.ROOMS_AT`."""
    return data[TIMES] + get(data, CARRIERS, carrier, ROOMS_AT) + 3 * place


@inner
def is_limited(data: Ints, carrier: int, place: int) -> bool:
    """Return whether the vehicle shares limited room with others at a place."""
    return data[room_at(data, carrier, place)] >= 0


@inner
def stand(data: Ints, state: Ints, carrier: int, before: int) -> tuple[int, int]:
    """Return where a vehicle is after a move (-1: before its first), and from when on it may leave."""
    if before < 0 or state[data[MOVE_START] + before] < data[NOW]:
        return get(data, CARRIERS, carrier, STANDS), get(data, CARRIERS, carrier, LEAVES_AT)
    return get(data, ABLE, state[data[MOVE_ABLE] + before], DESTINATION), state[data[MOVE_FREE] + before]


@inner
def detour(data: Ints, carrier: int, here: int, place: int) -> int:
    """Return the travel time between two limited places over the stop."""
    side = get(data, PACES, get(data, CARRIERS, carrier, PACE), TRAVEL_SIDE)
    return data[data[TIMES] + get(data, CARRIERS, carrier, DETOURS_AT) + here * side + place]


@inner
def comes_first(data: Ints, carrier: int, held: int, here: int, leaves_at: int, place: int) -> int:
    """Return when a vehicle is at a place that may leave another one then; it has `held` jobs on board."""
    if held == 0 and is_limited(data, carrier, here):
        return leaves_at + travel_from(data, carrier, here, place, leaves_at)
    return arrives(data, carrier, here, place, leaves_at)


@inner
def arrival(data: Ints, carrier: int, held: int, here: int, leaves_at: int, place: int, wanted_at: int) -> int:
    """Return when a vehicle comes from one place to another one, where it is wanted then.

    With jobs on board it is nowhere in between, unless it stays where it is.
    """
    if held > 0:
        return leaves_at if here == place else wanted_at
    if not is_limited(data, carrier, here) or not is_limited(data, carrier, place):
        return wanted_at
    has_time = wanted_at - leaves_at >= detour(data, carrier, here, place)
    return wanted_at if has_time else leaves_at + travel_from(data, carrier, here, place, leaves_at)


@inner
def room_opens(data: Ints, state: Ints, carrier: int, place: int, begin: int, until: int) -> int:
    """Return when there is room for a stay that long, from its begin on."""
    room = room_at(data, carrier, place)
    if data[room] < 0 or begin >= until:
        return begin
    return profile_opening(data, state, data[room], begin, until - begin, data[room + 1])


@inner
def stop_between(
    data: Ints, state: Ints, carrier: int, here: int, leaves_at: int, place: int, wanted_at: int
) -> tuple[int, int, int]:
    """Return at which limited place a vehicle can wait in a gap between two others, and when it sets out for there.

    It is the bay for which it sets out first; without any, the other place. The last is from when on, if the vehicle
    is wanted later, there is time for another stop. No place: -1.
    """
    side = get(data, PACES, get(data, CARRIERS, carrier, PACE), TRAVEL_SIDE)
    room = room_at(data, carrier, here)
    stays_until = profile_limit(data, state, data[room], leaves_at, data[room + 1])
    best, sets_out, later, is_bay, lift = NONE, NEVER, NEVER, ZERO, lifted(data, carrier)
    for stop in range(side):
        room = room_at(data, carrier, stop)
        if stop == here or data[room] < 0:
            continue
        way, onward = travel_from(data, carrier, here, stop, leaves_at), travel(data, carrier, stop, place)
        until = latest_departure(data, carrier, stop, place, wanted_at)
        if leaves_at + way > until:
            later = min(later, max(leaves_at + way + onward, wanted_at + 1))
            continue
        arrives_at = min(profile_beyond(data, state, data[room], leaves_at + way, until, data[room + 1]), until)
        if lift > 0 and arrives_at - way >= lift:
            way = travel_from(data, carrier, here, stop, lift)
        if arrives_at - way > stays_until or data[room + 2] < is_bay:
            continue
        if data[room + 2] > is_bay or arrives_at - way < sets_out:
            best, sets_out, is_bay = stop, arrives_at - way, data[room + 2]
    return best, sets_out, later


@inner
def gap_opening(
    data: Ints, state: Ints, carrier: int, held: int, here: int, leaves_at: int, place: int, start: int, ticks: int
) -> int:
    """Return the start of a task or visit at a place if a vehicle has room in the gap before it and for so many ticks.

    Else it is the next start to try. It has `held` jobs on board.
    """
    since = arrival(data, carrier, held, here, leaves_at, place, start)
    opens = room_opens(data, state, carrier, place, since, start + ticks)
    if opens == since or since == start:
        return start + opens - since
    if held > 0:
        return NEVER
    # It waits there: it can make a stop or, with more time, go away meanwhile.
    opens = room_opens(data, state, carrier, place, start, start + ticks)
    stop, _, later = stop_between(data, state, carrier, here, leaves_at, place, start)
    if opens > start or stop < 0:
        return min(leaves_at + detour(data, carrier, here, place), opens if opens > start else later)
    return start


@inner
def wait_in(
    data: Ints, state: Ints, carrier: int, held: int, here: int, leaves_at: int, place: int, wanted_at: int
) -> tuple[int, int, int]:
    """Return since when a vehicle is at a place where it is wanted then, as `gap_opening` has found that it can be.

    Then its stop before that (-1: none), and when it sets out for there.
    """
    since = arrival(data, carrier, held, here, leaves_at, place, wanted_at)
    if since < wanted_at and held == 0:
        stop, sets_out, _ = stop_between(data, state, carrier, here, leaves_at, place, wanted_at)
        is_bay = stop >= 0 and data[room_at(data, carrier, stop) + 2] > 0
        if is_bay or room_opens(data, state, carrier, place, since, wanted_at) > since:
            return wanted_at, stop, sets_out
    return since, NONE, ZERO


@inner
def ticks_of_ways(data: Ints, state: Ints, carrier: int, here: int, leaves_at: int, place: int, wanted_at: int) -> int:
    """Return for how long a vehicle travels in a gap, at the most: a stop that nobody needs is left out afterwards."""
    direct = travel(data, carrier, here, place)
    if not is_limited(data, carrier, here) or not is_limited(data, carrier, place):
        return direct
    if wanted_at - leaves_at >= detour(data, carrier, here, place):
        return detour(data, carrier, here, place)
    _, stop, _ = wait_in(data, state, carrier, ZERO, here, leaves_at, place, wanted_at)
    if stop < 0:
        return direct
    return max(direct, travel(data, carrier, here, stop) + travel(data, carrier, stop, place))


@inner
def delay_to(
    data: Ints, state: Ints, carrier: int, held: int, here: int, leaves_at: int, after: int, known: int
) -> int:
    """Return how much later a vehicle has to leave a place, to have room up to a row, where it has it from `known` on.

    It is in time for the row, and has `held` jobs on board. It is too late (`NEVER`) if nothing helps.
    """
    place, wanted_at = get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN), state[data[MOVE_START] + after]
    since, room = arrival(data, carrier, held, here, leaves_at, place, wanted_at), room_at(data, carrier, place)
    if since >= known or data[room] < 0:
        return ZERO
    opens = profile_beyond(data, state, data[room], since, known, data[room + 1])
    if opens == since:
        return ZERO
    if held == 0 and stop_between(data, state, carrier, here, leaves_at, place, wanted_at)[0] >= 0:
        return ZERO
    return opens - since


@inner
def parked_start(data: Ints, state: Ints, able: int, ready: int, least: int, before: int, after: int) -> int:
    """Return the earliest start of a move in a gap, with room for all stays; `NEVER` if it does not fit in.

    It is not put down before `least`.
    """
    carrier = get(data, ABLE, able, WHO)
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    pick_up, drop = get(data, ABLE, able, PICK_UP), get(data, ABLE, able, DROP)
    calendar = get(data, CARRIERS, carrier, CARRIER_CALENDAR)
    here, leaves_at = stand(data, state, carrier, before)
    start = max(ready, comes_first(data, carrier, ZERO, here, leaves_at, origin))
    while start <= data[LIMIT]:
        start = work_start(data, calendar, start, ride_length(data, able, start), 0)
        length = ride_length(data, able, start)
        end = start + length
        if end - drop < least:
            start = least - (length - drop)
            continue
        opens = gap_opening(data, state, carrier, ZERO, here, leaves_at, origin, start, pick_up)
        if opens > start:
            start = opens
            continue
        opens = room_opens(data, state, carrier, destination, end - drop, end)
        if opens > end - drop:
            start = min(opens, NEVER) - (length - drop)
            continue
        if after < 0:
            return start
        place, wanted_at = get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN), state[data[MOVE_START] + after]
        if comes_first(data, carrier, ZERO, destination, end, place) > wanted_at:
            return NEVER
        delay = delay_to(data, state, carrier, ZERO, destination, end, after, state[data[ARRIVES_AT] + after])
        if delay == 0:
            return start
        start += delay
    return NEVER


@inner
def parked_opening(data: Ints, state: Ints, able: int, ready: int, least: int) -> tuple[int, int]:
    """Return the earliest start from `ready` on of a move by a vehicle, and the move before it (-1: none).

    It is not put down before `least`.
    """
    carrier, length = get(data, ABLE, able, WHO), ride_length(data, able, NEVER)
    after, before = -1, state[data[LAST_OF] + carrier]
    while before >= 0 and state[data[MOVE_FREE] + before] > ready:
        after, before = before, state[data[MOVE_BEFORE] + before]
    while True:
        if after < 0 or state[data[MOVE_START] + after] - ready >= length:
            start = parked_start(data, state, able, ready, least, before, after)
            if start < NEVER or after < 0:
                return start, before
        ready = max(ready, state[data[MOVE_FREE] + after])
        before, after = after, state[data[MOVE_AFTER] + after]


@inner
def take_room(
    data: Ints, state: Ints, trail: Ints, carrier: int, place: int, begin: int, until: int, amount: int
) -> None:
    """Take room during ``[begin, until)``, if the place is limited."""
    room = room_at(data, carrier, place)
    if data[room] >= 0:
        take(data, state, trail, data[room], begin, until, amount)


@inner
def take_gap(
    data: Ints, state: Ints, trail: Ints, carrier: int, here: int, leaves_at: int, move: int, place: int, amount: int
) -> None:
    """Take room for a vehicle in the gap before a move from a place: where it sets out, at its stop, and there."""
    wanted_at, stop, sets_out = state[data[MOVE_START] + move], state[data[STOP_AT] + move] - 1, leaves_at
    if stop >= 0:
        sets_out = state[data[SETS_OUT] + move]
        begin = sets_out + travel_from(data, carrier, here, stop, sets_out)
        until = latest_departure(data, carrier, stop, place, wanted_at)
        take_room(data, state, trail, carrier, here, leaves_at, sets_out, amount)
        take_room(data, state, trail, carrier, stop, begin, until, amount)
    else:
        take_room(data, state, trail, carrier, place, state[data[ARRIVES_AT] + move], wanted_at, amount)


@inner
def wait_before(
    data: Ints,
    state: Ints,
    trail: Ints,
    carrier: int,
    here: int,
    leaves_at: int,
    row: int,
    place: int,
    wait: tuple[int, int, int],
) -> None:
    """Let a vehicle wait in the gap before a row that begins at a place, as `wait_in` says, and take room for that."""
    since, stop, sets_out = wait
    put(state, trail, data[ARRIVES_AT] + row, since)
    put(state, trail, data[STOP_AT] + row, stop + 1)
    put(state, trail, data[SETS_OUT] + row, sets_out)
    take_gap(data, state, trail, carrier, here, leaves_at, row, place, 1)


@inner
def park(data: Ints, state: Ints, trail: Ints, move: int, able: int, start: int, before: int) -> None:
    """Take room for the stays that a move at an opening leads to, before it enters the sequence of its vehicle.

    With a battery its level has been judged by the stops that there are while the gap is as it was.
    """
    carrier, place, wanted_at = get(data, ABLE, able, WHO), NONE, NEVER
    after, is_judged = next_after(data, state, carrier, before), get(data, CARRIERS, carrier, BATTERY) >= 0
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    here, leaves_at = stand(data, state, carrier, before)
    end = start + ride_length(data, able, start)
    put(state, trail, data[MOVE_START] + move, start)
    if after >= 0:
        place, wanted_at = get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN), state[data[MOVE_START] + after]
        if not is_judged:
            take_gap(data, state, trail, carrier, here, leaves_at, after, place, -1)
    wait = wait_in(data, state, carrier, ZERO, here, leaves_at, origin, start)
    if after >= 0:
        later = wait_in(data, state, carrier, ZERO, destination, end, place, wanted_at)
        if is_judged:
            take_gap(data, state, trail, carrier, here, leaves_at, after, place, -1)
        wait_before(data, state, trail, carrier, destination, end, after, place, later)
    wait_before(data, state, trail, carrier, here, leaves_at, move, origin, wait)
    take_room(data, state, trail, carrier, origin, start, start + get(data, ABLE, able, PICK_UP), 1)
    take_room(data, state, trail, carrier, destination, end - get(data, ABLE, able, DROP), end, 1)


@inner
def park_at_charger(
    data: Ints, state: Ints, trail: Ints, carrier: int, row: int, spot: int, begin: int, end: int
) -> None:
    """Take room for a charge after all that a vehicle has to do, and for how it waits before."""
    here, leaves_at = stand(data, state, carrier, state[data[LAST_OF] + carrier])
    wait = wait_in(data, state, carrier, ZERO, here, leaves_at, spot, begin)
    put(state, trail, data[MOVE_START] + row, begin)
    wait_before(data, state, trail, carrier, here, leaves_at, row, spot, wait)
    take_room(data, state, trail, carrier, spot, begin, end, 1)
