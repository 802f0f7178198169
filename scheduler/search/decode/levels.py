"""Levels of batteries in compiled form: after each row of a vehicle, and what a move in a gap does to those behind it.

The level after each row is kept; that before a charge too. Where parking is limited, ways may be over stops: what is
kept is then the least that the level can be, since stops that nobody needs are left out in the end. Everything means
what it does in `scheduler.search.charging`.
"""

from __future__ import annotations

from numba import njit

from scheduler.search.decode.carriers import (
    held_after,
    lifted,
    next_after,
    ride_length,
    travelled,
    way_until,
)
from scheduler.search.decode.layout import (
    ABLE,
    BATTERIES,
    BATTERY,
    CARRIERS,
    CURVE_AT,
    CURVE_END,
    DESTINATION,
    DRAIN_EMPTY,
    DRAIN_IDLE,
    DRAIN_LOADED,
    END_AT,
    FIRST_CHARGE,
    FIRST_DROP,
    FROM_LEVEL,
    INITIAL_LEVEL,
    LAST_MOVE,
    LENGTH,
    LEVEL,
    MINIMUM,
    MOVE_ABLE,
    MOVE_AFTER,
    MOVE_END,
    MOVE_FREE,
    MOVE_START,
    NOW,
    ORIGIN,
    PACE,
    PACES,
    REACH_AT,
    SCALE,
    SOME_LIFT,
    TIMES,
    TRAVEL_SIDE,
    WHO,
    WISH,
    Ints,
    get,
    put,
)
from scheduler.search.inner import inner


@inner
def is_charge(data: Ints, row: int) -> bool:
    """Return whether a row is a charge."""
    return row >= data[FIRST_CHARGE] and (data[FIRST_DROP] == 0 or row < data[FIRST_DROP])


@njit(cache=True, nogil=True)
def charging_time(data: Ints, battery: int, level: int, target: int) -> int:
    """Return the fewest ticks at a charger from one level to another."""
    time = 0
    at, end = (
        data[TIMES] + get(data, BATTERIES, battery, CURVE_AT),
        data[TIMES] + get(data, BATTERIES, battery, CURVE_END),
    )
    for k in range(at, end, 2):
        reached = max(level, min(data[k], target))
        time += (reached - level) * data[k + 1]
        level = reached
    scale = get(data, BATTERIES, battery, SCALE)
    return (time + scale - 1) // scale


@njit(cache=True, nogil=True)
def level_after(data: Ints, battery: int, level: int, ticks: int) -> int:
    """Return the level after so many ticks at a charger."""
    left = ticks * get(data, BATTERIES, battery, SCALE)
    at, end = (
        data[TIMES] + get(data, BATTERIES, battery, CURVE_AT),
        data[TIMES] + get(data, BATTERIES, battery, CURVE_END),
    )
    for k in range(at, end, 2):
        needed = max(0, data[k] - level) * data[k + 1]
        if needed > left:
            return level + left // data[k + 1]
        left -= needed
        level = max(level, data[k])
    return level


@inner
def level_at(data: Ints, state: Ints, carrier: int, before: int, place: int, instant: int) -> int:
    """Return the level of a vehicle that begins something at a place then, after a row of its sequence (-1: first).

    On the way it holds what it holds after the row.
    """
    battery = get(data, CARRIERS, carrier, BATTERY)
    level = state[data[LEVEL] + before] if before >= 0 else get(data, BATTERIES, battery, INITIAL_LEVEL)
    free_at = state[data[MOVE_FREE] + before] if before >= 0 else 0
    way, is_loaded = travelled(data, state, carrier, before, place, instant), held_after(data, state, before) > 0
    level -= get(data, BATTERIES, battery, DRAIN_LOADED if is_loaded else DRAIN_EMPTY) * way
    return level - get(data, BATTERIES, battery, DRAIN_IDLE) * (instant - free_at - way)


@inner
def drain(data: Ints, battery: int, able: int, start: int) -> int:
    """Return by how much a move that starts then drains the battery; one that takes no time is a tick of waiting."""
    length = ride_length(data, able, start) if data[SOME_LIFT] else get(data, ABLE, able, LENGTH)
    waits = max(length, 1) - length
    return get(data, BATTERIES, battery, DRAIN_LOADED) * length + get(data, BATTERIES, battery, DRAIN_IDLE) * waits


@inner
def level_to(data: Ints, state: Ints, battery: int, row: int) -> int:
    """Return the level at the begin of a row of a vehicle that holds one job at a time."""
    if is_charge(data, row):
        return state[data[FROM_LEVEL] + row]
    return state[data[LEVEL] + row] + drain(data, battery, state[data[MOVE_ABLE] + row], state[data[MOVE_START] + row])


@inner
def reserve(data: Ints, state: Ints, carrier: int, place: int, since: int) -> int:
    """Return the level that a vehicle has to have at a place in the end: the minimum, and what a charger is away.

    If the state says that its move is the last one, it need not get to a charger any more, but home, if it has to: at
    once. On its way to a charger it may wait for ways to be faster.
    """
    battery = get(data, CARRIERS, carrier, BATTERY)
    is_last = state[data[WISH]] >= LAST_MOVE - 1
    at = data[TIMES] + get(data, BATTERIES, battery, END_AT if is_last else REACH_AT) + place
    level, needed = get(data, BATTERIES, battery, MINIMUM), data[at]
    if data[SOME_LIFT]:
        lift = lifted(data, carrier)
        if lift > 0 and (since >= lift or not is_last):
            later = data[at + 3 * get(data, PACES, get(data, CARRIERS, carrier, PACE), TRAVEL_SIDE)]
            needed = min(needed, later + get(data, BATTERIES, battery, DRAIN_IDLE) * max(lift - since, 0))
    return level + needed


@inner
def fall(data: Ints, state: Ints, able: int, start: int, before: int) -> int:
    """Return how much lower the level is at the row after a gap, if a move is made in the gap."""
    carrier, length = get(data, ABLE, able, WHO), max(ride_length(data, able, start), 1)
    battery, after = get(data, CARRIERS, carrier, BATTERY), next_after(data, state, carrier, before)
    place, instant = get(data, ABLE, state[data[MOVE_ABLE] + after], ORIGIN), state[data[MOVE_START] + after]
    destination, end = get(data, ABLE, able, DESTINATION), start + length
    level = level_at(data, state, carrier, before, get(data, ABLE, able, ORIGIN), start)
    level -= drain(data, battery, able, start)
    way = way_until(data, carrier, destination, place, instant)
    level -= get(data, BATTERIES, battery, DRAIN_EMPTY) * way
    level -= get(data, BATTERIES, battery, DRAIN_IDLE) * (instant - end - way)
    return level_to(data, state, battery, after) - level


@inner
def may_fall(data: Ints, state: Ints, carrier: int, row: int, less: int) -> bool:
    """Return whether all charges from a row on are reached, and one after the last, with so much less at the row."""
    battery, last = get(data, CARRIERS, carrier, BATTERY), row
    while row >= 0 and less != 0:
        if is_charge(data, row):
            level = state[data[FROM_LEVEL] + row] - less
            if level < get(data, BATTERIES, battery, MINIMUM) and state[data[MOVE_START] + row] >= data[NOW]:
                return False
            ticks = state[data[MOVE_END] + row] - state[data[MOVE_START] + row]
            less = state[data[LEVEL] + row] - level_after(data, battery, level, ticks)
        last, row = row, state[data[MOVE_AFTER] + row]
    if less == 0:
        return True
    place = get(data, ABLE, state[data[MOVE_ABLE] + last], DESTINATION)
    waited = state[data[MOVE_FREE] + last] - state[data[MOVE_END] + last]
    level = state[data[LEVEL] + last] + get(data, BATTERIES, battery, DRAIN_IDLE) * waited
    return level - less >= reserve(data, state, carrier, place, state[data[MOVE_END] + last])


@inner
def lower_levels(data: Ints, state: Ints, trail: Ints, battery: int, row: int, less: int) -> None:
    """Lower the levels from a row on."""
    while row >= 0 and less != 0:
        level = state[data[LEVEL] + row] - less
        if is_charge(data, row):
            ticks = state[data[MOVE_END] + row] - state[data[MOVE_START] + row]
            put(state, trail, data[FROM_LEVEL] + row, state[data[FROM_LEVEL] + row] - less)
            level = level_after(data, battery, state[data[FROM_LEVEL] + row], ticks)
            less = state[data[LEVEL] + row] - level
        put(state, trail, data[LEVEL] + row, level)
        row = state[data[MOVE_AFTER] + row]
