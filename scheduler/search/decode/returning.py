"""Returning: walks for little change, where starts count.

Walks of two kinds take turns. One goes on from the best solution. The other begins with the plan in force: what it does
not have to touch stays as it was, so if it comes down to a good value at all, it is often much nearer to the plan. It
would hardly come down if an earlier tier outweighed all later ones, as then nothing that lowers the value is too dear,
and nothing that raises it for a moment is cheap enough. So there a unit of the value beyond its aspiration has a price
in ticks of deviation, which rises from call to call (a penalty method; Glover and Hao 2011, "The case for strategic
oscillation", Annals of Operations Research 183). What is reported is judged by the objective alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scheduler.domain.horizon import usual_duration
from scheduler.search.decode.memory import Memory
from scheduler.search.decode.value import BEYOND, TIMES_OF
from scheduler.search.decode.walks import Walks

if TYPE_CHECKING:
    from scheduler.search.decode.engine import FactorySearch

CALLS = 8
"""Compiled calls of a walk."""
HOT, COLD = 2.0, 0.05
"""Temperatures of annealing at the first call and at the last, in typical durations."""
CHEAP, RISE = 16, 2
"""Price of a unit of the value beyond its aspiration at the first call, in ticks, and its growth from call to call."""


class Returns(Walks):
    """One thread's walks for little change; every other thread begins with the plan in force."""

    def __init__(self, search: FactorySearch, number: int) -> None:
        super().__init__(search, number)
        goal = search.goal
        self._typical = goal.stay * usual_duration(search.lowered.instance)
        self._tiers = goal.weights[len(search.lowered.plans) + 1 :]
        self._lenient = Memory(search.lowered, replace(goal, weights=goal.weights.copy()))
        self._chunk = max(1, self._chunk // 2)
        self._call = 0
        self._is_from_plan = number % 2 == 0

    def step(self) -> None:
        """Make one compiled call; begin a walk where one has ended, if there is any way to."""
        search, judge = self.search, self.judge
        for solution in search.taken():
            search.offer(judge.decode(solution), solution)
            self._call = 0
        if self._call == 0 and not self._begin():
            search.iterations += self._chunk  # so that a caller who counts does not wait for ever
            return
        memory, is_judge = self._memory, self._memory is judge
        if not is_judge:
            self._set_price(CHEAP * RISE**self._call)
            memory.enter(memory.current, self._history)
        memory.heat(int(self._typical * HOT * (COLD / HOT) ** (self._call / (CALLS - 1))))
        self._call = (self._call + 1) % CALLS
        seed = int(self._rng.integers(1 << 30))
        target = search.target if is_judge else 0
        done = memory.walk(self._shares, seed, self._chunk, target, search.settings.prunes, search.stopping)
        search.iterations += max(done, 1)
        search.offer(memory.best_value if is_judge else judge.decode(memory.best), memory.best)

    def _begin(self) -> bool:
        """Begin a walk of the other kind than the last one, with what there is; return whether that was possible."""
        search, known = self.search, self.search.found
        self._is_from_plan = not self._is_from_plan
        if known is None or self._is_from_plan:
            self._memory = self._lenient
            if self._memory.enter(self._best_of(search.plan)[0], self._history):
                return True
        if known is None:
            found = self.greedy()
            if found is None:
                return False
            known = found[1]
        self._memory = self.judge
        return self._memory.enter(known, self._history)

    def _set_price(self, price: int) -> None:
        """Let a unit of the value beyond its aspiration cost so many ticks, if that is less than it outweighs."""
        rows = self._lenient.goal.weights[len(self.search.lowered.plans) + 1 :]
        rows[:, BEYOND] = np.minimum(self._tiers[:, TIMES_OF], price * self.search.goal.stay)
