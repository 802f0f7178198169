"""Lowering of what has begun: the moves, charges and tending on a board as rows, and what was under way at `now`."""

from __future__ import annotations

from collections.abc import Mapping

from scheduler.domain import Charge, Move
from scheduler.domain.batteries import level_at
from scheduler.domain.parking import ways_begun
from scheduler.domain.slowdowns import leaves_at
from scheduler.search.board import Board
from scheduler.search.decode import layout as at
from scheduler.search.decode.facts import Facts, Tables
from scheduler.search.parking import ParkingTimeline


class Begun:
    """What is on a board (None: nothing), with its rows of `layout.ABLE`.

    `numbers` are those of its operations by index.

    Attributes
    ----------
    moves
        The moves, and as moves from a station to itself what robots tended that was given up.
    charges
        The charges.
    tendings
        What robots tend, likewise, with the number of the operation.
    """

    def __init__(self, facts: Facts, tables: Tables, board: Board | None, numbers: Mapping[int, int]) -> None:
        self._facts = facts
        self._able = tables[at.ABLE]
        self.moves: list[tuple[Move, int]] = []
        self.charges: list[tuple[Charge, int]] = []
        self.tendings: list[tuple[int, Move, int]] = []
        if board is not None:
            self._note_under_way(tables, board, numbers)
            self._note_tending(board, numbers)
            spots = facts.spots()
            self.charges = [(charge, spots[charge.charger]) for charge in board.charges]
            self.moves.extend((move, self._row(move)) for move in board.moves)

    def _note_under_way(self, tables: Tables, board: Board, numbers: Mapping[int, int]) -> None:
        """Fill the tables of setups and empty moves that were under way at `now`."""
        facts = self._facts
        for name, timeline in board.carriers.items():
            first, group = len(tables[at.UNDER_WAY]), board.problem.instance.group_by_carrier[name]
            for (origin, destination), start in timeline.under_way.items():
                leaves = leaves_at(group, origin, destination, 0, timeline.now, start, anew=timeline.sets_out_anew)
                time = group.travel_time(origin, destination)
                if leaves < timeline.now:  # it goes on
                    time = min(time, group.travel_time(origin, destination, start))
                ends = facts.spot(name, origin), facts.spot(name, destination)
                tables[at.UNDER_WAY].append((*ends, leaves, time))
            carrier = tables[at.CARRIERS][facts.mover(name)]
            carrier = (*carrier[: at.UNDER_AT], first, len(tables[at.UNDER_WAY]), *carrier[at.UNDER_END + 1 :])
            if isinstance(timeline, ParkingTimeline):
                place, ready = timeline.stand
                carrier = (*carrier[: at.STANDS], facts.spot(name, place), ready)
                if carrier[at.BATTERY] >= 0:
                    battery = tables[at.BATTERIES][carrier[at.BATTERY]]
                    level = _level(board, name, ready)
                    tables[at.BATTERIES][carrier[at.BATTERY]] = (*battery[: at.LEVEL_THERE], level)
            tables[at.CARRIERS][facts.mover(name)] = carrier
        for number, machine in enumerate(board.timelines):
            for (index, before, after), start in machine.begun.items():
                if index in numbers:
                    families = facts.family_number(number, before), facts.family_number(number, after)
                    tables[at.CHANGEOVERS].append((numbers[index], *families, start))

    def _note_tending(self, board: Board, numbers: Mapping[int, int]) -> None:
        execution = board.problem.instance.execution
        for piece in execution.aborted if execution is not None else ():
            if piece.tended_by is not None:
                stay = _stay(piece.machine, piece.tended_by, piece.start, piece.end)
                self.moves.append((stay, self._row(stay)))
        for index, number in numbers.items():
            mode = board.mode[index]
            if mode is not None and mode.tenders:
                stay = _stay(mode.machine.domain.id, board.tended_by[index], board.start[index], board.end[index])
                self.tendings.append((number, stay, self._row(stay)))

    def _row(self, move: Move) -> int:
        """Add the row of a move that is on the board."""
        facts, length = self._facts, move.end - move.start
        if move.kind == "transfer":
            self._able.append((facts.lane(move.mover), length, 0, 0, 0, 0))
        else:
            ends = facts.spot(move.mover, move.origin), facts.spot(move.mover, move.destination)
            self._able.append((facts.mover(move.mover), length, *ends, 0, 0))
        return len(self._able) - 1


def _level(board: Board, vehicle: str, instant: int) -> int:
    """Return the level of a vehicle in limited parking after what has begun."""
    instance = board.problem.instance
    moves = [move for move in board.moves if move.mover == vehicle]
    for origin, destination, start, end in ways_begun(instance, vehicle):
        moves.append(Move(None, origin, destination, vehicle, "empty_move", start, end))
    charges = [charge for charge in board.charges if charge.vehicle == vehicle]
    return level_at(instance, vehicle, moves, charges, instant)


def _stay(machine: str, robot: str, start: int, end: int) -> Move:
    return Move(None, machine, machine, robot, "robot_move", start, end)
