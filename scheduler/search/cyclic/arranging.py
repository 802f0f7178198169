"""A thread's plan of all jobs, and jobs moved in it: the timetables that are as good as the best one, or better.

In large sets jobs of the best timetable are moved (`moving`) before the first walk, for makespans after it, and after
each other one: some insertions at a time, after which the new orders are timed anew. What is no worse than before is
where the next moves and the next walk begin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from scheduler.search.cyclic.costs import set_prices
from scheduler.search.cyclic.drawing import graphs
from scheduler.search.cyclic.facts import Ints, Plan, empty_plan, empty_uses, size_of
from scheduler.search.cyclic.moving import rearrange
from scheduler.search.cyclic.room import COLLISION, DEAREST, OWN, rooms
from scheduler.search.cyclic.using import use_first, use_job
from scheduler.search.cyclic.walk import clear, tighten

if TYPE_CHECKING:
    from scheduler.search.cyclic.engine import CyclicSearch

SLACK = 3
"""Cycles that a job may last longer than it takes at the least; twice as many after each failure of a single tick."""
MOVES = 20
"""Insertions for each job after which moving jobs ends, if it has led to nothing better ..."""
MOVED = 2
"""... of so many jobs at a time, at the most, ..."""
HEAT = 8.0
"""... after which what is always busy may take so many ticks more, with probability 1/e ..."""
SOON = 60
"""... and insertions after each of which the orders are timed anew."""
MANY = 20
"""In sets of fewer jobs none are moved: walks are over so soon that they find as much in the same time."""


Timetable: TypeAlias = tuple[int, Plan]
"""A cycle time and a plan of all jobs for it."""


class Arranging:
    """One thread's plan with its uses, prices and times, and moves of its jobs."""

    def __init__(self, search: CyclicSearch, number: int) -> None:
        facts = search.lowered.facts
        self._search = search
        self._rng = np.random.default_rng((search.seed, number))
        self._num_jobs = size_of(facts).jobs
        numbers = np.unique(facts.alternatives[:, 0])
        self._jobs_of_set = numbers[: len(numbers) - int(facts.is_once[0])]  # by their first process plans
        self._num_of_set = len(self._jobs_of_set)
        self._plan, self._uses = empty_plan(facts), empty_uses(facts)
        self._graph = graphs(facts)
        self._slack = SLACK
        self._room = rooms(facts, 0)
        self._weights = np.ones(self._num_jobs, np.int64)
        self._waiting = np.zeros(self._num_jobs + 1, np.int64)
        self._num_waiting = 0
        self._cycle = 0
        self._spent = 0  # insertions of a walk
        self._made = 0  # insertions in all
        self._own: tuple[int, Timetable] | None = None  # the best since it began anew
        self._arranged = search.value + 1, search.given  # none yet: others may have found better ones than that given
        self._saved, self._moved = empty_plan(facts), np.zeros(2 * MOVED, np.int64)
        self._most_moves = MOVES * self._num_of_set if self._num_of_set >= MANY else 0
        self._moves = self._most_moves  # insertions that move jobs, from now on

    def _arrange(self) -> None:
        """Move some jobs of the best timetable, or of one as good that this has led to, and time the new orders."""
        search = self._search
        value, (cycle, plan) = self._base()
        self._stay(value, cycle, plan)
        if self._num_waiting > 0:  # what others have found may be more than this search allows
            self._moves = 0
            return
        self._room.begins[0] = self._begins()
        done = rearrange(
            search.lowered.facts,
            self._plan,
            self._uses,
            self._room,
            self._weights,
            self._ticks(),
            self._cycle,
            SOON,
            HEAT * DEAREST,
            int(self._rng.integers(1 << 30)),
            search.stopping,
            self._saved,
            self._moved,
        )
        search.iterations += max(1, int(done))
        self._made += int(done)
        self._moves -= max(1, int(done))
        self._tighten()
        if self._num_waiting == 0 and self._wanted() <= value:
            self._moves = self._most_moves if self._wanted() < value else self._moves
            self._arranged = self._wanted(), (self._cycle, self._plan.copy())
        self._num_waiting = 0

    def _base(self) -> tuple[int, Timetable]:
        """Return the best timetable, or one that is as good, with its value."""
        best = self._known()
        return self._arranged if self._arranged[0] <= best[0] else best

    def _known(self) -> tuple[int, Timetable]:
        """Return the best timetable of all threads, or of this one since it began anew, with its value."""
        return self._own or (self._search.value, self._search.known())

    def _note(self, value: int, timetable: Timetable) -> None:
        """Take note of a timetable; the search does if it is the best of all."""
        if self._own is not None and value < self._own[0]:
            self._own = value, timetable
        self._search.offer(value, timetable)

    def _let_all_wait(self) -> None:
        """Let all jobs of the set wait, each by its first process plan; none of them may be in the plan."""
        self._num_waiting = self._num_of_set
        self._waiting[: self._num_of_set] = self._jobs_of_set

    def _stay(self, value: int, cycle: int, plan: Plan) -> None:
        """Take a plan over as it is."""
        self._fill(plan)
        self._cycle = cycle
        self._make_room(max(cycle, int(self._ticks().max())))
        self._num_waiting = 0
        self._clear(cycle)
        self._weigh()

    def _wanted(self) -> int:
        """Return the value of a plan for which every job has a place now."""
        return self._cycle

    def _begins(self) -> int:
        """Return before which tick a job begins."""
        return self._cycle

    def _tighten(self) -> None:
        """Take the least cycle time of the orders that were found."""
        search, facts = self._search, self._search.lowered.facts
        cycle = int(tighten(facts, self._plan, self._uses, self._graph, search.target, self._cycle, search.stopping))
        if self._clear(cycle) == 0:
            self._note(cycle, (cycle, self._plan.copy()))
        self._cycle = cycle

    def _clear(self, cycle: int) -> int:
        """Take out what collides; return how many jobs wait then."""
        self._num_waiting = int(
            clear(
                self._search.lowered.facts,
                self._plan,
                self._uses,
                self._room,
                self._weights,
                self._waiting,
                self._num_waiting,
                cycle,
            )
        )
        return self._num_waiting

    def _ticks(self) -> Ints:
        """Return up to when each job may last."""
        sets = int(self._search.lowered.facts.sets[0])
        return np.minimum(self._search.lasts + self._slack * self._cycle, sets * self._cycle) + 1

    def _weigh(self) -> None:
        """Set prices and weights for a plan with which moves or a walk begin."""
        search = self._search
        longest = int(search.lasts.max(initial=1))
        set_prices(search.lowered.facts, self._uses, self._room, self._cycle, longest)
        self._weights[:] = 1
        if search.lowered.facts.is_once[0]:
            self._weights[-1] = OWN // COLLISION
        self._spent = 0

    def _fill(self, plan: Plan) -> None:
        """Take over a plan, with its uses."""
        for mine, theirs in zip(self._plan, plan, strict=True):
            mine[:] = theirs
        self._uses.size[:] = 0
        use_first(self._search.lowered.facts, self._uses, len(self._plan.time))
        for job in np.flatnonzero(plan.placed):
            use_job(self._search.lowered.facts, self._plan, self._uses, int(job))

    def _make_room(self, ticks: int) -> None:
        if ticks > self._room.starts.shape[1]:
            before, self._room = self._room, rooms(self._search.lowered.facts, ticks)
            self._room.price[:], self._room.rebate[:] = before.price, before.rebate
