"""Greedy schedules: again and again the unit that a rule prefers among those that can start soonest."""

from __future__ import annotations

from numba import njit

from scheduler.search.decode.calendars import window_of_work
from scheduler.search.decode.carry import route_between
from scheduler.search.decode.decode import note, place_unit
from scheduler.search.decode.layout import (
    AT,
    CALENDAR,
    DONE,
    DURATION,
    END,
    FAMILY,
    FIRST_OP,
    INS,
    INS_AT,
    INS_END,
    JOB,
    JOB_END,
    JOBS,
    LAST_OP,
    LEG_TIME,
    LEGS,
    LEGS_AT,
    LINKS,
    MACHINE,
    MACHINES,
    MIN_LAG,
    MODE,
    MODES,
    MODES_AT,
    MODES_END,
    NEVER,
    NEXTS,
    NEXTS_AT,
    NEXTS_END,
    NOW,
    NUM_BEFORE,
    NUM_FREE,
    NUM_LEGS,
    NUM_UNITS,
    OPS,
    PAUSES,
    PLAN,
    PRED,
    RELEASE,
    ROUTES,
    UNIT_JOB,
    UNITS,
    Ints,
    get,
)
from scheduler.search.decode.machines import machine_of, opening
from scheduler.search.inner import inner


@inner
def peek(data: Ints, choice: Ints, state: Ints, unit: int, floor: int) -> int:
    """Return when a unit can start at the earliest, if its parts wait for no mover and it for no operator.

    `floor` is what it was before: as units are only added, a start only grows, and no earlier gap needs a look.
    """
    o = get(data, UNITS, unit, FIRST_OP)
    release = max(get(data, JOBS, get(data, OPS, o, JOB), RELEASE), data[NOW])
    found = NEVER
    for mode in range(get(data, OPS, o, MODES_AT), get(data, OPS, o, MODES_END)):
        if choice[o] >= 0 and choice[o] != mode:
            continue
        machine, ready = get(data, MODES, mode, MACHINE), release
        for k in range(get(data, OPS, o, INS_AT), get(data, OPS, o, INS_END)):
            link = get(data, INS, k, 0)
            before = get(data, LINKS, link, PRED)
            route = route_between(data, machine_of(data, state, before) if before >= 0 else -1, machine)
            legs = get(data, ROUTES, route, NUM_LEGS)
            if legs < 0:
                ready = NEVER
                break
            there, done = release, state[data[DONE] + link]
            if before >= 0:
                there = state[data[END] + before] + get(data, LINKS, link, MIN_LAG)
            if done > 0:
                there = state[data[AT] + link]
            for number in range(done, legs):
                there += get(data, LEGS, get(data, ROUTES, route, LEGS_AT) + number, LEG_TIME)
            ready = max(ready, there)
        ready = max(ready, floor)
        if ready >= found:
            continue
        duration = get(data, MODES, mode, DURATION)
        start = opening(data, state, machine, ready, duration, get(data, MODES, mode, FAMILY), o)
        calendar, pauses = get(data, MACHINES, machine, CALENDAR), get(data, OPS, o, PAUSES)
        start, _ = window_of_work(data, calendar, start, duration, pauses)
        found = min(found, start)
    return found


@njit(cache=True, nogil=True)
def greedy(
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
    ranks: Ints,
    missing: Ints,
    ready: Ints,
    starts: Ints,
    window: float,
    thrift: float,
) -> bool:
    """Place all units, choose modes where none is chosen, and write the order down; return whether it was possible.

    Units compete that can start at most ``window`` times their operation's length after the first that can; the least
    rank wins. `window` below 0: all compete. `order` holds the free units; what waits for none is ready. `missing`
    has room for the units missing before each unit, `ready` for those that are ready, `starts` for when they can start.
    """
    num_ready, num_placed, num_free = 0, 0, data[NUM_FREE]
    for unit in range(data[NUM_UNITS]):
        missing[unit] = get(data, UNITS, unit, NUM_BEFORE)
    for unit in range(data[NUM_UNITS]):
        if state[data[MODE] + get(data, UNITS, unit, FIRST_OP)] >= 0:  # on the board from the beginning
            for k in range(get(data, UNITS, unit, NEXTS_AT), get(data, UNITS, unit, NEXTS_END)):
                missing[get(data, NEXTS, k, 0)] -= 1
    left_out = num_free
    for k in range(num_free):
        unit = order[k]
        if get(data, UNITS, unit, PLAN) == plans[get(data, UNITS, unit, UNIT_JOB)]:
            if missing[unit] == 0:
                ready[num_ready] = unit
                starts[num_ready] = peek(data, choice, state, unit, 0)
                num_ready += 1
        else:
            left_out -= 1
            marks[left_out] = unit  # kept here for a while: plans that are not carried out stand at the end
    while num_ready > 0:
        chosen = 0
        if window < 0.0:
            for k in range(num_ready):
                if ranks[ready[k]] < ranks[ready[chosen]]:
                    chosen = k
        else:
            for k in range(num_ready):
                if starts[k] < starts[chosen]:
                    chosen = k
            starts[chosen] = peek(data, choice, state, ready[chosen], starts[chosen])
            for k in range(num_ready):
                if k != chosen and starts[k] < starts[chosen]:
                    starts[k] = peek(data, choice, state, ready[k], starts[k])
                    if starts[k] < starts[chosen]:
                        chosen = k
            o = get(data, UNITS, ready[chosen], FIRST_OP)
            latest = starts[chosen]
            if window > 0.0:
                latest += int(window * get(data, MODES, get(data, OPS, o, MODES_AT), DURATION))
            for k in range(num_ready):
                if starts[k] <= latest and ranks[ready[k]] < ranks[ready[chosen]]:
                    starts[k] = peek(data, choice, state, ready[k], starts[k])
                    if starts[k] <= latest:
                        chosen = k
        unit = ready[chosen]
        job = get(data, UNITS, unit, UNIT_JOB)
        before = state[data[JOB_END] + job]
        if not place_unit(data, choice, state, trail, entries, floors, unit, 0, thrift):
            return False
        for o in range(get(data, UNITS, unit, FIRST_OP), get(data, UNITS, unit, LAST_OP)):
            choice[o] = state[data[MODE] + o]
        if state[data[JOB_END] + job] > before:
            note(data, goal, state, trail, job, before)
        num_ready -= 1
        ready[chosen], starts[chosen] = ready[num_ready], starts[num_ready]
        order[num_placed] = unit
        num_placed += 1
        for k in range(get(data, UNITS, unit, NEXTS_AT), get(data, UNITS, unit, NEXTS_END)):
            other = get(data, NEXTS, k, 0)
            missing[other] -= 1
            if missing[other] == 0:
                ready[num_ready] = other
                starts[num_ready] = peek(data, choice, state, other, 0)
                num_ready += 1
    for k in range(left_out, num_free):
        order[k] = marks[k]
    return num_placed == left_out
