"""Tempo: how fast a machine works, tick by tick.

A tick of a machine is worth a tick of work, less while it is slow, and nothing in a downtime in which an operation
pauses. An operation ends with the first tick after which its work is done.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import NamedTuple

from scheduler.domain.calendar import Downtime, earliest_start, end_of_work, working_time
from scheduler.domain.slowdowns import Slowdown

MOST_USUAL = 10**6
"""Most units that a tick at the usual speed is worth: enough for three slowdowns at once."""


class Stretch(NamedTuple):
    """A window ``[start, end)`` (None: for ever) in which a tick is worth ``worth`` units of work."""

    start: int
    end: int | None
    worth: int


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tick is worth ``usual`` units of work, in the ``stretches`` (sorted, disjoint) what they say.

    With ``v(t)`` what tick *t* is worth, or 0 in a downtime in which the operation pauses, an operation of *p* ticks of
    work that starts at *s* ends at the least *e* with ``v(s) + ... + v(e - 1) >= p * usual``. Fractions of ticks add
    up, and the last tick is rounded up. Who starts later never ends earlier.
    """

    usual: int = 1
    stretches: tuple[Stretch, ...] = ()

    def end(self, blocked: tuple[Downtime, ...], start: int, work: int) -> int:
        """Return when work ends that starts then and pauses in the sorted, disjoint windows `blocked`."""
        if not self.stretches or work <= 0:
            return end_of_work(blocked, start, work)
        left, end = work * self.usual, start
        for begin, until, worth in self.pieces(start):
            end = end_of_work(blocked, begin, -(-left // worth))
            if until is None or end <= until:
                break
            left -= working_time(blocked, begin, until) * worth
        return end

    def start(self, blocked: tuple[Downtime, ...], ready: int, work: int, interruptible: bool) -> int:
        """Return the earliest start from `ready` on that the calendar allows, see `calendar.earliest_start`."""
        if not self.stretches or interruptible or work <= 0:
            return earliest_start(blocked, ready, work, interruptible)
        start = ready
        for downtime in blocked[max(bisect_right(blocked, ready, key=lambda d: d.start) - 1, 0) :]:
            if downtime.end <= start:
                continue
            if downtime.start >= self.end((), start, work):
                break
            start = downtime.end
        return start

    def worked(self, blocked: tuple[Downtime, ...], start: int, end: int) -> Fraction:
        """Return how many ticks of work are done in ``[start, end)``."""
        if not self.stretches:
            return Fraction(working_time(blocked, start, end))
        units = 0
        for begin, until, worth in self.pieces(start):
            if begin >= end:
                break
            units += working_time(blocked, begin, end if until is None else min(until, end)) * worth
        return Fraction(units, self.usual)

    def least(self, work: int) -> int:
        """Return the fewest ticks that so much work takes, whenever it starts."""
        return -(-work * self.usual // max((self.usual, *(worth for _, _, worth in self.stretches))))

    def pieces(self, start: int) -> list[Stretch]:
        """Return the stretches from `start` on, and those at the usual speed between and after them."""
        found, clock = [], start
        for begin, end, worth in self.stretches:
            if end is not None and end <= clock:
                continue
            if begin > clock:
                found.append(Stretch(clock, begin, self.usual))
            found.append(Stretch(max(clock, begin), end, worth))
            if end is None:
                return found
            clock = end
        return [*found, Stretch(clock, None, self.usual)]

    @property
    def ends(self) -> tuple[int, ...]:
        """The ticks at which its stretches end."""
        return tuple(end for _, end, _ in self.stretches if end is not None)

    def is_over(self, now: int) -> bool:
        """Return whether the machine has its usual speed from `now` on."""
        return all(end is not None and end <= now for _, end, _ in self.stretches)


STEADY = Tempo()
"""The tempo of a machine that always has its usual speed."""


@lru_cache(maxsize=1024)
def tempo_of(slowdowns: tuple[Slowdown, ...]) -> Tempo:
    """Return the tempo of a machine with these slowdowns; those that hold together multiply."""
    if not slowdowns:
        return STEADY
    instants = sorted({tick for slowdown in slowdowns for tick in slowdown.changes})
    speeds: list[tuple[int, int | None, Fraction]] = []
    for begin, end in zip(instants, [*instants[1:], None], strict=True):
        speed = Fraction(1)
        for slowdown in slowdowns:
            speed *= Fraction(slowdown.speed, 100) if slowdown.holds(begin) else 1
        if speeds and speeds[-1][2] == speed:
            speeds[-1] = (speeds[-1][0], end, speed)
        else:
            speeds.append((begin, end, speed))
    usual = lcm(*(speed.denominator for _, _, speed in speeds))
    return Tempo(usual, tuple(Stretch(a, b, int(speed * usual)) for a, b, speed in speeds if speed != 1))
