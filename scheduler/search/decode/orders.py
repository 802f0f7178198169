"""Changes of the order: units go elsewhere, two change turns, a job shifts; each says which places it concerns."""

from __future__ import annotations

import numpy as np
from numba import njit

from scheduler.search.decode.layout import (
    JOBS,
    NUM_FREE,
    OPS,
    UNIT,
    UNIT_JOB,
    UNITS,
    UNITS_FROM,
    UNITS_TO,
    Ints,
    get,
)
from scheduler.search.inner import inner


@inner
def move_up(data: Ints, order: Ints, place: Ints, unit: int, target: int) -> tuple[int, int]:
    """Put a unit, and those of its job between, before an earlier one; return where that begins and ends."""
    job, end = get(data, UNITS, unit, UNIT_JOB), place[unit]
    # From behind: units of the job gather at the end of the window, the others slide back behind them.
    write = end
    num = 0
    for k in range(end, target - 1, -1):
        if get(data, UNITS, order[k], UNIT_JOB) == job:
            num += 1
    buffer = np.empty(num, np.int64)
    take = num
    for k in range(end, target - 1, -1):
        held = order[k]
        if get(data, UNITS, held, UNIT_JOB) == job:
            take -= 1
            buffer[take] = held
        else:
            order[write] = held
            place[held] = write
            write -= 1
    for k in range(num):
        order[target + k] = buffer[k]
        place[buffer[k]] = target + k
    return target, end


@inner
def move_down(data: Ints, order: Ints, place: Ints, unit: int, target: int) -> tuple[int, int]:
    """Put a unit, and those of its job between, behind a later one; return where that begins and ends."""
    job, begin = get(data, UNITS, unit, UNIT_JOB), place[unit]
    num = 0
    for k in range(begin, target + 1):
        if get(data, UNITS, order[k], UNIT_JOB) == job:
            num += 1
    buffer = np.empty(num, np.int64)
    take, write = 0, begin
    for k in range(begin, target + 1):
        held = order[k]
        if get(data, UNITS, held, UNIT_JOB) == job:
            buffer[take] = held
            take += 1
        else:
            order[write] = held
            place[held] = write
            write += 1
    for k in range(num):
        order[write + k] = buffer[k]
        place[buffer[k]] = write + k
    return begin, target


@inner
def drift(data: Ints, order: Ints, place: Ints, reach: int) -> tuple[int, int]:
    """Put a random unit elsewhere, at most `reach` places away; return the first and the last place changed."""
    num = data[NUM_FREE]
    start = np.random.randint(num)
    target = min(num - 1, max(0, start + np.random.randint(-reach, reach + 1)))
    if target < start:
        return move_up(data, order, place, order[start], target)
    if target > start:
        return move_down(data, order, place, order[start], target)
    return num, num


@inner
def next_of_job(data: Ints, place: Ints, job: int, at: int, is_behind: bool) -> int:
    """Return the unit of a job that is nearest behind a place of the order, or before it; -1: there is none."""
    found = -1
    for unit in range(get(data, JOBS, job, UNITS_FROM), get(data, JOBS, job, UNITS_TO)):
        if place[unit] < 0 or place[unit] == at or (place[unit] > at) != is_behind:
            continue
        if found < 0 or (place[unit] < place[found]) == is_behind:
            found = unit
    return found


@njit(cache=True, nogil=True)
def shift(data: Ints, order: Ints, place: Ints, job: int, factor: float, is_earlier: bool) -> tuple[int, int]:
    """Let a job go before, or behind, others on its whole way, or on the rest of it from one of its units on.

    Each of these units comes nearer to the unit before the first of them (or the begin of the order), or else to the
    end of the order: of its distance a part, `factor`, is left. Returns the first and last place changed (the length of
    the order: none).
    """
    num, count = data[NUM_FREE], 0
    for unit in range(get(data, JOBS, job, UNITS_FROM), get(data, JOBS, job, UNITS_TO)):
        count += place[unit] >= 0
    if count == 0:
        return num, num
    skipped = 0 if np.random.random() < 0.5 else np.random.randint(count)
    goal = limit = 0 if is_earlier else num - 1
    at, begin, end = -1 if is_earlier else num, num, -1
    # The unit that is nearest to the goal goes first: where it has been, or beyond, no other one of the job is.
    for k in range(count if is_earlier else count - skipped):
        unit = next_of_job(data, place, job, at, is_earlier)
        at = place[unit]
        if is_earlier and k < skipped:
            goal = limit = at + 1
            continue
        target = goal + int(factor * (at - goal))
        target = max(target, limit) if is_earlier else min(target, limit)
        limit = target + 1 if is_earlier else target - 1
        if target == at:
            continue
        if is_earlier:
            move_up(data, order, place, unit, target)
        else:
            move_down(data, order, place, unit, target)
        begin, end = min(begin, at, target), max(end, at, target)
    return (begin, end) if end >= 0 else (num, num)


@inner
def turn(data: Ints, order: Ints, place: Ints, waiting: int, hindering: int) -> tuple[int, int]:
    """Let the unit of a waiting operation go before that of the hindering one, or that one after it.

    Returns the first and last place changed, the length of the order if nothing can be.
    """
    one, other = get(data, OPS, waiting, UNIT), get(data, OPS, hindering, UNIT)
    num = data[NUM_FREE]
    if get(data, UNITS, one, UNIT_JOB) == get(data, UNITS, other, UNIT_JOB) or place[one] < 0 or place[other] < 0:
        return num, num
    if place[other] < place[one]:
        if np.random.random() < 0.5:
            return move_up(data, order, place, one, place[other])
        return move_down(data, order, place, other, place[one])
    if np.random.random() < 0.5:
        return move_up(data, order, place, other, place[one])
    return num, num
