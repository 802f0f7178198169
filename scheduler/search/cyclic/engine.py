"""The cyclic search as an engine: threads that look for shorter and shorter cycles, or for sets that are soon over."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

import numpy as np

from scheduler.bounds import cycle_bound
from scheduler.domain import Instance, Schedule
from scheduler.domain.cycle import cycle_time
from scheduler.search.cyclic.arranging import Arranging, Timetable
from scheduler.search.cyclic.drawing import graphs
from scheduler.search.cyclic.facts import NO_LIMIT, Facts, Ints, Plan, empty_plan, empty_uses, size_of
from scheduler.search.cyclic.goal import SHORT_CYCLE, Goal
from scheduler.search.cyclic.lines import in_turns, line_of
from scheduler.search.cyclic.lower import lower
from scheduler.search.cyclic.room import rooms
from scheduler.search.cyclic.schedules import to_plan, to_schedule
from scheduler.search.cyclic.shorter import shorten
from scheduler.search.cyclic.span import settle
from scheduler.search.cyclic.using import forget_job
from scheduler.search.cyclic.walk import clear, tighten, walk
from scheduler.search.cyclic.warm import KERNELS
from scheduler.search.threads import CompiledSearch, OnBetter

FIRST_STEP = 16
"""The cycle is first shortened by one in so many ticks; after a failure by half as much."""
PATIENCE = 60
"""Insertions for each job after which a cycle time is given up, the first time ..."""
MORE = 2.0
"""... and so many times as many once the step is a single tick, each time."""
CHUNK = 200
"""Insertions of one compiled call: some tenths of a second."""
MOST_TICKS = 20_000
"""Ticks of the cycle that is known, at the most."""
LOOSER = 0.6
"""By what share, at the most, the cycle is longer in which a job finds another place ..."""
TRIES = 20
"""... in at most so many insertions ..."""
TEMPERATURE = 0.02
"""... and by what share it stays longer in the end with probability 1/e."""
ORDERS = 20
"""Orders of its parts that a line tries, for each of them."""


class CyclicSearch(CompiledSearch[Timetable]):
    """A search for the least cycle time, or the least value of a goal.

    Parameters
    ----------
    instance
        A cyclic instance that `scheduler.search.cyclic.spoken.why_unsupported` has nothing against.
    start
        A schedule that is known; only better ones are reported.
    seed
        Random seed; with one thread the same seed gives the same sequence of better schedules.
    on_better
        Called, from a thread of the search, with every value below all before.
    goal
        What is to be small.
    least_cycle
        A bound of the cycle time that is proved (default: that of `scheduler.bounds`, which takes its time).
    """

    name = "cyclic"
    kernels = KERNELS

    @classmethod
    def of(
        cls,
        instance: Instance,
        start: Schedule,
        seed: int,
        on_better: OnBetter,
        goal: Goal = SHORT_CYCLE,
        least_cycle: int | None = None,
    ) -> CyclicSearch | None:
        """Return a search, None where a cycle has so many ticks that their rows have no room."""
        if cycle_time(instance, start) > MOST_TICKS:
            return None
        return cls(instance, start, seed, on_better, goal, least_cycle)

    def __init__(
        self,
        instance: Instance,
        start: Schedule,
        seed: int,
        on_better: OnBetter,
        goal: Goal = SHORT_CYCLE,
        least_cycle: int | None = None,
    ) -> None:
        self.seed = seed
        self.goal = goal
        self.lowered = lower(instance)
        self.given: Timetable = to_plan(self.lowered, start)
        self.lasts = least_ticks(self.lowered.facts)
        self.least_cycle = max(1, cycle_bound(instance) if least_cycle is None else least_cycle)
        self.given_value = goal.value_of(instance, start)
        super().__init__(self.given_value, on_better)
        # A job takes as long as by the quickest of its process plans.
        quickest = (self.lasts[first:end].min() for first, end in self.lowered.facts.alternatives.tolist())
        self.longest = int(max(quickest, default=0))
        self.aim(goal.value(self.least_cycle, self.longest))

    def stepper(self, number: int) -> Shortening:
        """Return the work of a thread."""
        from scheduler.search.cyclic.compacting import Compacting

        return Compacting(self, number) if self.goal.per_span > 0 else Shortening(self, number)

    def read(self, found: Timetable) -> Schedule:
        """Return a plan as a schedule, in which sets are over as soon as the orders and the cycle time allow.

        While another process still compiles, a plan of somebody else stays as it was given.
        """
        cycle, plan = found
        schedule = to_schedule(self.lowered, plan, cycle)
        compact = self._compacted(cycle, plan) if self.goal.per_span == 0 and self.is_compiled() else None
        if compact is None:
            return schedule
        return min(schedule, to_schedule(self.lowered, compact, cycle), key=lambda either: either.makespan)

    def _compacted(self, cycle: int, plan: Plan) -> Plan | None:
        """Return the plan begun where and when it is over soonest, None if that collides."""
        facts, compact = self.lowered.facts, plan.copy()
        uses, num_jobs = empty_uses(facts), size_of(facts).jobs
        _, span = settle(facts, compact, uses, graphs(facts), cycle, cycle, 0, 1, self.stopping)
        room, weights = rooms(facts, max(cycle, int(span)) + 1), np.ones(num_jobs, np.int64)
        collides = clear(facts, compact, uses, room, weights, np.zeros(num_jobs, np.int64), 0, cycle) > 0
        return None if collides else compact

    def give(self, schedule: Schedule) -> None:
        """Let the threads go on from a schedule that somebody else has found, if it is better."""
        self.offer(self.goal.value_of(self.lowered.instance, schedule), to_plan(self.lowered, schedule))

    def rehearse(self) -> None:
        """Run every compiled function once, so that all of them are in the cache; the walk comes last."""
        self.kernels.forget_stale()
        self.stepper(0).rehearse()

    def known(self) -> Timetable:
        """Return the best timetable so far, the one that was given if none is better."""
        with self._lock:
            return self._best or self.given


class Shortening(Arranging):
    """One thread's walks, each for a shorter cycle than that of the best timetable."""

    def __init__(self, search: CyclicSearch, number: int) -> None:
        super().__init__(search, number)
        self._standing = empty_plan(search.lowered.facts)
        self._step = FIRST_STEP
        self._patience = PATIENCE * self._num_of_set
        self._current = search.value, search.given
        self._left = 0  # insertions of longer cycles
        self._tries = TRIES
        self._is_to_line_up = number == 0

    def step(self) -> None:
        """Make one compiled call; where the walk has ended, begin one for another cycle time."""
        if self._is_to_line_up:
            self._line_up()
        if self._left > 0:
            self._loosen()
            return
        if self._moves > 0:
            self._arrange()
            return
        if self._num_waiting == 0:
            self._begin()
        if self._num_waiting > 0:
            self._walk(CHUNK)
        if self._num_waiting == 0:
            self._tighten()
            self._moves = self._most_moves
        elif self._spent > self._patience or self._known()[0] <= self._wanted():
            has_failed = self._known()[0] > self._wanted()
            self._num_waiting = 0
            self._moves = self._most_moves
            if has_failed and self._step == 1:
                self._give_up()
            elif has_failed:
                self._step //= 2

    def _give_up(self) -> None:
        """Go on with more patience, after insertions of longer cycles."""
        self._current, self._left = self._known(), self._patience
        self._patience = int(self._patience * MORE)
        self._slack = min(2 * self._slack, int(self._search.lowered.facts.sets[0]))

    def rehearse(self) -> None:
        """Run every compiled function once, the walk last."""
        self._arrange()
        self._begin()
        self._tighten()
        self._walk(CHUNK)

    def _line_up(self) -> None:
        """Offer the timetables in which a line makes its turns, with its parts in better and better orders."""
        self._is_to_line_up = False
        search = self._search
        order = line_of(search.lowered.facts, search.given[1])
        best = self._turns(order) if order else 0
        for _ in range(ORDERS * len(order) if len(order) > 2 else 0):
            if search.stopping[0] or search.value <= search.target:
                break
            others = list(order)
            others.insert(int(self._rng.integers(len(order))), others.pop(int(self._rng.integers(len(order)))))
            cycle = self._turns(others)
            if cycle <= best:
                order, best = others, cycle

    def _turns(self, order: Sequence[int]) -> int:
        """Return the cycle time of the turns of a line, and offer them if that is shorter than what is known."""
        search, facts = self._search, self._search.lowered.facts
        longest, plan = in_turns(facts, search.given[1], order)
        self._fill(plan)
        cycle = int(tighten(facts, self._plan, self._uses, self._graph, search.target, longest, search.stopping))
        search.iterations += 1
        if cycle < search.value:
            self._make_room(cycle)
            if self._clear(cycle) == 0:
                search.offer(cycle, (cycle, self._plan.copy()))
            self._num_waiting = 0
        return cycle

    def _loosen(self) -> None:
        """Give a job another place, in a longer cycle, and take the least cycle time of the orders that this makes.

        Where a robot is always busy every other order of its visits is too long as it is; but what has room in a longer
        cycle may end in a shorter one.
        """
        rng, until = self._rng, self._left - CHUNK
        while self._left > max(0, until) and not self._search.stopping[0]:
            value, (cycle, plan) = self._current
            self._take_looser(cycle, plan)
            jobs = np.flatnonzero(plan.placed)
            job = int(jobs[rng.integers(len(jobs))])
            if self._plan.placed[job]:
                self._plan.placed[job] = 0
                forget_job(self._uses, job)
                self._waiting[self._num_waiting] = job
                self._num_waiting += 1
            self._standing.placed[job] = 1
            for stands, known in zip(self._standing[:-1], plan[:-1], strict=True):
                stands[:] = known
            self._left -= self._walk(self._tries)
            self._standing.placed[job] = 0
            if self._num_waiting == 0:
                self._tighten()
                if self._num_waiting == 0 and self._is_near(value):
                    self._current = self._wanted(), (self._cycle, self._plan.copy())
        self._num_waiting = 0

    def _take_looser(self, cycle: int, plan: Plan) -> None:
        """Take a plan over to a longer cycle."""
        self._take(plan, cycle, cycle + int(self._rng.integers(1 + int(LOOSER * cycle))))

    def _is_near(self, value: int) -> bool:
        """Return whether to go on from a timetable that was made of one with a value."""
        worse = (self._wanted() - value) / (TEMPERATURE * self._search.goal.size(value))
        return worse <= 0 or self._rng.random() < exp(-worse)

    def _walk(self, insertions: int) -> int:
        """Put in what waits; return in how many insertions."""
        search = self._search
        self._room.begins[0] = self._begins()
        self._num_waiting, done = walk(
            search.lowered.facts,
            self._plan,
            self._uses,
            self._room,
            self._weights,
            self._waiting,
            self._num_waiting,
            self._ticks(),
            self._cycle,
            insertions,
            int(self._rng.integers(1 << 30)),
            search.stopping,
            self._standing,
        )
        self._spent += done
        self._made += done
        search.iterations += max(done, 1)
        return max(int(done), 1)

    def _begin(self) -> None:
        """Begin with the best timetable, as much of it as stands in a shorter cycle."""
        _, (cycle, plan) = self._base()
        self._take(plan, cycle, max(self._search.target, cycle - max(1, int(cycle * self._step / 200))))

    def _take(self, plan: Plan, known: int, cycle: int) -> None:
        """Take as much of a plan that is right for a known cycle time as stands in another one."""
        facts = self._search.lowered.facts
        self._fill(plan)
        self._cycle = cycle
        self._make_room(max(cycle, int(self._ticks().max())))
        seed = int(self._rng.integers(1 << 30))
        self._num_waiting = int(shorten(facts, self._plan, self._uses, self._graph, known, cycle, self._waiting, seed))
        self._clear(cycle)
        self._weigh()


def least_ticks(facts: Facts) -> Ints:
    """Return how long each job lasts at the least."""
    found = np.zeros(len(facts.ops_at) - 1, np.int64)
    ready = [[0] * int(number) for number in np.diff(facts.modes_at)]  # by operation and mode: when it begins
    for job in range(len(found)):
        for link in range(int(facts.links_at[job]), int(facts.links_at[job + 1])):
            before, after, way = (int(each[link]) for each in (facts.comes_from, facts.goes_to, facts.routes_at))
            ended, lag = [0], int(facts.least_lag[link])
            if before >= 0:
                modes = range(int(facts.modes_at[before]), int(facts.modes_at[before + 1]))
                ended = [begun + int(facts.duration[mode]) for begun, mode in zip(ready[before], modes, strict=True)]
            width = len(ready[after]) if after >= 0 else 1
            times = [
                min(end + max(lag, _way_time(facts, way + row * width + column)) for row, end in enumerate(ended))
                for column in range(width)
            ]
            if after >= 0:
                ready[after] = list(map(max, ready[after], times))
            else:
                found[job] = max(found[job], times[0])
    return found


def _way_time(facts: Facts, way: int) -> int:
    legs = range(int(facts.legs_at[way]), int(facts.legs_at[way + 1]))
    options = [facts.length[facts.options_at[leg] : facts.options_at[leg + 1]] for leg in legs]
    times = [int(lengths.min()) if len(lengths) else NO_LIMIT for lengths in options]
    # Before another load a leg takes only as long as until that departs.
    further = (*(int(facts.apart[leg]) for leg in legs[1:]), -1)
    return sum(time if later < 0 else later for time, later in zip(times, further, strict=False))
