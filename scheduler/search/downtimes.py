"""Downtimes of one resource, unrolled as far as anybody has asked."""

from __future__ import annotations

from scheduler.domain.calendar import Calendar, Downtime, earliest_start, end_of_work

NEVER = 1 << 60
"""Later than any instant of a schedule."""


class Downtimes:
    """The windows in which a calendar does not work; a shift pattern is unrolled on demand."""

    __slots__ = ("_calendar", "_known_until", "_last_single", "_period", "_windows")

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._period = calendar.pattern.period if calendar.pattern is not None else 0
        self._last_single = max((d.end for d in calendar.downtimes), default=0)
        self._known_until = NEVER if calendar.pattern is None else 0
        self._windows: tuple[Downtime, ...] = calendar.blocked(NEVER) if calendar.pattern is None else ()

    def start(self, ready: int, work: int, interruptible: bool = False) -> int:
        """Return the earliest start at or after `ready` for `work` ticks; `NEVER` if no shift is long enough.

        After the last single downtime the pattern repeats: what fits nowhere in two periods fits nowhere.
        """
        if ready >= NEVER:
            return NEVER
        while True:
            start = earliest_start(self._windows, ready, work, interruptible)
            if start + work <= self._known_until or work <= 0:
                return start
            if start > max(ready, self._last_single) + 2 * self._period:
                return NEVER
            self._unroll(start + work)

    def end(self, start: int, work: int) -> int:
        """Return the smallest ``end`` such that ``[start, end)`` holds `work` working ticks."""
        while True:
            end = end_of_work(self._windows, start, work)
            if end <= self._known_until:
                return end
            self._unroll(end)

    def free(self, start: int, end: int) -> bool:
        """Return whether ``[start, end)`` holds no downtime."""
        return self.start(start, end - start) == start

    def _unroll(self, until: int) -> None:
        self._known_until = 2 * until + self._period
        self._windows = self._calendar.blocked(self._known_until)
