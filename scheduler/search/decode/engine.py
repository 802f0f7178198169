"""The factory search as an engine: threads that walk, the best solution that they share, better ones as they come."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import NDArray

from scheduler.domain import Instance, Objective, Schedule
from scheduler.search.decode.goal import Goal, set_goal
from scheduler.search.decode.imitation import imitations
from scheduler.search.decode.latest import guess_latest, known_ends
from scheduler.search.decode.layout import NEVER
from scheduler.search.decode.lower import Lowered, lower
from scheduler.search.decode.memory import Memory
from scheduler.search.decode.returning import Returns
from scheduler.search.decode.settings import DEFAULT, Settings
from scheduler.search.decode.solution import Solution, carried_over, to_schedule
from scheduler.search.decode.walks import Walks
from scheduler.search.decode.warm import KERNELS
from scheduler.search.threads import CompiledSearch, OnBetter

PROLONGED = 4
"""Times the plan in force, with all downtimes, after which nothing ends in a repair with very many tiers."""
ELITE = 6
"""Solutions that are kept to begin walks with."""


class FactorySearch(CompiledSearch[Solution]):
    """A local search on orders of units; schedules of others may be given to it.

    Parameters
    ----------
    lowered
        The instance.
    goal
        The objective; values are those of `scheduler.search.decode.value`.
    seed
        Random seed; with one thread the same seed gives the same sequence of better schedules.
    on_better
        Called, from a thread of the search, with every value below all before.
    settings
        What can be varied.
    before
        Where starts count: an ended search on the same instance, for the value alone.
    """

    name = "factory"
    kernels = KERNELS

    def __init__(
        self,
        lowered: Lowered,
        goal: Goal,
        seed: int,
        on_better: OnBetter,
        settings: Settings = DEFAULT,
        before: FactorySearch | None = None,
    ) -> None:
        self.lowered = lowered
        self.goal = goal
        self.seed = seed
        self.settings = settings
        self.rules = _rules(lowered)
        self._elite: list[tuple[int, Solution]] = []
        self._given: list[Solution] = []
        self._reading: Memory | None = None
        self._valued = before.found_for(lowered) if before is not None and goal.stay else []
        execution = lowered.instance.execution
        self.plan = list(imitations(lowered, execution.baseline, is_old=True)) if execution else []
        super().__init__(NEVER, on_better)

    @classmethod
    def of(
        cls,
        instance: Instance,
        objective: Objective,
        seed: int,
        on_better: OnBetter,
        latest: int | None = None,
        settings: Settings = DEFAULT,
        before: FactorySearch | None = None,
        known: Schedule | None = None,
    ) -> FactorySearch | None:
        """Return a search for an instance that `why_unsupported` has nothing against.

        None if the first tier of the objective is not known to it, what has begun leads into a dead end, or there is
        nothing to decide. `latest` is an instant after which nothing ends (default: a generous guess), `known` a
        schedule that keeps every rule: see `lower`.
        """
        latest = latest or guess_latest(instance)
        goal = set_goal(instance, objective, latest)
        if goal is not None and goal.num_tiers < len(objective.tiers) and instance.execution is not None:
            # All tiers together were too large a number. A plan in force says better when it may end.
            nearer = min(latest, PROLONGED * max(known_ends(instance)))
            other = set_goal(instance, objective, nearer)
            if other is not None and other.num_tiers > goal.num_tiers:
                latest, goal = nearer, other
        lowered = lower(instance, latest, goal.stay > 0, known) if goal is not None else None
        if goal is None or lowered is None or not lowered.free:
            return None
        return cls(lowered, goal, seed, on_better, settings, before)

    def first(self, seconds: float = inf) -> Schedule | None:
        """Return the best of the greedy schedules without noise, told of as they come; None if none of them works."""
        self.begin(seconds)
        return self.best()

    def begin(self, seconds: float = inf) -> None:
        """Make the greedy schedules without noise; after so many seconds no further one begins, if there is one."""
        Walks(self, 0).greedy(is_first=True, seconds=seconds)

    def give(self, schedule: Schedule) -> None:
        """Let the next walk begin with a schedule that somebody else has found; any thread may give one."""
        solutions = list(imitations(self.lowered, schedule))
        with self._lock:
            self._given, self._valued = [*self._valued, *solutions], []

    def taken(self) -> list[Solution]:
        """Take the schedule that was given last, as solutions that come near to it."""
        with self._lock:
            given, self._given = self._given, []
            return given

    def found_for(self, lowered: Lowered) -> list[Solution]:
        """Return the best solution, if there is one, for another lowering of the instance, in which starts count."""
        with self._lock:
            best = self._best
        if best is None:
            return []
        memory = Memory(self.lowered, self.goal)
        memory.decode(best)
        return [carried_over(best, self.lowered, memory.state, lowered)]

    def rehearse(self) -> None:
        """Run every compiled function once, so that all of them are in the cache; the walk comes last."""
        self.kernels.forget_stale()
        walks = Walks(self, 0)
        walks.step()

    def stepper(self, number: int) -> Walks:
        """Return the walks of a thread."""
        return Returns(self, number) if self.goal.stay > 0 and self.plan else Walks(self, number)

    def read(self, found: Solution) -> Schedule:
        """Return a solution as a schedule."""
        if self._reading is None:
            self._reading = Memory(self.lowered, self.goal)
        self._reading.decode(found)
        return to_schedule(self.lowered, self._reading.state)

    def offer(self, value: int, found: Solution) -> None:
        """Take note of a solution that somebody has reached, unless it misses a deadline."""
        if value < self.goal.overrun:
            super().offer(value, found.copy())

    def keep(self, value: int, solution: Solution) -> None:
        """Keep the end of a walk among the elite, if it is good enough."""
        with self._lock:
            if all(value != other for other, _ in self._elite):
                self._elite = sorted([*self._elite, (value, solution.copy())], key=lambda item: item[0])[:ELITE]

    def elite(self, rng: np.random.Generator) -> Solution | None:
        """Return one of the elite, the best of two that are drawn; None while there is none."""
        with self._lock:
            if not self._elite:
                return None
            return self._elite[int(rng.integers(len(self._elite), size=2).min())][1]


def _rules(lowered: Lowered) -> NDArray[np.float64]:
    """Return dispatching rules as ranks of the units, each with mean 0 and standard deviation 1.

    Most work remaining, first come, least work, least work by weight; with due dates also least slack and earliest due
    date, these first.
    """
    jobs = [unit.plan.job.domain for unit in lowered.units]
    rests = np.array([min(unit.rest, NEVER >> 10) for unit in lowered.units], np.float64)
    releases = np.array([job.release_date for job in jobs], np.float64)
    weights = np.array([max(1, job.weight) for job in jobs], np.float64)
    dates = [[date for date in (job.due_date, job.deadline) if date is not None] for job in jobs]
    far = max((max(found) for found in dates if found), default=0) + rests.max(initial=0.0)
    due = np.array([min(found, default=far) for found in dates], np.float64)
    found = [-rests, releases, rests, rests / weights]
    if any(dates):
        found = [due - rests, due, *found]
    rules = np.array(found)
    spread = rules.std(axis=1, keepdims=True) if rules.size else np.ones((len(found), 1))
    return np.asarray((rules - rules.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0))
