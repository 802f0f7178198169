"""From an order of units to a schedule: each unit at the earliest that those before it in the order have left free.

`scheduler.search.units` says what a unit is and why no deadlock can arise between units. A unit that clashes is placed
again with later starts of some of its operations (*floors*), in the end after everything else; if even that fails, the
order has no schedule.
"""

from __future__ import annotations

from numba import njit

from scheduler.search.decode.carry import route_between
from scheduler.search.decode.charging import go_home
from scheduler.search.decode.layout import (
    AT,
    BASE_START,
    BUSY,
    DONE,
    DURATION,
    END,
    FIRST_CHARGE,
    FIRST_HOLD,
    FIRST_OP,
    HAS_GAPS,
    INS,
    INS_AT,
    INS_END,
    JOB_END,
    LAST_OP,
    LATEST,
    LEAST,
    LEG_TIME,
    LEGS,
    LEGS_AT,
    LINKS,
    MACHINE,
    MAX_LAG,
    MODE,
    MODES,
    MODES_AT,
    MODES_END,
    MOST_LATE,
    NEVER,
    NONE,
    NOW,
    NUM_FREE,
    NUM_JOBS,
    NUM_LEGS,
    NUM_OPS,
    OPS,
    OUTS,
    OUTS_AT,
    OUTS_END,
    PLAN,
    PRED,
    ROUTES,
    SOME_PARK,
    START,
    SUCC,
    SUM,
    TAIL,
    TRAIL_ROOM,
    UNIT_JOB,
    UNITS,
    ZERO,
    Ints,
    come_to_the_same,
    get,
    put,
    redo,
    undo,
)
from scheduler.search.decode.leaving import FITS, HOPELESS
from scheduler.search.decode.machines import machine_of
from scheduler.search.decode.parked_charging import settle
from scheduler.search.decode.place import place_in
from scheduler.search.decode.value import DEVIATION, DUE_AT, REASSIGNED, WIDTH, change_of, lower_value, share
from scheduler.search.inner import inner

MAX_CLASHES = 40
"""Clashes per operation of a unit before it is placed after everything else."""


@inner
def leads_on(data: Ints, choice: Ints, o: int, machine: int) -> bool:
    """Return whether there is a way from a machine to some mode of every next operation."""
    for k in range(get(data, OPS, o, OUTS_AT), get(data, OPS, o, OUTS_END)):
        after = get(data, LINKS, get(data, OUTS, k, 0), SUCC)
        if after < 0:
            continue
        first, end = get(data, OPS, after, MODES_AT), get(data, OPS, after, MODES_END)
        if choice[after] >= 0:
            first, end = choice[after], choice[after] + 1
        found = False
        for mode in range(first, end):
            if get(data, ROUTES, route_between(data, machine, get(data, MODES, mode, MACHINE)), NUM_LEGS) >= 0:
                found = True
                break
        if not found:
            return False
    return True


@inner
def wait_after(data: Ints, state: Ints, o: int) -> int:
    """Return how long the parts of a placed operation wait for the moves that are placed too."""
    wait = 0
    for k in range(get(data, OPS, o, OUTS_AT), get(data, OPS, o, OUTS_END)):
        link = get(data, OUTS, k, 0)
        done = state[data[DONE] + link]
        if done > 0:
            first = get(data, ROUTES, route_between(data, machine_of(data, state, o), -1), LEGS_AT)
            on_the_way = state[data[AT] + link] - state[data[END] + o]
            for number in range(done):
                on_the_way -= get(data, LEGS, first + number, LEG_TIME)
            wait = max(wait, on_the_way)
    return wait


@inner
def place_best(
    data: Ints, choice: Ints, state: Ints, trail: Ints, entries: Ints, o: int, floor: int, thrift: float
) -> tuple[int, int]:
    """Place an operation in the mode chosen for it or, of all, in the one that promises to complete its job first."""
    if choice[o] >= 0:
        return place_in(data, choice, state, trail, entries, o, choice[o], floor)
    first, end = get(data, OPS, o, MODES_AT), get(data, OPS, o, MODES_END)
    if end - first == 1:
        return place_in(data, choice, state, trail, entries, o, first, floor)
    mark = trail[0]
    best, best_rank, best_time, best_busy = NONE, 0.0, 0, 0
    clash, bound = HOPELESS, NEVER
    for mode in range(first, end):
        machine = get(data, MODES, mode, MACHINE)
        if data[HAS_GAPS] and not leads_on(data, choice, o, machine):
            continue
        failed, later = place_in(data, choice, state, trail, entries, o, mode, floor)
        if failed == FITS:
            time, busy = get(data, MODES, mode, DURATION), state[data[BUSY] + machine]
            rank = thrift * (time - get(data, OPS, o, LEAST))
            rank += state[data[END] + o] + wait_after(data, state, o) + get(data, MODES, mode, TAIL)
            is_better = best < 0 or rank < best_rank or (rank == best_rank and time < best_time)
            if is_better or (rank == best_rank and time == best_time and busy < best_busy):
                best, best_rank, best_time, best_busy = mode, rank, time, busy
        elif later < bound:
            clash, bound = failed, later
        undo(state, trail, mark)
    if best < 0:
        return clash, bound
    return place_in(data, choice, state, trail, entries, o, best, floor)


@inner
def raise_floors(data: Ints, state: Ints, floors: Ints, first: int, clash: int, bound: int) -> int:
    """Raise the floor of the operation of a clash and of those that maximum lags tie to it; return the first of them.

    The answer is -1 if that helps nothing.
    """
    if clash < first or bound <= floors[clash] or bound >= NEVER:
        return -1
    floors[clash] = bound
    lowest = clash
    for o in range(clash, first - 1, -1):
        for k in range(get(data, OPS, o, INS_AT), get(data, OPS, o, INS_END)):
            link = get(data, INS, k, 0)
            before = get(data, LINKS, link, PRED)
            if before < first or get(data, LINKS, link, MAX_LAG) >= NEVER or state[data[MODE] + before] < 0:
                continue
            excess = floors[o] - get(data, LINKS, link, MAX_LAG) - state[data[END] + before]
            later = state[data[START] + before] + excess
            if excess > 0 and later > floors[before]:
                floors[before] = later
                lowest = min(lowest, before)
    return lowest


@inner
def place_unit(
    data: Ints,
    choice: Ints,
    state: Ints,
    trail: Ints,
    entries: Ints,
    floors: Ints,
    unit: int,
    floor: int,
    thrift: float,
) -> bool:
    """Place all operations of a unit; return whether that was possible."""
    first, end = get(data, UNITS, unit, FIRST_OP), get(data, UNITS, unit, LAST_OP)
    mark, num = trail[0], end - first
    for attempt in range(2):
        if attempt == 1:
            floor = data[NOW]
            for job in range(data[NUM_JOBS]):
                floor = max(floor, state[data[JOB_END] + job])
        for o in range(first, end):
            floors[o] = floor
            if data[FIRST_HOLD] > 0 and choice[data[FIRST_HOLD] + o] > 0:
                floors[o] = max(floor, get(data, OPS, o, BASE_START))
        o, clashes = first, 0
        while True:
            if 3 * trail[0] + 1 > data[TRAIL_ROOM]:
                undo(state, trail, mark)
                return False
            floors[data[NUM_OPS] + o] = trail[0]
            clash, bound = place_best(data, choice, state, trail, entries, o, floors[o], thrift)
            if clash == FITS:
                o += 1
                if o == end:
                    return True
                continue
            clashes += 1
            lowest = raise_floors(data, state, floors, first, clash, bound)
            if lowest < 0 or clashes >= MAX_CLASHES * num:
                undo(state, trail, mark)
                break
            undo(state, trail, floors[data[NUM_OPS] + lowest])
            o = lowest
    return False


@njit(cache=True, nogil=True)
def decode(
    data: Ints,
    goal: Ints,
    choice: Ints,
    plans: Ints,
    order: Ints,
    state: Ints,
    trail: Ints,
    entries: Ints,
    floors: Ints,
    marks: Ints,
    partial: Ints,
    begin: int,
    until: int,
    ceiling: int,
    old_partial: Ints,
    same_from: int,
    margin: int,
) -> bool:
    """Place the units from a position of the order up to another; return whether it could be, at most at `ceiling`.

    The value is what the objective comes to at least; at the end of the order all vehicles have gone home, too.
    `partial` takes down what the objective comes to at least after each position. From position `same_from` on, a
    decode is given up where that is more than `margin` above `old_partial`: it has fallen behind.
    """
    all_jobs = WIDTH * data[NUM_JOBS]
    counts_changes = goal[all_jobs + DEVIATION] > 0 or goal[all_jobs + REASSIGNED] > 0
    for position in range(begin, until):
        marks[position] = trail[0]
        unit = order[position]
        job = get(data, UNITS, unit, UNIT_JOB)
        if get(data, UNITS, unit, PLAN) != plans[job]:
            partial[position] = lower_value(data, goal, state)
            continue
        before = state[data[JOB_END] + job]
        if not place_unit(data, choice, state, trail, entries, floors, unit, 0, 0.0):
            return False
        if state[data[JOB_END] + job] > before:
            note(data, goal, state, trail, job, before)
        if counts_changes:
            note_change(data, goal, state, trail, unit)
        lower = lower_value(data, goal, state)
        partial[position] = lower
        if lower > ceiling or (position >= same_from and lower > old_partial[position] + margin):
            return False
    if until < data[NUM_FREE] or data[FIRST_CHARGE] == 0:
        return True
    return go_home(data, state, trail) and (data[SOME_PARK] == 0 or settle(data, state, trail))


@inner
def decode_change(
    data: Ints,
    goal: Ints,
    choice: Ints,
    plans: Ints,
    order: Ints,
    state: Ints,
    trail: Ints,
    entries: Ints,
    floors: Ints,
    marks: Ints,
    partial: Ints,
    begin: int,
    end: int,
    ceiling: int,
    margin: int,
    old_top: int,
    kept: Ints,
    old_marks: Ints,
    old_partial: Ints,
    stamps: Ints,
    stamp: int,
) -> bool:
    """Place the units from a change on, which ends at position `end`; return what `decode` does.

    The trail has been taken back to the first position of the change; from there on to `old_top` it is `kept`. Where
    the units up to the last position leave the same state behind as they did before, all that follows is as it was: a
    third of the changes are of no consequence.
    """
    behind, num = min(end + 1, data[NUM_FREE]), data[NUM_FREE]
    from_here = (state, trail, entries, floors, marks, partial)
    if not decode(data, goal, choice, plans, order, *from_here, begin, behind, ceiling, old_partial, end, margin):
        return False
    if behind == num:
        return True
    mark, old_mark = old_marks[begin], old_marks[behind]
    has_room = 3 * (trail[0] + old_top - old_mark) < data[TRAIL_ROOM]
    if has_room and come_to_the_same(state, kept, old_mark - mark, trail, mark, stamps, stamp):
        for position in range(behind, num):
            marks[position] = trail[0] + old_marks[position] - old_mark
        redo(state, trail, kept, old_mark - mark, old_top - mark)
        return True
    return decode(data, goal, choice, plans, order, *from_here, behind, num, ceiling, old_partial, end, margin)


@inner
def note(data: Ints, goal: Ints, state: Ints, trail: Ints, job: int, before: int) -> None:
    """Note what the later completion of a job means for the objective."""
    complete = state[data[JOB_END] + job]
    more = share(goal, job, complete) - share(goal, job, before)
    if more > 0:
        put(state, trail, data[SUM], state[data[SUM]] + more)
    if complete > state[data[LATEST]]:
        put(state, trail, data[LATEST], complete)
    late = complete - goal[WIDTH * job + DUE_AT]
    if late > state[data[MOST_LATE]]:
        put(state, trail, data[MOST_LATE], late)


@inner
def note_change(data: Ints, goal: Ints, state: Ints, trail: Ints, unit: int) -> None:
    """Note what it means for the objective that operations of a placed unit are not where the baseline has them."""
    more = ZERO
    for o in range(get(data, UNITS, unit, FIRST_OP), get(data, UNITS, unit, LAST_OP)):
        more += change_of(data, goal, state, o)
    if more > 0:
        put(state, trail, data[SUM], state[data[SUM]] + more)
