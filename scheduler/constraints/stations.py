"""Stations: the input and output station of a cell have so many places for parts that are not in a grip.

For every cell with ``input_places`` or ``output_places``, and every instant *t*::

    |{parts: put_down(in) <= t < gone(in)}|    <=  input_places
    |{parts: put_down(out) <= t < gone(out)}|  <=  output_places

A part is *put down* at the input station when a vehicle of a fleet begins to drop it there, at the output station when
a robot of the cell does. It is *gone* when the next move of its way has picked it up (the last of several loads); where
no move follows, when its next operation starts; where it is delivered, at the end of the drop. What no vehicle brings
(a job that is released, a part from a lane, or from a place that no fleet joins with the station) waits where it comes
from, and takes no place at the input station. The two stations are counted apart, also where they are one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from scheduler.constraints.facts import Holding, describe, overflows, put_down_at, taken_up_at, ways_of
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Fleet, Instance, Move, OperationKey, RobotCell, Schedule
from scheduler.domain.happened import first_starts

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.links import LinkVars, OptionVars
    from scheduler.domain.stations import Side


def applies(instance: Instance) -> bool:
    """Return whether the places of any station are counted."""
    return any(cell.input_places is not None or cell.output_places is not None for cell in instance.cells)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    if not applies(instance):
        return
    incoming: dict[str, list[Holding]] = {cell.id: [] for cell in instance.cells}
    outgoing: dict[str, list[Holding]] = {cell.id: [] for cell in instance.cells}
    for (job, _, successor), moves in ways_of(schedule).items():
        if job not in instance.job_by_id:
            continue  # the part of a job that was cancelled has been taken away
        out = next((m for m in moves if m.kind == "robot_move" and m.destination not in instance.machine_by_id), None)
        others = [move for move in moves if move is not out]
        if out is not None and isinstance(cell := instance.group_by_carrier.get(out.mover), RobotCell):
            outgoing[cell.id].append(_stay(instance, schedule, out, others, (job, successor or "")))
        if len(others) > 1 and others[-1].kind == "robot_move" and others[-2].kind == "transport":
            cell = instance.group_by_carrier.get(others[-1].mover)
            if isinstance(cell, RobotCell) and others[-2].destination == others[-1].origin:
                stay = _stay(instance, schedule, others[-2], others[-1:], (job, successor or ""))
                incoming[cell.id].append(stay)
    for cell in instance.cells:
        if cell.input_places is not None:
            yield from overflows("stations", incoming[cell.id], cell.input_places, f"comes to {cell.input_station}")
        if cell.output_places is not None:
            yield from overflows("stations", outgoing[cell.id], cell.output_places, f"comes to {cell.output_station}")


def _stay(instance: Instance, schedule: Schedule, into: Move, after: list[Move], following: OperationKey) -> Holding:
    """Return the stay of the part that a move puts down and the first of the moves after it takes away."""
    begin = put_down_at(instance, into.destination, [into])
    gone = taken_up_at(instance, after[0].origin, after) if after else None
    if gone is None:
        starts = [piece.start for piece in _lost(instance) if piece.key == following]
        operation = schedule.by_operation.get(following)
        gone = min([*starts, operation.start]) if operation is not None else into.end
    return Holding(into.end if begin is None else begin, gone, describe(into))


def _lost(instance: Instance) -> Iterable[Any]:
    return instance.execution.aborted if instance.execution is not None else ()


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post a cumulative for each station whose places are counted: an interval for each move that may end there."""
    for cell in ctx.instance.cells:
        if cell.input_places is not None:
            stays = [stay for link in ctx.links for stay in _at_input(ctx, link, cell)]
            if stays:
                ctx.model.add_cumulative(stays, [1] * len(stays), cell.input_places)
        if cell.output_places is not None:
            stays = [stay for link in ctx.links for stay in _at_output(ctx, link, cell)]
            if stays:
                ctx.model.add_cumulative(stays, [1] * len(stays), cell.output_places)


def _at_input(ctx: ModelContext, link: LinkVars, cell: RobotCell) -> Iterator[Any]:
    """Yield an interval for each vehicle that may bring the part of a link, until a robot has picked it up."""
    station = cell.input_station
    entry = next((slot for slot in link.slots if slot.slot == "entry"), None)
    if entry is None:
        return
    entries = [o.literal for o in entry.options if o.origin == station and cell.id in o.leg.groups]
    for slot in link.slots:
        for option in slot.options:
            if option.leg.kind != "transport" or option.destination != station or not entries:
                continue
            fleet = _fleet(ctx, option)
            if fleet.facility != cell.facility:
                continue
            literal = option.literal
            if slot.slot == "collect":  # to the load/unload station, from where it may go elsewhere
                literal = _enters(ctx, link, option, entries)
            begin, gone = slot.end - fleet.drop_time, entry.start + cell.unload_time
            yield _interval(ctx, link, "input", begin, gone, literal, option)


def _enters(ctx: ModelContext, link: LinkVars, option: OptionVars, entries: list[Any]) -> Any:
    """Return whether the part is brought by this move, and enters the cell afterwards."""
    enters = ctx.new_bool(
        f"enters[{link.name}@{option.mover}]",
        lambda view: view.brings_to_station(link, "input", option),
    )
    ctx.model.add_implication(enters, option.literal)
    ctx.model.add(sum(entries) >= enters)
    for entry in entries:
        ctx.model.add_bool_or([enters, option.literal.negated(), entry.negated()])
    return enters


def _at_output(ctx: ModelContext, link: LinkVars, cell: RobotCell) -> Iterator[Any]:
    """Yield an interval for each robot that may bring the part of a link, until it has been taken away."""
    station = cell.output_station
    slot = next((slot for slot in link.slots if slot.slot == "exit"), None)
    brought = [o for o in slot.options if o.destination == station and cell.id in o.leg.groups] if slot else []
    if slot is None or not brought:
        return
    gone = ctx.new_int(0, ctx.horizon, f"gone[{link.name}@{station}]", lambda view: view.gone_from_station(link))
    departs = link.successor is None
    for option in brought:
        if departs:
            ctx.enforce(ctx.model.add(gone >= slot.end), option.literal)
        for fetched_at, *literals in _fetches(ctx, link, cell):
            ctx.enforce(ctx.model.add(gone >= fetched_at), option.literal, *literals)
        yield _interval(ctx, link, "output", slot.end - cell.load_time, gone, option.literal, option)


def _fetches(ctx: ModelContext, link: LinkVars, cell: RobotCell) -> Iterator[tuple[Any, ...]]:
    """Yield ``(instant, literal ...)`` of everything that may take the part of a link away from the output station."""
    options = [(slot, option) for slot in link.slots for option in slot.options]
    fetched = [(s, o) for s, o in options if o.leg.kind == "transport" and o.origin == cell.output_station]
    for slot, option in fetched:
        yield slot.start + _fleet(ctx, option).pick_up_time, option.literal
    served = {option.destination for _, option in fetched}
    site = ctx.instance.facility_by_id[cell.facility]
    for slot, option in options:
        if option.leg.slot == "transfer" and option.origin == site.id and site.station not in served:
            yield slot.start + ctx.instance.lane_by_id[option.mover].load_time, option.literal
        elif option.leg.slot == "entry" and option.origin not in served and cell.id not in option.leg.groups:
            other = ctx.instance.cell_by_id[option.leg.groups[0]]
            if other.facility == site.id:
                yield slot.start + other.unload_time, option.literal
    if link.successor is None:
        return
    key = (link.job.id, link.successor)
    start = first_starts(ctx.instance).get(key, ctx.start(key))
    for mode, literal in zip(ctx.instance.operation_by_key[key].modes, ctx.modes(key), strict=True):
        machine = ctx.instance.machine_by_id[mode.machine]
        if machine.cell is None and machine.facility == site.id and machine.id not in served:
            yield start, literal


def _fleet(ctx: ModelContext, option: OptionVars) -> Fleet:
    """Return the fleet of a transport; vehicles that are alike go by the name of their fleet."""
    group = ctx.instance.fleet_by_id.get(option.mover) or ctx.instance.group_by_carrier[option.mover]
    assert isinstance(group, Fleet)
    return group


def _interval(
    ctx: ModelContext, link: LinkVars, side: Side, begin: Any, gone: Any, literal: Any, option: OptionVars
) -> Any:
    """Return the interval from the drop of a move at a station until the part is gone."""
    name = f"{side}[{link.name}@{option.mover}]"
    size = ctx.new_int(0, ctx.horizon, f"size.{name}", lambda view: view.time_at_station(link, side))
    return ctx.new_interval(begin, size, gone, literal, f"stay.{name}")


RULE = Rule("stations", applies, violations, post)
