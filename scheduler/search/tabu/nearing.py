"""Nearing: operations go, one by one, where the baseline has them, or make room for those that do.

Simulated annealing on how far a solution is from the baseline; no tier may grow beyond what it is allowed to be, and
where a unit of the first tier has a price, that counts too. A move puts one operation elsewhere in a topological order
that is sorted by starts, in between its predecessors and successors, so there is never a cycle. Every operation starts
where the baseline has it, or as soon after as it can; only where the value does not allow that is it settled.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    ALT,
    ALTS_AT,
    BEFORE,
    END,
    FIRST,
    PLACE,
    PREDS_AT,
    READY,
    RELEASE,
    START,
    Ints,
    ix,
)
from scheduler.search.tabu.held import between, sort_between, turn, value_of
from scheduler.search.tabu.moves import put_after, take_out
from scheduler.search.tabu.settle import BASE_ALT, BASE_START, NEW, change, settle
from scheduler.search.tabu.timing import set_starts

ABOVE = 1 << 60
"""Distance of a solution whose value is above what is allowed."""
BACK = 0.4
"""Share of the moves to the machine, and of those to the start, of the baseline."""
STAY = 0.2
"""Share of the moves on the same machine."""
PUSHED = 0.5
"""How often it is what pushes an operation that moves, and what pushes that, and so on."""
WIDTH = 3
"""Typical durations by which other starts are away from the present one (standard deviation)."""
TRIES = 20
"""Draws until one of the operations that are not where the baseline has them is met."""


@uncounted
def is_allowed(value: int, most: Ints) -> bool:
    """Return whether every tier of a value is at most what it may be.

    Rows of `most`: what 1 of a tier comes to, how many it may be, and the price of 1.
    """
    for k in range(most.shape[1]):
        times = value // most[0, ix(k)]
        if times > most[1, ix(k)]:
            return False
        value -= times * most[0, ix(k)]
    return True


@uncounted
def price_of(value: int, most: Ints) -> int:
    """Return what the first tier of a value costs; the others have no price."""
    return most[2, 0] * (value // most[0, 0]) if most[2, 0] else 0


@uncounted
def near(
    ops: Ints,
    held: Ints,
    links: Ints,
    machines: Ints,
    times: Ints,
    jobs: Ints,
    most: Ints,
    offset: int,
    longest: int,
    wanted: Ints,
    state: Ints,
    room: Ints,
    low: int,
    reassignment: int,
) -> tuple[int, bool]:
    """Time a solution as near to the baseline as its orders allow; return how far it is, with the price of its value,
    or ABOVE if that is too high.

    In `held` no operation is released before its start in the baseline; before place `low` all are timed like that.
    Also returns whether all are afterwards.
    """
    set_starts(held, links, machines, times, state, low)
    value = value_of(ops, jobs, state, room[0]) + offset
    if is_allowed(value, most):
        return change(wanted, state, reassignment) + price_of(value, most), True
    set_starts(ops, links, machines, times, state, 0)
    if not is_allowed(value_of(ops, jobs, state, room[0]) + offset, most):
        return ABOVE, False
    settle(ops, links, machines, times, jobs, wanted, state, room, longest)
    if most[2, 0]:
        value = value_of(ops, jobs, state, room[0]) + offset
    return change(wanted, state, reassignment) + price_of(value, most), False


@uncounted
def chosen(ops: Ints, links: Ints, wanted: Ints, state: Ints) -> int:
    """Return an operation that is not where the baseline has it, or what pushes it."""
    o = np.random.randint(state.shape[1])
    for _ in range(TRIES):
        before = wanted[BASE_START, ix(o)]
        if before == NEW or state[START, ix(o)] != before or state[ALT, ix(o)] != wanted[BASE_ALT, ix(o)]:
            break
        o = np.random.randint(state.shape[1])
    while np.random.random() < PUSHED:
        pushes, a = -1, state[BEFORE, ix(o)]
        if a >= 0 and state[END, ix(a)] == state[START, ix(o)]:
            pushes = a
        if pushes < 0 or np.random.random() < PUSHED:
            for k in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
                if state[END, ix(links[0, ix(k)])] + links[1, ix(k)] == state[START, ix(o)]:
                    pushes = links[0, ix(k)]
        if pushes < 0:
            break
        o = pushes
    return o


@entry
def move(ops: Ints, links: Ints, alts: Ints, state: Ints, ends: Ints, o: int, alt: int, at: int) -> tuple[int, int]:
    """Put an operation on the machine of an alternative, to start at about `at`; return its old and its new place.

    Both are -1 where that is no change.
    """
    low, high = between(ops, links, state, o)
    a, b = -1, ends[FIRST, ix(alts[0, ix(alt)])]
    while b >= 0:
        place = state[PLACE, ix(b)]
        if b != o:
            if place >= high or (place > low and state[START, ix(b)] > at):
                break
            a = b
        b = state[AFTER, ix(b)]
    if alt == state[ALT, ix(o)] and a == state[BEFORE, ix(o)]:
        return -1, -1
    was = state[PLACE, ix(o)]
    to = low if a < 0 else max(low, state[PLACE, ix(a)])
    if to < was:
        to += 1
    take_out(state, ends, o)
    put_after(alts, state, ends, o, alt, a)
    turn(state, was, to)
    return was, to


@njit(cache=True, nogil=True)
def anneal(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    jobs: Ints,
    most: Ints,
    offset: int,
    longest: int,
    wanted: Ints,
    state: Ints,
    ends: Ints,
    found: Ints,
    found_ends: Ints,
    reassignment: int,
    typical: int,
    seed: int,
    iterations: int,
    hot: float,
    cold: float,
    stop: Ints,
) -> int:
    """Anneal from a sorted solution; leave the nearest one in `found` and return how far it is, ABOVE if none is.

    The price of its value is part of that. The temperature falls from `hot` to `cold` typical durations.
    """
    np.random.seed(seed)
    num = state.shape[1]
    room = np.zeros((2, max(num, jobs.shape[1])), np.int64)
    kept = np.empty((3, num), np.int64)
    held = ops.copy()
    for o in range(num):
        if wanted[BASE_START, ix(o)] != NEW:
            held[RELEASE, ix(o)] = max(ops[RELEASE, ix(o)], wanted[BASE_START, ix(o)])
    least, is_kept = ABOVE, False
    distance, is_held = near(
        ops, held, links, machines, times, jobs, most, offset, longest, wanted, state, room, 0, reassignment
    )
    for i in range(iterations):
        if distance < least:
            least = distance
            found[:] = state
            found_ends[:] = ends
        if distance == ABOVE or stop[0]:
            break
        if not is_kept:
            sort_between(state, 0, num)
            kept[0], kept[1], kept[2] = state[READY], state[START], state[END]
            is_kept = True
        o = chosen(ops, links, wanted, state)
        alt, at = state[ALT, ix(o)], state[START, ix(o)]
        old_alt, old_a = alt, state[BEFORE, ix(o)]
        is_new, draw = wanted[BASE_START, ix(o)] == NEW, np.random.random()
        if draw < BACK and wanted[BASE_ALT, ix(o)] != NEW:
            alt = wanted[BASE_ALT, ix(o)]
        elif draw < 1 - STAY:
            alt = np.random.randint(ops[ALTS_AT, ix(o)], ops[ALTS_AT, ix(o + 1)])
        if np.random.random() < BACK and not is_new:
            at = wanted[BASE_START, ix(o)]
        else:
            at += int(np.random.normal() * WIDTH * typical)
        was, to = move(ops, links, alts, state, ends, o, alt, at)
        if was < 0:
            continue
        low = min(was, to) if is_held else 0
        new, holds = near(
            ops, held, links, machines, times, jobs, most, offset, longest, wanted, state, room, low, reassignment
        )
        heat = typical * hot * (cold / hot) ** (i / iterations)
        if new <= distance or (new < ABOVE and np.random.random() < np.exp((distance - new) / heat)):
            distance, is_held = new, holds
            is_kept = False
            continue
        take_out(state, ends, o)
        put_after(alts, state, ends, o, old_alt, old_a)
        turn(state, to, was)
        state[READY], state[START], state[END] = kept[0], kept[1], kept[2]
    return least
