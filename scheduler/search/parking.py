"""Vehicles of fleets with limited places: where another task fits in, with all the stays that it leads to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from scheduler.domain import Instance, Schedule, Vehicle
from scheduler.domain.parking import FOREVER, Gap, Stay, Way, Yard, stand_at, task_of, tasks, with_rule
from scheduler.domain.slowdowns import arrival
from scheduler.domain.visits import Stretch
from scheduler.search.downtimes import NEVER, Downtimes
from scheduler.search.movers import CarrierTimeline
from scheduler.search.timelines import Profile


class Errand(NamedTuple):
    """A transport or a charge that is to find a gap.

    The vehicle is off its ``origin`` after the ``first`` ticks, and at its ``destination`` for the ``last`` ones.
    """

    origin: str
    destination: str
    length: int
    first: int
    last: int
    downtimes: Downtimes | None = None


class ParkingTimeline(CarrierTimeline):
    """The tasks of a vehicle in order, with the stays at limited places between them by the rule of `Yard`.

    ``rooms`` are the limited places of the fleet, less what is set aside as havens; its own haven the vehicle does not
    share. A vehicle for several jobs gets one at a time; in the past it may have had several on board.

    There are no slots, as a vehicle may have a battery besides.
    """

    def __init__(
        self, vehicle: Vehicle, yard: Yard, downtimes: Downtimes | None, now: int, rooms: Mapping[str, Profile]
    ) -> None:
        super().__init__(vehicle, yard.fleet, downtimes, now)
        self.rooms = rooms
        self._stand_in(yard)

    def _stand_in(self, yard: Yard) -> None:
        """Let the vehicle be at its start, with nothing to do."""
        self._yard = yard
        self._home = self.carrier.start if yard.fleet.returns else None
        self._begun: tuple[Way, ...] = ()
        self._handled: dict[int, tuple[int, int]] = {}  # by start: charges, and stretches of the past
        self._booked: list[list[Stay]] = [[]]
        self._book(0)

    def set_out(self, begun: tuple[Way, ...]) -> None:
        """Let the vehicle be where the empty moves that have begun take it."""
        self._begun = begun
        for gap in range(len(self._booked)):
            self._cancel(gap)
            self._book(gap)

    @property
    def stand(self) -> tuple[str, int]:
        """Where the vehicle is after what has begun, and from when on it may leave."""
        return stand_at(*self._leaving(bisect_left(self._starts, self.now)))

    def arrives_at(self, start: int) -> int:
        """Return when the vehicle comes to the pick-up of its transport with that start."""
        *_, stay = self._stays(bisect_left(self._starts, start))
        return stay.begin

    def opening(self, ready: int, origin: str, destination: str, length: int) -> int:
        """Return the earliest start at or after `ready` of a loaded move; `NEVER` if there is none."""
        return next((start for _, start in self._openings(ready, origin, destination, length)), NEVER)

    def reserve(self, start: int, end: int, origin: str, destination: str) -> None:
        """Let the vehicle make a move."""
        gap = bisect_right(self._starts, start)
        self._cancel(gap)
        super().reserve(start, end, origin, destination)
        self._booked.insert(gap, [])
        self._book(gap)
        self._book(gap + 1)

    def remember(self, stretch: Stretch) -> None:
        """Let the vehicle have made, or be in, a stretch."""
        task = task_of(stretch)
        self._handled[stretch.start] = (task.gone, task.since)
        super().remember(stretch)
        for place, begin, until in task.between:
            if place in self._yard.limits:
                self.rooms[place].add(begin, until, 1)

    def release(self, start: int) -> None:
        """Undo `reserve`."""
        gap = bisect_left(self._starts, start)
        self._cancel(gap)
        self._cancel(gap + 1)
        super().release(start)
        self._handled.pop(start, None)
        del self._booked[gap]
        self._book(gap)

    def _errand(self, origin: str, destination: str, length: int) -> Errand:
        fleet = self._yard.fleet
        return Errand(origin, destination, length, fleet.pick_up_time, fleet.drop_time, self._downtimes)

    def _openings(self, ready: int, origin: str, destination: str, length: int) -> Iterator[tuple[int, int]]:
        """Yield the gaps in which a loaded move fits, with its earliest start in each."""
        errand = self._errand(origin, destination, length)
        for gap in range(bisect_right(self._ends, ready), len(self._starts) + 1):
            if gap < len(self._starts) and self._starts[gap] < max(ready + length, self.now):
                continue
            start = self._opening(gap, ready, errand)
            if start < NEVER:
                yield gap, start

    def _opening(self, gap: int, ready: int, errand: Errand) -> int:
        """Return the earliest start of an errand in a gap, which gets room for it; `NEVER` if it does not fit in."""
        self._cancel(gap)
        start = self._fit(gap, ready, errand)
        self._book(gap)
        return start

    def _fit(self, number: int, ready: int, errand: Errand) -> int:
        fleet, is_last = self._yard.fleet, number == len(self._starts)
        origin, destination, length, first, last, downtimes = errand
        here, leaves_at = stand_at(*self._leaving(number))
        start = max(ready, arrival(fleet, here, origin, leaves_at))
        while start < NEVER:
            if downtimes is not None:
                start = downtimes.start(start, self.lasts(start, origin, destination, length))
            end = start + self.lasts(start, origin, destination, length)
            if not is_last and arrival(fleet, destination, self._origins[number], end) > self._starts[number]:
                return NEVER
            before = self._gap(number, origin, start, start + first)
            after = Gap(
                self.carrier.id,
                destination,
                end - last,
                end,
                *((self._home, FOREVER, FOREVER) if is_last else self._wanted(number)),
            )
            later = self._later(start, here, leaves_at, with_rule(self._yard, before, self.now))
            if later == start:
                later = self._later(start, destination, end, with_rule(self._yard, after, self.now))
            if later == start:
                return start
            start = later
        return NEVER

    def _later(self, start: int, here: str, leaves_at: int, gap: Gap) -> int:
        """Return the start if there is room for the stays of a gap before or after it, else the next one to try.

        The vehicle is `here` and may leave at that instant.
        """
        for place, begin, until in gap.stays:
            is_before = gap.wanted_at == start
            if place not in self._yard.limits or begin >= until or (is_before and until <= leaves_at):
                continue
            free = self.rooms[place].opening(begin, until - begin, 1)
            if free == begin:
                continue
            if is_before and begin < start:  # it waits there: with more time it could go away meanwhile
                return max(self._yard.over(here, gap.there or here, leaves_at), start + 1)
            return min(start + free - begin, NEVER)
        return start

    def _leaving(self, number: int) -> tuple[Sequence[Way], str, int, int]:
        """Return the ways that began in a gap before `now`, where they begin, when the vehicle is free, and `now`."""
        if number == 0:
            return self._begun_after(0), self.carrier.start, 0, self.now
        here, free_at = self._destinations[number - 1], self._ends[number - 1]
        is_past = self._starts[number - 1] < self.now
        return self._begun_after(free_at) if is_past else (), here, free_at, self.now if is_past else free_at

    def _begun_after(self, free_at: int) -> tuple[Way, ...]:
        return tuple(way for way in self._begun if way.start >= free_at)

    def _wanted(self, number: int) -> tuple[str, int, int]:
        """Return where the task after a gap begins, when, and when the vehicle is off."""
        start = self._starts[number]
        until, _ = self._handled.get(start, (start + self._yard.fleet.pick_up_time, 0))
        return self._origins[number], start, until

    def _since(self, number: int) -> int:
        """Return since when the vehicle has been where the task before a gap ends."""
        if number == 0:
            return 0
        usual = (0, self._ends[number - 1] - self._yard.fleet.drop_time)
        return self._handled.get(self._starts[number - 1], usual)[1]

    def _gap(self, number: int, there: str | None, start: int, until: int) -> Gap:
        """Return the gap after what is before it, up to a task that begins `there` (None: up to the end)."""
        begun, here, free_at, _ = self._leaving(number)
        gap = Gap(self.carrier.id, here, self._since(number), free_at, there, start, until)
        return replace(gap, ways=tuple(begun)) if begun else gap

    def _stays(self, number: int) -> list[Stay]:
        """Return where the vehicle stands in a gap."""
        is_last = number == len(self._starts)
        gap = self._gap(number, *((self._home, FOREVER, FOREVER) if is_last else self._wanted(number)))
        if gap.wanted_at < self.now:
            return [Stay(gap.there or "", gap.wanted_at, gap.until)]
        return list(with_rule(self._yard, gap, self.now).stays)

    def _book(self, number: int) -> None:
        """Take the room that the vehicle needs in a gap."""
        self._booked[number] = [s for s in self._stays(number) if s.place in self._yard.limits and s.begin < s.until]
        for place, begin, until in self._booked[number]:
            self.rooms[place].add(begin, until, 1)

    def _cancel(self, number: int) -> None:
        """Take back `_book`."""
        for place, begin, until in self._booked[number]:
            self.rooms[place].add(begin, until, -1)
        self._booked[number] = []


def is_crowded(instance: Instance) -> bool:
    """Return whether vehicles under way come to a place in greater number at a time than there is room for."""
    if instance.execution is None:
        return False
    now = instance.execution.now
    for fleet in (fleet for fleet in instance.fleets if fleet.limited):
        rooms = {place: Profile(fleet.parking[place]) for place in fleet.limited}
        begun = Schedule((), instance.execution.moves, charges=instance.execution.charges)
        for task in (task for vehicle in fleet.vehicles for task in tasks(instance, vehicle.id, begun)):
            first, last = Stay(task.origin, task.start, task.gone), Stay(task.destination, task.since, task.end)
            for place, begin, until in (first, *task.between, last):
                begin = max(begin, now)
                if place not in rooms or begin >= until:
                    continue
                if rooms[place].opening(begin, until - begin, 1) > begin:
                    return True
                rooms[place].add(begin, until, 1)
    return False
