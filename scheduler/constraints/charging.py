"""The model of charges: what lies in the gap before a move or stretch, or before a return; for the rule `batteries`."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import TYPE_CHECKING, Any

from scheduler.domain import Battery, Charger, Fleet, Vehicle
from scheduler.domain.shortages import missing
from scheduler.domain.slowdowns import least_travel

if TYPE_CHECKING:
    from scheduler.cpsat.carriers import GapVars, Stand, Turn, Wanted
    from scheduler.cpsat.context import ModelContext


def post_gap(
    ctx: ModelContext,
    vehicle: Vehicle,
    battery: Battery,
    gap: GapVars,
    turns: Sequence[Turn],
    plugged_in: dict[str, list[Any]],
) -> None:
    """Post a gap that one of the turns leads to, with the charge in it; its stay goes to its charger."""
    fleet = ctx.instance.fleet_by_vehicle[vehicle.id]
    _leave(ctx, fleet, vehicle, battery, gap, turns)
    if gap.wanted is not None:
        _arrive(ctx, fleet, battery, gap, gap.wanted, turns)
    elif not fleet.limited:  # else see `post_last_ways`
        _return(ctx, fleet, vehicle, battery, gap, turns)
    _charge(ctx, battery, gap, plugged_in)


def _leave(
    ctx: ModelContext, fleet: Fleet, vehicle: Vehicle, battery: Battery, gap: GapVars, turns: Sequence[Turn]
) -> None:
    """Post what the move before leaves, and the way from there to the charger, if there is a charge in the gap."""
    model, execution = ctx.model, ctx.instance.execution
    made = sum(turn.literal for turn in turns) if gap.wanted is None else gap.wanted.literal
    model.add(gap.direct + sum(gap.at.values()) == made)
    # With one job at a time that follows from the turn.
    if_made = [gap.wanted.literal] if gap.wanted is not None and vehicle.capacity > 1 else []
    ways = {charger.id: ctx.carriers.ways_to_charger(gap, turns, charger) for charger in fleet.chargers}
    for turn in turns:
        stand = ctx.carriers.stand(vehicle.id, turn.before)
        if stand.level is None:
            continue  # a move of the past that another vehicle has made
        ctx.enforce(model.add(gap.free_at >= stand.free_at), turn.literal, *if_made)
        # A detour over a stop, where places are limited, is longer than the way from stand to stand.
        longer = ctx.parking.detour(vehicle.id, turn.before)
        left = stand.level + battery.drain_idle * stand.free_at - (battery.drain_empty - battery.drain_idle) * longer
        ctx.enforce(model.add(gap.charge_left <= left), turn.literal, *if_made)
        if execution is not None and isinstance(stand.free_at, int):
            for charger in fleet.chargers:
                leaves_at = ctx.carriers.leaves_at(vehicle.id, stand, charger.place)
                travel = fleet.travel_time(stand.place, charger.place)
                if fleet.limited:  # the stands say more
                    travel = least_travel(fleet, stand.place, charger.place)
                arrives_at = leaves_at + travel
                at, at_once = max(arrives_at, execution.now), ways[charger.id][0]
                model.add(gap.start >= at).only_enforce_if(turn.literal, gap.at[charger.id], *at_once.literals)
    for charger in fleet.chargers:
        for way in ways[charger.id]:
            there = (gap.at[charger.id], *way.literals)
            more = (battery.drain_empty - battery.drain_idle) * way.travel
            left = gap.from_level + battery.drain_idle * gap.start
            model.add(gap.start >= gap.free_at + way.time).only_enforce_if(there)
            model.add(left <= gap.charge_left - more).only_enforce_if(there)


def _arrive(
    ctx: ModelContext, fleet: Fleet, battery: Battery, gap: GapVars, wanted: Wanted, turns: Sequence[Turn]
) -> None:
    """Post the way from the charger to the pick-up, and the level after that, or after the whole move."""
    idle = battery.drain_idle
    left = gap.level_after + idle * wanted.end + (battery.drain_loaded - idle) * wanted.length
    for way in ctx.carriers.ways_to_pick_up(gap, turns):
        more = (battery.drain_empty - idle) * way.travel
        ctx.model.add(left <= gap.charge_left - more).only_enforce_if(gap.direct, *way.literals)
    for charger in fleet.chargers:
        for way in ctx.carriers.ways_from_charger(gap, charger):
            from_charger = (gap.at[charger.id], *way.literals)
            more = (battery.drain_empty - idle) * (way.travel + ctx.parking.detour_after_charge(gap, charger.id))
            ctx.model.add(wanted.start >= gap.end + way.time).only_enforce_if(from_charger)
            ctx.model.add(left <= gap.to_level + idle * gap.end - more).only_enforce_if(from_charger)


def _return(
    ctx: ModelContext, fleet: Fleet, vehicle: Vehicle, battery: Battery, gap: GapVars, turns: Sequence[Turn]
) -> None:
    """Post that a return, which begins at once, does not end below the minimum."""
    for turn in turns:
        stand = ctx.carriers.stand(vehicle.id, turn.before)
        if stand.level is None or fleet.travel_time(stand.place, vehicle.start) == 0 or _goes_home(ctx, vehicle, stand):
            continue
        level, since, made = stand.level, stand.free_at, (turn.literal, gap.direct)
        if isinstance(since, int):
            since = ctx.carriers.leaves_at(vehicle.id, stand, vehicle.start)
            level -= battery.drain_idle * (since - stand.free_at)
        for way in ctx.carriers.ways_home(gap, stand.place, since, made, lambda gap: gap.free_at):
            least = battery.minimum + battery.drain_empty * way.travel
            ctx.model.add(level >= least).only_enforce_if(*made, *way.literals)
    for charger in fleet.chargers:
        at = gap.at[charger.id]
        for way in ctx.carriers.ways_home(gap, charger.place, gap.end, (at,), lambda gap: gap.end):
            least = battery.minimum + battery.drain_empty * way.travel
            ctx.model.add(gap.to_level >= least).only_enforce_if(at, *way.literals)


def post_last_ways(ctx: ModelContext, vehicle: Vehicle, battery: Battery) -> None:
    """Post, where places are limited, that the ways after the last task do not end below the minimum."""
    idle = battery.drain_idle
    for way in ctx.parking.last_ways(vehicle.id):
        before = way.stand.before
        free_at, level = ctx.carriers.left(vehicle.id, None if before is None else before.source)
        left = level + idle * free_at - (battery.drain_empty - idle) * way.ticks
        ctx.enforce(ctx.model.add(left - idle * way.end >= battery.minimum), *way.literals)


def _goes_home(ctx: ModelContext, vehicle: Vehicle, stand: Stand) -> bool:
    """Return whether the return of a vehicle had begun by `now`."""
    return ctx.carriers.under_way(vehicle.id, stand, vehicle.start) is not None


def _charge(ctx: ModelContext, battery: Battery, gap: GapVars, plugged_in: dict[str, list[Any]]) -> None:
    """Post how long a charge takes, in parts of a tick that make every unit of charge take a whole number of them."""
    parts = lcm(*(step.rate for step in battery.curve))
    length = gap.end - gap.start
    time = _time(ctx, battery, parts, gap, "to_level") - _time(ctx, battery, parts, gap, "from_level")
    for charger, literal in gap.at.items():
        ctx.model.add(length >= 1).only_enforce_if(literal)
        ctx.model.add(parts * length >= time).only_enforce_if(literal)
        size = ctx.new_int(0, ctx.full_horizon, f"{literal.name}.size", lambda view: gap.of(view).length)
        interval = ctx.model.new_optional_interval_var(gap.start, size, gap.end, literal, f"{literal.name}.stay")
        plugged_in[charger].append(interval)


def _time(ctx: ModelContext, battery: Battery, parts: int, gap: GapVars, which: str) -> Any:
    """Return the time from level 0 to a level of the gap, as a sum over the pieces of the curve.

    A piece is filled from its lower end, and only when the one below it is full. Where a level below 0 is conceded, the
    first piece begins there.
    """
    level = getattr(gap, which)
    pieces, below, lower = [], 0, None
    for number, step in enumerate(battery.curve):
        width, least = step.up_to - below, min(0, battery.minimum) if number == 0 else 0
        units = ctx.new_int(
            least,
            width,
            f"{level.name}.{number}",
            lambda view, below=below, width=width, least=least: min(
                max(gap.of(view).level(which) - below, least), width
            ),
        )
        if lower is not None:
            is_reached = ctx.new_bool(
                f"{level.name}>{below}", lambda view, below=below: gap.of(view).level(which) > below
            )
            ctx.model.add(units == 0).only_enforce_if(is_reached.negated())
            ctx.model.add(lower[0] == lower[1]).only_enforce_if(is_reached)
        pieces.append((units, parts // step.rate))
        below, lower = step.up_to, (units, width)
    ctx.model.add(level == sum(units for units, _ in pieces))
    return sum(units * time for units, time in pieces)


def post_places(ctx: ModelContext, charger: Charger, stays: list[Any], most: int) -> None:
    """Post that a charger has room; charges of the past that go on count, and places that are missing."""
    execution = ctx.instance.execution
    for charge in execution.charges if execution is not None else ():
        if charge.charger == charger.id and execution is not None and charge.end > execution.now:
            stays.append(ctx.model.new_fixed_size_interval_var(charge.start, charge.end - charge.start, "past"))
    gaps = missing(charger.places, charger.shortages)
    taken = [ctx.model.new_fixed_size_interval_var(gap.start, gap.end - gap.start, "missing") for gap in gaps]
    if charger.places == 1:
        ctx.model.add_no_overlap(stays + taken)
    elif charger.places < most or gaps:
        demands = [1] * len(stays) + [gap.count for gap in gaps]
        ctx.model.add_cumulative(stays + taken, demands, charger.places)
