"""What looks at the clock, and what it leaves out when the time is up: looks are counted, clocks are turned by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import count
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from cyclic_cases import over_lanes
from helpers import Soon, factory, machine, simple_job

from scheduler.bounds import cycle_bound, makespan_bound, so_far, tier_bounds
from scheduler.bounds.rising import Unfinished
from scheduler.cpsat.solve import LOAD_SHARE, improve
from scheduler.domain import Instance, Objective, Schedule, Status, Stop
from scheduler.generate import Recipe, generate
from scheduler.portfolio.cycling import shorten
from scheduler.portfolio.polishing import Polishing
from scheduler.portfolio.run import Run
from scheduler.portfolio.timed import RESERVE, WAYS_OUT, WAYS_OUT_SHARE
from scheduler.search.construct import construct
from scheduler.search.cyclic.engine import CyclicSearch
from scheduler.search.decode.engine import FactorySearch

OBJECTIVE = Objective.parse("weighted_tardiness > flow_time > maximum_tardiness > makespan")


def network(seed: int) -> Instance:
    """Return a small network whose lanes, carriers and calendars bound the makespan."""
    return generate(Recipe(operations=12, jobs=4, machines=4, cells=1, facilities=2, fleet=2, seed=seed))


def hall(seed: int) -> Instance:
    """Return a network that the factory search plans, with more modes than CP-SAT has a first go at."""
    return generate(Recipe(operations=180, jobs=30, machines=10, cells=1, facilities=2, fleet=2, seed=seed))


@pytest.mark.parametrize("seed", range(4))
def test_bounds_only_rise_with_the_looks_that_they_have(seed: int) -> None:
    # Each time another object, of which nothing is remembered.
    whole = tier_bounds(replace(network(seed)), OBJECTIVE.tiers)
    before: tuple[Fraction, ...] = ()
    for looks in count():
        bounds = tier_bounds(replace(network(seed)), OBJECTIVE.tiers, stop := Soon(looks))
        assert all(a <= b <= c for a, b, c in zip(before, bounds, whole, strict=False))
        assert bounds[-1] > 0  # that of the longest job is there without a look
        before = bounds
        if not stop.requested:
            break
    assert before == whole
    assert looks > 20


@pytest.mark.parametrize("seed", range(3))
def test_a_bound_of_the_cycle_time_only_rises_with_the_looks_that_it_has(seed: int) -> None:
    whole, before = cycle_bound(over_lanes(seed)), 1
    for looks in count():
        bound = so_far(cycle_bound, over_lanes(seed), stop := Soon(looks))
        assert before <= bound <= whole
        before = bound
        if not stop.requested:
            break
    assert before == whole
    assert looks > 10


def test_a_bound_that_was_given_up_is_not_remembered() -> None:
    instance = network(1)
    with pytest.raises(Unfinished) as given_up:
        makespan_bound(instance, stop=Soon(0))
    assert given_up.value.bound < makespan_bound(instance)
    assert so_far(makespan_bound, instance, Soon(0)) == makespan_bound(instance)  # now it is


class Turned(Run):
    """A run whose clock is turned by hand."""

    def __init__(self, instance: Instance, time_limit: float, objective: str = "makespan") -> None:
        self.now = 0.0
        super().__init__(instance, Objective.parse(objective), time_limit, 2, 0, None, Stop())

    @property
    def seconds(self) -> float:
        """What the clock shows."""
        return self.now


def taking(run: Turned, what: str, begun: list[str], seconds: float = 0.0) -> Callable[..., bool]:
    """Return a stub that says what has begun, takes so many seconds and has found nothing."""

    def begins(*_: object, **__: object) -> bool:
        begun.append(what)
        run.now += seconds
        return False

    return begins


def test_more_time_is_kept_where_the_way_out_is_long() -> None:
    instance = factory(machine("M"), simple_job("A", ("M", 3)))
    run = Turned(instance, 10.0)
    schedule = construct(instance, run.objective, time_limit=0.0)
    found = [(4.0, schedule), (0.0, None), (0.5, schedule)]  # seconds, and what there is to read

    def best() -> Schedule | None:
        seconds, schedule = found.pop()
        run.now += seconds
        return schedule

    walk: Any = SimpleNamespace(name="walk", best=best)
    usual = run.reserve
    assert run.take(walk) is run.best is schedule
    assert run.reserve == RESERVE[0] + WAYS_OUT * 0.5 > usual
    run.take(walk)
    assert run.reserve == RESERVE[0] + WAYS_OUT * 0.5  # nothing was read
    run.take(walk)
    assert run.reserve == WAYS_OUT_SHARE * 10.0  # never more


def test_bounds_have_a_share_of_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Turned(network(2), 10.0)
    clock = [100.0]
    monkeypatch.setattr("scheduler.portfolio.timed.monotonic", lambda: clock[0])
    monkeypatch.setattr("scheduler.domain.stop.monotonic", lambda: clock[0])
    run.now = 9.9  # less than what is kept
    assert run.bounds_at_once[0] == so_far(makespan_bound, replace(network(2)), Soon(0))


def test_a_walk_is_not_loaded_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = hall(1)
    run = Turned(instance, 1.0)
    start = construct(instance, run.objective, time_limit=0.0)
    assert start is not None
    run.offer(start, "construction")
    walk = run.factory_search()
    assert walk is not None
    begun: list[str] = []
    monkeypatch.setattr(FactorySearch, "is_compiled", lambda self: True)
    monkeypatch.setattr(FactorySearch, "start", taking(run, "walk", begun, 1.0))
    monkeypatch.setattr(Polishing, "_construct", taking(run, "construction", begun, 1.0))
    monkeypatch.setattr(FactorySearch, "is_loaded", lambda self: False)
    run.now = 0.7
    Polishing(run, walk).search()
    assert (begun, run.bound) == ([], run.bounds_at_once[0])
    monkeypatch.setattr(FactorySearch, "is_loaded", lambda self: True)
    Polishing(run, walk).search()
    assert begun == ["walk"]  # and the time is up


def test_lines_about_the_load_have_a_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = factory(machine("M1"), machine("M2"), *(simple_job(f"J{n}", ("M1", 2), ("M2", 3)) for n in range(5)))
    asked: list[float] = []

    def lines(instance: Instance, seconds: float) -> tuple[int, tuple[()]]:
        asked.append(seconds)
        return 0, ()

    monkeypatch.setattr("scheduler.cpsat.objective.load_lines", lines)
    objective = Objective.parse("makespan")
    start: Schedule | None = construct(shop, objective, time_limit=0.0)
    known: dict[str, Any] = {"workers": 1, "seed": 0, "on_progress": lambda value, bound: None, "stop": Stop()}
    improve(shop, objective, start=start, time_limit=4.0, **known)
    assert len(asked) == 1
    assert 0 < asked[0] <= LOAD_SHARE * 4.0


def test_the_solver_is_not_loaded_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Turned(hall(2), 10.0)
    start = construct(run.instance, run.objective, time_limit=0.0)
    assert start is not None
    run.offer(start, "construction")
    walk = run.factory_search()
    assert walk is not None
    begun: list[str] = []
    monkeypatch.setattr(FactorySearch, "is_compiled", lambda self: True)
    for name in ("start", "finish"):
        monkeypatch.setattr(FactorySearch, name, taking(run, name, begun))
    monkeypatch.setattr(FactorySearch, "wait", taking(run, "wait", begun, 1.0))
    monkeypatch.setattr(Polishing, "_construct", taking(run, "construction", begun))
    monkeypatch.setattr(Polishing, "_polish_once", taking(run, "polish", begun))
    monkeypatch.setattr(Polishing, "_improve", taking(run, "model", begun))
    monkeypatch.setattr(Polishing, "_has_time_for_solver", lambda self: False)
    run.now = 9.2
    Polishing(run, walk).search()
    assert begun == ["start", "construction", "start", "wait", "finish"]  # the second thread walks as well


def test_a_model_is_not_begun_without_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    outcome = SimpleNamespace(status=Status.FEASIBLE, schedule=None, bounds=(None,))

    def ask(*_: object, time_limit: float, **__: object) -> Any:
        asked.append(time_limit)
        run.now += 3.0
        return outcome

    run = Turned(factory(machine("M"), simple_job("A", ("M", 3))), 10.0)
    monkeypatch.setattr("scheduler.cpsat.solve.improve", ask)
    assert run.improve(2.0, 1, run.stop) == (Status.FEASIBLE, (None,))
    assert asked == [2.0]
    objective = Objective.parse("makespan")
    monkeypatch.setattr("scheduler.cpsat.solve.build", None)  # nobody may call it
    known: dict[str, Any] = {"workers": 1, "seed": 0, "on_progress": lambda value, bound: None, "stop": Stop()}
    assert improve(run.instance, objective, start=None, time_limit=-0.1, **known).status is Status.UNKNOWN


@pytest.mark.parametrize(("slice_", "rest"), [(1.0, 1.0), (9.5, 9.0)])
def test_the_time_to_load_the_solver_is_that_of_the_call_not_of_the_slice(
    slice_: float, rest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a call of 10 s loading takes 0.8: a slice of a second is whole, the last one ends in time."""
    run = Run(factory(machine("M"), simple_job("A", ("M", 3))), Objective.parse("makespan"), 10.0, 1, 0, None, Stop())
    given: list[float] = []

    class Loading(ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name != "improve":
                raise AttributeError(name)
            run._began_at -= 0.8
            return improve_later

    def improve_later(*_: object, time_limit: float, **__: object) -> Any:
        given.append(time_limit)
        return SimpleNamespace(schedule=None, status=Status.UNKNOWN, bounds=(None,), makes_worse=False)

    monkeypatch.setitem(sys.modules, "scheduler.cpsat.solve", Loading("scheduler.cpsat.solve"))
    run.improve(slice_, 1, run.stop)
    assert given == pytest.approx([rest], abs=0.1)
    assert given[0] <= slice_


def test_cycles_are_not_read_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Turned(over_lanes(1), 10.0, "cycle_time")
    start = construct(run.instance, run.objective, time_limit=0.0)
    assert start is not None
    run.offer(start, "construction")
    monkeypatch.setattr("scheduler.portfolio.cycling.SMALL_AT_ONCE", 0)
    monkeypatch.setattr("scheduler.portfolio.cycling.SMALL", 0)
    monkeypatch.setattr(CyclicSearch, "of", None)  # nobody may call it
    run.now = 9.8
    answer = shorten(run)
    assert answer is not None
    assert answer[1][0] == run.bound == run.bounds_at_once[0] > 0
