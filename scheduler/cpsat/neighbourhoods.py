"""Which operations to free around a schedule: a time window, some machines, what is near a critical path, some jobs,
what a cell, a fleet or a lane carries.

Each kind takes the schedule's `Network` and how many operations to free, and draws from the random source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import pairwise
from random import Random

from scheduler.domain import Instance, Objective, OperationKey, Schedule, ScheduledOperation

CLOSE = 0.1
"""How far, as a share of the makespan, an operation may be from a critical path and still be near it."""


class Network:
    """A schedule with what may be freed of it, and how far each operation is from being critical.

    The *slack* of an operation is how much later it may end before, by pushing its successors, it delays something that
    the objective wants early; neighbours in a job, on a machine and on a mover push each other.
    """

    def __init__(self, instance: Instance, objective: Objective, schedule: Schedule) -> None:
        self.instance = instance
        self.objective = objective
        self.schedule = schedule

    @cached_property
    def free(self) -> tuple[ScheduledOperation, ...]:
        """Operations that may be freed: all that have neither begun nor are pinned."""
        execution = self.instance.execution
        if execution is None:
            return self.schedule.operations
        pinned = {pin.key for pin in execution.pins}
        return tuple(o for o in self.schedule.operations if o.start >= execution.now and o.key not in pinned)

    @cached_property
    def slacks(self) -> Mapping[OperationKey, int]:
        """Slack of every operation."""
        jobs = self.instance.job_by_id
        urgent = {name for tier in self.objective.tiers[:1] for name, _ in tier.weights}
        completions, makespan = self.schedule.completions, self.schedule.makespan
        slacks: dict[OperationKey, int] = {}
        spare: dict[str, int] = {}
        for job, completion in completions.items():
            spare[job] = makespan - completion
            due_date = jobs[job].due_date if job in jobs else None
            if "makespan" not in urgent and due_date is not None:
                spare[job] = max(0, due_date - completion)
            if "flow_time" in urgent:
                spare[job] = 0
        after = self._followers()
        for operation in sorted(self.schedule.operations, key=lambda o: (o.start, o.end), reverse=True):
            own = spare[operation.job] + completions[operation.job] - operation.end
            pushed = (max(0, b.start - operation.end) + slacks[b.key] for b in after[operation.key] if b.key in slacks)
            slacks[operation.key] = min(own, min(pushed, default=own))
        return slacks

    @cached_property
    def carried(self) -> Mapping[str, Mapping[str, tuple[ScheduledOperation, ...]]]:
        """What may be freed at the ends of the loaded moves: cell, fleet or lane -> its mover -> operations."""
        free = {o.key: o for o in self.free}
        groups, lanes = self.instance.group_by_carrier, self.instance.lane_by_vehicle
        found: dict[str, dict[str, dict[OperationKey, ScheduledOperation]]] = {}
        for move in self.schedule.moves:
            if move.job is None:
                continue
            group = groups[move.mover].id if move.mover in groups else lanes[move.mover].id
            for end in (move.predecessor, move.successor):
                if end is not None and (move.job, end) in free:
                    movers = found.setdefault(group, {})
                    movers.setdefault(move.mover, {})[move.job, end] = free[move.job, end]
        return {
            group: {mover: tuple(operations.values()) for mover, operations in movers.items()}
            for group, movers in found.items()
        }

    def _followers(self) -> Mapping[OperationKey, list[ScheduledOperation]]:
        """Return what comes right after each operation: in its job, and on its machine."""
        found: dict[OperationKey, list[ScheduledOperation]] = {o.key: [] for o in self.schedule.operations}
        for operations in self.schedule.by_machine.values():
            for a, b in pairwise(operations):
                found[a.key].append(b)
        for job in self.instance.jobs:
            for precedence in job.precedences:
                before = self.schedule.by_operation.get((job.id, precedence.predecessor))
                after = self.schedule.by_operation.get((job.id, precedence.successor))
                if before is not None and after is not None:
                    found[before.key].append(after)
        return found


def _nearest(operations: Iterable[ScheduledOperation], instant: int, size: int) -> frozenset[OperationKey]:
    """Return the operations whose middles are closest to an instant."""
    ordered = sorted(operations, key=lambda o: (abs(o.start + o.end - 2 * instant), o.job, o.operation))
    return frozenset(o.key for o in ordered[:size])


def time_window(network: Network, size: int, random: Random) -> frozenset[OperationKey]:
    """Free what runs around an instant."""
    return _nearest(network.free, random.choice(network.free).start, size)


def machine_subset(network: Network, size: int, random: Random) -> frozenset[OperationKey]:
    """Free what runs on some machines: all of it, or what is nearest to an instant where that is too much."""
    by_machine: dict[str, list[ScheduledOperation]] = {}
    for operation in network.free:
        by_machine.setdefault(operation.machine, []).append(operation)
    machines = list(by_machine)
    random.shuffle(machines)
    # Fewer machines make longer windows.
    enough = size * random.choice((1, 2, 3))
    chosen: list[ScheduledOperation] = []
    for machine in machines:
        if len(chosen) >= enough:
            break
        chosen.extend(by_machine[machine])
    return _nearest(chosen, random.choice(chosen).start, size)


def critical(network: Network, size: int, random: Random) -> frozenset[OperationKey]:
    """Free what is near the critical paths, with some noise about what is near."""
    noise = max(1, int(CLOSE * network.schedule.makespan))
    ordered = sorted(network.free, key=lambda o: (network.slacks[o.key] + random.randrange(noise), o.job, o.operation))
    return frozenset(o.key for o in ordered[:size])


def job_subset(network: Network, size: int, random: Random) -> frozenset[OperationKey]:
    """Free whole jobs, those that are late before the others more often than not."""
    by_job: dict[str, list[ScheduledOperation]] = {}
    for operation in network.free:
        by_job.setdefault(operation.job, []).append(operation)
    noise = max(1, network.schedule.makespan // 2)
    rank = {job: min(network.slacks[o.key] for o in done) + random.randrange(noise) for job, done in by_job.items()}
    chosen: list[OperationKey] = []
    for job in sorted(by_job, key=lambda job: (rank[job], job)):
        chosen.extend(o.key for o in by_job[job])
        if len(chosen) >= size:
            break
    return frozenset(chosen)


def movers_of_a_group(network: Network, size: int, random: Random) -> frozenset[OperationKey]:
    """Free what two movers of a cell, a fleet or a lane bring or take away, around an instant.

    Where nothing is carried, this is a time window.
    """
    if not network.carried:
        return time_window(network, size, random)
    groups = list(network.carried.values())
    movers = list(random.choices(groups, [sum(map(len, group.values())) for group in groups])[0].values())
    chosen = {o.key: o for operations in random.sample(movers, min(2, len(movers))) for o in operations}
    operations = list(chosen.values())
    return _nearest(operations, random.choice(operations).start, size)


Neighbourhood = Callable[[Network, int, Random], frozenset[OperationKey]]

NEIGHBOURHOODS: tuple[Neighbourhood, ...] = (time_window, machine_subset, critical, job_subset)
"""The kinds for every factory."""


def neighbourhoods(network: Network) -> dict[Neighbourhood, float]:
    """Return the kinds that make sense for a schedule, and the credit that each begins with.

    What movers carry has to prove itself first: as an equal of the others it cost two_facilities nothing and
    battery_network a tenth of what 15 s had gained.
    """
    kinds = dict.fromkeys(NEIGHBOURHOODS, 1.0)
    return {**kinds, movers_of_a_group: 0.1} if network.carried else kinds
