"""Plans that are made once: small ones whose least makespan is proved by hand, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cyclic_graph_cases import joined
from helpers import assert_valid, at, distances, down, factory, job, machine, mode, op, schedule, shifts, simple_job
from inserting_searched import MAKESPAN, inserted, late, makespan

from scheduler.domain import (
    Facility,
    Fleet,
    Lane,
    Mode,
    Objective,
    OperatorPool,
    Robot,
    RobotCell,
    SetupMatrix,
    Vehicle,
)
from scheduler.domain.cycle import Cycle, unrolled
from scheduler.domain.jobs import Precedence
from scheduler.io.validate import require_valid
from scheduler.search.cyclic.engine import MOST_TICKS
from scheduler.search.cyclic.inserting import InsertionSearch
from scheduler.search.cyclic.lower import lower
from scheduler.search.cyclic.spoken import why_not_once

SETUPS = SetupMatrix({"a": {"b": 3}, "b": {"a": 3}}, initial="b")
"""Three ticks from either family to the other; at first the machine is set up for b."""


def test_a_job_shop() -> None:
    # M1 is busy for 9; what ends there still has 2 to go elsewhere, or begins after 2 elsewhere.
    jobs = simple_job("A", ("M1", 5), ("M2", 2)), simple_job("B", ("M2", 2), ("M1", 4))
    assert makespan(factory(machine("M1"), machine("M2"), *jobs)) == 9


def test_nothing_goes_round() -> None:
    # In a cycle 4 would do; once, the part is there for 7.
    assert makespan(factory(machine("M1"), machine("M2"), simple_job("A", ("M1", 3), ("M2", 4)))) == 7


def test_the_family_that_a_machine_begins_with_comes_first() -> None:
    # 2 of b, 3 of setup, 2 of a; the other way round two setups: 10.
    jobs = (job(f.upper(), op("1", mode("M", 2, f))) for f in "ab")
    assert makespan(factory(machine("M", setups=SETUPS), *jobs)) == 7


def test_a_setup_before_the_first_work() -> None:
    assert makespan(factory(machine("M", setups=SETUPS), job("A", op("1", mode("M", 2, "a"))))) == 5


@pytest.mark.parametrize(("start", "least"), [("IN", 8), ("OUT", 12)])
def test_a_robot_comes_from_its_place(start: str, least: int) -> None:
    # [4 from OUT to IN,] 2 to the station, 2 of work, 4 to the output station.
    travel = {"IN": {"S": 2, "OUT": 4}, "S": {"IN": 2, "OUT": 4}, "OUT": {"IN": 4, "S": 4}}
    cell = RobotCell("C", "F", (Robot("R", start),), "IN", "OUT", travel, 0, 0)
    station = machine("S", cell="C", input_buffer=0, output_buffer=0)
    assert makespan(factory(station, cell, simple_job("A", ("S", 2)))) == least


@pytest.mark.parametrize(("start", "least"), [("M1", 8), ("M2", 8), ("M3", 11)])
def test_a_vehicle_comes_from_its_place(start: str, least: int) -> None:
    # 3 of work, during which the vehicle comes for 3 or 6; then 3 to M2 and 2 of work.
    travel = {a: {b: 6 if "M3" in (a, b) else 3 for b in ("M1", "M2", "M3") if a != b} for a in ("M1", "M2", "M3")}
    fleet = Fleet("cars", "F", (Vehicle("V", start),), travel)
    jobs = simple_job("A", ("M1", 3), ("M2", 2))
    assert makespan(factory(machine("M1"), machine("M2"), machine("M3"), fleet, jobs)) == least


def test_release_dates() -> None:
    # M is busy from 2 on for 3, and from 5 on for 4; or from 5 on for 4 and then for 3: 12.
    jobs = simple_job("A", ("M", 3), release_date=2), simple_job("B", ("M", 4), release_date=5)
    assert makespan(factory(machine("M"), *jobs)) == 9


@pytest.mark.parametrize(("interruptible", "least"), [(False, 11), (True, 8)])
def test_work_waits_for_a_downtime_or_pauses_in_it(interruptible: bool, least: int) -> None:
    # Up to tick 3 there is room for 3 of 5; from tick 6 on for all, or for the other 2.
    step = op("1", mode("M", 5), interruptible=interruptible)
    assert makespan(factory(machine("M", calendar=down((3, 6))), job("A", step))) == least


def test_work_pauses_in_every_shift_break() -> None:
    # Four of eight ticks: 10 of work take 4, 4 and 2, the last of which from tick 16 on.
    step = op("1", mode("M", 10), interruptible=True)
    found, plan = inserted(factory(machine("M", calendar=shifts(8, (0, 4))), job("A", step)), 50)
    assert found == 18
    assert (plan.operations[0].start, plan.operations[0].end) == (0, 18)


def test_what_does_not_pause_fills_the_time_before_a_downtime() -> None:
    # 2 + 3 before the downtime and 4 after it, or 4 before and 5 after it: 12, or 13.
    jobs = (simple_job(name, ("M", time)) for name, time in (("A", 2), ("B", 3), ("C", 4)))
    assert makespan(factory(machine("M", calendar=down((5, 8))), *jobs)) == 12


@pytest.mark.parametrize("input_buffer", [None, 0])
def test_a_setup_is_not_made_in_a_downtime(input_buffer: int | None) -> None:
    # From tick 4 on the machine is set up for 3, then works for 2 and 2, whether parts could wait before it or not.
    station = machine("M", setups=SETUPS, calendar=down((1, 4)), input_buffer=input_buffer)
    jobs = job("A", op("1", mode("M", 2, "a"))), job("B", op("1", mode("N", 5)), op("2", mode("M", 2, "a")))
    assert makespan(factory(station, machine("N"), *jobs)) == 11


def test_a_setup_before_a_drop_is_not_made_in_a_downtime() -> None:
    # The station is set up in [4, 7); then the robot, which has taken 2, puts the part down, and work takes 2.
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN S OUT", 2), 0, 0)
    station = machine("S", cell="C", input_buffer=0, output_buffer=0, setups=SETUPS, calendar=down((1, 4)))
    part = job("A", op("1", mode("S", 2, "a")))
    assert makespan(factory(station, cell, part)) == 7 + 2 + 2


def test_a_part_waits_in_a_downtime_on_a_station_that_was_set_up_before() -> None:
    # Set up in [0, 3), dropped at 3, worked on from 6 to 8, carried out by 10; set up after the downtime it is 13.
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN S OUT", 2), 0, 0)
    station = machine("S", cell="C", input_buffer=0, output_buffer=0, setups=SETUPS, calendar=down((3, 6)))
    assert makespan(factory(station, cell, job("A", op("1", mode("S", 2, "a"))))) == 10


def test_a_lane_with_a_calendar() -> None:
    # Parts are ready at 2 and 5. A trip takes 3, and none is under way in [4, 7): both depart at 7. Then 2 and 2.
    lane = Lane("L", "F1", "F2", transit_time=3, units_per_vehicle=2, return_time=1, calendar=down((4, 7)))
    jobs = simple_job("A", ("M1", 2), ("M2", 2)), simple_job("B", ("M1", 3), ("M2", 2))
    instance = factory(machine("M1", "F1"), machine("M2", "F2"), lane, *jobs)
    assert makespan(instance) == 7 + 3 + 2 + 2


def test_a_lane_that_departs_just_before_its_downtime() -> None:
    # [1, 4) would do for a part that is ready at 1, and it does.
    lane = Lane("L", "F1", "F2", transit_time=3, return_time=1, calendar=down((4, 7)))
    instance = factory(machine("M1", "F1"), machine("M2", "F2"), lane, simple_job("A", ("M1", 1), ("M2", 2)))
    assert makespan(instance) == 6


def test_a_bath() -> None:
    # Each part is taken out of the bath after 5: too soon for the robot to fetch the second one in 4 + 4. So it takes
    # the first one out in 4, goes to fetch the second in 4, and all takes 4 + 5 + 4 again.
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN S OUT", 4), 0, 0)
    bath = machine("S", cell="C", input_buffer=0, output_buffer=0)
    parts = (job(name, op("1", Mode("S", 5, max_dwell=0))) for name in "AB")
    assert makespan(factory(bath, cell, *parts)) == 30


def test_stations_without_buffers() -> None:
    # The robot moves in 1; the first part is on S2 at 3, and taken out in the instant in which the second is put down.
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN S1 S2 OUT", 1), 0, 0)
    stations = (machine(name, cell="C", input_buffer=0, output_buffer=0) for name in ("S1", "S2"))
    parts = (simple_job(name, ("S1", 1), ("S2", 10)) for name in "AB")
    assert makespan(factory(*stations, cell, *parts)) == 3 + 10 + 10 + 1


def test_an_assembly() -> None:
    # 4 and 6 at the same time, then 3.
    part = joined("A", (("M1", 4),), (("M2", 6),), then=(("M3", 3),))
    assert makespan(factory(machine("M1"), machine("M2"), machine("M3"), part)) == 9


def test_an_assembly_after_a_downtime_with_a_setup() -> None:
    # Parts are ready at 4 and 6, in the downtime; M3 is set up in [9, 12).
    part = joined("A", (("M1", 4),), (("M2", 6),), then=(("M3", 3),))
    last = replace(part.operations[-1], modes=(mode("M3", 3, "a"),))
    part = replace(part, operations=(*part.operations[:-1], last))
    held = machine("M3", setups=SETUPS, calendar=down((1, 9)), input_buffer=0)
    assert makespan(factory(machine("M1"), machine("M2"), held, part)) == 15


def test_the_quickest_process_plan() -> None:
    # The other one takes 6 more; a bound with it would be that of no plan.
    steps = op("1", mode("M1", 6)), op("2", mode("M2", 6))
    part = job("A", *steps, links=(Precedence("1", "2"),), plans=(("2",), ("1", "2")))
    assert makespan(factory(machine("M1"), machine("M2"), part)) == 6


def test_operators_help_one_after_the_other() -> None:
    # One of two works on both: 3 + 4, though there are two machines.
    jobs = (job(name, op("1", mode(f"M{name}", time, crew=1))) for name, time in (("A", 3), ("B", 4)))
    assert makespan(factory(machine("MA"), machine("MB"), OperatorPool("crew", 1), *jobs)) == 7


def test_a_lag_after_work_in_a_downtime() -> None:
    # 2 of work can't begin before 4; the least lag is 3.
    part = job("A", op("1", mode("M", 2)), op("2", mode("N", 1)), links=(Precedence("1", "2", 3),))
    assert makespan(factory(machine("M", calendar=down((1, 4))), machine("N"), part)) == 10


def test_work_that_takes_no_time_is_over_at_once() -> None:
    # 5 and 0 on S1, and nothing on S2: the vehicle brings all parts to S3 in no time.
    places = distances("S1 S2 S3", 0)
    part = joined("P", (("S1", 5),), (("S1", 0),), (("S2", 0),), then=(("S3", 0),))
    station = machine("S1", input_buffer=0, output_buffer=0)
    others = (machine(name, input_buffer=0) for name in ("S2", "S3"))
    fleet = Fleet("cars", "F", (Vehicle("V", "S1"),), places)
    assert makespan(factory(station, *others, fleet, replace(part, release_date=8))) == 13


def test_the_least_value_is_the_end() -> None:
    instance = factory(machine("M"), simple_job("A", ("M", 3)))
    start = late(instance, 5)
    assert start is not None and start.makespan == 8
    search = InsertionSearch(instance, start, 0, lambda value: None)
    search.advance(50)
    assert search.has_met_target
    assert search.value == 3


def test_what_somebody_else_has_found_is_gone_on_from() -> None:
    jobs = (simple_job(name, ("M", 3)) for name in "AB")
    instance = factory(machine("M"), *jobs)
    start, better = late(instance, 20), late(instance, 1)
    assert start is not None and better is not None
    search = InsertionSearch(instance, start, 0, lambda value: None)
    search.give(better)
    assert search.value == 7
    search.advance(50)
    assert search.value == 6


def test_a_schedule_of_somebody_else_stays_as_it_was_given() -> None:
    # An operator helps, so the search has no plan in which this work pauses: 2 + 3 downtime + 2.
    step = op("1", mode("M", 4, crew=1), interruptible=True)
    instance = factory(machine("M", calendar=down((2, 5))), OperatorPool("crew", 1), job("A", step))
    given, start = schedule(at("A.1", "M", 0, 7)), late(instance, 20)
    assert_valid(instance, given)
    assert start is not None
    search = InsertionSearch(instance, start, 0, lambda value: None)
    search.give(start)
    assert search.best() is None
    search.give(given)
    search.give(start)
    search.advance(20)
    assert search.value == 7
    assert search.best() == given
    assert inserted(instance, 20)[0] == 9


def test_same_seed_same_way() -> None:
    jobs = (simple_job(f"J{n}", ("M1", 3 + n), ("M2", 7 - n), ("M1", 2)) for n in range(5))
    instance = factory(machine("M1", calendar=down((4, 6))), machine("M2"), *jobs)
    assert inserted(instance, 200)[1] == inserted(instance, 200)[1]


def test_a_plan_that_is_too_long_is_refused() -> None:
    instance = factory(machine("M"), simple_job("A", ("M", MOST_TICKS // 2 + 1)))
    start = late(instance, 0)
    assert start is not None
    assert InsertionSearch.once(instance, start, 0, lambda value: None) is None


def test_what_it_does_not_speak_is_refused_by_name() -> None:
    instance = factory(machine("M1"), machine("M2"), simple_job("P", ("M1", 3), ("M2", 2)))
    assert why_not_once(instance, MAKESPAN) is None
    assert why_not_once(unrolled(instance, Cycle(3)), MAKESPAN) == "a cycle"
    assert why_not_once(instance, Objective.parse("flow_time")) == "another objective than the makespan"
    deadline = replace(instance, jobs=tuple(replace(each, deadline=30) for each in instance.jobs))
    assert "deadline" in (why_not_once(deadline, MAKESPAN) or "")


def test_one_more_job_stands_for_what_everything_begins_with() -> None:
    fleet = Fleet("cars", "F", (Vehicle("V", "M2"),), distances("M1 M2", 1))
    instance = factory(machine("M1"), machine("M2", capacity=2), Facility("F"), fleet, simple_job("P", ("M1", 3)))
    require_valid(instance, "once")
    facts = lower(instance).facts
    assert len(facts.ops_at) - 1 == 2
    assert facts.is_once.tolist() == [1]
    assert len(facts.begins_with) == 2  # M1 and V
