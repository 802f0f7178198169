"""The tabu search itself: critical blocks, machine changes, tabu lists; one call is one uninterrupted run.

Neighbourhood: on a random critical path, every operation of a block is moved to the block's ends, and its ends into it
(N7: Zhang, Li, Guan & Rao 2007, after N6: Balas & Vazacopoulos 1998); every operation with alternatives is put on every
other machine of its, at the positions that Mastrolilli & Gambardella (2000) show to contain the best one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from scheduler.search.tabu.arrays import (
    AFTER,
    ALT,
    ALTS_AT,
    BEFORE,
    END,
    FAMILIES,
    FAMILY,
    FIRST,
    INITIAL,
    MACHINE,
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
from scheduler.search.tabu.moves import (
    estimate_earlier,
    estimate_later,
    put_after,
    take_out,
)
from scheduler.search.tabu.timing import makespan, set_starts, set_tails, sort_between, time_all

LATER, EARLIER, ELSEWHERE = 0, 1, 2
ARCS = 1 << 18


class Move(NamedTuple):
    """LATER: `u` right after `v`; EARLIER: `v` right before `u`; ELSEWHERE: `u` in alternative `v` after `w`."""

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
    return np.int64(h & np.uint64(ARCS - 1))  # type: ignore[return-value]


@njit(cache=True, nogil=True)
def critical_path(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, path: Ints, latest: int) -> int:
    """Write a random critical path, last operation first; return its length."""
    o, ties = -1, 0
    for k in range(state.shape[1]):
        if ops[SINKS, ix(k)] < 0:
            break
        s = ops[SINKS, ix(k)]
        if state[END, ix(s)] == latest:
            ties += 1
            if np.random.randint(ties) == 0:
                o = s
    count = 0
    while o >= 0:
        path[ix(count)] = o
        count += 1
        a, machine = state[BEFORE, ix(o)], state[MACHINE, ix(o)]
        by_job, job_arrival = -1, ops[RELEASE, ix(o)]
        for k in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
            t = state[END, ix(links[0, ix(k)])] + links[1, ix(k)]
            if t >= job_arrival:
                by_job, job_arrival = links[0, ix(k)], t
        machine_arrival = -1
        if a >= 0:
            machine_arrival = state[END, ix(a)]
            table = machines[SETUPS_AT, ix(machine)]
            if table >= 0:
                machine_arrival += times[
                    ix(table + state[FAMILY, ix(a)] * machines[FAMILIES, ix(machine)] + state[FAMILY, ix(o)])
                ]
        if state[START, ix(o)] == 0 or (by_job < 0 and machine_arrival < job_arrival):
            break
        if machine_arrival > job_arrival or (machine_arrival == job_arrival and np.random.randint(2) == 0):
            o = a
        else:
            o = by_job
    return count


@njit(cache=True, nogil=True)
def is_tabu(state: Ints, arcs: Ints, kind: int, u: int, v: int, now: int) -> bool:
    """Return whether a move inside a sequence restores an order that is forbidden."""
    if kind == LATER:
        x = state[AFTER, ix(u)]
        while True:
            if arcs[ix(slot(x, u))] > now:
                return True
            if x == v:
                return False
            x = state[AFTER, ix(x)]
    x = u
    while x != v:
        if arcs[ix(slot(v, x))] > now:
            return True
        x = state[AFTER, ix(x)]
    return False


@njit(cache=True, nogil=True)
def may_move(state: Ints, kind: int, u: int, v: int) -> bool:
    """Return whether a move inside a sequence surely makes no cycle (Balas & Vazacopoulos 1998)."""
    if kind == LATER:
        return state[REST, ix(u)] < state[TAIL, ix(v)] + state[TIME, ix(v)]
    return state[READY, ix(v)] < state[END, ix(u)]


@njit(cache=True, nogil=True)
def choose(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    arcs: Ints,
    banned: Ints,
    path: Ints,
    count: int,
    now: int,
    best: int,
) -> Move:
    """Return the best move that is not tabu, or leads below `best`; a random tabu one if there is no other."""
    chosen = Move(-1, -1, -1, -1, 1 << 60)
    spare = Move(-1, -1, -1, -1, 1 << 60)
    ties, spares = 0, 0
    i = count - 1
    while i >= 0:
        j = i
        while j >= 1 and state[BEFORE, ix(path[ix(j - 1)])] == path[ix(j)]:
            j -= 1
        head, last = path[ix(i)], path[ix(j)]
        if j < i:
            for variant in range(4):
                for k in range(j, i + 1):
                    x = path[ix(k)]
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
                    if not may_move(state, kind, u, v):
                        continue
                    if kind == LATER:
                        value = estimate_later(machines, times, state, u, v)
                    else:
                        value = estimate_earlier(machines, times, state, u, v)
                    if value > chosen.value and spares > 0:
                        continue
                    if value >= best and is_tabu(state, arcs, kind, u, v, now):
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
        o = path[ix(i)]
        if ops[ALTS_AT, ix(o + 1)] - ops[ALTS_AT, ix(o)] < 2:
            continue
        ready, tail = state[READY, ix(o)], state[REST, ix(o)]
        latest_pred, longest_succ = -1, -1
        for k in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
            latest_pred = max(latest_pred, state[START, ix(links[0, ix(k)])])
        for k in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
            longest_succ = max(longest_succ, state[TAIL, ix(links[0, ix(k)])])
        for alt in range(ops[ALTS_AT, ix(o)], ops[ALTS_AT, ix(o + 1)]):
            machine = alts[0, ix(alt)]
            if machine == state[MACHINE, ix(o)] or ready + alts[1, ix(alt)] + tail > chosen.value:
                continue
            forbidden = banned[ix(o), ix(machine)] > now
            table, side = machines[SETUPS_AT, ix(machine)], machines[FAMILIES, ix(machine)]
            time, family = alts[1, ix(alt)], alts[2, ix(alt)]
            a, b = -1, ends[FIRST, ix(machine)]
            while b >= 0 and (state[END, ix(b)] <= latest_pred or state[END, ix(b)] <= ready):
                a, b = b, state[AFTER, ix(b)]
            while True:
                free, reach, way = 0, 0, 0
                if a >= 0:
                    free = state[END, ix(a)]
                if b >= 0:
                    reach = state[TAIL, ix(b)] + state[TIME, ix(b)]
                    way = reach
                if table >= 0:
                    before = machines[INITIAL, ix(machine)]
                    if a >= 0:
                        before = state[FAMILY, ix(a)]
                    free += times[ix(table + before * side + family)]
                    if b >= 0:
                        way += times[ix(table + family * side + state[FAMILY, ix(b)])]
                value = max(ready, free) + time + max(tail, way)
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
                # Past b no cycle is sure to arise only while b can't come after a successor; and it gains nothing
                # once what follows b is shorter than what the job still has to do.
                if reach <= longest_succ or reach <= tail:
                    break
                a, b = b, state[AFTER, ix(b)]
    return chosen if chosen.kind >= 0 else spare


@njit(cache=True, nogil=True)
def apply(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    arcs: Ints,
    banned: Ints,
    move: Move,
    until: int,
) -> bool:
    """Carry out a move and time it; return False, with the solution as before, if it makes a cycle."""
    kind, u, v = move.kind, move.u, move.v
    place = state[PLACE]
    if kind == LATER:
        x = state[AFTER, ix(u)]
        while True:
            arcs[ix(slot(u, x))] = until
            if x == v:
                break
            x = state[AFTER, ix(x)]
        moved, back, target = u, state[BEFORE, ix(u)], v
        low, high = place[ix(u)], place[ix(v)]
    elif kind == EARLIER:
        x = u
        while x != v:
            arcs[ix(slot(x, v))] = until
            x = state[AFTER, ix(x)]
        moved, back, target = v, state[BEFORE, ix(v)], state[BEFORE, ix(u)]
        low, high = place[ix(u)], place[ix(v)]
    else:
        banned[ix(u), ix(state[MACHINE, ix(u)])] = until
        moved, back, target = u, state[BEFORE, ix(u)], move.w
        low = high = place[ix(u)]
    alt = state[ALT, ix(moved)]
    follower = state[AFTER, ix(moved)]
    take_out(state, ends, moved)
    put_after(alts, state, ends, moved, v if kind == ELSEWHERE else alt, target)
    if kind == ELSEWHERE:
        b = state[AFTER, ix(moved)]
        if b >= 0 and place[ix(b)] < low:
            low = place[ix(b)]
        if target >= 0 and place[ix(target)] > high:
            high = place[ix(target)]
    if high > low and not sort_between(ops, links, state, low, high):
        take_out(state, ends, moved)
        put_after(alts, state, ends, moved, alt, back)
        return False
    if follower >= 0 and place[ix(follower)] < low:
        low = place[ix(follower)]
    if back >= 0 and place[ix(back)] > high:
        high = place[ix(back)]
    set_starts(ops, links, machines, times, state, low)
    set_tails(ops, links, machines, times, state, high)
    return True


@njit(cache=True, nogil=True)
def run(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    best_state: Ints,
    best_ends: Ints,
    arcs: Ints,
    banned: Ints,
    path: Ints,
    seed: int,
    iterations: int,
    patience: int,
    target: int,
    tenure: int,
    stop: Ints,
) -> tuple[int, int]:
    """Search from `state`; leave the best solution in `best_state`; return its makespan and the iterations done.

    Ends after `iterations`, after `patience` of them without improvement, at a makespan of at most `target`, or soon
    after ``stop[0]`` becomes non-zero.
    """
    np.random.seed(seed)
    arcs[:] = 0
    banned[:] = 0
    latest = time_all(ops, links, machines, times, state)
    value = latest
    best_state[:] = state
    best_ends[:] = ends
    improved_at = 0
    now = 0
    while now < iterations and now - improved_at < patience and value > target and stop[0] == 0:
        now += 1
        count = critical_path(ops, links, machines, times, state, path, latest)
        move = choose(ops, links, alts, machines, times, state, ends, arcs, banned, path, count, now, value)
        if move.kind < 0:
            break
        until = now + tenure + np.random.randint(tenure // 2 + 3)
        if not apply(ops, links, alts, machines, times, state, ends, arcs, banned, move, until):
            continue
        latest = makespan(ops, state)
        if latest < value:
            value = latest
            improved_at = now
            best_state[:] = state
            best_ends[:] = ends
    return value, now
