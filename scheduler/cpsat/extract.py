"""From variable values back to a schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from scheduler.cpsat.context import ModelContext
from scheduler.domain import Charge, Fleet, Lane, Move, Schedule, ScheduledOperation
from scheduler.domain.derive import complete

Value = Callable[[Any], int]


def extract(ctx: ModelContext, value: Value) -> Schedule:
    """Return the schedule that the variable values describe, with setups and empty moves.

    Parameters
    ----------
    value
        The value of a variable, literal or expression (``CpSolver.value``).
    """
    options = (option for options in ctx.tendings.values() for option in options if not option.is_lost)
    tenders = {option.operation: option.mover for option in options if value(option.literal)}
    operations = []
    for key, operation in ctx.instance.operation_by_key.items():
        for number, (mode, literal) in enumerate(zip(operation.modes, ctx.modes(key), strict=True)):
            if value(literal):
                start, end = value(ctx.start(key)), value(ctx.end(key))
                operations.append(ScheduledOperation(*key, number, mode.machine, start, end, tenders.get(key)))
    moves: list[Move] = []
    for link in ctx.links:
        for slot in link.slots:
            moves.extend(
                _move(option, value)
                for option in slot.options
                if option.mover in ctx.instance.carrier_by_id and value(option.literal)
            )
    for fleet in ctx.instance.fleets:
        moves.extend(_transports(ctx, fleet, value) if fleet.id in ctx.alike else ())
    for lane in ctx.instance.lanes:
        moves.extend(_transfers(ctx, lane, value))
    return complete(ctx.instance, operations, moves, _charges(ctx, value), ctx.parking.moves(value))


def _charges(ctx: ModelContext, value: Value) -> Iterable[Charge]:
    """Yield the charges, without levels: those that follow from them are no less than the model's."""
    if ctx.instance.execution is not None:
        yield from ctx.instance.execution.charges
    for vehicle, turns in ctx.carriers.turns.items():
        for turn in turns:
            gap = ctx.carriers.gap(vehicle, turn.after)
            if gap is not None and value(turn.literal):
                chosen = (charger for charger, literal in gap.at.items() if value(literal))
                yield from (Charge(vehicle, charger, value(gap.start), value(gap.end)) for charger in chosen)


def _transports(ctx: ModelContext, fleet: Fleet, value: Value) -> Iterable[Move]:
    """Give the tours of a fleet with alike vehicles to its vehicles, each to one that stands where it starts."""
    waiting = list(fleet.vehicles)
    for start, tour in ctx.tours[fleet.id].taken(value):
        vehicle = next(vehicle for vehicle in waiting if vehicle.start == start)
        waiting.remove(vehicle)
        for transport in tour:
            option = next(option for option in transport.options if value(option.literal))
            yield replace(_move(option, value), mover=vehicle.id)


def _move(option: Any, value: Value) -> Move:
    link, leg = option.link, option.leg
    return Move(
        link.job.id,
        leg.origin,
        leg.destination,
        option.mover,
        leg.kind,
        value(option.start),
        value(option.end),
        link.predecessor,
        link.successor,
        load=leg.load,
        units=leg.units,
    )


def _transfers(ctx: ModelContext, lane: Lane, value: Value) -> Iterable[Move]:
    """Give the trips of a lane to its vehicles: in order of departure, each to the one that is free longest.

    At no time are more trips under way than vehicles (the model's cumulative), so there always is a free one; trips
    of the past keep theirs.
    """
    members: dict[int, list[Any]] = {}
    trips = ctx.trips.get(lane.id, [])
    for index, trip in enumerate(trips):
        if value(trip.option.literal):
            leader = next((other for other, join in trip.joins.items() if value(join)), index)
            members.setdefault(leader, []).append(trip.option)
    free_at = dict.fromkeys(lane.vehicle_ids, 0)
    moves: list[Move] = []
    departures = sorted((value(trips[leader].option.start), leader) for leader in members)
    for _, leader in departures:
        fixed = next((option.fixed for option in members[leader] if option.fixed is not None), None)
        vehicle = fixed.mover if fixed is not None else min(free_at, key=lambda v: (free_at[v], v))
        free_at[vehicle] = value(members[leader][0].end) + lane.return_time
        moves.extend(replace(_move(option, value), mover=vehicle) for option in members[leader])
    return moves
