"""Random small plans that are made once: every schedule is right, and hardly one is longer than it has to be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from inserting_searched import MAKESPAN, excess, inserted, late
from once_cases import featured, generated, is_valid, set_once, without_stricter_rules

from scheduler.domain import Instance
from scheduler.search.cyclic.inserting import InsertionSearch
from scheduler.search.cyclic.lower import lower
from scheduler.search.cyclic.schedules import to_plan, to_schedule
from scheduler.search.cyclic.spoken import why_not_once

CASES = (set_once, featured, generated)


def spoken(case: Callable[[int], Instance], seeds: range) -> list[tuple[int, Instance]]:
    """Return the instances that the search speaks and that can be made, by their seeds."""
    drawn = [(seed, case(seed)) for seed in seeds]
    return [
        (seed, each)
        for seed, each in drawn
        if is_valid(each) and why_not_once(each, MAKESPAN) is None and late(each, 1) is not None
    ]


@pytest.mark.parametrize(("case", "num", "least"), [(set_once, 30, 20), (featured, 40, 30), (generated, 8, 7)])
def test_schedules_are_right(case: Callable[[int], Instance], num: int, least: int) -> None:
    instances = spoken(case, range(num))
    assert len(instances) >= least
    shorter = [inserted(instance, 60, 9, seed % 2)[0] < late(instance, 9).makespan for seed, instance in instances]
    assert sum(shorter) >= 0.6 * len(shorter)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_many_schedules_are_right(case: Callable[[int], Instance]) -> None:
    instances = spoken(case, range(1000, 1100 if case is generated else 1400))
    assert len(instances) >= 90
    for seed, instance in instances:
        inserted(instance, 200, 1 + seed % 15, seed % 2)


def test_most_makespans_are_those_of_cpsat() -> None:
    instances = spoken(lambda seed: without_stricter_rules(set_once(seed)), range(100, 116))
    above = [excess(instance, 1000, 5, thread=1, seconds=5) for _, instance in instances]
    proved = [each for each in above if each is not None]
    assert len(proved) >= 10
    assert proved.count(0) >= 0.85 * len(proved)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "num"), [(set_once, 150), (featured, 200), (generated, 30)])
def test_nearly_all_makespans_are_those_of_cpsat(case: Callable[[int], Instance], num: int) -> None:
    instances = spoken(lambda seed: without_stricter_rules(case(seed)), range(2000, 2000 + num))
    above = [excess(instance, 2000, 5, thread=1) for _, instance in instances]
    proved = [each for each in above if each is not None]
    assert len(proved) >= 0.5 * len(above)
    assert proved.count(0) >= 0.85 * len(proved)


@pytest.mark.parametrize("case", CASES)
def test_plans_come_back_as_they_were(case: Callable[[int], Instance]) -> None:
    num = 0
    for seed, instance in spoken(case, range(200, 206 if case is generated else 220)):
        start = late(instance, 3)
        search = InsertionSearch.once(instance, start, 0, lambda value: None)
        assert search is not None
        search._alone = search.stepper(seed % 2)
        search.advance(60)
        found = search.best()
        if found is None:
            continue
        lowered = lower(instance)
        _, plan = to_plan(lowered, found)
        again = to_schedule(lowered, plan, found.makespan + search.margin)
        assert set(again.operations) == set(found.operations)
        assert {(m.start, m.end, m.job, m.origin, m.destination) for m in again.moves} == {
            (m.start, m.end, m.job, m.origin, m.destination) for m in found.moves
        }
        num += 1
    assert num >= 3
