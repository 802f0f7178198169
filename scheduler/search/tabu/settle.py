"""Settling: in a solution's orders, operations start as near to the baseline as the value allows.

The walk starts everything as early as possible. In a repair that moves what could have stayed, so each operation is
put off to its start in the baseline, or as near to it as all that comes after it, and the value, let it be.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    ALT,
    BEFORE,
    BROKEN,
    DUE,
    END,
    FAMILIES,
    FAMILY,
    FLOW,
    INITIAL,
    JOB,
    LAST,
    LATE,
    LEAVES,
    MACHINE,
    ORDER,
    PAUSES,
    PREDS_AT,
    PROMISED,
    RELEASE,
    SETUPS_AT,
    START,
    SUCCS_AT,
    TIME,
    Ints,
    ix,
)
from scheduler.search.tabu.calendars import pulled
from scheduler.search.tabu.moves import put_after
from scheduler.search.tabu.timing import set_starts

Bools: TypeAlias = NDArray[np.bool_]

# Rows of `wanted`: one column per operation.
BASE_START, BASE_ALT = range(2)
NEW = -1
"""Start, and alternative, in the baseline of an operation that it lacks."""


@njit(cache=True, nogil=True)
def settle(
    ops: Ints,
    links: Ints,
    machines: Ints,
    times: Ints,
    jobs: Ints,
    wanted: Ints,
    state: Ints,
    room: Ints,
    longest: int,
) -> None:
    """Put the operations of a timed solution off towards the baseline; orders and value stay.

    With ``l`` the latest start that leaves the completions of the jobs in their limits and ``b`` the start in the
    baseline, an operation starts at ``min(l, b)``, or as soon after it as what is before it lets it. Row 0 of `room`
    is by job, row 1 by operation. The makespan may grow to `longest`.
    """
    limits, latest = room[0], room[1]
    set_limits(ops, jobs, state, limits, longest)
    set_latest(ops, links, machines, times, state, limits, latest)
    held = ops.copy()
    for o in range(state.shape[1]):
        held[RELEASE, ix(o)] = max(ops[RELEASE, ix(o)], min(wanted[BASE_START, ix(o)], latest[ix(o)]))
    set_starts(held, links, machines, times, state, 0)


@uncounted
def set_limits(ops: Ints, jobs: Ints, state: Ints, limits: Ints, longest: int) -> None:
    """Set the latest end of each job that leaves the value as it is, or the makespan at `longest`."""
    num = jobs.shape[1] - 1
    limits[:num] = 0
    makespan = longest
    for o in range(state.shape[1]):
        j = ops[JOB, ix(o)]
        limits[ix(j)] = max(limits[ix(j)], state[END, ix(o)])
        makespan = max(makespan, state[END, ix(o)])
    for j in range(num):
        if jobs[FLOW, ix(j)]:
            continue
        is_due, is_promised = jobs[LATE, ix(j)] or jobs[LATE, ix(num)], jobs[BROKEN, ix(j)]
        limit = makespan
        if is_due:
            limit = max(limits[ix(j)], jobs[DUE, ix(j)])
        if is_promised:
            kept = max(limits[ix(j)], jobs[PROMISED, ix(j)])
            limit = min(limit, kept) if is_due else kept
        if jobs[FLOW, ix(num)]:
            limit = min(limit, makespan)
        limits[ix(j)] = limit


@uncounted
def set_latest(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, limits: Ints, latest: Ints) -> None:
    """Set the latest start of each operation, from the last one in topological order to the first."""
    for i in range(state.shape[1] - 1, -1, -1):
        o = state[ORDER, ix(i)]
        end = limits[ix(ops[JOB, ix(o)])]
        for k in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
            end = min(end, latest[ix(links[0, ix(k)])] - links[1, ix(k)])
        b = state[AFTER, ix(o)]
        if b >= 0:
            end = min(end, latest[ix(b)] - setup_before(machines, times, state, b))
        setup = setup_before(machines, times, state, o)
        machine, time = state[MACHINE, ix(o)], state[TIME, ix(o)]
        latest[ix(o)] = pulled(machines, times, machine, end, time, setup, ops[PAUSES, ix(o)])


@uncounted
def setup_before(machines: Ints, times: Ints, state: Ints, o: int) -> int:
    """Return the length of the setup before an operation."""
    machine = state[MACHINE, ix(o)]
    table = machines[SETUPS_AT, ix(machine)]
    if machines[SETUPS_AT, -1] < 0 or table < 0:
        return 0
    a = state[BEFORE, ix(o)]
    family = machines[INITIAL, ix(machine)]
    if a >= 0:
        family = state[LEAVES, ix(a)]
    return times[ix(table + family * machines[FAMILIES, ix(machine)] + state[FAMILY, ix(o)])]


@entry
def change(wanted: Ints, state: Ints, reassignment: int) -> int:
    """Return how far a timed solution is from the baseline: ticks between starts, and so many for another machine."""
    total = 0
    for o in range(state.shape[1]):
        if wanted[BASE_START, ix(o)] != NEW:
            total += abs(state[START, ix(o)] - wanted[BASE_START, ix(o)])
            if wanted[BASE_ALT, ix(o)] != state[ALT, ix(o)]:
                total += reassignment
    return total


@njit(cache=True, nogil=True)
def bring_back(
    ops: Ints, links: Ints, alts: Ints, wanted: Ints, settled: Ints, state: Ints, ends: Ints, chosen: Bools
) -> None:
    """Put together a solution in which the chosen operations take their alternatives and places in the baseline.

    Operations come in the order of their starts, those in the baseline or those in the settled solution, but never
    before their predecessors, so the result never has a cycle.
    """
    num = state.shape[1]
    at = np.empty(num, np.float64)
    for i in range(num):
        o = settled[ORDER, ix(i)]
        is_back = chosen[ix(o)] and wanted[BASE_ALT, ix(o)] != NEW
        at[ix(o)] = wanted[BASE_START, ix(o)] if is_back else settled[START, ix(o)]
        state[ALT, ix(o)] = wanted[BASE_ALT, ix(o)] if is_back else settled[ALT, ix(o)]
        at[ix(o)] += 0.5 * i / num
        for k in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
            at[ix(o)] = max(at[ix(o)], at[ix(links[0, ix(k)])] + 1e-6)
    state[BEFORE] = -1
    state[AFTER] = -1
    ends[:] = -1
    for o in np.argsort(at):
        alt = state[ALT, ix(o)]
        put_after(alts, state, ends, o, alt, ends[LAST, ix(alts[0, ix(alt)])])
