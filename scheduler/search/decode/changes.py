"""Changes of a solution: turns of two units, modes, plans; each says which places of the order it concerns."""

from __future__ import annotations

import numpy as np
from numba import njit

from scheduler.search.decode.layout import (
    FIRST_HOLD,
    FIRST_LINGER,
    INS,
    INS_AT,
    INS_END,
    JOB_END,
    JOBS,
    LATEST,
    LINKS,
    MODES_AT,
    MODES_END,
    MOST_LATE,
    MOST_PIECES,
    NUM_FREE,
    NUM_JOBS,
    NUM_OPS,
    OPS,
    OPS_FROM,
    OPS_TO,
    PLAN,
    PRED,
    UNIT,
    UNIT_JOB,
    UNITS,
    UNITS_FROM,
    UNITS_TO,
    Ints,
    get,
)
from scheduler.search.decode.value import DUE_AT, MAKESPAN, MAXIMUM, WIDTH, share


@njit(cache=True, nogil=True)
def draw_job(data: Ints, goal: Ints, state: Ints, least: Ints, whole: float) -> int:
    """Return a job that costs much: by what it adds to the sums above the least, or one that decides a maximum.

    With both kinds of terms, that is one of the latter with probability `whole`.
    """
    num_jobs, total, ends = data[NUM_JOBS], 0.0, data[JOB_END]
    for job in range(num_jobs):
        total += share(goal, job, state[ends + job]) - least[job]
    has_maxima = goal[WIDTH * num_jobs + MAKESPAN] > 0 or goal[WIDTH * num_jobs + MAXIMUM] > 0
    if total > 0.0 and not (has_maxima and np.random.random() < whole):
        left = np.random.random() * total
        for job in range(num_jobs):
            left -= share(goal, job, state[ends + job]) - least[job]
            if left <= 0.0:
                return job
    if not has_maxima:
        return np.random.randint(num_jobs)
    by_lateness = goal[WIDTH * num_jobs + MAXIMUM] > 0 and state[data[MOST_LATE]] > 0
    chosen, num = 0, 0
    for job in range(num_jobs):
        if by_lateness:
            decides = state[ends + job] - goal[WIDTH * job + DUE_AT] == state[data[MOST_LATE]]
        else:
            decides = state[ends + job] == state[data[LATEST]]
        if decides:
            num += 1
            if np.random.randint(num) == 0:
                chosen = job
    return chosen


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
def first_place(data: Ints, place: Ints, o: int, end: int) -> int:
    """Return the first place of the order that the mode of an operation matters to."""
    first = place[get(data, OPS, o, UNIT)]
    for k in range(get(data, OPS, o, INS_AT), get(data, OPS, o, INS_END)):
        before = get(data, LINKS, get(data, INS, k, 0), PRED)
        if before >= 0:
            at = place[get(data, OPS, before, UNIT)]
            if at >= 0:
                first = min(first, at)
    return first if first >= 0 else end


@njit(cache=True, nogil=True)
def change_mode(data: Ints, choice: Ints, place: Ints, o: int, end: int) -> tuple[int, int]:
    """Choose another mode for an operation, or leave it open; return the first and last place changed (`end`: none)."""
    first, last = get(data, OPS, o, MODES_AT), get(data, OPS, o, MODES_END)
    if last - first < 2:
        return end, end
    other = first + np.random.randint(last - first)
    if other == choice[o]:
        other = -1
    choice[o] = other
    return first_place(data, place, o, end), place[get(data, OPS, o, UNIT)]


@njit(cache=True, nogil=True)
def change_wish(data: Ints, choice: Ints, place: Ints, o: int, end: int) -> tuple[int, int]:
    """Let vehicles charge more, less or early before the moves of an operation; return first and last place changed."""
    at, other = place[get(data, OPS, o, UNIT)], np.random.randint(2 * MOST_PIECES + 2)
    if at < 0 or choice[data[NUM_OPS] + o] == other:
        return end, end
    choice[data[NUM_OPS] + o] = other
    return at, at


@njit(cache=True, nogil=True)
def change_linger(data: Ints, choice: Ints, place: Ints, o: int, end: int) -> tuple[int, int]:
    """Let carriers linger, or not, with the parts to or from an operation; return first and last place changed."""
    at, other = place[get(data, OPS, o, UNIT)], np.random.randint(4)
    if at < 0 or choice[data[FIRST_LINGER] + o] == other:
        return end, end
    choice[data[FIRST_LINGER] + o] = other
    return at, at


@njit(cache=True, nogil=True)
def change_hold(data: Ints, choice: Ints, place: Ints, o: int, end: int) -> tuple[int, int]:
    """Hold an operation, or don't any more; return the first and last place changed."""
    at = place[get(data, OPS, o, UNIT)]
    if at < 0:
        return end, end
    choice[data[FIRST_HOLD] + o] = 1 - choice[data[FIRST_HOLD] + o]
    return at, at


@njit(cache=True, nogil=True)
def open_modes(data: Ints, choice: Ints, place: Ints, job: int, end: int) -> tuple[int, int]:
    """Leave the modes of a job open but for one that is drawn; return the first and the last place changed."""
    first, last = get(data, JOBS, job, OPS_FROM), get(data, JOBS, job, OPS_TO)
    begin, behind = end, -1
    for o in range(first, last):
        choice[o] = -1
        at = place[get(data, OPS, o, UNIT)]
        if at >= 0:
            begin, behind = min(begin, at), max(behind, at)
    o = first + np.random.randint(last - first)
    modes = get(data, OPS, o, MODES_AT)
    choice[o] = modes + np.random.randint(get(data, OPS, o, MODES_END) - modes)
    return begin, behind


@njit(cache=True, nogil=True)
def change_plan(data: Ints, choice: Ints, plans: Ints, order: Ints, place: Ints, job: int, end: int) -> tuple[int, int]:
    """Carry out another plan of a job, its units where the others are; return the first and last place changed."""
    first, last = get(data, JOBS, job, UNITS_FROM), get(data, JOBS, job, UNITS_TO)
    if last == first or place[first] < 0:
        return end, end
    other = get(data, UNITS, first + np.random.randint(last - first), PLAN)
    if other == plans[job]:
        return end, end
    plans[job] = other
    # The places of all units of the job are dealt out anew: those of the plan first, in their order.
    num = last - first
    spots = np.empty(num, np.int64)
    for k in range(num):
        at = k
        while at > 0 and spots[at - 1] > place[first + k]:
            spots[at] = spots[at - 1]
            at -= 1
        spots[at] = place[first + k]
    at = 0
    for is_other in range(2):
        for unit in range(first, last):
            if (get(data, UNITS, unit, PLAN) == other) == (is_other == 0):
                order[spots[at]] = unit
                place[unit] = spots[at]
                at += 1
    return spots[0], spots[num - 1]


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
