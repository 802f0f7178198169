"""Overtime of lanes: trips that slow ways have made longer than every shift in which they could depart.

With *L(d)* the length of a trip that departs at *d*, and ``off(d)`` the ticks off shift in ``[d, d + L(d))``, no trip
of such a lane has less overtime than

    least = min over departures d still to come of off(d)

A departure is one of the timetable, if there is any. The lane departs where that is least and nowhere else, with a
shift if it can, and its shifts are as long as these trips need. Where the timetable ends and no departure has a shift
that is long enough, all that are left may be taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from scheduler.domain import Lane, Shift, ShiftPattern, Timetable
from scheduler.domain.calendar import Calendar, working_time
from scheduler.domain.departures import common_period


@lru_cache(maxsize=256)
def has_room(lane: Lane, now: int) -> bool:
    """Return whether a shift of the lane is long enough for a trip that departs in it now or later."""
    pattern = lane.calendar.pattern
    return pattern is None or any(off_shift(pattern, d, lane.trip_time_at(d)) == 0 for d in _candidates(lane, now))


def with_room(lane: Lane, now: int) -> Lane:
    """Return a lane without room with the departures and shifts in which trips have the least overtime."""
    pattern, table, period = lane.calendar.pattern, lane.timetable, common_period(lane)
    assert pattern is not None
    if table is not None and table.next(_settled(lane, now)) is None:
        return replace(lane, calendar=Calendar(lane.calendar.downtimes))
    found = _candidates(lane, now)
    keys = {d: (off_shift(pattern, d, lane.trip_time_at(d)), not _is_on_shift(pattern, d)) for d in found}
    least = min(keys.values())
    best = [d for d in found if keys[d] == least] if table is not None else list(_level(found, keys, least))
    repeated = (Shift(p + s.start, p + s.end) for p in range(0, period, pattern.period) for s in pattern.shifts)
    trips = (Shift(d % period, d % period + lane.trip_time_at(d)) for d in best)
    longer = ShiftPattern(period, wrapped(period, (*repeated, *trips)))
    departures = Timetable(tuple(sorted(d % period for d in best)), period, None if table is None else table.until)
    return replace(lane, calendar=Calendar(lane.calendar.downtimes, longer), timetable=departures)


def wrapped(period: int, windows: Iterable[Shift]) -> tuple[Shift, ...]:
    """Return windows that begin in a period, joined and cut at its end, where they go on at its begin."""
    found: list[Shift] = []
    for window in windows:
        if window.end - window.start >= period:
            return (Shift(0, period),)
        found.append(Shift(window.start, min(window.end, period)))
        if window.end > period:
            found.append(Shift(0, window.end - period))
    return tuple(merged(found))


def merged(windows: Iterable[Shift]) -> list[Shift]:
    """Return windows in order, those that meet as one."""
    found: list[Shift] = []
    for window in sorted(windows):
        if found and window.start <= found[-1].end:
            found[-1] = Shift(found[-1].start, max(found[-1].end, window.end))
        else:
            found.append(window)
    return found


def _settled(lane: Lane, now: int) -> int:
    """Return the first begin of a period from which on all repeats."""
    period = common_period(lane)
    return -(-max(now, lane.settled) // period) * period


def _candidates(lane: Lane, now: int) -> Sequence[int]:
    """Return the departures of a period, or those that are left; without timetable those where overtime can be least.

    Between the edges of shifts, and the instants at which trips begin to end in another shift or to be of another
    length, overtime grows or falls by a tick in each: it is least where such a time begins or ends.
    """
    begin, period, table = _settled(lane, now), common_period(lane), lane.timetable
    if table is not None:
        first = now if table.next(begin) is None else begin
        found: list[int] = []
        departure = table.next(first)
        while departure is not None and departure < begin + period:
            found.append(departure)
            departure = table.next(departure + 1)
        return found
    pattern = lane.calendar.pattern
    assert pattern is not None
    edges = {0, *(tick for shift in pattern.shifts for tick in (shift.start, shift.end))}
    ticks = {begin, *lane.changes(begin, begin + period)}
    for base in range(0, period, pattern.period):
        for edge in edges:
            ticks.update(begin + (base + edge - length) % period for length in (0, *lane.trip_times))
    ends = [tick - 1 for tick in (*ticks, begin + period) if tick > begin]
    return sorted(ticks.union(ends))


def _level(candidates: Sequence[int], keys: dict[int, tuple[int, bool]], least: tuple[int, bool]) -> Iterator[int]:
    """Yield the instants with the least overtime: where it is so at two candidates, it is in between."""
    yield from (d for d in candidates if keys[d] == least)
    for start, end in pairwise(candidates):
        if keys[start] == keys[end] == least:
            yield from range(start + 1, end)


def off_shift(pattern: ShiftPattern, start: int, length: int) -> int:
    """Return how many ticks of ``[start, start + length)`` are off shift."""
    start %= pattern.period
    return length - working_time(Calendar(pattern=pattern).blocked(start + length), start, start + length)


def _is_on_shift(pattern: ShiftPattern, instant: int) -> bool:
    return any(shift.start <= instant % pattern.period < shift.end for shift in pattern.shifts)
