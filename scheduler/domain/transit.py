"""Transit by time of day: how long a trip of a lane is under way depends on when it departs.

Rush hours and night ferries repeat with a period. A trip that departs later may arrive earlier, so that waiting for
the end of a window can pay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from scheduler.domain.calendar import Downtime


@dataclass(frozen=True, slots=True)
class TransitWindow:
    """Trips that depart in the window ``[start, end)`` of a period are ``transit_time`` ticks under way."""

    start: int
    end: int
    transit_time: int


@dataclass(frozen=True, slots=True)
class TransitTimes:
    """Windows that repeat for ever with a period; trips that depart outside them take the lane's usual transit time.

    ``windows`` are disjoint, sorted and lie inside ``[0, period]``.
    """

    period: int
    windows: tuple[TransitWindow, ...]

    def at(self, departure: int, usual: int) -> int:
        """Return the transit time of a trip that departs then."""
        instant = departure % self.period
        return next((w.transit_time for w in self.windows if w.start <= instant < w.end), usual)

    def next(self, ready: int, transit_time: int, usual: int) -> int | None:
        """Return the first departure at or after `ready` with that transit time, None if there is none."""
        begin = ready - ready % self.period
        for instant in (ready, *(begin + t for t in self._edges), *(begin + self.period + t for t in self._edges)):
            if instant >= ready and self.at(instant, usual) == transit_time:
                return instant
        return None

    def closed(self, transit_time: int, usual: int, end: int) -> tuple[Downtime, ...]:
        """Return every maximal window, of those that start before `end`, in which no departure has that transit time.

        Sorted and disjoint; the last window may reach beyond `end`.
        """
        windows: list[Downtime] = []
        for begin in range(0, max(end, 1), self.period):
            for left, right in pairwise((*self._edges, self.period)):
                if self.at(left, usual) == transit_time or begin + left >= end:
                    continue
                start = begin + left
                if windows and windows[-1].end == start:
                    start = windows.pop().start
                windows.append(Downtime(start, begin + right, f"transit is not {transit_time}"))
        return tuple(windows)

    def slowed(self, speed: int) -> TransitTimes:
        """Return the windows with the transit times at so many percent of the usual speed, rounded up."""
        return replace(
            self,
            windows=tuple(replace(w, transit_time=-(-w.transit_time * 100 // speed)) for w in self.windows),
        )

    @property
    def _edges(self) -> tuple[int, ...]:
        """The instants of a period at which the transit time may change."""
        edges = {0, *(t for window in self.windows for t in (window.start, window.end))}
        return tuple(sorted(edges - {self.period}))
