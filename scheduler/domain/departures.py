"""How long a job may have to wait for a departure of a lane: by its timetable, or by transit times and calendar."""

from __future__ import annotations

from itertools import pairwise
from math import lcm

from scheduler.domain.calendar import earliest_start
from scheduler.domain.lanes import Lane


def usable_departures(lane: Lane) -> tuple[int, ...]:
    """Return the departures of the timetable after which a trip is in no downtime, until they repeat.

    From the last single downtime and the end of the last slowdown on, what happens repeats with the least common
    multiple of the periods of timetable, shifts and transit times: departures are listed over two of them.
    """
    table = lane.timetable
    if table is None:
        return ()
    end = lane.settled + 2 * common_period(lane)
    blocked = lane.calendar.blocked(end + max(lane.trip_times))
    found = []
    departure = table.next(0)
    while departure is not None and departure <= end:
        if earliest_start(blocked, departure, lane.trip_time_at(departure), interruptible=False) == departure:
            found.append(departure)
        departure = table.next(departure + 1)
    return tuple(found)


def usable_windows(lane: Lane) -> tuple[tuple[int, int], ...]:
    """Return the windows ``[start, end)`` in which a trip that departs is in no downtime, until they repeat.

    Timetables apart; of two periods after the last single downtime, as in `usable_departures`. Sorted; windows of
    trips of different lengths may overlap or touch.
    """
    end = lane.settled + 2 * common_period(lane)
    blocked = lane.calendar.blocked(end + max(lane.trip_times))
    usable: list[tuple[int, int]] = []
    for trip_time in lane.trip_times:
        shut = [(d.start - max(trip_time, 1) + 1, d.end) for d in blocked]
        shut += [(d.start, d.end) for d in lane.closed(trip_time, end)]
        begin = 0
        for start, until in sorted(shut):
            if begin < min(start, end):
                usable.append((begin, min(start, end)))
            begin = max(begin, until)
        if begin < end:
            usable.append((begin, end))
    return tuple(sorted(usable))


def longest_wait(lane: Lane) -> int:
    """Return the longest time from any tick to the next departure after which a trip is in no downtime.

    It is 0 where there is none at all, and for a lane with neither timetable nor transit times by departure, which
    waits for its calendar only.
    """
    if lane.timetable is not None:
        return max((after - before for before, after in pairwise((0, *usable_departures(lane)))), default=0)
    if not lane.varies or lane.calendar.always_works:
        return 0
    longest = begin = 0
    for start, end in usable_windows(lane):
        longest = max(longest, start - begin)
        begin = max(begin, end)
    return longest


def common_period(lane: Lane) -> int:
    """Return after how many ticks timetable, shifts and transit times repeat together (1 where none repeats)."""
    periods = [
        repeated.period
        for repeated in (lane.timetable, lane.calendar.pattern, lane.transit_times)
        if repeated is not None and repeated.period is not None
    ]
    return lcm(*periods)
