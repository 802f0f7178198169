"""Robots and vehicles with all that they can do, against brute force; two parts in each other's way."""

from __future__ import annotations

from dataclasses import replace

from against_oracle import agreed
from helpers import assert_valid, distances, factory, flagged, machine, simple_job
from strategies import random_mover_instance

from scheduler.domain import Execution, Instance, Objective, Robot, RobotCell, Schedule, Status
from scheduler.portfolio import solve
from scheduler.rescheduling.right_shift import right_shift
from scheduler.search.construct import construct


def loop(grippers: int) -> Instance:
    """A goes from S to T and B from T to S, stations without buffers, both worked on for 6 at each; a way takes 2."""
    stations = (machine(name, cell="C", input_buffer=0, output_buffer=0) for name in "ST")
    cell = RobotCell("C", "F", (Robot("R", "IN", grippers=grippers),), "IN", "OUT", distances("IN S T OUT", 2), 1, 1)
    return factory(*stations, cell, simple_job("A", ("S", 6), ("T", 6)), simple_job("B", ("T", 6), ("S", 6)))


def test_two_parts_never_block_each_other_for_ever():
    # With one gripper the second part can't be put where the first has to go before that has left: else both stations
    # are full, and neither part can go on. So the first is out at 4 + 6 + 4 + 6 + 4 = 24, and the robot is at the
    # input for the second at 26, which needs as long. Every engine knows.
    shop = loop(1)
    result = solve(shop, time_limit=30, workers=1)
    assert (result.status, result.values) == (Status.OPTIMAL, (50,))
    assert_valid(shop, result.schedule)
    assert_valid(shop, construct(shop, Objective.parse("makespan"), time_limit=0.0))
    assert_valid(shop, right_shift(replace(shop, execution=Execution(0, Schedule(()))), Schedule(())))


def test_two_grippers_take_the_loop_apart():
    # Both are picked up at 0, on their stations at 5 and 8, and done there at 11 and 14. The robot takes A off at 11,
    # is at T at 14, takes B off, puts A on by 16, and B on S by 19; A is done at 22, B at 25. It comes with A from T
    # to S at 25, takes B too, and puts both down by 30.
    shop = loop(2)
    result = solve(shop, time_limit=30, workers=1)
    assert result.values[0] <= 30
    assert_valid(shop, result.schedule)
    a, b = result.schedule.by_operation["A", "1"], result.schedule.by_operation["B", "1"]
    assert a.start < b.end
    assert b.start < a.end
    assert_valid(shop, construct(shop, Objective.parse("makespan"), time_limit=0.0))


def test_solver_right_shift_and_oracle_agree():
    known = infeasible = together = tended = 0
    without = ("shifts", "downtimes", "operators", "plans", "lanes")
    shops = (random_mover_instance(seed, 3, without=without) for seed in range(60))
    for shop, result in agreed((shop for shop in shops if shop.group_by_id), max_nodes=600):
        known += 1
        if result.schedule is None:
            infeasible += 1
            continue
        tended += any(operation.tended_by for operation in result.schedule.operations)
        moves = [m for m in result.schedule.moves if m.job is not None]
        together += any(
            a.mover == b.mover and a.start < b.end and b.start < a.end for a in moves for b in moves if a is not b
        )
        shifted = right_shift(replace(shop, execution=Execution(0, Schedule(()))), result.schedule)
        assert shifted is None or flagged(shop, shifted) == []
    assert known >= 15
    assert tended >= 5
    assert together >= 1
