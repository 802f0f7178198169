"""Reinserting: from the baseline itself, a repair that changes little, for the walks to begin with.

What is hit (new, or its machine does not work where the baseline has it) is taken out and put back where it costs
least, in the order of time; then what that has moved, too. The cost of a place is exact: how far all operations are
from the baseline in held timing, and the value. Moves are job insertions with held starts instead of tails; as what is
put in only pushes, a place is given up as soon as it pushes more than the best one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from scheduler.search.inner import uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    ALT,
    ALTS_AT,
    BEFORE,
    END,
    FIRST,
    FREE,
    MACHINE,
    ORDER,
    PAUSES,
    PLACE,
    PREDS_AT,
    RELEASE,
    START,
    SUCCS_AT,
    TIME,
    Ints,
    ix,
)
from scheduler.search.tabu.calendars import worked
from scheduler.search.tabu.held import (
    NO_LIMIT,
    WAITS,
    between,
    retime,
    sort_between,
    take_back,
    turn,
    value_of,
)
from scheduler.search.tabu.moves import put_after, take_out
from scheduler.search.tabu.settle import BASE_ALT, BASE_START, NEW
from scheduler.search.tabu.timing import set_starts

POSITIONS = 6
"""Positions on each machine that are tried, from the first on at which an operation would not wait for others."""


@uncounted
def reinsert(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    jobs: Ints,
    release: Ints,
    wanted: Ints,
    state: Ints,
    ends: Ints,
    memo: Ints,
    room: Ints,
    o: int,
    rate: int,
    level: int,
    reassignment: int,
    noise: float,
) -> int:
    """Put an operation where distance and value above `level`, times `rate`, come to least; return the timings made.

    While it is out, what it pushed moves back; then each place pushes only, and is given up where it pushes too much.
    """
    low, high = between(ops, links, state, o)
    old_alt, old_a, was = state[ALT, ix(o)], state[BEFORE, ix(o)], state[PLACE, ix(o)]
    ready = release[ix(o)]
    for k in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
        ready = max(ready, state[END, ix(links[0, ix(k)])] + links[1, ix(k)])
    shortest = state[TIME, ix(o)]
    for alt in range(ops[ALTS_AT, ix(o)], ops[ALTS_AT, ix(o + 1)]):
        shortest = min(shortest, alts[1, ix(alt)])
    b, waiting = state[AFTER, ix(o)], 0
    if b >= 0:
        waiting, memo[WAITS, ix(b)] = 1, 1
    for k in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
        c = links[0, ix(k)]
        waiting += 1 - memo[WAITS, ix(c)]
        memo[WAITS, ix(c)] = 1
    take_out(state, ends, o)
    state[START, ix(o)] = ready
    state[END, ix(o)] = ready + shortest
    _, work, last = retime(ops, links, machines, times, release, wanted, state, memo, was + 1, waiting, NO_LIMIT)
    best_alt, best_a, least, value = old_alt, old_a, NO_LIMIT, max(level, value_of(ops, jobs, state, room))
    for turn_of in range(ops[ALTS_AT, ix(o)] - 1, ops[ALTS_AT, ix(o + 1)]):
        # The place that it had is the first to be tried, all others have to push less.
        alt = old_alt if turn_of < ops[ALTS_AT, ix(o)] else turn_of
        fee = reassignment if wanted[BASE_ALT, ix(o)] != NEW and wanted[BASE_ALT, ix(o)] != alt else 0
        machine = alts[0, ix(alt)]
        a, b = -1, ends[FIRST, ix(machine)]
        while b >= 0 and (state[PLACE, ix(b)] <= low or (state[END, ix(b)] <= ready and state[PLACE, ix(b)] < high)):
            a, b = b, state[AFTER, ix(b)]
        if turn_of < ops[ALTS_AT, ix(o)]:
            a = old_a
        for _ in range(POSITIONS):
            if a >= 0 and state[PLACE, ix(a)] >= high:
                break
            put_after(alts, state, ends, o, alt, a)
            to = low if a < 0 else max(low, state[PLACE, ix(a)])
            to += 1 if to < was else 0
            turn(state, was, to)
            waiting, memo[WAITS, ix(o)] = 1, 1
            b = state[AFTER, ix(o)]
            if b >= 0:
                waiting, memo[WAITS, ix(b)] = 2, 1
            extra = fee
            if noise > 0:
                extra += int(noise * np.random.exponential(1.0))
            limit = least - extra
            growth, count, _ = retime(ops, links, machines, times, release, wanted, state, memo, to, waiting, limit)
            work += count
            if growth <= limit:
                cost = growth + extra + rate * (max(level, value_of(ops, jobs, state, room)) - value)
                if cost < least:
                    least, best_alt, best_a = cost, alt, a
            take_out(state, ends, o)
            turn(state, to, was)
            take_back(state, memo, count)
            if b < 0 or turn_of < ops[ALTS_AT, ix(o)]:
                break
            a = b
    put_after(alts, state, ends, o, best_alt, best_a)
    to = low if best_a < 0 else max(low, state[PLACE, ix(best_a)])
    to += 1 if to < was else 0
    turn(state, was, to)
    waiting, memo[WAITS, ix(o)] = 1, 1
    b = state[AFTER, ix(o)]
    if b >= 0:
        waiting, memo[WAITS, ix(b)] = 2, 1
    _, count, end = retime(ops, links, machines, times, release, wanted, state, memo, to, waiting, NO_LIMIT)
    sort_between(state, min(was, to), max(last, end, was + 1, to + 1))
    return work + count


@uncounted
def is_hit(machines: Ints, times: Ints, ops: Ints, wanted: Ints, state: Ints, o: int) -> bool:
    """Return whether an operation is new, or its machine does not work where the baseline has it."""
    before, machine = wanted[BASE_START, ix(o)], state[MACHINE, ix(o)]
    if before == NEW or before < machines[FREE, ix(machine)]:
        return True
    start, _ = worked(machines, times, machine, before, 0, state[TIME, ix(o)], ops[PAUSES, ix(o)])
    return start != before


@njit(cache=True, nogil=True)
def reinsert_all(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    jobs: Ints,
    wanted: Ints,
    state: Ints,
    ends: Ints,
    rate: int,
    reassignment: int,
    level: int,
    noise: float,
    sweeps: int,
    budget: int,
    seed: int,
    stop: Ints,
) -> None:
    """Repair the baseline's orders with little change: what is hit goes where it costs least, then what that moves.

    From a sorted solution in the orders of the baseline; ``rate`` is what 1 of the value, above `level`, may cost in
    ticks of distance. In `sweeps` after the first, all that is not where the baseline has it is reinserted. A random
    number is added to every cost, of mean `noise` at first and 0 in the last sweep (noising: Charon & Hudry, Operations
    Research Letters 14, 1993). Ends after about `budget` timings of operations.
    """
    np.random.seed(seed)
    num = state.shape[1]
    memo, room = np.zeros((4, num), np.int64), np.zeros(jobs.shape[1], np.int64)
    release = ops[RELEASE].copy()
    for o in range(num):
        if wanted[BASE_START, ix(o)] != NEW:
            release[ix(o)] = max(release[ix(o)], wanted[BASE_START, ix(o)])
    held = ops.copy()
    held[RELEASE] = release
    set_starts(held, links, machines, times, state, 0)
    sort_between(state, 0, num)
    work = 0
    for sweep in range(sweeps):
        queue = state[ORDER].copy()
        for o in queue:
            if work > budget or stop[0]:
                return
            before = wanted[BASE_START, ix(o)]
            if sweep == 0:
                if not is_hit(machines, times, ops, wanted, state, o):
                    continue
            elif before != NEW and state[START, ix(o)] == before and state[ALT, ix(o)] == wanted[BASE_ALT, ix(o)]:
                continue
            work += reinsert(
                ops,
                links,
                alts,
                machines,
                times,
                jobs,
                release,
                wanted,
                state,
                ends,
                memo,
                room,
                o,
                rate,
                level,
                reassignment,
                noise * (1.0 - (sweep + 1) / sweeps),
            )
