"""One solver on one instance in a process of its own: `python -m benchmarks.contestant SOLVER FILE ...`.

The process prints its `Outcome` as JSON, in one line, the last of its output.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import click

import scheduler
from benchmarks.alone import Crashed, run_module
from benchmarks.rivals import Answer, Unsupported, cpsat, pyjobshop
from scheduler.domain import Instance
from scheduler.errors import SchedulerError
from scheduler.terms import TERMS


@dataclass(frozen=True)
class Outcome:
    """What came of a run; seconds are wall time of the solver's call, imports (but for our own) and reading excluded.

    `status` is the solver's, or `rejected` (a file in no format we read), `unsupported` (more than the rival has rules
    for), `unsound` (the schedule failed the check) or `crashed`.
    """

    status: str
    operations: int | None = None
    value: int | None = None
    bound: int | None = None
    seconds: float | None = None
    history: tuple[tuple[float, int], ...] = ()
    error: str = ""


def ours(instance: Instance, objective: str, time_limit: float, workers: int, seed: int) -> Answer:
    """Minimise a term with this package."""
    result = scheduler.solve(instance, objective=objective, time_limit=time_limit, workers=workers, seed=seed)
    bound = None if result.lower_bound is None else int(result.lower_bound)
    value = None if result.values is None else int(result.values[0])
    history, best = [], None
    for point in result.history:
        if point.value is not None and point.value != best:
            best = point.value
            history.append((point.seconds, int(best)))
    return Answer(result.status.value, result.schedule, value, bound, tuple(history))


SOLVERS: dict[str, Callable[[Instance, str, float, int, int], Answer]] = {
    "scheduler": ours,
    "cpsat": cpsat,
    "pyjobshop": pyjobshop,
}
PACKAGES = {"scheduler": "scheduler", "cpsat": "ortools", "pyjobshop": "pyjobshop"}


def require_installed(solver: str) -> None:
    """Raise a `click.UsageError` where the package behind a solver is missing."""
    if find_spec(PACKAGES[solver]) is None:
        raise click.UsageError(f"{solver} is not installed: pip install 'scheduler[bench]'")


def package_version(solver: str) -> str:
    """Return the version of the package behind a solver."""
    return version(PACKAGES[solver])


def run_alone(solver: str, file: Path, objective: str, time_limit: float, workers: int, seed: int) -> Outcome:
    """Run a solver in a fresh process and return what came of it."""
    settings = [f"--objective={objective}", f"--time-limit={time_limit}", f"--workers={workers}", f"--seed={seed}"]
    try:
        document = run_module("benchmarks.contestant", solver, file.resolve(), *settings, time_limit=time_limit)
    except Crashed as crash:
        return Outcome("crashed", error=str(crash))
    return Outcome(**{**document, "history": tuple((seconds, value) for seconds, value in document["history"])})


def compete(solver: str, file: Path, objective: str, time_limit: float, workers: int, seed: int) -> Outcome:
    """Run a solver here, and check the schedule that it returns."""
    try:
        instance = scheduler.load(file)
    except SchedulerError as error:
        return Outcome("rejected", error=" ".join(str(error).split()))
    operations = instance.num_operations
    if solver == "cpsat":
        # The clock of a rival starts when its package is loaded.
        __import__("ortools.sat.python.cp_model")
    elif solver == "pyjobshop":
        __import__("pyjobshop")
    started_at = time.perf_counter()
    try:
        answer = SOLVERS[solver](instance, objective, time_limit, workers, seed)
    except Unsupported as error:
        return Outcome("unsupported", operations, error=str(error))
    seconds = time.perf_counter() - started_at
    outcome = Outcome(answer.status, operations, answer.value, answer.bound, seconds, answer.history)
    if answer.schedule is None:
        return outcome
    violations = scheduler.check(instance, answer.schedule)
    if violations:
        return replace(outcome, status="unsound", error=f"{len(violations)} violations, the first: {violations[0]}")
    value = TERMS[objective](instance, answer.schedule)
    if answer.value is None or value > answer.value:
        difference = f"value {answer.value}, but the schedule's {objective} is {value}"
        return replace(outcome, status="unsound", error=difference)
    # A model's tardiness may be larger than that of its schedule; the schedule counts.
    return replace(outcome, value=value)


@click.command()
@click.argument("solver", type=click.Choice(list(SOLVERS)))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--objective", type=click.Choice(list(TERMS)), required=True)
@click.option("--time-limit", type=float, required=True)
@click.option("--workers", type=int, required=True)
@click.option("--seed", type=int, required=True)
def main(solver: str, file: Path, objective: str, time_limit: float, workers: int, seed: int) -> None:
    """Run one solver on one instance and print the outcome as JSON."""
    print(json.dumps(asdict(compete(solver, file, objective, time_limit, workers, seed))))


if __name__ == "__main__":
    main()
