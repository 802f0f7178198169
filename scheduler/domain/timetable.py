"""Timetables: when the trips of a lane may depart.

A timetable lists ticks, once or repeated with a period. Together with the calendar of the lane, within which a trip
lies from departure to arrival, it decides how long a job may have to wait for a departure.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from scheduler.domain.calendar import Downtime

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
