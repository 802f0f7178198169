"""Moves in compiled form: who carries a part first, and when; on which route, where there are several."""

from __future__ import annotations

from numba import njit

from scheduler.search.decode.boarding import park_visits
from scheduler.search.decode.carriers import approach, enter, ride_length, ride_opening
from scheduler.search.decode.charging import charged_opening, use_battery
from scheduler.search.decode.layout import (
    ABLE,
    ABLE_AT,
    ABLE_END,
    AT,
    BATTERY,
    CARRIERS,
    CARRIERS_AT,
    DESTINATION,
    DONE,
    DROP,
    FIRST_CHARGE,
    FIRST_DROP,
    FIRST_WANTED,
    HELD,
    HOLDS,
    IS_TRIP,
    JOB_END,
    JOBS,
    LAST_MOVE,
    LEGS,
    LEGS_AT,
    LENGTH,
    LIMIT,
    LINK_JOB,
    LINKS,
    MACHINES,
    MAX_LEGS,
    MOVE_ABLE,
    MOVE_END,
    MOVE_FREE,
    MOVE_START,
    MOVER,
    NEVER,
    NONE,
    NOW,
    NUM_LEGS,
    NUM_PLACES,
    ORIGIN,
    OTHER,
    PLACE,
    ROUTES,
    SIZE,
    SOME_STAND,
    SPLITS,
    SPOTS_AT,
    STOP,
    TIMES,
    VIA,
    WHO,
    WISH,
    ZERO,
    Ints,
    get,
    put,
    undo,
)
from scheduler.search.decode.parked_charging import parked_charging, use_parked_battery
from scheduler.search.decode.parking import park, parked_opening, parks
from scheduler.search.decode.stretches import set_levels
from scheduler.search.decode.trips import ride, ride_in_loads
from scheduler.search.decode.visits import make_visits, visits_opening
from scheduler.search.inner import inner


@inner
def route_between(data: Ints, origin: int, destination: int) -> int:
    """Return the row of the route from machine to machine (-1: from or to the outside)."""
    outside = data[NUM_PLACES]
    here = get(data, MACHINES, origin, PLACE) if origin >= 0 else outside
    there = get(data, MACHINES, destination, PLACE) if destination >= 0 else outside
    return here * (outside + 1) + there


@inner
def may_carry(data: Ints, job: int, able: int) -> bool:
    """Return whether a job lets a carrier carry it."""
    at = get(data, JOBS, job, CARRIERS_AT)
    return at < 0 or data[data[TIMES] + at + get(data, ABLE, able, WHO)] == 1


@njit(cache=True, nogil=True)
def wish_number(carrier: int, origin: int, destination: int) -> int:
    """Return the number that stands for a carrier between two places of its group."""
    return 1 + (((carrier << 20) + origin) << 20) + destination


@inner
def wish_for(data: Ints, carrier: int, able: int) -> int:
    """Return the number that stands for a carrier between the places of a row of ABLE."""
    return wish_number(carrier, get(data, ABLE, able, ORIGIN), get(data, ABLE, able, DESTINATION))


@inner
def by_carrier(
    data: Ints, state: Ints, trail: Ints, leg: int, job: int, ready: int, least: int, wanted: int
) -> tuple[int, int, int, int]:
    """Return who can end a move first (the nearest of several), when it starts and ends, and the move before it.

    The part is ready then, and is not put down before `least`. A carrier that is wanted (`wish_for`) goes before all
    others, if it can make the move.
    """
    best_able, best_start, best_before, best_end, best_way = -1, NEVER, -1, NEVER, NEVER
    first, behind = get(data, LEGS, leg, ABLE_AT), get(data, LEGS, leg, ABLE_END)
    if wanted > 0:
        for able in range(first, behind):
            if wish_for(data, get(data, ABLE, able, WHO), able) == wanted and may_carry(data, job, able):
                first, behind = able, able + 1
                break
    for able in range(first, behind):
        if not may_carry(data, job, able):
            continue
        late = max(ready, least - get(data, ABLE, able, LENGTH) + get(data, ABLE, able, DROP))
        if data[FIRST_DROP] > 0 and get(data, CARRIERS, get(data, ABLE, able, WHO), HOLDS) > 1:
            start, at, before, _ = visits_opening(data, state, trail, able, ready, least)
            end = at + get(data, ABLE, able, DROP)
        elif parks(data, get(data, ABLE, able, WHO)):
            if get(data, CARRIERS, get(data, ABLE, able, WHO), BATTERY) >= 0:
                start, before, _, _, _ = parked_charging(data, state, able, late)
            else:
                start, before = parked_opening(data, state, able, late, least)
            end = start + ride_length(data, able, start)
        elif data[FIRST_CHARGE] > 0 and get(data, CARRIERS, get(data, ABLE, able, WHO), BATTERY) >= 0:
            start, before, _, _, _ = charged_opening(data, state, able, ready, least)
            end = start + ride_length(data, able, start)
        else:
            start, end, before = ride_opening(data, state, able, ready, least)
        if end <= best_end:
            way = approach(data, state, get(data, ABLE, able, WHO), before, get(data, ABLE, able, ORIGIN))
            if end < best_end or way < best_way:
                best_able, best_start, best_before, best_end, best_way = able, start, before, end, way
    return best_able, best_start, best_end, best_before


@inner
def carry(
    data: Ints, choice: Ints, state: Ints, trail: Ints, link: int, leg: int, number: int, ready: int, least: int
) -> tuple[int, int]:
    """Place a move of a part at the earliest; return its start and end, `NEVER` if nobody can do it.

    A robot or vehicle does not put the part down before `least`, nor before the move is held until.
    """
    job, move = get(data, LINKS, link, LINK_JOB), MAX_LEGS * link + number
    ready = max(ready, data[NOW])
    wanted = choice[data[FIRST_WANTED] + move] if data[FIRST_WANTED] > 0 else ZERO
    if get(data, LEGS, leg, IS_TRIP):
        size, ready = get(data, JOBS, job, SIZE), max(ready, -wanted)
        if get(data, JOBS, job, SPLITS):
            start, end = ride_in_loads(data, state, trail, link, leg, move, size, ready)
        else:
            start, end = ride(data, state, trail, leg, move, size, ready)
        if start >= NEVER:
            return NEVER, NEVER
    else:
        if data[SOME_STAND]:
            least = max(least, state[data[HELD] + move])
        wish = state[data[WISH]]
        able, start, end, before = by_carrier(data, state, trail, leg, job, ready, least, wanted)
        if start >= NEVER and data[FIRST_CHARGE] > 0 and wish < LAST_MOVE - 1:  # nobody gets to a charger afterwards
            put(state, trail, data[WISH], wish + LAST_MOVE)
            able, start, end, before = by_carrier(data, state, trail, leg, job, ready, least, wanted)
        if start >= NEVER or end > data[LIMIT]:
            return NEVER, NEVER
        mover = get(data, ABLE, able, WHO)
        has_battery = data[FIRST_CHARGE] > 0 and get(data, CARRIERS, mover, BATTERY) >= 0
        makes_visits = data[FIRST_DROP] > 0 and get(data, CARRIERS, mover, HOLDS) > 1
        if makes_visits:
            make_visits(data, state, trail, move, able, ready, least)
            able = get(data, CARRIERS, mover, SPOTS_AT) + get(data, ABLE, able, ORIGIN)
        else:
            late = max(ready, least - get(data, ABLE, able, LENGTH) + get(data, ABLE, able, DROP))
            if parks(data, mover):
                if has_battery:
                    before = use_parked_battery(data, state, trail, move, able, late)
                park(data, state, trail, move, able, start, before)
            elif has_battery:
                before = use_battery(data, state, trail, move, able, ready, least)
            put(state, trail, data[MOVE_FREE] + move, max(end, start + 1))
            enter(data, state, trail, mover, move, before)
        put(state, trail, data[MOVE_START] + move, start)
        put(state, trail, data[MOVE_END] + move, end)
        put(state, trail, data[MOVE_ABLE] + move, able)
        put(state, trail, data[MOVER] + move, mover)
        if has_battery:
            put(state, trail, data[WISH], wish)
            if makes_visits:
                set_levels(data, state, trail, move)
        if makes_visits and parks(data, mover):
            park_visits(data, state, trail, move)
    put(state, trail, data[DONE] + link, number + 1)
    put(state, trail, data[AT] + link, end)
    if end > state[data[JOB_END] + job]:
        put(state, trail, data[JOB_END] + job, end)
    return start, end


@inner
def first_to_arrive(
    data: Ints, choice: Ints, state: Ints, trail: Ints, link: int, route: int, done: int, ready: int
) -> int:
    """Return the route, of those between two places, on which a part leaves the last lane first.

    It has made `done` moves and is `ready` then. If a lane has been taken, the route begins with it. -1: none.
    """
    if get(data, ROUTES, route, OTHER) < 0:
        return route
    best, arrives_at, mark, taken = NONE, NEVER, trail[0], state[data[VIA] + link]
    while route >= 0:
        first, at = get(data, ROUTES, route, LEGS_AT), ready
        if taken >= 0 and get(data, ROUTES, route, STOP) == taken:
            best = route
            break
        last = get(data, ROUTES, route, NUM_LEGS) - 1
        while not get(data, LEGS, first + last, IS_TRIP):
            last -= 1
        for number in range(done, last + 1):
            if taken < 0 and at < arrives_at:
                _, at = carry(data, choice, state, trail, link, first + number, number, at, ZERO)
        undo(state, trail, mark)
        if taken < 0 and at < arrives_at:
            best, arrives_at = route, at
        route = get(data, ROUTES, route, OTHER)
    if best >= 0:
        put(state, trail, data[VIA] + link, get(data, ROUTES, best, STOP))
    return best
