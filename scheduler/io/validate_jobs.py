"""Validation of the jobs: operations, modes, precedences, plans, and whether the factory can do them at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scheduler.domain import Instance, Job, Operation
from scheduler.errors import Defect
from scheduler.io.defects import shown
from scheduler.io.json_text import json_path
from scheduler.io.numbered import default_precedences
from scheduler.io.validate_resources import Path, repeated, unknown


def repeated_operations(instance: Instance) -> Iterator[Defect]:
    """Two operations of a job have one id."""
    for j, job in enumerate(instance.jobs):
        yield from repeated((("jobs", j, "operations", o, "id"), op.id) for o, op in enumerate(job.operations))


def missing_operations_and_modes(instance: Instance) -> Iterator[Defect]:
    """A job has nothing to do, or an operation can't be done."""
    for j, job in enumerate(instance.jobs):
        if not job.operations:
            where = json_path("jobs", j, "operations")
            yield Defect("E311", where, f"job {shown(job.id)} has no operation", "add one, or remove the job")
        for o, operation in enumerate(job.operations):
            if not operation.modes:
                where = json_path("jobs", j, "operations", o, "modes")
                yield Defect("E311", where, f"operation {shown(operation.id)} has no mode", "add one")


def unknown_references(instance: Instance) -> Iterator[Defect]:
    """A job names a machine, setup family, operator pool or operation that does not exist."""
    families = _families(instance)
    for j, job in enumerate(instance.jobs):
        for o, operation in enumerate(job.operations):
            for m, mode in enumerate(operation.modes):
                path: Path = ("jobs", j, "operations", o, "modes", m)
                yield from unknown((*path, "machine"), mode.machine, instance.machine_by_id, "machine")
                if mode.setup_family is not None and mode.machine in families:
                    known = families[mode.machine]
                    yield from unknown((*path, "setup_family"), mode.setup_family, known, "setup family")
                for pool in mode.operators:
                    yield from unknown((*path, "operators", pool), pool, instance.pool_by_id, "operator pool")
        operations = dict.fromkeys(operation.id for operation in job.operations)
        for p, precedence in enumerate(() if _are_unstated(job) else job.precedences):
            for key, name in (("predecessor", precedence.predecessor), ("successor", precedence.successor)):
                yield from unknown(("jobs", j, "precedences", p, key), name, operations, "operation")
        for p, plan in enumerate(job.plans):
            for index, operation_id in enumerate(plan):
                yield from unknown(("jobs", j, "plans", p, index), operation_id, operations, "operation")


def _families(instance: Instance) -> dict[str, dict[str, None]]:
    """Setup families by machine, for the machines with setups: those that its matrix names."""
    found = {}
    for machine in instance.machines:
        if machine.setups is not None:
            named = dict.fromkeys(machine.setups.times)
            named |= dict.fromkeys(family for row in machine.setups.times.values() for family in row)
            if machine.setups.initial is not None:
                named[machine.setups.initial] = None
            found[machine.id] = named
    return found


def repeated_modes(instance: Instance) -> Iterator[Defect]:
    """An operation has the same mode twice."""
    for j, job in enumerate(instance.jobs):
        for o, operation in enumerate(job.operations):
            seen = set()
            for m, mode in enumerate(operation.modes):
                key = (
                    mode.machine,
                    mode.duration,
                    mode.setup_family,
                    frozenset(mode.operators.items()),
                    mode.max_dwell,
                    mode.tended,
                )
                if key in seen:
                    where = json_path("jobs", j, "operations", o, "modes", m)
                    cause = f"the mode on {shown(mode.machine)} in {mode.duration} ticks is listed already"
                    yield Defect("E312", where, cause, "remove it")
                seen.add(key)


def too_many_operators(instance: Instance) -> Iterator[Defect]:
    """A mode needs more operators than its pool has."""
    for j, job in enumerate(instance.jobs):
        for o, operation in enumerate(job.operations):
            for m, mode in enumerate(operation.modes):
                for name, demand in mode.operators.items():
                    pool = instance.pool_by_id.get(name)
                    if pool is not None and demand > pool.capacity:
                        where = json_path("jobs", j, "operations", o, "modes", m, "operators", name)
                        cause = f"the mode needs {demand} operators of pool {shown(name)}, which has {pool.capacity}"
                        yield Defect("E313", where, cause, "lower the demand or enlarge the pool")


def dwell_without_fetching(instance: Instance) -> Iterator[Defect]:
    """A part should be fetched in time from a machine at which nothing fetches parts: they leave it at once."""
    fetched = {machine.id for machine in instance.machines if machine.cell is not None or machine.output_buffer == 0}
    fetched |= {place for fleet in instance.fleets for place in fleet.places}
    for j, job in enumerate(instance.jobs):
        for o, operation in enumerate(job.operations):
            for m, mode in enumerate(operation.modes):
                if mode.max_dwell is not None and mode.machine in instance.machine_by_id.keys() - fetched:
                    where = json_path("jobs", j, "operations", o, "modes", m, "max_dwell")
                    cause = f"no robot or vehicle fetches parts from {shown(mode.machine)}: they leave it at once"
                    yield Defect("E350", where, cause, 'remove it, or limit the wait by "max_lag" of a precedence')


def too_long_for_every_shift(instance: Instance) -> Iterator[Defect]:
    """An operation that may not be interrupted is longer than every shift of its machine."""
    longest = {
        machine.id: machine.calendar.pattern.longest
        for machine in instance.machines
        if machine.calendar.pattern is not None
    }
    if not longest:
        return
    for j, job in enumerate(instance.jobs):
        for o, operation in enumerate(job.operations):
            for m, mode in enumerate(operation.modes):
                room = longest.get(mode.machine)
                if room is not None and mode.duration > room and not operation.interruptible:
                    where = json_path("jobs", j, "operations", o, "modes", m, "duration")
                    cause = f"{mode.duration} ticks fit into no shift of {shown(mode.machine)}, the longest has {room}"
                    yield Defect("E314", where, cause, 'shorten it, split it, or set "interruptible": true')


def no_length_with_setups(instance: Instance) -> Iterator[Defect]:
    """An operation of length 0 has no place in the order of a machine with setups."""
    with_setups = {machine.id for machine in instance.machines if machine.setups is not None}
    for j, job in enumerate(instance.jobs):
        for o, operation in enumerate(job.operations):
            for m, mode in enumerate(operation.modes):
                if mode.duration == 0 and mode.machine in with_setups:
                    where = json_path("jobs", j, "operations", o, "modes", m, "duration")
                    cause = f"{shown(mode.machine)} is set up from one operation to the next, and this one has length 0"
                    yield Defect("E325", where, cause, "write at least 1")


def repeated_precedences(instance: Instance) -> Iterator[Defect]:
    """A job states the precedence of two operations twice."""
    for j, job in enumerate(instance.jobs):
        seen = set()
        for p, precedence in enumerate(job.precedences):
            pair = (precedence.predecessor, precedence.successor)
            if pair in seen:
                cause = f"the precedence {shown(pair[0])} before {shown(pair[1])} is listed already"
                yield Defect("E315", json_path("jobs", j, "precedences", p), cause, "remove one of them")
            seen.add(pair)


def crossed_lags(instance: Instance) -> Iterator[Defect]:
    """The smallest lag of a precedence is larger than its largest."""
    for j, job in enumerate(instance.jobs):
        for p, precedence in enumerate(job.precedences):
            if precedence.max_lag is not None and precedence.min_lag > precedence.max_lag:
                cause = f"min_lag {precedence.min_lag} is larger than max_lag {precedence.max_lag}"
                yield Defect("E316", json_path("jobs", j, "precedences", p), cause, "lower min_lag or raise max_lag")


def cyclic_precedences(instance: Instance) -> Iterator[Defect]:
    """Operations of a job wait for one another in a circle."""
    for j, job in enumerate(instance.jobs):
        unique_ids = len({operation.id for operation in job.operations}) == len(job.operations)
        cycle = _cycle(job) if unique_ids else ()
        if cycle:
            cause = f"the precedences of job {shown(job.id)} go in a circle: {' -> '.join(cycle)}"
            key = "plans" if _are_unstated(job) else "precedences"
            yield Defect("E317", json_path("jobs", j, key), cause, "break the circle")


def _cycle(job: Job) -> tuple[str, ...]:
    """Return the operations of a cycle of the precedences, the first again at the end; empty if there is none."""
    successors: dict[str, list[str]] = {}
    num_open: dict[str, int] = {}
    for precedence in job.precedences:
        successors.setdefault(precedence.predecessor, []).append(precedence.successor)
        num_open[precedence.successor] = num_open.get(precedence.successor, 0) + 1
    free = [operation for operation in successors if operation not in num_open]
    while free:
        for successor in successors.get(free.pop(), ()):
            num_open[successor] -= 1
            if num_open[successor] == 0:
                free.append(successor)
    # What stays closed has a closed predecessor: walking backwards must come round.
    closed = {operation for operation, count in num_open.items() if count > 0}
    before = {p.successor: p.predecessor for p in job.precedences if p.successor in closed and p.predecessor in closed}
    if not before:
        return ()
    order = {operation.id: index for index, operation in enumerate(job.operations)}
    position: dict[str, int] = {}
    walk = [next(iter(before))]
    while walk[-1] not in position:
        position[walk[-1]] = len(walk) - 1
        walk.append(before[walk[-1]])
    circle = list(reversed(walk[position[walk[-1]] + 1 :]))
    begin = min(range(len(circle)), key=lambda index: order.get(circle[index], 0))
    return (*circle[begin:], *circle[: begin + 1])


def unreachable_successors(instance: Instance) -> Iterator[Defect]:
    """No two modes of a predecessor and its successor are in one facility or joined by a lane, or over a hub."""
    for j, job, p, pairs in _between_facilities(instance):
        if not any(origin == destination for origin, destination in pairs) and not _capacities(instance, pairs):
            ways = ", ".join(f"{shown(origin)} to {shown(destination)}" for origin, destination in sorted(pairs))
            yield Defect("E318", _place(j, job, p), f"the part can't go on: there is no lane from {ways}", "add a lane")


def too_large_for_every_lane(instance: Instance) -> Iterator[Defect]:
    """A job has to go to another facility, but has more units than a vehicle of any lane there carries."""
    for j, job, p, pairs in _between_facilities(instance):
        capacities = _capacities(instance, pairs)
        if any(origin == destination for origin, destination in pairs) or not capacities:
            continue
        if job.indivisible_units > max(capacities):
            between = f"operations {shown(job.precedences[p].predecessor)} and {shown(job.precedences[p].successor)}"
            cause = f"{job.units} units go between {between}, where a vehicle carries at most {max(capacities)}"
            yield Defect("E319", _place(j, job, p), cause, "lower the units of the job, or raise units_per_vehicle")


def _between_facilities(instance: Instance) -> Iterator[tuple[int, Job, int, set[tuple[str, str]]]]:
    """Yield every precedence (its job, and the index of both) with the pairs of facilities that its modes allow."""
    if len(instance.facilities) < 2:
        return
    for j, job in enumerate(instance.jobs):
        facilities = {operation.id: _facilities(instance, operation) for operation in job.operations}
        for p, precedence in enumerate(job.precedences):
            origins = facilities.get(precedence.predecessor, set())
            destinations = facilities.get(precedence.successor, set())
            pairs = {(origin, destination) for origin in origins for destination in destinations}
            if pairs:
                yield j, job, p, pairs


def _place(j: int, job: Job, p: int) -> str:
    """Return the place of a precedence: of its successor, where the file does not state it."""
    if not _are_unstated(job):
        return json_path("jobs", j, "precedences", p)
    successor = [operation.id for operation in job.operations].index(job.precedences[p].successor)
    return json_path("jobs", j, "operations", successor)


def _are_unstated(job: Job) -> bool:
    """Return whether the precedences of the job are those that it has without stating any."""
    return job.precedences == default_precedences(job.operations, job.plans)


def _facilities(instance: Instance, operation: Operation) -> set[str]:
    machines = (instance.machine_by_id.get(mode.machine) for mode in operation.modes)
    return {machine.facility for machine in machines if machine is not None}


def _capacities(instance: Instance, pairs: set[tuple[str, str]]) -> set[int]:
    """Units that can go at a time between the pairs of facilities, by each lane or over each hub."""
    largest: dict[tuple[str, str], int] = {}
    for lane in instance.lanes:
        ends = (lane.origin, lane.destination)
        largest[ends] = max(largest.get(ends, 0), lane.units_per_vehicle)
    hubs = [facility.id for facility in instance.facilities if facility.hub]
    ways = [[pair] for pair in pairs] + [[(a, hub), (hub, b)] for a, b in pairs for hub in hubs if hub not in (a, b)]
    return {min(largest[pair] for pair in way) for way in ways if all(pair in largest for pair in way)}


def deadlines_before_release(instance: Instance) -> Iterator[Defect]:
    """A job has to be completed before it may begin."""
    for j, job in enumerate(instance.jobs):
        if job.deadline is not None and job.deadline < job.release_date:
            cause = f"the deadline {job.deadline} lies before the release date {job.release_date}"
            yield Defect("E320", json_path("jobs", j, "deadline"), cause, "move one of them")


def unusable_plans(instance: Instance) -> Iterator[Defect]:
    """A plan is empty, lists an operation twice, or is the same as another plan."""
    for j, job in enumerate(instance.jobs):
        seen: dict[frozenset[str], int] = {}
        for p, plan in enumerate(job.plans):
            where = json_path("jobs", j, "plans", p)
            if not plan:
                yield Defect("E321", where, "the plan lists no operation", "add operations, or remove the plan")
            elif len(set(plan)) < len(plan):
                twice, _ = Counter(plan).most_common(1)[0]
                yield Defect("E321", where, f"the plan lists operation {shown(twice)} twice", "list it once")
            elif frozenset(plan) in seen:
                cause = f"the plan holds the same operations as plan {seen[frozenset(plan)]}"
                yield Defect("E321", where, cause, "remove one of them")
            seen.setdefault(frozenset(plan), p)
