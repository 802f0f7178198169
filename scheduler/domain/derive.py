"""The parts of a schedule that follow from the rest: setups and empty moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scheduler.domain.instance import Instance
from scheduler.domain.resources import Machine
from scheduler.domain.schedule import Move, Schedule, ScheduledOperation, Setup


def complete(
    instance: Instance, operations: Iterable[ScheduledOperation], loaded_moves: Iterable[Move] = ()
) -> Schedule:
    """Return the schedule with these operations and loaded moves, with its setups and empty moves added.

    Operations are put in file order, moves by start. A setup ends when the operation's part takes the machine
    (`occupied_from`); an empty move ends when the next pick-up begins; a vehicle returns right after arrival.
    """
    index = {key: position for position, key in enumerate(instance.operation_by_key)}
    ordered = tuple(sorted(operations, key=lambda o: index[o.key]))
    moves = sorted(loaded_moves, key=_move_order)
    bare = Schedule(ordered, tuple(moves))
    everything = sorted((*moves, *_empty_moves(instance, bare), *_returns(instance, bare)), key=_move_order)
    return Schedule(ordered, tuple(everything), tuple(_setups(instance, bare)))


def occupied_from(instance: Instance, machine: Machine, operation: ScheduledOperation, moves_in: Iterable[Move]) -> int:
    """Return when the operation's part takes the machine: its start or, without input buffer, the start of loading.

    `moves_in` are the loaded moves that bring its part or parts to this machine.
    """
    if machine.cell is None or machine.input_buffer != 0:
        return operation.start
    load_time = instance.cell_by_id[machine.cell].load_time
    return min((move.end - load_time for move in moves_in), default=operation.start)


def moves_into(schedule: Schedule) -> dict[tuple[str, str | None, str], list[Move]]:
    """Return the loaded moves by ``(job, successor, destination)``."""
    found: dict[tuple[str, str | None, str], list[Move]] = {}
    for move in schedule.moves:
        if move.job is not None:
            found.setdefault((move.job, move.successor, move.destination), []).append(move)
    return found


def _move_order(move: Move) -> tuple[int, int, str, str]:
    return (move.start, move.end, move.mover, move.job or "")


def _setups(instance: Instance, schedule: Schedule) -> Iterator[Setup]:
    arriving = moves_into(schedule)
    for machine in instance.machines:
        if machine.setups is None:
            continue
        family = machine.setups.initial
        timed = [
            (occupied_from(instance, machine, o, arriving.get((o.job, o.operation, machine.id), ())), o)
            for o in schedule.by_machine.get(machine.id, ())
        ]
        for begin, operation in sorted(timed, key=lambda pair: (pair[0], pair[1].start, pair[1].end)):
            needed = instance.mode(operation.key, operation.mode).setup_family
            length = machine.setups.time(family, needed)
            if length > 0 and family is not None and needed is not None:
                yield Setup(machine.id, operation.job, operation.operation, family, needed, begin - length, begin)
            family = needed


def _empty_moves(instance: Instance, schedule: Schedule) -> Iterator[Move]:
    for robot_id, robot in instance.robot_by_id.items():
        cell = instance.cell_by_robot[robot_id]
        place = robot.start
        for move in schedule.by_mover.get(robot_id, ()):
            travel = cell.travel_time(place, move.origin)
            if place != move.origin and travel > 0:
                yield Move(None, place, move.origin, robot_id, "empty_move", move.start - travel, move.start)
            place = move.destination


def _returns(instance: Instance, schedule: Schedule) -> Iterator[Move]:
    for vehicle, lane in instance.lane_by_vehicle.items():
        if lane.return_time == 0:
            continue
        for arrival in sorted({move.end for move in schedule.by_mover.get(vehicle, ())}):
            yield Move(None, lane.destination, lane.origin, vehicle, "empty_move", arrival, arrival + lane.return_time)
