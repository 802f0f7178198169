"""Every kind of event on shipped factories: a plan that passes the checker but for limits it says it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import pytest
from helpers import constructed

from benchmarks.drawing import possible_makers, random_event
from scheduler import repair
from scheduler.checker import check
from scheduler.domain import Instance, Schedule
from scheduler.domain.events import EVENTS, Event, Revision, revise
from scheduler.errors import EventError
from scheduler.io import read

INSTANCES = Path(__file__).parents[2] / "instances"
NOT_YET = {
    "power_cap_change",
    "material_late",
    "material_short",
    "tool_broken",
}
"""What the model has no part for yet."""
BREAKABLE = {"time_windows", "precedence", "execution", "dwell", "batteries"}
"""Rules of the limits that a degraded schedule may break: deadlines, maximum lags, pins, maximum dwells, levels."""
ALL = sorted(path.stem for path in INSTANCES.glob("*.json") if path.stem != "infeasible")


@cache
def plan(name: str) -> tuple[Instance, Schedule]:
    instance = read(INSTANCES / f"{name}.json")
    schedule = constructed(instance)
    assert schedule is not None
    return instance, schedule


SHARES = (0.2, 0.55)
"""How far the schedule has been carried out when something happens."""


def candidates(kind: type[Event], instance: Instance, schedule: Schedule, shares: Sequence[float]) -> list[Event]:
    """Return a possible event of the kind early in the schedule, and one later, where there are any."""
    found = []
    for number, share in enumerate(shares):
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


def assert_answered(
    name: str, kind: type[Event], policy: str, time_limit: float, shares: Sequence[float] = SHARES
) -> None:
    """Every event has a plan that keeps all rules, or one that breaks what may be broken, says so, and says why."""
    instance, schedule = plan(name)
    for event in candidates(kind, instance, schedule, shares):
        try:
            found = repair(instance, schedule, [event], policy=policy, time_limit=time_limit, workers=1)
        except EventError as error:
            # A new route that leads from one facility to another over no lane is told as a defect of the event.
            assert {defect.code for defect in error.defects} == {"E318"}
            continue
        assert found.schedule is not None, (event, found.result.reason)
        assert list(check(found.instance, found.schedule)) == list(found.broken)
        assert {violation.rule for violation in found.broken} <= BREAKABLE
        assert found.result.reason or not found.broken


KINDS = [kind for kind in EVENTS if kind in possible_makers() and kind.type not in NOT_YET]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_a_right_shift_answers_every_kind_of_event(kind: type[Event]) -> None:
    assert_answered("two_facilities", kind, "right-shift", 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_a_right_shift_answers_every_kind_of_event_on_every_shipped_factory(name: str) -> None:
    for kind in KINDS:
        assert_answered(name, kind, "right-shift", 1.0, (0.1, 0.3, 0.5, 0.7, 0.9))


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
