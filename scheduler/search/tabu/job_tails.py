"""Tails to the end of every job, and what moves would do to every completion (Mati, Dauzère-Pérès & Lahlou 2011)."""

from __future__ import annotations

from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import (
    AFTER,
    BEFORE,
    BROKEN,
    BUFFER,
    DUE,
    END,
    ENOUGH,
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
    PROMISED,
    READY,
    SETUPS_AT,
    SINKS,
    SUCCS_AT,
    TIME,
    UNIT,
    Ints,
    ix,
)
from scheduler.search.tabu.critical import LATER

NO_WAY = -(1 << 50)
"""Tail of a job that an operation does not lead to."""
ENDS, NEW, OLD, WAY = range(4)
"""Rows of `rows`, by job: completion, its estimate, the longest way through what is moved, and room to work in."""


@entry
def set_completions(ops: Ints, state: Ints, rows: Ints) -> None:
    """Compute the completion of every job."""
    rows[ENDS] = 0
    for k in range(state.shape[1]):
        o = ops[SINKS, ix(k)]
        if o < 0:
            break
        job = ops[JOB, ix(o)]
        rows[ENDS, ix(job)] = max(rows[ENDS, ix(job)], state[END, ix(o)])


@entry
def cost(jobs: Ints, rows: Ints) -> int:
    """Return the objective of the completions in row NEW."""
    latest, latest_by, total = 0, 0, 0
    for j in range(rows.shape[1]):
        end = rows[NEW, ix(j)]
        late = max(end - jobs[DUE, ix(j)], 0)
        latest = max(latest, end)
        latest_by = max(latest_by, late)
        total += jobs[LATE, ix(j)] * late + jobs[FLOW, ix(j)] * end
        if jobs[BROKEN, ix(j)] > 0:
            total += jobs[BROKEN, ix(j)] * max(end - jobs[PROMISED, ix(j)], 0)
    return total + jobs[LATE, -1] * latest_by + jobs[FLOW, -1] * latest


@uncounted
def lifted(levels: Ints, offset: int, value: int) -> int:
    """Return a value in which every tier that is below its aspiration comes to that."""
    if levels.shape[1] == 0:
        return value
    found, rest = -offset, value + offset
    for k in range(levels.shape[1]):
        times = rest // levels[UNIT, ix(k)]
        rest -= times * levels[UNIT, ix(k)]
        found += max(times, levels[ENOUGH, ix(k)]) * levels[UNIT, ix(k)]
    return found


@uncounted
def add_rest(ops: Ints, links: Ints, state: Ints, tails: Ints, way: Ints, o: int) -> None:
    """Raise the tails in `way` to what the job itself needs after an operation."""
    if ops[SUCCS_AT, ix(o)] == ops[SUCCS_AT, ix(o + 1)]:
        job = ops[JOB, ix(o)]
        way[ix(job)] = max(way[ix(job)], 0)
    for k in range(ops[SUCCS_AT, ix(o)], ops[SUCCS_AT, ix(o + 1)]):
        b = links[0, ix(k)]
        length = state[TIME, ix(b)] + links[1, ix(k)]
        for j in range(way.shape[0]):
            way[j] = max(way[j], tails[ix(b), j] + length)


@entry
def set_job_tails(ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, tails: Ints, high: int) -> None:
    """Compute the tails to every job of the operations up to place `high` of the order, downtimes ignored."""
    for i in range(high, -1, -1):
        o = state[ORDER, ix(i)]
        way = tails[ix(o)]
        b = state[AFTER, ix(o)]
        if b >= 0:
            length = state[TIME, ix(b)]
            table = machines[SETUPS_AT, ix(state[MACHINE, ix(o)])]
            if table >= 0:
                side = machines[FAMILIES, ix(state[MACHINE, ix(o)])]
                length += times[ix(table + state[LEAVES, ix(o)] * side + state[FAMILY, ix(b)])]
            for j in range(way.shape[0]):
                way[j] = tails[ix(b), j] + length
        else:
            way[:] = NO_WAY
        add_rest(ops, links, state, tails, way, o)


@uncounted
def compare(jobs: Ints, rows: Ints, job: int) -> int:
    """Return the objective to be expected: jobs whose critical path is not cut keep at least their completion.

    The path of `job` is cut. Where downtimes make it longer than its tails say, it stays longer by as much.
    """
    longer = rows[ENDS, ix(job)] - rows[OLD, ix(job)]
    rows[NEW, ix(job)] += longer
    rows[OLD, ix(job)] += longer
    for j in range(rows.shape[1]):
        if rows[OLD, ix(j)] < rows[ENDS, ix(j)]:
            rows[NEW, ix(j)] = max(rows[NEW, ix(j)], rows[ENDS, ix(j)])
    return cost(jobs, rows)


@entry
def estimate_block(
    ops: Ints,
    links: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    jobs: Ints,
    tails: Ints,
    rows: Ints,
    job: int,
    kind: int,
    u: int,
    v: int,
) -> int:
    """Estimate the objective when `u` is moved right after `v` on its machine, or `v` right before `u`.

    Heads and tails of ``u .. v`` are computed anew in their new order, all else keeps its times.
    """
    machine = state[MACHINE, ix(u)]
    table, side = machines[SETUPS_AT, ix(machine)], machines[FAMILIES, ix(machine)]
    a, b = state[BEFORE, ix(u)], state[AFTER, ix(v)]
    rows[NEW] = NO_WAY
    rows[OLD] = NO_WAY
    # The new order, from the front: heads.
    free, family = machines[FREE, ix(machine)], machines[INITIAL, ix(machine)]
    if a >= 0:
        free, family = state[END, ix(a)], state[LEAVES, ix(a)]
    x = state[AFTER, ix(u)] if kind == LATER else v
    while True:
        if table >= 0:
            free += times[ix(table + family * side + state[FAMILY, ix(x)])]
            family = state[LEAVES, ix(x)]
        free = max(free, state[READY, ix(x)]) + state[TIME, ix(x)]
        state[BUFFER, ix(x)] = free
        end = state[END, ix(x)]
        for j in range(tails.shape[1]):
            rows[OLD, ix(j)] = max(rows[OLD, ix(j)], end + tails[ix(x), ix(j)])
        if kind == LATER:
            if x == u:
                break
            x = u if x == v else state[AFTER, ix(x)]
        else:
            x = u if x == v else state[AFTER, ix(x)]
            if x == v:
                break
    # And from the back: tails.
    way = rows[WAY]
    x = u if kind == LATER else state[BEFORE, ix(v)]
    if b >= 0:
        length = state[TIME, ix(b)]
        if table >= 0:
            length += times[ix(table + state[LEAVES, ix(x)] * side + state[FAMILY, ix(b)])]
        for j in range(way.shape[0]):
            way[j] = tails[ix(b), j] + length
    else:
        way[:] = NO_WAY
    while True:
        add_rest(ops, links, state, tails, way, x)
        head, time = state[BUFFER, ix(x)], state[TIME, ix(x)]
        if kind == LATER:
            y = v if x == u else state[BEFORE, ix(x)]
            last = y == u
        else:
            y = v if x == u else state[BEFORE, ix(x)]
            last = x == v
        if table >= 0 and not last:
            time += times[ix(table + state[LEAVES, ix(y)] * side + state[FAMILY, ix(x)])]
        for j in range(way.shape[0]):
            rows[NEW, ix(j)] = max(rows[NEW, ix(j)], head + way[j])
            way[j] += time
        if last:
            return compare(jobs, rows, job)
        x = y


@uncounted
def estimate_elsewhere(
    machines: Ints,
    times: Ints,
    alts: Ints,
    state: Ints,
    jobs: Ints,
    tails: Ints,
    rows: Ints,
    rest: Ints,
    job: int,
    o: int,
    alt: int,
    a: int,
    b: int,
) -> int:
    """Estimate the objective when `o` is put between `a` and `b` in alternative `alt`; `rest`: its job's tails."""
    machine, time, family = alts[0, ix(alt)], alts[1, ix(alt)], alts[2, ix(alt)]
    table, side = machines[SETUPS_AT, ix(machine)], machines[FAMILIES, ix(machine)]
    free, length = machines[FREE, ix(machine)], 0
    if a >= 0:
        free = state[END, ix(a)]
    if b >= 0:
        length = state[TIME, ix(b)]
    if table >= 0:
        before = machines[INITIAL, ix(machine)]
        if a >= 0:
            before = state[LEAVES, ix(a)]
        free += times[ix(table + before * side + family)]
        if b >= 0:
            length += times[ix(table + family * side + state[FAMILY, ix(b)])]
    head = max(state[READY, ix(o)], free) + time
    end = state[END, ix(o)]
    for j in range(rest.shape[0]):
        way = rest[j]
        if b >= 0:
            way = max(way, tails[ix(b), j] + length)
        rows[OLD, ix(j)] = end + tails[ix(o), j]
        rows[NEW, ix(j)] = head + way
    return compare(jobs, rows, job)
