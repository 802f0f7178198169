"""Sweep: events of every kind on every shipped factory, alone or in chains; the command `sweep`.

The bar is that every event has a plan which passes the checker. Where none is found, `solve` looks for one again,
without any limit that a degraded plan may break: it proves that there is none, or that we missed one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from random import Random

import click

import scheduler
from benchmarks.drawing import possible_makers, random_event
from benchmarks.options import AT_LEAST_ONE, POSITIVE, SEED, table_file
from benchmarks.records import append, read_rows, rows_to_continue, write_circumstances
from benchmarks.tables import grouped, markdown
from benchmarks.traces import CASES, INSTANCES, baseline, shipped
from scheduler.constraints import Violation
from scheduler.domain import Instance, Schedule, Status
from scheduler.domain.events import EVENTS, ClockTick, Event, Revision, revise
from scheduler.domain.horizon import usual_duration
from scheduler.errors import EventError
from scheduler.io.event_documents import event_document
from scheduler.rescheduling import POLICIES, Repair, repair
from scheduler.rescheduling.concessions import unlimited

KINDS = {kind.type: kind for kind in EVENTS if kind in possible_makers()}
"""Every kind of event that the model has a part for and that needs no earlier one, by its name in files."""
GENERATED = ("fjsp-30x10", "fjsp-100x20", "g350")
"""The factories of the repair studies that no file ships."""
FACTORIES: Mapping[str, Callable[[], Instance]] = {
    **{path.stem: shipped(path.stem) for path in sorted(INSTANCES.glob("*.json")) if path.stem != "infeasible"},
    **{name: CASES[name] for name in GENERATED},
}
"""The factories by name; the one that has no plan to begin with is left out."""
PROOF_SECONDS = 10.0
"""For the second look where there is no plan."""
DRAWS = 25
"""Draws until one contradicts nothing."""
ANSWERS = ("planned", "degraded", "infeasible", "no plan", "refused")


@dataclass(frozen=True, kw_only=True)
class Swept:
    """One event of a chain on one factory; ``step`` counts from 0, ``operations`` are those of the plan before it.

    ``answer`` is ``planned``, ``degraded`` (a plan that says which limits it breaks), ``infeasible`` (it is proved that
    there is no plan, whatever limits it may break), ``no plan`` (none was found) or ``refused`` (it contradicts what
    has happened, which shows only in the repair). ``violations`` counts what the checker says of the plan and the plan
    does not say itself. Seconds are wall time of the repair. ``event`` is its document where the answer is not
    ``planned``; the others follow from the seed.
    """

    factory: str
    kind: str
    seed: int
    step: int
    type: str
    policy: str
    deadline: float
    operations: int
    now: int
    answer: str
    by_policy: str = ""
    seconds: float | None = None
    broken: int = 0
    violations: int = 0
    event: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Standing:
    """A factory in the middle of a chain: its plan, what that is known to break, and the events so far."""

    instance: Instance
    schedule: Schedule
    broken: tuple[Violation, ...] = ()
    now: int = 0
    events: tuple[str, ...] = ()


def chain(
    factory: str, start: Standing, kind: str, seed: int, length: int, policy: str, deadline: float, workers: int
) -> Iterator[Swept]:
    """Answer a chain of events, the first of one kind, the others of any; it ends where there is no plan.

    The first comes anywhere in the plan, each other within a third of what it had to do when the one before came. They
    last up to twice the usual duration of an operation.
    """
    random, standing = Random(f"{factory} {kind} {seed}"), start
    for step in range(length):
        drawn = drawn_event(random, standing, KINDS[kind] if step == 0 else None)
        if drawn is None:
            return
        now, event = drawn
        row = Swept(
            factory=factory,
            kind=kind,
            seed=seed,
            step=step,
            type=event.type,
            policy=policy,
            deadline=deadline,
            operations=len(standing.schedule.operations),
            now=now,
            answer="refused",
            event=json.dumps(event_document(event)),
        )
        began_at = time.perf_counter()
        try:
            found = repair(
                standing.instance,
                standing.schedule,
                [event],
                policy=policy,
                time_limit=deadline,
                workers=workers,
                seed=seed,
                broken=standing.broken,
            )
        except EventError as error:
            yield replace(row, reason=str(error.defects[0]))
            return
        seconds = round(time.perf_counter() - began_at, 4)
        yield answered(replace(row, seconds=seconds), found)
        if found.schedule is None:
            return
        standing = Standing(found.instance, found.schedule, found.broken, now, (*standing.events, event.id))


def drawn_event(random: Random, standing: Standing, kind: type[Event] | None) -> tuple[int, Event] | None:
    """Return an event that contradicts nothing so far, and its instant; None if none was drawn."""
    span = standing.schedule.makespan
    earliest = standing.now if standing.events else 0
    latest = standing.now + (span - standing.now) // 3 if standing.events else span
    now = random.randint(earliest, max(earliest, latest))
    before = revise(standing.instance, Revision(now, 0, (), standing.schedule))
    longest = max(9, 2 * usual_duration(standing.instance))
    for _ in range(DRAWS):
        wanted = KINDS[random.choice(list(KINDS))] if kind is None else kind
        event = random_event(random, before, f"E{len(standing.events)}", standing.events, wanted, longest)
        if isinstance(event, ClockTick):
            continue  # there is nothing of that kind
        try:
            revise(standing.instance, Revision(now, 0, (event,), standing.schedule))
        except EventError:
            continue
        return now, event
    return None


def answered(row: Swept, found: Repair) -> Swept:
    """Return the row with what came of the event, checked."""
    if found.schedule is None:
        again = scheduler.solve(unlimited(found.instance), time_limit=PROOF_SECONDS, workers=1)
        is_proved = again.status is Status.INFEASIBLE
        missed = "" if again.schedule is None else f"; there is one, found in {again.seconds:.1f} s"
        return replace(row, answer="infeasible" if is_proved else "no plan", reason=found.result.reason + missed)
    said = {(v.rule, v.where, v.detail) for v in found.broken}
    violations = {(v.rule, v.where, v.detail) for v in scheduler.check(found.instance, found.schedule)}
    return replace(
        row,
        event=row.event if found.is_degraded else "",
        answer="degraded" if found.is_degraded else "planned",
        by_policy=found.policy,
        broken=len(said),
        violations=len(violations ^ said),
        reason=found.result.reason,
    )


@click.command("sweep")
@click.argument("factories", nargs=-1, type=click.Choice(list(FACTORIES)))
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(KINDS)), help="Only chains that begin so.")
@click.option(
    "--policy", type=click.Choice(POLICIES), default="right-shift", show_default=True, help="See `scheduler repair`."
)
@click.option("--deadline", type=POSITIVE, default=1.0, show_default=True, help="Seconds for each repair.")
@click.option("--seeds", type=AT_LEAST_ONE, default=1, show_default=True, help="Chains for each kind and factory.")
@click.option("--first-seed", type=SEED, default=0, show_default=True)
@click.option("--chain", "length", type=AT_LEAST_ONE, default=1, show_default=True, help="Events one after the other.")
@click.option("--workers", type=AT_LEAST_ONE, default=1, show_default=True)
@click.option("-o", "output", type=table_file, required=True, help="CSV to write or go on with.")
def sweep_command(
    factories: tuple[str, ...],
    kinds: tuple[str, ...],
    policy: str,
    deadline: float,
    seeds: int,
    first_seed: int,
    length: int,
    workers: int,
    output: Path,
) -> None:
    """Answer random events of every kind on every factory, and count what has a plan; `report` sums it up."""
    rows = rows_to_continue(output, Swept)
    finished = {(row.factory, row.kind, row.seed, row.policy) for row in rows}
    write_circumstances(output, policy=policy, deadline=deadline, chain=length, workers=workers)
    for name in factories or FACTORIES:
        instance = FACTORIES[name]()
        start = Standing(instance, baseline(instance))
        fresh: list[Swept] = []
        for seed in range(first_seed, first_seed + seeds):
            for kind in kinds or KINDS:
                if (name, kind, seed, policy) not in finished:
                    for row in chain(name, start, kind, seed, length, policy, deadline, workers):
                        append(output, row)
                        fresh.append(row)
        click.echo(f"{name}: {counted(fresh)}")
    unsound = [f"{row.factory} {row.kind} {row.seed}" for row in read_rows(output, Swept) if row.violations]
    if unsound:
        raise click.ClickException(f"unsound: {', '.join(unsound)}")


def counted(rows: Sequence[Swept]) -> str:
    """Return how many events were answered how."""
    return ", ".join(f"{sum(row.answer == answer for row in rows)} {answer}" for answer in ANSWERS)


def write_sweep(rows: Sequence[Swept]) -> str:
    """Return tables by kind of event and by factory, and every event without a plan or that was refused."""
    lines = [f"{len(rows)} events: {counted(rows)}.", ""]
    for title, field in (("event", "type"), ("factory", "factory")):
        column = attrgetter(field)
        groups = grouped(sorted(rows, key=column), column)
        body = [
            (f"`{name}`", str(len(group)), *(str(sum(row.answer == answer for row in group)) for answer in ANSWERS))
            for name, group in groups.items()
        ]
        lines += [*markdown((title, "events", *ANSWERS), body), ""]
    lines += [
        f"- {row.answer}: {row.factory}, {row.kind}, seed {row.seed}, step {row.step}: `{row.event}`. {row.reason}"
        for answer in ("no plan", "infeasible", "refused")
        for row in rows
        if row.answer == answer
    ]
    return "\n".join(lines).rstrip() + "\n"
