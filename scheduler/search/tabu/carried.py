"""The tabu search where vehicles carry the jobs: critical blocks on machines and vehicles, changes of both.

An operation that goes to another machine takes its transports with it: those that lead to it and away from it change
places, length and empty travel, end when both ends become one place, and get a vehicle when they no longer are
(Berterottiere, Dauzere-Peres & Yugma 2024 search in the same graph). A transport may go to another vehicle, or
to another turn of its own.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    ALT,
    BEFORE,
    END,
    FAMILY,
    LEAVES,
    MACHINE,
    PLACE,
    PREDS_AT,
    READY,
    REST,
    SUCCS_AT,
    TIME,
    Ints,
    ix,
)
from scheduler.search.tabu.candidates import blocks, elsewhere
from scheduler.search.tabu.carry import (
    best_vehicle,
    destination_of,
    lay_idle,
    origin_of,
    point,
    settle,
)
from scheduler.search.tabu.critical import (
    ELSEWHERE,
    LATER,
    Move,
    any_last,
    critical_path,
    slot,
)
from scheduler.search.tabu.moves import put_after, take_out
from scheduler.search.tabu.timing import makespan, set_starts, set_tails, sort_between, time_all
from scheduler.search.tabu.transports import PLACE_OF
from scheduler.search.tabu.walk import CALM, NOTHING_LESS, mark, visit

TASK, WAS_ON, WAS_AFTER, WAS_IN = range(4)


@entry
def note(state: Ints, kept: Ints, size: int, t: int) -> int:
    """Remember where a task is, to put it back; return how many are remembered."""
    kept[TASK, ix(size)] = t
    kept[WAS_ON, ix(size)] = state[MACHINE, ix(t)]
    kept[WAS_AFTER, ix(size)] = state[BEFORE, ix(t)]
    kept[WAS_IN, ix(size)] = state[ALT, ix(t)]
    return size + 1


@uncounted
def widen(state: Ints, span: Ints, t: int) -> None:
    """Let the span of places contain a task, if it is one."""
    if t >= 0:
        span[0] = min(span[0], state[PLACE, ix(t)])
        span[1] = max(span[1], state[PLACE, ix(t)])


@uncounted
def redirect(
    ops: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    transports: Ints,
    station: int,
    state: Ints,
    ends: Ints,
    t: int,
    ready: int,
    tail: int,
) -> None:
    """Give a transport the places of its ends: idle, on its vehicle, or where it fits best if it was idle."""
    num, idle = state.shape[1] - transports.shape[1], machines.shape[1] - 2
    p = origin_of(machines, transports, station, state, t - num)
    q = destination_of(machines, transports, station, state, t - num)
    if p < 0 or q < 0 or p == q:
        if state[MACHINE, ix(t)] != idle:
            take_out(state, ends, t)
            lay_idle(machines, state, t)
        return
    if state[MACHINE, ix(t)] == idle:
        alt, a, _, _ = best_vehicle(ops, alts, machines, times, state, ends, t, p, q, ready, tail)
        put_after(alts, state, ends, t, alt, a)
    point(machines, times, state, t, p, q)


@uncounted
def put_back(
    alts: Ints,
    machines: Ints,
    times: Ints,
    transports: Ints,
    station: int,
    state: Ints,
    ends: Ints,
    kept: Ints,
    size: int,
) -> None:
    """Undo: take out what has been moved, last first, and put it where it was."""
    num, idle = state.shape[1] - transports.shape[1], machines.shape[1] - 2
    for i in range(size - 1, -1, -1):
        t = kept[TASK, ix(i)]
        if state[MACHINE, ix(t)] != idle:
            take_out(state, ends, t)
        if kept[WAS_ON, ix(i)] == idle:
            lay_idle(machines, state, t)
            state[ALT, ix(t)] = kept[WAS_IN, ix(i)]
        else:
            put_after(alts, state, ends, t, kept[WAS_IN, ix(i)], kept[WAS_AFTER, ix(i)])
    for i in range(size):
        t = kept[TASK, ix(i)]
        if t >= num and state[MACHINE, ix(t)] != idle:
            p = origin_of(machines, transports, station, state, t - num)
            point(machines, times, state, t, p, destination_of(machines, transports, station, state, t - num))


@uncounted
def apply_carried(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    transports: Ints,
    station: int,
    state: Ints,
    ends: Ints,
    tabu: Ints,
    kept: Ints,
    move: Move,
    until: int,
) -> bool:
    """Carry out a move and time it; return False, and change nothing, if it makes a cycle."""
    kind, u, v = move.kind, move.u, move.v
    num, idle = state.shape[1] - transports.shape[1], machines.shape[1] - 2
    span = kept[4]
    span[0], span[1] = state.shape[1], -1
    size = 0
    if kind == ELSEWHERE:
        tabu[ix(slot(u, state.shape[1] + state[MACHINE, ix(u)]))] = until
        moved, target, alt = u, move.w, v
        ready, tail = state[READY, ix(u)], state[REST, ix(u)]
    else:
        x = u
        while x != v:
            y = state[AFTER, ix(x)]
            if kind == LATER:
                tabu[ix(slot(u, y))] = until
            else:
                tabu[ix(slot(x, v))] = until
            x = y
        moved, target = (u, v) if kind == LATER else (v, state[BEFORE, ix(u)])
        alt = state[ALT, ix(moved)]
        ready, tail = 0, 0
    size = note(state, kept, size, moved)
    widen(state, span, moved)
    widen(state, span, state[BEFORE, ix(moved)])
    widen(state, span, state[AFTER, ix(moved)])
    arrives, leaves, time = state[FAMILY, ix(moved)], state[LEAVES, ix(moved)], state[TIME, ix(moved)]
    old_place = machines[PLACE_OF, ix(state[MACHINE, ix(moved)])]
    take_out(state, ends, moved)
    put_after(alts, state, ends, moved, alt, target)
    if moved >= num:
        if kind == ELSEWHERE:
            point(machines, times, state, moved, arrives, leaves)
        else:
            state[FAMILY, ix(moved)], state[LEAVES, ix(moved)], state[TIME, ix(moved)] = arrives, leaves, time
    widen(state, span, state[BEFORE, ix(moved)])
    widen(state, span, state[AFTER, ix(moved)])
    if moved < num and machines[PLACE_OF, ix(state[MACHINE, ix(moved)])] != old_place:
        begin = max(ready, state[END, ix(target)] if target >= 0 else 0)
        for side in range(2):
            row = PREDS_AT if side == 0 else SUCCS_AT
            for j in range(ops[row, ix(moved)], ops[row, ix(moved + 1)]):
                t = links[0, ix(j)]
                if t < num:
                    continue
                if state[MACHINE, ix(t)] != idle:
                    widen(state, span, state[BEFORE, ix(t)])
                    widen(state, span, state[AFTER, ix(t)])
                widen(state, span, t)
                size = note(state, kept, size, t)
                if side == 0:
                    redirect(
                        ops, alts, machines, times, transports, station, state, ends, t,
                        state[READY, ix(t)], state[TIME, ix(moved)] + tail,
                    )  # fmt: skip
                else:
                    redirect(
                        ops, alts, machines, times, transports, station, state, ends, t,
                        begin + state[TIME, ix(moved)], state[REST, ix(t)],
                    )  # fmt: skip
                if state[MACHINE, ix(t)] != idle:
                    widen(state, span, state[BEFORE, ix(t)])
                    widen(state, span, state[AFTER, ix(t)])
    low, high = span[0], span[1]
    if not sort_between(ops, links, state, low, high):
        put_back(alts, machines, times, transports, station, state, ends, kept, size)
        return False
    set_starts(ops, links, machines, times, state, low)
    set_tails(ops, links, machines, times, state, high)
    return True


@njit(cache=True, nogil=True)
def run_carried(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    transports: Ints,
    station: int,
    state: Ints,
    ends: Ints,
    best_state: Ints,
    best_ends: Ints,
    tabu: Ints,
    trace: Ints,
    path: Ints,
    kept: Ints,
    seed: int,
    iterations: int,
    patience: int,
    target: int,
    tenure: int,
    longest: int,
    stop: Ints,
) -> tuple[int, int]:
    """Search from `state`, as `scheduler.search.tabu.walk.run` does; return the makespan and the iterations done."""
    np.random.seed(seed)
    tabu[:] = 0
    trace[:] = 0
    num = state.shape[1] - transports.shape[1]
    counts, found = np.zeros(2, np.int64), np.zeros(3, np.int64)
    settle(machines, times, transports, station, state, ends, alts)
    latest = time_all(ops, links, machines, times, state)
    value = latest
    best_state[:] = state
    best_ends[:] = ends
    improved_at, circled_at, extra = 0, -CALM, 0
    now = 0
    while now < iterations and now - improved_at < patience and value > target and stop[0] == 0:
        now += 1
        count = critical_path(ops, links, machines, times, state, path, any_last(ops, state, latest))
        bar = value if now - circled_at >= CALM else NOTHING_LESS
        counts[:] = 0
        chosen, spare = blocks(machines, times, state, tabu, path, count, counts, now, bar, num)
        chosen, spare = elsewhere(
            ops, links, alts, machines, times, transports, station, state, ends, tabu, path, count, counts, found,
            chosen, spare, now, bar,
        )  # fmt: skip
        move = chosen if chosen.kind >= 0 else spare
        if move.kind < 0:
            break
        until = now + tenure + extra + np.random.randint(tenure // 2 + 3)
        if not apply_carried(
            ops, links, alts, machines, times, transports, station, state, ends, tabu, kept, move, until
        ):
            continue
        signature = 0
        for o in range(state.shape[1]):
            signature ^= mark(state, o)
        if visit(trace, signature, now):
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
