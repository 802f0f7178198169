"""Plan: find a good schedule and a lower bound, within a time limit.

The construction heuristic gives a schedule at once; CP-SAT takes it as a complete hint, improves it, and proves bounds.
Whatever happens after that, the best schedule found so far is the answer.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from math import ceil
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from scheduler.domain import Instance, Objective, Progress, Result, Schedule, Status, Stop

if TYPE_CHECKING:
    from scheduler.search.tabu.engine import TabuSearch

CONSTRUCTION_SHARE = 0.2
"""Most of the time limit that construction may take (and never more than `CONSTRUCTION_SECONDS`)."""
CONSTRUCTION_SECONDS = 1.0
CONSTRUCTION_BEFORE_WALK = 0.2
"""Seconds of construction where the compiled search goes on from it."""
SMALL = 150
"""Modes up to which CP-SAT alone has a first go ..."""
SMALL_SHARE = 0.1
"""... for this share of the time."""
FIRST_SLICE = 2.0
"""Seconds of CP-SAT's first slice beside the compiled search."""
GIVE_UP = 2
"""Slices after which CP-SAT may give up: the last of them was this many times as long as the first."""
FAR = Fraction(2, 100)
RESERVE = 0.15
"""Seconds kept for the last schedule's way out."""
CONSTRUCTION_ALONE = 0.9
"""The share where there is no time to build the model."""
BUILD_SHARE = 0.4
"""Most of the time limit that building the model may take."""

OnProgress = Callable[[Progress], None]


def solve(
    instance: Instance,
    *,
    objective: str | Objective | None = None,
    time_limit: float = 30.0,
    workers: int | None = None,
    seed: int = 0,
    start: Schedule | None = None,
    on_progress: OnProgress | None = None,
    stop: Stop | None = None,
) -> Result:
    """Find a schedule that satisfies every rule and makes the objective small.

    Parameters
    ----------
    instance
        A valid instance.
    objective
        Objective (text or parsed); default: the instance's own.
    time_limit
        Wall time of the call in seconds.
    workers
        Worker threads; default: one per processor. With 1, the same seed gives the same search.
    seed
        Random seed.
    start
        A schedule to start from. It is checked; one that breaks a rule is passed over.
    on_progress
        Called with every better value or bound of the first tier, from a thread of the search.
    stop
        Ends the search early, from another thread; so does Ctrl-C. The best schedule found so far is the answer.

    Returns
    -------
    Result
        Infeasible or unknown is an outcome with a reason. A schedule in it has passed the checker.

    Raises
    ------
    ObjectiveError
        If the objective text can't be read.
    ValueError
        If the time limit or the number of workers is not positive.
    """
    from scheduler.checker import require

    if time_limit <= 0:
        raise ValueError(f"time_limit must be positive, got {time_limit}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    stop = stop or Stop()
    workers = workers or os.cpu_count() or 1
    run = _Run(instance, _objective(instance, objective), time_limit, workers, seed, on_progress, stop)
    with ThreadPoolExecutor(1) as executor:
        # The search has its own thread, so that Ctrl-C reaches this one at once.
        search = executor.submit(run.search, start)
        try:
            status, bounds = search.result()
        except KeyboardInterrupt:
            stop.request()
            status, bounds = search.result()
    if run.best is not None:
        require(instance, run.best)
    return run.result(status, bounds)


def _objective(instance: Instance, objective: str | Objective | None) -> Objective:
    if isinstance(objective, Objective):
        return objective
    return Objective.parse(instance.objective if objective is None else objective)


class _Run:
    """One call of `solve`: the clock, the best schedule so far, and the history."""

    def __init__(
        self,
        instance: Instance,
        objective: Objective,
        time_limit: float,
        workers: int,
        seed: int,
        on_progress: OnProgress | None,
        stop: Stop,
    ) -> None:
        self.instance = instance
        self.objective = objective
        self.workers = workers
        self.seed = seed
        self.best: Schedule | None = None
        self._best_terms: dict[str, int] = {}
        self._began_at = monotonic()
        self._time_limit = time_limit
        self._on_progress = on_progress
        self._stop = stop
        self._history: list[Progress] = []
        self._lock = Lock()

    @property
    def seconds(self) -> float:
        """Wall time since the call began."""
        return monotonic() - self._began_at

    def search(self, start: Schedule | None) -> tuple[Status, tuple[Fraction | None, ...]]:
        """Run the engines; return the status and the bound of each tier."""
        from scheduler.checker import check
        from scheduler.cpsat.size import build_seconds
        from scheduler.search.construct import construct

        if start is not None and not check(self.instance, start):
            self._offer(start, "start")
        walks = self._can_walk()
        small_enough = build_seconds(self.instance) <= BUILD_SHARE * self._time_limit
        share = min(CONSTRUCTION_SHARE * self._time_limit, CONSTRUCTION_SECONDS)
        if walks:
            share = min(share, CONSTRUCTION_BEFORE_WALK)
        elif not small_enough:
            # No time for CP-SAT: more passes of the heuristic are the best use of it.
            share = CONSTRUCTION_ALONE * self._time_limit
        # The first pass by itself: somebody may be waiting for any schedule.
        for seconds in (0.0, share):
            constructed = construct(self.instance, self.objective, time_limit=seconds, seed=self.seed, stop=self._stop)
            if constructed is not None:
                self._offer(constructed, "construction")
        if walks and self.best is not None:
            self._bound_makespan()
            return self._walk_and_prove()
        if small_enough or self.best is None:
            return self._improve(self._time_limit - self.seconds, self.workers, self._stop)
        return Status.FEASIBLE, tuple(None for _ in self.objective.tiers)

    def _can_walk(self) -> bool:
        """Return whether the compiled search speaks the instance, and the first tier is the makespan alone."""
        from scheduler.search.tabu.arrays import why_unsupported

        names = [name for name, _ in self.objective.tiers[0].weights]
        return names == ["makespan"] and why_unsupported(self.instance) is None

    def _bound_makespan(self) -> None:
        """Record the bounds that take milliseconds."""
        from scheduler.bounds import makespan_bound
        from scheduler.cpsat.load import load_bound

        scale = dict(self.objective.tiers[0].weights)["makespan"]
        bound = makespan_bound(self.instance)
        self._record(None, scale * bound, "bounds")
        if self._value is not None and scale * bound < self._value:
            self._record(None, scale * max(bound, load_bound(self.instance)), "bounds")

    def _walk_and_prove(self) -> tuple[Status, tuple[Fraction | None, ...]]:
        """Let the tabu search and CP-SAT work side by side: schedules go one way, bounds the other.

        CP-SAT is started again, with the best schedule as hint and its makespan as ceiling, in slices that double.
        Where two slices did not move a bound that is far off, its worker joins the tabu search instead.
        """
        from scheduler.search.tabu.engine import TabuSearch
        from scheduler.search.tabu.warm import compile_elsewhere, is_compiled

        assert self.best is not None
        scale = dict(self.objective.tiers[0].weights)["makespan"]
        size = sum(len(o.modes) for o in self.instance.operation_by_key.values())
        status: Status = Status.FEASIBLE
        bounds: tuple[Fraction | None, ...] = (self._lower_bound, *(None for _ in self.objective.tiers[1:]))
        if size <= SMALL or self._is_proved():
            # Most small instances are proved in an instant, sooner than the compiled search is loaded.
            status, bounds = self._improve(SMALL_SHARE * (self._time_limit - self.seconds), self.workers, self._stop)
            if status is Status.OPTIMAL or self._stop.requested:
                return status, bounds
        prover = Stop()

        def on_better(makespan: int) -> None:
            self._record(scale * makespan, None, "tabu")
            if self._lower_bound is not None and scale * makespan <= self._lower_bound:
                prover.request()

        walk = TabuSearch(self.instance, self.best, self.seed, on_better)
        walk.aim(ceil((self._lower_bound or 0) / scale))
        compiled = compile_elsewhere() if not is_compiled() else None
        with self._stop.calling(prover.request), self._stop.calling(walk.stop):
            walking = compiled is None
            if walking:
                walk.start(max(1, self.workers - 1))
            slice_seconds, known = FIRST_SLICE, self._lower_bound
            while not prover.requested and not self._is_proved():
                left = self._time_limit - self.seconds - RESERVE
                if left <= 0:
                    break
                if not walking and compiled is not None and compiled(0.0):
                    walking = True
                    walk.start(max(1, self.workers - 1))
                if walking and slice_seconds > GIVE_UP * FIRST_SLICE and self._lower_bound == known and self._is_far():
                    walk.start(1)
                    walk.wait(left)
                    break
                seconds = left if left < 2.5 * slice_seconds else slice_seconds
                status, found = self._improve(seconds, 1, prover, walk.aim)
                bounds = tuple(_higher(a, b) for a, b in zip(bounds, found, strict=True))
                self._take(walk)
                if status is Status.OPTIMAL:
                    break
                if walking:
                    slice_seconds *= 2
        walk.finish()
        self._take(walk)
        values = self.objective.value(self._best_terms)
        if bounds[0] is not None and values[0] <= bounds[0] and len(values) > 1 and not self._stop.requested:
            return self._improve(self._time_limit - self.seconds, self.workers, self._stop)
        proved = all(bound is not None and value <= bound for value, bound in zip(values, bounds, strict=True))
        return (Status.OPTIMAL if proved else Status.FEASIBLE), bounds

    def _is_far(self) -> bool:
        """Return whether value and bound of the first tier are further apart than proofs usually reach."""
        value, bound = self._value, self._lower_bound
        return value is not None and bound is not None and value - bound > FAR * value

    def _is_proved(self) -> bool:
        """Return whether the first tier is as small as possible."""
        return self._value is not None and self._lower_bound is not None and self._value <= self._lower_bound

    def _take(self, walk: TabuSearch) -> None:
        schedule = walk.best()
        if schedule is not None:
            self._offer(schedule, "tabu")

    def _improve(
        self, seconds: float, workers: int, stop: Stop, aim: Callable[[int], None] | None = None
    ) -> tuple[Status, tuple[Fraction | None, ...]]:
        """Give CP-SAT these seconds, from the best schedule; tell `aim` every bound on the makespan."""
        from scheduler.cpsat.solve import improve

        scale = self.objective.tiers[0].weights[0][1]

        def on_progress(value: Fraction | None, bound: Fraction | None) -> None:
            self._record(value, bound, "cp-sat")
            if bound is not None and aim is not None:
                aim(ceil(bound / scale))
                if self._value is not None and bound >= self._value:
                    stop.request()

        outcome = improve(
            self.instance,
            self.objective,
            start=self.best,
            time_limit=seconds,
            workers=workers,
            seed=self.seed,
            on_progress=on_progress,
            stop=stop,
            floor=self._lower_bound,
        )
        if outcome.status is Status.INFEASIBLE and self.best is not None:
            # The checker is the authority: keep the checked schedule, but never hide that the two disagree.
            warnings.warn(
                "CP-SAT calls an instance infeasible that has a checked schedule", RuntimeWarning, stacklevel=2
            )
            return Status.FEASIBLE, tuple(None for _ in self.objective.tiers)
        if outcome.schedule is not None:
            self._offer(outcome.schedule, "cp-sat")
        return outcome.status, outcome.bounds

    def _offer(self, schedule: Schedule, engine: str) -> None:
        """Keep the schedule if it is better than the best so far."""
        from scheduler.terms import value_terms

        terms = value_terms(self.instance, schedule)
        value = self.objective.value(terms)
        if self.best is None or value < self.objective.value(self._best_terms):
            self.best, self._best_terms = schedule, terms
            self._record(value[0], None, engine)

    @property
    def _value(self) -> Fraction | None:
        """Best value of the first tier so far."""
        return self._history[-1].value if self._history else None

    @property
    def _lower_bound(self) -> Fraction | None:
        """Best bound of the first tier so far."""
        return self._history[-1].bound if self._history else None

    def _record(self, value: Fraction | None, bound: Fraction | None, engine: str) -> None:
        with self._lock:
            self._add(value, bound, engine)

    def _add(self, value: Fraction | None, bound: Fraction | None, engine: str) -> None:
        last = self._history[-1] if self._history else Progress(0.0, None, None, "")
        better_value = value if last.value is None or (value is not None and value < last.value) else last.value
        better_bound = bound if last.bound is None or (bound is not None and bound > last.bound) else last.bound
        if (better_value, better_bound) != (last.value, last.bound):
            point = Progress(self.seconds, better_value, better_bound, engine)
            self._history.append(point)
            if self._on_progress is not None:
                self._on_progress(point)

    def result(self, status: Status, bounds: tuple[Fraction | None, ...]) -> Result:
        """Return the outcome of the call."""
        if self.best is not None and status not in (Status.OPTIMAL, Status.FEASIBLE):
            status = Status.FEASIBLE
        result = Result(
            status,
            self.objective,
            self.best,
            self._best_terms,
            bounds,
            history=tuple(self._history),
            seed=self.seed,
            workers=self.workers,
            versions=versions(),
        )
        if self.best is None:
            from scheduler.infeasibility import explain

            result = replace(result, reason=explain(self.instance, status))
        return replace(result, seconds=self.seconds)


def _higher(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return max(bound for bound in (a, b) if bound is not None) if (a is not None or b is not None) else None


def versions() -> dict[str, str]:
    """Return the versions of this package and its solver."""
    found = {}
    for package in ("scheduler", "ortools"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found
