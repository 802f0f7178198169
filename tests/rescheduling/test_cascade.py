"""Which event delays what, by way of what: by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import assert_valid, at, distances, factory, machine, schedule, simple_job, transfer, transport
from repair_cases import flow_shop, flow_shop_baseline, revised, robot_cell, robot_cell_baseline

from scheduler.domain import Facility, Fleet, Instance, Lane, OperatorPool, Schedule, Vehicle
from scheduler.domain.derive import complete
from scheduler.domain.events import JobCancelled, MachineBreakdown, OperationDelayed, RobotDown
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


LANE = Lane("L", "F", "G", transit_time=3, load_time=2, unload_time=1, vehicles=2)


@pytest.mark.parametrize(
    ("lane", "docks", "line", "via", "shared"),
    [
        # J1 departs at 6 instead of 2, J2 at 10 or 8 instead of 7.
        (replace(LANE, headway=4), None, "J2 from F to G by L#2: 3 later (headway of L)", "headway", "L"),
        (LANE, 1, "J2 from F to G by L#2: 1 later (docks of F)", "dock", "F"),
    ],
)
def test_trips_wait_for_headway_and_docks(lane: Lane, docks: int | None, line: str, via: str, shared: str) -> None:
    instance, event = two_sites(lane, docks), OperationDelayed("E", 1, "J1", "1", delay=4)
    baseline = two_trips(instance)
    delays = shift(revised(instance, baseline, 1, event), baseline).delays
    assert told(delays, [event]).splitlines()[:3] == [
        "E -> J1.1 on A1: takes 4 longer",
        "  -> J1 from F to G by L#1: 4 later (through job J1)",
        f"    -> {line}",
    ]
    report = repair(instance, baseline, [event], policy="right-shift").report
    assert report is not None
    told_as_json = next(d for d in report.as_json()["cascade"] if d["resource"] == "L#2")
    assert (told_as_json["via"], told_as_json["shared"]) == (via, shared)
    assert report.as_json()["cascade"][told_as_json["cause"]]["resource"] == "L#1"


def two_sites(lane: Lane, docks: int | None) -> Instance:
    stages = machine("A1", "F"), machine("A2", "F"), machine("B1", "G"), machine("B2", "G")
    jobs = simple_job("J1", ("A1", 2), ("B1", 1)), simple_job("J2", ("A2", 7), ("B2", 1))
    return factory(Facility("F", docks=docks), Facility("G"), *stages, lane, *jobs)


def two_trips(instance: Instance) -> Schedule:
    operations = at("J1.1", "A1", 0, 2), at("J1.2", "B1", 8, 9), at("J2.1", "A2", 0, 7), at("J2.2", "B2", 13, 14)
    trips = transfer("J1 1>2", "F>G", "L#1", 2, 8), transfer("J2 1>2", "F>G", "L#2", 7, 13)
    return complete(instance, operations, trips)


@pytest.mark.parametrize(
    ("places", "line"),
    [
        # J1.2 ends at 8 instead of 5. The part of J2 leaves M1, or the place behind it, at 8 instead of 5.
        (0, "J3.1 on M1: 3 later (a part stands on M1)"),
        (1, "J4.1 on M1: 1 later (no place at M1)"),
    ],
)
def test_operations_wait_for_parts_that_have_not_been_taken_away(places: int, line: str) -> None:
    # M1 for 2 ticks, M2 for 3; with a place behind M1 J3.1 begins at 4, and J4.1 when J2 has left.
    jobs = [simple_job(f"J{n}", ("M1", 2), ("M2", 3)) for n in (1, 2, 3, 4)]
    instance = factory(machine("M1", output_buffer=places), machine("M2"), *jobs)
    starts = {0: (0, 2, 5, 8), 1: (0, 2, 4, 7)}[places]
    first = [at(f"J{n}.1", "M1", start, start + 2) for n, start in enumerate(starts, 1)]
    baseline = schedule(*first, *(at(f"J{n}.2", "M2", 3 * n - 1, 3 * n + 2) for n in (1, 2, 3, 4)))
    assert_valid(instance, baseline)
    event = OperationDelayed("E", 3, "J1", "2", delay=3)
    delays = shift(revised(instance, baseline, 3, event), baseline).delays
    assert f"    -> {line}" in told(delays, [event]).splitlines()
    waiting = next(delay for delay in delays if str(delay) == line)
    assert delays[waiting.cause].name == "J2.2 on M2"


def test_moves_wait_for_a_place_before_a_machine() -> None:
    # One place before M2; the part of J3 can be put down when J2.2 begins, at 9 instead of 6.
    fleet = Fleet("V", "F", (Vehicle("V1", "M1"), Vehicle("V2", "M1")), distances("M1 M2", 1))
    jobs = [simple_job(f"J{n}", ("M1", 2), ("M2", 3)) for n in (1, 2, 3)]
    instance = factory(machine("M1"), machine("M2", input_buffer=1), fleet, *jobs)
    first = [at(f"J{n}.1", "M1", 2 * n - 2, 2 * n) for n in (1, 2, 3)]
    moves = [transport(f"J{n} 1>2", "M1>M2", f"V{2 - n % 2}", 2 * n, 2 * n + 1) for n in (1, 2, 3)]
    second = [at(f"J{n}.2", "M2", 3 * n, 3 * n + 3) for n in (1, 2, 3)]
    baseline = complete(instance, (*first, *second), moves)
    assert_valid(instance, baseline)
    event = OperationDelayed("E", 4, "J1", "2", delay=3)
    delays = shift(revised(instance, baseline, 4, event), baseline).delays
    assert told(delays, [event]).splitlines()[:3] == [
        "E -> J1.2 on M2: takes 3 longer",
        "  -> J2.2 on M2: 3 later (through M2)",
        "    -> J3 from M1 to M2 by V1: 2 later (no place at M2)",
    ]


def test_operations_wait_for_operators() -> None:
    jobs = [simple_job("J1", ("M1", 2)), simple_job("J2", ("M2", 2))]
    instance = with_operator(factory(machine("M1"), machine("M2"), *jobs))
    baseline = schedule(at("J1.1", "M1", 0, 2), at("J2.1", "M2", 2, 4))
    event = OperationDelayed("E", 1, "J1", "1", delay=3)
    delays = shift(revised(instance, baseline, 1, event), baseline).delays
    assert told(delays, [event]).splitlines()[1] == "  -> J2.1 on M2: 3 later (operators P)"


def with_operator(instance: Instance) -> Instance:
    """Return the instance with one operator for all operations."""
    jobs = tuple(
        replace(
            job,
            operations=tuple(
                replace(o, modes=tuple(replace(m, operators={"P": 1}) for m in o.modes)) for o in job.operations
            ),
        )
        for job in instance.jobs
    )
    return replace(instance, jobs=jobs, operators=(OperatorPool("P", 1),))


def test_what_delays_nothing_has_no_cascade() -> None:
    after = revised(flow_shop(), flow_shop_baseline(), 1, JobCancelled("E", 1, "J2"))
    assert shift(after, flow_shop_baseline()).delays == ()


def test_the_report_tells_the_cascade() -> None:
    result = repair(flow_shop(), flow_shop_baseline(), [MachineBreakdown("E", 1, "M1", 6)], policy="right-shift")
    assert result.report is not None
    assert (len(result.report.cascade), result.report.cascade_depth, result.report.match_up_time) == (4, 3, 14)
    assert (result.report.jobs_touched, result.report.machines_touched) == (("J1", "J2"), ("M1", "M2"))
    assert "What the events delay with all orders kept: 4, 3 deep\nE -> J1.1 on M1" in str(result.report)
