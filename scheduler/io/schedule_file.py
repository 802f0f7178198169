"""The schedule file: a schedule with its values and origin, written and read.

A repaired schedule is one of a changed instance. Its file carries the changes as `revisions`, so that the original
instance file is all that one needs besides it: reading applies them again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from scheduler.constraints import Violation
from scheduler.domain import Charge, Instance, Move, Result, Schedule, ScheduledOperation, Setup
from scheduler.domain.batteries import level_trace
from scheduler.domain.collector import collector_paused
from scheduler.domain.events import Revision
from scheduler.io.atomic import write_text
from scheduler.io.events_file import event_document
from scheduler.io.files import read_text
from scheduler.io.json_text import dump_json
from scheduler.io.schedule_documents import ScheduleDocument
from scheduler.io.schedule_reader import ScheduleFile, read_schedule_text
from scheduler.io.structure import schema, unless
from scheduler.io.validate_limits import TICK_BY_UNIT

__all__ = ["ScheduleFile", "read_schedule", "schedule_document", "schedule_schema", "write_schedule"]

SCHEMA_VERSION = 1


def read_schedule(path: str | Path, instance: Instance) -> ScheduleFile:
    """Read a schedule of the instance.

    The schedule may break rules (ask the checker), but it speaks of jobs, machines and modes that exist. What other
    programs write is read too: see `docs/file-format.md` for the least that has to be there.

    Raises
    ------
    FormatError
        If the file can't be read or is not JSON.
    ScheduleError
        If it does not fit the instance, with every defect.
    """
    return read_schedule_text(read_text(path), str(path), instance)


@collector_paused()
def write_schedule(
    path: str | Path,
    instance: Instance,
    result: Result,
    *,
    revisions: Sequence[Revision] = (),
    broken: Sequence[Violation] = (),
) -> None:
    """Write the result of solving, or repairing, the instance; `path` is complete afterwards or untouched.

    Parameters
    ----------
    path
        The file to write.
    instance
        The instance that the result belongs to; after a repair the one with all changes.
    result
        What to write; without schedule the file has no operations.
    revisions
        The changes that lead from the instance of the instance file to `instance`, oldest first.
    broken
        The hard limits that the schedule is known to break: it is marked as degraded.

    Raises
    ------
    FormatError
        If the file can't be written.
    """
    write_text(path, dump_json(schedule_document(instance, result, revisions=revisions, broken=broken)))


def schedule_schema() -> dict[str, Any]:
    """Return the JSON Schema of the schedule file."""
    return schema(ScheduleDocument)


def schedule_document(
    instance: Instance, result: Result, *, revisions: Sequence[Revision] = (), broken: Sequence[Violation] = ()
) -> dict[str, Any]:
    """Return the JSON document of a result, see `write_schedule`."""
    schedule = result.schedule
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "instance": instance.name,
        "status": result.status.value,
        "reason": result.reason,
        **({"degraded": [asdict(violation) for violation in broken]} if broken else {}),
        "objective": _objective(result),
        "lower_bound": _number(result.lower_bound),
        "makespan": None if schedule is None else schedule.makespan,
        "gap": result.gap,
        "time_unit": instance.time_unit,
        "time_origin": None if instance.time_origin is None else instance.time_origin.isoformat(),
        "solver": {
            "versions": dict(result.versions),
            "seed": result.seed,
            "workers": result.workers,
            "seconds": round(result.seconds, 3),
        },
    }
    document |= _schedule(instance, schedule or Schedule(()))
    document["revisions"] = [_revision(revision) for revision in revisions]
    document["history"] = [
        {
            "seconds": round(progress.seconds, 3),
            "value": _number(progress.value),
            "bound": _number(progress.bound),
            "engine": progress.engine,
        }
        for progress in result.history
    ]
    return document


def _objective(result: Result) -> dict[str, Any]:
    tiers = result.objective.tiers
    values = result.values or (None,) * len(tiers)
    bounds = (*result.bounds, *(None for _ in tiers))[: len(tiers)]
    return {
        "spec": str(result.objective),
        "value": _number(values[0]),
        "terms": dict(result.terms),
        "tiers": [
            {"spec": str(tier), "value": _number(value), "lower_bound": _number(bound)}
            for tier, value, bound in zip(tiers, values, bounds, strict=True)
        ],
    }


def _number(value: Fraction | None) -> int | float | None:
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else float(value)


def _schedule(instance: Instance, schedule: Schedule) -> dict[str, Any]:
    """Return the schedule itself, with indices and dates."""
    job_index = {job.id: index for index, job in enumerate(instance.jobs)}
    machine_index = {machine.id: index for index, machine in enumerate(instance.machines)}
    operation_index = {
        (job.id, operation.id): index for job in instance.jobs for index, operation in enumerate(job.operations)
    }
    dates = _dates_of(instance)
    operations = [
        {
            "job": o.job,
            "operation": o.operation,
            "job_index": job_index[o.job],
            "operation_index": operation_index[o.key],
            "mode": o.mode,
            "machine": o.machine,
            "machine_index": machine_index[o.machine],
            "start": o.start,
            "end": o.end,
            **unless("tended_by", o.tended_by, None),
            **dates(o),
        }
        for o in sorted(schedule.operations, key=lambda o: (job_index[o.job], operation_index[o.key]))
    ]
    setups = [{**_setup(setup), **dates(setup)} for setup in schedule.setups]
    moves = [{**_move(move), **dates(move)} for move in schedule.moves]
    document = {"operations": operations, "setups": setups, "moves": moves}
    if instance.battery_by_vehicle:
        document["charges"] = [{**_charge(charge), **dates(charge)} for charge in schedule.charges]
        document["batteries"] = [
            {"vehicle": vehicle, "levels": [list(point) for point in level_trace(instance, vehicle, *used)]}
            for vehicle in instance.battery_by_vehicle
            if any(used := (schedule.by_mover.get(vehicle, ()), schedule.by_vehicle.get(vehicle, ())))
        ]
    return document


def _setup(setup: Setup) -> dict[str, Any]:
    return {
        "machine": setup.machine,
        "job": setup.job,
        "operation": setup.operation,
        "from_family": setup.from_family,
        "to_family": setup.to_family,
        "start": setup.start,
        "end": setup.end,
    }


def _move(move: Move) -> dict[str, Any]:
    return {
        "job": move.job,
        "from": move.origin,
        "to": move.destination,
        "mover": move.mover,
        "kind": move.kind,
        "start": move.start,
        "end": move.end,
        "predecessor": move.predecessor,
        "successor": move.successor,
        **({} if move.units is None else {"load": move.load, "units": move.units}),
    }


def _charge(charge: Charge) -> dict[str, Any]:
    return {
        "vehicle": charge.vehicle,
        "charger": charge.charger,
        "start": charge.start,
        "end": charge.end,
        "from_level": charge.from_level,
        "to_level": charge.to_level,
    }


def _dates_of(instance: Instance) -> Callable[[ScheduledOperation | Setup | Move | Charge], Mapping[str, str]]:
    """Return what tells start and end of an item as dates, if the instance says what they are."""
    origin, tick = instance.time_origin, TICK_BY_UNIT.get(instance.time_unit)
    if origin is None or tick is None:
        return lambda item: {}

    @cache
    def date(at: int) -> str:
        return (origin + at * tick).isoformat()

    return lambda item: {"start_date": date(item.start), "end_date": date(item.end)}


def _revision(revision: Revision) -> dict[str, Any]:
    return {
        "now": revision.now,
        "frozen_until": revision.frozen_until,
        "events": [event_document(event) for event in revision.events],
        "baseline": {
            "operations": [_operation(o) for o in revision.baseline.operations],
            "setups": [_setup(setup) for setup in revision.baseline.setups],
            "moves": [_move(move) for move in revision.baseline.moves],
            **({"charges": [_charge(c) for c in revision.baseline.charges]} if revision.baseline.charges else {}),
        },
        "pins": [_operation(o) for o in revision.pins],
        **({"waits": [asdict(wait) for wait in revision.waits]} if revision.waits else {}),
        **unless("archived", list(revision.archived), []),
    }


def _operation(operation: ScheduledOperation) -> dict[str, Any]:
    return {
        "job": operation.job,
        "operation": operation.operation,
        "mode": operation.mode,
        "machine": operation.machine,
        "start": operation.start,
        "end": operation.end,
        **unless("tended_by", operation.tended_by, None),
    }
