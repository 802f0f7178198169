"""What a schedule says of the units that have to go on at once: an order that is known to work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scheduler.domain import Charge, Move, Schedule, ScheduledOperation
from scheduler.search.board import Board
from scheduler.search.charging import BatteryTimeline
from scheduler.search.leaving import send_out_by
from scheduler.search.problem import LinkData, Problem
from scheduler.search.timelines import MachineTimeline
from scheduler.search.units import Unit


def settled(problem: Problem, board: Board, units: Sequence[Unit], schedule: Schedule) -> Schedule | None:
    """Return the part of a schedule that has the operations of the units and the moves that come with them.

    These are the moves to the operations, and from them to the customer and, to units that are not among these, out of
    the cell where construction would not let the part stay. `board` is that with the past alone. None if the schedule
    does not have them all: it is one for other plans or ways.
    """
    operations = [o for unit in units for o in unit.operations]
    chosen: list[ScheduledOperation] = []
    for operation in operations:
        found = schedule.by_operation.get(operation.key)
        if found is None:
            return None
        if operation.index not in board.fixed:
            chosen.append(found)
    by_way: dict[tuple[str | None, ...], list[Move]] = {}
    for move in schedule.moves:
        if move.job is not None and move.start >= problem.now:
            by_way.setdefault((move.job, move.predecessor, move.successor), []).append(move)
    moves: list[Move] = []
    indices = {operation.index for operation in operations}
    for link in _links(units):
        pending = by_way.get((link.job.id, *link.ends), [])
        if link.successor is None or link.successor.index in indices:
            moves += pending
            continue
        before = link.predecessor
        assert before is not None
        station = problem.machine_by_id[schedule.by_operation[before.key].machine]
        for leg in send_out_by(board, link, station):
            first = [move for move in pending if (move.origin, move.destination) == (leg.origin, leg.destination)]
            if not first:
                return None
            moves += first
    moves.sort(key=lambda move: (move.start, move.end))
    return Schedule(tuple(chosen), tuple(moves), charges=tuple(_charges(problem, schedule, moves)))


def is_sound(board: Board) -> bool:
    """Return whether there is time and charge for what lies between the tasks on a board.

    Where tasks between two others are left out, there may be less of it: another setup, or no charge.
    """
    machines = (timeline for timeline in board.timelines if isinstance(timeline, MachineTimeline))
    vehicles = (carrier for carrier in board.carriers.values() if isinstance(carrier, BatteryTimeline))
    return all(timeline.is_prepared() for timeline in machines) and all(v.is_sufficient() for v in vehicles)


def _links(units: Iterable[Unit]) -> Iterator[LinkData]:
    """Yield the links to and from the operations of units, each once."""
    seen: set[LinkData] = set()
    for unit in units:
        for operation in unit.operations:
            for link in (*unit.plan.incoming[operation.index], *unit.plan.outgoing[operation.index]):
                if link not in seen:
                    seen.add(link)
                    yield link


def _charges(problem: Problem, schedule: Schedule, moves: Sequence[Move]) -> Iterator[Charge]:
    """Yield the charges to come of vehicles, the longest before each move: there must not be two in succession."""
    for vehicle, pending in schedule.by_vehicle.items():
        before = problem.now
        for move in moves:
            if move.mover == vehicle:
                between = [charge for charge in pending if before <= charge.start < move.start]
                if between:
                    yield max(between, key=lambda charge: (charge.end - charge.start, charge.start))
                before = move.start
