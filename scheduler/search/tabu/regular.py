"""The tabu search for any sum and maximum of completion times: one tail for every job.

Where the makespan search asks for the longest way from an operation to the end of the schedule, this one asks for the
longest way to the end of each job (Singer & Pinedo 1998; Mati, Dauzère-Pérès & Lahlou 2011): a move is estimated by
what it does to every completion. Blocks are taken from the critical paths of all jobs that cost something.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    ALTS_AT,
    BEFORE,
    BROKEN,
    DUE,
    END,
    FIRST,
    FLOW,
    JOB,
    LATE,
    MACHINE,
    PREDS_AT,
    PROMISED,
    READY,
    SINKS,
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
    critical_path,
    is_tabu,
    may_move,
    slot,
)
from scheduler.search.tabu.job_tails import (
    ENDS,
    NEW,
    NO_WAY,
    add_rest,
    cost,
    estimate_block,
    estimate_elsewhere,
    lifted,
    set_completions,
    set_job_tails,
)
from scheduler.search.tabu.timing import time_all
from scheduler.search.tabu.walk import CALM, NOTHING_LESS, apply, visit


@uncounted
def choose_in_block(
    ops: Ints,
    links: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    jobs: Ints,
    levels: Ints,
    offset: int,
    tails: Ints,
    rows: Ints,
    tabu: Ints,
    path: Ints,
    job: int,
    j: int,
    i: int,
    now: int,
    best: int,
    blocks: int,
    chosen: Move,
    spare: Move,
    ties: int,
    spares: int,
) -> tuple[Move, Move, int, int]:
    """Return the best move of the block ``path[i] .. path[j]`` and before, the random spare, and their counts."""
    head, last = path[ix(i)], path[ix(j)]
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
            value = estimate_block(ops, links, machines, times, state, jobs, tails, rows, job, kind, u, v)
            value = lifted(levels, offset, value)
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
    return chosen, spare, ties, spares


@uncounted
def choose_elsewhere(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    jobs: Ints,
    levels: Ints,
    offset: int,
    tails: Ints,
    rows: Ints,
    rest: Ints,
    tabu: Ints,
    job: int,
    o: int,
    now: int,
    best: int,
    chosen: Move,
    spare: Move,
    ties: int,
    spares: int,
) -> tuple[Move, Move, int, int]:
    """Return the best move of `o` to another machine and the moves before, the random spare, and their counts."""
    ready = state[READY, ix(o)]
    rest[:] = NO_WAY
    add_rest(ops, links, state, tails, rest, o)
    latest_pred, longest_succ = -1, -1
    for k in range(ops[PREDS_AT, ix(o)], ops[PREDS_AT, ix(o + 1)]):
        latest_pred = max(latest_pred, state[START, ix(links[0, ix(k)])])
    for k in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
        longest_succ = max(longest_succ, state[TAIL, ix(links[0, ix(k)])])
    for alt in range(ops[ALTS_AT, ix(o)], ops[ALTS_AT, ix(o + 1)]):
        machine = alts[0, ix(alt)]
        if machine == state[MACHINE, ix(o)]:
            continue
        forbidden = tabu[ix(slot(o, state.shape[1] + machine))] > now
        a, b = -1, ends[FIRST, ix(machine)]
        while b >= 0 and (state[END, ix(b)] <= latest_pred or state[END, ix(b)] <= ready):
            a, b = b, state[AFTER, ix(b)]
        while True:
            value = estimate_elsewhere(machines, times, alts, state, jobs, tails, rows, rest, job, o, alt, a, b)
            value = lifted(levels, offset, value)
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
            # Past b no cycle is sure to arise only while b can't come after a successor.
            if b < 0 or state[TAIL, ix(b)] + state[TIME, ix(b)] <= longest_succ:
                break
            a, b = b, state[AFTER, ix(b)]
    return chosen, spare, ties, spares


@uncounted
def costs(jobs: Ints, rows: Ints, job: int, latest: int, latest_by: int) -> bool:
    """Return whether an earlier completion of the job could lower the objective."""
    end = rows[ENDS, ix(job)]
    late = end - jobs[DUE, ix(job)]
    if jobs[FLOW, ix(job)] > 0 or (jobs[LATE, ix(job)] > 0 and late > 0):
        return True
    if jobs[BROKEN, ix(job)] > 0 and end > jobs[PROMISED, ix(job)]:
        return True
    return (jobs[FLOW, -1] > 0 and end == latest) or (jobs[LATE, -1] > 0 and late > 0 and late == latest_by)


@entry
def choose_regular(
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    jobs: Ints,
    levels: Ints,
    offset: int,
    tails: Ints,
    rows: Ints,
    rest: Ints,
    tabu: Ints,
    seen: Ints,
    path: Ints,
    now: int,
    best: int,
    blocks: int,
) -> Move:
    """Return the best move that is not tabu, or leads below `best`; a random tabu one if there is no other."""
    chosen = Move(-1, -1, -1, -1, 1 << 60)
    spare = Move(-1, -1, -1, -1, 1 << 60)
    ties, spares = 0, 0
    latest, latest_by = 0, 0
    for job in range(rows.shape[1]):
        latest = max(latest, rows[ENDS, ix(job)])
        latest_by = max(latest_by, rows[ENDS, ix(job)] - jobs[DUE, ix(job)])
    for s in range(state.shape[1]):
        o = ops[SINKS, ix(s)]
        if o < 0:
            break
        job = ops[JOB, ix(o)]
        if state[END, ix(o)] < rows[ENDS, ix(job)] or not costs(jobs, rows, job, latest, latest_by):
            continue
        count = critical_path(ops, links, machines, times, state, path, o)
        j = 0
        while j < count:
            i = j
            while i + 1 < count and state[BEFORE, ix(path[ix(i)])] == path[ix(i + 1)]:
                i += 1
            # What comes before the last operation of a block was looked at if the operation was last in one before.
            if seen[0, ix(path[ix(j)])] == now:
                break
            seen[0, ix(path[ix(j)])] = now
            if j < i:
                chosen, spare, ties, spares = choose_in_block(
                    ops,
                    links,
                    machines,
                    times,
                    state,
                    jobs,
                    levels,
                    offset,
                    tails,
                    rows,
                    tabu,
                    path,
                    job,
                    j,
                    i,
                    now,
                    best,
                    blocks,
                    chosen,
                    spare,
                    ties,
                    spares,
                )
            for k in range(j, i + 1):
                x = path[ix(k)]
                if ops[ALTS_AT, ix(x + 1)] - ops[ALTS_AT, ix(x)] < 2 or seen[1, ix(x)] == now:
                    continue
                seen[1, ix(x)] = now
                chosen, spare, ties, spares = choose_elsewhere(
                    ops,
                    links,
                    alts,
                    machines,
                    times,
                    state,
                    ends,
                    jobs,
                    levels,
                    offset,
                    tails,
                    rows,
                    rest,
                    tabu,
                    job,
                    x,
                    now,
                    best,
                    chosen,
                    spare,
                    ties,
                    spares,
                )
            j = i + 1
    return chosen if chosen.kind >= 0 else spare


@njit(cache=True, nogil=True)
def run_regular(
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
    jobs: Ints,
    levels: Ints,
    offset: int,
    tails: Ints,
    rows: Ints,
    rest: Ints,
    seen: Ints,
    seed: int,
    iterations: int,
    patience: int,
    target: int,
    tenure: int,
    longest: int,
    blocks: int,
    stop: Ints,
) -> tuple[int, int]:
    """Search from `state` as `scheduler.search.tabu.walk.run` does, for the objective of `jobs` and `levels`."""
    np.random.seed(seed)
    tabu[:] = 0
    trace[:] = 0
    seen[:] = 0
    time_all(ops, links, machines, times, state)
    set_job_tails(ops, links, machines, times, state, tails, state.shape[1] - 1)
    set_completions(ops, state, rows)
    rows[NEW] = rows[ENDS]
    value = lifted(levels, offset, cost(jobs, rows))
    best_state[:] = state
    best_ends[:] = ends
    improved_at, circled_at, extra = 0, -CALM, 0
    now = 0
    while now < iterations and now - improved_at < patience and value > target and stop[0] == 0:
        now += 1
        move = choose_regular(
            ops,
            links,
            alts,
            machines,
            times,
            state,
            ends,
            jobs,
            levels,
            offset,
            tails,
            rows,
            rest,
            tabu,
            seen,
            path,
            now,
            value if now - circled_at >= CALM else NOTHING_LESS,
            blocks,
        )
        if move.kind < 0:
            break
        until = now + tenure + extra + np.random.randint(tenure // 2 + 3)
        high = apply(ops, links, alts, machines, times, state, ends, tabu, trace, move, until)
        if high < 0:
            continue
        if visit(trace, trace[0, -1], now):
            extra, circled_at = min(extra + 1 + extra // 4, longest - tenure), now
        elif now - circled_at == CALM and extra > 0:
            extra, circled_at = extra - 1, now
        set_job_tails(ops, links, machines, times, state, tails, high)
        set_completions(ops, state, rows)
        rows[NEW] = rows[ENDS]
        reached = lifted(levels, offset, cost(jobs, rows))
        if reached < value:
            value = reached
            improved_at = now
            best_state[:] = state
            best_ends[:] = ends
    return value, now
