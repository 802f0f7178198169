"""``scheduler simulate``: what policies are worth on a virtual shop floor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.options import (
    INPUT_FILE,
    LONGEST,
    FiniteRange,
    instance_argument,
    objective_option,
    output_file,
    quiet_option,
    require_distinct,
    seconds,
    seed_option,
    workers_option,
)
from scheduler.cli.planning import POLICIES
from scheduler.domain import Objective

if TYPE_CHECKING:
    from scheduler.simulation import Study

PROFILES = ("calm", "usual", "stormy", "breakdowns", "durations")
"""Keys of `scheduler.simulation.PROFILES`; written out so that the help needs no engine."""


@click.command()
@instance_argument
@click.option(
    "--schedule", "schedule_path", type=INPUT_FILE, metavar="SCHEDULE.json", help="What is carried out, else solve."
)
@click.option(
    "--policy",
    "policies",
    type=click.Choice(POLICIES),
    multiple=True,
    help="Policy to try; may be repeated.  [default: right-shift, auto]",
)
@click.option("--profile", type=click.Choice(PROFILES), default="usual", show_default=True, help="How much goes wrong.")
@click.option(
    "--breakdown-level",
    type=FiniteRange(0, 1, max_open=True),
    metavar="SHARE",
    help="Share of its time a machine is down.  [default: the profile's]",
)
@click.option(
    "--repair-time",
    type=FiniteRange(min=0, min_open=True),
    metavar="X",
    help="Mean repair time, in mean processing times.  [default: the profile's]",
)
@click.option(
    "--variation",
    type=FiniteRange(min=0),
    metavar="X",
    help="Standard deviation of durations, by the planned ones.  [default: the profile's]",
)
@click.option(
    "--phases",
    type=click.IntRange(1, 1_000),
    metavar="N",
    help="Phases of the Erlang times up and down; 1: exponential.  [default: the profile's]",
)
@click.option(
    "--replications",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="Runs for each policy.",
)
@click.option("--deadline", type=seconds, default="1", metavar="SECONDS", help="For each repair.  [default: 1]")
@click.option(
    "--clairvoyant",
    type=FiniteRange(0, LONGEST),
    default=0.0,
    metavar="SECONDS",
    help="Solve each run for so long with all that happens known beforehand, for a bound.  [default: no bound]",
)
@objective_option("the instance's")
@workers_option
@seed_option
@click.option("-o", "output", type=output_file, metavar="FILE.json", help="File for all figures.")
@quiet_option
def simulate(
    instance_path: Path,
    schedule_path: Path | None,
    policies: tuple[str, ...],
    profile: str,
    breakdown_level: float | None,
    repair_time: float | None,
    variation: float | None,
    phases: int | None,
    replications: int,
    deadline: float,
    clairvoyant: float,
    objective: Objective | None,
    workers: int | None,
    seed: int,
    output: Path | None,
    quiet: bool,
) -> None:
    """Carry a schedule out on a virtual shop floor.

    Machines fail and work takes other times than planned; policies repair the schedule, and each meets the same
    misfortunes. Means come with 95 % confidence intervals.
    """
    require_distinct([path for path in (instance_path, schedule_path) if path is not None], [output])
    from dataclasses import replace

    from scheduler.io import read
    from scheduler.io.atomic import write_text
    from scheduler.io.json_text import dump_json
    from scheduler.io.schedule_file import read_schedule
    from scheduler.portfolio import solve
    from scheduler.simulation import PROFILES as KNOWN
    from scheduler.simulation import simulate as simulated
    from scheduler.simulation.study import study_document

    instance = read(instance_path)
    if schedule_path is not None:
        file = read_schedule(schedule_path, instance)
        if file.revisions:
            raise click.UsageError(f"'{schedule_path}' is a repaired schedule: simulate one that has not begun.")
        schedule = file.schedule
    else:
        result = solve(instance, objective=objective, time_limit=10 * deadline, workers=workers, seed=seed)
        if result.schedule is None:
            raise click.ClickException(f"no schedule ({result.status.value}): {result.reason}")
        schedule = result.schedule
    given = {"breakdown_level": breakdown_level, "repair_time": repair_time, "variation": variation, "phases": phases}
    study = simulated(
        instance,
        schedule,
        replace(KNOWN[profile], **{name: value for name, value in given.items() if value is not None}),  # type: ignore[arg-type]
        policies or ("right-shift", "auto"),
        replications=replications,
        objective=objective,
        deadline=deadline,
        clairvoyant=clairvoyant,
        workers=workers,
        seed=seed,
    )
    if output is not None:
        write_text(output, dump_json(study_document(study)))
    if not quiet:
        _print(study)


def _print(study: Study) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("policy", no_wrap=True)
    headings = (
        str(study.objective.tiers[0]),
        "above bound %",
        "repairs",
        "deviation",
        "reassigned",
        "p50 s",
        "p95 s",
        "no plan",
        "degraded",
    )
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in study.policies:
        loss = "-" if row.loss is None else str(row.loss)
        times = (f"{row.latency_p50:.3f}", f"{row.latency_p95:.3f}", str(row.unplanned), str(row.degraded))
        table.add_row(
            row.policy, str(row.value), loss, str(row.repairs), str(row.deviation), str(row.reassignments), *times
        )
    console = Console(highlight=False, width=130)  # a row is never broken, on a terminal or not
    console.print(f"planned {study.planned:g}; {study.replications} replications, 95 % confidence")
    if study.clairvoyant is not None:
        console.print(f"bound if all were known beforehand: {study.clairvoyant}")
    console.print(table)
