"""The past is kept, the rest starts at `now` or later, pins hold."""

from __future__ import annotations

from dataclasses import replace

import helpers
import pytest
from helpers import (
    assert_valid,
    at,
    carry,
    down,
    empty,
    executed,
    factory,
    flagged,
    job,
    machine,
    mode,
    op,
    schedule,
    setup,
    simple_job,
)

from scheduler.domain import Instance, Robot, RobotCell, Schedule, SetupMatrix

SHOP = factory(
    machine("M1"),
    machine("M2"),
    job("J1", op("1", mode("M1", 5), mode("M2", 5)), op("2", mode("M2", 2))),
    job("J2", op("1", mode("M1", 4), mode("M2", 6))),
)
# On M1: J1.1 [0, 5), J2.1 [5, 9). On M2: J1.2 [7, 9).
BASELINE = schedule(at("J1.1", "M1", 0, 5), at("J1.2", "M2", 7, 9), at("J2.1", "M1", 5, 9))


def changed(name: str, **fields: object) -> Schedule:
    """The baseline with one operation changed."""
    operations = (replace(o, **fields) if f"{o.job}.{o.operation}" == name else o for o in BASELINE.operations)
    return schedule(*operations)


@pytest.mark.parametrize("now", range(0, 12))
def test_carrying_on_is_right_at_any_time(now: int):
    assert_valid(executed(SHOP, BASELINE, now), BASELINE)


@pytest.mark.parametrize("now", range(0, 50))
def test_carrying_on_with_every_feature(now: int, complete_instance: Instance, complete_schedule: Schedule):
    assert_valid(executed(complete_instance, complete_schedule, now), complete_schedule)


def test_what_has_started_keeps_its_start():
    # At 6, J2.1 has been running since 5.
    moved = flagged(executed(SHOP, BASELINE, 6), changed("J2.1", start=8, end=12))
    assert moved == [("execution", "J2.1 on M1", 3)]


def test_what_starts_now_is_still_pending():
    assert_valid(executed(SHOP, BASELINE, 5), changed("J2.1", start=8, end=12))


def test_what_has_started_keeps_its_mode():
    moved = changed("J2.1", mode=1, machine="M2", start=5, end=11)
    # At 6 it is too late to change; besides, J1.2 is on M2 in [7, 9).
    assert flagged(executed(SHOP, BASELINE, 6), moved) == [
        ("capacity", "J1.2 on M2", 2),
        ("execution", "J2.1 on M1", 1),
    ]


def test_what_has_ended_keeps_its_end():
    # At 5, J1.1 has just ended. An end of 6 is wrong for its duration too, and meets J2.1.
    found = flagged(executed(SHOP, BASELINE, 5), changed("J1.1", end=6))
    assert found == [("modes", "J1.1 on M1", 1), ("capacity", "J2.1 on M1", 1), ("execution", "J1.1 on M1", 1)]


def test_what_is_running_may_end_later():
    # operation_delayed at 6: J2.1 takes 7 instead of 4, from 5 to 12.
    delayed = replace(SHOP, jobs=(SHOP.jobs[0], job("J2", op("1", mode("M1", 7), mode("M2", 6)))))
    assert_valid(executed(delayed, BASELINE, 6), changed("J2.1", end=12))


def test_what_has_started_is_still_scheduled():
    without = schedule(*(o for o in BASELINE.operations if o.job != "J2"))
    assert flagged(executed(SHOP, BASELINE, 6), without) == [("plans", "J2.1", 1), ("execution", "J2.1 on M1", 1)]


def test_cancelled_job_is_forgotten():
    cancelled = replace(SHOP, jobs=SHOP.jobs[:1])
    assert_valid(executed(cancelled, BASELINE, 6), schedule(*(o for o in BASELINE.operations if o.job != "J2")))


def test_nothing_pending_starts_in_the_past():
    # At 4, J1.2 (baseline start 7) can't have started at 5 > 4 ... but at 6 a start of 5 would be news.
    assert_valid(executed(SHOP, BASELINE, 4), changed("J1.2", start=5, end=7))
    assert flagged(executed(SHOP, BASELINE, 6), changed("J1.2", start=5, end=7)) == [("execution", "J1.2 on M2", 1)]


def test_aborted_operation_starts_again():
    # J2.1 broke off at 7 and is repeated, here on the other machine, at 9 or later.
    instance = executed(SHOP, BASELINE, 7, aborted=(at("J2.1", "M1", 5, 7),))
    assert_valid(instance, changed("J2.1", mode=1, machine="M2", start=9, end=15))
    # As if nothing had happened: its start lies 2 in the past.
    assert flagged(instance, BASELINE) == [("execution", "J2.1 on M1", 2)]


def test_pins():
    pins = (at("J1.2", "M2", 8, 10), at("J2.1", "M1", 6, 10))
    instance = executed(SHOP, BASELINE, 2, pins=pins)
    assert_valid(instance, schedule(BASELINE.operations[0], *pins))
    # Both elsewhere: J1.2 one too early, J2.1 two too late and in the other mode.
    elsewhere = schedule(BASELINE.operations[0], at("J1.2", "M2", 6, 8), at("J2.1", "M2", 8, 14, mode=1))
    assert flagged(instance, elsewhere) == [
        ("execution", "J1.2 on M2", 2),
        ("execution", "J2.1 on M1", 1),
        ("execution", "J2.1 on M1", 2),
    ]


def test_pinned_operation_is_missing():
    instance = executed(SHOP, BASELINE, 2, pins=(at("J2.1", "M1", 6, 10),))
    found = flagged(instance, schedule(*(o for o in BASELINE.operations if o.job != "J2")))
    assert found == [("plans", "J2.1", 1), ("execution", "J2.1 on M1", 1)]


# --- moves, setups, empty moves ----------------------------------------------------------------------------------


def without(schedule: Schedule, *dropped: object) -> Schedule:
    parts = (*schedule.operations, *schedule.moves, *schedule.setups)
    return helpers.schedule(*(part for part in parts if part not in dropped))


def test_move_that_has_happened_is_in_the_schedule(complete_instance: Instance, complete_schedule: Schedule):
    # At 21, R1 has been carrying J1 from S2 to OUT since 19. In the new schedule it does so at 18: wrong for the
    # robot, which is still on its way to S2, and not what happened; and a move of the past that nobody knows of.
    move = carry("J1 2>3", "S2>OUT", "R1", 19, 23)
    earlier = helpers.schedule(
        *complete_schedule.operations,
        *complete_schedule.setups,
        *(replace(m, start=18, end=22) if m == move else m for m in complete_schedule.moves),
    )
    found = flagged(executed(complete_instance, complete_schedule, 21), earlier)
    assert found == [
        ("movers", "robot R1", 1),
        ("movers", "robot R1", 1),
        ("execution", "J1 on R1", 1),
        ("execution", "J1 on R1", 3),
    ]


def test_pending_move_starts_at_now_or_later():
    # Baseline: J1 waits in station A from 7 until its departure at 20. At 15 it could leave at 15, not at 14.
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", helpers.distances("IN OUT A", 2), 1, 1)
    instance = factory(machine("A", cell="C"), cell, simple_job("J1", ("A", 3)))
    past = at("J1.1", "A", 4, 7), carry("J1 >1", "IN>A", "R", 0, 4)
    baseline = schedule(*past, carry("J1 1>", "A>OUT", "R", 20, 24))
    assert_valid(executed(instance, baseline, 15), schedule(*past, carry("J1 1>", "A>OUT", "R", 15, 19)))
    too_early = schedule(*past, carry("J1 1>", "A>OUT", "R", 14, 18))
    assert flagged(executed(instance, baseline, 15), too_early) == [("execution", "J1 on R", 1)]


PAINT = factory(
    machine("M1", setups=SetupMatrix({"red": {"blue": 4, "green": 4}, "green": {"blue": 4}, "blue": {"green": 4}})),
    *(job(j, op("1", mode("M1", 2, f))) for j, f in (("J1", "red"), ("J2", "blue"), ("J3", "green"))),
)
# J1 [0, 2), setup [6, 10), J2 [10, 12), setup [12, 16), J3 [16, 18).
PAINTED = schedule(
    *(at("J1.1", "M1", 0, 2), setup("J2.1", "M1", "red>blue", 6, 10), at("J2.1", "M1", 10, 12)),
    *(setup("J3.1", "M1", "blue>green", 12, 16), at("J3.1", "M1", 16, 18)),
)


def test_setup_under_way_is_finished():
    # At 8 the setup for J2 has been under way since 6; J2 may still start at 10, or later (it is then repeated).
    assert_valid(executed(PAINT, PAINTED, 8), PAINTED)


def test_new_setup_starts_at_now_or_later():
    # At 8, J3 comes before J2 after all: its setup can start at 8 at the earliest. At 11 it would have begun at 7.
    def swapped(start: int) -> Schedule:
        return schedule(
            *(at("J1.1", "M1", 0, 2), setup("J3.1", "M1", "red>green", start - 4, start)),
            *(at("J3.1", "M1", start, start + 2), setup("J2.1", "M1", "green>blue", start + 2, start + 6)),
            at("J2.1", "M1", start + 6, start + 8),
        )

    assert_valid(executed(PAINT, PAINTED, 8), swapped(12))
    assert flagged(executed(PAINT, PAINTED, 8), swapped(11)) == [("execution", "J3.1 on M1", 1)]


def test_setup_under_way_has_not_begun_earlier_than_it_did():
    # At 8, J2 can't start at 9 as if its setup had begun at 5 rather than 6.
    earlier = schedule(
        *(at("J1.1", "M1", 0, 2), setup("J2.1", "M1", "red>blue", 5, 9), at("J2.1", "M1", 9, 11)),
        *(setup("J3.1", "M1", "blue>green", 11, 15), at("J3.1", "M1", 15, 17)),
    )
    assert flagged(executed(PAINT, PAINTED, 8), earlier) == [("execution", "J2.1 on M1", 3)]


# Robot moves last 1 + 2 + 1. R brings J1 to A in [0, 4), then would go back for J2 in [10, 12).
CELL = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", helpers.distances("IN OUT A B", 2), 1, 1)
CELL_SHOP = factory(
    *(machine("A", cell="C"), machine("B", cell="C"), CELL, simple_job("J1", ("A", 3)), simple_job("J2", ("B", 3)))
)
TO_A, AT_A = carry("J1 >1", "IN>A", "R", 0, 4), at("J1.1", "A", 4, 7)


def fetch(start: int) -> tuple[object, ...]:
    """J2 is fetched at this instant, right after the empty move; then J1 and J2 are taken out."""
    return (
        *(TO_A, AT_A, empty("A>IN", "R", start - 2, start), carry("J2 >1", "IN>B", "R", start, start + 4)),
        *(at("J2.1", "B", start + 4, start + 7), empty("B>A", "R", start + 4, start + 6)),
        *(carry("J1 1>", "A>OUT", "R", start + 6, start + 10), empty("OUT>B", "R", start + 10, start + 12)),
        carry("J2 1>", "B>OUT", "R", start + 12, start + 16),
    )


def test_empty_move_under_way_is_finished():
    assert_valid(executed(CELL_SHOP, schedule(*fetch(12)), 11), schedule(*fetch(12)))


def test_new_empty_move_starts_at_now_or_later():
    # The baseline fetches J2 at 12. At 8 the robot still stands at A: it can be at IN at 10, not at 9.
    instance = executed(CELL_SHOP, schedule(*fetch(12)), 8)
    assert_valid(instance, schedule(*fetch(10)))
    assert flagged(instance, schedule(*fetch(9))) == [("execution", "robot R", 1)]


def test_empty_move_of_long_ago_is_not_under_way():
    # R goes from A to IN in [10, 12) and, after another round, at the end again. At 40 only the latter could be
    # under way, and it is not: the third part may be fetched at 42.
    three = replace(CELL_SHOP, jobs=(*CELL_SHOP.jobs, simple_job("J3", ("B", 3))))
    past = fetch(12)  # R drops J2 at OUT at 28
    to_b = (empty("OUT>IN", "R", 58, 60), carry("J3 >1", "IN>B", "R", 60, 64), at("J3.1", "B", 64, 67))
    baseline = schedule(*past, *to_b, carry("J3 1>", "B>OUT", "R", 67, 71))

    def third(start: int) -> Schedule:
        shift = start - 60
        moved = (replace(part, start=part.start + shift, end=part.end + shift) for part in to_b)
        return schedule(*past, *moved, carry("J3 1>", "B>OUT", "R", start + 7, start + 11))

    assert_valid(executed(three, baseline, 40), third(42))
    assert flagged(executed(three, baseline, 40), third(41)) == [("execution", "robot R", 1)]


def test_part_of_a_cancelled_job_under_way_keeps_the_robot_busy():
    # J1 is cancelled at 2 while R carries its part to A until 4: the move stays, and R is free at 4.
    baseline = schedule(*fetch(12))
    cancelled = replace(CELL_SHOP, jobs=CELL_SHOP.jobs[1:])
    instance = executed(cancelled, baseline, 2)
    rest = (at("J2.1", "B", 10, 13), carry("J2 >1", "IN>B", "R", 6, 10), carry("J2 1>", "B>OUT", "R", 13, 17))
    assert_valid(instance, schedule(TO_A, empty("A>IN", "R", 4, 6), *rest))
    assert flagged(instance, schedule(*rest)) == [("execution", "J1 on R", 1)]


def test_interruptible_operation_resumes_after_a_breakdown():
    # J2.1 broke down at 6, until 10: with the downtime in the calendar it now ends at 13 instead of 9.
    broken = factory(
        machine("M1", calendar=down((6, 10))),
        machine("M2"),
        SHOP.jobs[0],
        job("J2", op("1", mode("M1", 4), mode("M2", 6), interruptible=True)),
    )
    assert_valid(executed(broken, BASELINE, 6), changed("J2.1", end=13))
