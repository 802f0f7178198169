"""A thread's own memory, and the compiled walk that its objective asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scheduler.search.tabu.arrays import Ints, Problem, Solution
from scheduler.search.tabu.carried import run_carried
from scheduler.search.tabu.critical import N5, N6, N7, TABU
from scheduler.search.tabu.regular import run_regular
from scheduler.search.tabu.settings import Settings
from scheduler.search.tabu.transports import Carried
from scheduler.search.tabu.walk import VISITS, run
from scheduler.search.tabu.weights import Weights

BLOCKS = {"N5": N5, "N6": N6, "N7": N7}
MIN_TENURE = 10
LONGEST = 4
"""Factor by which a tenure may grow while the walk goes in circles."""


class Walker:
    """Walks through solutions of one problem, for one thread."""

    def __init__(self, problem: Problem | Carried, weights: Weights, settings: Settings) -> None:
        num_operations, num_machines = problem.ops.shape[1] - 1, problem.machines.shape[1] - 1
        num_jobs = weights.jobs.shape[1] - 1
        self._problem = problem
        self._weights = weights
        self._blocks = BLOCKS[settings.neighbourhood]
        self._tenure = max(1, round(settings.tenure * (MIN_TENURE + num_jobs // max(num_machines, 1))))
        self._reacts = settings.reactive
        self._memory = (
            np.zeros(TABU, np.int64),
            np.zeros((2, VISITS + 1), np.int64),
            np.zeros(num_operations, np.int64),
        )
        self._by_job: tuple[Ints | int, ...] = (
            (np.zeros((5, num_operations), np.int64),)
            if isinstance(problem, Carried)
            else ()
            if weights.is_makespan
            else (
                weights.jobs,
                weights.levels,
                weights.offset,
                np.zeros((num_operations, num_jobs), np.int64),
                np.zeros((4, num_jobs), np.int64),
                np.zeros(num_jobs, np.int64),
                np.zeros((2, num_operations), np.int64),
            )
        )

    def run(
        self, current: Solution, found: Solution, seed: int, iterations: int, target: int, stop: Ints
    ) -> tuple[int, int]:
        """Walk on from `current`, leave the best solution met in `found`; return its value and the iterations done."""
        compiled: Callable[..., tuple[int, int]] = run if self._weights.is_makespan else run_regular
        neighbourhood: tuple[int, ...] = (self._blocks,)
        if isinstance(self._problem, Carried):
            compiled, neighbourhood = run_carried, ()
        value, done = compiled(
            *self._problem,
            *current,
            *found,
            *self._memory,
            *self._by_job,
            seed,
            iterations,
            iterations,
            target,
            self._tenure,
            self._tenure * LONGEST if self._reacts else self._tenure,
            *neighbourhood,
            stop,
        )
        return int(value), int(done)
