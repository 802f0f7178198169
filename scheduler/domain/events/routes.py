"""Events of transfer lanes and routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from scheduler.domain.calendar import Downtime
from scheduler.domain.events.base import Count, Difference, Event, Tick
from scheduler.domain.events.movers import stopped
from scheduler.domain.happened import carried, execution_of, with_group, with_lane
from scheduler.domain.instance import Instance
from scheduler.domain.schedule import Move
from scheduler.domain.slowdowns import Slowdown
from scheduler.errors import Defect


@dataclass(frozen=True)
class RouteSlow(Event):
    """Ways take ``100 / speed`` times as long, rounded up, until the route is as fast as usual.

    On a lane that is the transit, in a robot cell or fleet all travel that begins now or later, loaded or empty. A move
    under way arrives as planned. Plans count on ``until``, where they can.
    """

    type: ClassVar[str] = "route_slow"
    holds: ClassVar[bool] = True
    route: str
    """The lane, robot cell or fleet."""
    speed: Count
    """Percent of the usual speed."""
    until: Tick | None = None
    """First tick at which it is as fast as usual; absent: until the event is retracted."""

    @property
    def expires_at(self) -> int | None:
        """The tick ``until``."""
        return self.until

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown route, and an empty time."""
        known = {**instance.lane_by_id, **instance.group_by_id}
        if self.route not in known:
            yield self.unknown("route", "lane, robot cell or fleet", self.route, known)
        if self.until is not None:
            yield from self.empty(instance, self.until)

    def change(self, instance: Instance) -> Instance:
        """Lengthen the transit, or all travel that has not begun."""
        if self.route in instance.group_by_id:
            group = instance.group_by_id[self.route]
            until = self.until if self.speed < 100 else None
            slowdown = Slowdown(execution_of(instance).now, None, self.speed, until)
            return with_group(instance, replace(group, slowdowns=(*group.slowdowns, slowdown)))
        lane = instance.lane_by_id[self.route]
        if self.until is not None:
            slowdown = Slowdown(execution_of(instance).now, None, self.speed, self.until)
            return with_lane(instance, replace(lane, slowdowns=(*lane.slowdowns, slowdown)))
        times = lane.transit_times
        slow = None if times is None else times.slowed(self.speed)
        transit_time = -(-lane.transit_time * 100 // self.speed)
        return with_lane(instance, replace(lane, transit_time=transit_time, transit_times=slow))


@dataclass(frozen=True)
class RouteBlocked(Event):
    """Nothing may set out on a route for a time.

    Trips under way on a lane arrive as planned. The robots of a cell, or the vehicles of a fleet, stand where they are.
    """

    type: ClassVar[str] = "route_blocked"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until"),)
    route: str
    """The lane, robot cell or fleet."""
    until: Tick
    """First tick at which it is free again."""

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown route and an empty time."""
        known = {**instance.lane_by_id, **instance.group_by_id}
        if self.route not in known:
            yield self.unknown("route", "lane, robot cell or fleet", self.route, known)
        yield from self.empty(instance, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add a downtime of the lane, or of every robot or vehicle; their moves under way take that much longer."""
        if self.route in instance.group_by_id:
            for carrier in instance.group_by_id[self.route].carriers:
                instance = stopped(instance, carrier.id, "blocked", self.until)
            return instance
        return closed(instance, self.route, execution_of(instance).now, self.until, "blocked")


@dataclass(frozen=True)
class TransferDelayed(Event):
    """A trip that is under way on a lane arrives at another time than planned."""

    type: ClassVar[str] = "transfer_delayed"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("delay", "until"),)
    vehicle: str
    """The vehicle of the lane, for example ``north#1``."""
    delay: Difference | None = None
    """Ticks that it arrives later (negative: earlier)."""
    until: Tick | None = None
    """Tick at which it arrives."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield a vehicle that is unknown or not under way, and an arrival in the past."""
        if (self.delay is None) == (self.until is None):
            yield self.defect("E603", "delay", "delay and until are both given or both missing", "give one")
            return
        if self.vehicle not in instance.lane_by_vehicle:
            yield self.unknown("vehicle", "vehicle of a lane", self.vehicle, instance.lane_by_vehicle)
            return
        trip, now = carried(instance, self.vehicle), execution_of(instance).now
        if not trip:
            cause = f"vehicle {self.vehicle} is not under way with a load"
            yield self.defect("E602", "vehicle", cause, "name one that is, or block the lane")
            return
        if self._arrival(trip) <= now:
            member = "until" if self.delay is None else "delay"
            cause = f"the trip would have arrived at {self._arrival(trip)}: it is {now}"
            yield self.defect("E603", member, cause, f"let it arrive at {now + 1} or later")

    def change(self, instance: Instance) -> Instance:
        """Let the transfers of the trip end when it arrives."""
        execution, trip = execution_of(instance), carried(instance, self.vehicle)
        arrival = self._arrival(trip)
        moves = tuple(replace(move, end=arrival) if move in trip else move for move in execution.moves)
        return replace(instance, execution=replace(execution, moves=moves))

    def _arrival(self, trip: tuple[Move, ...]) -> int:
        return self.until if self.until is not None else max(move.end for move in trip) + (self.delay or 0)


@dataclass(frozen=True)
class TransferCancelled(Event):
    """A trip that was to depart at a tick does not take place."""

    type: ClassVar[str] = "transfer_cancelled"
    lane: str
    """The lane."""
    departure: Tick
    """When it was to depart: from then until the tick after, no trip of the lane is under way."""

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown lane, a departure in the past, and one that its timetable does not have."""
        if self.lane not in instance.lane_by_id:
            yield self.unknown("lane", "lane", self.lane, instance.lane_by_id)
            return
        now, timetable = execution_of(instance).now, instance.lane_by_id[self.lane].timetable
        if self.departure < now:
            cause = f"the trip has departed at {self.departure}"
            yield self.defect("E602", "departure", cause, "let it arrive later instead (transfer_delayed)")
        elif timetable is not None and timetable.next(self.departure) != self.departure:
            following = timetable.next(self.departure)
            fix = f"write {following}" if following is not None else "there is no departure after it either"
            yield self.defect("E601", "departure", f"{self.lane} has no departure at {self.departure}", fix)

    def change(self, instance: Instance) -> Instance:
        """Close the lane for that tick."""
        return closed(instance, self.lane, self.departure, self.departure + 1, "cancelled")


@dataclass(frozen=True)
class LaneCapacityChange(Event):
    """A lane has more or fewer vehicles, or vehicles for more or fewer units."""

    type: ClassVar[str] = "lane_capacity_change"
    lane: str
    """The lane."""
    vehicles: Count | None = None
    """How many vehicles it has now; absent: as many as before."""
    units_per_vehicle: Count | None = None
    """How many units each of them carries now; absent: as many as before."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown lane, no change at all, and less than what has been on its way already."""
        if self.lane not in instance.lane_by_id:
            yield self.unknown("lane", "lane", self.lane, instance.lane_by_id)
            return
        if self.vehicles is None and self.units_per_vehicle is None:
            cause = "vehicles and units_per_vehicle are both missing"
            yield self.defect("E603", "vehicles", cause, "give one of them")
        lane, units = instance.lane_by_id[self.lane], {job.id: job.units for job in instance.jobs}
        used, most, largest = 0, 0, max((job.indivisible_units for job in instance.jobs), default=0)
        loads: dict[tuple[str, int], int] = {}
        for move in execution_of(instance).moves:
            if move.mover in lane.vehicle_ids:
                used = max(used, lane.vehicle_ids.index(move.mover) + 1)
                trip = (move.mover, move.start)
                loads[trip] = loads.get(trip, 0) + (move.units or units.get(move.job or "", 0))
                most = max(most, loads[trip])
        if self.vehicles is not None and self.vehicles < used:
            cause = f"vehicle {lane.vehicle_ids[used - 1]} has been under way already"
            yield self.defect("E602", "vehicles", cause, f"write {used} or more, or block the lane for a time")
        if self.units_per_vehicle is not None and self.units_per_vehicle < max(most, largest):
            cause = (
                f"a trip has carried {most} units" if most >= largest else f"there is a job of {largest} units to carry"
            )
            yield self.defect("E602", "units_per_vehicle", cause, f"write {max(most, largest)} or more")

    def change(self, instance: Instance) -> Instance:
        """Change the lane."""
        lane = instance.lane_by_id[self.lane]
        vehicles = lane.vehicles if self.vehicles is None else self.vehicles
        units = lane.units_per_vehicle if self.units_per_vehicle is None else self.units_per_vehicle
        return with_lane(instance, replace(lane, vehicles=vehicles, units_per_vehicle=units))


def closed(instance: Instance, lane_id: str, start: int, until: int, reason: str) -> Instance:
    """Return the instance in which no trip of a lane may be under way during ``[start, until)``."""
    lane = instance.lane_by_id[lane_id]
    return with_lane(instance, replace(lane, calendar=lane.calendar.with_downtime(Downtime(start, until, reason))))
