"""The native instance file: JSON that holds everything an instance can say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from scheduler.domain import (
    Facility,
    Instance,
)
from scheduler.domain.cycle import Cycle, part_set, unrolled
from scheduler.errors import Defect, FormatError, InstanceError
from scheduler.io.defects import limited
from scheduler.io.documents import (
    InstanceDocument,
)
from scheduler.io.files import instance_name
from scheduler.io.json_text import dump_json, json_path, parse_json
from scheduler.io.native_factory import (
    cell_document,
    cell_from,
    facility_document,
    fleet_document,
    fleet_from,
    lane_from,
    machine_document,
    machine_from,
    plain_document,
    pool_from,
)
from scheduler.io.native_jobs import job_document, job_from
from scheduler.io.numbered import FACILITY
from scheduler.io.structure import read_document, require_kind, schema, unless, without_unknown_keys
from scheduler.io.validate import defects

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
        If keys are missing or unknown, or values have the wrong type or range; with all defects, where keys are only
        unknown those of the meaning too.
    """
    tree = parse_json(text, source)
    require_kind(tree, "jobs", source)
    try:
        document = read_document(InstanceDocument, tree, source, InstanceError)
    except InstanceError as failure:
        raise InstanceError(source, limited((*failure.defects, *_others(tree, source)))) from None
    return _instance(document, source)


def _others(tree: object, source: str) -> tuple[Defect, ...]:
    """Return what else is wrong with a document that has unknown keys: they hide nothing. Worse damage does."""
    rest = without_unknown_keys(InstanceDocument, tree)
    if rest is None:
        return ()
    try:
        return defects(_instance(read_document(InstanceDocument, rest, source, InstanceError), source))
    except InstanceError as failure:
        return failure.defects


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
    missing = limited(_missing_facilities(document))
    if missing:
        raise InstanceError(source, missing)
    facilities = tuple(Facility(**dict(f)) for f in document.facilities or ()) or (Facility(FACILITY),)
    facility_by_cell = {cell.id: cell.facility or facilities[0].id for cell in document.cells}
    instance = Instance(
        name=document.name or instance_name(source),
        facilities=facilities,
        machines=tuple(machine_from(machine, facility_by_cell, facilities[0].id) for machine in document.machines),
        jobs=tuple(job_from(job) for job in document.jobs),
        cells=tuple(cell_from(cell, facilities[0].id) for cell in document.cells),
        lanes=tuple(lane_from(lane) for lane in document.lanes),
        operators=tuple(pool_from(pool) for pool in document.operators),
        fleets=tuple(fleet_from(fleet, facilities[0].id) for fleet in document.fleets),
        time_unit=document.time_unit,
        time_origin=None if document.time_origin is None else datetime.fromisoformat(document.time_origin),
        objective=document.objective,
    )
    return instance if document.cycle is None else unrolled(instance, Cycle(document.cycle.repetitions))


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


# Domain to document: what has its default value is left out.


def instance_document(instance: Instance) -> dict[str, Any]:
    """Return the JSON document of an instance."""
    several = len(instance.facilities) > 1
    return {
        "schema_version": SCHEMA_VERSION,
        "name": instance.name,
        **unless("time_unit", instance.time_unit, "minute"),
        **unless("time_origin", instance.time_origin and instance.time_origin.isoformat(), None),
        **unless("objective", instance.objective, "makespan"),
        **unless("facilities", [facility_document(f) for f in instance.facilities], [{"id": FACILITY}]),
        "machines": [machine_document(machine, several) for machine in instance.machines],
        **unless("cells", [cell_document(cell, several) for cell in instance.cells], []),
        **unless("lanes", [plain_document(lane) for lane in instance.lanes], []),
        **unless("operators", [plain_document(pool) for pool in instance.operators], []),
        **unless("fleets", [fleet_document(fleet, several) for fleet in instance.fleets], []),
        **unless("cycle", instance.cycle and {"repetitions": instance.cycle.repetitions}, None),
        "jobs": [job_document(job) for job in (instance if instance.cycle is None else part_set(instance)).jobs],
    }
