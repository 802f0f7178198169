"""What a schedule says of the units that have to go on at once: an order that is known to work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scheduler.domain import Charge, Move, Schedule, ScheduledOperation
from scheduler.search.board import Board
from scheduler.search.charging import BatteryTimeline
from scheduler.search.leaving import send_out_by
from scheduler.search.problem import LinkData, Problem
from scheduler.search.timelines import MachineTimeline
from scheduler.search.units import Unit


def settled(
    problem: Problem, board: Board, units: Sequence[Unit], schedule: Schedule, *, whole: bool = True
) -> Schedule | None:
    """Return the part of a schedule that has the operations of the units and the moves that come with them.

    Without `whole`, a unit is left where its part comes to a place with room for any number, in nobody's way: at the
    station of a facility, or before a machine with an unlimited input buffer.

    These are the moves to the operations, and from them to the customer and, to units that are not among these, out of
    the cell where construction would not let the part stay. `board` is that with the past alone. None if the schedule
    does not have them all: it is one for other plans or ways.
    """
    by_way: dict[tuple[str | None, ...], list[Move]] = {}
    for move in schedule.moves:
        if move.job is not None and move.start >= problem.now:
            by_way.setdefault((move.job, move.predecessor, move.successor), []).append(move)
    left = set[int]() if whole else _left(problem, board, units, by_way)
    operations = [o for unit in units for o in unit.operations if o.index not in left]
    chosen: list[ScheduledOperation] = []
    for operation in operations:
        found = schedule.by_operation.get(operation.key)
        if found is None:
            return None
        if operation.index not in board.fixed:
            chosen.append(found)
    moves: list[Move] = []
    indices = {operation.index for operation in operations}
    for link in _links(units):
        pending = by_way.get((link.job.id, *link.ends), [])
        if link.predecessor is not None and link.predecessor.index in left:
            continue
        if link.successor is not None and link.successor.index in left:
            moves += pending[: _stop(problem, link, pending)]
            continue
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


def _left(
    problem: Problem, board: Board, units: Sequence[Unit], by_way: Mapping[tuple[str | None, ...], list[Move]]
) -> set[int]:
    """Return the operations of the units that can wait: each part comes to a place with room before them."""
    left: set[int] = set()
    for unit in units:
        for operation in unit.operations:
            index, links = operation.index, unit.plan.incoming[operation.index]
            inner = [link for link in links if link.predecessor is not None]
            is_free = index not in board.fixed | board.pins.keys() | board.loaded.keys() | board.brought.keys()
            if inner and is_free and all(_waits(problem, link, left, by_way) for link in inner):
                left.add(index)
    return left


def _waits(
    problem: Problem, link: LinkData, left: set[int], by_way: Mapping[tuple[str | None, ...], list[Move]]
) -> bool:
    """Return whether the part of a link can wait for its next operation, as that before is left, or it has room."""
    if link.predecessor is not None and link.predecessor.index in left:
        return True
    pending = by_way.get((link.job.id, *link.ends), [])
    return link.max_lag is None and not link.job.splits and _stop(problem, link, pending) > 0


def _stop(problem: Problem, link: LinkData, pending: Sequence[Move]) -> int:
    """Return with which of the moves of a link, counted from 1, its part comes to a place with room; 0 with none."""
    instance = problem.instance
    stations = {facility.station for facility in instance.facilities}
    for number, move in enumerate(pending, start=1):
        machine = instance.machine_by_id.get(move.destination)
        is_before_machine = machine is not None and machine.cell is None and machine.input_buffer is None
        if move.kind == "transfer" or move.destination in stations or is_before_machine:
            return number
    return 0


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
