"""A race of the factory search and of the insertion search, for the makespan of a plan that is made once.

In the factory search machines and carriers have what comes first, and orders decide; a thousand orders are tried while
the other search puts one job where it is in nobody's way, waits included. Which of them is better depends on how
crowded a factory is, and is seen only when both have worked for a while.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import inf
from typing import TypeAlias

from scheduler.portfolio.run import Run
from scheduler.search.cyclic.inserting import InsertionSearch
from scheduler.search.decode.engine import FactorySearch

Walk: TypeAlias = FactorySearch | InsertionSearch

SHARE = 0.3
"""Share of the time after which one of the two leads ..."""
LEAST_SECONDS = 1.0
"""... if that is so many seconds at least: there is no race in less."""
CLOSE = Fraction(2, 100)
"""By what share of the value the other is behind, at the most, for it to go on later."""
OFTEN = 1.0
"""Seconds after which what both have found is looked at."""


def rival_of(run: Run, kept: float) -> InsertionSearch | None:
    """Return the search that inserts whole jobs, if it can and there is time; it may still have to be compiled.

    So many seconds are `kept` for what comes after all walks. With hubs there is no race: each way over a hub is a mode
    of its own to the rival, which costs it as much time as it gains.
    """
    if any(facility.hub for facility in run.instance.facilities):
        return None
    if SHARE * (run.left - kept) < LEAST_SECONDS:
        return None
    rival = run.insertion_search()
    if rival is not None and not rival.is_compiled() and run.workers > 1:
        rival.compile_elsewhere()
    return rival


def race(
    run: Run, walk: Walk, rival: InsertionSearch, kept: float, has_ended: Callable[[], bool]
) -> tuple[Walk, Walk | None]:
    """Walk with a rival in one thread more; return the search that leads, and the other if it was close and rests.

    The one that leads has all threads but one afterwards. Neither is told of what the other has found.
    """
    until = run.left - SHARE * (run.left - kept)
    if run.best is not None:
        rival.give(run.best)
    rival.start(1)
    known = rival.value, walk.value
    while run.left > until and not has_ended() and not rival.has_met_target:
        rival.wait(min(OFTEN, run.left - until))
        if rival.value < known[0]:
            run.take(rival)
        if walk.value < known[1]:
            run.take(walk)
        known = rival.value, walk.value
    found = run.take(walk), run.take(rival)
    values = [inf if each is None else run.first_tier(each) for each in found]
    leads = values[1] < values[0]
    leader, other = (rival, walk) if leads else (walk, rival)
    is_close = max(values) <= (1 + CLOSE) * min(values)
    if leads:
        rival.start(run.workers - 2)
    if is_close and (run.workers == 2 or not leads):
        other.rest()
        return leader, other
    other.stop()
    return leader, None


def turn_of(run: Run, rival: InsertionSearch, insertions: int, seconds: float) -> InsertionSearch | None:
    """Let the search that inserts jobs have a turn; return it for the next one, None if it has found nothing better."""
    known, given = rival.value, run.best
    if given is not None:
        rival.give(given)
    with rival.until(seconds):
        rival.advance(insertions)
    run.take(rival)
    return rival if rival.value < known and run.best is not given else None
