"""Every kind of event on shipped factories: a plan that passes the checker, or a stated reason."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest
from event_source import possible_makers, random_event
from helpers import flagged

from scheduler import repair
from scheduler.domain import Instance, Objective, Schedule
from scheduler.domain.events import EVENTS, Event, Revision, revise
from scheduler.errors import EventError
from scheduler.io import read
from scheduler.search.construct import construct

INSTANCES = Path(__file__).parents[2] / "instances"
NOT_YET = {
    "power_cap_change",
    "material_late",
    "material_short",
    "tool_broken",
}
"""What the model has no part for yet."""


@cache
def plan(name: str) -> tuple[Instance, Schedule]:
    instance = read(INSTANCES / f"{name}.json")
    schedule = construct(instance, Objective.parse(instance.objective), time_limit=2.0)
    assert schedule is not None
    return instance, schedule


def candidates(kind: type[Event], instance: Instance, schedule: Schedule) -> list[Event]:
    """Return a possible event of the kind early in the schedule, and one later, where there are any."""
    found = []
    for number, share in enumerate((0.2, 0.55)):
        now, random = round(share * schedule.makespan), Random(number)
        standing = revise(instance, Revision(now, 0, (), schedule))
        for _ in range(40):
            event = random_event(random, standing, f"E{number}", (), kind)
            if event.type != kind.type:
                continue
            try:
                revise(instance, Revision(now, 0, (event,), schedule))
            except EventError:
                continue
            found.append(event)
            break
    return found


def assert_answered(name: str, kind: type[Event], policy: str, time_limit: float) -> None:
    instance, schedule = plan(name)
    for event in candidates(kind, instance, schedule):
        found = repair(instance, schedule, [event], policy=policy, time_limit=time_limit, workers=1)
        if found.result.schedule is None:
            assert found.result.reason
        else:
            assert flagged(found.instance, found.result.schedule) == []


KINDS = [kind for kind in EVENTS if kind in possible_makers() and kind.type not in NOT_YET]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_a_right_shift_answers_every_kind_of_event(kind: type[Event]) -> None:
    assert_answered("two_facilities", kind, "right-shift", 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
@pytest.mark.parametrize("name", ["two_facilities", "battery_network", "fleet_charging", "robot_cell", "docks_network"])
def test_the_cascade_answers_every_kind_of_event(name: str, kind: type[Event]) -> None:
    assert_answered(name, kind, "auto", 1.5)


def test_every_kind_of_event_is_tried_or_not_there_yet() -> None:
    assert {kind.type for kind in KINDS} | NOT_YET == {kind.type for kind in EVENTS} - {
        "clock_tick",
        "retraction",
        "unpin",
    }
