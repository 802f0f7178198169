"""Timetables: the next departure, the time between departures, and what the calendar leaves of them."""

from __future__ import annotations

import pytest
from helpers import down, shifts

from scheduler.domain import Timetable
from scheduler.domain.timetable import ENDLESS, longest_wait, usable_departures

DAILY = Timetable((8, 12), period=24, until=60)  # 8, 12, 32, 36, 56, 60


@pytest.mark.parametrize(
    ("ready", "departure"),
    [(0, 8), (8, 8), (9, 12), (13, 32), (32, 32), (37, 56), (57, 60), (60, 60), (61, None), (10_000, None)],
)
def test_next_departure(ready: int, departure: int | None) -> None:
    assert DAILY.next(ready) == departure


def test_departures_that_do_not_repeat() -> None:
    once = Timetable((3, 9))
    assert [once.next(tick) for tick in (0, 4, 9, 10)] == [3, 9, 9, None]


def test_nothing_departs_in_the_closed_windows() -> None:
    windows = DAILY.closed(40)
    assert [(w.start, w.end) for w in windows] == [(0, 8), (9, 12), (13, 32), (33, 36), (37, 56)]
    assert (DAILY.closed(70)[-1].start, DAILY.closed(70)[-1].end) == (61, ENDLESS)
    open_ticks = [tick for tick in range(40) if not any(w.start <= tick < w.end for w in windows)]
    assert open_ticks == [8, 12, 32, 36]


def test_the_calendar_takes_departures_away() -> None:
    # Departures 0, 6, 12 ... for trips of 3; works [0, 8) of every 12, so 6 is too late, and [10, 14) is down.
    table, calendar = Timetable((0,), period=6), shifts(12, (0, 8))
    assert usable_departures(table, calendar, 3)[:4] == (0, 12, 24)
    assert longest_wait(table, calendar, 3) == 12
    assert longest_wait(table, down((10, 14)), 3) == 12  # from 6 to 18


def test_the_first_departure_is_waited_for() -> None:
    assert longest_wait(Timetable((9, 10)), down(), 3) == 9


def test_no_usable_departure() -> None:
    assert usable_departures(Timetable((9,), period=12), shifts(12, (0, 8)), 3) == ()
    assert longest_wait(Timetable((9,), period=12), shifts(12, (0, 8)), 3) == 0
