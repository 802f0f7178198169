"""The exact optimum of tiny instances, found without solver, model, horizon or checker of the package.

1. Every choice of plans, modes and movers is tried. It fixes what has to be timed, the *tasks*: the operations and
   the loaded moves.
2. For given arcs ``instant b >= instant a + gap`` and given allowed starts (calendars), the solutions are closed
   under the minimum by component. So there is a *least* one, found by raising starts until all arcs hold, and every
   term that only grows with completions is smallest there.
3. Where the least solution breaks a resource, some of its uses have to be apart (or trips together). Each way to do
   that is one more arc and one more branch; where it breaks none, it is the optimum of its branch.

Machines of capacity 1 and robots are decided as sequences, first to last, because a setup or an empty move counts
between direct neighbours only. `setup_time` and the terms of trips depend on the order alone, so with one of them in
the objective the order is decided even where nothing breaks.

References
----------
Igelmund, G., Radermacher, F. J. (1983): Preselective strategies for the optimization of stochastic project networks
under resource constraints, Networks 13: branching on minimal forbidden sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations, pairwise, permutations

from oracle_case import (
    TICK_0,
    Arc,
    Case,
    Ends,
    Point,
    Use,
    calendars_of,
    cases,
    departs,
    ends_of_work,
    knows_visits,
    swapped,
    works_all,
)

from scheduler.domain import Calendar, Instance, Lane, Move, Objective, Schedule, Shortage
from scheduler.domain.derive import complete
from scheduler.domain.routing import lanes_between, may_carry

KNOWN_TERMS = {
    "makespan",
    "total_tardiness",
    "weighted_tardiness",
    "maximum_tardiness",
    "number_tardy",
    "flow_time",
    "setup_time",
    "transfer_count",
    "transfer_cost",
    "transfer_co2",
}
TRIP_TERMS = {"transfer_count", "transfer_cost", "transfer_co2"}


Value = tuple[Fraction, ...]


class TooHardError(Exception):
    """The instance needs more branches than allowed."""


def best_schedule(
    instance: Instance, objective: str | None = None, *, max_nodes: int = 100_000
) -> tuple[Value, Schedule] | None:
    """Return the smallest value of the objective and a schedule that has it, or None if there is no schedule.

    Raises
    ------
    TooHardError
        If that takes more than `max_nodes` branches.
    """
    parsed = Objective.parse(objective or instance.objective)
    if unknown := set(parsed.terms) - KNOWN_TERMS:
        raise ValueError(f"the oracle does not know the terms {sorted(unknown)}")
    if instance.execution is not None:
        raise ValueError("the oracle does not know execution")
    if any(mode.duration == 0 for o in instance.operation_by_key.values() for mode in o.modes):
        raise ValueError("the oracle does not know operations of length 0, which may share an instant")
    if not knows_visits(instance):
        raise TooHardError(instance.name)
    best: tuple[Value, Schedule] | None = None
    for case in cases(instance):
        search = _Search(case, parsed, best, max_nodes)
        search.branch(Node(tuple(case.arcs)), [0] * len(case.tasks))
        best, max_nodes = search.best, search.nodes_left
    return best


def optimum(instance: Instance, objective: str | None = None, *, max_nodes: int = 100_000) -> Value | None:
    """Return the smallest value of the objective, or None if there is no schedule."""
    best = best_schedule(instance, objective, max_nodes=max_nodes)
    return None if best is None else best[0]


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


class _Search:
    def __init__(self, case: Case, objective: Objective, best: tuple[Value, Schedule] | None, nodes: int) -> None:
        self.case = case
        self.instance = case.instance
        self.objective = objective
        self.best = best
        self.ancestors = case.ancestors()
        self.nodes_left = nodes
        self.horizon = case.horizon()
        calendars = calendars_of(self.instance)
        limited = any(lane.timetable or lane.transit_times or lane.slowdowns for lane in self.instance.lanes)
        always = all(c.always_works for c in calendars) and not limited
        self.max_passes = len(case.tasks) + 1 if always else self.horizon
        self.is_mixed = any(len(paces) > 1 for paces in self.instance.paces_by_id.values())
        self.trip_ends: dict[tuple[str, int], Ends] = {}  # by lane and length of the trip
        self.known_ends: dict[tuple[int, str | None, int | None], Ends] = {}  # by task, mover and length of the trip

    def branch(self, node: Node, starts: Sequence[int]) -> None:
        """Search below a node; `starts` are at most its least solution."""
        if self.nodes_left == 0:
            raise TooHardError(self.instance.name)
        self.nodes_left -= 1
        children = self.choose_mover(node)
        if children is not None and self.is_mixed:
            # A slower carrier may have to begin earlier: a part is put down when work on it begins.
            for child in children:
                self.branch(child, starts)
            return
        timing = self.least(node, starts)
        if timing is None:
            return
        if children is None:
            children = self.resolve(node, timing)
        if children is None:
            self.best = (self.value(node, timing), self.schedule(node, timing))
            return
        for child in children:
            self.branch(child, timing.starts)

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
            arcs = [(b, timing.at(a) + gap) for a, b, gap in node.arcs if timing.at(b) < timing.at(a) + gap]
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

    # the branches

    def choose_mover(self, node: Node) -> list[Node] | None:
        """Return a child for every mover of the first move (or tending) without one.

        Vehicles of lanes come into use in their order.
        """
        for number, task in enumerate(self.case.tasks):
            if (task.leg is None and not task.tenders) or number in node.movers:
                continue
            if task.tenders:
                return [replace(node, movers={**node.movers, number: robot}) for robot in task.tenders]
            if task.picked_up is not None:
                return [replace(node, movers={**node.movers, number: node.movers[task.picked_up]})]
            if task.leg.kind != "transfer":
                job = self.instance.job_by_id[task.job]
                groups = [self.instance.group_by_id[group] for group in task.leg.groups]
                ends = {task.leg.origin, task.leg.destination}
                able = [c for group in groups for c in group.carriers if ends <= set(getattr(c, "reach", ()) or ends)]
                movers = [carrier.id for carrier in able if may_carry(self.instance, carrier.id, job)]
            else:
                movers = []
                for lane in lanes_between(self.instance, task.leg.origin, task.leg.destination):
                    num_used = len(set(node.movers.values()) & set(lane.vehicle_ids))
                    movers += lane.vehicle_ids[: num_used + 1]
            children = [replace(node, movers={**node.movers, number: mover}) for mover in movers]
            if task.leg.kind != "transfer":
                return children
            lanes = self.instance.lane_by_vehicle
            return [
                replace(child, lasts={**node.lasts, number: length})
                for child in children
                for length in lanes[child.movers[number]].trip_times
            ]
        return None

    def resolve(self, node: Node, timing: Timing) -> list[Node] | None:
        """Return the children that mend the first resource broken, None if all rules hold."""
        operations = [number for number, task in enumerate(self.case.tasks) if task.operation is not None]
        for machine in self.instance.machines:
            uses = {o: self.case.occupation(o, node.movers) for o in operations if self.case.machine(o) == machine}
            if machine.capacity == 1:
                children = self.sequence(node, timing, machine.id, uses)
            else:
                children = self.at_most(node, timing, uses.values(), machine.capacity)
            for held, places in self.case.buffered(machine, uses, node.movers):
                children = self.at_most(node, timing, held, places) if children is None else children
            if children is not None:
                return children
        for carrier in self.instance.carrier_by_id:
            moves = [number for number, mover in node.movers.items() if mover == carrier]
            uses = {move: Use((Point(move),), (Point(move, at_end=True),)) for move in moves}
            if (children := self.sequence(node, timing, carrier, uses)) is not None:
                return children
            drops = [move for move in moves if self.case.tasks[move].picked_up is not None]
            held = [Use((Point(self.case.tasks[d].picked_up),), (Point(d, at_end=True),)) for d in drops]
            held += [uses[task] for task in moves if self.case.tasks[task].tenders]
            room = self.instance.carrier_by_id[carrier].capacity
            if drops and (children := self.at_most(node, timing, held, room)) is not None:
                return children
        for cell in self.instance.cells:
            for side, places in (("input", cell.input_places), ("output", cell.output_places)):
                held = self.case.stationed(cell.id, side, node.movers) if places is not None else []
                if places is not None and (children := self.at_most(node, timing, held, places)) is not None:
                    return children
        for pool in self.instance.operators:
            needed = {o: self.case.mode(o).operators.get(pool.id, 0) for o in operations}
            held = [Use((Point(o),), (Point(o, at_end=True),), amount) for o, amount in needed.items() if amount > 0]
            if (children := self.at_most(node, timing, held, pool.capacity, pool.shortages)) is not None:
                return children
        children = self.vehicles(node, timing)
        return self.no_swaps(node, timing) if children is None else children

    def sequence(self, node: Node, timing: Timing, resource: str, uses: dict[int, Use]) -> list[Node] | None:
        """Return a child for every use that may come next, if those left can't be as they are."""
        done = node.sequences.get(resource, ())
        rest = [task for task in uses if task not in done]
        last = done[-1] if done else 0
        uses = {0: Use((TICK_0,), (TICK_0,)), **uses}
        calendar = self.instance.machine_by_id[resource].calendar if resource in self.instance.machine_by_id else None

        def fits(before: int, after: int) -> bool:
            gap, begin = self.gap(resource, before, after), timing.earliest(uses[after].begin)
            free = calendar is None or _is_free(calendar, begin, gap)
            return free and begin >= timing.latest(uses[before].finish) + gap

        in_order = sorted(rest, key=lambda task: (timing.earliest(uses[task].begin), timing.latest(uses[task].finish)))
        order_matters = calendar is not None and "setup_time" in self.objective.terms
        if not rest or (all(fits(a, b) for a, b in pairwise((last, *in_order))) and not order_matters):
            return None
        children = []
        for task in rest:
            if self.ancestors[task] & set(rest):
                continue
            gap = self.gap(resource, last, task)
            arcs = _apart(uses[last], uses[task], gap)
            for other in rest:
                arcs += _apart(uses[task], uses[other], 0) if other != task else ()
            windows = (Window(uses[task].begin, gap, calendar),) if calendar is not None and gap > 0 else ()
            child = replace(node, arcs=(*node.arcs, *arcs), windows=(*node.windows, *windows))
            children.append(replace(child, sequences={**node.sequences, resource: (*done, task)}))
        return children

    def gap(self, resource: str, before: int, after: int) -> int:
        """Return the setup time or the empty travel between two uses; `before` 0 is tick 0."""
        if (machine := self.instance.machine_by_id.get(resource)) is not None:
            if machine.setups is None:
                return 0
            family = self.case.mode(before).setup_family if before else machine.setups.initial
            return machine.setups.time(family, self.case.mode(after).setup_family)
        group = self.instance.group_by_carrier[resource]
        place = self.case.tasks[before].destination if before else self.instance.carrier_by_id[resource].start
        return group.travel_time(place, self.case.tasks[after].origin)

    def at_most(
        self, node: Node, timing: Timing, uses: Iterable[Use], capacity: int, shortages: Sequence[Shortage] = ()
    ) -> list[Node] | None:
        """Return a child for every two of some uses that are too many together, one before the other.

        Where too few are there in a shortage, there is one more for each of them: it begins after the shortage.
        """
        intervals = [(timing.earliest(use.begin), timing.latest(use.finish), use) for use in uses]
        for tick in (*(begin for begin, _, _ in intervals), *(shortage.start for shortage in shortages)):
            short = [shortage for shortage in shortages if shortage.start <= tick < shortage.end]
            room = max(0, capacity - sum(shortage.count for shortage in short))
            together = [use for begin, finish, use in intervals if begin <= tick < finish]
            if (excess := _too_many(together, [use.amount for use in together], room)) is not None:
                arcs = [_apart(first, second, 0) for first, second in permutations(excess, 2)]
                arcs += [[(TICK_0, begin, s.end) for begin in use.begin] for use in excess for s in short]
                return [replace(node, arcs=(*node.arcs, *more)) for more in arcs]
        return None

    def vehicles(self, node: Node, timing: Timing) -> list[Node] | None:
        for vehicle, lane in self.instance.lane_by_vehicle.items():
            transfers = [number for number, mover in node.movers.items() if mover == vehicle]
            for start in {timing.at(Point(transfer)) for transfer in transfers}:
                trip = [transfer for transfer in transfers if timing.at(Point(transfer)) == start]
                units = [self.case.units(transfer) for transfer in trip]
                if (excess := _too_many(trip, units, lane.units_per_vehicle)) is not None:
                    return [self.two_trips(node, a, b, self.cycle_time(node, a)) for a, b in permutations(excess, 2)]
            for a, b in combinations(transfers, 2):
                between = abs(timing.at(Point(a)) - timing.at(Point(b)))
                first = min(a, b, key=lambda task: timing.at(Point(task)))
                undecided = TRIP_TERMS & set(self.objective.terms) and (min(a, b), max(a, b)) not in node.trips
                if 0 < between < self.cycle_time(node, first) or undecided:
                    together = ((Point(a), Point(b), 0), (Point(b), Point(a), 0))
                    one = replace(
                        node, arcs=(*node.arcs, *together), trips={**node.trips, (min(a, b), max(a, b)): True}
                    )
                    return [one, *(self.two_trips(node, x, y, self.cycle_time(node, x)) for x, y in ((a, b), (b, a)))]
        for lane in self.instance.lanes:
            transfers = [number for number, mover in node.movers.items() if mover in lane.vehicle_ids]
            for a, b in combinations(transfers, 2):
                between = abs(timing.at(Point(a)) - timing.at(Point(b)))
                if between < lane.headway and (between > 0 or node.movers[a] != node.movers[b]):
                    return [self.two_trips(node, x, y, lane.headway) for x, y in ((a, b), (b, a))]
        return self.docks(node, timing)

    def docks(self, node: Node, timing: Timing) -> list[Node] | None:
        for facility in self.instance.facilities:
            holds = {}
            for task, mover in node.movers.items() if facility.docks is not None else ():
                lane, trip = self.instance.lane_by_vehicle.get(mover), (mover, timing.at(Point(task)))
                if lane is not None and lane.origin == facility.id and lane.load_time:
                    holds[trip] = Use((Point(task),), (Point(task, offset=lane.load_time),))
                if lane is not None and lane.destination == facility.id and lane.unload_time:
                    holds[trip] = Use(
                        (Point(task, at_end=True, offset=-lane.unload_time),), (Point(task, at_end=True),)
                    )
            if holds and (children := self.at_most(node, timing, holds.values(), facility.docks)) is not None:
                return children
        return None

    def no_swaps(self, node: Node, timing: Timing) -> list[Node] | None:
        """Return a child for every way to take a swap apart: of two parts, one before the other, or after a tick."""
        uses = {
            number: self.case.occupation(number, node.movers)
            for number, task in enumerate(self.case.tasks)
            if task.operation is not None
        }
        held = {o: (timing.earliest(use.begin), timing.latest(use.finish)) for o, use in uses.items()}
        arcs: list[list[Arc]] = []
        for x, y in swapped(self.case, held):
            arcs += [_apart(uses[x], uses[y], 1), _apart(uses[y], uses[x], 0)]
        return [replace(node, arcs=(*node.arcs, *more)) for more in arcs] or None

    def cycle_time(self, node: Node, transfer: int) -> int:
        return node.lasts[transfer] + self.instance.lane_by_vehicle[node.movers[transfer]].return_time

    @staticmethod
    def two_trips(node: Node, first: int, second: int, cycle_time: int) -> Node:
        arc = (Point(first), Point(second), max(1, cycle_time))
        pair = (min(first, second), max(first, second))
        return replace(node, arcs=(*node.arcs, arc), trips={**node.trips, pair: False})


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
        while not _is_free(window.calendar, begin, window.length):
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


def _is_free(calendar: Calendar, end: int, length: int) -> bool:
    """Return whether a setup of this length may end at `end`."""
    return end >= length and works_all(calendar, end - length, end)


def _apart(first: Use, second: Use, gap: int) -> list[Arc]:
    """Return the arcs that put one use before the other."""
    return [(finish, begin, gap) for finish in first.finish for begin in second.begin]


def _too_many(items: Sequence, amounts: Sequence[int], capacity: int) -> list | None:
    """Return some of the items that are too many together, but not without any one of them; None if all fit."""
    if sum(amounts) <= capacity:
        return None
    kept = list(zip(items, amounts, strict=True))
    for pair in list(kept):
        if sum(amount for _, amount in kept) - pair[1] > capacity:
            kept.remove(pair)
    return [item for item, _ in kept]
