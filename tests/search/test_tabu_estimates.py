"""Estimates: exact lower bounds for two neighbours that change places, good guesses for all other moves."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import instances

import scheduler
from scheduler.domain import Instance, Objective
from scheduler.domain.horizon import horizon
from scheduler.search.construct import construct
from scheduler.search.tabu.arrays import (
    AFTER,
    ALT,
    BEFORE,
    END,
    JOB,
    ORDER,
    SUCCS_AT,
    TIME,
    Problem,
    Solution,
    lower,
    raise_solution,
    why_unsupported,
)
from scheduler.search.tabu.critical import LATER, any_last, critical_path, may_move
from scheduler.search.tabu.job_tails import (
    ENDS,
    NEW,
    cost,
    estimate_block,
    set_completions,
    set_job_tails,
)
from scheduler.search.tabu.moves import estimate_earlier, estimate_later, put_after, take_out
from scheduler.search.tabu.timing import time_all
from scheduler.search.tabu.weights import weigh


def timed(instance: Instance) -> tuple[Problem, Solution, int]:
    schedule = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert schedule is not None
    problem = lower(instance, 4 * horizon(instance))
    solution = raise_solution(instance, schedule, problem)
    return problem, solution, time_all(problem.ops, problem.links, problem.machines, problem.times, solution.state)


def swapped(problem: Problem, solution: Solution, u: int, v: int) -> tuple[Solution, int]:
    """The solution with `u` right after its neighbour `v`, and its makespan."""
    other = Solution(solution.state.copy(), solution.ends.copy())
    take_out(other.state, other.ends, u)
    put_after(problem.alts, other.state, other.ends, u, other.state[ALT, u], v)
    return other, time_all(problem.ops, problem.links, problem.machines, problem.times, other.state)


def neighbours(solution: Solution) -> list[tuple[int, int]]:
    pairs = enumerate(solution.state[AFTER].tolist())
    return [(u, v) for u, v in pairs if v >= 0 and may_move(solution.state, LATER, u, v)]


def speaks(instance: Instance) -> bool:
    """Estimates ignore downtimes, so they are exact without them only."""
    whole = not any(machine.calendar.blocked(horizon(instance)) for machine in instance.machines)
    return whole and why_unsupported(instance) is None


@settings(max_examples=80, deadline=None)
@given(instances(max_operations=5, without=("fleets",)))
def test_the_makespan_of_a_swap_is_never_below_its_estimate(instance: Instance) -> None:
    if not speaks(instance):
        return
    problem, solution, before = timed(instance)
    for u, v in neighbours(solution):
        _, after = swapped(problem, solution, u, v)
        assert after >= 0, "a move that surely makes no cycle made one"
        estimates = {
            estimate_later(problem.machines, problem.times, solution.state, u, v),
            estimate_earlier(problem.machines, problem.times, solution.state, u, v),
        }
        assert len(estimates) == 1
        # The longest way through the two: nothing shorter is possible, and nothing else becomes longer.
        estimate = estimates.pop()
        assert estimate <= after <= max(before, estimate)


@settings(max_examples=80, deadline=None)
@given(
    instances(max_operations=5, without=("fleets",)),
    st.sampled_from(("flow_time", "maximum_tardiness", "weighted_tardiness")),
)
def test_the_cost_of_a_swap_is_never_below_its_estimate(instance: Instance, objective: str) -> None:
    weights = weigh(instance, Objective.parse(objective))
    if not speaks(instance) or weights is None or weights.is_makespan:
        return
    problem, solution, _ = timed(instance)
    ops, links, _, machines, times = problem
    num_jobs = len(instance.jobs)
    tails = np.zeros((solution.state.shape[1], num_jobs), np.int64)
    rows = np.zeros((4, num_jobs), np.int64)
    set_job_tails(ops, links, machines, times, solution.state, tails, solution.state.shape[1] - 1)
    set_completions(ops, solution.state, rows)
    for u, v in neighbours(solution):
        # The estimate is told a job whose critical path the move cuts: that of the later of the two.
        o = last_of_a_path_over(problem, solution, u, v)
        if o is None:
            continue
        job = int(ops[JOB, o])
        estimate = estimate_block(
            ops, links, machines, times, solution.state, weights.jobs, tails, rows, job, LATER, u, v
        )
        other, _ = swapped(problem, solution, u, v)
        after = np.zeros_like(rows)
        set_completions(ops, other.state, after)
        after[NEW] = after[ENDS]
        assert cost(weights.jobs, after) >= estimate


def last_of_a_path_over(problem: Problem, solution: Solution, u: int, v: int) -> int | None:
    """The last operation of a job whose critical path goes over both, if there is one."""
    ops, links, _, machines, times = problem
    path = np.zeros(solution.state.shape[1], np.int64)
    for o in solution.state[ORDER].tolist():
        if ops[SUCCS_AT, o] == ops[SUCCS_AT, o + 1] and solution.state[END, o] == latest_of_job(problem, solution, o):
            count = critical_path(ops, links, machines, times, solution.state, path, o)
            way = path[:count].tolist()
            if u in way and v in way and solution.state[BEFORE, v] == u:
                return int(o)
    return None


def latest_of_job(problem: Problem, solution: Solution, o: int) -> int:
    same = problem.ops[JOB, :-1] == problem.ops[JOB, o]
    return int(solution.state[END, same].max())


def test_a_critical_path_ends_the_schedule_and_has_no_gaps() -> None:
    instance = scheduler.load("instances/la01.json")
    problem, solution, makespan = timed(instance)
    path = np.zeros(solution.state.shape[1], np.int64)
    last = any_last(problem.ops, solution.state, makespan)
    count = critical_path(problem.ops, problem.links, problem.machines, problem.times, solution.state, path, last)
    way = [int(o) for o in path[:count]]
    ends, starts = solution.state[END], solution.state[END] - solution.state[TIME]
    assert ends[way[0]] == makespan and starts[way[-1]] == 0
    assert all(starts[o] == ends[before] for o, before in pairwise(way))
