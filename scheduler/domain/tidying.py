"""The empty moves of vehicles in limited parking, without the stops that nobody needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from scheduler.domain.instance import Instance
from scheduler.domain.parking import FOREVER, Gap, Way, Yard, gaps_of, stand_at, with_given, with_rule, yards
from scheduler.domain.resources import Fleet
from scheduler.domain.schedule import Move, Schedule
from scheduler.domain.slowdowns import last_departure


def parked(instance: Instance, fleet: Fleet, schedule: Schedule, given: Iterable[Move] | None = None) -> Iterator[Move]:
    """Yield the empty moves of the vehicles of a fleet with limited places, by the loaded moves and charges.

    They are `given`, or (None) follow the rule of `Yard`; then those are left out that nobody needs: a vehicle stays
    where it is, or goes directly, if there is room and no battery is lower for it.
    """
    now = instance.execution.now if instance.execution is not None else 0
    yard_of, gaps = yards(instance), gaps_of(instance, fleet, schedule)
    if given is not None:
        gaps = with_given(instance, gaps, given)
    else:
        gaps = [with_rule(yard_of[gap.vehicle], gap, now) for gap in gaps]
    for gap in _Tidying(fleet, yard_of, gaps, now).gaps:
        for way in gap.ways:
            yield Move(None, way.origin, way.destination, gap.vehicle, "empty_move", way.start, way.end)


class _Tidying:
    """Leaves out of gaps the stops that nobody needs, one gap after the other."""

    def __init__(self, fleet: Fleet, yard_of: Mapping[str, Yard], gaps: list[Gap], now: int) -> None:
        self._fleet = fleet
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
            if self._fits(simpler) and not self._drains_more(gap, simpler):
                return simpler
            self._remove(simpler)
        self._add(gap)
        return gap

    def _choices(self, gap: Gap, begun: tuple[Way, ...]) -> Iterator[tuple[Way, ...]]:
        here, leaves_at = stand_at(begun, gap.here, gap.free_at, self._now)
        if gap.there in (None, here):
            yield ()
            return
        fleet, there = self._yard_of[gap.vehicle].fleet, gap.there or ""
        for begin in dict.fromkeys((last_departure(fleet, here, there, gap.wanted_at), leaves_at)):
            end = begin + fleet.travel_time(here, there, begin)
            if begin >= leaves_at and end <= gap.wanted_at:
                yield (Way(here, there, begin, end),)

    def _drains_more(self, gap: Gap, simpler: Gap) -> bool:
        """Return whether the ways of another gap leave less in the battery: a direct way may be a long one."""
        battery = next(vehicle.battery for vehicle in self._fleet.vehicles if vehicle.id == gap.vehicle)
        if battery is None or gap.there is None:
            return False
        longer = sum(w.end - w.start for w in simpler.ways) - sum(w.end - w.start for w in gap.ways)
        return (battery.drain_empty - battery.drain_idle) * longer > 0

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
