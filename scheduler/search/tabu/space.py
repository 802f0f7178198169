"""What the engine does with solutions, by kind of instance: plain, or with transports."""

from __future__ import annotations

from typing import Protocol

from scheduler.domain import Instance, Schedule
from scheduler.domain.horizon import horizon
from scheduler.search.tabu.arrays import Problem, Reals, Solution, lower, new_solution, raise_solution, to_schedule
from scheduler.search.tabu.beam import beam, beam_width
from scheduler.search.tabu.build import blend, greedy
from scheduler.search.tabu.carry import blend_carried, greedy_carried
from scheduler.search.tabu.transports import Carried, carried_schedule, lower_carried


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


class PlainSpace:
    """Solutions of an instance in which nothing is carried."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self.problem = lower(instance, 4 * horizon(instance))

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


def space_of(instance: Instance) -> Space:
    """Return the solutions of an instance that `scheduler.search.tabu.arrays.why_unsupported` has nothing against."""
    return CarriedSpace(instance) if instance.fleets else PlainSpace(instance)
