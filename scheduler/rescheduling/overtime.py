"""Overtime of robots, vehicles and lanes: what slow ways have made longer than every shift runs beyond the end of one.

A loaded move does not pause. Once it is longer than every shift of its carrier there is no plan, but a part that is
under way when the shift ends is only late home. With ``off(s, L)`` the ticks off shift in ``[s, s + L)``, a move of
length *L* has to run

    least(L) = min over starts s of shifts of off(s, L)

ticks beyond a shift; no other start has less. Shifts are made so much longer that it fits, and where anything else
would run beyond a shift then, or such a move further than it has to, that shift is closed again. A lane on which every
trip is too long departs only where trips run beyond shifts by the least, see `scheduler.rescheduling.lane_overtime`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

from scheduler.domain import (
    Downtime,
    Instance,
    Job,
    Lane,
    Move,
    Robot,
    Schedule,
    ScheduledOperation,
    Shift,
    ShiftPattern,
)
from scheduler.domain.calendar import Calendar, working_time
from scheduler.domain.happened import execution_of, started, with_calendar, with_lane
from scheduler.domain.routing import Leg, in_loads, may_carry, routes
from scheduler.domain.slowdowns import least_travel
from scheduler.rescheduling.lane_overtime import has_room, merged, off_shift, with_room, wrapped
from scheduler.rescheduling.stranded import possible_machines


class _Move(NamedTuple):
    """A loaded move that fits into no shift of its mover: a robot, or a vehicle of a fleet or lane."""

    mover: str
    length: int


def may_need_overtime(instance: Instance) -> Mapping[str, frozenset[int]]:
    """Return the lengths of moves still to come that are longer than every shift, by mover that could make them."""
    return _by_mover(move for legs in _ways(instance) for route in legs for moves in route for move in moves)


def need_overtime(instance: Instance) -> Mapping[str, frozenset[int]]:
    """Return those lengths for parts that can't go their way without: no route has a mover that fits every leg."""
    if execution_of(instance).aborted:
        return {}  # parts may have been taken over
    doomed = (legs for legs in _ways(instance, with_plans=False) if legs and all(legs))
    return _by_mover(move for legs in doomed for route in legs for moves in route for move in moves)


def with_overtime(instance: Instance, lengths: Mapping[str, frozenset[int]]) -> Instance:
    """Return the instance in which the shifts of movers are as long as moves of these lengths need."""
    for lane in _lanes(instance, lengths):
        instance = with_lane(instance, with_room(lane, execution_of(instance).now))
    for carrier in lengths.keys() & instance.carrier_by_id.keys():
        calendar = instance.carrier_by_id[carrier].calendar
        assert calendar.pattern is not None
        pattern = _lengthened(calendar.pattern, lengths[carrier])
        instance = with_calendar(instance, carrier, Calendar(calendar.downtimes, pattern))
    return instance


def without_shifts(instance: Instance, movers: Iterable[str]) -> Instance:
    """Return the instance in which these movers work whenever they are not down."""
    movers = frozenset(movers)
    for lane in _lanes(instance, movers):
        instance = with_lane(instance, replace(lane, calendar=Calendar(lane.calendar.downtimes)))
    for carrier in movers & instance.carrier_by_id.keys():
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
    """Return the instance in which movers work off shift where they do in a schedule, and nowhere else."""
    movers = may_need_overtime(instance)
    for lane in _lanes(instance, movers):
        trips = [trip for vehicle in lane.vehicle_ids for trip in _tasks(instance, schedule, vehicle)]
        instance = with_lane(instance, replace(lane, calendar=_worked(lane.calendar, trips)))
    for carrier in movers.keys() & instance.carrier_by_id.keys():
        calendar = instance.carrier_by_id[carrier].calendar
        instance = with_calendar(instance, carrier, _worked(calendar, _tasks(instance, schedule, carrier)))
    return instance


def _worked(calendar: Calendar, tasks: Iterable[Move | ScheduledOperation]) -> Calendar:
    """Return the calendar with as much overtime as tasks have outside downtimes."""
    tasks = tuple(tasks)
    blocked = calendar.blocked(max((task.end for task in tasks), default=0))
    windows = {
        Shift(max(off.start, task.start), min(off.end, task.end))
        for task in tasks
        for off in blocked
        if off.start < task.end and off.end > task.start
    }
    down = [(d.start, d.end) for d in calendar.downtimes]
    outside = (w for w in windows if all(end <= w.start or w.end <= start for start, end in down))
    return replace(calendar, overtime=tuple(merged(outside)))


def _lanes(instance: Instance, movers: Container[str]) -> list[Lane]:
    """Return the lanes whose vehicles are among these movers."""
    return [lane for lane in instance.lanes if any(vehicle in movers for vehicle in lane.vehicle_ids)]


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


def _tasks(instance: Instance, schedule: Schedule, mover: str) -> list[Move | ScheduledOperation]:
    """Return what a mover still has to do: loaded moves and what it tends, in order."""
    past = {*execution_of(instance).moves, *started(instance).values()}
    loaded: list[Move | ScheduledOperation] = [m for m in schedule.by_mover.get(mover, ()) if m.job is not None]
    tasks = [task for task in (*loaded, *schedule.by_tender.get(mover, ())) if task not in past]
    return sorted(tasks, key=lambda task: (task.start, task.end))


def _ways(instance: Instance, with_plans: bool = True) -> Iterator[list[list[list[_Move]]]]:
    """Yield for each way of a part still to go, by route, the legs on which moves fit into no shift of any mover.

    Nothing is yielded where shifts have room for every move.
    """
    if not _has_short_shifts(instance):
        return
    begun, departed = started(instance), execution_of(instance).departed
    moved = {(*key, move.load) for key, moves in departed.items() for move in moves}
    crossed: dict[Any, set[tuple[str, str]]] = {}
    for key, gone in departed.items():
        if gone[0].kind == "transfer":
            crossed.setdefault(key[:3], set()).add(key[3:])
    for job in instance.jobs:
        if job.plans and not with_plans:
            continue
        for predecessor, successor, _ in job.links:
            if (job.id, successor) in begun:
                continue
            way, found = (job.id, predecessor, successor), []
            ends = [possible_machines(instance, job, operation) for operation in (predecessor, successor)]
            for origin, destination in product(*ends):
                for route in routes(instance, origin, destination):
                    if not crossed.get(way, set()) <= {(leg.origin, leg.destination) for leg in route}:
                        continue  # the part is on another one
                    legs = in_loads(instance, route, job, predecessor, successor)
                    left = (leg for leg in legs if (*way, leg.origin, leg.destination, leg.load) not in moved)
                    found.append([moves for leg in left if (moves := _too_long(instance, job, leg))])
            yield found


def _has_short_shifts(instance: Instance) -> bool:
    if instance.execution is None:
        return False  # nothing has become slow
    for group in instance.group_by_id.values():
        if group.slowdowns:
            most = group.pick_up_time + instance.longest_travel(group.id) + group.drop_time
            longest = (carrier.calendar.longest for carrier in group.carriers)
            if any(room is not None and room < most for room in longest):
                return True
    return not all(has_room(lane, instance.execution.now) for lane in instance.lanes)


def _too_long(instance: Instance, job: Job, leg: Leg) -> list[_Move]:
    """Return the move of each mover that may do a leg, if it fits into a shift of none of them; else nothing."""
    if leg.kind == "transfer":
        return _too_long_trips(instance, job, leg)
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


def _too_long_trips(instance: Instance, job: Job, leg: Leg) -> list[_Move]:
    """Return the trips that each vehicle of the lanes of a leg may make, if no shift has room for one."""
    units, now = leg.units or job.indivisible_units, execution_of(instance).now
    lanes = [lane for name in leg.groups if (lane := instance.lane_by_id[name]).units_per_vehicle >= units]
    if any(has_room(lane, now) for lane in lanes):
        return []
    return [_Move(vehicle, time) for lane in lanes for vehicle in lane.vehicle_ids for time in lane.trip_times]


def _by_mover(moves: Iterable[_Move]) -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for move in moves:
        found.setdefault(move.mover, set()).add(move.length)
    return {mover: frozenset(lengths) for mover, lengths in found.items()}


def _least(pattern: ShiftPattern, length: int) -> int:
    """Return how many ticks off shift a move of that length needs."""
    return min(off_shift(pattern, shift.start, length) for shift in pattern.shifts)


def _lengthened(pattern: ShiftPattern, lengths: Iterable[int]) -> ShiftPattern:
    """Return the pattern in which moves of each length fit where they run beyond a shift by the least."""
    windows = list(pattern.shifts)
    for length in lengths:
        least = _least(pattern, length)
        starts = (s.start for s in pattern.shifts if off_shift(pattern, s.start, length) == least)
        windows += (Shift(start, start + length) for start in starts)
    return ShiftPattern(pattern.period, wrapped(pattern.period, windows))
