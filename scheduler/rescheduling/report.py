"""What a repair cost and changed, in figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from scheduler.domain import Instance, Schedule, ScheduledOperation
from scheduler.domain.events import Event
from scheduler.domain.happened import execution_of
from scheduler.rescheduling.cascade import Delay, depth, told
from scheduler.rescheduling.price import Price, Trade
from scheduler.terms import value_terms


@dataclass(frozen=True, slots=True)
class Report:
    """Baseline against repaired schedule.

    Over the *pending* operations: those in both schedules that the baseline starts at the (first) event or later.

    Attributes
    ----------
    operations_pending, operations_moved
        How many there are, and how many of them start at another time or on another machine.
    total_deviation, mean_deviation, max_deviation
        Of ``|start - baseline start|``, in ticks; the mean over all pending operations.
    reassignments, sequence_changes
        As the objective terms of these names.
    operations_new, operations_cancelled
        Operations only in the repaired schedule, only in the baseline.
    jobs_newly_late, jobs_no_longer_late
        Ids of jobs that miss their due date now and did not before, and the other way round.
    makespan_before, makespan_after
        Latest completion in each schedule.
    match_up_time
        Ticks from the (first) event until all that changed has ended in both schedules; after that they are alike.
    jobs_touched, machines_touched, movers_touched, facilities_touched
        The blast radius: ids of those of which an operation or a loaded move has changed, come or gone.
    cascade
        What the events of the last instant delay while nobody reacts, see `scheduler.rescheduling.cascade`.
    cascade_depth
        How many delays its longest chain has.
    cascade_text
        The cascade as a tree.
    cascade_at
        The last instant, whose events the cascade tells of, if events became known at several; else None.
    price
        The price of stability, if it was asked for.
    trade
        What was given up of the value for less change, at the last instant, if there was anything to choose.
    """

    operations_pending: int
    operations_moved: int
    total_deviation: int
    mean_deviation: float
    max_deviation: int
    reassignments: int
    sequence_changes: int
    operations_new: int
    operations_cancelled: int
    jobs_newly_late: tuple[str, ...]
    jobs_no_longer_late: tuple[str, ...]
    makespan_before: int
    makespan_after: int
    match_up_time: int
    jobs_touched: tuple[str, ...]
    machines_touched: tuple[str, ...]
    movers_touched: tuple[str, ...]
    facilities_touched: tuple[str, ...]
    cascade: tuple[Delay, ...] = ()
    cascade_depth: int = 0
    cascade_text: str = ""
    cascade_at: int | None = None
    price: Price | None = None
    trade: Trade | None = None

    @property
    def efficiency(self) -> float:
        """``100 (1 - (makespan after - makespan before) / makespan before)`` (Abumaizar & Svestka 1997)."""
        if self.makespan_before == 0:
            return 100.0
        return 100.0 * (1 - (self.makespan_after - self.makespan_before) / self.makespan_before)

    def __str__(self) -> str:
        rows = [
            ("operations moved", f"{self.operations_moved} of {self.operations_pending} pending"),
            (
                "start deviation",
                f"total {self.total_deviation}, mean {self.mean_deviation:.1f}, max {self.max_deviation}",
            ),
            ("reassignments", str(self.reassignments)),
            ("sequence changes", str(self.sequence_changes)),
            ("operations new / cancelled", f"{self.operations_new} / {self.operations_cancelled}"),
            ("jobs newly late", _listed(self.jobs_newly_late)),
            ("jobs no longer late", _listed(self.jobs_no_longer_late)),
            ("match-up", f"{self.match_up_time} after the event"),
            (
                "touched",
                f"jobs {len(self.jobs_touched)}, machines {len(self.machines_touched)}, "
                f"movers {len(self.movers_touched)}, facilities {len(self.facilities_touched)}",
            ),
            ("makespan", f"{self.makespan_before} -> {self.makespan_after} (efficiency {self.efficiency:.1f} %)"),
        ]
        if self.trade is not None and self.trade.deviation < self.trade.deviation_before:
            rows.append(("given for stability", str(self.trade)))
        if self.price is not None:
            rows.append(("price of stability", str(self.price)))
        width = max(len(name) for name, _ in rows)
        table = "\n".join(f"{name:<{width}}  {text}" for name, text in rows)
        if not self.cascade and self.cascade_at is None:
            return table
        which = "the events" if self.cascade_at is None else f"the events at {self.cascade_at}"
        extent = f"{len(self.cascade)}, {self.cascade_depth} deep\n{self.cascade_text}" if self.cascade else "nothing"
        return f"{table}\n\nWhat {which} delay with all orders kept: {extent}"

    def as_json(self) -> dict[str, Any]:
        """Return all figures, lists and the cascade as JSON values; ``cause`` is a position in the cascade."""
        price = None if self.price is None else {**asdict(self.price), "price": self.price.price}
        return {**asdict(self), "efficiency": self.efficiency, "price": price}


def compare(
    before: Instance,
    baseline: Schedule,
    after: Instance,
    schedule: Schedule,
    event_at: int,
    cascade: tuple[Delay, ...] = (),
    events: Sequence[Event] = (),
) -> Report:
    """Compare the schedule in force before the first event, at `event_at`, with the repaired one.

    Parameters
    ----------
    before, baseline
        Instance and schedule before the events.
    after, schedule
        Instance (with `execution`) and schedule after all of them.
    event_at
        The instant of the first event.
    cascade, events
        The delays of the last right shift, and the events that it answers.
    """
    last = execution_of(after)
    execution = replace(last, now=event_at, baseline=baseline)
    terms = value_terms(replace(after, execution=execution), schedule)
    pairs = [
        (was, schedule.by_operation[was.key])
        for was in baseline.operations
        if was.start >= event_at and was.key in schedule.by_operation
    ]
    deviations = [abs(now.start - was.start) for was, now in pairs]
    changed = _changed(baseline, schedule, event_at)
    machines = {o.machine for o in changed}
    facilities = {(after if m in after.machine_by_id else before).machine_by_id[m].facility for m in machines}
    late_before, late_after = _late(before, baseline), _late(after, schedule)
    return Report(
        operations_pending=len(pairs),
        operations_moved=sum((now.start, now.machine) != (was.start, was.machine) for was, now in pairs),
        total_deviation=sum(deviations),
        mean_deviation=sum(deviations) / len(deviations) if deviations else 0.0,
        max_deviation=max(deviations, default=0),
        reassignments=terms["reassignments"],
        sequence_changes=terms["sequence_changes"],
        operations_new=sum(o.key not in baseline.by_operation for o in schedule.operations),
        operations_cancelled=sum(o.key not in schedule.by_operation for o in baseline.operations),
        jobs_newly_late=tuple(job for job in late_after if job not in late_before),
        jobs_no_longer_late=tuple(job for job in late_before if job not in late_after),
        makespan_before=baseline.makespan,
        makespan_after=schedule.makespan,
        match_up_time=max((o.end - event_at for o in changed), default=0),
        jobs_touched=tuple(sorted({o.job for o in changed})),
        machines_touched=tuple(sorted(machines)),
        movers_touched=_movers(baseline, schedule, event_at),
        facilities_touched=tuple(sorted(facilities)),
        cascade=cascade,
        cascade_depth=depth(cascade),
        cascade_text=told(cascade, events),
        cascade_at=last.now if last.now > event_at else None,
    )


def _changed(before: Schedule, after: Schedule, event_at: int) -> list[ScheduledOperation]:
    """Return the operations of either schedule that end after the event and are not alike in the other."""
    found = []
    for schedule, other in ((before, after), (after, before)):
        for operation in schedule.operations:
            twin = other.by_operation.get(operation.key)
            times = (operation.start, operation.end, operation.machine)
            if operation.end > event_at and (twin is None or times != (twin.start, twin.end, twin.machine)):
                found.append(operation)
    return found


def _movers(before: Schedule, after: Schedule, event_at: int) -> tuple[str, ...]:
    """Return the movers whose loaded moves that end after the event are not alike."""
    moves = [{m for m in s.moves if m.job is not None and m.end > event_at} for s in (before, after)]
    return tuple(sorted({move.mover for move in moves[0] ^ moves[1]}))


def _late(instance: Instance, schedule: Schedule) -> tuple[str, ...]:
    return tuple(
        job.id
        for job in instance.jobs
        if job.due_date is not None and schedule.completions.get(job.id, job.due_date) > job.due_date
    )


def _listed(jobs: tuple[str, ...]) -> str:
    if len(jobs) > 8:
        return f"{len(jobs)}: {', '.join(jobs[:8])} ..."
    return f"{len(jobs)}: {', '.join(jobs)}" if jobs else "0"
