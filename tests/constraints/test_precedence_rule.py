"""min_lag <= start(successor) - end(predecessor) <= max_lag."""

from __future__ import annotations

from helpers import assert_valid, at, factory, flagged, job, machine, mode, op, schedule

from scheduler.domain import Instance, Precedence, Schedule


def pair(min_lag: int = 0, max_lag: int | None = None) -> Instance:
    """Operation 1 on M1 takes 3, then operation 2 on M2 takes 2."""
    operations = op("1", mode("M1", 3)), op("2", mode("M2", 2))
    return factory(
        machine("M1"), machine("M2"), job("J1", *operations, links=(Precedence("1", "2", min_lag, max_lag),))
    )


def second_at(start: int) -> Schedule:
    """Operation 1 ends at 3."""
    return schedule(at("J1.1", "M1", 0, 3), at("J1.2", "M2", start, start + 2))


def test_successor_waits():
    assert_valid(pair(), second_at(3))
    assert flagged(pair(), second_at(1)) == [("precedence", "J1.1 -> J1.2", 2)]


def test_successor_may_be_late_without_maximum_lag():
    assert_valid(pair(), second_at(1000))


def test_minimum_lag():
    assert_valid(pair(min_lag=4), second_at(7))
    assert flagged(pair(min_lag=4), second_at(6)) == [("precedence", "J1.1 -> J1.2", 1)]


def test_maximum_lag():
    assert_valid(pair(max_lag=2), second_at(5))
    assert flagged(pair(max_lag=2), second_at(8)) == [("precedence", "J1.1 -> J1.2", 3)]


def test_no_wait():
    assert_valid(pair(0, 0), second_at(3))
    assert flagged(pair(0, 0), second_at(4)) == [("precedence", "J1.1 -> J1.2", 1)]
    assert flagged(pair(0, 0), second_at(2)) == [("precedence", "J1.1 -> J1.2", 1)]


def test_precedence_of_operations_that_are_left_out_does_not_count():
    # Plan (2): operation 1 is left out, and operation 2 may start at once in spite of the lag.
    operations = op("1", mode("M1", 3)), op("2", mode("M2", 2))
    links = (Precedence("1", "2", min_lag=50),)
    shop = factory(machine("M1"), machine("M2"), job("J1", *operations, links=links, plans=(("1", "2"), ("2",))))
    assert_valid(shop, schedule(at("J1.2", "M2", 0, 2)))


def test_every_broken_precedence_is_reported():
    # An assembly: 3 needs 1 (ends 3) and 2 (ends 4), but starts at 2.
    operations = op("1", mode("M1", 3)), op("2", mode("M2", 4)), op("3", mode("M3", 1))
    links = Precedence("1", "3"), Precedence("2", "3")
    shop = factory(machine("M1"), machine("M2"), machine("M3"), job("J1", *operations, links=links))
    early = schedule(at("J1.1", "M1", 0, 3), at("J1.2", "M2", 0, 4), at("J1.3", "M3", 2, 3))
    assert flagged(shop, early) == [("precedence", "J1.1 -> J1.3", 1), ("precedence", "J1.2 -> J1.3", 2)]
