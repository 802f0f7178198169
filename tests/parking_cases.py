"""Small factories whose places have room for some of the vehicles only, and a search of all their schedules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from random import Random

from helpers import distances, factory, machine, simple_job

from scheduler.domain import Facility, Fleet, Instance, Vehicle

V1, V2 = Vehicle("V1", "DOCK"), Vehicle("V2", "DOCK")


def oven(*vehicles: Vehicle, **fields: object) -> Instance:
    """Two jobs to an oven for both; all places are 2 apart, a pick-up and a drop take a tick."""
    fields = {"parking": {"OVEN": 1}, "travel": distances("DOCK OVEN BAY", 2)} | fields
    fleet = Fleet("AGV", "F", vehicles or (V1, V2), pick_up_time=1, drop_time=1, **fields)
    jobs = simple_job("J1", ("OVEN", 3)), simple_job("J2", ("OVEN", 3))
    return factory(Facility("F", "DOCK"), machine("OVEN", capacity=2), fleet, *jobs)


def random_parking_instance(seed: int, *, jobs: int = 2, returns_jobs: bool = False) -> Instance:
    """Return one or two machines with room for one vehicle each, two vehicles, ways of any length from 1 to 4."""
    draw = Random(seed)
    machines = [f"M{number + 1}" for number in range(draw.randint(1, 2))]
    places = ["DOCK", *machines, *(["BAY"] if draw.random() < 0.7 else [])]
    travel = {p: {q: draw.randint(1, 4) for q in places if q != p} for p in places}
    parking = {place: 1 for place in machines}
    if "BAY" in places and draw.random() < 0.5:
        parking["BAY"] = 1
    starts = [draw.choice(["DOCK", "BAY"]) if "BAY" in places and number == 0 else "DOCK" for number in range(2)]
    if draw.random() < 0.3:
        starts[1] = machines[0]
    fleet = Fleet(
        "AGV",
        "F",
        tuple(Vehicle(f"V{number}", start) for number, start in enumerate(starts, start=1)),
        travel,
        pick_up_time=draw.randint(0, 1),
        drop_time=draw.randint(0, 1),
        returns=draw.random() < 0.2 and starts[1] == "DOCK" and starts[0] == "DOCK",
        parking=parking,
    )
    work = [
        simple_job(f"J{number + 1}", *((name, draw.randint(0, 3)) for name in draw.sample(machines, len(machines))))
        for number in range(jobs)
    ]
    made = [machine(name, capacity=draw.randint(1, 2)) for name in machines]
    return factory(Facility("F", "DOCK", returns_jobs), *made, fleet, *work)


def with_parking(instance: Instance, **parking: int) -> Instance:
    """Return the instance with other limits."""
    return replace(instance, fleets=tuple(replace(fleet, parking=parking) for fleet in instance.fleets))


def optimum(instance: Instance, latest: int) -> int | None:
    """Return the least makespan up to `latest` of jobs with one operation each, which the machines do side by side.

    Every start of every transport by every vehicle is tried, with every instant at which a vehicle can leave, for every
    stop: nothing of the package but its data is used.
    """
    (fleet,) = instance.fleets
    trips = []
    for job in instance.jobs:
        ((operation,),) = (job.operations,)
        trips.append((job.id, operation.modes[0].machine, operation.modes[0].duration))
    for makespan in range(latest + 1):
        for vehicles in product(fleet.vehicles, repeat=len(trips)):
            for starts in product(range(makespan + 1), repeat=len(trips)):
                ends = [start + _length(fleet, "DOCK", trip[1]) for start, trip in zip(starts, trips, strict=True)]
                if max(end + trip[2] for end, trip in zip(ends, trips, strict=True)) != makespan:
                    continue
                tours = {
                    vehicle.id: sorted(
                        (start, end, trip[1])
                        for start, end, trip, carrier in zip(starts, ends, trips, vehicles, strict=True)
                        if carrier is vehicle
                    )
                    for vehicle in fleet.vehicles
                }
                if _can_stand(fleet, tours, makespan + 12):
                    return makespan
    return None


def _length(fleet: Fleet, origin: str, destination: str) -> int:
    return fleet.pick_up_time + fleet.travel[origin][destination] + fleet.drop_time


def _can_stand(fleet: Fleet, tours: dict[str, list[tuple[int, int, str]]], end: int) -> bool:
    """Return whether the two vehicles can stand somewhere at all times, such that the limits hold."""
    first, second = (set(_ticks(fleet, vehicle, tours[vehicle.id], end)) for vehicle in fleet.vehicles)
    return any(not one & other for one in first for other in second)


def _ticks(
    fleet: Fleet, vehicle: Vehicle, tour: list[tuple[int, int, str]], end: int
) -> Iterator[frozenset[tuple[str, int]]]:
    """Yield every set of ticks at limited places that a vehicle may take."""
    yield from _from(fleet, vehicle, tour, vehicle.start, 0, 0, end)


def _from(
    fleet: Fleet, vehicle: Vehicle, tour: list[tuple[int, int, str]], here: str, since: int, free_at: int, end: int
) -> Iterator[frozenset[tuple[str, int]]]:
    def at(place: str, begin: int, until: int) -> set[tuple[str, int]]:
        return {(place, tick) for tick in range(begin, until)} if place in fleet.parking else set()

    def travel(origin: str, destination: str) -> int:
        return 0 if origin == destination else fleet.travel[origin][destination]

    if tour:
        (start, until, target), rest = tour[0], tour[1:]
        goal, wanted, gone = "DOCK", start, start + fleet.pick_up_time
        following = list(_from(fleet, vehicle, rest, target, until - fleet.drop_time, until, end))
    else:
        goal, wanted, gone = (vehicle.start if fleet.returns else None), end, end
        following = [frozenset()]
    ways: list[set[tuple[str, int]]] = []
    if goal is None:
        ways.append(at(here, since, end))
    if goal is not None and wanted - free_at < travel(here, goal):
        return
    for leaves in range(free_at, wanted + 1):
        if goal is not None and leaves + travel(here, goal) <= wanted:
            ways.append(at(here, since, leaves) | at(goal, leaves + travel(here, goal), gone))
        for stop in fleet.places - {here}:
            there = leaves + travel(here, stop)
            if goal is None:
                ways.append(at(here, since, leaves) | at(stop, there, end))
                continue
            for goes_on in range(there, wanted - travel(stop, goal) + 1):
                if stop != goal:
                    arrives = goes_on + travel(stop, goal)
                    ways.append(at(here, since, leaves) | at(stop, there, goes_on) | at(goal, arrives, gone))
    for way in {frozenset(way) for way in ways}:
        for others in following:
            yield way | others
