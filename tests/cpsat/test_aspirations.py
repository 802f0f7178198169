"""Aspirations in the engines: what is good enough is left to the tiers after it."""

from __future__ import annotations

import pytest

from scheduler import Status, check, solve
from scheduler.domain import Facility, Instance, Job, Machine, Mode, Objective, Operation
from scheduler.domain.jobs import chain


def two_ways() -> Instance:
    """Two jobs of one operation, 3 on the fast machine or 4 on the slow one; J2 counts double."""
    modes = (Mode("fast", 3), Mode("slow", 4))
    jobs = tuple(Job(name, (Operation("o", modes),), chain(("o",))) for name in ("J1", "J2"))
    return Instance("two ways", (Facility("F"),), (Machine("fast", "F"), Machine("slow", "F")), jobs)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("text", "values", "bounds"),
    [
        ("makespan > flow_time", (4, 7), (4, 7)),
        ("makespan <= 5 > flow_time", (5, 7), (5, 7)),
        ("flow_time <= 9 > makespan", (9, 4), (9, 4)),  # 3 + 6, 3 + 4 and 4 + 8 are the sums there are
        ("makespan <= 100 > makespan", (100, 4), (100, 4)),
        ("makespan <= 3 > flow_time", (4, 7), (4, 7)),
    ],
)
def test_what_is_good_enough_is_proved(
    text: str, values: tuple[int, ...], bounds: tuple[int, ...], workers: int
) -> None:
    found = solve(two_ways(), objective=text, time_limit=5, workers=workers)
    assert found.schedule is not None
    assert not check(two_ways(), found.schedule)
    assert found.values == values
    assert found.status is Status.OPTIMAL
    assert found.bounds == bounds


def test_a_later_tier_gets_what_the_first_leaves() -> None:
    """Makespan 4 needs both machines; the sum of the flow times would be the same. Two on the fast one end at 6."""
    instance = two_ways()
    tight = solve(instance, objective="makespan > reassignments", time_limit=5, workers=1)
    loose = solve(instance, objective=Objective.parse("makespan <= 6 > flow_time > makespan"), time_limit=5, workers=1)
    assert tight.values is not None and tight.values[0] == 4
    assert loose.values == (6, 7, 4)
