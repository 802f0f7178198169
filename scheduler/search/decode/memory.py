"""The memory of one thread, and the compiled functions on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scheduler.search.decode import layout as at
from scheduler.search.decode.cells import Cells
from scheduler.search.decode.decode import decode
from scheduler.search.decode.goal import Goal
from scheduler.search.decode.greedy import greedy
from scheduler.search.decode.layout import NEVER, Array
from scheduler.search.decode.lower import Lowered
from scheduler.search.decode.place import MAX_ENTRIES
from scheduler.search.decode.solution import Solution, blank
from scheduler.search.decode.trace import MAX_PAIRS
from scheduler.search.decode.value import DUE_AT, change_of, share, value_of
from scheduler.search.decode.walk import BEST, HEAT, IDLE, VALUE, walk


class Memory:
    """A state, its trail, and room to work in; ``current`` is the solution that the state holds decoded."""

    def __init__(self, lowered: Lowered, goal: Goal) -> None:
        num_ops, num_units = len(lowered.operations), len(lowered.units)
        self.lowered = lowered
        self.goal = goal
        self.current = blank(lowered)
        self.best = blank(lowered)
        self._facts = Cells(lowered.data, constant=True), Cells(goal.weights, constant=True)
        self._begun = _begun(lowered, goal)
        self._state = self._begun.copy()
        self._trail = np.zeros(lowered.trail_size, np.int64)
        rooms = (4 * MAX_ENTRIES, 2 * num_ops, num_units + 1)
        self._work = _cells(self._state, self._trail, *(np.zeros(size, np.int64) for size in rooms))
        self._partial = Cells(np.zeros(num_units + 1, np.int64))
        self._place = np.full(num_units, -1, np.int64)
        ends = self._begun[lowered.data[at.JOB_END] :][: len(lowered.plans)]
        weights = self._facts[1]
        self._least = np.array([share(weights, job, int(end)) for job, end in enumerate(ends)], np.int64)
        self._queues = _cells(*np.zeros((3, num_units + 1), np.int64))
        self._pairs = np.zeros(2 * MAX_PAIRS, np.int64)
        self._kept = np.zeros(lowered.trail_size, np.int64)
        self._old = _cells(np.zeros(num_units + 1, np.int64), np.zeros(num_units + 1, np.int64), *blank(lowered))
        self._stamps = Cells(np.zeros(len(self._state), np.int64))
        self._scalars = np.zeros(6, np.int64)

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

    def heat(self, heat: int) -> None:
        """Keep changes for the worse by so much, on average; 0: none but those of late acceptance."""
        self._scalars[HEAT] = heat

    @property
    def state(self) -> Array:
        """What has been placed."""
        return self._state

    def decode(self, solution: Solution) -> int:
        """Decode a solution from the beginning; return its value, `NEVER` if it has no schedule."""
        self._reset()
        end, margin = len(solution.order), 0
        limits = (0, end, NEVER, self._partial, end, margin)
        work: list[Any] = [*self._facts, *_cells(*solution), *self._work, self._partial, *limits]
        if not decode(*work):
            return NEVER
        return int(value_of(*self._facts, self._work[0]))

    def greedy(self, solution: Solution, ranks: Array, window: float, thrift: float) -> bool:
        """Fill a blank solution by a rule, see `scheduler.search.decode.greedy`; return whether it could be."""
        self._reset()
        room = (*self._work, Cells(ranks), *self._queues)
        work: list[Any] = [*self._facts, *_cells(*solution), *room, window, thrift]
        return bool(greedy(*work))

    def enter(self, solution: Solution, history: int) -> bool:
        """Make a solution the current and the best one; return whether it has a schedule."""
        value = self.decode(solution)
        if value >= NEVER:
            return False
        for mine, best, part in zip(self.current, self.best, solution, strict=True):
            mine[:] = part
            best[:] = part
        self._place[self.current.order] = np.arange(len(self.current.order))
        self._scalars[:HEAT] = value, value, 0, 0
        self._history = np.full(history, value, np.int64)
        return True

    def walk(
        self, shares: NDArray[np.float64], seed: int, iterations: int, target: int, prunes: bool, stop: Array
    ) -> int:
        """Walk on from the current solution; return the iterations done."""
        room = (*_cells(self._place, self._least, self._pairs, self._kept), self._stamps, *self._old)
        memory = (Cells(self._history), len(self._history), *_cells(self._scalars, shares))
        solutions = (*_cells(*self.current, *self.best), *self._work, self._partial)
        limits = (seed, iterations, target, prunes, Cells(stop))
        work: list[Any] = [*self._facts, *solutions, *room, *memory, *limits]
        return int(walk(*work))

    def resume(self) -> None:
        """Decode the current solution again, after something else has been decoded."""
        self.decode(self.current)
        self._place[self.current.order] = np.arange(len(self.current.order))

    def kick(self, shares: NDArray[np.float64], seed: int, changes: int, history: int) -> None:
        """Change the current solution at random, and forget what it was."""
        self._history[:] = NEVER
        self._scalars[BEST] = NEVER
        self._scalars[VALUE] = NEVER
        self.walk(shares, seed, changes, -NEVER, False, np.zeros(1, np.int64))
        value = self.decode(self.current)
        for best, part in zip(self.best, self.current, strict=True):
            best[:] = part
        self._scalars[:HEAT] = value, value, 0, 0
        self._history = np.full(history, value, np.int64)

    def _reset(self) -> None:
        self._state[:] = self._begun
        self._trail[0] = 0


def _cells(*arrays: NDArray[Any]) -> tuple[Cells[Any], ...]:
    """Return arrays as compiled functions take them."""
    return tuple(Cells(array) for array in arrays)


def _begun(lowered: Lowered, goal: Goal) -> Array:
    """Return the state that holds what has begun, with what the objective comes to at least."""
    data, state = lowered.data, lowered.state.copy()
    ends = state[data[at.JOB_END] : data[at.JOB_END] + len(lowered.plans)].tolist()
    weights = Cells(goal.weights, constant=True)
    total, late = 0, 0
    for job, end in enumerate(ends):
        total += share(weights, job, end)
        late = max(late, end - int(goal.weights[job, DUE_AT]))
    if lowered.instance.execution is not None:  # else there is nothing from which anything could have changed
        cells = Cells(data, constant=True), weights, Cells(state)
        total += sum(change_of(*cells, o) for o in range(len(lowered.operations)))
    state[data[at.SUM]] = total
    state[data[at.LATEST]] = max(ends, default=0)
    state[data[at.MOST_LATE]] = late
    return state
