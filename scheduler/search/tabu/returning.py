"""Returning: once a repair has a value, solutions of no higher value than is allowed that are nearer to the baseline.

Each thread begins with the baseline in which only what can't stay goes elsewhere (`reinserting`), and again, otherwise
noised, every `AGAIN` steps. In between some operations take their machines and places of the baseline again (those of
some jobs, or of a stretch of time), among those that stay. The walk, from there, stops as soon as it is down at the
value again: what it did not have to touch stays as it was. Then operations return one by one (`nearing`).

Where the value has a price, each step has a ceiling of its own, drawn between the best value and what is allowed: what
a tick of value saves in change is nowhere known beforehand. What is nearest is judged with the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from scheduler.domain import Schedule
from scheduler.search.tabu.arrays import JOB, START, Ints, Solution, new_solution
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.nearing import ABOVE
from scheduler.search.tabu.space import SWEEPS, RestSpace
from scheduler.search.tabu.timing import time_all
from scheduler.search.tabu.walker import Walker
from scheduler.search.tabu.warm import KERNELS
from scheduler.search.threads import CompiledSearch, OnBetter

PATIENCE = 1.0
"""Iterations per operation that the walk has to come down again."""
AFRESH = 10_000
"""Iterations that it has to come down from the baseline with little changed."""
SWEPT = 20_000
"""Operations times sweeps of reinserting ..."""
MOST_SWEEPS = 100
"""... and the most sweeps."""
AGAIN = 10
"""Steps after which a thread begins anew."""
FEWER, MORE = 0.9, 1.2
"""Factors on the number of operations brought back after a walk that failed, and after one that came down."""
FIRST = 0.1
"""Share of the operations that is brought back at first."""
ANNEALING = 5_000
"""Iterations of annealing after each walk that came down ..."""
HOT, COLD = 1.0, 0.1
"""... and its temperatures, in typical durations."""


class Returning(CompiledSearch[Solution]):
    """Walks back towards the baseline.

    Parameters
    ----------
    search
        The search for a low value, ended.
    allowed
        What the tiers of its objective may come to; never less than in its best schedule.
    on_better
        Called, from a thread of the search, with every distance below all before.
    price
        What 1 of the first tier costs in ticks of deviation; see `Weights.price`.
    """

    name = "tabu"
    kernels = KERNELS

    def __init__(self, search: TabuSearch, allowed: Sequence[Fraction], on_better: OnBetter, price: int = 0) -> None:
        assert isinstance(search.space, RestSpace)
        self.search = search
        self.space = search.space
        self.most = search.weights.most(allowed, price)
        self.space.allow(self.most)
        best = search.found
        if best is None:
            best = search.space.solution(search.known)
            assert best is not None
            problem = self.space.problem
            time_all(problem.ops, problem.links, problem.machines, problem.times, best.state)
        self._first = Solution(best.state.copy(), best.ends.copy())
        distance = self.space.settled(self._first)
        if price:
            at_once = Solution(self._first.state.copy(), self._first.ends.copy())
            distance, _ = self.space.annealed(at_once, self.most, 0, 1, HOT, COLD, np.zeros(1, np.int64))
        super().__init__(distance, on_better)

    @property
    def nearest(self) -> Solution:
        """The settled solution that is nearest to the baseline so far."""
        return self.found or self._first

    def drawn(self, rng: np.random.Generator) -> tuple[Ints, int]:
        """Return what the tiers may come to in a step, and what that is as a value of the search."""
        search, most = self.search, self.most
        offset = search.weights.offset
        if most[2, 0]:
            least = (search.value + offset) // int(most[0, 0])
            most = most.copy()
            most[1, 0] = rng.integers(least, max(least, int(most[1, 0])) + 1)
        return most, max(search.value, int((most[0] * most[1]).sum()) - offset)

    def stepper(self, number: int) -> _Ways:
        """Return the ways of a thread."""
        return _Ways(self, number)

    def read(self, found: Solution) -> Schedule:
        """Return a settled solution as a schedule."""
        return self.space.schedule(found)

    @property
    def kernel(self) -> str:
        """Module and name of the compiled walk, that of the search before it."""
        return self.search.kernel


class _Ways:
    """One thread's ways back, one after the other."""

    def __init__(self, returning: Returning, number: int) -> None:
        self._returning = returning
        self._number = number
        self._rng = np.random.default_rng((returning.search.seed, number))
        self._walker = Walker(returning.space.problem, returning.search.weights, returning.search.settings)
        self._share = FIRST
        self._steps = 0

    def step(self) -> None:
        """Bring some operations back, and come down again."""
        returning, rng = self._returning, self._rng
        nearest = returning.nearest
        self._steps += 1
        most, ceiling = returning.drawn(rng)
        if self._steps == 2:
            self._near(Solution(nearest.state.copy(), nearest.ends.copy()), returning.most, int(rng.integers(1 << 30)))
            return
        begins_anew, found = self._steps % AGAIN == 1, new_solution(returning.space.problem)
        num = found.state.shape[1]
        if begins_anew:
            sweeps = min(MOST_SWEEPS, max(SWEEPS, SWEPT // num))
            between = returning.space.reinserted(
                nearest, self._number, returning.stopping, ceiling, sweeps, int(rng.integers(1 << 30))
            )
        else:
            between = returning.space.brought_back(nearest, self._chosen(nearest))
        iterations = AFRESH if begins_anew else max(50, round(PATIENCE * num))
        seed = int(rng.integers(1 << 30))
        reached, done = self._walker.run(between, found, seed, iterations, ceiling, returning.stopping)
        returning.iterations += 1 + done
        if reached > ceiling:
            self._share = max(1 / num, self._share * FEWER)
            return
        self._share = min(1.0, self._share * MORE)
        self._near(found, most, seed)

    def _near(self, solution: Solution, most: Ints, seed: int) -> None:
        """Let operations of a timed solution return one by one, and offer what comes of it."""
        returning = self._returning
        distance, found = returning.space.annealed(solution, most, seed, ANNEALING, HOT, COLD, returning.stopping)
        if distance < ABOVE:
            returning.offer(distance, found)

    def _chosen(self, nearest: Solution) -> NDArray[np.bool_]:
        """Return which operations are brought back: about a share of all, whole jobs or neighbours in time."""
        rng, moved = self._rng, self._returning.space.moved(nearest)
        num = len(moved)
        count = max(1, round(self._share * num * rng.uniform(0.5, 1.5)))
        centre = rng.choice(np.flatnonzero(moved)) if moved.any() else int(rng.integers(num))
        starts, jobs = nearest.state[START], self._returning.space.problem.ops[JOB, :-1]
        if rng.random() < 0.5:
            order = rng.permutation(int(jobs.max()) + 1)
            order = np.concatenate(([jobs[centre]], order))
            sizes = np.cumsum(np.bincount(jobs)[order])
            return np.isin(jobs, order[: 1 + int(np.searchsorted(sizes, count))])
        away = np.abs(starts - starts[centre])
        return away <= np.partition(away, min(count, num - 1))[min(count, num - 1)]
