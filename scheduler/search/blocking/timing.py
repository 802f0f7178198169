"""Heads and tails of instants: longest ways from the beginning and to the end, over a part of the order or all of it.

An *order* lists the instants so that arcs lead forward, by growing heads. Instants in which parts change machines in a
circle come together: they are one *group*, stand side by side, and share the place of the first of them. A circle with
any length in it is a deadlock.
"""

from __future__ import annotations

from numba import njit

from scheduler.search.blocking.arrays import (
    AFTER,
    BEFORE,
    INSTANTS_AT,
    LENGTH,
    OWNER,
    RELEASE,
    RELEASES,
    RELEASING,
    STARTING,
    STARTS,
)
from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import Ints, ix

# Rows of `times`: one column per instant, and one more.
HEAD, TAIL, TRIAL, ORDER, PLACE, SEEN, NEW_ORDER, NEW_PLACE = range(8)
# Rows of the memory by job: the next instant, where they end, the stack, whether on it, the jobs that take part.
NEXT, STOP, WAITING, MARK, PART = range(5)
DEADLOCK = -1
"""Makespan of what has none."""
TOO_LATE = 1 << 60
"""Makespan of what is above the limit."""


@njit(cache=True, nogil=True, inline="always")
def by_job(jobs: Ints, instants: Ints, heads: Ints, x: int, job: int) -> int:
    """Return when the job lets an instant be."""
    if x > 0 and instants[OWNER, ix(x - 1)] == job:
        return heads[ix(x - 1)] + instants[LENGTH, ix(x - 1)]
    return jobs[RELEASE, ix(job)]


@njit(cache=True, nogil=True, inline="always")
def waits_for(ops: Ints, instants: Ints, x: int) -> int:
    """Return the instant that releases the machine that is taken at `x`, -1 if there is none but `x` itself."""
    o = instants[STARTING, ix(x)]
    if o < 0:
        return -1
    before = ops[BEFORE, ix(o)]
    if before < 0:
        return -1
    y = ops[RELEASES, ix(before)]
    return -1 if y == x else y


@uncounted
def time_part(
    jobs: Ints,
    ops: Ints,
    instants: Ints,
    times: Ints,
    lists: Ints,
    start: int,
    end: int,
    stamp: int,
    limit: int,
) -> int:
    """Time the instants at places ``[start, end)`` of the order anew, into TRIAL, NEW_ORDER and NEW_PLACE.

    All arcs that have changed begin before `end` and end at `start` or later. Return the longest way through these
    instants, with the tails beyond; ways around them are as long as they were. DEADLOCK if there is one, TOO_LATE as
    soon as it is longer than `limit`. A new `stamp` marks what has been timed.
    """
    parts = 0
    for i in range(start, end):
        x = times[ORDER, ix(i)]
        job = instants[OWNER, ix(x)]
        if lists[MARK, ix(job)] == 0:
            lists[MARK, ix(job)] = 1
            lists[PART, ix(parts)] = job
            lists[NEXT, ix(job)] = x
            parts += 1
        lists[STOP, ix(job)] = x + 1
    top = 0
    for i in range(parts - 1, -1, -1):
        lists[WAITING, ix(top)] = lists[PART, ix(i)]
        top += 1
    heads = times[TRIAL]
    done = 0
    makespan = 0
    while True:
        while top > 0:
            top -= 1
            job = lists[WAITING, ix(top)]
            lists[MARK, ix(job)] = 0
            x, stop = lists[NEXT, ix(job)], lists[STOP, ix(job)]
            began = x
            while x < stop:
                head = by_job(jobs, instants, heads, x, job)
                y = waits_for(ops, instants, x)
                if y >= 0:
                    if times[PLACE, ix(y)] >= start and times[SEEN, ix(y)] != stamp:
                        break
                    head = max(head, heads[ix(y)])
                heads[ix(x)] = head
                times[SEEN, ix(x)] = stamp
                times[NEW_ORDER, ix(done)] = x
                times[NEW_PLACE, ix(done)] = start + done
                done += 1
                r = instants[RELEASING, ix(x)]
                x += 1
                if r < 0:
                    continue
                after = ops[AFTER, ix(r)]
                if after < 0:
                    continue
                y = ops[STARTS, ix(after)]
                if times[PLACE, ix(y)] >= end:
                    makespan = max(makespan, head + times[TAIL, ix(y)])
                    continue
                other = instants[OWNER, ix(y)]
                if lists[MARK, ix(other)] == 0 and other != job and lists[NEXT, ix(other)] == y:
                    lists[MARK, ix(other)] = 1
                    lists[WAITING, ix(top)] = other
                    top += 1
            lists[NEXT, ix(job)] = x
            if x == stop and x > began:
                makespan = max(makespan, beyond(instants, times, heads, x, job))
            if makespan > limit:
                for i in range(top):
                    lists[MARK, ix(lists[WAITING, ix(i)])] = 0
                return TOO_LATE
        if start + done == end:
            return makespan
        first = circle(ops, instants, lists, parts)
        if first < 0:
            return DEADLOCK
        head = 0
        job = first
        while True:
            x = lists[NEXT, ix(job)]
            head = max(head, by_job(jobs, instants, heads, x, job))
            job = instants[OWNER, ix(waits_for(ops, instants, x))]
            if job == first:
                break
        place = start + done
        while True:
            x = lists[NEXT, ix(job)]
            heads[ix(x)] = head
            times[SEEN, ix(x)] = stamp
            times[NEW_ORDER, ix(done)] = x
            times[NEW_PLACE, ix(done)] = place
            done += 1
            lists[NEXT, ix(job)] = x + 1
            if x + 1 == lists[STOP, ix(job)]:
                makespan = max(makespan, beyond(instants, times, heads, x + 1, job))
            lists[MARK, ix(job)] = 1
            lists[WAITING, ix(top)] = job
            top += 1
            job = instants[OWNER, ix(waits_for(ops, instants, x))]
            if job == first:
                break


@njit(cache=True, nogil=True, inline="always")
def beyond(instants: Ints, times: Ints, heads: Ints, x: int, job: int) -> int:
    """Return the longest way over the job's own arc that leaves a part of the order, to instant `x` or the end."""
    if instants[OWNER, ix(x)] == job:
        return heads[ix(x - 1)] + instants[LENGTH, ix(x - 1)] + times[TAIL, ix(x)]
    return heads[ix(x - 1)]


@uncounted
def circle(ops: Ints, instants: Ints, lists: Ints, parts: int) -> int:
    """Return a job of a circle whose next instants wait for each other's machines, -1 if there is none.

    Called when every job that has not ended waits: then one that waits for something else is in no circle.
    """
    found = -1
    for i in range(parts):
        job = lists[PART, ix(i)]
        if lists[NEXT, ix(job)] >= lists[STOP, ix(job)] or lists[MARK, ix(job)] != 0:
            continue
        while True:
            lists[MARK, ix(job)] = i + 1
            y = waits_for(ops, instants, lists[NEXT, ix(job)])
            job = instants[OWNER, ix(y)]
            if lists[NEXT, ix(job)] != y:
                break
            if lists[MARK, ix(job)] != 0:
                if lists[MARK, ix(job)] == i + 1:
                    found = job
                break
        if found >= 0:
            break
    for i in range(parts):
        lists[MARK, ix(lists[PART, ix(i)])] = 0
    return found


@uncounted
def accept_part(times: Ints, start: int, end: int) -> None:
    """Take over order and heads of what `time_part` has timed."""
    for i in range(start, end):
        x = times[NEW_ORDER, ix(i - start)]
        times[ORDER, ix(i)], times[PLACE, ix(x)], times[HEAD, ix(x)] = (
            x,
            times[NEW_PLACE, ix(i - start)],
            times[TRIAL, ix(x)],
        )


@uncounted
def refuse_part(times: Ints, start: int, end: int) -> None:
    """Forget what `time_part` has timed."""
    for i in range(start, end):
        x = times[ORDER, ix(i)]
        times[TRIAL, ix(x)] = times[HEAD, ix(x)]


@uncounted
def time_rest(jobs: Ints, ops: Ints, instants: Ints, times: Ints, start: int) -> int:
    """Compute the heads from a place of the order on, sort the order by them, and return the makespan."""
    heads = times[HEAD]
    num = times.shape[1] - 1
    i = start
    while i < num:
        x = times[ORDER, ix(i)]
        place = times[PLACE, ix(x)]
        head = by_job(jobs, instants, heads, x, instants[OWNER, ix(x)])
        k = i + 1
        if k < num and times[PLACE, ix(times[ORDER, ix(k)])] == place:
            while k < num and times[PLACE, ix(times[ORDER, ix(k)])] == place:
                y = times[ORDER, ix(k)]
                head = max(head, by_job(jobs, instants, heads, y, instants[OWNER, ix(y)]))
                k += 1
        else:
            y = waits_for(ops, instants, x)
            if y >= 0:
                head = max(head, heads[ix(y)])
        while i < k:
            heads[ix(times[ORDER, ix(i)])] = head
            i += 1
    _sort(times)
    makespan = 0
    for job in range(jobs.shape[1] - 1):
        makespan = max(makespan, heads[ix(jobs[INSTANTS_AT, ix(job + 1)] - 1)])
    return makespan


@uncounted
def _sort(times: Ints) -> None:
    """Sort the order by heads, keeping what is simultaneous as it is; number the places anew."""
    heads, order, old = times[HEAD], times[ORDER], times[NEW_PLACE]
    num = times.shape[1] - 1
    for x in range(num):
        old[ix(x)] = times[PLACE, ix(x)]
        times[TRIAL, ix(x)] = heads[ix(x)]
    for i in range(1, num):
        x = order[ix(i)]
        k = i - 1
        while k >= 0 and heads[ix(order[k])] > heads[ix(x)]:
            order[ix(k + 1)] = order[ix(k)]
            k -= 1
        order[ix(k + 1)] = x
    known, place = -1, 0
    for i in range(num):
        x = order[ix(i)]
        if old[ix(x)] != known:
            known, place = old[ix(x)], i
        times[PLACE, ix(x)] = place


@uncounted
def time_tails(ops: Ints, instants: Ints, times: Ints) -> None:
    """Compute all tails, from the end of the order to its beginning."""
    tails = times[TAIL]
    i = times.shape[1] - 2
    while i >= 0:
        x = times[ORDER, ix(i)]
        place = times[PLACE, ix(x)]
        tail = 0
        for k in range(place, i + 1):
            y = times[ORDER, ix(k)]
            if instants[OWNER, ix(y + 1)] == instants[OWNER, ix(y)]:
                tail = max(tail, tails[ix(y + 1)] + instants[LENGTH, ix(y)])
        if place == i:
            r = instants[RELEASING, ix(x)]
            if r >= 0 and ops[AFTER, ix(r)] >= 0:
                y = ops[STARTS, ix(ops[AFTER, ix(r)])]
                if y != x:
                    tail = max(tail, tails[ix(y)])
        while i >= place:
            tails[ix(times[ORDER, ix(i)])] = tail
            i -= 1


@entry
def time_all(jobs: Ints, ops: Ints, instants: Ints, times: Ints, lists: Ints) -> int:
    """Find an order from nothing, heads and tails; return the makespan, or DEADLOCK. Stamps begin anew at 1."""
    num = times.shape[1] - 1
    for x in range(num):
        times[ORDER, ix(x)] = x
        times[PLACE, ix(x)] = x
        times[SEEN, ix(x)] = 0
    makespan = time_part(jobs, ops, instants, times, lists, 0, num, 1, TOO_LATE)
    for x in range(num):
        times[SEEN, ix(x)] = 0
    if makespan == DEADLOCK:
        return makespan
    accept_part(times, 0, num)
    _sort(times)
    time_tails(ops, instants, times)
    return makespan
