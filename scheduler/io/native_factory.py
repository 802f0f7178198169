"""The factory of the native instance file: machines, cells, fleets and lanes, from their documents and to them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from scheduler.domain import (
    Battery,
    Calendar,
    Charger,
    ChargeStep,
    Downtime,
    Facility,
    Fleet,
    Lane,
    Machine,
    OperatorPool,
    Robot,
    RobotCell,
    SetupMatrix,
    Shift,
    ShiftPattern,
    Shortage,
    Timetable,
    TransitTimes,
    TransitWindow,
    Vehicle,
)
from scheduler.io.factory_documents import (
    BatteryDocument,
    CalendarDocument,
    CellDocument,
    FleetDocument,
    LaneDocument,
    MachineDocument,
    PoolDocument,
    ShortageDocument,
)
from scheduler.io.structure import unless

# Document to domain.


def machine_from(document: MachineDocument, facility_by_cell: dict[str, str], first_facility: str) -> Machine:
    """Return the machine of a document; it is in the first facility unless it or its cell says otherwise."""
    given = document.model_fields_set
    no_buffer = 0 if document.cell is not None else None
    setups = document.setups
    return Machine(
        id=document.id,
        facility=document.facility or facility_by_cell.get(document.cell or "", first_facility),
        cell=document.cell,
        capacity=document.capacity,
        calendar=_calendar(document.calendar),
        setups=None if setups is None else SetupMatrix(setups.times, setups.initial),
        input_buffer=document.input_buffer if "input_buffer" in given else no_buffer,
        output_buffer=document.output_buffer if "output_buffer" in given else no_buffer,
        swap=document.swap,
    )


def cell_from(document: CellDocument, first_facility: str) -> RobotCell:
    """Return the robot cell of a document."""
    return RobotCell(
        id=document.id,
        facility=document.facility or first_facility,
        robots=tuple(
            Robot(r.id, r.start, _calendar(r.calendar), r.grippers, tuple(r.reach), r.speed) for r in document.robots
        ),
        input_station=document.input_station,
        output_station=document.output_station,
        travel=_travel(document),
        load_time=document.load_time,
        unload_time=document.unload_time,
        input_places=document.input_places,
        output_places=document.output_places,
    )


def _travel(document: CellDocument) -> dict[str, dict[str, int]]:
    """Return the travel times that are given, and those that follow from positions."""
    travel = {origin: dict(row) for origin, row in document.travel.items()}
    for origin, here in document.positions.items():
        for destination, there in document.positions.items():
            if origin != destination:
                way = -(-abs(here - there) // document.speed)
                travel.setdefault(origin, {}).setdefault(destination, way)
    return travel


def fleet_from(document: FleetDocument, first_facility: str) -> Fleet:
    """Return the fleet of a document."""
    return Fleet(
        id=document.id,
        facility=document.facility or first_facility,
        vehicles=tuple(
            Vehicle(v.id, v.start, _calendar(v.calendar), _battery(v.battery or document.battery), v.capacity, v.speed)
            for v in document.vehicles
        ),
        travel=document.travel,
        pick_up_time=document.pick_up_time,
        drop_time=document.drop_time,
        returns=document.returns,
        chargers=tuple(Charger(c.id, c.place, c.places, _shortages(c.shortages)) for c in document.chargers),
        parking=document.parking,
    )


def _battery(document: BatteryDocument | None) -> Battery | None:
    if document is None:
        return None
    curve = tuple(ChargeStep(step.up_to, step.rate) for step in document.curve)
    initial = document.capacity if document.initial is None else document.initial
    return Battery(**{**dict(document), "curve": curve, "initial": initial})


def _calendar(document: CalendarDocument | None) -> Calendar:
    if document is None:
        return Calendar()
    pattern = None
    if document.shifts is not None:
        shifts = tuple(Shift(shift.start, shift.end) for shift in document.shifts.working)
        pattern = ShiftPattern(document.shifts.period, shifts)
    return Calendar(tuple(Downtime(d.start, d.end, d.reason) for d in document.downtimes), pattern)


def pool_from(document: PoolDocument) -> OperatorPool:
    """Return the operator pool of a document."""
    return OperatorPool(document.id, document.capacity, _shortages(document.shortages))


def _shortages(documents: list[ShortageDocument]) -> tuple[Shortage, ...]:
    return tuple(Shortage(s.start, s.end, s.count, s.reason) for s in documents)


def lane_from(document: LaneDocument) -> Lane:
    """Return the lane of a document."""
    table, times = document.timetable, document.transit_times
    nested: dict[str, Any] = {"calendar": _calendar(document.calendar)}
    if table is not None:
        nested["timetable"] = Timetable(tuple(table.departures), table.period, table.until)
    if times is not None:
        windows = tuple(TransitWindow(w.start, w.end, w.transit_time) for w in times.windows)
        nested["transit_times"] = TransitTimes(times.period, windows)
    return Lane(**{**dict(document), **nested})  # the keys are the names of the fields


# Domain to document: what has its default value is left out.


def plain_document(item: Lane | OperatorPool | Charger) -> dict[str, Any]:
    """Return the document of an object whose only nested fields are a calendar and what belongs to departures."""
    document: dict[str, Any] = {}
    for field in fields(item):
        value = getattr(item, field.name)
        if isinstance(value, Calendar):
            document |= _calendar_document(value)
        elif isinstance(value, Timetable):
            limits = {**unless("period", value.period, None), **unless("until", value.until, None)}
            document["timetable"] = {"departures": list(value.departures), **limits}
        elif isinstance(value, TransitTimes):
            windows = [{"start": w.start, "end": w.end, "transit_time": w.transit_time} for w in value.windows]
            document["transit_times"] = {"period": value.period, "windows": windows}
        elif field.name == "shortages":
            document |= unless("shortages", [_shortage_document(shortage) for shortage in value], [])
        else:
            document |= unless(field.name, value, field.default)
    return document


def _shortage_document(shortage: Shortage) -> dict[str, Any]:
    window = {"start": shortage.start, "end": shortage.end}
    return {**window, **unless("count", shortage.count, 1), **unless("reason", shortage.reason, "")}


def _calendar_document(calendar: Calendar) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    if calendar.downtimes:
        inner["downtimes"] = [
            {"start": d.start, "end": d.end, **unless("reason", d.reason, "")} for d in calendar.downtimes
        ]
    if calendar.pattern is not None:
        working = [{"start": shift.start, "end": shift.end} for shift in calendar.pattern.shifts]
        inner["shifts"] = {"period": calendar.pattern.period, "working": working}
    return unless("calendar", inner, {})


def machine_document(machine: Machine, several: bool) -> dict[str, Any]:
    """Return the document of a machine, with its facility if there are `several`."""
    buffer = 0 if machine.cell is not None else None
    document = {
        "id": machine.id,
        **({"facility": machine.facility} if several else {}),
        **unless("cell", machine.cell, None),
        **unless("capacity", machine.capacity, 1),
        **unless("input_buffer", machine.input_buffer, buffer),
        **unless("output_buffer", machine.output_buffer, buffer),
        **unless("swap", machine.swap, True),
        **_calendar_document(machine.calendar),
    }
    if machine.setups is not None:
        times = {before: dict(row) for before, row in machine.setups.times.items()}
        document["setups"] = {**unless("initial", machine.setups.initial, None), "times": times}
    return document


def cell_document(cell: RobotCell, several: bool) -> dict[str, Any]:
    """Return the document of a robot cell, with its facility if there are `several`."""
    return {
        "id": cell.id,
        **({"facility": cell.facility} if several else {}),
        "robots": [
            {
                "id": r.id,
                "start": r.start,
                **_calendar_document(r.calendar),
                **unless("grippers", r.grippers, 1),
                **unless("reach", list(r.reach), []),
                **unless("speed", r.speed, 100),
            }
            for r in cell.robots
        ],
        "input_station": cell.input_station,
        "output_station": cell.output_station,
        **unless("input_places", cell.input_places, None),
        **unless("output_places", cell.output_places, None),
        **unless("load_time", cell.load_time, 0),
        **unless("unload_time", cell.unload_time, 0),
        "travel": {origin: dict(row) for origin, row in cell.travel.items()},
    }


def facility_document(facility: Facility) -> dict[str, Any]:
    """Return the document of a facility."""
    return {
        "id": facility.id,
        **unless("station", facility.station, None),
        **unless("returns_jobs", facility.returns_jobs, False),
        **unless("docks", facility.docks, None),
        **unless("hub", facility.hub, False),
    }


def fleet_document(fleet: Fleet, several: bool) -> dict[str, Any]:
    """Return the document of a fleet, with its facility if there are `several`."""
    batteries = {vehicle.battery for vehicle in fleet.vehicles}
    shared = batteries.pop() if len(batteries) == 1 else None
    return {
        "id": fleet.id,
        **({"facility": fleet.facility} if several else {}),
        "vehicles": [
            {
                "id": v.id,
                "start": v.start,
                **_calendar_document(v.calendar),
                **unless("capacity", v.capacity, 1),
                **unless("speed", v.speed, 100),
                **unless("battery", None if v.battery == shared else _battery_document(v.battery), None),
            }
            for v in fleet.vehicles
        ],
        **unless("battery", _battery_document(shared), None),
        **unless("chargers", [plain_document(charger) for charger in fleet.chargers], []),
        **unless("pick_up_time", fleet.pick_up_time, 0),
        **unless("drop_time", fleet.drop_time, 0),
        **unless("returns", fleet.returns, False),
        **unless("parking", dict(fleet.parking), {}),
        "travel": {origin: dict(row) for origin, row in fleet.travel.items()},
    }


def _battery_document(battery: Battery | None) -> dict[str, Any] | None:
    if battery is None:
        return None
    document: dict[str, Any] = {
        "capacity": battery.capacity,
        **unless("initial", battery.initial, battery.capacity),
        **unless("minimum", battery.minimum, 0),
    }
    for key in ("drain_loaded", "drain_empty", "drain_idle"):
        document |= unless(key, getattr(battery, key), 0)
    return document | {"curve": [{"up_to": step.up_to, "rate": step.rate} for step in battery.curve]}
