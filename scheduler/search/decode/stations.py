"""Places at the input and output stations of cells; the compiled `scheduler.search.stations`.

A stay lies between two moves. So an operation is placed with its moves as if there were room, then its parts *stand*
at the stations over which they have gone; where one finds no place, the move that brings it is held until there is one.
"""

from __future__ import annotations

from scheduler.search.decode.carry import route_between
from scheduler.search.decode.layout import (
    ABLE,
    BESIDE,
    DROP,
    INS,
    INS_AT,
    INS_END,
    LEGS,
    LEGS_AT,
    LINKS,
    LOAD,
    MAX_LEGS,
    MOVE_ABLE,
    MOVE_END,
    MOVE_FREE,
    MOVE_START,
    NUM_LEGS,
    OPS,
    OTHER,
    OUTS,
    OUTS_AT,
    OUTS_END,
    PICK_UP,
    PRED,
    ROUTES,
    STANDS_AT,
    STANDS_UNTIL,
    START,
    STATION,
    STATION_SPARE,
    STOP,
    SUCC,
    VIA,
    Ints,
    get,
    put,
)
from scheduler.search.decode.machines import machine_of, profile_beyond, profile_opening, take
from scheduler.search.inner import inner


@inner
def route_of(data: Ints, state: Ints, link: int) -> int:
    """Return the row of the route that the part of a link takes, whose operations have modes."""
    before, after = get(data, LINKS, link, PRED), get(data, LINKS, link, SUCC)
    origin = machine_of(data, state, before) if before >= 0 else -1
    route = route_between(data, origin, machine_of(data, state, after) if after >= 0 else -1)
    if get(data, ROUTES, route, OTHER) >= 0:
        while get(data, ROUTES, route, STOP) != state[data[VIA] + link]:
            route = get(data, ROUTES, route, OTHER)
    return route


@inner
def gone_at(data: Ints, state: Ints, link: int, number: int, num: int) -> int:
    """Return when the part of a link, which has so many moves, is gone from where one of them has put it down."""
    after = get(data, LINKS, link, SUCC)
    if number + 1 == num:
        return state[data[START] + after] if after >= 0 else state[data[MOVE_END] + MAX_LEGS * link + number]
    load, gone = MAX_LEGS * link + number + 1, 0
    while load >= 0:
        pick_up = get(data, ABLE, state[data[MOVE_ABLE] + load], PICK_UP)
        gone = max(gone, state[data[MOVE_START] + load] + pick_up)
        load = state[data[BESIDE] + load]
    return gone


@inner
def is_placed(data: Ints, state: Ints, move: int) -> bool:
    """Return whether a move has been placed: one that ends at tick 0 holds a part then."""
    return state[data[MOVE_FREE] + move] > 0 or state[data[LOAD] + move] > 0


@inner
def stand_on_way(data: Ints, state: Ints, trail: Ints, link: int) -> tuple[int, int]:
    """Take places for a part that goes its whole way; or return the move that is too early, and until when (-1: none).

    What was carried in the past has its places already.
    """
    route = route_of(data, state, link)
    first, num = get(data, ROUTES, route, LEGS_AT), get(data, ROUTES, route, NUM_LEGS)
    for number in range(num):
        station, move = get(data, LEGS, first + number, STATION), MAX_LEGS * link + number
        if station < 0 or not is_placed(data, state, move):
            continue
        begin = state[data[MOVE_END] + move] - get(data, ABLE, state[data[MOVE_ABLE] + move], DROP)
        until = gone_at(data, state, link, number, num)
        if begin >= until:
            continue
        spare = get(data, LEGS, first + number, STATION_SPARE)
        if profile_opening(data, state, station, begin, until - begin, spare) != begin:
            return move, profile_beyond(data, state, station, begin, until, spare)
        take(data, state, trail, station, begin, until, 1)
        put(state, trail, data[STANDS_AT] + move, station + 1)
        put(state, trail, data[STANDS_UNTIL] + move, until)
    return -1, 0


@inner
def stand(data: Ints, state: Ints, trail: Ints, o: int) -> tuple[int, int]:
    """Take places for the parts that come to an operation or depart from it; see `stand_on_way`."""
    for k in range(get(data, OPS, o, INS_AT), get(data, OPS, o, INS_END)):
        move, later = stand_on_way(data, state, trail, get(data, INS, k, 0))
        if move >= 0:
            return move, later
    for k in range(get(data, OPS, o, OUTS_AT), get(data, OPS, o, OUTS_END)):
        link = get(data, OUTS, k, 0)
        if get(data, LINKS, link, SUCC) < 0:
            move, later = stand_on_way(data, state, trail, link)
            if move >= 0:
                return move, later
    return -1, 0
