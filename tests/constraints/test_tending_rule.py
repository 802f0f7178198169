"""A robot stands at the machine while it tends an operation; which robot is decided by the plan."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from against_oracle import agreed
from cpsat.fixing import hint_status, hinted
from helpers import assert_valid, at, carry, down, empty, executed, factory, flagged, job, machine, op, schedule
from helpers import distances as ways
from strategies import random_tended_instance

from scheduler.domain import Instance, Mode, Robot, RobotCell, Schedule, ScheduledOperation, Status
from scheduler.domain.events import MachineBreakdown, Revision, Rework, RobotDown, revise
from scheduler.io.native import read, write
from scheduler.io.schedule_file import schedule_document
from scheduler.io.schedule_reader import read_schedule_text
from scheduler.portfolio import solve
from scheduler.rescheduling.right_shift import shift
from scheduler.search.decode.spoken import why_unsupported

# Travel 2, picking up and putting down 1 each: a loaded move lasts 4. The order is that of instances/tended_tiny.json.
DRILL, MILL = replace(at("A.1", "S", 10, 14), tended_by="R"), at("B.1", "T", 4, 10)
MOVES = (
    carry("B >1", "IN>T", "R", 0, 4),
    empty("T>IN", "R", 4, 6),
    carry("A >1", "IN>S", "R", 6, 10),
    carry("A 1>", "S>OUT", "R", 14, 18),
    empty("OUT>T", "R", 18, 20),
    carry("B 1>", "T>OUT", "R", 20, 24),
)


def cell(*robots: Robot, tended: bool = True) -> Instance:
    """A part to be drilled for 4, maybe tended, and one to be milled for 6, at stations without buffers."""
    stations = [machine(name, cell="C", input_buffer=0, output_buffer=0) for name in ("S", "T")]
    robots = robots or (Robot("R", "IN"),)
    jobs = job("A", op("1", Mode("S", 4, tended=tended))), job("B", op("1", Mode("T", 6)))
    return factory(*stations, RobotCell("C", "F", robots, "IN", "OUT", ways("IN S T OUT", 2), 1, 1), *jobs)


def plan(drill: ScheduledOperation = DRILL, mill: ScheduledOperation = MILL) -> Schedule:
    return schedule(drill, mill, *MOVES)


def test_the_robot_stays_until_the_end():
    assert_valid(cell(), plan())
    assert_valid(cell(Robot("R", "IN"), Robot("Q", "OUT")), plan())


@pytest.mark.parametrize(
    ("drill", "mill", "robots", "found"),
    [
        (replace(DRILL, tended_by=None), MILL, (), ("tending", "A.1 on S", 1)),
        (DRILL, replace(MILL, tended_by="R"), (), ("tending", "B.1 on T", 1)),
        (replace(DRILL, tended_by="V"), MILL, (), ("tending", "A.1 on S", 1)),
        (replace(DRILL, tended_by="Q"), MILL, (Robot("Q", "T", reach=("T",)),), ("tending", "A.1 on S", 1)),
        (DRILL, MILL, (Robot("R", "IN", down((12, 13))),), ("tending", "A.1 on S", 1)),
    ],
    ids=["nobody", "needless", "stranger", "out of reach", "downtime"],
)
def test_who_tends(
    drill: ScheduledOperation, mill: ScheduledOperation, robots: tuple[Robot, ...], found: tuple[str, str, int]
):
    names = {robot.id for robot in robots}
    robots = (*robots, *(() if "R" in names else (Robot("R", "IN"),)))
    assert found in flagged(cell(*robots), plan(drill, mill))


def test_one_tick_too_early():
    # The robot puts A down until 10, so it can't tend from 9 on; it leaves with A at 14, so not until 15 either.
    assert ("movers", "robot R", 1) in flagged(cell(), plan(replace(DRILL, start=9, end=13)))
    assert ("movers", "robot R", 1) in flagged(cell(), plan(replace(DRILL, start=11, end=15)))


def test_a_second_gripper_is_free_while_one_tends():
    # While the first gripper tends, the second holds B; with one more part it has no gripper left to tend with.
    both = cell(Robot("R", "IN", grippers=2))
    held = replace(MOVES[0], start=0, end=15)
    moves = carry("A >1", "IN>S", "R", 1, 5), replace(MOVES[3], start=9, end=22), replace(MOVES[5], start=20, end=24)
    found = schedule(replace(DRILL, start=5, end=9), replace(MILL, start=15, end=21), held, *moves)
    assert not [v for v in flagged(both, found) if "room" in str(v)]
    alone = replace(both, cells=(replace(both.cells[0], robots=(Robot("R", "IN"),)),))
    assert ("movers", "robot R") in {v[:2] for v in flagged(alone, found)}


def test_search_speaks_it():
    assert why_unsupported(cell()) is None


# --- engines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instance", "value"),
    [
        (cell(), 24),  # proved in instances/README.md
        (cell(tended=False), 22),
        # A robot for each part, which lie 2 apart at the input: B is there at 2 + 4 and goes at 6 + 6.
        (cell(Robot("R", "IN"), Robot("Q", "OUT")), 14),
    ],
    ids=["one robot", "nobody tends", "two robots"],
)
def test_optimum(instance: Instance, value: int):
    result = solve(instance, time_limit=30, workers=1)
    assert (result.status, result.values) == (Status.OPTIMAL, (value,))
    assert_valid(instance, result.schedule)


def test_schedule_is_a_complete_hint():
    ctx = hinted(cell(), plan())
    constants = [v for v in ctx.model.proto.variables if len(v.domain) == 2 and v.domain[0] == v.domain[1]]
    assert len(ctx.model.proto.solution_hint.vars) == len(ctx.model.proto.variables) - len(constants)
    assert hint_status(cell(), plan()) in (Status.OPTIMAL, Status.FEASIBLE)
    assert hint_status(cell(), plan(replace(DRILL, start=9, end=13))) is Status.INFEASIBLE


def test_solver_and_oracle_agree():
    known = used = 0
    shops = (random_tended_instance(seed, 3, without=("shifts", "lanes", "operators", "plans")) for seed in range(60))
    tended = (shop for shop in shops if any(mode.tended for o in shop.operation_by_key.values() for mode in o.modes))
    for _, result in agreed(tended, max_nodes=800):
        known += 1
        used += result.schedule is not None and any(operation.tended_by for operation in result.schedule.operations)
    assert known >= 10
    assert used >= 5


# --- repair --------------------------------------------------------------------------------------------------------


def test_right_shift_keeps_the_robot_at_the_machine():
    # The drill stands still during [12, 15): the robot stays there for 3 ticks more, and all that it does after.
    after = revise(cell(), Revision(12, 0, (MachineBreakdown("E1", 12, "S", 15, "resume"),), plan()))
    shifted = shift(after, plan()).schedule
    assert_valid(after, shifted)
    assert [(m.job, m.start, m.end) for m in shifted.moves if m.job] == [
        ("B", 0, 4),
        ("A", 6, 10),
        ("A", 17, 21),
        ("B", 23, 27),
    ]


def test_work_that_is_lost_kept_the_robot_too():
    # A is drilled again from 15 on. The robot would have time for B in between, but right shift keeps its order.
    after = revise(cell(), Revision(12, 0, (MachineBreakdown("E1", 12, "S", 15, "repeat"),), plan()))
    shifted = shift(after, plan()).schedule
    assert_valid(after, shifted)
    again = shifted.by_operation["A", "1"]
    assert (again.start, again.end, again.tended_by) == (15, 19, "R")
    best = solve(after, time_limit=30, workers=1)
    assert_valid(after, best.schedule)
    # B first: at the mill by 14, out by 18, at the drill at 20, drilled by 24, out by 28; else 19, 23, 25 and 29.
    assert best.values == (28,)


def test_work_that_is_lost_as_it_ends():
    # A has just been drilled, [10, 14), and is drilled again at once.
    after = revise(cell(), Revision(14, 0, (Rework("E1", 14, "A", "1"),), plan()))
    shifted = shift(after, plan())
    assert shifted.schedule is not None, shifted.reason
    assert_valid(after, shifted.schedule)
    again = shifted.schedule.by_operation["A", "1"]
    assert (again.start, again.end, again.tended_by) == (14, 18, "R")


def test_breakdown_of_the_robot_lets_the_work_go_on():
    after = revise(cell(), Revision(12, 0, (RobotDown("E1", 12, "R", 17),), plan()))
    shifted = shift(after, plan()).schedule
    assert_valid(after, shifted)
    assert shifted.by_operation["A", "1"] == DRILL
    assert [(m.job, m.start) for m in shifted.moves if m.job and m.start > 12] == [("A", 17), ("B", 23)]


def test_the_robot_can_not_be_changed_under_way():
    two = cell(Robot("R", "IN"), Robot("Q", "S"))
    after = executed(two, plan(), 12)
    assert ("execution", "A.1 on S", 1) in flagged(after, plan(replace(DRILL, tended_by="Q")))
    assert solve(after, time_limit=30, workers=1).schedule.by_operation["A", "1"].tended_by == "R"


# --- files ---------------------------------------------------------------------------------------------------------


def test_files_say_it():
    assert read(write(cell()), "x.json") == cell()
    result = solve(cell(), time_limit=30, workers=1)
    document = schedule_document(cell(), result)
    assert [operation.get("tended_by") for operation in document["operations"]] == ["R", None]
    assert read_schedule_text(json.dumps(document), "x.json", cell()).schedule == result.schedule
