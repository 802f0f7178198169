"""Vehicles with batteries: where another move fits in, and which charge it needs before it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from scheduler.domain import Battery, Carrier, Charge, Charger, Fleet, Move
from scheduler.domain.batteries import charging_time, corrected, drain, filled, level_after
from scheduler.domain.parking import Way
from scheduler.domain.slowdowns import arrival, last_departure, least_travel, travel_ahead
from scheduler.domain.visits import Stretch
from scheduler.search.downtimes import NEVER, Downtimes
from scheduler.search.movers import CarrierTimeline
from scheduler.search.timelines import Profile


class Plan(NamedTuple):
    """When a move can start, and the charge that has to come before it."""

    start: int
    charge: Charge | None = None


IMPOSSIBLE = Plan(NEVER)


class Task(NamedTuple):
    """A loaded move, a charge, or a stretch of the past, of which ``drained`` is known; the first is the start."""

    start: int
    end: int
    origin: str
    destination: str
    is_charge: bool
    drained: int | None = None


class BatteryTimeline(CarrierTimeline):
    """The loaded moves and charges of a vehicle in order, such that its level never falls below the minimum.

    After a move a vehicle can reach a charger, unless it is said to be the last one (then, its start place, if it has
    to return). A move after all others may have a charge before it: as
    long as it has to be, and at least up to the end of so many ``pieces`` of the charge curve; longer where the job is
    not ready yet. A move in a gap between others goes there directly, if the charges that follow are still enough. A
    vehicle for several jobs gets one at a time; in the past it may have had several on board. Its empty ``ways`` that
    had begun by `now` took as long as they took.
    """

    __slots__ = ("_battery", "_chargers", "_drained", "_fleet", "_is_charge", "_known", "_rooms", "_ways", "_wish")

    def __init__(
        self,
        vehicle: Carrier,
        battery: Battery,
        fleet: Fleet,
        downtimes: Downtimes | None,
        now: int,
        rooms: Mapping[str, Profile],
        pieces: int,
    ) -> None:
        super().__init__(vehicle, fleet, downtimes, now)
        self._battery = battery
        self._fleet = fleet
        self._rooms = rooms
        self._is_charge: list[bool] = []
        self._drained: dict[int, int] = {}
        self._ways: Sequence[Way] = ()
        self._known: list[tuple[int, int]] = []
        self._wish = ([0] + [step.up_to for step in battery.curve])[min(pieces, len(battery.curve))]
        # Those from which the vehicle gets home, if it has to.
        range_left, self._chargers = battery.capacity - battery.minimum, list[Charger]()
        for charger in fleet.chargers:
            homeward = least_travel(fleet, charger.place, vehicle.start) if fleet.returns else 0
            if battery.drain_empty * homeward <= range_left:
                self._chargers.append(charger)

    @property
    def ways(self) -> Sequence[Way]:
        """The empty ways that had begun by `now`."""
        return self._ways

    @ways.setter
    def ways(self, ways: Sequence[Way]) -> None:
        self._ways = ways
        self._known.clear()

    @property
    def sets_out_anew(self) -> bool:
        """Whether travel drains less than waiting: then it must not count as longer than it is."""
        return self._battery.drain_empty < self._battery.drain_idle

    def opening(self, ready: int, origin: str, destination: str, length: int) -> int:
        """Return the earliest start at or after `ready` of a loaded move; `NEVER` if there is none."""
        return self.plan(ready, origin, destination, length).start

    def plan(self, ready: int, origin: str, destination: str, length: int, *, is_last: bool = False) -> Plan:
        """Return the earliest start at or after `ready` of a loaded move, with the charge it needs."""
        taken = max(length, 1)
        for gap in range(bisect_right(self._ends, ready), len(self._starts)):
            free_at = max(ready, self._ends[gap - 1] if gap else 0)
            if self._starts[gap] - free_at < taken and not self._lifts:
                continue  # too short, even if the vehicle were there
            start = self._open(max(free_at, self._there(gap, origin)), taken)
            move = self._task(start, origin, destination, taken)
            goes_on = move.end + self._fleet.travel_time(destination, self._origins[gap])
            if self._lifts:
                goes_on = arrival(self._fleet, destination, self._origins[gap], move.end)
            if goes_on <= self._starts[gap] and self._is_enough(gap, move, is_last):
                return Plan(start)
        return self._after_all(ready, origin, destination, taken, is_last)

    def charge_before(self, move: Move) -> Charge | None:
        """Return the charge that a planned move needs before it."""
        way = move.start, move.origin, move.destination, move.end - move.start
        plan = self.plan(*way)
        return plan.charge if plan.start == move.start else self.plan(*way, is_last=True).charge

    def reserve(self, start: int, end: int, origin: str, destination: str) -> None:
        """Let the vehicle make a move."""
        position = bisect_right(self._starts, start)
        self._is_charge.insert(position, False)
        del self._known[position:]
        super().reserve(start, end, origin, destination)

    def remember(self, stretch: Stretch) -> None:
        """Let the vehicle have made, or be in, a stretch."""
        super().remember(stretch)
        self._drained[stretch.start] = drain(self._battery, self._fleet, stretch)

    def release(self, start: int) -> None:
        """Undo `reserve` or `plug_in`."""
        position = bisect_left(self._starts, start)
        del self._is_charge[position], self._known[position:]
        super().release(start)

    def plug_in(self, charge: Charge, place: str) -> None:
        """Let the vehicle charge."""
        self.reserve(charge.start, charge.end, place, place)
        self._is_charge[bisect_right(self._starts, charge.start) - 1] = True

    def levels(self) -> list[tuple[int, int]]:
        """Return the level before and after each move and charge, the last with what is measured later."""
        found = [(before, after) for _, before, after in self._follow(self._tasks(range(len(self._starts))), 0)]
        if found:
            found[-1] = (found[-1][0], self._level())
        return found

    def is_sufficient(self) -> bool:
        """Return whether the level never falls below the minimum from `now` on."""
        tasks = zip(self._starts, self.levels(), strict=True)
        return all(min(levels) >= self._battery.minimum for start, levels in tasks if start >= self.now)

    def way_home(self) -> Charge | None:
        """Return the charge that the vehicle needs after its last move to go back to its start, if it has to."""
        if not self._starts or not self._fleet.returns:
            return None
        gap, home, battery = len(self._starts), self.carrier.start, self._battery
        place, free_at, level = self._destinations[-1], self._ends[-1], self._level()
        if self._starts[-1] < self.now and self.under_way.get((place, home), self.now) < self.now:
            return None  # it is on its way home
        travel = self._fleet.travel_time(place, home)
        waits = self._there(gap, home) - travel - free_at
        if self._lifts:  # it sets out at once
            waits = max(free_at, self.now) - free_at
            travel = self._fleet.travel_time(place, home, free_at + waits)
        if place == home or level - battery.drain_empty * travel - battery.drain_idle * waits >= battery.minimum:
            return None
        return self._charged(free_at, home, home, 0, is_last=True).charge

    def _after_all(self, ready: int, origin: str, destination: str, length: int, is_last: bool) -> Plan:
        """Plan a move after all others: directly, or with a charge before it where that is needed or costs nothing."""
        battery, gap = self._battery, len(self._starts)
        arrives_at = self._there(gap, origin)
        direct = IMPOSSIBLE
        for since in self._instants(origin):
            start = self._last_opening(max(ready, since), origin, destination, length)
            if self._is_enough(gap, self._task(start, origin, destination, length), is_last):
                direct = Plan(start)
                break
        if direct.start < NEVER and (self._level() >= battery.curve[0].up_to or arrives_at >= ready):
            return direct
        if self._is_charge and self._is_charge[-1] and self._starts[-1] >= self.now:
            return direct
        charged = self._charged(ready, origin, destination, length, is_last)
        return charged if charged.start <= direct.start else direct

    def _charged(self, ready: int, origin: str, destination: str, length: int, is_last: bool) -> Plan:
        since = (None, *self._lifts)
        return min(
            (
                self._charged_at(charger, tick, ready, origin, destination, length, is_last)
                for charger in self._chargers
                for tick in since
            ),
            key=lambda plan: plan.start,
            default=IMPOSSIBLE,
        )

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

        The vehicle leaves it at ``since`` or later: ways are as fast as then.
        """
        battery, fleet, room = self._battery, self._fleet, self._rooms[charger.id]
        there, back = self._there(len(self._starts), charger.place), fleet.travel_time(charger.place, origin, since)
        place, free_at = self._stand()
        if since is not None and length > 0:
            ready, length = max(ready, since), self.lasts(since, origin, destination, length)
        needed = battery.minimum + self._drain(origin, destination, length, since)
        needed += self._reach(destination, is_last, ready + length) if length > 0 else 0
        target = needed + battery.drain_empty * back
        if target > battery.capacity:
            return IMPOSSIBLE
        wish = max(target, self._wish if length > 0 else target)
        begin = max(there, self.now)
        waits = [at for at in self._instants(charger.place) if at > begin]
        while True:
            travel = self._under_way(place, charger.place, free_at, begin)
            level = self._level() - battery.drain_empty * travel - battery.drain_idle * (begin - free_at - travel)
            if level < battery.minimum:
                begin = next((at for at in waits if at > begin), NEVER)
                if begin >= NEVER:
                    return IMPOSSIBLE
                continue
            ticks = max(1, charging_time(battery, level, wish))
            opening = room.opening(begin, ticks, 1)
            if opening == begin:
                break
            begin = opening
        start = self._open(max(ready, max(begin + ticks, since or 0) + back), length)
        if length > 0 and self._lifts:
            back = fleet.travel_time(charger.place, origin, last_departure(fleet, charger.place, origin, start))
        stays = start - back
        if battery.drain_idle == 0:
            full = begin + charging_time(battery, level, battery.capacity)
            stays = min(stays, max(begin + ticks, full, since or 0))
        end = min(stays, room.limit(begin, 1))
        if length == 0 and end < (since or 0):
            return IMPOSSIBLE  # it would go home at once, slowly
        left = level_after(battery, level, end - begin) - battery.drain_idle * (start - back - end)
        if left - battery.drain_empty * back < needed:
            return IMPOSSIBLE
        return Plan(start, Charge(self.carrier.id, charger.id, begin, end))

    def _instants(self, there: str) -> list[int]:
        """Return 0, and when the vehicle can be at a place if it waits for ways to be faster, there or before."""
        if not self._lifts:
            return [0]
        place, free_at = self._stand()
        ahead = travel_ahead(self._fleet, place, there)[1:]
        arrivals = (max(tick, free_at) + time for tick, time in ahead)
        return sorted({0, *self._lifts, *arrivals})

    def _task(self, start: int, origin: str, destination: str, length: int) -> Task:
        """Return a move that starts then, of which one that starts now takes that long."""
        taken = max(self.lasts(start, origin, destination, length), 1)
        return Task(start, start + taken, origin, destination, False)

    def _last_opening(self, ready: int, origin: str, destination: str, length: int) -> int:
        """Return the earliest start at or after `ready` of a move after all others."""
        return self._open(max(ready, self._there(len(self._starts), origin)), length)

    def _open(self, ready: int, length: int) -> int:
        """Return the earliest start at or after `ready` outside the downtimes."""
        return ready if self._downtimes is None or length == 0 else self._downtimes.start(ready, length)

    def _stand(self) -> tuple[str, int]:
        """Return where the vehicle is in the end, and since when."""
        return (self._destinations[-1], self._ends[-1]) if self._starts else (self.carrier.start, 0)

    def _reach(self, place: str, is_last: bool, free_at: int) -> int:
        """Return what it takes to go from a place to the next charger; after the last move, home if it has to.

        It goes home at once; on its way to a charger it may wait for faster ways.
        """
        battery, fleet = self._battery, self._fleet
        if is_last:
            leaves = free_at if self._lifts else None
            return battery.drain_empty * (fleet.travel_time(place, self.carrier.start, leaves) if fleet.returns else 0)
        if not self._lifts:
            ways = (fleet.travel_time(place, charger.place) for charger in self._chargers)
            return battery.drain_empty * min(ways, default=NEVER)
        drained = (
            battery.drain_empty * time + battery.drain_idle * max(0, tick - free_at)
            for charger in self._chargers
            for tick, time in travel_ahead(fleet, place, charger.place)
        )
        return min(drained, default=NEVER)

    def _drain(self, origin: str, destination: str, length: int, start: int | None = None) -> int:
        """Return what a move takes that begins then (None: now or later); what it is longer than usual is idle."""
        usual = min(length, self._fleet.move_time(origin, destination, start))
        return self._battery.drain_loaded * usual + self._battery.drain_idle * (length - usual)

    def _is_enough(self, gap: int, move: Task, is_last: bool) -> bool:
        """Return whether the level is enough for a move in a gap, all that follows, and what comes after the last."""
        _, lowest = self._level_after(gap)
        followed = list(self._follow((move, *self._tasks(range(gap, len(self._starts)))), gap))
        charges = (before for task, before, _ in followed if task.is_charge and task.start >= self.now)
        last, _, level = followed[-1]
        left = level - self._reach(last.destination, is_last, last.end)
        return min((left, lowest, *charges)) >= self._battery.minimum

    def _level(self) -> int:
        """Return the level at the end of the last task, with what is measured later."""
        level, _ = self._level_after(len(self._starts))
        return level + corrected(self._battery, self._ends[-1] if self._ends else 0)

    def _level_after(self, number: int) -> tuple[int, int]:
        """Return the level after the first so many tasks, and the lowest one with which a charge to come begins.

        What has been followed once stays known until a task before or at it changes: most moves come after all others.
        """
        first = len(self._known)
        if first < number:
            _, lowest = self._known[-1] if self._known else (0, NEVER)
            for task, before, level in self._follow(self._tasks(range(first, number)), first):
                if task.is_charge and task.start >= self.now:
                    lowest = min(lowest, before)
                self._known.append((level, lowest))
        return self._known[number - 1] if number else (self._battery.initial, NEVER)

    def _tasks(self, numbers: Iterable[int]) -> Iterator[Task]:
        for i in numbers:
            start, end, places = self._starts[i], self._ends[i], (self._origins[i], self._destinations[i])
            yield Task(start, end, *places, self._is_charge[i], self._drained.get(start))

    def _follow(self, tasks: Iterable[Task], gap: int) -> Iterator[tuple[Task, int, int]]:
        """Yield every task, from a gap on, with the level before and after it."""
        battery, last, (level, _) = self._battery, Task(0, 0, "", self.carrier.start, False), self._level_after(gap)
        steps = sorted(battery.corrections, reverse=True)
        if gap:
            (last,) = self._tasks((gap - 1,))
            steps = [step for step in steps if step.at > last.start and step.at >= last.end]
        for task in tasks:
            travel = self._travel(last, task)
            before = level - battery.drain_empty * travel - battery.drain_idle * (task.start - last.end - travel)
            while steps and steps[-1].at <= task.start:
                before += steps.pop().by
            if task.is_charge:
                level = filled(battery, before, task.start, task.end)
            elif task.drained is not None:
                level = before - task.drained
            else:
                level = before - self._drain(task.origin, task.destination, task.end - task.start, task.start)
            while steps and steps[-1].at < task.end:
                by = steps.pop().by
                level += 0 if task.is_charge else by
            yield task, before, level
            last = task

    def _travel(self, before: Task, after: Task) -> int:
        """Return how long the vehicle travels between two tasks."""
        return self._under_way(before.destination, after.origin, before.end, after.start)

    def _under_way(self, here: str, there: str, free_at: int, wanted_at: int) -> int:
        """Return for how long the vehicle travels to a place to be there in time: what was under way goes on.

        So it has been in the past, and so it is if that drains it no more than to set out later.
        """
        leaves = last_departure(self._fleet, here, there, wanted_at)
        later = self._fleet.travel_time(here, there, leaves)
        if free_at >= self.now or not self._fleet.slowdowns:
            return later
        for way in self._ways:
            if way.start >= free_at and (way.origin, way.destination) == (here, there) and way.end <= wanted_at:
                was = way.end - way.start
                is_better = was <= later and not self.sets_out_anew
                return was if is_better or wanted_at < self.now else later
        return later
