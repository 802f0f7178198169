"""Where vehicles stand between their tasks, in fleets whose places have room for some of them only.

A *task* is a stretch (`scheduler.domain.visits`; with one job at a time, a transport) or a charge. A *gap* is what lies
between two tasks of a vehicle, before the first, or after the last. In a gap it goes to where the next task begins,
maybe over one *stop* at another place, by one empty move or two. When it leaves is free: so which empty moves there are
is a decision, and no consequence of the tasks.

Engines that decide only when tasks are follow one rule, `Yard.ways`: a vehicle keeps no place longer than it needs it,
and waits where there is room for all, or at its *haven*. A haven is room that is set aside for one vehicle, beside what
handling and charging need; every file with limited places has enough of it, so a task that begins late enough can
always be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from scheduler.domain.instance import Instance
from scheduler.domain.resources import Fleet
from scheduler.domain.schedule import Charge, Move, Schedule
from scheduler.domain.slowdowns import arrival, last_departure
from scheduler.domain.visits import Stretch, stretches

FOREVER = 2**60
"""Until when a vehicle stands where nothing takes it away."""


class Way(NamedTuple):
    """An empty move, of whatever vehicle."""

    origin: str
    destination: str
    start: int
    end: int


class Stay(NamedTuple):
    """A vehicle stands at a place during ``[begin, until)``."""

    place: str
    begin: int
    until: int


class Task(NamedTuple):
    """What a vehicle does between two gaps, during ``[start, end)``, from its ``origin`` to its ``destination``.

    It leaves the one at ``gone``, and takes room at the other from ``since`` on; ``between`` it stands where it picks
    jobs up and puts them down. Under way it is nowhere, even if it waits there. A charge is gone when it begins, and
    takes room since then.
    """

    start: int
    end: int
    origin: str
    destination: str
    gone: int
    since: int
    between: tuple[Stay, ...] = ()


@dataclass(frozen=True)
class Gap:
    """What a vehicle does between two tasks.

    It has been ``here`` since ``since``, is free at ``free_at``, and is wanted ``there`` at ``wanted_at``, where it
    stays ``until`` the task has it leave (None, `FOREVER`: nothing follows). ``between`` are the stays in that task.
    ``ways`` that began before ``now`` are what they were.
    """

    vehicle: str
    here: str
    since: int
    free_at: int
    there: str | None
    wanted_at: int
    until: int
    ways: tuple[Way, ...] = ()
    between: tuple[Stay, ...] = ()

    @property
    def stays(self) -> Iterator[Stay]:
        """Where the vehicle stands, up to where the task after the gap ends."""
        place, begin = self.here, self.since
        for way in self.ways:
            yield Stay(place, begin, way.start)
            place, begin = way.destination, way.end
        yield Stay(place, begin, self.until)
        yield from self.between

    def begun(self, now: int) -> tuple[Way, ...]:
        """Return the ways that have begun."""
        return tuple(way for way in self.ways if way.start < now)


class Yard:
    """The limited places of a fleet as one of its vehicles sees them: with its speed, and with its haven."""

    def __init__(self, fleet: Fleet, haven: str) -> None:
        self.fleet = fleet
        self.haven = haven
        self.limits = {place: fleet.parking[place] for place in fleet.limited if place != haven}
        self._refuges = sorted(fleet.places - self.limits.keys())
        self._stops: dict[tuple[str, str | None], str] = {}

    def stop(self, here: str, there: str | None) -> str:
        """Return where the vehicle waits on its way between two places, or in the end, with the least travel."""
        key = (here, there)
        if key not in self._stops:
            travel = self.fleet.travel_time
            self._stops[key] = min(
                self._refuges,
                key=lambda place: (travel(here, place) + (0 if there is None else travel(place, there)), place),
            )
        return self._stops[key]

    def detour(self, here: str, there: str) -> int:
        """Return the travel time over the stop, which is no shorter than the direct way."""
        stop, travel = self.stop(here, there), self.fleet.travel_time
        return max(travel(here, stop) + travel(stop, there), travel(here, there))

    def over(self, here: str, there: str, leaves_at: int) -> int:
        """Return when the vehicle is at a place that leaves another one then, over its stop."""
        stop = self.stop(here, there)
        at_stop = leaves_at + self.fleet.travel_time(here, stop, leaves_at)
        return max(arrival(self.fleet, stop, there, at_stop), arrival(self.fleet, here, there, leaves_at))

    def ways(self, here: str, leaves_at: int, there: str | None, wanted_at: int) -> tuple[Way, ...]:
        """Return the empty moves with which the vehicle takes the least room at limited places.

        It leaves at once, unless its place is not limited, and arrives just in time, unless the next is not; if both
        are, over its stop. Where there is no time for that it leaves at once and waits there, or, where ways are slow,
        waits here for ways that are to be faster.
        """
        if there is None:
            return () if here not in self.limits else (self._way(here, self.stop(here, None), leaves_at),)
        if here in self.limits and there in self.limits and self.over(here, there, leaves_at) <= wanted_at:
            stop = self.stop(here, there)
            return self._way(here, stop, leaves_at), self._way(stop, there, self._latest(stop, there, wanted_at))
        if here == there:
            return ()
        at_once = self._way(here, there, leaves_at)
        if here in self.limits and at_once.end <= wanted_at:
            return (at_once,)
        return (self._way(here, there, self._latest(here, there, wanted_at)),)

    def _way(self, origin: str, destination: str, start: int) -> Way:
        return Way(origin, destination, start, start + self.fleet.travel_time(origin, destination, start))

    def _latest(self, origin: str, destination: str, wanted_at: int) -> int:
        return wanted_at if origin == destination else last_departure(self.fleet, origin, destination, wanted_at)


def served(instance: Instance, fleet: Fleet) -> frozenset[str]:
    """Return the places of a fleet at which jobs may be picked up or put down, or vehicles charged."""
    named = {machine.id for machine in instance.machines}
    named.update(place for cell in instance.cells for place in (cell.input_station, cell.output_station))
    named.update(facility.station for facility in instance.facilities if facility.station is not None)
    named.update(charger.place for charger in fleet.chargers)
    return fleet.places & named


def havens(instance: Instance, fleet: Fleet) -> Mapping[str, str] | None:
    """Return the haven of each vehicle: its start if it returns, else the nearest place that has room to spare.

    None if there is not enough room.
    """
    spare = {place: len(fleet.vehicles) for place in fleet.places}
    spare.update({place: fleet.parking[place] for place in fleet.limited})
    for place in served(instance, fleet).intersection(fleet.limited):
        spare[place] -= 1
    found = {}
    for vehicle in fleet.vehicles:
        open_places = [place for place, room in spare.items() if room > 0 and (place in fleet.places)]
        if fleet.returns:
            open_places = [place for place in open_places if place == vehicle.start]
        if not open_places:
            return None
        start = vehicle.start
        nearest = min(open_places, key=lambda p: (fleet.travel_time(start, p) + fleet.travel_time(p, start), p))
        found[vehicle.id] = nearest
        if nearest in fleet.limited:
            spare[nearest] -= 1
    return found


def yards(instance: Instance) -> Mapping[str, Yard]:
    """Return the yard of each vehicle whose fleet has limited places."""
    found = {}
    for fleet in instance.fleets:
        places = havens(instance, fleet) if fleet.limited else None
        for vehicle, haven in (places or {}).items():
            pace = instance.group_by_carrier[vehicle]
            assert isinstance(pace, Fleet)
            found[vehicle] = Yard(pace, haven)
    return found


def shared_room(fleet: Fleet, yard_of: Mapping[str, Yard]) -> dict[str, int]:
    """Return the room at each limited place of a fleet, less what is set aside as havens."""
    aside = [yard_of[vehicle.id].haven for vehicle in fleet.vehicles if vehicle.id in yard_of]
    return {place: fleet.parking[place] - aside.count(place) for place in fleet.limited}


def ways_begun(instance: Instance, vehicle: str) -> tuple[Way, ...]:
    """Return the empty moves of a vehicle that began before `now`."""
    execution = instance.execution
    if execution is None:
        return ()
    moves = (m for m in execution.baseline.by_mover.get(vehicle, ()) if m.job is None and m.start < execution.now)
    return tuple(Way(m.origin, m.destination, m.start, m.end) for m in moves)


def stand_at(ways: Iterable[Way], here: str, free_at: int, now: int) -> tuple[str, int]:
    """Return where a vehicle is after the ways that have begun, and when it may leave, not before `now`."""
    for way in ways:
        here, free_at = way.destination, way.end
    return here, max(free_at, now)


def tasks(instance: Instance, vehicle: str, schedule: Schedule) -> list[Task]:
    """Return the tasks of a vehicle in order, given its loaded moves and charges."""
    fleet, carrier = instance.fleet_by_vehicle[vehicle], instance.carrier_by_id[vehicle]
    loaded = [move for move in schedule.by_mover.get(vehicle, ()) if move.job is not None]
    found = [task_of(stretch) for stretch in stretches(fleet, carrier, loaded)]
    found += [_charge(instance, charge) for charge in schedule.by_vehicle.get(vehicle, ())]
    return sorted(found)


def task_of(stretch: Stretch) -> Task:
    """Return a stretch as a task: visits at one place that follow each other are one stay."""
    stays = []
    for place, group in groupby(stretch.visits, key=lambda visit: visit.place):
        visits = list(group)
        stays.append(Stay(place, visits[0].begin, visits[-1].end))
    first, *between, last = stays
    return Task(stretch.start, stretch.end, first.place, last.place, first.until, last.begin, tuple(between))


def _charge(instance: Instance, charge: Charge) -> Task:
    place = instance.charger_by_id[charge.charger].place
    return Task(charge.start, charge.end, place, place, charge.start, charge.start)


def gaps_of(instance: Instance, fleet: Fleet, schedule: Schedule) -> list[Gap]:
    """Return the gaps of all vehicles, by vehicle and in order, each with the ways that began before `now`.

    Only the loaded moves and the charges of the schedule count.
    """
    now = instance.execution.now if instance.execution is not None else 0
    found = []
    for vehicle in fleet.vehicles:
        begun = ways_begun(instance, vehicle.id)
        here, since, free_at, after = vehicle.start, 0, 0, 0
        for task in tasks(instance, vehicle.id, schedule):
            gap = Gap(vehicle.id, here, since, free_at, task.origin, task.start, task.gone, between=task.between)
            found.append(_with_begun(gap, begun, after, task.start, now))
            here, since, free_at, after = task.destination, task.since, task.end, task.start
        home = vehicle.start if fleet.returns else None
        gap = Gap(vehicle.id, here, since, free_at, home, FOREVER, FOREVER)
        found.append(_with_begun(gap, begun, after, FOREVER, now))
    return found


def _with_begun(gap: Gap, begun: Iterable[Way], after: int, before: int, now: int) -> Gap:
    """Return a gap with the ways of the past that lie in it; of those after the last task that began, all."""
    if after >= now and after > 0:
        return gap
    ways = tuple(way for way in begun if max(after, gap.free_at) <= way.start < max(before, 1))
    return replace(gap, ways=ways)


def gaps_listed(instance: Instance, fleet: Fleet, schedule: Schedule) -> list[Gap]:
    """Return the gaps of all vehicles of a fleet, by vehicle and in order, with the empty moves of a schedule."""
    return with_given(instance, gaps_of(instance, fleet, schedule), (m for m in schedule.moves if m.job is None))


def with_given(instance: Instance, gaps: Iterable[Gap], given: Iterable[Move]) -> list[Gap]:
    """Return the gaps with those given empty moves in them that do not begin before `now`."""
    now = instance.execution.now if instance.execution is not None else 0
    by_mover: dict[str, list[Way]] = {}
    for move in sorted(given, key=lambda move: move.start):
        if move.start >= now:
            by_mover.setdefault(move.mover, []).append(Way(move.origin, move.destination, move.start, move.end))
    found = []
    for gap in gaps:
        ways = (w for w in by_mover.get(gap.vehicle, ()) if gap.free_at <= w.start and w.end <= gap.wanted_at)
        found.append(replace(gap, ways=(*gap.ways, *ways)))
    return found


def with_rule(yard: Yard, gap: Gap, now: int) -> Gap:
    """Return a gap with the ways of the rule of `Yard`, after those that have begun."""
    if gap.wanted_at < now:
        return gap
    here, leaves_at = stand_at(gap.ways, gap.here, gap.free_at, now)
    return replace(gap, ways=(*gap.ways, *_ways(yard, gap, here, leaves_at)))


def _ways(yard: Yard, gap: Gap, here: str, leaves_at: int) -> tuple[Way, ...]:
    if gap.there is None or gap.wanted_at < FOREVER:
        return yard.ways(here, leaves_at, gap.there, gap.wanted_at)
    # The way home: at once.
    travel = yard.fleet.travel_time(here, gap.there, leaves_at)
    return () if here == gap.there else (Way(here, gap.there, leaves_at, leaves_at + travel),)
