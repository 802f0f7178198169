"""``scheduler solve`` and ``scheduler repair``: find a schedule, write it, draw it, sum it up."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.options import (
    INPUT_FILE,
    allowance_option,
    gantt_option,
    history_option,
    instance_argument,
    objective_option,
    output_file,
    picture_file,
    quiet_option,
    require_distinct,
    require_one_of,
    schedule_argument,
    seconds,
    seed_option,
    tax_option,
    time_limit_option,
    workers_option,
)
from scheduler.cli.progress import progress_line
from scheduler.cli.summary import print_summary
from scheduler.cli.wording import count_text
from scheduler.domain import Instance, Objective, Result, Schedule, Status
from scheduler.domain.objective import STABILITY_TERMS

if TYPE_CHECKING:
    from scheduler.constraints import Violation
    from scheduler.domain.events import Revision
    from scheduler.rescheduling import Repair

POLICIES = ("auto", "absorb", "right-shift", "reroute", "match-up", "reoptimise")
"""Keys of `scheduler.rescheduling.POLICIES`; written out so that the help needs no engine."""


@click.command()
@instance_argument
@objective_option("the instance's")
@time_limit_option(30)
@workers_option
@seed_option
@click.option("-o", "output", type=output_file, metavar="SCHEDULE.json", help="Schedule file to write.")
@gantt_option
@history_option
@quiet_option
def solve(
    instance_path: Path,
    objective: Objective | None,
    time_limit: float,
    workers: int | None,
    seed: int,
    output: Path | None,
    gantt_path: Path | None,
    history_path: Path | None,
    quiet: bool,
) -> None:
    """Find a good schedule and a lower bound.

    Ctrl-C ends the search early with the best schedule so far.
    """
    require_distinct([instance_path], [output, gantt_path, history_path])
    from scheduler.io import read
    from scheduler.portfolio import solve as solved

    instance = read(instance_path)
    with progress_line(quiet) as line:
        result = solved(
            instance, objective=objective, time_limit=time_limit, workers=workers, seed=seed, on_progress=line
        )
    files = _write(instance, result, output, gantt_path)
    if history_path is not None:
        from scheduler.plot import plot_history

        plot_history(result, history_path)
        files = (*files, history_path)
    if not quiet:
        print_summary(instance.name, result, _compiling(result), files)
    _exit_without_schedule(result)


@click.command()
@instance_argument
@schedule_argument
@click.option(
    "--events", "events_path", type=INPUT_FILE, required=True, metavar="EVENTS.json", help="What has happened."
)
@click.option(
    "--policy",
    type=click.Choice(POLICIES),
    default="auto",
    show_default=True,
    help="What may change: nothing (absorb), times (right-shift), what is hit (reroute), what comes before the old "
    "plan holds again (match-up), all that is pending (reoptimise); auto tries one after the other.",
)
@click.option(
    "--frozen-until",
    type=click.IntRange(min=0),
    metavar="TICK",
    help="Keep what starts before this tick, but for what the events force.",
)
@objective_option("the schedule file's, else the instance's")
@allowance_option
@tax_option
@time_limit_option(10)
@workers_option
@seed_option
@click.option("-o", "output", type=output_file, metavar="NEW.json", help="Schedule file to write.")
@gantt_option
@click.option(
    "--report", "report_path", type=output_file, metavar="REPORT.json", help="What changed, and the cascade, as JSON."
)
@click.option(
    "--cascade", "cascade_path", type=picture_file, metavar="FILE", help="Draw what the events delay, and through what."
)
@click.option(
    "--price-of-stability",
    "price_seconds",
    type=seconds,
    metavar="SECONDS",
    help="Search so much longer, as if change cost nothing, and report what stability costs.",
)
@quiet_option
def repair(
    instance_path: Path,
    schedule_path: Path,
    events_path: Path,
    policy: str,
    frozen_until: int | None,
    objective: Objective | None,
    allowance: float | None,
    tax: float | None,
    time_limit: float,
    workers: int | None,
    seed: int,
    output: Path | None,
    gantt_path: Path | None,
    report_path: Path | None,
    cascade_path: Path | None,
    price_seconds: float | None,
    quiet: bool,
) -> None:
    """Repair a schedule after events.

    Work that has started is never rewritten. The picture shows the schedule before and after. Where no schedule keeps
    every deadline, pin, maximum lag, maximum dwell and minimum level of a battery, the one that breaks them least is
    written, marked as degraded; exit code 1.
    """
    require_one_of(allowance, tax)
    require_distinct([instance_path, schedule_path, events_path], [output, gantt_path, report_path, cascade_path])
    from scheduler.io import read
    from scheduler.io.events_file import read_events
    from scheduler.io.schedule_file import read_schedule
    from scheduler.rescheduling import repair as repaired

    in_force = read_schedule(schedule_path, read(instance_path))
    events = read_events(events_path)
    if not events:
        raise click.UsageError(f"'{events_path}' has no events: there is nothing to repair.")
    with progress_line(quiet) as line:
        outcome = repaired(
            in_force.instance,
            in_force.schedule,
            events,
            policy=policy,
            frozen_until=frozen_until,
            objective=objective or in_force.objective,
            allowance=allowance,
            tax=tax,
            time_limit=time_limit,
            workers=workers,
            seed=seed,
            on_progress=line,
            broken=in_force.broken,
            price_of_stability=price_seconds,
        )
    revisions = (*in_force.revisions, *outcome.revisions)
    files = _write(
        outcome.instance,
        outcome.stated,
        output,
        gantt_path,
        revisions,
        outcome.baseline,
        broken=outcome.broken,
        voids=STABILITY_TERMS if len(outcome.revisions) > 1 else (),  # they don't count from the plan that is drawn
    )
    if report_path is not None and outcome.report is not None:
        from scheduler.io.atomic import write_text

        write_text(report_path, json.dumps({"policy": outcome.policy, **outcome.report.as_json()}, indent=1) + "\n")
        files = (*files, report_path)
    if cascade_path is not None and outcome.shift is not None:
        from scheduler.plot import save_cascade

        delays, last = outcome.shift.delays, outcome.revisions[-1]
        when = f" at {last.now}" if len(outcome.revisions) > 1 else ""
        title = f"{outcome.instance.name}{when}"
        save_cascade(cascade_path, delays, last.events, title=title, instance=outcome.instance)
        files = (*files, cascade_path)
    if not quiet:
        extra = (("policy", outcome.policy), *_instants(outcome), *_compiling(outcome.result))
        print_summary(outcome.instance.name, outcome.stated, extra, files)
        if outcome.report is not None:
            click.echo(f"\n{outcome.report}")
    if outcome.degraded is not None:
        text = f"the least violating schedule found breaks {count_text(len(outcome.broken), 'limit')}"
        click.echo(f"DEGRADED: {text}\n{outcome.degraded}", err=True)
    _exit_without_schedule(outcome.result)


def _compiling(result: Result) -> tuple[tuple[str, str], ...]:
    """Return what the table has to say where a search was not compiled in time, and might have found more."""
    from scheduler.search.compiling import is_compiling

    if result.status not in (Status.FEASIBLE, Status.UNKNOWN) or not is_compiling():
        return ()
    return (("compiling", "a search is still being compiled, once on this machine; call again in a minute to use it"),)


def _instants(outcome: Repair) -> tuple[tuple[str, str], ...]:
    """Return what the table has to say where events became known at several instants."""
    if len(outcome.revisions) == 1:
        return ()
    instants = [str(revision.now) for revision in outcome.revisions]
    text = f"{', '.join(instants)}, one after the other; terms of change count from the plan before {instants[-1]}"
    return (("events at", text),)


def _write(
    instance: Instance,
    result: Result,
    output: Path | None,
    gantt_path: Path | None,
    revisions: tuple[Revision, ...] = (),
    baseline: Schedule | None = None,
    broken: tuple[Violation, ...] = (),
    voids: Collection[str] = (),
) -> tuple[Path, ...]:
    """Write the files that were asked for; without schedule there is nothing to draw. No picture names the `voids`."""
    files = []
    if output is not None:
        from scheduler.io.schedule_file import write_schedule

        write_schedule(output, instance, result, revisions=revisions, broken=broken)
        files.append(output)
    if gantt_path is not None and result.schedule is not None:
        from scheduler.plot import save_gantt

        terms = {name: result.terms[name] for name in result.objective.terms if name not in voids}
        save_gantt(gantt_path, instance, result.schedule, baseline=baseline, terms=terms, broken=broken)
        files.append(gantt_path)
    return tuple(files)


def _exit_without_schedule(result: Result) -> None:
    if result.schedule is None:
        click.echo(f"No schedule ({result.status.value}): {result.reason}", err=True)
        sys.exit(1)
