"""Small fleets at random, with limited places, batteries, and vehicles for several jobs."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from charging_cases import random_battery
from helpers import factory, machine, simple_job

from scheduler.domain import Charger, ChargeStep, Facility, Fleet, Instance, Vehicle
from scheduler.io.validate import defects

KINDS = ("battery", "capacity", "both")


def random_parked(seed: int, kind: str, *, jobs: int | None = None) -> Instance:
    """Return the instance of a seed: two or three vehicles, two or three machines with room for one vehicle each.

    The charger has limited room too, or is where jobs are handled. With even seeds a full battery is enough for
    everything between two charges, with odd ones it need not be. The first seed from this one on with which the
    instance is valid counts.
    """
    while True:
        found = _drawn(seed, kind, jobs)
        if not defects(found):
            return found
        seed += 1000


def _drawn(seed: int, kind: str, jobs: int | None) -> Instance:
    draw = Random(f"{seed} {kind}")
    machines = [f"M{number + 1}" for number in range(draw.randint(2, 3))]
    places = ["DOCK", *machines, "PLUG", *(["BAY"] if draw.random() < 0.6 else [])]
    travel = {p: {q: draw.randint(1, 4) for q in places if q != p} for p in places}
    parking = {place: 1 for place in machines}
    parking |= {"PLUG": draw.randint(1, 2)} if draw.random() < 0.7 else {}
    parking |= {"BAY": 1} if "BAY" in places and draw.random() < 0.5 else {}
    drawn = random_battery(draw)
    if seed % 2 == 0:
        drawn = replace(
            drawn, capacity=80, curve=(*drawn.curve[:-1], ChargeStep(80, drawn.curve[-1].rate)), drain_idle=0
        )
    battery = None if kind == "capacity" else replace(drawn, initial=drawn.capacity)
    vehicles = tuple(
        Vehicle(
            f"V{number}",
            draw.choice(["DOCK", "DOCK", places[-1]]),
            battery=battery,
            capacity=draw.choice((1, 2, 2)) if kind != "battery" else 1,
            speed=draw.choice((100, 100, 70)),
        )
        for number in range(1, draw.randint(3, 4))
    )
    fleet = Fleet(
        "AGV",
        "F",
        vehicles,
        travel,
        draw.randint(0, 1),
        draw.randint(0, 1),
        draw.random() < 0.3,
        (Charger("C", draw.choice(("PLUG", "PLUG", "M1")), draw.randint(1, 2)),) if battery is not None else (),
        parking=parking,
    )
    work = []
    for number in range(jobs or draw.randint(2, 4)):
        steps = [(draw.choice(machines), draw.randint(0, 5)) for _ in range(draw.randint(1, 3))]
        work.append(simple_job(f"J{number + 1}", *steps, release_date=draw.choice((0, 0, 0, 8))))
    made = [replace(machine(name), capacity=draw.choice((1, 1, 2))) for name in machines]
    return factory(Facility("F", "DOCK", draw.random() < 0.5), *made, fleet, *work)
