"""A comparison of policies: the same replications for each, and what could have been done had all been known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from math import sqrt
from statistics import fmean, stdev
from typing import Any

from scheduler.domain import Instance, Objective, Schedule
from scheduler.portfolio import solve
from scheduler.simulation.floor import Replication, replicate
from scheduler.simulation.profiles import Fate, Profile, fate_of
from scheduler.terms import value_terms

_STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""0.975 quantiles of Student's t with 1, 2, ... degrees of freedom; beyond, those of the normal distribution."""


@dataclass(frozen=True)
class Estimate:
    """A mean with the half-width of its 95 % confidence interval (None: from one value there is none)."""

    mean: float
    half_width: float | None

    def __str__(self) -> str:
        return f"{self.mean:.1f}" + ("" if self.half_width is None else f" +- {self.half_width:.1f}")


@dataclass(frozen=True)
class PolicyFigures:
    """What came of a policy over all replications.

    Attributes
    ----------
    value, makespan, deviation, reassignments, repairs
        As in `Replication`.
    loss
        ``(value - bound) / max(1, bound)`` in percent against the clairvoyant bound; None without bounds.
    latency_p50, latency_p95
        Of all repairs, in seconds.
    unplanned
        Instants without plan, in all replications.
    degraded
        Repairs after which a limit was broken, in all replications.
    """

    policy: str
    value: Estimate
    makespan: Estimate
    deviation: Estimate
    reassignments: Estimate
    repairs: Estimate
    loss: Estimate | None
    latency_p50: float
    latency_p95: float
    unplanned: int
    degraded: int


@dataclass(frozen=True)
class Study:
    """Planned value of the first tier, and the figures of every policy.

    ``clairvoyant`` is the mean lower bound of the first tier when everything that happens is known beforehand.
    """

    objective: Objective
    planned: float
    replications: int
    policies: tuple[PolicyFigures, ...]
    clairvoyant: Estimate | None


def simulate(
    instance: Instance,
    schedule: Schedule,
    profile: Profile,
    policies: Sequence[str],
    *,
    replications: int = 10,
    objective: Objective | None = None,
    deadline: float = 1.0,
    clairvoyant: float = 0.0,
    workers: int | None = None,
    seed: int = 0,
    on_replication: Callable[[str, int, Replication], None] | None = None,
) -> Study:
    """Compare policies on the virtual floor; each meets the same fates.

    Parameters
    ----------
    instance, schedule
        What is carried out.
    profile
        How much goes wrong.
    policies
        Names of policies of `scheduler.repair`.
    replications
        How many fates are drawn, from `seed` on.
    objective
        Default: the instance's.
    deadline
        Seconds for each repair.
    clairvoyant
        Seconds to solve each replication with all that happened known beforehand; 0: no bound.
    workers
        As for `scheduler.solve`.
    seed
        Of the first fate; the others follow it.
    on_replication
        Told each policy, number and outcome.

    Raises
    ------
    ValueError
        If there is no replication, or no policy.
    """
    if replications < 1 or not policies:
        raise ValueError("simulate at least one replication of at least one policy")
    wanted = objective or Objective.parse(instance.objective)
    fates = [fate_of(instance, schedule, profile, seed + number) for number in range(replications)]
    bounds = [_bound(instance, fate, wanted, clairvoyant, workers) for fate in fates] if clairvoyant > 0 else []
    figures = []
    for policy in policies:
        outcomes = []
        for number, fate in enumerate(fates):
            outcome = replicate(
                instance,
                schedule,
                fate,
                policy,
                objective=wanted,
                deadline=deadline,
                workers=workers,
                seed=seed + number,
            )
            outcomes.append(outcome)
            if on_replication is not None:
                on_replication(policy, number, outcome)
        figures.append(_figures(policy, outcomes, bounds))
    planned = float(wanted.value(value_terms(instance, schedule))[0])
    return Study(wanted, planned, replications, tuple(figures), estimate(bounds) if bounds else None)


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean of independent values with its 95 % confidence interval (Student's t)."""
    if len(values) < 2:
        return Estimate(fmean(values), None)
    degrees = len(values) - 1
    quantile = _STUDENT[degrees - 1] if degrees <= len(_STUDENT) else 1.96
    return Estimate(fmean(values), quantile * stdev(values) / sqrt(len(values)))


def foreseen(instance: Instance, fate: Fate) -> Instance:
    """Return the instance as a clairvoyant sees it: real durations, and failures as downtimes from the beginning.

    Every operation may pause, since a failure lets the running one pause; so no schedule of the floor is excluded.
    """
    jobs = tuple(
        replace(
            job,
            operations=tuple(
                replace(
                    operation,
                    interruptible=operation.interruptible or bool(fate.failures),
                    modes=tuple(
                        replace(mode, duration=fate.duration((job.id, operation.id), mode.duration))
                        for mode in operation.modes
                    ),
                )
                for operation in job.operations
            ),
        )
        for job in instance.jobs
    )
    calendars = {machine.id: machine.calendar for machine in instance.machines}
    for machine, downtime in fate.failures:
        calendars[machine] = calendars[machine].with_downtime(downtime)
    machines = tuple(replace(machine, calendar=calendars[machine.id]) for machine in instance.machines)
    return replace(instance, jobs=jobs, machines=machines)


def study_document(study: Study) -> dict[str, Any]:
    """Return all figures as a JSON document."""
    return {**asdict(study), "objective": str(study.objective), "policies": [asdict(row) for row in study.policies]}


def _bound(instance: Instance, fate: Fate, objective: Objective, seconds: float, workers: int | None) -> float:
    found = solve(foreseen(instance, fate), objective=objective, time_limit=seconds, workers=workers)
    return float(found.bounds[0]) if found.bounds and found.bounds[0] is not None else 0.0


def _figures(policy: str, outcomes: Sequence[Replication], bounds: Sequence[float]) -> PolicyFigures:
    latencies = sorted(seconds for outcome in outcomes for seconds in outcome.latencies) or [0.0]
    losses = [100 * (outcome.value - bound) / max(1.0, bound) for outcome, bound in zip(outcomes, bounds, strict=False)]
    return PolicyFigures(
        policy,
        estimate([outcome.value for outcome in outcomes]),
        estimate([outcome.makespan for outcome in outcomes]),
        estimate([outcome.deviation for outcome in outcomes]),
        estimate([outcome.reassignments for outcome in outcomes]),
        estimate([outcome.repairs for outcome in outcomes]),
        estimate(losses) if losses else None,
        latencies[len(latencies) // 2],
        latencies[min(len(latencies) - 1, int(0.95 * len(latencies)))],
        sum(outcome.unplanned for outcome in outcomes),
        sum(outcome.degraded for outcome in outcomes),
    )
