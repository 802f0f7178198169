"""Soak: a loop answers many random events one by one; time, memory, and whether its journal replays; command `soak`."""

from __future__ import annotations

import json
import resource
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import click

from benchmarks.records import append, write_circumstances
from benchmarks.traces import CASES, Steady, baseline, drawn
from scheduler.domain import Instance, Objective, Result, Schedule, Status
from scheduler.io.json_text import dump_json
from scheduler.io.schedule_file import schedule_document
from scheduler.loop import Journal, Line, Loop, Settings
from scheduler.loop.replay import flaws
from scheduler.loop.run import Step
from scheduler.loop.state import states
from scheduler.terms import value_terms

GRACE = 0.1
"""Seconds after the deadline that still count as kept."""


@dataclass(frozen=True, kw_only=True)
class Soaked:
    """Some events in a row, up to the one of number ``events``.

    Seconds are wall time from the event to the end of its answer, ``first_*`` to the first published plan. ``kept``
    counts the answers within the deadline and 100 ms. Memory is resident, in MiB, as is the journal.
    """

    case: str
    policy: str
    deadline: float
    events: int
    revision: int
    kept: int
    of: int
    mean: float
    p95: float
    slowest: float
    first_p50: float | None
    first_p95: float | None
    memory: float
    journal: float
    operations: int


@click.command("soak")
@click.argument("case", type=click.Choice(list(CASES)), default="g350")
@click.option("--events", type=click.IntRange(min=1), default=1_000, show_default=True)
@click.option("--policy", default="right-shift", show_default=True)
@click.option("--deadline", type=float, default=2.0, show_default=True)
@click.option(
    "--steady",
    is_flag=True,
    help="Events as they come in a factory that runs on: new orders for finished ones, which leave the plan.",
)
@click.option("--every", type=click.IntRange(min=1), default=100, show_default=True, help="Events between two lines.")
@click.option("-o", "output", type=click.Path(path_type=Path), help="CSV to write.")
def soak_command(
    case: str, events: int, policy: str, deadline: float, steady: bool, every: int, output: Path | None
) -> None:
    """Let a loop answer many random events one by one; watch time and memory, and replay its journal."""
    if output is not None:
        if output.exists():
            raise click.UsageError(f"{output} exists: name another file")
        output.parent.mkdir(parents=True, exist_ok=True)
        write_circumstances(output, case=case, events=events, policy=policy, deadline=deadline, steady=steady)
    instance = CASES[case]()
    schedule = baseline(instance)
    lines = [] if steady else [Line(json.dumps(event)) for event in drawn(instance, schedule, events, seed=1)]
    stream = Steady(instance, schedule, seed=1)
    with tempfile.TemporaryDirectory() as name, Journal(Path(name) / "journal.db") as journal:
        published: list[float] = []

        def on_step(step: Step) -> None:
            if step == "published":
                published.append(perf_counter())

        kept = len(schedule.operations) // 4 if steady else None
        settings = Settings(policy, deadline, workers=2, keep_finished=kept)
        loop = Loop(journal, Path(name), instance, _schedule_text(instance, schedule), settings, on_step=on_step)
        answers: list[float] = []
        firsts: list[float] = []
        for number in range(1, events + 1):
            published.clear()
            line = Line(json.dumps(stream.event(loop.state))) if steady else lines[number - 1]
            event_at = perf_counter()
            loop.receive([line])
            loop.answer()
            answers.append(perf_counter() - event_at)
            firsts += [instant - event_at for instant in published[:1]]
            if number % every == 0 or number == events:
                row = Soaked(
                    case=case,
                    policy=policy,
                    deadline=deadline,
                    events=number,
                    revision=loop.state.revision,
                    kept=sum(seconds <= deadline + GRACE for seconds in answers),
                    of=len(answers),
                    mean=round(sum(answers) / len(answers), 4),
                    p95=_quantile(answers, 0.95),
                    slowest=_quantile(answers, 1.0),
                    first_p50=_quantile(firsts, 0.5) if firsts else None,
                    first_p95=_quantile(firsts, 0.95) if firsts else None,
                    memory=round(_resident(), 1),
                    journal=round(journal.path.stat().st_size / 2**20, 1),
                    operations=len(loop.state.schedule.operations),
                )
                click.echo(
                    f"{number} events: revision {row.revision}, {row.kept} of {row.of} in time, {row.mean:.3f} s each, "
                    f"slowest {row.slowest:.2f} s, first plan p95 {row.first_p95 or 0:.3f} s, {row.memory:.0f} MiB"
                )
                if output is not None:
                    append(output, row)
                answers, firsts = [], []
        _verify(journal, Path(name), loop)


def _verify(journal: Journal, folder: Path, loop: Loop) -> None:
    """Print what was decided and whether the journal replays to the state of the loop; fail if it does not."""
    counts = Counter(entry.body["verdict"] for entry in journal.entries("decided"))
    last = None
    for _, state in states(journal):
        last = state
    found = list(flaws(journal, folder))
    is_same = last is not None and (last.instance, last.schedule) == (loop.state.instance, loop.state.schedule)
    words = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    click.echo(f"{words}; {len(found)} flaws; the journal replays to {'the same' if is_same else 'ANOTHER'} state")
    if found or not is_same:
        raise click.ClickException("; ".join(str(flaw) for flaw in found[:5]) or "another state")


def _quantile(seconds: Sequence[float], share: float) -> float:
    """Return the smallest value that this share does not exceed."""
    return round(sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))], 4)


def _resident() -> float:
    """Return the resident memory in MiB; where the system does not tell that of now, the most so far."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _schedule_text(instance: Instance, schedule: Schedule) -> str:
    result = Result(Status.FEASIBLE, Objective.parse(instance.objective), schedule, value_terms(instance, schedule))
    return dump_json(schedule_document(instance, result))
