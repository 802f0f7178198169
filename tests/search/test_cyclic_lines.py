"""The turns of lines, with which the cyclic search begins: swaps at every station, downhill, the order of parts."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from cyclic_cases import (
    cyclic,
    robotic_cell,
    with_grippers,
)
from cyclic_searched import GOING, constructed, searched

from scheduler.bounds import cycle_bound
from scheduler.domain import (
    Instance,
    Job,
)
from scheduler.domain.cycle import part_set
from scheduler.search.cyclic.drawing import draw, graphs
from scheduler.search.cyclic.engine import CyclicSearch
from scheduler.search.cyclic.facts import empty_uses
from scheduler.search.cyclic.lines import in_turns, line_of
from scheduler.search.cyclic.lower import lower
from scheduler.search.cyclic.schedules import to_plan
from scheduler.search.cyclic.timing import least_cycle
from scheduler.search.cyclic.using import use_job


def least_turns(instance: Instance, places: tuple[int, ...] | None = None) -> int | None:
    """Return the least cycle time of the turns of a line, its parts in this order; None where there are none."""
    lowered = lower(instance)
    _, given = to_plan(lowered, constructed(instance))
    jobs = line_of(lowered.facts, given)
    if not jobs:
        return None
    cycle, plan = in_turns(lowered.facts, given, [jobs[place] for place in places or range(len(jobs))])
    uses, graph = empty_uses(lowered.facts), graphs(lowered.facts)
    for number in range(len(plan.placed)):
        use_job(lowered.facts, plan, uses, number)
    draw(lowered.facts, plan, uses, graph, cycle)
    return least_cycle(plan, graph, 1, cycle, GOING)


@pytest.mark.parametrize("times", [(10, 10, 10, 10, 10), (3, 20, 7, 15, 9), (10,) * 6, (10,) * 8, (60, 2, 3)])
def test_turns_of_a_row_in_which_the_robot_swaps(times: tuple[int, ...]) -> None:
    # A round trip with two visits at each station and one at each end, a tick each, as each step is; or the longest
    # work with an unloading and a loading.
    row = with_grippers(robotic_cell(times, 1, 1, len(times) + 3), 2)
    least = max(4 * (len(times) + 1), max(times) + 2)
    assert least_turns(row) == searched(row, 1) == cycle_bound(row) == least


@pytest.mark.parametrize("num", [2, 4, 7])
def test_turns_of_a_row_with_one_gripper_go_downhill(num: int) -> None:
    # From the last station on: num + 1 moves of 1 with two handlings, num ways back of 2, and num - 1 to the last.
    assert least_turns(robotic_cell((3,) * num, 1, 1, num + 3)) == 4 * num + 2 * (num + 1)


def test_a_walk_finds_the_turns_of_a_row() -> None:
    # Only the first thread begins with them. Jobs have to go elsewhere in longer cycles: by single ticks it ends at 26.
    row = with_grippers(robotic_cell((10,) * 5, 1, 1, 8), 2)
    search = CyclicSearch(row, constructed(row), 0, lambda value: None)
    walk = search.stepper(1)
    while search.value > 24 and search.iterations < 1500:
        walk.step()
    assert search.value == 24


def test_a_line_has_its_parts_in_the_best_order() -> None:
    # Quick and slow parts alternate on two stations: a turn waits for the longer work, so equal ones have to meet.
    rows = [robotic_cell(times, 1, 1, 3) for times in ((40, 5), (5, 5), (5, 40), (5, 5))]
    jobs = tuple(replace(part_set(row).jobs[0], id=f"P{n}") for n, row in enumerate(rows))
    row = with_grippers(cyclic(replace(part_set(rows[0]), jobs=jobs), 3), 2)
    cycles = {least_turns(row, (0, *rest)) for rest in permutations((1, 2, 3))}
    assert len(cycles) > 1
    assert searched(row, 1) == min(cycles)


def test_turns_of_different_parts() -> None:
    # Two parts, for each a round trip of 4 * 4. Over other machines they are no line.
    row = with_grippers(robotic_cell((3, 9, 6), 1, 1, 4), 2)
    (part,) = part_set(row).jobs
    quick = replace(part, id="Q", operations=robotic_cell((9, 1, 2), 1, 1, 4).jobs[0].operations)
    assert searched(cyclic(replace(part_set(row), jobs=(part, quick)), 4), 1) == 32
    short = Job("Q", part.operations[:2], part.precedences[:1])
    assert least_turns(cyclic(replace(part_set(row), jobs=(part, short)), 4)) is None
