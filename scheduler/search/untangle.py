"""Placing operations that stand in each other's way one by one, in an order found by depth-first search.

Needed where whole units can't be placed in any order: parts that already stand on stations without buffers and have
to move up in turn, or the parts of one job that meet in a robot cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import TypeAlias

from scheduler.search.clash import HOPELESS, Clash
from scheduler.search.insertion import Insertion
from scheduler.search.problem import LinkData, ModeData, OperationData
from scheduler.search.units import Unit

Brought: TypeAlias = frozenset[tuple[LinkData, bool]]
"""Parts that went on before the others they wait for, and whether out of their cell."""
State: TypeAlias = tuple[frozenset[OperationData], Brought, tuple[ModeData | None, ...]]
"""Operations left, parts brought, and the modes of the operations that have been placed."""

MAX_STEPS = 3000
MAX_OPERATIONS = 300
"""More of them are not searched through (and would nest too deeply)."""
MAX_ROUNDS = 20


def untangle(
    insertion: Insertion,
    units: Sequence[Unit],
    floor: int = 0,
    *,
    most: int = MAX_STEPS,
    is_over: Callable[[], bool] = lambda: False,
) -> bool:
    """Place the operations of the units, or return False and leave the board as it was.

    At the most so many steps are made, unless it is over before.
    """
    if sum(len(unit.operations) for unit in units) > MAX_OPERATIONS:
        return False
    floors = {operation.index: floor for unit in units for operation in unit.operations if floor > 0}
    mark, steps = insertion.board.mark(), count()
    for _ in range(MAX_ROUNDS):
        search = _Search(insertion, units, floors, lambda: next(steps) > most or is_over())
        if search.run():
            return True
        rose = search.raise_floors()
        insertion.board.undo(mark)
        if not rose:
            return False
    return False


class _Search:
    """One depth-first search; the operations that are left say where it is, and dead ends are remembered."""

    def __init__(
        self, insertion: Insertion, units: Sequence[Unit], floors: dict[int, int], is_enough: Callable[[], bool]
    ) -> None:
        self._insertion = insertion
        self._board = insertion.board
        self._unit_of = {operation: unit for unit in units for operation in unit.operations}
        self._floors = floors
        self._dead_ends: set[State] = set()
        self._is_enough = is_enough
        self._clash: Clash | None = None

    def run(self) -> bool:
        """Place everything; what has started only has to send its parts off."""
        started = [operation for operation in self._unit_of if self._board.mode[operation.index] is not None]
        if any(self._place(operation) is not None for operation in started):
            return False
        return self._search(frozenset(self._unit_of) - frozenset(started), frozenset())

    def raise_floors(self) -> bool:
        """Raise the floor of the operation that clashed first; return False if that helps nothing."""
        if self._clash is None or self._clash.operation is None:
            return False
        unit = self._unit_of.get(self._clash.operation)
        if unit is None:
            return False
        return self._insertion.raise_floors(unit.plan, unit.operations, self._clash, self._floors)

    def _search(self, left: frozenset[OperationData], brought: Brought) -> bool:
        if not left:
            return True
        modes = (self._board.mode[operation.index] for operation in self._unit_of if operation not in left)
        state = (left, brought, tuple(modes))
        if state in self._dead_ends:
            return False
        for operation in self._unit_of:
            if operation in left and self._is_ready(operation):
                for mode in (None, *self._others(operation)):
                    mark = self._board.mark()
                    if self._place(operation, mode) is None and self._search(left - {operation}, brought):
                        return True
                    self._board.undo(mark)
        for link in self._movable(left):
            for out in (False, True):
                mark = self._board.mark()
                if self._bring(link, out) and self._search(left, brought | {(link, out)}):
                    return True
                self._board.undo(mark)
        self._dead_ends.add(state)
        return False

    def _others(self, operation: OperationData) -> tuple[ModeData, ...]:
        """Return the modes to try where the best one at first sight leads nowhere."""
        modes = self._board.modes_of(operation)
        return modes if len(modes) > 1 else ()

    def _place(self, operation: OperationData, mode: ModeData | None = None) -> Clash | None:
        """Place an operation in a mode, the best one if none is given."""
        if self._is_enough():
            return HOPELESS
        plan, floor = self._unit_of[operation].plan, self._floors.get(operation.index, 0)
        if mode is None:
            clash = self._insertion.placement.place_operation(plan, operation, floor)
        else:
            clash = self._insertion.placement.place_in(plan, operation, mode, floor)
        if clash is not None and (self._clash is None or clash.bound < self._clash.bound):
            self._clash = clash
        return clash

    def _bring(self, link: LinkData, out: bool) -> bool:
        """Carry a part to the station of the operation that joins it with others, or out of the cell."""
        if self._is_enough() or link.successor is None:
            return False
        plan = self._unit_of[link.successor].plan
        if out:
            return self._insertion.placement.send_out(plan, link)
        return self._insertion.placement.bring(plan, link, self._floors.get(link.successor.index, 0))

    def _is_ready(self, operation: OperationData) -> bool:
        links = self._unit_of[operation].plan.incoming[operation.index]
        return all(link.predecessor is None or self._is_placed(link.predecessor) for link in links)

    def _is_placed(self, operation: OperationData) -> bool:
        return self._board.mode[operation.index] is not None

    def _movable(self, left: frozenset[OperationData]) -> list[LinkData]:
        """Return the parts that could go on before the others that they wait for are ready."""
        return [
            link
            for operation in self._unit_of
            if operation in left and not self._is_ready(operation)
            for link in self._unit_of[operation].plan.incoming[operation.index]
            if link.predecessor is not None and self._is_placed(link.predecessor)
        ]
