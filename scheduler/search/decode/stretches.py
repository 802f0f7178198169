"""Vehicles with batteries that hold several jobs, in compiled form: what a move between others does to the levels.

Between two charges a level falls by what the visits and the ways between them take. A move that is put among them adds
two visits, and the vehicle travels from its pick-up to its drop with one more job on board: so the levels are followed
from the one to the other, and all later ones are lower by the same. A charge takes all the room of the vehicle (MOST),
so no job is on board meanwhile. What is asked is the same as with one job at a time, and so are the charges: see
`scheduler.search.decode.charging`.
"""

from __future__ import annotations

from scheduler.search.decode.carriers import (
    arrives,
    held_after,
    lifted,
    next_after,
    place_after,
    ride_length,
    there,
    travel_from,
    way_until,
)
from scheduler.search.decode.charging import charge_first, wished
from scheduler.search.decode.layout import (
    ABLE,
    BATTERIES,
    BATTERY,
    CARRIERS,
    CURVE_AT,
    DESTINATION,
    DRAIN_EMPTY,
    DRAIN_IDLE,
    DRAIN_LOADED,
    DROP,
    FIRST_DROP,
    FROM_LEVEL,
    INITIAL_LEVEL,
    LAST_OF,
    LENGTH,
    LEVEL,
    MOVE_ABLE,
    MOVE_AFTER,
    MOVE_BEFORE,
    MOVE_FREE,
    MOVE_START,
    NEVER,
    NOW,
    ORIGIN,
    PICK_UP,
    TIMES,
    WHO,
    ZERO,
    Ints,
    get,
    put,
)
from scheduler.search.decode.levels import is_charge, level_at, lower_levels, may_fall, reserve
from scheduler.search.decode.parked_charging import level_left, parked_charge, parked_level
from scheduler.search.decode.parking import parks, stand, ticks_of_ways
from scheduler.search.inner import inner


@inner
def handled(data: Ints, state: Ints, battery: int, row: int) -> int:
    """Return by how much the visit of a row drains the battery."""
    able, column = state[data[MOVE_ABLE] + row], DROP if row >= data[FIRST_DROP] else PICK_UP
    return get(data, BATTERIES, battery, DRAIN_LOADED) * get(data, ABLE, able, column)


@inner
def on_way(data: Ints, battery: int, held: int, way: int, ticks: int) -> int:
    """Return by how much the level falls from a visit to the next one, a way and so many ticks apart."""
    rate = get(data, BATTERIES, battery, DRAIN_LOADED if held > 0 else DRAIN_EMPTY)
    return rate * way + get(data, BATTERIES, battery, DRAIN_IDLE) * (ticks - way)


@inner
def straight(data: Ints, carrier: int, origin: int, destination: int, start: int, free_at: int, at: int) -> int:
    """Return how long a vehicle travels with a job that it puts down at `at`, next after its pick-up.

    As long as when its move started, if it is in time so.
    """
    way = travel_from(data, carrier, origin, destination, start)
    return way if free_at + way <= at else way_until(data, carrier, origin, destination, at)


@inner
def to_row(data: Ints, state: Ints, carrier: int, held: int, place: int, free_at: int, row: int, before: int) -> int:
    """Return by how much the level falls up to the begin of a row, from when the vehicle is free at a place on.

    `before` is the row before it (-1: another visit).
    """
    there_at, wanted_at = get(data, ABLE, state[data[MOVE_ABLE] + row], ORIGIN), state[data[MOVE_START] + row]
    if held == 0 and parks(data, carrier):
        way = ticks_of_ways(data, state, carrier, place, free_at, there_at, wanted_at)
    elif before >= 0 and row == data[FIRST_DROP] + before:
        way = straight(data, carrier, place, there_at, state[data[MOVE_START] + before], free_at, wanted_at)
    else:
        way = way_until(data, carrier, place, there_at, wanted_at)
    return on_way(data, get(data, CARRIERS, carrier, BATTERY), held, way, wanted_at - free_at)


@inner
def level_to_visit(data: Ints, state: Ints, carrier: int, before: int, place: int, instant: int) -> int:
    """Return the level of a vehicle that begins a visit at a place then, after a row of its sequence (-1: first)."""
    if parks(data, carrier) and held_after(data, state, before) == 0:
        return parked_level(data, state, carrier, before, place, instant)
    return level_at(data, state, carrier, before, place, instant)


@inner
def level_before(data: Ints, state: Ints, battery: int, row: int) -> int:
    """Return the level at the begin of a row."""
    if is_charge(data, row):
        return state[data[FROM_LEVEL] + row]
    return state[data[LEVEL] + row] + handled(data, state, battery, row)


@inner
def is_enough(data: Ints, state: Ints, able: int, start: int, at: int, before: int, last: int) -> bool:
    """Return whether the levels allow a move with its pick-up after one visit and its drop, at `at`, after another one.

    A `last` below 0: the drop comes right after the pick-up.
    """
    carrier, origin = get(data, ABLE, able, WHO), get(data, ABLE, able, ORIGIN)
    battery, destination = get(data, CARRIERS, carrier, BATTERY), get(data, ABLE, able, DESTINATION)
    pick_up, drop = get(data, ABLE, able, PICK_UP), get(data, ABLE, able, DROP)
    loaded = get(data, BATTERIES, battery, DRAIN_LOADED)
    level = level_to_visit(data, state, carrier, before, origin, start) - loaded * pick_up
    place, free_at, after = origin, start + pick_up, next_after(data, state, carrier, before)
    spanned, previous = before, -1
    while last >= 0 and spanned != last:
        spanned = after
        level -= to_row(data, state, carrier, 1, place, free_at, spanned, previous)
        level -= handled(data, state, battery, spanned)
        previous = spanned
        place = get(data, ABLE, state[data[MOVE_ABLE] + spanned], DESTINATION)
        free_at, after = state[data[MOVE_FREE] + spanned], state[data[MOVE_AFTER] + spanned]
    way = way_until(data, carrier, place, destination, at)
    if last < 0:
        way = straight(data, carrier, place, destination, start, free_at, at)
    level -= on_way(data, battery, 1, way, at - free_at) + loaded * drop
    if after < 0:
        return level >= reserve(data, state, carrier, destination, at + drop)
    held = held_after(data, state, last if last >= 0 else before)
    level -= to_row(data, state, carrier, held, destination, at + drop, after, -1)
    return may_fall(data, state, carrier, after, level_before(data, state, battery, after) - level)


@inner
def charge_before(data: Ints, state: Ints, able: int, ready: int, least: int, linger: int) -> tuple[int, int, int, int]:
    """Return the earliest start from `ready` on of a move after all others with a charge right before it.

    Then the charger, and begin and end of the charge (`NEVER`: it can't have one). The drop is not before `least`.
    """
    carrier, origin = get(data, ABLE, able, WHO), get(data, ABLE, able, ORIGIN)
    battery, destination = get(data, CARRIERS, carrier, BATTERY), get(data, ABLE, able, DESTINATION)
    drop, (_, wish) = get(data, ABLE, able, DROP), wished(data, state, battery)
    busy, lift = get(data, ABLE, able, LENGTH), lifted(data, carrier)
    loaded, idle = get(data, BATTERIES, battery, DRAIN_LOADED), get(data, BATTERIES, battery, DRAIN_IDLE)
    late, rate = max(ready, least + drop - busy - linger), loaded if lift == 0 else max(loaded, idle)
    needed = rate * busy + idle * linger + reserve(data, state, carrier, destination, late)
    if parks(data, carrier):
        return parked_charge(data, state, able, late, linger, needed, wish)
    found = charge_first(data, state, carrier, late, origin, max(busy + linger, 1), needed, wish, ZERO)
    if lift > 0 and found[0] >= NEVER:
        busy, late = ride_length(data, able, lift), max(late, lift)
        needed = loaded * busy + idle * linger + reserve(data, state, carrier, destination, late)
        found = charge_first(data, state, carrier, late, origin, max(busy + linger, 1), needed, wish, lift)
    return found


@inner
def charged(data: Ints, state: Ints, able: int, ready: int, least: int, linger: int, at: int) -> tuple[int, int]:
    """Return start and begin of the drop of `charge_before`; `NEVER` if there is no use in it.

    It is of use where the drop is not before `at` without it either, or where it is wished.
    """
    carrier, origin = get(data, ABLE, able, WHO), get(data, ABLE, able, ORIGIN)
    battery, before = get(data, CARRIERS, carrier, BATTERY), state[data[LAST_OF] + carrier]
    if before >= 0 and is_charge(data, before) and state[data[MOVE_START] + before] >= data[NOW]:
        return NEVER, NEVER
    is_early, _ = wished(data, state, battery)
    if at < NEVER and not is_early:
        if parks(data, carrier):
            (here, leaves_at), (level, _) = (
                stand(data, state, carrier, before),
                level_left(data, state, carrier, before),
            )
            arrives_at = arrives(data, carrier, here, origin, leaves_at)
        else:
            level = state[data[LEVEL] + before] if before >= 0 else get(data, BATTERIES, battery, INITIAL_LEVEL)
            arrives_at = there(data, state, carrier, before, origin)
        is_low = level < data[data[TIMES] + get(data, BATTERIES, battery, CURVE_AT)]
        if not is_low or arrives_at >= ready:
            return NEVER, NEVER
    start, charger, _, _ = charge_before(data, state, able, ready, least, linger)
    if charger < 0:
        return NEVER, NEVER
    leaves_at, destination = start + get(data, ABLE, able, PICK_UP) + linger, get(data, ABLE, able, DESTINATION)
    put_down = max(least, arrives(data, carrier, origin, destination, leaves_at))
    if put_down > at and not is_early:
        return NEVER, NEVER
    return start, put_down


@inner
def set_levels(data: Ints, state: Ints, trail: Ints, move: int) -> None:
    """Set the levels from the pick-up of a move to its drop, and lower those behind, once both are in the sequence."""
    able, row, drop = state[data[MOVE_ABLE] + move], move, data[FIRST_DROP] + move
    carrier = get(data, ABLE, able, WHO)
    battery = get(data, CARRIERS, carrier, BATTERY)
    while True:
        place, before = get(data, ABLE, state[data[MOVE_ABLE] + row], ORIGIN), state[data[MOVE_BEFORE] + row]
        level = level_to_visit(data, state, carrier, before, place, state[data[MOVE_START] + row])
        if before >= 0 and row == data[FIRST_DROP] + before:
            level = state[data[LEVEL] + before]
            here, free_at = place_after(data, state, carrier, before), state[data[MOVE_FREE] + before]
            level -= to_row(data, state, carrier, 1, here, free_at, row, before)
        if before == drop:
            break
        put(state, trail, data[LEVEL] + row, level - handled(data, state, battery, row))
        row = state[data[MOVE_AFTER] + row]
        if row < 0:
            return
    lower_levels(data, state, trail, battery, row, level_before(data, state, battery, row) - level)
