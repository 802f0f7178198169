"""Events: what can go wrong (or change) while a schedule is carried out, and what each does to the instance.

An event returns a changed instance; nothing downstream has to know it. A new kind of event is one class here and one
line in `EVENTS`, one document in `scheduler/io/events_file.py` and one section in `docs/events.md`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeAlias

from scheduler.domain.calendar import Downtime, working_time
from scheduler.domain.execution import Execution
from scheduler.domain.happened import begun, execution_of, lengthened, reachable, started, with_calendar
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job, Operation
from scheduler.domain.schedule import Schedule, ScheduledOperation
from scheduler.errors import Defect, EventError

Interrupted: TypeAlias = Literal["resume", "repeat"]
"""What becomes of the operation that a breakdown hits: it goes on after the repair, or starts again from nothing."""


@dataclass(frozen=True)
class Event(ABC):
    """Something that happened at tick ``at``; ``id`` is unique among the events of a factory."""

    id: str
    at: int
    type: ClassVar[str]

    def apply(self, instance: Instance) -> Instance:
        """Return the instance after the event; its `execution` says what has happened until then.

        Raises
        ------
        EventError
            If the event contradicts the instance or what has happened, with every contradiction.
        """
        defects = tuple(self.contradictions(instance))
        if defects:
            raise EventError(f"event {self.id}", defects)
        return self.change(instance)

    @abstractmethod
    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield why the event can't be applied."""

    @abstractmethod
    def change(self, instance: Instance) -> Instance:
        """Return the instance after an event that contradicts nothing."""

    def defect(self, code: str, member: str, cause: str, fix: str) -> Defect:
        """Return a defect of one member of this event, placed by a JSON path that names the event by its id."""
        return Defect(code, f"$.events[?@.id=={json.dumps(self.id, ensure_ascii=False)}].{member}", cause, fix)


@dataclass(frozen=True)
class MachineBreakdown(Event):
    """A machine is down during ``[at, until)``; ``interrupted`` says what becomes of its running operation.

    *Resume*: the operation becomes interruptible: it pauses and goes on after the repair. *Repeat*: its work is lost
    and it has to be done again, on any machine that its part can still reach (in a robot cell: on the same one).
    """

    type: ClassVar[str] = "machine_breakdown"
    machine: str
    until: int
    interrupted: Interrupted = "resume"

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown machine and an empty downtime."""
        if self.machine not in instance.machine_by_id:
            yield self.defect("E601", "machine", *_unknown("machine", self.machine, instance.machine_by_id))
        yield from _empty_downtime(self, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add the downtime; let the running operations pause, or take them back."""
        machine = instance.machine_by_id[self.machine]
        down = replace(machine, calendar=machine.calendar.with_downtime(Downtime(self.at, self.until, "breakdown")))
        instance = replace(instance, machines=tuple(down if m.id == machine.id else m for m in instance.machines))
        hit = [o for o in started(instance).values() if o.machine == self.machine and o.end > self.at]
        for operation in hit:
            instance = _resumed(instance, operation) if self.interrupted == "resume" else _repeated(instance, operation)
        return instance


@dataclass(frozen=True)
class RobotDown(Event):
    """A robot stands still during ``[at, until)``; a loaded move under way takes that much longer."""

    type: ClassVar[str] = "robot_down"
    robot: str
    until: int

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown robot and an empty downtime."""
        robots = [robot.id for cell in instance.cells for robot in cell.robots]
        if self.robot not in robots:
            yield self.defect("E601", "robot", *_unknown("robot", self.robot, robots))
        yield from _empty_downtime(self, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add the downtime; lengthen the move under way."""
        return _stopped(instance, self, self.robot, "robot down", self.until)


@dataclass(frozen=True)
class VehicleDown(Event):
    """A vehicle of a fleet stands still during ``[at, until)``; a loaded move under way takes that much longer."""

    type: ClassVar[str] = "vehicle_down"
    vehicle: str
    until: int

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown vehicle and an empty downtime."""
        vehicles = [vehicle.id for fleet in instance.fleets for vehicle in fleet.vehicles]
        if self.vehicle not in vehicles:
            yield self.defect("E601", "vehicle", *_unknown("vehicle", self.vehicle, vehicles))
        yield from _empty_downtime(self, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add the downtime; lengthen the move under way."""
        return _stopped(instance, self, self.vehicle, "vehicle down", self.until)


@dataclass(frozen=True)
class OperationDelayed(Event):
    """A running or pending operation takes longer, or shorter, than planned.

    Give ``delay`` (extra ticks, negative: fewer) or ``new_duration`` (of the mode in which it is scheduled). Its other
    modes change by the same number of ticks, to no less than 0.
    """

    type: ClassVar[str] = "operation_delayed"
    job: str
    operation: str
    delay: int | None = None
    new_duration: int | None = None

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an operation that is unknown, not scheduled or completed, and a duration that can't be."""
        if (self.delay is None) == (self.new_duration is None):
            yield self.defect("E603", "delay", "delay and new_duration are both given or both missing", "give one")
        if self.job not in instance.job_by_id:
            yield self.defect("E601", "job", *_unknown("job", self.job, instance.job_by_id))
            return
        key = (self.job, self.operation)
        if key not in instance.operation_by_key:
            known = [operation.id for operation in instance.job_by_id[self.job].operations]
            yield self.defect("E601", "operation", *_unknown("operation", self.operation, known))
            return
        scheduled = execution_of(instance).baseline.by_operation.get(key)
        if scheduled is None:
            cause = f"operation {self.operation} of job {self.job} is not in the schedule in force"
            yield self.defect("E602", "operation", cause, "name a scheduled operation")
            return
        running = key in started(instance)
        if running and scheduled.end <= self.at:
            cause = f"operation {self.operation} of job {self.job} was completed at {scheduled.end}"
            yield self.defect("E602", "operation", cause, "name an operation that is running or pending")
            return
        duration = instance.mode(key, scheduled.mode).duration + self._extra(instance, scheduled)
        blocked = instance.machine_by_id[scheduled.machine].calendar.blocked(self.at)
        done = working_time(blocked, scheduled.start, self.at) if running else 0
        if duration < done:
            member = "delay" if self.new_duration is None else "new_duration"
            cause = f"a duration of {duration} is too short: {done} ticks are done"
            yield self.defect("E603", member, cause, f"write a duration of {done} or more")

    def change(self, instance: Instance) -> Instance:
        """Change the duration of every mode; a running operation that now meets a downtime pauses in it."""
        key = (self.job, self.operation)
        scheduled = execution_of(instance).baseline.by_operation[key]
        extra = self._extra(instance, scheduled)
        operation = instance.operation_by_key[key]
        modes = tuple(replace(mode, duration=max(0, mode.duration + extra)) for mode in operation.modes)
        instance = _with_operation(instance, self.job, replace(operation, modes=modes))
        if key in started(instance):
            duration = modes[scheduled.mode].duration
            end = scheduled.start + duration
            if (
                working_time(instance.machine_by_id[scheduled.machine].calendar.blocked(end), scheduled.start, end)
                < duration
            ):
                return _resumed(instance, scheduled)
        return instance

    def _extra(self, instance: Instance, scheduled: ScheduledOperation) -> int:
        if self.new_duration is None:
            return self.delay or 0
        return self.new_duration - instance.mode(scheduled.key, scheduled.mode).duration


@dataclass(frozen=True)
class RushOrder(Event):
    """A new job comes in, to be released at ``at`` or later."""

    type: ClassVar[str] = "rush_order"
    job: Job

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a job id in use, a release date in the past, and machines and operator pools that are unknown."""
        if self.job.id in instance.job_by_id:
            cause = f"there is a job {self.job.id} already"
            yield self.defect("E604", "job.id", cause, "give the new job an id of its own")
        if self.job.release_date < self.at:
            cause = f"release_date {self.job.release_date} is before the event"
            yield self.defect("E603", "job.release_date", cause, f"write {self.at} or later")
        for fleet in self.job.fleets:
            if fleet not in instance.fleet_by_id:
                yield self.defect("E601", "job.fleets", *_unknown("fleet", fleet, instance.fleet_by_id))
        for number, operation in enumerate(self.job.operations):
            for index, mode in enumerate(operation.modes):
                place = f"job.operations[{number}].modes[{index}]"
                if mode.machine not in instance.machine_by_id:
                    unknown = _unknown("machine", mode.machine, instance.machine_by_id)
                    yield self.defect("E601", f"{place}.machine", *unknown)
                for pool in mode.operators:
                    if pool not in instance.pool_by_id:
                        unknown = _unknown("operator pool", pool, instance.pool_by_id)
                        yield self.defect("E601", f"{place}.operators", *unknown)

    def change(self, instance: Instance) -> Instance:
        """Add the job, after all others."""
        return replace(instance, jobs=(*instance.jobs, self.job))


@dataclass(frozen=True)
class JobCancelled(Event):
    """A job is not wanted any more: what has not begun is dropped.

    Kept are the operations that have started, those to which the part is on its way in a loaded move, and what must
    precede them; after the last of them the part leaves, by any fleet, without due date and deadline. A job of which
    nothing is kept disappears.
    """

    type: ClassVar[str] = "job_cancelled"
    job: str

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a job that is unknown or finished."""
        if self.job not in instance.job_by_id:
            yield self.defect("E601", "job", *_unknown("job", self.job, instance.job_by_id))
            return
        baseline = execution_of(instance).baseline
        completion = baseline.completions.get(self.job)
        lost = any(o.job == self.job and o.key not in started(instance) for o in baseline.operations)
        if completion is not None and completion <= self.at and not lost:
            cause = f"job {self.job} was finished at {completion}"
            yield self.defect("E602", "job", cause, "name a job that is not finished")

    def change(self, instance: Instance) -> Instance:
        """Drop the operations that have not begun, or the whole job."""
        job = instance.job_by_id[self.job]
        kept = begun(instance, job)
        operations = tuple(operation for operation in job.operations if operation.id in kept)
        rest = replace(
            job,
            operations=operations,
            precedences=tuple(p for p in job.precedences if p.predecessor in kept and p.successor in kept),
            due_date=None,
            deadline=None,
            plans=(),
            fleets=(),
        )
        jobs = tuple(rest if j.id == job.id else j for j in instance.jobs if j.id != job.id or operations)
        execution = execution_of(instance)
        aborted = tuple(piece for piece in execution.aborted if piece.job != job.id or piece.operation in kept)
        return replace(instance, jobs=jobs, execution=replace(execution, aborted=aborted))


EVENTS: tuple[type[Event], ...] = (MachineBreakdown, RobotDown, VehicleDown, OperationDelayed, RushOrder, JobCancelled)
"""Every kind of event, in the order of `docs/events.md`."""


@dataclass(frozen=True)
class Revision:
    """Everything that changes at one instant.

    Attributes
    ----------
    now
        The instant; every event has ``at == now``.
    frozen_until
        End of the frozen horizon; see `Execution`.
    events
        What has happened at `now`, in any order.
    baseline
        The schedule in force until now, for the instance before the events.
    pins
        Pending operations that keep machine and start.
    """

    now: int
    frozen_until: int
    events: tuple[Event, ...]
    baseline: Schedule
    pins: tuple[ScheduledOperation, ...] = ()


def revise(instance: Instance, revision: Revision) -> Instance:
    """Return the instance after the events, with `execution` saying what has happened; see `docs/rules.md`, Execution.

    Events are applied in the order of their ids. Work aborted at earlier revisions stays recorded.

    Raises
    ------
    EventError
        If events contradict one another, the instance or what has happened; with every contradiction.
    """
    now, baseline = revision.now, revision.baseline
    earlier = instance.execution.aborted if instance.execution is not None else ()
    execution = Execution(
        now,
        baseline,
        revision.pins,
        revision.frozen_until,
        aborted=earlier,
        moves=tuple(move for move in baseline.moves if move.job is not None and move.start < now),
        charges=tuple(charge for charge in baseline.charges if charge.start < now),
    )
    before = instance.execution.now if instance.execution is not None else 0
    changed = replace(instance, execution=execution)
    defects: list[Defect] = []
    ids: set[str] = set()
    for event in sorted(revision.events, key=lambda e: e.id):
        if event.at != now or now < before:
            cause = f"the event is at {event.at}, the revision at {now}, the one before at {before}"
            defects.append(event.defect("E605", "at", cause, "give events in the order of time"))
        elif event.id in ids:
            defects.append(event.defect("E604", "id", f"two events have the id {event.id}", "give each its own"))
        else:
            try:
                changed = event.apply(changed)
            except EventError as error:
                defects.extend(error.defects)
        ids.add(event.id)
    if defects:
        raise EventError(f"events at {now}", tuple(defects))
    return changed


def _unknown(kind: str, name: str, known: Iterable[str]) -> tuple[str, str]:
    names = list(known)
    listed = ", ".join(names[:12]) + (f" or another of the {len(names)}" if len(names) > 12 else "")
    return f"there is no {kind} {name!r}", f"write {listed}" if names else f"the instance has no {kind}"


def _empty_downtime(event: Event, until: int) -> Iterator[Defect]:
    if until <= event.at:
        cause = f"the downtime ends at {until}, not after its begin at {event.at}"
        yield event.defect("E603", "until", cause, f"write {event.at + 1} or later")


def _stopped(instance: Instance, event: Event, carrier_id: str, reason: str, until: int) -> Instance:
    """Return the instance in which a robot or vehicle stands still, and its loaded move under way takes longer."""
    carrier = instance.carrier_by_id[carrier_id]
    calendar = carrier.calendar.with_downtime(Downtime(event.at, until, reason))
    execution = execution_of(instance)
    moves = tuple(
        lengthened(move, event.at, carrier.calendar, calendar) if move.mover == carrier_id else move
        for move in execution.moves
    )
    return replace(with_calendar(instance, carrier_id, calendar), execution=replace(execution, moves=moves))


def _with_operation(instance: Instance, job_id: str, operation: Operation) -> Instance:
    job = instance.job_by_id[job_id]
    changed = replace(job, operations=tuple(operation if o.id == operation.id else o for o in job.operations))
    return replace(instance, jobs=tuple(changed if j.id == job_id else j for j in instance.jobs))


def _resumed(instance: Instance, running: ScheduledOperation) -> Instance:
    operation = instance.operation_by_key[running.key]
    return _with_operation(instance, running.job, replace(operation, interruptible=True))


def _repeated(instance: Instance, running: ScheduledOperation) -> Instance:
    """Take the operation back; modes that its part can't reach any more become copies of the one it was in."""
    execution = execution_of(instance)
    operation = instance.operation_by_key[running.key]
    lost = operation.modes[running.mode]
    modes = tuple(mode if reachable(instance, running.key, mode) else lost for mode in operation.modes)
    piece = replace(running, end=execution.now)
    changed = _with_operation(instance, running.job, replace(operation, modes=modes))
    return replace(changed, execution=replace(execution, aborted=(*execution.aborted, piece)))
