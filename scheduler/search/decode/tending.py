"""Robots that tend: an operation that needs one is a row among its moves, from the station to the station."""

from __future__ import annotations

from scheduler.search.decode.carriers import approach, enter, held_after, move_opening
from scheduler.search.decode.layout import (
    ABLE,
    CARRIERS,
    FIRST_TENDING,
    HOLDS,
    LOAD,
    MODES,
    MOST,
    MOVE_ABLE,
    MOVE_END,
    MOVE_FREE,
    MOVE_START,
    MOVER,
    NEVER,
    ORIGIN,
    TENDERS_AT,
    TENDERS_END,
    WHO,
    Ints,
    get,
    put,
)
from scheduler.search.inner import inner


@inner
def is_tended(data: Ints, mode: int) -> bool:
    """Return whether a robot has to tend an operation in a mode."""
    return data[FIRST_TENDING] > 0 and get(data, MODES, mode, TENDERS_END) > get(data, MODES, mode, TENDERS_AT)


@inner
def tender(data: Ints, state: Ints, mode: int, ready: int, length: int) -> tuple[int, int, int]:
    """Return who can tend so long first from `ready` on (the nearest of several), when, and the row before that."""
    best_able, best_start, best_before, best_way = -1, NEVER, -1, NEVER
    for able in range(get(data, MODES, mode, TENDERS_AT), get(data, MODES, mode, TENDERS_END)):
        start, before = move_opening(data, state, able, ready, length)
        if start <= best_start:
            way = approach(data, state, get(data, ABLE, able, WHO), before, get(data, ABLE, able, ORIGIN))
            if start < best_start or way < best_way:
                best_able, best_start, best_before, best_way = able, start, before, way
    return best_able, best_start, best_before


@inner
def tend(data: Ints, state: Ints, trail: Ints, o: int, mode: int, start: int, end: int) -> None:
    """Let the robot that is free then, the nearest of several, tend an operation."""
    able, _, before = tender(data, state, mode, start, end - start)
    row, robot = data[FIRST_TENDING] + o, get(data, ABLE, able, WHO)
    put(state, trail, data[MOVE_START] + row, start)
    put(state, trail, data[MOVE_END] + row, end)
    put(state, trail, data[MOVE_FREE] + row, max(end, start + 1))
    put(state, trail, data[MOVE_ABLE] + row, able)
    put(state, trail, data[MOVER] + row, robot)
    if get(data, CARRIERS, robot, HOLDS) > 1:
        held = held_after(data, state, before)
        put(state, trail, data[LOAD] + row, held)
        put(state, trail, data[MOST] + row, held + 1)
    enter(data, state, trail, robot, row, before)
