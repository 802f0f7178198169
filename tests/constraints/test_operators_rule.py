"""Operators are held from start to end of every running operation."""

from __future__ import annotations

from helpers import assert_valid, at, down, factory, flagged, job, machine, mode, op, schedule

from scheduler.domain import Execution, Instance, OperatorPool, Shortage


def shop(capacity: int, *demands: int) -> Instance:
    """J1 on M1, J2 on M2, ... each 4 ticks with so many welders."""
    machines = (machine(f"M{n}") for n in range(1, len(demands) + 1))
    jobs = (job(f"J{n}", op("1", mode(f"M{n}", 4, welders=d))) for n, d in enumerate(demands, start=1))
    return factory(*machines, OperatorPool("welders", capacity), *jobs)


def test_enough_operators():
    # 2 + 1 welders in [2, 4), then 1 + 2 from 4 on: J1 has gone home when J3 starts.
    together = schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 2, 6), at("J3.1", "M3", 4, 8))
    assert_valid(shop(3, 2, 1, 2), together)


def test_too_few_operators():
    # J3 starts one tick earlier: 5 are needed in [3, 4), 2 too many.
    together = schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 2, 6), at("J3.1", "M3", 3, 7))
    assert flagged(shop(3, 2, 1, 2), together) == [("operators", "pool welders", 2)]


def test_each_window_is_reported_with_its_peak():
    # Capacity 1. [1, 5): 2 needed from 1, 3 from 2 to 4: one window, peak 3. [21, 24): 2 needed.
    instance = shop(1, 1, 1, 1, 1, 1)
    busy = schedule(
        *(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 1, 5), at("J3.1", "M3", 2, 6)),
        *(at("J4.1", "M4", 20, 24), at("J5.1", "M5", 21, 25)),
    )
    assert flagged(instance, busy) == [("operators", "pool welders", 2), ("operators", "pool welders", 1)]


def test_operators_stay_through_a_downtime():
    # J1 pauses in [2, 10) and goes on until 12; its welder is not free for J2 at 5.
    instance = factory(
        *(machine("M1", calendar=down((2, 10))), machine("M2"), OperatorPool("welders", 1)),
        job("J1", op("1", mode("M1", 4, welders=1), interruptible=True)),
        job("J2", op("1", mode("M2", 3, welders=1))),
    )
    paused = at("J1.1", "M1", 0, 12)
    assert_valid(instance, schedule(paused, at("J2.1", "M2", 12, 15)))
    assert flagged(instance, schedule(paused, at("J2.1", "M2", 5, 8))) == [("operators", "pool welders", 1)]


def test_only_the_scheduled_mode_needs_operators():
    # Mode 1 of J2 runs without welder.
    instance = factory(
        *(machine("M1"), machine("M2"), OperatorPool("welders", 1)),
        *(job("J1", op("1", mode("M1", 4, welders=1))), job("J2", op("1", mode("M2", 4, welders=1), mode("M2", 6)))),
    )
    assert_valid(instance, schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 0, 6, mode=1)))
    both = schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 0, 4))
    assert flagged(instance, both) == [("operators", "pool welders", 1)]


def test_every_pool_counts_by_itself():
    instance = factory(
        *(machine("M1"), machine("M2"), OperatorPool("welders", 1), OperatorPool("drivers", 1)),
        *(job("J1", op("1", mode("M1", 4, welders=1))), job("J2", op("1", mode("M2", 4, drivers=1)))),
    )
    assert_valid(instance, schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 0, 4)))


def test_shortages_leave_fewer():
    # One of two welders is away in [2, 6), one more in [4, 8): nobody is there in [4, 6).
    away = (Shortage(2, 6), Shortage(4, 8, reason="ill"))
    instance = factory(*(machine("M1"), machine("M2")), OperatorPool("welders", 2, away), *shop(2, 1, 1).jobs)
    assert_valid(instance, schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 6, 10)))
    one_tick = schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 5, 9))
    assert flagged(instance, one_tick) == [("operators", "pool welders", 1)]
    both = schedule(at("J1.1", "M1", 1, 5), at("J2.1", "M2", 1, 5))  # 1 too many in [2, 4), 2 in [4, 5)
    assert flagged(instance, both) == [("operators", "pool welders", 2)]


def test_what_has_begun_keeps_its_people():
    # Since 3 both welders are away until 9: J1 goes on, J2 has to wait even where J1 alone would hold one too many.
    begun = schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 4, 8))
    instance = factory(
        *(machine("M1"), machine("M2")),
        OperatorPool("welders", 2, (Shortage(3, 9, 2),)),
        *shop(2, 1, 1).jobs,
        execution=Execution(3, begun),
    )
    assert_valid(instance, schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 9, 13)))
    assert flagged(instance, begun) == [("operators", "pool welders", 1)]
