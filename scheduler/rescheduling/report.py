"""What a repair cost and changed, in figures."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scheduler.domain import Instance, Schedule
from scheduler.domain.happened import execution_of
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
            ("makespan", f"{self.makespan_before} -> {self.makespan_after} (efficiency {self.efficiency:.1f} %)"),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)


def compare(before: Instance, baseline: Schedule, after: Instance, schedule: Schedule, event_at: int) -> Report:
    """Compare the schedule in force before the first event, at `event_at`, with the repaired one.

    Parameters
    ----------
    before, baseline
        Instance and schedule before the events.
    after, schedule
        Instance (with `execution`) and schedule after all of them.
    event_at
        The instant of the first event.
    """
    execution = replace(execution_of(after), now=event_at, baseline=baseline)
    terms = value_terms(replace(after, execution=execution), schedule)
    pairs = [
        (was, schedule.by_operation[was.key])
        for was in baseline.operations
        if was.start >= event_at and was.key in schedule.by_operation
    ]
    deviations = [abs(now.start - was.start) for was, now in pairs]
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
    )


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
