"""New solutions: greedy ones, and ones between two others."""

from __future__ import annotations

import numpy as np
from numba import njit

from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    ALT,
    ALTS_AT,
    BEFORE,
    BUFFER,
    DEGREE,
    END,
    FAMILIES,
    FREE,
    INITIAL,
    LAST,
    LEAVES,
    PLACE,
    PREDS_AT,
    READY,
    RELEASE,
    SETUPS_AT,
    SUCCS_AT,
    Ints,
    Reals,
)
from scheduler.search.tabu.moves import put_after

WIDTH = 512
"""Operations that a step of a greedy construction looks at, at the most."""


@uncounted
def earliest_end(machines: Ints, times: Ints, alts: Ints, state: Ints, ends: Ints, o: int, alt: int) -> int:
    """Return when an operation in this alternative would end as the last on its machine, downtimes ignored."""
    machine = alts[0, alt]
    a = ends[LAST, machine]
    free = machines[FREE, machine]
    if a >= 0:
        free = state[END, a]
    table = machines[SETUPS_AT, machine]
    if table >= 0:
        family = machines[INITIAL, machine]
        if a >= 0:
            family = state[LEAVES, a]
        free += times[table + family * machines[FAMILIES, machine] + alts[2, alt]]
    return max(state[READY, o], free) + alts[1, alt]


@entry
def greedy(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    remaining: Reals,
    urgency: float,
    noise: float,
    seed: int,
) -> None:
    """Build a solution from nothing: always add the operation and mode with the least ``end - urgency * remaining``.

    `remaining` is the work left in the job from an operation on; `noise` blurs it by up to this share. Of very many
    operations that could be added, only some are looked at.
    """
    np.random.seed(seed)
    state[BEFORE] = -1
    state[AFTER] = -1
    ends[:] = -1
    count = 0
    for o in range(state.shape[1]):
        state[DEGREE, o] = ops[PREDS_AT, o + 1] - ops[PREDS_AT, o]
        if state[DEGREE, o] == 0:
            state[BUFFER, count] = o
            count += 1
    while count > 0:
        chosen, chosen_alt, least = -1, -1, np.inf
        first = np.random.randint(count) if count > WIDTH else 0
        for number in range(min(count, WIDTH)):
            i = (first + number) % count
            o = state[BUFFER, i]
            ready = ops[RELEASE, o]
            for k in range(ops[PREDS_AT, o], ops[PREDS_AT, o + 1]):
                ready = max(ready, state[END, links[0, k]] + links[1, k])
            state[READY, o] = ready
            bonus = urgency * remaining[o] * (1.0 + noise * (np.random.random() - 0.5))
            for alt in range(ops[ALTS_AT, o], ops[ALTS_AT, o + 1]):
                value = earliest_end(machines, times, alts, state, ends, o, alt) - bonus + np.random.random()
                if value < least:
                    least, chosen, chosen_alt = value, i, alt
        o = state[BUFFER, chosen]
        state[END, o] = earliest_end(machines, times, alts, state, ends, o, chosen_alt)
        put_after(alts, state, ends, o, chosen_alt, ends[LAST, alts[0, chosen_alt]])
        count -= 1
        state[BUFFER, chosen] = state[BUFFER, count]
        for k in range(ops[SUCCS_AT, o], ops[SUCCS_AT, o + 1]):
            b = links[0, k]
            state[DEGREE, b] -= 1
            if state[DEGREE, b] == 0:
                state[BUFFER, count] = b
                count += 1


@njit(cache=True, nogil=True)
def blend(alts: Ints, one: Ints, other: Ints, state: Ints, ends: Ints, share: float, seed: int) -> None:
    """Put together a solution on the way from one to the other, `share` of the way.

    Operations come in the order of their mean place in the two topological orders, each in the mode of either. The
    mean of two topological orders respects every precedence, so the result never has a cycle: a path relinking (Peng,
    Lu & Cheng 2015) that needs no repair.
    """
    np.random.seed(seed)
    num = state.shape[1]
    place = np.empty(num, np.float64)
    for o in range(num):
        place[o] = (1.0 - share) * one[PLACE, o] + share * other[PLACE, o] + 1e-6 * o
    state[BEFORE] = -1
    state[AFTER] = -1
    ends[:] = -1
    for o in np.argsort(place):
        alt = one[ALT, o]
        if other[ALT, o] != alt and np.random.random() < share:
            alt = other[ALT, o]
        put_after(alts, state, ends, o, alt, ends[LAST, alts[0, alt]])


@entry
def distance(one: Ints, other: Ints) -> int:
    """Return how many operations have another mode or another predecessor on their machine."""
    count = 0
    for o in range(one.shape[1]):
        if one[ALT, o] != other[ALT, o] or one[BEFORE, o] != other[BEFORE, o]:
            count += 1
    return count
