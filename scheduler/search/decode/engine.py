"""The factory search as an engine: threads that walk, the best solution that they share, better ones as they come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scheduler.domain import Instance, Objective, Schedule
from scheduler.domain.horizon import usual_duration
from scheduler.search.decode.goal import Goal, set_goal
from scheduler.search.decode.imitation import imitations
from scheduler.search.decode.latest import guess_latest, known_ends
from scheduler.search.decode.layout import NEVER
from scheduler.search.decode.lower import Lowered, lower
from scheduler.search.decode.memory import Memory
from scheduler.search.decode.settings import DEFAULT, Settings
from scheduler.search.decode.slope import NEAR, is_makespan, sloped
from scheduler.search.decode.solution import Solution, blank, carried_over, to_schedule
from scheduler.search.decode.warm import KERNELS
from scheduler.search.threads import CompiledSearch, OnBetter

PROLONGED = 4
"""Times the plan in force, with all downtimes, after which nothing ends in a repair with very many tiers."""
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
ELITE = 6
"""Solutions that are kept to begin walks with."""
AS_PLANNED = 0.3
"""Share of the walks that begin with the plan in force, where it is to be kept."""
HOT, COLD, COOLING = 2.0, 0.05, 8
"""Temperatures of annealing, in typical durations, and calls from the one to the other."""
LONGER, IDLE_HISTORIES = 8, 6
"""Steps of the memories of longer and longer walks, and how many of them a walk waits for a better solution."""
NEW = 0.2
"""Share of the walks that begin with a greedy schedule, once there is an elite."""


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
    ) -> FactorySearch | None:
        """Return a search for an instance that `why_unsupported` has nothing against.

        None if the first tier of the objective is not known to it, what has begun leads into a dead end, or there is
        nothing to decide. `latest` is an instant after which nothing ends (default: a generous guess).
        """
        latest = latest or guess_latest(instance)
        goal = set_goal(instance, objective, latest)
        if goal is not None and goal.num_tiers < len(objective.tiers) and instance.execution is not None:
            # All tiers together were too large a number. A plan in force says better when it may end.
            nearer = min(latest, PROLONGED * max(known_ends(instance)))
            other = set_goal(instance, objective, nearer)
            if other is not None and other.num_tiers > goal.num_tiers:
                latest, goal = nearer, other
        lowered = lower(instance, latest, goal.stay > 0) if goal is not None else None
        if goal is None or lowered is None or not lowered.free:
            return None
        return cls(lowered, goal, seed, on_better, settings, before)

    def first(self) -> Schedule | None:
        """Return the best of the greedy schedules without noise, told of as they come; None if none of them works."""
        _Walks(self, 0).greedy(is_first=True)
        return self.best()

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
        walks = _Walks(self, 0)
        walks.step()

    def stepper(self, number: int) -> _Walks:
        """Return the walks of a thread."""
        return _Walks(self, number)

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


class _Walks:
    """One thread's walks, one after the other: from greedy schedules, from the elite, from what others have found."""

    def __init__(self, search: FactorySearch, number: int) -> None:
        self._search = search
        self._rng = np.random.default_rng((search.seed, number))
        self._judge = Memory(search.lowered, search.goal)
        self._memory = self._judge  # that of the walk: another one where it sees more than the objective
        num_units = max(1, len(search.lowered.free))
        settings = search.settings
        self._patience = settings.patience * num_units
        self._history = settings.history
        self._num_walks = number % 2 * 2  # so that of two threads one begins with a long walk
        # A sum goes down step by step; a maximum stays for long, as where all has to be done before a shift ends.
        self._grows = search.goal.is_maximum and not search.plan
        self._slopes = self._grows and is_makespan(search.goal)
        self._limit = 0
        self._reached = NEVER
        self._chunk = max(1, CHUNK_WORK // num_units)
        total = sum(settings.turns) + settings.modes + settings.drifts + settings.openings
        parts = (settings.openings, settings.drifts, settings.modes, settings.turns[0])
        self._shares = np.cumsum(np.array(parts))[::-1] / total
        self._is_walking = False
        self._number = number
        self._is_first = True
        self._turn = 0
        self._typical = usual_duration(search.lowered.instance)

    def step(self) -> None:
        """Make one compiled call; where the walk has ended, begin the next one, if there is any way to."""
        search = self._search
        given = search.taken()
        if given:
            self._take(given)
        if not self._is_walking:
            if not self._begin() or not self._is_walking:
                search.iterations += self._chunk  # so that a caller who counts does not wait for ever
                return
            self._set_out(self._history)
            search.offer(self._reached, self._memory.best)
        self._cool()
        memory = self._memory
        before, is_judge = memory.best_value, memory is self._judge
        seed = int(self._rng.integers(1 << 30))
        target = search.target if is_judge else 0
        done = memory.walk(self._shares, seed, self._chunk, target, search.settings.prunes, search.stopping)
        search.iterations += max(done, 1)
        if memory.best_value < before:
            value = memory.best_value if is_judge else self._judge.decode(memory.best)
            if value < self._reached:
                self._reached = value
                search.offer(value, memory.best)
            if not is_judge and value <= self._limit:
                self._judge.enter(memory.best, self._history)
                self._set_out(self._history)
        elif memory.idle > max(self._patience, IDLE_HISTORIES * self._history):
            search.keep(memory.best_value if is_judge else self._judge.decode(memory.best), memory.best)
            self._is_walking = False

    def _take(self, given: list[Solution]) -> None:
        """Walk on from the best of what others have found, or keep it for later walks."""
        search = self._search
        is_plan_too = search.goal.stay > 0 and not self._is_walking
        best, value = self._best_of([*given, *search.plan] if is_plan_too else given)
        if not self._is_walking or (value < self._reached and not self._is_long):
            self._is_walking = value < NEVER and self._judge.enter(best, search.settings.history)
            self._set_out(search.settings.history)
            return
        if self._is_long and value < NEVER:
            search.keep(value, best)
        if self._memory is self._judge:
            self._memory.resume()

    def _set_out(self, history: int) -> None:
        """Walk on from what has been entered; where only the makespan counts, on a slope."""
        search, self._memory = self._search, self._judge
        self._reached = self._judge.best_value
        if self._slopes and self._reached < NEVER:
            self._limit = int(NEAR * self._reached)
            self._memory = Memory(search.lowered, sloped(search.goal, self._limit))
            self._memory.enter(self._judge.best, history)

    def _cool(self) -> None:
        """Anneal where starts count: hardly two solutions are of the same value, and late acceptance would stop."""
        search = self._search
        if not search.goal.stay:
            return
        at = self._turn % COOLING
        self._turn += 1
        self._memory.heat(int(search.goal.stay * self._typical * HOT * (COLD / HOT) ** (at / (COOLING - 1))))

    def greedy(self, is_first: bool = False) -> tuple[int, Solution] | None:
        """Return the best of a number of greedy schedules with its value; without noise if it is the first of all."""
        search, rng, memory = self._search, self._rng, self._judge
        found: tuple[int, Solution] | None = None
        rules = search.rules
        tries = [(rule, window) for rule in rules for window in WINDOWS]
        for k in range(len(tries) if is_first else GREEDIES):
            if search.stopping[0]:
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
        values = [self._judge.decode(solution) for solution in solutions]
        best = min(range(len(values)), key=values.__getitem__)
        return solutions[best], values[best]

    @property
    def _is_long(self) -> bool:
        """Whether the walk has a longer memory than most."""
        return self._history > self._search.settings.history

    def _begin(self) -> bool:
        """Begin a walk; return whether that was possible."""
        search, memory = self._search, self._judge
        known = search.elite(self._rng)
        self._num_walks += 1
        self._history = search.settings.history * (longer(self._num_walks) if self._grows else 1)
        history, is_near = self._history, search.goal.stay > 0
        follows = is_near or self._number % 2 == 0 if self._is_first else self._rng.random() < AS_PLANNED
        self._is_first = False
        if search.plan and follows:
            self._is_walking = memory.enter(self._best_of(search.plan)[0], history)
            if self._is_walking:
                return True
        if known is not None and is_near:
            self._is_walking = memory.enter(known, history)
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
    """Return how many times as long a memory a walk has, by its number from 1 on: 1, 1, 8, 1, 1, 8, 64, 1, 1, 8, ...

    The restarts of Luby, Sinclair and Zuckerman (1993, Information Processing Letters 47, "Optimal speedup of Las
    Vegas algorithms"), with steps of 8: nobody knows beforehand how long a walk should be.
    """
    size, level = 1, 0
    while size < number:
        size, level = 2 * size + 1, level + 1
    while size > number:
        size, level = (size - 1) // 2, level - 1
        number = number if number <= size else number - size
    return LONGER**level


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
