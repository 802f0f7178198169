"""Validation of batteries: levels, charge curves, chargers, and whether transports are within reach."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import lcm

from scheduler.domain import Battery, Instance
from scheduler.domain.routing import carriers
from scheduler.errors import Defect
from scheduler.io.defects import instead, shown
from scheduler.io.json_text import json_path
from scheduler.io.limits import MAX_COUNT
from scheduler.io.validate_fleets import legs_of
from scheduler.io.validate_resources import Path


def misplaced_chargers(instance: Instance) -> Iterator[Defect]:
    """A charger is where its fleet does not go, or a fleet with batteries has none."""
    for i, fleet in enumerate(instance.fleets):
        for c, charger in enumerate(fleet.chargers):
            if charger.place not in fleet.places:
                cause = f"fleet {shown(fleet.id)} does not go to {shown(charger.place)}"
                fix = instead(charger.place, tuple(sorted(fleet.places)), "place")
                yield Defect("E331", json_path("fleets", i, "chargers", c, "place"), cause, fix)
        if not fleet.chargers and any(vehicle.battery is not None for vehicle in fleet.vehicles):
            cause = f"fleet {shown(fleet.id)} has batteries, but no charger"
            yield Defect("E331", json_path("fleets", i, "chargers"), cause, "add a charger")


def disordered_levels(instance: Instance) -> Iterator[Defect]:
    """The levels of a battery are out of order, or its charge curve does not rise up to its capacity."""
    for path, battery in _batteries(instance):
        if not battery.minimum <= battery.initial <= battery.capacity:
            cause = (
                f"minimum {battery.minimum}, initial {battery.initial}, capacity {battery.capacity} are out of order"
            )
            yield Defect("E334", json_path(*path), cause, "let minimum <= initial <= capacity")
        levels = [0, *(step.up_to for step in battery.curve)]
        if any(low >= high for low, high in pairwise(levels)) or levels[-1] != battery.capacity:
            pieces = ", ".join(str(level) for level in levels[1:])
            cause = f"the pieces of the curve, up to {pieces}, do not rise up to the capacity {battery.capacity}"
            yield Defect("E334", json_path(*path, "curve"), cause, "list them by level; the last ends at the capacity")


def unround_rates(instance: Instance) -> Iterator[Defect]:
    """The rates of a charge curve have too large a common multiple for exact times."""
    for path, battery in _batteries(instance):
        multiple = lcm(*(step.rate for step in battery.curve))
        if multiple > MAX_COUNT:
            cause = f"the smallest common multiple of the rates is {multiple}, more than {MAX_COUNT}"
            yield Defect("E332", json_path(*path, "curve"), cause, "write rounder rates")


def transports_beyond_every_battery(instance: Instance) -> Iterator[Defect]:
    """A transport that a job needs lies beyond a full battery of every vehicle, from a charger or its start."""
    reported: set[tuple[str, str]] = set()
    for j, job in enumerate(instance.jobs) if instance.battery_by_vehicle else ():
        for leg in legs_of(instance, job):
            able = [carrier for carrier, _ in carriers(instance, leg, job)] if leg.kind == "transport" else []
            way = (leg.origin, leg.destination)
            if way in reported or not able or any(_is_within_reach(instance, vehicle, *way) for vehicle in able):
                continue
            reported.add(way)
            places = f"from {shown(way[0])} to {shown(way[1])}"
            cause = f"no full battery takes job {shown(job.id)} {places}, with the way from a charger"
            yield Defect("E333", json_path("jobs", j), cause, "add a charger nearby, or enlarge the capacity")


def _is_within_reach(instance: Instance, vehicle: str, origin: str, destination: str) -> bool:
    """Return whether a vehicle can make a transport from a charger or its start; gaps of the matrix count 0.

    It has to get nowhere afterwards, but home or to a charger if its fleet returns.
    """
    battery, fleet = instance.battery_by_vehicle.get(vehicle), instance.fleet_by_vehicle[vehicle]
    if battery is None:
        return True

    def travel(a: str, b: str) -> int:
        return 0 if a == b else fleet.travel.get(a, {}).get(b, 0)

    home, chargers = instance.carrier_by_id[vehicle].start, [charger.place for charger in fleet.chargers]
    before = min(travel(place, origin) for place in (home, *chargers))
    after = min(travel(destination, place) for place in (home, *chargers)) if fleet.returns else 0
    loaded = fleet.pick_up_time + travel(origin, destination) + fleet.drop_time
    return battery.drain_empty * (before + after) + battery.drain_loaded * loaded <= battery.capacity - battery.minimum


def _batteries(instance: Instance) -> Iterator[tuple[Path, Battery]]:
    """Yield every battery with its place; one that all vehicles of a fleet share stands at the fleet."""
    for i, fleet in enumerate(instance.fleets):
        shared = len({vehicle.battery for vehicle in fleet.vehicles}) == 1
        for v, vehicle in enumerate(fleet.vehicles[:1] if shared else fleet.vehicles):
            if vehicle.battery is not None:
                inner = () if shared else ("vehicles", v)
                yield ("fleets", i, *inner, "battery"), vehicle.battery
