"""When parts leave the machines of operations that are placed, and what becomes free by it.

A part leaves when a robot or vehicle takes it up, when its next operation takes it over, or at once where it departs
without a move. What was placed too early for that is a *clash*; see `scheduler.search.placement`.
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.domain.routing import Leg
from scheduler.search.board import Board
from scheduler.search.clash import HOPELESS, Clash
from scheduler.search.downtimes import NEVER
from scheduler.search.problem import LinkData, MachineData, OperationData, PlanData


def send_off(board: Board, plan: PlanData, operation: OperationData) -> Clash | None:
    """Carry parts away: out of the cell of a placed operation, where they can't stay in it, and all the way out.

    A part that departs without a move leaves its machine at once.
    """
    index = operation.index
    machine = board.mode_of(operation).machine
    for link in plan.outgoing[index]:
        legs = send_out_by(board, link, machine)
        done, ready = board.part.get(link, (0, board.end[index]))
        if link.successor is None and not legs and board.waiting[index]:
            clash = leave(board, operation, link, board.end[index])
            if clash is not None:
                return clash
        for leg in legs[done:]:
            moved = board.carry(link, leg, ready)
            if moved is None:
                return HOPELESS
            ready = moved.end
            clash = fetched(board, operation, link, leg, moved.start) if leg is legs[0] else None
            if clash is None and machine.takes_up(leg):
                clash = leave(board, operation, link, moved.taken_up)
            if clash is not None:
                return clash
    return None


def send_out_by(board: Board, link: LinkData, machine: MachineData) -> Sequence[Leg]:
    """Return the legs by which a part that is done at a machine goes away before its next operation is placed."""
    legs = board.problem.legs(machine, None) or ()
    if link.successor is None:
        return legs
    cell = machine.cell
    is_bound = cell is None or cell.output_places is not None
    return () if is_bound or link in board.part or _may_stay(board, link, machine) else legs[:1]


def leave(board: Board, operation: OperationData, link: LinkData, instant: int) -> Clash | None:
    """Let the part of a link leave its machine, or the buffer, at an instant, unless its place is needed before."""
    index = operation.index
    machine = board.mode_of(operation).machine
    if not machine.keeps or link.taken_at is not None:
        return None
    store = board.stores[machine.index]
    limit = board.until[index] if store is None else board.stored[index][1]
    if instant > limit:
        bound = (store or board.timelines[machine.index]).beyond(limit, instant)
        return Clash(operation, bound) if bound < NEVER else HOPELESS
    board.leave(index, instant)
    return None


def take_over(
    board: Board, link: LinkData, operation: OperationData, machine: MachineData, begin: int, start: int
) -> Clash | None:
    """End the occupation of the operation before, if the next one takes its part over without a move.

    Other parts of the two can't be on one machine at the same time, if it has room for one only.
    """
    before = link.predecessor
    if before is None:
        return None
    origin = board.mode_of(before).machine
    if not origin.keeps or board.problem.legs(origin, machine) != ():
        return None
    if origin is machine and machine.holds_out and machine.domain.capacity == 1:
        if board.waiting[before.index] > 1 or (begin < start and machine.load_time > 0):
            return HOPELESS
        if begin < start:
            return Clash(operation, start)
    return leave(board, before, link, start)


def fetched(board: Board, before: OperationData, link: LinkData, leg: Leg, start: int) -> Clash | None:
    """Return the clash if the first move of a part fetches it too late from the machine of an operation."""
    machine = board.mode_of(before).machine.domain
    return _dwells(board, before, link, start) if leg.origin == machine.id or machine.output_buffer == 0 else None


def stays(board: Board, link: LinkData, machine: MachineData, start: int) -> Clash | None:
    """Return the clash if a part that needs no move stays too long where it is."""
    before = link.predecessor
    if before is None or board.mode_of(before).max_dwell is None:
        return None
    here = board.mode_of(before).machine
    is_there = here is machine or (here.domain.output_buffer == 0 and board.problem.legs(here, machine) == ())
    return _dwells(board, before, link, start) if is_there else None


def has_to_leave(board: Board, plan: PlanData, operation: OperationData, machine: MachineData) -> bool:
    """Return whether parts of the operation occupy the station until a robot has unloaded them."""
    if not machine.holds_out or machine.cell is None:
        return False
    successors = (link.successor for link in plan.outgoing[operation.index] if link.successor is not None)
    return all(mode.machine is not machine for o in successors for mode in board.modes_of(o))


def _may_stay(board: Board, link: LinkData, machine: MachineData) -> bool:
    """Return whether the next operation may be in the same cell."""
    if link.successor is None:
        return False
    cell = machine.domain.cell
    return any(mode.machine.domain.cell == cell for mode in board.modes_of(link.successor))


def _dwells(board: Board, before: OperationData, link: LinkData, start: int) -> Clash | None:
    """Return the clash if a part that goes on then stays too long; one taken over for lost work has left before."""
    index = before.index
    limit = board.mode_of(before).max_dwell
    if limit is None or link.taken_at is not None or start <= board.end[index] + limit:
        return None
    return Clash(before, board.start[index] + start - board.end[index] - limit)
