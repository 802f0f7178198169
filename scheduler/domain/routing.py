"""The way of a part from machine to machine: which moves it needs.

On the way there are up to six *legs*, in this order:

* ``exit``: a robot carries the part from its station to the cell's output station;
* ``collect``: a vehicle carries the job to the load/unload station of its facility;
* ``transfer``: a lane carries the job from facility to facility, or to a hub;
* ``onward``: another lane carries it on from the hub;
* ``deliver``: a vehicle carries the job to the machine, or to the input station of its cell, from wherever in the
  facility the job is;
* ``entry``: a robot carries the part from the cell's input station to the station, or directly from station to
  station when both are in one cell.

Between places of one facility that no fleet serves, a part is moved in no time, without a move. From facility to
facility there may be several routes, direct and over each hub. Which is taken is decided by the plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal, TypeAlias

from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job
from scheduler.domain.lanes import Lane
from scheduler.domain.resources import CarrierGroup, Machine, Robot
from scheduler.domain.schedule import Move, MoveKind
from scheduler.domain.slowdowns import least_travel

Slot: TypeAlias = Literal["exit", "collect", "transfer", "onward", "deliver", "entry"]
SLOTS: tuple[Slot, ...] = ("exit", "collect", "transfer", "onward", "deliver", "entry")


@dataclass(frozen=True, slots=True)
class Leg:
    """One move of a part. ``groups`` are the ids of the robot cell, the fleets or the lanes that can do it.

    Where a job splits, a transfer is a leg for each load (see `in_loads`), of so many ``units``.
    """

    slot: Slot
    kind: MoveKind
    origin: str
    destination: str
    groups: tuple[str, ...]
    load: int = 0
    units: int | None = None


def route(instance: Instance, origin: Machine | None, destination: Machine | None) -> tuple[Leg, ...] | None:
    """Return the first of the routes from machine to machine, None if there is none."""
    return next(iter(routes(instance, origin, destination)), None)


def routes(instance: Instance, origin: Machine | None, destination: Machine | None) -> tuple[tuple[Leg, ...], ...]:
    """Return the legs of each route from machine to machine: the direct one first, then one over each hub.

    They differ in their transfers only; there are none if no lane links the facilities or no robot reaches both ends.

    `origin` None is the arrival of the job, `destination` None its departure. A job arrives at the load/unload station
    of the facility of its first machine (or where that machine is, if there is no such station); it departs at the
    output station of its last cell, or at the load/unload station of a facility with ``returns_jobs``.
    """
    if origin is not None and destination is not None:
        if origin.id == destination.id:
            return ((),)
        if origin.cell is not None and origin.cell == destination.cell:
            direct = Leg("entry", "robot_move", origin.id, destination.id, (origin.cell,))
            return ((direct,),) if _is_served(instance, direct) else ()
    before: list[Leg] = []
    after: list[Leg] = []
    transfers: list[tuple[Leg, ...]] = [()]
    here = there = None
    if origin is not None:
        here = instance.cell_by_id[origin.cell].output_station if origin.cell is not None else origin.id
    if destination is not None:
        there = instance.cell_by_id[destination.cell].input_station if destination.cell is not None else destination.id
    if origin is not None and origin.cell is not None and here is not None:
        before.append(Leg("exit", "robot_move", origin.id, here, (origin.cell,)))
    if origin is None or destination is None or origin.facility == destination.facility:
        before.extend(_within(instance, origin, destination, here, there))
    else:
        transfers = _transfers(instance, origin.facility, destination.facility)
        before.extend(_transport(instance, origin.facility, here, _station(instance, origin)))
        after.extend(_transport(instance, destination.facility, _station(instance, destination), there))
    if destination is not None and destination.cell is not None and there is not None:
        after.append(Leg("entry", "robot_move", there, destination.id, (destination.cell,)))
    if not all(_is_served(instance, leg) for leg in (*before, *after)):
        return ()
    return tuple((*before, *between, *after) for between in transfers)


def _is_served(instance: Instance, leg: Leg) -> bool:
    """Return whether some robot of the cell reaches both ends of a robot move."""
    return leg.kind != "robot_move" or instance.cell_by_id[leg.groups[0]].serves(leg.origin, leg.destination)


def _transfers(instance: Instance, origin: str, destination: str) -> list[tuple[Leg, ...]]:
    """Return the transfers of each route from facility to facility: direct, or over a hub."""
    found: list[tuple[Leg, ...]] = []
    if lanes := lanes_between(instance, origin, destination):
        found.append((Leg("transfer", "transfer", origin, destination, tuple(lane.id for lane in lanes)),))
    for hub in instance.facilities:
        if not hub.hub or hub.id in (origin, destination):
            continue
        there, on = lanes_between(instance, origin, hub.id), lanes_between(instance, hub.id, destination)
        if there and on:
            first = Leg("transfer", "transfer", origin, hub.id, tuple(lane.id for lane in there))
            found.append((first, Leg("onward", "transfer", hub.id, destination, tuple(lane.id for lane in on))))
    return found


def carriers(instance: Instance, leg: Leg, job: Job) -> tuple[tuple[str, int], ...]:
    """Return ``(id, length of the move)`` of every robot, vehicle or lane that can do a leg of a job.

    A lane can if the job, or load, fits into one of its vehicles.
    A lane whose transit time depends on the departure comes once with each length.
    """
    if leg.kind == "transfer":
        lanes = [instance.lane_by_id[lane] for lane in leg.groups]
        roomy = (lane for lane in lanes if lane.units_per_vehicle >= (leg.units or job.indivisible_units))
        return tuple((lane.id, length) for lane in roomy for length in lane.trip_times)
    found: list[tuple[str, int]] = []
    for group_id in leg.groups:
        paces = instance.paces_by_id[group_id].items()
        lengths = {speed: pace.move_time(leg.origin, leg.destination) for speed, pace in paces}
        for carrier in instance.group_by_id[group_id].carriers:
            is_there = not isinstance(carrier, Robot) or carrier.reaches(leg.origin, leg.destination)
            if is_there and may_carry(instance, carrier.id, job):
                found.append((carrier.id, lengths[carrier.speed]))
    return tuple(found)


def may_carry(instance: Instance, carrier: str, job: Job) -> bool:
    """Return whether a job lets a robot or vehicle carry it."""
    if not job.carriers:
        return True
    group = instance.group_by_carrier[carrier].id
    return not {carrier, group}.isdisjoint(job.carriers) or instance.rivals_by_group[group].isdisjoint(job.carriers)


def tenders(instance: Instance, machine: str) -> tuple[Robot, ...]:
    """Return the robots that can tend a machine: those of its cell that reach it."""
    cell = instance.cell_by_id.get(instance.machine_by_id[machine].cell or "")
    return () if cell is None else tuple(robot for robot in cell.robots if robot.reaches(machine, machine))


def in_loads(
    instance: Instance, legs: Iterable[Leg], job: Job, predecessor: str | None, successor: str | None
) -> tuple[Leg, ...]:
    """Return the legs of a part on its way between two operations, each transfer once for every load of it.

    What has departed is as large as it is. Of the rest there are full loads, and one that is smaller. A full one fills
    the smallest vehicle of the lanes, so that any of them can carry it.
    """
    found: list[Leg] = []
    for leg in legs:
        if not job.splits or leg.kind != "transfer":
            found.append(leg)
            continue
        key = (job.id, predecessor, successor, leg.origin, leg.destination)
        gone = instance.execution.departed.get(key, ()) if instance.execution is not None else ()
        loads = {move.load: move.units for move in gone}
        left = job.units - sum(move.units or job.units for move in gone)
        full = min(instance.lane_by_id[lane].units_per_vehicle for lane in leg.groups)
        if not gone and left <= full:
            loads = {0: None}
            left = 0
        numbers = (number for number in count() if number not in loads)
        while left > 0:
            loads[next(numbers)] = min(left, full)
            left -= full
        found += [replace(leg, load=number, units=units) for number, units in sorted(loads.items())]
    return tuple(found)


def leg_time(instance: Instance, leg: Leg) -> int:
    """Return the least length of a leg, by whatever can do it."""
    if leg.kind == "transfer":
        return min(instance.lane_by_id[lane].trip_times[0] for lane in leg.groups)
    fastest = [instance.fastest(group) for group in leg.groups]
    return min(g.pick_up_time + least_travel(g, leg.origin, leg.destination) + g.drop_time for g in fastest)


def slots_of(instance: Instance, moves: Iterable[Move]) -> dict[Move, Slot]:
    """Return which leg of its link each of some loaded moves is; all moves of a link up to the last have to be there.

    The second transfer of a link begins where the first ends, at a hub.
    """
    loaded = [move for move in moves if move.job is not None]
    arrives = {(m.job, m.predecessor, m.successor, m.destination) for m in loaded if m.kind == "transfer"}
    found: dict[Move, Slot] = {}
    for move in loaded:
        is_onward = (move.job, move.predecessor, move.successor, move.origin) in arrives
        found[move] = "onward" if move.kind == "transfer" and is_onward else _slot_of(instance, move)
    return found


def _slot_of(instance: Instance, move: Move) -> Slot:
    """Return which leg of its link a loaded move is, hubs apart."""
    if move.kind == "transfer":
        return "transfer"
    if move.kind == "robot_move":
        return "entry" if move.destination in instance.machine_by_id else "exit"
    group: CarrierGroup = instance.group_by_carrier[move.mover]
    to_station = move.destination == instance.facility_by_id[group.facility].station
    return "collect" if to_station else "deliver"


def lanes_between(instance: Instance, origin: str, destination: str) -> tuple[Lane, ...]:
    """Return the lanes from one facility to another."""
    return tuple(lane for lane in instance.lanes if lane.origin == origin and lane.destination == destination)


def _station(instance: Instance, machine: Machine) -> str | None:
    """Return the load/unload station of the machine's facility."""
    return instance.facility_by_id[machine.facility].station


def _within(
    instance: Instance, origin: Machine | None, destination: Machine | None, here: str | None, there: str | None
) -> tuple[Leg, ...]:
    """Return the transport inside one facility: on arrival, from machine to machine, or on departure."""
    if origin is None:
        assert destination is not None
        return _transport(instance, destination.facility, _station(instance, destination), there)
    if destination is not None:
        return _transport(instance, origin.facility, here, there)
    facility = instance.facility_by_id[origin.facility]
    return _transport(instance, facility.id, here, facility.station) if facility.returns_jobs else ()


def _transport(instance: Instance, facility: str, origin: str | None, destination: str | None) -> tuple[Leg, ...]:
    """Return the transport between two places of a facility, nothing where no fleet serves both."""
    if origin is None or destination is None or origin == destination:
        return ()
    fleets = tuple(f.id for f in instance.fleets if f.facility == facility and f.serves(origin, destination))
    slot: Slot = "collect" if destination == instance.facility_by_id[facility].station else "deliver"
    return (Leg(slot, "transport", origin, destination, fleets),) if fleets else ()


def is_first(job: Job, operation: str, plan: tuple[str, ...]) -> bool:
    """Return whether the operation is in the plan and none of its predecessors is."""
    return operation in plan and not any(p.successor == operation and p.predecessor in plan for p in job.precedences)


def is_last(job: Job, operation: str, plan: tuple[str, ...]) -> bool:
    """Return whether the operation is in the plan and none of its successors is."""
    return operation in plan and not any(p.predecessor == operation and p.successor in plan for p in job.precedences)
