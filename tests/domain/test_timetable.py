"""Timetables: the next departure, and the windows without any."""

from __future__ import annotations

import pytest

from scheduler.domain import Timetable
from scheduler.domain.timetable import ENDLESS

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
