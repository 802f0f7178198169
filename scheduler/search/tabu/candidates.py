"""Which move the walk with transports makes: inside critical blocks, to other machines, to other vehicles and turns."""

from __future__ import annotations

import numpy as np

from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    ALTS_AT,
    BEFORE,
    END,
    FAMILIES,
    FAMILY,
    FIRST,
    INITIAL,
    LEAVES,
    MACHINE,
    PREDS_AT,
    READY,
    RELEASE,
    REST,
    SETUPS_AT,
    START,
    SUCCS_AT,
    TAIL,
    TIME,
    Ints,
    ix,
)
from scheduler.search.tabu.carry import best_vehicle, destination_of, loaded_time, origin_of
from scheduler.search.tabu.critical import EARLIER, ELSEWHERE, LATER, Move, is_tabu, may_move, slot
from scheduler.search.tabu.moves import estimate_earlier, estimate_later
from scheduler.search.tabu.transports import PLACE_OF, SUCC

SPAN = 6
"""Turns by which a transport may go to another one of its vehicle."""
FIXED, READY_THERE, REST_THERE = range(3)
"""What `ends_elsewhere` finds."""


@entry
def rank(chosen: Move, spare: Move, counts: Ints, move: Move, forbidden: bool) -> tuple[Move, Move]:
    """Return the best move so far, and a random one of those that are forbidden."""
    if forbidden:
        counts[1] += 1
        return (chosen, move) if np.random.randint(counts[1]) == 0 else (chosen, spare)
    if move.value < chosen.value:
        counts[0] = 0
    if move.value <= chosen.value:
        counts[0] += 1
        if np.random.randint(counts[0]) == 0:
            return move, spare
    return chosen, spare


@uncounted
def in_sequence(
    machines: Ints,
    times: Ints,
    state: Ints,
    tabu: Ints,
    counts: Ints,
    chosen: Move,
    spare: Move,
    kind: int,
    u: int,
    v: int,
    now: int,
    best: int,
) -> tuple[Move, Move]:
    """Rank a move inside a sequence."""
    if not may_move(state, kind, u, v):
        return chosen, spare
    if kind == LATER:
        value = estimate_later(machines, times, state, u, v)
    else:
        value = estimate_earlier(machines, times, state, u, v)
    if value > chosen.value and counts[1] > 0:
        return chosen, spare
    forbidden = value >= best and is_tabu(state, tabu, kind, u, v, now)
    return rank(chosen, spare, counts, Move(kind, u, v, -1, value), forbidden)


@uncounted
def waits_in_turn(state: Ints, path: Ints, count: int, i: int) -> bool:
    """Return whether the path comes to a transport, or leaves it, by the turns of its vehicle.

    Elsewhere another turn or vehicle is of no use: the transport starts when its part is ready, its job waits for it.
    """
    t = path[ix(i)]
    comes = state[START, ix(t)] > state[READY, ix(t)] or (i + 1 < count and path[ix(i + 1)] == state[BEFORE, ix(t)])
    return comes or (i > 0 and path[ix(i - 1)] == state[AFTER, ix(t)])


@entry
def blocks(
    machines: Ints,
    times: Ints,
    state: Ints,
    tabu: Ints,
    path: Ints,
    count: int,
    counts: Ints,
    now: int,
    best: int,
    num: int,
) -> tuple[Move, Move]:
    """Rank the moves inside critical blocks (N7), and those of critical transports to turns nearby."""
    chosen = Move(-1, -1, -1, -1, 1 << 60)
    spare = Move(-1, -1, -1, -1, 1 << 60)
    i = count - 1
    while i >= 0:
        j = i
        while j >= 1 and state[BEFORE, ix(path[ix(j - 1)])] == path[ix(j)]:
            j -= 1
        head, last = path[ix(i)], path[ix(j)]
        for k in range(j, i + 1):
            x = path[ix(k)]
            if head >= num:
                break
            if x != last:
                chosen, spare = in_sequence(
                    machines, times, state, tabu, counts, chosen, spare, LATER, x, last, now, best
                )
            if x != head and i - j > 1:
                chosen, spare = in_sequence(
                    machines, times, state, tabu, counts, chosen, spare, EARLIER, head, x, now, best
                )
            if x not in (head, last):
                chosen, spare = in_sequence(
                    machines, times, state, tabu, counts, chosen, spare, LATER, head, x, now, best
                )
                chosen, spare = in_sequence(
                    machines, times, state, tabu, counts, chosen, spare, EARLIER, x, last, now, best
                )
        i = j - 1
    for i in range(count):
        t = path[ix(i)]
        if t < num or state[MACHINE, ix(t)] == machines.shape[1] - 2 or not waits_in_turn(state, path, count, i):
            continue
        x = state[AFTER, ix(t)]
        for _ in range(SPAN):
            if x < 0:
                break
            chosen, spare = in_sequence(machines, times, state, tabu, counts, chosen, spare, LATER, t, x, now, best)
            x = state[AFTER, ix(x)]
        x = state[BEFORE, ix(t)]
        for _ in range(SPAN):
            if x < 0:
                break
            chosen, spare = in_sequence(machines, times, state, tabu, counts, chosen, spare, EARLIER, x, t, now, best)
            x = state[BEFORE, ix(x)]
    return chosen, spare


@entry
def without(machines: Ints, times: Ints, state: Ints, t: int, idle: int) -> int:
    """Return the longest way from the transport before this one to that after it, on its vehicle, without it."""
    vehicle, b = state[MACHINE, ix(t)], state[AFTER, ix(t)]
    if vehicle == idle or b < 0:
        return 0
    a, free, place = state[BEFORE, ix(t)], 0, machines[INITIAL, ix(vehicle)]
    if a >= 0:
        free, place = state[END, ix(a)], state[LEAVES, ix(a)]
    travel = times[
        ix(machines[SETUPS_AT, ix(vehicle)] + place * machines[FAMILIES, ix(vehicle)] + state[FAMILY, ix(b)])
    ]
    return free + travel + state[TIME, ix(b)] + state[TAIL, ix(b)]


@uncounted
def ends_elsewhere(
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
    found: Ints,
) -> None:
    """Estimate when an operation can start in another alternative, and what comes after it, its transports considered.

    ``found[FIXED]`` is the longest way that does not lead through the operation's new place in the sequence.
    """
    num, idle = state.shape[1] - transports.shape[1], machines.shape[1] - 2
    here, time = machines[PLACE_OF, ix(alts[0, ix(alt)])], alts[1, ix(alt)]
    ready, rest, fixed = ops[RELEASE, ix(o)], 0, 0
    for j in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
        t = links[0, ix(j)]
        if t < num:
            ready = max(ready, state[END, ix(t)] + links[1, ix(j)])
            continue
        p = origin_of(machines, transports, station, state, t - num)
        vehicle = state[MACHINE, ix(t)]
        if p < 0 or here < 0 or p == here:
            there = state[READY, ix(t)]
            fixed = max(fixed, without(machines, times, state, t, idle))
        elif vehicle != idle:
            there = state[START, ix(t)] + loaded_time(machines, times, vehicle, p, here)
            b = state[AFTER, ix(t)]
            if b >= 0:
                leave = machines[SETUPS_AT, ix(vehicle)] + here * machines[FAMILIES, ix(vehicle)]
                way = there + times[ix(leave + state[FAMILY, ix(b)])] + state[TIME, ix(b)] + state[TAIL, ix(b)]
                fixed = max(fixed, way)
        else:
            tail = time + state[REST, ix(o)]
            _, _, there, way = best_vehicle(
                ops, alts, machines, times, state, ends, t, p, here, state[READY, ix(t)], tail
            )
            fixed = max(fixed, way)
        ready = max(ready, there)
    for j in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
        t = links[0, ix(j)]
        if t < num:
            rest = max(rest, links[1, ix(j)] + state[TIME, ix(t)] + state[TAIL, ix(t)])
            continue
        q = destination_of(machines, transports, station, state, t - num)
        vehicle = state[MACHINE, ix(t)]
        if q < 0 or here < 0 or q == here:
            rest = max(rest, state[REST, ix(t)])
            fixed = max(fixed, without(machines, times, state, t, idle))
        elif vehicle != idle:
            way = loaded_time(machines, times, vehicle, here, q) + state[TAIL, ix(t)]
            rest = max(rest, way)
            a = state[BEFORE, ix(t)]
            free, place = 0, machines[INITIAL, ix(vehicle)]
            if a >= 0:
                free, place = state[END, ix(a)], state[LEAVES, ix(a)]
            if a < num or transports[SUCC, ix(a - num)] != o:
                approach = machines[SETUPS_AT, ix(vehicle)] + place * machines[FAMILIES, ix(vehicle)] + here
                fixed = max(fixed, free + times[ix(approach)] + way)
        else:
            _, _, end, way = best_vehicle(
                ops, alts, machines, times, state, ends, t, here, q, ready + time, state[REST, ix(t)]
            )
            fixed = max(fixed, way)
            rest = max(rest, end - ready - time + state[REST, ix(t)])
    found[FIXED], found[READY_THERE], found[REST_THERE] = fixed, ready, rest


@uncounted
def goes(
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
    counts: Ints,
    found: Ints,
    chosen: Move,
    spare: Move,
    o: int,
    now: int,
    best: int,
) -> tuple[Move, Move]:
    """Rank the changes of machine or vehicle of one task."""
    num = state.shape[1] - transports.shape[1]
    latest_pred, longest_succ = -1, -1
    for k in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
        latest_pred = max(latest_pred, state[START, ix(links[0, ix(k)])])
    for k in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
        longest_succ = max(longest_succ, state[TAIL, ix(links[0, ix(k)])])
    for alt in range(ops[ALTS_AT, ix(o)], ops[ALTS_AT, ix(o + 1)]):
        machine = alts[0, ix(alt)]
        if machine == state[MACHINE, ix(o)]:
            continue
        table, side = machines[SETUPS_AT, ix(machine)], machines[FAMILIES, ix(machine)]
        fixed, ready, tail = 0, state[READY, ix(o)], state[REST, ix(o)]
        if o < num:
            time, arrives, leaves = alts[1, ix(alt)], alts[2, ix(alt)], alts[2, ix(alt)]
            if machines[PLACE_OF, ix(machine)] != machines[PLACE_OF, ix(state[MACHINE, ix(o)])]:
                ends_elsewhere(ops, links, alts, machines, times, transports, station, state, ends, o, alt, found)
                fixed, ready, tail = found[FIXED], found[READY_THERE], found[REST_THERE]
        else:
            arrives, leaves = state[FAMILY, ix(o)], state[LEAVES, ix(o)]
            time = loaded_time(machines, times, machine, arrives, leaves)
        if max(fixed, ready + time + tail) > chosen.value:
            continue
        forbidden = tabu[ix(slot(o, state.shape[1] + machine))] > now
        a, b = -1, ends[FIRST, ix(machine)]
        while b >= 0 and (state[END, ix(b)] <= latest_pred or state[END, ix(b)] <= ready):
            a, b = b, state[AFTER, ix(b)]
        while True:
            free, reach, way = 0, 0, 0
            if a >= 0:
                free = state[END, ix(a)]
            if b >= 0:
                reach = state[TAIL, ix(b)] + state[TIME, ix(b)]
                way = reach
            if table >= 0:
                before = machines[INITIAL, ix(machine)]
                if a >= 0:
                    before = state[LEAVES, ix(a)]
                free += times[ix(table + before * side + arrives)]
                if b >= 0:
                    way += times[ix(table + leaves * side + state[FAMILY, ix(b)])]
            value = max(fixed, max(ready, free) + time + max(tail, way))
            move = Move(ELSEWHERE, o, alt, a, value)
            chosen, spare = rank(chosen, spare, counts, move, forbidden and value >= best)
            if b < 0 or reach <= longest_succ or reach <= tail:
                break
            a, b = b, state[AFTER, ix(b)]
    return chosen, spare


@entry
def elsewhere(
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
    path: Ints,
    count: int,
    counts: Ints,
    found: Ints,
    chosen: Move,
    spare: Move,
    now: int,
    best: int,
) -> tuple[Move, Move]:
    """Rank the changes of machine and vehicle of the tasks of the path, and of the operations at its transports' ends.

    Where the path goes from turn to turn of a vehicle the operations are not in it, and yet it gets shorter if a part
    has less far to go, or stays where it is.
    """
    num, idle = state.shape[1] - transports.shape[1], machines.shape[1] - 2
    for i in range(count):
        t = path[ix(i)]
        if state[MACHINE, ix(t)] == idle or (t >= num and not waits_in_turn(state, path, count, i)):
            continue
        for end in range(3 if t >= num else 1):
            o = t if end == 0 else transports[end - 1, ix(t - num)]
            if o < 0 or ops[ALTS_AT, ix(o + 1)] - ops[ALTS_AT, ix(o)] < 2:
                continue
            if (end == 1 and i + 1 < count and path[ix(i + 1)] == o) or (end == 2 and i > 0 and path[ix(i - 1)] == o):
                continue
            chosen, spare = goes(
                ops, links, alts, machines, times, transports, station, state, ends, tabu, counts, found,
                chosen, spare, o, now, best,
            )  # fmt: skip
    return chosen, spare
