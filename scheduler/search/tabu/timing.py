"""Timing: earliest starts, tails and a topological order of a solution, in full or from the place of a change on."""

from __future__ import annotations

from numba import njit

from scheduler.search.tabu.arrays import (
    AFTER,
    BEFORE,
    BUFFER,
    DEGREE,
    DOWNTIMES_AT,
    END,
    FAMILIES,
    FAMILY,
    INITIAL,
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
)


@njit(cache=True, nogil=True)
def pushed(machines: Ints, times: Ints, machine: int, ready: int, setup: int, piece: int) -> int:
    """Return the first start from `ready` on at which a setup before it and a piece of work after it are not cut.

    The downtimes of the machine leave the setup ``[start - setup, start)`` and the work ``[start, start + piece)``
    whole; no piece, no setup: nothing to push.
    """
    start = ready
    for k in range(machines[DOWNTIMES_AT, machine], machines[DOWNTIMES_AT, machine + 1], 2):
        if times[k + 1] <= start - setup:
            continue
        if times[k] >= start + piece:
            break
        if piece == 0 and (setup == 0 or times[k] >= start):
            break
        start = times[k + 1] + setup
    return start


@njit(cache=True, nogil=True)
def interrupted(machines: Ints, times: Ints, machine: int, start: int, time: int) -> int:
    """Return the end of an operation that pauses in downtimes."""
    clock, left = start, time
    for k in range(machines[DOWNTIMES_AT, machine], machines[DOWNTIMES_AT, machine + 1], 2):
        if times[k + 1] <= clock:
            continue
        worked = times[k] - clock
        if left <= worked:
            break
        left -= worked
        clock = times[k + 1]
    return clock + left


@njit(cache=True, nogil=True)
def sort_all(ops: Ints, links: Ints, state: Ints) -> bool:
    """Compute a topological order from scratch; return False if there is a cycle."""
    num = state.shape[1]
    done = 0
    for o in range(num):
        degree = ops[PREDS_AT, o + 1] - ops[PREDS_AT, o]
        if state[BEFORE, o] >= 0:
            degree += 1
        state[DEGREE, o] = degree
        if degree == 0:
            state[ORDER, done] = o
            done += 1
    i = 0
    while i < done:
        o = state[ORDER, i]
        state[PLACE, o] = i
        i += 1
        for k in range(ops[SUCCS_AT, o], ops[SUCCS_AT, o + 1]):
            b = links[0, k]
            state[DEGREE, b] -= 1
            if state[DEGREE, b] == 0:
                state[ORDER, done] = b
                done += 1
        b = state[AFTER, o]
        if b >= 0:
            state[DEGREE, b] -= 1
            if state[DEGREE, b] == 0:
                state[ORDER, done] = b
                done += 1
    return done == num


@njit(cache=True, nogil=True)
def sort_between(ops: Ints, links: Ints, state: Ints, low: int, high: int) -> bool:
    """Repair the topological order in the places ``low .. high``, all that a move can upset; False for a cycle."""
    order, place, degree, found = state[ORDER], state[PLACE], state[DEGREE], state[BUFFER]
    done = 0
    for i in range(low, high + 1):
        o = order[i]
        count = 0
        for k in range(ops[PREDS_AT, o], ops[PREDS_AT, o + 1]):
            if low <= place[links[0, k]] <= high:
                count += 1
        a = state[BEFORE, o]
        if a >= 0 and low <= place[a] <= high:
            count += 1
        degree[o] = count
        if count == 0:
            found[done] = o
            done += 1
    i = 0
    while i < done:
        o = found[i]
        i += 1
        for k in range(ops[SUCCS_AT, o], ops[SUCCS_AT, o + 1]):
            b = links[0, k]
            if low <= place[b] <= high:
                degree[b] -= 1
                if degree[b] == 0:
                    found[done] = b
                    done += 1
        b = state[AFTER, o]
        if b >= 0 and low <= place[b] <= high:
            degree[b] -= 1
            if degree[b] == 0:
                found[done] = b
                done += 1
    if done < high - low + 1:
        return False
    for i in range(done):
        order[low + i] = found[i]
        place[found[i]] = low + i
    return True


@njit(cache=True, nogil=True)
def set_starts(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, low: int) -> None:
    """Compute starts and ends of the operations from place `low` of the order on."""
    for i in range(low, state.shape[1]):
        o = state[ORDER, i]
        machine, a, time = state[MACHINE, o], state[BEFORE, o], state[TIME, o]
        ready = ops[RELEASE, o]
        for k in range(ops[PREDS_AT, o], ops[PREDS_AT, o + 1]):
            ready = max(ready, state[END, links[0, k]] + links[1, k])
        state[READY, o] = ready
        free, setup = 0, 0
        if a >= 0:
            free = state[END, a]
        table = machines[SETUPS_AT, machine]
        if table >= 0:
            family = machines[INITIAL, machine]
            if a >= 0:
                family = state[FAMILY, a]
            setup = times[table + family * machines[FAMILIES, machine] + state[FAMILY, o]]
        start = max(ready, free + setup)
        end = start + time
        if machines[DOWNTIMES_AT, machine] < machines[DOWNTIMES_AT, machine + 1]:
            start = pushed(machines, times, machine, start, setup, 1 if ops[PAUSES, o] else time)
            end = start + time
            if ops[PAUSES, o]:
                end = interrupted(machines, times, machine, start, time)
        state[START, o] = start
        state[END, o] = end


@njit(cache=True, nogil=True)
def set_tails(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, high: int) -> None:
    """Compute the tails of the operations up to place `high` of the order, downtimes ignored."""
    for i in range(high, -1, -1):
        o = state[ORDER, i]
        rest = 0
        for k in range(ops[SUCCS_AT, o], ops[SUCCS_AT, o + 1]):
            b = links[0, k]
            rest = max(rest, state[TAIL, b] + state[TIME, b] + links[1, k])
        state[REST, o] = rest
        b = state[AFTER, o]
        if b >= 0:
            way = state[TAIL, b] + state[TIME, b]
            table = machines[SETUPS_AT, state[MACHINE, o]]
            if table >= 0:
                way += times[table + state[FAMILY, o] * machines[FAMILIES, state[MACHINE, o]] + state[FAMILY, b]]
            rest = max(rest, way)
        state[TAIL, o] = rest


@njit(cache=True, nogil=True)
def makespan(ops: Ints, state: Ints) -> int:
    """Return the latest end."""
    latest = 0
    for k in range(state.shape[1]):
        if ops[SINKS, k] < 0:
            break
        if state[END, ops[SINKS, k]] > latest:
            latest = state[END, ops[SINKS, k]]
    return latest


@njit(cache=True, nogil=True)
def time_all(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints) -> int:
    """Compute everything from scratch; return the makespan, or -1 for a cycle."""
    if not sort_all(ops, links, state):
        return -1
    set_starts(ops, links, machines, times, state, 0)
    set_tails(ops, links, machines, times, state, state.shape[1] - 1)
    return makespan(ops, state)
