"""Downtimes in plans that are made once, tick by tick."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from helpers import down, factory, job, machine, mode, op

from scheduler.search.cyclic import windows
from scheduler.search.cyclic.facts import Facts
from scheduler.search.cyclic.lower import lower
from scheduler.search.cyclic.once import downtimes
from scheduler.search.cyclic.room import NEVER
from scheduler.search.cyclic.windows import started_at

close_windows, next_open, over_at, put_off = (
    compiled.py_func for compiled in (windows.close_windows, windows.next_open, windows.over_at, windows.put_off)
)
TICKS = 60


@pytest.fixture(autouse=True)
def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only compiled functions call is called by interpreted ones."""
    monkeypatch.setattr(windows, "over_at", over_at)


def drawn(random: Random) -> list[tuple[int, int]]:
    """Return downtimes, none of which touches another, from tick 0 on at times."""
    cuts = sorted(random.sample(range(31), 2 * random.randint(0, 5)))
    return list(zip(cuts[::2], cuts[1::2], strict=True))


def paused(seed: int) -> tuple[Facts, int, list[tuple[int, int]], int]:
    """Return the facts of work that pauses, its mode, the downtimes of its machine, and how long it takes.

    There are downtimes of another machine before and after them.
    """
    random = Random(seed)
    closed, work = drawn(random) or [(3, 7)], random.randint(1, 9)
    machines = [machine(name, calendar=down(*each)) for name, each in (("A", [(0, 9)]), ("M", closed), ("Z", [(2, 8)]))]
    step = op("1", mode("A", 1), mode("M", work), mode("Z", 2), interruptible=True)
    facts = lower(factory(*machines, job("J", step))).facts
    rows = facts.works[1]
    assert facts.pauses[1]
    assert facts.closed[rows[0] : rows[1]].tolist() == [list(window) for window in closed]
    return facts, 1, closed, work


def is_down(closed: list[tuple[int, int]], tick: int) -> bool:
    return any(a <= tick < b for a, b in closed)


def worked(closed: list[tuple[int, int]], start: int, work: int) -> int:
    """Return when work is over, tick by tick."""
    tick = start
    while work > 0:
        work -= not is_down(closed, tick)
        tick += 1
    return tick


@pytest.mark.parametrize("seed", range(60))
def test_work_is_over_when_it_has_had_its_ticks(seed: int) -> None:
    facts, number, closed, work = paused(seed)
    first, last = facts.works[number]
    for start in range(40):
        if not is_down(closed, start):
            assert over_at(facts.closed, first, last, start, work) == worked(closed, start, work)


@pytest.mark.parametrize("seed", range(60))
def test_starts_are_read_from_the_times_in_a_plan(seed: int) -> None:
    facts, number, closed, work = paused(seed)
    starts = [t for t in range(40) if not is_down(closed, t)]
    times = [worked(closed, start, work) - work for start in starts]
    assert all(a < b for a, b in pairwise(times))
    assert all(time >= start for start, time in zip(starts, times, strict=True))
    assert [started_at(facts, number, time) for time in times] == starts


@pytest.mark.parametrize("seed", range(60))
def test_costs_go_from_starts_to_times(seed: int) -> None:
    facts, number, closed, work = paused(seed)
    random = Random(seed)
    costs = [NEVER if is_down(closed, t) or random.random() < 0.2 else t for t in range(TICKS)]
    row = np.array(costs, np.int32)
    put_off(facts, number, TICKS, row)
    found = [NEVER] * TICKS
    for start, cost in enumerate(costs):
        if cost < NEVER and worked(closed, start, work) - work < TICKS:
            found[worked(closed, start, work) - work] = cost
    assert row.tolist() == found


@pytest.mark.parametrize("seed", range(60))
def test_nothing_begins_that_does_not_keep_clear(seed: int) -> None:
    """Of what takes d ticks, with s before it for a setup, none is down: neither these nor those, however few."""
    random = Random(seed)
    closed, before, after = drawn(random), random.randint(0, 6), random.randint(0, 4)
    table = np.array(closed, np.int64).reshape(-1, 2)
    facts = lower(factory(machine("M", calendar=down(*closed)), job("J", op("1", mode("M", 1))))).facts
    assert facts.closed.tolist() == table.tolist()
    cost = np.zeros(TICKS, np.int32)
    close_windows(facts, 0, len(closed), before, after, TICKS, cost)
    # In half ticks, so that an instant has an inside.
    is_free = [
        not any(2 * (a - before) < 2 * t < 2 * (b + after) for a, b in closed)
        and not any(is_down(closed, tick) for tick in range(t - after, t + before) if tick >= 0)
        for t in range(TICKS)
    ]
    assert [value == 0 for value in cost] == is_free
    assert all(value in (0, NEVER) for value in cost)
    for t in range(40):
        assert next_open(table, 0, len(closed), before, after, t) == next(u for u in range(t, TICKS) if is_free[u])


def test_downtimes_of_machines_and_lanes_have_rows_of_their_own() -> None:
    instance = factory(
        machine("A"), machine("B", calendar=down((3, 5), (8, 9))), machine("C", calendar=down((0, 2))),
        job("J", op("1", mode("B", 1), mode("A", 1), mode("C", 1))),
    )  # fmt: skip
    found, rows = downtimes(instance)
    assert found == [(3, 5), (8, 9), (0, 2)]
    assert rows == {"A": (0, 0), "B": (0, 2), "C": (2, 3)}
    facts = lower(instance).facts
    assert facts.works.tolist() == [[0, 2], [0, 0], [2, 3]]
    assert not facts.pauses.any()
