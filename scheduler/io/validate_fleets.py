"""Validation of transport fleets: their vehicles, the places they go to, the jobs they may carry."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.domain import Facility, Fleet, Instance, Job, Machine, Operation
from scheduler.domain.routing import Leg, carriers, route
from scheduler.errors import Defect
from scheduler.io.defects import instead, shown
from scheduler.io.json_text import json_path
from scheduler.io.validate_resources import unknown


def unknown_references(instance: Instance) -> Iterator[Defect]:
    """A fleet names an unknown facility, a vehicle starts at a place that its fleet does not go to."""
    facilities = dict.fromkeys(facility.id for facility in instance.facilities)
    for i, fleet in enumerate(instance.fleets):
        yield from unknown(("fleets", i, "facility"), fleet.facility, facilities, "facility")
        for v, vehicle in enumerate(fleet.vehicles):
            if vehicle.start not in fleet.places:
                cause = f"fleet {shown(fleet.id)} does not go to {shown(vehicle.start)}"
                fix = instead(vehicle.start, tuple(sorted(fleet.places)), "place")
                yield Defect("E329", json_path("fleets", i, "vehicles", v, "start"), cause, fix)
    able = {**instance.fleet_by_id, **instance.carrier_by_id}
    for j, job in enumerate(instance.jobs):
        for k, name in enumerate(job.carriers):
            yield from unknown(("jobs", j, "carriers", k), name, able, "fleet, vehicle or robot")


def places_of_others(instance: Instance) -> Iterator[Defect]:
    """A fleet goes to a machine in another facility, or to one that only the robots of its cell reach."""
    for i, fleet in enumerate(instance.fleets):
        for place in sorted(fleet.places):
            machine = instance.machine_by_id.get(place)
            where = json_path("fleets", i, "travel", place)
            if machine is not None and machine.cell is not None:
                cause = f"machine {shown(place)} is a station of cell {shown(machine.cell)}: only its robots go there"
                yield Defect("E326", where, cause, "name the input and output station of the cell instead")
            elif machine is not None and machine.facility != fleet.facility:
                cause = f"machine {shown(place)} is in {shown(machine.facility)}, the fleet in {shown(fleet.facility)}"
                yield Defect("E326", where, cause, "leave it out")


def incomplete_travel(instance: Instance) -> Iterator[Defect]:
    """The travel matrix of a fleet lacks a pair of places."""
    for i, fleet in enumerate(instance.fleets):
        places = sorted(fleet.places)
        for origin in places:
            row = fleet.travel.get(origin, {})
            missing = [place for place in places if place != origin and place not in row]
            if missing:
                names = ", ".join(shown(place) for place in missing[:8]) + (" ..." if len(missing) > 8 else "")
                cause = f"the travel time from {shown(origin)} to {names} is missing"
                yield Defect("E305", json_path("fleets", i, "travel", origin), cause, "add it")


def unserved_stations(instance: Instance) -> Iterator[Defect]:
    """A load/unload station is served by no fleet or named like a machine, or finished jobs have none to go to."""
    for i, facility in enumerate(instance.facilities):
        if facility.station is None:
            if facility.returns_jobs:
                cause = f"facility {shown(facility.id)} wants finished jobs back, but has no load/unload station"
                yield Defect("E327", json_path("facilities", i, "returns_jobs"), cause, "add 'station'")
            continue
        where = json_path("facilities", i, "station")
        if facility.station in instance.machine_by_id:
            cause = f"place {shown(facility.station)} is named like a machine"
            yield Defect("E304", where, cause, "give the place another name")
        if not any(facility.station in fleet.places for fleet in _fleets(instance, facility)):
            cause = f"no fleet of facility {shown(facility.id)} goes to {shown(facility.station)}"
            yield Defect("E327", where, cause, "add it to the travel times of a fleet, or leave it out")


def jobs_nobody_may_carry(instance: Instance) -> Iterator[Defect]:
    """A job has to be carried between two places, but none of the vehicles or robots that go there may carry it."""
    for j, job in enumerate(instance.jobs):
        lacking = _lacking(instance, job) if job.carriers else None
        if lacking is not None:
            mover, name = "robot" if lacking.kind == "robot_move" else "vehicle", shown(job.id)
            ends = f"from {shown(lacking.origin)} to {shown(lacking.destination)}"
            cause = f"no {mover} that may carry job {name} goes {ends}"
            yield Defect("E328", json_path("jobs", j, "carriers"), cause, f"add a {mover}")


def _fleets(instance: Instance, facility: Facility) -> list[Fleet]:
    return [fleet for fleet in instance.fleets if fleet.facility == facility.id]


def _lacking(instance: Instance, job: Job) -> Leg | None:
    """Return a transport or robot move of the job that nobody may do."""
    legs = (leg for leg in legs_of(instance, job) if leg.kind != "transfer")
    return next((leg for leg in legs if not carriers(instance, leg, job)), None)


def legs_of(instance: Instance, job: Job) -> Iterator[Leg]:
    """Yield every move that the job may need, again and again if several ways have it."""
    machines = {o.id: _machines(instance, o) for o in job.operations}
    for predecessor, successor in _ways(job):
        for origin in machines.get(predecessor, ()) if predecessor is not None else (None,):
            for destination in machines.get(successor, ()) if successor is not None else (None,):
                yield from route(instance, origin, destination) or ()


def _machines(instance: Instance, operation: Operation) -> tuple[Machine, ...]:
    """Return the machines of an operation, but for those whose place can't be told."""
    named = dict.fromkeys(mode.machine for mode in operation.modes)
    found = (instance.machine_by_id[name] for name in named if name in instance.machine_by_id)
    return tuple(
        m for m in found if m.facility in instance.facility_by_id and (m.cell is None or m.cell in instance.cell_by_id)
    )


def _ways(job: Job) -> Iterator[tuple[str | None, str | None]]:
    """Yield what `Job.links` has, in a time that grows with the job only."""
    yield from ((p.predecessor, p.successor) for p in job.precedences)
    for plan in job.plans or (tuple(operation.id for operation in job.operations),):
        members = set(plan)
        inside = [p for p in job.precedences if p.predecessor in members and p.successor in members]
        yield from ((None, first) for first in members.difference(p.successor for p in inside))
        yield from ((last, None) for last in members.difference(p.predecessor for p in inside))
