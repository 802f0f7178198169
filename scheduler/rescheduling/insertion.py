"""New jobs in a draft: after everything else, one operation and one move at a time, so that nothing can block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from scheduler.domain import (
    Calendar,
    Instance,
    Job,
    Machine,
    Mode,
    Move,
    Objective,
    OperationKey,
    Schedule,
    ScheduledOperation,
)
from scheduler.domain.horizon import topological_order
from scheduler.domain.routing import Leg, carriers, in_loads, leg_time, routes, tenders
from scheduler.rescheduling.draft import Draft, LinkKey, link_key, useful_charges, ways_of
from scheduler.rescheduling.loose import plan_of
from scheduler.rescheduling.timing import Stuck
from scheduler.search.construct import construct

_MOST_STEPS = 10_000
"""Steps after which the search for machines that can be reached from one another is given up."""

_FAR = 2**60
"""Later than every downtime."""


def with_new_jobs(instance: Instance, draft: Draft) -> Draft:
    """Return the draft with the jobs it lacks, and with what it lacks of others.

    A new job, or the rest of one, comes after all others on its machines and movers, which is possible whatever they
    do. Its modes are chosen one by one so that each operation ends as early as possible in that place.

    Raises
    ------
    Stuck
        If the machines of a new job can't be reached from one another.
    """
    appending = _Appending(instance, draft)
    for job in instance.jobs:
        appending.append(job)
    moves, charges = (*draft.moves, *appending.moves), draft.charges
    if appending.obsolete:
        moves = tuple(move for move in moves if link_key(move) not in appending.obsolete)
        charges = useful_charges(instance, charges, moves)
    return replace(
        draft,
        operations=(*draft.operations, *appending.operations),
        moves=moves,
        charges=charges,
        added_operations=draft.added_operations | {o.key for o in appending.operations},
        added_moves=draft.added_moves | {link_key(m) for m in appending.moves},
    )


@dataclass
class _Appending:
    """Appends jobs to a draft, in nominal times in which one thing happens after the other."""

    instance: Instance
    draft: Draft
    operations: list[ScheduledOperation] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    obsolete: set[LinkKey] = field(default_factory=set)
    """Departures of parts that now go on to something new."""

    def __post_init__(self) -> None:
        ends = [operation.end for operation in self.draft.operations] + [move.end for move in self.draft.moves]
        ends += [charge.end for charge in self.draft.charges]
        self._clock = max(ends, default=0)
        self._free_at: dict[str, int] = {}
        for operation in self.draft.operations:
            self._free_at[operation.machine] = max(self._free_at.get(operation.machine, 0), operation.end)
        for move in self.draft.moves:
            self._free_at[move.mover] = max(self._free_at.get(move.mover, 0), move.end)
        self._there: dict[str, dict[str, ScheduledOperation]] = {}
        for operation in self.draft.operations:
            self._there.setdefault(operation.job, {})[operation.operation] = operation
        self._ways = {link_key(move) for move in self.draft.moves}

    def append(self, job: Job) -> None:
        """Append the first process plan of the job whose machines can be reached, or what the draft lacks of it."""
        there = self._there.get(job.id, {})
        if not there and _may_block_itself(self.instance, job):
            alone = _alone(self.instance, job)
            if alone is not None:
                self._copy(alone)
                return
        plans = (plan_of(job, set(there)),) if there else job.plans or (tuple(o.id for o in job.operations),)
        for plan in plans:
            order = tuple(o for o in topological_order(job) if o in plan and o not in there)
            if not order:
                return
            chosen = self._modes(job, order)
            if chosen is not None:
                self._emit(job, order, chosen)
                return
        raise Stuck(f"the machines of the new job {job.id} can't be reached from one another")

    def _copy(self, alone: Schedule) -> None:
        """Append a job in the order in which it goes through an empty factory."""
        begin = self._clock
        for operation in alone.operations:
            self.operations.append(replace(operation, start=begin + operation.start, end=begin + operation.end))
            self._clock = max(self._clock, begin + operation.end)
            for taken in (operation.machine, operation.tended_by):
                if taken is not None:
                    self._free_at[taken] = max(self._free_at.get(taken, 0), begin + operation.end)
        for move in alone.moves:
            if move.job is not None:
                self.moves.append(replace(move, start=begin + move.start, end=begin + move.end))
                self._clock = max(self._clock, begin + move.end)
                self._free_at[move.mover] = max(self._free_at.get(move.mover, 0), begin + move.end)
        self._clock += 1

    def _modes(self, job: Job, order: tuple[str, ...]) -> dict[str, int] | None:
        """Return the mode of each operation, or None if no choice has a way between all machines.

        Depth first, the mode that ends earliest first, among those from which the rest can be reached.
        """
        there = self._there.get(job.id, {})
        befores: dict[str, list[str | None]] = {
            o: [
                p.predecessor
                for p in job.precedences
                if p.successor == o and (p.predecessor in order or p.predecessor in there)
            ]
            or [None]
            for o in order
        }
        possible = self._possible(job, order)
        ends: dict[str, int] = {operation.operation: operation.end for operation in there.values()}
        chosen: dict[str, int] = {operation.operation: operation.mode for operation in there.values()}

        def end_in(operation_id: str, mode: int) -> int | None:
            """Return when the operation would end in this mode, None if its part can't get there."""
            machine = self._machine(job, operation_id, mode)
            ready = job.release_date
            for before in befores[operation_id]:
                origin = None if before is None else self._machine(job, before, chosen[before])
                legs = self._route(job, origin, machine)
                if legs is None or (
                    before is not None and self._lacks_setup(job, before, chosen[before], operation_id, mode)
                ):
                    return None
                ready = max(
                    ready, (0 if before is None else ends[before]) + sum(leg_time(self.instance, leg) for leg in legs)
                )
            duration = job.operation(operation_id).modes[mode].duration
            downtimes = Calendar(machine.calendar.downtimes).blocked(_FAR)  # shifts matter little for a choice
            start = machine.tempo.start(downtimes, max(ready, self._free_at.get(machine.id, 0)), duration, False)
            return machine.tempo.end((), start, duration)

        def options(position: int) -> Iterator[tuple[int, int]]:
            modes = possible[order[position]]
            found = [(end, mode) for mode in modes if (end := end_in(order[position], mode)) is not None]
            return iter(sorted(found))

        untried = [options(0)]
        for _ in range(_MOST_STEPS + 2 * len(order)):
            if not untried:
                return None
            option = next(untried[-1], None)
            if option is None:
                untried.pop()
                continue
            operation_id = order[len(untried) - 1]
            ends[operation_id], chosen[operation_id] = option
            if len(untried) == len(order):
                return chosen
            untried.append(options(len(untried)))
        return None

    def _possible(self, job: Job, order: tuple[str, ...]) -> dict[str, list[int]]:
        """Return the modes of each operation from which every successor has a mode within reach."""
        possible: dict[str, list[int]] = {}
        for operation_id in reversed(order):
            after = [p.successor for p in job.precedences if p.predecessor == operation_id and p.successor in order]
            operation = job.operation(operation_id)
            possible[operation_id] = [
                mode
                for mode in range(len(operation.modes))
                if (operation.interruptible or self._has_time(operation.modes[mode]))
                and all(
                    any(
                        self._route(job, self._machine(job, operation_id, mode), self._machine(job, s, m)) is not None
                        and not self._lacks_setup(job, operation_id, mode, s, m)
                        for m in possible[s]
                    )
                    for s in after
                )
            ]
        return possible

    def _route(self, job: Job, origin: Machine | None, destination: Machine | None) -> tuple[Leg, ...] | None:
        """Return the shortest route from machine to machine; None if there is none for the job."""
        possible = [
            legs
            for legs in routes(self.instance, origin, destination)
            if all(leg.kind != "transfer" or carriers(self.instance, leg, job) for leg in legs)
        ]
        return min(possible, key=lambda legs: sum(leg_time(self.instance, leg) for leg in legs), default=None)

    def _lacks_setup(self, job: Job, before: str, mode: int, after: str, other: int) -> bool:
        """Return whether a part would stay on its machine from one operation to the next though that needs a setup."""
        modes = job.operation(before).modes[mode], job.operation(after).modes[other]
        machine = self.instance.machine_by_id[modes[0].machine]
        if machine.setups is None or machine.output_buffer != 0 or modes[1].machine != machine.id:
            return False
        return machine.setups.time(modes[0].setup_family, modes[1].setup_family) > 0

    def _has_time(self, mode: Mode) -> bool:
        """Return whether an operation that does not pause fits into a shift in this mode."""
        longest = self.instance.machine_by_id[mode.machine].calendar.longest
        return longest is None or mode.duration <= longest

    def _machine(self, job: Job, operation_id: str, mode: int) -> Machine:
        return self.instance.machine_by_id[job.operation(operation_id).modes[mode].machine]

    def _emit(self, job: Job, order: tuple[str, ...], chosen: dict[str, int]) -> None:
        """Emit each operation after its arrival, then the ways out of it; first those out of what is there."""
        scheduled: dict[OperationKey, ScheduledOperation] = {o.key: o for o in self._there.get(job.id, {}).values()}
        for operation_id in order:
            mode = chosen[operation_id]
            machine = self._machine(job, operation_id, mode)
            tended = job.operation(operation_id).modes[mode].tended
            able = [robot.id for robot in tenders(self.instance, machine.id)] if tended else []
            robot = min(able, key=lambda r: self._free_at.get(r, 0), default=None)
            scheduled[job.id, operation_id] = ScheduledOperation(job.id, operation_id, mode, machine.id, 0, 0, robot)
        into: dict[str, LinkKey] = {}
        out_of: dict[str, list[LinkKey]] = {}
        ways = [way for way in ways_of(job, scheduled) if way not in self._ways]
        self.obsolete |= {way for way in self._ways if way[0] == job.id} - set(ways_of(job, scheduled))
        for way in ways:
            _, predecessor, successor = way
            if predecessor is not None and predecessor not in order:
                self._emit_moves(job, way, scheduled)
            elif predecessor is not None:
                out_of.setdefault(predecessor, []).append(way)
            elif successor is not None:
                into[successor] = way
        for operation_id in order:
            if operation_id in into:
                self._emit_moves(job, into[operation_id], scheduled)
            self._emit_operation(scheduled[job.id, operation_id])
            for way in out_of.get(operation_id, ()):
                self._emit_moves(job, way, scheduled)

    def _emit_operation(self, operation: ScheduledOperation) -> None:
        start, end = self._tick(self.instance.mode(operation.key, operation.mode).duration)
        self.operations.append(replace(operation, start=start, end=end))
        self._free_at[operation.machine] = end
        if operation.tended_by is not None:
            self._free_at[operation.tended_by] = end

    def _emit_moves(self, job: Job, way: LinkKey, scheduled: dict[OperationKey, ScheduledOperation]) -> None:
        _, predecessor, successor = way
        ends = [scheduled.get((job.id, o or "")) for o in (predecessor, successor)]
        origin, destination = (None if o is None else self.instance.machine_by_id[o.machine] for o in ends)
        legs = self._route(job, origin, destination) or ()
        for leg in in_loads(self.instance, legs, job, predecessor, successor):
            mover = min(self._movers(job, leg), key=lambda m: self._free_at.get(m, 0))
            start, end = self._tick(leg_time(self.instance, leg))
            move = Move(job.id, leg.origin, leg.destination, mover, leg.kind, start, end, predecessor, successor)
            self.moves.append(replace(move, load=leg.load, units=leg.units))
            self._free_at[mover] = end

    def _movers(self, job: Job, leg: Leg) -> list[str]:
        if leg.kind != "transfer":
            able = [carrier for carrier, _ in carriers(self.instance, leg, job)]
            if not able:
                raise Stuck(f"no fleet that may carry job {job.id} goes from {leg.origin} to {leg.destination}")
            return able
        lanes = [self.instance.lane_by_id[lane] for lane in leg.groups]
        able = [
            vehicle
            for lane in lanes
            if lane.units_per_vehicle >= (leg.units or job.units)
            for vehicle in lane.vehicle_ids
        ]
        if not able:
            raise Stuck(f"no lane from {leg.origin} to {leg.destination} carries the {job.units} units of job {job.id}")
        return able

    def _tick(self, length: int) -> tuple[int, int]:
        """Return the next nominal time of this length."""
        start = self._clock
        self._clock = start + max(length, 1)
        return start, start + length


def _may_block_itself(instance: Instance, job: Job) -> bool:
    """Return whether parts of one job may be in each other's way: it has branches, and machines that limit buffers."""
    befores = Counter(p.successor for p in job.precedences)
    afters = Counter(p.predecessor for p in job.precedences)
    num_ends = sum(operation.id not in afters for operation in job.operations)
    has_branches = num_ends > 1 or max((*befores.values(), *afters.values()), default=0) > 1
    machines = (instance.machine_by_id[mode.machine] for o in job.operations for mode in o.modes)
    return has_branches and any((machine.input_buffer, machine.output_buffer) != (None, None) for machine in machines)


def _alone(instance: Instance, job: Job) -> Schedule | None:
    """Return a schedule of the job in an empty factory, None if the construction finds none."""
    only = replace(job, release_date=0, due_date=None, deadline=None)
    empty = replace(instance, jobs=(only,), execution=None)
    return construct(empty, Objective.parse("makespan"), time_limit=0.0)
