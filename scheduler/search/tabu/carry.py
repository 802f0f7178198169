"""Transports on vehicles: where they go, how long they take, where one fits in; new solutions with transports."""

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
    FAMILY,
    FIRST,
    INITIAL,
    LAST,
    LEAVES,
    MACHINE,
    PLACE,
    PREDS_AT,
    READY,
    RELEASE,
    SETUPS_AT,
    SUCCS_AT,
    TAIL,
    TIME,
    Ints,
    Reals,
    ix,
)
from scheduler.search.tabu.build import WIDTH, earliest_end
from scheduler.search.tabu.moves import put_after, take_out
from scheduler.search.tabu.transports import LOADED_AT, PLACE_OF, PRED, SUCC


@uncounted
def origin_of(machines: Ints, transports: Ints, station: int, state: Ints, k: int) -> int:
    """Return the place at which transport number `k` begins, -1 where no fleet goes."""
    o = transports[PRED, ix(k)]
    return station if o < 0 else machines[PLACE_OF, ix(state[MACHINE, ix(o)])]


@uncounted
def destination_of(machines: Ints, transports: Ints, station: int, state: Ints, k: int) -> int:
    """Return the place at which transport number `k` ends, -1 where no fleet goes."""
    o = transports[SUCC, ix(k)]
    return station if o < 0 else machines[PLACE_OF, ix(state[MACHINE, ix(o)])]


@uncounted
def loaded_time(machines: Ints, times: Ints, vehicle: int, p: int, q: int) -> int:
    """Return the length of a transport from place to place."""
    return times[ix(machines[LOADED_AT, ix(vehicle)] + p * machines[FAMILIES, ix(vehicle)] + q)]


@uncounted
def point(machines: Ints, times: Ints, state: Ints, t: int, p: int, q: int) -> None:
    """Let a transport that is on a vehicle go from place `p` to place `q`."""
    state[FAMILY, ix(t)] = p
    state[LEAVES, ix(t)] = q
    state[TIME, ix(t)] = loaded_time(machines, times, state[MACHINE, ix(t)], p, q)


@uncounted
def lay_idle(machines: Ints, state: Ints, t: int) -> None:
    """Let a transport that is in no sequence be idle."""
    state[MACHINE, ix(t)] = machines.shape[1] - 2
    state[BEFORE, ix(t)] = -1
    state[AFTER, ix(t)] = -1
    state[TIME, ix(t)] = 0
    state[FAMILY, ix(t)] = 0
    state[LEAVES, ix(t)] = 0


@entry
def settle(machines: Ints, times: Ints, transports: Ints, station: int, state: Ints, ends: Ints, alts: Ints) -> None:
    """Set places and lengths of all tasks after their machines and sequences have been set."""
    num = state.shape[1] - transports.shape[1]
    for o in range(num):
        alt = state[ALT, ix(o)]
        state[TIME, ix(o)] = alts[1, ix(alt)]
        state[FAMILY, ix(o)] = alts[2, ix(alt)]
        state[LEAVES, ix(o)] = alts[2, ix(alt)]
    for k in range(transports.shape[1]):
        t = num + k
        p = origin_of(machines, transports, station, state, k)
        q = destination_of(machines, transports, station, state, k)
        if state[MACHINE, ix(t)] == machines.shape[1] - 2:
            lay_idle(machines, state, t)
        elif p < 0 or q < 0 or p == q:
            take_out(state, ends, t)
            lay_idle(machines, state, t)
        else:
            point(machines, times, state, t, p, q)


@uncounted
def best_vehicle(
    ops: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    t: int,
    p: int,
    q: int,
    ready: int,
    tail: int,
) -> tuple[int, int, int, int]:
    """Return where an idle transport from `p` to `q` fits best: alternative, task before it, its end, longest way.

    `ready` is when its part is ready, `tail` what its job still needs after it.
    """
    best_alt, best_a, best_end, least = -1, -1, 0, 1 << 60
    for alt in range(ops[ALTS_AT, ix(t)], ops[ALTS_AT, ix(t + 1)]):
        vehicle = alts[0, ix(alt)]
        table, side = machines[SETUPS_AT, ix(vehicle)], machines[FAMILIES, ix(vehicle)]
        time = loaded_time(machines, times, vehicle, p, q)
        a, b = -1, ends[FIRST, ix(vehicle)]
        while b >= 0 and state[END, ix(b)] <= ready:
            a, b = b, state[AFTER, ix(b)]
        while True:
            free, here = 0, machines[INITIAL, ix(vehicle)]
            if a >= 0:
                free, here = state[END, ix(a)], state[LEAVES, ix(a)]
            end = max(ready, free + times[ix(table + here * side + p)]) + time
            way, reach = 0, 0
            if b >= 0:
                reach = state[TAIL, ix(b)] + state[TIME, ix(b)]
                way = reach + times[ix(table + q * side + state[FAMILY, ix(b)])]
            value = end + max(tail, way)
            if value < least:
                best_alt, best_a, best_end, least = alt, a, end, value
            if b < 0 or reach <= tail:
                break
            a, b = b, state[AFTER, ix(b)]
    return best_alt, best_a, best_end, least


@entry
def arrival(
    ops: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    t: int,
    p: int,
    q: int,
    ready: int,
) -> tuple[int, int]:
    """Return when a part gets from `p` to `q` with the vehicle that is first there (each after its last), and by which.

    The second is the alternative of the transport.
    """
    soonest, by = 1 << 60, -1
    for alt in range(ops[ALTS_AT, ix(t)], ops[ALTS_AT, ix(t + 1)]):
        vehicle = alts[0, ix(alt)]
        a = ends[LAST, ix(vehicle)]
        free, here = 0, machines[INITIAL, ix(vehicle)]
        if a >= 0:
            free, here = state[END, ix(a)], state[LEAVES, ix(a)]
        approach = times[ix(machines[SETUPS_AT, ix(vehicle)] + here * machines[FAMILIES, ix(vehicle)] + p)]
        end = max(ready, free + approach) + loaded_time(machines, times, vehicle, p, q)
        if end < soonest:
            soonest, by = end, alt
    return soonest, by


@entry
def append(
    alts: Ints, machines: Ints, times: Ints, state: Ints, ends: Ints, t: int, alt: int, p: int, q: int, end: int
) -> None:
    """Put a transport at the end of a vehicle's sequence."""
    put_after(alts, state, ends, t, alt, ends[LAST, ix(alts[0, ix(alt)])])
    point(machines, times, state, t, p, q)
    state[END, ix(t)] = end


@entry
def greedy_carried(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    transports: Ints,
    station: int,
    state: Ints,
    ends: Ints,
    remaining: Reals,
    urgency: float,
    noise: float,
    seed: int,
) -> None:
    """Build a solution from nothing, as `scheduler.search.tabu.build.greedy` does, each part by the soonest vehicle."""
    np.random.seed(seed)
    num = state.shape[1] - transports.shape[1]
    state[BEFORE] = -1
    state[AFTER] = -1
    ends[:] = -1
    count = 0
    for k in range(transports.shape[1]):
        state[ALT, num + k] = ops[ALTS_AT, num + k]
        lay_idle(machines, state, num + k)
        state[END, num + k] = 0
    for o in range(state.shape[1]):
        state[DEGREE, o] = ops[PREDS_AT, o + 1] - ops[PREDS_AT, o]
        if state[DEGREE, o] == 0 and o < num:
            state[BUFFER, count] = o
            count += 1
    for k in range(transports.shape[1]):  # what only waits for its arrival is ready too
        o = transports[SUCC, k]
        if transports[PRED, k] < 0 and o >= 0:
            state[DEGREE, o] -= 1
            if state[DEGREE, o] == 0:
                state[BUFFER, count] = o
                count += 1
    while count > 0:
        chosen, chosen_alt, least = -1, -1, np.inf
        first = np.random.randint(count) if count > WIDTH else 0
        for number in range(min(count, WIDTH)):
            i = (first + number) % count
            o = state[BUFFER, i]
            bonus = urgency * remaining[o] * (1.0 + noise * (np.random.random() - 0.5))
            for alt in range(ops[ALTS_AT, o], ops[ALTS_AT, o + 1]):
                state[READY, o] = _ready(ops, links, alts, machines, times, transports, station, state, ends, o, alt)
                value = earliest_end(machines, times, alts, state, ends, o, alt) - bonus + np.random.random()
                if value < least:
                    least, chosen, chosen_alt = value, i, alt
        o = state[BUFFER, chosen]
        here = machines[PLACE_OF, alts[0, chosen_alt]]
        state[READY, o] = _ready(ops, links, alts, machines, times, transports, station, state, ends, o, chosen_alt)
        end = earliest_end(machines, times, alts, state, ends, o, chosen_alt)
        for j in range(ops[PREDS_AT, o], ops[PREDS_AT, o + 1]):
            t = links[0, j]
            if t >= num:
                _bring(ops, alts, machines, times, transports, station, state, ends, t, here)
        put_after(alts, state, ends, o, chosen_alt, ends[LAST, alts[0, chosen_alt]])
        state[END, o] = end
        count -= 1
        state[BUFFER, chosen] = state[BUFFER, count]
        for j in range(ops[SUCCS_AT, o], ops[SUCCS_AT, o + 1]):
            b = links[0, j]
            if b >= num:
                state[END, b] = end
                b = transports[SUCC, b - num]
                if b < 0:  # a departure
                    _bring(ops, alts, machines, times, transports, station, state, ends, links[0, j], station)
                    continue
            state[DEGREE, b] -= 1
            if state[DEGREE, b] == 0:
                state[BUFFER, count] = b
                count += 1


@entry
def _ready(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    transports: Ints,
    station: int,
    state: Ints,
    ends: Ints,
    o: int,
    alt: int,
) -> int:
    """Return when all parts of an operation are there, if it is done in this alternative."""
    num = state.shape[1] - transports.shape[1]
    ready, here = ops[RELEASE, o], machines[PLACE_OF, alts[0, alt]]
    for j in range(ops[PREDS_AT, o], ops[PREDS_AT, o + 1]):
        t = links[0, j]
        if t < num:
            ready = max(ready, state[END, t] + links[1, j])
            continue
        p = origin_of(machines, transports, station, state, t - num)
        there = max(state[END, t], ops[RELEASE, t])
        if p >= 0 and here >= 0 and p != here:
            there, _ = arrival(ops, alts, machines, times, state, ends, t, p, here, there)
        ready = max(ready, there)
    return ready


@entry
def _bring(
    ops: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    transports: Ints,
    station: int,
    state: Ints,
    ends: Ints,
    t: int,
    q: int,
) -> None:
    """Put a transport to place `q`, if it needs a vehicle, on the one that is there first."""
    p = origin_of(machines, transports, station, state, t - (state.shape[1] - transports.shape[1]))
    if p >= 0 and q >= 0 and p != q:
        end, alt = arrival(ops, alts, machines, times, state, ends, t, p, q, max(state[END, t], ops[RELEASE, t]))
        append(alts, machines, times, state, ends, t, alt, p, q, end)


@njit(cache=True, nogil=True)
def blend_carried(
    ops: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    transports: Ints,
    station: int,
    one: Ints,
    other: Ints,
    state: Ints,
    ends: Ints,
    share: float,
    seed: int,
) -> None:
    """Put together a solution on the way from one to the other, as `scheduler.search.tabu.build.blend` does.

    A transport that neither of the two needs goes on any vehicle that may carry it.
    """
    np.random.seed(seed)
    total, num = state.shape[1], state.shape[1] - transports.shape[1]
    idle = machines.shape[1] - 2
    place = np.empty(total, np.float64)
    for o in range(total):
        place[o] = (1.0 - share) * one[PLACE, o] + share * other[PLACE, o] + 1e-6 * o
    state[BEFORE] = -1
    state[AFTER] = -1
    ends[:] = -1
    for o in range(num):
        alt = one[ALT, o]
        if other[ALT, o] != alt and np.random.random() < share:
            alt = other[ALT, o]
        state[ALT, o] = alt
        state[MACHINE, o] = alts[0, alt]
    for o in np.argsort(place):
        if o < num:
            put_after(alts, state, ends, o, state[ALT, o], ends[LAST, state[MACHINE, o]])
            continue
        p = origin_of(machines, transports, station, state, o - num)
        q = destination_of(machines, transports, station, state, o - num)
        alt = one[ALT, o]
        if one[MACHINE, o] == idle or (other[MACHINE, o] != idle and np.random.random() < share):
            alt = other[ALT, o]
        if one[MACHINE, o] == idle and other[MACHINE, o] == idle:
            alt = np.random.randint(ops[ALTS_AT, o], ops[ALTS_AT, o + 1])
        if p < 0 or q < 0 or p == q:
            state[ALT, o] = alt
            lay_idle(machines, state, o)
        else:
            put_after(alts, state, ends, o, alt, ends[LAST, alts[0, alt]])
            point(machines, times, state, o, p, q)
