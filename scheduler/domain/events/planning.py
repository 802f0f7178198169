"""Events by which people take part in planning: pins, machines that are ruled out, the passing of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from scheduler.domain.events.base import Event, Tick
from scheduler.domain.happened import execution_of, started, with_job
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Operation
from scheduler.domain.schedule import OperationKey
from scheduler.errors import Defect


@dataclass(frozen=True)
class Pin(Event):
    """Pending operations keep the machine and the start of the schedule in force, but for what events force."""

    type: ClassVar[str] = "pin"
    holds: ClassVar[bool] = True
    is_request: ClassVar[bool] = True
    job: str
    """The job."""
    operation: str | None = None
    """The operation, pending; absent: all that are pending of the job."""
    until: Tick | None = None
    """First tick at which they are free again; absent: when they are unpinned."""

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    @property
    def expires_at(self) -> int | None:
        """The tick ``until``."""
        return self.until

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield what is unknown or has started, and an empty time."""
        yield from _not_pending(self, instance, self.job, self.operation)
        if self.until is not None:
            yield from self.empty(instance, self.until)

    def change(self, instance: Instance) -> Instance:
        """Change nothing: the log says what is pinned (`pinned`)."""
        return instance


@dataclass(frozen=True)
class Unpin(Event):
    """What a pin held is free again."""

    type: ClassVar[str] = "unpin"
    job: str
    """The job of the pin."""
    operation: str | None = None
    """The operation of the pin; absent: every pin of the job."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield that nothing of the kind is pinned."""
        if not any(self._frees(pin) for pin in _pins(instance)):
            words = f"operation {self.operation} of job {self.job}" if self.operation else f"job {self.job}"
            yield self.defect("E602", "job", f"{words} is not pinned", "name what a pin names")

    def change(self, instance: Instance) -> Instance:
        """End the pins."""
        execution = execution_of(instance)
        log = execution.log
        for applied in log.holding:
            if isinstance(applied.event, Pin) and self._frees(applied.event):
                log = log.ended(applied, self.id)
        return replace(instance, execution=replace(execution, log=log))

    def _frees(self, pin: Pin) -> bool:
        return pin.job == self.job and self.operation in (None, pin.operation)


@dataclass(frozen=True)
class Forbid(Event):
    """Pending operations may not be done on a machine."""

    type: ClassVar[str] = "forbid"
    holds: ClassVar[bool] = True
    is_request: ClassVar[bool] = True
    job: str
    """The job."""
    machine: str
    """The machine."""
    operation: str | None = None
    """The operation, pending; absent: all that are pending of the job."""
    until: Tick | None = None
    """First tick at which the machine may be used again; absent: until the event is retracted."""

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    @property
    def expires_at(self) -> int | None:
        """The tick ``until``."""
        return self.until

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield what is unknown or has started, a machine that has to be, and an empty time."""
        yield from _not_pending(self, instance, self.job, self.operation)
        if self.machine not in instance.machine_by_id:
            yield self.unknown("machine", "machine", self.machine, instance.machine_by_id)
        if self.until is not None:
            yield from self.empty(instance, self.until)
        for operation in self._hit(instance):
            words = f"operation {operation.id} of job {self.job}"
            if all(mode.machine == self.machine for mode in operation.modes):
                yield self.defect("E602", "machine", f"{words} can be done nowhere else", "leave it there")
            under_way = [m for m in execution_of(instance).moves if (m.job, m.successor) == (self.job, operation.id)]
            if under_way:
                cause = f"the part of {words} is on its way to {under_way[-1].destination}"
                yield self.defect("E602", "machine", cause, "leave it there")

    def change(self, instance: Instance) -> Instance:
        """Let modes on the machine be copies of one that is not; the numbers of the modes stay."""
        hit = {operation.id for operation in self._hit(instance)}
        job = instance.job_by_id[self.job]
        operations = tuple(self._elsewhere(o) if o.id in hit else o for o in job.operations)
        return with_job(instance, replace(job, operations=operations))

    def _hit(self, instance: Instance) -> list[Operation]:
        job, begun = instance.job_by_id.get(self.job), started(instance)
        return [
            operation
            for operation in (job.operations if job is not None else ())
            if self.operation in (None, operation.id)
            and (self.job, operation.id) not in begun
            and any(mode.machine == self.machine for mode in operation.modes)
        ]

    def _elsewhere(self, operation: Operation) -> Operation:
        other = next(mode for mode in operation.modes if mode.machine != self.machine)
        return replace(operation, modes=tuple(other if m.machine == self.machine else m for m in operation.modes))


@dataclass(frozen=True)
class ClockTick(Event):
    """Time passes: what the schedule in force starts before has happened, and what is over expires."""

    type: ClassVar[str] = "clock_tick"

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield nothing."""
        yield from ()

    def change(self, instance: Instance) -> Instance:
        """Change nothing."""
        return instance


def pinned(instance: Instance) -> frozenset[OperationKey]:
    """Return the operations that pins hold."""
    found = {(pin.job, pin.operation) for pin in _pins(instance)}
    return frozenset(key for key in instance.operation_by_key if key in found or (key[0], None) in found)


def _pins(instance: Instance) -> list[Pin]:
    return [a.event for a in execution_of(instance).log.holding if isinstance(a.event, Pin)]


def _not_pending(event: Event, instance: Instance, job_id: str, operation_id: str | None) -> Iterator[Defect]:
    job = instance.job_by_id.get(job_id)
    if job is None:
        yield event.unknown("job", "job", job_id, instance.job_by_id)
        return
    known = [operation.id for operation in job.operations]
    begun = started(instance)
    if operation_id is not None and operation_id not in known:
        yield event.unknown("operation", "operation", operation_id, known)
    elif operation_id is not None and (job_id, operation_id) in begun:
        cause = f"operation {operation_id} of job {job_id} has started"
        yield event.defect("E602", "operation", cause, "name one that is pending")
    elif all((job_id, operation) in begun for operation in known):
        yield event.defect("E602", "job", f"all operations of job {job_id} have started", "name a pending one")
