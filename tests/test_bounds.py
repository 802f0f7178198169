"""Lower bounds: exact where it can be seen by hand, never above the optimum."""

from __future__ import annotations

import pytest
from helpers import factory, job, machine, mode, op, simple_job
from hypothesis import given, settings
from oracle import TooHardError, optimum
from strategies import instances

import scheduler
from scheduler.bounds import makespan_bound, one_machine_bound, priced_bound, tier_bounds
from scheduler.cpsat.load import load_bound, load_lines
from scheduler.domain import Instance, Job, Objective


def test_longest_job() -> None:
    instance = factory(machine("M"), machine("N"), simple_job("A", ("M", 3), ("N", 4), release_date=2))
    assert makespan_bound(instance) == 9


def test_one_machine_with_heads_and_tails() -> None:
    # B (tail 5) comes at 1 and interrupts A: B [1, 3), A [0, 1) and [3, 6). Ends: 3 + 5 = 8, 6 + 1 = 7.
    assert one_machine_bound([(0, 4, 1), (1, 2, 5)]) == 8
    # All at once, no tails: the sum of the durations.
    assert one_machine_bound([(0, 4, 0), (0, 2, 0), (0, 1, 0)]) == 7
    # A gap before the late one: 10 + 3.
    assert one_machine_bound([(0, 4, 0), (10, 3, 0)]) == 13
    assert one_machine_bound([]) == 0


def test_each_term_has_a_bound() -> None:
    # A alone is complete at 5, 2 late; B is released at 4 and complete at 7, in time.
    # One after the other on M they are complete at 5 and 8.
    a, b = simple_job("A", ("M", 5), due_date=3, weight=3), simple_job("B", ("M", 3), due_date=9, release_date=4)
    instance = factory(machine("M"), a, b)
    least = {
        "weighted_tardiness + 0.5*number_tardy": 6.5,
        "total_tardiness": 2,
        "maximum_tardiness": 2,
        "flow_time": 9,
        "makespan": 8,
        "setup_time": 0,
    }
    assert {text: tier_bounds(instance, Objective.parse(text).tiers)[0] for text in least} == least


def test_load_is_shared_out_among_alternatives() -> None:
    # 3 jobs of 4 ticks on two machines: 12 / 2 = 6 on each at the least; no job is longer than 4.
    jobs = [job(name, op("1", mode("M", 4), mode("N", 4))) for name in "ABC"]
    instance = factory(machine("M"), machine("N"), *jobs)
    assert makespan_bound(instance) == load_bound(instance) == 6


def test_load_of_a_machine_with_capacity() -> None:
    jobs = [simple_job(name, ("M", 4)) for name in "ABC"]
    assert load_bound(factory(machine("M", capacity=2), *jobs)) == 6


def test_load_of_operations_between_their_heads_and_tails() -> None:
    # Each of A and B: 5 on R, then 4 on M or N, then 3 on S. C: 1 on M or N. Of 9 ticks, M and N share 4.5 each.
    # But A.2 and B.2, 8 ticks, begin at 5 or later and are followed by 3: 5 + 4 + 3 = 12, as each job alone.
    # A third such job: 5 + 12 / 2 + 3 = 14.
    def between(name: str) -> Job:
        return job(
            name, op("1", mode(f"R{name}", 5)), op("2", mode("M", 4), mode("N", 4)), op("3", mode(f"S{name}", 3))
        )

    machines = [machine(f"{kind}{name}") for kind in "RS" for name in "ABD"]
    short = job("C", op("1", mode("M", 1), mode("N", 1)))
    two = factory(machine("M"), machine("N"), *machines, between("A"), between("B"), short)
    three = factory(machine("M"), machine("N"), *machines, between("A"), between("B"), between("D"), short)
    # The load bound knows no longest job: without a broken line it is the load of all, or less.
    assert max(load_bound(two), makespan_bound(two)) == 12
    assert load_bound(three) == 14


def test_a_line_names_the_work_between_its_head_and_tail() -> None:
    # On M alone: A.1 (3) at once, B.2 (4) from 5 on and with 2 after it: 5 + 4 + 2 = 11 > 3 + 4 + 0.
    instance = factory(
        *(machine(id) for id in "MRS"), simple_job("A", ("M", 3)), simple_job("B", ("R", 5), ("M", 4), ("S", 2))
    )
    bound, lines = load_lines(instance)
    assert bound == 11
    on_m = {(line.head, line.tail, line.work) for line in lines if line.machine == "M"}
    assert (0, 0, ((("B", "2"), 0), (("A", "1"), 0))) in on_m


@pytest.mark.parametrize(("name", "best"), [("ft06", 55), ("la01", 666), ("kacem_4x5", 11)])
def test_bounds_of_classics_are_close(name: str, best: int) -> None:
    instance = scheduler.load(f"instances/{name}.json")
    bound = max(makespan_bound(instance), load_bound(instance))
    assert 0.7 * best <= bound <= best


@settings(max_examples=40, deadline=None)
@given(instances(max_operations=4))
def test_no_bound_exceeds_the_optimum(instance: Instance) -> None:
    try:
        best = optimum(instance, "makespan")
    except TooHardError:
        return
    if best is not None:
        assert max(makespan_bound(instance), load_bound(instance)) <= best[0]


@settings(max_examples=20, deadline=None)
@given(instances(max_operations=4))
def test_no_bound_of_sums_exceeds_the_optimum(instance: Instance) -> None:
    objective = "flow_time + 2*weighted_tardiness + number_tardy"
    try:
        best = optimum(instance, objective)
    except TooHardError:
        return
    if best is not None:
        assert tier_bounds(instance, Objective.parse(objective).tiers)[0] <= best[0]


def test_prices_share_out_flexible_work() -> None:
    # 12 ticks of work that two machines can do as well as each other: 6 for each, whatever the order.
    jobs = [job(str(n), op("1", mode("M", 3), mode("N", 3))) for n in range(4)]
    assert priced_bound(factory(machine("M"), machine("N"), *jobs)) == 6
    # An oven for two does as much as two machines.
    assert priced_bound(factory(machine("M", capacity=2), *[job(str(n), op("1", mode("M", 3))) for n in range(4)])) == 6


def test_prices_rise_where_machines_are_wanted() -> None:
    # M does each in 2 and N in 4: with x operations on M, the best is 2 x = 4 (6 - x), x = 4. Equal prices give 6.
    jobs = [job(str(n), op("1", mode("M", 2), mode("N", 4))) for n in range(6)]
    instance = factory(machine("M"), machine("N"), *jobs)
    assert priced_bound(instance, rounds=1) == 6
    assert priced_bound(instance) == 8


@settings(max_examples=60, deadline=None)
@given(instances(max_operations=5))
def test_prices_never_exceed_the_load_bound(instance: Instance) -> None:
    assert priced_bound(instance) <= load_lines(instance)[0]


def test_a_program_that_is_cut_short_still_bounds() -> None:
    instance = random_flexible_shop(2_000)
    whole, cut = load_bound(instance), load_bound(instance, seconds=1e-3)
    assert priced_bound(instance) <= cut <= whole


def random_flexible_shop(operations: int) -> Instance:
    from benchmarks.size import flexible_job_shop

    return flexible_job_shop(operations, 20, 10, 0)
