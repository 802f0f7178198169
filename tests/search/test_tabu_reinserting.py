"""A repair that changes little is made from the baseline: what is hit goes elsewhere, and what that pushes is exact."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import assert_valid
from test_tabu_remainder import cases

from benchmarks.size import flexible_job_shop
from scheduler.domain import Facility, Instance, Job, Machine, Mode, Objective, Operation, Schedule, ScheduledOperation
from scheduler.domain.derive import complete
from scheduler.domain.events import MachineBreakdown
from scheduler.rescheduling import repair
from scheduler.search.construct import construct
from scheduler.search.tabu.arrays import END, RELEASE, START, Solution
from scheduler.search.tabu.reinserting import reinsert_all
from scheduler.search.tabu.settle import BASE_START, NEW
from scheduler.search.tabu.space import RestSpace, space_of
from scheduler.search.tabu.timing import set_starts, sort_all, time_all
from scheduler.search.tabu.weights import weigh

GO = np.zeros(1, np.int64)


def test_what_is_hit_goes_into_a_gap_and_nothing_else_moves() -> None:
    # M works on A, B and C one after the other; N works on D in [0, 4) and on E in [8, 12), and has a gap for B.
    either = (Mode("M", 4), Mode("N", 4))
    names = "ABCDE"
    jobs = tuple(Job(name, (Operation("1", either),)) for name in names)
    whole = Instance("gap", (Facility("F"),), (Machine("M", "F"), Machine("N", "F")), jobs)
    places = {"A": (0, 0), "B": (0, 4), "C": (0, 8), "D": (1, 0), "E": (1, 8)}
    rows = (ScheduledOperation(j, "1", mode, "MN"[mode], start, start + 4) for j, (mode, start) in places.items())
    plan = complete(whole, tuple(rows))
    # M is down in [4, 8): with the right shift B and C are 4 late. B fits in front of E, so that nothing is.
    broken = MachineBreakdown(id="X", at=4, machine="M", until=8)
    instance, shifted = _shifted(whole, plan, broken)
    assert shifted.makespan == 16
    space, solution = _rest(instance, shifted)
    schedule = space.schedule(space.reinserted(solution, 0, GO))
    assert_valid(instance, schedule)
    found = {o.job: (o.mode, o.start) for o in schedule.operations}
    assert found == {**places, "B": (1, 4)}


@pytest.mark.parametrize("objective", [None, "makespan", "weighted_tardiness > makespan", "flow_time"])
def test_every_rule_is_kept(objective: str | None) -> None:
    for instance, shifted, weights in cases(range(100, 130), 9, objective):
        space = space_of(instance, weights, shifted)
        assert isinstance(space, RestSpace)
        solution = space.solution(shifted)
        assert solution is not None
        problem = space.problem
        time_all(problem.ops, problem.links, problem.machines, problem.times, solution.state)
        for number in range(2):
            assert_valid(instance, space.schedule(space.reinserted(solution, number, GO)))


def test_local_timing_is_the_full_one() -> None:
    for instance, shifted, weights in cases(range(130, 160), 9):
        space = space_of(instance, weights, shifted)
        assert isinstance(space, RestSpace)
        solution = space.solution(shifted)
        assert solution is not None
        problem, wanted = space.problem, space._wanted
        static = (problem.ops, problem.links, problem.machines, problem.times)
        time_all(*static, solution.state)
        found = space.brought_back(solution, np.ones(solution.state.shape[1], np.bool_))
        time_all(*static, found.state)
        reinsert_all(*problem, weights.jobs, wanted, *found, 1, 3, 0, 5.0, 5, 100_000, 0, GO)
        again = Solution(found.state.copy(), found.ends.copy())
        held = problem.ops.copy()
        before = np.where(wanted[BASE_START] == NEW, 0, wanted[BASE_START])
        held[RELEASE, :-1] = np.maximum(held[RELEASE, :-1], before)
        assert sort_all(problem.ops, problem.links, again.state)
        set_starts(held, problem.links, problem.machines, problem.times, again.state, 0)
        assert (again.state[[START, END]] == found.state[[START, END]]).all()


def test_it_is_nearer_and_better_than_the_right_shift_of_a_long_breakdown() -> None:
    whole = flexible_job_shop(200, 10, 10, seed=3)
    plan = construct(whole, Objective.parse("makespan"), time_limit=0.0)
    assert plan is not None
    broken = MachineBreakdown(id="E", at=60, machine=whole.machines[0].id, until=260)
    instance, shifted = _shifted(whole, plan, broken)
    space, solution = _rest(instance, shifted)
    before = space.settled(Solution(solution.state.copy(), solution.ends.copy()))
    found = space.reinserted(solution, 0, GO)
    assert int(found.state[END].max()) < shifted.makespan
    assert 2 * space.settled(found) < before


def _shifted(whole: Instance, plan: Schedule, event: MachineBreakdown) -> tuple[Instance, Schedule]:
    found = repair(whole, plan, [event], policy="right-shift", workers=1)
    assert found.result.schedule is not None
    return found.instance, found.result.schedule


def _rest(instance: Instance, shifted: Schedule) -> tuple[RestSpace, Solution]:
    """Return the space of what is left, and the right shift in it, timed."""
    weights = weigh(instance, Objective.parse("makespan"))
    assert weights is not None
    space = space_of(instance, weights, shifted)
    assert isinstance(space, RestSpace)
    solution = space.solution(shifted)
    assert solution is not None
    problem = space.problem
    time_all(problem.ops, problem.links, problem.machines, problem.times, solution.state)
    return space, solution
