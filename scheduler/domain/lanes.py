"""Transfer lanes: how jobs go from one facility to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from scheduler.domain.calendar import Calendar, Downtime
from scheduler.domain.slowdowns import Slowdown, slowed
from scheduler.domain.timetable import Timetable
from scheduler.domain.transit import TransitTimes, TransitWindow


@dataclass(frozen=True, slots=True)
class Lane:
    """A transfer lane from one facility to another, with identical vehicles.

    A trip departs when its jobs are there and a vehicle is: it lasts ``load_time + transit_time + unload_time``,
    carries jobs of together at most ``units_per_vehicle`` units, and its vehicle is at the origin again
    ``return_time`` ticks later. All vehicles stand at the origin at tick 0. A trip lies outside the downtimes
    of the lane's calendar (from departure to arrival); the return does not care for them. Two trips of the lane
    depart at least ``headway`` ticks apart, and with a ``timetable`` only at its ticks. A trip costs ``trip_cost`` and
    ``unit_cost`` for each unit on it, and emits ``trip_co2``, in any units of money and mass. With ``transit_times``
    the transit time depends on when the trip departs, and ``transit_time`` is that outside their windows. ``slowdowns``
    come by events; only those that have not been ended matter to what is still to come.
    """

    id: str
    origin: str
    destination: str
    transit_time: int
    vehicles: int = 1
    units_per_vehicle: int = 1
    return_time: int = 0
    load_time: int = 0
    unload_time: int = 0
    calendar: Calendar = field(default_factory=Calendar)
    headway: int = 0
    timetable: Timetable | None = None
    trip_cost: int = 0
    unit_cost: int = 0
    trip_co2: int = 0
    transit_times: TransitTimes | None = None
    slowdowns: tuple[Slowdown, ...] = ()

    @property
    def pick_up_time(self) -> int:
        """Ticks from departure until the job has left its place: ``load_time``."""
        return self.load_time

    @property
    def drop_time(self) -> int:
        """Ticks before arrival in which the job is put down: ``unload_time``."""
        return self.unload_time

    @property
    def trip_time(self) -> int:
        """Ticks from departure (start of loading) to arrival (end of unloading), outside windows and slowdowns."""
        return self.load_time + self.transit_time + self.unload_time

    @property
    def cycle_time(self) -> int:
        """Ticks for which a trip keeps its vehicle at the longest: trip and return."""
        return self.trip_times[-1] + self.return_time

    @property
    def varies(self) -> bool:
        """Whether the length of a trip that is still to come depends on when it departs."""
        return self.transit_times is not None or any(slowdown.end is None for slowdown in self.slowdowns)

    @property
    def settled(self) -> int:
        """The tick from which on departures, downtimes and transit times only repeat."""
        ticks = [self.calendar.settled]
        ticks += [tick for slowdown in self.slowdowns for tick in slowdown.changes]
        if self.timetable is not None:
            ticks.append(self.timetable.departures[-1])
        return max(ticks)

    def trip_time_at(self, departure: int) -> int:
        """Return the ticks from departure to arrival of a trip that departs then."""
        times, transit_time = self.transit_times, self.transit_time
        if times is not None:
            transit_time = times.at(departure, transit_time)
        return self.load_time + slowed(transit_time, self.slowdowns, departure) + self.unload_time

    @property
    def trip_times(self) -> tuple[int, ...]:
        """The lengths that trips still to come can have, the shortest first."""
        windows = self.transit_times.windows if self.transit_times is not None else ()
        usual = {window.transit_time for window in windows}
        if self.transit_times is None or sum(w.end - w.start for w in windows) < self.transit_times.period:
            usual.add(self.transit_time)
        ahead = [slowdown for slowdown in self.slowdowns if slowdown.end is None]
        begun = max((slowdown.start for slowdown in ahead), default=0)
        ticks = {begun, *(slowdown.until for slowdown in ahead if slowdown.until is not None)}
        transit_times = {slowed(time, ahead, max(tick, begun)) for time in usual for tick in ticks}
        return tuple(sorted(self.load_time + time + self.unload_time for time in transit_times))

    def closed(self, trip_time: int, end: int) -> tuple[Downtime, ...]:
        """Return every maximal window, of those that start before `end`, in which no trip of that length departs."""
        if not self.varies:
            return ()
        windows: list[Downtime] = []
        for start, until in pairwise((0, *self.changes(0, end), max(end, 1))):
            if self.trip_time_at(start) == trip_time:
                continue
            begin = windows.pop().start if windows and windows[-1].end == start else start
            windows.append(Downtime(begin, until, f"trips are not {trip_time} long"))
        return tuple(windows)

    def next_departure(self, ready: int, trip_time: int) -> int | None:
        """Return the first tick from `ready` on at which trips that depart are of that length, None if there is none.

        That is by the transit times alone.
        """
        if self.trip_time_at(ready) == trip_time:
            return ready
        period = self.transit_times.period if self.transit_times is not None else 0
        changes = self.changes(ready, max(ready, self.settled) + 2 * period + 1)
        return next((tick for tick in changes if self.trip_time_at(tick) == trip_time), None)

    def transit_windows(self, begin: int, end: int) -> Iterator[TransitWindow]:
        """Yield the maximal windows of ``[begin, end)`` in which transit takes another time than usual."""
        found: list[TransitWindow] = []
        for start, until in pairwise((begin, *self.changes(begin, end), end)):
            transit_time = self.trip_time_at(start) - self.load_time - self.unload_time
            if found and (found[-1].end, found[-1].transit_time) == (start, transit_time):
                start = found.pop().start
            found.append(TransitWindow(start, until, transit_time))
        yield from (window for window in found if window.transit_time != self.transit_time)

    def changes(self, begin: int, end: int) -> list[int]:
        """Return the ticks between the two at which the transit time may change, in order."""
        found = {tick for slowdown in self.slowdowns for tick in slowdown.changes}
        if self.transit_times is not None:
            found.update(self.transit_times.changes(begin, end))
        return sorted(tick for tick in found if begin < tick < end)

    @property
    def vehicle_ids(self) -> tuple[str, ...]:
        """Names of the vehicles: ``lane#1``, ``lane#2`` ..."""
        return tuple(f"{self.id}#{number}" for number in range(1, self.vehicles + 1))
