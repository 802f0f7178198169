"""The calendar of a machine up to an instant: when work fits in, at the earliest and at the latest."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from scheduler.domain.calendar import Calendar


class WorkingTime:
    """The calendar of a machine up to an instant, looked up both ways."""

    def __init__(self, calendar: Calendar, until: int) -> None:
        blocked = calendar.blocked(until)
        self._starts = [window.start for window in blocked]
        self._ends = [window.end for window in blocked]
        lost = 0
        self._done = [0]  # working ticks before the end of each window, after the ticks before the first
        for window in blocked:
            lost += window.end - window.start
            self._done.append(window.end - lost)

    def before(self, instant: int) -> int:
        """Return the working ticks before an instant."""
        k = bisect_right(self._starts, instant)
        if k == 0:
            return instant
        return self._done[k] + max(0, instant - self._ends[k - 1])

    def earliest(self, ready: int, work: int, pauses: bool) -> tuple[int, int]:
        """Return the earliest start from `ready` on, and the end."""
        if work == 0 or not self._starts:
            return ready, ready + work
        k = bisect_right(self._ends, ready)  # the first window that is not over
        start = ready
        need = 1 if pauses else work
        while k < len(self._starts) and self._starts[k] < start + need:
            start = self._ends[k]
            k += 1
        if not pauses:
            return start, start + work
        return start, self._instant(self.before(start) + work)

    def latest(self, due: int, work: int, pauses: bool) -> tuple[int, int]:
        """Return the latest start and its end, at `due` or before; the start is negative if there is none."""
        if work == 0 or not self._starts:
            return due - work, due
        k = bisect_left(self._starts, due) - 1  # the last window that has begun
        end = due
        need = 1 if pauses else work
        while k >= 0 and self._ends[k] > end - need:
            end = self._starts[k]
            k -= 1
        if not pauses:
            return end - work, end
        done = self.before(end) - work
        return (self._last_with(done) if done >= 0 else -1), end

    def _instant(self, work: int) -> int:
        """Return the first instant before which so many ticks (at least one) have been worked."""
        k = bisect_left(self._done, work, 1) - 1
        return work if k == 0 else self._ends[k - 1] + work - self._done[k]

    def _last_with(self, work: int) -> int:
        """Return the last working instant before which no more than so many ticks have been worked."""
        k = bisect_right(self._done, work, 1) - 1
        return work if k == 0 else self._ends[k - 1] + work - self._done[k]
