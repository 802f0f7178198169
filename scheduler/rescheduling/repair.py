"""Repair: from the schedule in force and what has happened to a new schedule, within a time limit."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from time import monotonic

from scheduler.constraints import Violation
from scheduler.domain import Instance, Objective, Progress, Result, Schedule, Status, Stop
from scheduler.domain.collector import collector_paused
from scheduler.domain.events import Event, Revision, pinned, revise
from scheduler.domain.events.archive import without_jobs
from scheduler.domain.events.undo import with_waits
from scheduler.domain.execution import Wait
from scheduler.domain.happened import execution_of
from scheduler.rescheduling.answer import answer
from scheduler.rescheduling.case import Best, Case
from scheduler.rescheduling.concessions import conceded
from scheduler.rescheduling.degrade import Degraded
from scheduler.rescheduling.price import price_of_stability as priced
from scheduler.rescheduling.report import Report, compare
from scheduler.rescheduling.requirements import (
    distinct,
    require_possible_past,
    require_right,
    require_usable,
    require_valid_orders,
)
from scheduler.rescheduling.right_shift import Shift, shift, waits_of
from scheduler.rescheduling.stability import with_stability


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
        Baseline against result, or degraded schedule, in figures; None without, and in what `on_improvement` is given.
    shift
        The right shift for the last instant.
    degraded
        Where there is no schedule: the one that breaks hard limits least, with what it breaks.
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

    @property
    def broken(self) -> tuple[Violation, ...]:
        """The limits that the schedule breaks; none unless it is degraded."""
        return () if self.degraded is None else self.degraded.broken

    @property
    def schedule(self) -> Schedule | None:
        """The schedule of the result, else the degraded one, if there is one."""
        return self.result.schedule if self.degraded is None else self.degraded.schedule

    @property
    def stated(self) -> Result:
        """The result as files state it: with the degraded schedule where there is no other."""
        if self.degraded is None:
            return self.result
        return replace(self.result, schedule=self.degraded.schedule, terms=self.degraded.terms, bounds=())

    @property
    def rank(self) -> tuple[Fraction | int, ...]:
        """By how much limits are broken, then the value of each tier: the least is the best."""
        excess = 0 if self.degraded is None else self.degraded.excess
        return (excess, *(self.stated.values or ()))


def repair(
    instance: Instance,
    schedule: Schedule,
    events: Sequence[Event],
    *,
    now: int | None = None,
    policy: str = "auto",
    frozen_until: int | None = None,
    objective: str | Objective | None = None,
    allowance: float | None = None,
    tax: float | None = None,
    time_limit: float = 10.0,
    workers: int | None = None,
    seed: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
    on_improvement: Callable[[Repair], None] | None = None,
    stop: Stop | None = None,
    is_checked: bool = False,
    broken: Sequence[Violation] = (),
    fits: bool = True,
    price_of_stability: float | None = None,
    archived: Sequence[str] = (),
) -> Repair:
    """Find a schedule that respects what has happened and changes no more than it is worth.

    The past stays: what the schedule starts before an event is known has happened. Events that become known at one
    instant are handled together, instants one after the other, each with an equal share of the time that is left. Each
    time the right shift is found first, in milliseconds, and is the answer unless something better turns up. The answer
    comes when the time is up, whatever the engines are doing then; only where there is no schedule yet, construction
    has a second more.

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
    allowance
        What stability may cost, as a share of the value: of all schedules whose tiers before those of stability are at
        most so much above the best found, ``auto`` and ``reoptimise`` look for the one with the least change.
    tax
        What change costs: they take an improvement of the value only if it is worth its change, where all jobs ``tax``
        ticks later is worth as much as all operations a tick off their starts. 0: any improvement is.
        Default, without an allowance: a quarter of a tick in large networks; in large job shops an allowance of 0.5 %.
        See `scheduler.rescheduling.stability`.
    time_limit, workers, seed, on_progress, stop
        As for `scheduler.solve`.
    is_checked
        Whether the schedule, but for `broken`, is known to pass the checker: it is not checked again then.
    fits
        Whether new jobs are fitted into gaps of the right shift; without, a right shift has them behind all others.
    archived
        Finished jobs that leave instance and schedule first.
    on_improvement
        Called with every better schedule for the last instant, checked, from a thread of the search.
    broken
        The limits that the schedule is known to break, if it is a degraded one.
    price_of_stability
        So many seconds more, to tell in the report what it costs that so little changes; see `Price`.

    Raises
    ------
    EventError
        If an event contradicts the instance, another event, or what has happened.
    ScheduleError
        If the schedule breaks a rule before the events, but for the limits in `broken`.
    ObjectiveError
        If the objective text can't be read.
    ValueError
        If there is no event, the policy is unknown, allowance or tax is out of range or both are given, or the time
        limit or number of workers is not positive.
    """
    began_at = monotonic()
    text = instance.objective if objective is None else objective
    wanted = text if isinstance(text, Objective) else Objective.parse(text)
    require_usable(policy, events, allowance, tax, time_limit, workers)
    events = distinct(events)
    if not is_checked:
        require_right(instance, schedule, broken)
    check_seconds = monotonic() - began_at
    instance, schedule = without_jobs(instance, schedule, archived)
    moments = {event.id: event.known_at if now is None else now for event in events}
    ordered = sorted(events, key=lambda event: moments[event.id])
    groups = [(at, tuple(group)) for at, group in groupby(ordered, key=lambda event: moments[event.id])]
    revised, current, is_broken = instance, schedule, bool(broken)
    revisions: list[Revision] = []
    for number, (at, group) in enumerate(groups):
        began = monotonic()
        revision = Revision(at, frozen_until or 0, group, current, archived=tuple(archived) if number == 0 else ())
        with collector_paused():
            revised = revise(revised, revision)
            require_valid_orders(revised, group)
            require_possible_past(revised, current, group)
            revised, shifted, waits = _frozen(revised, is_broken)
        case = Case(
            revised,
            shifted,
            with_stability(revised, wanted),
            ends_at=began + (began_at + time_limit - began) / (len(groups) - number),
            check_seconds=check_seconds,
            allowance=None if allowance is None else Fraction(str(allowance)),
            tax=None if tax is None else Fraction(str(tax)),
            workers=workers or os.cpu_count() or 1,
            seed=seed,
            on_progress=on_progress,
            began_at=began,
            frees=any(event.frees for event in group),
            fits=fits,
        )
        revisions.append(replace(revision, pins=execution_of(revised).pins, waits=waits))
        told = _Publisher(case, tuple(revisions), schedule, on_improvement)
        is_told = on_improvement is not None and number == len(groups) - 1
        case.on_better = told.better if is_told else None
        fallen, whose = answer(case, policy, stop or Stop(), on_degraded=told.degraded if is_told else None)
        result = case.result()
        found = result.schedule if fallen is None else fallen.schedule
        if found is None:
            break
        current, is_broken = found, fallen is not None
    result = replace(result, seconds=monotonic() - began_at)
    name = whose if case.best is None else case.best.policy
    report = None
    if found is not None:
        report = compare(instance, schedule, revised, found, groups[0][0], shifted.delays, group)
        report = replace(report, trade=case.trade_made)
        if price_of_stability is not None:
            seconds = price_of_stability
            price = priced(revised, found, wanted, time_limit=seconds, workers=workers, seed=seed, stop=stop)
            report = replace(report, price=price)
    return Repair(revised, tuple(revisions), schedule, result, name, report, shifted, fallen)


def repair_further(
    instance: Instance,
    first: Repair,
    *,
    policy: str = "auto",
    allowance: float | None = None,
    tax: float | None = None,
    time_limit: float = 10.0,
    workers: int | None = None,
    seed: int = 0,
    on_improvement: Callable[[Repair], None] | None = None,
    stop: Stop | None = None,
) -> Repair:
    """Go on from the repair of one instant with another policy: its right shift and its schedule are there already.

    From a degraded one it looks for a schedule that keeps every limit, else one that breaks them less or is better.

    Parameters
    ----------
    instance
        The instance before the events.
    first
        What `repair` returned for it.
    policy, allowance, tax, time_limit, workers, seed, on_improvement, stop
        As for `repair`.

    Raises
    ------
    ValueError
        If the repair has no schedule, not even a degraded one, or as for `repair`.
    """
    began_at = monotonic()
    (revision,) = first.revisions
    require_usable(policy, revision.events, allowance, tax, time_limit, workers)
    if first.shift is None or first.schedule is None:
        raise ValueError("there is no schedule to go on from")
    result, best = first.result, None
    if result.schedule is not None and result.values is not None:
        best = Best(result.schedule, result.terms, result.values, first.policy)
    case = Case(
        first.instance,
        first.shift,
        result.objective,
        ends_at=began_at + time_limit,
        allowance=None if allowance is None else Fraction(str(allowance)),
        tax=None if tax is None else Fraction(str(tax)),
        workers=workers or os.cpu_count() or 1,
        seed=seed,
        began_at=began_at,
        frees=any(event.frees for event in revision.events),
        best=best,
        is_lost=result.status is Status.INFEASIBLE,
        reason=result.reason,
    )
    told = _Publisher(case, first.revisions, first.baseline, on_improvement)
    is_told = on_improvement is not None
    case.on_better = told.better if is_told else None
    on_degraded = told.degraded if is_told else None
    fallen, whose = answer(case, policy, stop or Stop(), known=first.degraded, on_degraded=on_degraded)
    policy = whose if case.best is None else case.best.policy
    found = replace(first, result=case.result(), policy=policy, degraded=fallen)
    # Of two plans that keep every limit the later one is better, though its value alone may be worse.
    is_later = found.schedule is not first.schedule and not found.is_degraded and not first.is_degraded
    if found.schedule is None or (found.rank >= first.rank and not is_later):
        return first
    found = reported(instance, found)
    assert found.report is not None
    return replace(found, report=replace(found.report, trade=case.trade_made))


def reported(instance: Instance, found: Repair) -> Repair:
    """Return the repair of one instant, one that `on_improvement` was given say, with its report.

    Parameters
    ----------
    instance
        The instance before the events.
    found
        A repair with a schedule.
    """
    (revision,) = found.revisions
    assert found.schedule is not None and found.shift is not None
    delays, events = found.shift.delays, revision.events
    report = compare(instance, found.baseline, found.instance, found.schedule, revision.now, delays, events)
    return replace(found, report=report)


@dataclass(frozen=True)
class _Publisher:
    """Hands every better schedule of a case over as a repair."""

    case: Case
    revisions: tuple[Revision, ...]
    baseline: Schedule
    on_improvement: Callable[[Repair], None] | None

    def better(self, best: Best) -> None:
        self._publish(best.policy, None)

    def degraded(self, found: Degraded, policy: str) -> None:
        self._publish(policy, found)

    def _publish(self, policy: str, fallen: Degraded | None) -> None:
        assert self.on_improvement is not None
        result = self.case.result()
        self.on_improvement(
            Repair(self.case.instance, self.revisions, self.baseline, result, policy, None, self.case.shift, fallen)
        )


def _frozen(instance: Instance, is_broken: bool) -> tuple[Instance, Shift, tuple[Wait, ...]]:
    """Return the instance with the frozen horizon and the pins where the right shift puts them, that, and the waits.

    Robots and vehicles under way wait where nothing else helps. Where there is no right shift, deadlines aside, frozen
    operations have to stay. A right shift of a baseline that breaks limits (`is_broken`) may break them as far.
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
    if placed is None and is_broken:
        placed = shift(conceded(instance, baseline), baseline).kept
    operations = (placed or baseline).operations
    pins = tuple(o for o in operations if o.key in frozen and o.key in instance.operation_by_key)
    instance = replace(instance, execution=replace(execution, pins=pins))
    there = {} if shifted.placed is None else shifted.placed.by_operation
    if any(pin.key in there and there[pin.key].start != pin.start for pin in pins):
        shifted = shift(instance, baseline)  # new jobs, with a charge more for them, would move what is pinned
    return instance, shifted, waits
