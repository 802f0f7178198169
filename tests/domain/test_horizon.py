"""The horizon: safe (no optimum beyond it), and tight where it can be seen by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import complete_instance, constructed, down, factory, job, machine, mode, op, shifts, simple_job

from scheduler.domain import Instance, Precedence, SetupMatrix
from scheduler.domain.horizon import heads, horizon, tails, topological_order


def test_without_calendars_it_is_release_plus_all_work() -> None:
    # One machine: whatever the order, it ends by the last release date plus all work.
    instance = factory(machine("M"), simple_job("A", ("M", 3)), simple_job("B", ("M", 4), release_date=10))
    assert horizon(instance) == 10 + 3 + 4


def test_longest_mode_setup_and_lag_count() -> None:
    matrix = SetupMatrix({"a": {"b": 2}, "b": {"a": 5}})
    instance = factory(
        machine("M", setups=matrix),
        machine("N"),
        job(
            "A",
            op("1", mode("M", 3, "a"), mode("N", 6)),
            op("2", mode("M", 1, "b")),
            links=(Precedence("1", "2", min_lag=7),),
        ),
    )
    assert horizon(instance) == max(3 + 5, 6) + (1 + 5 + 7)


def test_with_shifts_it_is_not_much_later_than_working_through() -> None:
    # 12 operations of 5 ticks in shifts of 8 out of 24: one fits in each shift, so 12 shifts are needed and enough.
    instance = factory(machine("M", calendar=shifts(24, (0, 8))), *(simple_job(f"J{n}", ("M", 5)) for n in range(12)))
    last_end = 11 * 24 + 5
    assert last_end <= horizon(instance) <= last_end + 8 * 24


def test_long_work_takes_the_periods_that_it_needs_and_not_one_for_each_tick() -> None:
    # On N, which always works, it takes 500 ticks; in the shifts of M, which are too short for it, only 4.
    either = job("J", op("1", mode("M", 4), mode("N", 500)))
    instance = factory(machine("M", calendar=shifts(10, (0, 5))), machine("N"), either)
    assert 500 <= horizon(instance) <= 5 * 500


@pytest.mark.parametrize("piece", [1, 4, 10**12])
def test_many_periods_are_counted_not_looked_at(piece: int) -> None:
    # One that fits into no shift of M is done on N; one that may pause takes a period for each 5 ticks.
    def of(work: int) -> int:
        short = op("1", mode("M", work), mode("N", piece), interruptible=piece == 1)
        return horizon(factory(machine("M", calendar=shifts(10, (0, 5))), machine("N"), job("J", short)))

    if piece == 1:
        assert of(7 + 5 * 10**12) == of(7) + 10 * 10**12
    else:
        assert piece <= of(4) <= 2 * piece + 40


def test_windows_of_several_shift_patterns_repeat() -> None:
    # Of 30 ticks, both work in 16 (M in 0-3 of 6, N in 0-7 of 10), and nothing has more than one piece.
    assert sum(t % 6 < 4 and t % 10 < 8 for t in range(30)) == 16

    def of(num_ticks: int, release_date: int) -> int:
        ticks = [simple_job(f"J{n}", ("MN"[n % 2], 1), release_date=release_date) for n in range(num_ticks)]
        return horizon(
            factory(machine("M", calendar=shifts(6, (0, 4))), machine("N", calendar=shifts(10, (0, 8))), *ticks)
        )

    assert of(40, 0) < 2 * 30 + 30 + 1
    assert of(40 + 50 * 16, 7) == of(40, 7) + 50 * 30
    assert of(40, 7 + 30 * 10**9) == of(40, 7) + 30 * 10**9


def test_disjoint_calendars_still_give_a_safe_horizon() -> None:
    # M works when N does not, so there is no common window at all; each of the 4 steps waits for the other's shift.
    steps = (("M", 4), ("N", 4), ("M", 4), ("N", 4))
    instance = factory(
        machine("M", calendar=shifts(10, (0, 5))),
        machine("N", calendar=shifts(10, (5, 10))),
        simple_job("A", *steps),
    )
    assert horizon(instance) >= 19


def test_a_downtime_is_waited_for() -> None:
    instance = factory(machine("M", calendar=down((2, 100))), simple_job("A", ("M", 3)))
    assert 103 <= horizon(instance) <= 110


@pytest.mark.parametrize("objective", ["makespan", "weighted_tardiness", "flow_time"])
def test_constructed_schedules_end_before_it(objective: str) -> None:
    instance = complete_instance()
    schedule = constructed(instance, objective)
    assert schedule is not None
    assert schedule.makespan <= horizon(instance)


def test_scaling_time_scales_the_horizon() -> None:
    def scaled(factor: int) -> Instance:
        return factory(machine("M"), simple_job("A", ("M", 3 * factor)), simple_job("B", ("M", 4 * factor)))

    assert horizon(scaled(10)) == 10 * horizon(scaled(1))


def test_heads_and_tails_follow_the_longest_way() -> None:
    # 1 -> 2 -> 4 (3 + 5) and 1 -> 3 -> 4 (3 + 2 + lag 4): operation 4 can start after 1 + max(5, 2 + 4).
    instance = factory(
        machine("M"),
        machine("N"),
        job(
            "A",
            op("1", mode("M", 3), mode("N", 4)),
            op("2", mode("M", 5)),
            op("3", mode("N", 2)),
            op("4", mode("M", 1)),
            links=(Precedence("1", "2"), Precedence("1", "3"), Precedence("2", "4"), Precedence("3", "4", min_lag=4)),
            release_date=10,
        ),
    )
    assert heads(instance) == {("A", "1"): 10, ("A", "2"): 13, ("A", "3"): 13, ("A", "4"): 19}
    assert tails(instance) == {("A", "1"): 10, ("A", "2"): 6, ("A", "3"): 7, ("A", "4"): 1}


def test_cycle_is_refused() -> None:
    looped = job("A", op("1", mode("M", 1)), op("2", mode("M", 1)))
    looped = replace(looped, precedences=(Precedence("1", "2"), Precedence("2", "1")))
    with pytest.raises(ValueError, match="cycle"):
        topological_order(looped)


def test_heads_and_tails_count_the_shortest_moves() -> None:
    # Cell C: every robot move lasts 1 + 2 + 1 = 4, a trip over the lane 1 + 3 + 1 = 5.
    # J2: arrival 2 + 4; stays on S1 (no move); then out of the cell and over the lane, 9. On M3 nothing leaves a cell.
    # J1.2 can only be on S2, and J1.1 on S2 too: no move between them. J5: a move in and a move out.
    earliest, left = heads(complete_instance()), tails(complete_instance())
    assert [earliest["J2", o] for o in "123"] == [6, 8, 10 + 9]
    assert [left["J2", o] for o in "123"] == [2 + 2 + 9 + 4, 2 + 9 + 4, 4]
    assert [earliest["J1", o] for o in "123"] == [4, 7, 11 + 9]
    assert (earliest["J5", "1"], left["J5", "1"]) == (4, 5 + 4)
