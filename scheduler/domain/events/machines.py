"""Events of machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeAlias

from scheduler.domain.calendar import Downtime
from scheduler.domain.events.base import Event, Tick
from scheduler.domain.happened import execution_of, interruptible, started, taken_back
from scheduler.domain.instance import Instance
from scheduler.errors import Defect

Interrupted: TypeAlias = Literal["resume", "repeat"]
"""What becomes of the operation that a breakdown hits: it goes on after the repair, or starts again from nothing."""


@dataclass(frozen=True)
class MachineBreakdown(Event):
    """A machine breaks down.

    *Resume*: the operation becomes interruptible: it pauses and goes on after the repair. *Repeat*: its work is lost
    and it has to be done again, on any machine that its part can still reach (in a robot cell: on the same one).
    """

    type: ClassVar[str] = "machine_breakdown"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until"),)
    machine: str
    """The machine."""
    until: Tick
    """First tick at which it works again."""
    interrupted: Interrupted = "resume"
    """What becomes of its running operation: it goes on after the repair, or has to be done again."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown machine and an empty downtime."""
        if self.machine not in instance.machine_by_id:
            yield self.unknown("machine", "machine", self.machine, instance.machine_by_id)
        yield from self.empty(instance, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add the downtime; let the running operations pause, or take them back."""
        now, machine = execution_of(instance).now, instance.machine_by_id[self.machine]
        down = replace(machine, calendar=machine.calendar.with_downtime(Downtime(now, self.until, "breakdown")))
        instance = replace(instance, machines=tuple(down if m.id == machine.id else m for m in instance.machines))
        hit = [o for o in started(instance).values() if o.machine == self.machine and o.end > now]
        for operation in hit:
            change = interruptible if self.interrupted == "resume" else taken_back
            instance = change(instance, operation)
        return instance
