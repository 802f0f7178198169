"""Parts that exchange machines in one instant: possible with `swap`, flagged and never planned without."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from cpsat.fixing import hint_status
from helpers import assert_valid, at, carry, distances, factory, flagged, job, machine, mode, op, schedule, simple_job
from oracle import TooHardError, best_schedule

from scheduler.domain import Instance, Objective, Robot, RobotCell, Schedule, Status
from scheduler.domain.derive import complete
from scheduler.portfolio import solve
from scheduler.search.construct import construct

# Two jobs in opposite directions over two machines that they block, the classic loop.
LOOP = (simple_job("J1", ("A", 3), ("B", 2)), simple_job("J2", ("B", 3), ("A", 2)))
SWAPPED = schedule(at("J1.1", "A", 0, 3), at("J2.1", "B", 0, 3), at("J1.2", "B", 3, 5), at("J2.2", "A", 3, 5))


def loop(swap: bool, *, only_on: str = "AB") -> Instance:
    machines = (machine(name, output_buffer=0, swap=swap or name not in only_on) for name in "AB")
    return factory(*machines, *LOOP)


def test_two_parts_swap_their_machines_where_they_may():
    assert_valid(loop(swap=True), SWAPPED)


def test_a_swap_is_flagged_once_where_it_is_forbidden():
    assert flagged(loop(swap=False), SWAPPED) == [("swaps", "J2.2 on A", 1)]


def test_one_machine_with_swap_is_enough():
    # J1 enters B while J2 is still there, J2 takes A, which J1 has left.
    assert_valid(loop(swap=False, only_on="A"), SWAPPED)
    assert_valid(loop(swap=False, only_on="B"), SWAPPED)


def test_a_buffer_opens_the_circle():
    # J1 leaves A for its output buffer; J2 goes to A, and J1 comes from the buffer to B.
    machines = machine("A", swap=False), machine("B", output_buffer=0, swap=False)
    assert_valid(factory(*machines, *LOOP), SWAPPED)


def test_the_loop_takes_both_jobs_one_after_the_other():
    # With swap 3 + 2. Without, once both are on their first machines neither can move; so one starts only when the
    # other has left its second machine, at 5 at the earliest: 5 + 3 + 2.
    assert solve(loop(swap=True), time_limit=10, workers=1).values == (5,)
    result = solve(loop(swap=False), time_limit=10, workers=1)
    assert (result.status, result.values) == (Status.OPTIMAL, (10,))


def test_hand_overs_in_a_row_are_no_swap():
    # J3 leaves C, J2 goes there, J1 takes B: one after the other in the same instant.
    jobs = simple_job("J1", ("A", 2), ("B", 2)), simple_job("J2", ("B", 2), ("C", 2)), simple_job("J3", ("C", 2))
    row = factory(*(machine(name, output_buffer=0, swap=False) for name in "ABC"), *jobs)
    at_once = [at("J1.1", "A", 0, 2), at("J2.1", "B", 0, 2), at("J3.1", "C", 0, 2)]
    at_once += [at("J1.2", "B", 2, 4), at("J2.2", "C", 2, 4)]
    assert_valid(row, schedule(*at_once))
    assert solve(row, time_limit=10, workers=1).values == (4,)


def test_three_parts_in_a_circle():
    jobs = (simple_job(f"J{k}", (a, 2), (b, 2)) for k, (a, b) in enumerate(("AB", "BC", "CA"), start=1))
    ring = factory(*(machine(name, output_buffer=0, swap=False) for name in "ABC"), *jobs)
    moves = [(1, "A", "B"), (2, "B", "C"), (3, "C", "A")]
    operations = [at(f"J{k}.1", a, 0, 2) for k, a, _ in moves] + [at(f"J{k}.2", b, 2, 4) for k, _, b in moves]
    assert flagged(ring, schedule(*operations)) == [("swaps", "J3.2 on A", 1)]
    # With all three on their first machines nobody can move. So some job starts only after another one that goes to
    # its first machine has been there, and that one ends at 4 at the earliest: 4 + 2 + 2.
    assert solve(ring, time_limit=10, workers=1).values == (8,)


def test_a_part_that_stays_waits_for_nobody():
    stays = factory(machine("A", output_buffer=0, swap=False), simple_job("J1", ("A", 3), ("A", 2)))
    assert_valid(stays, schedule(at("J1.1", "A", 0, 3), at("J1.2", "A", 3, 5)))
    assert solve(stays, time_limit=10, workers=1).values == (5,)


def two_robots(swap: bool, travel: int) -> tuple[Instance, Schedule]:
    """Two robots exchange the parts of A and B: unload 1, travel, load 1; the parts arrive and leave in no time."""
    places = distances("A B IO", 0)
    places["A"]["B"] = places["B"]["A"] = travel
    robots = tuple(Robot(f"R{k}", "IO") for k in (1, 2))
    cell = RobotCell("C", "F", robots, "IO", "IO", places, load_time=1, unload_time=1)
    stations = (machine(name, cell="C", input_buffer=0, output_buffer=0, swap=swap) for name in "AB")
    b = 6 + travel
    return factory(*stations, cell, *LOOP), schedule(
        carry("J1 >1", "IO>A", "R1", 0, 2),
        carry("J2 >1", "IO>B", "R2", 0, 2),
        at("J1.1", "A", 2, 5),
        at("J2.1", "B", 2, 5),
        carry("J1 1>2", "A>B", "R1", 5, b + 1),
        carry("J2 1>2", "B>A", "R2", 5, b + 1),
        at("J1.2", "B", b + 1, b + 3),
        at("J2.2", "A", b + 1, b + 3),
        carry("J1 2>", "B>IO", "R1", b + 3, b + 5),
        carry("J2 2>", "A>IO", "R2", b + 3, b + 5),
    )


def test_parts_in_grips_swap_only_where_the_way_takes_no_time():
    # Both are off their stations at 6; with travel time they are in the grips until 7.
    assert_valid(*two_robots(swap=False, travel=1))
    assert_valid(*two_robots(swap=True, travel=0))
    assert flagged(*two_robots(swap=False, travel=0)) == [("swaps", "J2.2 on A", 1)]


def tight_instance(seed: int) -> Instance:
    """Two or three jobs of one or two ticks an operation over two or three machines, so that ties are frequent."""
    random = Random(seed)
    names = [f"M{number}" for number in range(random.randint(2, 3))]
    machines = [
        machine(name, output_buffer=0 if random.random() < 0.9 else None, swap=random.random() < 0.3) for name in names
    ]
    jobs = []
    for number in range(random.randint(2, 3)):
        steps = [(random.choice(names), random.randint(1, 2)) for _ in range(random.randint(2, 3))]
        modes = [[mode(m, p)] + [mode(n, p) for n in names if n != m and random.random() < 0.2] for m, p in steps]
        jobs.append(job(f"J{number}", *(op(str(k), *choices) for k, choices in enumerate(modes))))
    return factory(*machines, *jobs)


@pytest.mark.parametrize("seeds", [range(40), pytest.param(range(40, 600), marks=pytest.mark.slow)])
def test_all_agree_with_the_oracle(seeds: range):
    differ = 0
    for seed in seeds:
        instance = tight_instance(seed)
        try:
            best = best_schedule(instance, max_nodes=3_000)
        except TooHardError:
            continue
        assert best is not None
        assert_valid(instance, best[1])
        result = solve(instance, time_limit=30, workers=1)
        assert (result.status, result.values) == (Status.OPTIMAL, best[0]), seed
        constructed = construct(instance, Objective.parse("makespan"), time_limit=0.0)
        assert constructed is not None, seed
        assert_valid(instance, constructed)
        free = replace(instance, machines=tuple(replace(m, swap=True) for m in instance.machines))
        differ += solve(free, time_limit=30, workers=1).values != result.values
    assert differ > 0  # it is worth forbidding


def test_hints_hold_where_parts_are_brought_to_one_machine_before_they_start_and_to_another_not():
    # J could go to B, in front of which there is room; it goes to A, which is taken when the robot puts the part down.
    cell = RobotCell("C", "F", (Robot("R", "IO"),), "IO", "IO", distances("A B IO", 1), load_time=1, unload_time=0)
    stations = (machine("A", cell="C", input_buffer=0), machine("B", cell="C", output_buffer=0, swap=False))
    other = simple_job("K", ("B", 3))
    instance = factory(*stations, cell, job("J", op("1", mode("B", 3), mode("A", 2))), other)
    plan = schedule(
        carry("J >1", "IO>A", "R", 0, 2),
        at("J.1", "A", 3, 5, mode=1),
        carry("K >1", "IO>B", "R", 3, 5),
        at("K.1", "B", 5, 8),
        carry("J 1>", "A>IO", "R", 6, 8),
        carry("K 1>", "B>IO", "R", 9, 11),
    )
    plan = complete(instance, plan.operations, [move for move in plan.moves if move.job is not None])
    assert_valid(instance, plan)
    assert hint_status(instance, plan) is Status.FEASIBLE
