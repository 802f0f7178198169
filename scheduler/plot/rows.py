"""The rows of a Gantt chart, from top to bottom, with their headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from scheduler.domain.instance import Instance
from scheduler.domain.lanes import Lane
from scheduler.domain.resources import Carrier, Fleet, Machine

RowKind: TypeAlias = Literal[
    "facility",
    "cell",
    "fleet",
    "lane",
    "machine",
    "places_before",
    "places_after",
    "input_places",
    "output_places",
    "robot",
    "vehicle",
    "battery",
    "charger",
    "parking_places",
    "docks",
    "operators",
    "due_dates",
    "late_job",
]
"""``facility``, ``cell``, ``fleet``, ``lane`` and ``due_dates`` are headers; that of a lane carries its departures, the
last one the flags. Places before and after a machine are its counted buffers, those of a cell are at its input and
output station, those of parking where a fleet has room for some of its vehicles only."""

HEADERS: frozenset[RowKind] = frozenset({"facility", "cell", "fleet", "lane", "due_dates"})
HEIGHTS: Mapping[RowKind, float] = {
    "facility": 0.75,
    "cell": 0.62,
    "fleet": 0.62,
    "lane": 0.62,
    "machine": 1.0,
    "places_before": 0.5,
    "places_after": 0.5,
    "input_places": 0.5,
    "output_places": 0.5,
    "robot": 0.62,
    "vehicle": 0.72,
    "battery": 0.62,
    "charger": 0.62,
    "parking_places": 0.5,
    "docks": 0.62,
    "operators": 0.62,
    "due_dates": 1.3,
    "late_job": 0.6,
}
"""Heights in row units; a machine of capacity c > 1, a buffer or a charger is as high as its sub-lanes."""

SUB_LANE_HEIGHT = 0.6
PLACE_HEIGHT = 0.36
MAX_EMPTY_SUB_LANES = 6
"""A machine shows its whole capacity as sub-lanes up to this many; beyond, only those in use."""

MAX_LATE_ROWS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A horizontal band ``[top, top + height)``; y grows downwards.

    ``id`` is the resource or job (of a header: the group), ``depth`` 1 means inside a robot cell, fleet or lane. A row
    with ``lanes`` > 1 is divided into as many sub-lanes. ``utilisation`` is a percentage.
    """

    kind: RowKind
    id: str
    label: str
    top: float
    height: float
    depth: int = 0
    lanes: int = 1
    utilisation: float | None = None

    @property
    def is_header(self) -> bool:
        """Whether the row stands for a group of rows."""
        return self.kind in HEADERS

    @property
    def bottom(self) -> float:
        """``top + height``."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: RowKind
    id: str
    label: str
    depth: int = 0


def arrange(
    instance: Instance,
    sub_lanes: Mapping[tuple[RowKind, str], int],
    utilisation: Mapping[str, float],
    late_jobs: Sequence[str],
    *,
    has_due_dates: bool,
) -> tuple[Row, ...]:
    """Return the rows: facility by facility its machines, cells with stations and robots, fleets, docks, lanes.

    A vehicle with a battery has a row for its level below it; the chargers of a fleet follow its vehicles,
    and its limited places those.

    A lane stands behind the first (in file order) of the two facilities it links. The last rows are the due dates
    and the latest jobs, at most `MAX_LATE_ROWS`. A single facility needs no header. Operator pools come before them, if
    they have shortages.
    """
    entries = list(_resources(instance))
    if has_due_dates:
        hidden = f" (latest {MAX_LATE_ROWS} of {len(late_jobs)})" if len(late_jobs) > MAX_LATE_ROWS else ""
        entries.append(_Entry("due_dates", "due dates", f"due dates{hidden}"))
        entries.extend(_Entry("late_job", job, job) for job in late_jobs[:MAX_LATE_ROWS])
    rows: list[Row] = []
    top = 0.0
    for entry in entries:
        lanes = sub_lanes.get((entry.kind, entry.id), 1)
        if entry.kind in ("robot", "vehicle") and (carrier := instance.carrier_by_id.get(entry.id)) is not None:
            lanes = carrier.capacity
        is_buffer = "places" in entry.kind
        height = max(HEIGHTS[entry.kind], (PLACE_HEIGHT if is_buffer else SUB_LANE_HEIGHT) * lanes)
        share = utilisation.get(entry.id) if entry.kind == "machine" else None
        rows.append(Row(entry.kind, entry.id, entry.label, top, height, entry.depth, lanes, share))
        top += height
    return tuple(rows)


def sub_lanes(capacity: int, used: int) -> int:
    """Return into how many sub-lanes a row of that capacity is divided when at most `used` are in use at a time."""
    return max(used, min(capacity, MAX_EMPTY_SUB_LANES))


def _resources(instance: Instance) -> Iterator[_Entry]:
    lanes_behind: dict[str, list[Lane]] = {}
    order = {facility.id: position for position, facility in enumerate(instance.facilities)}
    for lane in instance.lanes:
        lanes_behind.setdefault(min(lane.origin, lane.destination, key=order.__getitem__), []).append(lane)
    for facility in instance.facilities:
        machines = [machine for machine in instance.machines if machine.facility == facility.id]
        if (machines or facility.hub) and len(instance.facilities) > 1:
            yield _Entry("facility", facility.id, f"{facility.id} (hub)" if facility.hub else facility.id)
        for machine in machines:
            if machine.cell is None:
                yield from _machine(machine, 0)
        for cell in instance.cells:
            if cell.facility != facility.id:
                continue
            yield _Entry("cell", cell.id, cell.id)
            if cell.input_places is not None:
                yield _Entry("input_places", cell.id, f"at {cell.input_station}", 1)
            for machine in machines:
                if machine.cell == cell.id:
                    yield from _machine(machine, 1)
            if cell.output_places is not None:
                yield _Entry("output_places", cell.id, f"at {cell.output_station}", 1)
            yield from (_Entry("robot", robot.id, _named(robot), 1) for robot in cell.robots)
        for fleet in instance.fleets:
            if fleet.facility == facility.id:
                yield _Entry("fleet", fleet.id, fleet.id)
                for vehicle in fleet.vehicles:
                    yield _Entry("vehicle", vehicle.id, _named(vehicle), 1)
                    if vehicle.battery is not None:
                        yield _Entry("battery", vehicle.id, "battery", 1)
                yield from (_Entry("charger", charger.id, charger.id, 1) for charger in fleet.chargers)
                for place in fleet.limited:
                    yield _Entry("parking_places", parking_row(fleet, place), f"at {place}", 1)
        if facility.docks is not None and instance.lanes:
            yield _Entry("docks", facility.id, "docks")
        for lane in lanes_behind.get(facility.id, ()):
            yield _Entry("lane", lane.id, f"{lane.id}: {lane.origin} → {lane.destination}")
            yield from (_Entry("vehicle", vehicle, vehicle, 1) for vehicle in lane.vehicle_ids)
    yield from (_Entry("operators", pool.id, pool.id) for pool in instance.operators if pool.shortages)


def parking_row(fleet: Fleet, place: str) -> str:
    """Return the id of the row of a limited place: other fleets may go there too."""
    return f"{place} of {fleet.id}"


def _named(carrier: Carrier) -> str:
    """Return the name of a robot or vehicle, with its speed if that is not the usual one."""
    return carrier.id if carrier.speed == 100 else f"{carrier.id}, {carrier.speed} %"


def _machine(machine: Machine, depth: int) -> Iterator[_Entry]:
    """Yield the row of a machine between those of its counted buffers."""
    if machine.input_buffer:
        yield _Entry("places_before", machine.id, f"before {machine.id}", 1)
    yield _Entry("machine", machine.id, machine.id, depth)
    if machine.output_buffer:
        yield _Entry("places_after", machine.id, f"after {machine.id}", 1)
