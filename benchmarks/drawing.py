"""Random events of every kind: about what is there at the moment, whether or not they can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Literal

from scheduler.domain import Instance, Job, Mode, Operation
from scheduler.domain.events import (
    EVENTS,
    BatteryLow,
    BufferChange,
    ChargerDown,
    ClockTick,
    DegradationAlert,
    DueDateChange,
    EarlyCompletion,
    Estimate,
    Event,
    FacilityOutage,
    Forbid,
    JobCancelled,
    LaneCapacityChange,
    MachineBreakdown,
    MachineDegraded,
    MachineRestored,
    MaintenanceAdded,
    MaintenanceCancelled,
    MaintenanceMoved,
    OperationDelayed,
    OperationStatus,
    OperatorAbsent,
    Pin,
    PriorityChange,
    QuantityChange,
    Retraction,
    Rework,
    Risk,
    RobotCellStop,
    RobotDown,
    RouteBlocked,
    RouteSlow,
    RushOrder,
    TransferCancelled,
    TransferDelayed,
    Unpin,
    VehicleDown,
)
from scheduler.domain.happened import execution_of, started

SHORT = 9
"""Most ticks that what happens in a tiny factory lasts."""


def random_event(
    random: Random,
    instance: Instance,
    name: str,
    earlier: Sequence[str],
    kind: type[Event] | None = None,
    longest: int = SHORT,
) -> Event:
    """Return an event at `now`.

    Parameters
    ----------
    random
        What it is drawn with.
    instance
        A revised instance, whose `execution` says what has happened until now.
    name
        Its id.
    earlier
        The ids of the events before it, which it may take back.
    kind
        Default: any. Of a kind that there is nothing for (no robot, no lane), the event is a `ClockTick`.
    longest
        Most ticks that it lasts, or delays.
    """
    kind = random.choice(EVENTS) if kind is None else kind
    maker = _MAKERS.get(kind)
    event = None if maker is None else maker(_Source(random, instance, name, earlier, longest))
    return ClockTick(name, execution_of(instance).now) if event is None else event


def possible_makers() -> set[type[Event]]:
    """Return the kinds of events that need no earlier ones."""
    return set(_MAKERS) - {Retraction, Unpin}


class _Source:
    """What an event may be about."""

    def __init__(self, random: Random, instance: Instance, name: str, earlier: Sequence[str], longest: int) -> None:
        self.random, self.instance, self.id, self.earlier = random, instance, name, earlier
        self.scale = max(1, longest // SHORT)
        self.at = execution_of(instance).now
        self.until = self.at + random.randint(1, longest)
        self.perhaps = random.choice([None, self.until])
        self.machine = random.choice(instance.machines).id
        self.job = random.choice(instance.jobs) if instance.jobs else Job("none", (Operation("none", ()),))
        self.operation = random.choice(self.job.operations).id
        running = [o for o in started(instance).values() if o.end > self.at]
        if running and random.random() < 0.6:
            hit = random.choice(running)
            self.job, self.operation = instance.job_by_id[hit.job], hit.operation
            self.machine = hit.machine

    def number(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def ticks(self, least: int, most: int) -> int:
        """Return a length, as long for the factory as these are for a tiny one."""
        return self.random.randint(least * self.scale, most * self.scale)


def _breakdown(s: _Source) -> Event:
    interrupted: Literal["resume", "repeat", "scrap"] = s.random.choice(["resume", "repeat", "scrap"])
    if s.random.random() < 0.2:
        return MachineBreakdown(s.id, s.at, s.machine, None, interrupted, Estimate(s.scale, 3 * s.scale, 9 * s.scale))
    return MachineBreakdown(s.id, s.at, s.machine, s.until, interrupted)


def _restored(s: _Source) -> Event:
    broken = [m.id for m in s.instance.machines for d in m.calendar.downtimes if d.reason == "breakdown"]
    return MachineRestored(s.id, s.at, s.random.choice(broken or [s.machine]))


def _places(s: _Source) -> Event:
    cells = [cell.id for cell in s.instance.cells if (cell.input_places, cell.output_places) != (None, None)]
    buffer: Literal["input", "output"] = s.random.choice(["input", "output"])
    if cells and s.random.random() < 0.5:
        return BufferChange(s.id, s.at, buffer, s.number(1, 3), cell=s.random.choice(cells))
    return BufferChange(s.id, s.at, buffer, s.number(1, 3), s.machine)


def _maintenance(s: _Source) -> Event | None:
    planned = [(m.id, d.start) for m in s.instance.machines for d in m.calendar.downtimes]
    if not planned:
        return None
    machine, start = s.random.choice(planned)
    if s.random.random() < 0.5:
        return MaintenanceCancelled(s.id, s.at, machine, start)
    return MaintenanceMoved(s.id, s.at, machine, start, s.at + s.ticks(0, 9))


def _alert(s: _Source) -> Event:
    risk = (Risk(s.at + 3 * s.scale, 20), Risk(s.at + 12 * s.scale, 90))
    return DegradationAlert(s.id, s.at, s.machine, risk, s.ticks(3, 20), s.ticks(1, 4))


def _robot(s: _Source) -> Event | None:
    robots = [robot.id for cell in s.instance.cells for robot in cell.robots]
    return RobotDown(s.id, s.at, s.random.choice(robots), s.until) if robots else None


def _cell(s: _Source) -> Event | None:
    cells = [cell.id for cell in s.instance.cells]
    return RobotCellStop(s.id, s.at, s.random.choice(cells), s.until, s.random.random() < 0.5) if cells else None


def _vehicle(s: _Source) -> Event | None:
    vehicles = [vehicle.id for fleet in s.instance.fleets for vehicle in fleet.vehicles]
    return VehicleDown(s.id, s.at, s.random.choice(vehicles), s.until) if vehicles else None


def _slow(s: _Source) -> Event | None:
    routes = [*s.instance.lane_by_id, *s.instance.group_by_id]
    return RouteSlow(s.id, s.at, s.random.choice(routes), s.random.choice([40, 60, 150]), s.perhaps) if routes else None


def _blocked(s: _Source) -> Event | None:
    routes = [*s.instance.lane_by_id, *s.instance.group_by_id]
    return RouteBlocked(s.id, s.at, s.random.choice(routes), s.until) if routes else None


def _lane(s: _Source) -> Event | None:
    if not s.instance.lanes:
        return None
    lane = s.random.choice(s.instance.lanes)
    under_way = [m.mover for m in execution_of(s.instance).moves if m.kind == "transfer" and m.end > s.at]
    return s.random.choice(
        [
            TransferDelayed(s.id, s.at, s.random.choice(under_way or lane.vehicle_ids), delay=s.ticks(-1, 6)),
            TransferCancelled(s.id, s.at, lane.id, s.at + s.ticks(0, 6)),
            LaneCapacityChange(s.id, s.at, lane.id, s.number(1, 3), s.number(1, 3)),
        ]
    )


def _charger(s: _Source) -> Event | None:
    if not s.instance.charger_by_id:
        return None
    charger = s.random.choice(list(s.instance.charger_by_id.values()))
    return ChargerDown(s.id, s.at, charger.id, s.until, s.random.choice([None, s.number(1, charger.places)]))


def _battery(s: _Source) -> Event | None:
    if not s.instance.battery_by_vehicle:
        return None
    vehicle, battery = s.random.choice(list(s.instance.battery_by_vehicle.items()))
    return BatteryLow(s.id, s.at, vehicle, s.number(battery.minimum, battery.capacity))


def _absence(s: _Source) -> Event | None:
    if not s.instance.operators:
        return None
    pool = s.random.choice(s.instance.operators)
    return OperatorAbsent(s.id, s.at, pool.id, s.until, s.number(1, pool.capacity))


def _outage(s: _Source) -> Event:
    facility = s.random.choice(s.instance.facilities).id
    scope: Literal["all", "machines", "movers", "transfers"] = s.random.choice(
        ["all", "machines", "movers", "transfers"]
    )
    interrupted: Literal["resume", "repeat"] = s.random.choice(["resume", "repeat"])
    return FacilityOutage(s.id, s.at, facility, s.until, scope, s.ticks(0, 4), interrupted)


def _order(s: _Source) -> Event:
    """One like the job; modes that earlier events have made alike count once."""
    operations = tuple(
        replace(o, modes=tuple(mode for n, mode in enumerate(o.modes) if mode not in o.modes[:n]))
        for o in s.job.operations
    )
    release_date = s.at + s.ticks(0, 3)
    return RushOrder(s.id, s.at, replace(s.job, id=f"rush-{s.id}", operations=operations, release_date=release_date))


def _status(s: _Source) -> Event:
    states: tuple[Literal["started", "paused", "finished", "scrapped"], ...]
    states = ("started", "paused", "finished", "scrapped")
    state = s.random.choice(states)
    started_at = s.random.choice([None, max(0, s.at - s.ticks(0, 4))])
    remake = s.random.choice([None, f"again-{s.id}"])
    until = s.until if state == "paused" else None
    return OperationStatus(s.id, s.at, s.job.id, s.operation, state, started_at, None, until, None, remake)


def _rework(s: _Source) -> Event:
    route = (Operation(f"fix-{s.id}", (Mode(s.machine, 2 * s.scale),)),) if s.random.random() < 0.5 else ()
    return Rework(s.id, s.at, s.job.id, s.operation, route)


_MAKERS: dict[type[Event], Callable[[_Source], Event | None]] = {
    MachineBreakdown: _breakdown,
    MachineDegraded: lambda s: MachineDegraded(s.id, s.at, s.machine, s.random.choice([50, 80, 120]), s.perhaps),
    MachineRestored: _restored,
    BufferChange: _places,
    MaintenanceAdded: lambda s: MaintenanceAdded(s.id, s.at, s.machine, s.until, s.until + s.ticks(1, 5)),
    MaintenanceMoved: _maintenance,
    MaintenanceCancelled: _maintenance,
    DegradationAlert: _alert,
    RobotDown: _robot,
    RobotCellStop: _cell,
    VehicleDown: _vehicle,
    ChargerDown: _charger,
    BatteryLow: _battery,
    RouteSlow: _slow,
    RouteBlocked: _blocked,
    TransferDelayed: _lane,
    TransferCancelled: _lane,
    LaneCapacityChange: _lane,
    FacilityOutage: _outage,
    RushOrder: _order,
    JobCancelled: lambda s: JobCancelled(s.id, s.at, s.job.id),
    QuantityChange: lambda s: QuantityChange(s.id, s.at, s.job.id, s.number(1, 3), s.number(1, 3)),
    DueDateChange: lambda s: DueDateChange(s.id, s.at, s.job.id, s.at + s.ticks(0, 20)),
    PriorityChange: lambda s: PriorityChange(s.id, s.at, s.job.id, s.number(0, 5)),
    OperationStatus: _status,
    OperationDelayed: lambda s: OperationDelayed(s.id, s.at, s.job.id, s.operation, delay=s.ticks(-1, 5)),
    EarlyCompletion: lambda s: EarlyCompletion(s.id, s.at, s.job.id, s.operation),
    Rework: _rework,
    OperatorAbsent: _absence,
    Pin: lambda s: Pin(s.id, s.at, s.job.id, s.random.choice([None, s.operation]), s.perhaps),
    Unpin: lambda s: Unpin(s.id, s.at, s.job.id),
    Forbid: lambda s: Forbid(s.id, s.at, s.job.id, s.machine, s.random.choice([None, s.operation]), s.perhaps),
    Retraction: lambda s: Retraction(s.id, s.at, supersedes=s.random.choice(s.earlier)) if s.earlier else None,
}
