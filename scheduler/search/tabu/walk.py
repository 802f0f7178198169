"""The tabu search itself: critical blocks, machine changes, tabu lists; one call is one uninterrupted run.

Neighbourhood: on a random critical path, every operation of a block is moved to the block's ends (N6: Balas &
Vazacopoulos 1998), and its ends into it (N7: Zhang, Li, Guan & Rao 2007); N5 swaps only the first two and the last two
(Nowicki & Smutnicki 1996). Every operation with alternatives is put on every
other machine of its, at the positions that Mastrolilli & Gambardella (2000) show to contain the best one.
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
    FAMILIES,
    FAMILY,
    FIRST,
    FREE,
    INITIAL,
    LEAVES,
    MACHINE,
    PLACE,
    PREDS_AT,
    READY,
    REST,
    SETUPS_AT,
    START,
    SUCCS_AT,
    TAIL,
    TIME,
    Ints,
    ix,
)
from scheduler.search.tabu.critical import (
    EARLIER,
    ELSEWHERE,
    LATER,
    N5,
    N7,
    Move,
    any_last,
    critical_path,
    is_tabu,
    may_move,
    slot,
)
from scheduler.search.tabu.moves import estimate_earlier, estimate_later, put_after, take_out
from scheduler.search.tabu.timing import makespan, set_starts, set_tails, sort_between, time_all

VISITS = 1 << 13
"""Solutions remembered, to see whether the walk goes in circles."""
CALM = 200
"""Iterations without a known solution after which the tenure shrinks again."""
NOTHING_LESS = -(1 << 60)
"""A bar that no estimate passes under."""


@entry
def mark(state: Ints, o: int) -> int:
    """Return a number for an operation's alternative and predecessor; all numbers together tell a solution."""
    before = np.uint64(state[BEFORE, ix(o)] + 2)
    h = np.uint64(o) * np.uint64(0x9E3779B97F4A7C15) + before * np.uint64(0xC2B2AE3D27D4EB4F)
    h = (h ^ (h >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93) + np.uint64(state[ALT, ix(o)])
    h = (h ^ (h >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return np.int64(h >> np.uint64(1))  # type: ignore[return-value]


@uncounted
def visit(trace: Ints, signature: int, now: int) -> bool:
    """Note a solution; return whether the walk has been there."""
    k = ix(signature & (VISITS - 1))
    known = trace[0, k] == signature and trace[1, k] > 0
    trace[0, k] = signature
    trace[1, k] = now
    return known


@entry
def choose(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    tabu: Ints,
    path: Ints,
    count: int,
    now: int,
    best: int,
    blocks: int,
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
            for variant in range(4 if blocks == N7 else 2):
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
                    if blocks == N5 and k != (j + 1 if variant == 0 else i - 1):
                        continue
                    if not may_move(state, kind, u, v):
                        continue
                    if kind == LATER:
                        value = estimate_later(machines, times, state, u, v)
                    else:
                        value = estimate_earlier(machines, times, state, u, v)
                    if value > chosen.value and spares > 0:
                        continue
                    if value >= best and is_tabu(state, tabu, kind, u, v, now):
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
            forbidden = tabu[ix(slot(o, state.shape[1] + machine))] > now
            table, side = machines[SETUPS_AT, ix(machine)], machines[FAMILIES, ix(machine)]
            time, family = alts[1, ix(alt)], alts[2, ix(alt)]
            a, b = -1, ends[FIRST, ix(machine)]
            while b >= 0 and (state[END, ix(b)] <= latest_pred or state[END, ix(b)] <= ready):
                a, b = b, state[AFTER, ix(b)]
            while True:
                free, reach, way = machines[FREE, ix(machine)], 0, 0
                if a >= 0:
                    free = state[END, ix(a)]
                if b >= 0:
                    reach = state[TAIL, ix(b)] + state[TIME, ix(b)]
                    way = reach
                if table >= 0:
                    before = machines[INITIAL, ix(machine)]
                    if a >= 0:
                        before = state[LEAVES, ix(a)]
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


@entry
def apply(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    tabu: Ints,
    trace: Ints,
    move: Move,
    until: int,
) -> int:
    """Carry out a move and time it; return the last place whose tail may be new.

    A move that makes a cycle is taken back, and -1 returned. The last column of `trace` follows the signature.
    """
    kind, u, v = move.kind, move.u, move.v
    place = state[PLACE]
    if kind == LATER:
        x = state[AFTER, ix(u)]
        while True:
            tabu[ix(slot(u, x))] = until
            if x == v:
                break
            x = state[AFTER, ix(x)]
        moved, back, target = u, state[BEFORE, ix(u)], v
        low, high = place[ix(u)], place[ix(v)]
    elif kind == EARLIER:
        x = u
        while x != v:
            tabu[ix(slot(x, v))] = until
            x = state[AFTER, ix(x)]
        moved, back, target = v, state[BEFORE, ix(v)], state[BEFORE, ix(u)]
        low, high = place[ix(u)], place[ix(v)]
    else:
        tabu[ix(slot(u, state.shape[1] + state[MACHINE, ix(u)]))] = until
        moved, back, target = u, state[BEFORE, ix(u)], move.w
        low = high = place[ix(u)]
    alt = state[ALT, ix(moved)]
    follower = state[AFTER, ix(moved)]
    signature = trace[0, -1] ^ mark(state, moved)
    if follower >= 0:
        signature ^= mark(state, follower)
    take_out(state, ends, moved)
    if follower >= 0:
        signature ^= mark(state, follower)
    new_alt = v if kind == ELSEWHERE else alt
    b = state[AFTER, ix(target)] if target >= 0 else ends[FIRST, ix(alts[0, ix(new_alt)])]
    if b >= 0:
        signature ^= mark(state, b)
    put_after(alts, state, ends, moved, new_alt, target)
    signature ^= mark(state, moved)
    if b >= 0:
        signature ^= mark(state, b)
    if kind == ELSEWHERE:
        if b >= 0 and place[ix(b)] < low:
            low = place[ix(b)]
        if target >= 0 and place[ix(target)] > high:
            high = place[ix(target)]
    if high > low and not sort_between(ops, links, state, low, high):
        take_out(state, ends, moved)
        put_after(alts, state, ends, moved, alt, back)
        return -1
    trace[0, -1] = signature
    if follower >= 0 and place[ix(follower)] < low:
        low = place[ix(follower)]
    if back >= 0 and place[ix(back)] > high:
        high = place[ix(back)]
    set_starts(ops, links, machines, times, state, low)
    set_tails(ops, links, machines, times, state, high)
    return high


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
    tabu: Ints,
    trace: Ints,
    path: Ints,
    seed: int,
    iterations: int,
    patience: int,
    target: int,
    tenure: int,
    longest: int,
    blocks: int,
    stop: Ints,
) -> tuple[int, int]:
    """Search from `state`; leave the best solution in `best_state`; return its makespan and the iterations done.

    A move stays tabu for `tenure` iterations and some more: the more often known solutions come back, up to `longest`
    (Battiti & Tecchiolli 1994). Ends after `iterations`, after `patience` of them without improvement, at a makespan
    of at most `target`, or soon after ``stop[0]`` becomes non-zero.
    """
    np.random.seed(seed)
    tabu[:] = 0
    trace[:] = 0
    latest = time_all(ops, links, machines, times, state)
    value = latest
    best_state[:] = state
    best_ends[:] = ends
    improved_at, circled_at, extra = 0, -CALM, 0
    now = 0
    while now < iterations and now - improved_at < patience and value > target and stop[0] == 0:
        now += 1
        last = any_last(ops, state, latest)
        count = critical_path(ops, links, machines, times, state, path, last)
        # Estimates may promise too much; going in circles after such promises, the walk believes them no more.
        bar = value if now - circled_at >= CALM else NOTHING_LESS
        move = choose(ops, links, alts, machines, times, state, ends, tabu, path, count, now, bar, blocks)
        if move.kind < 0:
            break
        until = now + tenure + extra + np.random.randint(tenure // 2 + 3)
        if apply(ops, links, alts, machines, times, state, ends, tabu, trace, move, until) < 0:
            continue
        if visit(trace, trace[0, -1], now):
            extra, circled_at = min(extra + 1 + extra // 4, longest - tenure), now
        elif now - circled_at == CALM and extra > 0:
            extra, circled_at = extra - 1, now
        latest = makespan(ops, state)
        if latest < value:
            value = latest
            improved_at = now
            best_state[:] = state
            best_ends[:] = ends
    return value, now
