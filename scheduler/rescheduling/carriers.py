"""Right shift of robots and vehicles: the order of their visits stays as in the draft.

A move of a carrier that holds several parts is two activities, its pick-up and its drop; between the two it may visit
other places. Any other move is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from scheduler.domain import Carrier, CarrierGroup, Instance, Move
from scheduler.domain.happened import execution_of
from scheduler.domain.visits import Visit, visits
from scheduler.rescheduling.draft import LinkKey, link_key
from scheduler.rescheduling.timing import Blocked, Timing

Place: TypeAlias = tuple[LinkKey, str, bool]
"""Way of a part, place, whether it is dropped there."""


def add_visits(
    timing: Timing, group: CarrierGroup, move: Move, earliest: int, real: Move | None, waits: bool, blocked: Blocked
) -> tuple[int, int]:
    """Add the pick-up and the drop of a move, of a carrier that holds several parts, and return their nodes.

    `real` is the move as it really is, if it is under way or done; with `waits` its drop may be later than that.
    """
    pick_up, drop = group.pick_up_time, group.drop_time
    if real is not None:
        first = timing.add_fixed(real.start, min(real.start + pick_up, real.end))
        begin = max(real.start, real.end - drop)
        return first, timing.add(begin, drop) if waits else timing.add_fixed(begin, real.end)
    travel = group.travel_time(move.origin, move.destination)
    first = timing.add(earliest, pick_up)
    last = timing.add(earliest + pick_up + travel, drop)
    timing.order((first, "end", 0), (last, "start", 0), travel)
    timing.keep_clear(first, last, blocked)
    return first, last


def add_order(
    timing: Timing,
    instance: Instance,
    carrier: Carrier,
    moves: Sequence[Move],
    real: Mapping[Move, Move],
    node_of: Callable[[Move, bool], int],
) -> None:
    """Keep the visits of a carrier in order, with time to travel; none that is pending is approached before `now`.

    A travel that was under way at `now` goes on.
    """
    group, now = instance.group_by_carrier[carrier.id], execution_of(instance).now
    baseline = [m for m in execution_of(instance).baseline.by_mover.get(carrier.id, ()) if m.job is not None]
    planned: dict[Place, str] = {}
    place = carrier.start
    for visit in visits(group, carrier, baseline):
        planned[_place(visit)] = place
        place = visit.place
    place, before = carrier.start, None
    for visit in visits(group, carrier, moves):
        node, travel = node_of(visit.move, visit.is_drop), group.travel_time(place, visit.place)
        if node != before:
            if before is not None:
                timing.order((before, "end", 0), (node, "start", 0), travel)
            if visit.move not in real:
                under_way = planned.get(_place(visit)) == place
                timing.not_before(node, travel if under_way or travel == 0 else now + travel)
        place, before = visit.place, node


def _place(visit: Visit) -> Place:
    return link_key(visit.move), visit.place, visit.is_drop
