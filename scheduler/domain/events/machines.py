"""Events of machines: breakdowns, loss of speed, repair, buffers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeAlias

from scheduler.domain.calendar import Downtime
from scheduler.domain.derive import brought_at as put_down_at
from scheduler.domain.derive import moves_into, occupied_from, taken_at
from scheduler.domain.events.base import Count, Estimate, Event, Length, Tick
from scheduler.domain.events.undo import let_go, undone
from scheduler.domain.happened import (
    execution_of,
    interruptible,
    pausing,
    pausing_between_shifts,
    scrapped,
    started,
    taken_back,
    with_durations,
    with_group,
    with_machine,
    work_done,
)
from scheduler.domain.instance import Instance
from scheduler.domain.log import Applied
from scheduler.domain.resources import Machine
from scheduler.domain.schedule import OperationKey
from scheduler.domain.slowdowns import Slowdown
from scheduler.domain.stations import places_at, station_stays
from scheduler.domain.tempo import MOST_USUAL
from scheduler.errors import Defect

Interrupted: TypeAlias = Literal["resume", "repeat", "scrap"]
"""What becomes of the operation that a breakdown hits: it goes on after the repair, starts again from nothing, or its
part is lost and made anew from the beginning."""


@dataclass(frozen=True)
class MachineBreakdown(Event):
    """A machine breaks down.

    *Resume*: the operation becomes interruptible: it pauses and goes on after the repair. *Repeat*: its work is lost
    and it has to be done again, on any machine that its part can still reach (in a robot cell: on the same one).
    *Scrap*: the part is lost; what has not begun of its job is dropped, and a new job, named by job and event
    (``J7-E1``), does all of it again.
    """

    type: ClassVar[str] = "machine_breakdown"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until", "estimate"),)
    machine: str
    """The machine."""
    until: Tick | None = None
    """First tick at which it works again."""
    interrupted: Interrupted = "resume"
    """What becomes of its running operation: it goes on after the repair, has to be done again, or its part is lost."""
    estimate: Estimate | None = None
    """How long the repair takes, if that is not known: the plan counts on the expected length."""

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    @property
    def ends_at(self) -> int:
        """The first tick at which the machine is expected to work again."""
        if self.until is not None:
            return self.until
        return self.at + (self.estimate.expected if self.estimate is not None else 0)

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown machine, an empty downtime, and an estimate out of order."""
        if self.machine not in instance.machine_by_id:
            yield self.unknown("machine", "machine", self.machine, instance.machine_by_id)
        if self.estimate is not None and not self.estimate.low <= self.estimate.mode <= self.estimate.high:
            words = f"low {self.estimate.low}, mode {self.estimate.mode}, high {self.estimate.high}"
            yield self.defect("E603", "estimate", f"{words} are out of order", "write them in order of size")
        else:
            yield from self.empty(instance, self.ends_at, "until" if self.estimate is None else "estimate")
        for job in _hit_jobs(instance, self.machine) if self.interrupted == "scrap" else ():
            if f"{job}-{self.id}" in instance.job_by_id:
                cause = f"the job that replaces {job} would be {job}-{self.id}, which there is already"
                yield self.defect("E604", "id", cause, "give the event another id")

    def change(self, instance: Instance) -> Instance:
        """Add the downtime; let the running operations pause, take them back, or begin their jobs anew."""
        now, machine = execution_of(instance).now, instance.machine_by_id[self.machine]
        calendar = machine.calendar.with_downtime(Downtime(now, self.ends_at, "breakdown"))
        hit = [o for o in started(instance).values() if o.machine == self.machine and o.end > now]
        if self.interrupted == "scrap":
            for job in _hit_jobs(instance, self.machine):
                instance = scrapped(instance, job, f"{job}-{self.id}")
        instance = with_machine(instance, replace(machine, calendar=calendar))
        for operation in hit if self.interrupted != "scrap" else ():
            change = interruptible if self.interrupted == "resume" else taken_back
            instance = change(instance, operation)
        return instance


def _hit_jobs(instance: Instance, machine: str) -> tuple[str, ...]:
    now = execution_of(instance).now
    running = (o.job for o in started(instance).values() if o.machine == machine and o.end > now)
    return tuple(dict.fromkeys(running))


@dataclass(frozen=True)
class MachineDegraded(Event):
    """A machine works slower: what is left to do on it takes ``100 / speed`` times as long, rounded up.

    With ``until`` a tick before it is worth ``speed`` percent of a tick of work, and from then on all of it, see
    `scheduler.domain.tempo`. When the machine is restored, it has its usual speed again.
    """

    type: ClassVar[str] = "machine_degraded"
    holds: ClassVar[bool] = True
    scales: ClassVar[bool] = True
    machine: str
    """The machine."""
    speed: Count
    """Percent of its usual speed."""
    until: Tick | None = None
    """First tick at which it has its usual speed again; absent: until it is restored."""

    @property
    def expires_at(self) -> int | None:
        """The tick ``until``."""
        return self.until

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown machine and an empty time."""
        if self.machine not in instance.machine_by_id:
            yield self.unknown("machine", "machine", self.machine, instance.machine_by_id)
        if self.until is not None:
            yield from self.empty(instance, self.until)
            machine = instance.machine_by_id.get(self.machine)
            if machine is not None and self._slowed(instance, machine).tempo.usual > MOST_USUAL:
                cause = f"machine {self.machine} is slow, or fast, for too many reasons at once"
                yield self.defect("E603", "speed", cause, "write its speed in all, in an event that supersedes them")

    def change(self, instance: Instance) -> Instance:
        """Let the machine be slow until a tick; or lengthen the modes on it, of a running operation what is left."""
        now, begun, machine = execution_of(instance).now, started(instance), instance.machine_by_id[self.machine]
        if self.until is not None:
            return pausing(with_machine(instance, self._slowed(instance, machine)))
        durations: dict[OperationKey, tuple[int, ...]] = {}
        for key, operation in instance.operation_by_key.items():
            if all(mode.machine != self.machine for mode in operation.modes):
                continue
            if key in begun and (begun[key].end <= now or begun[key].machine != self.machine):
                continue
            done = work_done(instance, begun[key]) if key in begun else 0
            durations[key] = tuple(
                done - (done - mode.duration) * 100 // self.speed if mode.machine == self.machine else mode.duration
                for mode in operation.modes
            )
        return pausing_between_shifts(with_durations(instance, durations), durations)

    def _slowed(self, instance: Instance, machine: Machine) -> Machine:
        slowdown = Slowdown(execution_of(instance).now, None, self.speed, self.until)
        return replace(machine, slowdowns=(*machine.slowdowns, slowdown))


@dataclass(frozen=True)
class MachineRestored(Event):
    """A machine works again, and at its usual speed: a breakdown ends now, lost speed is back."""

    type: ClassVar[str] = "machine_restored"
    machine: str
    """The machine."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a machine that is unknown, or neither down nor slow."""
        if self.machine not in instance.machine_by_id:
            yield self.unknown("machine", "machine", self.machine, instance.machine_by_id)
        elif not self._broken(instance) and not self._slow(instance):
            cause = f"machine {self.machine} is neither broken nor slow"
            yield self.defect("E602", "machine", cause, "name a machine that is")

    def change(self, instance: Instance) -> Instance:
        """End the breakdowns, undo the losses of speed; who waits for the machine goes on."""
        execution, machine = execution_of(instance), instance.machine_by_id[self.machine]
        broken = self._broken(instance)
        kept = tuple(d for d in machine.calendar.downtimes if d not in broken)
        cut = tuple(replace(d, end=execution.now) for d in broken if d.start < execution.now)
        calendar = replace(machine.calendar, downtimes=tuple(sorted((*kept, *cut))))
        instance = with_machine(instance, replace(machine, calendar=calendar))
        slow = self._slow(instance)
        for applied in reversed(slow):
            instance = undone(instance, applied)
        log = execution.log
        for applied in slow:
            log = log.ended(applied, self.id)
        return let_go(replace(instance, execution=replace(execution_of(instance), log=log)))

    def _broken(self, instance: Instance) -> list[Downtime]:
        now = execution_of(instance).now
        downtimes = instance.machine_by_id[self.machine].calendar.downtimes
        return [d for d in downtimes if d.reason == "breakdown" and d.start <= now < d.end]

    def _slow(self, instance: Instance) -> list[Applied]:
        return [
            applied
            for applied in execution_of(instance).log.holding
            if isinstance(applied.event, MachineDegraded) and applied.event.machine == self.machine
        ]


@dataclass(frozen=True)
class BufferChange(Event):
    """A machine has more or fewer places for parts before it, or for parts that are done; so has a robot cell."""

    type: ClassVar[str] = "buffer_change"
    buffer: Literal["input", "output"]
    """Before the machine or behind it; the input or the output station of the cell."""
    places: Length
    """How many places it has now."""
    machine: str | None = None
    """The machine, which counts the places of this buffer; give this or ``cell``."""
    cell: str | None = None
    """The robot cell, which counts the places at this station."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a machine or cell without counted buffer, and fewer places than there have been parts at once."""
        if (self.machine is None) == (self.cell is None):
            yield self.defect("E603", "machine", "machine and cell are both given or both missing", "give one")
            return
        if self.machine is not None and self.machine not in instance.machine_by_id:
            yield self.unknown("machine", "machine", self.machine, instance.machine_by_id)
            return
        if self.cell is not None and self.cell not in instance.cell_by_id:
            yield self.unknown("cell", "robot cell", self.cell, instance.cell_by_id)
            return
        if not self._places(instance):
            what = f"the {self.buffer} buffer of {self.machine}"
            if self.cell is not None:
                what = f"the {self.buffer} station of {self.cell}"
            cause = f"{what} is not counted: it has no place, or any number"
            yield self.defect("E607", "buffer", cause, "change the instance")
            return
        held = self._most_held(instance)
        if held > self.places:
            cause = f"{held} parts have been there at once"
            yield self.defect("E602", "places", cause, f"write {held} or more")

    def change(self, instance: Instance) -> Instance:
        """Change the number of places."""
        if self.cell is not None:
            cell = instance.cell_by_id[self.cell]
            if self.buffer == "input":
                return with_group(instance, replace(cell, input_places=self.places))
            return with_group(instance, replace(cell, output_places=self.places))
        machine = instance.machine_by_id[self.machine or ""]
        if self.buffer == "input":
            return with_machine(instance, replace(machine, input_buffer=self.places))
        return with_machine(instance, replace(machine, output_buffer=self.places))

    def _places(self, instance: Instance) -> int | None:
        """Return how many places there are, None where they are not counted."""
        if self.cell is not None:
            return places_at(instance.cell_by_id[self.cell], self.buffer)
        machine = instance.machine_by_id[self.machine or ""]
        return machine.input_buffer if self.buffer == "input" else machine.output_buffer

    def _most_held(self, instance: Instance) -> int:
        """Return the most parts that have been in the buffer at once until now, by the schedule in force."""
        execution = execution_of(instance)
        if self.cell is not None:
            there = station_stays(instance, execution.baseline)
            stays = [(s.begin, s.until) for s in there if (s.cell, s.side) == (self.cell, self.buffer)]
            return _most(stays, execution.now)
        machine = instance.machine_by_id[self.machine or ""]
        arriving, taken = moves_into(execution.baseline), taken_at(instance, execution.baseline)
        stays = []
        for operation in execution.baseline.by_machine.get(machine.id, ()):
            into = arriving.get(operation.key, ())
            if self.buffer == "input":
                stays.append((put_down_at(instance, operation, into), operation.start))
            else:
                stays.append((occupied_from(instance, machine, operation, into), taken[operation.key]))
        return _most(stays, execution.now) - (machine.capacity if self.buffer == "output" else 0)


def _most(stays: Iterable[tuple[int, int]], now: int) -> int:
    """Return how many of some stays that have begun there were at once, at the most."""
    begun = [(begin, end) for begin, end in stays if begin < min(end, now)]
    return max((sum(a <= begin < b for a, b in begun) for begin, _ in begun), default=0)
