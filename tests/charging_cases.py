"""Small factories whose vehicles charge, at random, and the optimum of the smallest by trying everything out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import count
from math import floor
from random import Random

from helpers import distances, factory, machine, simple_job

from scheduler.domain import Battery, Charger, ChargeStep, Facility, Fleet, Instance, Shortage, Vehicle

BATTERY = Battery(20, (ChargeStep(16, 4), ChargeStep(20, 1)), 20, 2, drain_loaded=2, drain_empty=1)


def plant(
    battery: Battery | None = BATTERY, *, jobs: int = 3, vehicles: int = 1, places: int = 1, **fleet: object
) -> Instance:
    """Jobs go from the dock over M1 to M2; all places are 3 apart."""
    carts = tuple(Vehicle(f"V{number}", "DOCK", battery=battery) for number in range(1, vehicles + 1))
    chargers = (Charger("C", "PLUG", places),)
    return factory(
        Facility("F", "DOCK"),
        machine("M1"),
        machine("M2"),
        Fleet("AGV", "F", carts, distances("DOCK M1 M2 PLUG", 3), 1, 1, chargers=chargers, **fleet),
        *(simple_job(f"J{number}", ("M1", 3), ("M2", 4)) for number in range(1, jobs + 1)),
    )


def random_plant(seed: int, jobs: int | None = None, capacity: int = 1) -> Instance:
    """Return the instance of a seed: one or two vehicles, travel times that need not make sense, three machines.

    With every third seed a vehicle is faster or slower than the other.
    """
    random = Random(seed)
    places = ["DOCK", "M1", "M2", "M3", "PLUG"]
    travel = {p: {q: random.randint(1, 4) for q in places if q != p} for p in places}
    battery = random_battery(random)
    chargers = [Charger("C1", "PLUG", random.randint(1, 2))]
    chargers += [Charger("C2", random.choice(places))] if random.random() < 0.4 else []
    vehicles = tuple(Vehicle(f"V{n}", random.choice(places), battery=battery) for n in range(random.randint(1, 2)))
    vehicles = (replace(vehicles[0], speed=100 if seed % 3 else 150 if seed % 2 else 80), *vehicles[1:])
    vehicles = tuple(replace(vehicle, capacity=capacity) for vehicle in vehicles)
    handling = random.randint(0, 1), random.randint(0, 1)
    fleet = Fleet("AGV", "F", vehicles, travel, *handling, random.random() < 0.4, tuple(chargers))
    steps = [
        [(f"M{random.randint(1, 3)}", random.randint(1, 5)) for _ in range(random.randint(1, 3))]
        for _ in range(jobs or random.randint(1, 3))
    ]
    releases = [random.choice((0, 0, 5, 20)) for _ in steps]
    done = [simple_job(f"J{n}", *way, release_date=releases[n]) for n, way in enumerate(steps)]
    return factory(Facility("F", "DOCK", random.random() < 0.3), *map(machine, places[1:4]), fleet, *done)


def random_battery(random: Random) -> Battery:
    capacity, minimum = random.randint(24, 40), random.randint(0, 5)
    curve = [ChargeStep(capacity, random.randint(2, 6))]
    if random.random() < 0.6:
        curve = [
            ChargeStep(random.randint(8, capacity - 1), random.randint(3, 8)),
            ChargeStep(capacity, random.randint(1, 3)),
        ]
    drains = random.randint(0, 3), random.randint(0, 2), random.choice((0, 0, 1))
    return Battery(capacity, tuple(curve), random.randint(minimum, capacity), minimum, *drains)


# --- everything tried out --------------------------------------------------------------------------------------------


def random_errand(seed: int, capacity: int = 1) -> Instance:
    """Return the instance of a seed with one vehicle, two or three transports, and a machine for each operation."""
    random = Random(seed)
    num_steps = random.choice(([1, 1], [2], [1, 2], [1, 1, 1], [3]))
    machines = [f"M{number}" for number in range(1, sum(num_steps) + 1)]
    places = ["DOCK", "PLUG", *machines]
    travel = {p: {q: random.randint(1, 3) for q in places if q != p} for p in places}
    battery = Battery(
        *(12, (ChargeStep(8, random.randint(2, 4)), ChargeStep(12, 1)), random.randint(4, 12), random.randint(0, 2)),
        *(random.randint(1, 2), 1, random.randint(0, 1)),
    )
    chargers = (Charger("C", "PLUG"), Charger("D", random.choice(machines)))[: random.randint(1, 2)]
    speed = 100 if seed % 3 else 70
    vehicle = Vehicle("V", random.choice(places), battery=battery, capacity=capacity, speed=speed)
    fleet = Fleet("AGV", "F", (vehicle,), travel, 0, random.randint(0, 1), random.random() < 0.5, chargers)
    names = iter(machines)
    jobs = [
        simple_job(f"J{n}", *((next(names), random.randint(1, 5)) for _ in range(steps)), release_date=3 * (n % 2))
        for n, steps in enumerate(num_steps)
    ]
    if random.random() < 0.4:
        start = random.randint(0, 12)
        out = Shortage(start, start + random.randint(1, 8))
        fleet = replace(fleet, chargers=(replace(fleet.chargers[0], shortages=(out,)), *fleet.chargers[1:]))
    return factory(Facility("F", "DOCK"), *map(machine, machines), fleet, *jobs)


def least_makespan(instance: Instance) -> int | None:
    """Return the optimum of a `random_errand`, by all orders of its visits and all charges between its stretches.

    A charge begins at once, since standing elsewhere only drains, or when the charger works again; how long it lasts is
    tried out. A job is picked up as soon as it is ready and the vehicle there, and put down as soon as the vehicle is
    where it has to go, but no sooner than if it had gone there directly. Where ways are to be faster, the vehicle may
    wait for that before each of them.
    """
    (vehicle,), jobs = instance.fleets[0].vehicles, instance.jobs
    ticks = [slowdown.until for slowdown in instance.fleets[0].slowdowns if slowdown.until is not None]
    fleet = instance.fleet_by_vehicle[vehicle.id]
    battery = vehicle.battery
    assert battery is not None
    best: list[int | None] = [None]
    all_work_at = max((gap.end for charger in fleet.chargers for gap in charger.shortages), default=0)
    ways = [["DOCK", *(operation.modes[0].machine for operation in job.operations)] for job in jobs]

    def arrivals(place: str, at: int, level: int, to: str, ready: int) -> set[tuple[int, int]]:
        """Return when the empty vehicle can be at a place without a charge, from `ready` on, and with which level."""
        found = set()
        for leaves in (at, *(tick for tick in ticks if tick > at)):
            drive = fleet.travel_time(place, to, leaves)
            start = max(leaves + drive, ready)
            found.add((start, level - battery.drain_empty * drive - battery.drain_idle * (start - at - drive)))
        return found

    def go(place: str, at: int, level: int, to: str, ready: int) -> list[tuple[int, int]]:
        """Return when the empty vehicle can be at a place, from `ready` on, and with which level."""
        found = [*arrivals(place, at, level, to, ready)]
        for charger in fleet.chargers:
            for there, arrived in arrivals(place, at, level, charger.place, 0):
                for begin in {there, *(gap.end for gap in charger.shortages if gap.end > there)}:
                    plugged = arrived - battery.drain_idle * (begin - there)
                    for length in count(1) if plugged >= battery.minimum else ():
                        unplugged = begin + length
                        if any(begin < gap.end and gap.start < unplugged for gap in charger.shortages):
                            break
                        left = filled(battery, plugged, length)
                        back = arrivals(charger.place, unplugged, left, to, ready)
                        found += back
                        is_late = min(start for start, _ in back) >= max(ready, all_work_at)
                        if left == battery.capacity and is_late and unplugged >= max(ticks, default=0):
                            break  # until then a full vehicle may wait here for another charger, or for faster ways
        return found

    def set_out(starts: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Yield starts of a transport with their levels, and later ones when ways are faster."""
        for start, level in starts:
            yield start, level
            yield from ((tick, level - battery.drain_idle * (tick - start)) for tick in ticks if tick > start)

    def ride(place: str, at: int, level: int, to: str, earliest: int, began_at: int | None) -> set[tuple[int, int]]:
        """Return when the vehicle can be at a place with something on board, and with which level.

        `began_at`: when the move of the job began that it brings there next after its pick-up.
        """
        found = set()
        leaves = (at, *(tick for tick in ticks if tick > at)) if vehicle.capacity > 1 else (at,)
        direct = None if began_at is None else fleet.travel_time(place, to, began_at)
        for leave in leaves:
            drive = fleet.travel_time(place, to, leave if vehicle.capacity > 1 else began_at)
            begin = max(leave + drive, earliest)
            in_time = (t for t in range(begin, at - 1, -1) if t + fleet.travel_time(place, to, t) <= begin)
            busy = direct if direct is not None and at + direct <= begin else None
            busy = fleet.travel_time(place, to, next(in_time)) if busy is None else busy
            found.add((begin, level - battery.drain_loaded * busy - battery.drain_idle * (begin - at - busy)))
        return found

    def carry(
        place: str,
        at: int,
        level: int,
        on_board: dict[int, int],
        done: tuple[int, ...],
        ready: tuple[int, ...],
        last: int,
    ) -> None:
        """Go on; `on_board` has the jobs with the instants at which they can be put down at the earliest.

        The `last` of them has just been picked up, -1: none.
        """
        if level < battery.minimum or (best[0] is not None and max((at, *ready)) >= best[0]):
            return
        if all(count == len(way) - 1 for count, way in zip(done, ways, strict=True)):
            home = [(at, level)]
            if fleet.returns and place != vehicle.start:  # at once
                home = go(place, at, level, vehicle.start, 0)
            if any(left >= battery.minimum for _, left in home):
                best[0] = max(ready)
            return
        for j, way in enumerate(ways):
            if j in on_board:
                to, began_at = way[done[j] + 1], at - fleet.pick_up_time if j == last else None
                for begin, left in ride(place, at, level, to, on_board[j] - fleet.drop_time, began_at):
                    end = begin + fleet.drop_time
                    finished = end + jobs[j].operations[done[j]].modes[0].duration
                    carry(
                        to,
                        end,
                        left - battery.drain_loaded * fleet.drop_time,
                        {other: instant for other, instant in on_board.items() if other != j},
                        (*done[:j], done[j] + 1, *done[j + 1 :]),
                        (*ready[:j], finished, *ready[j + 1 :]),
                        -1,
                    )
            elif done[j] < len(way) - 1 and len(on_board) < vehicle.capacity:
                origin = way[done[j]]
                if on_board:
                    starts = [*ride(place, at, level, origin, ready[j], None)]
                else:
                    starts = go(place, at, level, origin, ready[j])
                for start, left in set_out(starts):
                    end = start + fleet.pick_up_time
                    left -= battery.drain_loaded * fleet.pick_up_time
                    arrives = start + fleet.move_time(origin, way[done[j] + 1], start)
                    if vehicle.capacity > 1:  # it may wait with the job for faster ways
                        leaves = (end, *(tick for tick in ticks if tick > end))
                        to = way[done[j] + 1]
                        arrives = min(t + fleet.travel_time(origin, to, t) for t in leaves) + fleet.drop_time
                    carry(origin, end, left, on_board | {j: arrives}, done, ready, j)

    carry(vehicle.start, 0, battery.initial, {}, (0,) * len(jobs), tuple(job.release_date for job in jobs), -1)
    return best[0]


@cache
def filled(battery: Battery, level: int, ticks: int) -> int:
    """Return the level after so many ticks, found by charging for a twelfth of a tick at a time."""
    amount, pieces = Fraction(level), 12
    for _ in range(pieces * ticks):
        step = next((step for step in battery.curve if amount < step.up_to), None)
        if step is None:
            break
        amount += Fraction(step.rate, pieces)
    return floor(min(amount, Fraction(battery.capacity)))
