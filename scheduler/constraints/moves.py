"""Moves: every part is carried along its route, in time.

A *link* is a precedence ``a -> b`` between scheduled operations, the arrival of a part at an operation without
scheduled predecessor, or its departure from one without scheduled successor. Its route ``k_1 ... k_n`` follows from the
machines at its ends (table in `docs/rules.md`); the loaded moves of the link are exactly those, each with the kind,
places, length and a mover of its cell or lane, and::

    end(a) <= start(k_1),   end(k_i) <= start(k_{i+1}),   end(k_n) <= start(b)
    end(k) - start(k) = unload_time + travel + load_time          (robot move)
    end(k) - start(k) = load_time + transit_time + unload_time    (transfer)

A link between two facilities needs a lane. A move of `Execution.moves` may be longer, by at most the downtime of its
mover inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from scheduler.constraints.facts import Clock, consecutive, describe, past_moves, place, travel_time
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Machine, Move, MoveKind, RobotCell, Schedule, ScheduledOperation

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether parts are moved: the instance has robot cells or more than one facility."""
    return bool(instance.cells) or len(instance.facilities) > 1


# --- checker -----------------------------------------------------------------------------------------------------

_Link: TypeAlias = tuple[str, str | None, str | None]  # job, predecessor, successor
_End: TypeAlias = ScheduledOperation | None


class _Leg(NamedTuple):
    kind: MoveKind
    origin: str
    destination: str
    cell: RobotCell | None


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    if not schedule.moves and not applies(instance):
        return  # no part needs a move, and there is none
    carried: dict[_Link, list[Move]] = {}
    for move in schedule.moves:
        if move.job is not None:
            carried.setdefault((move.job, move.predecessor, move.successor), []).append(move)
        else:
            yield from _unloaded(instance, move)
    past = past_moves(instance)
    for link, before, after in _links(instance, schedule):
        listed = sorted(carried.pop(link, ()), key=lambda m: (m.start, m.end))
        yield from _along(instance, link, before, after, listed, past)
    for listed in carried.values():
        for move in listed:
            if move in past and move.job not in instance.job_by_id:
                continue  # the part of a cancelled job that was under way
            yield Violation("moves", _where(move), f"{describe(move)}: the schedule has no such way of a part", 1)


def _links(instance: Instance, schedule: Schedule) -> Iterator[tuple[_Link, _End, _End]]:
    """Yield every way of a part with the operations at its ends."""
    pairs = consecutive(instance, schedule)
    with_predecessor = {after.key for _, after in pairs}
    with_successor = {before.key for before, _ in pairs}
    for before, after in pairs:
        yield (before.job, before.operation, after.operation), before, after
    for key in instance.operation_by_key:
        operation = schedule.by_operation.get(key)
        if operation is None:
            continue
        if key not in with_predecessor:
            yield (operation.job, None, operation.operation), None, operation
        if key not in with_successor:
            yield (operation.job, operation.operation, None), operation, None


def _along(
    instance: Instance, link: _Link, before: _End, after: _End, listed: list[Move], past: frozenset[Move]
) -> Iterator[Violation]:
    """Check the moves that are listed for one link against its route."""
    where = f"{link[0]}.{link[1]} -> {link[2]}"
    if any(end is not None and end.machine not in instance.machine_by_id for end in (before, after)):
        return  # the rule `modes` says so; without machine there is no route
    origin = instance.machine_by_id[before.machine] if before is not None else None
    destination = instance.machine_by_id[after.machine] if after is not None else None
    if origin and destination and origin.facility != destination.facility:
        needed = (origin.facility, destination.facility)
        if all((lane.origin, lane.destination) != needed for lane in instance.lanes):
            yield Violation("moves", where, f"no lane goes from {origin.facility} to {destination.facility}", 1)
    ready_at = before.end if before is not None else None
    arrived_at = None
    for leg in _route(instance, origin, destination):
        move = next((m for m in listed if (m.kind, m.origin, m.destination) == leg[:3]), None)
        if move is None:
            yield Violation("moves", where, f"the {leg.kind} from {leg.origin} to {leg.destination} is missing", 1)
            continue
        listed.remove(move)
        yield from _mover_and_length(instance, leg, move, past)
        if ready_at is not None and move.start < ready_at:
            detail = f"{describe(move)}: the part is ready at {ready_at}"
            yield Violation("moves", _where(move), detail, ready_at - move.start)
        ready_at = arrived_at = move.end
    if after is not None and arrived_at is not None and after.start < arrived_at:
        detail = f"starts at {after.start}, the part arrives at {arrived_at}"
        yield Violation("moves", place(after), detail, arrived_at - after.start)
    for move in listed:
        yield Violation("moves", _where(move), f"{describe(move)} is not on the route of {where}", 1)


def _route(instance: Instance, origin: Machine | None, destination: Machine | None) -> list[_Leg]:
    """Return the moves that take a part from machine to machine; None is the arrival or departure of the job."""
    if origin is destination:
        return []
    exit_cell = instance.cell_by_id.get(origin.cell) if origin and origin.cell else None
    entry_cell = instance.cell_by_id.get(destination.cell) if destination and destination.cell else None
    if origin and destination and exit_cell and exit_cell is entry_cell:
        return [_Leg("robot_move", origin.id, destination.id, exit_cell)]
    legs = []
    if origin and exit_cell:
        legs.append(_Leg("robot_move", origin.id, exit_cell.output_station, exit_cell))
    if origin and destination and origin.facility != destination.facility:
        legs.append(_Leg("transfer", origin.facility, destination.facility, None))
    if destination and entry_cell:
        legs.append(_Leg("robot_move", entry_cell.input_station, destination.id, entry_cell))
    return legs


def _mover_and_length(instance: Instance, leg: _Leg, move: Move, past: frozenset[Move]) -> Iterator[Violation]:
    cell, lane = instance.cell_by_robot.get(move.mover), instance.lane_by_vehicle.get(move.mover)
    if leg.cell is not None:
        if cell is not leg.cell:
            yield Violation("moves", _where(move), f"{describe(move)}: {move.mover} is no robot of {leg.cell.id}", 1)
            return
        length = cell.unload_time + travel_time(cell, move.origin, move.destination) + cell.load_time
        calendar = instance.robot_by_id[move.mover].calendar
    else:
        if lane is None or (lane.origin, lane.destination) != (move.origin, move.destination):
            yield Violation("moves", _where(move), f"{describe(move)}: {move.mover} is no vehicle of such a lane", 1)
            return
        length = lane.load_time + lane.transit_time + lane.unload_time
        calendar = lane.calendar
    longest = length + Clock(calendar).downtime(move.start, move.end) if move in past else length
    lasts = move.end - move.start
    if not length <= lasts <= longest:
        amount = length - lasts if lasts < length else lasts - longest
        yield Violation("moves", _where(move), f"{describe(move)} lasts {lasts}, needs {length}", amount)


def _unloaded(instance: Instance, move: Move) -> Iterator[Violation]:
    if move.kind != "empty_move":
        yield Violation("moves", _where(move), f"{describe(move)}: a {move.kind} carries a job", 1)
    if move.mover not in instance.cell_by_robot and move.mover not in instance.lane_by_vehicle:
        yield Violation("moves", _where(move), f"the instance has no robot or vehicle {move.mover!r}", 1)


def _where(move: Move) -> str:
    return f"{move.job} on {move.mover}" if move.job is not None else move.mover


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Put the legs of every link between its two operations, one after the other; see `scheduler.cpsat.links`."""
    for link in ctx.links:
        if link.predecessor is not None and link.slots:
            ready = ctx.end((link.job.id, link.predecessor))
            ctx.enforce(ctx.model.add(link.slots[0].start >= ready), link.active)
        for before, after in pairwise(link.slots):
            ctx.model.add(after.start >= before.end)
        if link.successor is not None and link.slots:
            begin = ctx.start((link.job.id, link.successor))
            ctx.enforce(ctx.model.add(begin >= link.slots[-1].end), link.active)


RULE = Rule("moves", applies, violations, post)
