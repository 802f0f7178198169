"""The oracle against optima proved by hand, and against trying out every start there is."""

from __future__ import annotations

from collections.abc import Iterator
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
    # J1 goes A, B and J2 goes B, A. Once both are on their first station, neither can move. So J2 enters B only after
    # J1 has left it. Every move lasts 1 + 1 + 1. J1: IN-A [0, 3), A [3, 5), A-B [5, 8), B [8, 10), B-OUT [10, 13);
    # the robot goes to fetch J2 [13, 14): IN-B [14, 17), B [17, 19), B-A [19, 22), A [22, 24), A-OUT [24, 27).
    stations = (machine(id, cell="C", input_buffer=0, output_buffer=0) for id in "AB")
    jobs = (simple_job("J1", ("A", 2), ("B", 2)), simple_job("J2", ("B", 2), ("A", 2)))
    assert optimum(factory(*stations, cell("A", "B", load_time=1, unload_time=1), *jobs)) == (27,)


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
    with pytest.raises(ValueError, match="length 0"):
        optimum(factory(machine("M1"), simple_job("J1", ("M1", 0))))


# --- against every schedule there is -------------------------------------------------------------------------------


def every_schedule(instance: Instance, last: int) -> Iterator[Schedule]:
    """Yield every schedule that ends by `last`, right or wrong; jobs have one operation or no moves."""
    for modes in product(*(range(len(operation.modes)) for operation in instance.operation_by_key.values())):
        placed = [
            every_operation(instance, key, mode, last)
            for key, mode in zip(instance.operation_by_key, modes, strict=True)
        ]
        for operations in product(*placed):
            carried = [moves for operation in operations for moves in every_move(instance, operation, last)]
            for moves in product(*carried):
                yield complete(instance, operations, moves)


def every_operation(instance: Instance, key: tuple[str, str], index: int, last: int) -> list[ScheduledOperation]:
    mode = instance.mode(key, index)
    longest = last if instance.operation_by_key[key].interruptible else mode.duration
    lengths = range(mode.duration, longest + 1)
    placed = ((start, start + length) for length in lengths for start in range(last - length + 1))
    return [ScheduledOperation(*key, index, mode.machine, start, end) for start, end in placed]


def every_move(instance: Instance, operation: ScheduledOperation, last: int) -> Iterator[list[Move]]:
    """Yield the ways into its station, if it is on one, then the ways out."""
    cell = instance.cell_by_id.get(instance.machine_by_id[operation.machine].cell)
    if cell is None:
        return
    for origin, destination, predecessor, successor in (
        (cell.input_station, operation.machine, None, operation.operation),
        (operation.machine, cell.output_station, operation.operation, None),
    ):
        own = {robot.id: instance.group_by_carrier[robot.id].move_time(origin, destination) for robot in cell.robots}
        placed = ((robot, t, t + length) for robot, length in own.items() for t in range(last - length + 1))
        yield [
            Move(operation.job, origin, destination, robot, "robot_move", start, end, predecessor, successor)
            for robot, start, end in placed
        ]


@pytest.mark.parametrize(
    ("num_operations", "without", "longest"),
    [(2, ("cells", "lanes", "plans"), 10), (3, ("cells", "lanes", "plans", "interruptible"), 8), (1, ("lanes",), 9)],
    ids=["two operations", "three operations", "one operation in a robot cell"],
)
def test_the_best_of_all_schedules(num_operations: int, without: tuple[str, ...], longest: int) -> None:
    objective = Objective.parse("makespan > weighted_tardiness + flow_time > setup_time")
    num_compared = 0
    for seed in range(60):
        instance = random_instance(seed, num_operations, without=(*without, "deadlines", "fleets"))
        best = best_schedule(instance, str(objective))
        if best is None or best[0][0] > longest:
            continue
        assert_valid(instance, best[1])
        right = (s for s in every_schedule(instance, int(best[0][0])) if not check(instance, s))
        assert min(recompute(instance, schedule, objective) for schedule in right) == best[0], seed
        num_compared += 1
    assert num_compared >= 20
