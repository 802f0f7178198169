"""Moves: taking an operation out of its machine's sequence and putting it back elsewhere, and what that may bring."""

from __future__ import annotations

from numba import njit

from scheduler.search.tabu.arrays import (
    AFTER,
    ALT,
    BEFORE,
    BUFFER,
    END,
    FAMILY,
    FIRST,
    INITIAL,
    LAST,
    MACHINE,
    SETUPS_AT,
    TIME,
    Ints,
)
from scheduler.search.tabu.timing import (
    finished,
    job_ready,
    job_tail,
    machine_ready,
    machine_tail,
    place_at,
    setup_time,
)


@njit(cache=True, nogil=True, forceinline=True)
def take_out(state: Ints, ends: Ints, o: int) -> None:
    """Take an operation out of its machine's sequence."""
    a, b, machine = state[BEFORE, o], state[AFTER, o], state[MACHINE, o]
    if a >= 0:
        state[AFTER, a] = b
    else:
        ends[FIRST, machine] = b
    if b >= 0:
        state[BEFORE, b] = a
    else:
        ends[LAST, machine] = a


@njit(cache=True, nogil=True, forceinline=True)
def put_after(alts: Ints, state: Ints, ends: Ints, o: int, alt: int, a: int) -> None:
    """Put an operation that is out, in alternative `alt`, after operation `a` of that machine (-1: first)."""
    machine = alts[0, alt]
    state[ALT, o] = alt
    state[MACHINE, o] = machine
    state[TIME, o] = alts[1, alt]
    state[FAMILY, o] = alts[2, alt]
    if a >= 0:
        b = state[AFTER, a]
        state[AFTER, a] = o
    else:
        b = ends[FIRST, machine]
        ends[FIRST, machine] = o
    state[BEFORE, o] = a
    state[AFTER, o] = b
    if b >= 0:
        state[BEFORE, b] = o
    else:
        ends[LAST, machine] = o


@njit(cache=True, nogil=True)
def estimate_later(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, u: int, v: int) -> int:
    """Estimate the longest way through the block when `u` is moved right after `v` on its machine.

    Starts and tails of the operations from the one after `u` to `v`, and of `u`, are computed anew in their new order;
    all else keeps its times (Balas & Vazacopoulos 1998). Exact for the longest way through these operations unless a
    time that is kept depends on them.
    """
    machine = state[MACHINE, u]
    heads = state[BUFFER]
    a = state[BEFORE, u]
    free = state[END, a] if a >= 0 else 0
    family = state[FAMILY, a] if a >= 0 else machines[INITIAL, machine]
    x, count = state[AFTER, u], 0
    while True:
        setup = setup_time(machines, times, machine, family, state[FAMILY, x])
        start = place_at(
            ops, machines, times, machine, x, job_ready(ops, links, state, x), free + setup, setup, state[TIME, x]
        )
        free = finished(ops, machines, times, machine, x, start, state[TIME, x])
        heads[count] = free
        count += 1
        family = state[FAMILY, x]
        if x == v:
            break
        x = state[AFTER, x]
    setup = setup_time(machines, times, machine, family, state[FAMILY, u])
    start = place_at(
        ops, machines, times, machine, u, job_ready(ops, links, state, u), free + setup, setup, state[TIME, u]
    )
    tail = machine_tail(machines, times, state, machine, state[FAMILY, u], state[AFTER, v])
    through_job = job_tail(ops, links, state, u)
    if through_job > tail:
        tail = through_job
    longest = finished(ops, machines, times, machine, u, start, state[TIME, u]) + tail
    way = tail + state[TIME, u] + setup
    x = v
    for i in range(count - 1, -1, -1):
        tail = job_tail(ops, links, state, x)
        if way > tail:
            tail = way
        if heads[i] + tail > longest:
            longest = heads[i] + tail
        a = state[BEFORE, x]
        way = tail + state[TIME, x] + setup_time(machines, times, machine, state[FAMILY, a], state[FAMILY, x])
        x = a
    return longest


@njit(cache=True, nogil=True)
def estimate_earlier(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, u: int, v: int) -> int:
    """Estimate the longest way through the block when `v` is moved right before `u` on its machine.

    The mirror image of `estimate_later`.
    """
    machine = state[MACHINE, u]
    heads = state[BUFFER]
    a = state[BEFORE, u]
    family = state[FAMILY, a] if a >= 0 else machines[INITIAL, machine]
    setup = setup_time(machines, times, machine, family, state[FAMILY, v])
    free = (state[END, a] if a >= 0 else 0) + setup
    start = place_at(ops, machines, times, machine, v, job_ready(ops, links, state, v), free, setup, state[TIME, v])
    free = finished(ops, machines, times, machine, v, start, state[TIME, v])
    head_v = free
    family = state[FAMILY, v]
    x, count = u, 0
    while x != v:
        setup = setup_time(machines, times, machine, family, state[FAMILY, x])
        start = place_at(
            ops, machines, times, machine, x, job_ready(ops, links, state, x), free + setup, setup, state[TIME, x]
        )
        free = finished(ops, machines, times, machine, x, start, state[TIME, x])
        heads[count] = free
        count += 1
        family = state[FAMILY, x]
        x = state[AFTER, x]
    x = state[BEFORE, v]
    way = machine_tail(machines, times, state, machine, state[FAMILY, x], state[AFTER, v])
    longest = 0
    for i in range(count - 1, -1, -1):
        tail = job_tail(ops, links, state, x)
        if way > tail:
            tail = way
        if heads[i] + tail > longest:
            longest = heads[i] + tail
        before = state[BEFORE, x] if x != u else v
        way = tail + state[TIME, x] + setup_time(machines, times, machine, state[FAMILY, before], state[FAMILY, x])
        x = state[BEFORE, x]
    tail = job_tail(ops, links, state, v)
    if way > tail:
        tail = way
    if head_v + tail > longest:
        longest = head_v + tail
    return longest


@njit(cache=True, nogil=True, forceinline=True)
def estimate_between(
    ops: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    o: int,
    alt: int,
    ready: int,
    tail: int,
    a: int,
    b: int,
) -> int:
    """Estimate the longest way through an operation put in alternative `alt` between `a` and `b` of that machine.

    `ready` and `tail` are what its job allows.
    """
    machine, family, time = alts[0, alt], alts[2, alt], alts[1, alt]
    free = machine_ready(machines, times, state, machine, a, family)
    setup = 0
    if machines[SETUPS_AT, machine] >= 0:
        setup = free - (state[END, a] if a >= 0 else 0)
    start = place_at(ops, machines, times, machine, o, ready, free, setup, time)
    through_machine = machine_tail(machines, times, state, machine, family, b)
    if through_machine > tail:
        tail = through_machine
    return finished(ops, machines, times, machine, o, start, time) + tail
