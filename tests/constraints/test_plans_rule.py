"""Every operation once; with plans, exactly one plan."""

from __future__ import annotations

from helpers import assert_valid, at, factory, flagged, job, machine, mode, op, schedule, simple_job

SHOP = factory(machine("M1"), machine("M2"), simple_job("J1", ("M1", 3), ("M2", 2)))
FIRST, SECOND = at("J1.1", "M1", 0, 3), at("J1.2", "M2", 3, 5)


def test_every_operation_once():
    assert_valid(SHOP, schedule(FIRST, SECOND))


def test_missing_operation():
    assert flagged(SHOP, schedule(FIRST)) == [("plans", "J1.2", 1)]


def test_everything_missing():
    assert flagged(SHOP, schedule()) == [("plans", "J1.1", 1), ("plans", "J1.2", 1)]


def test_operation_scheduled_three_times():
    # Two times too often; the other entries are in places of their own, so nothing else is wrong.
    twice_more = at("J1.2", "M2", 10, 12), at("J1.2", "M2", 20, 22)
    assert flagged(SHOP, schedule(FIRST, *twice_more, SECOND)) == [("plans", "J1.2", 2)]


def test_unknown_job_and_operation():
    unknown = at("J9.1", "M1", 10, 13), at("J1.7", "M1", 20, 21)
    assert flagged(SHOP, schedule(FIRST, SECOND, *unknown)) == [("plans", "J9.1", 1), ("plans", "J1.7", 1)]


ALTERNATIVES = factory(
    machine("M1"),
    job("J1", *(op(id, mode("M1", 1)) for id in "abcd"), links=(), plans=(("a", "d"), ("b", "c", "d"))),
)


def test_each_plan_is_right():
    assert_valid(ALTERNATIVES, schedule(at("J1.a", "M1", 0, 1), at("J1.d", "M1", 1, 2)))
    assert_valid(ALTERNATIVES, schedule(*(at(f"J1.{id}", "M1", n, n + 1) for n, id in enumerate("bcd"))))


def test_incomplete_plan_is_measured_against_the_nearest():
    # {b, d}: of plan (b, c, d) only c is missing; plan (a, d) would be off by two.
    assert flagged(ALTERNATIVES, schedule(at("J1.b", "M1", 0, 1), at("J1.d", "M1", 1, 2))) == [("plans", "J1.c", 1)]


def test_mixed_plans():
    # {a, b, c, d} is plan (b, c, d) and a, which does not belong to it.
    all_four = schedule(*(at(f"J1.{id}", "M1", n, n + 1) for n, id in enumerate("abcd")))
    assert flagged(ALTERNATIVES, all_four) == [("plans", "J1.a", 1)]


def test_no_plan_at_all():
    # Nothing of the job: the shortest plan (a, d) is nearest.
    assert flagged(ALTERNATIVES, schedule()) == [("plans", "J1.a", 1), ("plans", "J1.d", 1)]
