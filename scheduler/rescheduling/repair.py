"""Repair: from the schedule in force and what has happened to a new schedule, within a time limit."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from threading import Thread
from time import monotonic

from scheduler.checker import check
from scheduler.domain import Instance, Job, Objective, Progress, Result, Schedule, Stop
from scheduler.domain.collector import collector_paused
from scheduler.domain.events import Event, QuantityChange, Revision, Rework, RushOrder, pinned, revise, same
from scheduler.domain.events.undo import with_waits
from scheduler.domain.execution import Wait
from scheduler.domain.happened import execution_of
from scheduler.errors import Defect, EventError, ScheduleError
from scheduler.rescheduling.case import Best, Case
from scheduler.rescheduling.degrade import Degraded, degraded
from scheduler.rescheduling.policies import POLICIES
from scheduler.rescheduling.report import Report, compare
from scheduler.rescheduling.right_shift import Shift, shift, waits_of
from scheduler.rescheduling.stability import with_stability

_PEEK = 0.05
"""Seconds between two looks at how long checks take."""


@dataclass(frozen=True)
class Repair:
    """Outcome of `scheduler.repair`.

    Attributes
    ----------
    instance
        The instance after all events that were handled, with `execution`; `result.schedule` is for it.
    revisions
        What happened, instant by instant; each revision's baseline is the result of the one before.
    baseline
        The schedule in force before the first event.
    result
        As from `scheduler.solve`; its objective has a last tier that taxes change.
    policy
        The policy whose schedule it is, of `POLICIES`; ``auto`` is none, as its steps are.
    report
        Baseline against result in figures; None without schedule, and in what `on_improvement` is given.
    shift
        The right shift for the last instant.
    degraded
        Where there is no schedule: the one that breaks deadlines, pins and maximum lags least, with what it breaks.
    """

    instance: Instance
    revisions: tuple[Revision, ...]
    baseline: Schedule
    result: Result
    policy: str
    report: Report | None
    shift: Shift | None = None
    degraded: Degraded | None = None

    @property
    def is_degraded(self) -> bool:
        """Whether no schedule keeps every hard limit, as far as known, and the least violating one is offered."""
        return self.degraded is not None


def repair(
    instance: Instance,
    schedule: Schedule,
    events: Sequence[Event],
    *,
    now: int | None = None,
    policy: str = "auto",
    frozen_until: int | None = None,
    objective: str | Objective | None = None,
    time_limit: float = 10.0,
    workers: int | None = None,
    seed: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
    on_improvement: Callable[[Repair], None] | None = None,
    stop: Stop | None = None,
    is_checked: bool = False,
    fits: bool = True,
) -> Repair:
    """Find a schedule that respects what has happened and changes no more than it is worth.

    The past stays: what the schedule starts before an event is known has happened. Events that become known at one
    instant are handled together, instants one after the other, each with an equal share of the time that is left. Each
    time the right shift is found first, in milliseconds, and is the answer unless something better turns up. The answer
    comes when the time is up, whatever the engines are doing then.

    Parameters
    ----------
    instance, schedule
        The instance and its schedule in force; the schedule has to be right for it.
    events
        At least one; in any order. Those that the instance has on its log already are passed over.
    now
        The instant at which all of them are handled. Default: each when it became known (`Event.known_at`).
    policy
        ``absorb`` moves nothing, and has no schedule where something has to move. ``right-shift`` keeps all assignments
        and orders. ``reroute`` lets what the events hit, and what follows from it, go elsewhere. ``match-up`` rebuilds
        the plan up to an instant after which it is unchanged. ``reoptimise`` frees everything that has not started.
        ``auto`` takes one after the other. Where its own way leads to no schedule, each but ``absorb`` reoptimises.
    frozen_until
        Operations that the baseline starts before it keep machine and start, but for what the events force.
    objective
        Default: the instance's. Unless it has stability terms, a last tier that taxes change is added.
    time_limit, workers, seed, on_progress, stop
        As for `scheduler.solve`.
    is_checked
        Whether the schedule is known to pass the checker for this instance: it is not checked again then.
    fits
        Whether new jobs are fitted into gaps of the right shift; without, a right shift has them behind all others.
    on_improvement
        Called with every better schedule for the last instant, checked, from a thread of the search.

    Raises
    ------
    EventError
        If an event contradicts the instance, another event, or what has happened.
    ScheduleError
        If the schedule breaks a rule before the events.
    ObjectiveError
        If the objective text can't be read.
    ValueError
        If there is no event, the policy is unknown, or the time limit or number of workers is not positive.
    """
    began_at = monotonic()
    text = instance.objective if objective is None else objective
    wanted = text if isinstance(text, Objective) else Objective.parse(text)
    _require_usable(policy, events, time_limit, workers)
    events = _distinct(events)
    if not is_checked:
        _require_right(instance, schedule)
    check_seconds = monotonic() - began_at
    moments = {event.id: event.known_at if now is None else now for event in events}
    ordered = sorted(events, key=lambda event: moments[event.id])
    groups = [(at, tuple(group)) for at, group in groupby(ordered, key=lambda event: moments[event.id])]
    revised, current = instance, schedule
    revisions: list[Revision] = []
    fallen: Degraded | None = None
    for number, (at, group) in enumerate(groups):
        began = monotonic()
        revision = Revision(at, frozen_until or 0, group, current)
        revised = revise(revised, revision)
        _require_valid_orders(revised, group)
        with collector_paused():
            revised, shifted, waits = _frozen(revised)
        case = Case(
            revised,
            shifted,
            with_stability(revised, wanted),
            ends_at=began + (began_at + time_limit - began) / (len(groups) - number),
            check_seconds=check_seconds,
            workers=workers or os.cpu_count() or 1,
            seed=seed,
            on_progress=on_progress,
            began_at=began,
            frees=any(event.frees for event in group),
            fits=fits,
        )
        revisions.append(replace(revision, pins=execution_of(revised).pins, waits=waits))
        if on_improvement is not None and number == len(groups) - 1:
            case.on_better = _publisher(case, tuple(revisions), schedule, on_improvement)
        with (stop or Stop()).calling(case.stop.request):
            _follow(case, policy)
        result = case.result()
        if result.schedule is None:
            fallen = None if policy == "absorb" else degraded(replace(case, stop=stop or Stop()))
            break
        current = result.schedule
    result = replace(result, seconds=monotonic() - began_at)
    name = policy if case.best is None else case.best.policy
    report = None
    if result.schedule is not None:
        report = compare(instance, schedule, revised, result.schedule, groups[0][0], shifted.delays, group)
    return Repair(revised, tuple(revisions), schedule, result, name, report, shifted, fallen)


def repair_further(
    instance: Instance,
    first: Repair,
    *,
    policy: str = "auto",
    time_limit: float = 10.0,
    workers: int | None = None,
    seed: int = 0,
    on_improvement: Callable[[Repair], None] | None = None,
    stop: Stop | None = None,
) -> Repair:
    """Go on from the repair of one instant with another policy: its right shift and its schedule are there already.

    Parameters
    ----------
    instance
        The instance before the events.
    first
        What `repair` returned for it.
    policy, time_limit, workers, seed, on_improvement, stop
        As for `repair`.

    Raises
    ------
    ValueError
        If the repair has no schedule, the policy is unknown, or the time limit or number of workers is not positive.
    """
    began_at = monotonic()
    (revision,) = first.revisions
    _require_usable(policy, revision.events, time_limit, workers)
    values, schedule = first.result.values, first.result.schedule
    if first.shift is None or schedule is None or values is None:
        raise ValueError("there is no schedule to go on from")
    case = Case(
        first.instance,
        first.shift,
        first.result.objective,
        ends_at=began_at + time_limit,
        workers=workers or os.cpu_count() or 1,
        seed=seed,
        began_at=began_at,
        frees=any(event.frees for event in revision.events),
        best=Best(schedule, first.result.terms, values, first.policy),
    )
    if on_improvement is not None:
        case.on_better = _publisher(case, first.revisions, first.baseline, on_improvement)
    with (stop or Stop()).calling(case.stop.request):
        _follow(case, policy)
    result, best = case.result(), case.best
    if best is None or best.schedule is schedule or result.schedule is None:
        return first
    events, delays = revision.events, first.shift.delays
    report = compare(instance, first.baseline, first.instance, result.schedule, revision.now, delays, events)
    return replace(first, result=result, policy=best.policy, report=report)


def _publisher(
    case: Case, revisions: tuple[Revision, ...], baseline: Schedule, on_improvement: Callable[[Repair], None]
) -> Callable[[Best], None]:
    def publish(best: Best) -> None:
        on_improvement(Repair(case.instance, revisions, baseline, case.result(), best.policy, None))

    return publish


def _follow(case: Case, policy: str) -> None:
    """Let a policy work on the case in a thread of its own until the time is up, Ctrl-C, or its end.

    An engine that is still busy then is left behind: it stops soon, and nothing that it finds counts any more. The time
    is up a moment before the answer is due, as the report takes its time too.
    """
    failures: list[BaseException] = []

    def work() -> None:
        try:
            POLICIES[policy](case)
        except BaseException as failure:  # raised again below, in the thread of the caller
            failures.append(failure)

    thread = Thread(target=work, name=policy, daemon=True)
    thread.start()
    try:
        while thread.is_alive() and (seconds := case.due_at - monotonic()) > 0:
            thread.join(min(seconds, _PEEK))
    except KeyboardInterrupt:
        case.stop.request()
        thread.join(1.0)
    if case.best is None and case.shift.schedule is not None and policy != "absorb":
        case.offer(case.shift.schedule, "right-shift")  # the time was up before the policy came to it
    case.close()
    if failures:
        raise failures[0]


def _frozen(instance: Instance) -> tuple[Instance, Shift, tuple[Wait, ...]]:
    """Return the instance with the frozen horizon and the pins where the right shift puts them, that, and the waits.

    Robots and vehicles under way wait where nothing else helps. Where there is no right shift, deadlines aside, frozen
    operations have to stay.
    """
    baseline = execution_of(instance).baseline
    shifted = shift(instance, baseline)
    waits: tuple[Wait, ...] = ()
    if shifted.kept is None:
        waits = waits_of(instance, baseline)
        instance = with_waits(instance, waits)
        shifted = shift(instance, baseline)
    execution = execution_of(instance)
    kept = pinned(instance)
    frozen = {
        o.key
        for o in baseline.operations
        if execution.now <= o.start and (o.start < execution.frozen_until or o.key in kept)
    }
    placed = shifted.kept
    operations = (placed or baseline).operations
    pins = tuple(o for o in operations if o.key in frozen and o.key in instance.operation_by_key)
    return replace(instance, execution=replace(execution, pins=pins)), shifted, waits


def _require_usable(policy: str, events: Sequence[Event], time_limit: float, workers: int | None) -> None:
    if policy not in POLICIES:
        raise ValueError(f"unknown policy {policy!r}; known policies: {', '.join(POLICIES)}")
    if not events:
        raise ValueError("there is no event to repair for")
    if time_limit <= 0:
        raise ValueError(f"time_limit must be positive, got {time_limit}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")


def _distinct(events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events, each once."""
    found: dict[str, Event] = {}
    for event in events:
        if not same(found.setdefault(event.id, event), event):
            defect = event.defect("E604", "id", f"two events have the id {event.id}", "give each its own")
            raise EventError("events", (defect,))
    return tuple(found.values())


def _require_right(instance: Instance, schedule: Schedule) -> None:
    found = check(instance, schedule)
    if found:
        fix = "repair a schedule that `scheduler check` passes"
        defects = (Defect("E606", violation.where, f"{violation.rule}: {violation.detail}", fix) for violation in found)
        raise ScheduleError(instance.name, tuple(defects))


def _require_valid_orders(instance: Instance, events: Sequence[Event]) -> None:
    """Validate each job that is new, got operations or another size, as if it stood in an instance file."""
    orders: list[tuple[Event, Job, int]] = []  # with the number of the first operation that is new
    for event in events:
        if isinstance(event, RushOrder):
            orders.append((event, event.job, 0))
        elif isinstance(event, (Rework, QuantityChange)) and event.job in instance.job_by_id:
            job = instance.job_by_id[event.job]
            new = len(event.route) if isinstance(event, Rework) else 0
            orders.append((event, job, len(job.operations) - new))
    if not orders:
        return
    # Here, not above: the file models take their time to load.
    from scheduler.io.validate import defects

    found = [
        event.defect(defect.code, defect.where.replace("$.jobs[0]", "job", 1), defect.cause, defect.fix)
        for event, job, new in orders
        for defect in defects(replace(instance, jobs=(job,), execution=None))
        if defect.code != "E312" or _number_of(defect) >= new  # earlier events may have made modes alike
    ]
    if found:
        raise EventError("events", tuple(found))


def _number_of(defect: Defect) -> int:
    """Return the number of the operation that a defect is about; later than all if it is about the job."""
    found = re.match(r"\$\.jobs\[0\]\.operations\[(\d+)\]", defect.where)
    return int(found[1]) if found is not None else sys.maxsize
