"""Commands that measure; each writes or prints one row for each instance, and fails if a row is unsound."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from benchmarks.ablation import ablation_command
from benchmarks.cases import SUFFIXES
from benchmarks.comparison import run_command
from benchmarks.factories import factories_command
from benchmarks.latency import latency_command
from benchmarks.options import AT_LEAST_ONE, POSITIVE, table_file
from benchmarks.profiling import profile_command
from benchmarks.proofs import proofs_command
from benchmarks.records import Row, append, done, write_circumstances
from benchmarks.repairs import repairs_command
from benchmarks.report import report_command
from benchmarks.running import run
from benchmarks.size import size_command
from benchmarks.soak import soak_command
from benchmarks.sweep import sweep_command
from benchmarks.traces import traces_command

INSTANCES = Path(__file__).parents[1] / "instances"
SMOKE = ("ft06.json", "robot_cell.json", "two_facilities.json")


@click.group()
def main() -> None:
    """Measure the scheduler."""


for command in (run_command, ablation_command, profile_command, proofs_command, size_command, report_command):
    main.add_command(command)
for command in (factories_command, latency_command, repairs_command, soak_command, sweep_command, traces_command):
    main.add_command(command)


@main.command()
@click.option("--time-limit", type=POSITIVE, default=2.0, show_default=True, help="Seconds for each instance.")
def smoke(time_limit: float) -> None:
    """Solve a few shipped instances for a moment, check the schedules and print the gaps."""
    finish(run(INSTANCES / name, name, time_limit) for name in SMOKE)


@main.command()
@click.option("-o", "output", type=table_file, required=True, help="CSV to write or go on with.")
@click.option("--time-limit", type=POSITIVE, default=30.0, show_default=True, help="Seconds for each instance.")
@click.option("--workers", type=AT_LEAST_ONE, help="Worker threads.  [default: one for each core]")
def shipped(output: Path, time_limit: float, workers: int | None) -> None:
    """Measure time to first schedule and final gap on every shipped instance."""
    files = sorted(file for file in INSTANCES.glob("*.json") if file.is_file())
    study(files, INSTANCES, output, time_limit, workers)


@main.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("-o", "output", type=table_file, required=True, help="CSV to write or go on with.")
@click.option("--time-limit", type=POSITIVE, default=2.0, show_default=True, help="Seconds for each instance.")
@click.option("--workers", type=AT_LEAST_ONE, help="Worker threads.  [default: one for each core]")
@click.option("--limit", type=AT_LEAST_ONE, help="Stop after so many files.")
def load_all(data: Path, output: Path, time_limit: float, workers: int | None, limit: int | None) -> None:
    """Load, solve and check every flexible job shop and job shop file below a folder."""
    files = sorted(file for file in data.rglob("*") if file.suffix in SUFFIXES)
    study(files[:limit], data, output, time_limit, workers)


def study(files: list[Path], data: Path, output: Path, time_limit: float, workers: int | None) -> None:
    """Run what has no row yet and append its row."""
    finished = done(output)
    write_circumstances(output, time_limit=time_limit, workers=workers)

    def rows() -> Iterable[Row]:
        for file in files:
            name = file.relative_to(data).as_posix()
            if name not in finished:
                row = run(file, name, time_limit, workers=workers, data=data)
                append(output, row)
                yield row

    finish(rows())


def finish(rows: Iterable[Row]) -> None:
    """Print each row as it comes; exit with 1 if one was unsound."""
    heading = ("instance", "operations", "status", "value", "bound", "gap", "vs best", "first", "seconds", "violations")
    click.echo("{:36} {:>10} {:10} {:>10} {:>10} {:>7} {:>8} {:>7} {:>8} {:>10}".format(*heading))
    unsound = []
    for row in rows:
        cells = (
            f"{row.file[-36:]:36} {_text(row.operations):>10} {row.status:10} {_text(row.value):>10} "
            f"{_text(row.bound):>10} {_percent(row.gap):>7} {_ratio(row.ratio_to_best_known):>8} "
            f"{_text(row.first_schedule_seconds):>7} {_text(row.seconds):>8} {_text(row.violations):>10}"
        )
        click.echo(f"{cells}  {row.error[:120]}".rstrip())
        if not row.is_sound:
            unsound.append(row.file)
    if unsound:
        raise click.ClickException(f"unsound: {', '.join(unsound)}")


def _text(value: float | int | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value - 1:+.1%}"


if __name__ == "__main__":
    main()
