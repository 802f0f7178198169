"""Downtimes of one resource, unrolled as far as anybody has asked, and how fast a machine works outside them."""

from __future__ import annotations

from scheduler.domain.calendar import Calendar, Downtime, earliest_start, end_of_work
from scheduler.domain.tempo import Tempo

NEVER = 1 << 60
"""Later than any instant of a schedule."""


class Downtimes:
    """The windows in which a calendar does not work; a shift pattern is unrolled on demand.

    `start` and `free` are for what takes the same time whenever it begins: a setup, a move.
    """

    __slots__ = ("_calendar", "_known_until", "_last_single", "_period", "_tempo", "_windows")

    def __init__(self, calendar: Calendar, tempo: Tempo | None = None) -> None:
        self._calendar = calendar
        self._tempo = tempo if tempo is not None and tempo.stretches else None
        self._period = calendar.pattern.period if calendar.pattern is not None else 0
        self._last_single = calendar.settled
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

    def window(self, ready: int, work: int, interruptible: bool) -> tuple[int, int]:
        """Return the earliest ``[start, end)`` from `ready` on in which a machine does `work`; `NEVER` if none is."""
        if self._tempo is None or interruptible or ready >= NEVER:
            start = self.start(ready, work, interruptible)
            return start, start if start >= NEVER else self.end(start, work, interruptible)
        changes = max((self._last_single, ready, *self._tempo.ends))
        while True:
            start = self._tempo.start(self._windows, ready, work, interruptible)
            end = self._tempo.end((), start, work)
            if end <= self._known_until or work <= 0:
                return start, end
            if start > changes + 2 * self._period:
                return NEVER, NEVER
            self._unroll(end)

    def end(self, start: int, work: int, interruptible: bool) -> int:
        """Return when `work` ticks are done that begin then, in one piece or with pauses in the downtimes."""
        if not interruptible:
            return start + work if self._tempo is None else self._tempo.end((), start, work)
        while True:
            windows = self._windows
            end = end_of_work(windows, start, work) if self._tempo is None else self._tempo.end(windows, start, work)
            if end <= self._known_until:
                return end
            self._unroll(end)

    def free(self, start: int, end: int) -> bool:
        """Return whether ``[start, end)`` holds no downtime."""
        return self.start(start, end - start) == start

    def _unroll(self, until: int) -> None:
        self._known_until = 2 * until + self._period
        self._windows = self._calendar.blocked(self._known_until)
