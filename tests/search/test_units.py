"""Units: which operations are placed together, and in which order."""

from __future__ import annotations

from helpers import distances, factory, job, machine, mode, op, simple_job

from scheduler.domain import Job, Machine, Precedence, Robot, RobotCell
from scheduler.search.problem import Problem
from scheduler.search.units import Plans

CELL = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN OUT S1 S2 B1", 1))
MACHINES = (
    machine("S1", cell="C", input_buffer=0, output_buffer=0),
    machine("S2", cell="C", input_buffer=0, output_buffer=0),
    machine("B1", cell="C"),
    machine("M1"),
)


def units_of(job: Job, *machines: Machine) -> list[str]:
    """Return the operations of each unit, ``"12"`` for 1 and 2."""
    problem = Problem(factory(*(machines or MACHINES), CELL, job))
    return ["".join(o.key[1] for o in unit.operations) for unit in Plans(problem).units(problem.jobs[0], 0)]


def test_a_part_that_may_stay_on_a_station_without_buffer_ties_the_next_operation_in_the_cell() -> None:
    assert units_of(simple_job("J", ("S1", 1), ("S2", 1), ("M1", 1), ("S1", 1))) == ["12", "3", "4"]


def test_a_buffer_behind_the_first_station_is_enough() -> None:
    assert units_of(simple_job("J", ("B1", 1), ("S1", 1), ("B1", 1))) == ["1", "23"]


def test_one_possible_mode_is_enough_to_tie() -> None:
    assert units_of(job("J", op("1", mode("M1", 1), mode("S1", 1)), op("2", mode("B1", 1)))) == ["12"]


def test_a_maximum_lag_ties() -> None:
    tied = job("J", op("1", mode("M1", 1)), op("2", mode("M1", 1)), links=(Precedence("1", "2", 0, 5),))
    assert units_of(tied) == ["12"]


def test_units_that_wait_for_each_other_are_one() -> None:
    # 1 and 3 are tied by a lag; 2 lies between them.
    links = (Precedence("1", "3", 0, 50), Precedence("1", "2"), Precedence("2", "3"), Precedence("3", "4"))
    operations = [op(name, mode("M1", 1)) for name in "1234"]
    assert units_of(job("J", *operations, links=links)) == ["123", "4"]


def test_the_rest_of_a_unit_counts_operations_and_moves() -> None:
    # Unit 1-2: 3 + move (1) + 4 + move out (1), then 5 on M1.
    problem = Problem(factory(*MACHINES, CELL, simple_job("J", ("S1", 3), ("S2", 4), ("M1", 5))))
    first, second = Plans(problem).units(problem.jobs[0], 0)
    assert (first.rest, second.rest) == (3 + 1 + 4 + 1 + 5, 5)
    assert first.after == [second]
    assert (first.num_before, second.num_before) == (0, 1)
