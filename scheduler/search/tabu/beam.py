"""Solutions by beam search: a greedy construction that goes several ways at a time.

A filtered beam search (Ow & Morton 1988; for job shops Sabuncuoglu & Bayiz 1999): each partial solution of the beam is
continued by the operations and modes that a dispatching rule likes best, and the best of all continuations stay, by an
estimate of the makespan: the longest of what jobs and machines still have before them, and the idle time so far. It
costs the square of the number of operations, so the beam is narrower the more there are.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from scheduler.search.inner import entry, inner, uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    ALTS_AT,
    BEFORE,
    FAMILIES,
    FREE,
    INITIAL,
    LAST,
    PREDS_AT,
    RELEASE,
    SETUPS_AT,
    SUCCS_AT,
    Ints,
    Reals,
)
from scheduler.search.tabu.moves import put_after

WIDTH = 12
"""Partial solutions that are kept, at the most ..."""
WORK = 200_000_000
"""... and so many that this bounds the numbers that are copied."""
FAN = 4
"""Continuations of each that are looked at."""
WINDOW = 256
"""Operations that a step looks at in each partial solution, at the most."""

# Rows of the operations of a partial solution, and of its machines.
DONE_AT, MISSING, OPEN = range(3)
FREE_AT, LAST_ALT, BUSY = range(3)
# Columns of a continuation.
PARENT, OPERATION, MODE, DONE = range(4)


def beam_width(num_operations: int) -> int:
    """Return how many partial solutions there is time for; below 2 a beam is of no use."""
    return min(WIDTH, WORK // (num_operations * num_operations + 1))


@njit(cache=True, nogil=True)
def shares(ops: Ints, alts: Ints, num_machines: int) -> Reals:
    """Return by machine the work that is likely to be done there: every operation split evenly among its modes."""
    load = np.zeros(num_machines)
    for o in range(ops.shape[1] - 1):
        first, last = ops[ALTS_AT, o], ops[ALTS_AT, o + 1]
        for alt in range(first, last):
            load[alts[0, alt]] += alts[1, alt] / (last - first)
    return load


@uncounted
def done_at(alts: Ints, machines: Ints, times: Ints, on_machines: Ints, ready: int, alt: int) -> int:
    """Return when an operation in this mode would end as the next on its machine, downtimes ignored."""
    machine = alts[0, alt]
    free, table = on_machines[FREE_AT, machine], machines[SETUPS_AT, machine]
    if table >= 0:
        family = machines[INITIAL, machine]
        if on_machines[LAST_ALT, machine] >= 0:
            family = alts[2, on_machines[LAST_ALT, machine]]
        free += times[table + family * machines[FAMILIES, machine] + alts[2, alt]]
    return max(ready, free) + alts[1, alt]


@uncounted
def ready_at(ops: Ints, links: Ints, of_operations: Ints, o: int) -> int:
    """Return when all predecessors of an operation are done."""
    ready = ops[RELEASE, o]
    for k in range(ops[PREDS_AT, o], ops[PREDS_AT, o + 1]):
        ready = max(ready, of_operations[DONE_AT, links[0, k]] + links[1, k])
    return ready


@inner
def continuations(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    of_operations: Ints,
    on_machines: Ints,
    rest: Reals,
    count: int,
    remaining: Reals,
    urgency: float,
    noise: float,
    found: Ints,
    worth: Reals,
) -> int:
    """Find the best continuations of one partial solution by the dispatching rule; return how many there are.

    `found` gets operation, mode and end of each, `worth` the estimate of the makespan.
    """
    liking = np.full(FAN, np.inf)
    num = 0
    longest, second, longest_open = 0.0, 0.0, -1
    first = np.random.randint(count) if count > WINDOW else 0
    for number in range(min(count, WINDOW)):
        o = of_operations[OPEN, (first + number) % count]
        ready = ready_at(ops, links, of_operations, o)
        soonest = np.inf
        bonus = urgency * remaining[o] * (1.0 + noise * (np.random.random() - 0.5))
        for alt in range(ops[ALTS_AT, o], ops[ALTS_AT, o + 1]):
            end = done_at(alts, machines, times, on_machines, ready, alt)
            soonest = min(soonest, end - alts[1, alt])
            value = end - bonus + np.random.random()
            if value >= liking[FAN - 1]:
                continue
            k = FAN - 1
            while k > 0 and liking[k - 1] > value:
                liking[k] = liking[k - 1]
                found[:, k] = found[:, k - 1]
                k -= 1
            liking[k] = value
            found[OPERATION, k], found[MODE, k], found[DONE, k] = o, alt, end
            num = min(num + 1, FAN)
        if soonest + remaining[o] > longest:
            longest, second, longest_open = soonest + remaining[o], longest, o
        elif soonest + remaining[o] > second:
            second = soonest + remaining[o]
    num_machines = rest.size
    idle, heaviest = 0.0, 0.0
    for m in range(num_machines):
        idle += on_machines[FREE_AT, m] - on_machines[BUSY, m]
        heaviest = max(heaviest, on_machines[FREE_AT, m] + rest[m])
    for k in range(num):
        o, alt, end = found[OPERATION, k], found[MODE, k], found[DONE, k]
        machine = alts[0, alt]
        before = second if o == longest_open else longest
        after = float(end)
        for s in range(ops[SUCCS_AT, o], ops[SUCCS_AT, o + 1]):
            after = max(after, end + links[1, s] + remaining[links[0, s]])
        share = alts[1, alt] / (ops[ALTS_AT, o + 1] - ops[ALTS_AT, o])
        load = end + max(0.0, rest[machine] - share)
        gap = end - alts[1, alt] - on_machines[FREE_AT, machine]
        worth[k] = max(max(before, after), max(heaviest, load)) + (idle + gap) / num_machines + 1e-3 * liking[k]
    return num


@njit(cache=True, nogil=True)
def beam(
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
    width: int,
    seed: int,
) -> None:
    """Build a solution from nothing; see the module, and `scheduler.search.tabu.build.greedy` for the parameters.

    `width` partial solutions are kept.
    """
    np.random.seed(seed)
    num, num_machines = state.shape[1], ends.shape[1]
    of_operations, new_operations = np.zeros((2, width, 3, num), np.int64)
    on_machines, new_machines = np.zeros((2, width, 3, num_machines), np.int64)
    rests, new_rests = np.zeros((2, width, num_machines))
    counts, new_counts = np.zeros((2, width), np.int64)
    chosen = np.zeros((3, num, width), np.int64)
    children, worth = np.zeros((4, width * FAN), np.int64), np.zeros(width * FAN)
    on_machines[0, LAST_ALT] = -1
    for m in range(num_machines):
        on_machines[0, FREE_AT, m] = on_machines[0, BUSY, m] = machines[FREE, m]
    rests[0] = shares(ops, alts, num_machines)
    for o in range(num):
        of_operations[0, MISSING, o] = ops[PREDS_AT, o + 1] - ops[PREDS_AT, o]
        if of_operations[0, MISSING, o] == 0:
            of_operations[0, OPEN, counts[0]] = o
            counts[0] += 1
    alive = 1
    for step in range(num):
        total = 0
        for node in range(alive):
            found = children[:, total : total + FAN]
            several = continuations(
                ops,
                links,
                alts,
                machines,
                times,
                of_operations[node],
                on_machines[node],
                rests[node],
                counts[node],
                remaining,
                urgency,
                noise,
                found,
                worth[total : total + FAN],
            )
            children[PARENT, total : total + several] = node
            total += several
        kept = 0
        for child in np.argsort(worth[:total]):
            node, o, alt, end = children[:, child]
            is_known = False  # the same operation done at the same time, after other parents, is the same in most cases
            for other in range(kept):
                same = chosen[1, step, other] == o and chosen[2, step, other] == alt
                is_known = is_known or (same and new_operations[other, DONE_AT, o] == end)
            if is_known:
                continue
            chosen[0, step, kept], chosen[1, step, kept], chosen[2, step, kept] = node, o, alt
            new_operations[kept], new_machines[kept] = of_operations[node], on_machines[node]
            new_rests[kept], new_counts[kept] = rests[node], counts[node]
            for other in range(ops[ALTS_AT, o], ops[ALTS_AT, o + 1]):
                new_rests[kept, alts[0, other]] -= alts[1, other] / (ops[ALTS_AT, o + 1] - ops[ALTS_AT, o])
            new_machines[kept, FREE_AT, alts[0, alt]] = end
            new_machines[kept, LAST_ALT, alts[0, alt]] = alt
            new_machines[kept, BUSY, alts[0, alt]] += alts[1, alt]
            new_counts[kept] = close(ops, links, new_operations[kept], new_counts[kept], o, end)
            kept += 1
            if kept == width:
                break
        of_operations, new_operations = new_operations, of_operations
        on_machines, new_machines = new_machines, on_machines
        rests, new_rests = new_rests, rests
        counts, new_counts = new_counts, counts
        alive = kept
    node = 0
    for step in range(num - 1, -1, -1):
        order, alt = chosen[1, step, node], chosen[2, step, node]
        node = chosen[0, step, node]
        chosen[1, step, 0], chosen[2, step, 0] = order, alt
    state[BEFORE] = -1
    state[AFTER] = -1
    ends[:] = -1
    for step in range(num):
        alt = chosen[2, step, 0]
        put_after(alts, state, ends, chosen[1, step, 0], alt, ends[LAST, alts[0, alt]])


@entry
def close(ops: Ints, links: Ints, of_operations: Ints, count: int, o: int, end: int) -> int:
    """Mark an operation as done, and open those that waited for it last; return how many are open then."""
    of_operations[DONE_AT, o] = end
    for k in range(count):
        if of_operations[OPEN, k] == o:
            count -= 1
            of_operations[OPEN, k] = of_operations[OPEN, count]
            break
    for k in range(ops[SUCCS_AT, o], ops[SUCCS_AT, o + 1]):
        b = links[0, k]
        of_operations[MISSING, b] -= 1
        if of_operations[MISSING, b] == 0:
            of_operations[OPEN, count] = b
            count += 1
    return count
