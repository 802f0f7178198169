"""The good and different solutions that all threads share."""

from __future__ import annotations

from threading import Lock

import numpy as np

from scheduler.search.tabu.arrays import Solution
from scheduler.search.tabu.build import distance

ALIKE = 0.2
"""Share of operations in which two elite solutions must differ at least."""
FEW = 3
"""Solutions from which on new ones may begin between two of them."""
ANEW = 0.3
"""How often a new solution begins from nothing while there is room."""
STALE = 3
"""The elite is exhausted after so many solutions, for each it holds, that were not good enough for it."""


class Elite:
    """At most `size` solutions; exhausted, it begins anew.

    Parameters
    ----------
    size
        Solutions to hold.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._members: list[tuple[int, Solution]] = []
        self._refused = 0
        self._lock = Lock()

    @property
    def values(self) -> list[int]:
        """The values of the members."""
        return sorted(value for value, _ in self._members)

    def keep(self, value: int, solution: Solution) -> None:
        """Take a solution in, in place of one that is alike or of the worst, if it is better than that."""
        with self._lock:
            differences = [distance(solution.state, other.state) for _, other in self._members]
            if differences and min(differences) < ALIKE * solution.state.shape[1]:
                position = int(np.argmin(differences))
            elif len(self._members) < self._size:
                self._members.append((value, solution))
                self._refused = 0
                return
            else:
                position = max(range(len(self._members)), key=lambda k: self._members[k][0])
            if value < self._members[position][0]:
                self._refused = 0
            else:
                self._refused += 1
            if value <= self._members[position][0]:
                self._members[position] = (value, solution)
            if self._refused > STALE * self._size:
                self._members.clear()
                self._refused = 0

    def pair(self, rng: np.random.Generator) -> tuple[Solution, Solution] | None:
        """Return two members, None if a new solution is wanted instead."""
        with self._lock:
            members = [solution for _, solution in self._members]
        if len(members) < min(FEW, self._size) or (len(members) < self._size and rng.random() < ANEW):
            return None
        one, other = rng.choice(len(members), 2, replace=False)
        return members[one], members[other]
