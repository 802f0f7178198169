"""What else must give way when an operation is put before or after another one.

If operation *b* of job *J* goes before *a*, then what can't begin before *a* does can't hold up what *J* does before
*b* has left: all operations of *J* up to *b* must go before it too, and so on. Everything else stays. The result has no
deadlock: a circle would pass through *J*, and one that passes through it twice contains one that passes once (the short
cycle property of job insertion: Groeflin & Klinkert 2009, "A new neighborhood and tabu search for the blocking job
shop"). So only job *J* moves, whole stretches of it at a time.

An instant of the other jobs that can't come before instant *k* of *J* is labelled ``2 k``, or ``2 k + 1`` if it comes
after it for certain or must not come together with it. The mirror image puts *b* after *a*: there time runs backwards.
"""

from __future__ import annotations

from scheduler.search.blocking.arrays import (
    AFTER,
    ALT,
    BEFORE,
    JOB,
    MACHINE,
    OPS_AT,
    OWNER,
    RANK,
    RELEASES,
    RELEASING,
    STARTING,
    STARTS,
)
from scheduler.search.blocking.sequences import relocate
from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import Ints, ix

# Rows of the memory: by instant its label (-1: none), the stack, whether it is on it (-1: no), those with a label; by
# operation the one of its job before it on the same machine.
LABEL, STACK, WAITS, LABELLED, TWIN = range(5)


@uncounted
def _label(marks: Ints, instant: int, label: int, top: int, count: int) -> tuple[int, int]:
    """Raise the label of an instant; return how many there are on the stack and how many have one."""
    if label > marks[LABEL, ix(instant)]:
        if marks[LABEL, ix(instant)] < 0:
            marks[LABELLED, ix(count)] = instant
            count += 1
        marks[LABEL, ix(instant)] = label
        if marks[WAITS, ix(instant)] < 0:
            marks[WAITS, ix(instant)] = 1
            marks[STACK, ix(top)] = instant
            top += 1
    return top, count


@entry
def give_way(
    jobs: Ints,
    choices: Ints,
    alts: Ints,
    has_swaps: bool,
    ops: Ints,
    instants: Ints,
    ends: Ints,
    heads: Ints,
    places: Ints,
    marks: Ints,
    on_machine: Ints,
    log: Ints,
    bounds: Ints,
    b: int,
    a: int,
    forward: bool,
) -> None:
    """Put *b* before *a*, an operation of another job on the same machine (backward: after it), with what follows.

    `heads` are those of the solution before the change, `marks` and `on_machine` room to work in, with no marks before
    and after.
    """
    here, there = (STARTS, RELEASES) if forward else (RELEASES, STARTS)
    leaving = RELEASING if forward else STARTING
    next_row, last_row = (AFTER, BEFORE) if forward else (BEFORE, AFTER)
    step = 1 if forward else -1
    top_instant = 0 if forward else instants.shape[1]  # instants count backwards from here
    strict = 0 if has_swaps else 1
    job = ops[JOB, ix(b)]
    first, last = jobs[OPS_AT, ix(job)], jobs[OPS_AT, ix(job + 1)]
    for o in range(first, last):
        machine = ops[MACHINE, ix(o)]
        marks[TWIN, ix(o)] = on_machine[machine]
        on_machine[machine] = o
    label = 2 * (top_instant + step * ops[there, ix(b)]) + strict
    top, count = _label(marks, ops[here, ix(a)], label, 0, 0)
    while top > 0:
        top -= 1
        x = marks[STACK, ix(top)]
        marks[WAITS, ix(x)] = -1
        label = marks[LABEL, ix(x)]
        latest = step * ((label >> 1) - top_instant)
        if step * (heads[ix(x)] - heads[ix(latest)]) > 0:
            continue  # nothing of the job up to there waits for what comes so late
        y = x + step
        if y >= 0 and instants[OWNER, ix(y)] == instants[OWNER, ix(x)]:
            top, count = _label(marks, y, label | 1, top, count)
        r = instants[leaving, ix(x)]
        if r < 0:
            continue
        p = ops[next_row, ix(r)]
        while p >= 0 and ops[JOB, ix(p)] == job:
            p = ops[next_row, ix(p)]
        if p >= 0 and ops[here, ix(p)] != x:
            top, count = _label(marks, ops[here, ix(p)], label, top, count)
        o = on_machine[ops[MACHINE, ix(r)]]
        while o >= 0:
            if step * (ops[RANK, ix(o)] - ops[RANK, ix(r)]) > 0 and 2 * (top_instant + step * ops[here, ix(o)]) < label:
                other = 2 * (top_instant + step * ops[there, ix(o)]) + strict
                top, count = _label(marks, ops[here, ix(r)], other, top, count)
            o = marks[TWIN, ix(o)]
    for k in range(last - first):
        o = first + k if forward else last - 1 - k
        on_machine[ops[MACHINE, ix(o)]] = -1
        marks[TWIN, ix(o)] = -1
        limit = 2 * (top_instant + step * ops[here, ix(o)])
        goal = -1
        r = ops[last_row, ix(o)]
        while r >= 0 and ops[JOB, ix(r)] != job and marks[LABEL, ix(ops[there, ix(r)])] > limit:
            goal = r
            r = ops[last_row, ix(r)]
        if goal >= 0:
            before = ops[BEFORE, ix(goal)] if forward else goal
            relocate(choices, alts, ops, instants, ends, places, log, bounds, o, ops[ALT, ix(o)], before)
    for k in range(count):
        marks[LABEL, ix(marks[LABELLED, ix(k)])] = -1
