"""Held timing: every operation starts at its start in the baseline, or as soon after it as it can; local after a move.

Where nothing is released before its start in the baseline, a change pushes what comes after it only as far as gaps do
not take it in. So a move is timed by following what it pushes, in topological order, instead of all that comes later.
"""

from __future__ import annotations

from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    BEFORE,
    BROKEN,
    DUE,
    END,
    FAMILIES,
    FAMILY,
    FLOW,
    FREE,
    INITIAL,
    JOB,
    LATE,
    LEAVES,
    MACHINE,
    ORDER,
    PAUSES,
    PLACE,
    PREDS_AT,
    PROMISED,
    SETUPS_AT,
    SINKS,
    START,
    SUCCS_AT,
    TIME,
    Ints,
    ix,
)
from scheduler.search.tabu.calendars import worked
from scheduler.search.tabu.settle import BASE_START, NEW

# Rows of the memo of a move: whether an operation waits to be timed, what was timed, and how it was before.
WAITS, TIMED, WAS_START, WAS_END = range(4)
NO_LIMIT = 1 << 60
"""Growth that no move reaches."""


@uncounted
def times_of(
    ops: Ints, links: Ints, machines: Ints, times: Ints, release: Ints, state: Ints, o: int
) -> tuple[int, int]:
    """Return the earliest start of an operation, not before its release, and its end."""
    a, time, machine = state[BEFORE, ix(o)], state[TIME, ix(o)], state[MACHINE, ix(o)]
    start = release[ix(o)]
    for k in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
        start = max(start, state[END, ix(links[0, ix(k)])] + links[1, ix(k)])
    free = state[END, ix(a)] if a >= 0 else machines[FREE, ix(machine)]
    if machines[SETUPS_AT, -1] < 0:
        start = max(start, free)
        return start, start + time
    table, setup = machines[SETUPS_AT, ix(machine)], 0
    if table >= 0:
        family = machines[INITIAL, ix(machine)]
        if a >= 0:
            family = state[LEAVES, ix(a)]
        setup = times[ix(table + family * machines[FAMILIES, ix(machine)] + state[FAMILY, ix(o)])]
    return worked(machines, times, machine, max(start, free + setup), setup, time, ops[PAUSES, ix(o)])


@entry
def value_of(ops: Ints, jobs: Ints, state: Ints, ends: Ints) -> int:
    """Return the weighted sum and maximum of the completions; `ends` is room by job."""
    num = jobs.shape[1] - 1
    ends[:num] = 0
    for k in range(state.shape[1]):
        o = ops[SINKS, ix(k)]
        if o < 0:
            break
        j = ops[JOB, ix(o)]
        ends[ix(j)] = max(ends[ix(j)], state[END, ix(o)])
    total, longest, latest = 0, 0, 0
    for j in range(num):
        late = max(0, ends[ix(j)] - jobs[DUE, ix(j)])
        total += jobs[LATE, ix(j)] * late + jobs[FLOW, ix(j)] * ends[ix(j)]
        if jobs[BROKEN, ix(j)] > 0:
            total += jobs[BROKEN, ix(j)] * max(0, ends[ix(j)] - jobs[PROMISED, ix(j)])
        longest = max(longest, ends[ix(j)])
        latest = max(latest, late)
    return total + jobs[LATE, ix(num)] * latest + jobs[FLOW, ix(num)] * longest


@uncounted
def retime(
    ops: Ints,
    links: Ints,
    machines: Ints,
    times: Ints,
    release: Ints,
    wanted: Ints,
    state: Ints,
    memo: Ints,
    low: int,
    waiting: int,
    limit: int,
) -> tuple[int, int, int]:
    """Time what waits, and what that moves, from place `low` of the order on, until the distance grows beyond `limit`.

    Returns by how much the distance to the baseline grows, how many operations have moved, which `memo` lists, and the
    place after the last one that was timed.
    """
    i, count, growth = low, 0, 0
    while waiting > 0:
        o = state[ORDER, ix(i)]
        i += 1
        if memo[WAITS, ix(o)] == 0:
            continue
        memo[WAITS, ix(o)] = 0
        waiting -= 1
        if growth > limit:
            continue
        start, end = times_of(ops, links, machines, times, release, state, o)
        was, was_end = state[START, ix(o)], state[END, ix(o)]
        if start == was and end == was_end:
            continue
        memo[TIMED, ix(count)], memo[WAS_START, ix(count)], memo[WAS_END, ix(count)] = o, was, was_end
        count += 1
        before = wanted[BASE_START, ix(o)]
        if before != NEW:
            growth += abs(start - before) - abs(was - before)
        state[START, ix(o)] = start
        state[END, ix(o)] = end
        if end == was_end:
            continue
        for k in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
            b = links[0, ix(k)]
            waiting += 1 - memo[WAITS, ix(b)]
            memo[WAITS, ix(b)] = 1
        b = state[AFTER, ix(o)]
        if b >= 0:
            waiting += 1 - memo[WAITS, ix(b)]
            memo[WAITS, ix(b)] = 1
    return growth, count, i


@uncounted
def take_back(state: Ints, memo: Ints, count: int) -> None:
    """Give the operations that a move has moved their times again."""
    for k in range(count):
        o = memo[TIMED, ix(k)]
        state[START, ix(o)], state[END, ix(o)] = memo[WAS_START, ix(k)], memo[WAS_END, ix(k)]


@entry
def sort_between(state: Ints, low: int, high: int) -> None:
    """Sort the order by starts in the places ``low .. high - 1`` and as far before them as that takes."""
    for i in range(max(1, low), high):
        o, k = state[ORDER, ix(i)], i - 1
        start = state[START, ix(o)]
        while k >= 0 and state[START, ix(state[ORDER, ix(k)])] > start:
            b = state[ORDER, ix(k)]
            state[ORDER, ix(k + 1)] = b
            state[PLACE, ix(b)] = k + 1
            k -= 1
        if k + 1 != i:
            state[ORDER, ix(k + 1)] = o
            state[PLACE, ix(o)] = k + 1


@entry
def turn(state: Ints, was: int, to: int) -> None:
    """Put what is at a place of the order at another."""
    o, step = state[ORDER, ix(was)], 1 if to > was else -1
    for i in range(was, to, step):
        b = state[ORDER, ix(i + step)]
        state[ORDER, ix(i)] = b
        state[PLACE, ix(b)] = i
    state[ORDER, ix(to)] = o
    state[PLACE, ix(o)] = to


@entry
def between(ops: Ints, links: Ints, state: Ints, o: int) -> tuple[int, int]:
    """Return the places of the last predecessor and the first successor of an operation in its job."""
    low, high = -1, state.shape[1]
    for k in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
        low = max(low, state[PLACE, ix(links[0, ix(k)])])
    for k in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
        high = min(high, state[PLACE, ix(links[0, ix(k)])])
    return low, high
