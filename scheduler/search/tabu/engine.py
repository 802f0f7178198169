"""The compiled search as an engine: threads that walk, an elite that they share, better schedules as they come."""

from __future__ import annotations

import numpy as np

from scheduler.domain import Instance, Schedule
from scheduler.search.tabu.arrays import (
    ALTS_AT,
    BROKEN,
    DUE,
    FLOW,
    JOB,
    LATE,
    PROMISED,
    SUCCS_AT,
    Problem,
    Reals,
    Solution,
    new_solution,
)
from scheduler.search.tabu.build import distance
from scheduler.search.tabu.elite import Elite
from scheduler.search.tabu.settings import DEFAULT, Settings
from scheduler.search.tabu.space import RestSpace, Space, space_of
from scheduler.search.tabu.timing import time_all
from scheduler.search.tabu.transports import Carried
from scheduler.search.tabu.walker import Walker
from scheduler.search.tabu.warm import KERNELS
from scheduler.search.tabu.weights import NEVER, Weights
from scheduler.search.threads import CompiledSearch, OnBetter

CHUNK = 4_000
"""Iterations of one compiled call; tabu lists are forgotten between calls."""
CHUNK_WORK = 10_000_000
"""Most operations times iterations of one call: some tenths of a second."""
TRAIL = 15
"""Iterations per operation without improvement after which a trail is given up ..."""
WIDE_TRAIL = 100
"""... and where many jobs wait for few machines: there a single trail leads far down."""
WIDE = 2.0
"""Jobs for each machine from which on an instance is wide ..."""
INFLEXIBLE = 1.5
"""... if its operations have fewer alternatives than this on average."""
WIDE_ELITE = 0.5
"""Share of the elite that a wide instance has time to fill."""
MIDDLING = 0.5
"""Weight of the work remaining in the greedy solutions that the first trails begin with."""
NOISE = 0.3
"""Share by which greedy solutions blur the work remaining."""
NOTHING = 1 << 60
"""Value of a trail that has found nothing yet."""
BETWEEN = (0.3, 0.7)
"""How far on the way from one elite solution to another a trail may begin."""


class TabuSearch(CompiledSearch[Solution]):
    """A tabu search for a regular objective.

    Parameters
    ----------
    instance
        An instance that `scheduler.search.tabu.arrays.why_unsupported` has nothing against.
    weights
        The objective, as `scheduler.search.tabu.weights.weigh` gives it; values are those of `Weights.value`.
    start
        A schedule that is known; only better ones are reported.
    seed
        Random seed; with one thread the same seed gives the same sequence of better schedules.
    on_better
        Called, from a thread of the search, with every value below all before.
    settings
        What can be varied.
    before
        A search on the same instance, whatever its objective.
    """

    name = "tabu"
    kernels = KERNELS

    def __init__(
        self,
        instance: Instance,
        weights: Weights,
        start: Schedule,
        seed: int,
        on_better: OnBetter,
        settings: Settings = DEFAULT,
        before: TabuSearch | None = None,
    ) -> None:
        self.weights = weights
        self.settings = settings
        self.seed = seed
        known = None if before is None else before.space
        self.space: Space = (
            known.weighed(weights) if isinstance(known, RestSpace) else space_of(instance, weights, start)
        )
        self.problem = self.space.problem
        num_machines = len(instance.machines)
        flexibility = self.problem.alts.shape[1] / (self.problem.ops.shape[1] - 1)
        self.is_wide = len(instance.jobs) >= WIDE * num_machines and flexibility < INFLEXIBLE
        self.elite = Elite(max(1, round(settings.elite * (WIDE_ELITE if self.is_wide else 1.0))))
        self._urgency = _urgency(self.problem, weights)
        self.known = start
        super().__init__(weights.value(instance, start), on_better)

    @property
    def kernel(self) -> str:
        """Module and name of the compiled walk."""
        return "carried.run_carried" if isinstance(self.problem, Carried) else self.weights.kernel

    def rehearse(self) -> None:
        """Run every compiled function once, so that all of them are in the cache; the walk comes last."""
        self.kernels.forget_stale()
        rng = np.random.default_rng(self.seed)
        one, other = (self.fresh(rng, MIDDLING) for _ in range(2))
        between = self.space.blend(one, other, 0.5, 0)
        self.space.rehearse(one)
        distance(one.state, other.state)
        Walker(self.problem, self.weights, self.settings).run(between, other, 0, 10, 0, self.stopping)

    def stepper(self, number: int) -> _Trails:
        """Return the trails of a thread."""
        return _Trails(self, number)

    def read(self, found: Solution) -> Schedule:
        """Return a timed solution as a schedule."""
        return self.space.schedule(found)

    def first(self, number: int, rng: np.random.Generator) -> Solution:
        """Return what a thread's first trail begins with: after an event, the baseline with little changed."""
        given = self.space.solution(self.known) if self.settings.starts == "given" else None
        if given is None:
            return self.fresh(rng, MIDDLING)
        if not isinstance(self.space, RestSpace):
            return given if number == 0 else self.fresh(rng, MIDDLING)
        problem = self.problem
        time_all(problem.ops, problem.links, problem.machines, problem.times, given.state)
        return self.space.reinserted(given, number, self.stopping)

    def fresh(self, rng: np.random.Generator, urgency: float) -> Solution:
        """Return a new solution that minds the work remaining and the due dates by this weight."""
        if self.settings.starts == "random":
            urgency = 0.0
        by_beam = self.settings.starts == "beam" and self.weights.is_makespan
        build = self.space.beam if by_beam else self.space.greedy
        return build(self._urgency, urgency, NOISE, int(rng.integers(1 << 30)))


class _Trails:
    """One thread's trails, one after the other: from a fresh solution at first, then from between elite ones."""

    def __init__(self, search: TabuSearch, number: int) -> None:
        self._search = search
        self._rng = np.random.default_rng((search.seed, number))
        self._walker = Walker(search.problem, search.weights, search.settings)
        num_operations = search.problem.ops.shape[1] - 1
        self._patience = search.settings.patience * num_operations * (WIDE_TRAIL if search.is_wide else TRAIL)
        self._chunk = max(1, min(CHUNK, CHUNK_WORK // num_operations))
        # Trails from greedy solutions end lower than trails from the constructed schedule, even where that is better.
        self._current = search.first(number, self._rng)
        self._best: Solution | None = None
        self._value, self._idle = NOTHING, 0

    def step(self) -> None:
        """Make one compiled call; where the trail has ended, begin the next one."""
        search = self._search
        found = new_solution(search.problem)
        iterations = min(self._chunk, int(self._patience - self._idle) + 1)
        seed = int(self._rng.integers(1 << 30))
        reached, done = self._walker.run(self._current, found, seed, iterations, search.target, search.stopping)
        done = max(done, 1)  # a start at the target, or without a move, must not hold up the count
        search.iterations += done
        self._idle += done
        if reached < self._value:
            self._best, self._value, self._idle = found, reached, 0
            search.offer(reached, found)
        if self._idle >= self._patience:
            if self._best is not None:
                search.elite.keep(self._value, self._best)
            self._current, self._best, self._value, self._idle = self._next(), None, NOTHING, 0

    def _next(self) -> Solution:
        """Return where the next trail begins: between two elite solutions, or anew while there are few."""
        search, rng = self._search, self._rng
        pair = search.elite.pair(rng) if search.settings.relinking else None
        if pair is None:
            return search.fresh(rng, rng.random())
        return search.space.blend(*pair, rng.uniform(*BETWEEN), int(rng.integers(1 << 30)))


def _urgency(problem: Problem | Carried, weights: Weights) -> Reals:
    """Return what makes an operation urgent: the work left in its job, in its shortest modes, less the due date.

    For flow times alone it is the other way round: what is soon done goes first.
    """
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
    is_due, is_promised = weights.jobs[LATE].any(), weights.jobs[BROKEN].any()
    if weights.jobs[FLOW, :-1].any() and not is_due and not is_promised:
        return -left
    if not weights.is_makespan:
        dues = weights.jobs[DUE if is_due or not is_promised else PROMISED, :-1]
        known = dues[dues < NEVER]
        if known.size:
            left -= np.minimum(dues, known.max())[problem.ops[JOB, :-1]]
    return left
