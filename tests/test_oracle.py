"""The oracle against optima proved by hand, and against trying out every start there is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import pytest
from helpers import assert_valid, distances, down, factory, job, machine, mode, op, shifts, simple_job
from oracle import TooHardError, best_schedule, optimum
from strategies import random_instance

from scheduler.checker import check, recompute
from scheduler.domain import (
    Instance,
    Lane,
    Move,
    Objective,
    OperatorPool,
    Precedence,
    Robot,
    RobotCell,
    Schedule,
    ScheduledOperation,
    SetupMatrix,
)
from scheduler.domain.derive import complete
from scheduler.domain.routing import route

# --- optima proved by hand -----------------------------------------------------------------------------------------


def test_two_machine_flow_shop() -> None:
    # Johnson (1954): J2 (1, 4) first, since its first operation is the shortest; then J1 (3, 2). M1 is busy until 4,
    # M2 during [1, 5) and [5, 7). No order does better: M2 can't begin before 1 and has 6 ticks of work.
    instance = factory(
        machine("M1"), machine("M2"), simple_job("J1", ("M1", 3), ("M2", 2)), simple_job("J2", ("M1", 1), ("M2", 4))
    )
    assert optimum(instance) == (7,)


def test_weighted_tardiness_on_one_machine() -> None:
    # Both are due at 2. J2 first: J1 ends at 5, 3 late with weight 1. J1 first: J2 ends at 5, 3 late with weight 2.
    instance = factory(
        machine("M1"), simple_job("J1", ("M1", 3), due_date=2), simple_job("J2", ("M1", 2), due_date=2, weight=2)
    )
    assert optimum(instance, "weighted_tardiness > makespan") == (3, 5)


def test_setups_decide_the_sequence() -> None:
    # From initial family a: a, a, b costs one setup (5); any other sequence two or three. 3 operations of 2.
    matrix = SetupMatrix({"a": {"b": 5}, "b": {"a": 5}}, initial="a")
    jobs = [job(f"J{i}", op("1", mode("M1", 2, family))) for i, family in enumerate("aba", start=1)]
    assert optimum(factory(machine("M1", setups=matrix), *jobs), "makespan > setup_time") == (11, 5)


def test_a_setup_does_not_touch_a_downtime() -> None:
    # The setup of 2 ends when the operation starts. [0, 1) is too short for it, so it is done during [3, 5).
    matrix = SetupMatrix({"a": {"b": 2}}, initial="a")
    instance = factory(machine("M1", setups=matrix, calendar=down((1, 3))), job("J1", op("1", mode("M1", 1, "b"))))
    assert optimum(instance) == (6,)


def test_an_interruptible_operation_pauses() -> None:
    # Works [0, 2), pauses during [2, 5), works [5, 6). Without pause the first window of 3 ticks begins at 5.
    steps = {"calendar": down((2, 5))}
    pausing = factory(machine("M1", **steps), job("J1", op("1", mode("M1", 3), interruptible=True)))
    whole = factory(machine("M1", **steps), job("J1", op("1", mode("M1", 3))))
    assert (optimum(pausing), optimum(whole)) == ((6,), (8,))


def test_shifts_and_operators() -> None:
    # One operator for both; the shift [0, 4) of every 8 holds one operation of 3, the next waits for tick 8.
    instance = factory(
        machine("M1", calendar=shifts(8, (0, 4))),
        machine("M2", calendar=shifts(8, (0, 4))),
        OperatorPool("crew", 1),
        job("J1", op("1", mode("M1", 3, crew=1))),
        job("J2", op("1", mode("M2", 3, crew=1))),
    )
    assert optimum(instance, "makespan > flow_time") == (11, 14)


def test_an_oven_for_two() -> None:
    # Three operations of 4, two at a time: the third begins at 4.
    instance = factory(machine("OV", capacity=2), *(simple_job(f"J{i}", ("OV", 4)) for i in (1, 2, 3)))
    assert optimum(instance, "makespan > flow_time") == (8, 16)


def test_a_maximum_lag_pulls_the_predecessor_later() -> None:
    # Operation 2 waits for M2 until 7 and begins at most 1 after operation 1 has ended, so operation 1 is [3, 6).
    links = (Precedence("1", "2", max_lag=1),)
    instance = factory(
        machine("M1"),
        machine("M2", calendar=down((0, 7))),
        job("J1", op("1", mode("M1", 3)), op("2", mode("M2", 2)), links=links),
    )
    best = best_schedule(instance)
    assert best is not None
    assert [(o.start, o.end) for o in best[1].operations] == [(3, 6), (7, 9)]


def cell(*stations: str, **fields: int) -> RobotCell:
    places = " ".join(("IN", *stations, "OUT"))
    return RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances(places, 1), **fields)


def test_two_parts_cannot_swap_stations() -> None:
    # J1 goes A, B and J2 goes B, A. Once both are on their first station, neither can move: so J2 enters B only
    # after J1 has left it. J1: IN-A [0, 1), A [1, 3), A-B [3, 4), B [4, 6), B-OUT [6, 7); the robot fetches J2:
    # empty [7, 8), IN-B [8, 9), B [9, 11), B-A [11, 12), A [12, 14), A-OUT [14, 15).
    stations = (machine(id, cell="C", input_buffer=0, output_buffer=0) for id in "AB")
    instance = factory(
        *stations, cell("A", "B"), simple_job("J1", ("A", 2), ("B", 2)), simple_job("J2", ("B", 2), ("A", 2))
    )
    assert optimum(instance) == (15,)


def test_a_deadlock_is_infeasible() -> None:
    # The part of operation 1 stays on A until operation 2 starts there, so the setup between them has no place.
    matrix = SetupMatrix({"a": {"b": 1}}, initial="a")
    station = machine("A", cell="C", input_buffer=0, output_buffer=0, setups=matrix)
    instance = factory(station, cell("A"), job("J1", op("1", mode("A", 1, "a")), op("2", mode("A", 1, "b"))))
    assert optimum(instance) is None


def test_jobs_share_a_trip() -> None:
    # A trip lasts 3, the vehicle is back after 5. J2 is ready at 2: waiting for it, both arrive at 5. Going at 1
    # with J1 alone, the second trip departs at 6 and arrives at 9.
    lane = Lane("L", "F1", "F2", transit_time=3, units_per_vehicle=2, return_time=2)
    instance = factory(
        machine("M1", "F1"),
        machine("M2", "F1"),
        machine("M3", "F2"),
        machine("M4", "F2"),
        lane,
        simple_job("J1", ("M1", 1), ("M3", 1)),
        simple_job("J2", ("M2", 2), ("M4", 1)),
    )
    assert optimum(instance, "makespan > transfer_count") == (6, 1)
    assert optimum(instance, "flow_time > transfer_count") == (12, 1)


def test_a_plan_is_chosen() -> None:
    # By plan 1: 2 + 5. By plan 2: 4 + 1.
    operations = (op("1", mode("M1", 2)), op("2", mode("M1", 5)), op("3", mode("M1", 4)), op("4", mode("M1", 1)))
    links = (Precedence("1", "2"), Precedence("3", "4"))
    instance = factory(machine("M1"), job("J1", *operations, links=links, plans=(("1", "2"), ("3", "4"))))
    assert optimum(instance) == (5,)


def test_unmet_deadline() -> None:
    # Each job alone would be in time; one after the other the second ends at 6.
    jobs = [simple_job(f"J{i}", ("M1", 3), deadline=5) for i in (1, 2)]
    assert optimum(factory(machine("M1"), *jobs)) is None


def test_limits_and_unknown_terms() -> None:
    instance = factory(machine("M1"), *(simple_job(f"J{i}", ("M1", 1)) for i in (1, 2, 3)))
    with pytest.raises(TooHardError):
        optimum(instance, max_nodes=2)
    with pytest.raises(ValueError, match="start_deviation"):
        optimum(instance, "start_deviation")


# --- against every schedule there is ---------------------------------------------------------------------------------


def every_schedule(instance: Instance, last: int) -> Iterator[Schedule]:
    """Yield every schedule of an instance without plans and lanes that ends by `last`, right or wrong."""
    keys = list(instance.operation_by_key.items())
    for modes in product(*(range(len(operation.modes)) for _, operation in keys)):
        placed = [
            [
                ScheduledOperation(*key, index, operation.modes[index].machine, start, end)
                for start in range(last)
                for end in range(start + operation.modes[index].duration, last + 1 if operation.interruptible else last + 1)
            ]
            for (key, operation), index in zip(keys, modes, strict=True)
        ]
        for operations in product(*placed):
            carried = [every_move(instance, operation, last) for operation in operations]
            for moves in product(*(list(option) for options in carried for option in options)):
                yield complete(instance, operations, moves)


def every_move(instance: Instance, operation: ScheduledOperation, last: int) -> Iterator[list[Move]]:
    """Yield all the ways in, then all the ways out, of the single operation of a job."""
    station = instance.machine_by_id[operation.machine]
    for origin, destination, link in ((None, station, (None, operation.operation)), (station, None, (operation.operation, None))):
        for leg in route(instance, origin, destination):
            length = instance.cell_by_id[leg.cell].move_time(leg.origin, leg.destination)
            yield [
                Move(operation.job, leg.origin, leg.destination, robot.id, leg.kind, start, start + length, *link)
                for robot in instance.cell_by_id[leg.cell].robots
                for start in range(last - length + 1)
            ]


def assert_best_of_all(instance: Instance, objective: str, last: int) -> None:
    parsed = Objective.parse(objective)
    values = [recompute(instance, s, parsed) for s in every_schedule(instance, last) if not check(instance, s)]
    assert optimum(instance, objective) == min(values, default=None)


@pytest.mark.parametrize("seed", range(40))
def test_two_operations_without_moves(seed: int) -> None:
    instance = random_instance(seed, 2, without=("cells", "lanes", "plans", "deadlines"))
    best = best_schedule(instance, "makespan > weighted_tardiness + flow_time > setup_time")
    if best is None:
        return
    assert_valid(instance, best[1])
    last = int(best[0][0])
    assert_best_of_all(instance, "makespan > weighted_tardiness + flow_time > setup_time", last)
