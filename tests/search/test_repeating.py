"""Cycle times at which copies of a part set fit into one another: none is ruled out that the checker would pass."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from helpers import distances, factory, machine, simple_job

from scheduler.checker import check
from scheduler.domain import Instance, Objective, Robot, RobotCell, SetupMatrix
from scheduler.domain.cycle import Cycle, cycle_time, part_set, unrolled
from scheduler.search import repeating
from scheduler.search.construct import construct


def cell(seed: int) -> Instance:
    """Two parts over two stations without buffers and a bench with setups, one robot, three sets."""
    random = Random(seed)
    robot_cell = RobotCell("C", "F", (Robot("R", "IN"),), "IN", "OUT", distances("IN S1 S2 OUT", 2), 1, 1)
    setups = SetupMatrix({"a": {"b": random.randint(0, 9)}, "b": {"a": random.randint(0, 9)}})
    stations = [machine(name, cell="C", input_buffer=0, output_buffer=0) for name in ("S1", "S2")]
    jobs = [simple_job(f"P{n}", *((s, random.randint(1, 20)) for s in ("S1", "S2", "B"))) for n in range(2)]
    families = [
        replace(
            job,
            operations=(
                *job.operations[:2],
                replace(job.operations[2], modes=(replace(job.operations[2].modes[0], setup_family=family),)),
            ),
        )
        for job, family in zip(jobs, "ab", strict=True)
    ]
    instance = factory(*stations, machine("B", setups=setups), robot_cell, *families)
    return unrolled(replace(instance, objective="cycle_time > makespan"), Cycle(3))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_ruled_out_breaks_a_rule(seed: int) -> None:
    instance = cell(seed)
    one_set = construct(part_set(instance), Objective.parse("makespan"), time_limit=0.0, seed=seed)
    assert one_set is not None
    schedule = repeating.repeated(instance, one_set)
    assert schedule is not None and not check(instance, schedule)
    turns = tuple(repeating._turns(instance, one_set))
    loaded = [move for move in one_set.moves if move.job is not None]
    ruled_out = [t for t in range(1, cycle_time(instance, schedule)) if not all(each.fit(t) for each in turns)]
    assert ruled_out
    for shorter in ruled_out:
        assert check(instance, repeating.shifted(instance, one_set.operations, loaded, shorter))


@pytest.mark.parametrize("seed", range(40))
def test_cycle_times_that_are_passed_over_do_not_fit(seed: int) -> None:
    random, uses, clock = Random(seed), list[repeating._Use](), 0
    for _ in range(random.randint(1, 7)):
        start = clock + random.randint(0, 9)
        clock = start + random.randint(1, 15)
        uses.append(repeating._Use(start, clock, random.choice("ab"), random.choice("ab")))
    ways = {("a", "b"): random.randint(0, 9), ("b", "a"): random.randint(0, 9)}
    turns = repeating._Turns(tuple(uses), lambda before, after: ways.get((before or "", after or ""), 0))
    for shorter in range(1, clock + 20):
        for passed in range(shorter, turns.ruled_out_until(shorter)):
            assert not turns.fit(passed)


def test_long_cycles_are_found_without_looking_at_every_tick() -> None:
    # With L = 2**38, A is taken in [0, 2 L) and [5 L, 7 L): cycles from 4 L on are too short up to 7 L.
    job = simple_job("P", ("A", 2 * 2**38), ("B", 3 * 2**38), ("A", 2 * 2**38))
    instance = unrolled(replace(factory(machine("A"), machine("B"), job), objective="cycle_time"), Cycle(3))
    schedule = construct(instance, Objective.parse("cycle_time"), time_limit=0.0)
    assert schedule is not None and not check(instance, schedule)
    assert cycle_time(instance, schedule) == 7 * 2**38
