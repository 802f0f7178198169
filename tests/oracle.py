"""The exact optimum of tiny instances, found without solver, horizon or checker of the package.

The method branches on conflicts (Igelmund and Radermacher 1983, Networks 13, "Preselective strategies ..."):

1. Every choice of plans and modes is tried. It fixes the operations, their machines and so the moves.
2. For given arcs ``instant >= other instant + gap`` and given sets of allowed starts (calendars), the solutions are
   closed under the minimum by component, so that there is a *least* one; it is found by raising starts until all
   arcs hold. Every term that only grows with completions is smallest there.
3. Where the least solution breaks a resource, there is a set of uses of it of which two have to be apart. Each way
   of doing that is one more arc, and one more branch. Where it breaks none, it is the optimum of its branch.

Machines of capacity 1 and robots are decided as sequences, first to last, since a setup or an empty move counts
between direct neighbours only. What depends on order alone (`setup_time`, `transfer_count`) is constant once the
order is decided, so with such a term in the objective everything is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import permutations, product

from scheduler.domain import Calendar, Instance, Machine, Move, Objective, Schedule, ScheduledOperation
from scheduler.domain.derive import complete
from scheduler.domain.routing import Leg, lanes_between, route

ORDER_TERMS = {"setup_time", "transfer_count"}
TIME_TERMS = {"makespan", "total_tardiness", "weighted_tardiness", "maximum_tardiness", "number_tardy", "flow_time"}

Value = tuple[Fraction, ...]


def best_schedule(instance: Instance, objective: Objective | str | None = None) -> tuple[Value, Schedule] | None:
    """Return the smallest value of the objective and a schedule that has it, or None if there is no schedule."""
    if objective is None or isinstance(objective, str):
        objective = Objective.parse(objective or instance.objective)
    if unknown := set(objective.terms) - ORDER_TERMS - TIME_TERMS:
        raise ValueError(f"the oracle does not know the terms {sorted(unknown)}")
    if instance.execution is not None:
        raise ValueError("the oracle does not know execution")
    best: tuple[Value, Schedule] | None = None
    for case in _cases(instance):
        best = _Search(case, objective, best).run()
    return best


def optimum(instance: Instance, objective: Objective | str | None = None) -> Value | None:
    """Return the smallest value of the objective, or None if there is no schedule."""
    best = best_schedule(instance, objective)
    return None if best is None else best[0]


# --- what there is to time, once plans and modes are chosen -----------------------------------------------------


@dataclass(frozen=True)
class Point:
    """An instant of a task: its start or end, and some ticks."""

    task: int
    at_end: bool
    offset: int = 0


@dataclass(frozen=True)
class Task:
    """An operation or a loaded move. ``ends[start]`` is its end, None if it may not start then."""

    ends: tuple[int | None, ...]
    job: str
    operation: ScheduledOperation | None = None
    leg: Leg | None = None
    link: tuple[str | None, str | None] = (None, None)


@dataclass(frozen=True)
class Use:
    """A use of a resource, from the earliest of some instants until the latest of others."""

    begin: tuple[Point, ...]
    finish: tuple[Point, ...]
    amount: int = 1


Arc = tuple[Point, Point, int]
"""``(a, b, gap)``: b >= a + gap."""


@dataclass
class Case:
    """One choice of plans and modes."""

    instance: Instance
    horizon: int
    tasks: list[Task] = field(default_factory=list)
    arcs: list[Arc] = field(default_factory=list)
    occupation: dict[int, Use] = field(default_factory=dict)
    least: dict[int, int] = field(default_factory=dict)


def _cases(instance: Instance) -> Iterator[Case]:
    horizon = _horizon(instance)
    selections = []
    for job in instance.jobs:
        plans = job.plans or (tuple(operation.id for operation in job.operations),)
        selections.append(
            [
                {(job.id, id): mode for id, mode in zip(plan, modes, strict=True)}
                for plan in plans
                for modes in product(*(range(len(job.operation(id).modes)) for id in plan))
            ]
        )
    for selection in product(*selections):
        chosen = {key: mode for part in selection for key, mode in part.items()}
        if (case := _case(instance, chosen, horizon)) is not None:
            yield case


def _case(instance: Instance, chosen: dict[tuple[str, str], int], horizon: int) -> Case | None:
    """Return the tasks and arcs of a choice of modes, or None if no lane leads where a part has to go."""
    case = Case(instance, horizon)
    number: dict[tuple[str, str], int] = {}
    for key, mode_index in chosen.items():
        mode = instance.mode(key, mode_index)
        calendar = instance.machine_by_id[mode.machine].calendar
        interruptible = instance.operation_by_key[key].interruptible
        scheduled = ScheduledOperation(*key, mode_index, mode.machine, 0, 0)
        number[key] = len(case.tasks)
        ends = tuple(_end(calendar, start, mode.duration, interruptible) for start in range(horizon))
        case.tasks.append(Task(ends, key[0], operation=scheduled))
        case.least[number[key]] = instance.job_by_id[key[0]].release_date
    ways_in: dict[int, list[Point]] = {task: [] for task in number.values()}
    ways_out: dict[int, list[Point]] = {task: [] for task in number.values()}
    for job in instance.jobs:
        present = [operation.id for operation in job.operations if (job.id, operation.id) in chosen]
        within = [p for p in job.precedences if p.predecessor in present and p.successor in present]
        pairs: list[tuple[str | None, str | None]] = [(p.predecessor, p.successor) for p in within]
        pairs += [(None, id) for id in present if all(p.successor != id for p in within)]
        pairs += [(id, None) for id in present if all(p.predecessor != id for p in within)]
        for p in within:
            end, start = Point(number[job.id, p.predecessor], True), Point(number[job.id, p.successor], False)
            case.arcs.append((end, start, p.min_lag))
            if p.max_lag is not None:
                case.arcs.append((start, end, -p.max_lag))
        for before, after in pairs:
            a = None if before is None else number[job.id, before]
            b = None if after is None else number[job.id, after]
            if not _add_way(case, job.id, (before, after), a, b, ways_in, ways_out):
                return None
    for task in number.values():
        machine = _machine(case, task)
        begin, finish = (Point(task, False),), (Point(task, True),)
        if machine.cell is not None and machine.input_buffer == 0 and ways_in[task]:
            begin = tuple(ways_in[task])
        if machine.cell is not None and machine.output_buffer == 0 and ways_out[task]:
            finish = tuple(ways_out[task])
        case.occupation[task] = Use(begin, finish)
    return case


def _add_way(
    case: Case,
    job: str,
    link: tuple[str | None, str | None],
    a: int | None,
    b: int | None,
    ways_in: dict[int, list[Point]],
    ways_out: dict[int, list[Point]],
) -> bool:
    """Add the moves of a part from task `a` to task `b`; say where it takes and leaves the machines."""
    instance = case.instance
    origin = None if a is None else _machine(case, a)
    destination = None if b is None else _machine(case, b)
    legs = route(instance, origin, destination)
    if legs is None:
        return False
    if origin is not None and destination is not None and origin.id == destination.id:
        ways_out[a].append(Point(b, False))
        return True
    last = None if a is None else Point(a, True)
    for leg in legs:
        task = len(case.tasks)
        if leg.kind == "robot_move":
            cell = instance.cell_by_id[leg.cell]
            length = cell.unload_time + cell.travel_time(leg.origin, leg.destination) + cell.load_time
            if origin is not None and leg.origin == origin.id:
                ways_out[a].append(Point(task, False, cell.unload_time))
            if destination is not None and leg.destination == destination.id:
                ways_in[b].append(Point(task, False, length - cell.load_time))
        else:
            length = lanes_between(instance, leg.origin, leg.destination)[0].trip_time
        ends = tuple(start + length for start in range(case.horizon))
        case.tasks.append(Task(ends, job, leg=leg, link=link))
        case.least[task] = instance.job_by_id[job].release_date
        if last is not None:
            case.arcs.append((last, Point(task, False), 0))
        last = Point(task, True)
    if last is not None and b is not None:
        case.arcs.append((last, Point(b, False), 0))
    return True


def _machine(case: Case, task: int) -> Machine:
    scheduled = case.tasks[task].operation
    assert scheduled is not None
    return case.instance.machine_by_id[scheduled.machine]


def _works(calendar: Calendar, tick: int) -> bool:
    if any(d.start <= tick < d.end for d in calendar.downtimes):
        return False
    pattern = calendar.pattern
    return pattern is None or any(s.start <= tick % pattern.period < s.end for s in pattern.shifts)


def _end(calendar: Calendar, start: int, duration: int, interruptible: bool) -> int | None:
    """Return when work that starts at `start` ends, counting ticks; None if the calendar forbids the start."""
    if duration == 0:
        return start
    if not _works(calendar, start):
        return None
    if not interruptible:
        return start + duration if all(_works(calendar, t) for t in range(start, start + duration)) else None
    tick, done = start, 0
    while done < duration:
        done += _works(calendar, tick)
        tick += 1
        if tick > start + 1000:
            return None
    return tick


def _horizon(instance: Instance) -> int:
    """Return a tick by which every least solution has ended: all lengths in a row, each with waiting for calendars."""
    calendars = [m.calendar for m in instance.machines] + [lane.calendar for lane in instance.lanes]
    calendars += [robot.calendar for cell in instance.cells for robot in cell.robots]
    period = max((c.pattern.period for c in calendars if c.pattern is not None), default=0)
    total = max((d.end for c in calendars for d in c.downtimes), default=0)
    total += max((job.release_date for job in instance.jobs), default=0)
    setup = max((t for m in instance.machines if m.setups for row in m.setups.times.values() for t in row.values()), default=0)
    travel = [t for cell in instance.cells for row in cell.travel.values() for t in row.values()]
    move = max(travel, default=0) * 2 + max((c.load_time + c.unload_time for c in instance.cells), default=0)
    trip = max((lane.cycle_time for lane in instance.lanes), default=0)
    for job in instance.jobs:
        for operation in job.operations:
            total += max(mode.duration for mode in operation.modes) + setup + 2 * period
        num_links = len(job.precedences) + 2 * len(job.operations)
        total += sum(p.min_lag for p in job.precedences) + num_links * (2 * move + trip)
    return total + 1


# --- the search --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Node:
    """What has been decided: arcs, movers, the beginning of each sequence, and pairs of trips."""

    arcs: tuple[Arc, ...]
    windows: tuple[tuple[tuple[Point, ...], Calendar, int], ...] = ()
    movers: dict[int, str] = field(default_factory=dict)
    sequences: dict[str, tuple[int, ...]] = field(default_factory=dict)
    trips: frozenset[tuple[int, int]] = frozenset()


class _Search:
    def __init__(self, case: Case, objective: Objective, best: tuple[Value, Schedule] | None) -> None:
        self.case = case
        self.instance = case.instance
        self.objective = objective
        self.best = best
        self.ends: list[tuple[int | None, ...]] = [task.ends for task in case.tasks]
        self.ends_by_mover: dict[tuple[int, str], tuple[int | None, ...]] = {}

    def run(self) -> tuple[Value, Schedule] | None:
        self.branch(Node(tuple(self.case.arcs)))
        return self.best

    def branch(self, node: Node) -> None:
        starts = self.least(node)
        if starts is None or self.is_late(starts):
            return
        if self.best is not None and self.bound(node, starts) >= self.best[0]:
            return
        children = self.mover_choices(node) or self.resolutions(node, starts)
        if children is None:
            schedule = self.schedule(node, starts)
            value = self.bound(node, starts)
            if self.best is None or value < self.best[0]:
                self.best = (value, schedule)
            return
        for child in children:
            self.branch(child)

    # the least solution

    def at(self, point: Point, starts: Sequence[int], node: Node) -> int:
        start = starts[point.task]
        if not point.at_end:
            return start + point.offset
        end = self.allowed(point.task, node)[start]
        assert end is not None
        return end + point.offset

    def allowed(self, task: int, node: Node) -> tuple[int | None, ...]:
        mover = node.movers.get(task)
        if mover is None:
            return self.case.tasks[task].ends
        if (task, mover) not in self.ends_by_mover:
            self.ends_by_mover[task, mover] = self.ends_with(task, mover)
        return self.ends_by_mover[task, mover]

    def ends_with(self, task: int, mover: str) -> tuple[int | None, ...]:
        """Return the ends of a move that this robot or vehicle makes: never in its downtime."""
        if mover in self.instance.robot_by_id:
            calendar = self.instance.robot_by_id[mover].calendar
            ends = self.case.tasks[task].ends
        else:
            lane = self.instance.lane_by_vehicle[mover]
            calendar = lane.calendar
            ends = tuple(start + lane.trip_time for start in range(self.case.horizon))
        return tuple(
            end if all(_works(calendar, tick) for tick in range(start, end)) else None
            for start, end in enumerate(ends)
            if end is not None
        )

    def least(self, node: Node) -> list[int] | None:
        starts = [self.case.least[task] for task in range(len(self.case.tasks))]
        for task in range(len(starts)):
            if not self.lift(task, starts, node, lambda _: True):
                return None
        changed = True
        while changed:
            changed = False
            for a, b, gap in node.arcs:
                needed = self.at(a, starts, node) + gap
                if self.at(b, starts, node) < needed:
                    changed = True
                    if not self.lift(b.task, starts, node, self.reaches(b, needed)):
                        return None
            for begin, calendar, length in node.windows:
                at = min(self.at(point, starts, node) for point in begin)
                while not _free_before(calendar, at, length):
                    at += 1
                    if at > self.case.horizon:
                        return None
                for point in begin:
                    if self.at(point, starts, node) < at:
                        changed = True
                        if not self.lift(point.task, starts, node, self.reaches(point, at)):
                            return None
        return starts

    @staticmethod
    def reaches(point: Point, needed: int) -> Callable[[tuple[int, int]], bool]:
        return lambda interval: interval[point.at_end] + point.offset >= needed

    def lift(self, task: int, starts: list[int], node: Node, enough: Callable[[tuple[int, int]], bool]) -> bool:
        """Raise the start of a task to the first that is allowed and enough; say whether there is one."""
        ends = self.allowed(task, node)
        for start in range(starts[task], self.case.horizon):
            end = ends[start]
            if end is not None and enough((start, end)):
                starts[task] = start
                return True
        return False

    # value

    def completions(self, starts: Sequence[int], node: Node | None = None) -> dict[str, int]:
        found = {job.id: 0 for job in self.instance.jobs}
        for index, task in enumerate(self.case.tasks):
            ends = task.ends if node is None else self.allowed(index, node)
            end = ends[starts[index]]
            assert end is not None
            found[task.job] = max(found[task.job], end)
        return found

    def is_late(self, starts: Sequence[int]) -> bool:
        completions = self.completions(starts)
        return any(job.deadline is not None and completions[job.id] > job.deadline for job in self.instance.jobs)

    def bound(self, node: Node, starts: Sequence[int]) -> Value:
        """Return the value of the least solution, with order terms as far as they are decided."""
        completions = self.completions(starts, node)
        jobs = self.instance.jobs
        late = {j.id: 0 if j.due_date is None else max(0, completions[j.id] - j.due_date) for j in jobs}
        terms = {
            "makespan": max(completions.values(), default=0),
            "total_tardiness": sum(late.values()),
            "weighted_tardiness": sum(j.weight * late[j.id] for j in jobs),
            "maximum_tardiness": max(late.values(), default=0),
            "number_tardy": sum(tardiness > 0 for tardiness in late.values()),
            "flow_time": sum(completions[j.id] - j.release_date for j in jobs),
            "setup_time": sum(length for _, _, length in node.windows),
            "transfer_count": 0,
        }
        if "transfer_count" in self.objective.terms:
            vehicles = {task: v for task, v in node.movers.items() if v in self.instance.lane_by_vehicle}
            joined = {b for a, b in node.trips if self.together(node, a, b)}
            terms["transfer_count"] = len(vehicles.keys() - joined)
        return self.objective.value(terms)

    @staticmethod
    def together(node: Node, a: int, b: int) -> bool:
        return (Point(b, False), Point(a, False), 0) in node.arcs and (Point(a, False), Point(b, False), 0) in node.arcs

    # branching

    def mover_choices(self, node: Node) -> list[Node] | None:
        """Return a child for every robot or vehicle that can make the first move without one."""
        for index, task in enumerate(self.case.tasks):
            if task.leg is None or index in node.movers:
                continue
            if task.leg.kind == "robot_move":
                robots = self.instance.cell_by_id[task.leg.cell].robots
                movers = [robot.id for robot in robots]
            else:
                movers = []
                used = set(node.movers.values())
                for lane in lanes_between(self.instance, task.leg.origin, task.leg.destination):
                    count = sum(vehicle in used for vehicle in lane.vehicle_ids)
                    movers += lane.vehicle_ids[: count + 1]
            return [replace(node, movers={**node.movers, index: mover}) for mover in movers]
        return None

    def resolutions(self, node: Node, starts: Sequence[int]) -> list[Node] | None:
        """Return children that mend the first resource in conflict, None if there is no conflict."""
        instance = self.instance
        for machine in instance.machines:
            on_it = [task for task in self.case.occupation if _machine(self.case, task).id == machine.id]
            if machine.capacity == 1:
                children = self.sequence(node, starts, machine.id, {t: self.case.occupation[t] for t in on_it})
            else:
                children = self.cumulative(node, starts, [self.case.occupation[t] for t in on_it], machine.capacity)
            if children is not None:
                return children
        for robot in instance.robot_by_id:
            moves = [task for task, mover in node.movers.items() if mover == robot]
            uses = {t: Use((Point(t, False),), (Point(t, True),)) for t in moves}
            children = self.sequence(node, starts, robot, uses)
            if children is not None:
                return children
        for pool in instance.operators:
            uses_of_pool = []
            for task in self.case.occupation:
                scheduled = self.case.tasks[task].operation
                amount = instance.mode(scheduled.key, scheduled.mode).operators.get(pool.id, 0)
                if amount > 0:
                    uses_of_pool.append(Use((Point(task, False),), (Point(task, True),), amount))
            children = self.cumulative(node, starts, uses_of_pool, pool.capacity)
            if children is not None:
                return children
        for vehicle in instance.lane_by_vehicle:
            children = self.vehicle(node, starts, vehicle)
            if children is not None:
                return children
        return None

    def sequence(
        self, node: Node, starts: Sequence[int], resource: str, uses: dict[int, Use]
    ) -> list[Node] | None:
        done = node.sequences.get(resource, ())
        rest = [task for task in uses if task not in done]
        if not rest:
            return None
        begin = {t: min(self.at(p, starts, node) for p in uses[t].begin) for t in uses}
        finish = {t: max(self.at(p, starts, node) for p in uses[t].finish) for t in uses}
        order = [*done[-1:], *sorted(rest, key=lambda t: (begin[t], finish[t]))]
        steps = [(None, order[0])] if not done else []
        steps += list(zip(order, order[1:], strict=False))
        matters = "setup_time" in self.objective.terms and resource in self.instance.machine_by_id
        matters = matters and self.instance.machine_by_id[resource].setups is not None
        if not matters and all(
            begin[b] >= (0 if a is None else finish[a]) + self.gap(resource, a, b)
            and self.is_free(resource, begin[b], self.setup_time(resource, a, b))
            for a, b in steps
        ):
            return None
        children = []
        last = done[-1] if done else None
        for task in rest:
            arcs = [(Point(task, False), point, 0) for point in ()]
            arcs += [(u, f, 0) for other in rest if other != task for u in uses[task].finish for f in uses[other].begin]
            gap = self.gap(resource, last, task)
            windows = node.windows
            if last is not None:
                arcs += [(u, f, gap) for u in uses[last].finish for f in uses[task].begin]
            length = self.setup_time(resource, last, task)
            if length > 0:
                windows = (*windows, (uses[task].begin, self.instance.machine_by_id[resource].calendar, length))
            child = replace(
                node,
                arcs=(*node.arcs, *arcs),
                windows=windows,
                sequences={**node.sequences, resource: (*done, task)},
            )
            children.append(child)
        return children
