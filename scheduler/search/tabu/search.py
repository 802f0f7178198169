"""The tabu search itself: critical blocks, machine changes, tabu lists; one call is one uninterrupted run.

Neighbourhood: on a random critical path, every operation of a block is moved to the block's ends, and its ends into it
(N7: Zhang, Li, Guan & Rao 2007, after N6: Balas & Vazacopoulos 1998); every operation with alternatives is put on every
other machine of its, at the positions that Mastrolilli & Gambardella (2000) show to contain the best one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from scheduler.search.tabu.arrays import Ints, Problem, State
from scheduler.search.tabu.moves import estimate_between, estimate_earlier, estimate_later, put_after, take_out
from scheduler.search.tabu.timing import (
    job_ready,
    job_tail,
    makespan,
    set_starts,
    set_tails,
    setup_time,
    sort_between,
    time_all,
)

LATER, EARLIER, ELSEWHERE = 0, 1, 2
ARCS = 1 << 18


class Memory(NamedTuple):
    """Tabu lists: until which iteration ``b before a`` (hashed by pair) and ``o on machine`` are forbidden."""

    arcs: Ints
    machines: Ints
    path: Ints


class Move(NamedTuple):
    """``kind`` LATER: `u` right after `v`; EARLIER: `v` right before `u`; ELSEWHERE: `u` in alternative `v` after `w`."""

    kind: int
    u: int
    v: int
    w: int
    value: int


@njit(cache=True, nogil=True)
def slot(a: int, b: int) -> int:
    """Return the place of an ordered pair in the tabu list."""
    h = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b) * np.uint64(0xC2B2AE3D27D4EB4F)
    h ^= h >> np.uint64(29)
    return np.int64(h & np.uint64(ARCS - 1))


@njit(cache=True, nogil=True)
def critical_path(problem: Problem, state: State, path: Ints, latest: int) -> int:
    """Write a random critical path, last operation first; return its length."""
    o, ties = -1, 0
    for k in range(problem.sinks.size):
        s = problem.sinks[k]
        if state.end[s] == latest:
            ties += 1
            if np.random.randint(ties) == 0:
                o = s
    count = 0
    while o >= 0:
        path[count] = o
        count += 1
        start, machine, a = state.start[o], state.machine[o], state.before[o]
        by_job, job_arrival = -1, problem.release[o]
        for k in range(problem.pred_ptr[o], problem.pred_ptr[o + 1]):
            t = state.end[problem.pred[k]] + problem.pred_lag[k]
            if t >= job_arrival:
                by_job, job_arrival = problem.pred[k], t
        by_machine = -1
        machine_arrival = -1
        if a >= 0:
            machine_arrival = state.end[a] + setup_time(problem, machine, state.family[a], state.family[o])
            by_machine = a
        if start == 0 or (by_job < 0 and machine_arrival < job_arrival):
            break
        if machine_arrival > job_arrival or (machine_arrival == job_arrival and np.random.randint(2) == 0):
            o = by_machine
        else:
            o = by_job
    return count


@njit(cache=True, nogil=True)
def is_tabu(state: State, memory: Memory, kind: int, u: int, v: int, now: int) -> bool:
    """Return whether a move inside a sequence restores an order that is forbidden."""
    if kind == LATER:
        x = state.after[u]
        while True:
            if memory.arcs[slot(x, u)] > now:
                return True
            if x == v:
                return False
            x = state.after[x]
    x = u
    while x != v:
        if memory.arcs[slot(v, x)] > now:
            return True
        x = state.after[x]
    return False


@njit(cache=True, nogil=True)
def may_move(problem: Problem, state: State, kind: int, u: int, v: int) -> bool:
    """Return whether a move inside a sequence surely makes no cycle (Balas & Vazacopoulos 1998, propositions 2.2, 2.3)."""
    if kind == LATER:
        return job_tail(problem, state, u) < state.tail[v] + state.time[v]
    return job_ready(problem, state, v) < state.end[u]


@njit(cache=True, nogil=True)
def choose(problem: Problem, state: State, memory: Memory, count: int, now: int, best: int) -> Move:
    """Return the best move that is not tabu, or leads below `best`; a random tabu one if there is no other."""
    path = memory.path
    chosen = Move(-1, -1, -1, -1, 1 << 60)
    spare = Move(-1, -1, -1, -1, 1 << 60)
    ties, spares = 0, 0
    i = count - 1
    while i >= 0:
        j = i
        while j >= 1 and state.before[path[j - 1]] == path[j]:
            j -= 1
        head, last = path[i], path[j]
        if j < i:
            for variant in range(4):
                for k in range(j, i + 1):
                    x = path[k]
                    inner = x != head and x != last
                    if variant == 0 and x != last:
                        kind, u, v = LATER, x, last
                    elif variant == 1 and x != head and i - j > 1:
                        kind, u, v = EARLIER, head, x
                    elif variant == 2 and inner:
                        kind, u, v = LATER, head, x
                    elif variant == 3 and inner:
                        kind, u, v = EARLIER, x, last
                    else:
                        continue
                    if not may_move(problem, state, kind, u, v):
                        continue
                    if kind == LATER:
                        value = estimate_later(problem, state, u, v)
                    else:
                        value = estimate_earlier(problem, state, u, v)
                    if value > chosen.value and spares > 0:
                        continue
                    if value >= best and is_tabu(state, memory, kind, u, v, now):
                        spares += 1
                        if np.random.randint(spares) == 0:
                            spare = Move(kind, u, v, -1, value)
                        continue
                    if value < chosen.value:
                        ties = 0
                    if value <= chosen.value:
                        ties += 1
                        if np.random.randint(ties) == 0:
                            chosen = Move(kind, u, v, -1, value)
        i = j - 1
    for i in range(count):
        o = path[i]
        if problem.alt_ptr[o + 1] - problem.alt_ptr[o] < 2:
            continue
        ready, tail = job_ready(problem, state, o), job_tail(problem, state, o)
        latest_pred, longest_succ = -1, -1
        for k in range(problem.pred_ptr[o], problem.pred_ptr[o + 1]):
            latest_pred = max(latest_pred, state.start[problem.pred[k]])
        for k in range(problem.succ_ptr[o], problem.succ_ptr[o + 1]):
            longest_succ = max(longest_succ, state.tail[problem.succ[k]])
        for alt in range(problem.alt_ptr[o], problem.alt_ptr[o + 1]):
            machine = problem.alt_machine[alt]
            if machine == state.machine[o] or ready + problem.alt_time[alt] + tail > chosen.value:
                continue
            forbidden = memory.machines[o * state.first.size + machine] > now
            a, b = -1, state.first[machine]
            while b >= 0 and (state.end[b] <= latest_pred or state.end[b] <= ready):
                a, b = b, state.after[b]
            while True:
                value = estimate_between(problem, state, o, alt, ready, tail, a, b)
                if forbidden and value >= best:
                    spares += 1
                    if np.random.randint(spares) == 0:
                        spare = Move(ELSEWHERE, o, alt, a, value)
                else:
                    if value < chosen.value:
                        ties = 0
                    if value <= chosen.value:
                        ties += 1
                        if np.random.randint(ties) == 0:
                            chosen = Move(ELSEWHERE, o, alt, a, value)
                if b < 0:
                    break
                reach = state.tail[b] + state.time[b]
                # Past b no cycle is sure to arise only while b can't come after a successor; and it gains nothing
                # once what follows b is shorter than what the job still has to do.
                if reach <= longest_succ or reach <= tail:
                    break
                a, b = b, state.after[b]
    return chosen if chosen.kind >= 0 else spare


@njit(cache=True, nogil=True)
def apply(problem: Problem, state: State, memory: Memory, move: Move, until: int) -> bool:
    """Carry out a move and time it; return False, with the solution as before, if it makes a cycle."""
    kind, u, v = move.kind, move.u, move.v
    place = state.place
    if kind == LATER:
        x = state.after[u]
        while True:
            memory.arcs[slot(u, x)] = until
            if x == v:
                break
            x = state.after[x]
        moved, back, target = u, state.before[u], v
        low, high = place[u], place[v]
    elif kind == EARLIER:
        x = u
        while x != v:
            memory.arcs[slot(x, v)] = until
            x = state.after[x]
        moved, back, target = v, state.before[v], state.before[u]
        low, high = place[u], place[v]
    else:
        memory.machines[u * state.first.size + state.machine[u]] = until
        moved, back, target = u, state.before[u], move.w
        low = high = place[u]
    alt = state.alt[moved]
    follower = state.after[moved]
    take_out(state, moved)
    put_after(problem, state, moved, v if kind == ELSEWHERE else alt, target)
    if kind == ELSEWHERE:
        b = state.after[moved]
        if b >= 0 and place[b] < low:
            low = place[b]
        if target >= 0 and place[target] > high:
            high = place[target]
    if high > low and not sort_between(problem, state, low, high):
        take_out(state, moved)
        put_after(problem, state, moved, alt, back)
        return False
    if follower >= 0 and place[follower] < low:
        low = place[follower]
    if back >= 0 and place[back] > high:
        high = place[back]
    set_starts(problem, state, low)
    set_tails(problem, state, high)
    return True


@njit(cache=True, nogil=True)
def copy_state(source: State, target: State) -> None:
    """Copy a solution with its timing."""
    target.alt[:] = source.alt
    target.machine[:] = source.machine
    target.time[:] = source.time
    target.family[:] = source.family
    target.before[:] = source.before
    target.after[:] = source.after
    target.first[:] = source.first
    target.last[:] = source.last
    target.start[:] = source.start
    target.end[:] = source.end
    target.tail[:] = source.tail
    target.order[:] = source.order
    target.place[:] = source.place


@njit(cache=True, nogil=True)
def run(
    problem: Problem,
    state: State,
    best: State,
    memory: Memory,
    seed: int,
    iterations: int,
    patience: int,
    target: int,
    tenure: int,
    stop: Ints,
) -> tuple[int, int]:
    """Search from `state`; leave the best solution in `best`; return its makespan and the iterations done.

    Ends after `iterations`, after `patience` of them without improvement, at a makespan of at most `target`, or soon
    after ``stop[0]`` becomes non-zero.
    """
    np.random.seed(seed)
    memory.arcs[:] = 0
    memory.machines[:] = 0
    latest = time_all(problem, state)
    value = latest
    copy_state(state, best)
    improved_at = 0
    now = 0
    while now < iterations and now - improved_at < patience and value > target and stop[0] == 0:
        now += 1
        count = critical_path(problem, state, memory.path, latest)
        move = choose(problem, state, memory, count, now, value)
        if move.kind < 0:
            break
        until = now + tenure + np.random.randint(tenure // 2 + 3)
        if not apply(problem, state, memory, move, until):
            continue
        latest = makespan(problem, state)
        if latest < value:
            value = latest
            improved_at = now
            copy_state(state, best)
    return value, now
