"""The public call: settings in, a checked schedule and its proof out."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from scheduler.domain import Instance, Objective, Result, Schedule, Status, Stop
from scheduler.portfolio.findings import Findings
from scheduler.portfolio.run import OnProgress, OnSchedule, Run


def solve(
    instance: Instance,
    *,
    objective: str | Objective | None = None,
    time_limit: float = 30.0,
    workers: int | None = None,
    seed: int = 0,
    start: Schedule | None = None,
    on_progress: OnProgress | None = None,
    on_schedule: OnSchedule | None = None,
    stop: Stop | None = None,
    findings: Findings | None = None,
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
        Called with every better value or bound of the first tier that is not 0 in every schedule (without due dates
        tardiness is), from a thread of the search.
    on_schedule
        Called with every better schedule as it is handed over, from a thread of the search; it is not yet checked.
    stop
        Ends the search early, from another thread; so does Ctrl-C. The best schedule found so far is the answer.
    findings
        What another call on the same instance has found, whatever its objective; this call adds to it.

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
    from scheduler.terms import void_terms

    if time_limit <= 0:
        raise ValueError(f"time_limit must be positive, got {time_limit}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    stop = stop or Stop()
    workers = workers or os.cpu_count() or 1
    wanted = _objective(instance, objective)
    # Tardiness without due dates, or setup times without setups, would only hide from the engines what is to be done.
    telling, positions = wanted.without(void_terms(instance))
    run = Run(instance, telling, time_limit, workers, seed, on_progress, stop, on_schedule, findings)
    with ThreadPoolExecutor(1) as executor:
        # The search has its own thread, so that Ctrl-C reaches this one at once.
        search = executor.submit(run.search, start)
        try:
            status, bounds = search.result()
        except KeyboardInterrupt:
            stop.request()
            status, bounds = search.result()
    if run.best is not None and run.best is not run.findings.checked:
        require(instance, run.best)
    told = dict(zip(positions, bounds, strict=True))
    all_bounds = tuple(told.get(position, tier.aspiration) for position, tier in enumerate(wanted.tiers))
    return replace(_result(run, status, all_bounds), objective=wanted, leading=positions[0])


def _objective(instance: Instance, objective: str | Objective | None) -> Objective:
    if isinstance(objective, Objective):
        return objective
    return Objective.parse(instance.objective if objective is None else objective)


def _result(run: Run, status: Status, bounds: tuple[Fraction | None, ...]) -> Result:
    """Return the outcome of a call that has ended."""
    if run.best is not None and status not in (Status.OPTIMAL, Status.FEASIBLE):
        status = Status.FEASIBLE
    result = Result(
        status,
        run.objective,
        run.best,
        run.best_terms,
        bounds,
        history=run.history,
        seed=run.seed,
        workers=run.workers,
        versions=versions(),
    )
    if run.best is None:
        from scheduler.infeasibility import explain

        is_cut = run.stop.requested and status is Status.UNKNOWN
        reason = "the search was stopped before it had a schedule" if is_cut else explain(run.instance, status)
        result = replace(result, reason=reason)
    return replace(result, seconds=run.seconds)


def versions() -> dict[str, str]:
    """Return the versions of this package and its solver."""
    return {package: _version(package) for package in ("scheduler", "ortools")}


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
