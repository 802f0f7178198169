"""The native instance file: JSON that holds everything an instance can say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

from scheduler.domain import (
    Calendar,
    Downtime,
    Facility,
    Fleet,
    Instance,
    Job,
    Lane,
    Machine,
    Mode,
    Operation,
    OperatorPool,
    Precedence,
    Robot,
    RobotCell,
    SetupMatrix,
    Shift,
    ShiftPattern,
    Timetable,
    Vehicle,
)
from scheduler.errors import Defect, FormatError, InstanceError
from scheduler.io.defects import limited
from scheduler.io.documents import (
    CalendarDocument,
    CellDocument,
    FleetDocument,
    InstanceDocument,
    JobDocument,
    LaneDocument,
    MachineDocument,
    OperationDocument,
)
from scheduler.io.files import instance_name
from scheduler.io.json_text import dump_json, json_path, parse_json
from scheduler.io.numbered import FACILITY, default_precedences
from scheduler.io.structure import read_document, require_kind, schema

SCHEMA_VERSION = 1


def matches(text: str) -> bool:
    """Return whether the text may be JSON: it begins with a brace."""
    return text.lstrip()[:1] == "{"


def read(text: str, source: str) -> Instance:
    """Return the instance of a native file, its structure checked, its meaning not (see `scheduler.io.validate`).

    Raises
    ------
    FormatError
        If the text is not JSON, or the JSON of something else.
    InstanceError
        If keys are missing or unknown, or values have the wrong type or range; with all defects.
    """
    tree = parse_json(text, source)
    require_kind(tree, "jobs", source)
    document = read_document(InstanceDocument, tree, source, InstanceError)
    return _instance(document, source)


def write(instance: Instance) -> str:
    """Return the native text of an instance; `read` returns an equal one.

    Raises
    ------
    FormatError
        If the instance has an execution state: that belongs to a schedule file.
    """
    if instance.execution is not None:
        cause = "the instance is being carried out, which an instance file does not tell"
        raise FormatError(instance.name, (Defect("E131", "$", cause, "write the schedule file of the repair"),))
    return dump_json(instance_document(instance))


def instance_schema() -> dict[str, Any]:
    """Return the JSON Schema of the native instance file."""
    return schema(InstanceDocument)


# Document to domain.


def _instance(document: InstanceDocument, source: str) -> Instance:
    defects = limited(_missing_facilities(document))
    if defects:
        raise InstanceError(source, defects)
    facilities = tuple(Facility(**dict(f)) for f in document.facilities or ()) or (Facility(FACILITY),)
    facility_by_cell = {cell.id: cell.facility or facilities[0].id for cell in document.cells}
    return Instance(
        name=document.name or instance_name(source),
        facilities=facilities,
        machines=tuple(_machine(machine, facility_by_cell, facilities[0].id) for machine in document.machines),
        jobs=tuple(job_from(job) for job in document.jobs),
        cells=tuple(_cell(cell, facilities[0].id) for cell in document.cells),
        lanes=tuple(_lane(lane) for lane in document.lanes),
        operators=tuple(OperatorPool(pool.id, pool.capacity) for pool in document.operators),
        fleets=tuple(_fleet(fleet, facilities[0].id) for fleet in document.fleets),
        time_unit=document.time_unit,
        time_origin=None if document.time_origin is None else datetime.fromisoformat(document.time_origin),
        objective=document.objective,
    )


def _lane(document: LaneDocument) -> Lane:
    table = document.timetable
    timetable = None if table is None else Timetable(tuple(table.departures), table.period, table.until)
    # the keys are the names of the fields
    return Lane(**{**dict(document), "calendar": _calendar(document.calendar), "timetable": timetable})


def _missing_facilities(document: InstanceDocument) -> Iterator[Defect]:
    if len(document.facilities or ()) < 2:
        return
    fix = "add it: there are several facilities"
    for index, cell in enumerate(document.cells):
        if cell.facility is None:
            yield Defect("E201", json_path("cells", index, "facility"), "key 'facility' is missing", fix)
    for index, fleet in enumerate(document.fleets):
        if fleet.facility is None:
            yield Defect("E201", json_path("fleets", index, "facility"), "key 'facility' is missing", fix)
    for index, machine in enumerate(document.machines):
        if machine.facility is None and machine.cell is None:
            yield Defect("E201", json_path("machines", index, "facility"), "key 'facility' is missing", fix)


def _machine(document: MachineDocument, facility_by_cell: dict[str, str], first_facility: str) -> Machine:
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


def _cell(document: CellDocument, first_facility: str) -> RobotCell:
    return RobotCell(
        id=document.id,
        facility=document.facility or first_facility,
        robots=tuple(Robot(r.id, r.start, _calendar(r.calendar), r.grippers, tuple(r.reach)) for r in document.robots),
        input_station=document.input_station,
        output_station=document.output_station,
        travel=_travel(document),
        load_time=document.load_time,
        unload_time=document.unload_time,
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


def _fleet(document: FleetDocument, first_facility: str) -> Fleet:
    return Fleet(
        id=document.id,
        facility=document.facility or first_facility,
        vehicles=tuple(Vehicle(v.id, v.start, _calendar(v.calendar), v.capacity) for v in document.vehicles),
        travel=document.travel,
        pick_up_time=document.pick_up_time,
        drop_time=document.drop_time,
        returns=document.returns,
    )


def _calendar(document: CalendarDocument | None) -> Calendar:
    if document is None:
        return Calendar()
    pattern = None
    if document.shifts is not None:
        shifts = tuple(Shift(shift.start, shift.end) for shift in document.shifts.working)
        pattern = ShiftPattern(document.shifts.period, shifts)
    return Calendar(tuple(Downtime(d.start, d.end, d.reason) for d in document.downtimes), pattern)


def job_from(document: JobDocument) -> Job:
    """Return the job of a document (the one of a rush order too)."""
    operations = tuple(_operation(operation) for operation in document.operations)
    plans = tuple(tuple(plan) for plan in document.plans)
    if document.precedences is None:
        precedences = default_precedences(operations, plans)
    else:
        precedences = tuple(Precedence(p.predecessor, p.successor, p.min_lag, p.max_lag) for p in document.precedences)
    return Job(
        id=document.id,
        operations=operations,
        precedences=precedences,
        release_date=document.release_date,
        due_date=document.due_date,
        deadline=document.deadline,
        weight=document.weight,
        units=document.units,
        plans=plans,
        fleets=tuple(document.fleets),
    )


def _operation(document: OperationDocument) -> Operation:
    modes = tuple(Mode(m.machine, m.duration, m.setup_family, m.operators, m.max_dwell) for m in document.modes)
    return Operation(document.id, modes, document.interruptible)


# Domain to document: what has its default value is left out.


def instance_document(instance: Instance) -> dict[str, Any]:
    """Return the JSON document of an instance."""
    several = len(instance.facilities) > 1
    return {
        "schema_version": SCHEMA_VERSION,
        "name": instance.name,
        **_unless("time_unit", instance.time_unit, "minute"),
        **_unless("time_origin", instance.time_origin and instance.time_origin.isoformat(), None),
        **_unless("objective", instance.objective, "makespan"),
        **_unless("facilities", [_facility_document(f) for f in instance.facilities], [{"id": FACILITY}]),
        "machines": [_machine_document(machine, several) for machine in instance.machines],
        **_unless("cells", [_cell_document(cell, several) for cell in instance.cells], []),
        **_unless("lanes", [_plain_document(lane) for lane in instance.lanes], []),
        **_unless("operators", [_plain_document(pool) for pool in instance.operators], []),
        **_unless("fleets", [_fleet_document(fleet, several) for fleet in instance.fleets], []),
        "jobs": [job_document(job) for job in instance.jobs],
    }


def _unless(key: str, value: object, default: object) -> dict[str, Any]:
    return {} if value == default else {key: value}


def _plain_document(item: Lane | OperatorPool) -> dict[str, Any]:
    """Document of an object whose only nested fields are calendar and timetable."""
    document: dict[str, Any] = {}
    for field in fields(item):
        value = getattr(item, field.name)
        if isinstance(value, Calendar):
            document |= _calendar_document(value)
        elif isinstance(value, Timetable):
            limits = {**_unless("period", value.period, None), **_unless("until", value.until, None)}
            document["timetable"] = {"departures": list(value.departures), **limits}
        else:
            document |= _unless(field.name, value, field.default)
    return document


def _calendar_document(calendar: Calendar) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    if calendar.downtimes:
        inner["downtimes"] = [
            {"start": d.start, "end": d.end, **_unless("reason", d.reason, "")} for d in calendar.downtimes
        ]
    if calendar.pattern is not None:
        working = [{"start": shift.start, "end": shift.end} for shift in calendar.pattern.shifts]
        inner["shifts"] = {"period": calendar.pattern.period, "working": working}
    return _unless("calendar", inner, {})


def _machine_document(machine: Machine, several: bool) -> dict[str, Any]:
    buffer = 0 if machine.cell is not None else None
    document = {
        "id": machine.id,
        **({"facility": machine.facility} if several else {}),
        **_unless("cell", machine.cell, None),
        **_unless("capacity", machine.capacity, 1),
        **_unless("input_buffer", machine.input_buffer, buffer),
        **_unless("output_buffer", machine.output_buffer, buffer),
        **_unless("swap", machine.swap, True),
        **_calendar_document(machine.calendar),
    }
    if machine.setups is not None:
        times = {before: dict(row) for before, row in machine.setups.times.items()}
        document["setups"] = {**_unless("initial", machine.setups.initial, None), "times": times}
    return document


def _cell_document(cell: RobotCell, several: bool) -> dict[str, Any]:
    return {
        "id": cell.id,
        **({"facility": cell.facility} if several else {}),
        "robots": [
            {
                "id": r.id,
                "start": r.start,
                **_calendar_document(r.calendar),
                **_unless("grippers", r.grippers, 1),
                **_unless("reach", list(r.reach), []),
            }
            for r in cell.robots
        ],
        "input_station": cell.input_station,
        "output_station": cell.output_station,
        **_unless("load_time", cell.load_time, 0),
        **_unless("unload_time", cell.unload_time, 0),
        "travel": {origin: dict(row) for origin, row in cell.travel.items()},
    }


def _facility_document(facility: Facility) -> dict[str, Any]:
    return {
        "id": facility.id,
        **_unless("station", facility.station, None),
        **_unless("returns_jobs", facility.returns_jobs, False),
        **_unless("docks", facility.docks, None),
    }


def _fleet_document(fleet: Fleet, several: bool) -> dict[str, Any]:
    return {
        "id": fleet.id,
        **({"facility": fleet.facility} if several else {}),
        "vehicles": [
            {"id": v.id, "start": v.start, **_calendar_document(v.calendar), **_unless("capacity", v.capacity, 1)}
            for v in fleet.vehicles
        ],
        **_unless("pick_up_time", fleet.pick_up_time, 0),
        **_unless("drop_time", fleet.drop_time, 0),
        **_unless("returns", fleet.returns, False),
        "travel": {origin: dict(row) for origin, row in fleet.travel.items()},
    }


def job_document(job: Job) -> dict[str, Any]:
    """Return the JSON document of a job."""
    document: dict[str, Any] = {
        "id": job.id,
        **_unless("release_date", job.release_date, 0),
        **_unless("due_date", job.due_date, None),
        **_unless("deadline", job.deadline, None),
        **_unless("weight", job.weight, 1),
        **_unless("units", job.units, 1),
        **_unless("fleets", list(job.fleets), []),
        "operations": [_operation_document(operation) for operation in job.operations],
    }
    if job.precedences != default_precedences(job.operations, job.plans):
        document["precedences"] = [
            {
                "predecessor": p.predecessor,
                "successor": p.successor,
                **_unless("min_lag", p.min_lag, 0),
                **_unless("max_lag", p.max_lag, None),
            }
            for p in job.precedences
        ]
    return document | _unless("plans", [list(plan) for plan in job.plans], [])


def _operation_document(operation: Operation) -> dict[str, Any]:
    modes = [
        {
            "machine": mode.machine,
            "duration": mode.duration,
            **_unless("setup_family", mode.setup_family, None),
            **_unless("operators", dict(mode.operators), {}),
            **_unless("max_dwell", mode.max_dwell, None),
        }
        for mode in operation.modes
    ]
    return {"id": operation.id, **_unless("interruptible", operation.interruptible, False), "modes": modes}
