"""What the search for plans that are made once finds, with its schedule checked."""

from __future__ import annotations

from dataclasses import replace

from helpers import assert_valid

from scheduler.domain import Instance, Objective, Schedule, Status
from scheduler.io.validate import require_valid
from scheduler.portfolio import solve
from scheduler.search.construct import construct
from scheduler.search.cyclic.inserting import InsertionSearch
from scheduler.search.cyclic.spoken import why_not_once

MAKESPAN = Objective.parse("makespan")


def late(instance: Instance, ticks: int) -> Schedule | None:
    """Return a constructed schedule in which nothing begins before so many ticks after the release dates."""
    jobs = tuple(replace(job, release_date=job.release_date + ticks) for job in instance.jobs)
    return construct(replace(instance, jobs=jobs), MAKESPAN, time_limit=0.0, seed=0)


def inserted(instance: Instance, insertions: int, ticks: int = 40, thread: int = 0) -> tuple[int, Schedule]:
    """Return what a thread finds from a schedule that begins so many ticks late, having checked it."""
    assert why_not_once(instance, MAKESPAN) is None
    start = late(instance, ticks)
    assert start is not None
    values: list[int] = []
    search = InsertionSearch.once(instance, start, 0, values.append)
    assert search is not None
    search._alone = search.stepper(thread)
    search.advance(insertions)
    assert values == sorted(set(values), reverse=True)
    found = search.best() or start
    assert_valid(instance, found)
    assert found.makespan == search.value == (values[-1] if values else start.makespan)
    return search.value, found


def makespan(instance: Instance, insertions: int = 100) -> int:
    """Return the makespan that is found from a late start: all there is to find is found."""
    require_valid(instance, "once")
    return inserted(instance, insertions)[0]


def excess(instance: Instance, insertions: int, ticks: int, thread: int = 0, seconds: float = 30) -> int | None:
    """Return by how much the search ends above the least makespan, None if that is not proved in so many seconds."""
    found, _ = inserted(instance, insertions, ticks, thread)
    best = solve(instance, objective="makespan", time_limit=seconds, workers=1)
    assert found >= best.bounds[0]
    return found - int(best.values[0]) if best.status is Status.OPTIMAL else None
