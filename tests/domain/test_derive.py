"""The parts of a schedule that follow from the rest: the order of what a robot does in one instant."""

from __future__ import annotations

from dataclasses import replace

from helpers import assert_valid, at, carry, factory, flagged, machine, simple_job

import scheduler
from scheduler.domain import Instance, Robot, RobotCell, Status
from scheduler.domain.derive import complete


def quick_robot() -> Instance:
    """A robot that takes time only from T to S: it has to end at S, where the part of A is fetched at 6."""
    places = ("in", "out", "R", "S", "T")
    travel = {a: {b: 3 if (a, b) == ("T", "S") else 0 for b in places if a != b} for a in places}
    stations = [machine(name, cell="C", input_buffer=0, output_buffer=0) for name in "RST"]
    a, z = simple_job("A", ("R", 5), ("S", 1), ("M", 10)), simple_job("Z", ("S", 5), ("T", 3))
    return factory(*stations, machine("M"), a, z, RobotCell("C", "F", (Robot("r", "in"),), "in", "out", travel, 0, 0))


def test_a_robot_makes_moves_of_one_instant_in_an_order_that_it_can() -> None:
    # Z leaves S at 5, then A takes it: the other way round the robot would be at T, 3 away from S, where it has to
    # be at 6. The names of the jobs say the contrary.
    operations = (at("A.1", "R", 0, 5), at("A.2", "S", 5, 6), at("A.3", "M", 6, 16))
    operations += (at("Z.1", "S", 0, 5), at("Z.2", "T", 5, 8))
    moves = [
        carry("A >1", "in>R", "r", 0, 0),
        carry("Z >1", "in>S", "r", 0, 0),
        carry("A 1>2", "R>S", "r", 5, 5),
        carry("Z 1>2", "S>T", "r", 5, 5),
        carry("A 2>3", "S>out", "r", 6, 6),
        carry("Z 2>", "T>out", "r", 8, 8),
    ]
    schedule = complete(quick_robot(), operations, moves)
    assert_valid(quick_robot(), schedule)
    at_5 = [move.job for move in schedule.moves if move.start == 5]
    assert at_5 == ["Z", "A"]
    contrary = replace(schedule, moves=tuple(sorted(schedule.moves, key=lambda m: (m.start, m.job))))
    assert ("movers", "robot r", 2) in flagged(quick_robot(), contrary)


def test_what_the_model_finds_passes_the_checker() -> None:
    result = scheduler.solve(quick_robot(), objective="makespan", time_limit=10, workers=1)
    assert result.status is Status.OPTIMAL
    assert result.values == (16,)
