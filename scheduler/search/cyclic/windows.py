"""When nothing may begin: downtimes of machines and lanes, in a plan that is made once.

What begins at *t* and takes *d* ticks keeps clear of a downtime ``[a, b)`` unless ``a - d < t < b``. After a downtime a
machine is set up before it goes on, for as long as the longest setup takes: which job is before is not known.

Work that *pauses* in downtimes starts outside of them, and is over after as many ticks outside of them as it takes. All
that follows only asks when it is over. So its time in a plan is a later one, the end less the duration: two starts
never have the same, and who starts later has a later one. Whoever waits for the start waits for that time, which is
never less.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scheduler.search.cyclic.facts import Facts, Ints
from scheduler.search.cyclic.room import NEVER
from scheduler.search.inner import entry, uncounted


@uncounted
def close_windows(
    facts: Facts, first: int, last: int, before: int, after: int, ticks: int, cost: NDArray[np.int32]
) -> None:
    """Let nothing begin at the ticks from less than `before` before a downtime to `after` after it."""
    for k in range(first, last):
        begin = max(0, facts.closed[k, 0] - before + 1)
        for t in range(begin, min(ticks, facts.closed[k, 1] + after)):
            cost[t] = NEVER


@uncounted
def close_before(facts: Facts, mode: int, later: int, ticks: int, cost: NDArray[np.int32]) -> None:
    """Let nothing begin that takes a machine so much later while this can't have been set up since a downtime."""
    if facts.set_up[mode] > 0:
        close_windows(facts, facts.works[mode, 0], facts.works[mode, 1], later, facts.set_up[mode] - later, ticks, cost)


@uncounted
def over_at(closed: Ints, first: int, last: int, start: int, work: int) -> int:
    """Return when work is over that starts outside of the downtimes and pauses in them."""
    at, left = start, work
    for k in range(first, last):
        if closed[k, 1] <= at:
            continue
        if closed[k, 0] >= at + left:
            break
        left -= closed[k, 0] - at
        at = closed[k, 1]
    return at + left


@entry
def started_at(facts: Facts, mode: int, time: int) -> int:
    """Return when work has started whose time in a plan is this."""
    if not facts.pauses[mode]:
        return time
    left = facts.duration[mode]
    at = time + left
    for k in range(facts.works[mode, 1] - 1, facts.works[mode, 0] - 1, -1):
        if facts.closed[k, 0] >= at:
            continue
        if facts.closed[k, 1] >= at - left:
            left -= at - facts.closed[k, 1]
            at = facts.closed[k, 0]
            if left <= 0:
                return facts.closed[k, 1] - left
        else:
            break
    return at - left


@uncounted
def put_off(facts: Facts, mode: int, ticks: int, starts: NDArray[np.int32]) -> None:
    """Write costs of starting work at each tick to the times that it has in a plan."""
    begin, last, work = facts.works[mode, 0], facts.works[mode, 1], facts.duration[mode]
    first = last
    for t in range(ticks - 1, -1, -1):
        while first > begin and facts.closed[first - 1, 1] > t:
            first -= 1
        cost = starts[t]
        starts[t] = NEVER
        if cost < NEVER:
            later = over_at(facts.closed, first, last, t, work) - work
            if later < ticks:
                starts[later] = cost


@uncounted
def next_open(closed: Ints, first: int, last: int, before: int, after: int, tick: int) -> int:
    """Return the first tick from this one on at which something may begin, see `close_windows`."""
    for k in range(first, last):
        if closed[k, 0] - before < tick < closed[k, 1] + after:
            tick = closed[k, 1] + after
    return tick
