"""The race of the factory search and the search that inserts whole jobs: when there is one, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from time import sleep
from typing import Any, cast

import pytest
from helpers import factory, machine, simple_job

import scheduler
from scheduler import Stop
from scheduler.domain import Facility, Instance, Objective, Schedule
from scheduler.domain.events import MachineBreakdown
from scheduler.portfolio import racing
from scheduler.portfolio.polishing import Polishing
from scheduler.portfolio.racing import race, rival_of, turn_of
from scheduler.portfolio.run import Run
from scheduler.search.construct import construct
from scheduler.search.cyclic.inserting import InsertionSearch
from scheduler.search.cyclic.warm import KERNELS, compile_here
from scheduler.search.threads import CompiledSearch

SHOP = factory(machine("M"), simple_job("A", ("M", 300)), simple_job("B", ("M", 100)))


def run_of(instance: Instance, objective: str = "makespan", workers: int = 2, seconds: float = 60.0) -> Run:
    """Return a call of `solve` that has a schedule."""
    wanted = Objective.parse(objective)
    run = Run(instance, wanted, seconds, workers, 0, None, Stop())
    start = construct(instance, wanted, seed=0)
    assert start is not None
    run.offer(start, "construction")
    return run


def later(schedule: Schedule, ticks: int) -> Schedule:
    """Return a schedule in which everything is so much later."""
    moved = tuple(replace(o, start=o.start + ticks, end=o.end + ticks) for o in schedule.operations)
    return replace(schedule, operations=moved)


class Stub:
    """A step that takes a while and finds nothing."""

    def step(self) -> None:
        sleep(0.001)


class Found(CompiledSearch[Schedule]):
    """A search that has found a schedule, or none."""

    def __init__(self, found: Schedule | None) -> None:
        super().__init__(1 << 40, lambda value: None)
        if found is not None:
            self.offer(found.makespan, found)

    def stepper(self, number: int) -> Stub:
        return Stub()

    def read(self, found: Schedule) -> Schedule:
        return found

    def give(self, schedule: Schedule) -> None:
        """Take no notice of what others have found."""


@pytest.mark.parametrize(
    ("objective", "seconds", "is_raced"),
    [
        ("makespan", 60.0, True),
        ("makespan > flow_time", 60.0, True),
        ("flow_time", 60.0, False),
        ("makespan", 2.0, False),
    ],
)
def test_there_is_a_race_for_makespans_if_there_is_time(
    objective: str, seconds: float, is_raced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InsertionSearch, "compile_elsewhere", lambda self: None)
    found = rival_of(run_of(SHOP, objective, seconds=seconds), 0.0)
    assert isinstance(found, InsertionSearch) == is_raced


def test_there_is_no_race_with_hubs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InsertionSearch, "compile_elsewhere", lambda self: None)
    run = run_of(SHOP)
    assert rival_of(run, 0.0) is not None
    run.instance = replace(SHOP, facilities=(*SHOP.facilities, Facility("H", hub=True)))
    assert rival_of(run, 0.0) is None


def test_there_is_no_race_after_an_event() -> None:
    event = MachineBreakdown("E1", 10, "M", 15, "resume")
    run = run_of(SHOP)
    assert run.best is not None
    repaired = scheduler.repair(SHOP, run.best, [event], policy="right-shift")
    run.instance = repaired.instance
    assert rival_of(run, 0.0) is None


@pytest.mark.parametrize(
    ("walk_ticks", "rival_ticks", "leads", "other_goes_on"),
    [
        (100, 0, True, False),  # a quarter longer
        (4, 0, True, True),  # by one percent
        (0, 100, False, False),
        (0, 4, False, True),
        (0, 0, False, True),  # no better than what is there already
        (None, 50, True, False),
        (50, None, False, False),
    ],
)
def test_who_leads_goes_on_and_the_other_if_it_is_close(
    walk_ticks: int | None, rival_ticks: int | None, leads: bool, other_goes_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(racing, "SHARE", 1e-4)
    run = run_of(SHOP)
    assert run.best is not None
    walk, rival = (Found(None if ticks is None else later(run.best, ticks)) for ticks in (walk_ticks, rival_ticks))
    walk.start(1)
    leader, other = race(run, cast("Any", walk), cast("Any", rival), 0.0, lambda: False)
    behind = walk if leads else rival
    assert leader is (rival if leads else walk)
    assert other is (behind if other_goes_on else None)
    assert bool(behind.stopping[0]) != other_goes_on
    assert not leader.stopping[0]
    for search in (walk, rival):
        search.finish()


def test_a_race_ends_where_the_bound_is_met() -> None:
    run = run_of(SHOP)
    walk, rival = Found(run.best), Found(run.best)
    assert run.best is not None
    rival.aim(run.best.makespan)
    leader, _ = race(run, cast("Any", walk), cast("Any", rival), 0.0, lambda: False)
    assert leader is walk  # the rival has only met it, and there is nothing left to do
    walk.finish()


def test_one_worker_gives_the_insertion_search_turns_as_long_as_they_pay() -> None:
    # Two jobs of two operations on two machines: construction may be right, so the walk begins with B behind A.
    if not KERNELS.are_cached(KERNELS.last):
        compile_here()
    instance = factory(
        machine("M"), machine("N"), simple_job("A", ("M", 5), ("N", 2)), simple_job("B", ("M", 2), ("N", 5))
    )
    run = run_of(instance, workers=1)
    best = run.best
    assert best is not None
    run.best, run.best_terms = None, {}
    run.offer(later(best, 10), "start")
    rival = run.insertion_search()
    assert rival is not None
    assert turn_of(run, rival, 50, 60.0) is rival
    assert run.best is not None
    assert run.best.makespan == 2 + 5 + 2  # B first: M is free for A at 2, N for A at 7
    assert turn_of(run, rival, 50, 60.0) is None


def test_the_second_of_a_race_rests_with_the_first_and_goes_on_in_place_of_another_thread() -> None:
    run = run_of(SHOP)
    first, second = Found(run.best), Found(run.best)
    polishing = Polishing(run)
    polishing._second = cast("Any", second)
    second.rest()
    polishing._walk_more(cast("Any", first))
    assert second._may_step.is_set()
    assert not first._threads
    with polishing._resting(cast("Any", first)):
        assert not first._may_step.is_set()
        assert not second._may_step.is_set()
    assert first._may_step.is_set()
    assert second._may_step.is_set()
    polishing._second = None
    polishing._walk_more(cast("Any", first))
    assert len(first._threads) == 1
    first.finish()
