"""Who has the threads where neighbourhoods find nothing more: slices are counted, and the clock is turned by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from helpers import factory, machine, simple_job

from scheduler.domain import Objective, Schedule, Status, Stop
from scheduler.portfolio.polishing import Polishing
from scheduler.portfolio.run import Run
from scheduler.search.construct import construct

JOBS = (simple_job("A", ("M1", 3), ("M2", 2)), simple_job("B", ("M2", 4), ("M1", 1)))


class Played(Run):
    """A run whose slices of CP-SAT are taken down, take as long as they may, and find what is given."""

    def __init__(self, finds: Iterator[bool]) -> None:
        instance = factory(machine("M1"), machine("M2"), *JOBS)
        super().__init__(instance, Objective.parse("makespan"), 100.0, 2, 0, None, Stop())
        schedule = construct(instance, self.objective, time_limit=0.0, seed=0)
        assert schedule is not None
        late = [replace(o, start=o.start + 1000, end=o.end + 1000) for o in schedule.operations]
        self.offer(replace(schedule, operations=tuple(late)), "construction")
        self.slices: list[tuple[int, int]] = []
        self._finds = finds

    def improve(self, seconds: float, workers: int, *_: object, **__: object):
        """Take a slice down; find a schedule that is a tick shorter where there is something to be found."""
        self.slices.append((workers, round(seconds)))
        self._began_at -= seconds
        if next(self._finds, False):
            self.offer(self._earlier(), "cp-sat")
        return Status.FEASIBLE, (None,)

    def _earlier(self) -> Schedule:
        assert self.best is not None
        earlier = [replace(o, start=o.start - 1, end=o.end - 1) for o in self.best.operations]
        return replace(self.best, operations=tuple(earlier))


def slices(run: Played, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Return workers and seconds of all slices after the first one, where no neighbourhood has anything better."""

    def stuck(polishing: Polishing, number: int, seconds: float) -> bool:
        return False

    monkeypatch.setattr(Polishing, "_polish_once", stuck)
    Polishing(run).search()
    return run.slices[1:]


def test_where_all_are_stuck_the_whole_model_has_all_threads_in_slices_that_double(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One thread has 3 s for it beside the other, which polishes; then both have 6, 12, 24, 48 s and what is left."""
    found = slices(Played(iter(())), monkeypatch)
    assert found[:5] == [(1, 3), (2, 6), (2, 12), (2, 24), (2, 48)]
    assert len(found) == 6


def test_who_finds_something_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slice in one thread is repeated as long as it finds something; and so is that in all threads."""
    found = slices(Played(iter([False, True, False, True, False])), monkeypatch)
    assert found[:5] == [(1, 3), (1, 6), (2, 12), (2, 24), (2, 48)]


class Idle:
    """A factory search that is compiled and finds nothing; waiting for it turns the clock."""

    name = "factory"

    def __init__(self, run: Run) -> None:
        self.goal = SimpleNamespace(num_tiers=1, stay=0, least=lambda value: 0)
        self.lowered = SimpleNamespace(problem=None)
        self.is_resting = False
        self._run = run

    def wait(self, seconds: float) -> None:
        self._run._began_at -= seconds

    @contextmanager
    def resting(self) -> Iterator[None]:
        self.is_resting = True
        yield
        self.is_resting = False

    def is_compiled(self) -> bool:
        return True

    is_loaded = is_compiled

    def start(self, *_: object) -> None:
        """Begin to search, and to find nothing."""

    stop = finish = give = aim = best = start


class Large(Played):
    """Such a run of what is not small, with a bound that is so far below the value; whose slices have the walk rest?"""

    def __init__(self, finds: Iterator[bool], bound: float) -> None:
        super().__init__(finds)
        self.num_modes = 10_000
        self.walk: Any = Idle(self)
        self.rests: list[bool] = []
        assert self.value is not None
        self.record(None, Fraction(round(bound * self.value)), "bounds")

    def insertion_search(self) -> None:
        """Have no race, which is looked at elsewhere."""

    def improve(self, seconds: float, workers: int, *_: object, **__: object):
        """Take down as well whether the walk rests."""
        self.rests.append(self.walk.is_resting)
        return super().improve(seconds, workers)


def beside(run: Large, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Return workers and seconds of all slices beside a walk, where no neighbourhood has anything better."""

    def stuck(polishing: Polishing, number: int, seconds: float) -> bool:
        run._began_at -= seconds
        return False

    monkeypatch.setattr(Polishing, "_polish_once", stuck)
    monkeypatch.setattr(Polishing, "_construct", lambda polishing: None)
    monkeypatch.setattr(Polishing, "_bound", lambda polishing: None)
    monkeypatch.setattr(Polishing, "_has_time_for_solver", lambda polishing: True)
    Polishing(run, run.walk).search()
    assert run.rests == [workers == 2 for workers, _ in run.slices]
    return run.slices


def test_where_the_whole_model_is_ahead_it_has_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as one of its slices finds nothing it has none any more, far from its bound."""
    assert beside(Large(iter([True, True, False]), 0.5), monkeypatch) == [(1, 3), (2, 6), (2, 12)]
    assert beside(Large(iter(()), 0.5), monkeypatch) == [(1, 3)]


def test_where_nobody_finds_anything_near_the_bound_the_whole_model_has_all_threads_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = beside(Large(iter(()), 0.99), monkeypatch)
    assert found[:5] == [(1, 3), (1, 6), (2, 12), (1, 24), (2, 48)]


def test_near_the_bound_a_model_that_takes_long_to_build_has_all_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 100 s, after 5 for neighbourhoods and 5 for walks alone, which find nothing."""
    monkeypatch.setattr(Large, "builds_model_within", lambda run, share: share > 0.1)
    ((workers, seconds),) = beside(Large(iter(()), 0.99), monkeypatch)
    assert workers == 2
    assert 85 < seconds <= 90
    assert beside(Large(iter(()), 0.5), monkeypatch) == []


def test_construction_has_passes_beside_the_first_walks() -> None:
    run = Played(iter(()))
    assert run.best is not None
    late = run.best.makespan
    Polishing(run)._construct()
    assert run.best.makespan <= late - 1000
    assert run.history[-1].engine == "construction"
    known = run.best
    run.stop.request()
    Polishing(run)._construct()
    assert run.best is known
