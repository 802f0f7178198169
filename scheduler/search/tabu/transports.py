"""Lowering of instances in which vehicles of a fleet carry the jobs: a transport is a task like an operation.

Tasks are the operations in file order, then one transport for each way of a part that may need one. Its alternatives
are vehicles, which are machines after the machines; its place in a vehicle's sequence, its length and the empty travel
before and after it follow from the machines at its two ends. A transport whose two ends are one place is *idle*: it is
in no sequence and takes no time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from scheduler.domain import Fleet, Instance, Job, Move, Schedule, ScheduledOperation
from scheduler.domain.derive import complete
from scheduler.domain.routing import may_carry
from scheduler.search.tabu.arrays import (
    AFTER,
    ALT,
    ALTS_AT,
    BEFORE,
    DOWNTIMES_AT,
    END,
    FAMILIES,
    FIRST,
    INITIAL,
    JOB,
    LAST,
    MACHINE,
    PAUSES,
    PREDS_AT,
    READY,
    RELEASE,
    SETUPS_AT,
    SINKS,
    SLOW_AT,
    START,
    SUCCS_AT,
    Ints,
    Problem,
    Solution,
    lower,
    new_solution,
    row_items,
    row_starts,
)

# Further rows of `Problem.machines`: the place of a machine (-1: no fleet goes there); where the lengths of the loaded
# moves of a vehicle begin in `Problem.times`, by origin and destination.
PLACE_OF, LOADED_AT = 7, 8
# Rows of `Carried.transports`: the operations at the ends (-1: none, the end is the load/unload station).
PRED, SUCC = range(2)


class Carried(NamedTuple):
    """A `Problem` whose tasks are operations and transports, with the ends of each transport, and the station's place.

    In `Problem.machines` vehicles follow the machines, then comes a column for idle transports and one more.
    """

    ops: Ints
    links: Ints
    alts: Ints
    machines: Ints
    times: Ints
    transports: Ints
    station: int


class _Way(NamedTuple):
    """A way of a part that may need a transport, with the numbers of the operations at its ends (-1: none)."""

    job: int
    pred: int
    succ: int
    key: tuple[str, str | None, str | None]


def lower_carried(instance: Instance, horizon: int) -> Carried:
    """Return the arrays of an instance with fleets that `why_unsupported` has nothing against."""
    plain = lower(instance, horizon)
    ways = list(_ways(instance))
    places = _places(instance)
    num, num_machines = plain.ops.shape[1] - 1, len(instance.machines)
    machines, times = _with_vehicles(instance, plain, places)
    before, after = _links(plain, ways, num)
    ops = np.zeros((7, num + len(ways) + 1), np.int64)
    ops[PREDS_AT] = row_starts(before, 0)
    ops[SUCCS_AT] = row_starts(after, ops[PREDS_AT, -1])
    alternatives = [list(map(tuple, plain.alts[:, a:b].T.tolist())) for a, b in pairwise(plain.ops[ALTS_AT].tolist())]
    for way in ways:
        numbers = _vehicles(instance, instance.jobs[way.job])
        alternatives.append([(num_machines + vehicle, 0, 0) for vehicle in numbers])
    ops[ALTS_AT] = row_starts(alternatives, 0)
    for row in (RELEASE, PAUSES, JOB):
        ops[row, :num] = plain.ops[row, :num]
    ops[RELEASE, num:-1] = [instance.jobs[way.job].release_date for way in ways]
    ops[JOB, num:-1] = [way.job for way in ways]
    sinks = [task for task, rows in enumerate(after) if not rows]
    ops[SINKS] = -1
    ops[SINKS, : len(sinks)] = sinks
    station = places.get(instance.facility_by_id[instance.machines[0].facility].station or "", -1)
    transports = np.ascontiguousarray(np.array([(way.pred, way.succ) for way in ways], np.int64).reshape(-1, 2).T)
    alts = row_items(alternatives, 3)
    return Carried(ops, row_items(before + after, 2), alts, machines, times, transports, station)


def raise_carried(instance: Instance, schedule: Schedule, problem: Carried) -> Solution:
    """Return the solution with the modes, machine and vehicle sequences of a schedule (not timed yet).

    Idle transports keep their first vehicle in mind; `scheduler.search.tabu.carry.settle` sets places and lengths.
    """
    solution = new_solution(Problem(*problem[:5]))
    state, ends = solution
    state[BEFORE:READY] = -1
    keys = {key: number for number, key in enumerate(instance.operation_by_key)}
    num, nowhere = len(keys), problem.machines.shape[1] - 2
    for key, scheduled in schedule.by_operation.items():
        alt = problem.ops[ALTS_AT, keys[key]] + scheduled.mode
        state[ALT, keys[key]] = alt
        state[MACHINE, keys[key]] = problem.alts[0, alt]
    tasks = {way.key: num + column for column, way in enumerate(_ways(instance))}
    for task in tasks.values():
        state[ALT, task] = problem.ops[ALTS_AT, task]
        state[MACHINE, task] = nowhere
    sequences = [[keys[o.key] for o in schedule.by_machine.get(machine.id, ())] for machine in instance.machines]
    vehicles = [vehicle.id for fleet in instance.fleets for vehicle in fleet.vehicles]
    for number, vehicle in enumerate(vehicles):
        sequence = []
        for move in schedule.by_mover.get(vehicle, ()):
            if move.job is not None:
                task = tasks[move.job, move.predecessor, move.successor]
                machine = len(instance.machines) + number
                first, last = problem.ops[ALTS_AT, task : task + 2]
                state[ALT, task] = first + int(np.flatnonzero(problem.alts[0, first:last] == machine)[0])
                state[MACHINE, task] = machine
                sequence.append(task)
        sequences.append(sequence)
    for machine, sequence in enumerate(sequences):
        for a, b in pairwise(sequence):
            state[AFTER, a], state[BEFORE, b] = b, a
        if sequence:
            ends[FIRST, machine], ends[LAST, machine] = sequence[0], sequence[-1]
    return solution


def carried_schedule(instance: Instance, problem: Carried, solution: Solution) -> Schedule:
    """Return a timed solution as a schedule."""
    state = solution.state
    num, num_machines = len(instance.operation_by_key), len(instance.machines)
    operations = []
    for o, (key, operation) in enumerate(instance.operation_by_key.items()):
        mode = int(state[ALT, o] - problem.ops[ALTS_AT, o])
        start, end = int(state[START, o]), int(state[END, o])
        operations.append(ScheduledOperation(*key, mode, operation.modes[mode].machine, start, end))
    machines = {o.key: o.machine for o in operations}
    vehicles = [vehicle.id for fleet in instance.fleets for vehicle in fleet.vehicles]
    station = instance.facility_by_id[instance.machines[0].facility].station or ""
    moves = []
    for task, way in enumerate(_ways(instance), start=num):
        vehicle = int(state[MACHINE, task]) - num_machines
        if vehicle < len(vehicles):
            job, predecessor, successor = way.key
            origin = station if predecessor is None else machines[job, predecessor]
            destination = station if successor is None else machines[job, successor]
            start, end = int(state[START, task]), int(state[END, task])
            mover = vehicles[vehicle]
            moves.append(Move(job, origin, destination, mover, "transport", start, end, predecessor, successor))
    return complete(instance, operations, moves)


def _ways(instance: Instance) -> Iterator[_Way]:
    """Yield the ways that may need a transport; all machines are in one facility."""
    numbers = {key: number for number, key in enumerate(instance.operation_by_key)}
    facility = instance.facility_by_id[instance.machines[0].facility]
    for number, job in enumerate(instance.jobs):
        for predecessor, successor, _ in job.links:
            if (predecessor is None and facility.station is None) or (successor is None and not facility.returns_jobs):
                continue
            pred = -1 if predecessor is None else numbers[job.id, predecessor]
            succ = -1 if successor is None else numbers[job.id, successor]
            yield _Way(number, pred, succ, (job.id, predecessor, successor))


def _places(instance: Instance) -> dict[str, int]:
    fleet: Fleet = instance.fleets[0]
    names = dict.fromkeys((*fleet.travel, *(place for row in fleet.travel.values() for place in row)))
    return {name: number for number, name in enumerate(names)}


def _vehicles(instance: Instance, job: Job) -> list[int]:
    """Return the numbers of the vehicles that may carry a job."""
    vehicles = [vehicle.id for fleet in instance.fleets for vehicle in fleet.vehicles]
    return [number for number, vehicle in enumerate(vehicles) if may_carry(instance, vehicle, job)]


def _with_vehicles(instance: Instance, plain: Problem, places: dict[str, int]) -> tuple[Ints, Ints]:
    """Return `Problem.machines` and `Problem.times` with vehicles, their travel as setups, and their loaded moves."""
    num_machines, side = len(instance.machines), len(places)
    vehicles = [(fleet, vehicle) for fleet in instance.fleets for vehicle in fleet.vehicles]
    machines = np.zeros((9, num_machines + len(vehicles) + 2), np.int64)
    machines[SETUPS_AT] = -1
    machines[:7, :num_machines] = plain.machines[:, :num_machines]
    machines[PLACE_OF] = -1
    machines[PLACE_OF, :num_machines] = [places.get(machine.id, -1) for machine in instance.machines]
    machines[DOWNTIMES_AT, num_machines:] = plain.machines[DOWNTIMES_AT, -1]
    machines[SLOW_AT, num_machines:] = plain.machines[SLOW_AT, -1]
    times = plain.times.tolist() if plain.machines[SETUPS_AT, -1] >= 0 else []
    at: dict[tuple[str, int], int] = {}
    for fleet_id, paces in instance.paces_by_id.items():
        for speed, fleet in paces.items():
            at[fleet_id, speed] = len(times)
            times.extend(fleet.travel_time(p, q) if p != q else 0 for p in places for q in places)
            times.extend(fleet.move_time(p, q) for p in places for q in places)
    for number, (fleet, vehicle) in enumerate(vehicles, start=num_machines):
        machines[SETUPS_AT, number] = at[fleet.id, vehicle.speed]
        machines[FAMILIES, number] = side
        machines[INITIAL, number] = places[vehicle.start]
        machines[LOADED_AT, number] = at[fleet.id, vehicle.speed] + side * side
    machines[SETUPS_AT, -1] = 0  # not plain: setups are looked up
    return machines, np.array(times, np.int64)


def _links(
    plain: Problem, ways: list[_Way], num: int
) -> tuple[list[list[tuple[int, int]]], list[list[tuple[int, int]]]]:
    """Return predecessors and successors, with lags, of operations and transports."""
    before: list[list[tuple[int, int]]] = [[] for _ in range(num + len(ways))]
    after: list[list[tuple[int, int]]] = [[] for _ in range(num + len(ways))]

    def link(a: int, b: int, lag: int) -> None:
        before[b].append((a, lag))
        after[a].append((b, lag))

    for task, way in enumerate(ways, start=num):
        if way.pred >= 0:
            link(way.pred, task, 0)
        if way.succ >= 0:
            link(task, way.succ, 0)
    for o in range(num):
        for k in range(plain.ops[SUCCS_AT, o], plain.ops[SUCCS_AT, o + 1]):
            if plain.links[1, k] > 0:
                link(o, int(plain.links[0, k]), int(plain.links[1, k]))
    return before, after
