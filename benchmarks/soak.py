"""Soak: a loop answers many random events one by one; time, memory, and whether its journal replays; command `soak`."""

from __future__ import annotations

import json
import re
import resource
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import get_native_id
from time import perf_counter
from typing import Any

import click

from benchmarks.options import AT_LEAST_ONE, POSITIVE, table_file
from benchmarks.records import append, write_circumstances
from benchmarks.tables import quantile
from benchmarks.traces import CASES, Steady, baseline, drawn
from scheduler.domain import Instance, Objective, Result, Schedule, Status
from scheduler.io.json_text import dump_json
from scheduler.io.schedule_file import schedule_document
from scheduler.loop import Journal, Line, Loop, Settings
from scheduler.loop.journal import Entry
from scheduler.loop.rehearsal import rehearse
from scheduler.loop.replay import flaws
from scheduler.loop.run import Step
from scheduler.loop.state import states
from scheduler.rescheduling import POLICIES
from scheduler.terms import value_terms

GRACE = 0.1
"""Seconds after the deadline that still count as kept."""


@dataclass(frozen=True, kw_only=True)
class Soaked:
    """Some events in a row, up to the one of number ``events``.

    Seconds are wall time from the event until its last plan is published (or it is put aside), ``first_*`` until the
    first is. The next event comes once the loop has tidied up after that. ``in_time`` counts the answers within the
    deadline, ``kept`` those within the deadline and 100 ms; ``overrun`` is how much longer than the deadline the
    slowest took. Memory is resident, in MiB, as is the journal.
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
    in_time: int | None = None
    overrun: float | None = None


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One event and its answer: seconds as in `Soaked`, how many plans were published, whose the last one is.

    For `waited` of its seconds the loop was ready to go on and other work had the processors.
    """

    event: int
    type: str
    at: int
    verdict: str
    seconds: float
    first: float | None
    plans: int
    policy: str
    operations: int
    waited: float | None = None


@click.command("soak")
@click.argument("case", type=click.Choice(list(CASES)), default="g350")
@click.option("--events", type=AT_LEAST_ONE, default=1_000, show_default=True)
@click.option("--policy", type=click.Choice(POLICIES), default="right-shift", show_default=True)
@click.option("--deadline", type=POSITIVE, default=2.0, show_default=True)
@click.option(
    "--steady",
    is_flag=True,
    help="Events as they come in a factory that runs on: new orders for finished ones, which leave the plan.",
)
@click.option("--every", type=AT_LEAST_ONE, default=100, show_default=True, help="Events between two lines.")
@click.option("-o", "output", type=table_file, help="CSV to write; one with every event is written beside it.")
def soak_command(
    case: str, events: int, policy: str, deadline: float, steady: bool, every: int, output: Path | None
) -> None:
    """Let a loop answer many random events one by one; watch time and memory, and replay its journal."""
    raw = None if output is None else output.with_name(f"{output.stem}-events.csv")
    if output is not None:
        for path in (output, raw):
            if path is not None and path.exists():
                raise click.UsageError(f"{path} exists: name another file")
        output.parent.mkdir(parents=True, exist_ok=True)
        write_circumstances(output, case=case, events=events, policy=policy, deadline=deadline, steady=steady)
    instance = CASES[case]()
    schedule = baseline(instance)
    trace: Iterator[dict[str, Any]] = iter(()) if steady else drawn(instance, schedule, events, seed=1)
    stream = Steady(instance, schedule, seed=1)
    with tempfile.TemporaryDirectory() as name, Journal(Path(name) / "journal.db") as journal:
        published: list[tuple[float, float | None]] = []

        def on_step(step: Step) -> None:
            if step == "published":
                published.append((perf_counter(), _waited()))

        kept = len(schedule.operations) // 4 if steady else None
        settings = Settings(policy, deadline, workers=2, keep_finished=kept)
        loop = Loop(journal, Path(name), instance, _schedule_text(instance, schedule), settings, on_step=on_step)
        rehearse(loop.state, settings)
        answers: list[Answered] = []
        all_seconds: list[float] = []
        all_waits: list[float | None] = []
        for number in range(1, events + 1):
            published.clear()
            event = stream.event(loop.state) if steady else next(trace)
            event_at, waited_before = perf_counter(), _waited()
            loop.receive([Line(json.dumps(event))])
            loop.answer()
            answered_at, waited = published[-1] if published else (perf_counter(), _waited())
            decision, plan = journal.last("decided"), journal.last("planned")
            assert decision is not None and plan is not None
            answers.append(
                Answered(
                    event=number,
                    type=event["type"],
                    at=event["at"],
                    verdict=decision.body["verdict"],
                    seconds=round(answered_at - event_at, 4),
                    first=round(published[0][0] - event_at, 4) if published else None,
                    plans=len(published),
                    policy=plan.body["policy"] if published else "",
                    operations=len(loop.state.schedule.operations),
                    waited=None if waited is None or waited_before is None else round(waited - waited_before, 4),
                )
            )
            if number % every == 0 or number == events:
                size = journal.path.stat().st_size / 2**20
                row = _summary(answers, case, policy, deadline, loop.state.revision, size)
                click.echo(
                    f"{number} events: revision {row.revision}, {row.kept} of {row.of} in time, {row.mean:.3f} s each, "
                    f"slowest {row.slowest:.2f} s, first plan p95 {row.first_p95 or 0:.3f} s, {row.memory:.0f} MiB"
                )
                if output is not None and raw is not None:
                    append(output, row)
                    for answer in answers:
                        append(raw, answer)
                all_seconds += [answer.seconds for answer in answers]
                all_waits += [answer.waited for answer in answers]
                answers = []
        click.echo(deadline_text(all_seconds, deadline))
        if None not in all_waits:
            net = [seconds - (waited or 0.0) for seconds, waited in zip(all_seconds, all_waits, strict=True)]
            click.echo(f"without waiting for a processor that other work had, {deadline_text(net, deadline)}")
        _verify(journal, Path(name), loop)


def deadline_text(seconds: Sequence[float], deadline: float) -> str:
    """Return how the answers kept their deadline, as a line of text."""
    in_time, kept = (sum(s <= deadline + grace for s in seconds) for grace in (0.0, GRACE))
    overrun = max(0.0, max(seconds) - deadline)
    return (
        f"deadline of {deadline:g} s: {in_time} of {len(seconds)} within it ({in_time / len(seconds):.2%}), "
        f"{kept} within {1000 * GRACE:.0f} ms more ({kept / len(seconds):.2%}), largest overrun {overrun:.3f} s"
    )


def _summary(
    answers: Sequence[Answered], case: str, policy: str, deadline: float, revision: int, journal: float
) -> Soaked:
    """Return the row of the answers since the row before."""
    seconds = [answer.seconds for answer in answers]
    firsts = [answer.first for answer in answers if answer.first is not None]
    return Soaked(
        case=case,
        policy=policy,
        deadline=deadline,
        events=answers[-1].event,
        revision=revision,
        kept=sum(s <= deadline + GRACE for s in seconds),
        of=len(seconds),
        mean=round(sum(seconds) / len(seconds), 4),
        p95=round(quantile(seconds, 0.95), 4),
        slowest=round(max(seconds), 4),
        first_p50=round(quantile(firsts, 0.5), 4) if firsts else None,
        first_p95=round(quantile(firsts, 0.95), 4) if firsts else None,
        memory=round(_resident(), 1),
        journal=round(journal, 1),
        operations=answers[-1].operations,
        in_time=sum(s <= deadline for s in seconds),
        overrun=round(max(0.0, max(seconds) - deadline), 4),
    )


def _verify(journal: Journal, folder: Path, loop: Loop) -> None:
    """Print what was decided and whether the journal replays to the state of the loop; fail if it does not."""
    counts = Counter(_verdict(entry) for entry in journal.entries("decided"))
    last = None
    for _, state in states(journal):
        last = state
    found = list(flaws(journal, folder))
    is_same = last is not None and (last.instance, last.schedule) == (loop.state.instance, loop.state.schedule)
    words = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    click.echo(f"{words}; {len(found)} flaws; the journal replays to {'the same' if is_same else 'ANOTHER'} state")
    if found or not is_same:
        raise click.ClickException("; ".join(str(flaw) for flaw in found[:5]) or "another state")


def _verdict(entry: Entry) -> str:
    """Return what was decided; for what was put aside with the code of the reason."""
    return " ".join([entry.body["verdict"], *re.findall(r"^E\d{3}", entry.body["reason"])])


def _waited() -> float | None:
    """Return the seconds for which this thread was ready to run and did not; None where the system does not tell."""
    told = Path(f"/proc/self/task/{get_native_id()}/schedstat")
    return int(told.read_text(encoding="utf-8").split()[1]) / 1e9 if told.is_file() else None


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
