"""The instance as construction sees it: operations by index, routes and downtimes looked up once.

Built once per call and shared by all passes; nothing here changes while a schedule is built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from scheduler.domain import Calendar, Instance, Job, Lane, Machine, OperationKey, RobotCell
from scheduler.domain.happened import taken_over
from scheduler.domain.routing import Leg, lanes_between, leg_time, routes, tenders
from scheduler.domain.tempo import Tempo
from scheduler.search.downtimes import NEVER, Downtimes


@dataclass(slots=True, eq=False)
class MachineData:
    """A machine. ``holds_in`` / ``holds_out``: parts occupy it before / after processing, for want of a buffer.

    With ``places_in`` / ``places_out`` (0: not limited so) they occupy those before it, or those of the machine and
    after it together. Where a fleet serves it, it is a place of its own (``is_served``); else the facility outside
    cells is one place.
    """

    index: int
    domain: Machine
    place: str
    cell: RobotCell | None
    load_time: int
    unload_time: int
    holds_in: bool
    holds_out: bool
    places_in: int
    places_out: int
    is_served: bool
    downtimes: Downtimes | None

    @property
    def is_simple(self) -> bool:
        """Whether nothing but its capacity of 1 limits it, and maybe that parts stay."""
        machine = self.domain
        has_limits = self.downtimes is not None or machine.setups is not None or machine.capacity > 1
        return self.cell is None and not self.is_served and not has_limits and not self.places_out

    @property
    def has_place_in(self) -> bool:
        """Whether parts that are brought need a place that may be taken."""
        return self.holds_in or self.places_in > 0

    @property
    def keeps(self) -> bool:
        """Whether parts need a place, on the machine or after it, until they have been taken away."""
        return self.holds_out or self.places_out > 0

    @property
    def is_plain(self) -> bool:
        """Whether nothing but its capacity of 1 limits it."""
        return self.is_simple and not self.holds_out

    def takes_up(self, leg: Leg) -> bool:
        """Return whether a leg that a part begins here takes it off the machine.

        A lane takes jobs up wherever they are; but a robot from the input station of a cell doesn't.
        """
        return leg.origin == self.domain.id or leg.kind == "transfer"


@dataclass(slots=True, eq=False)
class ModeData:
    """Mode ``number`` of an operation; ``operators`` by index; it needs one of the ``tenders``, and ``least`` ticks."""

    number: int
    machine: MachineData
    duration: int
    least: int
    family: str | None
    operators: tuple[tuple[int, int], ...]
    max_dwell: int | None = None
    tenders: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class OperationData:
    """An operation; ``index`` counts over all jobs in file order."""

    index: int
    key: OperationKey
    modes: tuple[ModeData, ...]
    interruptible: bool
    least_duration: int


@dataclass(slots=True, eq=False)
class LinkData:
    """A way of a part of a job: a precedence, an arrival (no predecessor) or a departure (no successor)."""

    job: Job
    predecessor: OperationData | None
    successor: OperationData | None
    min_lag: int = 0
    max_lag: int | None = None
    taken_at: int | None = None
    """When the part came to another machine without a move, for work that was lost; None: it did not."""

    @property
    def ends(self) -> tuple[str | None, str | None]:
        """Ids of the operations that it leads from and to."""
        before, after = self.predecessor, self.successor
        return (before.key[1] if before is not None else None, after.key[1] if after is not None else None)


@dataclass(slots=True, eq=False)
class PlanData:
    """A process plan of a job: its operations in a depth-first topological order, and its links.

    ``tails[operation index][mode number]`` is the least time from the end of the operation to the job's completion.
    ``tight`` are the links of which not every pair of modes is possible, ``domains`` the modes left by them. A plan
    ``is_plain`` if its machines are, and no part needs a move or operators; if not all are plain, but all simple, and
    the operations are a chain without maximum lags, it ``is_chain``.
    """

    job: JobData
    number: int
    operations: tuple[OperationData, ...]
    links: tuple[LinkData, ...]
    incoming: Mapping[int, list[LinkData]]
    outgoing: Mapping[int, list[LinkData]]
    tails: dict[int, list[int]] = field(default_factory=dict)
    tight: tuple[LinkData, ...] = ()
    domains: dict[int, tuple[ModeData, ...]] = field(default_factory=dict)
    is_plain: bool = False
    is_chain: bool = False


@dataclass(slots=True, eq=False)
class JobData:
    """A job; without alternative plans, all its operations are its only plan."""

    index: int
    domain: Job
    operations: Mapping[str, OperationData]
    plan_ids: tuple[tuple[str, ...], ...]


class Problem:
    """Machines, operations and jobs of an instance by index, with cached routes."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.now = instance.execution.now if instance.execution is not None else 0
        self.machines = tuple(self._machine(index, machine) for index, machine in enumerate(instance.machines))
        self.machine_by_id = {machine.domain.id: machine for machine in self.machines}
        self.operations: list[OperationData] = []
        self.jobs = tuple(self._job(index, job) for index, job in enumerate(instance.jobs))
        self.operation_by_key = {operation.key: operation for operation in self.operations}
        self._routes: dict[tuple[str | None, str | None], tuple[tuple[Leg, ...], ...]] = {}
        self._lanes: dict[tuple[str, str], tuple[Lane, ...]] = {}

    @cached_property
    def carrier_downtimes(self) -> dict[str, Downtimes | None]:
        """Downtimes by robot or vehicle of a fleet."""
        return {carrier.id: downtimes(carrier.calendar) for carrier in self.instance.carrier_by_id.values()}

    @cached_property
    def lane_downtimes(self) -> dict[str, Downtimes | None]:
        """Downtimes by lane."""
        return {lane.id: downtimes(lane.calendar) for lane in self.instance.lanes}

    @cached_property
    def taken_over(self) -> Mapping[tuple[OperationKey, OperationKey], int]:
        """When parts came to another machine without a move for work that was lost, by operation before and after."""
        return taken_over(self.instance)

    def routes(self, origin: MachineData | None, destination: MachineData | None) -> tuple[tuple[Leg, ...], ...]:
        """Return the moves from machine to machine on each route, direct or over a hub."""
        key = (origin.place if origin else None, destination.place if destination else None)
        if key not in self._routes:
            ends = (origin.domain if origin else None, destination.domain if destination else None)
            self._routes[key] = ((),) if key[0] == key[1] else routes(self.instance, *ends)
        return self._routes[key]

    def legs(self, origin: MachineData | None, destination: MachineData | None) -> tuple[Leg, ...] | None:
        """Return the moves from machine to machine on the first route; None if there is no way."""
        return next(iter(self.routes(origin, destination)), None)

    def lanes(self, leg: Leg) -> tuple[Lane, ...]:
        """Return the lanes that a transfer can take."""
        key = (leg.origin, leg.destination)
        if key not in self._lanes:
            self._lanes[key] = lanes_between(self.instance, *key)
        return self._lanes[key]

    def leg_time(self, leg: Leg, units: int) -> int:
        """Return the least length of a move for a job of so many units; `NEVER` if no vehicle is large enough."""
        if leg.kind != "transfer":
            return leg_time(self.instance, leg)
        return min((lane.trip_times[0] for lane in self.lanes(leg) if lane.units_per_vehicle >= units), default=NEVER)

    def lead_time(self, leg: Leg) -> int:
        """Return the least time from the start of a robot move or transport until it begins to put the part down."""
        groups = (self.instance.fastest(group) for group in leg.groups)
        return min(group.move_time(leg.origin, leg.destination) - group.drop_time for group in groups)

    def transit_time(self, origin: MachineData | None, destination: MachineData | None, units: int) -> int:
        """Return the least time from machine to machine; `NEVER` if there is no way."""
        times = (sum(self.leg_time(leg, units) for leg in legs) for legs in self.routes(origin, destination))
        return min(times, default=NEVER)

    def are_compatible(self, link: LinkData, before: ModeData, after: ModeData) -> bool:
        """Return whether a part can go from one mode to the other.

        There has to be a way, not longer than the maximum lag; and a part that waits on its station leaves no time for
        a setup there.
        """
        if before.machine is after.machine:
            setups = before.machine.domain.setups
            blocks = before.machine.holds_out and setups is not None
            return not (blocks and setups is not None and setups.time(before.family, after.family) > 0)
        longest = NEVER - 1 if link.max_lag is None else link.max_lag
        return self.transit_time(before.machine, after.machine, link.job.indivisible_units) <= longest

    def _machine(self, index: int, machine: Machine) -> MachineData:
        cell = self.instance.cell_by_id[machine.cell] if machine.cell is not None else None
        is_served = cell is None and any(machine.id in fleet.places for fleet in self.instance.fleets)
        place = f"machine {machine.id}" if is_served else f"facility {machine.facility}"
        return MachineData(
            index,
            machine,
            place=f"station {machine.id}" if cell is not None else place,
            cell=cell,
            load_time=cell.load_time if cell is not None else 0,
            unload_time=cell.unload_time if cell is not None else 0,
            holds_in=machine.input_buffer == 0,
            holds_out=machine.output_buffer == 0,
            places_in=machine.input_buffer or 0,
            places_out=machine.capacity + machine.output_buffer if machine.output_buffer else 0,
            is_served=is_served,
            downtimes=downtimes(machine.calendar, machine.tempo),
        )

    def _job(self, index: int, job: Job) -> JobData:
        pools = {pool.id: number for number, pool in enumerate(self.instance.operators)}
        operations = {}
        for operation in job.operations:
            modes = tuple(
                ModeData(
                    number,
                    self.machine_by_id[mode.machine],
                    mode.duration,
                    self.instance.least(mode),
                    mode.setup_family,
                    tuple((pools[pool], amount) for pool, amount in mode.operators.items() if amount > 0),
                    mode.max_dwell,
                    tuple(robot.id for robot in tenders(self.instance, mode.machine)) if mode.tended else (),
                )
                for number, mode in enumerate(operation.modes)
            )
            least = min(mode.least for mode in modes)
            key = (job.id, operation.id)
            operations[operation.id] = OperationData(len(self.operations), key, modes, operation.interruptible, least)
            self.operations.append(operations[operation.id])
        return JobData(index, job, operations, job.plans or (tuple(operations),))


def downtimes(calendar: Calendar, tempo: Tempo | None = None) -> Downtimes | None:
    """Return the downtimes of a calendar, None if it has none and the machine is never slow."""
    is_slow = tempo is not None and bool(tempo.stretches)
    return None if calendar.always_works and not is_slow else Downtimes(calendar, tempo)


def lower_plan(problem: Problem, job: JobData, number: int) -> PlanData:
    """Return a process plan of a job."""
    lags: dict[tuple[str, str], LinkData] = {}
    chosen = set(job.plan_ids[number])
    for p in job.domain.precedences:
        if p.predecessor in chosen and p.successor in chosen:
            ends = (p.predecessor, p.successor)
            both = (job.operations[p.predecessor], job.operations[p.successor])
            taken_at = problem.taken_over.get((both[0].key, both[1].key))
            link = lags.setdefault(ends, LinkData(job.domain, *both, taken_at=taken_at))
            link.min_lag = max(link.min_lag, p.min_lag)
            link.max_lag = min((lag for lag in (link.max_lag, p.max_lag) if lag is not None), default=None)
    links = list(lags.values())
    first = chosen - {successor for _, successor in lags}
    last = chosen - {predecessor for predecessor, _ in lags}
    links.extend(LinkData(job.domain, None, o) for name, o in job.operations.items() if name in first)
    links.extend(LinkData(job.domain, o, None) for name, o in job.operations.items() if name in last)
    operations = [o for name, o in job.operations.items() if name in chosen]
    incoming: dict[int, list[LinkData]] = {o.index: [] for o in operations}
    outgoing: dict[int, list[LinkData]] = {o.index: [] for o in operations}
    for link in links:
        if link.successor is not None:
            incoming[link.successor.index].append(link)
        if link.predecessor is not None:
            outgoing[link.predecessor.index].append(link)
    order = _depth_first(operations, incoming, outgoing)
    plan = PlanData(job, number, order, tuple(links), incoming, outgoing)
    modes = [mode for operation in operations for mode in operation.modes]
    machines = [mode.machine for mode in modes]
    one_place = len({machine.place for machine in machines}) == 1
    if one_place and not any(mode.operators or mode.tenders or mode.max_dwell is not None for mode in modes):
        plan.is_plain = all(machine.is_plain for machine in machines)
        plan.is_chain = all(machine.is_simple for machine in machines) and not plan.is_plain and _is_chain(plan)
    if not one_place or any(machine.holds_out and machine.domain.setups is not None for machine in machines):
        plan.tight = tuple(link for link in links if _is_tight(problem, link))
        plan.domains = {o.index: o.modes for o in operations}
        narrow(problem, plan, plan.domains, plan.tight)
    _set_tails(problem, plan)
    return plan


def narrow(
    problem: Problem, plan: PlanData, domains: dict[int, tuple[ModeData, ...]], links: Sequence[LinkData]
) -> bool:
    """Take out modes without a possible partner across a tight link until none is left; return False if none fits.

    Arc consistency (Mackworth 1977, Artificial Intelligence 8, "Consistency in networks of relations"): on chains and
    trees of operations, any remaining mode is then part of a possible choice for all of them.
    """
    waiting = list(links)
    while waiting:
        link = waiting.pop()
        before, after = link.predecessor, link.successor
        if before is None or after is None:
            continue
        pairs = [
            (a, b) for a in domains[before.index] for b in domains[after.index] if problem.are_compatible(link, a, b)
        ]
        for operation, kept in ((before, {a for a, _ in pairs}), (after, {b for _, b in pairs})):
            if len(kept) < len(domains[operation.index]):
                domains[operation.index] = tuple(mode for mode in domains[operation.index] if mode in kept)
                neighbours = (*plan.incoming[operation.index], *plan.outgoing[operation.index])
                waiting.extend(other for other in neighbours if other in plan.tight and other is not link)
                if not kept:
                    return False
    return True


def _is_chain(plan: PlanData) -> bool:
    ways = (*plan.incoming.values(), *plan.outgoing.values())
    return all(len(links) == 1 for links in ways) and all(link.max_lag is None for link in plan.links)


def _is_tight(problem: Problem, link: LinkData) -> bool:
    before, after = link.predecessor, link.successor
    if before is None or after is None:
        return False
    return not all(problem.are_compatible(link, a, b) for a in before.modes for b in after.modes)


def _depth_first(
    operations: Sequence[OperationData], incoming: Mapping[int, list[LinkData]], outgoing: Mapping[int, list[LinkData]]
) -> tuple[OperationData, ...]:
    """Return a topological order that follows a part as far as it can before it turns to the next."""
    missing = {o.index: sum(link.predecessor is not None for link in incoming[o.index]) for o in operations}
    stack = [o for o in reversed(operations) if missing[o.index] == 0]
    order = []
    while stack:
        operation = stack.pop()
        order.append(operation)
        for link in reversed(outgoing[operation.index]):
            if link.successor is not None:
                missing[link.successor.index] -= 1
                if missing[link.successor.index] == 0:
                    stack.append(link.successor)
    return tuple(order)


def _set_tails(problem: Problem, plan: PlanData) -> None:
    """Set the tails, last operations first; modes at the same place share the way to the next operation."""
    units = plan.job.domain.indivisible_units
    for operation in reversed(plan.operations):
        by_place: dict[str, int] = {}
        tails = []
        for mode in operation.modes:
            place = mode.machine.place
            if place not in by_place:
                after = (
                    _tail_over(problem, plan, mode.machine, link, units) for link in plan.outgoing[operation.index]
                )
                by_place[place] = max(after)
            tails.append(by_place[place])
        plan.tails[operation.index] = tails


def _tail_over(problem: Problem, plan: PlanData, machine: MachineData, link: LinkData, units: int) -> int:
    successor = link.successor
    if successor is None:
        return problem.transit_time(machine, None, units)
    least: dict[str, tuple[int, MachineData]] = {}
    for mode, tail in zip(successor.modes, plan.tails[successor.index], strict=True):
        rest = mode.least + tail
        if mode.machine.place not in least or rest < least[mode.machine.place][0]:
            least[mode.machine.place] = (rest, mode.machine)
    return min(max(problem.transit_time(machine, to, units), link.min_lag) + rest for rest, to in least.values())
