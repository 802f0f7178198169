"""Overtime of robots and vehicles: what slow ways have made longer than every shift runs beyond the end of one.

A loaded move does not pause. Once it is longer than every shift of its carrier there is no plan, but a part that is
under way when the shift ends is only late home. With ``off(s, L)`` the ticks off shift in ``[s, s + L)``, a move of
length *L* has to run

    least(L) = min over starts s of shifts of off(s, L)

ticks beyond a shift; no other start has less. Shifts are made so much longer that it fits, and where anything else
would run beyond a shift then, or such a move further than it has to, that shift is closed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from scheduler.domain import Downtime, Instance, Job, Move, Robot, Schedule, ScheduledOperation, Shift, ShiftPattern
from scheduler.domain.calendar import Calendar, working_time
from scheduler.domain.happened import execution_of, started, with_calendar
from scheduler.domain.routing import Leg, may_carry, routes
from scheduler.domain.slowdowns import least_travel
from scheduler.rescheduling.stranded import possible_machines


class _Move(NamedTuple):
    """A loaded move that fits into no shift of its carrier."""

    carrier: str
    length: int


def may_need_overtime(instance: Instance) -> Mapping[str, frozenset[int]]:
    """Return the lengths of moves still to come that are longer than every shift, by carrier that could make them."""
    return _by_carrier(move for legs in _ways(instance) for route in legs for moves in route for move in moves)


def need_overtime(instance: Instance) -> Mapping[str, frozenset[int]]:
    """Return those lengths for parts that can't go their way without: no route has a carrier that fits every leg."""
    if execution_of(instance).aborted:
        return {}  # parts may have been taken over
    doomed = (legs for legs in _ways(instance, with_plans=False) if legs and all(legs))
    return _by_carrier(move for legs in doomed for route in legs for moves in route for move in moves)


def with_overtime(instance: Instance, lengths: Mapping[str, frozenset[int]]) -> Instance:
    """Return the instance in which the shifts of carriers are as long as moves of these lengths need."""
    for carrier, wanted in lengths.items():
        calendar = instance.carrier_by_id[carrier].calendar
        assert calendar.pattern is not None
        pattern = _lengthened(calendar.pattern, wanted)
        instance = with_calendar(instance, carrier, Calendar(calendar.downtimes, pattern))
    return instance


def without_shifts(instance: Instance, carriers: Iterable[str]) -> Instance:
    """Return the instance in which these carriers work whenever they are not down."""
    for carrier in carriers:
        instance = with_calendar(instance, carrier, Calendar(instance.carrier_by_id[carrier].calendar.downtimes))
    return instance


def with_calendars_of(instance: Instance, other: Instance) -> Instance:
    """Return the instance in which robots and vehicles work when they do in another one."""
    for carrier in instance.carrier_by_id.values():
        calendar = other.carrier_by_id[carrier.id].calendar
        if calendar != carrier.calendar:
            instance = with_calendar(instance, carrier.id, calendar)
    return instance


def as_worked(instance: Instance, schedule: Schedule) -> Instance:
    """Return the instance in which carriers work off shift where they do in a schedule, and nowhere else."""
    for carrier in may_need_overtime(instance):
        calendar = instance.carrier_by_id[carrier].calendar
        tasks = _tasks(instance, schedule, carrier)
        blocked = calendar.blocked(max((task.end for task in tasks), default=0))
        windows = [
            Shift(max(off.start, task.start), min(off.end, task.end))
            for task in tasks
            for off in blocked
            if off.start < task.end and off.end > task.start
        ]
        down = [(d.start, d.end) for d in calendar.downtimes]
        windows = [w for w in windows if all(end <= w.start or w.end <= start for start, end in down)]
        if windows:
            instance = with_calendar(instance, carrier, replace(calendar, overtime=tuple(_merged(windows))))
    return instance


def narrowed(wanted: Instance, relaxed: Instance, schedule: Schedule) -> Instance | None:
    """Return the relaxed instance without the first overtime of each carrier that nothing needs; None if it has none.

    Parameters
    ----------
    wanted
        The instance with shifts as they are.
    relaxed
        That in which those of some carriers are longer.
    schedule
        A schedule for the relaxed one.
    """
    found = relaxed
    for carrier in wanted.carrier_by_id.values():
        calendar, longer = carrier.calendar, relaxed.carrier_by_id[carrier.id].calendar
        if calendar.pattern is None or longer.pattern == calendar.pattern:
            continue
        group = wanted.group_by_carrier[carrier.id]
        for task in _tasks(wanted, schedule, carrier.id):
            blocked = calendar.blocked(task.end)
            over, least = task.end - task.start - working_time(blocked, task.start, task.end), 0
            if isinstance(task, Move):
                travel = group.travel_time(task.origin, task.destination, task.start)
                least = _least(calendar.pattern, group.pick_up_time + travel + group.drop_time)
            if over <= least:
                continue
            closed = []
            for off in blocked:
                if off.end > task.start and off.start < task.end:
                    # Its last ticks would be on shift, or not needed, if it began with the shift.
                    begin = max(off.start, task.end - (over - least)) if off.end >= task.end else off.start
                    closed.append(Downtime(begin, off.end, "off shift"))
            downtimes = tuple(sorted((*longer.downtimes, *closed)))
            found = with_calendar(found, carrier.id, replace(longer, downtimes=downtimes))
            break
    return None if found is relaxed else found


def _tasks(instance: Instance, schedule: Schedule, carrier: str) -> list[Move | ScheduledOperation]:
    """Return what a carrier still has to do: loaded moves and what it tends, in order."""
    past = {*execution_of(instance).moves, *started(instance).values()}
    loaded: list[Move | ScheduledOperation] = [m for m in schedule.by_mover.get(carrier, ()) if m.job is not None]
    tasks = [task for task in (*loaded, *schedule.by_tender.get(carrier, ())) if task not in past]
    return sorted(tasks, key=lambda task: (task.start, task.end))


def _ways(instance: Instance, with_plans: bool = True) -> Iterator[list[list[list[_Move]]]]:
    """Yield for each way of a part still to go, by route, the legs on which moves fit into no shift of any carrier.

    Nothing is yielded where shifts have room for every move.
    """
    if not _has_short_shifts(instance):
        return
    begun = started(instance)
    moved = {(m.job, m.predecessor, m.successor, m.origin, m.destination) for m in execution_of(instance).moves}
    for job in instance.jobs:
        if job.plans and not with_plans:
            continue
        for predecessor, successor, _ in job.links:
            if (job.id, successor) in begun:
                continue
            ends = [possible_machines(instance, job, operation) for operation in (predecessor, successor)]
            found = []
            for origin, destination in product(*ends):
                for route in routes(instance, origin, destination):
                    left = (leg for leg in route if leg.kind != "transfer")
                    key = (job.id, predecessor, successor)
                    left = (leg for leg in left if (*key, leg.origin, leg.destination) not in moved)
                    found.append([moves for leg in left if (moves := _too_long(instance, job, leg))])
            yield found


def _has_short_shifts(instance: Instance) -> bool:
    for group in instance.group_by_id.values():
        if group.slowdowns:
            most = group.pick_up_time + instance.longest_travel(group.id) + group.drop_time
            longest = (carrier.calendar.longest for carrier in group.carriers)
            if any(room is not None and room < most for room in longest):
                return True
    return False


def _too_long(instance: Instance, job: Job, leg: Leg) -> list[_Move]:
    """Return the move of each carrier that may do a leg, if it fits into a shift of none of them; else nothing."""
    found = []
    for name in leg.groups:
        for carrier in instance.group_by_id[name].carriers:
            reaches = not isinstance(carrier, Robot) or carrier.reaches(leg.origin, leg.destination)
            if not reaches or not may_carry(instance, carrier.id, job):
                continue
            pace = instance.group_by_carrier[carrier.id]
            length = pace.pick_up_time + least_travel(pace, leg.origin, leg.destination) + pace.drop_time
            room = carrier.calendar.longest
            if room is None or length <= room:
                return []
            found.append(_Move(carrier.id, length))
    return found


def _by_carrier(moves: Iterable[_Move]) -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for move in moves:
        found.setdefault(move.carrier, set()).add(move.length)
    return {carrier: frozenset(lengths) for carrier, lengths in found.items()}


def _off(pattern: ShiftPattern, start: int, length: int) -> int:
    """Return how many ticks of ``[start, start + length)`` are off shift."""
    return length - working_time(Calendar(pattern=pattern).blocked(start + length), start, start + length)


def _least(pattern: ShiftPattern, length: int) -> int:
    """Return how many ticks off shift a move of that length needs."""
    return min(_off(pattern, shift.start, length) for shift in pattern.shifts)


def _lengthened(pattern: ShiftPattern, lengths: Iterable[int]) -> ShiftPattern:
    """Return the pattern in which moves of each length fit where they run beyond a shift by the least."""
    period, windows = pattern.period, list(pattern.shifts)
    for length in lengths:
        least = _least(pattern, length)
        for shift in pattern.shifts:
            end = shift.start + length
            if _off(pattern, shift.start, length) > least:
                continue
            windows.append(Shift(shift.start, min(end, period)))
            if end > period:
                windows.append(Shift(0, min(end - period, period)))
                if end - period > shift.start:
                    windows.append(Shift(0, period))
    return ShiftPattern(period, tuple(_merged(windows)))


def _merged(windows: Iterable[Shift]) -> list[Shift]:
    merged: list[Shift] = []
    for window in sorted(windows):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Shift(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return merged
