"""How long moves of robots and vehicles last whose ways are to be faster from known ticks on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scheduler.domain import Move
from scheduler.domain.routing import Leg
from scheduler.domain.slowdowns import lifts, travel_ahead

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.view import ScheduleView


def varies(ctx: ModelContext, leg: Leg, mover: str) -> bool:
    """Return whether a move of a carrier is not always equally long."""
    return holds_several(ctx, mover) or len(lengths_ahead(ctx, leg, mover)) > 1


def lengths_ahead(ctx: ModelContext, leg: Leg, mover: str) -> list[tuple[int, int]]:
    """Return ``(tick, length)`` of moves of a carrier for one part: those from the tick on may be so short."""
    group = ctx.instance.group_by_carrier.get(mover)
    if group is None or not lifts(group):
        return []
    handling = group.pick_up_time + group.drop_time
    return [(tick, handling + time) for tick, time in travel_ahead(group, leg.origin, leg.destination)]


def holds_several(ctx: ModelContext, mover: str) -> bool:
    """Return whether a mover is a robot or vehicle that holds several parts."""
    carrier = ctx.instance.carrier_by_id.get(mover)
    return carrier is not None and carrier.capacity > 1


def last_alone(
    ctx: ModelContext,
    mover: str,
    ahead: list[tuple[int, int]],
    size: Any,
    start: Any,
    literal: Any,
    name: str,
    lasts: Callable[[ScheduleView], int],
) -> None:
    """Post how long a move of a carrier for one part is: as long as its start says, or as long as before.

    As its start says only, where the carrier drains less with the part than it would waiting.
    """
    battery = ctx.instance.battery_by_vehicle.get(mover)
    is_late = battery is None or battery.drain_loaded >= battery.drain_idle
    choices = [
        ctx.new_bool(f"lasts.{name}+{ticks}", lambda view, ticks=ticks: lasts(view) == ticks) for _, ticks in ahead
    ]
    ctx.model.add_exactly_one(choices)
    for (tick, ticks), chosen, following in zip(ahead, choices, [*ahead[1:], None], strict=True):
        ctx.model.add(size == ticks).only_enforce_if(chosen)
        ctx.enforce(ctx.model.add(start >= tick), chosen, literal)
        if following is not None and not is_late:
            ctx.enforce(ctx.model.add(start < following[0]), chosen, literal)


def wait_on_board(
    ctx: ModelContext,
    mover: str,
    ahead: list[tuple[int, int]],
    size: Any,
    end: Any,
    literal: Any,
    name: str,
    made: Callable[[ScheduleView], Move | None],
) -> None:
    """Post how long a carrier for several parts has one at the least: it may wait with it for ways to be faster."""
    group = ctx.instance.group_by_carrier[mover]

    def choice(view: ScheduleView) -> int:
        move = made(view)
        if move is None:
            return len(ahead) - 1  # then it has its least length
        left = (tick - group.pick_up_time + ticks <= move.end for tick, ticks in ahead)
        return max((number for number, fits in enumerate(left) if fits), default=0)

    choices = [
        ctx.new_bool(f"waits.{name}>{tick}", lambda view, n=number: choice(view) == n)
        for number, (tick, _) in enumerate(ahead)
    ]
    ctx.model.add_exactly_one(choices)
    for (tick, ticks), chosen in zip(ahead, choices, strict=True):
        ctx.model.add(size >= ticks).only_enforce_if(chosen)
        ctx.enforce(ctx.model.add(end >= tick - group.pick_up_time + ticks), chosen, literal)
