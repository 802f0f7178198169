"""Robots and the vehicles of fleets in the network of a draft: one stop after the other, with the travel between.

A move of a carrier that holds several parts is two activities, its pick-up and its drop; between the two it may visit
other places. Any other move, and a charge, is one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from scheduler.domain import Carrier, CarrierGroup, Charge, Instance, Move
from scheduler.domain.happened import execution_of
from scheduler.domain.visits import visits
from scheduler.rescheduling.draft import Draft, link_key
from scheduler.rescheduling.timing import Blocked, Timing


class Stop(NamedTuple):
    """A carrier picks up or (``is_drop``) puts down a part at ``place``, or charges there."""

    task: Move | Charge
    place: str
    is_drop: bool

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it known again in another schedule."""
        task = self.task
        return (link_key(task), self.place, self.is_drop) if isinstance(task, Move) else (task.vehicle, task.start)


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


def add_carriers(
    instance: Instance,
    timing: Timing,
    draft: Draft,
    real: Collection[Move],
    charge_of: Mapping[int, Charge],
    node_of: Callable[[Move, bool], int],
) -> None:
    """Order the stops of each carrier; an empty move that was not under way begins at `now` or later.

    Parameters
    ----------
    real
        The moves that have happened or are under way.
    charge_of
        The charges by activity.
    node_of
        The activity of a move, or (True) that of its drop.
    """
    execution = execution_of(instance)
    plugged = {(charge.vehicle, charge.start): node for node, charge in charge_of.items()}
    planned, tasks = _tasks(execution.baseline.moves, execution.baseline.charges), _tasks(draft.moves, draft.charges)
    for carrier_id, to_do in tasks.items():
        carrier, group = instance.carrier_by_id[carrier_id], instance.group_by_carrier[carrier_id]
        came_from: dict[tuple[object, ...], str] = {}
        place = carrier.start
        for stop in _stops(instance, carrier, planned.get(carrier_id, ())):
            came_from[stop.key] = place
            place = stop.place
        place, before = carrier.start, None
        for stop in _stops(instance, carrier, to_do):
            task = stop.task
            node = node_of(task, stop.is_drop) if isinstance(task, Move) else plugged[task.vehicle, task.start]
            travel = group.travel_time(place, stop.place)
            if node != before:
                if before is not None:
                    timing.order((before, "end", 0), (node, "start", 0), travel)
                if task not in real and task not in execution.charges:
                    under_way = came_from.get(stop.key) == place
                    timing.not_before(node, travel if under_way or travel == 0 else execution.now + travel)
            place, before = stop.place, node


def _tasks(moves: Iterable[Move], charges: Iterable[Charge]) -> dict[str, list[Move | Charge]]:
    """Return what each robot and vehicle has to do, in its nominal order; a charge comes before a move."""
    found: dict[str, list[Move | Charge]] = {}
    items: list[Move | Charge] = [*charges, *(m for m in moves if m.kind in ("robot_move", "transport"))]
    for item in sorted(items, key=lambda item: (item.start, isinstance(item, Move), item.end)):
        found.setdefault(item.mover if isinstance(item, Move) else item.vehicle, []).append(item)
    return found


def _stops(instance: Instance, carrier: Carrier, tasks: Sequence[Move | Charge]) -> Iterator[Stop]:
    """Yield the stops at which a carrier does its tasks."""
    if carrier.capacity > 1:
        loaded = [task for task in tasks if isinstance(task, Move)]
        for visit in visits(instance.group_by_carrier[carrier.id], carrier, loaded):
            yield Stop(visit.move, visit.place, visit.is_drop)
        return
    for task in tasks:
        if isinstance(task, Move):
            yield Stop(task, task.origin, False)
            yield Stop(task, task.destination, True)
        else:
            yield Stop(task, instance.charger_by_id[task.charger].place, False)
