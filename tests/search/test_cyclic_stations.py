"""Counted places at output stations from which parts go on without a move, in the cyclic search."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from cyclic_cases import cyclic
from cyclic_graph_cases import joined
from cyclic_searched import assert_plans_are_kept, searched
from helpers import distances, factory, machine, simple_job
from test_cycles import least_cycle_time

from scheduler.domain import Instance, Robot, RobotCell
from scheduler.io.validate import require_valid


def beside_a_cell(places: int | None, *jobs: tuple[tuple[str, int], ...]) -> Instance:
    """Return jobs over a station of a cell and a machine beside it, to which parts go from the output station."""
    cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN S OUT", 1), 0, 1, output_places=places)
    parts = (simple_job(f"P{n}", *steps) for n, steps in enumerate(jobs))
    station = machine("S", cell="C", input_buffer=0, output_buffer=0)
    return cyclic(factory(station, machine("M"), cell, *parts), 3)


@pytest.mark.parametrize(("places", "least"), [(1, 10), (2, 8), (None, 8)])
def test_a_place_is_held_until_the_operation_starts(places: int | None, least: int) -> None:
    # Each of four robots makes one move of 4 and comes back in 1. M is at work for 1 + 7. At one place the drop of 3 of
    # either part begins when the other one has started on M, at the earliest: 3 from P0 to P1, and 7 from P1 to P0.
    reach = ("IN", "S"), ("S", "OUT"), ("IN", "T"), ("T", "OUT")
    robots = tuple(Robot(f"R{n}", a, reach=(a, b)) for n, (a, b) in enumerate(reach))
    travel = distances("IN S T OUT", 1)
    cell = RobotCell("C", "F", robots, "IN", "OUT", travel, load_time=3, unload_time=0, output_places=places)
    stations = (machine(name, cell="C", input_buffer=0, output_buffer=0) for name in "ST")
    jobs = simple_job("P0", ("S", 1), ("M", 1)), simple_job("P1", ("T", 1), ("M", 7))
    instance = cyclic(factory(*stations, machine("M"), cell, *jobs), 4)
    require_valid(instance, "beside")
    assert searched(instance, 300) == least_cycle_time(instance) == least


@pytest.mark.parametrize("seed", range(10))
def test_places_from_which_parts_go_on_without_a_move(seed: int) -> None:
    random = Random(seed)
    turns = (("S", "M"), ("S", "M"), ("M", "S"), ("S", "M", "S"))
    jobs = (
        tuple((name, random.randint(1, 6)) for name in random.choice(turns)) for _ in range(random.choice((1, 2, 2)))
    )
    instance = beside_a_cell(random.choice((1, 1, 2)), *jobs)
    if random.random() < 0.5:
        instance = replace(
            instance, machines=tuple(replace(m, output_buffer=0) if m.id == "M" else m for m in instance.machines)
        )
    require_valid(instance, "beside")
    assert assert_plans_are_kept(instance, 400, seconds=300) == 0


@pytest.mark.parametrize("seed", range(6))
def test_parts_of_an_assembly_wait_for_each_other_at_the_station(seed: int) -> None:
    random = Random(seed)
    robots = tuple(Robot(f"R{n}", "IN") for n in range(random.choice((1, 2))))
    cell = RobotCell("C", "F", robots, "IN", "OUT", distances("IN S T OUT", 1), 1, 0, output_places=2)
    stations = (machine(name, cell="C", input_buffer=0, output_buffer=0) for name in "ST")
    steps = [(name, random.randint(1, 6)) for name in "STM"]
    job = joined("P", (steps[0],), (steps[1],), then=(steps[2],))
    instance = cyclic(factory(*stations, machine("M"), cell, job), random.choice((2, 3, 4)))
    require_valid(instance, "joined")
    assert assert_plans_are_kept(instance, 400, seconds=300) == 0
