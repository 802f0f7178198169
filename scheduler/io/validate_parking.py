"""Validation of limited parking: places that exist, vehicles of which it is known where they stand, and enough room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scheduler.domain import Fleet, Instance
from scheduler.domain.parking import havens, served
from scheduler.errors import Defect
from scheduler.io.defects import instead, shown
from scheduler.io.json_text import json_path


def unknown_places(instance: Instance) -> Iterator[Defect]:
    """A place of the parking of a fleet is none to which it goes."""
    for i, fleet in enumerate(instance.fleets):
        for place in fleet.parking:
            if place not in fleet.places:
                cause = f"fleet {shown(fleet.id)} does not go to {shown(place)}"
                fix = instead(place, tuple(sorted(fleet.places)), "place")
                yield Defect("E336", json_path("fleets", i, "parking", place), cause, fix)


def ways_of_no_time(instance: Instance) -> Iterator[Defect]:
    """A way between two places takes no time, so that nobody could say at which of them a vehicle stands."""
    for i, fleet in enumerate(instance.fleets):
        for origin, row in fleet.travel.items() if fleet.limited else ():
            for destination, time in row.items():
                if time == 0 and origin != destination:
                    cause = f"with limited parking, the way from {shown(origin)} to {shown(destination)} takes no time"
                    where = json_path("fleets", i, "travel", origin, destination)
                    yield Defect("E338", where, cause, "let it take a tick, or give the two places one name")


def too_few_places(instance: Instance) -> Iterator[Defect]:
    """More vehicles start at a place than have room there, or they can't all get out of the way of one another."""
    for i, fleet in enumerate(instance.fleets):
        starts = Counter(vehicle.start for vehicle in fleet.vehicles)
        crowded = [place for place in fleet.limited if starts[place] > fleet.parking[place]]
        for place in crowded:
            cause = f"{starts[place]} vehicles start at {shown(place)}, which has room for {fleet.parking[place]}"
            yield Defect("E339", json_path("fleets", i, "parking", place), cause, "let some start elsewhere")
        known = all(place in fleet.places for place in (*fleet.parking, *starts)) and _is_complete(fleet)
        if fleet.limited and known and not crowded and havens(instance, fleet) is None:
            where = json_path("fleets", i, "parking")
            yield Defect(
                "E339", where, _lack(instance, fleet), "give a place more room, or add one where vehicles wait"
            )


def _lack(instance: Instance, fleet: Fleet) -> str:
    """Return why the vehicles can't get out of the way of one another; handling and chargers need room for one."""
    if fleet.returns:
        return "vehicles go back to their starts, which need room for them, and for one more where jobs or chargers are"
    handled = served(instance, fleet)
    room = sum(fleet.parking[place] - (place in handled) for place in fleet.limited)
    cause = f"{len(fleet.vehicles)} vehicles, but room for {room} where no job or charger needs it"
    return f"fleet {shown(fleet.id)} has {cause}: they could not get out of the way of one another"


def _is_complete(fleet: Fleet) -> bool:
    """Return whether every travel time is known; `incomplete_travel` tells which are not."""
    return all(fleet.serves(p, q) for p in fleet.places for q in fleet.places if p != q)
