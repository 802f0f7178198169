"""Transit times by time of day: at an instant, the next departure with one, and the windows without it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from scheduler.domain import Lane, Slowdown, TransitTimes, TransitWindow

RUSH = TransitTimes(24, (TransitWindow(7, 9, 5), TransitWindow(16, 19, 5), TransitWindow(19, 20, 2)))


@pytest.mark.parametrize(
    ("departure", "transit_time"), [(0, 3), (6, 3), (7, 5), (8, 5), (9, 3), (18, 5), (19, 2), (20, 3), (31, 5), (43, 2)]
)
def test_at_an_instant(departure: int, transit_time: int) -> None:
    assert RUSH.at(departure, 3) == transit_time


LANES = [
    Lane("L", "F", "G", transit_time=3, load_time=1, transit_times=RUSH),
    Lane("L", "F", "G", transit_time=3, load_time=1, slowdowns=(Slowdown(2, None, 60, until=11),)),
    Lane("L", "F", "G", transit_time=3, load_time=1, transit_times=RUSH, slowdowns=(Slowdown(2, None, 60, until=44),)),
    Lane("L", "F", "G", transit_time=3, slowdowns=(Slowdown(2, None, 60, until=11), Slowdown(2, None, 150, until=7))),
]
"""Trips last 1 + 3 ticks, but by RUSH or a slowdown until 11; a slow RUSH until 44; two slowdowns."""


@pytest.mark.parametrize("lane", LANES)
def test_the_next_departure_with_a_length(lane: Lane) -> None:
    assert {lane.trip_time_at(tick) for tick in range(2, 100)} == set(lane.trip_times)
    for ready in range(60):
        for trip_time in lane.trip_times:
            first = next((tick for tick in range(ready, 100) if lane.trip_time_at(tick) == trip_time), None)
            assert lane.next_departure(ready, trip_time) == first
    assert lane.next_departure(0, 19) is None


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("end", [1, 7, 20, 24, 25, 60])
def test_closed_windows(lane: Lane, end: int) -> None:
    for trip_time in lane.trip_times:
        windows = lane.closed(trip_time, end)
        assert all(a.end < b.start for a, b in pairwise(windows))
        closed = [any(w.start <= tick < w.end for w in windows) for tick in range(end)]
        assert closed == [lane.trip_time_at(tick) != trip_time for tick in range(end)]


def test_a_lane_is_slow_until_a_tick_or_until_it_is_ended() -> None:
    lane = LANES[1]
    assert [lane.trip_time_at(tick) for tick in (1, 2, 10, 11)] == [4, 6, 6, 4]
    assert (lane.varies, lane.trip_times) == (True, (4, 6))
    ended = replace(lane, slowdowns=(replace(lane.slowdowns[0], end=5),))
    assert [ended.trip_time_at(tick) for tick in (1, 2, 4, 5)] == [4, 6, 6, 4]
    assert (ended.varies, ended.trip_times) == (False, (4,))
    assert list(lane.transit_windows(0, 30)) == [TransitWindow(2, 11, 5)]
    assert [(w.start, w.end, w.transit_time) for w in LANES[0].transit_windows(8, 45)] == [
        *((8, 9, 5), (16, 19, 5), (19, 20, 2)),
        *((31, 33, 5), (40, 43, 5), (43, 44, 2)),
    ]


def test_a_slow_route_is_slow_at_any_time() -> None:
    slow = RUSH.slowed(60)
    assert [window.transit_time for window in slow.windows] == [9, 9, 4]
    assert [(w.start, w.end) for w in slow.windows] == [(w.start, w.end) for w in RUSH.windows]


def test_the_lengths_of_trips() -> None:
    lane = Lane("L", "F", "G", transit_time=3, load_time=1, unload_time=1, return_time=4, transit_times=RUSH)
    assert lane.trip_times == (4, 5, 7)
    assert lane.cycle_time == 11
    assert [lane.trip_time_at(tick) for tick in (0, 7, 19)] == [5, 7, 4]
    all_day = Lane("L", "F", "G", transit_time=3, transit_times=TransitTimes(8, (TransitWindow(0, 8, 5),)))
    assert all_day.trip_times == (5,)
