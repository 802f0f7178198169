"""Facts of the schedule that was looked at last are not looked for twice."""

from __future__ import annotations

import gc
from dataclasses import replace
from weakref import ref

from helpers import at, factory, machine, schedule, simple_job

from scheduler.constraints.facts import occupations
from scheduler.domain import Schedule
from scheduler.domain.remembered import remembered


def test_the_same_objects_are_looked_at_once_and_equal_ones_anew() -> None:
    asked: list[Schedule] = []

    @remembered
    def ends(plan: Schedule) -> list[int]:
        asked.append(plan)
        return [operation.end for operation in plan.operations]

    one = schedule(at("A.1", "M", 0, 3))
    twin, later = replace(one), schedule(at("A.1", "M", 2, 5))
    assert [ends(one), ends(one), ends(twin), ends(later), ends(one)] == [[3], [3], [3], [5], [3]]
    assert [id(plan) for plan in asked] == [id(plan) for plan in (one, twin, later, one)]


def test_what_is_remembered_does_not_live_on() -> None:
    shop, plan = factory(machine("M"), simple_job("A", ("M", 3))), schedule(at("A.1", "M", 0, 3))
    assert occupations(shop, plan) is occupations(shop, plan)
    kept = ref(plan)
    del plan
    gc.collect()
    assert kept() is None
