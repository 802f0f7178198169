"""What the engine does with solutions, by kind of instance: plain, or with transports."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scheduler.domain import Instance, OperationKey, Schedule
from scheduler.domain.collector import collector_paused
from scheduler.domain.horizon import horizon, usual_duration
from scheduler.search.tabu.arrays import (
    ALT,
    START,
    Ints,
    Problem,
    Reals,
    Solution,
    lower,
    new_solution,
    raise_solution,
    to_schedule,
)
from scheduler.search.tabu.beam import beam, beam_width
from scheduler.search.tabu.build import blend, greedy
from scheduler.search.tabu.carry import blend_carried, greedy_carried
from scheduler.search.tabu.held import NO_LIMIT
from scheduler.search.tabu.nearing import anneal
from scheduler.search.tabu.reinserting import reinsert_all
from scheduler.search.tabu.remainder import Remainder, remainder, wanted
from scheduler.search.tabu.settle import BASE_ALT, BASE_START, NEW, bring_back, change, settle
from scheduler.search.tabu.timing import time_all
from scheduler.search.tabu.transports import Carried, carried_schedule, lower_carried
from scheduler.search.tabu.weights import MOST, Weights


class Space(Protocol):
    """The solutions of an instance."""

    @property
    def problem(self) -> Problem | Carried:
        """The arrays of the instance."""

    def greedy(self, remaining: Reals, urgency: float, noise: float, seed: int) -> Solution:
        """Return a new solution, see `scheduler.search.tabu.build.greedy`."""

    def beam(self, remaining: Reals, urgency: float, noise: float, seed: int) -> Solution:
        """Return a new solution by beam search where there is time for it, see `scheduler.search.tabu.beam`."""

    def blend(self, one: Solution, other: Solution, share: float, seed: int) -> Solution:
        """Return a solution between two others, see `scheduler.search.tabu.build.blend`."""

    def solution(self, schedule: Schedule) -> Solution | None:
        """Return a schedule as a solution that is not timed yet, None where that is not possible."""

    def schedule(self, solution: Solution) -> Schedule:
        """Return a timed solution as a schedule."""

    def rehearse(self, solution: Solution) -> None:
        """Run the compiled functions that belong to this kind of solution."""


class PlainSpace:
    """Solutions of an instance in which nothing is carried."""

    def __init__(self, instance: Instance, latest: int, releases: Mapping[OperationKey, int] | None = None) -> None:
        self._instance = instance
        self.problem = lower(instance, 4 * latest, releases)

    def greedy(self, remaining: Reals, urgency: float, noise: float, seed: int) -> Solution:
        """Return a new solution."""
        solution = new_solution(self.problem)
        greedy(*self.problem, *solution, remaining, urgency, noise, seed)
        return solution

    def beam(self, remaining: Reals, urgency: float, noise: float, seed: int) -> Solution:
        """Return a new solution."""
        width = beam_width(self.problem.ops.shape[1] - 1)
        if width < 2:
            return self.greedy(remaining, urgency, noise, seed)
        solution = new_solution(self.problem)
        beam(*self.problem, *solution, remaining, urgency, noise, width, seed)
        return solution

    def solution(self, schedule: Schedule) -> Solution | None:
        """Return a schedule as a solution."""
        return raise_solution(self._instance, schedule, self.problem)

    def blend(self, one: Solution, other: Solution, share: float, seed: int) -> Solution:
        """Return a solution between two others."""
        solution = new_solution(self.problem)
        blend(self.problem.alts, one.state, other.state, *solution, share, seed)
        return solution

    def schedule(self, solution: Solution) -> Schedule:
        """Return a timed solution as a schedule."""
        return to_schedule(self._instance, self.problem, solution)

    def rehearse(self, solution: Solution) -> None:
        """Do nothing: there are none."""


class CarriedSpace:
    """Solutions of an instance in which vehicles of fleets carry the jobs."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self.problem = lower_carried(instance, 4 * horizon(instance))

    def greedy(self, remaining: Reals, urgency: float, noise: float, seed: int) -> Solution:
        """Return a new solution."""
        solution = new_solution(self.problem)
        greedy_carried(*self.problem, *solution, remaining, urgency, noise, seed)
        return solution

    def beam(self, remaining: Reals, urgency: float, noise: float, seed: int) -> Solution:
        """Return a new solution, a greedy one: the beam knows no vehicles."""
        return self.greedy(remaining, urgency, noise, seed)

    def solution(self, schedule: Schedule) -> Solution | None:
        """Return None: schedules with transports are not taken over."""
        return None

    def blend(self, one: Solution, other: Solution, share: float, seed: int) -> Solution:
        """Return a solution between two others."""
        problem, solution = self.problem, new_solution(self.problem)
        blend_carried(
            problem.ops,
            problem.alts,
            problem.machines,
            problem.times,
            problem.transports,
            problem.station,
            one.state,
            other.state,
            *solution,
            share,
            seed,
        )
        return solution

    def schedule(self, solution: Solution) -> Schedule:
        """Return a timed solution as a schedule."""
        return carried_schedule(self._instance, self.problem, solution)

    def rehearse(self, solution: Solution) -> None:
        """Do nothing: there are none."""


RATE = 20
"""One operation in so many may start a tick later to lower the value by a tick ..."""
OTHER_RATE = 5
"""... in the first thread, in all others one in these."""
SWEEPS = 3
"""Times that the operations are gone through: first those that are hit, then twice all that are not where they were."""
TIMINGS = 500_000
"""Timings of operations for each sweep after which reinserting ends at the latest: some hundredths of a second."""
NOISE = 0.3
"""Noise of more sweeps than that, in typical durations for each of them."""


class RestSpace(PlainSpace):
    """Solutions of what a schedule leaves to decide of an instance to which something has happened."""

    def __init__(self, rest: Remainder, weights: Weights) -> None:
        super().__init__(rest.instance, horizon(rest.whole), rest.releases)
        self._rest = rest
        self._wanted = wanted(rest, self.problem)
        self._typical = max(1, usual_duration(rest.whole))
        self.set_weights(weights)

    def set_weights(self, weights: Weights) -> None:
        """Let values be those of other weights from now on."""
        self._weights = weights
        # The walk minimises the makespan, whatever its weight.
        self._jobs = np.minimum(weights.jobs, 1) if weights.is_makespan else weights.jobs
        self._longest = 0

    def weighed(self, weights: Weights) -> RestSpace:
        """Return the same solutions with other weights."""
        other = copy(self)
        other.set_weights(weights)
        return other

    def solution(self, schedule: Schedule) -> Solution | None:
        """Return a schedule as a solution."""
        return super().solution(self._rest.rest(schedule))

    def schedule(self, solution: Solution) -> Schedule:
        """Return a timed solution as a schedule, as near to the baseline as its value allows."""
        settled = Solution(solution.state.copy(), solution.ends)  # threads share solutions
        self.settled(settled)
        return self._rest.all(super().schedule(settled))

    def rehearse(self, solution: Solution) -> None:
        """Time, settle and bring back a solution."""
        problem = self.problem
        time_all(problem.ops, problem.links, problem.machines, problem.times, solution.state)
        self.settled(solution)
        self.brought_back(solution, self.moved(solution))
        self.reinserted(solution, 0, np.zeros(1, np.int64))
        most = self._weights.most([Fraction(1 << 40) for _ in self._weights.tiers])
        self.annealed(solution, most, 0, 1, 1.0, 0.1, np.zeros(1, np.int64))

    def brought_back(self, solution: Solution, chosen: NDArray[np.bool_]) -> Solution:
        """Return a settled solution in which the chosen operations are where the baseline has them, not timed yet."""
        problem, found = self.problem, new_solution(self.problem)
        bring_back(problem.ops, problem.links, problem.alts, self._wanted, solution.state, *found, chosen)
        return found

    def reinserted(
        self, solution: Solution, number: int, stop: Ints, level: int = 0, sweeps: int = SWEEPS, seed: int = 0
    ) -> Solution:
        """Return the baseline with little changed: what can't stay goes where it costs least; timed.

        What the baseline lacks begins where `solution`, which is timed, has it. A value counts only where it is above
        `level`; threads, by number, differ in what it is worth to them. See `scheduler.search.tabu.reinserting`.
        """
        problem, num = self.problem, solution.state.shape[1]
        static = (problem.ops, problem.links, problem.machines, problem.times)
        found = self.brought_back(solution, np.ones(num, np.bool_))
        time_all(*static, found.state)
        rate = max(1, min(NO_LIMIT // MOST, num // (OTHER_RATE if number else RATE))) if self._weights.unit == 1 else 1
        reinsert_all(
            *problem,
            self._jobs,
            self._wanted,
            *found,
            rate,
            2 * self._typical,
            level,
            NOISE * self._typical * sweeps if sweeps > SWEEPS else 0.0,
            sweeps,
            TIMINGS * sweeps,
            seed,
            stop,
        )
        time_all(*static, found.state)
        return found

    def moved(self, solution: Solution) -> NDArray[np.bool_]:
        """Return which operations of a settled solution are not where the baseline has them."""
        state, before = solution.state, self._wanted
        is_there = (state[START] == before[BASE_START]) & (state[ALT] == before[BASE_ALT])
        return ~is_there & (before[BASE_START] != NEW)

    def allow(self, most: Ints) -> None:
        """Let settled solutions have the makespan that is allowed, where that is all there is and has no price."""
        self._longest = int(most[1, 0]) if self._weights.is_makespan and not most[2, 0] else 0

    def annealed(
        self, solution: Solution, most: Ints, seed: int, iterations: int, hot: float, cold: float, stop: Ints
    ) -> tuple[int, Solution]:
        """Anneal a timed solution towards the baseline; return how far the nearest one is, and it.

        That is its distance with the price of its value. See `scheduler.search.tabu.nearing.anneal`.
        """
        problem, found = self.problem, new_solution(self.problem)
        longest = int(most[1, 0]) if self._weights.is_makespan else 0
        distance = anneal(
            *problem,
            self._jobs,
            most,
            self._weights.offset,
            longest,
            self._wanted,
            *solution,
            *found,
            2 * self._typical,
            self._typical,
            seed,
            iterations,
            hot,
            cold,
            stop,
        )
        return int(distance), found

    def settled(self, solution: Solution) -> int:
        """Put a timed solution as near to the baseline as its value allows; return how far it still is.

        That is the sum of ``|start - start in the baseline|``, and twice the median duration for another machine.
        """
        problem, state = self.problem, solution.state
        room = np.zeros((2, max(state.shape[1], self._weights.jobs.shape[1])), np.int64)
        static = (problem.ops, problem.links, problem.machines, problem.times)
        settle(*static, self._weights.jobs, self._wanted, state, room, self._longest)
        return int(change(self._wanted, state, 2 * self._typical))


@collector_paused()
def space_of(instance: Instance, weights: Weights, start: Schedule) -> Space:
    """Return the solutions of an instance that `scheduler.search.tabu.arrays.why_unsupported` has nothing against.

    Where something has happened already, they are those of what the schedule `start` leaves to decide.
    """
    if instance.execution is not None:
        return RestSpace(remainder(instance, start), weights)
    return CarriedSpace(instance) if instance.fleets else PlainSpace(instance, horizon(instance))
