"""Small factories with limited parking whose vehicles have batteries, or room for two jobs, at random."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

from helpers import factory, machine, simple_job

from scheduler.domain import Battery, Charger, ChargeStep, Facility, Fleet, Instance, Vehicle


def random_task_instance(seed: int, *, jobs: int = 2, capacity: int = 1, has_battery: bool = True) -> Instance:
    """Return jobs for one or two machines, one or two vehicles, and ways of 1 to 3 that keep the triangle inequality.

    Not every seed gives a valid instance.
    """
    draw = Random(seed)
    machines = [f"M{number + 1}" for number in range(draw.randint(1, 2))]
    places = ["DOCK", *machines, "BAY"]
    travel = {p: {q: draw.randint(1, 3) for q in places if q != p} for p in places}
    for via, p, q in product(places, repeat=3):
        if len({via, p, q}) == 3:
            travel[p][q] = min(travel[p][q], travel[p][via] + travel[via][q])
    parking = dict.fromkeys(machines, 1)
    parking |= {"BAY": 1} if draw.random() < 0.5 else {}
    parking |= {"DOCK": 2} if draw.random() < 0.2 else {}
    battery = None
    if has_battery:
        battery = Battery(
            *(12, (ChargeStep(8, draw.randint(2, 4)), ChargeStep(12, 1)), draw.randint(4, 12), draw.randint(0, 2)),
            *(draw.randint(1, 2), 1, draw.choice((0, 0, 1))),
        )
    starts = [draw.choice(("DOCK", "BAY")), "DOCK"][: 1 if draw.random() < 0.2 else 2]
    fleet = Fleet(
        "AGV",
        "F",
        tuple(Vehicle(f"V{n}", start, battery=battery, capacity=capacity) for n, start in enumerate(starts, start=1)),
        travel,
        pick_up_time=1,
        drop_time=1,
        returns=draw.random() < 0.25,
        chargers=(Charger("C", draw.choice(places), draw.randint(1, 2)),) if has_battery else (),
        parking=parking,
    )
    work = [simple_job(f"J{number + 1}", (draw.choice(machines), draw.randint(0, 2))) for number in range(jobs)]
    made = [machine(name, capacity=jobs) for name in machines]
    return factory(Facility("F", "DOCK"), *made, fleet, *work)


def unlimited(instance: Instance) -> Instance:
    """Return the instance with room for everybody everywhere."""
    return replace(instance, fleets=tuple(replace(fleet, parking={}) for fleet in instance.fleets))
