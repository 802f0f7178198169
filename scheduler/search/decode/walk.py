"""The local search: change the solution, decode it from there on, keep it or take it back.

Late acceptance hill climbing (Burke and Bykov 2017, European Journal of Operational Research 258, "The late acceptance
hill-climbing heuristic"): a change is kept if it is none worse than the solution now, or than that of some iterations
ago. The decode of a change is given up where the objective is bound to come to more.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from scheduler.search.decode.changes import (
    change_carrier,
    change_hold,
    change_linger,
    change_mode,
    change_plan,
    change_wish,
    draw_job,
    open_modes,
)
from scheduler.search.decode.decode import decode_change
from scheduler.search.decode.layout import (
    FIRST_CHARGE,
    FIRST_HOLD,
    FIRST_LINGER,
    FIRST_WANTED,
    NEVER,
    NUM_CHOICES,
    NUM_FREE,
    NUM_JOBS,
    NUM_OPS,
    Ints,
    Reals,
    copy,
    redo,
    undo,
)
from scheduler.search.decode.nearing import come_back
from scheduler.search.decode.orders import drift, shift, turn
from scheduler.search.decode.trace import last_event, trace
from scheduler.search.decode.value import value_of
from scheduler.search.inner import inner

# Scalars of a walk
VALUE, BEST, TICK, IDLE, HEAT, STAMP = range(6)
NEARING = 0.6
"""Share of the changes by which an operation comes back to where the baseline has it, if that counts."""
CARRIERS = 0.05
"""Share of the changes by which a move gets another carrier or trip."""
MOST_TURNS = 4
"""Pairs of a trace that change turns at a time, at the most."""
NEARNESS = 3
"""Power that makes most shifts of jobs small."""


@inner
def change(
    data: Ints,
    goal: Ints,
    choice: Ints,
    plans: Ints,
    order: Ints,
    place: Ints,
    state: Ints,
    least: Ints,
    pairs: Ints,
    shares: Reals,
) -> tuple[int, int]:
    """Make one change; return the first and last place of the order that it concerns (its length: none)."""
    num = data[NUM_FREE]
    if data[FIRST_HOLD] > 0 and np.random.random() < NEARING:
        return come_back(data, choice, order, place, state, pairs, num)
    dice = np.random.random()
    job = draw_job(data, goal, state, least, 0.2)
    if dice < shares[4]:
        factor = 1.0 - np.random.random() ** NEARNESS
        if np.random.random() < 0.5:
            return shift(data, order, place, job, factor, True)
        return shift(data, order, place, np.random.randint(data[NUM_JOBS]), factor, False)
    if dice < shares[3]:
        if np.random.random() < 0.5:
            return change_plan(data, choice, plans, order, place, job, num)
        return open_modes(data, choice, place, job, num)
    if dice < shares[2]:
        return drift(data, order, place, max(2, num // 10))
    if data[FIRST_WANTED] > 0 and np.random.random() < CARRIERS:
        # Any will do: a trip that is not needed makes no job late.
        return change_carrier(data, choice, state, place, np.random.randint(data[NUM_OPS]), num)
    o, move = last_event(data, state, job)
    count = trace(data, state, o, move, pairs)
    if data[FIRST_CHARGE] > 0 and dice < shares[1] and (count == 0 or np.random.random() < 0.5):
        # A charge before a move that makes nobody late may be what one later lacks.
        o = np.random.randint(data[NUM_OPS])
        if count > 0 and np.random.random() < 0.5:
            o = pairs[2 * np.random.randint(count)]
        return change_wish(data, choice, place, o, num)
    if count == 0:
        return drift(data, order, place, max(2, num // 10))
    pick = np.random.randint(count)
    if dice < shares[1]:
        o = pairs[2 * pick + np.random.randint(2)]
        if data[FIRST_LINGER] > 0 and np.random.random() < 0.5:
            return change_linger(data, choice, place, o, num)
        if data[FIRST_HOLD] > 0 and np.random.random() < 0.5:
            return change_hold(data, choice, place, o, num)
        return change_mode(data, choice, place, o, num)
    begin, end = turn(data, order, place, pairs[2 * pick], pairs[2 * pick + 1])
    if dice < shares[0]:
        for _ in range(np.random.randint(MOST_TURNS)):
            pick = np.random.randint(count)
            first, last = turn(data, order, place, pairs[2 * pick], pairs[2 * pick + 1])
            if first < num:
                begin, end = min(begin, first), max(end, last) if begin < num else last
    return begin, end


@njit(cache=True, nogil=True)
def walk(
    data: Ints,
    goal: Ints,
    choice: Ints,
    plans: Ints,
    order: Ints,
    best_choice: Ints,
    best_plans: Ints,
    best_order: Ints,
    state: Ints,
    trail: Ints,
    entries: Ints,
    floors: Ints,
    marks: Ints,
    partial: Ints,
    place: Ints,
    least: Ints,
    pairs: Ints,
    kept: Ints,
    stamps: Ints,
    old_marks: Ints,
    old_partial: Ints,
    old_choice: Ints,
    old_plans: Ints,
    old_order: Ints,
    history: Ints,
    num_history: int,
    scalars: Ints,
    shares: Reals,
    seed: int,
    iterations: int,
    target: int,
    prunes: bool,
    stop: Ints,
) -> int:
    """Walk on from a decoded solution, leave the best one met behind; return the iterations done."""
    np.random.seed(seed)
    num, num_choices, num_jobs = data[NUM_FREE], data[NUM_CHOICES], data[NUM_JOBS]
    for step in range(iterations):
        if stop[0] or scalars[BEST] <= target:
            return step
        copy(old_choice, 0, choice, 0, num_choices)
        copy(old_plans, 0, plans, 0, num_jobs)
        copy(old_order, 0, order, 0, num)
        begin, end = change(data, goal, choice, plans, order, place, state, least, pairs, shares)
        scalars[IDLE] += 1
        scalars[TICK] = (scalars[TICK] + 1) % num_history
        if begin >= num:
            copy(choice, 0, old_choice, 0, num_choices)
            continue
        mark, top = marks[begin], trail[0]
        copy(kept, 0, trail, 3 * mark + 1, 3 * (top - mark))
        copy(old_marks, begin, marks, begin, num - begin)
        copy(old_partial, begin, partial, begin, num - begin)
        undo(state, trail, mark)
        ceiling = max(scalars[VALUE], history[scalars[TICK]])
        if scalars[HEAT] > 0:
            ceiling = scalars[VALUE] - int(np.log(1.0 - np.random.random()) * scalars[HEAT])
        value = NEVER
        margin = ceiling - scalars[VALUE]
        scalars[STAMP] += 1
        if decode_change(
            data,
            goal,
            choice,
            plans,
            order,
            state,
            trail,
            entries,
            floors,
            marks,
            partial,
            begin,
            end,
            ceiling,
            margin if prunes else NEVER,
            top,
            kept,
            old_marks,
            old_partial,
            stamps,
            scalars[STAMP],
        ):
            value = value_of(data, goal, state)
        if value < NEVER and value <= ceiling:  # a kick has no ceiling, but half a schedule is no state to go on from
            if value < scalars[BEST]:
                scalars[BEST], scalars[IDLE] = value, 0
                copy(best_choice, 0, choice, 0, num_choices)
                copy(best_plans, 0, plans, 0, num_jobs)
                copy(best_order, 0, order, 0, num)
            scalars[VALUE] = value
        else:
            undo(state, trail, mark)
            redo(state, trail, kept, 0, top - mark)
            copy(marks, begin, old_marks, begin, num - begin)
            copy(partial, begin, old_partial, begin, num - begin)
            copy(choice, 0, old_choice, 0, num_choices)
            copy(plans, 0, old_plans, 0, num_jobs)
            for k in range(num):
                order[k] = old_order[k]
                place[old_order[k]] = k
        if scalars[VALUE] < history[scalars[TICK]]:
            history[scalars[TICK]] = scalars[VALUE]
    return iterations
