"""The memory of one thread, and the compiled functions on it."""

from __future__ import annotations

import numpy as np

from scheduler.search.decode import layout as at
from scheduler.search.decode.decode import decode
from scheduler.search.decode.goal import Goal
from scheduler.search.decode.greedy import greedy
from scheduler.search.decode.layout import NEVER, Ints, Reals
from scheduler.search.decode.lower import Lowered
from scheduler.search.decode.place import MAX_ENTRIES
from scheduler.search.decode.solution import Solution, blank
from scheduler.search.decode.value import DUE_AT, share, value_of
from scheduler.search.decode.walk import BEST, IDLE, VALUE, walk

MAX_PAIRS = 200
"""Pairs that a trace may find."""


class Memory:
    """A state, its trail, and room to work in; ``current`` is the solution that the state holds decoded."""

    def __init__(self, lowered: Lowered, goal: Goal) -> None:
        num_ops, num_units = len(lowered.operations), len(lowered.units)
        self.lowered = lowered
        self.goal = goal
        self.current = blank(lowered)
        self.best = blank(lowered)
        self._begun = _begun(lowered, goal)
        self._state = self._begun.copy()
        self._trail = np.zeros(lowered.trail_size, np.int64)
        self._room = (
            np.zeros((MAX_ENTRIES, 4), np.int64),
            np.zeros(2 * num_ops, np.int64),
            np.zeros(num_units + 1, np.int64),
        )
        self._partial = np.zeros(num_units + 1, np.int64)
        self._place = np.full(num_units, -1, np.int64)
        ends = self._begun[lowered.data[at.JOB_END] :][: len(lowered.plans)]
        self._least = np.array([share(goal.weights, job, int(end)) for job, end in enumerate(ends)], np.int64)
        self._work = np.zeros((3, num_units + 1), np.int64)
        self._pairs = np.zeros((2, MAX_PAIRS), np.int64)
        self._kept = np.zeros(lowered.trail_size, np.int64)
        self._old = (np.zeros(num_units + 1, np.int64), np.zeros(num_units + 1, np.int64), *blank(lowered))
        self._scalars = np.zeros(4, np.int64)

    @property
    def best_value(self) -> int:
        """Value of the best solution since `enter`."""
        return int(self._scalars[BEST])

    @property
    def value(self) -> int:
        """Value of the solution at hand."""
        return int(self._scalars[VALUE])

    @property
    def idle(self) -> int:
        """Iterations since the best solution was met."""
        return int(self._scalars[IDLE])

    @property
    def state(self) -> Ints:
        """What has been placed."""
        return self._state

    def decode(self, solution: Solution) -> int:
        """Decode a solution from the beginning; return its value, `NEVER` if it has no schedule."""
        self._reset()
        data, goal = self.lowered.data, self.goal.weights
        partial = self._partial
        work = (self._state, self._trail, *self._room, partial)
        if not decode(data, goal, *solution, *work, 0, NEVER, partial, len(solution.order), 0):
            return NEVER
        return int(value_of(data, goal, self._state))

    def greedy(self, solution: Solution, ranks: Ints, window: float, thrift: float) -> bool:
        """Fill a blank solution by a rule, see `scheduler.search.decode.greedy`; return whether it could be."""
        self._reset()
        data, goal = self.lowered.data, self.goal.weights
        done = greedy(data, goal, *solution, self._state, self._trail, *self._room, ranks, self._work, window, thrift)
        return bool(done)

    def enter(self, solution: Solution, history: int) -> bool:
        """Make a solution the current and the best one; return whether it has a schedule."""
        value = self.decode(solution)
        if value >= NEVER:
            return False
        for mine, best, part in zip(self.current, self.best, solution, strict=True):
            mine[:] = part
            best[:] = part
        self._place[self.current.order] = np.arange(len(self.current.order))
        self._scalars[:] = value, value, 0, 0
        self._history = np.full(history, value, np.int64)
        return True

    def walk(self, shares: Reals, seed: int, iterations: int, target: int, prunes: bool, stop: Ints) -> int:
        """Walk on from the current solution; return the iterations done."""
        done = walk(
            self.lowered.data,
            self.goal.weights,
            *self.current,
            *self.best,
            self._state,
            self._trail,
            *self._room,
            self._partial,
            self._place,
            self._least,
            self._pairs,
            self._kept,
            *self._old,
            self._history,
            self._scalars,
            shares,
            seed,
            iterations,
            target,
            prunes,
            stop,
        )
        return int(done)

    def resume(self) -> None:
        """Decode the current solution again, after something else has been decoded."""
        self.decode(self.current)
        self._place[self.current.order] = np.arange(len(self.current.order))

    def kick(self, shares: Reals, seed: int, changes: int, history: int) -> None:
        """Change the current solution at random, and forget what it was."""
        self._history[:] = NEVER
        self._scalars[BEST] = NEVER
        self._scalars[VALUE] = NEVER
        self.walk(shares, seed, changes, -NEVER, False, np.zeros(1, np.int64))
        value = self.decode(self.current)
        for best, part in zip(self.best, self.current, strict=True):
            best[:] = part
        self._scalars[:] = value, value, 0, 0
        self._history = np.full(history, value, np.int64)

    def _reset(self) -> None:
        self._state[:] = self._begun
        self._trail[0] = 0


def _begun(lowered: Lowered, goal: Goal) -> Ints:
    """Return the state that holds what has begun, with what the objective comes to at least."""
    data, state = lowered.data, lowered.state.copy()
    ends = state[data[at.JOB_END] : data[at.JOB_END] + len(lowered.plans)].tolist()
    total, late = 0, 0
    for job, end in enumerate(ends):
        total += share(goal.weights, job, end)
        late = max(late, end - int(goal.weights[job, DUE_AT]))
    state[data[at.SUM]] = total
    state[data[at.LATEST]] = max(ends, default=0)
    state[data[at.MOST_LATE]] = late
    return state
