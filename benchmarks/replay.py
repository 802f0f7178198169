"""What a step of the compiled search spends its time on: a walk is recorded, then replayed with a phase more or less.

A clock inside the compiled search would slow it down. Instead its own functions make a walk again, move by move as
recorded, once with nothing but the moves, once with the search for the critical path before each of them, once with a
second sorting after each, and so on: the difference is what the phase takes, on states as the search meets them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import numpy as np
from numba import njit

from scheduler.domain import Instance, Objective, Schedule
from scheduler.domain.horizon import horizon
from scheduler.search.tabu.arrays import AFTER, ALT, BEFORE, PLACE, Ints, Problem, Solution, lower, raise_solution
from scheduler.search.tabu.critical import N7, TABU, Move, any_last, critical_path
from scheduler.search.tabu.job_tails import ENDS, NEW, cost, set_completions, set_job_tails
from scheduler.search.tabu.regular import choose_regular
from scheduler.search.tabu.timing import makespan, set_starts, set_tails, sort_between, time_all
from scheduler.search.tabu.walk import VISITS, apply, choose
from scheduler.search.tabu.weights import Weights, weigh

STEPS = 4_000
"""Iterations of the walk."""
ROUNDS = 5
"""Replays of each kind; the fastest counts."""
TENURE = 12
MOVES, PREPARE, CHOOSE, SORT, STARTS, TAILS, COPY = range(7)
"""What a replay does: the moves alone, or with another phase.

PREPARE is the critical path, or for other objectives than the makespan the tails to every job; CHOOSE includes it.
"""


def phase_seconds(instance: Instance, objective: str, schedule: Schedule, seed: int) -> dict[str, float]:
    """Return the seconds that each phase takes in an iteration, on average over a walk from a schedule.

    *Links* is what applying a move takes beside sorting and timing; *copy* is that of a whole solution, once. There are
    no phases where no move can be made from the schedule.

    Raises
    ------
    ValueError
        If the search does not speak the objective.
    """
    problem = lower(instance, 4 * horizon(instance))
    weights = weigh(instance, Objective.parse(objective))
    if weights is None:
        raise ValueError(f"the compiled search does not speak {objective}")
    solution = raise_solution(instance, schedule, problem)
    steps = _record(_memory(problem, solution, weights), weights.is_makespan, seed)
    if not len(steps):
        return {}
    spent = [_replay_seconds(kind, problem, solution, weights, steps) for kind in range(7)]
    moves = spent[MOVES]
    sort, starts, tails = (spent[kind] - moves for kind in (SORT, STARTS, TAILS))
    return {
        "critical path" if weights.is_makespan else "job tails": spent[PREPARE] - moves,
        "choose": spent[CHOOSE] - spent[PREPARE],
        "sort": sort,
        "starts": starts,
        "tails": tails,
        "links": moves - sort - starts - tails,
        "copy": spent[COPY] - moves,
    }


def _memory(problem: Problem, solution: Solution, weights: Weights) -> dict[str, Any]:
    """Return all that the compiled functions ask for in every step, by the names of their parameters."""
    num_operations = problem.ops.shape[1] - 1
    num_jobs = weights.jobs.shape[1] - 1
    memory: dict[str, Any] = {
        **problem._asdict(),
        "state": solution.state.copy(),
        "ends": solution.ends.copy(),
        "tabu": np.zeros(TABU, np.int64),
        "trace": np.zeros((2, VISITS + 1), np.int64),
        "path": np.zeros(num_operations, np.int64),
        "jobs": weights.jobs,
        "levels": weights.levels,
        "offset": weights.offset,
        "tails": np.zeros((num_operations, num_jobs), np.int64),
        "rows": np.zeros((4, num_jobs), np.int64),
        "rest": np.zeros(num_jobs, np.int64),
        "seen": np.zeros((2, num_operations), np.int64),
        "blocks": N7,
        "high": num_operations - 1,
    }
    _call(time_all, memory)
    _call(set_job_tails, memory)
    _call(set_completions, memory)
    return memory


def _call(function: Callable[..., Any], known: Mapping[str, Any]) -> Any:
    """Call a compiled function with what its parameters name."""
    return function(*(known[name] for name in signature(function).parameters))


def _record(known: dict[str, Any], is_makespan: bool, seed: int) -> Ints:
    """Walk on; return the steps: number, best value, move, until when it is tabu, and the places that it changes."""
    rng = np.random.default_rng(seed)
    state = known["state"]
    known["best"] = 1 << 60
    steps = []
    for now in range(1, STEPS + 1):
        known["now"], known["until"] = now, now + TENURE + int(rng.integers(TENURE // 2 + 3))
        if is_makespan:
            known["latest"] = value = _call(makespan, known)
            known["o"] = _call(any_last, known)
            known["count"] = _call(critical_path, known)
        else:
            known["rows"][NEW] = known["rows"][ENDS]
            value = _call(cost, known)
        known["best"] = min(known["best"], value)
        known["move"] = move = _call(choose if is_makespan else choose_regular, known)
        if move.kind < 0:
            break
        before = state.copy()
        known["high"] = _call(apply, known)
        if known["high"] >= 0:
            steps.append((now, known["best"], *move, known["until"], *_places(before, state)))
            if not is_makespan:
                _call(set_job_tails, known)
                _call(set_completions, known)
    return np.array(steps, np.int64)


def _places(before: Ints, after: Ints) -> tuple[int, int, int, int]:
    """Return the places between which a move upsets the order, and from which starts and tails are computed."""
    changed = before != after
    heads, tails = changed[BEFORE] | changed[ALT], changed[AFTER] | changed[ALT]
    low, high = int(before[PLACE, heads].min()), int(before[PLACE, tails].max())
    return low, high, min(low, int(after[PLACE, heads].min())), max(high, int(after[PLACE, tails].max()))


def _replay_seconds(kind: int, problem: Problem, solution: Solution, weights: Weights, steps: Ints) -> float:
    """Return the seconds of the thread for a step of a replay of this kind; the first one, of one step, compiles."""
    replay = _replay if weights.is_makespan else _replay_regular
    copy = np.empty_like(solution.state)
    fastest = np.inf
    for played in (steps[:1], *[steps] * ROUNDS):
        known = {**_memory(problem, solution, weights), "kind": kind, "copy": copy, "steps": played}
        began_at = time.thread_time()
        _call(replay, known)
        if len(played) == len(steps):
            fastest = min(fastest, time.thread_time() - began_at)
    return float(fastest) / len(steps)


@njit(nogil=True)
def _again(kind: int, ops: Ints, links: Ints, machines: Ints, times: Ints, state: Ints, copy: Ints, step: Ints) -> None:
    """Do a phase of the last move a second time."""
    if kind == SORT and step[9] > step[8]:
        sort_between(ops, links, state, step[8], step[9])
    elif kind == STARTS:
        set_starts(ops, links, machines, times, state, step[10])
    elif kind == TAILS:
        set_tails(ops, links, machines, times, state, step[11])
    elif kind == COPY:
        copy[:] = state


@njit(nogil=True)
def _replay(
    kind: int,
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    tabu: Ints,
    trace: Ints,
    path: Ints,
    blocks: int,
    copy: Ints,
    steps: Ints,
) -> None:
    for i in range(len(steps)):
        now, best, move_kind, u, v, w, value, until = steps[i, :8]
        if PREPARE <= kind <= CHOOSE:
            last = any_last(ops, state, makespan(ops, state))
            count = critical_path(ops, links, machines, times, state, path, last)
            if kind == CHOOSE:
                choose(ops, links, alts, machines, times, state, ends, tabu, path, count, now, best, blocks)
        move = Move(move_kind, u, v, w, value)
        apply(ops, links, alts, machines, times, state, ends, tabu, trace, move, until)
        _again(kind, ops, links, machines, times, state, copy, steps[i])


@njit(nogil=True)
def _replay_regular(
    kind: int,
    ops: Ints,
    links: Ints,
    alts: Ints,
    machines: Ints,
    times: Ints,
    state: Ints,
    ends: Ints,
    jobs: Ints,
    levels: Ints,
    offset: int,
    tails: Ints,
    rows: Ints,
    rest: Ints,
    tabu: Ints,
    trace: Ints,
    seen: Ints,
    path: Ints,
    blocks: int,
    copy: Ints,
    steps: Ints,
) -> None:
    for i in range(len(steps)):
        now, best, move_kind, u, v, w, value, until = steps[i, :8]
        if kind == CHOOSE:
            solution = (
                ops,
                links,
                alts,
                machines,
                times,
                state,
                ends,
                jobs,
                levels,
                offset,
                tails,
                rows,
                rest,
                tabu,
                seen,
                path,
            )
            choose_regular(*solution, now, best, blocks)
        move = Move(move_kind, u, v, w, value)
        high = apply(ops, links, alts, machines, times, state, ends, tabu, trace, move, until)
        if PREPARE <= kind <= CHOOSE:
            set_job_tails(ops, links, machines, times, state, tails, high)
            set_completions(ops, state, rows)
            rows[NEW] = rows[ENDS]
            cost(jobs, rows)
        _again(kind, ops, links, machines, times, state, copy, steps[i])
