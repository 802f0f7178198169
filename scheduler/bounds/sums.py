"""Lower bounds of what is asked of the completions of jobs: tardiness, flow times.

No job is completed before it would be if it were alone (`scheduler.bounds.alone`), and in no pool of machines are *k*
jobs done before the instant ``C_k`` (`scheduler.bounds.pools`). Whatever the order, with ``q_j`` what is left of a job
after the pool, its total tardiness is at least::

    sum_k max(0, C_k - (d - q)_k)        (d - q)_1 <= (d - q)_2 <= ...

since pairing early completions with early due dates is best (Chu 1992). Jobs have different weights; the bound is
added up in layers, each with the jobs that weigh at least so much::

    sum_j w_j T_j = sum_i (w_i - w_(i-1)) * (total tardiness of the jobs with w_j >= w_i)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from scheduler.bounds.alone import Alone, alone
from scheduler.bounds.pools import Pool, pools
from scheduler.domain import Instance, Stop
from scheduler.domain.horizon import tails
from scheduler.domain.remembered import remembered
from scheduler.domain.stop import Stopped

REACH = 8
"""Calendars are read for so many times what the machines need together, and the longest job alone."""
SUMS = (
    "total_tardiness",
    "weighted_tardiness",
    "maximum_tardiness",
    "number_tardy",
    "flow_time",
    "start_deviation",
    "promised_tardiness",
)
"""Terms that have a bound here."""
ALONE = frozenset(("number_tardy", "start_deviation"))
"""Those of them that follow from jobs alone; pools take most of the time."""


def sum_bounds(instance: Instance, names: Collection[str] = SUMS, stop: Stop | None = None) -> dict[str, int]:
    """Return a lower bound of these terms of `SUMS`; those of changes only where there is a baseline.

    If somebody wants to `stop`, no further pool is looked at.
    """
    least = _alone(instance)
    try:
        found = _Until(stop, () if ALONE.issuperset(names) else _pools(instance, stop=stop))
    except Stopped:
        found = _Until(stop, ())
    dues = {job.id: job.due_date for job in instance.jobs if job.due_date is not None}
    weights = {job: instance.job_by_id[job].weight for job in dues}
    late = {job: max(0, least.completions[job] - due) for job, due in dues.items()}
    releases = {job.id: job.release_date for job in instance.jobs}
    flows = {job: least.completions[job] - release for job, release in releases.items()}
    bounds: dict[str, Callable[[], int]] = {
        "total_tardiness": lambda: _total(found, dues, late, dict.fromkeys(dues, 1)),
        "weighted_tardiness": lambda: _total(found, dues, late, weights),
        "maximum_tardiness": lambda: max((0, *late.values(), *(pool.lateness(dues) for pool in found))),
        "number_tardy": lambda: sum(by > 0 for by in late.values()),
        # With its release as due date no job is early.
        "flow_time": lambda: _total(found, releases, flows, dict.fromkeys(releases, 1)),
        **_changes(instance, least, found),
    }
    return {name: bound() for name, bound in bounds.items() if name in names}


class _Until:
    """Pools, one after the other, until somebody wants to stop."""

    def __init__(self, stop: Stop | None, pools: Sequence[Pool]) -> None:
        self._stop, self._pools = stop, pools

    def __iter__(self) -> Iterator[Pool]:
        for pool in self._pools:
            if self._stop is not None and self._stop.requested:
                return
            yield pool


@remembered
def _alone(instance: Instance) -> Alone:
    return alone(instance, _reach(instance))


@remembered
def _pools(instance: Instance, *, stop: Stop | None = None) -> Sequence[Pool]:
    least = _alone(instance)
    pending = {key: start for key, start in least.starts.items() if key not in least.begun}
    return pools(instance, pending, tails(instance), _reach(instance), stop)


def _reach(instance: Instance) -> int:
    """Return an instant that most schedules end before; calendars after it only make the bounds better."""
    begin = max((job.release_date for job in instance.jobs), default=0)
    if instance.execution is not None:
        begin = max(begin, instance.execution.now)
    works = [
        sum(min((mode.duration for mode in operation.modes), default=0) for operation in job.operations)
        for job in instance.jobs
    ]
    capacity = sum(machine.capacity for machine in instance.machines)
    return begin + REACH * (sum(works) // max(1, capacity) + max(works, default=0))


def _changes(instance: Instance, least: Alone, pools: Iterable[Pool]) -> dict[str, Callable[[], int]]:
    """Return bounds of what changes against the baseline: an operation that can't start in time is late alone."""
    if instance.execution is None:
        return {}
    baseline, now = instance.execution.baseline, instance.execution.now
    planned = {was.key: was.start for was in baseline.operations if was.key in least.starts and was.start >= now}
    promised = {job: end for job, end in baseline.completions.items() if job in least.completions}
    late = {job: max(0, least.completions[job] - end) for job, end in promised.items()}
    return {
        "start_deviation": lambda: sum(max(0, least.starts[key] - start) for key, start in planned.items()),
        "promised_tardiness": lambda: _total(pools, promised, late, dict.fromkeys(promised, 1)),
    }


def _total(pools: Iterable[Pool], dues: Mapping[str, int], alone: Mapping[str, int], weights: Mapping[str, int]) -> int:
    """Return the best bound of the weighted tardiness that one of the pools gives; other jobs are late alone."""
    total = sum(weights[job] * by for job, by in alone.items())
    best = total
    for pool in pools:
        tail = {work.job: work.tail for work in pool.works if work.job in dues}
        bound = total - sum(weights[job] * alone[job] for job in tail)
        below = 0
        for weight in sorted({weights[job] for job in tail}):
            heavy = frozenset(job for job in tail if weights[job] >= weight)
            due = sorted(dues[job] - tail[job] for job in heavy)
            together = sum(max(0, c - d) for c, d in zip(pool.completions(heavy), due, strict=True))
            bound += (weight - below) * max(together, sum(alone[job] for job in heavy))
            below = weight
        best = max(best, bound)
    return best
