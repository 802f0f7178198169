"""What the oracle times: operations and loaded moves, with the arcs between them, for one choice of plans and modes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import permutations, product, zip_longest

from scheduler.domain import Calendar, CarrierGroup, Instance, Lane, Machine, Mode, ScheduledOperation, Timetable
from scheduler.domain.routing import Leg, in_loads, routes
from scheduler.domain.slowdowns import travel_ahead

Link = tuple[str | None, str | None]
Ends = tuple[int | None, ...]


@dataclass(frozen=True)
class Point:
    """An instant: the start or the end of a task, and some ticks."""

    task: int
    at_end: bool = False
    offset: int = 0


TICK_0 = Point(0)
"""The start of task 0."""

Gap = int | tuple[tuple[int, int], ...]
"""Ticks, or ways that are to be faster, ``(tick, time)``: what leaves at the tick or later takes no longer."""
Arc = tuple[Point, Point, Gap]
"""``(a, b, gap)``: b >= a + gap, or the least ``max(a, tick) + time``."""


def after(instant: int, gap: Gap) -> int:
    """Return the first instant that is so far behind another one."""
    return instant + gap if isinstance(gap, int) else min(max(tick, instant) + time for tick, time in gap)


def travel(group: CarrierGroup, origin: str, destination: str) -> Gap:
    """Return the travel of a carrier between two places."""
    ahead = travel_ahead(group, origin, destination)
    return ahead if len(ahead) > 1 else ahead[0][1]


@dataclass(frozen=True)
class Use:
    """A use of a resource, from the earliest of some instants until the latest of others."""

    begin: tuple[Point, ...]
    finish: tuple[Point, ...]
    amount: int = 1


ALWAYS = Calendar()


@dataclass(frozen=True)
class Task:
    """An operation, a loaded move, or, of a carrier that holds several parts, its pick-up or its drop."""

    job: str
    work: int
    calendar: Calendar = ALWAYS
    interruptible: bool = False
    operation: ScheduledOperation | None = None
    leg: Leg | None = None
    link: Link = (None, None)
    picked_up: int | None = None
    """Of a drop: the number of its pick-up."""
    is_visit: bool = False
    tenders: tuple[str, ...] = ()
    """Of an operation: the robots one of which has to be at the machine."""

    @property
    def origin(self) -> str:
        """Where a mover has to be for it."""
        if self.operation is not None:
            return self.operation.machine
        return self.leg.origin if self.picked_up is None else self.leg.destination

    @property
    def destination(self) -> str:
        """Where a mover is afterwards."""
        if self.operation is not None:
            return self.operation.machine
        return self.leg.origin if self.is_visit and self.picked_up is None else self.leg.destination


@dataclass
class Case:
    """One choice of plans, modes and routes. Task 0 stands for tick 0."""

    instance: Instance
    tasks: list[Task] = field(default_factory=lambda: [Task("", 0)])
    arcs: list[Arc] = field(default_factory=list)
    ways_in: dict[int, list[Point]] = field(default_factory=dict)
    ways_out: dict[int, list[Point]] = field(default_factory=dict)
    passes: list[tuple[int, int]] = field(default_factory=list)
    """Operations whose part can go on in no time to the next one, to a place that has to be free."""
    stops: list[tuple[str, str, Point, tuple[Point, ...]]] = field(default_factory=list)
    """Cell, side, end of the move that brings a part to the station, and what it waits for there (nothing: it left)."""

    def units(self, transfer: int) -> int:
        return self.tasks[transfer].leg.units or self.instance.job_by_id[self.tasks[transfer].job].units

    def machine(self, operation: int) -> Machine:
        return self.instance.machine_by_id[self.tasks[operation].operation.machine]

    def mode(self, operation: int) -> Mode:
        scheduled = self.tasks[operation].operation
        return self.instance.mode(scheduled.key, scheduled.mode)

    def occupation(self, operation: int, movers: dict[int, str]) -> Use:
        machine = self.machine(operation)
        begin, finish = (Point(operation),), (Point(operation, at_end=True),)
        if machine.input_buffer == 0:
            begin = self.brought(operation, movers) or begin
        if machine.output_buffer == 0:
            finish += self.taken(operation, movers)
        return Use(begin, finish)

    def brought(self, operation: int, movers: dict[int, str]) -> tuple[Point, ...]:
        return tuple(self.handled(point, movers) for point in self.ways_in[operation])

    def taken(self, operation: int, movers: dict[int, str]) -> tuple[Point, ...]:
        return tuple(self.handled(point, movers) for point in self.ways_out[operation])

    def buffered(self, machine: Machine, uses: dict[int, Use], movers: dict[int, str]) -> list[tuple[list[Use], int]]:
        """Return what takes the places before a machine, and those of it and behind it, with their number."""
        found = []
        if machine.input_buffer:
            before = [Use(brought, (Point(o),)) for o in uses if (brought := self.brought(o, movers))]
            found.append((before, machine.input_buffer))
        if machine.output_buffer:
            behind = [Use(use.begin, use.finish + self.taken(o, movers)) for o, use in uses.items()]
            found.append((behind, machine.capacity + machine.output_buffer))
        return found

    def stationed(self, cell: str, side: str, movers: dict[int, str]) -> list[Use]:
        """Return what takes the places of the input or output station of a cell."""
        return [
            Use((self.handled(into, movers),), tuple(self.handled(point, movers) for point in after) or (into,))
            for where, which, into, after in self.stops
            if (where, which) == (cell, side)
        ]

    def handled(self, point: Point, movers: dict[int, str]) -> Point:
        """Return when a move has picked its part up, or begins to put it down; other points as they are."""
        if self.tasks[point.task].leg is None:
            return point
        lane = self.instance.lane_by_vehicle.get(movers[point.task])
        mover = lane or self.instance.group_by_carrier[movers[point.task]]
        return replace(point, offset=-mover.drop_time if point.at_end else mover.pick_up_time)

    def add(self, task: Task) -> int:
        self.tasks.append(task)
        number = len(self.tasks) - 1
        self.arcs.append((TICK_0, Point(number), self.instance.job_by_id[task.job].release_date))
        return number

    def horizon(self) -> int:
        """Return a tick after which nothing in a least solution starts: all in a row, each with its longest wait."""
        calendars = calendars_of(self.instance)
        period = max((c.pattern.period for c in calendars if c.pattern is not None), default=0)
        gaps = [t for m in self.instance.machines if m.setups for row in m.setups.times.values() for t in row.values()]
        gaps += [2 * self.instance.longest_travel(group) for group in self.instance.group_by_id]
        gaps += [max(lane.cycle_time, lane.headway, 1) for lane in self.instance.lanes]
        tables = [lane.timetable for lane in self.instance.lanes if lane.timetable is not None]
        wait = max((max(table.departures) + (table.period or 0) for table in tables), default=0) * max(1, period)
        periods = [lane.transit_times.period for lane in self.instance.lanes if lane.transit_times is not None]
        wait = (wait + 1) * max(periods) * max(1, period) if periods else wait
        total = max((d.end for c in calendars for d in c.downtimes), default=0)
        slow = [*self.instance.lanes, *self.instance.group_by_id.values()]
        total += max((s.until or 0 for group in slow for s in group.slowdowns), default=0)
        total += max((s.end for pool in self.instance.operators for s in pool.shortages), default=0)
        total += max(job.release_date for job in self.instance.jobs) + 4 * period
        total += sum(p.min_lag for job in self.instance.jobs for p in job.precedences)
        for task in self.tasks:
            pattern = task.calendar.pattern
            shift = min(s.end - s.start for s in pattern.shifts) if pattern else task.work + 1
            total += task.work + max(gaps, default=0) + wait + period * (1 + task.work // shift)
        return total + 1 + (0 if all(machine.swap for machine in self.instance.machines) else len(self.tasks))

    def ancestors(self) -> list[set[int]]:
        """Return the tasks that end before each task starts, whatever is decided."""
        found: list[set[int]] = [set() for _ in self.tasks]
        direct = [(a.task, b.task) for a, b, gap in self.arcs if a.at_end and not b.at_end and after(0, gap) >= 0]
        for _ in self.tasks:
            for a, b in direct:
                found[b] |= {a, *found[a]}
        return found

    @staticmethod
    def waits(origin: Machine, destination: Machine | None, legs: tuple[Leg, ...]) -> bool:
        """Return whether a part stays at its machine until its first move, or the next operation, begins."""
        return origin.output_buffer == 0 or (legs[0].origin == origin.id if legs else origin == destination)

    def add_way(self, job: str, link: Link, a: int | None, b: int | None, legs: tuple[Leg, ...]) -> None:
        """Add the moves of a part from operation `a` to operation `b` on a route."""
        origin = None if a is None else self.machine(a)
        destination = None if b is None else self.machine(b)
        if a is not None and b is not None and legs == ():
            self.ways_out[a].append(Point(b))
        last = None if a is None else Point(a, at_end=True)
        lasts = arrivals = [] if last is None else [last]
        dwell = None if a is None else self.mode(a).max_dwell
        if dwell is not None and (legs or b is not None) and self.waits(origin, destination, legs):
            leaves = Point(len(self.tasks)) if legs else Point(b)
            self.arcs.append((leaves, last, -dwell))
        carried: list[tuple[Leg, int, int]] = []
        for leg in in_loads(self.instance, legs, self.instance.job_by_id[job], *link):
            if leg.load == 0:
                lasts, arrivals = arrivals, []
            if leg.kind == "transfer":
                length = min(time for lane in leg.groups for time in self.instance.lane_by_id[lane].trip_times)
            else:
                groups = [self.instance.fastest(group) for group in leg.groups]
                length = min(group.move_time(leg.origin, leg.destination) for group in groups)
            move = drop = self.add(Task(job, length, leg=leg, link=link))
            if leg.kind != "transfer" and any(
                c.capacity > 1 for group in groups_of(self.instance, leg) for c in group.carriers
            ):
                group = self.instance.fastest(leg.groups[0])
                self.tasks[move] = Task(job, group.pick_up_time, leg=leg, link=link, is_visit=True)
                drop = self.add(Task(job, group.drop_time, leg=leg, link=link, picked_up=move, is_visit=True))
                self.arcs.append((Point(move, at_end=True), Point(drop), travel(group, leg.origin, leg.destination)))
            carried.append((leg, move, drop))
            is_first = leg.slot == legs[0].slot
            if origin is not None and (leg.origin == origin.id or (leg.kind == "transfer" and is_first)):
                self.ways_out[a].append(Point(move))
            if destination is not None and leg.destination == destination.id:
                self.ways_in[b].append(Point(drop, at_end=True))
            self.arcs += [(before, Point(move), 0) for before in lasts]
            last = Point(drop, at_end=True)
            arrivals.append(last)
        for (leg, _, drop), following in zip_longest(carried, carried[1:]):
            after = [Point(move) for other, move, _ in carried if following and other.slot == following[0].slot]
            after += [] if following or b is None else [Point(b)]
            if leg.slot == "exit":
                self.stops.append((leg.groups[0], "output", Point(drop, at_end=True), tuple(after)))
            elif leg.kind == "transport" and following is not None and following[0].slot == "entry":
                self.stops.append((following[0].groups[0], "input", Point(drop, at_end=True), tuple(after)))
        if last is not None and b is not None:
            self.arcs += [(arrival, Point(b), 0) for arrival in arrivals]
            if legs and self.mode(b).max_dwell is not None and destination.input_buffer == 0:
                self.arcs.append((Point(b), last, 0))
        goes_on = a is not None and b is not None and origin != destination
        if goes_on and (not legs or destination.input_buffer == 0):
            self.passes.append((a, b))


def departs(lane: Lane, tick: int, trip_time: int) -> bool:
    """Return whether a trip of that length may depart then, the calendar apart."""
    transit_time, times = lane.transit_time, lane.transit_times
    for window in times.windows if times is not None else ():
        if tick % times.period in range(window.start, window.end):
            transit_time = window.transit_time
    for slow in lane.slowdowns:
        if slow.start <= tick and (slow.until is None or tick < slow.until):
            transit_time = (transit_time * 100 + slow.speed - 1) // slow.speed
    on_time = lane.timetable is None or _is_departure(lane.timetable, tick)
    return on_time and trip_time == lane.load_time + transit_time + lane.unload_time


def _is_departure(table: Timetable, tick: int) -> bool:
    if table.until is not None and tick > table.until:
        return False
    if table.period is None:
        return tick in table.departures
    return any(tick >= first and (tick - first) % table.period == 0 for first in table.departures)


def cases(instance: Instance) -> Iterator[Case]:
    selections = []
    for job in instance.jobs:
        plans = job.plans or (tuple(operation.id for operation in job.operations),)
        mode_numbers = {operation.id: range(len(operation.modes)) for operation in job.operations}
        selections.append(
            [
                {(job.id, operation): mode for operation, mode in zip(plan, modes, strict=True)}
                for plan in plans
                for modes in product(*(mode_numbers[operation] for operation in plan))
            ]
        )
    for selection in product(*selections):
        yield from _cases(instance, {key: mode for part in selection for key, mode in part.items()})


def _cases(instance: Instance, chosen: dict[tuple[str, str], int]) -> Iterator[Case]:
    """Yield a case for every choice of routes."""
    case = Case(instance)
    number = {}
    for key, index in chosen.items():
        mode = instance.mode(key, index)
        calendar = instance.machine_by_id[mode.machine].calendar
        interruptible = instance.operation_by_key[key].interruptible
        scheduled = ScheduledOperation(*key, index, mode.machine, 0, 0)
        task = Task(key[0], mode.duration, calendar, interruptible, scheduled)
        if mode.tended:
            cell = instance.cell_by_id[instance.machine_by_id[mode.machine].cell]
            task = replace(task, tenders=tuple(r.id for r in cell.robots if not r.reach or mode.machine in r.reach))
        number[key] = case.add(task)
        case.ways_in[number[key]] = []
        case.ways_out[number[key]] = []
    ways: list[tuple[str, Link, int | None, int | None]] = []
    for job in instance.jobs:
        of_job = {operation: task for (j, operation), task in number.items() if j == job.id}
        precedences = [p for p in job.precedences if p.predecessor in of_job and p.successor in of_job]
        for p in precedences:
            end, start = Point(of_job[p.predecessor], at_end=True), Point(of_job[p.successor])
            case.arcs.append((end, start, p.min_lag))
            if p.max_lag is not None:
                case.arcs.append((start, end, -p.max_lag))
        links: list[Link] = [(p.predecessor, p.successor) for p in precedences]
        links += [(None, o) for o in of_job if all(p.successor != o for p in precedences)]
        links += [(o, None) for o in of_job if all(p.predecessor != o for p in precedences)]
        ways += [(job.id, link, of_job.get(link[0]), of_job.get(link[1])) for link in links]
    choices = [routes(instance, *(None if end is None else case.machine(end) for end in ends)) for _, _, *ends in ways]
    for chosen_routes in product(*choices):
        found = replace(case, tasks=[*case.tasks], arcs=[*case.arcs], passes=[], stops=[])
        found.ways_in = {task: [] for task in case.ways_in}
        found.ways_out = {task: [] for task in case.ways_out}
        for way, legs in zip(ways, chosen_routes, strict=True):
            found.add_way(*way, legs)
        yield found


def swapped(case: Case, held: dict[int, tuple[int, int]]) -> list[tuple[int, int]]:
    """Return who takes over from whom in one instant though none of them can be the first to move; `held`: stays.

    The hand-overs of an instant are carried out one by one, each as soon as its machine is free.
    """
    strict = {machine.id for machine in case.instance.machines if not machine.swap and machine.output_buffer == 0}
    for instant in sorted({begin for begin, _ in held.values()}):
        left = {
            y: x
            for x, y in permutations(held, 2)
            if case.machine(x) == case.machine(y) and case.machine(x).id in strict
            if held[x][0] < held[x][1] == instant == held[y][0] < held[y][1]
        }
        moved = True
        while moved:
            still_there = {x for x, y in case.passes if y in left}
            moved = [y for y, x in left.items() if x not in still_there]
            for y in moved:
                del left[y]
        if left:
            return [(x, y) for y, x in left.items()]
    return []


def groups_of(instance: Instance, leg: Leg) -> list[CarrierGroup]:
    return [instance.group_by_id[group] for group in leg.groups]


def knows_visits(instance: Instance) -> bool:
    """Return whether carriers that hold several parts are alike, in one group and always work: what is told here."""
    several = {group.id for group in instance.group_by_id.values() for c in group.carriers if c.capacity > 1}
    alike = all(len({(c.capacity, c.speed) for c in instance.group_by_id[group].carriers}) == 1 for group in several)
    work = all(c.calendar.always_works for group in several for c in instance.group_by_id[group].carriers)
    return alike and work and len({instance.group_by_id[group].facility for group in several}) == len(several)


def calendars_of(instance: Instance) -> list[Calendar]:
    carriers = instance.carrier_by_id.values()
    return [resource.calendar for resources in (instance.machines, instance.lanes, carriers) for resource in resources]


def _works(calendar: Calendar, tick: int) -> bool:
    if any(d.start <= tick < d.end for d in calendar.downtimes):
        return False
    pattern = calendar.pattern
    return pattern is None or any(s.start <= tick % pattern.period < s.end for s in pattern.shifts)


def works_all(calendar: Calendar, start: int, end: int) -> bool:
    return all(_works(calendar, tick) for tick in range(start, end))


@lru_cache(maxsize=10_000)
def ends_of_work(calendar: Calendar, work: int, interruptible: bool, horizon: int) -> Ends:
    """Return the end for every start, found by counting ticks; None where the calendar forbids the start."""
    ends: list[int | None] = []
    for start in range(horizon):
        if not interruptible:
            ends.append(start + work if works_all(calendar, start, start + work) else None)
            continue
        tick, left = start, work
        while left > 0:
            left -= _works(calendar, tick)
            tick += 1
        ends.append(tick if work == 0 or _works(calendar, start) else None)
    return tuple(ends)
