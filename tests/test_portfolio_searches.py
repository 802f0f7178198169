"""Which searches `solve` has beside CP-SAT, and what they share: races, proofs, later tiers, stopping."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from helpers import (
    Enough,
    factory,
    job,
    machine,
    mode,
    op,
    random_job_shop,
    shifts,
    simple_job,
)

import scheduler
from scheduler import Status, Stop
from scheduler.domain import (
    Facility,
    Fleet,
    Instance,
    Objective,
    Progress,
    ScheduledOperation,
    Vehicle,
)
from scheduler.domain.derive import complete
from scheduler.portfolio.hybrid import Hybrid
from scheduler.portfolio.run import Run
from scheduler.search.construct import construct
from scheduler.search.decode.warm import compile_here as compile_factory_search
from scheduler.search.tabu.warm import compile_here
from scheduler.search.tabu.weights import weigh
from scheduler.terms import value_terms


def test_compiled_search_and_bounds_prove_a_wide_job_shop() -> None:
    # 12 jobs of 2 + 3 + 1 ticks on machines M, N, O in this order: N is busy for 36, from 2 on, and O follows for 1.
    jobs = [simple_job(f"J{n}", ("M", 2), ("N", 3), ("O", 1)) for n in range(12)]
    result = scheduler.solve(factory(machine("M"), machine("N"), machine("O"), *jobs), time_limit=20)
    assert result.status is Status.OPTIMAL
    assert result.values == result.bounds == (2 + 36 + 1,)


def test_later_tiers_are_improved_after_the_makespan_is_proved() -> None:
    # Makespan 6 in any order; flow time is least with the short job first: 2 + 6.
    instance = factory(machine("M"), simple_job("A", ("M", 4)), simple_job("B", ("M", 2)))
    result = scheduler.solve(instance, objective="makespan > flow_time", time_limit=600)
    assert result.status is Status.OPTIMAL
    assert result.values == (6, 8)


def test_what_is_zero_in_every_schedule_does_not_hide_the_rest() -> None:
    # Nothing is due, no machine is set up: the makespan alone is to be planned, by the search that is made for it.
    result = scheduler.solve(
        random_job_shop(10, 2, seed=3), objective="weighted_tardiness > makespan + setup_time", time_limit=20, seed=0
    )
    alone = scheduler.solve(random_job_shop(10, 2, seed=3), objective="makespan", time_limit=20, seed=0)
    assert (result.status, alone.status) == (Status.OPTIMAL, Status.OPTIMAL)
    assert result.values == result.bounds == (0, *(alone.values or ()))
    assert result.leading == 1
    assert result.history[-1].value == result.values[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_walk_goes_on_with_the_makespan_when_nothing_is_late(workers: int) -> None:
    compile_here("regular.run_regular")
    shop = random_job_shop(40, 4, seed=1)
    shop = replace(shop, jobs=tuple(replace(job, due_date=10_000) for job in shop.jobs))
    result = scheduler.solve(shop, objective="weighted_tardiness > makespan", time_limit=10, workers=workers, seed=0)
    # The machine that has most to do is the bound, and it never waits.
    assert result.status is Status.OPTIMAL
    assert result.values == result.bounds
    assert result.values is not None and result.values[0] == 0 < result.values[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_two_searches_share_sums_over_many_jobs(workers: int) -> None:
    compile_here("regular.run_regular")
    compile_factory_search()  # of the two the one that finds something in seconds
    shop = random_job_shop(80, 4, seed=1)
    constructed = construct(shop, Objective.parse("flow_time"), time_limit=0.0)
    assert constructed is not None
    first = value_terms(shop, constructed)["flow_time"]
    searches = {"tabu", "factory"}
    enough = Enough(3, lambda point: point.engine in searches and point.value is not None and point.value < first)
    result = scheduler.solve(
        shop, objective="flow_time", time_limit=60, workers=workers, seed=0, stop=enough, on_progress=enough.hear
    )
    assert result.values is not None
    assert result.values[0] < first
    assert searches & {point.engine for point in result.history}
    assert scheduler.check(shop, result.schedule) == ()


def overloaded_vehicle(jobs: int) -> Instance:
    """Jobs go a long way from machine to machine to work for a tick or two: all wait for the only vehicle."""
    draw, names = Random(1), [f"M{number}" for number in range(8)]
    work = [
        job(f"J{n}", *(op(str(k), *(mode(m, draw.randint(1, 2)) for m in draw.sample(names, 2))) for k in range(3)))
        for n in range(jobs)
    ]
    travel = {p: {q: draw.randint(10, 40) for q in ("DOCK", *names) if q != p} for p in ("DOCK", *names)}
    fleet = Fleet("AGV", "F", (Vehicle("V", "DOCK"),), travel)
    return factory(Facility("F", "DOCK"), *map(machine, names), fleet, *work)


def in_shifts(instance: Instance) -> Instance:
    calendar = shifts(1000, (0, 900))
    return replace(instance, machines=tuple(replace(m, calendar=calendar) for m in instance.machines))


def test_two_searches_share_what_waits_for_a_vehicle() -> None:
    compile_here("carried.run_carried")
    compile_factory_search()
    enough = Enough(1, lambda point: point.engine == "factory" and point.value is not None)
    instance = overloaded_vehicle(50)
    result = scheduler.solve(instance, time_limit=60, workers=2, stop=enough, on_progress=enough.hear)
    assert "factory" in {point.engine for point in result.history}
    assert scheduler.check(instance, result.schedule) == ()


@pytest.mark.parametrize(
    ("instance", "objective", "has_rival"),
    [
        (overloaded_vehicle(50), "makespan", True),
        (overloaded_vehicle(10), "makespan", False),
        (random_job_shop(30, 10, seed=0), "makespan", False),
        (random_job_shop(30, 10, seed=0), "flow_time", True),
        (in_shifts(random_job_shop(30, 10, seed=0)), "makespan", True),
    ],
    ids=("vehicle", "few", "machines", "sum", "shifts"),
)
def test_a_rival_where_the_walk_sees_only_a_part(instance: Instance, objective: str, has_rival: bool) -> None:
    run = Run(instance, Objective.parse(objective), 60.0, 2, 0, None, Stop())
    start = construct(instance, run.objective, time_limit=0.0)
    weights = weigh(instance, run.objective)
    assert start is not None
    assert weights is not None
    run.offer(start, "construction")
    assert Hybrid(run, weights)._has_rival() is has_rival


def test_two_searches_end_when_either_meets_the_bounds_of_all_tiers() -> None:
    # M has 7 ticks of work, nothing is late: a makespan of 7 is the least. The tabu search does not even begin.
    jobs = (simple_job("A", ("M", 3), due_date=50), simple_job("B", ("M", 4), due_date=50))
    shop, objective = factory(machine("M"), *jobs), Objective.parse("weighted_tardiness > makespan")
    run = Run(shop, objective, 60.0, 2, 0, None, Stop())
    late, tight = (
        complete(shop, (ScheduledOperation("A", "1", 0, "M", 0, 3), ScheduledOperation("B", "1", 0, "M", at, at + 4)))
        for at in (5, 3)
    )
    weights = weigh(shop, objective)
    assert weights is not None
    run.offer(late, "construction")
    hybrid = Hybrid(run, weights)
    hybrid._aim()
    assert not hybrid._has_ended()
    run.offer(tight, "factory")
    assert hybrid._has_ended()
    assert run.meets((Fraction(0), Fraction(7)))
    assert not run.meets((Fraction(0), None))


def test_one_worker_takes_the_same_way_through_both_engines() -> None:
    compile_here()  # the first run on a machine, which compiles meanwhile, goes by the clock
    instance = random_job_shop(20, 10, seed=0)
    ways = []
    for _ in range(2):
        way: list[tuple[Fraction | None, Fraction | None, str]] = []
        enough = Enough(30)

        def hear(point: Progress, way: list[Any] = way, enough: Enough = enough) -> None:
            if not enough.requested:  # how soon an engine hears of the wish depends on the clock
                way.append((point.value, point.bound, point.engine))
                enough.hear(point)

        scheduler.solve(
            instance, objective="flow_time", time_limit=600, workers=1, seed=3, stop=enough, on_progress=hear
        )
        ways.append(way)
    assert {engine for _, _, engine in ways[0]} >= {"tabu", "cp-sat"}
    assert ways[0] == ways[1]


def test_a_running_search_can_be_stopped() -> None:
    instance = random_job_shop(20, 10, seed=0)
    stop = Stop()

    def on_progress(point: Progress) -> None:
        if point.engine == "tabu":
            stop.request()

    result = scheduler.solve(
        instance, objective="flow_time", time_limit=600, workers=2, on_progress=on_progress, stop=stop
    )
    assert result.status is Status.FEASIBLE
    assert result.schedule is not None
    assert result.seconds < 600


# --- CP-SAT on parts ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_factories_with_lanes_are_polished(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no compiled search speaks is left to CP-SAT; where the factory search walks, too, it leaves little to it."""
    monkeypatch.setattr("scheduler.search.decode.spoken.why_unsupported", lambda instance: "not for this test")
    instance = scheduler.load("instances/two_facilities.json")
    result = scheduler.solve(instance, time_limit=20, workers=workers)
    assert result.schedule is not None
    assert scheduler.check(instance, result.schedule) == ()
    values = [point.value for point in result.history if point.value is not None]
    assert values[-1] < values[0]
    assert any(point.engine == "polish" for point in result.history)


def test_a_proof_of_the_only_tier_makes_the_answer_optimal() -> None:
    instance = factory(machine("M", capacity=2), *(simple_job(f"J{n}", ("M", 3)) for n in range(5)))
    run = Run(instance, Objective.parse("makespan"), 10.0, 2, 0, None, Stop())
    assert run.search(None)[0] is Status.OPTIMAL
    # Two at a time, 3 ticks each: 9, and nothing below it is enough for a proof.
    assert run.answer((Fraction(9),)) == (Status.OPTIMAL, (9,))
    assert run.answer((Fraction(8),)) == (Status.FEASIBLE, (8,))
