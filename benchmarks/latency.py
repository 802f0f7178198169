"""Latency: how long a user waits from an event to a checked plan by right shift; the command `latency`.

Inside the time is all that happens between an event in memory and a plan in memory: the events are validated, the
instance is revised, the baseline shifted, the plan valued and passed by the checker. Files and the drawing of events
are outside. The plan in force is not checked once more, as in the loop, where each has been checked before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from random import Random
from time import perf_counter

import click

import scheduler
from benchmarks.options import AT_LEAST_ONE, POSITIVE, table_file
from benchmarks.records import append, rows_to_continue, write_circumstances
from benchmarks.sweep import FACTORIES as SWEPT
from benchmarks.sweep import GENERATED, KINDS, Standing, drawn_event
from benchmarks.tables import grouped, markdown, quantile
from benchmarks.traces import CASES
from scheduler.domain import Instance, Objective, Schedule
from scheduler.domain.collector import settle_collector
from scheduler.domain.events import Event
from scheduler.errors import EventError
from scheduler.io.event_documents import event_document
from scheduler.rescheduling import Repair, repair
from scheduler.search.construct import construct

LARGE = (*GENERATED, "fjsp-500x20")
"""The factories that no file ships."""
FACTORIES = {**{name: CASES[name] for name in LARGE}, **SWEPT}
BARS: Mapping[str, float] = {"fjsp-30x10": 0.05, "fjsp-500x20": 1.0}
"""Seconds in which 95 % of the plans have to be there: of 300 operations, and of 10,000."""
ALONE = 1
"""Events in a chain of which each meets the plan before anything has happened."""
CHAIN = 10
"""Events in a chain of which each meets the plan that the one before has left."""
SHARES = (0.5, 0.95, 0.99, 1.0)


@dataclass(frozen=True, kw_only=True)
class Timed:
    """One event on one factory, the one of number ``step`` in a chain of so many; ``operations`` are those before it.

    Seconds are wall time from the call of `repair`: ``first_seconds`` until the first plan that the checker has passed,
    ``seconds`` until its answer, with new jobs fitted into gaps and the report. ``check_seconds`` is one more check of
    the answer, outside both; ``violations`` counts what it says and the plan does not say itself. Of several ``runs``
    seconds are those of the fastest: what other work on the machine takes is no part of them. ``answer`` is
    ``planned``, ``degraded``, ``no plan`` or ``refused``. ``event`` is the document of the event.
    """

    factory: str
    operations: int
    chain: int
    kind: str
    seed: int
    step: int
    type: str
    now: int
    answer: str
    first_seconds: float | None = None
    seconds: float | None = None
    check_seconds: float | None = None
    by_policy: str = ""
    violations: int = 0
    event: str = ""
    runs: int = 1

    @property
    def link(self) -> tuple[str, int, str, int]:
        """The chain that it belongs to."""
        return (self.factory, self.chain, self.kind, self.seed)


def first_plan(instance: Instance) -> Schedule:
    """Return the plan of the first pass of construction: the same on every machine, as no clock has a part in it.

    Raises
    ------
    ValueError
        If that pass leads nowhere.
    """
    schedule = construct(instance, Objective.parse(instance.objective), is_hurried=True, time_limit=inf)
    if schedule is None:
        raise ValueError(f"{instance.name}: nothing was constructed")
    return schedule


def answered(standing: Standing, event: Event, deadline: float, workers: int) -> tuple[Repair, float | None, float]:
    """Return the repair of a plan by right shift, and the seconds until its first checked plan and until its end."""
    plans: list[float] = []
    began_at = perf_counter()
    found = repair(
        standing.instance,
        standing.schedule,
        [event],
        policy="right-shift",
        time_limit=deadline,
        workers=workers,
        on_improvement=lambda plan: plans.append(perf_counter() - began_at),
        is_checked=True,
        broken=standing.broken,
    )
    return found, plans[0] if plans else None, perf_counter() - began_at


def timed(
    factory: str,
    start: Standing,
    chain: int,
    kind: str,
    seed: int,
    length: int,
    deadline: float,
    workers: int,
    runs: int,
) -> Iterator[Timed]:
    """Answer a chain of events, as the sweep draws them: the first of one kind, the others of any."""
    random, standing = Random(f"{factory} {kind} {seed}"), start
    for step in range(length):
        drawn = drawn_event(random, standing, KINDS[kind] if step == 0 else None)
        if drawn is None:
            return
        now, event = drawn
        row = Timed(
            factory=factory,
            operations=len(standing.schedule.operations),
            chain=chain,
            kind=kind,
            seed=seed,
            step=step,
            type=event.type,
            now=now,
            answer="refused",
            event=json.dumps(event_document(event)),
            runs=runs,
        )
        try:
            answers = [answered(standing, event, deadline, workers) for _ in range(runs)]
        except EventError:
            yield row
            return
        found, seconds = answers[-1][0], min(seconds for _, _, seconds in answers)
        if found.schedule is None:
            yield replace(row, answer="no plan", seconds=round(seconds, 6))
            return
        first_seconds = min(first for _, first, _ in answers if first is not None)
        began_at = perf_counter()
        violations = scheduler.check(found.instance, found.schedule)
        check_seconds = perf_counter() - began_at
        said = {(v.rule, v.where, v.detail) for v in found.broken}
        yield replace(
            row,
            answer="degraded" if found.is_degraded else "planned",
            first_seconds=round(first_seconds, 6),
            seconds=round(seconds, 6),
            check_seconds=round(check_seconds, 6),
            by_policy=found.policy,
            violations=len({(v.rule, v.where, v.detail) for v in violations} ^ said),
        )
        standing = Standing(found.instance, found.schedule, found.broken, now, (*standing.events, event.id))


def warm_up(name: str, start: Standing, deadline: float, workers: int) -> None:
    """Answer a breakdown and a rush order and forget it: so all is loaded, as in a loop that has rehearsed."""
    for kind in ("machine_breakdown", "rush_order"):
        drawn = drawn_event(Random(f"{name} warm"), start, KINDS[kind])
        if drawn is not None:
            answered(start, drawn[1], deadline, workers)
    settle_collector()


@click.command("latency")
@click.argument("factories", nargs=-1, type=click.Choice(list(FACTORIES)))
@click.option(
    "--events", type=AT_LEAST_ONE, default=200, show_default=True, help="Of each factory, alone and in chains each."
)
@click.option("--runs", type=AT_LEAST_ONE, default=1, show_default=True, help="Of each event; the fastest counts.")
@click.option("--deadline", type=POSITIVE, default=1.0, show_default=True, help="Seconds for each repair.")
@click.option("--workers", type=AT_LEAST_ONE, default=1, show_default=True)
@click.option("-o", "output", type=table_file, help="CSV to write or go on with.")
def latency_command(
    factories: tuple[str, ...], events: int, runs: int, deadline: float, workers: int, output: Path | None
) -> None:
    """Time the right shift from event to checked plan, on every factory, for every kind of event; print tables."""
    rows: list[Timed] = []
    if output is not None:
        rows = rows_to_continue(output, Timed)
        write_circumstances(output, events=events, runs=runs, deadline=deadline, workers=workers)
    for name in factories or FACTORIES:
        counts = {length: sum((row.factory, row.chain) == (name, length) for row in rows) for length in (ALONE, CHAIN)}
        if min(counts.values()) >= events:
            continue
        finished = {row.link for row in rows}
        instance = FACTORIES[name]()
        start = Standing(instance, first_plan(instance))
        warm_up(name, start, deadline, workers)
        chains = ((length, kind, seed) for length in counts for seed in range(events) for kind in KINDS)
        for length, kind, seed in chains:
            left = events - counts[length]
            if left > 0 and (name, length, kind, seed) not in finished:
                for row in timed(name, start, length, kind, seed, min(length, left), deadline, workers, runs):
                    counts[length] += 1
                    rows.append(row)
                    if output is not None:
                        append(output, row)
    click.echo(write_latency(rows), nl=False)
    unsound = [f"{row.factory} {row.kind} {row.seed}" for row in rows if row.violations]
    if unsound:
        raise click.ClickException(f"unsound: {', '.join(unsound)}")


def write_latency(rows: Sequence[Timed]) -> str:
    """Return tables in milliseconds: by factory, and by kind of event for each large factory and all others."""
    lines = [f"{len(rows)} events. Milliseconds: p50 / p95 / p99 / the longest.", ""]
    heading = ["factory", "operations", "events", "refused", "without plan"]
    heading += ["alone", "in chains", "answer", "bar of p95"]
    body = []
    for name, group in grouped(rows, lambda row: row.factory).items():
        bar, firsts = BARS.get(name), _firsts(group)
        num_refused = sum(row.answer == "refused" for row in group)
        counts = (group[0].operations, len(group), num_refused, len(group) - len(firsts) - num_refused)
        cells = [f"`{name}`", *map(str, counts)]
        cells += [_milliseconds(_firsts([row for row in group if row.chain == length])) for length in (ALONE, CHAIN)]
        cells.append(_milliseconds([row.seconds for row in group if row.first_seconds is not None and row.seconds]))
        is_kept = bar is not None and bool(firsts) and quantile(firsts, 0.95) <= bar
        cells.append("-" if bar is None else f"{1000 * bar:g}: {'kept' if is_kept else 'missed'}")
        body.append(cells)
    lines += [*markdown(heading, body), ""]
    columns = [name for name in FACTORIES if name in LARGE and any(row.factory == name for row in rows)]
    body = []
    for kind, group in grouped(sorted(rows, key=lambda row: row.type), lambda row: row.type).items():
        cells = [f"`{kind}`", str(len(group))]
        cells += [_milliseconds(_firsts([row for row in group if row.factory == name])) for name in columns]
        body.append([*cells, _milliseconds(_firsts([row for row in group if row.factory not in LARGE]))])
    lines += markdown(("event", "events", *(f"`{name}`" for name in columns), "all others"), body)
    return "\n".join(lines) + "\n"


def _firsts(rows: Sequence[Timed]) -> list[float]:
    """Return the seconds until the first plan, where there is one."""
    return [row.first_seconds for row in rows if row.first_seconds is not None]


def _milliseconds(seconds: Sequence[float]) -> str:
    return " / ".join(f"{1000 * quantile(seconds, share):.1f}" for share in SHARES) if seconds else "-"
