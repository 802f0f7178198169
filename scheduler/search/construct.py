"""The construction heuristic: a schedule that keeps every rule, within a second.

It is the safety net of the planner and the hint of the CP-SAT model. Several dispatching rules are tried; while time
remains, the best one again with noise on its priorities (priorities that led to better schedules are kept, others
dropped: a random search around the rule, after Storer, Wu and Vaccari 1992, Management Science 38, "New search spaces
for sequencing problems").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from random import Random
from statistics import pstdev
from time import perf_counter
from typing import NamedTuple

from scheduler.checker import check, recompute
from scheduler.domain import Instance, Objective, Schedule, Stop
from scheduler.domain.collector import collector_paused
from scheduler.domain.cycle import part_set
from scheduler.search.dispatch import dispatch
from scheduler.search.problem import JobData, Problem
from scheduler.search.repeating import repeated
from scheduler.search.rules import Rule, rules
from scheduler.search.units import Plans, Unit

LEAST_PASSES = 3
"""Passes that are made even beyond the time limit while there is no schedule."""
MAX_NOISY_PASSES = 200
NOISY_SHARE = 10
"""One in so many priorities, and one in so many plans, is changed from pass to pass."""
NOISE = (0.1, 0.3, 1.0)
"""Strengths of the noise in standard deviations of the priorities."""


def construct(
    instance: Instance,
    objective: Objective,
    *,
    time_limit: float = 1.0,
    seed: int = 0,
    stop: Stop | None = None,
    is_hurried: bool = False,
    gives_up: Callable[[], bool] = lambda: False,
    problem: Problem | None = None,
) -> Schedule | None:
    """Return the best schedule of a number of passes, each by another dispatching rule.

    Parameters
    ----------
    instance
        A valid instance; with `Instance.execution`, what has happened stays as it is.
    objective
        Decides which rules come first, and between the schedules.
    time_limit
        Seconds after which no further pass begins, and one under way is given up; the first pass is always made, unless
        somebody `gives_up`.
    seed
        Where time does not end it, the same seed gives the same schedule.
    stop
        Ends it as soon as there is a schedule, or after the pass in which the wish to stop is made.
    is_hurried
        Only one pass is made, and that is given up too when the time is over or somebody wants to stop.
    gives_up
        Asked again and again while there is no schedule; once it says so, there will be none.
    problem
        The instance (a part set, if it is cyclic) as passes see it, where somebody has that already.

    Returns
    -------
    Schedule or None
        None if no pass kept every deadline, or (rarely) maximum lags together with calendars, or parts that block
        each other in the past, led every pass into a dead end, or none was made to its end. This proves nothing.
    """
    stops_at = perf_counter() + time_limit

    def is_stopped() -> bool:
        return stop is not None and stop.requested

    def is_over() -> bool:
        if is_hurried or search.best is not None:
            return is_stopped() or perf_counter() >= stops_at
        return gives_up()

    search = _Search(instance, objective, Random(seed), problem)
    for rule in search.rules():
        search.run(rule, is_over)
        if is_hurried or is_stopped() or (search.best is None and gives_up()):
            break
        if perf_counter() >= stops_at and (search.best is not None or search.num_passes >= LEAST_PASSES):
            break
    return search.best.schedule if search.best is not None and search.best.overrun == 0 else None


class _Found(NamedTuple):
    overrun: int
    value: tuple[Fraction, ...]
    schedule: Schedule
    rule: Rule
    plans: Mapping[JobData, int]


class _Search:
    """The passes of one call; ``best`` is the schedule that exceeds deadlines least, and then the best of those."""

    def __init__(self, instance: Instance, objective: Objective, rng: Random, problem: Problem | None) -> None:
        self.best: _Found | None = None
        self.num_passes = 0
        self._instance = instance
        self._objective = objective
        self._rng = rng
        with collector_paused():
            self._problem = problem or Problem(instance if instance.cycle is None else part_set(instance))
        self._plans = Plans(self._problem)

    def rules(self) -> Iterator[Rule]:
        """Yield the plain rules, then the best one so far with ever other noise."""
        yield from rules(self._problem, self._objective)
        num_units = sum(len(self._plans.units(job, 0)) for job in self._problem.jobs)
        for _ in range(MAX_NOISY_PASSES if num_units > 1 else 0):
            if self.best is None:
                return
            plans = self._other_plans(self.best.plans)
            yield replace(self.best.rule, noise=self._other_noise(self.best.rule, self.best.plans), plans=plans)

    def _other_noise(self, rule: Rule, plans: Mapping[JobData, int]) -> dict[Unit, float]:
        """Return the noise of a rule with one in so many units changed."""
        units = [unit for job in self._problem.jobs for unit in self._plans.units(job, plans[job])]
        strength = self._rng.choice(NOISE) * pstdev(rule.priority(unit, 0) for unit in units)
        changed = self._rng.sample(units, max(1, len(units) // NOISY_SHARE))
        return {**rule.noise, **{unit: self._rng.gauss(0.0, strength) for unit in changed}}

    def _other_plans(self, plans: Mapping[JobData, int]) -> dict[JobData, int]:
        """Return plans with one in so many drawn anew or left open again."""
        several = [job for job in self._problem.jobs if len(job.plan_ids) > 1]
        found = {job: plans[job] for job in several}
        for job in self._rng.sample(several, -(-len(several) // NOISY_SHARE)):
            del found[job]
            if self._rng.random() < 0.5:
                found[job] = self._rng.randrange(len(job.plan_ids))
        return found

    @collector_paused()
    def run(self, rule: Rule, is_over: Callable[[], bool]) -> None:
        """Make one pass, unless it is over before; keep its schedule if it is none worse than the best."""
        self.num_passes += 1
        board = dispatch(self._problem, self._plans, rule, self._rng, is_over)
        if board is None:
            return
        schedule: Schedule | None = board.schedule()
        if schedule is not None and self._instance.cycle is not None:
            schedule = repeated(self._instance, schedule)
        if schedule is None:
            return
        may_break = self._instance.execution is not None or bool(self._instance.battery_by_vehicle)
        may_break |= any(fleet.limited for fleet in self._instance.fleets)
        if may_break and check(self._instance, schedule):
            return  # the past, pins, and vehicles that drain or stand in the way may leave no way to keep a rule
        value = recompute(self._instance, schedule, self._objective)
        found = _Found(_overrun(self._instance, schedule), value, schedule, rule, board.plans)
        if self.best is None or found[:2] <= self.best[:2]:
            self.best = found


def _overrun(instance: Instance, schedule: Schedule) -> int:
    """Return by how much deadlines are exceeded in total."""
    late = (schedule.completions[j.id] - j.deadline for j in instance.jobs if j.deadline is not None)
    return sum(max(0, excess) for excess in late)
