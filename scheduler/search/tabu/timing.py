"""Timing: earliest starts, tails and a topological order of a solution, in full or from the place of a change on."""

from __future__ import annotations

from numba import njit

from scheduler.search.tabu.arrays import Problem, State

@njit(cache=True, nogil=True, inline="always")
def setup_time(problem: Problem, machine: int, before: int, after: int) -> int:
    """Return the setup time on a machine between two families."""
    at = problem.setup_at[machine]
    if at < 0:
        return 0
    return problem.setup_times[at + before * problem.num_families[machine] + after]


@njit(cache=True, nogil=True)
def first_setup(problem: Problem, machine: int, family: int) -> int:
    """Return the setup time of the first operation on a machine."""
    if problem.setup_at[machine] < 0:
        return 0
    return setup_time(problem, machine, problem.initial[machine], family)


@njit(cache=True, nogil=True)
def job_ready(problem: Problem, state: State, o: int) -> int:
    """Return when the job lets an operation start: its release and the ends of its predecessors with their lags."""
    ready = problem.release[o]
    for k in range(problem.pred_ptr[o], problem.pred_ptr[o + 1]):
        t = state.end[problem.pred[k]] + problem.pred_lag[k]
        if t > ready:
            ready = t
    return ready


@njit(cache=True, nogil=True)
def job_tail(problem: Problem, state: State, o: int) -> int:
    """Return the longest way from the end of an operation to the end of the schedule through its job."""
    tail = 0
    for k in range(problem.succ_ptr[o], problem.succ_ptr[o + 1]):
        b = problem.succ[k]
        t = state.tail[b] + state.time[b] + problem.succ_lag[k]
        if t > tail:
            tail = t
    return tail


@njit(cache=True, nogil=True)
def pushed(problem: Problem, machine: int, o: int, ready: int, setup: int, time: int) -> int:
    """Return the first start at or after `ready` that the machine's downtimes allow, with the setup right before it."""
    start = ready
    need = 1 if problem.pauses[o] else time
    for k in range(problem.down_ptr[machine], problem.down_ptr[machine + 1]):
        if problem.down_end[k] <= start - setup:
            continue
        if problem.down_start[k] >= start + need and time > 0:
            break
        if problem.down_start[k] < start and setup > 0:
            start = problem.down_end[k] + setup
        elif time > 0 and problem.down_end[k] > start:
            start = problem.down_end[k] + setup
    return start


@njit(cache=True, nogil=True)
def finished(problem: Problem, machine: int, o: int, start: int, time: int) -> int:
    """Return the end of an operation: its start and time, and the downtimes that interrupt it."""
    if not problem.pauses[o]:
        return start + time
    clock, left = start, time
    for k in range(problem.down_ptr[machine], problem.down_ptr[machine + 1]):
        if problem.down_end[k] <= clock:
            continue
        worked = problem.down_start[k] - clock
        if left <= worked:
            break
        left -= worked
        clock = problem.down_end[k]
    return clock + left


@njit(cache=True, nogil=True)
def machine_ready(problem: Problem, state: State, machine: int, before: int, family: int) -> int:
    """Return when a machine is free and set up for an operation of this family after the operation `before`."""
    if before >= 0:
        return state.end[before] + setup_time(problem, machine, state.family[before], family)
    return first_setup(problem, machine, family)


@njit(cache=True, nogil=True)
def machine_tail(problem: Problem, state: State, machine: int, family: int, after: int) -> int:
    """Return the longest way from the end of an operation of this family through its machine successor `after`."""
    if after < 0:
        return 0
    return state.tail[after] + state.time[after] + setup_time(problem, machine, family, state.family[after])


@njit(cache=True, nogil=True)
def place_at(problem: Problem, machine: int, o: int, job: int, free: int, setup: int, time: int) -> int:
    """Return the start of an operation that its job lets start at `job` and its machine at `free`."""
    start = job if job > free else free
    if problem.down_ptr[machine] < problem.down_ptr[machine + 1]:
        return pushed(problem, machine, o, start, setup, time)
    return start


@njit(cache=True, nogil=True)
def sort_all(problem: Problem, state: State) -> bool:
    """Compute a topological order from scratch; return False if there is a cycle."""
    num = state.order.size
    done = 0
    for o in range(num):
        degree = problem.pred_ptr[o + 1] - problem.pred_ptr[o]
        if state.before[o] >= 0:
            degree += 1
        state.degree[o] = degree
        if degree == 0:
            state.order[done] = o
            done += 1
    i = 0
    while i < done:
        o = state.order[i]
        state.place[o] = i
        i += 1
        for k in range(problem.succ_ptr[o], problem.succ_ptr[o + 1]):
            b = problem.succ[k]
            state.degree[b] -= 1
            if state.degree[b] == 0:
                state.order[done] = b
                done += 1
        b = state.after[o]
        if b >= 0:
            state.degree[b] -= 1
            if state.degree[b] == 0:
                state.order[done] = b
                done += 1
    return done == num


@njit(cache=True, nogil=True)
def sort_between(problem: Problem, state: State, low: int, high: int) -> bool:
    """Repair the topological order in the places ``low .. high``, all that a move can upset; False if it has a cycle."""
    order, place, degree, found = state.order, state.place, state.degree, state.buffer
    done = 0
    for i in range(low, high + 1):
        o = order[i]
        count = 0
        for k in range(problem.pred_ptr[o], problem.pred_ptr[o + 1]):
            if low <= place[problem.pred[k]] <= high:
                count += 1
        a = state.before[o]
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
        for k in range(problem.succ_ptr[o], problem.succ_ptr[o + 1]):
            b = problem.succ[k]
            if low <= place[b] <= high:
                degree[b] -= 1
                if degree[b] == 0:
                    found[done] = b
                    done += 1
        b = state.after[o]
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
def set_starts(problem: Problem, state: State, low: int) -> None:
    """Compute starts and ends of the operations from place `low` of the order on."""
    for i in range(low, state.order.size):
        o = state.order[i]
        machine = state.machine[o]
        a = state.before[o]
        start = job_ready(problem, state, o)
        if problem.setup_at[machine] < 0:
            if a >= 0 and state.end[a] > start:
                start = state.end[a]
            setup = 0
        else:
            before = state.family[a] if a >= 0 else problem.initial[machine]
            setup = setup_time(problem, machine, before, state.family[o])
            free = setup + (state.end[a] if a >= 0 else 0)
            if free > start:
                start = free
        end = start + state.time[o]
        if problem.down_ptr[machine] < problem.down_ptr[machine + 1]:
            start = pushed(problem, machine, o, start, setup, state.time[o])
            end = finished(problem, machine, o, start, state.time[o])
        state.start[o] = start
        state.end[o] = end


@njit(cache=True, nogil=True)
def set_tails(problem: Problem, state: State, high: int) -> None:
    """Compute the tails of the operations up to place `high` of the order."""
    for i in range(high, -1, -1):
        o = state.order[i]
        tail = job_tail(problem, state, o)
        b = state.after[o]
        if b >= 0:
            t = state.tail[b] + state.time[b]
            machine = state.machine[o]
            if problem.setup_at[machine] >= 0:
                t += setup_time(problem, machine, state.family[o], state.family[b])
            if t > tail:
                tail = t
        state.tail[o] = tail


@njit(cache=True, nogil=True)
def makespan(problem: Problem, state: State) -> int:
    """Return the latest end."""
    latest = 0
    for k in range(problem.sinks.size):
        if state.end[problem.sinks[k]] > latest:
            latest = state.end[problem.sinks[k]]
    return latest


@njit(cache=True, nogil=True)
def time_all(problem: Problem, state: State) -> int:
    """Compute everything from scratch; return the makespan, or -1 for a cycle."""
    if not sort_all(problem, state):
        return -1
    set_starts(problem, state, 0)
    set_tails(problem, state, state.order.size - 1)
    return makespan(problem, state)
