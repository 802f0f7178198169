"""The command `report`: what a CSV has to say, whichever command wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from benchmarks.ablation import Trial
from benchmarks.comparison import Key, Measurement, histories
from benchmarks.latency import Timed, write_latency
from benchmarks.profiling import Phase
from benchmarks.records import heading, is_table_of, read_rows
from benchmarks.report_ablation import write_ablation
from benchmarks.report_comparison import write_report
from benchmarks.report_profile import write_profile
from benchmarks.sweep import Swept, write_sweep


@click.command("report")
@click.argument(
    "tables", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="CSV..."
)
@click.option(
    "-o", "--output-folder", type=click.Path(file_okay=False, path_type=Path), help="Write report.md and charts there."
)
def report_command(tables: tuple[Path, ...], output_folder: Path | None) -> None:
    """Sum up CSVs of `run` (side by side; with charts), `ablation`, `profile`, `sweep` or `latency` in Markdown."""
    names = heading(tables[0])
    pictures: list[str] = []
    if is_table_of(names, Trial):
        text = write_ablation([row for table in tables for row in read_rows(table, Trial)])
    elif is_table_of(names, Phase):
        text = write_profile([row for table in tables for row in read_rows(table, Phase)])
    elif is_table_of(names, Swept):
        text = write_sweep([row for table in tables for row in read_rows(table, Swept)])
    elif is_table_of(names, Timed):
        text = write_latency([row for table in tables for row in read_rows(table, Timed)])
    else:
        rows, found = measurements(tables)
        if output_folder is not None:
            from benchmarks.charts import draw_charts

            output_folder.mkdir(parents=True, exist_ok=True)
            pictures = draw_charts(rows, found, output_folder)
        text = write_report(rows, pictures)
    if output_folder is None:
        click.echo(text, nl=False)
    else:
        from scheduler.io.atomic import write_text

        output_folder.mkdir(parents=True, exist_ok=True)
        write_text(output_folder / "report.md", text)
        click.echo(f"report.md{''.join(f', {name}' for name in pictures)} in {output_folder}")


def measurements(tables: Sequence[Path]) -> tuple[list[Measurement], dict[Key, list[tuple[float, int]]]]:
    """Return the rows of several tables and their histories.

    Where two tables have a run of the same solver on the same instance, their solvers get the name of the file (or of
    its folder) too: two versions of a solver stand side by side.
    """
    by_table = {table: read_rows(table, Measurement) for table in tables}
    keys = [row.key for rows in by_table.values() for row in rows]
    are_distinct = len(set(keys)) == len(keys)
    stems = {table.stem for table in tables}
    merged: list[Measurement] = []
    found: dict[Key, list[tuple[float, int]]] = {}
    for table, rows in by_table.items():
        label = table.stem if len(stems) == len(tables) else table.resolve().parent.name
        kept = histories(table)
        for row in rows:
            named = row if are_distinct else replace(row, solver=f"{row.solver} ({label})")
            merged.append(named)
            if row.key in kept:
                found[named.key] = kept[row.key]
    return merged, found
