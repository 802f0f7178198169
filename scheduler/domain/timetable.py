"""Timetables: when the trips of a lane may depart.

A timetable lists ticks, once or repeated with a period. Together with the calendar of the lane, within which a trip
lies from departure to arrival, it decides how long a job may have to wait for a departure.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from math import lcm

from scheduler.domain.calendar import Calendar, Downtime, earliest_start

ENDLESS = 1 << 60
"""Later than any instant of a schedule."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """Trips depart at the ticks ``d + k period`` that are at most ``until``, for d in ``departures``, k = 0, 1, ...

    ``departures`` are in order and different; with a ``period`` the last is less than a period after the first. Without
    ``period`` they do not repeat (k = 0); without ``until`` they repeat for ever.
    """

    departures: tuple[int, ...]
    period: int | None = None
    until: int | None = None

    def next(self, ready: int) -> int | None:
        """Return the first departure at or after `ready`, None if there is none."""
        first, last = self.departures[0], self.departures[-1]
        shift = 0
        if self.period is not None and ready > last:
            shift = (ready - first) // self.period * self.period
            if ready > last + shift:
                shift += self.period
        position = bisect_left(self.departures, ready - shift)
        if position == len(self.departures):
            return None
        found = self.departures[position] + shift
        return found if self.until is None or found <= self.until else None

    def closed(self, end: int) -> tuple[Downtime, ...]:
        """Return every maximal window without departure that starts before `end`, sorted and disjoint.

        After the last departure the window has no end (it ends at `ENDLESS`).
        """
        windows: list[Downtime] = []
        begin = 0
        while begin < end:
            departure = self.next(begin)
            if departure is None:
                windows.append(Downtime(begin, ENDLESS, "no departure"))
                break
            if departure > begin:
                windows.append(Downtime(begin, departure, "no departure"))
            begin = departure + 1
        return tuple(windows)


def usable_departures(timetable: Timetable, calendar: Calendar, trip_time: int) -> tuple[int, ...]:
    """Return the departures after which a trip is in no downtime, until they repeat.

    From the last single downtime on, what happens repeats with the least common multiple of the periods of timetable
    and shifts: departures are listed over two of them.
    """
    cycle = lcm(timetable.period or 1, calendar.pattern.period if calendar.pattern is not None else 1)
    settled = max([timetable.departures[-1], *(downtime.end for downtime in calendar.downtimes)])
    end = settled + 2 * cycle
    blocked = calendar.blocked(end + trip_time)
    found = []
    departure = timetable.next(0)
    while departure is not None and departure <= end:
        if earliest_start(blocked, departure, trip_time, interruptible=False) == departure:
            found.append(departure)
        departure = timetable.next(departure + 1)
    return tuple(found)


def longest_wait(timetable: Timetable, calendar: Calendar, trip_time: int) -> int:
    """Return the longest time from any tick to the next usable departure, 0 if there is none at all."""
    departures = usable_departures(timetable, calendar, trip_time)
    return max((after - before for before, after in pairwise((0, *departures))), default=0)
