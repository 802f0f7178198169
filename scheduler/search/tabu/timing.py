"""Timing: earliest starts, tails and a topological order of a solution, in full or from the place of a change on."""

from __future__ import annotations

from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    BEFORE,
    BUFFER,
    DEGREE,
    END,
    FAMILIES,
    FAMILY,
    FREE,
    INITIAL,
    LEAVES,
    MACHINE,
    ORDER,
    PAUSES,
    PLACE,
    PREDS_AT,
    READY,
    RELEASE,
    REST,
    SETUPS_AT,
    SINKS,
    START,
    SUCCS_AT,
    TAIL,
    TIME,
    Ints,
    ix,
)
from scheduler.search.tabu.calendars import worked


@entry
def sort_all(ops: Ints, links: Ints, state: Ints) -> bool:
    """Compute a topological order from scratch; return False if there is a cycle."""
    num = state.shape[1]
    done = 0
    for o in range(num):
        degree = ops[PREDS_AT, ix(o + 1)] - ops[PREDS_AT, ix(o)]
        if state[BEFORE, ix(o)] >= 0:
            degree += 1
        state[DEGREE, ix(o)] = degree
        if degree == 0:
            state[ORDER, ix(done)] = o
            done += 1
    i = 0
    while i < done:
        o = state[ORDER, ix(i)]
        state[PLACE, ix(o)] = i
        i += 1
        for k in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
            b = links[0, ix(k)]
            state[DEGREE, ix(b)] -= 1
            if state[DEGREE, ix(b)] == 0:
                state[ORDER, ix(done)] = b
                done += 1
        b = state[AFTER, ix(o)]
        if b >= 0:
            state[DEGREE, ix(b)] -= 1
            if state[DEGREE, ix(b)] == 0:
                state[ORDER, ix(done)] = b
                done += 1
    return done == num


@uncounted
def sort_between(ops: Ints, links: Ints, state: Ints, low: int, high: int) -> bool:
    """Repair the topological order in the places ``low .. high``, all that a move can upset; False for a cycle."""
    order, place, degree, found = state[ORDER], state[PLACE], state[DEGREE], state[BUFFER]
    done = 0
    for i in range(low, high + 1):
        o = order[ix(i)]
        count = 0
        for k in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
            if low <= place[ix(links[0, ix(k)])] <= high:
                count += 1
        a = state[BEFORE, ix(o)]
        if a >= 0 and low <= place[ix(a)] <= high:
            count += 1
        degree[ix(o)] = count
        if count == 0:
            found[ix(done)] = o
            done += 1
    i = 0
    while i < done:
        o = found[ix(i)]
        i += 1
        for k in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
            b = links[0, ix(k)]
            if low <= place[ix(b)] <= high:
                degree[ix(b)] -= 1
                if degree[ix(b)] == 0:
                    found[ix(done)] = b
                    done += 1
        b = state[AFTER, ix(o)]
        if b >= 0 and low <= place[ix(b)] <= high:
            degree[ix(b)] -= 1
            if degree[ix(b)] == 0:
                found[ix(done)] = b
                done += 1
    if done < high - low + 1:
        return False
    for i in range(done):
        order[ix(low + i)] = found[ix(i)]
        place[ix(found[ix(i)])] = low + i
    return True


@entry
def set_starts(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, low: int) -> None:
    """Compute starts and ends of the operations from place `low` of the order on."""
    plain = machines[SETUPS_AT, -1] < 0
    for i in range(low, state.shape[1]):
        o = state[ORDER, ix(i)]
        a, time = state[BEFORE, ix(o)], state[TIME, ix(o)]
        ready = ops[RELEASE, ix(o)]
        for k in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
            ready = max(ready, state[END, ix(links[0, ix(k)])] + links[1, ix(k)])
        state[READY, ix(o)] = ready
        free, setup = state[END, ix(a)] if a >= 0 else machines[FREE, ix(state[MACHINE, ix(o)])], 0
        if plain:
            start = max(ready, free)
            state[START, ix(o)] = start
            state[END, ix(o)] = start + time
            continue
        machine = state[MACHINE, ix(o)]
        table = machines[SETUPS_AT, ix(machine)]
        if table >= 0:
            family = machines[INITIAL, ix(machine)]
            if a >= 0:
                family = state[LEAVES, ix(a)]
            setup = times[ix(table + family * machines[FAMILIES, ix(machine)] + state[FAMILY, ix(o)])]
        start = max(ready, free + setup)
        start, end = worked(machines, times, machine, start, setup, time, ops[PAUSES, ix(o)])
        state[START, ix(o)] = start
        state[END, ix(o)] = end


@uncounted
def set_tails(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, high: int) -> None:
    """Compute the tails of the operations up to place `high` of the order, downtimes and slow machines ignored."""
    plain = machines[SETUPS_AT, -1] < 0
    for i in range(high, -1, -1):
        o = state[ORDER, ix(i)]
        rest = 0
        for k in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
            b = links[0, ix(k)]
            rest = max(rest, state[TAIL, ix(b)] + state[TIME, ix(b)] + links[1, ix(k)])
        state[REST, ix(o)] = rest
        b = state[AFTER, ix(o)]
        if b >= 0:
            way = state[TAIL, ix(b)] + state[TIME, ix(b)]
            if not plain:
                machine = state[MACHINE, ix(o)]
                table = machines[SETUPS_AT, ix(machine)]
                if table >= 0:
                    setup = table + state[LEAVES, ix(o)] * machines[FAMILIES, ix(machine)] + state[FAMILY, ix(b)]
                    way += times[ix(setup)]
            rest = max(rest, way)
        state[TAIL, ix(o)] = rest


@entry
def makespan(ops: Ints, state: Ints) -> int:
    """Return the latest end."""
    latest = 0
    for k in range(state.shape[1]):
        if ops[SINKS, ix(k)] < 0:
            break
        if state[END, ix(ops[SINKS, ix(k)])] > latest:
            latest = state[END, ix(ops[SINKS, ix(k)])]
    return latest


@entry
def time_all(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints) -> int:
    """Compute everything from scratch; return the makespan, or -1 for a cycle."""
    if not sort_all(ops, links, state):
        return -1
    set_starts(ops, links, machines, times, state, 0)
    set_tails(ops, links, machines, times, state, state.shape[1] - 1)
    return makespan(ops, state)
