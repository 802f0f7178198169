"""Ticks of the time axis: round numbers, or dates in steps people use."""

from __future__ import annotations

from datetime import UTC, datetime

from scheduler.domain import Facility, Instance
from scheduler.plot.time_axis import axis_title, time_label, time_ticks


def clockwork(unit: str = "minute", origin: datetime | None = None) -> Instance:
    return Instance("i", (Facility("F"),), (), (), time_unit=unit, time_origin=origin)


def labels(instance: Instance, start: int, end: int, limit: int) -> list[str]:
    return [tick.label for tick in time_ticks(instance, start, end, limit)]


def test_round_numbers_without_origin() -> None:
    assert labels(clockwork(), 0, 71, 8) == ["0", "10", "20", "30", "40", "50", "60", "70"]
    assert labels(clockwork(), 1003, 1019, 5) == ["1005", "1010", "1015"]
    assert labels(clockwork(), 0, 3, 10) == ["0", "1", "2", "3"]
    assert axis_title(clockwork()) == "time (minutes)"


def test_hours_carry_the_date_at_midnight_and_at_the_first_tick() -> None:
    # 22:00 on Sunday 1 March 2026 plus 300 minutes.
    instance = clockwork(origin=datetime(2026, 3, 1, 22))
    found = labels(instance, 0, 300, 6)
    assert found == ["22:00\nSun 2026-03-01", "23:00", "00:00\nMon 2026-03-02", "01:00", "02:00", "03:00"]
    assert [tick.is_major for tick in time_ticks(instance, 0, 300, 6)].index(True) == 2


def test_ticks_are_full_hours_whatever_the_origin() -> None:
    instance = clockwork(origin=datetime(2026, 3, 2, 6, 20, tzinfo=UTC))
    ticks = time_ticks(instance, 0, 120, 3)
    # 7:00 is 40 minutes, 8:00 100 minutes after 6:20.
    assert [tick.at for tick in ticks] == [40, 100]


def test_weeks_begin_on_monday() -> None:
    instance = clockwork("day", datetime(2026, 3, 4))
    assert labels(instance, 0, 20, 3) == ["Mon\n2026-03-09", "Mon\n2026-03-16", "Mon\n2026-03-23"]


def test_seconds_are_shown_when_they_matter() -> None:
    instance = clockwork("second", datetime(2026, 3, 2, 6))
    assert labels(instance, 0, 20, 3)[1] == "06:00:10"


def test_units_without_length_and_dates_beyond_the_calendar_fall_back_to_ticks() -> None:
    assert labels(clockwork("takt", datetime(2026, 3, 2)), 0, 4, 4) == ["0", "1", "2", "3", "4"]
    far = clockwork("day", datetime(2026, 3, 2))
    assert labels(far, 0, 10**7, 2) == ["0", "5000000", "10000000"]
    assert time_label(far, 10**7) == "10000000"


def test_moments_in_sentences() -> None:
    assert time_label(clockwork(), 90) == "90"
    assert time_label(clockwork(origin=datetime(2026, 3, 2, 6)), 90) == "2026-03-02 07:30"
