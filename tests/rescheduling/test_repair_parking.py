"""Repairs of fleets with limited places, batteries, and vehicles for several jobs, after events of their own."""

from __future__ import annotations

from random import Random

import pytest
from search.parked_cases import KINDS, random_parked

from benchmarks.drawing import random_event
from scheduler import repair
from scheduler.checker import check
from scheduler.domain import Objective
from scheduler.domain.events import EVENTS, Event, Revision, RouteSlow, revise
from scheduler.search.construct import construct

MAKESPAN = Objective.parse("makespan")
OF_FLEETS = ("vehicle_down", "charger_down", "battery_low", "route_slow", "route_blocked", "rush_order")
BREAKABLE = {"time_windows", "precedence", "execution", "dwell", "batteries"}
"""Rules of the limits that a degraded schedule may break."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("event", [event for event in EVENTS if event.type in OF_FLEETS], ids=lambda event: event.type)
def test_every_event_has_a_plan(kind: str, event: type[Event]) -> None:
    answer_events(kind, event, seeds=(0, 2))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("event", [event for event in EVENTS if event.type in OF_FLEETS], ids=lambda event: event.type)
def test_every_event_has_a_plan_on_many_fleets(kind: str, event: type[Event]) -> None:
    answer_events(kind, event, seeds=range(4, 40, 2))


def answer_events(kind: str, event: type[Event], seeds: range | tuple[int, ...]) -> None:
    """An event has a plan that passes the checker, or a degraded one that says what it breaks."""
    for seed in seeds:
        instance, draw = random_parked(seed, kind), Random(seed)
        plan = construct(instance, MAKESPAN, time_limit=0.0)
        assert plan is not None
        now = draw.randrange(1, plan.makespan)
        standing = revise(instance, Revision(now, 0, (), plan))
        happened = random_event(draw, standing, "E", (), event)
        found = repair(instance, plan, [happened], policy="right-shift", time_limit=3, workers=1)
        assert found.schedule is not None, (seed, happened, found.result.reason)
        assert list(check(found.instance, found.schedule)) == list(found.broken)
        assert {violation.rule for violation in found.broken} <= BREAKABLE


@pytest.mark.parametrize("policy", ["right-shift", "auto"])
def test_there_is_a_plan_however_little_time_there_is(policy: str) -> None:
    # Ways that take 2.5 times as long are too long for these batteries, and orders of the plan lead nowhere: what is
    # left is construction, with vehicles that somebody has to help.
    instance = random_parked(119, "battery")
    plan = construct(instance, MAKESPAN, time_limit=0.0)
    assert plan is not None
    found = repair(instance, plan, [RouteSlow("E", 8, "AGV", 40)], policy=policy, time_limit=1e-6, workers=1)
    assert found.shift is not None
    assert found.shift.placed is None
    assert found.schedule is not None
    assert list(check(found.instance, found.schedule)) == list(found.broken)
    assert {violation.rule for violation in found.broken} == {"batteries"}
