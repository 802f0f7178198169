"""Inserting a unit: its operations one after the other, into the gaps that the others left.

A clash raises the earliest start (the *floor*) of an operation, and the unit is placed anew. Floors only rise, so this
ends; where the gaps are too tight, the unit comes after everything else.
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.search.board import Board
from scheduler.search.chains import place_chain
from scheduler.search.clash import Clash
from scheduler.search.downtimes import NEVER
from scheduler.search.placement import Placement
from scheduler.search.problem import LinkData, MachineData, OperationData, PlanData
from scheduler.search.rules import Rule
from scheduler.search.units import Unit

MAX_CLASHES = 40
"""Clashes per operation of a unit before it is placed after everything else."""


class Insertion:
    """Places units on a board."""

    def __init__(self, board: Board, rule: Rule) -> None:
        self.board = board
        self.placement = Placement(board, rule)
        self._rule = rule
        self._problem = board.problem

    def place(self, unit: Unit) -> bool:
        """Place a whole unit, or return False and leave the board as it was.

        Where the gaps are too tight, the unit comes after everything that has been placed.
        """
        if unit.plan.is_chain and not self._rule.loyalty and self._is_untouched(unit):
            return place_chain(self.board, unit.plan, unit.operations)
        if self._with_floors(unit.plan, unit.operations, {}):
            return True
        after_all = dict.fromkeys((operation.index for operation in unit.operations), self.board.latest())
        return self._with_floors(unit.plan, unit.operations, after_all)

    def peek(self, unit: Unit, floor: int = 0) -> int:
        """Return when the unit can start at the earliest, not before `floor`.

        It is a guess where parts need moves or operators.
        """
        board, plan, operation = self.board, unit.plan, unit.operations[0]
        index, earliest = operation.index, max(plan.job.domain.release_date, self._problem.now, floor)
        found = NEVER
        if plan.is_plain:
            for link in plan.incoming[index]:
                if link.predecessor is not None:
                    earliest = max(earliest, board.end[link.predecessor.index] + link.min_lag)
            for mode in board.modes_of(operation):
                opening = board.timelines[mode.machine.index].opening(earliest, mode.duration, None, index)
                found = min(found, opening)
            return found
        for mode in board.modes_of(operation):
            ready = max([earliest, *(self._arrival(link, mode.machine) for link in plan.incoming[index])])
            opening = board.timelines[mode.machine.index].opening(ready, mode.duration, mode.family, index)
            if mode.machine.downtimes is not None:
                opening, _ = mode.machine.downtimes.window(opening, mode.duration, operation.interruptible)
            found = min(found, opening)
        return found

    def raise_floors(
        self, plan: PlanData, operations: Sequence[OperationData], clash: Clash, floors: dict[int, int]
    ) -> bool:
        """Raise the floor of the operation of a clash, and those that maximum lags tie to it; False if it can't be."""
        board = self.board
        movable = {operation.index for operation in operations} - board.fixed - board.loaded.keys()
        if clash.operation is None or clash.operation.index not in movable:
            return False
        if clash.bound <= floors.get(clash.operation.index, 0):
            return False
        waiting = [(clash.operation, clash.bound)]
        while waiting:
            operation, bound = waiting.pop()
            floors[operation.index] = bound
            for link in plan.incoming[operation.index]:
                before = link.predecessor
                if before is None or link.max_lag is None or before.index not in movable:
                    continue
                excess = bound - link.max_lag - board.end[before.index]
                later = board.start[before.index] + excess
                if board.mode[before.index] is not None and excess > 0 and later > floors.get(before.index, 0):
                    waiting.append((before, later))
        return True

    def _is_untouched(self, unit: Unit) -> bool:
        """Return whether the unit is a whole plan of which nothing has begun or is pinned."""
        board = self.board
        is_whole = len(unit.operations) == len(unit.plan.operations)
        return is_whole and not any(o.index in board.fixed or o.index in board.pins for o in unit.operations)

    def _with_floors(self, plan: PlanData, operations: Sequence[OperationData], floors: dict[int, int]) -> bool:
        board = self.board
        mark = board.mark()
        for _ in range(MAX_CLASHES * len(operations)):
            clash = self._in_order(plan, operations, floors)
            if clash is None:
                return True
            can_rise = self.raise_floors(plan, operations, clash, floors)
            board.undo(mark)
            if not can_rise:
                return False
        return False

    def _in_order(self, plan: PlanData, operations: Sequence[OperationData], floors: dict[int, int]) -> Clash | None:
        for operation in operations:
            clash = self.placement.place_operation(plan, operation, floors.get(operation.index, 0))
            if clash is not None:
                return clash
        return None

    def _arrival(self, link: LinkData, machine: MachineData) -> int:
        """Return when a part can be at a machine if its moves have to wait for nothing."""
        board, before = self.board, link.predecessor
        origin = board.mode_of(before).machine if before is not None else None
        ready = board.end[before.index] + link.min_lag if before is not None else link.job.release_date
        done, ready = board.part.get(link, (0, ready))
        times = (
            sum(self._problem.leg_time(leg, link.job.indivisible_units) for leg in legs[done:])
            for legs in self._problem.routes(origin, machine)
        )
        return ready + min(times, default=NEVER)
