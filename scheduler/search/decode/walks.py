"""Walks of the factory search: what a thread does, from greedy schedules, the elite, and what others have found.

Most walks are short, by late acceptance. Where nothing but the makespan counts, there are longer and longer ones
between them that anneal (Kirkpatrick, Gelatt and Vecchi 1983, Science 220, "Optimization by simulated annealing"), from
the best solution of all, at a temperature in proportion to the makespan.
"""

from __future__ import annotations

from math import inf
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from scheduler.search.decode.layout import NEVER
from scheduler.search.decode.memory import Memory
from scheduler.search.decode.slope import NEAR, is_makespan, sloped
from scheduler.search.decode.solution import Solution, blank

if TYPE_CHECKING:
    from scheduler.search.decode.engine import FactorySearch

CHUNK_WORK = 400_000
"""Units times iterations of one compiled call: some tenths of a second."""
WINDOWS = (0.0, 0.5, -1.0)
"""Windows of the greedy schedules; see `scheduler.search.decode.greedy`."""
GREEDIES = 24
"""Noisy greedy schedules of which a walk begins with the best."""
NOISE = (0.0, 0.1, 0.3)
"""Strengths of the noise in standard deviations of the ranks."""
MIXING = 4
"""Power to which the shares of the rules in a mixture are raised: most of them are small."""
GRAIN = 1000
"""Integer ranks for one standard deviation."""
AS_PLANNED = 0.3
"""Share of the walks that begin with the plan in force, where it is to be kept."""
LONGER, IDLE_HISTORIES = 8, 6
"""Steps of the memories of longer and longer walks, and how many of them a walk waits for a better solution."""
ANNEALING, LENGTHENED = 160, 4
"""Iterations for each unit of the shortest annealing, and steps to longer ones."""
HOT, COLD = 0.012, 0.006
"""Temperatures of annealing at the beginning and at the end, as shares of the makespan."""
NEW = 0.2
"""Share of the walks that begin with a greedy schedule, once there is an elite."""


class Walks:
    """One thread's walks, one after the other: from greedy schedules, from the elite, from what others have found."""

    def __init__(self, search: FactorySearch, number: int) -> None:
        self.search = search
        self._rng = np.random.default_rng((search.seed, number))
        self.judge = Memory(search.lowered, search.goal)
        self._memory = self.judge  # that of the walk: another one where it sees more than the objective
        num_units = max(1, len(search.lowered.free))
        settings = search.settings
        self._patience = settings.patience * num_units
        self._history = settings.history
        self._num_walks = number % 2 * 2  # so that of two threads one begins with a long walk
        # A sum goes down step by step; a maximum stays for long, as where all has to be done before a shift ends.
        self._grows = search.goal.is_maximum and not search.plan
        self._slopes = self._grows and is_makespan(search.goal)
        self._length = self._walked = 0  # iterations of an annealing, and those of the walk so far
        self._limit = 0
        self._reached = NEVER
        self._chunk = max(1, CHUNK_WORK // num_units)
        parts = (settings.shifts, settings.openings, settings.drifts, settings.modes, *settings.turns)
        self._shares = np.cumsum(np.array(parts))[-2::-1] / sum(parts)
        self._is_walking = False
        self._number = number
        self._is_first = True

    def step(self) -> None:
        """Make one compiled call; where the walk has ended, begin the next one, if there is any way to."""
        search = self.search
        given = search.taken()
        if given:
            self._take(given)
        if not self._is_walking:
            if not self._begin() or not self._is_walking or search.stopping[0]:
                search.iterations += self._chunk  # so that a caller who counts does not wait for ever
                return
            self._set_out(self._history)
            search.offer(self._reached, self._memory.best)
        memory = self._memory
        before, is_judge = memory.best_value, memory is self.judge
        memory.heat(self._heat())
        seed = int(self._rng.integers(1 << 30))
        target = search.target if is_judge else 0
        done = memory.walk(self._shares, seed, self._chunk, target, search.settings.prunes, search.stopping)
        search.iterations += max(done, 1)
        self._walked += done
        if memory.best_value < before:
            value = memory.best_value if is_judge else self.judge.decode(memory.best)
            if value < self._reached:
                self._reached = value
                search.offer(value, memory.best)
            if not is_judge and value <= self._limit:
                self.judge.enter(memory.best, self._history)
                self._set_out(self._history)
        elif self._has_ended:
            search.keep(memory.best_value if is_judge else self.judge.decode(memory.best), memory.best)
            self._is_walking = False

    def _take(self, given: list[Solution]) -> None:
        """Walk on from the best of what others have found, or keep it for later walks."""
        search = self.search
        best, value = self._best_of(given)
        if not self._is_walking or (value < self._reached and not self._is_long):
            self._length, self._history = 0, search.settings.history  # not as the walk that has ended
            self._is_walking = value < NEVER and self.judge.enter(best, self._history)
            self._set_out(self._history)
            return
        if self._is_long and value < NEVER:
            search.keep(value, best)
        if self._memory is self.judge:
            self._memory.resume()

    def _set_out(self, history: int) -> None:
        """Walk on from what has been entered; where only the makespan counts, on a slope."""
        search, self._memory = self.search, self.judge
        self._reached = self.judge.best_value
        if self._slopes and self._reached < NEVER:
            self._limit = int(NEAR * self._reached)
            self._memory = Memory(search.lowered, sloped(search.goal, self._limit))
            self._memory.enter(self.judge.best, history)

    def greedy(self, is_first: bool = False, seconds: float = inf) -> tuple[int, Solution] | None:
        """Return the best of a number of greedy schedules with its value; without noise if it is the first of all.

        After so many seconds no further one begins, if there is one.
        """
        search, rng, memory = self.search, self._rng, self.judge
        found: tuple[int, Solution] | None = None
        rules = search.rules
        tries = [(rule, window) for rule in rules for window in WINDOWS]
        began_at = monotonic()
        for k in range(len(tries) if is_first else GREEDIES):
            if search.stopping[0] or (found is not None and monotonic() - began_at > seconds):
                break
            if is_first:
                ranks, window = tries[k]
            else:
                # A mixture of the rules, some of them left out, with noise.
                shares = rng.random(len(rules)) ** MIXING
                ranks = shares @ rules + rng.choice(NOISE) * rng.standard_normal(rules.shape[1])
                window = rng.choice(WINDOWS)
            solution = blank(search.lowered, None if is_first else rng)
            if not memory.greedy(solution, (GRAIN * ranks).astype(np.int64), window, 0.0):
                continue
            value = memory.decode(solution)
            if value < NEVER and (found is None or value < found[0]):
                found = value, solution
                if is_first:
                    search.offer(value, solution)
        return found

    def _best_of(self, solutions: list[Solution]) -> tuple[Solution, int]:
        """Return the one of several solutions whose decode is the best, with its value."""
        values = [self.judge.decode(solution) for solution in solutions]
        best = min(range(len(values)), key=values.__getitem__)
        return solutions[best], values[best]

    @property
    def _is_long(self) -> bool:
        """Whether the walk anneals, or has a longer memory than most."""
        return self._length > 0 or self._history > self.search.settings.history

    @property
    def _has_ended(self) -> bool:
        """Whether the annealing is cold, or late acceptance has not found anything for long."""
        if self._length > 0:
            return self._walked >= self._length
        return self._memory.idle > max(self._patience, IDLE_HISTORIES * self._history)

    def _heat(self) -> int:
        """Return the temperature of annealing, 0 for late acceptance.

        It is ``HOT (COLD / HOT)^s`` of the best value, where a share *s* of the walk is done.
        """
        if self._length == 0:
            return 0
        share = HOT * (COLD / HOT) ** min(1.0, self._walked / self._length)
        return max(1, int(share * self._memory.best_value))

    def _begin(self) -> bool:
        """Begin a walk; return whether that was possible."""
        search, memory = self.search, self.judge
        known = search.elite(self._rng)
        self._num_walks += 1
        level = longer(self._num_walks) if self._grows else 0
        anneals = self._slopes and level > 0
        self._length = ANNEALING * len(search.lowered.free) * LENGTHENED ** (level - 1) if anneals else 0
        self._walked = 0
        history = self._history = search.settings.history * (1 if self._slopes else LONGER**level)
        follows = self._number % 2 == 0 if self._is_first else self._rng.random() < AS_PLANNED
        self._is_first = False
        if search.plan and follows:
            self._is_walking = memory.enter(self._best_of(search.plan)[0], history)
            if self._is_walking:
                return True
        if self._length > 0 and search.found is not None:
            self._is_walking = memory.enter(search.found, history)
        elif known is not None and not self._is_long and self._rng.random() >= NEW:
            self._is_walking = memory.enter(known, history)
            memory.kick(self._shares, int(self._rng.integers(1 << 30)), search.settings.kicks, history)
        else:
            found = self.greedy()
            if found is None:
                return known is not None
            self._is_walking = memory.enter(found[1], history)
        return True


def longer(number: int) -> int:
    """Return by how many steps a walk is longer, by its number from 1 on: 0, 0, 1, 0, 0, 1, 2, 0, 0, 1, ...

    The restarts of Luby, Sinclair and Zuckerman (1993, Information Processing Letters 47, "Optimal speedup of Las
    Vegas algorithms"): nobody knows beforehand how long a walk should be.
    """
    size, level = 1, 0
    while size < number:
        size, level = 2 * size + 1, level + 1
    while size > number:
        size, level = (size - 1) // 2, level - 1
        number = number if number <= size else number - size
    return level
