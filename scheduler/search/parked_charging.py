"""Vehicles with batteries in fleets with limited places: where another move and its charge fit in, with all stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from scheduler.domain import Battery, Charge, Charger, Vehicle
from scheduler.domain.batteries import charging_time
from scheduler.domain.parking import Yard, stand_at
from scheduler.domain.slowdowns import arrival
from scheduler.search.charging import IMPOSSIBLE, BatteryTimeline, Plan, Task
from scheduler.search.downtimes import NEVER, Downtimes
from scheduler.search.parking import Errand, ParkingTimeline
from scheduler.search.timelines import Profile


class ParkedBatteryTimeline(ParkingTimeline, BatteryTimeline):
    """The loaded moves and charges of a vehicle that has a battery, and for which there is not room everywhere.

    Charges are tasks beside the moves: while it charges, the vehicle stands at the place of the charger. Its level is
    that with the ways of the rule of `Yard`; stops that nobody needs are left out in the end, if that saves charge.
    """

    def __init__(
        self,
        vehicle: Vehicle,
        battery: Battery,
        yard: Yard,
        downtimes: Downtimes | None,
        now: int,
        rooms: Mapping[str, Profile],
        chargers: Mapping[str, Profile],
        pieces: int,
    ) -> None:
        BatteryTimeline.__init__(self, vehicle, battery, yard.fleet, downtimes, now, chargers, pieces)
        self.rooms = rooms
        self._stand_in(yard)

    def opening(self, ready: int, origin: str, destination: str, length: int) -> int:
        """Return the earliest start at or after `ready` of a loaded move; `NEVER` if there is none."""
        return self.plan(ready, origin, destination, length).start

    def plan(self, ready: int, origin: str, destination: str, length: int, *, is_last: bool = False) -> Plan:
        """Return the earliest start at or after `ready` of a loaded move, with the charge it needs."""
        for gap, start in self._openings(ready, origin, destination, length):
            move = Task(start, start + length, origin, destination, False)
            if gap < len(self._starts) and self._is_enough(gap, move, is_last):
                return Plan(start)
        return self._after_all(ready, origin, destination, length, is_last)

    def plug_in(self, charge: Charge, place: str) -> None:
        """Let the vehicle charge."""
        self._handled[charge.start] = (charge.start, charge.start)
        super().plug_in(charge, place)

    def way_home(self) -> Charge | None:
        """Return the charge that the vehicle needs after its last move to go back to its start, if it has to."""
        if not self._starts or self._home is None:
            return None
        battery, fleet, home = self._battery, self._fleet, self._home
        place, leaves_at = stand_at(*self._leaving(len(self._starts)))
        homeward = battery.drain_empty * fleet.travel_time(place, home, leaves_at)  # at once
        if place == home or self._level_at(place, leaves_at) - homeward >= battery.minimum:
            return None
        plans = []
        for charger in self._chargers:
            back = fleet.travel_time(charger.place, home)
            charge = self._charge(charger, battery.minimum + battery.drain_empty * back)
            if charge is not None:
                plans.append(Plan(charge.end + back, charge))
        return min(plans, key=lambda plan: plan.start, default=IMPOSSIBLE).charge

    def _there(self, gap: int, place: str) -> int:
        here, leaves_at = stand_at(*self._leaving(gap))
        return arrival(self._fleet, here, place, leaves_at)

    def _last_opening(self, ready: int, origin: str, destination: str, length: int) -> int:
        return self._opening(len(self._starts), ready, self._errand(origin, destination, length))

    def _charged_at(
        self,
        charger: Charger,
        since: int | None,
        ready: int,
        origin: str,
        destination: str,
        length: int,
        is_last: bool,
    ) -> Plan:
        """Return the earliest start of a move after all others, with a charge at this charger before it.

        Where what others do makes it wait so long that no charge is enough, it charges after all of that: then there is
        room wherever it goes.
        """
        if since is not None:
            return IMPOSSIBLE  # other ways count as slow
        battery, move = self._battery, self._errand(origin, destination, length)
        drained = battery.drain_empty * self._fleet.travel_time(charger.place, origin)
        drained += self._drain(origin, destination, length)
        target = battery.minimum + drained + self._reach(destination, is_last, ready)
        if target > battery.capacity:
            return IMPOSSIBLE
        profiles = (self._rooms[charger.id], *self.rooms.values())
        for floor in (self.now, max(profile.steps[-1][0] for profile in profiles)):
            for level in sorted({max(target, self._wish), battery.capacity}):
                charge = self._charge(charger, level, floor)
                plan = IMPOSSIBLE if charge is None else self._after(charge, charger, ready, move, is_last)
                if plan.start < NEVER:
                    return plan
        return IMPOSSIBLE

    def _charge(self, charger: Charger, level: int, floor: int = 0) -> Charge | None:
        """Return the first charge after all tasks up to a level, from `floor` on; None if it runs down before that."""
        battery, begin = self._battery, max(floor, self._there(len(self._starts), charger.place))
        while begin < NEVER:
            from_level = self._level_at(charger.place, begin)
            if from_level < battery.minimum:
                return None
            needed = max(1, charging_time(battery, from_level, level))
            errand = Errand(charger.place, charger.place, needed, 0, needed)
            opening = self._rooms[charger.id].opening(begin, needed, 1)
            if opening == begin:
                opening = self._opening(len(self._starts), begin, errand)
            if opening == begin:
                return Charge(self.carrier.id, charger.id, begin, begin + needed)
            begin = opening
        return None

    def _after(self, charge: Charge, charger: Charger, ready: int, move: Errand, is_last: bool) -> Plan:
        """Return the earliest start of a move after a charge, which lasts longer where the vehicle would wait."""
        length, back = move.length, self._fleet.travel_time(charger.place, move.origin)
        self.plug_in(charge, charger.place)
        start = self._opening(len(self._starts), ready, move)
        self.release(charge.start)
        task = Task(start, start + length, move.origin, move.destination, False)
        for end in self._unplugged(charge, charger, start - back) if start < NEVER else ():
            longer = replace(charge, end=end)
            self.plug_in(longer, charger.place)
            fits = self._opening(len(self._starts), start, move) == start
            fits = fits and self._is_enough(len(self._starts), task, is_last)
            self.release(charge.start)
            if fits:
                return Plan(start, longer)
        return IMPOSSIBLE

    def _unplugged(self, charge: Charge, charger: Charger, latest: int) -> Iterator[int]:
        """Yield when a charge may end: as late as it is of use and there is room, up to `latest`; and when it ends."""
        battery = self._battery
        if battery.drain_idle == 0:
            full = charging_time(battery, self._level_at(charger.place, charge.start), battery.capacity)
            latest = min(latest, max(charge.end, charge.start + full))
        latest = min(latest, self._rooms[charger.id].limit(charge.start, 1))
        if charger.place in self._yard.limits:
            number = len(self._starts)
            self._cancel(number)
            latest = min(latest, self.rooms[charger.place].limit(charge.start, 1))
            self._book(number)
        if latest > charge.end:
            yield latest
        yield charge.end

    def _reach(self, place: str, is_last: bool, free_at: int) -> int:
        """Return what it takes to get to the next charger, over a stop perhaps; after the last move, out of the way."""
        drain, yard = self._battery.drain_empty, self._yard
        if is_last and self._home is not None:
            return drain * self._fleet.travel_time(place, self._home)
        out = self._fleet.travel_time(place, yard.stop(place, None)) if place in yard.limits else 0
        if is_last:
            return drain * out
        return drain * max(out, min((self._longest(place, c.place) for c in self._chargers), default=NEVER))

    def _longest(self, here: str, there: str) -> int:
        is_limited = here in self._yard.limits and there in self._yard.limits
        return self._yard.detour(here, there) if is_limited else self._fleet.travel_time(here, there)

    def _level_at(self, place: str, instant: int) -> int:
        """Return the level of the vehicle, after all tasks, at a place to which it comes for a task at an instant."""
        number, battery = len(self._starts), self._battery
        last = next(self._tasks((number - 1,))) if number else Task(0, 0, "", self.carrier.start, False)
        travel = self._travel(last, Task(instant, instant, place, place, False))
        return self._level() - battery.drain_empty * travel - battery.drain_idle * (instant - last.end - travel)

    def _travel(self, before: Task, after: Task) -> int:
        is_past = before.start < self.now
        begun = [way for way in self._begun_after(before.end) if is_past and way.start < after.start]
        travelled = sum(way.end - way.start for way in begun)
        if after.start < self.now:
            return travelled
        here, leaves_at = stand_at(begun, before.destination, before.end, self.now if is_past else before.end)
        ways = self._yard.ways(here, leaves_at, after.origin, after.start)
        return travelled + sum(way.end - way.start for way in ways)
