"""Events: what each does to the instance, and why an event is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import (
    at,
    carry,
    distances,
    down,
    factory,
    job,
    machine,
    mode,
    op,
    schedule,
    simple_job,
    transfer,
    transport,
)
from repair_cases import flow_shop, flow_shop_baseline, revised, robot_cell, robot_cell_baseline

from scheduler.domain import Downtime, Fleet, Lane, OperatorPool, Precedence, Vehicle
from scheduler.domain.events import (
    EVENTS,
    Event,
    JobCancelled,
    MachineBreakdown,
    OperationDelayed,
    Revision,
    RobotDown,
    RushOrder,
    VehicleDown,
    revise,
)
from scheduler.errors import EventError


def refused(now: int, *events: Event) -> list[str]:
    """Return the defects of events in the flow shop at `now`."""
    with pytest.raises(EventError) as caught:
        revised(flow_shop(), flow_shop_baseline(), now, *events)
    return [str(defect) for defect in caught.value.defects]


# --- revise ------------------------------------------------------------------------------------------------------


def test_a_revision_records_what_has_happened() -> None:
    after = revise(robot_cell(), Revision(12, 20, (), robot_cell_baseline()))
    execution = after.execution
    assert execution is not None
    assert (execution.now, execution.frozen_until) == (12, 20)
    assert execution.baseline is not None
    assert execution.aborted == ()
    # Loaded moves that have begun: the arrival of J1 and its way to S2, under way.
    assert execution.moves == (carry("J1 >1", "IN>S1", "R1", 0, 4), carry("J1 1>2", "S1>S2", "R1", 9, 13))


def test_events_are_applied_in_the_order_of_their_ids() -> None:
    # The order of the tuple does not matter: the job comes (A), then is cancelled (B).
    rush = RushOrder("A", 1, simple_job("R", ("M1", 1), release_date=1))
    after = revised(flow_shop(), flow_shop_baseline(), 1, JobCancelled("B", 1, "R"), rush)
    assert list(after.job_by_id) == ["J1", "J2"]


def test_lost_work_stays_on_record() -> None:
    first = revised(flow_shop(), flow_shop_baseline(), 1, MachineBreakdown("A", 1, "M1", 6, "repeat"))
    again = schedule(at("J1.1", "M1", 6, 9), at("J1.2", "M2", 9, 13), at("J2.1", "M1", 9, 11), at("J2.2", "M2", 13, 16))
    second = revise(first, Revision(7, 0, (MachineBreakdown("B", 7, "M1", 10, "repeat"),), again))
    assert second.execution is not None
    assert second.execution.aborted == (at("J1.1", "M1", 0, 1), at("J1.1", "M1", 6, 7))


# --- what each event does ----------------------------------------------------------------------------------------


def test_a_breakdown_adds_a_downtime() -> None:
    after = revised(flow_shop(), flow_shop_baseline(), 1, MachineBreakdown("E", 1, "M2", 6))
    assert after.machine_by_id["M2"].calendar.downtimes == (Downtime(1, 6, "breakdown"),)
    assert after.jobs == flow_shop().jobs  # nothing was running on M2


def test_a_resumed_operation_becomes_interruptible() -> None:
    after = revised(flow_shop(), flow_shop_baseline(), 1, MachineBreakdown("E", 1, "M1", 6, "resume"))
    interruptible = [key for key, operation in after.operation_by_key.items() if operation.interruptible]
    assert interruptible == [("J1", "1")]


def test_a_repeated_operation_is_aborted() -> None:
    after = revised(flow_shop(), flow_shop_baseline(), 1, MachineBreakdown("E", 1, "M1", 6, "repeat"))
    assert after.execution is not None
    assert after.execution.aborted == (at("J1.1", "M1", 0, 1),)
    assert after.jobs == flow_shop().jobs


def test_a_breakdown_hits_all_operations_of_an_oven() -> None:
    instance = factory(machine("OV", capacity=2), simple_job("J1", ("OV", 4)), simple_job("J2", ("OV", 4)))
    baseline = schedule(at("J1.1", "OV", 0, 4), at("J2.1", "OV", 1, 5))
    after = revised(instance, baseline, 2, MachineBreakdown("E", 2, "OV", 6, "repeat"))
    assert after.execution is not None
    assert after.execution.aborted == (at("J1.1", "OV", 0, 2), at("J2.1", "OV", 1, 2))


def test_a_repeated_operation_stays_in_the_facility_its_part_was_brought_to() -> None:
    instance = factory(
        machine("A1", "A"),
        machine("B1", "B"),
        machine("B2", "B"),
        Lane("L", "A", "B", transit_time=2),
        job("J1", op("1", mode("A1", 1)), op("2", mode("A1", 9), mode("B1", 4), mode("B2", 5))),
    )
    baseline = schedule(at("J1.1", "A1", 0, 1), at("J1.2", "B1", 3, 7, mode=1), transfer("J1 1>2", "A>B", "L#1", 1, 3))
    after = revised(instance, baseline, 4, MachineBreakdown("E", 4, "B1", 30, "repeat"))
    # Mode 0 (on A1) would need the part to be in A; the numbers of the modes stay.
    assert [m.machine for m in after.operation_by_key["J1", "2"].modes] == ["B1", "B1", "B2"]


def test_a_robot_down_lengthens_the_move_under_way_only() -> None:
    after = revised(robot_cell(), robot_cell_baseline(), 11, RobotDown("E", 11, "R1", 21))
    assert after.execution is not None
    assert [(m.start, m.end) for m in after.execution.moves] == [(0, 4), (9, 23)]
    assert after.carrier_by_id["R1"].calendar.downtimes == (Downtime(11, 21, "robot down"),)


def test_a_vehicle_down_lengthens_the_transport_under_way_only() -> None:
    fleet = Fleet("carts", "F", (Vehicle("V1", "M1"), Vehicle("V2", "M1")), distances("M1 M2", 4))
    instance = factory(machine("M1"), machine("M2"), fleet, simple_job("J1", ("M1", 3), ("M2", 4)))
    baseline = schedule(at("J1.1", "M1", 0, 3), at("J1.2", "M2", 7, 11), transport("J1 1>2", "M1>M2", "V1", 3, 7))
    after = revised(instance, baseline, 5, VehicleDown("E", 5, "V1", 9))
    assert after.execution is not None
    assert [(m.start, m.end) for m in after.execution.moves] == [(3, 11)]
    assert after.carrier_by_id["V1"].calendar.downtimes == (Downtime(5, 9, "vehicle down"),)
    assert after.carrier_by_id["V2"].calendar.always_works
    other = revised(instance, baseline, 5, VehicleDown("E", 5, "V2", 9))
    assert other.execution is not None
    assert [(m.start, m.end) for m in other.execution.moves] == [(3, 7)]
    with pytest.raises(EventError) as caught:
        revised(instance, baseline, 5, VehicleDown("E", 5, "V3", 5), RobotDown("F", 5, "V1", 6))
    assert [str(defect) for defect in caught.value.defects] == [
        """E601 at $.events[?@.id=="E"].vehicle: there is no vehicle 'V3'; write V1, V2""",
        """E603 at $.events[?@.id=="E"].until: the downtime ends at 5, not after its begin at 5; write 6 or later""",
        """E601 at $.events[?@.id=="F"].robot: there is no robot 'V1'; the instance has no robot""",
    ]


def test_a_second_robot_down_lengthens_the_move_further() -> None:
    first = revised(robot_cell(), robot_cell_baseline(), 11, RobotDown("E", 11, "R1", 21))
    baseline = robot_cell_baseline()
    moves = tuple(replace(m, end=23) if (m.job, m.start) == ("J1", 9) else m for m in baseline.moves if m.start < 13)
    second = revise(first, Revision(22, 0, (RobotDown("F", 22, "R1", 30),), replace(baseline, moves=moves)))
    # 1 of its 4 ticks was left at 22.
    assert second.execution is not None
    assert second.execution.moves[-1] == carry("J1 1>2", "S1>S2", "R1", 9, 31)


def test_a_delay_changes_every_mode() -> None:
    after = revised(flow_shop(), flow_shop_baseline(), 1, OperationDelayed("E", 1, "J2", "2", new_duration=5))
    assert [m.duration for m in after.operation_by_key["J2", "2"].modes] == [5, 7]  # were 3 and 5, 3 is scheduled


def test_a_delay_into_a_downtime_makes_the_operation_interruptible() -> None:
    instance = factory(machine("M1", calendar=down((3, 10))), simple_job("J1", ("M1", 3)))
    after = revised(instance, schedule(at("J1.1", "M1", 0, 3)), 1, OperationDelayed("E", 1, "J1", "1", delay=2))
    assert after.operation_by_key["J1", "1"].interruptible


def test_a_cancelled_job_keeps_what_has_begun_without_due_date_and_deadline() -> None:
    instance = flow_shop()
    dated = replace(instance.jobs[1], due_date=10, deadline=20)
    instance = replace(instance, jobs=(instance.jobs[0], dated))
    after = revised(instance, flow_shop_baseline(), 4, JobCancelled("E", 4, "J2"))
    left = after.job_by_id["J2"]
    assert [operation.id for operation in left.operations] == ["1"]
    assert (left.precedences, left.due_date, left.deadline) == ((), None, None)


def test_a_part_in_flight_keeps_its_operation_and_all_before_it() -> None:
    # J1.2 assembles the parts of J1.1, on its way to S2, and of J1.3, which has not begun. J1.4 is the last.
    instance = robot_cell()
    links = (Precedence("1", "2"), Precedence("3", "2"), Precedence("2", "4"))
    assembly = replace(simple_job("J1", ("S1", 5), ("S2", 6), ("M", 9), ("M", 1)), precedences=links)
    instance = replace(instance, machines=(*instance.machines, machine("M")), jobs=(assembly,))
    baseline = schedule(
        at("J1.1", "S1", 4, 9),
        at("J1.3", "M", 12, 21),
        at("J1.2", "S2", 27, 33),
        at("J1.4", "M", 37, 38),
        carry("J1 >1", "IN>S1", "R1", 0, 4),
        carry("J1 1>2", "S1>S2", "R1", 9, 13),
    )
    after = revised(instance, baseline, 11, JobCancelled("E", 11, "J1"))
    assert [operation.id for operation in after.job_by_id["J1"].operations] == ["1", "2", "3"]


def test_a_job_of_which_nothing_has_begun_disappears() -> None:
    after = revised(flow_shop(), flow_shop_baseline(), 2, JobCancelled("E", 2, "J2"))
    assert list(after.job_by_id) == ["J1"]


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "defect"),
    [
        (
            MachineBreakdown("E", 4, "M9", 6),
            """E601 at $.events[?@.id=="E"].machine: there is no machine 'M9'; write M1, M2, M3""",
        ),
        (
            MachineBreakdown("E", 4, "M1", 4),
            """E603 at $.events[?@.id=="E"].until: the downtime ends at 4, not after its begin at 4; """
            "write 5 or later",
        ),
        (
            RobotDown("E", 4, "R1", 6),
            """E601 at $.events[?@.id=="E"].robot: there is no robot 'R1'; the instance has no robot""",
        ),
        (
            OperationDelayed("E", 4, "J9", "1", delay=2),
            """E601 at $.events[?@.id=="E"].job: there is no job 'J9'; write J1, J2""",
        ),
        (
            OperationDelayed("E", 4, "J1", "9", delay=2),
            """E601 at $.events[?@.id=="E"].operation: there is no operation '9'; write 1, 2""",
        ),
        (
            OperationDelayed("E", 4, "J1", "1", delay=2),
            """E602 at $.events[?@.id=="E"].operation: operation 1 of job J1 was completed at 3; """
            "name an operation that is running or pending",
        ),
        (
            OperationDelayed("E", 6, "J1", "2", new_duration=2),
            """E603 at $.events[?@.id=="E"].new_duration: a duration of 2 is too short: 3 ticks are done; """
            "write a duration of 3 or more",
        ),
        (
            OperationDelayed("E", 1, "J1", "2", delay=-5),
            """E603 at $.events[?@.id=="E"].delay: a duration of -1 is too short: 0 ticks are done; """
            "write a duration of 0 or more",
        ),
        (
            OperationDelayed("E", 4, "J1", "2"),
            """E603 at $.events[?@.id=="E"].delay: delay and new_duration are both given or both missing; give one""",
        ),
        (
            RushOrder("E", 4, simple_job("J1", ("M1", 1), release_date=4)),
            """E604 at $.events[?@.id=="E"].job.id: there is a job J1 already; give the new job an id of its own""",
        ),
        (
            RushOrder("E", 4, simple_job("R", ("M1", 1), release_date=3)),
            """E603 at $.events[?@.id=="E"].job.release_date: release_date 3 is before the event; write 4 or later""",
        ),
        (
            RushOrder("E", 4, simple_job("R", ("M1", 1), ("M9", 1), release_date=4)),
            """E601 at $.events[?@.id=="E"].job.operations[1].modes[0].machine: there is no machine 'M9'; """
            "write M1, M2, M3",
        ),
        (
            RushOrder("E", 4, job("R", op("1", mode("M1", 1, crew=1)), release_date=4)),
            """E601 at $.events[?@.id=="E"].job.operations[0].modes[0].operators: there is no operator pool 'crew'; """
            "the instance has no operator pool",
        ),
        (
            JobCancelled("E", 4, "J9"),
            """E601 at $.events[?@.id=="E"].job: there is no job 'J9'; write J1, J2""",
        ),
        (
            JobCancelled("E", 7, "J1"),
            """E602 at $.events[?@.id=="E"].job: job J1 was finished at 7; name a job that is not finished""",
        ),
    ],
    ids=lambda value: value.type if isinstance(value, Event) else "",
)
def test_what_contradicts_the_past_is_refused(event: Event, defect: str) -> None:
    assert refused(event.at, event) == [defect]


def test_an_operation_outside_the_schedule_is_refused() -> None:
    instance = factory(
        machine("M1"), job("J1", op("1", mode("M1", 1)), op("2", mode("M1", 2)), plans=(("1",), ("2",)), links=())
    )
    with pytest.raises(EventError, match="operation 2 of job J1 is not in the schedule in force"):
        revised(instance, schedule(at("J1.1", "M1", 3, 4)), 1, OperationDelayed("E", 1, "J1", "2", delay=1))


def test_events_to_come_are_refused() -> None:
    assert refused(4, MachineBreakdown("E", 5, "M1", 6)) == [
        """E605 at $.events[?@.id=="E"].at: the event is at 5, the revision at 4, the one before at 0; """
        "give events in the order of time"
    ]


def test_repeated_ids_are_refused() -> None:
    assert refused(4, MachineBreakdown("E", 4, "M1", 6), MachineBreakdown("E", 4, "M2", 6)) == [
        """E604 at $.events[?@.id=="E"].id: two events have the id E; give each its own"""
    ]


def test_all_contradictions_are_reported_at_once() -> None:
    defects = refused(4, MachineBreakdown("A", 4, "M9", 4), JobCancelled("B", 4, "J9"), RobotDown("C", 4, "R", 9))
    assert [defect.split(":")[0] for defect in defects] == [
        """E601 at $.events[?@.id=="A"].machine""",
        """E603 at $.events[?@.id=="A"].until""",
        """E601 at $.events[?@.id=="B"].job""",
        """E601 at $.events[?@.id=="C"].robot""",
    ]


def test_pools_are_known() -> None:
    instance = replace(flow_shop(), operators=(OperatorPool("crew"),))
    rush = job("R", op("1", mode("M1", 1, crew=1)), release_date=4)
    assert "R" in revised(instance, flow_shop_baseline(), 4, RushOrder("E", 4, rush)).job_by_id


def test_every_event_has_a_type_of_its_own() -> None:
    assert len({event.type for event in EVENTS}) == len(EVENTS)


def test_an_event_needs_to_know_what_has_happened() -> None:
    with pytest.raises(ValueError, match="nothing has happened yet"):
        JobCancelled("E", 1, "J1").apply(flow_shop())
