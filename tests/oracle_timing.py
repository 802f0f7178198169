"""The least solution of a node of the oracle, its value and its schedule: steps 1 and 2 of `oracle`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations

from oracle_case import Arc, Case, Ends, Point, after, calendars_of, departs, ends_of_work, works_all

from scheduler.domain import Calendar, Lane, Move, Objective, Schedule
from scheduler.domain.derive import complete

Value = tuple[Fraction, ...]


@dataclass(frozen=True)
class Window:
    """A setup of `length` ticks that ends at the earliest of some instants, inside the working time of a machine."""

    begin: tuple[Point, ...]
    length: int
    calendar: Calendar


@dataclass(frozen=True)
class Node:
    """What has been decided: arcs, setups, movers, the beginning of every sequence, trips together or apart."""

    arcs: tuple[Arc, ...]
    windows: tuple[Window, ...] = ()
    movers: dict[int, str] = field(default_factory=dict)
    lasts: dict[int, int] = field(default_factory=dict)
    """Length of each transfer: where the transit time depends on the departure, what has it is a choice of its own."""
    sequences: dict[str, tuple[int, ...]] = field(default_factory=dict)
    trips: dict[tuple[int, int], bool] = field(default_factory=dict)


@dataclass
class Timing:
    """Starts of the tasks while they are raised to the least solution."""

    starts: list[int]
    ends: list[Ends]

    def at(self, point: Point) -> int:
        start = self.starts[point.task]
        return (self.ends[point.task][start] if point.at_end else start) + point.offset

    def into_window(self, window: Window) -> list[tuple[Point, int]]:
        """Return the instants that have to be raised for the setup to lie in working time, and to when."""
        begin = self.earliest(window.begin)
        while not is_free(window.calendar, begin, window.length):
            begin += 1
        return [(point, begin) for point in window.begin if self.at(point) < begin]

    def earliest(self, points: Sequence[Point]) -> int:
        return min(self.at(point) for point in points)

    def latest(self, points: Sequence[Point]) -> int:
        return max(self.at(point) for point in points)

    def lift(self, point: Point, needed: int) -> bool:
        """Raise a task to its first allowed start with the point at `needed` or later; say whether there is one."""
        ends = self.ends[point.task]
        for start in range(self.starts[point.task], len(ends)):
            if ends[start] is not None and (ends[start] if point.at_end else start) + point.offset >= needed:
                self.starts[point.task] = start
                return True
        return False


class Timed:
    """Times and values the nodes of one case, against the best schedule so far."""

    def __init__(self, case: Case, objective: Objective, best: tuple[Value, Schedule] | None) -> None:
        self.case = case
        self.instance = case.instance
        self.objective = objective
        self.best = best
        self.horizon = case.horizon()
        calendars = calendars_of(self.instance)
        limited = any(lane.timetable or lane.transit_times or lane.slowdowns for lane in self.instance.lanes)
        always = all(c.always_works for c in calendars) and not limited
        self.max_passes = len(case.tasks) + 1 if always else self.horizon
        self.trip_ends: dict[tuple[str, int], Ends] = {}  # by lane and length of the trip
        self.known_ends: dict[tuple[int, str | None, int | None], Ends] = {}  # by task, mover and length of the trip

    def is_hopeless(self, node: Node, timing: Timing) -> bool:
        value = self.value(node, timing)
        return value is None or (self.best is not None and value >= self.best[0])

    # the least solution of the arcs

    def ends(self, node: Node, number: int) -> Ends:
        """Return the ends of a task by start; a robot or vehicle never moves a part in its downtime."""
        key = (number, node.movers.get(number), node.lasts.get(number))
        if key not in self.known_ends:
            self.known_ends[key] = self.counted_ends(node, number)
        return self.known_ends[key]

    def counted_ends(self, node: Node, number: int) -> Ends:
        if number == 0:
            return (0,)
        task, mover = self.case.tasks[number], node.movers.get(number)
        work, calendar = task.work, task.calendar
        if mover in self.instance.lane_by_vehicle:
            lane = self.instance.lane_by_vehicle[mover]
            work, calendar = node.lasts[number], lane.calendar
        elif mover in self.instance.carrier_by_id:
            group = self.instance.group_by_carrier[mover]
            work = task.work if task.is_visit or task.leg is None else group.move_time(task.origin, task.destination)
            calendar = self.instance.carrier_by_id[mover].calendar
        if task.tenders:
            work, calendar = task.work, task.calendar
        ends = ends_of_work(calendar, work, task.interruptible, self.horizon)
        if task.tenders and mover is not None:
            robot = self.instance.carrier_by_id[mover].calendar
            ends = tuple(e if e is None or works_all(robot, start, e) else None for start, e in enumerate(ends))
        if mover not in self.instance.lane_by_vehicle:
            return ends
        lane = self.instance.lane_by_vehicle[mover]
        if (lane.id, work) not in self.trip_ends:
            self.trip_ends[lane.id, work] = tuple(e if departs(lane, t, work) else None for t, e in enumerate(ends))
        return self.trip_ends[lane.id, work]

    def least(self, node: Node, starts: Sequence[int]) -> Timing | None:
        """Return the least solution, None if there is none before the horizon or it is no better than the best.

        Without calendars a start is a longest path of at most so many arcs as there are tasks.
        """
        timing = Timing(list(starts), [self.ends(node, number) for number in range(len(starts))])
        if not all(timing.lift(Point(number), 0) for number in range(len(starts))):
            return None
        for number in range(self.max_passes):
            if number & (number - 1) == 0 and self.is_hopeless(node, timing):
                return None  # looked at now and then: the value only grows with starts
            arcs = [(b, at) for a, b, gap in node.arcs if timing.at(b) < (at := after(timing.at(a), gap))]
            arcs += [(point, at) for window in node.windows for point, at in timing.into_window(window)]
            if not arcs:
                return None if self.is_hopeless(node, timing) else timing
            if not all(timing.lift(point, at) for point, at in arcs):
                return None
        return None

    # its value

    def value(self, node: Node, timing: Timing) -> Value | None:
        """Return a lower bound of the objective, its value if all is decided; None if a job misses its deadline."""
        done = {job.id: 0 for job in self.instance.jobs}
        for number, task in enumerate(self.case.tasks[1:], start=1):
            done[task.job] = max(done[task.job], timing.at(Point(number, at_end=True)))
        jobs = self.instance.jobs
        if any(job.deadline is not None and done[job.id] > job.deadline for job in jobs):
            return None
        tardiness = {j.id: 0 if j.due_date is None else max(0, done[j.id] - j.due_date) for j in jobs}
        terms = {
            "makespan": max(done.values(), default=0),
            "total_tardiness": sum(tardiness.values()),
            "weighted_tardiness": sum(job.weight * tardiness[job.id] for job in jobs),
            "maximum_tardiness": max(tardiness.values(), default=0),
            "number_tardy": sum(late > 0 for late in tardiness.values()),
            "flow_time": sum(done[job.id] - job.release_date for job in jobs),
            "setup_time": sum(window.length for window in node.windows),
            "transfer_count": sum(1 for _ in self.trips(node)),
            "transfer_cost": sum(lane.trip_cost for lane in self.trips(node)) + self.unit_cost(node),
            "transfer_co2": sum(lane.trip_co2 for lane in self.trips(node)),
        }
        return self.objective.value(terms)

    def trips(self, node: Node) -> list[Lane]:
        """Return the lane of every trip; of none as long as not all are decided."""
        if self.undecided_trips(node):
            return []
        transfers = {task for task, mover in node.movers.items() if mover in self.instance.lane_by_vehicle}
        leading = transfers - {b for (_, b), together in node.trips.items() if together}
        return [self.instance.lane_by_vehicle[node.movers[task]] for task in leading]

    def unit_cost(self, node: Node) -> int:
        lanes = self.instance.lane_by_vehicle
        transfers = [(task, lanes[mover]) for task, mover in node.movers.items() if mover in lanes]
        return sum(lane.unit_cost * self.case.units(t) for t, lane in transfers)

    def undecided_trips(self, node: Node) -> list[tuple[int, int]]:
        pairs = combinations(sorted(node.movers), 2)
        of_one_vehicle = (p for p in pairs if node.movers[p[0]] == node.movers[p[1]] in self.instance.lane_by_vehicle)
        return [pair for pair in of_one_vehicle if pair not in node.trips]

    def schedule(self, node: Node, timing: Timing) -> Schedule:
        operations, moves = [], []
        for number, task in enumerate(self.case.tasks[1:], start=1):
            start, end = timing.at(Point(number)), timing.at(Point(number, at_end=True))
            if task.operation is not None:
                operations.append(replace(task.operation, start=start, end=end, tended_by=node.movers.get(number)))
            elif not task.is_visit or task.picked_up is not None:
                leg, mover = task.leg, node.movers[number]
                start = timing.at(Point(number if task.picked_up is None else task.picked_up))
                move = Move(task.job, leg.origin, leg.destination, mover, leg.kind, start, end, *task.link)
                moves.append(replace(move, load=leg.load, units=leg.units))
        return complete(self.instance, operations, moves)


def is_free(calendar: Calendar, end: int, length: int) -> bool:
    """Return whether a setup of this length may end at `end`."""
    return end >= length and works_all(calendar, end - length, end)
