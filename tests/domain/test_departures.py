"""How long a job may have to wait for a departure of a lane that its calendar leaves."""

from __future__ import annotations

from helpers import down, shifts

from scheduler.domain import Calendar, Lane, Timetable, TransitTimes, TransitWindow
from scheduler.domain.departures import longest_wait, usable_departures, usable_windows

ALWAYS = Calendar()
NIGHT = TransitTimes(12, (TransitWindow(6, 12, 4),))


def lane(timetable: Timetable | None, calendar: Calendar = ALWAYS, transit: TransitTimes | None = None) -> Lane:
    """Trips last 3 ticks, and 6 where the transit times of `NIGHT` say so."""
    times = {"transit_time": 1, "load_time": 1, "unload_time": 1}
    return Lane("L", "F", "G", **times, timetable=timetable, calendar=calendar, transit_times=transit)


def test_the_calendar_takes_departures_away() -> None:
    # Departures 0, 6, 12 ... for trips of 3; works [0, 8) of every 12, so 6 is too late, and [10, 14) is down.
    in_shifts = lane(Timetable((0,), period=6), shifts(12, (0, 8)))
    assert usable_departures(in_shifts)[:4] == (0, 12, 24)
    assert longest_wait(in_shifts) == 12
    assert longest_wait(lane(Timetable((0,), period=6), down((10, 14)))) == 12  # from 6 to 18


def test_the_first_departure_is_waited_for() -> None:
    assert longest_wait(lane(Timetable((9, 10)), down())) == 9


def test_no_usable_departure() -> None:
    never = lane(Timetable((9,), period=12), shifts(12, (0, 8)))
    assert usable_departures(never) == ()
    assert longest_wait(never) == 0


def test_departures_with_long_transit() -> None:
    # Departures 1, 5, 9 ... of every 12 last 3, 3 and 6 ticks; works [0, 11), so 9 is too late.
    table = Timetable((1, 5, 9), period=12)
    assert usable_departures(lane(table, shifts(12, (0, 11)), NIGHT))[:4] == (1, 5, 13, 17)
    assert usable_departures(lane(table, ALWAYS, NIGHT))[:4] == (1, 5, 9, 13)


def test_transit_times_and_calendar() -> None:
    # Works [0, 11) of every 12: trips of 3 depart in [0, 6), those of 6, which depart from 6 on, not at all.
    in_shifts = lane(None, shifts(12, (0, 11)), NIGHT)
    assert usable_windows(in_shifts) == ((0, 6), (12, 18))
    assert longest_wait(in_shifts) == 6
    # With a downtime in [2, 4), trips of 3 can't depart in [0, 4).
    assert usable_windows(lane(None, down((2, 4)), NIGHT))[:2] == ((4, 6), (6, 12))
    assert longest_wait(lane(None, down((2, 4)), NIGHT)) == 4
    # Works [0, 2) of every 12: nothing fits.
    assert usable_windows(lane(None, shifts(12, (0, 2)), NIGHT)) == ()


def test_without_limits_nothing_is_waited_for() -> None:
    assert longest_wait(lane(None, shifts(12, (0, 8)))) == 0
    assert longest_wait(lane(None, ALWAYS, NIGHT)) == 0
