"""The model of vehicles that carry several jobs: what they hold, and the levels of their batteries at visits.

Only on the way from a drop, or from its start, to a pick-up a vehicle may have nothing on board. Then the pick-up
*opens* a stretch, and the gap before it may have a charge (`scheduler.constraints.charging`), or a stop where places
are limited. On all other ways a battery drains `drain_loaded`, as in picking up and putting down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scheduler.domain import Battery, Fleet, Move, Vehicle
from scheduler.domain.visits import Visit, way

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.visits import HeldVars, VisitVars


def post_held(ctx: ModelContext, vehicle: str) -> None:
    """Post how many jobs are on board after each visit, and which pick-ups open a stretch, for the rule `visits`."""
    model = ctx.model
    met: dict[int, tuple[VisitVars, HeldVars]] = {}
    for passed in ctx.carriers.ways.get(vehicle, ()):
        held = _held(ctx, vehicle, passed.after)
        met[id(held)] = (passed.after, held)
        number = -1 if passed.after.is_drop else 1
        number += 0 if passed.before is None else _held(ctx, vehicle, passed.before).number
        model.add(held.number == number).only_enforce_if(passed.literal)
    for after, held in met.values():
        if held.opens is not None:
            model.add(held.number == 1).only_enforce_if(held.opens)
            ctx.enforce(model.add(held.number >= 2), held.opens.negated(), after.task.literal)
            model.add_implication(held.opens, after.task.literal)


def _held(ctx: ModelContext, vehicle: str, visit: VisitVars) -> HeldVars:
    return ctx.carriers.held(vehicle, visit.task, visit.is_drop)


def post_stretches(ctx: ModelContext, vehicle: Vehicle, battery: Battery) -> None:
    """Post the levels inside a stretch, for the rule `batteries`."""
    model, fleet, idle = ctx.model, ctx.instance.fleet_by_vehicle[vehicle.id], battery.drain_idle
    now = 0 if ctx.instance.execution is None else ctx.instance.execution.now
    met: dict[int, HeldVars] = {}
    for passed in ctx.carriers.ways.get(vehicle.id, ()):
        before, after = passed.before, passed.after
        held = _held(ctx, vehicle.id, after)
        met[id(held)] = held
        stand = ctx.carriers.stand(vehicle.id, before)
        if before is None or stand.level is None or after.began_before(now):
            continue  # the gap before what opens a stretch has its level; the past has had it
        earlier = _held(ctx, vehicle.id, before)
        handling = fleet.drop_time if after.is_drop else fleet.pick_up_time
        on_board = (passed.literal, *(() if held.opens is None else (held.opens.negated(),)))
        usual = _travel(fleet, battery, before, after, now)
        for made in ctx.carriers.ways_on_board(vehicle.id, passed, usual):
            more = (battery.drain_loaded - idle) * (made.travel + handling)
            left = model.add(held.level + idle * after.end <= stand.level + idle * stand.free_at - more)
            left.only_enforce_if(*on_board, *made.literals)
        if held.is_asked is not None and before.task.fixed is None:
            model.add_implication(passed.literal, held.is_asked)
        elif held.is_asked is not None and earlier.is_asked is not None:
            model.add_bool_and(held.is_asked).only_enforce_if(passed.literal, earlier.is_asked)
    for held in met.values():
        if held.is_asked is not None:
            model.add(held.level >= battery.minimum).only_enforce_if(held.is_asked)


def _travel(fleet: Fleet, battery: Battery, before: VisitVars, after: VisitVars, now: int) -> int:
    """Return how long the way from a visit to the next takes with something on board.

    From the past to something pending that depends on when the vehicle sets out: then what drains most is counted.
    """
    usual = fleet.travel_time(before.place, after.place)
    first, second = before.task.fixed, after.task.fixed
    if isinstance(first, Move) and isinstance(second, Move):
        here = Visit(before.begin, before.end, before.place, before.is_drop, first)
        return way(fleet, here, Visit(after.begin, after.end, after.place, after.is_drop, second))
    if not before.began_before(now):
        return usual
    changes = (instant for slowdown in fleet.slowdowns for instant in (slowdown.start, slowdown.end))
    leaving = [before.end, *(instant for instant in changes if instant is not None and instant > before.end)]
    ways = [usual, *(fleet.travel_time(before.place, after.place, at) for at in leaving if at < now)]
    return max(ways) if battery.drain_loaded >= battery.drain_idle else min(ways)
