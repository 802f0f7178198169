"""Where vehicles stand between their tasks, in fleets whose places have room for some of them only.

A *gap* is what lies between two transports of a vehicle, before the first, or after the last. In a gap it goes to the
next pick-up, maybe over one *stop* at another place, by one empty move or two. When it leaves is free: so which empty
moves there are is a decision, and no consequence of the transports.

Engines that decide only when transports are follow one rule, `Yard.ways`: a vehicle keeps no place longer than it needs
it, and waits where there is room for all, or at its *haven*. A haven is room that is set aside for one vehicle, beside
what handling needs; every file with limited places has enough of it, so a transport that begins late enough can always
be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from scheduler.domain.instance import Instance
from scheduler.domain.resources import Fleet
from scheduler.domain.schedule import Move, Schedule

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


@dataclass(frozen=True)
class Gap:
    """What a vehicle does between two transports.

    It has been ``here`` since ``since``, is free at ``free_at``, and is to pick up ``there`` at ``wanted_at``, where it
    stays ``until`` (None, `FOREVER`: nothing follows). ``ways`` that began before ``now`` are what they were.
    """

    vehicle: str
    here: str
    since: int
    free_at: int
    there: str | None
    wanted_at: int
    until: int
    ways: tuple[Way, ...] = ()

    @property
    def stays(self) -> Iterator[Stay]:
        """Where the vehicle stands."""
        place, begin = self.here, self.since
        for way in self.ways:
            yield Stay(place, begin, way.start)
            place, begin = way.destination, way.end
        yield Stay(place, begin, self.until)

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

    def keeps(self, here: str, there: str, ticks: int) -> bool:
        """Return whether the vehicle takes room at a limited place while it waits, since there is no time to leave."""
        return here in self.limits and there in self.limits and ticks < self.detour(here, there)

    def ways(self, here: str, leaves_at: int, there: str | None, wanted_at: int) -> tuple[Way, ...]:
        """Return the empty moves with which the vehicle takes the least room at limited places.

        It leaves at once, unless its place is not limited, and arrives just in time, unless the next is not; if both
        are, over its stop. Where there is no time for that it leaves at once and waits there.
        """
        travel = self.fleet.travel_time
        if there is None:
            if here not in self.limits:
                return ()
            stop = self.stop(here, None)
            return (Way(here, stop, leaves_at, leaves_at + travel(here, stop)),)
        if here in self.limits and there in self.limits and not self.keeps(here, there, wanted_at - leaves_at):
            stop = self.stop(here, there)
            first = Way(here, stop, leaves_at, leaves_at + travel(here, stop))
            return (first, Way(stop, there, wanted_at - travel(stop, there), wanted_at))
        if here == there:
            return ()
        begin = leaves_at if here in self.limits else wanted_at - travel(here, there)
        return (Way(here, there, begin, begin + travel(here, there)),)


def served(instance: Instance, fleet: Fleet) -> frozenset[str]:
    """Return the places of a fleet at which jobs may be picked up or put down."""
    named = {machine.id for machine in instance.machines}
    named.update(place for cell in instance.cells for place in (cell.input_station, cell.output_station))
    named.update(facility.station for facility in instance.facilities if facility.station is not None)
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


def gaps_of(instance: Instance, fleet: Fleet, transports: Mapping[str, Sequence[Move]]) -> list[Gap]:
    """Return the gaps of all vehicles, by vehicle and in order, each with the ways that began before `now`."""
    now = instance.execution.now if instance.execution is not None else 0
    found = []
    for vehicle in fleet.vehicles:
        begun = ways_begun(instance, vehicle.id)
        here, since, free_at = vehicle.start, 0, 0
        moves = transports.get(vehicle.id, ())
        for number, move in enumerate(moves):
            until = move.start + fleet.pick_up_time
            gap = Gap(vehicle.id, here, since, free_at, move.origin, move.start, until)
            found.append(_with_begun(gap, begun, number and moves[number - 1].start, move.start, now))
            here, since, free_at = move.destination, move.end - fleet.drop_time, move.end
        home = vehicle.start if fleet.returns else None
        gap = Gap(vehicle.id, here, since, free_at, home, FOREVER, FOREVER)
        found.append(_with_begun(gap, begun, moves[-1].start if moves else 0, FOREVER, now))
    return found


def _with_begun(gap: Gap, begun: Iterable[Way], after: int, before: int, now: int) -> Gap:
    """Return a gap with the ways of the past that lie in it; of those after the last transport that began, all."""
    if after >= now and after > 0:
        return gap
    ways = tuple(way for way in begun if max(after, gap.free_at) <= way.start < max(before, 1))
    return replace(gap, ways=ways)


def gaps_listed(instance: Instance, fleet: Fleet, schedule: Schedule) -> list[Gap]:
    """Return the gaps of all vehicles of a fleet, by vehicle and in order, with the empty moves of a schedule."""
    by_mover = schedule.by_mover
    loaded = {v.id: [m for m in by_mover.get(v.id, ()) if m.job is not None] for v in fleet.vehicles}
    return _with_given(instance, gaps_of(instance, fleet, loaded), (m for m in schedule.moves if m.job is None))


def _with_given(instance: Instance, gaps: Iterable[Gap], given: Iterable[Move]) -> list[Gap]:
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


def parked(
    instance: Instance, fleet: Fleet, transports: Mapping[str, Sequence[Move]], given: Iterable[Move] | None = None
) -> Iterator[Move]:
    """Yield the empty moves of the vehicles of a fleet with limited places.

    They are `given`, or (None) follow the rule of `Yard`; then those are left out that nobody needs: a vehicle stays
    where it is, or goes directly, if there is room.
    """
    now = instance.execution.now if instance.execution is not None else 0
    yard_of, gaps = yards(instance), gaps_of(instance, fleet, transports)
    if given is not None:
        gaps = _with_given(instance, gaps, given)
    else:
        gaps = [with_rule(yard_of[gap.vehicle], gap, now) for gap in gaps]
    for gap in _Tidying(fleet, yard_of, gaps, now).gaps:
        for way in gap.ways:
            yield Move(None, way.origin, way.destination, gap.vehicle, "empty_move", way.start, way.end)


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
    travel = yard.fleet.travel_time(here, gap.there)
    return () if here == gap.there else (Way(here, gap.there, leaves_at, leaves_at + travel),)


class _Tidying:
    """Leaves out of gaps the stops that nobody needs, one gap after the other."""

    def __init__(self, fleet: Fleet, yard_of: Mapping[str, Yard], gaps: list[Gap], now: int) -> None:
        self._rooms = {place: fleet.parking[place] for place in fleet.limited}
        self._yard_of = yard_of
        self._now = now
        self._stays: dict[str, list[tuple[int, int]]] = {place: [] for place in self._rooms}
        self._start = gaps
        for gap in gaps:
            self._add(gap)

    @cached_property
    def gaps(self) -> list[Gap]:
        """The gaps, with fewer stops."""
        return [self._simpler(gap) for gap in sorted(self._start, key=lambda gap: (gap.free_at, gap.vehicle))]

    def _simpler(self, gap: Gap) -> Gap:
        begun = gap.begun(self._now)
        fewest = 0 if gap.there is None else int(gap.there != (begun[-1].destination if begun else gap.here))
        if len(gap.ways) - len(begun) <= fewest or (gap.wanted_at == FOREVER and gap.there is not None):
            return gap
        self._remove(gap)
        for ways in self._choices(gap, begun):
            simpler = replace(gap, ways=(*begun, *ways))
            self._add(simpler)
            if self._fits(simpler):
                return simpler
            self._remove(simpler)
        self._add(gap)
        return gap

    def _choices(self, gap: Gap, begun: tuple[Way, ...]) -> Iterator[tuple[Way, ...]]:
        here, leaves_at = stand_at(begun, gap.here, gap.free_at, self._now)
        if gap.there in (None, here):
            yield ()
            return
        travel = self._yard_of[gap.vehicle].fleet.travel_time(here, gap.there or "")
        for begin in dict.fromkeys((gap.wanted_at - travel, leaves_at)):
            if begin >= leaves_at and begin + travel <= gap.wanted_at:
                yield (Way(here, gap.there or "", begin, begin + travel),)

    def _add(self, gap: Gap) -> None:
        for place, begin, until in gap.stays:
            if place in self._rooms and begin < until:
                self._stays[place].append((begin, until))

    def _remove(self, gap: Gap) -> None:
        for place, begin, until in gap.stays:
            if place in self._rooms and begin < until:
                self._stays[place].remove((begin, until))

    def _fits(self, gap: Gap) -> bool:
        """Return whether nowhere, while the vehicle is there, stand more vehicles than there is room."""
        for place, begin, until in gap.stays:
            if place not in self._rooms:
                continue
            near = [stay for stay in self._stays[place] if stay[0] < until and stay[1] > max(begin, self._now)]
            instants = [max(begin, self._now), *(stay[0] for stay in near if stay[0] > begin)]
            most = max((sum(a <= instant < b for a, b in near) for instant in instants), default=0)
            if most > self._rooms[place]:
                return False
        return True
