"""The blocking search as an engine: threads that anneal, again and again, each time for longer."""

from __future__ import annotations

from time import monotonic

import numpy as np

from scheduler.domain import Instance, Schedule
from scheduler.search.blocking.arrays import (
    TAKES,
    Problem,
    Solution,
    lower,
    raise_solution,
    to_schedule,
)
from scheduler.search.blocking.sequences import settle
from scheduler.search.blocking.timing import HEAD, time_all
from scheduler.search.blocking.walk import walk
from scheduler.search.blocking.warm import KERNELS
from scheduler.search.tabu.arrays import Ints
from scheduler.search.threads import CompiledSearch, OnBetter

HOT, COLD = 0.6, 0.1
"""Temperatures at the beginning and the end of a round, in mean durations."""
FIRST_SHARE = 0.15
"""Share of the time that the first round of the first thread takes; all others take the time that is left."""
LEAST_SECONDS = 1.0
"""Length of a round at least."""
ROUND = 8_000
"""Iterations of the first round per operation where work is counted; each takes twice as many as the one before."""
CHUNK_WORK = 5_000_000
"""Operations times iterations of one compiled call: a tenth of a second or two."""


class BlockingSearch(CompiledSearch[Solution]):
    """A search for the least makespan where machines have no buffers.

    Parameters
    ----------
    instance
        An instance that `scheduler.search.blocking.arrays.why_unsupported` has nothing against.
    start
        A schedule that is known; only better ones are reported.
    seed
        Random seed; with one thread the same seed gives the same sequence of better schedules.
    on_better
        Called, from a thread of the search, with every makespan below all before.
    """

    name = "blocking"
    kernels = KERNELS
    small = 50
    provable = 100

    def __init__(self, instance: Instance, start: Schedule, seed: int, on_better: OnBetter) -> None:
        self.instance = instance
        self.seed = seed
        self.problem, empty = lower(instance)
        self.given = raise_solution(instance, start, self.problem, empty)
        super().__init__(start.makespan, on_better)

    def rehearse(self) -> None:
        """Run every compiled function once, so that all of them are in the cache; the walk comes last."""
        self.kernels.forget_stale()
        self.advance(10)

    def stepper(self, number: int) -> Annealing:
        """Return the rounds of a thread."""
        return Annealing(self, number)

    def read(self, found: Solution) -> Schedule:
        """Return a solution as a schedule."""
        memory = Memory(self.problem, found)
        time_all(self.problem.jobs, found.ops, found.instants, memory.times, memory.lists)
        return to_schedule(self.instance, self.problem, found, memory.times[HEAD])


class Memory:
    """Room to work in, for one thread."""

    def __init__(self, problem: Problem, solution: Solution) -> None:
        num_ops, num_instants = solution.ops.shape[1], solution.instants.shape[1]
        num_jobs = problem.jobs.shape[1] - 1
        self.times: Ints = np.zeros((8, num_instants), np.int64)
        self.lists: Ints = np.zeros((5, num_jobs), np.int64)
        self.marks: Ints = np.full((5, num_instants), -1, np.int64)
        self.on_machine: Ints = np.full(problem.num_machines, -1, np.int64)
        self.log: Ints = np.zeros((4, 4 * num_ops + 4), np.int64)
        self.path: Ints = np.zeros((2, num_instants), np.int64)


class Annealing:
    """One thread's rounds of annealing: by the clock where the end is known, else by counted work."""

    def __init__(self, search: BlockingSearch, number: int) -> None:
        self._search = search
        self._number = number
        self._rng = np.random.default_rng((search.seed, number))
        self._current = search.given.copy()
        for machine in range(search.problem.num_machines):
            settle(self._current.ops, self._current.ends, machine)
        self._memory = Memory(search.problem, self._current)
        num = self._current.ops.shape[1]
        self._scale = float(np.mean(search.problem.alts[TAKES])) or 1.0
        self._chunk = max(1, CHUNK_WORK // num)
        self._rounds = 0
        self._began_at, self._length = 0.0, 0.0
        self._done, self._work = 0, ROUND * num

    def _share(self) -> float:
        """Return which share of the round is over, beginning a new one where it is all."""
        search = self._search
        ends_at = search.ends_at
        if ends_at is None:
            if self._done >= self._work:
                self._done, self._work = 0, 2 * self._work
            return self._done / self._work
        now = monotonic()
        if now >= self._began_at + self._length:
            is_first = self._number == self._rounds == 0
            self._began_at = now
            self._length = max(LEAST_SECONDS, (FIRST_SHARE if is_first else 1.0) * (ends_at - now))
            self._rounds += 1
        return (now - self._began_at) / self._length

    def step(self) -> None:
        """Make one compiled call, at the temperature of its time."""
        search, memory, problem = self._search, self._memory, self._search.problem
        heat = self._scale * HOT * (COLD / HOT) ** self._share()
        found = self._current.copy()
        value, _, done = walk(
            problem.jobs,
            problem.choices,
            problem.alts,
            problem.has_swaps,
            *self._current,
            *found,
            memory.times,
            memory.lists,
            memory.marks,
            memory.on_machine,
            memory.log,
            memory.path,
            heat,
            int(self._rng.integers(1 << 30)),
            self._chunk,
            search.target,
            search.stopping,
        )
        search.iterations += max(done, 1)
        self._done += self._chunk
        search.offer(int(value), found)
