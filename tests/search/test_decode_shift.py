"""A job goes before or behind others on its whole way: what that does to an order."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import factory, job, machine, mode, op
from random_networks import random_network

from scheduler.domain import Objective
from scheduler.search.decode.cells import Cells
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.decode.lower import Lowered, lower
from scheduler.search.decode.orders import shift


@pytest.mark.parametrize("is_earlier", [True, False])
def test_a_shift_moves_one_job_and_keeps_all_turns_of_the_others(is_earlier: bool) -> None:
    """From the first unit that moves on, all of the job move the same way; nothing outside the answered places does."""
    rng, num_moved = np.random.default_rng(5), 0
    for seed in range(10):
        search = FactorySearch.of(random_network(seed), Objective.parse("makespan"), seed, lambda value: None)
        assert search is not None
        lowered = search.lowered
        data, num = Cells(lowered.data, constant=True), len(lowered.free)
        job_of = [unit.plan.job.domain.id for unit in lowered.units]
        for number in range(len(lowered.plans)):
            for factor in (0.0, 0.3, 0.9, 1.0):
                before = rng.permutation(lowered.free).astype(np.int64)
                order, place = before.copy(), np.full(len(lowered.units), -1, np.int64)
                place[before] = np.arange(num)
                old = place.copy()
                begin, end = shift(data, Cells(order), Cells(place), number, factor, is_earlier)
                assert sorted(order) == sorted(before)
                assert all(order[place[unit]] == unit for unit in before)
                if begin == num:
                    continue
                assert list(order[:begin]) == list(before[:begin])
                assert list(order[end + 1 :]) == list(before[end + 1 :])
                own = lowered.instance.jobs[number].id
                for of_job in (True, False):
                    kept = [[unit for unit in units if (job_of[unit] == own) is of_job] for units in (order, before)]
                    assert kept[0] == kept[1]
                steps = [place[unit] - old[unit] for unit in before if job_of[unit] == own]
                assert all(step <= 0 if is_earlier else step >= 0 for step in steps)
                if factor == 1.0:
                    assert not any(steps)
                num_moved += any(steps)
    assert num_moved > 50


def test_a_job_goes_to_the_begin_or_the_end_at_a_factor_of_zero() -> None:
    """Three jobs of three units, in turns: J1 goes as a whole, or what follows one of its units goes behind that."""
    jobs = [job(name, *(op(str(k), mode("M", 1)) for k in range(3))) for name in ("J1", "J2", "J3")]
    lowered = lower(factory(machine("M"), *jobs), 100)
    assert lowered is not None
    first, second, third = ([3 * number + k for k in range(3)] for number in range(3))
    others = [unit for pair in zip(second, third, strict=True) for unit in pair]
    told = {(is_earlier, tuple(shifted(lowered, [*others, *first], is_earlier))) for is_earlier in (True, False) * 40}
    assert told == {(True, (*first, *others)), (True, (*others, *first)), (False, (*others, *first))}
    told = {(True, tuple(shifted(lowered, [0, *second, 1, *third, 2], True))) for _ in range(40)}
    assert {order for _, order in told} == {(*first, *second, *third), (0, *second, 1, 2, *third)}


def shifted(lowered: Lowered, order: list[int], is_earlier: bool) -> list[int]:
    """Return an order after J1 has been shifted as far as can be."""
    found, place = np.array(order), np.argsort(order)
    shift(Cells(lowered.data, constant=True), Cells(found), Cells(place), 0, 0.0, is_earlier)
    return [int(unit) for unit in found]
