"""Simulated annealing over job insertions; one call is one uninterrupted piece of it.

A move takes an arc between two jobs on a random critical path and turns it round: the later job goes before the earlier
one, or the earlier one behind the later, with all that must give way (`closure`). An operation on a critical path with
other alternatives may take one of them, at about its time. The change is timed only where it reaches (`timing`), and
the tails beyond tell the makespan; a longer one is accepted with probability ``exp(-delay / temperature)``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from scheduler.search.blocking.arrays import (
    AFTER,
    ALT,
    ALTS_AT,
    BEFORE,
    FIRST,
    INSTANTS_AT,
    JOB,
    LENGTH,
    MACHINE,
    ON,
    OWNER,
    STARTING,
    STARTS,
)
from scheduler.search.blocking.closure import give_way
from scheduler.search.blocking.sequences import (
    CHANGES,
    FROM,
    UNTIL,
    WAS_ALT,
    WHO,
    empty_bounds,
    relocate,
    settle,
    undo,
)
from scheduler.search.blocking.timing import (
    DEADLOCK,
    HEAD,
    ORDER,
    PLACE,
    accept_part,
    refuse_part,
    time_all,
    time_part,
    time_rest,
    time_tails,
    waits_for,
)
from scheduler.search.inner import uncounted
from scheduler.search.tabu.arrays import Ints, ix

OTHER_PATH = 200
"""Moves tried on one critical path before another one is drawn."""
ALTERNATIVES = 0.4
"""Share of the moves that change an alternative, where operations have several."""
PATIENCE = 256
"""Iterations between looks at whether the search is to stop."""


@uncounted
def critical_path(
    jobs: Ints, choices: Ints, ops: Ints, instants: Ints, times: Ints, makespan: int, path: Ints
) -> tuple[int, int]:
    """Draw a critical path; return how many of its operations wait for another job (row 0) or have a choice (row 1)."""
    heads = times[HEAD]
    x, ties = -1, 0
    for job in range(jobs.shape[1] - 1):
        last = jobs[INSTANTS_AT, ix(job + 1)] - 1
        if heads[ix(last)] == makespan:
            ties += 1
            if np.random.randint(ties) == 0:
                x = last
    arcs = flexible = 0
    steps = 0
    while x >= 0 and steps < 2 * heads.size:  # a circle of simultaneous instants has no end
        steps += 1
        job = instants[OWNER, ix(x)]
        has_before = x > 0 and instants[OWNER, ix(x - 1)] == job
        waits_for_job = has_before and heads[ix(x)] == heads[ix(x - 1)] + instants[LENGTH, ix(x - 1)]
        y = waits_for(ops, instants, x)
        waits_for_machine = y >= 0 and heads[ix(y)] == heads[ix(x)]
        if waits_for_job and waits_for_machine:
            if np.random.randint(2) == 0:
                waits_for_job = False
            else:
                waits_for_machine = False
        if waits_for_machine:
            o = instants[STARTING, ix(x)]
            if ops[JOB, ix(ops[BEFORE, ix(o)])] != job and arcs < path.shape[1]:
                path[0, arcs] = o
                arcs += 1
            x = y
        elif waits_for_job:
            x -= 1
            o = instants[STARTING, ix(x)]
            if o >= 0 and choices[ALTS_AT, ix(o + 1)] - choices[ALTS_AT, ix(o)] > 1 and flexible < path.shape[1]:
                path[1, flexible] = o
                flexible += 1
        else:
            x = -1
    return arcs, flexible


@uncounted
def _change_alternative(
    jobs: Ints,
    choices: Ints,
    alts: Ints,
    has_swaps: bool,
    ops: Ints,
    instants: Ints,
    ends: Ints,
    times: Ints,
    marks: Ints,
    on_machine: Ints,
    log: Ints,
    bounds: Ints,
    o: int,
) -> None:
    """Let an operation take another alternative, about where its time is in the sequence of that machine."""
    heads = times[HEAD]
    first, num = choices[ALTS_AT, ix(o)], choices[ALTS_AT, ix(o + 1)] - choices[ALTS_AT, ix(o)]
    alt = first + (ops[ALT, ix(o)] - first + 1 + np.random.randint(num - 1)) % num
    before, after = -1, ends[FIRST, ix(alts[ON, ix(alt)])]
    while after >= 0 and (after == o or heads[ix(ops[STARTS, ix(after)])] < heads[ix(ops[STARTS, ix(o)])]):
        if after != o:
            before = after
        after = ops[AFTER, ix(after)]
    shift = np.random.randint(3) - 1
    if shift > 0 and after >= 0 and ops[JOB, ix(after)] != ops[JOB, ix(o)]:
        before = after
    elif shift < 0 and before >= 0 and ops[JOB, ix(before)] != ops[JOB, ix(o)]:
        before = ops[BEFORE, ix(before)]
        if before == o:
            before = ops[BEFORE, ix(o)]
    relocate(choices, alts, ops, instants, ends, times[PLACE], log, bounds, o, alt, before)
    after = ops[AFTER, ix(o)]
    while after >= 0 and ops[JOB, ix(after)] == ops[JOB, ix(o)]:
        after = ops[AFTER, ix(after)]
    if after >= 0:
        give_way(
            jobs, choices, alts, has_swaps, ops, instants, ends, heads, times[PLACE], marks, on_machine, log, bounds,
            o, after, True,
        )  # fmt: skip
    before = ops[BEFORE, ix(o)]
    while before >= 0 and ops[JOB, ix(before)] == ops[JOB, ix(o)]:
        before = ops[BEFORE, ix(before)]
    if before >= 0:
        give_way(
            jobs, choices, alts, has_swaps, ops, instants, ends, heads, times[PLACE], marks, on_machine, log, bounds,
            o, before, False,
        )  # fmt: skip


@njit(cache=True, nogil=True)
def walk(
    jobs: Ints,
    choices: Ints,
    alts: Ints,
    has_swaps: bool,
    ops: Ints,
    instants: Ints,
    ends: Ints,
    best_ops: Ints,
    best_instants: Ints,
    best_ends: Ints,
    times: Ints,
    lists: Ints,
    marks: Ints,
    on_machine: Ints,
    log: Ints,
    path: Ints,
    heat: float,
    seed: int,
    iterations: int,
    target: int,
    stop: Ints,
) -> tuple[int, int, int]:
    """Anneal from a solution, at one temperature; leave the best one met in `best_...`.

    Return the best makespan, the current one and the iterations done; DEADLOCK if the solution has none.
    """
    np.random.seed(seed)
    bounds = np.zeros(3, np.int64)
    current = time_all(jobs, ops, instants, times, lists)
    best = current
    best_ops[:], best_instants[:], best_ends[:] = ops, instants, ends
    if current == DEADLOCK:
        return best, current, 0
    arcs, flexible = critical_path(jobs, choices, ops, instants, times, current, path)
    num = times.shape[1] - 1
    for done in range(iterations):
        if best <= target or arcs + flexible == 0 or (done % PATIENCE == 0 and stop[0] != 0):
            return best, current, done
        empty_bounds(bounds)
        if arcs == 0 or (flexible > 0 and np.random.random() < ALTERNATIVES):
            o = path[1, np.random.randint(flexible)]
            _change_alternative(
                jobs, choices, alts, has_swaps, ops, instants, ends, times, marks, on_machine, log, bounds, o
            )
        else:
            later = path[0, np.random.randint(arcs)]
            earlier = ops[BEFORE, ix(later)]
            forward = np.random.randint(2) == 0
            moved, other = (later, earlier) if forward else (earlier, later)
            give_way(
                jobs, choices, alts, has_swaps, ops, instants, ends, times[HEAD], times[PLACE], marks, on_machine, log,
                bounds, moved, other, forward,
            )  # fmt: skip
        start, end = bounds[FROM], bounds[UNTIL] + 1
        while end < num and times[PLACE, ix(times[ORDER, ix(end)])] < end:
            end += 1  # the whole of a group
        limit = current - heat * np.log(max(np.random.random(), 1e-300))
        makespan = time_part(jobs, ops, instants, times, lists, start, end, done + 1, int(limit))
        if makespan == DEADLOCK or makespan > limit:
            refuse_part(times, start, end)
            undo(choices, alts, ops, instants, ends, log, bounds)
            if done % OTHER_PATH == 0:
                arcs, flexible = critical_path(jobs, choices, ops, instants, times, current, path)
            continue
        accept_part(times, start, end)
        for entry in range(bounds[CHANGES]):
            settle(ops, ends, ops[MACHINE, ix(log[WHO, ix(entry)])])
            settle(ops, ends, alts[ON, ix(log[WAS_ALT, ix(entry)])])
        current = time_rest(jobs, ops, instants, times, end)
        time_tails(ops, instants, times)
        arcs, flexible = critical_path(jobs, choices, ops, instants, times, current, path)
        if current < best:
            best = current
            best_ops[:], best_instants[:], best_ends[:] = ops, instants, ends
    return best, current, iterations
