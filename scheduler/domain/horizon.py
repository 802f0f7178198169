"""Bounds on time: how early and how late anything can happen in a good schedule.

The horizon is computed, never guessed: too small would cut off optimal schedules, too large slows the model.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise, product
from math import lcm
from statistics import median

from scheduler.domain.batteries import charging_time
from scheduler.domain.calendar import Calendar, Downtime, earliest_start, end_of_work
from scheduler.domain.departures import longest_wait
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job, Mode
from scheduler.domain.remembered import remembered
from scheduler.domain.routing import carriers, in_loads, leg_time, routes, tenders
from scheduler.domain.schedule import Move, OperationKey

MAX_HORIZON = 2**45
"""Ticks beyond which an instance is refused; keeps every sum of times far from 64-bit overflow."""

_MOST_WINDOWS = 10_000
"""Downtimes of one calendar that are looked at one by one; beyond them bounds are rougher."""


@dataclass(frozen=True, slots=True)
class _Activity:
    """Something that takes time: ``time`` at the longest, of which ``piece`` in one piece under ``calendar``.

    ``lag`` is waited in any case; an interruptible activity has a piece of 1, its first tick.
    """

    time: int
    piece: int
    calendars: tuple[Calendar, ...] = ()
    lag: int = 0


@remembered
def horizon(instance: Instance) -> int:
    """Return a time by which some optimal schedule ends, whatever the (regular) objective.

    In a schedule in which nothing can start earlier, the activity that ends last is the end of a chain of
    activities, each waiting only for the one before it, a release date, or a calendar; no activity is in it twice.
    So the end is at most ``origin + W`` when nothing has downtimes, where ``origin`` is the latest release date
    (or `now`, or the end of the baseline) and ``W`` adds, for every activity, its longest time with setup, lag and
    empty travel, or a whole charge with the ways to it and from it. With downtimes there are two bounds, of which the
    smaller counts:

    * the chain advances in every *common window*, in which all calendars work; at the end of one it loses less than
      the longest piece that has to be done without interruption;
    * every activity lasts at most as long as the worst moment to become ready makes it last.

    Nothing waits for operators, or places of chargers, that are missing once all shortages are over, and no machine is
    slow once all its slowdowns are: the origin is not before that.

    In cyclic production *W* counts twice: sets one after the other have a cycle time of at most ``W / R``, and with the
    least cycle time *C* the last of *R* sets is over ``2 (R - 1) C`` after the first began. A cycle is a tick at least,
    though nothing may take any time: *W* is then no less than *R*.
    """
    activities = _activities(instance)
    origin = _origin(instance)
    work = sum(activity.time + activity.lag for activity in activities)
    if instance.cycle is not None:
        return origin + 2 * max(work, instance.cycle.repetitions)
    calendars = tuple({id(c): c for activity in activities for c in activity.calendars}.values())
    if not calendars:
        return origin + work
    worst_time = cache(_worst_time)
    longest = (max((worst_time(c, a.time, a.piece) for c in a.calendars), default=a.time) for a in activities)
    worst = origin + sum(activity.lag for activity in activities) + sum(longest)
    piece = max(activity.piece for activity in activities if activity.calendars)
    common = _after_common_windows(calendars, origin, work, piece, worst)
    return worst if common is None else min(worst, common)


@remembered
def heads(instance: Instance) -> dict[OperationKey, int]:
    """Return the earliest conceivable start of each operation: releases, shortest durations, lags and moves."""
    found: dict[OperationKey, int] = {}
    ways = Ways(instance)
    for job in instance.jobs:
        shortest = {o.id: min((instance.least(m) for m in o.modes), default=0) for o in job.operations}
        earliest = dict.fromkeys(shortest, job.release_date)
        for operation_id in () if job.plans else topological_order(job):
            before = [p for p in job.precedences if p.successor == operation_id]
            ready = (
                earliest[p.predecessor]
                + shortest[p.predecessor]
                + max(p.min_lag, ways.shortest(job, p.predecessor, p.successor))
                for p in before
            )
            arrival = 0 if before else ways.shortest(job, None, operation_id)
            earliest[operation_id] = max(ready, default=job.release_date + arrival)
        found.update({(job.id, o): t for o, t in earliest.items()})
    return found


@remembered
def tails(instance: Instance) -> dict[OperationKey, int]:
    """Return the shortest conceivable time from the start of each operation to the completion of its job."""
    found: dict[OperationKey, int] = {}
    ways = Ways(instance)
    for job in instance.jobs:
        left = {o.id: min((instance.least(m) for m in o.modes), default=0) for o in job.operations}
        for operation_id in () if job.plans else reversed(topological_order(job)):
            after = [p for p in job.precedences if p.predecessor == operation_id]
            rest = (max(p.min_lag, ways.shortest(job, p.predecessor, p.successor)) + left[p.successor] for p in after)
            departure = 0 if after else ways.shortest(job, operation_id, None)
            left[operation_id] += max(rest, default=departure)
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


class Ways:
    """How long parts are on their way, at the least."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._moves = bool(instance.cells or instance.lanes or instance.fleets)
        self._times: dict[tuple[str | None, str | None], int | None] = {}
        self._was_faster = _faster_ways(instance)

    def shortest(self, job: Job, predecessor: str | None, successor: str | None) -> int:
        """Return the least time of the moves from one operation to the other (None: from or to the outside)."""
        if not self._moves:
            return 0
        pairs = product(self._machines(job, predecessor), self._machines(job, successor))
        usual = min((time for pair in pairs if (time := self._time(*pair)) is not None), default=0)
        return min(usual, self._was_faster.get((job.id, predecessor, successor), usual))

    def _machines(self, job: Job, operation: str | None) -> tuple[str | None, ...]:
        if operation is None:
            return (None,)
        return tuple(dict.fromkeys(m.machine for m in self._instance.operation_by_key[job.id, operation].modes))

    def _time(self, origin: str | None, destination: str | None) -> int | None:
        """Return the time from machine to machine; None where there is no way."""
        if (origin, destination) not in self._times:
            ends = (None if end is None else self._instance.machine_by_id[end] for end in (origin, destination))
            times = (sum(leg_time(self._instance, leg) for leg in legs) for legs in routes(self._instance, *ends))
            self._times[origin, destination] = min(times, default=None)
        return self._times[origin, destination]


def _origin(instance: Instance) -> int:
    origin = max((job.release_date for job in instance.jobs), default=0)
    if instance.execution is not None:
        baseline = instance.execution.baseline
        ends = [o.end for o in baseline.operations] + [m.end for m in baseline.moves]
        origin = max(origin, instance.execution.now, max(ends, default=0))
    origin = max(origin, max((shortage.end for shortage in instance.shortages), default=0))
    return max(origin, max((tick for machine in instance.machines for tick in machine.tempo.ends), default=0))


def _activities(instance: Instance) -> list[_Activity]:
    """Return every operation with its longest setup and lag, move with empty move, and trip with return."""
    longest_setup = {
        m.id: max((t for row in m.setups.times.values() for t in row.values()), default=0)
        for m in instance.machines
        if m.setups is not None
    }
    activities: list[_Activity] = []
    for job in instance.jobs:
        lags: dict[str, int] = {}
        for precedence in job.precedences:
            lags[precedence.successor] = max(lags.get(precedence.successor, 0), precedence.min_lag)
        for operation in job.operations:
            times = [
                (mode.duration, longest_setup.get(mode.machine, 0) + _approach(instance, mode))
                for mode in operation.modes
            ]
            robots = [r for mode in operation.modes if mode.tended for r in tenders(instance, mode.machine)]
            pauses = operation.interruptible and all(robot.calendar.always_works for robot in robots)
            activities.append(
                _Activity(
                    max(duration + setup for duration, setup in times),
                    max(setup + (1 if pauses else duration) for duration, setup in times),
                    _limited(
                        [
                            *(instance.machine_by_id[mode.machine].calendar for mode in operation.modes),
                            *(robot.calendar for robot in robots),
                        ]
                    ),
                    lags.get(operation.id, 0),
                )
            )
        if instance.cells or instance.lanes or instance.fleets:
            activities.extend(_move_activities(instance, job))
    return activities


def _approach(instance: Instance, mode: Mode) -> int:
    """Return how long the robot that tends a mode can be on its way there."""
    cell = instance.cell_by_id.get(instance.machine_by_id[mode.machine].cell or "")
    return instance.longest_travel(cell.id) if cell and mode.tended else 0


def _move_activities(instance: Instance, job: Job) -> list[_Activity]:
    empty = {group: instance.longest_travel(group) for group in instance.group_by_id}
    # From empty to full, and the second of the two ways, to the charger and from it.
    charge = {
        vehicle: charging_time(battery, min(0, battery.minimum), battery.capacity)
        + empty[instance.fleet_by_vehicle[vehicle].id]
        for vehicle, battery in instance.battery_by_vehicle.items()
    }
    # Where the next place has no room yet, a vehicle is on its way over a stop, or whoever takes the room is.
    stops = {
        v.id: (2 if v.battery is None else 4) * empty[f.id] for f in instance.fleets if f.limited for v in f.vehicles
    }
    group_of = instance.group_by_carrier
    machines = {o.id: [instance.machine_by_id[mode.machine] for mode in o.modes] for o in job.operations}
    activities: list[_Activity] = []
    for predecessor, successor, _ in job.links:
        longest: dict[tuple[str, int], tuple[int, int]] = {}
        waits: dict[tuple[str, int], int] = {}
        calendars: list[Calendar] = []
        for origin in machines[predecessor] if predecessor else [None]:
            for destination in machines[successor] if successor else [None]:
                for leg in chain.from_iterable(
                    in_loads(instance, legs, job, predecessor, successor)
                    for legs in routes(instance, origin, destination)
                ):
                    if leg.kind == "transfer":
                        lanes = [instance.lane_by_id[lane] for lane in leg.groups]
                        time = piece = max(max(lane.cycle_time, lane.headway, 1) for lane in lanes)
                        # Where departures are limited, the longest wait for one that the calendar allows is known.
                        calendars.extend(lane.calendar for lane in lanes if lane.timetable is None and not lane.varies)
                        waits[leg.slot, leg.load] = max(longest_wait(lane) for lane in lanes)
                    else:
                        able = carriers(instance, leg, job)
                        # Where other visits may come between pick-up and drop, each of the two has its own way.
                        ways = {mover: 1 + (instance.carrier_by_id[mover].capacity > 1) for mover, _ in able}
                        pieces = [(m, length + ways[m] * empty[group_of[m].id]) for m, length in able]
                        piece = max((length for _, length in pieces), default=0)
                        time = max(
                            (length + charge.get(mover, 0) + stops.get(mover, 0) for mover, length in pieces), default=0
                        )
                        calendars.extend(instance.carrier_by_id[mover].calendar for mover, _ in able)
                    times = longest.get((leg.slot, leg.load), (0, 0))
                    longest[leg.slot, leg.load] = (max(times[0], time), max(times[1], piece))
        activities.extend(
            _Activity(time, piece, _limited(calendars), waits.get(slot, 0)) for slot, (time, piece) in longest.items()
        )
    return activities


def _limited(calendars: Iterable[Calendar]) -> tuple[Calendar, ...]:
    return tuple({id(c): c for c in calendars if not c.always_works}.values())


def _worst_time(calendar: Calendar, time: int, piece: int) -> int:
    """Return the longest that an activity can last, waiting included, from the worst moment to become ready."""
    last = until = reach = calendar.settled + 1
    surplus = by_period = period = 0
    if (pattern := calendar.pattern) is not None:
        period, by_period = pattern.period, sum(shift.end - shift.start for shift in pattern.shifts)
        # The last downtimes of a pattern repeat: wait long enough to see work done after every kind of them. All that
        # is done later takes one period for each `by_period` ticks.
        until = last + 3 * period + piece
        surplus = max(0, (time - until) // by_period)
        reach = until + (-(-(time - surplus * by_period) // by_period) + 3) * period
        fits = pattern.longest is None or piece <= pattern.longest
        if not fits or reach // period * len(pattern.shifts) > _MOST_WINDOWS:
            # A mode that fits into no shift is none. One that fits, and takes no longer, begins within two periods of
            # the last downtime, or of the moment at which it is ready.
            return last + (-(-time // by_period) + 3) * period
    worst, blocked = time, calendar.blocked(reach)
    for downtime in blocked:
        if downtime.start >= until:
            break
        ready = max(0, downtime.start - piece + 1)
        start = earliest_start(blocked, ready, piece, interruptible=False)
        end = end_of_work(blocked, start, time - surplus * by_period) + surplus * period
        worst = max(worst, end - ready)
    return worst


def _after_common_windows(
    calendars: tuple[Calendar, ...], origin: int, work: int, piece: int, limit: int
) -> int | None:
    """Return when `work` ticks are done in the windows in which all calendars work; None if that is beyond `limit`.

    After the last downtime the windows repeat with the least common multiple of all periods. None too if it takes more
    than `_MOST_WINDOWS` of one calendar until then.
    """
    patterns = [calendar.pattern for calendar in calendars if calendar.pattern is not None]
    cycle = lcm(*(pattern.period for pattern in patterns))
    passed = origin - origin % cycle  # whole cycles before the origin count for nothing
    shifted = [_without_past(calendar, passed) for calendar in calendars]
    first = origin - passed
    repeats = max([first, *(d.end for calendar in shifted for d in calendar.downtimes)]) + 1
    whole = repeats + 2 * cycle
    until, most = first + 1, min([whole, *(_MOST_WINDOWS * p.period // len(p.shifts) for p in patterns)])
    while until < most and passed + until <= 2 * limit:
        until = min(2 * until, most)
        blocked = Calendar(tuple(d for calendar in shifted for d in calendar.blocked(until))).blocked(until)
        edges = [first] + [min(max(t, first), until) for d in blocked for t in (d.start, d.end)] + [until]
        gains = [(start, max(0, end - start - piece + 1)) for start, end in list(pairwise(edges))[::2]]
        start, _ = gains.pop()  # `until` cuts it off, not a downtime
        left, skipped = work, 0
        if until == whole:
            if start < repeats:
                gains.append((start, work))  # without end
            once = sum(gain for start, gain in gains if start < repeats)
            again = sum(gain for start, gain in gains if repeats <= start < repeats + cycle)
            skipped = max(0, (work - once - 1) // again) if again else 0
            left -= skipped * again
        for start, gain in gains:
            if gain >= left:
                return passed + skipped * cycle + start + left + piece
            left -= gain
    return None


def _without_past(calendar: Calendar, passed: int) -> Calendar:
    """Return the calendar as it is `passed` ticks later, a whole number of periods."""
    downtimes = (Downtime(max(0, d.start - passed), d.end - passed) for d in calendar.downtimes if d.end > passed)
    return Calendar(tuple(downtimes), calendar.pattern)


def usual_duration(instance: Instance) -> int:
    """Return the median duration of all modes, at least 1: what "one operation" is worth in ticks."""
    durations = [mode.duration for job in instance.jobs for o in job.operations for mode in o.modes]
    return max(1, round(median(durations or [1])))


def _faster_ways(instance: Instance) -> dict[tuple[str, str | None, str | None], int]:
    """Return how long parts have been on their way by moves under way or done, where one of them was faster than now.

    Ways become slow, and a trip may arrive early.
    """
    by_way: dict[tuple[str, str | None, str | None], list[Move]] = {}
    for move in instance.execution.moves if instance.execution is not None else ():
        by_way.setdefault((move.job or "", move.predecessor, move.successor), []).append(move)
    return {
        way: max(move.end for move in moves) - min(move.start for move in moves)
        for way, moves in by_way.items()
        if any(move.end - move.start < _length_now(instance, move) for move in moves)
    }


def _length_now(instance: Instance, move: Move) -> int:
    """Return how long a move takes at the least if it begins now or later."""
    if move.kind == "transfer":
        return instance.lane_by_vehicle[move.mover].trip_times[0]
    return instance.group_by_carrier[move.mover].move_time(move.origin, move.destination)
