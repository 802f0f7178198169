"""``scheduler run`` and ``scheduler journal``: keep a factory planned while things happen, and look back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.options import (
    INPUT_FILE,
    FiniteRange,
    allowance_option,
    instance_argument,
    objective_option,
    output_file,
    quiet_option,
    require_distinct,
    require_one_of,
    seconds,
    seed_option,
    tax_option,
    workers_option,
)
from scheduler.cli.planning import POLICIES
from scheduler.cli.wording import count_text
from scheduler.domain import Objective

if TYPE_CHECKING:
    from scheduler.loop.journal import Entry


@click.command()
@instance_argument
@click.option(
    "--schedule", "schedule_path", type=INPUT_FILE, metavar="SCHEDULE.json", help="Schedule to begin with, else solve."
)
@click.option(
    "--events",
    "events_path",
    type=click.Path(path_type=Path, allow_dash=True),
    required=True,
    metavar="FILE|-",
    help="Events to answer, as they come: a file that is played back, or - for JSON Lines from standard input.",
)
@click.option("--journal", "journal_path", type=output_file, required=True, metavar="DB", help="Journal to write.")
@click.option(
    "--publish",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="Folder in which current.json is the schedule in force.",
)
@click.option(
    "--deadline",
    type=seconds,
    default="2",
    metavar="SECONDS",
    help="From the first event of a burst to the last plan that answers it.  [default: 2]",
)
@click.option(
    "--policy", type=click.Choice(POLICIES), default="auto", show_default=True, help="See `scheduler repair --help`."
)
@click.option(
    "--debounce",
    type=FiniteRange(min=0),
    default=0.2,
    metavar="SECONDS",
    help="Events that come so close together are answered by one plan.  [default: 0.2]",
)
@click.option(
    "--speed",
    type=FiniteRange(min=0, min_open=True),
    metavar="TICKS",
    help="Ticks of a file that pass in a second.  [default: as fast as they are answered]",
)
@click.option(
    "--frozen",
    type=click.IntRange(min=0),
    default=0,
    metavar="TICKS",
    help="Keep what starts within so many ticks from now, but for what the events force.",
)
@click.option(
    "--keep-finished",
    type=click.IntRange(min=0),
    metavar="OPERATIONS",
    help="Let finished jobs leave the plan once there are more operations of them.  [default: all stay]",
)
@objective_option("the instance's")
@allowance_option
@tax_option
@workers_option
@seed_option
@quiet_option
def run(
    instance_path: Path,
    schedule_path: Path | None,
    events_path: Path,
    journal_path: Path,
    folder: Path,
    deadline: float,
    policy: str,
    debounce: float,
    speed: float | None,
    frozen: int,
    keep_finished: int | None,
    objective: Objective | None,
    allowance: float | None,
    tax: float | None,
    workers: int | None,
    seed: int,
    quiet: bool,
) -> None:
    """Answer events with repaired schedules as they come.

    Everything is in the journal before it is done: killed at any moment and started again, the loop goes on where it
    was. An event that makes no sense is put aside. Ends with the events, or with Ctrl-C.
    """
    require_one_of(allowance, tax)
    is_stream = str(events_path) == "-"
    if is_stream and speed is not None:
        raise click.UsageError("--speed goes with a file: standard input has its own.")
    given = [path for path in (instance_path, schedule_path, None if is_stream else events_path) if path is not None]
    require_distinct(given, [journal_path, folder / "current.json"])
    from scheduler.io import read
    from scheduler.io.files import read_text
    from scheduler.loop import Journal, Loop, Recording, Settings, Stream
    from scheduler.loop.rehearsal import rehearse

    instance = read(instance_path)
    text = None if schedule_path is None else read_text(schedule_path)
    recording = None if is_stream else Recording(events_path, speed=speed, debounce=debounce)
    settings = Settings(policy, deadline, objective, frozen, workers, seed, allowance, keep_finished, tax)
    _make(folder)
    with Journal(journal_path) as journal:
        loop = Loop(journal, folder, instance, text, settings, on_notice=None if quiet else _tell)
        if recording is not None:
            recording.pass_over(loop.knows)
        feed = recording or Stream(sys.stdin.buffer, debounce=debounce)
        try:
            rehearse(loop.state, settings)
            loop.run(feed)
        except KeyboardInterrupt:
            if not quiet:
                click.echo("stopped; the journal has everything")


@click.command()
@click.argument("journal_path", metavar="DB", type=INPUT_FILE)
@click.option(
    "--verify", is_flag=True, help="Make sure that nothing is missing or changed, and check every plan again."
)
@click.option("--replay", is_flag=True, help="Apply every revision again and list what came of it.")
@click.option(
    "--publish", "folder", type=click.Path(path_type=Path), metavar="DIR", help="With --verify: the folder must fit."
)
@click.option("--revision", type=click.IntRange(min=0), metavar="N", help="Write the schedule of this revision.")
@click.option("-o", "output", type=output_file, metavar="FILE", help="With --revision: schedule file to write.")
def journal(
    journal_path: Path, verify: bool, replay: bool, folder: Path | None, revision: int | None, output: Path | None
) -> None:
    """List, replay or verify the journal of a loop.

    A schedule written with --revision has its events with it: `check` and `gantt` read it beside the instance file.
    """
    if (revision is None) != (output is None):
        raise click.UsageError("--revision and -o go together: give both or none.")
    if folder is not None and not verify:
        raise click.UsageError("--publish goes with --verify.")
    require_distinct([journal_path], [output])
    from scheduler.io.atomic import write_text
    from scheduler.io.json_text import dump_json
    from scheduler.loop import Journal
    from scheduler.loop.replay import exported, flaws
    from scheduler.loop.state import states

    with Journal(journal_path, only_read=True) as opened:
        if revision is not None and output is not None:
            write_text(output, dump_json(exported(opened, revision)))
            click.echo(str(output))
        if replay:
            for plan, state in states(opened):
                operations = count_text(len(state.schedule.operations), "operation")
                makespan = f"{operations}, makespan {state.schedule.makespan}{_degraded(plan)}"
                click.echo(f"revision {state.revision} at {state.now}: {plan.body['policy']}, {makespan}")
        if verify:
            found = list(flaws(opened, folder))
            for defect in found:
                click.echo(str(defect))
            sound = count_text(len(found), "flaw") if found else "whole, and every plan keeps every rule"
            degraded = sum("degraded" in plan.body for plan in opened.entries("planned"))
            if degraded and not found:
                sound += f", but for what {count_text(degraded, 'degraded plan')} say they break"
            click.echo(f"{journal_path}: {count_text(len(opened), 'entry', 'entries')}, {sound}")
            if found:
                sys.exit(1)
        if revision is None and not replay and not verify:
            for entry in opened.entries():
                click.echo(f"{entry.number:>6}  {entry.kind:<9}  {_words(entry)}")


def _tell(entry: Entry) -> None:
    """Print an entry at once: who sends events may wait for it."""
    click.echo(_words(entry))
    sys.stdout.flush()


def _words(entry: Entry) -> str:
    body = entry.body
    if entry.kind == "received":
        return f"{body['time']}  {body['text'][:100]!r}"
    if entry.kind == "decided":
        name = f"event {entry.key}" if entry.key else f"entry {body['entry']}"
        return f"{name}: {body['verdict']}" + (f", {body['reason'][:300]}" if body["reason"] else "")
    if entry.kind == "revised":
        return f"revision {entry.key} at {body['now']}: {count_text(len(body['events']), 'event')}"
    if entry.kind == "planned":
        names = Objective.parse(body["objective"]).tiers[0].weights
        values = ", ".join(f"{name} {body['terms'][name]}" for name, _ in names)
        return f"revision {entry.key}: {values}, {body['policy']}, {body['seconds']:.1f} s{_degraded(entry)}"
    if entry.kind == "published":
        return f"{body['time']}  revision {entry.key}: the plan of entry {body['plan']}"
    return f"{entry.key}: minimises {body['objective']}"


def _degraded(plan: Entry) -> str:
    broken = plan.body.get("degraded", ())
    return f", degraded: breaks {count_text(len(broken), 'limit')}" if broken else ""


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"folder '{folder}' can't be made ({error.strerror}).") from None
