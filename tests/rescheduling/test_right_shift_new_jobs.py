"""New jobs in a right shift: behind all others, one operation and one move at a time."""

from __future__ import annotations

from dataclasses import replace

from helpers import at, distances, factory, job, machine, mode, op, schedule, simple_job, transport
from repair_cases import (
    flow_shop,
    flow_shop_baseline,
    repaired,
    revised,
    robot_cell,
    robot_cell_baseline,
    shifted,
    times,
)

from scheduler.domain import Facility, Fleet, Precedence, SetupMatrix, Vehicle
from scheduler.domain.derive import complete
from scheduler.domain.events import Forbid, MachineBreakdown, RushOrder
from scheduler.rescheduling.right_shift import shift


def test_a_rush_order_comes_after_everything_on_its_machines() -> None:
    rush = simple_job("R", ("M1", 2), ("M2", 1), release_date=4)
    result = shifted(flow_shop(), flow_shop_baseline(), 4, RushOrder("E", 4, rush))
    assert times(result) == times(flow_shop_baseline()) | {"R.1": (5, 7), "R.2": (10, 11)}


def test_a_rush_order_takes_the_machine_that_is_free_first() -> None:
    # On M2 after J2.2 it would end at 10 + 1, on M3 at 4 + 5.
    rush = job("R", op("1", mode("M2", 1), mode("M3", 5)), release_date=4)
    result = shifted(flow_shop(), flow_shop_baseline(), 4, RushOrder("E", 4, rush))
    assert times(result)["R.1"] == (4, 9)


def test_a_rush_order_keeps_off_a_broken_machine() -> None:
    # M1 would be quicker, but is down until 40.
    rush = job("R", op("1", mode("M1", 1), mode("M3", 5)), release_date=8)
    events = (MachineBreakdown("E", 8, "M1", 40), RushOrder("F", 8, rush))
    result = shifted(flow_shop(), flow_shop_baseline(), 8, *events)
    assert times(result)["R.1"] == (8, 13)


def test_a_rush_order_in_a_cell_waits_for_the_robot() -> None:
    # The last baseline move ends at OUT at 31; the robot is at IN at 33, S1 is free, R.1 starts at 37.
    rush = simple_job("R", ("S1", 2), release_date=2)
    result = shifted(robot_cell(), robot_cell_baseline(), 2, RushOrder("E", 2, rush))
    assert times(result)["R.1"] == (37, 39)


def test_the_parts_of_a_rush_order_leave_each_other_the_place_before_a_machine() -> None:
    # R.1 on M1 and R.2 on M3 are joined by R.3 on M3, which has one place before it. Were the part of R.1 brought there
    # first, that of R.2 would find none.
    fleet = Fleet("AGV", "F", (Vehicle("V", "DOCK"),), distances("DOCK M1 M3", 1), 0, 1)
    steps = op("1", mode("M1", 2)), op("2", mode("M3", 2)), op("3", mode("M3", 2))
    rush = job("R", *steps, links=(Precedence("1", "3"), Precedence("2", "3")), release_date=1)
    instance = factory(
        Facility("F", "DOCK"), machine("M1"), machine("M3", input_buffer=1), fleet, simple_job("J", ("M1", 2))
    )
    baseline = schedule(at("J.1", "M1", 2, 4), transport("J >1", "DOCK>M1", "V", 0, 2))
    result = shifted(instance, baseline, 1, RushOrder("E", 1, rush))
    brought = {(m.predecessor, m.successor): m.end for m in result.moves if m.job == "R"}
    assert brought[None, "2"] <= result.by_operation["R", "2"].start < brought["1", "3"]


def test_who_comes_for_what_has_lost_its_place_sets_out_now() -> None:
    # V was to leave M1 at 17 for J2. At 10 J2 goes to M2 instead: V is at the dock at 13, not at 10.
    fleet = Fleet("AGV", "F", (Vehicle("V", "DOCK"),), distances("DOCK M1 M2", 3), 1, 1)
    jobs = simple_job("J1", ("M1", 2)), job("J2", op("1", mode("M1", 2), mode("M2", 9)))
    instance = factory(Facility("F", "DOCK"), machine("M1"), machine("M2"), fleet, *jobs)
    moves = transport("J1 >1", "DOCK>M1", "V", 0, 5), transport("J2 >1", "DOCK>M1", "V", 20, 25)
    baseline = complete(instance, (at("J1.1", "M1", 5, 7), at("J2.1", "M1", 25, 27)), moves)
    result = shifted(instance, baseline, 10, Forbid("E", 10, "J2", "M1"))
    assert [(m.start, m.end) for m in result.moves if m.job == "J2"] == [(13, 18)]
    assert times(result)["J2.1"] == (18, 27)


def test_the_old_jobs_are_shifted_even_if_a_new_one_comes_too_late() -> None:
    rush = simple_job("R", ("M1", 2), release_date=1, deadline=4)
    after = revised(flow_shop(), flow_shop_baseline(), 1, RushOrder("E", 1, rush))
    result = shift(after, flow_shop_baseline())
    assert result.schedule is None
    assert result.kept == flow_shop_baseline()
    assert "job R would be completed at 7, after its deadline 4" in result.reason


def test_a_new_job_with_branches_does_not_block_itself() -> None:
    # Of its first two operations one would be done sooner on A too, where the part of the other one stays.
    instance = factory(*(machine(name, output_buffer=0) for name in ("A", "B", "C")), simple_job("J1", ("C", 2)))
    new = job(
        "N",
        op("1", mode("A", 2)),
        op("2", mode("A", 1), mode("B", 3)),
        op("3", mode("C", 2)),
        links=(Precedence("1", "3"), Precedence("2", "3")),
        release_date=1,
    )
    _, result = repaired(instance, schedule(at("J1.1", "C", 0, 2)), 1, RushOrder("E", 1, new))
    assert times(result) == {"J1.1": (0, 2), "N.1": (1, 3), "N.2": (1, 4), "N.3": (4, 6)}


def test_a_new_job_leaves_once_in_the_plan_that_has_all_its_operations() -> None:
    # The other plan ends on S1: only in that one the part goes out of the cell from there.
    job_with_plans = replace(simple_job("N", ("S1", 2), ("S2", 2)), plans=(("1", "2"), ("1",)), release_date=1)
    result = shifted(robot_cell(), robot_cell_baseline(), 1, RushOrder("E", 1, job_with_plans))
    new = [(move.origin, move.destination) for move in result.moves if move.job == "N"]
    assert new == [("IN", "S1"), ("S1", "S2"), ("S2", "OUT")]


def test_a_new_job_does_not_stay_where_its_next_operation_needs_a_setup() -> None:
    # Both operations would be done first on A, but the part stays there, where a setup from a to a takes 3 ticks.
    instance = factory(
        machine("A", output_buffer=0, setups=SetupMatrix({"a": {"a": 3}})), machine("B"), simple_job("J1", ("B", 4))
    )
    new = job(
        "N",
        op("1", mode("A", 2, "a"), mode("B", 9)),
        op("2", mode("A", 1, "a"), mode("B", 5)),
        links=(Precedence("1", "2"),),
        release_date=1,
    )
    result = shifted(instance, schedule(at("J1.1", "B", 0, 4)), 1, RushOrder("E", 1, new))
    assert times(result) == {"J1.1": (0, 4), "N.1": (1, 3), "N.2": (4, 9)}
