"""The blocking search: no deadlocks, exact timing, valid schedules, known optima, one way for a seed."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from helpers import Enough, assert_valid, down, factory, job, machine, mode, op, simple_job
from oracle import optimum

import scheduler
from scheduler.domain import Instance, Objective, Precedence
from scheduler.search.blocking.arrays import (
    AFTER,
    ALT,
    ALTS_AT,
    BEFORE,
    JOB,
    Problem,
    Solution,
    lower,
    raise_solution,
    why_unsupported,
)
from scheduler.search.blocking.closure import LABEL, TWIN, WAITS, give_way
from scheduler.search.blocking.engine import BlockingSearch, Memory
from scheduler.search.blocking.sequences import empty_bounds, settle
from scheduler.search.blocking.timing import DEADLOCK, HEAD, PLACE, time_all
from scheduler.search.blocking.walk import walk
from scheduler.search.construct import construct

MAKESPAN = Objective.parse("makespan")
KINDS = ("swap", "no swap", "flexible", "some buffers", "again", "lags")


def shop(kind: str, seed: int, num_jobs: int = 5, num_machines: int = 4, steps: int = 4) -> Instance:
    """A shop whose machines have no output buffer; *again* goes to machines more than once, perhaps in a row."""
    random = Random(seed)
    names = [f"M{number}" for number in range(1, num_machines + 1)]
    flexible = kind in ("flexible", "some buffers")
    jobs = []
    for number in range(1, num_jobs + 1):
        route = [random.choice(names) for _ in range(steps)] if kind == "again" else random.sample(names, steps)
        able = [random.sample(names, random.randint(1, 3)) if flexible else [name] for name in route]
        operations = [
            op(str(step), *(mode(name, random.randint(1, 9)) for name in found)) for step, found in enumerate(able)
        ]
        lags = tuple(
            Precedence(str(step), str(step + 1), random.randint(0, 4) if kind == "lags" else 0)
            for step in range(steps - 1)
        )
        jobs.append(job(f"J{number}", *operations, links=lags, release_date=random.randint(0, 9)))
    swap = kind not in ("no swap", "lags")
    machines = [
        machine(name, output_buffer=None if kind == "some buffers" and random.random() < 0.5 else 0, swap=swap)
        for name in names
    ]
    machines[0] = machine("M1", output_buffer=0, swap=swap)
    return factory(*machines, *jobs)


def raised(instance: Instance) -> tuple[Problem, Solution, Memory]:
    """Return the constructed schedule as a solution, timed."""
    start = construct(instance, MAKESPAN, time_limit=0.0)
    assert start is not None
    problem, empty = lower(instance)
    solution = raise_solution(instance, start, problem, empty)
    for number in range(problem.num_machines):
        settle(solution.ops, solution.ends, number)
    memory = Memory(problem, solution)
    assert time_all(problem.jobs, solution.ops, solution.instants, memory.times, memory.lists) != DEADLOCK
    return problem, solution, memory


def makespan_of(instance: Instance, problem: Problem, ops: np.ndarray) -> int | None:
    """Return the makespan of sequences, found by raising starts until every rule holds; None if that has no end."""
    operations = list(instance.operation_by_key.items())
    modes = [operation.modes[ops[ALT, o] - problem.choices[ALTS_AT, o]] for o, (_, operation) in enumerate(operations)]
    release = {name: found.release_date for name, found in instance.job_by_id.items()}
    lags = {(j.id, p.successor): p.min_lag for j in instance.jobs for p in j.precedences}
    starts = [release[key[0]] for key, _ in operations]
    for _ in range(2 * len(starts) + 2):
        before = list(starts)
        for o, (key, _) in enumerate(operations):
            if o and operations[o - 1][0][0] == key[0]:
                starts[o] = max(starts[o], starts[o - 1] + modes[o - 1].duration + lags[key])
            a = int(ops[BEFORE, o])
            if a >= 0:
                blocks = instance.machine_by_id[modes[a].machine].output_buffer == 0
                is_last = a + 1 == len(starts) or operations[a + 1][0][0] != operations[a][0][0]
                until = starts[a] + modes[a].duration if is_last or not blocks else starts[a + 1]
                starts[o] = max(starts[o], until)
        if starts == before:
            return max(s + m.duration for s, m in zip(starts, modes, strict=True))
    return None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_whatever_gives_way_leaves_no_deadlock(kind: str, seed: int) -> None:
    instance = shop(kind, seed)
    problem, solution, memory = raised(instance)
    bounds = np.zeros(3, np.int64)
    tried = 0
    for later in range(solution.ops.shape[1]):
        earlier = solution.ops[BEFORE, later]
        if earlier < 0 or solution.ops[JOB, earlier] == solution.ops[JOB, later]:
            continue
        for forward in (True, False):
            changed, room = solution.copy(), Memory(problem, solution)
            empty_bounds(bounds)
            give_way(
                problem.jobs,
                problem.choices,
                problem.alts,
                problem.has_swaps,
                *changed,
                memory.times[HEAD],
                memory.times[PLACE],
                room.marks,
                room.on_machine,
                room.log,
                bounds,
                *((later, earlier) if forward else (earlier, later)),
                forward,
            )
            assert (room.marks[[LABEL, WAITS, TWIN]] == -1).all() and (room.on_machine == -1).all()
            a = later
            while a >= 0 and a != earlier:
                a = changed.ops[AFTER, a]
            assert a == earlier  # now behind
            value = time_all(problem.jobs, changed.ops, changed.instants, room.times, room.lists)
            assert value == makespan_of(instance, problem, changed.ops) != DEADLOCK
            tried += 1
    assert tried > 10


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_walks_are_timed_exactly_and_valid(kind: str, seed: int) -> None:
    instance = shop(kind, seed)
    start = construct(instance, MAKESPAN, time_limit=0.0)
    assert start is not None
    found: list[int] = []
    search = BlockingSearch(instance, start, seed, found.append)
    search.advance(5_000)
    best = search.best()
    if best is not None:
        assert_valid(instance, best)
        assert best.makespan == found[-1] < start.makespan

    problem, solution, memory = raised(instance)
    value, current, _ = walk(
        problem.jobs, problem.choices, problem.alts, problem.has_swaps, *solution, *solution.copy(), memory.times,
        memory.lists, memory.marks, memory.on_machine, memory.log, memory.path, 3.0, seed, 500, 0, search.stopping * 0,
    )  # fmt: skip
    assert current == makespan_of(instance, problem, solution.ops) >= value


@pytest.mark.parametrize("kind", KINDS)
def test_tiny_instances_reach_the_optimum(kind: str) -> None:
    for seed in range(3):
        instance = shop(kind, 100 + seed, num_jobs=3, num_machines=3, steps=2)
        start = construct(instance, MAKESPAN, time_limit=0.0)
        assert start is not None
        search = BlockingSearch(instance, start, 0, lambda value: None)
        search.advance(20_000)
        best = search.best() or start
        known = optimum(instance, "makespan")
        assert known is not None
        assert best.makespan == known[0]


@pytest.mark.parametrize(("swap", "makespan"), [(True, 5), (False, 10)])
def test_opposite_jobs(swap: bool, makespan: int) -> None:
    jobs = (simple_job("A", ("M1", 3), ("M2", 2)), simple_job("B", ("M2", 3), ("M1", 2)))
    instance = factory(*(machine(name, output_buffer=0, swap=swap) for name in ("M1", "M2")), *jobs)
    start = construct(instance, MAKESPAN, time_limit=0.0)
    assert start is not None
    search = BlockingSearch(instance, start, 0, lambda value: None)
    search.advance(1_000)
    assert (search.best() or start).makespan == makespan


def test_a_seed_takes_one_way() -> None:
    instance = shop("flexible", 7, num_jobs=8)
    start = construct(instance, MAKESPAN, time_limit=0.0)
    assert start is not None
    ways: list[list[int]] = []
    for _ in range(2):
        way: list[int] = []
        BlockingSearch(instance, start, 3, way.append).advance(20_000)
        ways.append(way)
    assert ways[0] == ways[1] != []


def test_solve_hands_blocking_shops_to_it() -> None:
    instance = shop("swap", 5, num_jobs=20, num_machines=8, steps=8)
    enough = Enough(3, lambda point: point.engine == "blocking")
    result = scheduler.solve(
        instance, objective="makespan", time_limit=30, workers=2, stop=enough, on_progress=enough.hear
    )
    assert result.schedule is not None
    assert_valid(instance, result.schedule)
    assert any(progress.engine == "blocking" for progress in result.history)


@pytest.mark.parametrize(
    ("reason", "parts"),
    [
        ("no machine without output buffer", (machine("M"),)),
        ("machines without buffers", (machine("M", output_buffer=2), machine("N", output_buffer=0))),
        ("swaps on some machines only", (machine("M", output_buffer=0), machine("N", output_buffer=0, swap=False))),
        ("calendars", (machine("M", output_buffer=0, calendar=down((3, 5))),)),
        ("deadlines", (machine("M", output_buffer=0), simple_job("B", ("M", 1), deadline=9))),
    ],
)
def test_what_it_does_not_speak(reason: str, parts: tuple[object, ...]) -> None:
    assert why_unsupported(factory(*parts, simple_job("A", ("M", 2)))) == reason  # type: ignore[arg-type]
