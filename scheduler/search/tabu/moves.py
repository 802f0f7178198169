"""Moves: taking an operation out of its machine's sequence and putting it back elsewhere, and what that may bring."""

from __future__ import annotations

from numba import njit

from scheduler.search.tabu.arrays import Problem, State
from scheduler.search.tabu.timing import finished, job_ready, job_tail, machine_ready, machine_tail, place_at, setup_time


@njit(cache=True, nogil=True)
def take_out(state: State, o: int) -> None:
    """Take an operation out of its machine's sequence."""
    a, b, machine = state.before[o], state.after[o], state.machine[o]
    if a >= 0:
        state.after[a] = b
    else:
        state.first[machine] = b
    if b >= 0:
        state.before[b] = a
    else:
        state.last[machine] = a


@njit(cache=True, nogil=True)
def put_after(problem: Problem, state: State, o: int, alt: int, a: int) -> None:
    """Put an operation that is out, in alternative `alt`, after operation `a` of that machine (-1: first)."""
    machine = problem.alt_machine[alt]
    state.alt[o] = alt
    state.machine[o] = machine
    state.time[o] = problem.alt_time[alt]
    state.family[o] = problem.alt_family[alt]
    if a >= 0:
        b = state.after[a]
        state.after[a] = o
    else:
        b = state.first[machine]
        state.first[machine] = o
    state.before[o] = a
    state.after[o] = b
    if b >= 0:
        state.before[b] = o
    else:
        state.last[machine] = o


@njit(cache=True, nogil=True)
def estimate_later(problem: Problem, state: State, u: int, v: int) -> int:
    """Estimate the longest way through the block when `u` is moved right after `v` on its machine.

    Starts and tails of the operations from the one after `u` to `v`, and of `u`, are computed anew in their new order;
    all else keeps its times (Balas & Vazacopoulos 1998). Exact for the longest way through these operations unless a
    time that is kept depends on them.
    """
    machine = state.machine[u]
    heads = state.buffer
    a = state.before[u]
    free = state.end[a] if a >= 0 else 0
    family = state.family[a] if a >= 0 else problem.initial[machine]
    x, count = state.after[u], 0
    while True:
        setup = setup_time(problem, machine, family, state.family[x])
        start = place_at(problem, machine, x, job_ready(problem, state, x), free + setup, setup, state.time[x])
        free = finished(problem, machine, x, start, state.time[x])
        heads[count] = free
        count += 1
        family = state.family[x]
        if x == v:
            break
        x = state.after[x]
    setup = setup_time(problem, machine, family, state.family[u])
    start = place_at(problem, machine, u, job_ready(problem, state, u), free + setup, setup, state.time[u])
    tail = machine_tail(problem, state, machine, state.family[u], state.after[v])
    through_job = job_tail(problem, state, u)
    if through_job > tail:
        tail = through_job
    longest = finished(problem, machine, u, start, state.time[u]) + tail
    way = tail + state.time[u] + setup
    x = v
    for i in range(count - 1, -1, -1):
        tail = job_tail(problem, state, x)
        if way > tail:
            tail = way
        if heads[i] + tail > longest:
            longest = heads[i] + tail
        a = state.before[x]
        way = tail + state.time[x] + setup_time(problem, machine, state.family[a], state.family[x])
        x = a
    return longest


@njit(cache=True, nogil=True)
def estimate_earlier(problem: Problem, state: State, u: int, v: int) -> int:
    """Estimate the longest way through the block when `v` is moved right before `u` on its machine.

    The mirror image of `estimate_later`.
    """
    machine = state.machine[u]
    heads = state.buffer
    a = state.before[u]
    family = state.family[a] if a >= 0 else problem.initial[machine]
    setup = setup_time(problem, machine, family, state.family[v])
    free = (state.end[a] if a >= 0 else 0) + setup
    start = place_at(problem, machine, v, job_ready(problem, state, v), free, setup, state.time[v])
    free = finished(problem, machine, v, start, state.time[v])
    head_v = free
    family = state.family[v]
    x, count = u, 0
    while x != v:
        setup = setup_time(problem, machine, family, state.family[x])
        start = place_at(problem, machine, x, job_ready(problem, state, x), free + setup, setup, state.time[x])
        free = finished(problem, machine, x, start, state.time[x])
        heads[count] = free
        count += 1
        family = state.family[x]
        x = state.after[x]
    x = state.before[v]
    way = machine_tail(problem, state, machine, state.family[x], state.after[v])
    longest = 0
    for i in range(count - 1, -1, -1):
        tail = job_tail(problem, state, x)
        if way > tail:
            tail = way
        if heads[i] + tail > longest:
            longest = heads[i] + tail
        before = state.before[x] if x != u else v
        way = tail + state.time[x] + setup_time(problem, machine, state.family[before], state.family[x])
        x = state.before[x]
    tail = job_tail(problem, state, v)
    if way > tail:
        tail = way
    if head_v + tail > longest:
        longest = head_v + tail
    return longest


@njit(cache=True, nogil=True)
def estimate_between(problem: Problem, state: State, o: int, alt: int, ready: int, tail: int, a: int, b: int) -> int:
    """Estimate the longest way through an operation put in alternative `alt` between `a` and `b` of that machine.

    `ready` and `tail` are what its job allows.
    """
    machine, family, time = problem.alt_machine[alt], problem.alt_family[alt], problem.alt_time[alt]
    free = machine_ready(problem, state, machine, a, family)
    setup = 0
    if problem.setup_at[machine] >= 0:
        setup = free - (state.end[a] if a >= 0 else 0)
    start = place_at(problem, machine, o, ready, free, setup, time)
    through_machine = machine_tail(problem, state, machine, family, b)
    if through_machine > tail:
        tail = through_machine
    return finished(problem, machine, o, start, time) + tail
