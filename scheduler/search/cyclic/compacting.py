"""Walks for sets that are soon over: each for a cycle time and a span that together are better than what is known.

Where these come to a standstill depends on chance, and soon they do. So the first thread goes on with the best of all,
and every other one begins anew, with no job in its place, once nothing better has come for as long as its best took.

Where a walk for the least step fails, timetables are changed job by job, each for a value that may be a little worse
(simulated annealing, Kirkpatrick, Gelatt & Vecchi 1983, Science 220, with what is accepted drawn before the change):

    C' per_cycle + F' per_span <= value + worse,    worse exponentially distributed

So the insertions know what would be refused, and no change has to be taken back because it is too bad.
"""

from __future__ import annotations

import numpy as np

from scheduler.search.cyclic.arranging import SLACK
from scheduler.search.cyclic.engine import FIRST_STEP, CyclicSearch, Shortening
from scheduler.search.cyclic.facts import Ints, Plan
from scheduler.search.cyclic.goal import FIRST
from scheduler.search.cyclic.span import settle, take_late
from scheduler.search.cyclic.walk import tighten

ELSEWHERE = 0.8
"""Share of the walks for another cycle time than that of the best timetable ..."""
FAR = 0.1
"""... and by what share of it that is longer or shorter, in the mean."""
QUICK = 4
"""Each gives up so many times as soon as one for a cycle time alone: there are many others to try."""
ANEW = 1.0
"""A thread begins anew after so many times the insertions in which it came to its best value ..."""
WIDE = 1.2
"""... in a cycle and a span so many times those that were given."""
WORSE = 0.01
"""By what share, in the mean, the value may be worse that a timetable is changed for ..."""
SAME = 0.3
"""... for the same cycle time as before in this share of the changes, ..."""
TRIES = 30
"""... each in at most so many insertions ..."""
OFTEN = 8
"""... and in all in so many times those of the walk that has failed before."""


class Compacting(Shortening):
    """One thread's walks, each for a value below that of the best timetable.

    Every job has to lie between tick 0 and the span, and may begin anywhere there. What the first ways and setups take
    before tick 0 is known only when a schedule is made; the next span is shorter by that.
    """

    def __init__(self, search: CyclicSearch, number: int) -> None:
        super().__init__(search, number)
        self._span = 0
        self._before = 0  # ticks of the first ways and setups of the last schedule that was made
        self._is_to_line_up = False
        self._patience = self._first_patience = max(1, self._patience // QUICK)
        self._stays = number % 2 == 0 or search.goal.per_cycle >= FIRST  # with the best of all
        self._seen, self._begun_at, self._improved_at = search.value, 0, 0
        self._moves = 0  # the first walk shortens large sets sooner
        self._tries = TRIES

    def rehearse(self) -> None:
        """Run every compiled function once, the walk last."""
        search = self._search
        self._begin()
        self._tighten()
        # Walks for a cycle time alone call it.
        tighten(search.lowered.facts, self._plan, self._uses, self._graph, search.target, self._cycle, search.stopping)
        super().rehearse()

    def _wanted(self) -> int:
        """Return the value of a plan for which every job has a place now."""
        return self._search.goal.value(self._cycle, self._span + self._before)

    def _begins(self) -> int:
        """Return before which tick a job begins."""
        return self._span

    def _ticks(self) -> Ints:
        """Return up to when each job may last."""
        return np.full(self._num_jobs, self._span + 1, np.int64)

    def _begin(self) -> None:
        """Begin with the best timetable, as much of it as stands in a cycle and a span of less value."""
        search, goal, value = self._search, self._search.goal, self._known()[0]
        _, (cycle, plan) = self._base()
        if value < self._seen:
            self._seen, self._improved_at = value, self._made
        less = max(goal.per_span, goal.size(value) * self._step // 200)
        wanted = max(search.target, value - less)
        self._aim(cycle, wanted, ELSEWHERE)
        self._take(plan, cycle, self._cycle)

    def _aim(self, cycle: int, wanted: int, elsewhere: float) -> None:
        """Choose a cycle time, another one than that given in so many of all cases, and the span for a value."""
        search, goal, rng = self._search, self._search.goal, self._rng
        # With a longer cycle the span would be less than the longest job takes.
        longest = (wanted - goal.per_span * (search.longest + self._before)) // max(1, goal.per_cycle)
        if rng.random() < elsewhere:
            cycle += int(rng.choice((-1, 1)) * rng.exponential(1 + FAR * cycle))
        self._cycle = max(search.least_cycle, 1, min(cycle, longest))
        span = (wanted - goal.per_cycle * self._cycle) // goal.per_span - self._before
        self._span = min(span, int(search.lowered.facts.sets[0]) * self._cycle)

    def _give_up(self) -> None:
        """Go on with more patience, or begin anew."""
        took = self._improved_at - self._begun_at
        if self._stays or self._made - self._improved_at <= ANEW * took + self._patience:
            super()._give_up()
            self._left *= OFTEN
        else:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Let all jobs wait, in a cycle and a span for which there is a timetable that is better."""
        search, goal, (cycle, plan) = self._search, self._search.goal, self._search.given
        span = (search.given_value - goal.per_cycle * cycle) // goal.per_span - self._before
        self._cycle = int(WIDE * cycle)
        self._span = min(int(WIDE * span), int(search.lowered.facts.sets[0]) * self._cycle)
        self._own = self._wanted() + 1, search.given
        self._arranged = self._own[0] + 1, search.given
        self._step, self._patience, self._slack, self._moves = FIRST_STEP, self._first_patience, SLACK, 0
        self._seen, self._begun_at, self._improved_at = self._own[0], self._made, self._made
        nothing = plan.copy()
        nothing.placed[:] = 0
        self._take(nothing, cycle, self._cycle)
        self._let_all_wait()

    def _take_looser(self, cycle: int, plan: Plan) -> None:
        """Take a plan over to another cycle time and a span that together are a little worse, at the most."""
        goal, value = self._search.goal, self._current[0]
        self._aim(cycle, value + int(self._rng.exponential(WORSE * goal.size(value))), 1 - SAME)
        self._take(plan, cycle, self._cycle)

    def _is_near(self, value: int) -> bool:
        """Return whether to go on from what has a place: always, since the walk was for a value that is near."""
        return True

    def _stay(self, value: int, cycle: int, plan: Plan) -> None:
        """Take a plan over as it is, with its span."""
        goal = self._search.goal
        self._span = (value - goal.per_cycle * cycle) // goal.per_span
        super()._stay(value, cycle, plan)

    def _take(self, plan: Plan, known: int, cycle: int) -> None:
        """Take as much of a plan that is right for a known cycle time as stands in another one and in the span."""
        super()._take(plan, known, cycle)
        facts, plan, uses = self._search.lowered.facts, self._plan, self._uses
        settle(facts, plan, uses, self._graph, cycle, cycle, 0, 1, self._search.stopping)
        self._clear(cycle)
        self._num_waiting = int(take_late(facts, plan, uses, self._span, self._waiting, self._num_waiting))

    def _tighten(self) -> None:
        """Take the cycle time and the span of the least value of the orders that were found."""
        search, goal, facts = self._search, self._search.goal, self._search.lowered.facts
        cycle, span = settle(
            facts,
            self._plan,
            self._uses,
            self._graph,
            search.least_cycle,
            self._cycle,
            goal.per_cycle,
            goal.per_span,
            search.stopping,
        )
        self._cycle, self._span = int(cycle), int(span)
        self._make_room(max(self._cycle, self._span + 1))
        if self._clear(self._cycle) == 0 and goal.value(self._cycle, self._span) < self._known()[0]:
            timetable = self._cycle, self._plan.copy()
            value = goal.value_of(search.lowered.instance, search.read(timetable))
            self._before = (value - goal.value(self._cycle, self._span)) // goal.per_span
            self._note(value, timetable)
