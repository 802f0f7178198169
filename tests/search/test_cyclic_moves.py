"""Moves of jobs in a cyclic timetable: nothing collides after them, no job is lost, and what is busy takes no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from cyclic_cases import by_plans, cell, crowded, cyclic, held, over_lanes, several_carriers
from cyclic_graph_cases import assembled, parted
from cyclic_searched import constructed
from helpers import assert_valid, factory, job, machine, mode, op

from scheduler.domain import Instance, SetupMatrix
from scheduler.domain.cycle import cycle_time
from scheduler.search.cyclic.arranging import HEAT, MANY, MOVED
from scheduler.search.cyclic.costs import set_prices
from scheduler.search.cyclic.engine import CyclicSearch
from scheduler.search.cyclic.facts import TRIP, Ints, Plan, Uses, empty_plan, empty_uses
from scheduler.search.cyclic.goal import Goal
from scheduler.search.cyclic.lower import Lowered, lower
from scheduler.search.cyclic.moving import rearrange
from scheduler.search.cyclic.room import DEAREST, Room, rooms
from scheduler.search.cyclic.schedules import to_plan, to_schedule
from scheduler.search.cyclic.using import use_job
from scheduler.search.cyclic.walk import clear

HOT = HEAT * DEAREST
CASES = (cell, held, crowded, several_carriers, by_plans, over_lanes, assembled, parted)


class Standing(NamedTuple):
    """A plan of all jobs, with prices."""

    lowered: Lowered
    cycle: int
    plan: Plan
    uses: Uses
    room: Room

    @classmethod
    def of(cls, instance: Instance, cycle: int, plan: Plan) -> Standing:
        lowered = lower(instance)
        facts = lowered.facts
        standing = cls(lowered, cycle, plan, empty_uses(facts), rooms(facts, int(facts.sets[0]) * cycle + 1))
        for number in np.flatnonzero(plan.placed):
            use_job(facts, plan, standing.uses, int(number))
        standing.room.begins[0] = cycle
        set_prices(facts, standing.uses, standing.room, cycle, cycle)
        return standing

    @classmethod
    def constructed(cls, instance: Instance) -> Standing:
        return cls.of(instance, *to_plan(lower(instance), constructed(instance)))

    @property
    def ones(self) -> Ints:
        return np.ones(len(self.plan.placed), np.int64)

    def moved(self, insertions: int, heat: float, seed: int, *, stopping: int = 0) -> int:
        """Move jobs; return in how many insertions."""
        facts = self.lowered.facts
        ticks = self.ones * (int(facts.sets[0]) * self.cycle + 1)
        stop, saved, numbers = np.full(1, stopping, np.int64), empty_plan(facts), np.zeros(2 * MOVED, np.int64)
        given = facts, self.plan, self.uses, self.room, self.ones, ticks, self.cycle
        return int(rearrange(*given, insertions, heat, seed, stop, saved, numbers))

    def collide(self) -> int:
        """Return how many jobs would have to go so that nothing collides; the plan stays as it is."""
        facts, plan, uses = self.lowered.facts, self.plan.copy(), Uses(*(array.copy() for array in self.uses))
        waiting = np.zeros(len(plan.placed) + 1, np.int64)
        return int(clear(facts, plan, uses, self.room, self.ones, waiting, 0, self.cycle))

    def priced(self) -> int:
        """Return the price of all that is taken, by the definition, from uses that are made anew."""
        facts, uses, total = self.lowered.facts, empty_uses(self.lowered.facts), 0
        for number in np.flatnonzero(self.plan.placed):
            use_job(facts, self.plan, uses, int(number))
        for resource, size in enumerate(uses.size):
            order = sorted(range(size), key=lambda use: uses.start[resource, use] % self.cycle)
            for a, b in zip(order, order[1:] + order[:1], strict=True):
                taken = (uses.end[resource, a] - uses.start[resource, a]) * uses.demand[resource, a]
                if uses.first[resource, a] > TRIP:
                    row = facts.gaps_at[resource] + uses.last[resource, a] * facts.gaps_width[resource]
                    taken += facts.gaps[row + uses.first[resource, b]]
                total += int(taken * self.room.price[resource])
        return total

    def placed(self) -> list[int]:
        """Return by how many plans each job of the set is in the timetable."""
        firsts = self.lowered.facts.alternatives[:, 0]
        return [int(self.plan.placed[firsts == first].sum()) for first in np.unique(firsts)]


@pytest.mark.parametrize("case", CASES)
def test_nothing_collides_and_every_job_is_there_once(case: Callable[[int], Instance]) -> None:
    are_other = []
    for seed in range(4):
        instance = case(seed)
        standing = Standing.constructed(instance)
        before = standing.plan.copy()
        assert standing.collide() == 0
        for again in range(3):
            done = standing.moved(40, HOT, 10 * seed + again)
            assert 40 <= done < 40 + MOVED
            assert standing.collide() == 0
            assert set(standing.placed()) == {1}
            schedule = to_schedule(standing.lowered, standing.plan, standing.cycle)
            assert_valid(instance, schedule)
            assert cycle_time(instance, schedule) == standing.cycle
        are_other.append(any((a != b).any() for a, b in zip(before, standing.plan, strict=True)))
    assert any(are_other)


@pytest.mark.parametrize("case", CASES)
def test_without_heat_the_price_never_rises(case: Callable[[int], Instance]) -> None:
    for seed in range(4):
        standing = Standing.constructed(case(seed))
        prices = [standing.priced()]
        for again in range(20):
            standing.moved(1, 0.0, again)
            prices.append(standing.priced())
        assert prices == sorted(prices, reverse=True)


def test_some_prices_fall() -> None:
    saved = []
    for seed in range(12):
        standing = Standing.constructed(cell(seed))
        before = standing.priced()
        standing.moved(200, 0.0, seed)
        saved.append(before - standing.priced())
    assert min(saved) >= 0
    assert max(saved) > 0


def in_turns() -> Instance:
    """Two parts of each of two families, with a setup of a tick between the families."""
    setups = SetupMatrix({"a": {"b": 1}, "b": {"a": 1}}, initial="a")
    parts = (job(f"{f}{n}", op("1", replace(mode("M", 2), setup_family=f))) for n in (1, 2) for f in "ab")
    return cyclic(factory(machine("M", setups=setups), *parts), 3)


@pytest.mark.parametrize("seed", range(5))
def test_families_come_together(seed: int) -> None:
    """Work of 8 ticks in a cycle of 20, in the order a b a b: four setups, of which two are needed."""
    instance = in_turns()
    plan = empty_plan(lower(instance).facts)
    plan.placed[:], plan.time[:] = 1, (0, 5, 10, 15)
    standing = Standing.of(instance, 20, plan)
    (price,) = standing.room.price[:1]
    assert standing.priced() == (8 + 4) * price
    standing.moved(100, 0.0, seed)
    assert standing.priced() == (8 + 2) * price
    assert_valid(instance, to_schedule(standing.lowered, standing.plan, 20))


@pytest.mark.parametrize("case", CASES)
def test_stopping_ends_it_before_anything_is_moved(case: Callable[[int], Instance]) -> None:
    standing = Standing.constructed(case(0))
    before = standing.plan.copy()
    assert standing.moved(1000, HOT, 0, stopping=1) == 0
    assert all((a == b).all() for a, b in zip(before, standing.plan, strict=True))


@pytest.mark.parametrize("goal", [Goal(1, 0), Goal(3, 1)])
def test_moves_and_walks_take_turns(goal: Goal) -> None:
    """What is found by both is valid, and the same for the same seed."""
    instance = cell(2, num_parts=MANY)
    found = []
    for _ in range(2):
        values: list[int] = []
        search = CyclicSearch(instance, constructed(instance), 7, values.append, goal)
        search.advance(600)
        schedule = search.best()
        assert schedule is not None
        assert_valid(instance, schedule)
        assert goal.value_of(instance, schedule) == search.value == values[-1]
        found.append(values)
    assert found[0] == found[1]


def test_a_thread_that_begins_late_moves_what_is_known_by_then() -> None:
    """A value below that of the given plan, taken for that plan, would leave it a span of less than nothing."""
    instance, goal = cell(2, num_parts=6), Goal(3, 1)
    start = constructed(instance)
    search = CyclicSearch(instance, start, 7, lambda value: None, goal)
    search.advance(1000)
    assert search.value < goal.value_of(instance, start)
    value, timetable = search.stepper(1)._base()
    assert goal.value_of(instance, search.read(timetable)) == value == search.value
