"""When robots and vehicles are on the way, and where another move fits in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise
from types import MappingProxyType
from typing import NamedTuple

from scheduler.domain import Carrier, CarrierGroup, Lane, Move
from scheduler.domain.departures import common_period
from scheduler.domain.slowdowns import arrival, leaves_at, lifts, travel_ahead
from scheduler.domain.visits import Stretch, Visit, stretches, visits
from scheduler.search.downtimes import NEVER, Downtimes
from scheduler.search.timelines import Profile


class CarrierTimeline:
    """The loaded moves of a robot, or of a vehicle of a fleet, in order, with room for the empty moves between them.

    The first pending pick-up is not before `now` and the empty move to it, unless that was `under_way` at `now`: the
    start of such an empty move by its places. One that holds several parts has ``visits_left`` at `now`, those of its
    tasks under way: the first is the last that it has begun. ``_meanwhile`` it may take others up, and put
    them down before the last of these or not: the visits of a move before that, by the start of the move.
    """

    __slots__ = (
        "_destinations",
        "_downtimes",
        "_ends",
        "_group",
        "_lifts",
        "_meanwhile",
        "_origins",
        "_starts",
        "carrier",
        "now",
        "under_way",
        "visits_left",
    )

    def __init__(self, carrier: Carrier, group: CarrierGroup, downtimes: Downtimes | None, now: int = 0) -> None:
        self.carrier = carrier
        self._group = group
        self._lifts = lifts(group)
        self._downtimes = downtimes
        self.now = now
        self.under_way: Mapping[tuple[str, str], int] = {}
        self.visits_left: Sequence[Visit] = ()
        self._meanwhile: dict[int, tuple[Visit, ...]] = {}
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._origins: list[str] = []
        self._destinations: list[str] = []

    def opening(self, ready: int, origin: str, destination: str, length: int) -> int:
        """Return the earliest start at or after `ready` of a loaded move; `NEVER` if there is none."""
        length = max(length, 1)
        starts, last = self._starts, len(self._starts)
        gap = bisect_right(self._ends, ready)  # gap i lies before move i
        while True:
            if gap == last or starts[gap] - ready >= length:
                start = max(ready, self._there(gap, origin))
                if self._downtimes is not None:
                    start = self._downtimes.start(start, length)
                if gap == last:
                    return start
                if start + length + self._group.travel_time(destination, self._origins[gap]) <= starts[gap]:
                    return start
            ready = max(ready, self._ends[gap])
            gap += 1

    def swap(self, ready: int, origin: str, destination: str) -> tuple[int, int]:
        """Return start and end of a move from where a part in hand is about to be put down; `NEVER` if there is none.

        The carrier takes the other part off just before, and goes on with it when it has put down all that it had.
        """
        pick_up, last = self._group.pick_up_time, bisect_left(self._starts, self.now)
        ahead = self._visits_ahead()
        errands = self._meanwhile.keys()
        if any(len(made) == 1 for made in self._meanwhile.values()):
            return NEVER, NEVER  # one at a time
        for number, (before, put_down) in enumerate(pairwise(ahead), start=1):
            held = -sum(visit.taken for visit in ahead[number:])
            if not put_down.is_drop or put_down.place != origin or held == self.carrier.capacity:
                continue
            latest = put_down.begin - pick_up
            start = max(ready, self.now, arrival(self._group, before.place, origin, before.end))
            end = arrival(self._group, self._destinations[last - 1], destination, self._ends[last - 1])
            end += self._group.drop_time
            while self._downtimes is not None and start <= latest:
                opening = self._downtimes.start(start, end - start)
                if opening == start:
                    break
                start = opening
            has_time = start <= latest
            later = next((move for move in range(last, len(self._starts)) if self._starts[move] not in errands), None)
            if has_time and later is not None:
                has_time = arrival(self._group, destination, self._origins[later], end) <= self._starts[later]
            if has_time:
                return start, end
        return NEVER, NEVER

    def errand(self, ready: int, origin: str, destination: str, length: int) -> int:
        """Return the earliest start of a move between visits that are left, with the other parts in hand.

        The carrier is back in time at where it puts down the next of these; `NEVER` if there is no such time.
        """
        ahead, swapped = self._visits_ahead(), sum(len(made) == 1 for made in self._meanwhile.values())
        for number, (before, after) in enumerate(pairwise(ahead), start=1):
            held = -sum(visit.taken for visit in ahead[number:]) + swapped
            if held >= self.carrier.capacity or after.begin < ready + length:
                continue
            free_at = before.end if before.place == origin else max(before.end, self.now)
            start = max(ready, self.now, arrival(self._group, before.place, origin, free_at))
            if self._downtimes is not None:
                start = self._downtimes.start(start, length)
            if arrival(self._group, destination, after.place, start + length) <= after.begin:
                return start
        return NEVER

    def _visits_ahead(self) -> list[Visit]:
        """Return the visits that are left, with those that it makes meanwhile."""
        return sorted((*self.visits_left, *chain.from_iterable(self._meanwhile.values())), key=lambda v: v[:2])

    @property
    def sets_out_anew(self) -> bool:
        """Whether an empty move under way counts as one that begins now, if ways have become slow since it began."""
        return False

    def approach(self, start: int, origin: str) -> int:
        """Return how long the empty move to a pick-up at that time is."""
        gap = bisect_right(self._starts, start)
        return self._group.travel_time(self._destinations[gap - 1] if gap else self.carrier.start, origin)

    def reserve(self, start: int, end: int, origin: str, destination: str) -> None:
        """Let the carrier make a move, which takes at least a tick here, so that the order is never in doubt.

        A move in another gripper may have begun before it and end after it: the carrier is free where that ends.
        """
        if self.visits_left and start < self.visits_left[-1].begin:
            move = Move("", origin, destination, self.carrier.id, "robot_move", start, end)
            made = visits(self._group, self.carrier, [move])
            self._meanwhile[start] = tuple(made if end <= self.visits_left[-1].begin else made[:1])
        position, end = bisect_right(self._starts, start), max(end, start + 1)
        if position and end < self._ends[position - 1]:
            end, destination = self._ends[position - 1], self._destinations[position - 1]
        self._starts.insert(position, start)
        self._ends.insert(position, end)
        self._origins.insert(position, origin)
        self._destinations.insert(position, destination)

    def recall(self, moves: Iterable[Move]) -> None:
        """Let the carrier have made the moves that have begun, with several parts in hand perhaps."""
        for stretch in stretches(self._group, self.carrier, sorted(moves, key=lambda m: (m.start, m.end))):
            self.remember(stretch)

    def remember(self, stretch: Stretch) -> None:
        """Let the carrier have made, or be in, a stretch."""
        self.reserve(stretch.start, stretch.end, stretch.origin, stretch.destination)

    def release(self, start: int) -> None:
        """Undo `reserve`."""
        self._meanwhile.pop(start, None)
        position = bisect_left(self._starts, start)
        del self._starts[position], self._ends[position], self._origins[position], self._destinations[position]

    def _there(self, gap: int, place: str) -> int:
        """Return when the carrier can be at a place after the move before the gap."""
        before = self._destinations[gap - 1] if gap else self.carrier.start
        free_at = self._ends[gap - 1] if gap else 0
        travel = self._group.travel_time(before, place)
        if travel > 0 and (gap == 0 or self._starts[gap - 1] < self.now):
            begun = self.under_way.get((before, place))
            sets_out = leaves_at(self._group, before, place, free_at, self.now, begun, anew=self.sets_out_anew)
            return min(sets_out + travel, self._there_later(before, place, free_at))
        return arrival(self._group, before, place, free_at) if self._group.slowdowns else free_at + travel

    def _there_later(self, before: str, place: str, free_at: int) -> int:
        """Return when the carrier can be at a place if it waits for a slowdown to be over."""
        ahead = travel_ahead(self._group, before, place)[1:]
        return min((max(tick, free_at) + time for tick, time in ahead), default=NEVER)

    def lasts(self, start: int, origin: str, destination: str, length: int) -> int:
        """Return how long a move takes that starts then, of which one that starts now takes that `length`."""
        if not self._lifts:
            return length
        return min(length, self._group.move_time(origin, destination, start))


class Trip(NamedTuple):
    """A place for a transfer: a new trip of a vehicle, or one that departs then anyway."""

    departure: int
    is_new: bool
    vehicle: int


class LaneTimeline:
    """The trips of the vehicles of a lane. `docks` are those of the facilities that have a number of them."""

    __slots__ = (
        "_all_departures",
        "_back_at",
        "_departures",
        "_destination_docks",
        "_downtimes",
        "_origin_docks",
        "_period",
        "_settled",
        "_trip_times",
        "_units",
        "lane",
        "vehicle_ids",
    )

    def __init__(
        self, lane: Lane, downtimes: Downtimes | None, docks: Mapping[str, Profile] = MappingProxyType({})
    ) -> None:
        self.lane = lane
        self.vehicle_ids = lane.vehicle_ids
        self._downtimes = downtimes
        self._trip_times = lane.trip_times
        self._period = common_period(lane)
        self._settled = lane.settled
        self._departures: list[list[int]] = [[] for _ in range(lane.vehicles)]
        self._back_at: list[list[int]] = [[] for _ in range(lane.vehicles)]
        self._units: list[list[int]] = [[] for _ in range(lane.vehicles)]
        self._all_departures: list[int] = []
        self._origin_docks = docks.get(lane.origin)
        self._destination_docks = docks.get(lane.destination)

    def opening(self, ready: int, units: int, patience: int) -> Trip:
        """Return the trip that arrives first of those that depart at or after `ready` with room for so many units.

        A trip that departs anyway is preferred to a new one if it arrives at most `patience` ticks after it.
        """
        if units > self.lane.units_per_vehicle:
            return Trip(NEVER, True, 0)
        vehicles = range(self.lane.vehicles)
        new = min((*self._new(vehicle, ready), vehicle) for vehicle in vehicles)
        shared = min((*self._shared(vehicle, ready, units, new[0] + patience), vehicle) for vehicle in vehicles)
        _, departure, vehicle = shared if shared[0] < NEVER else new
        return Trip(departure, shared[0] >= NEVER, vehicle)

    def arrival(self, departure: int) -> int:
        """Return when a trip that departs then arrives; `NEVER` or later if it never departs."""
        return departure + self.lane.trip_time_at(departure)

    def has_room(self, vehicle: int, departure: int, units: int) -> bool:
        """Return whether the vehicle can depart then, or departs anyway, with room for so many units."""
        departures = self._departures[vehicle]
        position = bisect_left(departures, departure)
        if position < len(departures) and departures[position] == departure:
            return self._units[vehicle][position] + units <= self.lane.units_per_vehicle
        trip_time = self.lane.trip_time_at(departure)
        return units <= self.lane.units_per_vehicle and self._earliest(vehicle, departure, trip_time) == departure

    def reserve(self, vehicle: int, departure: int, back_at: int, units: int) -> None:
        """Let a vehicle carry so many units (more) on the trip that departs then."""
        departures = self._departures[vehicle]
        position = bisect_left(departures, departure)
        if position < len(departures) and departures[position] == departure:
            self._units[vehicle][position] += units
            return
        departures.insert(position, departure)
        insort(self._all_departures, departure)
        self._hold_docks(departure, back_at - self.lane.return_time, 1)
        self._back_at[vehicle].insert(position, max(back_at, departure + 1))
        self._units[vehicle].insert(position, units)

    def release(self, vehicle: int, departure: int, units: int) -> None:
        """Undo `reserve`; a trip without load does not take place."""
        position = bisect_left(self._departures[vehicle], departure)
        self._units[vehicle][position] -= units
        if self._units[vehicle][position] == 0:
            del self._all_departures[bisect_left(self._all_departures, departure)]
            self._hold_docks(departure, self._back_at[vehicle][position] - self.lane.return_time, -1)
            del self._departures[vehicle][position], self._back_at[vehicle][position], self._units[vehicle][position]

    def _new(self, vehicle: int, ready: int) -> tuple[int, int]:
        """Return arrival and departure of the new trip of a vehicle that arrives first."""
        best = (NEVER, NEVER)
        for trip_time in self._trip_times:
            start = self._earliest(vehicle, ready, trip_time)
            best = min(best, (min(start + trip_time, NEVER), start))
        return best

    def _earliest(self, vehicle: int, ready: int, trip_time: int) -> int:
        """Return the first departure of a new trip of that length."""
        departures, back_at = self._departures[vehicle], self._back_at[vehicle]
        gap = bisect_right(back_at, ready)
        cycle_time = max(trip_time + self.lane.return_time, 1)
        while True:
            start = max(ready, back_at[gap - 1]) if gap else ready
            start = self._departure(start, trip_time)
            if gap == len(departures) or start + cycle_time <= departures[gap]:
                return start
            gap += 1

    def _departure(self, ready: int, trip_time: int) -> int:
        """Return the earliest departure of a trip of that length that everything allows, headway and docks too."""
        while True:
            start = self._permitted(ready, trip_time)
            if start >= NEVER:
                return NEVER
            if self.lane.headway > 0:
                near = bisect_right(self._all_departures, start - self.lane.headway)
                while near < len(self._all_departures) and self._all_departures[near] < start + self.lane.headway:
                    start = self._all_departures[near] + self.lane.headway
                    near += 1
            if self._origin_docks is not None:
                start = self._origin_docks.opening(start, self.lane.load_time, 1)
            if self._destination_docks is not None and start < NEVER:
                until_unloading = trip_time - self.lane.unload_time
                start = self._destination_docks.opening(start + until_unloading, self.lane.unload_time, 1)
                start -= until_unloading
            if start == ready:
                return start
            ready = start

    def _permitted(self, ready: int, trip_time: int) -> int:
        """Return the earliest departure of a trip of that length that transit times, calendar and timetable allow.

        They repeat together from some tick on: what they don't allow in two of their common periods they never do.
        """
        latest = max(ready, self._settled) + 2 * self._period
        while True:
            start = ready
            if self.lane.varies:
                found = self.lane.next_departure(start, trip_time)
                start = NEVER if found is None else found
            if self._downtimes is not None:
                start = self._downtimes.start(start, max(trip_time, 1))
            if start < NEVER and self.lane.timetable is not None:
                departure = self.lane.timetable.next(start)
                start = NEVER if departure is None else departure
            if start == ready:
                return start
            if start > latest:
                return NEVER
            ready = start

    def _hold_docks(self, departure: int, arrival: int, amount: int) -> None:
        if self._origin_docks is not None:
            self._origin_docks.add(departure, departure + self.lane.load_time, amount)
        if self._destination_docks is not None:
            self._destination_docks.add(arrival - self.lane.unload_time, arrival, amount)

    def _shared(self, vehicle: int, ready: int, units: int, latest: int) -> tuple[int, int]:
        """Return arrival, `latest` or before, and departure of the first trip of a vehicle with room, or `NEVER`."""
        departures, loads = self._departures[vehicle], self._units[vehicle]
        best = (NEVER, NEVER)
        for position in range(bisect_left(departures, ready), len(departures)):
            departure = departures[position]
            if departure + self._trip_times[0] > min(latest, best[0]):
                break
            if loads[position] + units <= self.lane.units_per_vehicle and self.arrival(departure) <= latest:
                best = min(best, (self.arrival(departure), departure))
        return best
