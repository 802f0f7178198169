"""Plans that are made once, by insertions of whole jobs: the walks of `compacting` without a cycle.

A plan is that of a set in a cycle that is a little longer than its span, so nothing goes round (`once`). All is as
early as the orders allow, downtimes included: the least instants of `timing`.
"""

from __future__ import annotations

import numpy as np

from scheduler.domain import Instance, Schedule
from scheduler.search.cyclic.arranging import Timetable
from scheduler.search.cyclic.compacting import Compacting
from scheduler.search.cyclic.engine import MOST_TICKS, CyclicSearch
from scheduler.search.cyclic.facts import NO_LIMIT, Ints, Plan
from scheduler.search.cyclic.goal import Goal
from scheduler.search.cyclic.once import margin
from scheduler.search.cyclic.schedules import to_plan
from scheduler.search.cyclic.span import settle, take_late
from scheduler.search.threads import OnBetter

ONCE = Goal(0, 1)
"""Only the span counts."""


class InsertionSearch(CyclicSearch):
    """A search for the least makespan of an instance that `scheduler.search.cyclic.spoken` has nothing against."""

    name = "insertion"

    def __init__(self, instance: Instance, start: Schedule, seed: int, on_better: OnBetter) -> None:
        self.margin = margin(instance)
        super().__init__(instance, start, seed, on_better, ONCE, least_cycle=1)
        self.given = self._timetable(start)
        self._of_others: tuple[Timetable, Schedule] | None = None

    @classmethod
    def once(cls, instance: Instance, start: Schedule, seed: int, on_better: OnBetter) -> InsertionSearch | None:
        """Return a search, None where a plan has so many ticks that their rows have no room."""
        return None if start.makespan > MOST_TICKS // 2 else cls(instance, start, seed, on_better)

    def stepper(self, number: int) -> Inserting:
        """Return the work of a thread."""
        return Inserting(self, number)

    def give(self, schedule: Schedule) -> None:
        """Let the threads go on from a schedule that somebody else has found, if it is better."""
        value, timetable = self.goal.value_of(self.lowered.instance, schedule), self._timetable(schedule)
        if value < self.value:
            self._of_others = timetable, schedule
            self.offer(value, timetable)

    def read(self, found: Timetable) -> Schedule:
        """Return a plan as a schedule, that of somebody else as it was given.

        There work may pause that does not here (`scheduler.search.cyclic.once.pauses`).
        """
        if self._of_others is not None and found is self._of_others[0]:
            return self._of_others[1]
        return super().read(found)

    def _timetable(self, schedule: Schedule) -> Timetable:
        _, plan = to_plan(self.lowered, schedule)
        return schedule.makespan + self.margin, plan


class Inserting(Compacting):
    """One thread's walks, each for a span below that of the best plan."""

    _search: InsertionSearch

    def _aim(self, cycle: int, wanted: int, elsewhere: float) -> None:
        """Take what is wanted as the span."""
        self._span = wanted
        self._cycle = wanted + self._search.margin

    def _take(self, plan: Plan, known: int, cycle: int) -> None:
        """Take as much of a plan as is over within the span; nothing of one whose orders have no instants."""
        facts, margin = self._search.lowered.facts, self._search.margin
        self._fill(plan)
        self._num_waiting = 0
        if self._settled(max(known, cycle)) >= NO_LIMIT:
            self._plan.placed[:] = 0
            self._fill(self._plan)
            self._let_all_wait()
        self._num_waiting = int(take_late(facts, self._plan, self._uses, self._span, self._waiting, self._num_waiting))
        self._cycle = self._span + margin
        self._make_room(self._cycle)
        self._clear(self._cycle)
        self._weigh()

    def _settled(self, cycle: int) -> int:
        """Let all in the plan be as early as its orders allow; return the span, `NO_LIMIT` if they have no instants."""
        facts, stopping = self._search.lowered.facts, self._search.stopping
        return int(settle(facts, self._plan, self._uses, self._graph, cycle, cycle, 0, 1, stopping)[1])

    def _tighten(self) -> None:
        """Take the least instants of the orders that were found."""
        span = self._settled(self._cycle)
        if span >= NO_LIMIT:  # the orders were those of another search
            self._num_waiting = 1
            return
        self._span = span
        self._cycle = self._span + self._search.margin
        self._make_room(self._cycle)
        if self._clear(self._cycle) == 0 and self._span < self._known()[0]:
            self._note(self._span, (self._cycle, self._plan.copy()))

    def _ticks(self) -> Ints:
        """Return up to when each job may last."""
        return np.full(self._num_jobs, self._span + 1, np.int64)

    def rehearse(self) -> None:
        """Run every compiled function once, the walk last."""
        self._begin()
        self._tighten()
        self._arrange()
        self._begin()
        self._walk(1)
