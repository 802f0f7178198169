"""Bounds on time: how early and how late anything can happen in a good schedule.

The horizon is computed, never guessed: too small would cut off optimal schedules, too large slows the model.
"""

from __future__ import annotations

from itertools import pairwise

from scheduler.domain.calendar import Calendar
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job, Operation
from scheduler.domain.routing import lanes_between, links, route
from scheduler.domain.schedule import OperationKey

MAX_HORIZON = 2**45
"""Ticks beyond which an instance is refused; keeps every sum of times far from 64-bit overflow."""


def horizon(instance: Instance) -> int:
    """Return a time by which some optimal schedule ends, whatever the (regular) objective.

    In a schedule in which nothing can start earlier, the activity that ends last is the end of a chain of
    activities, each waiting only for the one before it, a release date, or a calendar; no activity is in it twice.
    So the end is at most ``origin + W`` when nothing has downtimes, where ``origin`` is the latest release date
    (or `now`, or the end of the baseline) and ``W`` adds, for every activity, its longest time with setup, lag and
    empty travel. With downtimes the chain advances only in *common windows*, in which every calendar works; from
    a window of length L it loses at most the longest activity that does not fit at its end any more. Where no
    common windows are long enough, every activity is charged the longest wait its own calendars can cause.
    """
    activities = _activity_times(instance)
    origin = _origin(instance)
    work = sum(activities)
    calendars = _calendars(instance)
    if not calendars:
        return origin + work
    longest = max(activities, default=0)
    waits = origin + work + sum(_longest_wait(calendars, longest) for _ in activities)
    common = _after_common_windows(calendars, origin, work, longest, waits)
    return min(waits, common) if common is not None else waits


def heads(instance: Instance) -> dict[OperationKey, int]:
    """Return the earliest conceivable start of each operation: releases, shortest durations, lags and moves."""
    found: dict[OperationKey, int] = {}
    for job in instance.jobs:
        shortest = {o.id: min((m.duration for m in o.modes), default=0) for o in job.operations}
        arrival = {o.id: job.release_date + _shortest_arrival(instance, o) for o in job.operations}
        earliest = dict.fromkeys(shortest, job.release_date)
        for operation_id in topological_order(job):
            before = [p for p in job.precedences if p.successor == operation_id]
            if before and not job.plans:
                earliest[operation_id] = max(
                    earliest[p.predecessor] + shortest[p.predecessor] + max(p.min_lag, 0) for p in before
                )
            elif not before:
                earliest[operation_id] = arrival[operation_id]
        found.update({(job.id, o): t for o, t in earliest.items()})
    return found


def tails(instance: Instance) -> dict[OperationKey, int]:
    """Return the shortest conceivable time from the start of each operation to the completion of its job."""
    found: dict[OperationKey, int] = {}
    for job in instance.jobs:
        left = {o.id: min((m.duration for m in o.modes), default=0) for o in job.operations}
        if not job.plans:
            for operation_id in reversed(topological_order(job)):
                after = [p for p in job.precedences if p.predecessor == operation_id]
                left[operation_id] += max((left[p.successor] + max(p.min_lag, 0) for p in after), default=0)
        found.update({(job.id, o): t for o, t in left.items()})
    return found


def topological_order(job: Job) -> tuple[str, ...]:
    """Return the operation ids in an order that respects the precedences (file order among equals).

    Raises
    ------
    ValueError
        If the precedences have a cycle (a valid instance has none).
    """
    waiting = {o.id: 0 for o in job.operations}
    after: dict[str, list[str]] = {o.id: [] for o in job.operations}
    for precedence in job.precedences:
        waiting[precedence.successor] += 1
        after[precedence.predecessor].append(precedence.successor)
    ready = [o.id for o in job.operations if waiting[o.id] == 0]
    order: list[str] = []
    for operation_id in ready:
        order.append(operation_id)
        for successor in after[operation_id]:
            waiting[successor] -= 1
            if waiting[successor] == 0:
                ready.append(successor)
    if len(order) != len(job.operations):
        raise ValueError(f"precedences of job {job.id} have a cycle")
    return tuple(order)


def _shortest_arrival(instance: Instance, operation: Operation) -> int:
    times = []
    for mode in operation.modes:
        legs = route(instance, None, instance.machine_by_id[mode.machine]) or ()
        times.append(
            sum(instance.cell_by_id[leg.cell].move_time(leg.origin, leg.destination) for leg in legs if leg.cell)
        )
    return min(times, default=0)


def _origin(instance: Instance) -> int:
    origin = max((job.release_date for job in instance.jobs), default=0)
    if instance.execution is not None:
        baseline = instance.execution.baseline
        ends = [o.end for o in baseline.operations] + [m.end for m in baseline.moves]
        origin = max(origin, instance.execution.now, max(ends, default=0))
    return origin


def _activity_times(instance: Instance) -> list[int]:
    """Longest time of every activity: operations with setup and lag, robot moves with empty move, trips with return."""
    setup = {
        m.id: max((t for row in m.setups.times.values() for t in row.values()), default=0)
        for m in instance.machines
        if m.setups is not None
    }
    times = []
    for job in instance.jobs:
        lag: dict[str, int] = {}
        for precedence in job.precedences:
            lag[precedence.successor] = max(lag.get(precedence.successor, 0), precedence.min_lag)
        for operation in job.operations:
            longest = max(mode.duration + setup.get(mode.machine, 0) for mode in operation.modes)
            times.append(longest + lag.get(operation.id, 0))
        if instance.cells or instance.lanes:
            times.extend(_move_times(instance, job))
    return times


def _move_times(instance: Instance, job: Job) -> list[int]:
    empty = {
        cell.id: max((t for row in cell.travel.values() for t in row.values()), default=0) for cell in instance.cells
    }
    machines = {o.id: [instance.machine_by_id[mode.machine] for mode in o.modes] for o in job.operations}
    times: list[int] = []
    for predecessor, successor, _ in links(job):
        longest: dict[str, int] = {}
        for origin in machines[predecessor] if predecessor else [None]:
            for destination in machines[successor] if successor else [None]:
                for leg in route(instance, origin, destination) or ():
                    if leg.cell is not None:
                        time = instance.cell_by_id[leg.cell].move_time(leg.origin, leg.destination) + empty[leg.cell]
                    else:
                        time = max(lane.cycle_time for lane in lanes_between(instance, leg.origin, leg.destination))
                    longest[leg.slot] = max(longest.get(leg.slot, 0), time)
        times.extend(longest.values())
    return times


def _calendars(instance: Instance) -> list[Calendar]:
    used = {mode.machine for job in instance.jobs for o in job.operations for mode in o.modes}
    calendars = [m.calendar for m in instance.machines if m.id in used]
    calendars += [robot.calendar for cell in instance.cells for robot in cell.robots]
    calendars += [lane.calendar for lane in instance.lanes]
    return list({id(c): c for c in calendars if not c.always_works}.values())


def _longest_wait(calendars: list[Calendar], longest: int) -> int:
    """Longest time by which a calendar can hold up an activity of at most `longest` ticks.

    Under a shift pattern the activity waits for a shift that is long enough (at most two periods), once more for
    every downtime that spoils one, and for every period that an interruptible operation runs into.
    """
    waits = []
    for calendar in calendars:
        wait = sum(d.end - d.start + longest for d in calendar.downtimes)
        if calendar.pattern is not None:
            worked = sum(shift.end - shift.start for shift in calendar.pattern.shifts)
            periods = 1 + len(calendar.downtimes) + -(-longest // worked)
            wait += 2 * periods * calendar.pattern.period + longest
        waits.append(wait)
    return max(waits)


def _after_common_windows(calendars: list[Calendar], origin: int, work: int, longest: int, limit: int) -> int | None:
    """Walk the windows in which all calendars work until `work` ticks are done; None beyond `limit`."""
    until = origin + 1
    while until <= 4 * limit:
        until *= 2
        blocked = Calendar(tuple(d for calendar in calendars for d in calendar.blocked(until))).blocked(until)
        edges = [origin] + [min(max(t, origin), until) for d in blocked for t in (d.start, d.end)] + [until]
        left = work
        for start, end in list(pairwise(edges))[::2]:
            length = end - start
            last = end == until
            useful = length if last else length - longest + 1
            if useful >= left:
                return start + left + longest
            left -= max(useful, 0)
    return None
