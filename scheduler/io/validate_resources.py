"""Validation of the factory: facilities, machines, robot cells, lanes, calendars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TypeAlias

from scheduler.domain import Calendar, Instance, Shortage
from scheduler.errors import Defect
from scheduler.io.defects import instead, shown
from scheduler.io.json_text import json_path

Path: TypeAlias = tuple[str | int, ...]
"""Place in a JSON document: keys and list indices."""


def repeated_ids(instance: Instance) -> Iterator[Defect]:
    """Two things of one kind have one id; robots and vehicles are one kind, and so are cells, fleets and lanes."""
    yield from repeated((("facilities", i, "id"), f.id) for i, f in enumerate(instance.facilities))
    yield from repeated((("machines", i, "id"), m.id) for i, m in enumerate(instance.machines))
    groups = [(("cells", i, "id"), c.id) for i, c in enumerate(instance.cells)]
    groups += [(("fleets", i, "id"), fleet.id) for i, fleet in enumerate(instance.fleets)]
    chargers = [
        (("fleets", f, "chargers", c, "id"), charger.id)
        for f, fleet in enumerate(instance.fleets)
        for c, charger in enumerate(fleet.chargers)
    ]
    yield from repeated(chargers)
    yield from repeated([*groups, *((("lanes", i, "id"), lane.id) for i, lane in enumerate(instance.lanes))])
    yield from repeated((("operators", i, "id"), p.id) for i, p in enumerate(instance.operators))
    yield from repeated((("jobs", i, "id"), j.id) for i, j in enumerate(instance.jobs))
    vehicles = {v for lane in instance.lanes for v in lane.vehicle_ids}
    robots = [
        (("cells", c, "robots", r, "id"), robot.id)
        for c, cell in enumerate(instance.cells)
        for r, robot in enumerate(cell.robots)
    ]
    robots += [
        (("fleets", f, "vehicles", v, "id"), vehicle.id)
        for f, fleet in enumerate(instance.fleets)
        for v, vehicle in enumerate(fleet.vehicles)
    ]
    yield from repeated(robots)
    for path, robot_id in robots:
        if robot_id in vehicles:
            kind = "robot" if path[0] == "cells" else "vehicle"
            cause = f"{kind} {shown(robot_id)} is named like a vehicle of a lane"
            yield Defect("E301", json_path(*path), cause, "give it another id")


def repeated(ids: Iterable[tuple[Path, str]]) -> Iterator[Defect]:
    """Yield a defect for every id that stood at an earlier path."""
    first: dict[str, Path] = {}
    for path, name in ids:
        if name in first:
            cause = f"id {shown(name)} stands at {json_path(*first[name])} already"
            yield Defect("E301", json_path(*path), cause, "give each its own id")
        first.setdefault(name, path)


def unknown_references(instance: Instance) -> Iterator[Defect]:
    """A machine, cell, robot or lane names a facility, cell or place that does not exist."""
    facilities = dict.fromkeys(facility.id for facility in instance.facilities)
    stations = _stations(instance)
    for i, machine in enumerate(instance.machines):
        yield from unknown(("machines", i, "facility"), machine.facility, facilities, "facility")
        if machine.cell is not None:
            yield from unknown(("machines", i, "cell"), machine.cell, instance.cell_by_id, "cell")
    for i, cell in enumerate(instance.cells):
        yield from unknown(("cells", i, "facility"), cell.facility, facilities, "facility")
        places = dict.fromkeys((cell.input_station, cell.output_station, *stations.get(cell.id, ())))
        for r, robot in enumerate(cell.robots):
            yield from unknown(("cells", i, "robots", r, "start"), robot.start, places, "place")
            for index, place in enumerate(robot.reach):
                yield from unknown(("cells", i, "robots", r, "reach", index), place, places, "place")
        for origin, row in cell.travel.items():
            yield from unknown(("cells", i, "travel", origin), origin, places, "place")
            for destination in row:
                yield from unknown(("cells", i, "travel", origin, destination), destination, places, "place")
    for i, lane in enumerate(instance.lanes):
        yield from unknown(("lanes", i, "origin"), lane.origin, facilities, "facility")
        yield from unknown(("lanes", i, "destination"), lane.destination, facilities, "facility")


def unknown(path: Path, name: str, known: Mapping[str, object], kind: str) -> Iterator[Defect]:
    """Yield a defect if the name is not among the known ones."""
    if name not in known:
        yield Defect(
            "E302", json_path(*path), f"{kind} {shown(name)} does not exist", instead(name, tuple(known), kind)
        )


def machine_and_cell_in_different_facilities(instance: Instance) -> Iterator[Defect]:
    """A station is in another facility than its robot cell."""
    for i, machine in enumerate(instance.machines):
        cell = instance.cell_by_id.get(machine.cell or "")
        if cell is not None and cell.facility != machine.facility:
            cause = f"machine {shown(machine.id)} is in {shown(machine.facility)}, its cell in {shown(cell.facility)}"
            yield Defect("E303", json_path("machines", i, "facility"), cause, "leave the facility of the machine out")


def clashing_places(instance: Instance) -> Iterator[Defect]:
    """An input or output station is named like a machine."""
    for i, cell in enumerate(instance.cells):
        for key, place in (("input_station", cell.input_station), ("output_station", cell.output_station)):
            if place in instance.machine_by_id:
                cause = f"place {shown(place)} is named like a machine"
                yield Defect("E304", json_path("cells", i, key), cause, "give the place another name")


def incomplete_travel(instance: Instance) -> Iterator[Defect]:
    """The travel matrix of a cell lacks a pair of places."""
    stations = _stations(instance)
    for i, cell in enumerate(instance.cells):
        places = dict.fromkeys((cell.input_station, cell.output_station, *stations.get(cell.id, ())))
        for origin in places:
            row = cell.travel.get(origin, {})
            missing = [place for place in places if place != origin and place not in row]
            if missing:
                names = ", ".join(shown(place) for place in missing[:8]) + (" ..." if len(missing) > 8 else "")
                cause = f"the travel time from {shown(origin)} to {names} is missing"
                yield Defect("E305", json_path("cells", i, "travel", origin), cause, "add it")


def _stations(instance: Instance) -> dict[str, list[str]]:
    stations: dict[str, list[str]] = {}
    for machine in instance.machines:
        if machine.cell is not None:
            stations.setdefault(machine.cell, []).append(machine.id)
    return stations


def lanes_to_their_origin(instance: Instance) -> Iterator[Defect]:
    """A lane ends where it begins."""
    for i, lane in enumerate(instance.lanes):
        if lane.origin == lane.destination:
            cause = f"lane {shown(lane.id)} goes from {shown(lane.origin)} to itself"
            yield Defect("E306", json_path("lanes", i, "destination"), cause, "name another facility")


def idle_hubs(instance: Instance) -> Iterator[Defect]:
    """No lane goes to a hub, or none goes on from it."""
    for i, facility in enumerate(instance.facilities):
        ends = ("to", {lane.destination for lane in instance.lanes}), ("from", {lane.origin for lane in instance.lanes})
        for word, reached in ends if facility.hub else ():
            if facility.id not in reached:
                cause = f"no lane goes {word} the hub {shown(facility.id)}"
                yield Defect("E343", json_path("facilities", i, "hub"), cause, "add a lane, or leave it out")


def setups_with_capacity(instance: Instance) -> Iterator[Defect]:
    """A machine with setups has a capacity above 1: no order of its operations would be defined."""
    for i, machine in enumerate(instance.machines):
        if machine.setups is not None and machine.capacity > 1:
            cause = f"machine {shown(machine.id)} has setups and capacity {machine.capacity}"
            yield Defect("E307", json_path("machines", i, "setups"), cause, "remove the setups, or set capacity to 1")


def unsupported_buffers(instance: Instance) -> Iterator[Defect]:
    """A buffer is counted where setups or forbidden swaps depend on it, or where nothing is brought to the machine."""
    served = {place for fleet in instance.fleets for place in fleet.places}
    for i, machine in enumerate(instance.machines):
        where = json_path("machines", i, "output_buffer")
        if machine.output_buffer and (machine.setups is not None or not machine.swap):
            cause = f"machine {shown(machine.id)} has {machine.output_buffer} places after it, and "
            cause += "setups" if machine.setups is not None else "forbids swaps"
            yield Defect("E308", where, f"{cause}, which is not supported", "write 0 or null")
        if machine.input_buffer and machine.cell is None and machine.id not in served:
            cause = f"nothing is brought to machine {shown(machine.id)}, where parts could wait before it"
            fix = "leave it out; places after the machines before it can be limited"
            yield Defect("E308", json_path("machines", i, "input_buffer"), cause, fix)


def places_that_nothing_takes(instance: Instance) -> Iterator[Defect]:
    """The places of an input station are counted, but no vehicle brings anything there."""
    for i, cell in enumerate(instance.cells):
        fleets = (fleet for fleet in instance.fleets if fleet.facility == cell.facility)
        if cell.input_places is not None and not any(cell.input_station in fleet.places for fleet in fleets):
            cause = f"no vehicle brings parts to {shown(cell.input_station)}, where they would take places"
            fix = "leave it out; places at the output station of the cell before it can be limited"
            yield Defect("E308", json_path("cells", i, "input_places"), cause, fix)


def no_swap_with_capacity(instance: Instance) -> Iterator[Defect]:
    """Parts may not be swapped on a machine with a capacity above 1: it is not said which leaves for which."""
    for i, machine in enumerate(instance.machines):
        if not machine.swap and machine.capacity > 1:
            cause = f"machine {shown(machine.id)} forbids swaps and has capacity {machine.capacity}"
            yield Defect("E330", json_path("machines", i, "swap"), cause, "leave it out, or set capacity to 1")


def empty_downtimes(instance: Instance) -> Iterator[Defect]:
    """A downtime ends before it begins, or at once."""
    for path, calendar in calendars(instance):
        for d, downtime in enumerate(calendar.downtimes):
            if downtime.end <= downtime.start:
                cause = f"the downtime begins at {downtime.start} and ends at {downtime.end}"
                yield Defect("E309", json_path(*path, "downtimes", d), cause, "let it end after its begin")


def empty_shortages(instance: Instance) -> Iterator[Defect]:
    """A shortage ends before it begins, or at once, or more are missing than there are."""
    for path, capacity, found in shortages(instance):
        for s, shortage in enumerate(found):
            where = json_path(*path, "shortages", s)
            if shortage.end <= shortage.start:
                cause = f"the shortage begins at {shortage.start} and ends at {shortage.end}"
                yield Defect("E309", where, cause, "let it end after its begin")
            if shortage.count > capacity:
                cause = f"{shortage.count} are missing of {capacity}"
                yield Defect("E370", f"{where}.count", cause, f"write {capacity} or less")


def disordered_shifts(instance: Instance) -> Iterator[Defect]:
    """Shifts overlap, are out of order, empty, or reach beyond the period."""
    for path, calendar in calendars(instance):
        if calendar.pattern is None:
            continue
        shifts, period = calendar.pattern.shifts, calendar.pattern.period
        if not shifts:
            cause = "there is no working window, so that the resource never works"
            yield Defect("E310", json_path(*path, "shifts", "working"), cause, "add one")
        for s, shift in enumerate(shifts):
            if not 0 <= shift.start < shift.end <= period:
                cause = f"the shift from {shift.start} to {shift.end} does not lie in the period of {period}"
                fix = f"write 0 <= start < end <= {period}; split a shift that goes over the end of the period"
                yield Defect("E310", json_path(*path, "shifts", "working", s), cause, fix)
        for s, (before, after) in enumerate(pairwise(shifts), start=1):
            if after.start < before.end:
                cause = f"the shift begins at {after.start}, before the one listed before it ends at {before.end}"
                fix = "list the shifts in order, without overlap"
                yield Defect("E310", json_path(*path, "shifts", "working", s), cause, fix)


def shortages(instance: Instance) -> Iterator[tuple[Path, int, tuple[Shortage, ...]]]:
    """Yield the shortages of every pool and charger that has any, with its path and how many there usually are."""
    for i, pool in enumerate(instance.operators):
        if pool.shortages:
            yield ("operators", i), pool.capacity, pool.shortages
    for i, fleet in enumerate(instance.fleets):
        for c, charger in enumerate(fleet.chargers):
            if charger.shortages:
                yield ("fleets", i, "chargers", c), charger.places, charger.shortages


def calendars(instance: Instance) -> Iterator[tuple[Path, Calendar]]:
    """Yield every calendar that has anything in it, with its path."""
    for i, machine in enumerate(instance.machines):
        if not machine.calendar.always_works:
            yield ("machines", i, "calendar"), machine.calendar
    for i, cell in enumerate(instance.cells):
        for r, robot in enumerate(cell.robots):
            if not robot.calendar.always_works:
                yield ("cells", i, "robots", r, "calendar"), robot.calendar
    for i, fleet in enumerate(instance.fleets):
        for v, vehicle in enumerate(fleet.vehicles):
            if not vehicle.calendar.always_works:
                yield ("fleets", i, "vehicles", v, "calendar"), vehicle.calendar
    for i, lane in enumerate(instance.lanes):
        if not lane.calendar.always_works:
            yield ("lanes", i, "calendar"), lane.calendar
