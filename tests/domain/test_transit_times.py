"""Transit times by time of day: at an instant, the next departure with one, and the windows without it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from scheduler.domain import Lane, TransitTimes, TransitWindow

RUSH = TransitTimes(24, (TransitWindow(7, 9, 5), TransitWindow(16, 19, 5), TransitWindow(19, 20, 2)))


@pytest.mark.parametrize(
    ("departure", "transit_time"), [(0, 3), (6, 3), (7, 5), (8, 5), (9, 3), (18, 5), (19, 2), (20, 3), (31, 5), (43, 2)]
)
def test_at_an_instant(departure: int, transit_time: int) -> None:
    assert RUSH.at(departure, 3) == transit_time


def test_the_next_departure_with_a_transit_time() -> None:
    for ready in range(60):
        for transit_time in (2, 3, 5):
            first = next(tick for tick in range(ready, 100) if RUSH.at(tick, 3) == transit_time)
            assert RUSH.next(ready, transit_time, 3) == first
    assert RUSH.next(0, 9, 3) is None


@pytest.mark.parametrize("end", [1, 7, 20, 24, 25, 60])
def test_closed_windows(end: int) -> None:
    for transit_time in (2, 3, 5):
        windows = RUSH.closed(transit_time, 3, end)
        assert all(a.end < b.start for a, b in pairwise(windows))
        closed = [any(w.start <= tick < w.end for w in windows) for tick in range(end)]
        assert closed == [RUSH.at(tick, 3) != transit_time for tick in range(end)]


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
