"""What the nodes of a network stand for."""

from __future__ import annotations

import gc
from weakref import ref

from repair_cases import revised, robot_cell, robot_cell_baseline

from scheduler.domain.events import RobotDown
from scheduler.rescheduling.activities import Activities
from scheduler.rescheduling.draft import draft_of
from scheduler.rescheduling.network import Network


def test_a_network_is_gone_as_soon_as_nobody_has_it() -> None:
    # Garbage that refers to itself would be found by Python's collector only, which stops all threads meanwhile.
    after = revised(robot_cell(), robot_cell_baseline(), 1, RobotDown("E", 1, "R1", 6))
    gc.disable()
    try:
        network = ref(Network(after, draft_of(after, robot_cell_baseline()), 100))
        assert network() is None
    finally:
        gc.enable()


def test_a_move_of_two_nodes_is_known_by_both() -> None:
    first, second = (move for move in robot_cell_baseline().moves if move.job == "J2")
    activities = Activities()
    activities.add_moves(0, (first,), drop=3)
    activities.add_moves(1, (second,))
    assert (activities.node_of(first), activities.drop(first), activities.drop(second)) == (0, 3, 1)
    assert (activities.stop_of(first, False), activities.stop_of(first, True), activities.last(1)) == (0, 3, 1)
    assert activities.planned() == {0: first, 1: second, 3: first}
    assert activities.label(3) == "the move of job J2 from IN to S1 by R1"
    assert activities.label(7) == "work that was lost"
