"""Parts that stay in a bath for longer than they may: what is broken for good, and by how little."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from helpers import assert_valid, at, carry, constructed, distances, factory, job, machine, mode, op, simple_job

from scheduler.domain import Instance, Move, Robot, RobotCell, Schedule, SetupMatrix, Status
from scheduler.domain.derive import complete
from scheduler.domain.events import MachineBreakdown, OperationDelayed, Revision, RobotDown, revise
from scheduler.domain.execution import Wait
from scheduler.portfolio import solve
from scheduler.rescheduling import repair
from scheduler.rescheduling.concessions import unlimited, without_dwell, without_lost
from scheduler.rescheduling.right_shift import right_shift
from scheduler.rescheduling.soaking import least_dwells


def line(*robots: Robot, max_dwell: int = 1, stations: str = "S", **job_of: int) -> Instance:
    """Robots take J from IN to a bath and on to OUT; each move lasts 4 ticks, empty ones 2."""
    cell = RobotCell("C", "F", robots, "IN", "OUT", distances(f"IN OUT {stations}", 2), load_time=1, unload_time=1)
    there = [machine(name, cell="C", input_buffer=0, output_buffer=0) for name in stations.split()]
    return factory(*there, cell, job("J", op("1", replace(mode("S", 5), max_dwell=max_dwell))))


def plan(instance: Instance, *more: Move) -> Schedule:
    moves = (carry("J >1", "IN>S", "R", 0, 4), carry("J 1>", "S>OUT", "R", 9, 13), *more)
    baseline = complete(instance, (at("J.1", "S", 4, 9),), moves)
    assert_valid(instance, baseline)
    return baseline


def test_a_part_that_nobody_can_fetch_in_time_is_a_limit_broken_for_good() -> None:
    instance = line(Robot("R", "IN"))
    event = RobotDown("E", 6, "R", 20)
    revised = revise(instance, Revision(6, 0, (event,), plan(instance)))
    assert least_dwells(revised) == {("J", "1"): 11}
    assert without_lost(revised) is not revised
    found = repair(instance, plan(instance), [event], time_limit=5.0, workers=1)
    assert found.result.status is Status.INFEASIBLE
    assert [(v.rule, v.where, v.amount) for v in found.broken] == [("dwell", "J.1 on S", 10)]
    assert "R can't take job J from S before 20, 11 after 9, 1 are allowed" in found.result.reason


@pytest.mark.parametrize(
    ("robots", "until", "lost"),
    [
        ((Robot("R", "IN"),), 10, {}),  # in time
        ((Robot("R", "IN"), Robot("T", "OUT")), 20, {}),  # the other one can
        ((Robot("R", "IN"), Robot("T", "OUT", reach=("IN", "OUT"))), 20, {("J", "1"): 11}),
    ],
)
def test_a_part_that_somebody_can_fetch_is_not_lost(robots: tuple[Robot, ...], until: int, lost: object) -> None:
    instance = line(*robots)
    revised = revise(instance, Revision(6, 0, (RobotDown("E", 6, "R", until),), plan(instance)))
    assert least_dwells(revised) == lost


def test_what_has_begun_gives_way_before_what_is_pending() -> None:
    # J1 is in bath A until 9 and goes on to M, which breaks down until 60. J2 has not set out: it comes to bath B when
    # it can go on to M in time, though it was planned before.
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN OUT A B M", 2), 1, 1)
    stations = [machine(name, cell="C", input_buffer=0, output_buffer=0) for name in "ABM"]
    first = job("J1", op("1", replace(mode("A", 5), max_dwell=4)), op("2", mode("M", 3)))
    second = job("J2", op("1", replace(mode("B", 5), max_dwell=20)), op("2", mode("M", 3)))
    instance = factory(*stations, cell, first, second)
    moves = (
        carry("J1 >1", "IN>A", "R", 0, 4),
        carry("J1 1>2", "A>M", "R", 9, 13),
        carry("J2 >1", "IN>B", "R", 15, 19),
        carry("J1 2>", "M>OUT", "R", 21, 25),
        carry("J2 1>2", "B>M", "R", 27, 31),
        carry("J2 2>", "M>OUT", "R", 34, 38),
    )
    operations = at("J1.1", "A", 4, 9), at("J1.2", "M", 13, 16), at("J2.1", "B", 19, 24), at("J2.2", "M", 31, 34)
    baseline = complete(instance, operations, moves)
    assert_valid(instance, baseline)
    # J1 is under way to M: the hoist waits there with J1 in its grip, so nothing is too long in a bath.
    found = repair(instance, baseline, [MachineBreakdown("E", 10, "M", 60)], policy="right-shift", workers=1)
    assert found.broken == ()
    # J1 is in its bath still. It leaves that as soon as M works again; J2 keeps its limit.
    found = repair(instance, baseline, [MachineBreakdown("E", 8, "M", 60)], policy="right-shift", workers=1)
    assert {v.where for v in found.broken} <= {"J1.1 on A"}


def test_a_robot_waits_though_another_part_is_spoilt_by_that() -> None:
    # The robot has B in hand for S, where A is done at 30 instead of 8. So C stays in its bath T from 8 until the robot
    # has taken A off and put B down.
    instance = two_hands()
    moves = (
        carry("C >1", "IN>T", "R", 0, 3),
        carry("A >1", "IN>S", "R", 4, 7),
        carry("B >1", "IN>S", "R", 8, 12),
        carry("A 1>", "S>OUT", "R", 10, 14),
        carry("C 1>", "T>OUT", "R", 15, 18),
        carry("B 1>", "S>OUT", "R", 19, 22),
    )
    operations = at("C.1", "T", 3, 8), at("A.1", "S", 7, 10), at("B.1", "S", 12, 15)
    baseline = complete(instance, operations, moves)
    assert_valid(instance, baseline)
    found = repair(instance, baseline, [MachineBreakdown("E", 9, "S", 30)], policy="right-shift", workers=1)
    assert found.schedule is not None


def two_hands() -> Instance:
    cell = RobotCell("Q", "F", (Robot("R", "IN", grippers=2),), "IN", "OUT", distances("IN OUT S T", 1), 1, 1)
    stations = [machine(name, cell="Q", input_buffer=0, output_buffer=0) for name in "ST"]
    bath = job("C", op("1", replace(mode("T", 5), max_dwell=8)))
    return factory(*stations, cell, simple_job("A", ("S", 3)), simple_job("B", ("S", 3)), bath)
