"""Dispatching rules: in which order units are placed, and what counts in the choice of a mode.

Classic priorities (Panwalkar and Iskander 1977, Operations Research 25, "A survey of scheduling rules"), and apparent
tardiness cost (Vepsalainen and Morton 1987, Management Science 33, "Priority rules for job shops with weighted
tardiness costs").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import exp
from typing import TypeAlias

from scheduler.domain import Job, Objective
from scheduler.domain.objective import STABILITY_TERMS
from scheduler.search.problem import JobData, ModeData, OperationData, Problem
from scheduler.search.units import Unit

Priority: TypeAlias = Callable[[Unit, float], float]
"""Priority of a unit at an instant; the least is first."""

TARDINESS_TERMS = {"total_tardiness", "weighted_tardiness", "maximum_tardiness", "number_tardy"}


@dataclass(frozen=True)
class Rule:
    """How one pass decides.

    Attributes
    ----------
    priority
        Order of the units that compete.
    window
        Units compete that can start at most this share of the operation's length after the first one can (0:
        non-delay schedules). None: all units compete whenever they can start, so that jobs are placed one by one.
    thrift
        Ticks that a mode must be earlier for every tick that it is longer than the shortest.
    patience
        How many ticks a job waits for a trip that departs anyway.
    pieces
        Pieces of the charge curve that a charge fills at least; 0: as much as is needed.
    home, loyalty
        Machine index by operation index in the baseline, and how many ticks earlier another one must be.
    is_steady
        Whether of two units the same one comes first at every instant.
    noise
        Added to the priority of a unit.
    plans
        Plan of a job, where it is not left open.
    """

    name: str
    priority: Priority
    window: float | None = 0.0
    thrift: float = 0.0
    patience: int = 0
    pieces: int = 1
    home: Mapping[int, int] = field(default_factory=dict)
    loyalty: int = 0
    is_steady: bool = True
    noise: Mapping[Unit, float] = field(default_factory=dict)
    plans: Mapping[JobData, int] = field(default_factory=dict)

    def rank(self, unit: Unit, instant: float) -> float:
        """Return the priority with noise."""
        return self.priority(unit, instant) + self.noise.get(unit, 0.0)

    def penalty(self, operation: OperationData, mode: ModeData) -> int:
        """Return what counts against a mode because it is not on the machine of the baseline."""
        if self.home.get(operation.index, mode.machine.index) == mode.machine.index:
            return 0
        return self.loyalty


def rules(problem: Problem, objective: Objective) -> Iterator[Rule]:
    """Yield the rules worth trying for an objective, the most promising first."""
    dates = _Dates(problem)
    terms = set(objective.terms)
    first = {name for name, _ in objective.tiers[0].weights}
    home = _home(problem)
    loyalty = dates.mean_length if home and terms & STABILITY_TERMS else 0
    patience = dates.mean_length if terms & {"transfer_count", "transfer_cost", "transfer_co2"} else 0

    def rule(name: str, priority: Priority, window: float | None = 0.0, thrift: float = 0.0) -> Rule:
        return Rule(name, priority, window, thrift, patience, home=home, loyalty=loyalty)

    if home:
        order = _baseline_order(problem)
        yield replace(rule("baseline", order, window=None), loyalty=dates.mean_length)
        yield replace(rule("baseline, non-delay", order), loyalty=dates.mean_length)
    due = [
        replace(rule("apparent tardiness cost", dates.apparent_tardiness_cost), is_steady=False),
        replace(rule("modified due date", dates.modified_due_date), is_steady=False),
        rule("earliest due date, job by job", dates.earliest_due_date, window=None),
        rule("least slack", dates.slack),
    ]
    work = [
        rule("most work remaining", most_work),
        rule("most work remaining, thrifty", most_work, thrift=1.0),
        rule("most work remaining, active", most_work, window=0.5),
        rule("most work remaining, job by job", most_work, window=None),
    ]
    flow = [
        rule("least work remaining", least_work),
        rule("least weighted work, job by job", dates.least_work_by_weight, window=None),
        rule("first come", first_come),
    ]
    if first & TARDINESS_TERMS or any(job.deadline is not None for job in problem.instance.jobs):
        groups = (due, work, flow)
    elif "flow_time" in first:
        groups = (flow, work, due)
    else:
        groups = (work, flow, due if dates.any_due else [])
    for group in groups:
        yield from group
    for pieces in (0, 2) if problem.instance.battery_by_vehicle else ():
        yield from (replace(other, pieces=pieces) for other in groups[0])


def most_work(unit: Unit, instant: float) -> float:
    """Put the longest rest of a job first."""
    return -unit.rest


def least_work(unit: Unit, instant: float) -> float:
    """Put the shortest rest of a job first."""
    return unit.rest


def first_come(unit: Unit, instant: float) -> float:
    """Put the earliest release date first."""
    return unit.plan.job.domain.release_date


class _Dates:
    """Priorities that look at due dates and deadlines; a job without either is due long after all others."""

    def __init__(self, problem: Problem) -> None:
        jobs = problem.instance.jobs
        lengths = [operation.least_duration for operation in problem.operations]
        self.mean_length = max(1, sum(lengths) // max(1, len(lengths)))
        dates = [date for job in jobs for date in (job.due_date, job.deadline) if date is not None]
        self.any_due = bool(dates)
        self._far = max([0, *dates]) + sum(lengths)
        self._scale = 2.0 * max(1, sum(lengths) // max(1, len(jobs)))

    def earliest_due_date(self, unit: Unit, instant: float) -> float:
        return self._due(unit.plan.job.domain)

    def slack(self, unit: Unit, instant: float) -> float:
        return self._due(unit.plan.job.domain) - instant - unit.rest

    def modified_due_date(self, unit: Unit, instant: float) -> float:
        return max(self._due(unit.plan.job.domain), instant + unit.rest)

    def apparent_tardiness_cost(self, unit: Unit, instant: float) -> float:
        slack = max(0.0, self.slack(unit, instant))
        length = max(1, unit.operations[0].least_duration)
        return -unit.plan.job.domain.weight / length * exp(-slack / self._scale)

    def least_work_by_weight(self, unit: Unit, instant: float) -> float:
        return unit.rest / max(1, unit.plan.job.domain.weight)

    def _due(self, job: Job) -> int:
        return min(date if date is not None else self._far for date in (job.due_date, job.deadline))


def _home(problem: Problem) -> dict[int, int]:
    """Return the machine of each operation in the baseline."""
    execution = problem.instance.execution
    if execution is None:
        return {}
    index = {key: operation.index for key, operation in problem.operation_by_key.items()}
    return {
        index[o.key]: problem.machine_by_id[o.machine].index for o in execution.baseline.operations if o.key in index
    }


def _baseline_order(problem: Problem) -> Priority:
    execution = problem.instance.execution
    starts = {o.key: o.start for o in execution.baseline.operations} if execution is not None else {}

    def priority(unit: Unit, instant: float) -> float:
        release_date = unit.plan.job.domain.release_date
        return min(starts.get(operation.key, release_date) for operation in unit.operations)

    return priority
