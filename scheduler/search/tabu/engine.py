"""The compiled search as an engine: threads that walk, an elite that they share, better schedules as they come."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread
from time import monotonic

import numpy as np

from scheduler.domain import Instance, Schedule
from scheduler.domain.horizon import horizon
from scheduler.search.tabu.arrays import (
    ALTS_AT,
    SUCCS_AT,
    Problem,
    Reals,
    Solution,
    lower,
    new_solution,
    to_schedule,
)
from scheduler.search.tabu.build import blend, distance, greedy
from scheduler.search.tabu.walk import ARCS, run

CHUNK = 4_000
"""Iterations of one compiled call; tabu lists are forgotten between calls."""
TRAIL = 400
"""Iterations per operation without improvement after which a trail is given up."""
ELITE = 8
"""Solutions kept for blending."""
MIDDLING = 0.5
"""Weight of the work remaining in the greedy solutions that the first trails begin with."""
ALIKE = 0.03
"""Share of operations in which two elite solutions must differ at least."""

OnBetter = Callable[[int], None]


class TabuSearch:
    """A tabu search for the makespan; `start` runs it in threads of its own until `finish`.

    Parameters
    ----------
    instance
        An instance that `scheduler.search.tabu.arrays.why_unsupported` has nothing against.
    start
        A schedule that is known; only better ones are reported.
    seed
        Random seed; with one thread and no time limit the same seed gives the same search.
    on_better
        Called, from a thread of the search, with every makespan below all before.
    """

    def __init__(self, instance: Instance, start: Schedule, seed: int, on_better: OnBetter) -> None:
        self._instance = instance
        self._problem = lower(instance, 4 * horizon(instance))
        self._remaining = _remaining(self._problem)
        self._seed = seed
        self._on_better = on_better
        self._target = 0
        self._value = start.makespan
        self._best: Solution | None = None
        self._elite: list[tuple[int, Solution]] = []
        self._lock = Lock()
        self._stop = np.zeros(1, np.int64)
        self._threads: list[Thread] = []

    def start(self, num_threads: int) -> None:
        """Begin to search with so many more threads; the first call ever compiles, in the thread."""
        running = len(self._threads)
        for number in range(running, running + num_threads):
            thread = Thread(target=self._work, args=(number,), name=f"tabu-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def rehearse(self) -> None:
        """Run every compiled function once, so that all of them are in the cache."""
        rng = np.random.default_rng(self._seed)
        one, other, between, found = (self._new(rng), self._new(rng), self._new(rng), new_solution(self._problem))
        problem = self._problem
        num = problem.ops.shape[1] - 1
        memory = (
            np.zeros(ARCS, np.int64),
            np.zeros((num, problem.machines.shape[1] - 1), np.int64),
            np.zeros(num, np.int64),
        )
        for solution in (one, other):
            run(*problem, *solution, *found, *memory, 0, 10, 10, 0, 5, self._stop)
        blend(problem.alts, one.state, other.state, *between, 0.5, 0)
        distance(one.state, other.state)

    def aim(self, target: int) -> None:
        """End the search at a makespan of at most `target`, a proved bound."""
        self._target = max(self._target, target)
        if self._value <= self._target:
            self._stop[0] = 1

    def best(self) -> Schedule | None:
        """Return the best schedule found, None if none is better than the start."""
        with self._lock:
            best = self._best
        return None if best is None else to_schedule(self._instance, self._problem, best)

    def wait(self, seconds: float) -> None:
        """Wait for the search to end, at its target or stopped, this long at the most."""
        deadline = monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))

    def stop(self) -> None:
        """Let the threads end soon; any thread may ask for it."""
        self._stop[0] = 1

    def finish(self, patience: float = 0.1) -> None:
        """End the search; a thread that still compiles after `patience` seconds is left behind."""
        self.stop()
        self.wait(patience)

    def _work(self, number: int) -> None:
        problem = self._problem
        rng = np.random.default_rng((self._seed, number))
        num_operations = problem.ops.shape[1] - 1
        num_machines = problem.machines.shape[1] - 1
        memory = (
            np.zeros(ARCS, np.int64),
            np.zeros((num_operations, num_machines), np.int64),
            np.zeros(num_operations, np.int64),
        )
        tenure = 10 + len(self._instance.jobs) // max(num_machines, 1)
        # Measured: trails from greedy starts end lower than trails from the (better) constructed schedule.
        current = self._new(rng, MIDDLING)
        while not self._stop[0]:
            trail: Solution | None = None
            value, idle = 1 << 60, 0
            while not self._stop[0] and idle < TRAIL * num_operations:
                found = new_solution(problem)
                reached, iterations = run(
                    *problem,
                    *current,
                    *found,
                    *memory,
                    int(rng.integers(1 << 30)),
                    CHUNK,
                    CHUNK,
                    self._target,
                    tenure,
                    self._stop,
                )
                idle += max(iterations, 1)
                if reached < value:
                    trail, value, idle = found, reached, 0
                    self._offer(value, found)
            if trail is not None:
                self._keep(value, trail)
            current = self._next(rng)

    def _new(self, rng: np.random.Generator, urgency: float | None = None) -> Solution:
        solution = new_solution(self._problem)
        weight = rng.random() if urgency is None else urgency
        greedy(*self._problem, *solution, self._remaining, weight, 0.3, int(rng.integers(1 << 30)))
        return solution

    def _next(self, rng: np.random.Generator) -> Solution:
        """Return where the next trail begins: between two elite solutions, or anew while there are few."""
        with self._lock:
            elite = list(self._elite)
        if len(elite) < 3 or (len(elite) < ELITE and rng.random() < 0.3):
            return self._new(rng)
        one, other = rng.choice(len(elite), 2, replace=False)
        solution = new_solution(self._problem)
        share = rng.uniform(0.3, 0.7)
        blend(
            self._problem.alts,
            elite[one][1].state,
            elite[other][1].state,
            *solution,
            share,
            int(rng.integers(1 << 30)),
        )
        return solution

    def _keep(self, value: int, solution: Solution) -> None:
        """Put a solution into the elite, in place of one that is alike or of the worst, if it is not worse."""
        with self._lock:
            differences = [distance(solution.state, other.state) for _, other in self._elite]
            if differences and min(differences) < ALIKE * solution.state.shape[1]:
                position = int(np.argmin(differences))
            elif len(self._elite) < ELITE:
                self._elite.append((value, solution))
                return
            else:
                position = max(range(len(self._elite)), key=lambda k: self._elite[k][0])
            if value <= self._elite[position][0]:
                self._elite[position] = (value, solution)

    def _offer(self, value: int, solution: Solution) -> None:
        with self._lock:
            if value >= self._value:
                return
            self._value, self._best = value, solution
        self._on_better(value)
        self.aim(0)


def _remaining(problem: Problem) -> Reals:
    """Return the work left in the job from each operation on, in its shortest modes."""
    ops, links, alts = problem.ops, problem.links, problem.alts
    num = ops.shape[1] - 1
    left = np.zeros(num)
    waiting = np.diff(ops[SUCCS_AT]).copy()
    ready = [o for o in range(num) if waiting[o] == 0]
    preds: list[list[int]] = [[] for _ in range(num)]
    for a in range(num):
        for b in links[0, ops[SUCCS_AT, a] : ops[SUCCS_AT, a + 1]]:
            preds[b].append(a)
    for o in ready:
        after = links[0, ops[SUCCS_AT, o] : ops[SUCCS_AT, o + 1]]
        left[o] = max((left[b] for b in after), default=0.0) + alts[1, ops[ALTS_AT, o] : ops[ALTS_AT, o + 1]].min()
        for a in preds[o]:
            waiting[a] -= 1
            if waiting[a] == 0:
                ready.append(a)
    return left
