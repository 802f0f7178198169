"""Which event delays what, by way of what: by hand."""

from __future__ import annotations

from repair_cases import flow_shop, flow_shop_baseline, revised, robot_cell, robot_cell_baseline

from scheduler.domain.events import JobCancelled, MachineBreakdown, RobotDown
from scheduler.rescheduling import repair
from scheduler.rescheduling.cascade import depth, told
from scheduler.rescheduling.right_shift import shift


def test_a_breakdown_goes_through_machines_and_jobs() -> None:
    event = MachineBreakdown("E", 1, "M1", 6)
    delays = shift(revised(flow_shop(), flow_shop_baseline(), 1, event), flow_shop_baseline()).delays
    assert told(delays, [event]) == "\n".join(
        (
            "E -> J1.1 on M1: takes 5 longer",
            "  -> J2.1 on M1: 5 later (through M1)",
            "  -> J1.2 on M2: 5 later (through job J1)",
            "    -> J2.2 on M2: 5 later (through M2)",
        )
    )
    assert depth(delays) == 3


def test_a_robot_that_is_down_goes_through_its_moves() -> None:
    # The first move takes 5 longer; everything else hangs on R1 or on the part.
    event = RobotDown("E", 1, "R1", 6)
    delays = shift(revised(robot_cell(), robot_cell_baseline(), 1, event), robot_cell_baseline()).delays
    assert str(delays[0]) == "J1 from IN to S1 by R1: takes 5 longer"
    assert [d.via for d in delays if d.kind == "move"] == ["", "job", "mover", "mover", "mover"]
    assert {d.later + d.longer for d in delays} == {5}
    assert all(d.cause is not None for d in delays[1:])


def test_what_delays_nothing_has_no_cascade() -> None:
    after = revised(flow_shop(), flow_shop_baseline(), 1, JobCancelled("E", 1, "J2"))
    assert shift(after, flow_shop_baseline()).delays == ()


def test_the_report_tells_the_cascade() -> None:
    result = repair(flow_shop(), flow_shop_baseline(), [MachineBreakdown("E", 1, "M1", 6)], policy="right-shift")
    assert result.report is not None
    assert (len(result.report.cascade), result.report.cascade_depth, result.report.match_up_time) == (4, 3, 14)
    assert (result.report.jobs_touched, result.report.machines_touched) == (("J1", "J2"), ("M1", "M2"))
    assert "What the events delay with all orders kept: 4, 3 deep\nE -> J1.1 on M1" in str(result.report)
