"""Calendars: when a machine, robot or lane works.

Time is an integer number of ticks and every interval is half-open, ``[start, end)``.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, order=True)
class Downtime:
    """A window ``[start, end)`` in which a resource does not work, planned or not."""

    start: int
    end: int
    reason: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """A working window ``[start, end)`` inside one period of a shift pattern."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ShiftPattern:
    """Working windows that repeat for ever with a period; outside them nothing works.

    ``shifts`` are disjoint, sorted and lie inside ``[0, period]``.
    """

    period: int
    shifts: tuple[Shift, ...]

    @property
    def longest(self) -> int | None:
        """Length of the longest time without pause, over the end of the period too; None if there is no pause."""
        windows: list[tuple[int, int]] = []
        for turn in range(2):
            for shift in self.shifts:
                start, end = turn * self.period + shift.start, turn * self.period + shift.end
                if windows and windows[-1][1] >= start:
                    windows[-1] = (windows[-1][0], end)
                else:
                    windows.append((start, end))
        found = max((end - start for start, end in windows), default=0)
        return None if found >= 2 * self.period else found


@dataclass(frozen=True, slots=True)
class Calendar:
    """Single downtimes plus, optionally, a repeating shift pattern.

    ``overtime`` are windows outside all shifts and downtimes in which it works all the same, sorted and disjoint. No
    file has any: a degraded schedule is conceded them (`scheduler.rescheduling.overtime`).
    """

    downtimes: tuple[Downtime, ...] = ()
    pattern: ShiftPattern | None = None
    overtime: tuple[Shift, ...] = ()

    @property
    def always_works(self) -> bool:
        """Whether there is no downtime at all."""
        return not self.downtimes and self.pattern is None

    @property
    def longest(self) -> int | None:
        """Length of the longest time without pause that comes again and again; None if there is no limit."""
        return None if self.pattern is None else self.pattern.longest

    @property
    def settled(self) -> int:
        """The tick from which on only the pattern counts."""
        return max((*(d.end for d in self.downtimes), *(window.end for window in self.overtime)), default=0)

    def blocked(self, until: int) -> tuple[Downtime, ...]:
        """Return every maximal window without work that starts before `until`, sorted and disjoint.

        The last window may reach beyond `until`. Touching windows are merged (their reasons joined by ``+``).
        """
        windows = [d for d in self.downtimes if d.start < until and d.end > d.start]
        if self.pattern is not None:
            windows.extend(_without(_off_shift(self.pattern, until), self.overtime))
        merged: list[Downtime] = []
        for window in sorted(windows):
            if merged and window.start <= merged[-1].end:
                last = merged[-1]
                reasons = dict.fromkeys(r for r in (*last.reason.split("+"), window.reason) if r)
                merged[-1] = Downtime(last.start, max(last.end, window.end), "+".join(reasons))
            else:
                merged.append(window)
        return tuple(merged)

    def with_downtime(self, downtime: Downtime) -> Calendar:
        """Return a calendar with one more downtime."""
        return replace(self, downtimes=tuple(sorted((*self.downtimes, downtime))))

    def scaled(self, factor: int) -> Calendar:
        """Return the calendar in ticks of which `factor` make one of these."""
        downtimes = tuple(replace(d, start=factor * d.start, end=factor * d.end) for d in self.downtimes)
        if self.pattern is None:
            return Calendar(downtimes)
        shifts = tuple(Shift(factor * shift.start, factor * shift.end) for shift in self.pattern.shifts)
        overtime = tuple(Shift(factor * window.start, factor * window.end) for window in self.overtime)
        return Calendar(downtimes, ShiftPattern(factor * self.pattern.period, shifts), overtime)


def _off_shift(pattern: ShiftPattern, until: int) -> list[Downtime]:
    gaps: list[Downtime] = []
    begin = 0
    for cycle in range(max(0, until) // pattern.period + 2):
        for shift in pattern.shifts:
            start = cycle * pattern.period + shift.start
            if start > begin and begin < until:
                gaps.append(Downtime(begin, start, "off shift"))
            begin = cycle * pattern.period + shift.end
    return gaps


def _without(windows: list[Downtime], overtime: tuple[Shift, ...]) -> list[Downtime]:
    """Return what is left of windows outside others, both sorted and disjoint."""
    if not overtime:
        return windows
    left: list[Downtime] = []
    for window in windows:
        begin = window.start
        for worked in overtime:
            if worked.end > begin and worked.start < window.end:
                if worked.start > begin:
                    left.append(Downtime(begin, worked.start, window.reason))
                begin = min(worked.end, window.end)
        if begin < window.end:
            left.append(Downtime(begin, window.end, window.reason))
    return left


def working_time(blocked: tuple[Downtime, ...], start: int, end: int) -> int:
    """Return the number of ticks of ``[start, end)`` outside the sorted, disjoint windows `blocked`."""
    lost = sum(max(0, min(end, d.end) - max(start, d.start)) for d in blocked)
    return max(0, end - start) - lost


def end_of_work(blocked: tuple[Downtime, ...], start: int, work: int) -> int:
    """Return the smallest ``end`` such that ``[start, end)`` holds `work` working ticks."""
    if work <= 0:
        return start
    position = bisect_right(blocked, start, key=lambda d: d.start) - 1
    clock = start
    for number in range(max(position, 0), len(blocked)):
        downtime = blocked[number]
        if downtime.end <= clock:
            continue
        if downtime.start > clock:
            step = min(work, downtime.start - clock)
            clock += step
            work -= step
            if work == 0:
                return clock
        clock = downtime.end
    return clock + work


def earliest_start(blocked: tuple[Downtime, ...], ready: int, work: int, interruptible: bool) -> int:
    """Return the earliest start at or after `ready` that the calendar allows for `work` ticks.

    An interruptible operation needs its first tick to work (its end then follows from `end_of_work`); any
    other needs a window without downtime of length `work`. An operation of length 0 may start at any time.
    """
    if work <= 0:
        return ready
    start = ready
    position = bisect_right(blocked, start, key=lambda d: d.start) - 1
    for number in range(max(position, 0), len(blocked)):
        downtime = blocked[number]
        if downtime.end <= start:
            continue
        need = 1 if interruptible else work
        if downtime.start >= start + need:
            break
        start = downtime.end
    return start
