"""The plant of a random network: facilities, machines, robot cells, lanes, fleets, operator pools."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

import numpy as np

from scheduler.domain import (
    Battery,
    Calendar,
    Charger,
    ChargeStep,
    Facility,
    Fleet,
    Instance,
    Lane,
    Machine,
    OperatorPool,
    Robot,
    RobotCell,
    SetupMatrix,
    Shift,
    ShiftPattern,
    Timetable,
    TransitTimes,
    TransitWindow,
    Vehicle,
)
from scheduler.generate.recipe import LONGEST_SETUP, Recipe

T = TypeVar("T")

TIME_ORIGIN = datetime(2026, 1, 5, 6, 0)
"""A Monday, when the early shift begins."""
ONE_SHIFT = Calendar(pattern=ShiftPattern(1440, (Shift(0, 240), Shift(270, 480))))
TWO_SHIFTS = Calendar(pattern=ShiftPattern(1440, (Shift(0, 240), Shift(270, 720), Shift(750, 960))))
OFF_PEAK = ((90, 240), (300, 480))
OFF_PEAK_PERIOD = 480
FAMILIES = ("A", "B", "C")
MAX_STATIONS = 4
MOST_PLACES = 3
"""Places before or behind a machine that counts them, at the most."""
LOADED_DRAIN, EMPTY_DRAIN = 3, 2
CHARGING_TIME = 45
"""Minutes from empty to full at the fast rate, which holds up to four fifths of it."""
MACHINES_PER_OPERATOR = 3


def draw_plant(recipe: Recipe, rng: np.random.Generator) -> Instance:
    """Return an instance without jobs."""
    names = [f"F{number}" for number in range(1, recipe.facilities + 1)]
    station = "{}.dock" if recipe.fleet else None
    facilities = tuple(Facility(name, station and station.format(name), docks=recipe.docks or None) for name in names)
    machines = _machines(recipe, facilities, rng)
    hubs = _hubs(recipe)
    plant = Instance(
        name=f"network of {recipe.facilities} facilities, {recipe.operations} operations, seed {recipe.seed}",
        facilities=(*facilities, *hubs),
        machines=machines,
        jobs=(),
        cells=_cells(recipe, machines, rng),
        lanes=_lanes(recipe, facilities, hubs, rng),
        operators=_pools(recipe),
        time_unit="minute",
        time_origin=TIME_ORIGIN,
        objective="weighted_tardiness > makespan",
    )
    return replace(plant, fleets=_fleets(recipe, plant, rng)) if recipe.fleet else plant


def chosen(items: Iterable[T], share: float, rng: np.random.Generator) -> set[T]:
    """Return a random `share` of the items, rounded to the nearest number."""
    listed = list(items)
    return {listed[index] for index in rng.permutation(len(listed))[: round(share * len(listed))]}


def _machines(recipe: Recipe, facilities: tuple[Facility, ...], rng: np.random.Generator) -> tuple[Machine, ...]:
    cell_of = _stations(recipe)
    blocking = chosen(cell_of, recipe.blocking, rng)
    large = chosen(range(recipe.machines), recipe.capacity, rng)
    with_setups = chosen([i for i in range(recipe.machines) if i not in large], recipe.setups, rng)
    with_shifts = chosen(range(recipe.machines), recipe.shifts, rng)
    machines = tuple(
        Machine(
            id=f"M{index + 1:02d}",
            facility=facilities[index % len(facilities)].id,
            cell=cell_of.get(index),
            capacity=int(rng.integers(2, 5)) if index in large else 1,
            calendar=_calendar(index, with_shifts),
            setups=_setup_matrix(rng) if index in with_setups else None,
            input_buffer=0 if index in blocking else None,
            output_buffer=0 if index in blocking else None,
        )
        for index in range(recipe.machines)
    )
    return _with_buffers(recipe, machines, rng) if recipe.buffers else machines


def _with_buffers(recipe: Recipe, machines: tuple[Machine, ...], rng: np.random.Generator) -> tuple[Machine, ...]:
    """Return the machines with places counted before and behind a share of those that don't block."""
    counted = chosen([m.id for m in machines if m.output_buffer is None], recipe.buffers, rng)
    found = []
    for machine in machines:
        before, behind = (int(places) for places in rng.integers(1, MOST_PLACES + 1, 2))
        if machine.id in counted:
            is_brought = recipe.fleet > 0 or machine.cell is not None
            machine = replace(
                machine,
                input_buffer=before if is_brought else None,
                output_buffer=behind if machine.setups is None else None,
            )
        found.append(machine)
    return tuple(found)


def _stations(recipe: Recipe) -> dict[int, str]:
    """Return the cell of every machine that is in one: about half the machines of a facility, evenly by cell."""
    found = {}
    for facility in range(recipe.facilities):
        machines = range(facility, recipe.machines, recipe.facilities)
        cells = range(facility, recipe.cells, recipe.facilities)
        size = min(MAX_STATIONS, max(1, len(machines) // (2 * max(1, len(cells)))))
        for place, index in enumerate(machines[: size * len(cells)]):
            found[index] = f"C{cells[place // size] + 1}"
    return found


def _calendar(index: int, with_shifts: Collection[int]) -> Calendar:
    if index not in with_shifts:
        return Calendar()
    return ONE_SHIFT if index % 3 == 0 else TWO_SHIFTS


def _setup_matrix(rng: np.random.Generator) -> SetupMatrix:
    times = {a: {b: int(rng.integers(5, LONGEST_SETUP + 1)) for b in FAMILIES if b != a} for a in FAMILIES}
    return SetupMatrix(times, initial=FAMILIES[int(rng.integers(0, len(FAMILIES)))])


def _cells(recipe: Recipe, machines: tuple[Machine, ...], rng: np.random.Generator) -> tuple[RobotCell, ...]:
    found = []
    names = [f"C{number}" for number in range(1, recipe.cells + 1)]
    shared = chosen(names, recipe.reach, rng) if recipe.reach and recipe.robots > 1 else ()
    for cell in names:
        stations = [machine for machine in machines if machine.cell == cell]
        line = (f"{cell}.in", *(station.id for station in stations), f"{cell}.out")
        found.append(
            RobotCell(
                id=cell,
                facility=stations[0].facility,
                robots=_robots(recipe, cell, line, cell in shared),
                input_station=line[0],
                output_station=line[-1],
                travel={a: {b: abs(i - j) for j, b in enumerate(line) if i != j} for i, a in enumerate(line)},
                load_time=int(rng.integers(1, 3)),
                unload_time=1,
                input_places=recipe.stations or None if recipe.fleet else None,
                output_places=_output_places(recipe),
            )
        )
    return tuple(found)


def _output_places(recipe: Recipe) -> int | None:
    """Return the places at output stations: two at least where two parts may have to wait there for each other."""
    if recipe.stations == 0:
        return None
    return recipe.stations if recipe.fleet or not recipe.assembly else max(recipe.stations, 2)


def _robots(recipe: Recipe, cell: str, line: tuple[str, ...], is_shared: bool) -> tuple[Robot, ...]:
    """Return the robots of a cell at its input station; shared, all but the first stand and stay behind that."""
    if not is_shared:
        return tuple(Robot(f"{cell}.R{r}", line[0], grippers=recipe.grippers) for r in range(1, recipe.robots + 1))
    robots = [Robot(f"{cell}.R1", line[0], grippers=recipe.grippers, reach=line[:-1])]
    for number in range(2, recipe.robots + 1):
        robots.append(Robot(f"{cell}.R{number}", line[-1], grippers=recipe.grippers, reach=line[1:]))
    return tuple(robots)


def _hubs(recipe: Recipe) -> tuple[Facility, ...]:
    """Return the hubs, none where nothing could go over them."""
    num = recipe.hubs if recipe.vehicles > 0 and recipe.facilities > 1 else 0
    return tuple(Facility(f"H{number}", docks=recipe.docks or None, hub=True) for number in range(1, num + 1))


def _lanes(
    recipe: Recipe, facilities: tuple[Facility, ...], hubs: tuple[Facility, ...], rng: np.random.Generator
) -> tuple[Lane, ...]:
    """Return a lane from each facility to the next, then those to and from hubs."""
    if recipe.vehicles == 0:
        return ()
    links = list(pairwise(facilities))
    for hub in hubs:
        links += [*((origin, hub) for origin in facilities[:-1]), *((hub, target) for target in facilities[1:])]
    with_rush = chosen(range(len(links)), recipe.rush, rng) if recipe.rush else ()
    with_shifts = chosen(range(len(links)), recipe.shifts, rng)
    found = []
    for index, (origin, destination) in enumerate(links):
        transit_time = int(rng.integers(20, 61))
        found.append(
            Lane(
                id=f"{origin.id}-{destination.id}",
                origin=origin.id,
                destination=destination.id,
                transit_time=transit_time,
                vehicles=recipe.vehicles,
                units_per_vehicle=int(rng.integers(2, 5)),
                return_time=transit_time,
                load_time=5,
                unload_time=5,
                calendar=TWO_SHIFTS if index in with_shifts else Calendar(),
                timetable=Timetable((0,), recipe.timetable) if recipe.timetable else None,
                transit_times=_off_peak(transit_time) if index in with_rush else None,
            )
        )
    return tuple(found)


def _off_peak(transit_time: int) -> TransitTimes:
    return TransitTimes(OFF_PEAK_PERIOD, tuple(TransitWindow(a, b, transit_time // 2) for a, b in OFF_PEAK))


def _fleets(recipe: Recipe, plant: Instance, rng: np.random.Generator) -> tuple[Fleet, ...]:
    """Return a fleet for each facility, over places that lie in a line in random order, the dock first."""
    found = []
    for facility in plant.facilities[: recipe.facilities]:
        places = [m.id for m in plant.machines if m.facility == facility.id and m.cell is None]
        for cell in plant.cells:
            if cell.facility == facility.id:
                places += [cell.input_station, cell.output_station]
        dock, plug = f"{facility.id}.dock", f"{facility.id}.plug"
        line = [dock, *([plug] if recipe.chargers else []), *(places[index] for index in rng.permutation(len(places)))]
        battery = _battery(len(line)) if recipe.chargers else None
        found.append(
            Fleet(
                id=f"{facility.id}.fleet",
                facility=facility.id,
                vehicles=tuple(
                    Vehicle(f"{facility.id}.V{v}", dock, capacity=recipe.holds, battery=battery)
                    for v in range(1, recipe.fleet + 1)
                ),
                travel={a: {b: 1 + abs(i - j) for j, b in enumerate(line) if i != j} for i, a in enumerate(line)},
                pick_up_time=1,
                drop_time=1,
                chargers=(Charger(f"{plug}.charger", plug, recipe.chargers),) if recipe.chargers else (),
            )
        )
    return tuple(found)


def _battery(farthest: int) -> Battery:
    """Return a battery for four of the longest transports, with the ways to them and to the charger."""
    capacity = 4 * (LOADED_DRAIN * (farthest + 2) + 2 * EMPTY_DRAIN * farthest)
    rate = max(1, capacity // CHARGING_TIME)
    curve = (ChargeStep(capacity * 4 // 5, rate), ChargeStep(capacity, max(1, rate // 3)))
    return Battery(capacity, curve, capacity, capacity // 10, LOADED_DRAIN, EMPTY_DRAIN)


def _pools(recipe: Recipe) -> tuple[OperatorPool, ...]:
    if recipe.operators == 0:
        return ()
    capacity = max(1, recipe.machines // (MACHINES_PER_OPERATOR * recipe.operators))
    return tuple(OperatorPool(f"P{number}", capacity) for number in range(1, recipe.operators + 1))
