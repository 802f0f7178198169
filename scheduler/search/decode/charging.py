"""Vehicles with batteries in compiled form: which charge a move needs before it, and what it leaves for those after it.

A charge before a move is a row among the moves, as many places after the first charge as the move is after the first
move; the last charges, on the way home, are those of the carriers, then those that have begun. Like a move it stands in
the sequence of its carrier. Everything means what it does in `scheduler.search.charging`. Vehicles that hold several
jobs have the same charges: see `scheduler.search.decode.stretches`; for limited parking `parked_charging`.

Nobody knows which move of a vehicle will be its last while moves are placed one after the other. So each leaves
enough to get to a charger, unless the solution says of it that it is the last one, or nobody can make it otherwise. A
later move of that vehicle is then one that the level still allows, or somebody else's.
"""

from __future__ import annotations

from scheduler.search.decode.calendars import (
    work_start,
)
from scheduler.search.decode.carriers import (
    approach,
    arrives,
    enter,
    later_travel,
    lifted,
    next_after,
    place_after,
    ride_length,
    there,
    travel,
    travel_from,
    way_until,
)
from scheduler.search.decode.layout import (
    ABLE,
    BATTERIES,
    BATTERY,
    CARRIER_CALENDAR,
    CARRIERS,
    CHARGERS,
    CHARGERS_AT,
    CHARGERS_END,
    CURVE_AT,
    CURVE_END,
    DESTINATION,
    DRAIN_EMPTY,
    DRAIN_IDLE,
    DROP,
    FIRST_CHARGE,
    FIRST_DROP,
    FROM_LEVEL,
    FULL,
    HOLDS,
    HOME,
    INITIAL_LEVEL,
    LAST_MOVE,
    LAST_OF,
    LENGTH,
    LEVEL,
    LEVEL_PARTS,
    LIMIT,
    MINIMUM,
    MOST,
    MOST_PIECES,
    MOST_WISH,
    MOVE_ABLE,
    MOVE_AFTER,
    MOVE_BEFORE,
    MOVE_END,
    MOVE_FREE,
    MOVE_START,
    MOVER,
    NEVER,
    NOW,
    NUM_CARRIERS,
    ORIGIN,
    RETURNS,
    ROOM,
    ROOM_SPARE,
    SOME_LIFT,
    SPOT,
    TIMES,
    WHO,
    WISH,
    ZERO,
    Ints,
    get,
    put,
)
from scheduler.search.decode.levels import (
    charging_time,
    drain,
    fall,
    level_after,
    level_at,
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
    parks,
)
from scheduler.search.inner import inner


@inner
def charge_at(
    data: Ints,
    state: Ints,
    carrier: int,
    charger: int,
    ready: int,
    place: int,
    length: int,
    needed: int,
    wish: int,
    since: int,
) -> tuple[int, int, int]:
    """Return when a vehicle can begin something at a place with a charge before it, and begin and end of the charge.

    It needs a level there and charges at least to another one (`wish`), after all that it has to do (`NEVER`: it
    can't). It leaves the charger at `since` or later: ways are as fast as then.
    """
    battery, before = get(data, CARRIERS, carrier, BATTERY), state[data[LAST_OF] + carrier]
    spot = get(data, ABLE, get(data, CHARGERS, charger, SPOT), ORIGIN)
    room, spare = get(data, CHARGERS, charger, ROOM), get(data, CHARGERS, charger, ROOM_SPARE)
    back, idle = travel_from(data, carrier, spot, place, since), get(data, BATTERIES, battery, DRAIN_IDLE)
    empty, full = get(data, BATTERIES, battery, DRAIN_EMPTY), get(data, BATTERIES, battery, FULL)
    target = needed + empty * back
    begin, waits = max(there(data, state, carrier, before, spot), data[NOW]), lifted(data, carrier)
    if waits > 0:
        free_at = state[data[MOVE_FREE] + before] if before >= 0 else 0
        waits = max(waits, free_at)
        waits += later_travel(data, carrier, place_after(data, state, carrier, before), spot)
    if target > full or begin > data[LIMIT]:
        return NEVER, 0, 0
    while True:
        level = level_at(data, state, carrier, before, spot, begin)
        if level < get(data, BATTERIES, battery, MINIMUM):
            if begin >= waits:
                return NEVER, 0, 0
            begin = waits
            continue
        ticks = max(1, charging_time(data, battery, level, max(target, wish)))
        opens = profile_opening(data, state, room, begin, ticks, spare)
        if opens == begin:
            break
        if opens >= NEVER:
            return NEVER, 0, 0
        begin = opens
    start = max(ready, max(begin + ticks, since) + back)
    if length > 0:
        start = work_start(data, get(data, CARRIERS, carrier, CARRIER_CALENDAR), start, length, 0)
        if data[SOME_LIFT]:
            back = min(back, way_until(data, carrier, spot, place, start))
    end = start - back
    if idle == 0:
        end = min(end, max(begin + ticks, begin + charging_time(data, battery, level, full), since))
    end = min(end, profile_limit(data, state, room, begin, spare))
    if length == 0 and end < since:
        return NEVER, 0, 0  # it would go home at once, slowly
    if level_after(data, battery, level, end - begin) - idle * (start - back - end) - empty * back < needed:
        return NEVER, 0, 0
    return start, begin, end


@inner
def charge_first(
    data: Ints,
    state: Ints,
    carrier: int,
    ready: int,
    place: int,
    length: int,
    needed: int,
    wish: int,
    since: int,
) -> tuple[int, int, int, int]:
    """Return the earliest `charge_at` of all chargers, and the charger."""
    best, at, begin, end = NEVER, -1, 0, 0
    battery = get(data, CARRIERS, carrier, BATTERY)
    for charger in range(get(data, BATTERIES, battery, CHARGERS_AT), get(data, BATTERIES, battery, CHARGERS_END)):
        start, first, last = charge_at(data, state, carrier, charger, ready, place, length, needed, wish, since)
        if start < best:
            best, at, begin, end = start, charger, first, last
    return best, at, begin, end


@inner
def last_level(data: Ints, state: Ints, able: int, start: int) -> int:
    """Return the level that a vehicle needs at the start of a move after all others."""
    carrier, battery = get(data, ABLE, able, WHO), get(data, CARRIERS, get(data, ABLE, able, WHO), BATTERY)
    end = start + max(ride_length(data, able, start), 1)
    return drain(data, battery, able, start) + reserve(data, state, carrier, get(data, ABLE, able, DESTINATION), end)


@inner
def charge_for(data: Ints, state: Ints, able: int, ready: int, wish: int) -> tuple[int, int, int, int]:
    """Return the first start of a move with a charge before it, charger, and begin and end of the charge.

    Where ways are to be faster, it may also wait for that, at the charger.
    """
    carrier, origin, lift = (
        get(data, ABLE, able, WHO),
        get(data, ABLE, able, ORIGIN),
        lifted(data, get(data, ABLE, able, WHO)),
    )
    length, needed = max(get(data, ABLE, able, LENGTH), 1), last_level(data, state, able, ready)
    found = charge_first(data, state, carrier, ready, origin, length, needed, wish, ZERO)
    if lift > 0 and found[0] + length > lift:
        length = max(ride_length(data, able, lift), 1)
        needed = last_level(data, state, able, max(ready, lift))
        later = charge_first(data, state, carrier, max(ready, lift), origin, length, needed, wish, lift)
        if found[0] >= NEVER or later[0] + length < found[0] + ride_length(data, able, found[0]):
            return later
    return found


@inner
def direct_start(data: Ints, state: Ints, able: int, first: int, before: int) -> int:
    """Return the start at which a move after all others ends first, without a charge; `NEVER` if levels allow none.

    The carrier is there at `first`. Where ways are to be faster, it may wait for that, or on the way to it.
    """
    carrier, origin = get(data, ABLE, able, WHO), get(data, ABLE, able, ORIGIN)
    calendar, lift = get(data, CARRIERS, carrier, CARRIER_CALENDAR), lifted(data, carrier)
    best, ends_at = NEVER, NEVER
    for turn in range(3 if lift > 0 else 1):
        if turn == 1:
            first = max(first, lift)
        elif turn == 2:
            free_at = state[data[MOVE_FREE] + before] if before >= 0 else 0
            here = place_after(data, state, carrier, before)
            first = max(first, max(free_at, lift) + later_travel(data, carrier, here, origin))
        length = max(ride_length(data, able, first), 1)
        start = work_start(data, calendar, first, length, 0)
        end = start + max(ride_length(data, able, start), 1)
        level = level_at(data, state, carrier, before, origin, start)
        if end < ends_at and level >= last_level(data, state, able, start):
            best, ends_at = start, end
    return best


@inner
def wished(data: Ints, state: Ints, battery: int) -> tuple[bool, int]:
    """Return whether the state wishes a charge that is not needed, and up to which level charges go at least."""
    pieces, curve = state[data[WISH]], data[TIMES] + get(data, BATTERIES, battery, CURVE_AT)
    if pieces >= LAST_MOVE - 1:
        pieces -= LAST_MOVE
    is_early, level = pieces > MOST_WISH, data[curve]
    if is_early:
        pieces -= MOST_WISH + 1
    if pieces == 0:
        level = ZERO
    elif pieces > MOST_PIECES:
        level = get(data, BATTERIES, battery, FULL) * (pieces - MOST_PIECES) // LEVEL_PARTS
    elif pieces > 0:
        level = data[min(curve + 2 * pieces, data[TIMES] + get(data, BATTERIES, battery, CURVE_END)) - 2]
    return is_early, level


@inner
def charged_opening(data: Ints, state: Ints, able: int, ready: int, least: int) -> tuple[int, int, int, int, int]:
    """Return the earliest start at or after `ready` of a move by a vehicle with a battery, and the row before it.

    Then the charger, begin and end of the charge before it follow (-1: none). The state says what is wished. The part
    is not put down before `least`.
    """
    length, drop = get(data, ABLE, able, LENGTH), get(data, ABLE, able, DROP)
    found = opening_from(data, state, able, max(ready, least - length + drop))
    if data[SOME_LIFT] and found[0] < NEVER and found[0] + ride_length(data, able, found[0]) - drop < least:
        found = opening_from(data, state, able, max(ready, least - ride_length(data, able, found[0]) + drop))
    return found


@inner
def opening_from(data: Ints, state: Ints, able: int, ready: int) -> tuple[int, int, int, int, int]:
    """Return `charged_opening` of a part that may be put down whenever it is there."""
    carrier, length = get(data, ABLE, able, WHO), max(get(data, ABLE, able, LENGTH), 1)
    battery, calendar = get(data, CARRIERS, carrier, BATTERY), get(data, CARRIERS, carrier, CARRIER_CALENDAR)
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    after, before = -1, state[data[LAST_OF] + carrier]
    while before >= 0 and state[data[MOVE_FREE] + before] > ready:
        after, before = before, state[data[MOVE_BEFORE] + before]
    while after >= 0:
        free_at = state[data[MOVE_FREE] + before] if before >= 0 else 0
        start = max(ready, free_at, there(data, state, carrier, before, origin))
        place = get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN)
        if data[SOME_LIFT]:
            start = work_start(data, calendar, start, max(ride_length(data, able, start), 1), 0)
            end = start + max(ride_length(data, able, start), 1)
            goes_on = arrives(data, carrier, destination, place, end)
        else:
            start = work_start(data, calendar, start, length, 0)
            goes_on = start + length + travel(data, carrier, destination, place)
        fits = goes_on <= state[data[MOVE_START] + after]
        if fits and may_fall(data, state, carrier, after, fall(data, state, able, start, before)):
            return start, before, -1, 0, 0
        before, after = after, state[data[MOVE_AFTER] + after]
    arrives_at = there(data, state, carrier, before, origin)
    if data[SOME_LIFT]:
        direct = direct_start(data, state, able, max(ready, arrives_at), before)
    else:
        direct = work_start(data, calendar, max(ready, arrives_at), length, 0)
        needed = drain(data, battery, able, direct) + reserve(data, state, carrier, destination, ZERO)
        if level_at(data, state, carrier, before, origin, direct) < needed:
            direct = NEVER
    is_early, wish = wished(data, state, battery)
    if direct < NEVER:
        level = state[data[LEVEL] + before] if before >= 0 else get(data, BATTERIES, battery, INITIAL_LEVEL)
        is_low = level < data[data[TIMES] + get(data, BATTERIES, battery, CURVE_AT)]
        if not is_early and (not is_low or arrives_at >= ready):
            return direct, before, -1, 0, 0
    if before >= data[FIRST_CHARGE] and state[data[MOVE_START] + before] >= data[NOW]:
        return direct, before, -1, 0, 0
    start, charger, begin, end = charge_for(data, state, able, ready, wish)
    if start <= direct or (is_early and start < NEVER):
        return start, before, charger, begin, end
    return direct, before, -1, 0, 0


@inner
def connect(
    data: Ints, state: Ints, trail: Ints, carrier: int, row: int, charger: int, begin: int, end: int, level: int
) -> None:
    """Let a vehicle charge from a level on after all that it has to do."""
    battery, before = get(data, CARRIERS, carrier, BATTERY), state[data[LAST_OF] + carrier]
    put(state, trail, data[MOVE_START] + row, begin)
    put(state, trail, data[MOVE_END] + row, end)
    put(state, trail, data[MOVE_FREE] + row, end)
    put(state, trail, data[MOVE_ABLE] + row, get(data, CHARGERS, charger, SPOT))
    put(state, trail, data[MOVER] + row, carrier)
    put(state, trail, data[FROM_LEVEL] + row, level)
    put(state, trail, data[LEVEL] + row, level_after(data, battery, level, end - begin))
    if data[FIRST_DROP] > 0:
        put(state, trail, data[MOST] + row, get(data, CARRIERS, carrier, HOLDS))
    enter(data, state, trail, carrier, row, before)
    take(data, state, trail, get(data, CHARGERS, charger, ROOM), begin, end, 1)


@inner
def plug_in(data: Ints, state: Ints, trail: Ints, carrier: int, row: int, charger: int, begin: int, end: int) -> None:
    """Let a vehicle charge after all that it has to do."""
    spot = get(data, ABLE, get(data, CHARGERS, charger, SPOT), ORIGIN)
    level = level_at(data, state, carrier, state[data[LAST_OF] + carrier], spot, begin)
    connect(data, state, trail, carrier, row, charger, begin, end, level)


@inner
def use_battery(data: Ints, state: Ints, trail: Ints, move: int, able: int, ready: int, least: int) -> int:
    """Place what a move at the earliest from `ready` means for the battery; return the row before the move."""
    start, before, charger, begin, end = charged_opening(data, state, able, ready, least)
    carrier = get(data, ABLE, able, WHO)
    battery = get(data, CARRIERS, carrier, BATTERY)
    if charger >= 0:
        plug_in(data, state, trail, carrier, data[FIRST_CHARGE] + move, charger, begin, end)
        before = data[FIRST_CHARGE] + move
    after = next_after(data, state, carrier, before)
    if after >= 0:
        lower_levels(data, state, trail, battery, after, fall(data, state, able, start, before))
    level = level_at(data, state, carrier, before, get(data, ABLE, able, ORIGIN), start)
    put(state, trail, data[LEVEL] + move, level - drain(data, battery, able, start))
    return before


@inner
def go_home(data: Ints, state: Ints, trail: Ints) -> bool:
    """Let vehicles that have to go home in the end charge before, if they need to; return whether all get there.

    Those in limited parking have `settle`.
    """
    for carrier in range(data[NUM_CARRIERS]):
        battery, before = get(data, CARRIERS, carrier, BATTERY), state[data[LAST_OF] + carrier]
        if battery < 0 or before < 0 or not get(data, BATTERIES, battery, RETURNS) or parks(data, carrier):
            continue
        home, least = get(data, CARRIERS, carrier, HOME), get(data, BATTERIES, battery, MINIMUM)
        way, lift = approach(data, state, carrier, before, home), lifted(data, carrier)
        arrives_at = there(data, state, carrier, before, home)
        if way == 0 or (state[data[MOVE_START] + before] < data[NOW] and arrives_at - way < data[NOW]):
            continue  # it is there, or on its way
        if lift > 0:  # it sets out at once
            leaves_at = max(state[data[MOVE_FREE] + before], data[NOW])
            way = travel_from(data, carrier, place_after(data, state, carrier, before), home, leaves_at)
            level = state[data[LEVEL] + before] - get(data, BATTERIES, battery, DRAIN_EMPTY) * way
            level -= get(data, BATTERIES, battery, DRAIN_IDLE) * (leaves_at - state[data[MOVE_FREE] + before])
        else:
            level = level_at(data, state, carrier, before, home, arrives_at)
        if level >= least:
            continue
        start, charger, begin, end = charge_first(data, state, carrier, ZERO, home, ZERO, least, ZERO, ZERO)
        if start >= NEVER and lift > 0:
            start, charger, begin, end = charge_first(data, state, carrier, ZERO, home, ZERO, least, ZERO, lift)
        if start >= NEVER:
            return False
        row = 2 * data[FIRST_CHARGE] + carrier
        plug_in(data, state, trail, carrier, row, charger, begin, end)
    return True
