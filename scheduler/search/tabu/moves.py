"""Moves: taking an operation out of its machine's sequence and putting it back elsewhere, and what that may bring.

An estimate computes times anew only for the operations that change their neighbours, and ignores downtimes: estimates
rank the moves, the exact timing afterwards decides. The loops are written out, without calls, where the profiler
showed the calls.
"""

from __future__ import annotations

from scheduler.search.inner import entry
from scheduler.search.tabu.arrays import (
    AFTER,
    ALT,
    BEFORE,
    BUFFER,
    END,
    FAMILIES,
    FAMILY,
    FIRST,
    FREE,
    INITIAL,
    LAST,
    LEAVES,
    MACHINE,
    READY,
    REST,
    SETUPS_AT,
    TAIL,
    TIME,
    Ints,
    ix,
)


@entry
def take_out(state: Ints, ends: Ints, o: int) -> None:
    """Take an operation out of its machine's sequence."""
    a, b, machine = state[BEFORE, ix(o)], state[AFTER, ix(o)], state[MACHINE, ix(o)]
    if a >= 0:
        state[AFTER, ix(a)] = b
    else:
        ends[FIRST, ix(machine)] = b
    if b >= 0:
        state[BEFORE, ix(b)] = a
    else:
        ends[LAST, ix(machine)] = a


@entry
def put_after(alts: Ints, state: Ints, ends: Ints, o: int, alt: int, a: int) -> None:
    """Put an operation that is out, in alternative `alt`, after operation `a` of that machine (-1: first)."""
    machine = alts[0, ix(alt)]
    state[ALT, ix(o)] = alt
    state[MACHINE, ix(o)] = machine
    state[TIME, ix(o)] = alts[1, ix(alt)]
    state[FAMILY, ix(o)] = alts[2, ix(alt)]
    state[LEAVES, ix(o)] = alts[2, ix(alt)]
    if a >= 0:
        b = state[AFTER, ix(a)]
        state[AFTER, ix(a)] = o
    else:
        b = ends[FIRST, ix(machine)]
        ends[FIRST, ix(machine)] = o
    state[BEFORE, ix(o)] = a
    state[AFTER, ix(o)] = b
    if b >= 0:
        state[BEFORE, ix(b)] = o
    else:
        ends[LAST, ix(machine)] = o


@entry
def estimate_later(machines: Ints, times: Ints, state: Ints, u: int, v: int) -> int:
    """Estimate the longest way through the block when `u` is moved right after `v` on its machine.

    Starts and tails of the operations from the one after `u` to `v`, and of `u`, are computed anew in their new order;
    all else keeps its times (Balas & Vazacopoulos 1998).
    """
    machine = state[MACHINE, ix(u)]
    table, side = machines[SETUPS_AT, ix(machine)], machines[FAMILIES, ix(machine)]
    a, b = state[BEFORE, ix(u)], state[AFTER, ix(v)]
    free = machines[FREE, ix(machine)]
    family = machines[INITIAL, ix(machine)]
    if a >= 0:
        free, family = state[END, ix(a)], state[LEAVES, ix(a)]
    x, count = state[AFTER, ix(u)], 0
    while True:
        if table >= 0:
            free += times[ix(table + family * side + state[FAMILY, ix(x)])]
            family = state[LEAVES, ix(x)]
        free = max(free, state[READY, ix(x)]) + state[TIME, ix(x)]
        state[BUFFER, ix(count)] = free
        count += 1
        if x == v:
            break
        x = state[AFTER, ix(x)]
    way = 0
    if b >= 0:
        way = state[TAIL, ix(b)] + state[TIME, ix(b)]
    if table >= 0:
        free += times[ix(table + family * side + state[FAMILY, ix(u)])]
        if b >= 0:
            way += times[ix(table + state[LEAVES, ix(u)] * side + state[FAMILY, ix(b)])]
    tail = max(way, state[REST, ix(u)])
    longest = max(free, state[READY, ix(u)]) + state[TIME, ix(u)] + tail
    way = tail + state[TIME, ix(u)]
    family = state[FAMILY, ix(u)]
    for i in range(count - 1, -1, -1):
        if table >= 0:
            way += times[ix(table + state[LEAVES, ix(x)] * side + family)]
            family = state[FAMILY, ix(x)]
        tail = max(way, state[REST, ix(x)])
        longest = max(longest, state[BUFFER, ix(i)] + tail)
        way = tail + state[TIME, ix(x)]
        x = state[BEFORE, ix(x)]
    return longest


@entry
def estimate_earlier(machines: Ints, times: Ints, state: Ints, u: int, v: int) -> int:
    """Estimate the longest way through the block when `v` is moved right before `u` on its machine.

    The mirror image of `estimate_later`.
    """
    machine = state[MACHINE, ix(u)]
    table, side = machines[SETUPS_AT, ix(machine)], machines[FAMILIES, ix(machine)]
    a, b = state[BEFORE, ix(u)], state[AFTER, ix(v)]
    free = machines[FREE, ix(machine)]
    if a >= 0:
        free = state[END, ix(a)]
    if table >= 0:
        family = machines[INITIAL, ix(machine)]
        if a >= 0:
            family = state[LEAVES, ix(a)]
        free += times[ix(table + family * side + state[FAMILY, ix(v)])]
    free = max(free, state[READY, ix(v)]) + state[TIME, ix(v)]
    head = free
    family = state[LEAVES, ix(v)]
    x, count = u, 0
    while x != v:
        if table >= 0:
            free += times[ix(table + family * side + state[FAMILY, ix(x)])]
            family = state[LEAVES, ix(x)]
        free = max(free, state[READY, ix(x)]) + state[TIME, ix(x)]
        state[BUFFER, ix(count)] = free
        count += 1
        x = state[AFTER, ix(x)]
    x = state[BEFORE, ix(v)]
    way, longest = 0, 0
    if b >= 0:
        way = state[TAIL, ix(b)] + state[TIME, ix(b)]
        family = state[FAMILY, ix(b)]
    for i in range(count - 1, -1, -1):
        if table >= 0:
            if b >= 0 or i < count - 1:
                way += times[ix(table + state[LEAVES, ix(x)] * side + family)]
            family = state[FAMILY, ix(x)]
        tail = max(way, state[REST, ix(x)])
        longest = max(longest, state[BUFFER, ix(i)] + tail)
        way = tail + state[TIME, ix(x)]
        x = state[BEFORE, ix(x)]
    if table >= 0:
        way += times[ix(table + state[LEAVES, ix(v)] * side + family)]
    return max(longest, head + max(way, state[REST, ix(v)]))
