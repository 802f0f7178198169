"""Changes of what is chosen, modes, plans, carriers and charges; each says which places of the order it concerns."""

from __future__ import annotations

import numpy as np

from scheduler.search.decode.carry import wish_for
from scheduler.search.decode.layout import (
    ABLE,
    CARRIERS,
    DONE,
    FIRST_HOLD,
    FIRST_LINGER,
    FIRST_WANTED,
    GROUP,
    HOLDS,
    INS,
    INS_AT,
    INS_END,
    JOB_END,
    JOBS,
    LANES,
    LAST_MOVE,
    LAST_OF,
    LATEST,
    LINKS,
    MAX_LEGS,
    MODES_AT,
    MODES_END,
    MOST_LATE,
    MOST_PIECES,
    MOST_WISH,
    MOVE_ABLE,
    MOVE_BEFORE,
    MOVE_START,
    MOVER,
    NUM_CARRIERS,
    NUM_JOBS,
    NUM_OPS,
    NUM_VEHICLES,
    OPS,
    OPS_FROM,
    OPS_TO,
    OUTS,
    OUTS_AT,
    OUTS_END,
    PLAN,
    PRED,
    SUCC,
    UNIT,
    UNITS,
    UNITS_FROM,
    UNITS_TO,
    VEHICLE,
    WHO,
    ZERO,
    Ints,
    get,
)
from scheduler.search.decode.value import DUE_AT, MAKESPAN, MAXIMUM, WIDTH, share
from scheduler.search.inner import inner


@inner
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


@inner
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


@inner
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


@inner
def change_wish(data: Ints, choice: Ints, place: Ints, o: int, end: int) -> tuple[int, int]:
    """Let vehicles charge more, less or early before the moves of an operation, or make them their last ones.

    The answer is the first and last place changed: all that follows, since what a longer charge delays now it may save
    later.
    """
    at, other = place[get(data, OPS, o, UNIT)], np.random.randint(MOST_PIECES + 1)
    if np.random.randint(2) == 0:
        other = np.random.randint(MOST_PIECES + 1, MOST_WISH + 1)
    if np.random.randint(2) == 0:
        other += MOST_WISH + 1
    if np.random.randint(4) == 0:
        other += LAST_MOVE
    if at < 0 or choice[data[NUM_OPS] + o] == other:
        return end, end
    choice[data[NUM_OPS] + o] = other
    return at, end


@inner
def change_linger(data: Ints, choice: Ints, place: Ints, o: int, end: int) -> tuple[int, int]:
    """Let carriers linger, or not, with the parts to or from an operation; return first and last place changed."""
    at, other = place[get(data, OPS, o, UNIT)], np.random.randint(4)
    if at < 0 or choice[data[FIRST_LINGER] + o] == other:
        return end, end
    choice[data[FIRST_LINGER] + o] = other
    return at, at


@inner
def change_hold(data: Ints, choice: Ints, place: Ints, o: int, end: int) -> tuple[int, int]:
    """Hold an operation, or don't any more; return the first and last place changed."""
    at = place[get(data, OPS, o, UNIT)]
    if at < 0:
        return end, end
    choice[data[FIRST_HOLD] + o] = 1 - choice[data[FIRST_HOLD] + o]
    return at, at


@inner
def like_it(data: Ints, carrier: int) -> int:
    """Return a carrier of the same group, drawn at random; it may be the same."""
    other = np.random.randint(data[NUM_CARRIERS])
    while get(data, CARRIERS, other, GROUP) != get(data, CARRIERS, carrier, GROUP):
        other = (other + 1) % data[NUM_CARRIERS]
    return other


@inner
def later_trip(data: Ints, state: Ints, lane: int, departure: int) -> int:
    """Return when another trip of a lane departs after this, drawn from those that are placed; 0: there is none."""
    found, num = 0, 0
    first = get(data, LANES, lane, VEHICLE)
    for vehicle in range(first, first + get(data, LANES, lane, NUM_VEHICLES)):
        trip = state[data[LAST_OF] + vehicle]
        later = 0
        while trip >= 0 and state[data[MOVE_START] + trip] > departure:
            later = state[data[MOVE_START] + trip]
            trip = state[data[MOVE_BEFORE] + trip]
        if later > 0:  # the next one of this vehicle
            num += 1
            if np.random.randint(num) == 0:
                found = later
    return found


@inner
def change_carrier(data: Ints, choice: Ints, state: Ints, place: Ints, o: int, end: int) -> tuple[int, int]:
    """Want another carrier or a later trip for a move to or from an operation, or whatever is first again.

    Returns the first and last place changed.
    """
    ins, outs = get(data, OPS, o, INS_AT), get(data, OPS, o, OUTS_AT)
    num_ins, num_outs = get(data, OPS, o, INS_END) - ins, get(data, OPS, o, OUTS_END) - outs
    if num_ins + num_outs == 0:
        return end, end
    k = np.random.randint(num_ins + num_outs)
    link = get(data, INS, ins + k, 0) if k < num_ins else get(data, OUTS, outs + k - num_ins, 0)
    if state[data[DONE] + link] <= 0:
        return end, end
    move = MAX_LEGS * link + np.random.randint(state[data[DONE] + link])
    at, carrier, wish = data[FIRST_WANTED] + move, state[data[MOVER] + move], ZERO
    if carrier >= data[NUM_CARRIERS]:
        wish = -later_trip(
            data, state, get(data, ABLE, state[data[MOVE_ABLE] + move], WHO), state[data[MOVE_START] + move]
        )
    elif carrier >= 0 and get(data, CARRIERS, carrier, HOLDS) == 1:
        other = like_it(data, carrier)
        if other != carrier:
            wish = wish_for(data, other, state[data[MOVE_ABLE] + move])
    if wish == choice[at]:
        return end, end
    choice[at] = wish
    begin, behind = end, -1
    for side in range(2):
        by = get(data, LINKS, link, PRED if side == 0 else SUCC)
        spot = place[get(data, OPS, by, UNIT)] if by >= 0 else -1
        if spot >= 0:
            begin, behind = min(begin, spot), max(behind, spot)
    return begin, behind


@inner
def open_carriers(data: Ints, choice: Ints, o: int) -> None:
    """Want no carriers any more for the moves to an operation."""
    for k in range(get(data, OPS, o, INS_AT), get(data, OPS, o, INS_END)):
        for number in range(MAX_LEGS):
            choice[data[FIRST_WANTED] + MAX_LEGS * get(data, INS, k, 0) + number] = 0


@inner
def open_modes(data: Ints, choice: Ints, place: Ints, job: int, end: int) -> tuple[int, int]:
    """Leave modes and carriers of a job open but for a mode that is drawn; return the first and last place changed."""
    first, last = get(data, JOBS, job, OPS_FROM), get(data, JOBS, job, OPS_TO)
    begin, behind = end, -1
    for o in range(first, last):
        choice[o] = -1
        if data[FIRST_WANTED] > 0:
            open_carriers(data, choice, o)
        at = place[get(data, OPS, o, UNIT)]
        if at >= 0:
            begin, behind = min(begin, at), max(behind, at)
    o = first + np.random.randint(last - first)
    modes = get(data, OPS, o, MODES_AT)
    choice[o] = modes + np.random.randint(get(data, OPS, o, MODES_END) - modes)
    return begin, behind


@inner
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
