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
    enter,
    next_after,
    there,
    travel,
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
    data: Ints, state: Ints, carrier: int, charger: int, ready: int, place: int, length: int, needed: int, wish: int
) -> tuple[int, int, int]:
    """Return when a vehicle can begin something at a place with a charge before it, and begin and end of the charge.

    It needs a level there and charges at least to another one (`wish`), after all that it has to do (`NEVER`: it
    can't).
    """
    battery, before = get(data, CARRIERS, carrier, BATTERY), state[data[LAST_OF] + carrier]
    spot = get(data, ABLE, get(data, CHARGERS, charger, SPOT), ORIGIN)
    room, spare = get(data, CHARGERS, charger, ROOM), get(data, CHARGERS, charger, ROOM_SPARE)
    back, idle = travel(data, carrier, spot, place), get(data, BATTERIES, battery, DRAIN_IDLE)
    target = needed + get(data, BATTERIES, battery, DRAIN_EMPTY) * back
    full = get(data, BATTERIES, battery, FULL)
    begin = max(there(data, state, carrier, before, spot), data[NOW])
    if target > full or begin > data[LIMIT]:
        return NEVER, 0, 0
    while True:
        level = level_at(data, state, carrier, before, spot, begin)
        if level < get(data, BATTERIES, battery, MINIMUM):
            return NEVER, 0, 0
        ticks = max(1, charging_time(data, battery, level, max(target, wish)))
        opens = profile_opening(data, state, room, begin, ticks, spare)
        if opens == begin:
            break
        if opens >= NEVER:
            return NEVER, 0, 0
        begin = opens
    start = max(ready, begin + ticks + back)
    if length > 0:
        start = work_start(data, get(data, CARRIERS, carrier, CARRIER_CALENDAR), start, length, 0)
    end = start - back
    if idle == 0:
        end = min(end, max(begin + ticks, begin + charging_time(data, battery, level, full)))
    end = min(end, profile_limit(data, state, room, begin, spare))
    if level_after(data, battery, level, end - begin) - idle * (start - back - end) < target:
        return NEVER, 0, 0
    return start, begin, end


@inner
def charge_first(
    data: Ints, state: Ints, carrier: int, ready: int, place: int, length: int, needed: int, wish: int
) -> tuple[int, int, int, int]:
    """Return the earliest `charge_at` of all chargers, and the charger."""
    best, at, begin, end = NEVER, -1, 0, 0
    battery = get(data, CARRIERS, carrier, BATTERY)
    for charger in range(get(data, BATTERIES, battery, CHARGERS_AT), get(data, BATTERIES, battery, CHARGERS_END)):
        start, first, last = charge_at(data, state, carrier, charger, ready, place, length, needed, wish)
        if start < best:
            best, at, begin, end = start, charger, first, last
    return best, at, begin, end


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
def charged_opening(data: Ints, state: Ints, able: int, ready: int) -> tuple[int, int, int, int, int]:
    """Return the earliest start at or after `ready` of a move by a vehicle with a battery, and the row before it.

    Then the charger, begin and end of the charge before it follow (-1: none). The state says what is wished.
    """
    carrier, length = get(data, ABLE, able, WHO), max(get(data, ABLE, able, LENGTH), 1)
    battery, calendar = get(data, CARRIERS, carrier, BATTERY), get(data, CARRIERS, carrier, CARRIER_CALENDAR)
    origin, destination = get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION)
    after, before = -1, state[data[LAST_OF] + carrier]
    while before >= 0 and state[data[MOVE_FREE] + before] > ready:
        after, before = before, state[data[MOVE_BEFORE] + before]
    while after >= 0:
        free_at = state[data[MOVE_FREE] + before] if before >= 0 else 0
        start = max(ready, free_at, there(data, state, carrier, before, origin))
        start = work_start(data, calendar, start, length, 0)
        back = travel(data, carrier, destination, get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN))
        fits = start + length + back <= state[data[MOVE_START] + after]
        if fits and may_fall(data, state, carrier, after, fall(data, state, able, start, before)):
            return start, before, -1, 0, 0
        before, after = after, state[data[MOVE_AFTER] + after]
    arrives_at = there(data, state, carrier, before, origin)
    start = work_start(data, calendar, max(ready, arrives_at), length, 0)
    needed, direct = drain(data, battery, able) + reserve(data, state, carrier, destination), NEVER
    is_early, wish = wished(data, state, battery)
    if level_at(data, state, carrier, before, origin, start) >= needed:
        direct = start
        level = state[data[LEVEL] + before] if before >= 0 else get(data, BATTERIES, battery, INITIAL_LEVEL)
        is_low = level < data[data[TIMES] + get(data, BATTERIES, battery, CURVE_AT)]
        if not is_early and (not is_low or arrives_at >= ready):
            return direct, before, -1, 0, 0
    if before >= data[FIRST_CHARGE] and state[data[MOVE_START] + before] >= data[NOW]:
        return direct, before, -1, 0, 0
    start, charger, begin, end = charge_first(data, state, carrier, ready, origin, length, needed, wish)
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
def use_battery(data: Ints, state: Ints, trail: Ints, move: int, able: int, ready: int) -> int:
    """Place what a move at the earliest from `ready` means for the battery; return the row before the move."""
    start, before, charger, begin, end = charged_opening(data, state, able, ready)
    carrier = get(data, ABLE, able, WHO)
    battery = get(data, CARRIERS, carrier, BATTERY)
    if charger >= 0:
        plug_in(data, state, trail, carrier, data[FIRST_CHARGE] + move, charger, begin, end)
        before = data[FIRST_CHARGE] + move
    after = next_after(data, state, carrier, before)
    if after >= 0:
        lower_levels(data, state, trail, battery, after, fall(data, state, able, start, before))
    level = level_at(data, state, carrier, before, get(data, ABLE, able, ORIGIN), start) - drain(data, battery, able)
    put(state, trail, data[LEVEL] + move, level)
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
        way = approach(data, state, carrier, before, home)
        arrives_at = there(data, state, carrier, before, home)
        if way == 0 or (state[data[MOVE_START] + before] < data[NOW] and arrives_at - way < data[NOW]):
            continue  # it is there, or on its way
        if level_at(data, state, carrier, before, home, arrives_at) >= least:
            continue
        start, charger, begin, end = charge_first(data, state, carrier, ZERO, home, ZERO, least, ZERO)
        if start >= NEVER:
            return False
        row = 2 * data[FIRST_CHARGE] + carrier
        plug_in(data, state, trail, carrier, row, charger, begin, end)
    return True
