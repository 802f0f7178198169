"""How long building the model takes, told beforehand: too long for the time there is means not to begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import inf

from scheduler.cpsat.tours import alike
from scheduler.domain import Instance, Job, Machine, Schedule
from scheduler.domain.routing import Leg, carriers, in_loads, routes, tenders

SECONDS_PER_ARC = 6e-5
SECONDS_PER_MODE = 1e-4
"""Measured on one core of a small server; on the safe side."""


def build_seconds(instance: Instance, most: float = inf) -> float:
    """Estimate the seconds that `scheduler.cpsat.solve.build` and the hint take.

    Counting ends once there are more than `most`: how many more nobody has to know who has no more.

    Circuits dominate: a machine with setups and a carrier need an arc for every pair of the operations or moves that
    they may have to do. For vehicles that are alike it is one for every pair of transports, see
    `scheduler.cpsat.tours`; for a lane one for every pair of transfers that one trip can take.
    """
    in_tours = {v.id: f.id for f in instance.fleets if f.id in alike(instance) for v in f.vehicles}
    num_on: dict[str, int] = {}
    units_on: dict[str, Counter[int]] = {lane.id: Counter() for lane in instance.lanes}
    num_modes = 0
    with_setups = {machine.id for machine in instance.machines if machine.setups is not None}
    for job in instance.jobs:
        for operation in job.operations:
            num_modes += len(operation.modes)
            for mode in operation.modes:
                if mode.machine in with_setups:
                    num_on[mode.machine] = num_on.get(mode.machine, 0) + 1
                for robot in tenders(instance, mode.machine) if mode.tended else ():
                    num_on[robot.id] = num_on.get(robot.id, 0) + 1
    if instance.group_by_id or instance.lanes:
        for job in instance.jobs:
            for predecessor, successor, _ in job.links:
                moves = ((in_tours.get(m, m), leg) for m, leg in _movers(instance, job, predecessor, successor))
                for mover, leg in {(m, leg.slot if m in in_tours.values() else leg) for m, leg in moves}:
                    if mover in units_on:
                        units_on[mover][(leg.units if isinstance(leg, Leg) else None) or job.units] += 1
                        continue
                    carrier = instance.carrier_by_id.get(mover)
                    nodes = 1 if carrier is None or carrier.capacity == 1 else 2  # pick-up and drop
                    num_on[mover] = num_on.get(mover, 0) + nodes
            if _seconds(num_modes, num_on) > most:
                break
    lanes = [_together(units_on[lane.id], lane.units_per_vehicle) for lane in instance.lanes]
    return _seconds(num_modes, num_on, sum(lanes))


def least_seconds(instance: Instance, schedule: Schedule) -> float:
    """Return what `build_seconds` is at least for a part of the instance around a schedule, which takes longer to cut.

    Movers and machines with setups have at least the moves and operations that the schedule gives them.
    """
    with_setups = {machine.id for machine in instance.machines if machine.setups is not None}
    num_on = Counter(move.mover for move in schedule.moves if move.job is not None and move.kind != "transfer")
    num_on.update(o.machine for o in schedule.operations if o.machine in with_setups)
    units_on: dict[str, Counter[int]] = {}
    for move in schedule.moves:
        job = instance.job_by_id.get(move.job or "")
        if job is not None and move.mover in instance.lane_by_vehicle:  # not that of a vehicle taken away since
            units_on.setdefault(move.mover, Counter())[move.units or job.units] += 1
    lanes = [_together(units, instance.lane_by_vehicle[v].units_per_vehicle) for v, units in units_on.items()]
    return _seconds(len(schedule.operations), num_on, sum(lanes))


def _together(units: Mapping[int, int], most: int) -> int:
    """Return how many pairs of transfers one trip can take, given how many there are of so many units each."""
    return sum(a * b for x, a in units.items() for y, b in units.items() if x + y <= most)


def _seconds(num_modes: int, num_on: Mapping[str, int], num_pairs: int = 0) -> float:
    """Return how long so many modes, the circuits of so many nodes, and so many pairs of transfers take."""
    num_arcs = sum(number * number for number in num_on.values()) + num_pairs
    return SECONDS_PER_ARC * num_arcs + SECONDS_PER_MODE * num_modes


def _movers(instance: Instance, job: Job, before: str | None, after: str | None) -> set[tuple[str, Leg]]:
    """Return mover and leg of every move that the link may need."""
    ends: list[list[Machine | None]] = []
    for operation in (before, after):
        if operation is None:
            ends.append([None])
        else:
            modes = instance.operation_by_key[job.id, operation].modes
            ends.append([instance.machine_by_id[machine] for machine in dict.fromkeys(m.machine for m in modes)])
    found: set[tuple[str, Leg]] = set()
    for origin in ends[0]:
        for destination in ends[1]:
            for legs in routes(instance, origin, destination):
                loads = in_loads(instance, legs, job, before, after)
                found.update((mover, leg) for leg in loads for mover, _ in carriers(instance, leg, job))
    return found
