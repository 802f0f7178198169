"""Transit by time of day: how long a trip of a lane is under way depends on when it departs.

Rush hours and night ferries repeat with a period. A trip that departs later may arrive earlier, so that waiting for
the end of a window can pay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace


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

    def changes(self, begin: int, end: int) -> Iterator[int]:
        """Yield the ticks at which the transit time may change, in the periods that meet ``[begin, end)``."""
        edges = {0, *(tick for window in self.windows for tick in (window.start, window.end))}
        for start in range(begin - begin % self.period, end, self.period):
            yield from (start + edge for edge in edges)

    def slowed(self, speed: int) -> TransitTimes:
        """Return the windows with the transit times at so many percent of the usual speed, rounded up."""
        return replace(
            self,
            windows=tuple(replace(w, transit_time=-(-w.transit_time * 100 // speed)) for w in self.windows),
        )
