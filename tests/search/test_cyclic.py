"""The cyclic search: what it speaks, timing against every cycle time, schedules against checker and oracle."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

import numpy as np
import pytest
from cyclic_cases import (
    by_plans,
    cell,
    crowded,
    cyclic,
    held,
    one_long_job,
    robotic_cell,
    several_carriers,
    with_grippers,
)
from cyclic_searched import GOAL, GOING, assert_plans_are_kept, constructed, put_in, searched
from helpers import Enough, assert_valid, factory, machine, mode, op, simple_job
from oracle import TooHardError
from oracle_cycle import best_cycle
from test_cycles import least_cycle_time, random_cyclic

from scheduler.domain import (
    Instance,
    Job,
    Objective,
    Status,
    Stop,
)
from scheduler.domain.cycle import cycle_time
from scheduler.domain.jobs import Precedence
from scheduler.generate import generate
from scheduler.io.validate import require_valid
from scheduler.portfolio import solve
from scheduler.portfolio.cycling import Cycling
from scheduler.portfolio.run import Run
from scheduler.search.cyclic.drawing import draw, graphs
from scheduler.search.cyclic.engine import CyclicSearch
from scheduler.search.cyclic.facts import empty_plan, empty_uses
from scheduler.search.cyclic.lower import Lowered, lower
from scheduler.search.cyclic.room import rooms
from scheduler.search.cyclic.schedules import to_plan, to_schedule
from scheduler.search.cyclic.spoken import why_unsupported
from scheduler.search.cyclic.timing import least_cycle
from scheduler.search.cyclic.using import collide, use_job
from scheduler.search.cyclic.warm import compile_here


@pytest.mark.parametrize("seed", range(12))
def test_plans_come_back_as_they_were(seed: int) -> None:
    instance = cell(seed)
    schedule = constructed(instance)
    lowered = lower(instance)
    cycle, plan = to_plan(lowered, schedule)
    again = to_schedule(lowered, plan, cycle)
    assert_valid(instance, again)
    assert cycle_time(instance, again) == cycle
    later = again.operations[0].start - schedule.operations[0].start
    assert [(o.machine, o.start - later) for o in again.operations] == [
        (o.machine, o.start) for o in schedule.operations
    ]


def timed(instance: Instance):
    """Return the least cycle time of the orders of a constructed schedule, and that which was constructed."""
    lowered = lower(instance)
    cycle, plan = to_plan(lowered, constructed(instance))
    uses, graph = empty_uses(lowered.facts), graphs(lowered.facts)
    for number in range(len(plan.placed)):
        use_job(lowered.facts, plan, uses, number)
    draw(lowered.facts, plan, uses, graph, cycle)
    return least_cycle(plan, graph, 1, cycle, GOING), cycle, graph


@pytest.mark.parametrize("seed", range(12))
def test_least_cycle_of_given_orders_is_the_first_for_which_there_are_instants(seed: int) -> None:
    found, cycle, graph = timed(cell(seed))
    arcs = list(zip(*(array[: graph.size[0]].tolist() for array in graph[1:5]), strict=True))

    def stands(cycle: int) -> bool:
        times = [0] * len(graph.time)
        for _ in range(len(times) + 1):
            is_over = True
            for tail, head, length, height in arcs:
                time = times[tail] + length - height * cycle
                if time > times[head]:
                    times[head], is_over = time, False
            if is_over:
                return True
        return False

    assert found == next(candidate for candidate in range(1, cycle + 1) if stands(candidate))
    assert all(graph.time[head] + height * found >= graph.time[tail] + length for tail, head, length, height in arcs)


def test_timing_closes_gaps() -> None:
    # A waits for nothing: 3 on M1, then 2 on M2; the orders alone allow a cycle of 3.
    instance = cyclic(factory(machine("M1"), machine("M2"), simple_job("P", ("M1", 3), ("M2", 2))), 3)
    lowered = lower(instance)
    plan = empty_plan(lowered.facts)
    plan.placed[:], plan.time[:2] = 1, (0, 9)
    uses, graph = empty_uses(lowered.facts), graphs(lowered.facts)
    use_job(lowered.facts, plan, uses, 0)
    draw(lowered.facts, plan, uses, graph, 12)
    assert least_cycle(plan, graph, 1, 12, np.ones(1, np.int64)) == 12  # after the wish to stop
    assert graph.time[:2].tolist() == [0, 9]
    assert least_cycle(plan, graph, 1, 12, GOING) == 3


def collisions(lowered: Lowered, plan, cycle: int, number: int) -> set[int]:
    """Return the jobs that a job collides with, -1 for itself."""
    uses = empty_uses(lowered.facts)
    for other in range(len(plan.placed)):
        if plan.placed[other] or other == number:
            use_job(lowered.facts, plan, uses, other)
    found = set()
    for resource in range(len(uses.size)):
        num = uses.size[resource]
        for a, b in product(range(num), repeat=2):
            if uses.job[resource, a] == number and collide(lowered.facts, uses, resource, a, b, cycle):
                found.add(-1 if uses.job[resource, b] == number else int(uses.job[resource, b]))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_insertion_finds_a_free_place_wherever_there_is_one(seed: int) -> None:
    random = Random(seed)
    holds = random.choice((None, 0))
    machines = [machine(name, output_buffer=holds) for name in ("M1", "M2")]
    jobs = [
        simple_job(f"J{n}", *((random.choice(("M1", "M2")), random.randint(1, 3)) for _ in range(2))) for n in range(3)
    ]
    lowered = lower(cyclic(factory(*machines, *jobs), 3))
    facts, cycle = lowered.facts, random.randint(5, 9)
    ticks = 2 * cycle + 1
    plan, uses, room = empty_plan(facts), empty_uses(facts), rooms(facts, ticks)
    weights, room.begins[0] = np.array([3, 5, 7], np.int64), cycle
    for number in range(2):
        before = plan.copy()
        if put_in(facts, plan, uses, room, weights, number, cycle, ticks, seed) != set():
            plan = before
            uses.size[:] = 0
            for other in np.flatnonzero(plan.placed):
                use_job(facts, plan, uses, other)
    lasts = [int(facts.duration[mode]) for mode in (4, 5)]
    is_free = []
    for first, second in product(range(cycle), range(ticks)):
        if first + lasts[0] <= second <= ticks - 1 - lasts[1]:
            plan.time[4:6] = first, second
            is_free.append(not collisions(lowered, plan, cycle, 2))
    placed = plan.placed.copy()
    ejected = put_in(facts, plan, uses, room, weights, 2, cycle, ticks, seed)
    if ejected == set():
        assert any(is_free)
    if ejected is None:
        assert not any(is_free)
    else:
        plan.placed[:] = placed
        assert collisions(lowered, plan, cycle, 2) == ejected
        assert plan.time[4] + lasts[0] <= plan.time[5]


@pytest.mark.parametrize("seed", range(30))
def test_no_shorter_cycle_than_that_of_brute_force(seed: int) -> None:
    instance = random_cyclic(seed)
    if why_unsupported(instance, GOAL) is not None:
        return
    try:
        least, _, _ = best_cycle(instance)
    except TooHardError:
        return
    assert searched(instance, 500) == least


@pytest.mark.parametrize("seed", range(12))
def test_schedules_of_cells_are_valid(seed: int) -> None:
    instance = cell(seed, num_parts=5)
    assert searched(instance, 3000) <= timed(instance)[0]


@pytest.mark.parametrize("seed", range(5))
def test_what_several_parts_share_has_room_for_them(seed: int) -> None:
    instance = crowded(seed)
    require_valid(instance, "crowded")
    assert searched(instance, 500) == least_cycle_time(instance)


@pytest.mark.slow
def test_nearly_all_cycle_times_with_shared_resources_are_those_of_cpsat() -> None:
    # CP-SAT proves the least; the few others are a tick longer.
    instances = [crowded(seed) for seed in range(100, 200)]
    excess = [searched(instance, 3000) - least_cycle_time(instance) for instance in instances]
    assert min(excess) == 0
    assert excess.count(0) >= 95


@pytest.mark.parametrize(("a", "b", "move", "handling"), [(3, 4, 1, 1), (20, 1, 2, 1), (5, 30, 1, 2), (2, 1, 3, 1)])
def test_a_cell_with_two_grippers(a: int, b: int, move: int, handling: int) -> None:
    # For each part a machine is busy, unloaded and loaded once; the robot makes 6 visits and one round trip. Both are
    # enough: it goes round with a part in hand and swaps at every machine (Sethi et al. 2001).
    single, dual = (with_grippers(robotic_cell((a, b), move, handling, 4), number) for number in (1, 2))
    least = max(max(a, b) + 2 * handling, 6 * (handling + move))
    assert searched(dual, 2000) == least_cycle_time(dual) == least
    assert least < searched(single, 2000)


@pytest.mark.parametrize("seed", range(11))
def test_carriers_that_hold_two_parts(seed: int) -> None:
    instance = held(seed)
    require_valid(instance, "held")
    assert searched(instance, 700) == least_cycle_time(instance)


@pytest.mark.parametrize("seed", range(6))
def test_one_of_several_carriers_that_hold_two_parts(seed: int) -> None:
    instance = several_carriers(seed)
    require_valid(instance, "several")
    least = solve(instance, objective="cycle_time", time_limit=60, workers=1)
    assert least.status is Status.OPTIMAL
    assert searched(instance, 500) == least.values[0]
    lowered = lower(instance)
    cycle, plan = to_plan(lowered, least.schedule)
    again = to_schedule(lowered, plan, cycle)
    assert_valid(instance, again)
    assert {(m.mover, m.origin, m.destination) for m in again.moves if m.job} == {
        (m.mover, m.origin, m.destination) for m in least.schedule.moves if m.job
    }


@pytest.mark.slow
@pytest.mark.parametrize(("case", "seeds", "least"), [(held, range(11, 60), 40), (several_carriers, range(6, 30), 18)])
def test_least_cycle_times_of_carriers_that_hold_two_parts(case, seeds: range, least: int) -> None:
    proved = 0
    for instance in map(case, seeds):
        best = solve(instance, objective="cycle_time", time_limit=30, workers=2)
        found = searched(instance, 2000)
        assert found >= best.bounds[0]
        if best.status is Status.OPTIMAL:
            assert found == best.terms["cycle_time"]
            proved += 1
    assert proved >= least


def test_a_job_gets_out_of_its_own_way() -> None:
    # Without stretches that are planned again it stays at 118.
    assert searched(one_long_job(4), 300) == 109


@pytest.mark.slow
def test_the_least_cycle_time_of_a_job_in_its_own_way() -> None:
    assert least_cycle_time(one_long_job(4), workers=2) == 109


def test_each_job_has_the_plan_that_leaves_room_for_the_others() -> None:
    # 4 on M1, or 3 on M2 and then 3 on M3. Both jobs by the first plan take 8 of M1, both by the second 6 of M2.
    steps = (op("1", mode("M1", 4)), op("2", mode("M2", 3)), op("3", mode("M3", 3)))
    jobs = (Job(name, steps, (Precedence("2", "3"),), plans=(("1",), ("2", "3"))) for name in "AB")
    instance = cyclic(factory(*map(machine, ("M1", "M2", "M3")), *jobs), 3)
    assert searched(instance, 100) == 4


@pytest.mark.parametrize("seed", range(5))
def test_process_plans(seed: int) -> None:
    assert assert_plans_are_kept(by_plans(seed), 400) == 0


@pytest.mark.slow
def test_nearly_all_cycle_times_of_process_plans_are_those_of_cpsat() -> None:
    excess = [assert_plans_are_kept(by_plans(seed), 3000) for seed in range(5, 45)]
    assert len(excess) - excess.count(None) >= 30
    assert excess.count(0) >= 0.9 * (len(excess) - excess.count(None))


def test_a_robotic_cell() -> None:
    # Sethi et al. (1992): serving both machines in turn takes max(8 * 1 + 6, 30 + 4 + 4).
    assert searched(robotic_cell((3, 30), 1, 1, 4), 2000) == 38


def test_same_seed_same_way() -> None:
    instance = cell(3, num_parts=6)
    assert searched(instance, 1000, seed=5) == searched(instance, 1000, seed=5)


@pytest.mark.parametrize(("workers", "objective"), [(1, "cycle_time"), (2, "2*cycle_time > makespan")])
def test_the_portfolio_takes_it(workers: int, objective: str) -> None:
    instance = generate(
        facilities=1, vehicles=0, fleet=2, jobs=8, operations=40, machines=10, cells=2, blocking=1, dwell=0.2,
        shifts=0, capacity=0, operators=0, assembly=0, repetitions=5, seed=1, durations=(5, 30),
    )  # fmt: skip
    assert why_unsupported(instance, GOAL) is None
    enough = Enough(3, lambda point: point.engine == "cyclic" and point.bound is not None)
    result = solve(instance, objective=objective, time_limit=2, workers=workers, stop=enough, on_progress=enough.hear)
    assert_valid(instance, result.schedule)
    assert 0 < result.bounds[0] <= result.values[0]
    assert "bounds" in {point.engine for point in result.history}


def test_small_sets_are_walked_however_long_construction_took(monkeypatch: pytest.MonkeyPatch) -> None:
    """CP-SAT has all threads for what is small after a quarter of the time that is left to the walk, not of all."""
    compile_here()
    instance = cyclic(factory(machine("M1"), machine("M2"), simple_job("P", ("M1", 3), ("M2", 2), ("M1", 1))), 3)
    run = Run(instance, GOAL, 40.0, 2, 0, None, Stop())
    start = constructed(instance)
    run.offer(start, "construction")
    slices: list[int] = []

    def improve(seconds: float, workers: int, *_: object) -> tuple[Status, tuple[None, ...]]:
        slices.append(workers)
        run._began_at -= 4  # so long a slice
        return Status.FEASIBLE, (None,)

    monkeypatch.setattr(run, "improve", improve)
    monkeypatch.setattr(CyclicSearch, "has_met_target", False)
    run._began_at -= 15  # construction, and a first go of CP-SAT's
    Cycling(run, CyclicSearch(instance, start, 0, lambda value: None)).search()
    assert slices[:3] == [1, 1, 2]


@pytest.mark.parametrize("workers", [1, 2])
def test_short_cycles_come_first_for_another_objective(workers: int) -> None:
    """They are of use for the makespan, and found sooner than the best span for each."""
    compile_here()
    instance = generate(
        facilities=1, vehicles=0, fleet=2, jobs=8, operations=40, machines=10, cells=2, blocking=1, dwell=0.2,
        shifts=0, capacity=0, operators=0, assembly=0, repetitions=5, seed=1, durations=(5, 30),
    )  # fmt: skip
    enough = Enough(1, lambda point: point.engine == "cyclic")
    result = solve(instance, objective="makespan", time_limit=30, workers=workers, stop=enough, on_progress=enough.hear)
    assert_valid(instance, result.schedule)
    values = [point.value for point in result.history if point.engine == "cyclic"]
    assert values and values[0] < min(point.value for point in result.history if point.engine == "construction")


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        (
            "machines without swap from which parts pass on in no time",
            lambda i: replace(i, machines=tuple(replace(m, output_buffer=0, swap=False) for m in i.machines)),
        ),
        ("no cycle", lambda i: replace(i, cycle=None)),
    ],
)
def test_what_it_does_not_speak_is_refused_by_name(reason: str, changed) -> None:
    instance = cyclic(factory(machine("M1"), machine("M2"), simple_job("P", ("M1", 3), ("M2", 2), ("M1", 1))), 3)
    assert why_unsupported(instance, GOAL) is None
    assert why_unsupported(changed(instance), GOAL) == reason
    other = "another objective than the cycle time and the makespan"
    assert why_unsupported(instance, Objective.parse("cycle_time + flow_time")) == other
