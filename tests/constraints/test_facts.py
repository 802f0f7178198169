"""The checker's own arithmetic of working time agrees with that of the domain, which shares no code with it."""

from __future__ import annotations

from helpers import at, carry, down, empty, factory, job, machine, mode, op, schedule, shifts, transfer
from hypothesis import given
from hypothesis import strategies as st

from scheduler.constraints.facts import Clock, consecutive, describe
from scheduler.domain import Calendar, Downtime, Precedence, Shift, ShiftPattern
from scheduler.domain.calendar import working_time

WINDOWS = st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda w: Downtime(w[0], w[0] + w[1]))


@st.composite
def patterns(draw: st.DrawFn) -> ShiftPattern:
    """One to three shifts in a period of 12: consecutive pairs of sorted, distinct instants."""
    instants = sorted(draw(st.sets(st.integers(0, 12), min_size=2, max_size=6)))
    return ShiftPattern(12, tuple(Shift(a, b) for a, b in zip(instants[::2], instants[1::2], strict=False)))


@given(st.lists(WINDOWS, max_size=5), st.none() | patterns(), st.integers(0, 80), st.integers(0, 40))
def test_clock_counts_as_the_domain_does(
    downtimes: list[Downtime], pattern: ShiftPattern | None, start: int, length: int
):
    calendar = Calendar(tuple(sorted(downtimes)), pattern)
    end = start + length
    working = Clock(calendar).working(start, end)
    assert working == working_time(calendar.blocked(end), start, end)
    assert Clock(calendar).downtime(start, end) == length - working


def test_clock_by_hand():
    # Down in [4, 6) and [8, 9): of [3, 11) the ticks 3, 6, 7, 9, 10 work.
    assert Clock(down((4, 6), (8, 9))).working(3, 11) == 5
    assert Clock(down((4, 6))).working(6, 3) == 0
    # Shifts [0, 4) and [6, 9) of each 10: the second period begins at 10.
    assert Clock(shifts(10, (0, 4), (6, 9))).working(2, 12) == 2 + 3 + 2


def test_consecutive_pairs_are_scheduled_and_distinct():
    # 1 -> 2 is written twice, 3 is not scheduled.
    links = Precedence("1", "2"), Precedence("1", "2", 4), Precedence("2", "3")
    instance = factory(machine("M1"), job("J1", *(op(id, mode("M1", 1)) for id in "123"), links=links))
    first, second = at("J1.1", "M1", 0, 1), at("J1.2", "M1", 5, 6)
    assert consecutive(instance, schedule(first, second)) == [(first, second)]


def test_moves_in_words():
    assert describe(carry("J1 1>2", "M1>M2", "R", 7, 11)) == "J1 from M1 to M2 at 7"
    assert describe(transfer("J1 1>2", "F>G", "L#1", 3, 5)) == "J1 from F to G at 3"
    assert describe(empty("M2>M1", "R", 11, 13)) == "empty move from M2 to M1 at 11"
