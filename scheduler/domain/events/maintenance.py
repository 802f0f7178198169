"""Events of maintenance: planned downtimes of machines, and alerts that make one worth planning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import ClassVar

from scheduler.domain.calendar import Calendar, Downtime, earliest_start
from scheduler.domain.events.base import Event, Length, Percent, Tick
from scheduler.domain.happened import execution_of, pausing, started, with_machine
from scheduler.domain.instance import Instance
from scheduler.errors import Defect


@dataclass(frozen=True)
class MaintenanceAdded(Event):
    """A machine will be maintained; an operation that runs then pauses."""

    type: ClassVar[str] = "maintenance_added"
    is_request: ClassVar[bool] = True
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until"),)
    machine: str
    """The machine."""
    start: Tick
    """First tick of the maintenance."""
    until: Tick
    """First tick after it."""

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown machine, a begin in the past and an end before the begin."""
        if self.machine not in instance.machine_by_id:
            yield self.unknown("machine", "machine", self.machine, instance.machine_by_id)
        yield from _past(self, instance, "start", self.start)
        if self.until <= self.start:
            cause = f"the maintenance ends at {self.until}, not after its begin at {self.start}"
            yield self.defect("E603", "until", cause, f"write {self.start + 1} or later")

    def change(self, instance: Instance) -> Instance:
        """Add the downtime."""
        return maintained(instance, self.machine, self.start, self.until)


@dataclass(frozen=True)
class MaintenanceMoved(Event):
    """The maintenance of a machine takes place at another time."""

    type: ClassVar[str] = "maintenance_moved"
    is_request: ClassVar[bool] = True
    machine: str
    """The machine."""
    start: Tick
    """When the maintenance was to begin: the begin of a downtime in its calendar."""
    to: Tick
    """When it begins now."""
    length: Length | None = None
    """How long it lasts; absent: as long as before."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a maintenance that is unknown or has begun, and a new begin in the past."""
        yield from _unknown_maintenance(self, instance, self.machine, self.start)
        if self.start < execution_of(instance).now:
            cause = f"the maintenance has begun at {self.start}"
            yield self.defect("E602", "start", cause, "cancel what is left of it, and add another")
        yield from _past(self, instance, "to", self.to)

    def change(self, instance: Instance) -> Instance:
        """Move the downtime."""
        machine = instance.machine_by_id[self.machine]
        old = _maintenance(machine.calendar, self.start)
        length = old.end - old.start if self.length is None else self.length
        instance = with_machine(instance, replace(machine, calendar=_without(machine.calendar, old)))
        return maintained(instance, self.machine, self.to, self.to + length, old.reason)


@dataclass(frozen=True)
class MaintenanceCancelled(Event):
    """A maintenance does not take place, or is over now."""

    type: ClassVar[str] = "maintenance_cancelled"
    machine: str
    """The machine."""
    start: Tick
    """When the maintenance was to begin: the begin of a downtime in its calendar."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a maintenance that is unknown or over."""
        found = list(_unknown_maintenance(self, instance, self.machine, self.start))
        yield from found
        if not found:
            old = _maintenance(instance.machine_by_id[self.machine].calendar, self.start)
            if old.end <= execution_of(instance).now:
                yield self.defect("E602", "start", f"the maintenance was over at {old.end}", "leave it")

    def change(self, instance: Instance) -> Instance:
        """Remove what is left of the downtime."""
        now, machine = execution_of(instance).now, instance.machine_by_id[self.machine]
        old = _maintenance(machine.calendar, self.start)
        calendar = _without(machine.calendar, old)
        if old.start < now:
            calendar = calendar.with_downtime(replace(old, end=now))
        return with_machine(instance, replace(machine, calendar=calendar))


@dataclass(frozen=True)
class Risk:
    """How probable it is that a machine has failed by a tick."""

    by: Tick
    """The tick."""
    percent: Percent
    """Probability that it has failed by then."""


@dataclass(frozen=True)
class DegradationAlert(Event):
    """A machine will probably fail: maintenance now is weighed against a repair later.

    With *F(t)* the probability that it has failed by *t* (0 at the event, linear between the points of ``risk``,
    constant after the last), maintenance of *m* ticks that begins at *t*, where the schedule in force leaves the
    machine idle for *g(t)* ticks, costs in expectation::

        F(t) repair + (1 - F(t)) max(0, m - g(t))

    ticks of the machine; no maintenance costs ``F(t_end) repair`` with *t_end* the end of its last operation. The
    maintenance begins at the tick that costs least: now, or the end of an operation; it is not planned where none costs
    no more. (Age replacement: Barlow and Hunter 1960, Operations Research 8, with the idle time of a schedule.)
    """

    type: ClassVar[str] = "degradation_alert"
    is_request: ClassVar[bool] = True
    machine: str
    """The machine."""
    risk: tuple[Risk, ...]
    """Probability of the failure over time, by rising ticks."""
    repair: Length
    """Ticks that a repair takes after a failure."""
    maintenance: Length
    """Ticks that maintenance takes, which prevents the failure."""

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown machine, and probabilities that are missing or out of order."""
        if self.machine not in instance.machine_by_id:
            yield self.unknown("machine", "machine", self.machine, instance.machine_by_id)
        if not self.risk:
            yield self.defect("E603", "risk", "there is no probability", "write one")
        for number, (before, after) in enumerate(pairwise((Risk(self.at, 0), *self.risk))):
            if after.by <= before.by or after.percent < before.percent:
                cause = f"{after.percent} percent by {after.by} come after {before.percent} by {before.by}"
                yield self.defect("E603", f"risk[{number}]", cause, "let ticks and probabilities rise")

    def change(self, instance: Instance) -> Instance:
        """Add the maintenance that costs least, if there is one."""
        begin = self.best_begin(instance)
        return instance if begin is None else maintained(instance, self.machine, begin, begin + self.maintenance)

    def best_begin(self, instance: Instance) -> int | None:
        """Return when maintenance costs least, None if it is better to take the risk."""
        now = execution_of(instance).now
        planned = [o for o in execution_of(instance).baseline.by_machine.get(self.machine, ()) if o.end > now]
        if not planned:
            return None
        begun, machine = started(instance), instance.machine_by_id[self.machine]
        lengths = {o.key: instance.mode(o.key, o.mode).duration for o in planned if o.key in begun}
        blocked = machine.calendar.blocked(max(o.end for o in planned) + sum(lengths.values()) + self.maintenance)
        # What runs may have become longer, or shorter, since it was planned.
        planned = [
            replace(o, end=machine.tempo.end(blocked, o.start, lengths[o.key])) if o.key in lengths else o
            for o in planned
        ]
        costs: list[tuple[Fraction, int]] = []
        for ready in {now, *(o.end for o in planned)}:
            begin = earliest_start(blocked, ready, self.maintenance, False)
            if any(o.start < begin < o.end for o in planned):
                continue
            gap = min((o.start - begin for o in planned if o.start >= begin), default=self.maintenance)
            failed = self._failed_by(begin)
            costs.append((failed * self.repair + (1 - failed) * max(0, self.maintenance - gap), begin))
        best = min(costs, default=None)
        never = self._failed_by(max(o.end for o in planned)) * self.repair
        return best[1] if best is not None and best[0] < never else None

    def _failed_by(self, tick: int) -> Fraction:
        points = (Risk(self.at, 0), *self.risk)
        for before, after in pairwise(points):
            if tick <= after.by:
                rise = Fraction((after.percent - before.percent) * max(0, tick - before.by), after.by - before.by)
                return (before.percent + rise) / 100
        return Fraction(points[-1].percent, 100)


def maintained(instance: Instance, machine_id: str, start: int, until: int, reason: str = "maintenance") -> Instance:
    """Return the instance in which a machine is down then; operations that run into it pause."""
    machine = instance.machine_by_id[machine_id]
    calendar = machine.calendar.with_downtime(Downtime(start, until, reason))
    return pausing(with_machine(instance, replace(machine, calendar=calendar)))


def _past(event: Event, instance: Instance, member: str, tick: int) -> Iterator[Defect]:
    now = execution_of(instance).now
    if tick < now:
        yield event.defect("E603", member, f"{tick} is in the past: it is {now}", f"write {now} or later")


def _unknown_maintenance(event: Event, instance: Instance, machine_id: str, start: int) -> Iterator[Defect]:
    if machine_id not in instance.machine_by_id:
        yield event.unknown("machine", "machine", machine_id, instance.machine_by_id)
        return
    starts = sorted({d.start for d in instance.machine_by_id[machine_id].calendar.downtimes})
    if start not in starts:
        cause = f"no downtime of {machine_id} begins at {start}"
        listed = ", ".join(map(str, starts[:12]))
        yield event.defect("E601", "start", cause, f"write {listed}" if starts else "it has no downtimes")


def _maintenance(calendar: Calendar, start: int) -> Downtime:
    return next(d for d in calendar.downtimes if d.start == start)


def _without(calendar: Calendar, downtime: Downtime) -> Calendar:
    left = list(calendar.downtimes)
    left.remove(downtime)
    return replace(calendar, downtimes=tuple(left))
