"""Events of whole facilities: outages and power."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeAlias

from scheduler.domain.calendar import Downtime
from scheduler.domain.events.base import Amount, Event, Tick
from scheduler.domain.events.movers import paused, stopped
from scheduler.domain.events.routes import closed
from scheduler.domain.happened import execution_of, started, taken_back, with_machine
from scheduler.domain.instance import Instance
from scheduler.errors import Defect

Scope: TypeAlias = Literal["all", "machines", "movers", "transfers"]
"""What of a facility an outage hits: everything, or its machines, its robots and vehicles, its lanes."""


@dataclass(frozen=True)
class FacilityOutage(Event):
    """A facility stands still (power, network, fire, strike), wholly or in part.

    With a ramp-up of *r* ticks the machines come back one after the other, in the order of the instance, evenly over
    it: number *k* of *n* at ``until + r k / n``, rounded up.
    """

    type: ClassVar[str] = "facility_outage"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until"),)
    facility: str
    """The facility."""
    until: Tick
    """First tick at which it works again."""
    scope: Scope = "all"
    """What stands still: everything, its machines, its robots and vehicles (movers), or the lanes from and to it."""
    ramp_up: Amount = 0
    """Ticks over which its machines come back."""
    interrupted: Literal["resume", "repeat"] = "resume"
    """What becomes of running operations: they go on afterwards, or have to be done again."""

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown facility and an empty downtime."""
        if self.facility not in instance.facility_by_id:
            yield self.unknown("facility", "facility", self.facility, instance.facility_by_id)
        yield from self.empty(instance, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add the downtimes; let running operations pause or take them back, and lengthen moves under way."""
        if self.scope in ("all", "machines"):
            instance = self._machines_down(instance)
        for group in instance.group_by_id.values() if self.scope in ("all", "movers") else ():
            if group.facility == self.facility:
                for carrier in group.carriers:
                    instance = stopped(instance, carrier.id, "outage", self.until)
        for lane in instance.lanes if self.scope in ("all", "transfers") else ():
            if self.facility in (lane.origin, lane.destination):
                instance = closed(instance, lane.id, execution_of(instance).now, self.until, "outage")
        return instance

    def _machines_down(self, instance: Instance) -> Instance:
        now = execution_of(instance).now
        hit = [machine for machine in instance.machines if machine.facility == self.facility]
        for number, machine in enumerate(hit, 1):
            until = self.until - (-self.ramp_up * number // len(hit))
            if self.interrupted == "resume":
                instance = paused(instance, machine.id, "outage", until)
                continue
            calendar = machine.calendar.with_downtime(Downtime(now, until, "outage"))
            instance = with_machine(instance, replace(machine, calendar=calendar))
            for operation in started(instance).values():
                if operation.machine == machine.id and operation.end > now:
                    instance = taken_back(instance, operation)
        return instance


@dataclass(frozen=True)
class PowerCapChange(Event):
    """A facility may use more or less power for a time."""

    type: ClassVar[str] = "power_cap_change"
    facility: str
    """The facility."""
    power: Amount
    """Most power that it may use, in kW."""
    until: Tick | None = None
    """First tick at which the usual cap holds again; absent: for good."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown facility, and that the model has no power yet."""
        if self.facility not in instance.facility_by_id:
            yield self.unknown("facility", "facility", self.facility, instance.facility_by_id)
        yield self.missing("power", "operations have no power", "let machines be down that may not run")

    def change(self, instance: Instance) -> Instance:
        """Change nothing: it is refused."""
        return instance
