"""Events of operations: what is really done corrects the schedule in force, and is refused where that can't be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers import at, constructed, distances, down, factory, job, machine, mode, op, schedule, setup, simple_job
from repair_cases import flow_shop, flow_shop_baseline, refused, repaired, revised, robot_cell, robot_cell_baseline

from scheduler import repair
from scheduler.domain import Facility, Fleet, Instance, Schedule, SetupMatrix, Vehicle
from scheduler.domain.events import EarlyCompletion, Event, OperationStatus, Retraction, Revision, Rework, revise
from scheduler.domain.happened import execution_of
from scheduler.errors import EventError
from scheduler.io import read

INSTANCES = Path(__file__).parents[2] / "instances"


def report(at: int, name: str, state: str, **fields: object) -> OperationStatus:
    """``report(4, "J1.2", "finished")``: at 4, operation 2 of J1 is finished."""
    job_id, operation_id = name.split(".")
    return OperationStatus("E", at, job_id, operation_id, state, **fields)  # type: ignore[arg-type]


def placed(result: Schedule, name: str) -> tuple[str, int, int]:
    job_id, operation_id = name.split(".")
    found = result.by_operation[job_id, operation_id]
    return found.machine, found.start, found.end


# --- status ------------------------------------------------------------------------------------------------------


def test_an_operation_that_started_later_ends_later() -> None:
    after, result = repaired(flow_shop(), flow_shop_baseline(), 6, report(6, "J1.2", "started", started_at=5))
    assert execution_of(after).baseline.by_operation["J1", "2"] == at("J1.2", "M2", 5, 9)
    assert (placed(result, "J1.2"), placed(result, "J2.2")) == (("M2", 5, 9), ("M2", 9, 12))


def test_an_operation_may_have_started_elsewhere_and_before_its_time() -> None:
    # J2.2 was to be done on M2 during [7, 10): it runs on M3 since 5.
    after, result = repaired(
        flow_shop(), flow_shop_baseline(), 6, report(6, "J2.2", "started", started_at=5, machine="M3")
    )
    assert placed(result, "J2.2") == ("M3", 5, 10)
    assert execution_of(after).baseline.by_operation["J2", "2"].mode == 1


def test_a_paused_operation_takes_longer() -> None:
    _, result = repaired(flow_shop(), flow_shop_baseline(), 4, report(4, "J1.2", "paused", until=9))
    assert (placed(result, "J1.2"), placed(result, "J2.2")) == (("M2", 3, 12), ("M2", 12, 15))


def test_a_finished_operation_took_as_long_as_it_took() -> None:
    after, result = repaired(flow_shop(), flow_shop_baseline(), 6, report(6, "J1.2", "finished", finished_at=5))
    assert after.operation_by_key["J1", "2"].modes[0].duration == 2
    # What is left keeps its start: a right shift moves nothing forward.
    assert (placed(result, "J1.2"), placed(result, "J2.2")) == (("M2", 3, 5), ("M2", 7, 10))
    wholly = revised(flow_shop(), flow_shop_baseline(), 7, report(7, "J2.2", "finished", started_at=5, machine="M3"))
    assert wholly.operation_by_key["J2", "2"].modes[1].duration == 2


def test_downtime_is_no_work() -> None:
    instance = factory(machine("M1", calendar=down((2, 5))), job("J", op("1", mode("M1", 4), interruptible=True)))
    after = revised(instance, schedule(at("J.1", "M1", 0, 7)), 6, report(6, "J.1", "finished"))
    assert after.operation_by_key["J", "1"].modes[0].duration == 3


def test_a_scrapped_part_may_be_made_anew() -> None:
    event = report(6, "J1.2", "scrapped", remake="again")
    _, result = repaired(flow_shop(), flow_shop_baseline(), 6, event)
    assert placed(result, "J1.2") == ("M2", 3, 6)
    assert {o.operation for o in result.operations if o.job == "again"} == {"1", "2"}
    gone, _ = repaired(flow_shop(), flow_shop_baseline(), 6, report(6, "J2.1", "scrapped"))
    assert [o.id for o in gone.job_by_id["J2"].operations] == ["1"]
    assert set(gone.job_by_id) == {"J1", "J2"}


def test_early_completion_ends_an_operation_now() -> None:
    after, result = repaired(flow_shop(), flow_shop_baseline(), 5, EarlyCompletion("E", 5, "J1", "2"))
    assert after.operation_by_key["J1", "2"].modes[0].duration == 2
    assert placed(result, "J1.2") == ("M2", 3, 5)
    found = repair(flow_shop(), flow_shop_baseline(), [EarlyCompletion("E", 5, "J1", "2")], time_limit=20, workers=1)
    assert found.result.schedule is not None
    assert placed(found.result.schedule, "J2.2") == ("M2", 5, 8)  # the slack is used


# --- rework ------------------------------------------------------------------------------------------------------


def test_bad_work_is_done_again() -> None:
    # J2.1 [3, 5) is completed, J2.2 starts at 7: at 6 its work turns out bad, and M1 is free.
    after, result = repaired(flow_shop(), flow_shop_baseline(), 6, Rework("E", 6, "J2", "1"))
    assert execution_of(after).aborted == (at("J2.1", "M1", 3, 5),)
    assert (placed(result, "J2.1"), placed(result, "J2.2")) == (("M1", 6, 8), ("M2", 8, 11))


def test_a_part_is_repaired_on_a_route_of_its_own() -> None:
    route = (op("grind", mode("M3", 2)), op("polish", mode("M1", 3)))
    after, result = repaired(flow_shop(), flow_shop_baseline(), 6, Rework("E", 6, "J2", "1", route))
    ways = [(p.predecessor, p.successor) for p in after.job_by_id["J2"].precedences]
    assert sorted(ways) == [("1", "grind"), ("grind", "polish"), ("polish", "2")]
    assert placed(result, "J2.1") == ("M1", 3, 5)
    assert result.by_operation["J2", "grind"].start >= 6
    assert result.by_operation["J2", "2"].start >= result.by_operation["J2", "polish"].end


def test_a_route_goes_back_into_the_cell() -> None:
    # The part of J2 has been on S1 during [19, 22); before it leaves it is worked on S2.
    route = (op("fix", mode("S2", 2)),)
    _, result = repaired(robot_cell(), robot_cell_baseline(), 23, Rework("E", 23, "J2", "1", route))
    ways = [(m.origin, m.destination) for m in result.moves if m.job == "J2"]
    assert ways == [("IN", "S1"), ("S1", "S2"), ("S2", "OUT")]


def test_a_retracted_route_is_not_taken() -> None:
    route = (op("grind", mode("M3", 2)),)
    first, result = repaired(flow_shop(), flow_shop_baseline(), 6, Rework("E", 6, "J2", "1", route))
    second = revise(first, Revision(6, 0, (Retraction("F", 6, supersedes="E"),), result))
    assert second.job_by_id["J2"] == flow_shop().job_by_id["J2"]


def test_a_route_is_validated_like_an_instance() -> None:
    route = (op("grind", mode("M3", 2), mode("M3", 2)),)
    with pytest.raises(EventError, match="E312"):
        repair(flow_shop(), flow_shop_baseline(), [Rework("E", 6, "J2", "1", route)])


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "defect"),
    [
        (report(6, "J9.1", "started"), "E601 job: there is no job 'J9'"),
        (report(6, "J1.9", "started"), "E601 operation: there is no operation '9'"),
        (report(6, "J1.2", "started", machine="M1"), "E601 machine: operation 2 of job J1 can't be done on M1"),
        (report(6, "J2.2", "started"), "E603 started_at: operation 2 of job J2 would start at 6, which is not before"),
        (report(6, "J2.2", "started", started_at=5), "E602 started_at: M2 was busy with operation 2 of job J1 then"),
        (report(6, "J2.2", "started", started_at=4), "E602 started_at: operation 1 of job J2 was not done by 4"),
        (report(6, "J1.1", "started", started_at=1), "E602 finished_at: operation 2 has started at 3"),
        (report(6, "J1.2", "finished", finished_at=7), "E603 finished_at: operation 2 of job J1 would have been done"),
        (report(6, "J1.2", "finished", started_at=2, finished_at=5), "E602 started_at: operation 1 of job J1 was not"),
        (report(6, "J1.1", "paused", until=9), "E602 state: operation 1 of job J1 is not running"),
        (report(6, "J1.2", "paused"), "E603 until: a paused operation has no end of its pause"),
        (report(6, "J1.2", "paused", until=6), "E603 until: the downtime ends at 6, not after its begin at 6"),
        (report(6, "J2.2", "scrapped"), "E602 state: operation 2 of job J2 has not started"),
        (report(6, "J1.2", "scrapped", remake="J2"), "E604 remake: there is a job J2 already"),
        (EarlyCompletion("E", 6, "J2", "9"), "E601 operation: there is no operation '9'"),
        (EarlyCompletion("E", 6, "J2", "2"), "E602 operation: operation 2 of job J2 has not started"),
        (EarlyCompletion("E", 6, "J2", "1"), "E602 operation: operation 1 of job J2 was completed at 5"),
        (Rework("E", 6, "J9", "1"), "E601 job: there is no job 'J9'"),
        (Rework("E", 6, "J2", "2"), "E602 operation: operation 2 of job J2 has not started"),
        (Rework("E", 6, "J1", "1"), "E602 operation: the part of operation 1 of job J1 has gone on to operation 2"),
        (Rework("E", 6, "J1", "2", (op("fix", mode("M1", 1)),)), "E602 route: operation 2 of job J1 is still running"),
        (Rework("E", 6, "J2", "1", (op("2", mode("M1", 1)),)), "E604 route[0].id: job J2 has an operation 2 already"),
        (Rework("E", 6, "J2", "1", (op("3", mode("M9", 1)),)), "E601 route[0].modes[0].machine: there is no machine"),
    ],
)
def test_contradictions(event: Event, defect: str) -> None:
    assert refused(flow_shop(), flow_shop_baseline(), 6, event)[0].startswith(defect)


def test_a_part_in_a_gripper_has_not_arrived_and_one_that_was_fetched_is_done() -> None:
    (defect,) = refused(robot_cell(), robot_cell_baseline(), 12, report(12, "J1.2", "started", started_at=11))
    assert defect.startswith("E602 started_at: its part was not at S2 by 11")
    (defect,) = refused(
        robot_cell(), robot_cell_baseline(), 12, report(12, "J1.1", "finished", started_at=4, finished_at=11)
    )
    assert defect.startswith("E602 finished_at: its part was fetched at 9")
    (defect,) = refused(robot_cell(), robot_cell_baseline(), 12, Rework("E", 12, "J1", "1"))
    assert defect.startswith("E602 operation: the part of operation 1 of job J1 has gone on to S2")


def test_nothing_starts_before_its_job_is_released_nor_on_a_machine_that_is_down() -> None:
    instance = factory(machine("M1", calendar=down((0, 2))), simple_job("J", ("M1", 3), release_date=3))
    baseline = schedule(at("J.1", "M1", 5, 8))
    (defect,) = refused(instance, baseline, 4, report(4, "J.1", "started", started_at=2))
    assert defect.startswith("E602 started_at: job J was released at 3")
    instance = replace(instance, jobs=(replace(instance.jobs[0], release_date=0),))
    (defect,) = refused(instance, baseline, 4, report(4, "J.1", "started", started_at=1))
    assert defect.startswith("E602 started_at: M1 was down during [1, 2)")


def test_setups_stay_where_they_are() -> None:
    matrix = SetupMatrix({"a": {"b": 2}}, "a")
    instance: Instance = factory(machine("M1", setups=matrix), job("J", op("1", mode("M1", 3, "b"))))
    baseline = Schedule((at("J.1", "M1", 2, 5),), setups=(setup("J.1", "M1", "a>b", 0, 2),))
    (defect,) = refused(instance, baseline, 4, report(4, "J.1", "started", started_at=3))
    assert defect.startswith("E607 started_at: M1 has setups")
    after = revised(instance, baseline, 4, report(4, "J.1", "finished", finished_at=4))
    assert after.operation_by_key["J", "1"].modes[0].duration == 2


def test_modes_that_an_earlier_event_made_alike_are_no_defect() -> None:
    # After the loss of its work J2.2 can be done on M2 only: its other mode became a copy of that.
    instance = replace(
        flow_shop(), jobs=(flow_shop().jobs[0], job("J2", op("1", mode("M1", 2)), op("2", *[mode("M2", 3)] * 2)))
    )
    found = repair(instance, flow_shop_baseline(), [Rework("E", 6, "J2", "1")], policy="right-shift", workers=1)
    assert found.result.schedule is not None


@pytest.mark.parametrize("places", [0, 1])
def test_a_part_that_went_on_later_would_have_kept_others_out(places: int) -> None:
    # J2.1 took M1 at 3: without a buffer J1 was gone by then, with one place it may have waited behind M1 until 5.
    buffered = [replace(m, output_buffer=places) if m.id == "M1" else m for m in flow_shop().machines]
    instance = replace(flow_shop(), machines=tuple(buffered))
    event = report(6, "J1.2", "started", started_at=5)
    if places:
        assert repair(instance, flow_shop_baseline(), [event], policy="right-shift").result.schedule is not None
        return
    with pytest.raises(EventError, match=r"E602.*J2.1 on M1: takes the machine at 3, which J1.1 leaves at 5"):
        repair(instance, flow_shop_baseline(), [event], policy="right-shift")


def test_what_is_pending_has_not_gone_on_yet() -> None:
    # J2.2 waits for M2 until 7, so that J2 was on M1 at 5, when J3 is said to have begun there.
    machines = tuple(replace(m, output_buffer=0) if m.id == "M1" else m for m in flow_shop().machines)
    instance = replace(flow_shop(), machines=machines, jobs=(*flow_shop().jobs, simple_job("J3", ("M1", 2))))
    plan = replace(flow_shop_baseline(), operations=(*flow_shop_baseline().operations, at("J3.1", "M1", 7, 9)))
    with pytest.raises(EventError, match=r"E602.*J3.1 on M1: takes the machine at 5, which J2.1 leaves at 6"):
        repair(instance, plan, [report(6, "J3.1", "started", started_at=5)], policy="right-shift")


def test_a_part_whose_place_another_has_taken_is_not_repaired_there() -> None:
    # M1 has no buffer: J2, which is done there at 5, has left it since J3 came at 5.
    machines = tuple(replace(m, output_buffer=0) if m.id == "M1" else m for m in flow_shop().machines)
    jobs = (simple_job("J2", ("M1", 5)), simple_job("J3", ("M1", 2)))
    instance, plan = (
        replace(flow_shop(), machines=machines, jobs=jobs),
        schedule(at("J2.1", "M1", 0, 5), at("J3.1", "M1", 5, 7)),
    )
    fix = (op("fix", mode("M3", 2)),)
    assert repair(instance, plan, [Rework("E", 5, "J2", "1", fix)], policy="right-shift").result.schedule is not None
    with pytest.raises(EventError, match=r"E602.*J3.1 on M1: takes the machine at 5, which J2.1 leaves at 6"):
        repair(instance, plan, [Rework("E", 6, "J2", "1", fix)], policy="right-shift")


@pytest.mark.parametrize(("buffer", "is_refused"), [(0, True), (None, False)])
def test_work_is_not_done_again_on_a_part_whose_place_another_has_taken(buffer: int | None, is_refused: bool) -> None:
    # Carts bring J2 to M1 at 2 and J3 at 7, when J2 has been done and is gone. Without a place before M1, where J2
    # could wait for J3, it would have been on M1 all the time.
    places = distances("P M1", 2)
    fleet = Fleet("carts", "F", (Vehicle("V1", "P"), Vehicle("V2", "P")), places)
    instance = factory(
        Facility("F", "P"),
        machine("M1", input_buffer=buffer),
        fleet,
        simple_job("J2", ("M1", 3)),
        simple_job("J3", ("M1", 4), release_date=5),
    )
    plan = constructed(instance)
    assert plan is not None
    assert [(o.start, o.end) for o in plan.operations] == [(2, 5), (7, 11)]
    rework = [Rework("E", 9, "J2", "1")]
    if is_refused:
        with pytest.raises(EventError, match=r"E602.*J3.1 on M1: takes the machine at 7, which J2.1 leaves at 9"):
            repair(instance, plan, rework, policy="right-shift")
    else:
        found = repair(instance, plan, rework, policy="right-shift", workers=1)
        assert found.schedule is not None
        assert placed(found.schedule, "J2.1") == ("M1", 11, 14)


def test_a_part_that_stays_for_its_repair_lets_the_next_one_wait() -> None:
    # The loader is on its way with B, to be at the mill at 9, which A was to leave by 8: unloading takes 1. A is
    # repaired there during [7, 11), in two steps; B is put down, in 1, as soon as A is out at 12.
    instance = read(INSTANCES / "two_robots_tiny.json")
    plan = constructed(instance)
    assert plan is not None
    fix = (op("fix", mode("mill", 3)), op("look", mode("mill", 1)))
    found = repair(instance, plan, [Rework("E", 7, "A", "mill", fix)], policy="right-shift")
    assert found.result.schedule is not None
    assert placed(found.result.schedule, "A.look") == ("mill", 10, 11)
    assert placed(found.result.schedule, "B.mill")[1] == 13
