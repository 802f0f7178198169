"""The parts of a schedule that follow from the rest: setups, empty moves and battery levels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import groupby, pairwise

from scheduler.domain.batteries import charged
from scheduler.domain.happened import taken_over, tasks_of
from scheduler.domain.instance import Instance
from scheduler.domain.lanes import Lane
from scheduler.domain.resources import CarrierGroup, Fleet, Machine
from scheduler.domain.schedule import Charge, Move, OperationKey, Schedule, ScheduledOperation, Setup
from scheduler.domain.slowdowns import last_departure
from scheduler.domain.tidying import parked
from scheduler.domain.visits import stretches


def complete(
    instance: Instance,
    operations: Iterable[ScheduledOperation],
    loaded_moves: Iterable[Move] = (),
    charges: Iterable[Charge] = (),
    parking_moves: Iterable[Move] | None = None,
) -> Schedule:
    """Return the schedule with these operations, loaded moves and charges, with its setups and empty moves added.

    Operations are put in file order, moves by start, those of one carrier in one instant in a possible order. A setup
    ends when the operation's part takes the machine (`occupied_from`); an empty move ends when the next pick-up or
    charge begins; a vehicle returns right after arrival. The levels of the charges follow from the moves. Where places
    are limited, the empty moves are `parking_moves`, or those of `scheduler.domain.parking`.
    """
    index = {key: position for position, key in enumerate(instance.operation_by_key)}
    ordered = tuple(sorted(operations, key=lambda o: index[o.key]))
    moves = _in_turn(instance, ordered, loaded_moves)
    bare = Schedule(ordered, tuple(moves), charges=tuple(charges))
    parking_moves = None if parking_moves is None else list(parking_moves)
    everything = [*moves, *_empty_moves(instance, bare), *_returns(instance, bare)]
    for fleet in instance.fleets:
        if fleet.limited:
            own = {vehicle.id for vehicle in fleet.vehicles}
            given = None if parking_moves is None else [move for move in parking_moves if move.mover in own]
            everything += parked(instance, fleet, bare, given)
    everything.sort(key=lambda m: (m.start, m.end))
    return Schedule(
        ordered, tuple(everything), tuple(_setups(instance, bare)), _with_levels(instance, bare, tuple(everything))
    )


def _with_levels(instance: Instance, bare: Schedule, moves: tuple[Move, ...]) -> tuple[Charge, ...]:
    if not bare.charges:
        return ()
    by_mover = Schedule((), moves).by_mover
    found = (
        charge
        for vehicle, charges in bare.by_vehicle.items()
        for charge in charged(instance, vehicle, by_mover.get(vehicle, ()), charges)
    )
    return tuple(sorted(found, key=lambda charge: (charge.start, charge.end, charge.vehicle)))


def occupied_from(instance: Instance, machine: Machine, operation: ScheduledOperation, moves_in: Iterable[Move]) -> int:
    """Return when the operation's part takes the machine: its start or, without input buffer, when it is put down.

    `moves_in` are the last loaded moves on the ways of its part or parts.
    """
    return operation.start if machine.input_buffer != 0 else brought_at(instance, operation, moves_in)


def brought_at(instance: Instance, operation: ScheduledOperation, moves_in: Iterable[Move]) -> int:
    """Return when the first part of an operation is put down at its machine, its start where no move leads there."""
    put_down = (move.end - drop_time(instance, move) for move in moves_in if move.destination == operation.machine)
    return min(put_down, default=operation.start)


def occupied_until(instance: Instance, schedule: Schedule) -> dict[OperationKey, int]:
    """Return when each operation's part leaves its machine: when it is taken away, or finds a place in the buffer.

    In the order of their ends parts go to the places of the output buffer as soon as there are any.
    """
    found = {operation.key: operation.end for operation in schedule.operations}
    taken = taken_at(instance, schedule)
    for machine in instance.machines:
        if machine.output_buffer is None:
            continue
        stored: list[int] = []  # a heap: when the parts in the buffer are taken
        for operation in sorted(schedule.by_machine.get(machine.id, ()), key=lambda o: (o.end, o.start)):
            key, until = operation.key, operation.end
            while stored and stored[0] <= until:
                heappop(stored)
            if len(stored) == machine.output_buffer:
                until = heappop(stored) if stored and stored[0] < taken[key] else taken[key]
            found[key] = until
            if until < taken[key]:
                heappush(stored, taken[key])
    return found


def taken_at(instance: Instance, schedule: Schedule) -> dict[OperationKey, int]:
    """Return when each operation's part is taken from its machine, or from the output buffer.

    Where no move takes it, it stays until the next operation starts, for the first time if its work was lost. A job
    that departs without a move leaves at once, like one that goes on from another place (the input station of a cell).
    Parts of machines with unlimited buffers count as taken at the end of the operation.
    """
    found = {operation.key: operation.end for operation in schedule.operations}
    blocking = {machine.id for machine in instance.machines if machine.output_buffer is not None}
    if not blocking:
        return found
    first: dict[tuple[str, str | None, str | None], list[Move]] = {}  # the first move, or those of all loads
    for move in sorted((m for m in schedule.moves if m.job is not None and m.predecessor is not None), key=_move_order):
        loads = first.setdefault((move.job or "", move.predecessor, move.successor), [move])
        if move.load != loads[0].load and (move.origin, move.destination) == (loads[0].origin, loads[0].destination):
            loads.append(move)
    over = taken_over(instance)
    leaving: list[tuple[OperationKey, int]] = [(before, instant) for (before, _), instant in over.items()]
    for (job_id, predecessor, successor), loads in first.items():
        before = schedule.by_operation.get((job_id, predecessor or ""))
        if (before.key if before else None, (job_id, successor)) in over:
            continue
        if before is not None and (loads[0].kind == "transfer" or loads[0].origin == before.machine):
            leaving += [(before.key, move.start + pick_up_time(instance, move)) for move in loads]
    for job in instance.jobs:
        for precedence in job.precedences:
            after = schedule.by_operation.get((job.id, precedence.successor))
            key = (job.id, precedence.predecessor)
            is_moved = (*key, precedence.successor) in first
            if after is not None and not is_moved and (key, after.key) not in over:
                leaving.append((key, after.start))
    for key, instant in leaving:
        operation = schedule.by_operation.get(key)
        if operation is not None and operation.machine in blocking:
            found[key] = max(found[key], instant)
    return found


def pick_up_time(instance: Instance, move: Move) -> int:
    """Return the ticks from the start of a loaded move until the part has left its place."""
    return _mover(instance, move).pick_up_time


def drop_time(instance: Instance, move: Move) -> int:
    """Return the ticks before the end of a loaded move in which the part is put down."""
    return _mover(instance, move).drop_time


def _mover(instance: Instance, move: Move) -> CarrierGroup | Lane:
    return instance.lane_by_vehicle[move.mover] if move.kind == "transfer" else instance.group_by_carrier[move.mover]


def moves_into(schedule: Schedule) -> dict[tuple[str, str | None], list[Move]]:
    """Return by ``(job, successor)`` the last loaded move of each way to that operation."""
    last: dict[tuple[str, str | None, str | None], Move] = {}
    for move in schedule.moves:
        if move.job is not None and move.successor is not None:
            link = (move.job, move.predecessor, move.successor)
            if link not in last or _move_order(last[link]) < _move_order(move):
                last[link] = move
    found: dict[tuple[str, str | None], list[Move]] = {}
    for (job, _, successor), move in last.items():
        found.setdefault((job, successor), []).append(move)
    return found


def _in_turn(
    instance: Instance, operations: tuple[ScheduledOperation, ...], loaded_moves: Iterable[Move]
) -> list[Move]:
    """Return the moves by start and end; those of one carrier in one instant in an order in which it can make them.

    The times of such moves don't say which is the first, and where each ends matters to the way to the next pick-up.
    """
    moves = sorted(loaded_moves, key=_move_order)
    turns: dict[int, int] = {}
    by_tender = Schedule(operations).by_tender
    for mover, of_mover in Schedule((), tuple(moves)).by_mover.items():
        group = instance.group_by_carrier.get(mover)
        if group is None:
            continue
        here, free_at = instance.carrier_by_id[mover].start, 0
        tasks = [*of_mover, *(_standing(operation) for operation in by_tender.get(mover, ()))]
        tasks.sort(key=lambda task: (task.start, task.end))
        if all(before.start < after.start or before.end < after.end for before, after in pairwise(tasks)):
            continue  # the times say it all
        runs = [list(run) for _, run in groupby(tasks, key=lambda m: (m.start, m.end))]
        for run, following in zip(runs, [*runs[1:], []], strict=True):
            ordered = run
            if len(run) > 1:
                ordered = _turns(group, here, free_at, run, following) or run
                turns.update((id(move), turn) for turn, move in enumerate(ordered))
            here, free_at = ordered[-1].destination, ordered[-1].end
    return sorted(moves, key=lambda m: (m.start, m.end, m.mover, turns.get(id(m), 0)))


def _standing(operation: ScheduledOperation) -> Move:
    """Return what tending is for the order of a robot: a move that ends where it began."""
    tender = operation.tended_by or ""
    return Move(None, operation.machine, operation.machine, tender, "robot_move", operation.start, operation.end)


def _turns(
    group: CarrierGroup, here: str, free_at: int, moves: Sequence[Move], following: Sequence[Move]
) -> list[Move] | None:
    """Return the moves of an instant in an order that a carrier can make that is `here`; None if there is none.

    It has to be in time for one of the following moves too. A part is brought to a place before it is taken from there.
    """
    if not moves:
        in_time = (free_at <= last_departure(group, here, move.origin, move.start) for move in following)
        return [] if any(in_time) or not following else None
    for move in moves:
        left = [other for other in moves if other is not move]
        is_there = all(other.job != move.job or other.destination != move.origin for other in left)
        if is_there and free_at <= last_departure(group, here, move.origin, move.start):
            rest = _turns(group, move.destination, move.end, left, following)
            if rest is not None:
                return [move, *rest]
    return None


def _move_order(move: Move) -> tuple[int, int, str, str]:
    return (move.start, move.end, move.mover, move.job or "")


def _setups(instance: Instance, schedule: Schedule) -> Iterator[Setup]:
    arriving = moves_into(schedule)
    for machine in instance.machines:
        if machine.setups is None:
            continue
        family = machine.setups.initial
        timed = [
            (occupied_from(instance, machine, o, arriving.get(o.key, ())), o)
            for o in schedule.by_machine.get(machine.id, ())
        ]
        for begin, operation in sorted(timed, key=lambda pair: (pair[0], pair[1].start, pair[1].end)):
            needed = instance.mode(operation.key, operation.mode).setup_family
            length = machine.setups.time(family, needed)
            if length > 0 and family is not None and needed is not None:
                yield Setup(machine.id, operation.job, operation.operation, family, needed, begin - length, begin)
            family = needed


def _empty_moves(instance: Instance, schedule: Schedule) -> Iterator[Move]:
    """Yield the empty moves of robots and vehicles: before each pick-up or charge, and back to the start at once."""
    for mover, carrier in instance.carrier_by_id.items():
        group = instance.group_by_carrier[mover]
        if isinstance(group, Fleet) and group.limited:
            continue  # see `parked`
        place, free_at = carrier.start, 0
        for start, end, origin, destination in _stops(instance, schedule, mover):
            if place != origin and group.travel_time(place, origin) > 0:
                begin = _sets_out(instance, mover, place, origin, free_at, start)
                arrives_at = begin + group.travel_time(place, origin, begin)
                yield Move(None, place, origin, mover, "empty_move", begin, arrives_at)
            place, free_at = destination, end
        if isinstance(group, Fleet) and group.returns and group.travel_time(place, carrier.start) > 0:
            begin = _return_begins(instance, mover, place, carrier.start, free_at)
            end = begin + group.travel_time(place, carrier.start, begin)
            yield Move(None, place, carrier.start, mover, "empty_move", begin, end)


def _sets_out(instance: Instance, mover: str, place: str, there: str, free_at: int, wanted_at: int) -> int:
    """Return when a carrier that is free at a place sets out for another one: as late as it can, to be there in time.

    Where ways have become slow, a vehicle with a battery that was under way goes on, if that drains it no more than to
    set out later; and what it has done in the past it has done when it did.
    """
    group, execution = instance.group_by_carrier[mover], instance.execution
    begin = last_departure(group, place, there, wanted_at)
    battery = instance.battery_by_vehicle.get(mover)
    if battery is None or not group.slowdowns or execution is None or free_at >= execution.now:
        return begin
    for move in execution.baseline.by_mover.get(mover, ()):
        is_empty = move.job is None and free_at <= move.start < execution.now
        if is_empty and (move.origin, move.destination) == (place, there) and move.end <= wanted_at:
            later = group.travel_time(place, there, begin)
            is_better = move.end - move.start <= later and battery.drain_empty >= battery.drain_idle
            return move.start if is_better or wanted_at < execution.now else begin
    return begin


def _stops(instance: Instance, schedule: Schedule, mover: str) -> list[tuple[int, int, str, str]]:
    """Return begin, end, origin and destination of the stretches and charges of a robot or vehicle, in order."""
    group, carrier = instance.group_by_carrier[mover], instance.carrier_by_id[mover]
    tasks = tasks_of(instance, schedule, mover)
    if carrier.capacity > 1:
        stops = [stretch[:4] for stretch in stretches(group, carrier, tasks)]
    else:  # each task is a stretch
        stops = [
            (task.start, task.end, task.origin, task.destination)
            if isinstance(task, Move)
            else (task.start, task.end, task.machine, task.machine)
            for task in tasks
        ]
    for charge in schedule.by_vehicle.get(mover, ()):
        place = instance.charger_by_id[charge.charger].place
        stops.append((charge.start, charge.end, place, place))
    return sorted(stops, key=lambda stop: stop[:2])


def _return_begins(instance: Instance, mover: str, place: str, start: str, free_at: int) -> int:
    """Return when a vehicle goes back to its start: at once, but not before `now` unless it was already on its way."""
    execution = instance.execution
    if execution is None or free_at >= execution.now:
        return free_at
    planned = (m for m in execution.baseline.by_mover.get(mover, ()) if m.job is None and m.start < execution.now)
    under_way = (m.start for m in planned if (m.origin, m.destination) == (place, start) and m.start >= free_at)
    return min(under_way, default=execution.now)


def _returns(instance: Instance, schedule: Schedule) -> Iterator[Move]:
    for vehicle, lane in instance.lane_by_vehicle.items():
        if lane.return_time == 0:
            continue
        for arrival in sorted({move.end for move in schedule.by_mover.get(vehicle, ())}):
            yield Move(None, lane.destination, lane.origin, vehicle, "empty_move", arrival, arrival + lane.return_time)
