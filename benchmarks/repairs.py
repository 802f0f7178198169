"""Repairs: every event of the frozen traces, each alone on the first schedule; the command `repairs`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

import scheduler
from benchmarks.factories import cpsat_alone
from benchmarks.options import AT_LEAST_ONE, POSITIVE, SECONDS, table_file
from benchmarks.records import append, rows_to_continue, write_circumstances
from benchmarks.tables import quantile
from benchmarks.traces import CASES, TRACES, baseline
from scheduler.domain import Instance, Objective, Schedule
from scheduler.domain.events import Event
from scheduler.domain.happened import execution_of
from scheduler.errors import EventError
from scheduler.io.events_file import read_events
from scheduler.rescheduling import POLICIES, repair
from scheduler.terms import value_terms


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """One event on one factory. Seconds are wall time; values are those of the first tier; deviations mean ticks.

    ``answer`` is ``planned``, ``refused`` (the event contradicts the schedule) or ``no plan``. ``violations`` counts
    what the checker says of all schedules of the row. Columns of `scratch` are empty unless it was asked for.
    """

    case: str
    operations: int
    event: str
    type: str
    policy: str
    deadline: float
    answer: str
    shift_seconds: float | None = None
    shift_value: float | None = None
    shift_deviation: float | None = None
    value: float | None = None
    deviation: float | None = None
    seconds: float | None = None
    late_seconds: float | None = None
    by_policy: str = ""
    scratch_limit: float = 0.0
    scratch_value: float | None = None
    scratch_deviation: float | None = None
    violations: int = 0
    reason: str = ""


def answered(
    case: str,
    instance: Instance,
    schedule: Schedule,
    event: Event,
    policy: str,
    deadline: float,
    scratch: float,
    workers: int,
) -> Repaired:
    """Answer an event by right shift and by a policy, and maybe by CP-SAT from scratch, and check all of it."""
    row = Repaired(
        case=case,
        operations=len(schedule.operations),
        event=event.id,
        type=event.type,
        policy=policy,
        deadline=deadline,
        answer="planned",
        scratch_limit=scratch,
    )
    try:
        began_at = time.perf_counter()
        shifted = repair(instance, schedule, [event], policy="right-shift", time_limit=deadline, workers=workers)
        shift_seconds = time.perf_counter() - began_at
        began_at = time.perf_counter()
        found = repair(instance, schedule, [event], policy=policy, time_limit=deadline, workers=workers)
        seconds = time.perf_counter() - began_at
    except EventError as error:
        return replace(row, answer="refused", reason=str(error.defects[0]))
    schedules = [s for s in (shifted.result.schedule, found.result.schedule) if s is not None]
    violations = sum(len(scheduler.check(found.instance, s)) for s in schedules)
    row = replace(row, shift_seconds=shift_seconds, seconds=seconds, late_seconds=max(0.0, seconds - deadline))
    if found.result.schedule is None or found.report is None:
        return replace(row, answer="no plan", violations=violations, reason=found.result.reason)
    row = replace(
        row,
        value=_value(found.instance, found.result.schedule),
        deviation=found.report.mean_deviation,
        by_policy=found.policy,
        violations=violations,
    )
    if shifted.result.schedule is not None and shifted.report is not None:
        value = _value(shifted.instance, shifted.result.schedule)
        row = replace(row, shift_value=value, shift_deviation=shifted.report.mean_deviation)
    if scratch <= 0:
        return row
    objective = Objective.parse(instance.objective)
    fresh, _ = cpsat_alone(forgotten(found.instance), objective, scratch, workers, 0)
    if fresh is None:
        return row
    return replace(
        row,
        scratch_value=_value(found.instance, fresh),
        scratch_deviation=_deviation(found.instance, fresh),
        violations=violations + len(scheduler.check(found.instance, fresh)),
    )


def planned(instance: Instance, seconds: float, workers: int) -> Schedule:
    """Return the schedule before anything happens: constructed, or the best one after so many seconds."""
    found = scheduler.solve(instance, time_limit=seconds, workers=workers).schedule if seconds > 0 else None
    return baseline(instance) if found is None else found


def forgotten(instance: Instance) -> Instance:
    """Return the instance after events as one who has never seen the plan knows it: of the baseline only the past.

    CP-SAT begins with a construction, which would otherwise follow the order of the plan.
    """
    execution = execution_of(instance)
    now, plan = execution.now, execution.baseline
    past = replace(
        plan,
        operations=tuple(o for o in plan.operations if o.start < now),
        setups=tuple(s for s in plan.setups if s.start < now),
        moves=tuple(m for m in plan.moves if m.start < now),
        charges=tuple(c for c in plan.charges if c.start < now),
    )
    return replace(instance, execution=replace(execution, baseline=past))


def _value(instance: Instance, schedule: Schedule) -> float:
    return float(Objective.parse(instance.objective).value(value_terms(instance, schedule))[0])


def _deviation(instance: Instance, schedule: Schedule) -> float:
    """Return the mean of ``|start - start before|`` over the pending operations."""
    execution = execution_of(instance)
    pairs = [
        (o.start, schedule.by_operation.get(o.key)) for o in execution.baseline.operations if o.start >= execution.now
    ]
    gaps = [abs(now.start - before) for before, now in pairs if now is not None]
    return sum(gaps) / max(1, len(gaps))


@click.command("repairs")
@click.argument("cases", nargs=-1, type=click.Choice(list(CASES)))
@click.option(
    "--policy", type=click.Choice(POLICIES), default="auto", show_default=True, help="See `scheduler repair`."
)
@click.option("--deadline", type=POSITIVE, default=2.0, show_default=True, help="Seconds for each repair.")
@click.option(
    "--scratch", type=SECONDS, default=0.0, help="Solve each case with CP-SAT from scratch for so many seconds too."
)
@click.option("--plan", type=SECONDS, default=0.0, help="Seconds to plan before anything happens; 0: only constructed.")
@click.option("--events", type=AT_LEAST_ONE, help="Only the first events of each trace.")
@click.option("--workers", type=AT_LEAST_ONE, default=2, show_default=True)
@click.option("-o", "output", type=table_file, required=True, help="CSV to write or go on with.")
def repairs_command(
    cases: tuple[str, ...],
    policy: str,
    deadline: float,
    scratch: float,
    plan: float,
    events: int | None,
    workers: int,
    output: Path,
) -> None:
    """Answer every event of the frozen traces, each alone; print a line for each case."""
    rows = rows_to_continue(output, Repaired)
    finished = {(row.case, row.event, row.policy) for row in rows}
    write_circumstances(output, policy=policy, deadline=deadline, scratch=scratch, plan=plan, workers=workers)
    for case in cases or CASES:
        instance = CASES[case]()
        schedule = planned(instance, plan, workers)
        for event in read_events(TRACES / f"{case}.jsonl")[:events]:
            if (case, event.id, policy) not in finished:
                row = answered(case, instance, schedule, event, policy, deadline, scratch, workers)
                append(output, row)
                rows.append(row)
        click.echo(summary(case, [row for row in rows if row.case == case and row.policy == policy]))
    unsound = [f"{row.case} {row.event}" for row in rows if row.violations]
    if unsound:
        raise click.ClickException(f"unsound: {', '.join(unsound)}")


def summary(case: str, rows: Sequence[Repaired]) -> str:
    """Return how many events have a plan, how fast, and how the policy compares with CP-SAT from scratch."""
    planned = [row for row in rows if row.answer == "planned"]
    counts = {answer: sum(row.answer == answer for row in rows) for answer in ("refused", "no plan")}
    shifts = [row.shift_seconds for row in planned if row.shift_seconds is not None]
    text = f"{case}: {len(planned)} planned, {counts['refused']} refused, {counts['no plan']} without plan"
    if shifts:
        late = max((row.late_seconds or 0.0) for row in planned)
        p50, p95 = quantile(shifts, 0.5), quantile(shifts, 0.95)
        text += f"; right shift p50 {p50:.3f} s, p95 {p95:.3f} s; at most {late:.2f} s late"
    fresh = [row for row in planned if row.scratch_value is not None and row.value is not None]
    if fresh:
        no_worse = sum((row.value or 0.0) <= (row.scratch_value or 0.0) for row in fresh)
        steady = sum(3 * (row.deviation or 0.0) <= (row.scratch_deviation or 0.0) for row in fresh)
        text += f"; no worse than from scratch {no_worse} of {len(fresh)}, a third of its deviation {steady}"
    return text
