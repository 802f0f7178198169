"""Assembly in the cyclic search: what joins its branches, which part comes first, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from cyclic_cases import cyclic
from cyclic_graph_cases import assembled, bathed, fetched, joined, tiny_assembly
from cyclic_searched import GOAL, GOING, assert_plans_are_kept, constructed, put_in, searched
from helpers import assert_valid, factory, job, machine, mode, op
from oracle import TooHardError
from oracle_cycle import best_cycle
from test_cycles import least_cycle_time

from scheduler.domain import Instance, Job, Mode, Precedence, Schedule
from scheduler.domain.cycle import cycle_time
from scheduler.generate import generate
from scheduler.io.validate import require_valid
from scheduler.search.cyclic.choices import links_of, orders_of
from scheduler.search.cyclic.drawing import draw, graphs
from scheduler.search.cyclic.facts import empty_plan, empty_uses
from scheduler.search.cyclic.lines import line_of
from scheduler.search.cyclic.lower import lower
from scheduler.search.cyclic.room import rooms
from scheduler.search.cyclic.schedules import to_plan, to_schedule
from scheduler.search.cyclic.spoken import why_unsupported
from scheduler.search.cyclic.timing import least_cycle
from scheduler.search.cyclic.using import brought_at, use_job


def random_trees(seed: int) -> Job:
    """Return a job in whose precedences each operation has one successor or none, listed in any order."""
    random = Random(seed)
    number = random.randint(1, 9)
    precedences = [
        Precedence(str(k), str(random.randint(k + 1, number - 1))) for k in range(number - 1) if random.random() < 0.8
    ]
    operations = [op(str(k), mode("M", 1)) for k in range(number)]
    random.shuffle(operations)
    random.shuffle(precedences)
    return job("J", *operations, links=tuple(precedences))


@pytest.mark.parametrize("seed", range(40))
def test_operations_come_branch_after_branch(seed: int) -> None:
    part = random_trees(seed)
    (order,) = orders_of(part)
    at = {operation.id: number for number, operation in enumerate(order)}
    assert sorted(at) == sorted(operation.id for operation in part.operations)
    before: dict[str, set[str]] = {}  # what is before an operation, and itself
    for operation in order:
        mine = [before[p.predecessor] for p in part.precedences if p.successor == operation.id]
        before[operation.id] = {operation.id}.union(*mine)
        numbers = sorted(at[other] for other in before[operation.id])
        assert numbers[-1] == at[operation.id]
        assert all(b == a + 1 for a, b in pairwise(numbers))
    links = [(a and a.id, b and b.id) for a, b in links_of(part, order)]
    assert sorted(map(repr, links)) == sorted(repr((p, s)) for p, s, _ in part.links)
    assert [a for a, _ in links if a is not None] == list(at)


def test_plans_of_an_assembly() -> None:
    # a and b are joined by c, or a alone goes on to d.
    steps = tuple(op(name, mode("M", 1)) for name in "cdab")
    links = (Precedence("b", "c"), Precedence("a", "c"), Precedence("a", "d"))
    part = Job("J", steps, links, plans=(("a", "b", "c"), ("a", "d")))
    assert [[o.id for o in order] for order in orders_of(part)] == [["b", "a", "c"], ["a", "d"]]


@pytest.mark.parametrize(("buffer", "least"), [(0, 15), (None, 12)])
def test_which_part_comes_first_to_a_machine_without_buffer(buffer: int | None, least: int) -> None:
    # For each set the vehicle loads and unloads two parts, 2 + 2, and goes to and fro, 2 * 1 + 2 * 3: 12 in all. A
    # machine that holds the part that is there first is taken from its drop on: while the vehicle drops it, goes away
    # and comes again with the other, which it drops, and while both are joined: 1 + 2 * 1 + 1 + 1 + 10 with the near
    # part last, and 2 * 3 in the place of 2 * 1 with the far one. The vehicle fetches the far part while M works.
    instance = fetched(pick_up=1, drop=1, near=1, far=3, work=10, input_buffer=buffer)
    require_valid(instance, "fetched")
    assert searched(instance, 400) == least_cycle_time(instance) == least


def test_branches_of_one_set_and_the_next_take_turns_on_a_machine() -> None:
    # M1 works 2 + 3 for each set, M2 joins for 4: nothing is lost though both branches need M1.
    instance = cyclic(
        factory(machine("M1"), machine("M2"), joined("P", (("M1", 2),), (("M1", 3),), then=(("M2", 4),))), 4
    )
    assert searched(instance, 200) == 5


def test_the_first_part_stays_the_first_when_orders_are_timed() -> None:
    instance = fetched(pick_up=1, drop=1, near=1, far=3, work=10, input_buffer=0)
    lowered = lower(instance)
    facts = lowered.facts
    cycle, plan = to_plan(lowered, constructed(instance))
    first, _ = brought_at(facts, plan, 2)
    uses, graph = empty_uses(facts), graphs(facts)
    use_job(facts, plan, uses, 0)
    draw(facts, plan, uses, graph, cycle)
    least = least_cycle(plan, graph, 1, cycle, GOING)
    plan.time[:] = graph.time[: len(plan.time)]
    assert brought_at(facts, plan, 2)[0] == first
    assert least in (15, 19)  # by which comes first


def test_each_part_has_a_way_of_its_own() -> None:
    lowered = lower(fetched(pick_up=1, drop=1, near=1, far=3, work=10))
    assert lowered.links == (
        ("P", None, "00"), ("P", "00", "20"), ("P", None, "10"), ("P", "10", "20"), ("P", "20", None),
    )  # fmt: skip
    facts = lowered.facts
    assert facts.comes_from.tolist() == [-1, 0, -1, 1, 2]
    assert facts.goes_to.tolist() == [0, 2, 1, 2, -1]
    assert [facts.ins[a:b].tolist() for a, b in pairwise(facts.ins_at.tolist())] == [[0], [2], [1, 3]]
    plan = to_plan(lowered, constructed(lowered.instance))[1]
    assert line_of(facts, plan) == []


@pytest.mark.parametrize("seed", range(24))
def test_an_assembly_alone_has_a_place_in_a_long_cycle(seed: int) -> None:
    instance = assembled(seed)
    lowered = lower(instance)
    facts = lowered.facts
    cycle = 400
    room, weights = rooms(facts, cycle + 1), np.ones(len(facts.alternatives), np.int64)
    room.begins[0] = cycle
    for number in range(len(weights)):
        plan, uses = empty_plan(facts), empty_uses(facts)
        assert put_in(facts, plan, uses, room, weights, number, cycle, cycle + 1, seed) == set()
        (number,) = np.flatnonzero(plan.placed)
        for link in range(facts.links_at[number], facts.links_at[number + 1]):
            before, after = facts.comes_from[link], facts.goes_to[link]
            if before >= 0 and after >= 0:
                mode = facts.modes_at[before] + plan.mode[before]
                assert plan.time[before] + facts.duration[mode] <= plan.time[after]


def test_no_shorter_cycle_than_that_of_brute_force() -> None:
    compared = 0
    for seed in range(10):
        instance = tiny_assembly(seed)
        require_valid(instance, "tiny")
        try:
            least, _, _ = best_cycle(instance, max_nodes=2000)
        except TooHardError:
            continue
        assert searched(instance, 300) == least
        compared += 1
    assert compared >= 4


@pytest.mark.parametrize("seed", [1, 2, 4, 6, 7, 8, 9, 10, 14])
def test_assemblies(seed: int) -> None:
    assert assert_plans_are_kept(assembled(seed), 400, seconds=300) == 0


def test_a_hall_with_assemblies() -> None:
    instance = generate(
        facilities=1, vehicles=0, fleet=2, jobs=8, operations=40, machines=10, cells=2, blocking=0.5, dwell=0.2,
        shifts=0, capacity=0, operators=0, assembly=1, repetitions=5, seed=1, durations=(5, 30),
    )  # fmt: skip
    assert set(np.diff(lower(instance).facts.ins_at).tolist()) == {1, 2}
    assert searched(instance, 600) < 0.9 * cycle_time(instance, constructed(instance))


def fetched_to_a_bath(dwell: int, *before: Mode) -> Instance:
    """Return a case of `fetched` on a bath; each of the operations before may be done in these modes, too."""
    instance = fetched(pick_up=1, drop=1, near=1, far=3, work=10, input_buffer=0)

    def bath(j: Job) -> Job:
        first = [replace(o, modes=(*o.modes, *before)) for o in j.operations[:2]]
        modes = (replace(j.operations[2].modes[0], max_dwell=dwell),)
        return replace(j, operations=(*first, replace(j.operations[2], modes=modes)))

    return replace(instance, jobs=tuple(map(bath, instance.jobs)))


def test_work_in_a_bath_begins_when_the_last_part_is_there() -> None:
    # As without a dwell: the machine is taken for 1 + 2 * 1 + 1 + 1, with the near part last, and 10.
    instance = fetched_to_a_bath(0)
    require_valid(instance, "bath")
    lowered = lower(instance)
    assert lowered.facts.has_last.tolist() == [0, 0, 1]
    assert searched(instance, 400) == least_cycle_time(instance) == 15


def test_the_last_part_stays_the_last_when_orders_are_timed() -> None:
    instance = fetched_to_a_bath(0)
    lowered, schedule = lower(instance), constructed(instance)
    _, plan = to_plan(lowered, schedule)
    uses, graph = empty_uses(lowered.facts), graphs(lowered.facts)
    use_job(lowered.facts, plan, uses, 0)
    draw(lowered.facts, plan, uses, graph, 60)
    shorter = least_cycle(plan, graph, 1, 60, GOING)
    assert shorter in (15, 19)  # by which comes last
    plan.time[:] = graph.time[: len(plan.time)]
    again = to_schedule(lowered, plan, shorter)
    assert_valid(instance, again)

    def last(of: Schedule) -> str | None:
        return max((m for m in of.moves if m.successor == "20"), key=lambda m: m.end).predecessor

    assert last(again) == last(schedule)


@pytest.mark.parametrize("seed", [1, 2, 5, 6, 9, 12, 13, 15])
def test_baths_to_which_several_parts_are_brought(seed: int) -> None:
    instance = bathed(seed)
    assert 1 in lower(instance).facts.has_last
    assert assert_plans_are_kept(instance, 400, seconds=300) == 0


@pytest.mark.slow
def test_nearly_all_cycle_times_of_baths_are_those_of_cpsat() -> None:
    excess = [assert_plans_are_kept(bathed(seed), 2000) for seed in range(16, 70)]
    proved = [one for one in excess if one is not None]
    assert len(proved) >= 30
    assert proved.count(0) >= 0.95 * len(proved)


def test_trees_that_it_does_not_speak_are_refused_by_name() -> None:
    assert why_unsupported(fetched_to_a_bath(3), GOAL) is None
    reason = "baths to which each of several parts may come without being put down"
    assert why_unsupported(fetched_to_a_bath(3, mode("M", 1)), GOAL) == reason
