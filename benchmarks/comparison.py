"""Rows of a comparison of solvers, and the commands `run` and `report`."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

import click

from benchmarks.contestant import SOLVERS, Outcome, package_version, require_installed, run_alone
from benchmarks.records import append, write_circumstances
from benchmarks.report import write_report
from benchmarks.sets import Case, cases

Key: TypeAlias = tuple[str, str, str, str, int, int, float]


@dataclass(frozen=True)
class Measurement:
    """One solver on one instance. `gap_to_best_known` is value / best known upper bound - 1; seconds are wall time."""

    set: str
    family: str
    instance: str
    operations: int | None
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
        return (self.set, self.family, self.instance, self.solver, self.seed, self.workers, self.time_limit)


def measured(outcome: Outcome, case: Case, **settings: Any) -> Measurement:
    """Return the row of an outcome."""
    sound = outcome.value is not None and outcome.status != "unsound"
    value = outcome.value if sound else None
    upper = case.known.upper
    near = [seconds for seconds, found in outcome.history if value is not None and found <= 1.01 * value]
    return Measurement(
        **settings,
        family=case.family,
        instance=case.instance,
        operations=outcome.operations,
        status=outcome.status,
        value=value,
        bound=outcome.bound,
        best_known_lower=case.known.lower,
        best_known_upper=upper,
        gap_to_best_known=None if value is None or not upper else round(value / upper - 1, 5),
        proved=outcome.status == "optimal",
        seconds=_rounded(outcome.seconds),
        first_seconds=_rounded(outcome.history[0][0]) if outcome.history else None,
        seconds_to_within_1_percent=_rounded(near[0]) if near else None,
        error=outcome.error,
    )


def measurements(path: Path) -> list[Measurement]:
    """Return the rows of a CSV written by `run` (none where there is no file)."""
    if not path.is_file():
        return []
    names = [field.name for field in fields(Measurement)]
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if reader.fieldnames != names:
            raise click.UsageError(f"{path} is no table of `run`: its heading is not {','.join(names)}")
        return [Measurement(**{name: _read(name, text) for name, text in row.items()}) for row in reader]


def _read(name: str, text: str) -> Any:
    parse = _PARSERS.get(name, str)
    return parse(text) if text or parse is str else None


_PARSERS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(("operations", "seed", "workers", "value", "bound"), int),
    **dict.fromkeys(("time_limit", "best_known_lower", "best_known_upper", "gap_to_best_known"), float),
    **dict.fromkeys(("seconds", "first_seconds", "seconds_to_within_1_percent"), float),
    "proved": lambda text: text == "True",
}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _solvers(context: click.Context, parameter: click.Parameter, text: str) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = [name for name in names if name not in SOLVERS]
    if unknown:
        raise click.BadParameter(f"unknown: {', '.join(unknown)}; there are {', '.join(SOLVERS)}")
    return names


@click.command("run")
@click.option("--set", "set_name", required=True, help="probe, sample, fjsp, jsp, any folder of --data, or a path.")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of the public sets.")
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), help="Worker threads.  [default: one for each core]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--solvers", callback=_solvers, default="scheduler", show_default=True, help=f"Of {','.join(SOLVERS)}.")
@click.option("-o", "output", type=click.Path(path_type=Path), required=True, help="CSV to write or go on with.")
def run_command(
    set_name: str, data: Path, time_limit: float, workers: int | None, seed: int, solvers: list[str], output: Path
) -> None:
    """Measure solvers on a set of instances: one after the other, each in a fresh process."""
    for solver in solvers:
        require_installed(solver)
    instances = cases(set_name, data)
    workers = workers or os.cpu_count() or 1
    finished = {row.key for row in measurements(output)}
    output.parent.mkdir(parents=True, exist_ok=True)
    write_circumstances(
        output,
        command=" ".join(sys.argv[1:]),
        time_limit=time_limit,
        workers=workers,
        seed=seed,
        solvers={solver: package_version(solver) for solver in solvers},
    )
    unsound = []
    for case in instances:
        for solver in solvers:
            if (set_name, case.family, case.instance, solver, seed, workers, time_limit) in finished:
                continue
            row = measured(
                run_alone(solver, case.file, time_limit, workers, seed),
                case,
                set=set_name,
                solver=solver,
                version=package_version(solver),
                seed=seed,
                workers=workers,
                time_limit=time_limit,
            )
            append(output, row)
            click.echo(_line(row))
            if row.status in ("crashed", "unsound"):
                unsound.append(f"{solver} on {case.family}/{case.instance}")
    if unsound:
        raise click.ClickException(f"unsound: {', '.join(unsound)}")


def _line(row: Measurement) -> str:
    gap = "-" if row.gap_to_best_known is None else f"{row.gap_to_best_known:+.2%}"
    values = " ".join(f"{'-' if number is None else number:>8}" for number in (row.value, row.bound, row.seconds))
    line = f"{row.family + '/' + row.instance:32} {row.solver:10} {row.status:11} {values} {gap:>8}  {row.error[:120]}"
    return line.rstrip()


@click.command("report")
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "output", type=click.Path(path_type=Path), help="Markdown file.  [default: print]")
def report_command(table: Path, output: Path | None) -> None:
    """Sum a CSV of `run` up in Markdown: by family and solver, and side by side."""
    text = write_report(measurements(table))
    if output is None:
        click.echo(text, nl=False)
    else:
        from scheduler.io.atomic import write_text

        write_text(output, text)
