"""Moves: taking an operation out of its machine's sequence and putting it back elsewhere, and what that may bring.

An estimate computes times anew only for the operations that change their neighbours, and ignores downtimes: estimates
rank the moves, the exact timing afterwards decides. The loops are written out, without calls, where the profiler
showed the calls.
"""

from __future__ import annotations

from numba import njit

from scheduler.search.tabu.arrays import (
    AFTER,
    ALT,
    BEFORE,
    BUFFER,
    END,
    FAMILIES,
    FAMILY,
    FIRST,
    INITIAL,
    LAST,
    MACHINE,
    READY,
    REST,
    SETUPS_AT,
    TAIL,
    TIME,
    Ints,
)


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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
def estimate_later(machines: Ints, times: Ints, state: Ints, u: int, v: int) -> int:
    """Estimate the longest way through the block when `u` is moved right after `v` on its machine.

    Starts and tails of the operations from the one after `u` to `v`, and of `u`, are computed anew in their new order;
    all else keeps its times (Balas & Vazacopoulos 1998).
    """
    machine = state[MACHINE, u]
    table, side = machines[SETUPS_AT, machine], machines[FAMILIES, machine]
    a, b = state[BEFORE, u], state[AFTER, v]
    free = 0
    family = machines[INITIAL, machine]
    if a >= 0:
        free, family = state[END, a], state[FAMILY, a]
    x, count = state[AFTER, u], 0
    while True:
        if table >= 0:
            free += times[table + family * side + state[FAMILY, x]]
            family = state[FAMILY, x]
        free = max(free, state[READY, x]) + state[TIME, x]
        state[BUFFER, count] = free
        count += 1
        if x == v:
            break
        x = state[AFTER, x]
    way = 0
    if b >= 0:
        way = state[TAIL, b] + state[TIME, b]
    if table >= 0:
        free += times[table + family * side + state[FAMILY, u]]
        if b >= 0:
            way += times[table + state[FAMILY, u] * side + state[FAMILY, b]]
    tail = max(way, state[REST, u])
    longest = max(free, state[READY, u]) + state[TIME, u] + tail
    way = tail + state[TIME, u]
    family = state[FAMILY, u]
    for i in range(count - 1, -1, -1):
        if table >= 0:
            way += times[table + state[FAMILY, x] * side + family]
            family = state[FAMILY, x]
        tail = max(way, state[REST, x])
        longest = max(longest, state[BUFFER, i] + tail)
        way = tail + state[TIME, x]
        x = state[BEFORE, x]
    return longest


@njit(cache=True, nogil=True)
def estimate_earlier(machines: Ints, times: Ints, state: Ints, u: int, v: int) -> int:
    """Estimate the longest way through the block when `v` is moved right before `u` on its machine.

    The mirror image of `estimate_later`.
    """
    machine = state[MACHINE, u]
    table, side = machines[SETUPS_AT, machine], machines[FAMILIES, machine]
    a, b = state[BEFORE, u], state[AFTER, v]
    free = 0
    if a >= 0:
        free = state[END, a]
    if table >= 0:
        family = machines[INITIAL, machine]
        if a >= 0:
            family = state[FAMILY, a]
        free += times[table + family * side + state[FAMILY, v]]
    free = max(free, state[READY, v]) + state[TIME, v]
    head = free
    family = state[FAMILY, v]
    x, count = u, 0
    while x != v:
        if table >= 0:
            free += times[table + family * side + state[FAMILY, x]]
            family = state[FAMILY, x]
        free = max(free, state[READY, x]) + state[TIME, x]
        state[BUFFER, count] = free
        count += 1
        x = state[AFTER, x]
    x = state[BEFORE, v]
    way, longest = 0, 0
    if b >= 0:
        way = state[TAIL, b] + state[TIME, b]
        family = state[FAMILY, b]
    for i in range(count - 1, -1, -1):
        if table >= 0:
            if b >= 0 or i < count - 1:
                way += times[table + state[FAMILY, x] * side + family]
            family = state[FAMILY, x]
        tail = max(way, state[REST, x])
        longest = max(longest, state[BUFFER, i] + tail)
        way = tail + state[TIME, x]
        x = state[BEFORE, x]
    if table >= 0:
        way += times[table + state[FAMILY, v] * side + family]
    return max(longest, head + max(way, state[REST, v]))
