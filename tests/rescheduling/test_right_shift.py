"""Right shift, event by event, on factories small enough to do by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import (
    assert_valid,
    at,
    down,
    factory,
    flagged,
    job,
    machine,
    mode,
    op,
    schedule,
    setup,
    shifts,
    simple_job,
    transfer,
)
from repair_cases import (
    flow_shop,
    flow_shop_baseline,
    revised,
    robot_cell,
    robot_cell_baseline,
    robot_times,
    shifted,
    times,
)

from scheduler.domain import Instance, Job, Lane, Operation, OperatorPool, Precedence, Schedule, SetupMatrix
from scheduler.domain.derive import complete
from scheduler.domain.events import (
    JobCancelled,
    MachineBreakdown,
    OperationDelayed,
    RobotDown,
)
from scheduler.rescheduling.right_shift import right_shift, shift

# --- machine breakdown -------------------------------------------------------------------------------------------


def test_resumed_operation_goes_on_after_the_repair() -> None:
    # J1.1 has done [0, 1), M1 is down during [1, 6), the other 2 ticks are done in [6, 8); all else waits 5 ticks.
    result = shifted(flow_shop(), flow_shop_baseline(), 1, MachineBreakdown("E", 1, "M1", 6, "resume"))
    assert times(result) == {"J1.1": (0, 8), "J1.2": (8, 12), "J2.1": (8, 10), "J2.2": (12, 15)}


def test_repeated_operation_starts_again_before_the_next_in_order() -> None:
    result = shifted(flow_shop(), flow_shop_baseline(), 1, MachineBreakdown("E", 1, "M1", 6, "repeat"))
    assert times(result) == {"J1.1": (6, 9), "J1.2": (9, 13), "J2.1": (9, 11), "J2.2": (13, 16)}


def test_only_what_has_to_wait_waits() -> None:
    # M2 is down during [4, 6): J1.2 ends at 9, J2.2 comes after it; M1 does not notice.
    result = shifted(flow_shop(), flow_shop_baseline(), 4, MachineBreakdown("E", 4, "M2", 6))
    assert times(result) == {"J1.1": (0, 3), "J1.2": (3, 9), "J2.1": (3, 5), "J2.2": (9, 12)}


def test_slack_absorbs_a_breakdown() -> None:
    # M2 has nothing to do during [1, 3).
    result = shifted(flow_shop(), flow_shop_baseline(), 1, MachineBreakdown("E", 1, "M2", 3))
    assert result == flow_shop_baseline()


def test_pending_operations_lie_before_or_after_a_breakdown() -> None:
    # J2.1 is 2 ticks long and would be in the downtime [4, 5), so it starts after it.
    baseline = schedule(at("J1.1", "M1", 0, 3), at("J1.2", "M2", 3, 7), at("J2.1", "M1", 4, 6), at("J2.2", "M2", 7, 10))
    result = shifted(flow_shop(), baseline, 4, MachineBreakdown("E", 4, "M1", 5))
    assert times(result)["J2.1"] == (5, 7)


def test_a_setup_under_way_is_done_again_after_the_breakdown() -> None:
    # Set up a -> b during [3, 6). Down during [4, 10): the setup takes [10, 13).
    instance = factory(
        machine("M1", setups=SetupMatrix({"a": {"b": 3}})),
        job("J1", op("1", mode("M1", 3, "a"))),
        job("J2", op("1", mode("M1", 2, "b"))),
    )
    baseline = schedule(at("J1.1", "M1", 0, 3), at("J2.1", "M1", 6, 8), setup("J2.1", "M1", "a>b", 3, 6))
    result = shifted(instance, baseline, 4, MachineBreakdown("E", 4, "M1", 10))
    assert times(result)["J2.1"] == (13, 15)
    assert [(s.start, s.end) for s in result.setups] == [(10, 13)]


def test_a_broken_station_keeps_its_part_and_holds_up_the_robot() -> None:
    # J1.1 has done [4, 6) of 5 ticks, goes on during [16, 19): everything after it is 10 ticks later.
    result = shifted(robot_cell(), robot_cell_baseline(), 6, MachineBreakdown("E", 6, "S1", 16))
    assert times(result) == {"J1.1": (4, 19), "J1.2": (23, 29), "J2.1": (29, 32)}
    assert robot_times(result) == [
        ("J1", "IN>S1", 0, 4),
        ("J1", "S1>S2", 19, 23),
        ("J2", "IN>S1", 25, 29),
        ("J1", "S2>OUT", 31, 35),
        ("J2", "S1>OUT", 37, 41),
    ]


def test_a_repeated_part_in_a_cell_stays_on_its_station() -> None:
    instance = robot_cell()
    either = op("1", mode("S1", 5), mode("S2", 5))
    first = replace(instance.jobs[0], operations=(either, instance.jobs[0].operations[1]))
    instance = replace(instance, jobs=(first, instance.jobs[1]))
    after = revised(instance, robot_cell_baseline(), 6, MachineBreakdown("E", 6, "S1", 16, "repeat"))
    # The robot has put the part on S1: mode 1 would need it on S2, so it became a copy of mode 0.
    assert {m.machine for m in after.operation_by_key["J1", "1"].modes} == {"S1"}
    result = right_shift(after, robot_cell_baseline())
    assert times(result)["J1.1"] == (16, 21)
    assert_valid(after, result)


# --- robot down --------------------------------------------------------------------------------------------------


def test_a_move_under_way_takes_longer() -> None:
    # S1 > S2 has done [9, 11) of 4 ticks, the other 2 are done in [21, 23): S2 starts 10 later, S1 was left at 10.
    result = shifted(robot_cell(), robot_cell_baseline(), 11, RobotDown("E", 11, "R1", 21))
    assert robot_times(result)[1:3] == [("J1", "S1>S2", 9, 23), ("J2", "IN>S1", 25, 29)]
    assert times(result) == {"J1.1": (4, 9), "J1.2": (23, 29), "J2.1": (29, 32)}


def test_a_robot_that_is_waiting_is_missed_only_when_needed() -> None:
    # Nothing to carry during [5, 8); while the robot is down during [5, 10), S1 > S2 (at 9) waits until 10.
    result = shifted(robot_cell(), robot_cell_baseline(), 5, RobotDown("E", 5, "R1", 10))
    assert robot_times(result)[1] == ("J1", "S1>S2", 10, 14)
    assert times(result)["J1.2"] == (14, 20)


def test_an_empty_move_under_way_goes_on() -> None:
    # Down during [14, 15): the empty move S2 > IN is under way ([13, 15)) and does not count as work.
    result = shifted(robot_cell(), robot_cell_baseline(), 14, RobotDown("E", 14, "R1", 15))
    assert result == robot_cell_baseline()


# --- operation delayed -------------------------------------------------------------------------------------------


def test_a_running_operation_ends_later() -> None:
    result = shifted(flow_shop(), flow_shop_baseline(), 1, OperationDelayed("E", 1, "J1", "1", delay=2))
    assert times(result) == {"J1.1": (0, 5), "J1.2": (5, 9), "J2.1": (5, 7), "J2.2": (9, 12)}


def test_a_pending_operation_is_longer() -> None:
    result = shifted(flow_shop(), flow_shop_baseline(), 1, OperationDelayed("E", 1, "J2", "1", new_duration=6))
    assert times(result) == {"J1.1": (0, 3), "J1.2": (3, 7), "J2.1": (3, 9), "J2.2": (9, 12)}


def test_nothing_starts_earlier_than_planned() -> None:
    # J1.1 is done at 2 instead of 3, but what follows keeps its time.
    result = shifted(flow_shop(), flow_shop_baseline(), 1, OperationDelayed("E", 1, "J1", "1", new_duration=2))
    assert times(result) == times(flow_shop_baseline()) | {"J1.1": (0, 2)}


def test_a_delayed_operation_pauses_in_the_next_downtime() -> None:
    # M1 is off during [3, 10). J1.1 would end at 3, just before; 2 more ticks are done in [10, 12).
    instance = factory(machine("M1", calendar=down((3, 10))), simple_job("J1", ("M1", 3)))
    baseline = schedule(at("J1.1", "M1", 0, 3))
    result = shifted(instance, baseline, 1, OperationDelayed("E", 1, "J1", "1", delay=2))
    assert times(result) == {"J1.1": (0, 12)}


# --- job cancelled -----------------------------------------------------------------------------------------------


def test_a_job_that_has_not_begun_disappears() -> None:
    result = shifted(flow_shop(), flow_shop_baseline(), 2, JobCancelled("E", 2, "J2"))
    assert times(result) == {"J1.1": (0, 3), "J1.2": (3, 7)}


def test_a_running_operation_is_completed_and_the_rest_dropped() -> None:
    result = shifted(flow_shop(), flow_shop_baseline(), 4, JobCancelled("E", 4, "J2"))
    assert times(result) == {"J1.1": (0, 3), "J1.2": (3, 7), "J2.1": (3, 5)}


def test_a_part_in_flight_is_processed_where_it_goes() -> None:
    # At 11 the part of J1 is between S1 and S2, so J1.2 is kept.
    result = shifted(robot_cell(), robot_cell_baseline(), 11, JobCancelled("E", 11, "J1"))
    assert result == robot_cell_baseline()


def test_a_cancelled_part_leaves_its_station() -> None:
    # At 6 J1.1 runs on S1; J1.2 is dropped. The part leaves at 9, in the place of S1 > S2, for OUT.
    # J2 keeps its times: nothing starts earlier than planned.
    result = shifted(robot_cell(), robot_cell_baseline(), 6, JobCancelled("E", 6, "J1"))
    assert times(result) == {"J1.1": (4, 9), "J2.1": (19, 22)}
    assert robot_times(result) == [
        ("J1", "IN>S1", 0, 4),
        ("J1", "S1>OUT", 9, 13),
        ("J2", "IN>S1", 15, 19),
        ("J2", "S1>OUT", 27, 31),
    ]


# --- the other rules ---------------------------------------------------------------------------------------------


def test_the_jobs_of_a_trip_travel_together() -> None:
    # Both wait for J1.1, which ends 4 later; the next trip of the vehicle is a cycle of 3 + 3 ticks later.
    instance = factory(
        machine("A1", "A"),
        machine("A2", "A"),
        machine("B1", "B"),
        machine("B2", "B"),
        machine("B3", "B"),
        Lane("L", "A", "B", transit_time=3, units_per_vehicle=2, return_time=3),
        simple_job("J1", ("A1", 2), ("B1", 1)),
        simple_job("J2", ("A2", 1), ("B2", 1)),
        simple_job("J3", ("A2", 1), ("B3", 1)),
    )
    baseline = complete(
        instance,
        (
            at("J1.1", "A1", 0, 2),
            at("J1.2", "B1", 5, 6),
            at("J2.1", "A2", 0, 1),
            at("J2.2", "B2", 5, 6),
            at("J3.1", "A2", 1, 2),
            at("J3.2", "B3", 11, 12),
        ),
        (
            transfer("J1 1>2", "A>B", "L#1", 2, 5),
            transfer("J2 1>2", "A>B", "L#1", 2, 5),
            transfer("J3 1>2", "A>B", "L#1", 8, 11),
        ),
    )
    result = shifted(instance, baseline, 1, OperationDelayed("E", 1, "J1", "1", delay=4))
    assert [(m.job, m.start) for m in result.moves if m.job] == [("J1", 6), ("J2", 6), ("J3", 12)]


def test_operators_are_awaited() -> None:
    # One operator serves M1 and M2; J1.1 keeps it 3 ticks longer, so J2.1 waits on a free machine.
    instance = factory(
        machine("M1"),
        machine("M2"),
        OperatorPool("P", 1),
        job("J1", op("1", mode("M1", 2, P=1))),
        job("J2", op("1", mode("M2", 2, P=1))),
    )
    baseline = schedule(at("J1.1", "M1", 0, 2), at("J2.1", "M2", 2, 4))
    result = shifted(instance, baseline, 1, OperationDelayed("E", 1, "J1", "1", delay=3))
    assert times(result)["J2.1"] == (5, 7)


def test_an_oven_waits_for_a_place_not_for_a_certain_part() -> None:
    # Two places. J1.1 stays 9 longer, J2.1 leaves at 4 as planned: J3.1 takes its place at 4, J4.1 follows it at 8.
    instance = factory(
        machine("OV", capacity=2),
        simple_job("J1", ("OV", 4)),
        simple_job("J2", ("OV", 4)),
        simple_job("J3", ("OV", 4)),
        simple_job("J4", ("OV", 4)),
    )
    baseline = schedule(at("J1.1", "OV", 0, 4), at("J2.1", "OV", 0, 4), at("J3.1", "OV", 4, 8), at("J4.1", "OV", 4, 8))
    result = shifted(instance, baseline, 1, OperationDelayed("E", 1, "J1", "1", delay=9))
    assert times(result) == {"J1.1": (0, 13), "J2.1": (0, 4), "J3.1": (4, 8), "J4.1": (8, 12)}


def test_a_maximum_lag_delays_the_predecessor() -> None:
    # J1.2 has to start within 1 tick after J1.1 and waits for M2 until 9: so J1.1, pending, ends at 8.
    instance = factory(
        machine("M1"),
        machine("M2"),
        job("J1", op("1", mode("M1", 2)), op("2", mode("M2", 2)), links=(Precedence("1", "2", 0, 1),)),
    )
    baseline = schedule(at("J1.1", "M1", 3, 5), at("J1.2", "M2", 5, 7))
    result = shifted(instance, baseline, 2, MachineBreakdown("E", 2, "M2", 9))
    assert times(result) == {"J1.1": (6, 8), "J1.2": (9, 11)}


# --- where there is no right shift -------------------------------------------------------------------------------


def with_deadline(job: Job, deadline: int) -> Job:
    return replace(job, deadline=deadline)


def test_a_missed_deadline_is_the_reason() -> None:
    instance = flow_shop()
    instance = replace(instance, jobs=(instance.jobs[0], with_deadline(instance.jobs[1], 12)))
    after = revised(instance, flow_shop_baseline(), 1, MachineBreakdown("E", 1, "M1", 6))
    result = shift(after, flow_shop_baseline())
    assert result.schedule is None
    assert "job J2 would be completed at 15, after its deadline 12" in result.reason


def test_running_work_that_would_have_to_move_is_the_reason() -> None:
    # J1.2 has to start at the end of J1.1, which runs; but M2 is down then.
    instance = factory(
        machine("M1"),
        machine("M2"),
        job("J1", op("1", mode("M1", 2)), op("2", mode("M2", 2)), links=(Precedence("1", "2", 0, 0),)),
    )
    baseline = schedule(at("J1.1", "M1", 0, 2), at("J1.2", "M2", 2, 4))
    after = revised(instance, baseline, 1, MachineBreakdown("E", 1, "M2", 5))
    result = shift(after, baseline)
    assert result.schedule is None
    assert "operation 2 of job J1 on M2 would delay operation 1 of job J1 on M1, which stays at 0" in result.reason


def test_a_pin_that_would_have_to_move_is_the_reason() -> None:
    after = revised(flow_shop(), flow_shop_baseline(), 1, MachineBreakdown("E", 1, "M1", 6))
    pinned = replace(after, execution=replace(after.execution, pins=(at("J2.1", "M1", 3, 5),)))
    result = shift(pinned, flow_shop_baseline())
    assert result.schedule is None
    assert "operation 2" not in result.reason
    assert "operation 1 of job J2 on M1 is fixed at 3, where a downtime is in its way" in result.reason


def test_an_operation_that_fits_nowhere_is_the_reason() -> None:
    instance = factory(machine("M1", calendar=shifts(10, (0, 6))), simple_job("J1", ("M1", 4)))
    baseline = schedule(at("J1.1", "M1", 10, 14))
    after = revised(instance, baseline, 1)
    result = shift(replace(after, jobs=(simple_job("J1", ("M1", 7)),)), baseline)
    assert result.schedule is None
    assert "operation 1 of job J1 on M1 finds no time" in result.reason


# --- every feature at once ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [0, 1, 5, 12, 18, 25, 36, 60])
def test_without_event_nothing_changes(complete_instance: Instance, complete_schedule: Schedule, now: int) -> None:
    after = revised(complete_instance, complete_schedule, now)
    result = right_shift(after, complete_schedule)
    assert result is not None
    assert set(result.operations) == set(complete_schedule.operations)
    assert set(result.moves) == set(complete_schedule.moves)
    assert set(result.setups) == set(complete_schedule.setups)


@pytest.mark.parametrize("machine_id", ["S1", "S2", "S3", "M1", "OV", "M3", "M4"])
@pytest.mark.parametrize("interrupted", ["resume", "repeat"])
@pytest.mark.parametrize("now", [3, 7, 17, 23, 35, 42])
def test_every_machine_may_break(
    complete_instance: Instance, complete_schedule: Schedule, machine_id: str, interrupted: str, now: int
) -> None:
    without_deadlines = replace(
        complete_instance,
        jobs=tuple(
            replace(j, deadline=None, precedences=_unlimited(j), operations=_without_baths(j))
            for j in complete_instance.jobs
        ),
    )
    after = revised(
        without_deadlines, complete_schedule, now, MachineBreakdown("E", now, machine_id, now + 9, interrupted)
    )
    result = right_shift(after, complete_schedule)
    assert result is not None
    assert flagged(after, result) == []


def _without_baths(job: Job) -> tuple[Operation, ...]:
    """The operations of a job, whose parts may stay where they are worked on."""
    return tuple(replace(o, modes=tuple(replace(m, max_dwell=None) for m in o.modes)) for o in job.operations)


def _unlimited(job: Job) -> tuple[Precedence, ...]:
    return tuple(replace(p, max_lag=None) for p in job.precedences)
