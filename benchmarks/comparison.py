"""Rows of a comparison of solvers, and the command `run`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import click

from benchmarks.cases import Case, opened
from benchmarks.contestant import SOLVERS, Outcome, package_version, require_installed, run_alone
from benchmarks.options import AT_LEAST_ONE, POSITIVE, SEED, names_of, table_file
from benchmarks.records import append, read_rows, rows_to_continue, write_circumstances
from scheduler.terms import TERMS

MOST_NAMES = 20
"""Instances of a set that a mistake names."""
Key: TypeAlias = tuple[str, str, str, str, str, int, int, float]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One solver on one instance. `gap_to_best_known` is value / best known upper bound - 1; seconds are wall time."""

    set: str
    family: str
    instance: str
    operations: int | None
    objective: str = "makespan"
    solver: str
    version: str
    seed: int
    workers: int
    time_limit: float
    status: str
    value: int | None
    bound: int | None
    best_known_lower: float | None
    best_known_upper: float | None
    gap_to_best_known: float | None
    proved: bool
    seconds: float | None
    first_seconds: float | None
    seconds_to_within_1_percent: float | None
    error: str

    @property
    def key(self) -> Key:
        """What must not be measured twice."""
        settings = (self.objective, self.solver, self.seed, self.workers, self.time_limit)
        return (self.set, self.family, self.instance, *settings)


@dataclass(frozen=True, kw_only=True)
class Improvement:
    """A better schedule of a run; the rows of all runs lie beside the measurements."""

    set: str
    family: str
    instance: str
    objective: str
    solver: str
    seed: int
    workers: int
    time_limit: float
    at_seconds: float
    value: int


def measured(outcome: Outcome, case: Case, objective: str, **settings: Any) -> Measurement:
    """Return the row of an outcome."""
    sound = outcome.value is not None and outcome.status != "unsound"
    value = outcome.value if sound else None
    known = case.known(objective)
    return Measurement(
        **settings,
        family=case.family,
        instance=case.instance,
        operations=outcome.operations,
        objective=objective,
        status=outcome.status,
        value=value,
        bound=outcome.bound,
        best_known_lower=known.lower,
        best_known_upper=known.upper,
        gap_to_best_known=gap(value, known.upper),
        proved=outcome.status == "optimal",
        seconds=_rounded(outcome.seconds),
        first_seconds=_rounded(outcome.history[0][0]) if outcome.history else None,
        seconds_to_within_1_percent=_rounded(seconds_to_within_1_percent(outcome.history, value)),
        error=outcome.error,
    )


def gap(value: int | None, upper: float | None) -> float | None:
    """Return value / upper - 1; where the best known value is 0, it is 0 if this is reached, else none."""
    if value is None or upper is None:
        return None
    if upper == 0:
        return 0.0 if value == 0 else None
    return round(value / upper - 1, 5)


def seconds_to_within_1_percent(history: tuple[tuple[float, int], ...], value: int | None) -> float | None:
    """Return when a run found a value of at most 1.01 times its last."""
    return next((seconds for seconds, found in history if value is not None and found <= 1.01 * value), None)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def history_file(table: Path) -> Path:
    """Return where the improvements of the runs in a table are."""
    return table.with_suffix(".history.csv")


def histories(table: Path) -> dict[Key, list[tuple[float, int]]]:
    """Return seconds and value of every improvement of the runs in a table, as far as they were kept."""
    found: dict[Key, list[tuple[float, int]]] = {}
    file = history_file(table)
    for row in read_rows(file, Improvement) if file.is_file() else []:
        settings = (row.objective, row.solver, row.seed, row.workers, row.time_limit)
        found.setdefault((row.set, row.family, row.instance, *settings), []).append((row.at_seconds, row.value))
    return found


def append_history(table: Path, row: Measurement, outcome: Outcome) -> None:
    """Write the improvements of a run down."""
    for seconds, value in outcome.history:
        improvement = Improvement(
            set=row.set,
            family=row.family,
            instance=row.instance,
            objective=row.objective,
            solver=row.solver,
            seed=row.seed,
            workers=row.workers,
            time_limit=row.time_limit,
            at_seconds=round(seconds, 3),
            value=value,
        )
        append(history_file(table), improvement)


@click.command("run")
@click.option("--set", "set_name", required=True, help="probe, sample, small, any folder of --data, or a path.")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of the public sets.")
@click.option("--only", multiple=True, help="Only instances like this, as la/* or */mt10*; may be repeated.")
@click.option("--objective", type=click.Choice(list(TERMS)), help="What to minimise.  [default: as the file says]")
@click.option("--time-limit", type=POSITIVE, default=30.0, show_default=True)
@click.option("--workers", type=AT_LEAST_ONE, help="Worker threads.  [default: one for each core]")
@click.option("--seed", "seeds", type=SEED, multiple=True, default=(0,), help="Repeat it for several.")
@click.option(
    "--solvers",
    type=names_of(lambda: SOLVERS),
    metavar="NAME,...",
    default="scheduler",
    show_default=True,
    help=f"Of {','.join(SOLVERS)}.",
)
@click.option("-o", "output", type=table_file, required=True, help="CSV to write or go on with.")
def run_command(
    set_name: str,
    data: Path,
    only: tuple[str, ...],
    objective: str | None,
    time_limit: float,
    workers: int | None,
    seeds: tuple[int, ...],
    solvers: list[str],
    output: Path,
) -> None:
    """Measure solvers on a set of instances: one after the other, each in a fresh process."""
    for solver in solvers:
        require_installed(solver)
    workers = workers or os.cpu_count() or 1
    versions = {solver: package_version(solver) for solver in solvers}
    unsound = []
    with opened(set_name, data) as everything:
        instances = [case for case in everything if not only or any(fnmatch(case.name, like) for like in only)]
        if not instances:
            known = ", ".join(case.name for case in everything[:MOST_NAMES]) + ", ..." * (len(everything) > MOST_NAMES)
            text = f"no instance of {set_name} is like {' or '.join(only)}; there are {known}"
            raise click.BadParameter(text, param_hint="--only")
        finished = {row.key for row in rows_to_continue(output, Measurement)}
        write_circumstances(output, time_limit=time_limit, workers=workers, seeds=seeds, only=only, solvers=versions)
        for case, seed, solver in product(instances, seeds, solvers):
            goal = objective or case.objective()
            if (set_name, case.family, case.instance, goal, solver, seed, workers, time_limit) in finished:
                continue
            outcome = run_alone(solver, case.file, goal, time_limit, workers, seed)
            settings = {"solver": solver, "version": versions[solver], "seed": seed, "workers": workers}
            row = measured(outcome, case, goal, set=set_name, time_limit=time_limit, **settings)
            append(output, row)
            append_history(output, row, outcome)
            click.echo(_line(row))
            if row.status in ("crashed", "unsound"):
                unsound.append(f"{solver} on {case.name}")
    if unsound:
        raise click.ClickException(f"unsound: {', '.join(unsound)}")


def _line(row: Measurement) -> str:
    against = "-" if row.gap_to_best_known is None else f"{row.gap_to_best_known:+.2%}"
    values = " ".join(f"{'-' if number is None else number:>8}" for number in (row.value, row.bound, row.seconds))
    name = f"{row.family}/{row.instance}"
    return f"{name:32} {row.solver:10} {row.status:11} {values} {against:>8}  {row.error[:120]}".rstrip()
