"""The stays of vehicles at limited places, as intervals: in their tasks, and in the stands between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from scheduler.cpsat.visits import VisitVars
from scheduler.domain import Fleet

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.links import OptionVars
    from scheduler.cpsat.view import ScheduleView


class StayVars(NamedTuple):
    """If ``literal``, a vehicle stands at a place during ``[begin, until)``, for ``size`` ticks."""

    place: str
    begin: Any
    size: Any
    until: Any
    literal: Any


def stays_at(ctx: ModelContext, fleet: Fleet) -> dict[str, list[Any]]:
    """Return an interval for each stay that there may be at each limited place of a fleet, from `now` on."""
    now = 0 if ctx.instance.execution is None else ctx.instance.execution.now
    found: dict[str, list[Any]] = {place: [] for place in fleet.limited}
    for place, begin, size, until, literal in _stays(ctx, fleet):
        if isinstance(begin, int):
            begin = max(begin, now)
            size = max(0, until - begin) if isinstance(until, int) else size
        if isinstance(size, int) and size == 0:
            continue
        name = f"stay[{fleet.id}@{place}:{len(found[place])}]"
        found[place].append(ctx.new_interval(begin, size, until, literal, name))
    return found


def _stays(ctx: ModelContext, fleet: Fleet) -> Iterator[StayVars]:
    for vehicle in fleet.vehicles:
        for done in ctx.parking.tasks_of(vehicle.id):
            stays = _in_visit(ctx, vehicle.id, done) if isinstance(done, VisitVars) else _in_option(fleet, done)
            yield from (stay for stay in stays if stay.place in fleet.limited)
        yield from _in_charges(ctx, fleet, vehicle.id)
        yield from _in_stands(ctx, fleet, vehicle.id)


def _in_option(fleet: Fleet, option: OptionVars) -> Iterator[StayVars]:
    start, end, pick, drop = option.start, option.end, fleet.pick_up_time, fleet.drop_time
    yield StayVars(option.leg.origin, start, pick, start + pick, option.literal)
    yield StayVars(option.leg.destination, end - drop, drop, end, option.literal)


def _in_visit(ctx: ModelContext, vehicle: str, visit: VisitVars) -> Iterator[StayVars]:
    """Yield the stay in a visit, and on to the next at that place, if there is something on board in between."""
    fleet, literal = ctx.instance.fleet_by_vehicle[vehicle], visit.task.literal
    goes_on = [
        (turn.after.start, turn.literals)
        for turn in ctx.parking.loaded_turns(vehicle, visit)
        if turn.after is not None and turn.after.origin == visit.place
    ]
    if visit.place not in fleet.limited or not goes_on:
        handling = fleet.drop_time if visit.is_drop else fleet.pick_up_time
        yield StayVars(visit.place, visit.begin, handling, visit.end, literal)
        return
    execution = ctx.instance.execution
    now, end = 0 if execution is None else execution.now, ctx.full_horizon

    def stays(view: ScheduleView) -> int:
        begin, until = view.gaps.stay(vehicle, visit.task, visit.is_drop)
        return max(until, now) - max(begin, now)

    name = f"{vehicle}:{visit.task.key}{'drop' if visit.is_drop else 'pick_up'}"
    size = ctx.new_int(0, end, f"stays[{name}]", stays)
    until = ctx.new_int(
        0, end, f"until[{name}]", lambda view: max(view.gaps.stay(vehicle, visit.task, visit.is_drop)[1], now)
    )
    ctx.enforce(ctx.model.add(until >= visit.end), literal)
    for start, literals in goes_on:
        ctx.enforce(ctx.model.add(until >= start), *literals)
    yield StayVars(visit.place, visit.begin, size, until, literal)


def _in_charges(ctx: ModelContext, fleet: Fleet, vehicle: str) -> Iterator[StayVars]:
    for gap in ctx.parking.gaps(vehicle):
        for charger, literal in gap.at.items():
            place = ctx.instance.charger_by_id[charger].place
            if place in fleet.limited:
                size = ctx.new_int(
                    0, ctx.full_horizon, f"{literal.name}.parked", lambda view, gap=gap: gap.of(view).length
                )
                yield StayVars(place, gap.start, size, gap.end, literal)
    for charge in ctx.instance.execution.charges if ctx.instance.execution is not None else ():
        place = ctx.instance.charger_by_id[charge.charger].place
        if charge.vehicle == vehicle and place in fleet.limited:
            yield StayVars(place, charge.start, charge.end - charge.start, charge.end, ctx.true)


def _in_stands(ctx: ModelContext, fleet: Fleet, vehicle: str) -> Iterator[StayVars]:
    """Yield the stays between tasks: after one, at a stop, and before the next."""
    for stand in ctx.parking.stands(vehicle):
        stays = [("time_here", stand.place, stand.begin, stand.leaves, stand.there)]
        stays += [("time_at_stop", stop, stand.stops, stand.goes_on, over) for stop, over in stand.over.items()]
        for target, to in stand.to.items():
            goal = stand.driver.goal(target)
            if goal is not None:
                stays.append(("time_there", goal, stand.arrives, stand.gone, to))
        for word, place, begin, until, literal in stays:
            if place in fleet.limited:
                size = ctx.new_int(
                    0,
                    stand.driver.end,
                    f"{word}[{vehicle}@{place}]",
                    lambda view, word=word, told=stand.told: getattr(told(view), word),
                )
                yield StayVars(place, begin, size, until, literal)
