"""Parts that stay in a bath for longer than they may: what is broken for good, and by how little."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from helpers import assert_valid, at, carry, constructed, distances, factory, job, machine, mode, op, simple_job

from scheduler.domain import Instance, Job, Move, Robot, RobotCell, Schedule, SetupMatrix, Status
from scheduler.domain.derive import complete
from scheduler.domain.events import MachineBreakdown, MachineRestored, OperationDelayed, Revision, RobotDown, revise
from scheduler.domain.execution import Wait
from scheduler.domain.happened import execution_of
from scheduler.portfolio import solve
from scheduler.rescheduling import degrade, repair
from scheduler.rescheduling.concessions import without_dwell, without_lost
from scheduler.rescheduling.right_shift import Shift, right_shift, shift
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


def two_hands() -> tuple[Instance, Schedule]:
    """A robot has B in hand for S from 8 on, where it takes A off at 10; C is in a bath until 16 at the latest."""
    cell = RobotCell("Q", "F", (Robot("R", "IN", grippers=2),), "IN", "OUT", distances("IN OUT S T", 1), 1, 1)
    stations = [machine(name, cell="Q", input_buffer=0, output_buffer=0) for name in "ST"]
    bath = job("C", op("1", replace(mode("T", 5), max_dwell=8)))
    instance = factory(*stations, cell, simple_job("A", ("S", 3)), simple_job("B", ("S", 3)), bath)
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
    return instance, baseline


def test_a_robot_that_waits_with_a_part_in_hand_serves_others_with_its_other_hand() -> None:
    # A is done at 31 instead of 10, so B stays in hand till then. Orders kept, C would stay in its bath until 36.
    instance, baseline = two_hands()
    event = MachineBreakdown("E", 9, "S", 30)
    found = repair(instance, baseline, [event], policy="right-shift", time_limit=5.0, workers=1)
    assert found.broken == ()
    assert found.revisions[0].waits == (Wait("R", "B", "S", 10, 31),)
    assert found.schedule is not None
    assert [(m.job, m.start, m.end) for m in found.schedule.by_mover["R"] if m.job is not None][2:] == [
        ("B", 8, 33),
        ("C", 10, 13),
        ("A", 31, 35),
        ("B", 36, 39),
    ]


def test_a_robot_that_waits_with_a_part_in_hand_is_let_go() -> None:
    # S works again from 20 on, and nobody knows better than that the robot puts B down at once.
    instance, baseline = two_hands()
    first = repair(instance, baseline, [MachineBreakdown("E", 9, "S", 30)], policy="right-shift", workers=1)
    assert first.schedule is not None
    assert execution_of(first.instance).waits == first.revisions[0].waits
    back = MachineRestored("F", 20, "S")
    execution = execution_of(revise(first.instance, Revision(20, 0, (back,), first.schedule)))
    assert execution.waits == ()
    assert [move.end for move in execution.moves if move.job == "B"] == [21]
    found = repair(first.instance, first.schedule, [back], policy="right-shift", time_limit=5.0, workers=1)
    assert found.schedule is not None  # A is in the way until then
    assert found.broken == ()


def test_a_robot_waits_though_another_part_is_spoilt_by_that() -> None:
    # R is under way with B to S, where T takes A off at 14: now A is done at 31, and R waits until 32. So C stays in
    # its bath from 9 until 35, where 16 are allowed.
    robots = Robot("R", "IN"), Robot("T", "S", reach=("S", "OUT"))
    cell = RobotCell("Q", "F", robots, "IN", "OUT", distances("IN OUT S BATH", 2), 1, 1)
    stations = [machine(name, cell="Q", input_buffer=0, output_buffer=0) for name in ("S", "BATH")]
    soaked = job("C", op("1", replace(mode("BATH", 5), max_dwell=16)))
    instance = factory(*stations, cell, simple_job("A", ("S", 4)), simple_job("B", ("S", 3)), soaked)
    moves = (
        carry("C >1", "IN>BATH", "R", 0, 4),
        carry("A >1", "IN>S", "R", 6, 10),
        carry("B >1", "IN>S", "R", 12, 16),
        carry("A 1>", "S>OUT", "T", 14, 18),
        carry("C 1>", "BATH>OUT", "R", 18, 22),
        carry("B 1>", "S>OUT", "T", 20, 24),
    )
    operations = at("C.1", "BATH", 4, 9), at("A.1", "S", 10, 14), at("B.1", "S", 16, 19)
    baseline = complete(instance, operations, moves)
    assert_valid(instance, baseline)
    event = MachineBreakdown("E", 13, "S", 30)
    found = repair(instance, baseline, [event], policy="right-shift", time_limit=5.0, workers=1)
    assert [(v.rule, v.where, v.amount) for v in found.broken] == [("dwell", "C.1 on BATH", 10)]
    assert [wait.end - wait.start for wait in found.revisions[0].waits] == [17]


def test_a_setup_under_way_does_not_begin_before_it_did() -> None:
    # The robot lingers with J in its plan and puts it down on S at 18; the setup for it is under way since 12. A right
    # shift lets the robot put J down as soon as it can, from 15 on, but not before the setup has ended.
    cell = RobotCell("Q", "F", (Robot("R", "IN", grippers=2),), "IN", "OUT", distances("IN OUT S", 1), 1, 1)
    station = machine("S", cell="Q", input_buffer=0, output_buffer=0, setups=SetupMatrix({"a": {"b": 6}}, "a"))
    instance = factory(station, machine("M"), cell, job("J", op("1", mode("S", 3, "b"))), simple_job("K", ("M", 9)))
    moves = carry("J >1", "IN>S", "R", 13, 19), carry("J 1>", "S>OUT", "R", 22, 25)
    baseline = complete(instance, (at("J.1", "S", 19, 22), at("K.1", "M", 5, 14)), moves)
    assert_valid(instance, baseline)
    assert [(s.start, s.end) for s in baseline.setups] == [(12, 18)]
    revised = revise(instance, Revision(13, 0, (OperationDelayed("E", 13, "K", "1", 4),), baseline))
    shifted = right_shift(revised, baseline)
    assert shifted is not None
    assert_valid(revised, shifted)
    assert [(s.start, s.end) for s in shifted.setups] == [(12, 18)]


def test_what_is_broken_for_good_is_so_in_the_model_too() -> None:
    """Random hoist lines, whose hoist breaks down: with one tick less than the least dwell there is no schedule."""
    claims = 0
    for seed in range(12):
        revised = broken_line(Random(seed))
        for (name, operation), least in least_dwells(revised).items():
            claims += 1
            for limit, status in ((least - 1, Status.INFEASIBLE), (least + 40, Status.OPTIMAL)):
                tight = replace(revised, jobs=tuple(only_limit(j, name, operation, limit) for j in revised.jobs))
                assert solve(tight, time_limit=10.0, workers=1).status is status, seed
    assert claims > 5


def only_limit(known: Job, name: str, operation: str, limit: int) -> Job:
    """Return the job without any maximum dwell but this one, if it is the job of this name."""
    others = {o.id for o in known.operations if (known.id, o.id) != (name, operation)}
    return without_dwell(without_dwell(known, None, others), limit)


def broken_line(random: Random) -> Instance:
    """Return a line of two baths in which the hoist is down from the last ticks of an operation on."""
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN OUT A B", 2), 1, 1)
    stations = [machine(name, cell="C", input_buffer=0, output_buffer=0) for name in "AB"]
    jobs = []
    for name in ("J1", "J2"):
        steps = random.sample("AB", random.randint(1, 2))
        operations = (op(str(n), replace(mode(m, random.randint(2, 9)), max_dwell=6)) for n, m in enumerate(steps))
        jobs.append(job(name, *operations))
    instance = factory(*stations, cell, *jobs)
    baseline = constructed(instance)
    assert baseline is not None
    at_work = random.choice(baseline.operations)
    now = random.randint(at_work.start + 1, at_work.end)
    event = RobotDown("E", now, "R", at_work.end + random.randint(5, 20))
    return revise(instance, Revision(now, 0, (event,), baseline))


def test_no_time_is_lost_on_what_is_proved_of_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    # What nobody can fetch in time stays 11: the least excess is known, so that nothing is tried to get below it.
    instance = line(Robot("R", "IN"))
    tried: list[Instance] = []

    def counted(trial: Instance, baseline: Schedule, *, lowest: int | None = None) -> Shift:
        tried.append(trial)
        return shift(trial, baseline, lowest=lowest)

    monkeypatch.setattr(degrade, "shift", counted)
    event = RobotDown("E", 6, "R", 20)
    found = repair(instance, plan(instance), [event], policy="right-shift", time_limit=5.0, workers=1)
    assert [v.amount for v in found.broken] == [10]
    assert len(tried) == 1
