"""Operations with several successors in the cyclic search: in which order they are planned, which part goes last."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from cyclic_cases import cyclic
from cyclic_graph_cases import SHAPES, graph, handed_out, parted, tiny_parted
from cyclic_searched import GOAL, GOING, assert_plans_are_kept, constructed, put_in, searched
from helpers import factory, job, machine, mode, op
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import TooHardError
from oracle_cycle import best_cycle
from test_cycles import least_cycle_time

from scheduler.domain import Instance, Job, Precedence
from scheduler.domain.cycle import cycle_time
from scheduler.generate import generate
from scheduler.io.validate import require_valid
from scheduler.search.construct import construct
from scheduler.search.cyclic.choices import orders_of
from scheduler.search.cyclic.drawing import draw, graphs
from scheduler.search.cyclic.facts import empty_plan, empty_uses
from scheduler.search.cyclic.lower import lower
from scheduler.search.cyclic.room import rooms
from scheduler.search.cyclic.schedules import to_plan
from scheduler.search.cyclic.timing import least_cycle
from scheduler.search.cyclic.using import use_job


def random_graph(seed: int) -> Job:
    """Return a job of any precedences, listed in any order."""
    random = Random(seed)
    number = random.randint(1, 9)
    pairs = [(a, b) for b in range(number) for a in range(b) if random.random() < 0.3]
    operations = [op(str(k), mode("M", random.randint(1, 5))) for k in range(number)]
    random.shuffle(operations)
    random.shuffle(pairs)
    return job("J", *operations, links=tuple(Precedence(str(a), str(b)) for a, b in pairs))


@pytest.mark.parametrize("seed", range(60))
def test_each_order_has_what_is_before_an_operation_before_it(seed: int) -> None:
    part = random_graph(seed)
    orders = [[operation.id for operation in order] for order in orders_of(part)]
    most = max(sum(p.predecessor == operation.id for p in part.precedences) for operation in part.operations)
    assert 1 <= len(orders) <= max(1, most)
    assert len({tuple(order) for order in orders}) == len(orders)
    for order in orders:
        assert sorted(order) == sorted(operation.id for operation in part.operations)
        assert all(order.index(p.predecessor) < order.index(p.successor) for p in part.precedences)


def test_layers() -> None:
    # Of a the longer way over c is planned first, then b and what joins them; or the other way round.
    part = graph("J", "ab ac bd cd de", ("M", 1), ("M", 2), ("M", 3), ("M", 1), ("M", 1))
    assert ["".join(operation.id for operation in order) for order in orders_of(part)] == ["acbde", "abcde"]


@pytest.mark.parametrize("seed", range(12))
def test_ways_to_and_from_operations(seed: int) -> None:
    facts = lower(parted(seed)).facts
    for number in range(len(facts.modes_at) - 1):
        outs = range(facts.outs_from[number], facts.outs_to[number])
        assert list(outs) == np.flatnonzero(facts.comes_from == number).tolist()
    for number, (begin, end) in enumerate(pairwise(facts.ins_at.tolist())):
        assert facts.ins[begin:end].tolist() == np.flatnonzero(facts.goes_to == number).tolist()


@pytest.mark.parametrize(("buffer", "least"), [(0, 15), (None, 12)])
def test_which_part_goes_last_from_a_machine_without_buffer(buffer: int | None, least: int) -> None:
    # For each set the vehicle loads and unloads two parts, 2 + 2, and goes to and fro, 2 * 1 + 2 * 3: 12 in all. A
    # machine that holds the part that goes last is taken while both are one, while the vehicle picks up the first, goes
    # away, drops it and comes again, and while it picks up the other: 10 + 1 + 2 * 1 + 1 + 1 with the near part first,
    # and 2 * 3 in the place of 2 * 1 with the far one.
    instance = handed_out(pick_up=1, drop=1, near=1, far=3, work=10, output_buffer=buffer)
    require_valid(instance, "handed out")
    assert searched(instance, 400) == least_cycle_time(instance) == least


def test_the_last_part_stays_the_last_when_orders_are_timed() -> None:
    instance = handed_out(pick_up=1, drop=1, near=1, far=3, work=10, output_buffer=0)
    lowered = lower(instance)
    facts, (cycle, plan) = lowered.facts, to_plan(lowered, constructed(instance))
    uses, arcs = empty_uses(facts), graphs(facts)
    (number,) = np.flatnonzero(plan.placed)
    taken = [m.id for m in lowered.one_set.machines].index("M")
    use_job(facts, plan, uses, number)
    assert uses.size[taken] == 1
    last = uses.end_instant[taken, 0]
    assert last >= len(plan.mode)  # a move
    draw(facts, plan, uses, arcs, cycle)
    least = least_cycle(plan, arcs, 1, cycle, GOING)
    plan.time[:] = arcs.time[: len(plan.time)]
    uses.size[:] = 0
    use_job(facts, plan, uses, number)
    assert uses.end_instant[taken, 0] == last
    assert least in (15, 19)  # by which goes last


def test_a_place_is_held_until_all_who_wait_for_it_have_begun() -> None:
    # M3 works 6 for each set. A stays on M1 until C begins there, which M1 has time for; B waits for nothing.
    part = graph("P", "ab ac", ("M1", 2), ("M2", 1), ("M3", 6))
    instance = cyclic(factory(machine("M1", output_buffer=0), machine("M2"), machine("M3"), part), 3)
    assert searched(instance, 100) == least_cycle_time(instance) == 6
    # Both go on to M2 for 1 each: while the first is there the other one waits on M1, which is taken for 2 + 1.
    part = graph("P", "ab ac", ("M1", 2), ("M2", 1), ("M2", 1))
    instance = cyclic(factory(machine("M1", output_buffer=0), machine("M2"), part), 3)
    assert searched(instance, 100) == least_cycle_time(instance) == 3


def test_parts_that_wait_for_each_other_have_no_schedule() -> None:
    # a is on M1 until b and c have begun there, the first of which can't begin while a is.
    part = graph("P", "ab ac", ("M1", 2), ("M1", 1), ("M1", 1))
    assert construct(cyclic(factory(machine("M1", output_buffer=0), part), 3), GOAL, time_limit=0.0) is None


@pytest.mark.parametrize("seed", range(24))
def test_a_job_alone_has_a_place_in_a_long_cycle(seed: int) -> None:
    lowered = lower(parted(seed))
    facts, cycle = lowered.facts, 400
    room, weights = rooms(facts, cycle + 1), np.ones(len(facts.alternatives), np.int64)
    room.begins[0] = cycle
    for first in sorted(set(facts.alternatives[:, 0].tolist())):
        plan, uses = empty_plan(facts), empty_uses(facts)
        assert put_in(facts, plan, uses, room, weights, first, cycle, cycle + 1, seed) == set()
        (number,) = np.flatnonzero(plan.placed)
        for link in range(facts.links_at[number], facts.links_at[number + 1]):
            before, after = facts.comes_from[link], facts.goes_to[link]
            if before >= 0 and after >= 0:
                duration = facts.duration[facts.modes_at[before] + plan.mode[before]]
                assert plan.time[before] + duration <= plan.time[after]


def test_no_shorter_cycle_than_that_of_brute_force() -> None:
    compared = 0
    for seed in range(12):
        instance = tiny_parted(seed)
        require_valid(instance, "tiny")
        try:
            least, _, _ = best_cycle(instance, max_nodes=2000)
        except TooHardError:
            continue
        assert searched(instance, 300) == least
        compared += 1
    assert compared >= 6


@pytest.mark.parametrize("seed", [0, 1, 4, 8, 12, 18, 20, 21, 26, 31, 32])
def test_jobs_that_part(seed: int) -> None:
    assert assert_plans_are_kept(parted(seed), 400, seconds=300) == 0


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    shape=st.sampled_from(SHAPES),
    steps=st.lists(st.tuples(st.sampled_from(("M1", "M2", "M3")), st.integers(1, 4)), min_size=5, max_size=5),
    buffers=st.tuples(*(st.sampled_from((0, 1, None)) for _ in range(3))),
)
def test_any_graph_has_the_least_cycle(
    shape: str, steps: list[tuple[str, int]], buffers: tuple[int | None, ...]
) -> None:
    machines = [machine(f"M{k + 1}", output_buffer=buffer) for k, buffer in enumerate(buffers)]
    instance = cyclic(factory(*machines, graph("P", shape, *steps)), 3)
    require_valid(instance, "any")
    if construct(instance, GOAL, time_limit=0.0) is not None:
        assert searched(instance, 300) == least_cycle_time(instance)


def turned_round(instance: Instance) -> Instance:
    """Return an instance in which the operations of each job follow one another the other way round."""
    jobs = (
        replace(j, precedences=tuple(Precedence(p.successor, p.predecessor) for p in j.precedences))
        for j in instance.jobs
    )
    return replace(instance, jobs=tuple(jobs))


def test_a_hall_in_which_jobs_part() -> None:
    made = generate(
        facilities=1, vehicles=0, fleet=2, jobs=8, operations=40, machines=10, cells=2, blocking=0.3, dwell=0,
        shifts=0, capacity=0, operators=0, assembly=1, repetitions=5, seed=1, durations=(5, 30),
    )  # fmt: skip
    instance = turned_round(made)
    require_valid(instance, "turned round")
    facts = lower(instance).facts
    assert set((facts.outs_to - facts.outs_from).tolist()) == {1, 2}
    assert searched(instance, 600) < 0.9 * cycle_time(instance, constructed(instance))
