"""One pass of construction: list scheduling over units.

Parts that stand in a robot cell and pinned operations come first; then, again and again, the unit that a rule prefers
among those that can start soonest. Any unit may fill an earlier gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from scheduler.domain import Schedule
from scheduler.search.board import Board
from scheduler.search.downtimes import NEVER
from scheduler.search.insertion import Insertion
from scheduler.search.parking import is_crowded
from scheduler.search.past import NOTHING, Past
from scheduler.search.problem import JobData, OperationData, PlanData, Problem
from scheduler.search.queues import queue_for
from scheduler.search.rules import Rule
from scheduler.search.settled import is_sound, settled
from scheduler.search.units import Plans, Unit
from scheduler.search.untangle import untangle

MAX_ORDERS = 8
"""Orders in which parts that stand in cells and pinned operations are tried."""
MAX_STEPS = 600
"""Steps in which all of it is placed one by one where no order of the units works."""
MAX_PLANS = 12
"""Plans of a job that are tried in one pass; of more, this many are drawn."""


def dispatch(
    problem: Problem, plans: Plans, rule: Rule, rng: Random, is_over: Callable[[], bool] = lambda: False
) -> Board | None:
    """Return a board with all jobs placed by the rule, or None if that leads into a dead end or is over before."""
    run = _Pass(problem, plans, rule, rng)
    return run.board if run.place_begun(is_over) and run.place_rest(is_over) else None


def begin(
    problem: Problem, plans: Plans, rule: Rule, rng: Random, known: Schedule | None = None
) -> tuple[Board, set[Unit]] | None:
    """Return a board with what has begun and what that commits to, and the units on it.

    Where no order of the units that have to go on at once works, or they end later in sum than in a `known` schedule
    that keeps every rule, they go on as in that one. None if there is none, or it can't be followed.
    """
    run = _Pass(problem, plans, rule, rng)
    has_begun = run.place_begun()
    if known is not None and (not has_begun or run.lateness(known) > 0):
        for whole in (False, True):
            followed = follow(problem, plans, rule, rng, known, whole=whole)
            if followed is not None:
                return followed
    return (run.board, run.placed) if has_begun else None


def follow(
    problem: Problem, plans: Plans, rule: Rule, rng: Random, known: Schedule, *, whole: bool = True
) -> tuple[Board, set[Unit]] | None:
    """Return the same as `begin`, with what has to go on at once where a schedule that keeps every rule has it.

    Without `whole` that is only what is in the way of others until then; the rest of these units is constructed. None
    if the schedule has another plan for it, if what it leaves out between two operations was needed (a setup, a
    charge), or if the rest ends later in sum.
    """
    run = _Pass(problem, plans, rule, rng)
    ahead = settled(problem, run.board, run.urgent(), known, whole=whole) if run.recall() else None
    if ahead is None:
        return None
    run = _Pass(problem, plans, rule, rng, ahead)
    is_placed = run.place_begun() and is_sound(run.board) and (whole or run.lateness(known) <= 0)
    return (run.board, run.placed) if is_placed else None


class _Pass:
    def __init__(self, problem: Problem, plans: Plans, rule: Rule, rng: Random, ahead: Schedule = NOTHING) -> None:
        self.board = Board(problem, rule.patience, rule.pieces)
        self._problem = problem
        self._ahead = ahead
        self._plans = plans
        self._rule = rule
        self._rng = rng
        self._insertion = Insertion(self.board, rule)
        self._queue = queue_for(self._insertion, rule)
        self._units: dict[JobData, tuple[Unit, ...]] = {}
        self._missing: dict[Unit, int] = {}
        self.placed: set[Unit] = set()

    def place_begun(self, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Recall the past; place the units that continue it or lead to pinned operations, in whatever order works.

        All of them unless it is over before.
        """
        if not self.recall():
            return False
        urgent = self.urgent()
        for _ in range(MAX_ORDERS):
            order, stuck = self._place_in_turn(urgent, is_over)
            if not stuck:
                for unit in order:
                    self._finish(unit)
                return True
            self.board.undo(0)
            first = {unit.plan.job for unit in stuck}
            other = sorted(urgent, key=lambda unit: unit.plan.job not in first)
            if other == urgent:
                break
            urgent = other
        return self._place_step_by_step(urgent, is_over)

    def _place_step_by_step(self, urgent: Sequence[Unit], is_over: Callable[[], bool]) -> bool:
        """Place the operations of all these units one by one, so that one unit may go on when another has made room.

        A part that has to be fetched first may have a long way to go, on which it needs a place that another leaves
        only later.
        """
        if not untangle(self._insertion, urgent, most=MAX_STEPS, is_over=is_over):
            return False
        for units in self._units.values():
            for unit in units:
                if unit in urgent:
                    self._finish(unit)
        return True

    def recall(self) -> bool:
        """Put the past on the board; return whether it leaves any way to go on."""
        if self._problem.instance.execution is None:
            return True
        past = Past(self._problem, self._ahead)
        for job in self._problem.jobs:
            if past.begun(job.domain):
                number = past.plan_number(job)
                if number is None:
                    return False
                self._enter(job, self._plans.units(job, number))
        if is_crowded(self._problem.instance):
            return False
        past.recall(self.board, [units[0].plan for units in self._units.values()])
        for units in self._units.values():
            self.board.adopt(units[0].plan)
        self.board.commit()
        return True

    def urgent(self) -> list[Unit]:
        """Return the units that continue what has begun or lead to pinned operations, the most pressing first."""
        found: dict[Unit, int] = {}
        for units in self._units.values():
            for unit in reversed(units):
                instants = [found[other] for other in unit.after if other in found]
                instants += [t for o in unit.operations if (t := self._pressing_at(unit.plan, o)) is not None]
                if instants:
                    found[unit] = min(instants)
        return sorted(found, key=lambda unit: found[unit])

    def lateness(self, known: Schedule) -> int:
        """Return by how much operations that have been placed end later than in a schedule that has them, in sum."""
        ends = known.by_operation
        placed = [o for unit in self.placed for o in unit.operations if o.key in ends]
        return sum(self.board.end[operation.index] - ends[operation.key].end for operation in placed)

    def _place_in_turn(self, units: Sequence[Unit], is_over: Callable[[], bool]) -> tuple[list[Unit], list[Unit]]:
        """Place units, those first that stand before others in the list; return the placed ones and those stuck."""
        missing, left = dict(self._missing), list(units)
        placed: list[Unit] = []
        while left:
            if is_over():
                return placed, left
            done = next(([unit] for unit in left if missing[unit] == 0 and self._insert(unit)), [])
            if not done:
                ready = [unit for unit in left if missing[unit] == 0]
                if not untangle(self._insertion, ready):
                    return placed, ready
                done = ready
            for unit in done:
                left.remove(unit)
                for other in unit.after:
                    missing[other] -= 1
            placed += done
        return placed, []

    def place_rest(self, is_over: Callable[[], bool]) -> bool:
        """Place all other units, unless it is over before.

        The plan of a job that has several is chosen when its turn comes.
        """
        undecided: dict[JobData, Sequence[tuple[Unit, ...]]] = {}
        for job in self._problem.jobs:
            if job not in self._units:
                choices = sorted((self._plans.units(job, number) for number in self._drawn(job)), key=_length)
                self._enter(job, choices[0])
                if len(choices) > 1:
                    undecided[job] = choices
                else:
                    self.board.adopt(choices[0][0].plan)
        self.board.commit()
        for units in list(self._units.values()):
            self._queue.push(unit for unit in units if unit.num_before == 0 and unit not in self.placed)
        while (unit := self._queue.pop()) is not None:
            if is_over():
                return False
            job = unit.plan.job
            if job in undecided:
                chosen = self._best(undecided.pop(job))
                if chosen is None:
                    return False
                self._enter(job, chosen)
                self.board.adopt(chosen[0].plan)
                self.board.commit()
                self._queue.push(unit for unit in chosen if unit.num_before == 0)
            elif unit in self._missing and unit not in self.placed and not self._place(unit):
                return False
        return True

    def _enter(self, job: JobData, units: tuple[Unit, ...]) -> None:
        """Carry out these units of a job, instead of those entered before."""
        for unit in self._units.get(job, ()):
            del self._missing[unit]
        self._units[job] = units
        self.board.plans[job] = units[0].plan.number
        self._missing.update((unit, unit.num_before) for unit in units)

    def _drawn(self, job: JobData) -> Sequence[int]:
        if job in self._rule.plans:
            return [self._rule.plans[job]]
        numbers = range(len(job.plan_ids))
        return numbers if len(numbers) <= MAX_PLANS else self._rng.sample(numbers, MAX_PLANS)

    def _best(self, choices: Sequence[tuple[Unit, ...]]) -> tuple[Unit, ...] | None:
        """Return the plan with which the job would be completed first."""
        board, mark = self.board, self.board.mark()
        best: tuple[int, tuple[Unit, ...]] | None = None
        for units in choices:
            board.adopt(units[0].plan)
            if all(self._insert(unit) for unit in units):
                completion = board.completion(units[0].plan)
                if best is None or completion < best[0]:
                    best = (completion, units)
            board.undo(mark)
        return best[1] if best is not None else None

    def _place(self, unit: Unit) -> bool:
        if self._insert(unit):
            self._finish(unit)
        return unit in self.placed

    def _insert(self, unit: Unit) -> bool:
        return self._insertion.place(unit) or untangle(self._insertion, [unit], self.board.latest())

    def _finish(self, unit: Unit) -> None:
        """Make a unit final; those for which it was the last to wait for are next."""
        board = self.board
        board.commit()
        for operation in unit.operations:
            mode = board.mode_of(operation)
            board.busy[mode.machine.index] += mode.duration
        self.placed.add(unit)
        for other in unit.after:
            self._missing[other] -= 1
        self._queue.push(other for other in unit.after if self._missing[other] == 0)

    def _pressing_at(self, plan: PlanData, operation: OperationData) -> int | None:
        """Return when an operation is pinned, or its part waits on a station or for a maximum lag."""
        board, index = self.board, operation.index
        if index in board.pins or index in board.loaded:
            return board.pins.get(index, board.loaded.get(index))
        if index in board.brought:
            return board.brought[index]
        if any(link in board.stations.parked for link in plan.incoming[index]):
            return self._problem.now
        if index not in board.fixed:
            return None
        is_parked = any(link in board.stations.parked for link in plan.outgoing[index])
        waits = is_parked or board.waiting[index] > 0 or any(link.max_lag is not None for link in plan.outgoing[index])
        return board.end[index] if waits else NEVER


def _length(units: tuple[Unit, ...]) -> int:
    return max(unit.rest for unit in units)
