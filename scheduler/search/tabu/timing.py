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
    RELEASE,
    SETUPS_AT,
    SINKS,
    START,
    SUCCS_AT,
    TAIL,
    TIME,
    Ints,
)


@njit(cache=True, nogil=True, forceinline=True)
def setup_time(machines: Ints, times: Ints, machine: int, before: int, after: int) -> int:
    """Return the setup time on a machine between two families."""
    at = machines[SETUPS_AT, machine]
    if at < 0:
        return 0
    return times[at + before * machines[FAMILIES, machine] + after]


@njit(cache=True, nogil=True, forceinline=True)
def first_setup(machines: Ints, times: Ints, machine: int, family: int) -> int:
    """Return the setup time of the first operation on a machine."""
    if machines[SETUPS_AT, machine] < 0:
        return 0
    return setup_time(machines, times, machine, machines[INITIAL, machine], family)


@njit(cache=True, nogil=True, forceinline=True)
def job_ready(ops: Ints, links: Ints, state: Ints, o: int) -> int:
    """Return when the job lets an operation start: its release and the ends of its predecessors with their lags."""
    ready = ops[RELEASE, o]
    for k in range(ops[PREDS_AT, o], ops[PREDS_AT, o + 1]):
        t = state[END, links[0, k]] + links[1, k]
        if t > ready:
            ready = t
    return ready


@njit(cache=True, nogil=True, forceinline=True)
def job_tail(ops: Ints, links: Ints, state: Ints, o: int) -> int:
    """Return the longest way from the end of an operation to the end of the schedule through its job."""
    tail = 0
    for k in range(ops[SUCCS_AT, o], ops[SUCCS_AT, o + 1]):
        b = links[0, k]
        t = state[TAIL, b] + state[TIME, b] + links[1, k]
        if t > tail:
            tail = t
    return tail


@njit(cache=True, nogil=True)
def pushed(ops: Ints, machines: Ints, times: Ints, machine: int, o: int, ready: int, setup: int, time: int) -> int:
    """Return the first start at or after `ready` that the machine's downtimes allow, with the setup right before it."""
    start = ready
    need = 1 if ops[PAUSES, o] else time
    for k in range(machines[DOWNTIMES_AT, machine], machines[DOWNTIMES_AT, machine + 1], 2):
        if times[k + 1] <= start - setup:
            continue
        if times[k] >= start + need and time > 0:
            break
        if (times[k] < start and setup > 0) or (time > 0 and times[k + 1] > start):
            start = times[k + 1] + setup
    return start


@njit(cache=True, nogil=True, forceinline=True)
def finished(ops: Ints, machines: Ints, times: Ints, machine: int, o: int, start: int, time: int) -> int:
    """Return the end of an operation: its start and time, and the downtimes that interrupt it."""
    if not ops[PAUSES, o]:
        return start + time
    return interrupted(machines, times, machine, start, time)


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


@njit(cache=True, nogil=True, forceinline=True)
def machine_ready(machines: Ints, times: Ints, state: Ints, machine: int, before: int, family: int) -> int:
    """Return when a machine is free and set up for an operation of this family after the operation `before`."""
    if before >= 0:
        return state[END, before] + setup_time(machines, times, machine, state[FAMILY, before], family)
    return first_setup(machines, times, machine, family)


@njit(cache=True, nogil=True, forceinline=True)
def machine_tail(machines: Ints, times: Ints, state: Ints, machine: int, family: int, after: int) -> int:
    """Return the longest way from the end of an operation of this family through its machine successor `after`."""
    if after < 0:
        return 0
    return state[TAIL, after] + state[TIME, after] + setup_time(machines, times, machine, family, state[FAMILY, after])


@njit(cache=True, nogil=True, forceinline=True)
def place_at(
    ops: Ints, machines: Ints, times: Ints, machine: int, o: int, job: int, free: int, setup: int, time: int
) -> int:
    """Return the start of an operation that its job lets start at `job` and its machine at `free`."""
    start = job if job > free else free
    if machines[DOWNTIMES_AT, machine] < machines[DOWNTIMES_AT, machine + 1]:
        return pushed(ops, machines, times, machine, o, start, setup, time)
    return start


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
    """Repair the topological order in the places ``low .. high``, all that a move can upset; False if it has a cycle."""
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
        machine = state[MACHINE, o]
        a = state[BEFORE, o]
        start = job_ready(ops, links, state, o)
        if machines[SETUPS_AT, machine] < 0:
            if a >= 0 and state[END, a] > start:
                start = state[END, a]
            setup = 0
        else:
            before = state[FAMILY, a] if a >= 0 else machines[INITIAL, machine]
            setup = setup_time(machines, times, machine, before, state[FAMILY, o])
            free = setup + (state[END, a] if a >= 0 else 0)
            if free > start:
                start = free
        end = start + state[TIME, o]
        if machines[DOWNTIMES_AT, machine] < machines[DOWNTIMES_AT, machine + 1]:
            start = pushed(ops, machines, times, machine, o, start, setup, state[TIME, o])
            end = finished(ops, machines, times, machine, o, start, state[TIME, o])
        state[START, o] = start
        state[END, o] = end


@njit(cache=True, nogil=True)
def set_tails(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, high: int) -> None:
    """Compute the tails of the operations up to place `high` of the order."""
    for i in range(high, -1, -1):
        o = state[ORDER, i]
        tail = job_tail(ops, links, state, o)
        b = state[AFTER, o]
        if b >= 0:
            t = state[TAIL, b] + state[TIME, b]
            machine = state[MACHINE, o]
            if machines[SETUPS_AT, machine] >= 0:
                t += setup_time(machines, times, machine, state[FAMILY, o], state[FAMILY, b])
            if t > tail:
                tail = t
        state[TAIL, o] = tail


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
