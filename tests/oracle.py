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
from dataclasses import replace
from itertools import combinations, pairwise, permutations

from oracle_case import TICK_0, Arc, Case, Gap, Point, Use, after, cases, knows_visits, swapped, travel
from oracle_timing import Node, Timed, Timing, Value, Window, is_free

from scheduler.domain import Instance, Objective, Schedule, Shortage
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


class _Search(Timed):
    def __init__(self, case: Case, objective: Objective, best: tuple[Value, Schedule] | None, nodes: int) -> None:
        super().__init__(case, objective, best)
        self.nodes_left = nodes
        self.ancestors = case.ancestors()
        self.is_mixed = any(len(paces) > 1 for paces in self.instance.paces_by_id.values())

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

        def fits(before: int, second: int) -> bool:
            gap, begin = self.gap(resource, before, second), timing.earliest(uses[second].begin)
            free = calendar is None or is_free(calendar, begin, gap)
            return free and begin >= after(timing.latest(uses[before].finish), gap)

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

    def gap(self, resource: str, before: int, second: int) -> Gap:
        """Return the setup time or the empty travel between two uses; `before` 0 is tick 0."""
        if (machine := self.instance.machine_by_id.get(resource)) is not None:
            if machine.setups is None:
                return 0
            family = self.case.mode(before).setup_family if before else machine.setups.initial
            return machine.setups.time(family, self.case.mode(second).setup_family)
        group = self.instance.group_by_carrier[resource]
        place = self.case.tasks[before].destination if before else self.instance.carrier_by_id[resource].start
        return travel(group, place, self.case.tasks[second].origin)

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


def _apart(first: Use, second: Use, gap: Gap) -> list[Arc]:
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
