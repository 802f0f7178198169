"""The compiled search by itself: one thread, no CP-SAT, a clock that starts when everything is compiled."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction

import scheduler
from benchmarks.variants import Variant
from scheduler.cpsat.solve import improve
from scheduler.domain import Instance, Objective, Schedule, Stop
from scheduler.search.construct import construct
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.weights import weigh
from scheduler.terms import TERMS

CONSTRUCTION_SECONDS = 0.2
LAST_WORDS = 5.0
"""Seconds that a stopped search has to end."""


@dataclass(frozen=True)
class Walk:
    """What a search did.

    `seconds` are wall time, `cpu_seconds` those of the process; `history` has the seconds and value of each better
    schedule, the start the first.
    """

    schedule: Schedule
    value: int
    iterations: int
    seconds: float
    cpu_seconds: float
    history: tuple[tuple[float, int], ...]


def walk(instance: Instance, objective: str, variant: Variant, seconds: float, seed: int, target: int = 0) -> Walk:
    """Search with one thread for so many seconds, or until the value is at most `target`.

    The share of the seconds that a variant gives CP-SAT is part of them.

    Raises
    ------
    ValueError
        If the search does not speak the objective, there is no schedule to start from, or that found breaks a rule.
    """
    goal = Objective.parse(objective)
    weights = weigh(instance, goal)
    if weights is None:
        raise ValueError(f"the compiled search does not speak {objective}")
    start = construct(instance, goal, time_limit=CONSTRUCTION_SECONDS, seed=seed)
    if start is None:
        raise ValueError("the construction heuristic found no schedule to start from")
    by_cpsat = variant.cpsat_share * seconds
    if by_cpsat > 0:
        start = _improved(instance, goal, start, by_cpsat, seed)
    began_at = 0.0
    history = [(by_cpsat, TERMS[objective](instance, start))]

    def on_better(value: int) -> None:
        history.append((by_cpsat + time.perf_counter() - began_at, weights.first_tier(value)))

    search = TabuSearch(instance, weights, start, seed, on_better, variant.settings)
    search.aim(weights.least([Fraction(target)]))
    search.rehearse()
    cpu_at, began_at = time.process_time(), time.perf_counter()
    search.start(1)
    search.wait(seconds - by_cpsat)
    search.finish(LAST_WORDS)
    elapsed, cpu_seconds = by_cpsat + time.perf_counter() - began_at, time.process_time() - cpu_at
    schedule = search.best() or start
    violations = scheduler.check(instance, schedule)
    if violations:
        raise ValueError(f"{len(violations)} violations, the first: {violations[0]}")
    value = TERMS[objective](instance, schedule)
    return Walk(schedule, value, search.iterations, elapsed, cpu_seconds, tuple(history))


def _improved(instance: Instance, objective: Objective, start: Schedule, seconds: float, seed: int) -> Schedule:
    """Return what CP-SAT makes of a schedule in so many seconds, with one worker."""
    outcome = improve(
        instance,
        objective,
        start=start,
        time_limit=seconds,
        workers=1,
        seed=seed,
        on_progress=lambda value, bound: None,
        stop=Stop(),
    )
    return outcome.schedule or start
