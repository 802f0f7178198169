"""Reading a schedule file against its instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from scheduler.constraints import Violation
from scheduler.domain import (
    Charge,
    Instance,
    Job,
    Machine,
    Move,
    Objective,
    Operation,
    Schedule,
    ScheduledOperation,
    Setup,
    Status,
)
from scheduler.domain.collector import collector_paused
from scheduler.domain.derive import complete
from scheduler.domain.events import Revision, revise
from scheduler.domain.execution import Wait
from scheduler.errors import Defect, DefectsError, ObjectiveError, ScheduleError
from scheduler.io.defects import instead, limited, shown
from scheduler.io.events_file import parse_events
from scheduler.io.json_text import json_path, parse_json
from scheduler.io.schedule_documents import (
    BaselineDocument,
    ChargeDocument,
    MoveDocument,
    RevisionDocument,
    ScheduleDocument,
    ScheduledOperationDocument,
    SetupDocument,
    WaitDocument,
)
from scheduler.io.structure import read_document, require_kind
from scheduler.io.validate_resources import Path

T = TypeVar("T", Job, Operation, Machine)


@dataclass(frozen=True)
class ScheduleFile:
    """What a schedule file says.

    Attributes
    ----------
    instance
        The instance of the schedule: the one it was read for, after all revisions.
    schedule
        The schedule; without operations when none was found.
    status, objective, lower_bound
        As the file has them; None where it does not say.
    revisions
        The changes from the given instance to this one, oldest first.
    broken
        The hard limits that the schedule breaks, as the file says; it is degraded if there are any.
    """

    instance: Instance
    schedule: Schedule
    status: Status | None = None
    objective: Objective | None = None
    lower_bound: Fraction | None = None
    revisions: tuple[Revision, ...] = ()
    broken: tuple[Violation, ...] = ()


@collector_paused()
def read_schedule_text(text: str, source: str, instance: Instance) -> ScheduleFile:
    """Return what the text of a schedule file says; raises like `scheduler.io.schedule_file.read_schedule`."""
    tree = parse_json(text, source)
    require_kind(tree, "operations", source)
    document = read_document(ScheduleDocument, tree, source, ScheduleError)
    if document.revision is not None and document.revision > len(document.revisions):
        cause = f"the schedule is one after revision {document.revision}, which is not in the file"
        fix = "write it with its revisions: scheduler journal JOURNAL --revision N -o FILE"
        raise ScheduleError(source, (Defect("E405", "$.revision", cause, fix),))
    revisions: list[Revision] = []
    for index, item in enumerate(document.revisions):
        instance, revision = _revised(instance, item, ("revisions", index), source)
        revisions.append(revision)
    reader = _Reader(instance)
    objective = reader.objective(document)
    schedule = reader.schedule(document, (), source)
    return ScheduleFile(
        instance=instance,
        schedule=schedule,
        status=None if document.status is None else Status(document.status),
        objective=objective,
        lower_bound=None if document.lower_bound is None else Fraction(str(document.lower_bound)),
        revisions=tuple(revisions),
        broken=tuple(Violation(v.rule, v.where, v.detail, v.amount) for v in document.degraded),
    )


def _revised(instance: Instance, document: RevisionDocument, path: Path, source: str) -> tuple[Instance, Revision]:
    """Return the instance after a revision, and the revision."""
    reader = _Reader(instance)
    pins = reader.operations(document.pins, (*path, "pins"))
    waits = reader.waits(document.waits, (*path, "waits"))
    baseline = reader.schedule(document.baseline, (*path, "baseline"), source)
    try:
        events = parse_events(document.events, source)
        archived = tuple(document.archived)
        revision = Revision(document.now, document.frozen_until, events, baseline, tuple(pins), waits, archived)
        return revise(instance, revision), revision
    except DefectsError as error:
        raise ScheduleError(source, tuple(_inside(path, defect) for defect in error.defects)) from None


def _inside(path: Path, defect: Defect) -> Defect:
    """Return a defect of the event documents with its place in the schedule file."""
    return Defect(defect.code, json_path(*path) + defect.where.removeprefix("$"), defect.cause, defect.fix)


class _Reader:
    """Turns the documents of a schedule file into the domain, and collects what does not fit the instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._defects: list[Defect] = []
        self._operations = {job.id: {operation.id: operation for operation in job.operations} for job in instance.jobs}
        self._places = _places_by_mover(instance)
        self._robots = {robot.id: None for cell in instance.cells for robot in cell.robots}

    def schedule(self, document: ScheduleDocument | BaselineDocument, path: Path, source: str) -> Schedule:
        """Return the schedule as the file has it; setups are derived where it has none.

        Raises
        ------
        ScheduleError
            With everything that has not fitted so far.
        """
        operations = self.operations(document.operations, (*path, "operations"))
        moves = self.moves(document.moves, (*path, "moves"))
        charges = tuple(self.charges(document.charges, (*path, "charges")))
        setups = None if document.setups is None else self.setups(document.setups, (*path, "setups"))
        if self._defects:
            raise ScheduleError(source, limited(self._defects))
        derived = complete(self._instance, operations, [move for move in moves if move.job is not None])
        return Schedule(derived.operations, tuple(moves), derived.setups if setups is None else tuple(setups), charges)

    def operations(self, documents: Iterable[ScheduledOperationDocument], path: Path) -> list[ScheduledOperation]:
        """Return the operations that fit."""
        found = (self._operation(document, (*path, index)) for index, document in enumerate(documents))
        return [operation for operation in found if operation is not None]

    def _operation(self, document: ScheduledOperationDocument, path: Path) -> ScheduledOperation | None:
        job = self._named(path, "job", document.job, document.job_index, self._instance.jobs, self._instance.job_by_id)
        machine = self._machine(document, path)
        if job is None:
            return None
        by_id = self._operations[job.id]
        operation = self._named(path, "operation", document.operation, document.operation_index, job.operations, by_id)
        if operation is None:
            return None
        mode = self._mode(document, operation, machine, path)
        if mode is None:
            return None
        name, tender = operation.modes[mode].machine if machine is None else machine.id, document.tended_by
        if tender is not None and not self._is_known((*path, "tended_by"), tender, self._robots, "robot"):
            return None
        return ScheduledOperation(job.id, operation.id, mode, name, document.start, document.end, tender)

    def _machine(self, document: ScheduledOperationDocument, path: Path) -> Machine | None:
        if document.machine is None and document.machine_index is None and document.mode is not None:
            return None
        machines, by_id = self._instance.machines, self._instance.machine_by_id
        return self._named(path, "machine", document.machine, document.machine_index, machines, by_id)

    def _named(
        self, path: Path, kind: str, name: str | None, index: int | None, items: Sequence[T], by_id: Mapping[str, T]
    ) -> T | None:
        """Return the item with this id or index; both are optional, but must agree."""
        if name is None and index is None:
            self._report("E401", (*path, kind), f"neither {kind} nor {kind}_index is given", "add one of them")
            return None
        if index is not None and index >= len(items):
            cause = f"{kind}_index {index} does not exist"
            self._report("E402", (*path, f"{kind}_index"), cause, f"write 0 to {len(items) - 1}")
            return None
        if name is not None and not self._is_known((*path, kind), name, by_id, kind):
            return None
        item = by_id[name] if name is not None else items[index or 0]
        if index is not None and items[index].id != item.id:
            cause = f"{kind} is {shown(name)}, but number {index} in the instance is {shown(items[index].id)}"
            self._report("E403", (*path, f"{kind}_index"), cause, "correct one of them; indices count from 0")
        return item

    def _mode(
        self, document: ScheduledOperationDocument, operation: Operation, machine: Machine | None, path: Path
    ) -> int | None:
        """Return the mode: as given, or the one on the machine, in doubt the one that takes as long."""
        if document.mode is not None:
            if document.mode < len(operation.modes):
                return document.mode
            cause = f"operation {shown(operation.id)} has no mode {document.mode}"
            self._report("E404", (*path, "mode"), cause, f"write 0 to {len(operation.modes) - 1}")
            return None
        if machine is None:
            return None
        there = [index for index, mode in enumerate(operation.modes) if mode.machine == machine.id]
        if not there:
            known = ", ".join(dict.fromkeys(mode.machine for mode in operation.modes))
            cause = f"operation {shown(operation.id)} can't be done on machine {shown(machine.id)}"
            self._report("E404", (*path, "machine"), cause, f"its machines are {known}")
            return None
        length = document.end - document.start
        return min(there, key=lambda index: (operation.modes[index].duration != length, index))

    def setups(self, documents: Iterable[SetupDocument], path: Path) -> list[Setup]:
        """Return the setups."""
        found = []
        for index, document in enumerate(documents):
            at = (*path, index)
            self._is_known((*at, "machine"), document.machine, self._instance.machine_by_id, "machine")
            if self._is_known((*at, "job"), document.job, self._operations, "job"):
                self._is_known((*at, "operation"), document.operation, self._operations[document.job], "operation")
            found.append(
                Setup(
                    document.machine,
                    document.job,
                    document.operation,
                    document.from_family,
                    document.to_family,
                    document.start,
                    document.end,
                )
            )
        return found

    def moves(self, documents: Iterable[MoveDocument], path: Path) -> list[Move]:
        """Return the moves."""
        found = []
        for index, document in enumerate(documents):
            at = (*path, index)
            if self._is_known((*at, "mover"), document.mover, self._places, "mover"):
                places = self._places[document.mover]
                for end, place in (("from", document.origin), ("to", document.destination)):
                    if place not in places:
                        cause = f"{shown(place)} is no place of {shown(document.mover)}"
                        self._report("E302", (*at, end), cause, instead(place, tuple(places), "place"))
            if document.job is not None and self._is_known((*at, "job"), document.job, self._operations, "job"):
                for key, name in (("predecessor", document.predecessor), ("successor", document.successor)):
                    if name is not None:
                        self._is_known((*at, key), name, self._operations[document.job], "operation")
            found.append(
                Move(
                    document.job,
                    document.origin,
                    document.destination,
                    document.mover,
                    document.kind,
                    document.start,
                    document.end,
                    document.predecessor,
                    document.successor,
                    load=document.load,
                    units=document.units,
                )
            )
        return found

    def charges(self, documents: Iterable[ChargeDocument], path: Path) -> list[Charge]:
        """Return the charges."""
        found = []
        for index, document in enumerate(documents):
            at = (*path, index)
            self._is_known((*at, "vehicle"), document.vehicle, self._instance.battery_by_vehicle, "vehicle")
            self._is_known((*at, "charger"), document.charger, self._instance.charger_by_id, "charger")
            levels = document.from_level, document.to_level
            found.append(Charge(document.vehicle, document.charger, document.start, document.end, *levels))
        return found

    def waits(self, documents: Iterable[WaitDocument], path: Path) -> tuple[Wait, ...]:
        """Return the waits of robots and vehicles under way."""
        found = []
        for index, document in enumerate(documents):
            at = (*path, index)
            self._is_known((*at, "mover"), document.mover, self._instance.carrier_by_id, "robot or vehicle")
            self._is_known((*at, "job"), document.job, self._operations, "job")
            if document.end <= document.start:
                cause = f"the wait ends at {document.end}, not after its begin {document.start}"
                self._report("E309", (*at, "end"), cause, f"write {document.start + 1} or more")
            found.append(Wait(document.mover, document.job, document.destination, document.start, document.end))
        return tuple(found)

    def objective(self, document: ScheduleDocument) -> Objective | None:
        """Return the objective, if the file names one."""
        if document.objective is None:
            return None
        try:
            return Objective.parse(document.objective.spec)
        except ObjectiveError as error:
            cause, _, fix = str(error).partition("; ")
            self._report("E323", ("objective", "spec"), cause, fix)
            return None

    def _is_known(self, path: Path, name: str, known: Mapping[str, object], kind: str) -> bool:
        if name in known:
            return True
        self._report("E302", path, f"{kind} {shown(name)} does not exist", instead(name, tuple(known), kind))
        return False

    def _report(self, code: str, path: Path, cause: str, fix: str) -> None:
        self._defects.append(Defect(code, json_path(*path), cause, fix))


def _places_by_mover(instance: Instance) -> dict[str, dict[str, None]]:
    """Return between which places each mover can be at all: those of its cell or fleet, or the facilities."""
    facilities = dict.fromkeys(facility.id for facility in instance.facilities)
    places: dict[str, dict[str, None]] = dict.fromkeys(instance.lane_by_vehicle, facilities)
    for cell in instance.cells:
        stations = (machine.id for machine in instance.machines if machine.cell == cell.id)
        of_cell = dict.fromkeys((cell.input_station, *stations, cell.output_station))
        places |= {robot.id: of_cell for robot in cell.robots}
    for fleet in instance.fleets:
        places |= dict.fromkeys((vehicle.id for vehicle in fleet.vehicles), dict.fromkeys(sorted(fleet.places)))
    return places
