"""Slowdowns: travel in a robot cell or fleet takes longer from an instant on, until the way is as fast as usual again.

A slowdown is known once it has begun, and holds until an event ends it. It may be known beforehand until when it
holds: travel that begins from that tick on may be as fast as usual. Machines that are slow work slowly only as long as
it holds, see `scheduler.domain.tempo`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scheduler.domain.resources import CarrierGroup


@dataclass(frozen=True, slots=True)
class Slowdown:
    """Travel that begins at ``start`` or later, and before ``until`` and ``end``, is at ``speed`` percent of the usual.

    ``until`` is when it is to be over (None: that is not known), ``end`` when it was ended (None: not yet).
    """

    start: int
    end: int | None
    speed: int
    until: int | None = None

    @property
    def over_at(self) -> int | None:
        """The first tick from which on travel may be as fast as usual, None if that is not known."""
        return min((tick for tick in (self.until, self.end) if tick is not None), default=None)

    @property
    def changes(self) -> tuple[int, ...]:
        """The ticks at which travel becomes slower or faster."""
        return (self.start,) if self.over_at is None else (self.start, self.over_at)

    def holds(self, instant: int | None) -> bool:
        """Return whether it slows travel that begins at an instant (None: from now on, for plans that know no end)."""
        if instant is None:
            return self.end is None and (self.until is None or self.speed < 100)
        return self.start <= instant and (self.over_at is None or instant < self.over_at)


def slowed(time: int, slowdowns: Iterable[Slowdown], instant: int | None = None) -> int:
    """Return how long travel takes that begins at an instant (None: from now on) and usually takes `time`.

    Slowdowns that hold together multiply; each rounds up.
    """
    for slowdown in slowdowns:
        if slowdown.holds(instant):
            time = -(-time * 100 // slowdown.speed)
    return time


def lifts(group: CarrierGroup) -> tuple[int, ...]:
    """Return the ticks at which travel in a robot cell or fleet is to be faster again, in order."""
    return tuple(sorted({s.until for s in group.slowdowns if s.end is None and s.until is not None}))


def travel_ahead(group: CarrierGroup, origin: str, destination: str) -> tuple[tuple[int, int], ...]:
    """Return ``(tick, time)``: travel that begins at the tick or later takes no longer than that.

    The first tick is 0, and its time the longest; ticks and times of slowdowns that are to be over follow.
    """
    found = [(0, group.travel_time(origin, destination))]
    for tick in lifts(group):
        time = group.travel_time(origin, destination, tick)
        if time < found[-1][1]:
            found.append((tick, time))
    return tuple(found)


def arrival(group: CarrierGroup, origin: str, destination: str, leaves_at: int) -> int:
    """Return when a carrier is somewhere first that leaves at a tick or later; to wait for faster ways may pay."""
    return min(max(tick, leaves_at) + time for tick, time in travel_ahead(group, origin, destination))


def least_travel(group: CarrierGroup, origin: str, destination: str) -> int:
    """Return the least time that travel still to come takes."""
    return travel_ahead(group, origin, destination)[-1][1]


def last_departure(group: CarrierGroup, origin: str, destination: str, wanted_at: int) -> int:
    """Return the last instant at which a carrier can leave for a place to be there in time."""
    if not group.slowdowns:
        return wanted_at - group.travel_time(origin, destination)
    changes = sorted({tick for slowdown in group.slowdowns for tick in slowdown.changes})
    latest = wanted_at
    for begin in reversed(changes):
        start = min(wanted_at - group.travel_time(origin, destination, begin), latest)
        if start >= begin:
            return start
        latest = begin - 1
    return min(wanted_at - group.travel_time(origin, destination, -1), latest)


def leaves_at(
    group: CarrierGroup,
    origin: str,
    destination: str,
    free_at: int,
    now: int,
    under_way: int | None,
    anew: bool = False,
) -> int:
    """Return when a carrier that is free in the past leaves for a place, as if its travel took as long as from now on.

    It leaves now, or when it is free, unless it has been ``under_way`` since an instant before now and is no later for
    that. Its level falls by no more than is counted so, if travel drains no less than waiting; else it has to set out
    `anew` if the speed is another one now.
    """
    if under_way is not None:
        ahead = group.travel_time(origin, destination) - group.travel_time(origin, destination, under_way)
        if ahead == 0 or (ahead > 0 and not anew):
            return under_way - ahead
    return max(free_at, now)
