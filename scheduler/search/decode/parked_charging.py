"""Vehicles with batteries in limited parking, in compiled form: charges are tasks like moves, ways may be over stops.

While it charges a vehicle stands at the place of the charger, so it needs room there until the charge ends, in the gap
before it and in that behind it. What the level is follows from the ways in each gap. They are judged by the stops that
there are while the gap is as it was; that is what `parking.park` makes of it then. All else is as in `charging`. This
is a path of its own, since other vehicles with batteries would be searched a sixth slower otherwise.
"""

from __future__ import annotations

from scheduler.search.decode.calendars import work_start
from scheduler.search.decode.carriers import arrives, lifted, next_after, ride_length, travel, travel_from
from scheduler.search.decode.charging import connect, wished
from scheduler.search.decode.layout import (
    ABLE,
    AWAY_AT,
    BATTERIES,
    BATTERY,
    CARRIER_CALENDAR,
    CARRIERS,
    CHARGERS,
    CHARGERS_AT,
    CHARGERS_END,
    CURVE_AT,
    DESTINATION,
    DRAIN_EMPTY,
    DRAIN_IDLE,
    DROP,
    FIRST_CHARGE,
    FULL,
    HOME,
    LAST_OF,
    LEAVES_AT,
    LENGTH,
    LEVEL,
    LEVEL_THERE,
    LIMIT,
    MINIMUM,
    MOVE_ABLE,
    MOVE_AFTER,
    MOVE_BEFORE,
    MOVE_FREE,
    MOVE_START,
    NEVER,
    NOW,
    NUM_CARRIERS,
    ORIGIN,
    PICK_UP,
    RETURNS,
    ROOM,
    ROOM_SPARE,
    SPOT,
    TIMES,
    WHO,
    ZERO,
    Ints,
    get,
    put,
)
from scheduler.search.decode.levels import (
    charging_time,
    drain,
    level_after,
    level_to,
    lower_levels,
    may_fall,
    reserve,
)
from scheduler.search.decode.machines import (
    profile_limit,
    profile_opening,
    take,
)
from scheduler.search.decode.parking import (
    detour,
    gap_opening,
    is_limited,
    park_at_charger,
    parked_start,
    parks,
    room_at,
    room_opens,
    stand,
    ticks_of_ways,
)
from scheduler.search.inner import inner


@inner
def level_left(data: Ints, state: Ints, carrier: int, before: int) -> tuple[int, int]:
    """Return the level of a vehicle after a row (-1: before the first), and when it may leave."""
    battery = get(data, CARRIERS, carrier, BATTERY)
    if before < 0 or state[data[MOVE_START] + before] < data[NOW]:
        return get(data, BATTERIES, battery, LEVEL_THERE), get(data, CARRIERS, carrier, LEAVES_AT)
    return state[data[LEVEL] + before], state[data[MOVE_FREE] + before]


@inner
def parked_level(data: Ints, state: Ints, carrier: int, before: int, place: int, instant: int) -> int:
    """Return the level of a vehicle that begins something at a place then, after a row of its sequence (-1: first).

    The way there is the one that `parking.wait_in` chooses as things are.
    """
    battery, (here, leaves_at) = get(data, CARRIERS, carrier, BATTERY), stand(data, state, carrier, before)
    way = ticks_of_ways(data, state, carrier, here, leaves_at, place, instant)
    level, _ = level_left(data, state, carrier, before)
    level -= get(data, BATTERIES, battery, DRAIN_EMPTY) * way
    return level - get(data, BATTERIES, battery, DRAIN_IDLE) * (instant - leaves_at - way)


@inner
def parked_fall(data: Ints, state: Ints, able: int, start: int, before: int) -> int:
    """Return how much lower the level is at the row after a gap, if a move is made in the gap."""
    carrier, length = get(data, ABLE, able, WHO), max(ride_length(data, able, start), 1)
    battery, after = get(data, CARRIERS, carrier, BATTERY), next_after(data, state, carrier, before)
    place, instant = get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN), state[data[MOVE_START] + after]
    destination, end = get(data, ABLE, able, DESTINATION), start + length
    level = parked_level(data, state, carrier, before, get(data, ABLE, able, ORIGIN), start)
    level -= drain(data, battery, able, start)
    way = ticks_of_ways(data, state, carrier, destination, end, place, instant)
    level -= get(data, BATTERIES, battery, DRAIN_EMPTY) * way
    level -= get(data, BATTERIES, battery, DRAIN_IDLE) * (instant - end - way)
    return level_to(data, state, battery, after) - level


@inner
def plug_opening(
    data: Ints, state: Ints, carrier: int, before: int, spot: int, begin: int, ticks: int, room: int, spare: int
) -> int:
    """Return the begin of a charge if there is room for it, else the next one to try: at its charger and its place."""
    opens = profile_opening(data, state, room, begin, ticks, spare)
    if opens > begin:
        return opens
    here, leaves_at = stand(data, state, carrier, before)
    return gap_opening(data, state, carrier, ZERO, here, leaves_at, spot, begin, ticks)


@inner
def parked_charge_at(
    data: Ints,
    state: Ints,
    carrier: int,
    charger: int,
    ready: int,
    place: int,
    pick_up: int,
    length: int,
    needed: int,
    wish: int,
) -> tuple[int, int, int]:
    """Return when a vehicle can begin something at a place with a charge before it, and begin and end of the charge.

    It needs a level there and charges at least to another one (`wish`), after all that it has to do (`NEVER`: it
    can't). Room is there for the charge, the gaps before and after it, and for the first ticks of what it begins.
    """
    battery, before = get(data, CARRIERS, carrier, BATTERY), state[data[LAST_OF] + carrier]
    spot = get(data, ABLE, get(data, CHARGERS, charger, SPOT), ORIGIN)
    room, spare = get(data, CHARGERS, charger, ROOM), get(data, CHARGERS, charger, ROOM_SPARE)
    back, idle = travel(data, carrier, spot, place), get(data, BATTERIES, battery, DRAIN_IDLE)
    empty = get(data, BATTERIES, battery, DRAIN_EMPTY)
    target, full = needed + empty * back, get(data, BATTERIES, battery, FULL)
    here, leaves_at = stand(data, state, carrier, before)
    begin = arrives(data, carrier, here, spot, leaves_at)
    if target > full or begin > data[LIMIT]:
        return NEVER, 0, 0
    while True:
        level = parked_level(data, state, carrier, before, spot, begin)
        if level < get(data, BATTERIES, battery, MINIMUM):
            # Over the stop that there is now the way may be longer than by the rule.
            opens = plug_opening(data, state, carrier, before, spot, begin, 1, room, spare)
            opens = max(opens, max(leaves_at, lifted(data, carrier)) + detour(data, carrier, here, spot))
            if opens == begin:
                return NEVER, 0, 0
        else:
            ticks = max(1, charging_time(data, battery, level, max(target, wish)))
            opens = plug_opening(data, state, carrier, before, spot, begin, ticks, room, spare)
            if opens == begin:
                break
        if opens >= NEVER:
            return NEVER, 0, 0
        begin = opens
    limit = profile_limit(data, state, room, begin, spare)
    if is_limited(data, carrier, spot):
        parking = room_at(data, carrier, spot)
        limit = min(limit, profile_limit(data, state, data[parking], begin, data[parking + 1]))
    start = max(ready, begin + ticks + back)
    while start < NEVER:
        if length > 0:
            start = work_start(data, get(data, CARRIERS, carrier, CARRIER_CALENDAR), start, length, 0)
        end = start - back
        if idle == 0:
            end = min(end, max(begin + ticks, begin + charging_time(data, battery, level, full)))
        end = min(end, limit)
        opens = gap_opening(data, state, carrier, ZERO, spot, end, place, start, pick_up)
        way = ticks_of_ways(data, state, carrier, spot, end, place, start)
        if opens == start:
            left = level_after(data, battery, level, end - begin) - idle * (start - end - way) - empty * way
            if left >= needed:
                return start, begin, end
            if way == back or way <= detour(data, carrier, spot, place):
                break
            opens = end + detour(data, carrier, spot, place)
        start = opens
    return NEVER, 0, 0


@inner
def parked_charge_first(
    data: Ints, state: Ints, carrier: int, ready: int, place: int, pick_up: int, length: int, needed: int, wish: int
) -> tuple[int, int, int, int]:
    """Return the earliest `parked_charge_at` of all chargers, and the charger."""
    best, at, begin, end = NEVER, -1, 0, 0
    battery = get(data, CARRIERS, carrier, BATTERY)
    for charger in range(get(data, BATTERIES, battery, CHARGERS_AT), get(data, BATTERIES, battery, CHARGERS_END)):
        start, first, last = parked_charge_at(
            data, state, carrier, charger, ready, place, pick_up, length, needed, wish
        )
        if start < best:
            best, at, begin, end = start, charger, first, last
    return best, at, begin, end


@inner
def parked_charge(
    data: Ints, state: Ints, able: int, ready: int, linger: int, needed: int, wish: int
) -> tuple[int, int, int, int]:
    """Return `parked_charge_first` for a move, which lasts so much longer, with room where it ends."""
    carrier, place, pick_up = get(data, ABLE, able, WHO), get(data, ABLE, able, ORIGIN), get(data, ABLE, able, PICK_UP)
    length, drop = get(data, ABLE, able, LENGTH) + linger, get(data, ABLE, able, DROP)
    while True:
        start, charger, begin, end = parked_charge_first(
            data, state, carrier, ready, place, pick_up, max(length, 1), needed, wish
        )
        if start >= NEVER:
            break
        at = start + length - drop
        opens = room_opens(data, state, carrier, get(data, ABLE, able, DESTINATION), at, at + drop)
        if opens == at:
            break
        if opens >= NEVER:
            return NEVER, -1, 0, 0
        ready = opens - (length - drop)
    return start, charger, begin, end


@inner
def parked_charging(data: Ints, state: Ints, able: int, ready: int) -> tuple[int, int, int, int, int]:
    """Return the earliest start at or after `ready` of a move by a vehicle with a battery, and the row before it.

    Then the charger, begin and end of the charge before it follow (-1: none). The state says what is wished.
    """
    carrier, battery = get(data, ABLE, able, WHO), get(data, CARRIERS, get(data, ABLE, able, WHO), BATTERY)
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    after, before = -1, state[data[LAST_OF] + carrier]
    while before >= 0 and state[data[MOVE_FREE] + before] > ready:
        after, before = before, state[data[MOVE_BEFORE] + before]
    while after >= 0:
        start = parked_start(data, state, able, ready, ZERO, before, after)
        if start < NEVER and may_fall(data, state, carrier, after, parked_fall(data, state, able, start, before)):
            return start, before, -1, 0, 0
        before, after = after, state[data[MOVE_AFTER] + after]
    here, leaves_at = stand(data, state, carrier, before)
    arrives_at = arrives(data, carrier, here, origin, leaves_at)
    start = parked_start(data, state, able, ready, ZERO, before, -1)
    needed, direct = drain(data, battery, able, ready) + reserve(data, state, carrier, destination, ready), NEVER
    is_early, wish = wished(data, state, battery)
    if start < NEVER and parked_level(data, state, carrier, before, origin, start) >= needed:
        direct = start
        level, _ = level_left(data, state, carrier, before)
        is_low = level < data[data[TIMES] + get(data, BATTERIES, battery, CURVE_AT)]
        if not is_early and (not is_low or arrives_at >= ready):
            return direct, before, -1, 0, 0
    if before >= data[FIRST_CHARGE] and state[data[MOVE_START] + before] >= data[NOW]:
        return direct, before, -1, 0, 0
    start, charger, begin, end = parked_charge(data, state, able, ready, ZERO, needed, wish)
    if start <= direct or (is_early and start < NEVER):
        return start, before, charger, begin, end
    return direct, before, -1, 0, 0


@inner
def park_and_charge(
    data: Ints, state: Ints, trail: Ints, carrier: int, row: int, charger: int, begin: int, end: int
) -> None:
    """Let a vehicle charge after all that it has to do, and take room for that."""
    spot, before = get(data, ABLE, get(data, CHARGERS, charger, SPOT), ORIGIN), state[data[LAST_OF] + carrier]
    level = parked_level(data, state, carrier, before, spot, begin)
    park_at_charger(data, state, trail, carrier, row, spot, begin, end)
    connect(data, state, trail, carrier, row, charger, begin, end, level)


@inner
def use_parked_battery(data: Ints, state: Ints, trail: Ints, move: int, able: int, ready: int) -> int:
    """Place what a move at the earliest from `ready` means for the battery; return the row before the move."""
    start, before, charger, begin, end = parked_charging(data, state, able, ready)
    carrier = get(data, ABLE, able, WHO)
    battery = get(data, CARRIERS, carrier, BATTERY)
    if charger >= 0:
        park_and_charge(data, state, trail, carrier, data[FIRST_CHARGE] + move, charger, begin, end)
        before = data[FIRST_CHARGE] + move
    after = next_after(data, state, carrier, before)
    if after >= 0:
        lower_levels(data, state, trail, battery, after, parked_fall(data, state, able, start, before))
    level = parked_level(data, state, carrier, before, get(data, ABLE, able, ORIGIN), start)
    put(state, trail, data[LEVEL] + move, level - drain(data, battery, able, start))
    return before


@inner
def stay_put(data: Ints, state: Ints, trail: Ints, carrier: int, before: int) -> bool:
    """Let a vehicle stay after its last row, if it can't leave a limited place; return whether there is room for it."""
    battery, (place, begin) = get(data, CARRIERS, carrier, BATTERY), stand(data, state, carrier, before)
    level, _ = level_left(data, state, carrier, before)
    level -= data[data[TIMES] + get(data, BATTERIES, battery, AWAY_AT) + place]
    if not is_limited(data, carrier, place) or level >= get(data, BATTERIES, battery, MINIMUM):
        return True
    room = room_at(data, carrier, place)
    if profile_limit(data, state, data[room], begin, data[room + 1]) < NEVER:
        return False
    take(data, state, trail, data[room], begin, NEVER, 1)
    return True


@inner
def settle(data: Ints, state: Ints, trail: Ints) -> bool:
    """Let vehicles charge before they go home in the end, if they have to; return whether all get there.

    Those that can't get out of the way of others in the end must not be in it.
    """
    for carrier in range(data[NUM_CARRIERS]):
        battery, before = get(data, CARRIERS, carrier, BATTERY), state[data[LAST_OF] + carrier]
        if battery < 0 or not parks(data, carrier):
            continue
        if not get(data, BATTERIES, battery, RETURNS):
            if not stay_put(data, state, trail, carrier, before):
                return False
            continue
        home, least = get(data, CARRIERS, carrier, HOME), get(data, BATTERIES, battery, MINIMUM)
        here, leaves_at = stand(data, state, carrier, before)
        level, _ = level_left(data, state, carrier, before)  # it sets out at once
        level -= get(data, BATTERIES, battery, DRAIN_EMPTY) * travel_from(data, carrier, here, home, leaves_at)
        if before < 0 or here == home or level >= least:
            continue
        start, charger, begin, end = parked_charge_first(data, state, carrier, ZERO, home, ZERO, ZERO, least, ZERO)
        if start >= NEVER:
            return False
        park_and_charge(data, state, trail, carrier, 2 * data[FIRST_CHARGE] + carrier, charger, begin, end)
    return True
