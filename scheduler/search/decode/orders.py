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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def shift(data: Ints, order: Ints, place: Ints, job: int, factor: float, is_earlier: bool) -> tuple[int, int]:
    """Let a job go before, or behind, others on its whole way, or on the rest of it from one of its units on.

    Each of these units comes nearer to the unit before the first of them (or the begin of the order), or else to the
    end of the order: of its distance a part, `factor`, is left. Returns the first and last place changed (the length of
    the order: none).
    """
    num, first, last = data[NUM_FREE], get(data, JOBS, job, UNITS_FROM), get(data, JOBS, job, UNITS_TO)
    old, new = np.empty(last - first, np.int64), np.empty(last - first, np.int64)
    count = 0
    for unit in range(first, last):
        if place[unit] >= 0:
            at = count
            while at > 0 and old[at - 1] > place[unit]:
                old[at] = old[at - 1]
                at -= 1
            old[at] = place[unit]
            count += 1
    if count == 0:
        return num, num
    skipped = 0 if np.random.random() < 0.5 else np.random.randint(count)
    if is_earlier:
        floor = old[skipped - 1] + 1 if skipped > 0 else 0
        for k in range(skipped, count):
            new[k] = floor + int(factor * (old[k] - floor))
            if k > skipped:
                new[k] = max(new[k], new[k - 1] + 1)
        begin, end = new[skipped], old[count - 1]
    else:
        for k in range(count - 1, skipped - 1, -1):
            new[k] = num - 1 - int(factor * (num - 1 - old[k]))
            if k < count - 1:
                new[k] = min(new[k], new[k + 1] - 1)
        begin, end = old[skipped], new[count - 1]
    before = np.empty(end - begin + 1, np.int64)
    for at in range(begin, end + 1):
        before[at - begin] = order[at]
    # Units of the job take their new places, all others the rest in their turns.
    k, at_other, source, is_changed = skipped, skipped, 0, False
    for at in range(begin, end + 1):
        if k < count and new[k] == at:
            unit = before[old[k] - begin]
            k += 1
        else:
            while at_other < count and old[at_other] - begin == source:
                at_other, source = at_other + 1, source + 1
            unit = before[source]
            source += 1
        is_changed = is_changed or order[at] != unit
        order[at] = unit
        place[unit] = at
    return (begin, end) if is_changed else (num, num)


@njit(cache=True, nogil=True)
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
