"""Who has the threads where neighbourhoods find nothing more: slices are counted, and the clock is turned by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

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
