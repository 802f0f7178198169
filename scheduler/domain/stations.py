"""Who takes a place at the input and output stations of cells, and when; see docs/rules.md, *places at stations*."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from scheduler.domain.derive import drop_time, pick_up_time
from scheduler.domain.happened import first_starts
from scheduler.domain.instance import Instance
from scheduler.domain.resources import RobotCell
from scheduler.domain.schedule import Move, Schedule

Side: TypeAlias = Literal["input", "output"]


@dataclass(frozen=True, slots=True)
class StationStay:
    """A part takes a place at the input or output station of ``cell`` during ``[begin, until)``.

    ``bringing`` is the move that puts it down there, ``fetching`` are those that take it away: none where it is
    delivered or goes on in no time, several where it goes on in loads.
    """

    cell: str
    side: Side
    bringing: Move
    fetching: tuple[Move, ...]
    begin: int
    until: int


def places_at(cell: RobotCell, side: Side) -> int | None:
    """Return how many places the station of a cell on this side has, None where they are not counted."""
    return cell.input_places if side == "input" else cell.output_places


def counts_places(instance: Instance) -> bool:
    """Return whether the places of any station are counted."""
    return any((cell.input_places, cell.output_places) != (None, None) for cell in instance.cells)


def station_stays(instance: Instance, schedule: Schedule) -> tuple[StationStay, ...]:
    """Return every stay at a station whose places are counted, by begin."""
    if not counts_places(instance):
        return ()
    ways: dict[tuple[str, str | None, str | None], list[Move]] = {}
    for move in schedule.moves:
        if move.job in instance.job_by_id:
            ways.setdefault((move.job or "", move.predecessor, move.successor), []).append(move)
    lost = first_starts(instance)
    found: list[StationStay] = []
    for (job, _, successor), moves in ways.items():
        for cell, side, bringing, fetching in stops(instance, moves):
            begin = bringing.end - drop_time(instance, bringing)
            until = bringing.end
            after = schedule.by_operation.get((job, successor or ""))
            if fetching:
                until = max(move.start + pick_up_time(instance, move) for move in fetching)
            elif after is not None:
                until = lost.get(after.key, after.start)
            found.append(StationStay(cell.id, side, bringing, fetching, begin, until))
    return tuple(sorted(found, key=lambda stay: (stay.begin, stay.until)))


def stops(instance: Instance, moves: Iterable[Move]) -> Iterator[tuple[RobotCell, Side, Move, tuple[Move, ...]]]:
    """Yield the counted stations over which the moves of one way lead: cell, side, which move brings, which fetch."""
    ordered = sorted(moves, key=lambda move: (not _is_exit(instance, move), move.start, move.end))
    for number, move in enumerate(ordered):
        rest = ordered[number + 1 :]
        if _is_exit(instance, move):
            cell = instance.group_by_carrier[move.mover]
            if isinstance(cell, RobotCell) and cell.output_places is not None:
                yield cell, "output", move, _first(rest)
        elif move.kind == "transport" and len(rest) == 1 and rest[0].origin == move.destination:
            entered = instance.group_by_carrier.get(rest[0].mover)
            if isinstance(entered, RobotCell) and entered.input_places is not None:
                yield entered, "input", move, _first(rest)


def _is_exit(instance: Instance, move: Move) -> bool:
    """Return whether a robot brings the part to the output station."""
    return move.kind == "robot_move" and move.destination not in instance.machine_by_id


def _first(moves: Sequence[Move]) -> tuple[Move, ...]:
    """Return the first of some moves, with the other loads of it."""
    return tuple(m for m in moves if (m.origin, m.destination) == (moves[0].origin, moves[0].destination))
