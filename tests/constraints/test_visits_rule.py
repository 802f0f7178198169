"""A robot with two grippers, or a vehicle for two jobs, visits place after place and holds no more than it can."""

from __future__ import annotations

from dataclasses import replace

import pytest
from against_oracle import agreed
from cpsat.fixing import hint_status, hinted
from helpers import (
    assert_valid,
    at,
    carry,
    distances,
    down,
    empty,
    executed,
    factory,
    flagged,
    machine,
    schedule,
    simple_job,
)
from strategies import random_instance

from scheduler.domain import Fleet, Instance, Job, Move, Robot, RobotCell, Schedule, Status, Vehicle
from scheduler.domain.events import Revision, RobotDown
from scheduler.portfolio import solve
from scheduler.rescheduling.repair import revise
from scheduler.rescheduling.right_shift import shift
from scheduler.search.decode.spoken import why_unsupported as why_not_decoded
from scheduler.search.tabu.arrays import why_unsupported

# Travel 2, picking up and putting down 1 each: a move lasts at least 4.
WORK = at("A.1", "S", 4, 8), at("B.1", "S", 11, 15)
A_IN, TO_IN, B_IN = carry("A >1", "IN>S", "R", 0, 4), empty("S>IN", "R", 4, 6), carry("B >1", "IN>S", "R", 6, 11)
A_OUT, BACK, B_OUT = (
    carry("A 1>", "S>OUT", "R", 9, 14),
    empty("OUT>S", "R", 14, 16),
    carry("B 1>", "S>OUT", "R", 16, 20),
)
SWAP = (A_IN, TO_IN, B_IN, A_OUT, BACK, B_OUT)


def cell(grippers: int = 2, robot: Robot | None = None, jobs: tuple[Job, ...] = ()) -> Instance:
    """Two parts that are worked on for 4 at one full station."""
    robots = (robot or Robot("R", "IN", grippers=grippers),)
    jobs = jobs or (simple_job("A", ("S", 4)), simple_job("B", ("S", 4)))
    station = machine("S", cell="C", input_buffer=0, output_buffer=0)
    return factory(station, RobotCell("C", "F", robots, "IN", "OUT", distances("IN S OUT", 2), 1, 1), *jobs)


def tour(*changes: tuple[Move, Move | None]) -> Schedule:
    """The swap above, with some moves replaced or left out."""
    changed = dict(changes)
    moves = (changed.get(move, move) for move in SWAP)
    return schedule(*WORK, *(move for move in moves if move is not None))


def test_swap_at_a_full_station():
    # At S the robot takes A off during [9, 10) and puts B on during [10, 11).
    assert_valid(cell(), tour())
    assert_valid(cell(3), tour())
    assert {rule for rule, _, _ in flagged(cell(1), tour())} == {"moves", "movers"}


def test_one_arm_does_one_thing_at_a_time():
    # B is put down while A is still being taken off; it takes the station a tick too soon as well.
    late = replace(A_OUT, start=10)
    found = flagged(cell(), tour((A_OUT, late)))
    assert ("visits", "robot R", 1) in found


def test_too_little_time_to_travel():
    hasty = replace(A_OUT, end=13)
    found = flagged(cell(), tour((A_OUT, hasty)))
    assert found == [("visits", "robot R", 1)]


def test_more_parts_than_grippers():
    # A third part is picked up with B, while the robot holds B and takes A off.
    three = (simple_job("A", ("S", 4)), simple_job("B", ("S", 4)), simple_job("D", ("S", 4)))
    operations = (*WORK, at("D.1", "S", 24, 28))
    d_in, b_in = carry("D >1", "IN>S", "R", 7, 24), replace(B_IN, end=11)
    moves = (A_IN, TO_IN, b_in, d_in, replace(A_OUT, start=10, end=15), carry("B 1>", "S>OUT", "R", 17, 27))
    found = schedule(*operations, *moves, carry("D 1>", "S>OUT", "R", 30, 34), empty("OUT>S", "R", 28, 30))
    amounts = [v for v in flagged(cell(jobs=three), found) if v[0] == "visits"]
    assert ("visits", "robot R", 1) in amounts
    assert not [v for v in flagged(cell(3, jobs=three), found) if v[:2] == ("visits", "robot R") and "room" in str(v)]


def test_empty_moves_are_those_without_any_part():
    assert flagged(cell(), tour((BACK, None))) == [("visits", "robot R", 2)]
    # On the way to S at 7 it holds B: nothing is listed there.
    extra = schedule(*WORK, *SWAP, empty("IN>S", "R", 7, 9))
    assert flagged(cell(), extra) == [("visits", "robot R", 1)]


def test_move_in_a_downtime():
    resting = cell(robot=Robot("R", "IN", down((13, 14)), grippers=2))
    assert flagged(resting, tour()) == [("visits", "robot R", 1)]


def test_the_factory_search_speaks_it():
    fleet = Fleet("AGV", "F", (Vehicle("V", "A", capacity=2),), distances("A B", 2))
    shop = factory(machine("A"), machine("B"), fleet, simple_job("J1", ("A", 3), ("B", 1)))
    assert why_unsupported(shop) == "vehicles for several jobs"
    assert why_not_decoded(shop) is None
    assert why_not_decoded(cell()) is None


# --- engines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("grippers", "value"), [(1, 26), (2, 20), (3, 20)])
def test_second_gripper_saves_a_way(grippers: int, value: int):
    # The proof is in instances/README.md.
    result = solve(cell(grippers), time_limit=30, workers=1)
    assert (result.status, result.values) == (Status.OPTIMAL, (value,))
    assert_valid(cell(grippers), result.schedule)


def test_vehicle_brings_two_jobs_at_once():
    # From A to B it is 5: one after the other 5 + 5 + 5, together 5.
    shop = factory(
        machine("A", capacity=2),
        machine("B", capacity=2),
        Fleet("AGV", "F", (Vehicle("V", "A", capacity=2),), distances("A B", 5)),
        simple_job("J1", ("A", 3), ("B", 1)),
        simple_job("J2", ("A", 3), ("B", 1)),
    )
    result = solve(shop, time_limit=30, workers=1)
    assert (result.status, result.values) == (Status.OPTIMAL, (9,))
    assert_valid(shop, result.schedule)
    single = replace(shop, fleets=(replace(shop.fleets[0], vehicles=(Vehicle("V", "A"),)),))
    assert solve(single, time_limit=30, workers=1).values == (19,)


def test_schedule_is_a_complete_hint():
    ctx = hinted(cell(), tour())
    constants = [v for v in ctx.model.proto.variables if len(v.domain) == 2 and v.domain[0] == v.domain[1]]
    assert len(ctx.model.proto.solution_hint.vars) == len(ctx.model.proto.variables) - len(constants)
    assert hint_status(cell(), tour()) in (Status.OPTIMAL, Status.FEASIBLE)


def test_right_shift_keeps_the_swap():
    # At 7 the robot is on its way with B; S works 3 longer, so it waits there, swaps, and goes on.
    shop = cell(jobs=(simple_job("A", ("S", 7)), simple_job("B", ("S", 4))))
    after = executed(shop, tour(), 5)
    shifted = shift(after, tour()).schedule
    assert_valid(after, shifted)
    assert [(m.job, m.start, m.end) for m in shifted.moves if m.job] == [
        ("A", 0, 4),
        ("B", 6, 13),
        ("A", 11, 16),
        ("B", 18, 22),
    ]


def test_robot_that_holds_two_parts_breaks_down():
    # It stands still during [10, 14) with B in one gripper and A in the other: both moves take 4 longer.
    after = revise(cell(), Revision(10, 0, (RobotDown("E1", 10, "R", 14),), tour()))
    shifted = shift(after, tour()).schedule
    assert_valid(after, shifted)
    assert [(m.job, m.start, m.end) for m in shifted.moves if m.job] == [
        ("A", 0, 4),
        ("B", 6, 15),
        ("A", 9, 18),
        ("B", 20, 24),
    ]


def with_room(instance: Instance) -> Instance:
    """The instance with two grippers for each robot, and room for two jobs on each vehicle."""
    cells = tuple(replace(c, robots=tuple(replace(r, grippers=2) for r in c.robots)) for c in instance.cells)
    fleets = tuple(replace(f, vehicles=tuple(replace(v, capacity=2) for v in f.vehicles)) for f in instance.fleets)
    return replace(instance, cells=cells, fleets=fleets)


def test_solver_and_oracle_agree_where_carriers_hold_two():
    known = better = 0
    without = ("shifts", "downtimes", "lanes", "operators", "plans")
    singles = (random_instance(seed, 3, without=without) for seed in range(70))
    for _, result in agreed((shop for single in singles if (shop := with_room(single)) != single), max_nodes=800):
        known += 1
        if result.schedule is None:
            continue
        moves = [m for m in result.schedule.moves if m.job is not None]
        better += any(
            a.mover == b.mover and a.start < b.end and b.start < a.end for a in moves for b in moves if a is not b
        )
    assert known >= 12
    assert better >= 1
