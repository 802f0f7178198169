"""Calendar arithmetic against counting tick by tick."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain import Calendar, Downtime, Shift, ShiftPattern
from scheduler.domain.calendar import earliest_start, end_of_work, working_time

UNTIL = 60


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    windows = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6)), max_size=4))
    pattern = None
    if draw(st.booleans()):
        first = draw(st.integers(0, 3))
        length = draw(st.integers(1, 5))
        pattern = ShiftPattern(first + length + draw(st.integers(0, 4)), (Shift(first, first + length),))
    return Calendar(tuple(Downtime(start, start + length) for start, length in windows), pattern)


def works(calendar: Calendar, tick: int) -> bool:
    """The definition of a calendar, tick by tick."""
    if any(d.start <= tick < d.end for d in calendar.downtimes):
        return False
    pattern = calendar.pattern
    return pattern is None or any(s.start <= tick % pattern.period < s.end for s in pattern.shifts)


@given(calendars())
def test_blocked_windows_are_the_ticks_without_work(calendar: Calendar) -> None:
    blocked = calendar.blocked(UNTIL)
    assert all(a.end < b.start for a, b in pairwise(blocked))
    for tick in range(UNTIL):
        assert any(d.start <= tick < d.end for d in blocked) != works(calendar, tick)


@given(calendars(), st.integers(0, 30), st.integers(0, 25))
def test_working_time_counts_ticks(calendar: Calendar, start: int, length: int) -> None:
    ticks = sum(works(calendar, tick) for tick in range(start, start + length))
    assert working_time(calendar.blocked(UNTIL), start, start + length) == ticks


@given(calendars(), st.integers(0, 30), st.integers(0, 8))
def test_end_of_work_is_the_first_tick_with_all_work_done(calendar: Calendar, start: int, work: int) -> None:
    end, done = start, 0
    while done < work:
        done += works(calendar, end)
        end += 1
    assert end_of_work(calendar.blocked(400), start, work) == end


@given(calendars(), st.integers(0, 30), st.integers(1, 4), st.booleans())
def test_earliest_start_is_the_first_allowed_tick(
    calendar: Calendar, ready: int, work: int, interruptible: bool
) -> None:
    need = 1 if interruptible else work
    expected = next(
        (t for t in range(ready, 300) if all(works(calendar, tick) for tick in range(t, t + need))),
        None,
    )
    if expected is not None:
        assert earliest_start(calendar.blocked(400), ready, work, interruptible) == expected


def test_touching_windows_merge_and_keep_their_reasons() -> None:
    calendar = Calendar((Downtime(3, 5, "clean"), Downtime(5, 8, "repair"), Downtime(20, 22)))
    assert calendar.blocked(30) == (Downtime(3, 8, "clean+repair"), Downtime(20, 22))
    assert calendar.blocked(20) == (Downtime(3, 8, "clean+repair"),)
