"""Critical paths, and the moves that shorten them: what they are, and which are forbidden."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    BEFORE,
    END,
    FAMILIES,
    FAMILY,
    LEAVES,
    MACHINE,
    PREDS_AT,
    READY,
    RELEASE,
    REST,
    SETUPS_AT,
    SINKS,
    START,
    TAIL,
    TIME,
    Ints,
    ix,
)

LATER, EARLIER, ELSEWHERE = 0, 1, 2
N5, N6, N7 = 5, 6, 7
TABU = 1 << 16
"""Places of the tabu list. Two entries seldom meet: at any time some dozens are alive."""


class Move(NamedTuple):
    """LATER: `u` right after `v`; EARLIER: `v` right before `u`; ELSEWHERE: `u` in alternative `v` after `w`."""

    kind: int
    u: int
    v: int
    w: int
    value: int


@entry
def slot(a: int, b: int) -> int:
    """Return the place of an ordered pair in the tabu list."""
    h = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b) * np.uint64(0xC2B2AE3D27D4EB4F)
    h ^= h >> np.uint64(29)
    return np.int64(h & np.uint64(TABU - 1))  # type: ignore[return-value]


@entry
def any_last(ops: Ints, state: Ints, latest: int) -> int:
    """Return one of the operations that end the schedule."""
    o, ties = -1, 0
    for k in range(state.shape[1]):
        if ops[SINKS, ix(k)] < 0:
            break
        s = ops[SINKS, ix(k)]
        if state[END, ix(s)] == latest:
            ties += 1
            if np.random.randint(ties) == 0:
                o = s
    return o


@entry
def critical_path(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, path: Ints, o: int) -> int:
    """Write a random critical path to the end of an operation, this one first; return its length."""
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
                    ix(table + state[LEAVES, ix(a)] * machines[FAMILIES, ix(machine)] + state[FAMILY, ix(o)])
                ]
        if state[START, ix(o)] == 0 or (by_job < 0 and machine_arrival < job_arrival):
            break
        if machine_arrival > job_arrival or (machine_arrival == job_arrival and np.random.randint(2) == 0):
            o = a
        else:
            o = by_job
    return count


@uncounted
def is_tabu(state: Ints, tabu: Ints, kind: int, u: int, v: int, now: int) -> bool:
    """Return whether a move inside a sequence restores an order that is forbidden."""
    if kind == LATER:
        x = state[AFTER, ix(u)]
        while True:
            if tabu[ix(slot(x, u))] > now:
                return True
            if x == v:
                return False
            x = state[AFTER, ix(x)]
    x = u
    while x != v:
        if tabu[ix(slot(v, x))] > now:
            return True
        x = state[AFTER, ix(x)]
    return False


@entry
def may_move(state: Ints, kind: int, u: int, v: int) -> bool:
    """Return whether a move inside a sequence surely makes no cycle (Balas & Vazacopoulos 1998)."""
    if kind == LATER:
        return state[REST, ix(u)] < state[TAIL, ix(v)] + state[TIME, ix(v)]
    return state[READY, ix(v)] < state[END, ix(u)]
