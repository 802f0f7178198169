"""Robots and the vehicles of fleets in the network of a draft: one stop after the other, with the travel between.

A move of a carrier that holds several parts is two activities, its pick-up and its drop; between the two it may visit
other places. Any other move, and a charge, is one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from scheduler.domain import Carrier, CarrierGroup, Charge, Fleet, Instance, Move, ScheduledOperation
from scheduler.domain.happened import execution_of, started
from scheduler.domain.parking import stand_at, ways_begun
from scheduler.domain.slowdowns import leaves_at
from scheduler.domain.visits import visits
from scheduler.rescheduling.draft import Draft, link_key
from scheduler.rescheduling.timing import Blocked, Reason, Timing

Task: TypeAlias = Move | Charge | ScheduledOperation
"""What a carrier does at a stop."""


class Stop(NamedTuple):
    """A carrier picks up or (``is_drop``) puts down a part at ``place``, or charges or tends a machine there.

    It goes on from the place ``leaves``: one that holds one part at a time is where it puts that down.
    """

    task: Task
    place: str
    is_drop: bool
    leaves: str

    def key(self, before: object) -> tuple[object, ...]:
        """Return what makes it known again in another schedule, with the key of the stop before it.

        A charge is known by what is before it: it may begin at another time.
        """
        task = self.task
        if isinstance(task, Move):
            return (link_key(task), self.place, self.is_drop)
        return task.key if isinstance(task, ScheduledOperation) else (before, task.charger)


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
    timing.order((first, "end", 0), (last, "start", 0), Reason("mover", move.mover), travel)
    timing.keep_free(first, blocked, 0, pick_up + travel + drop)
    timing.keep_clear(first, last, blocked)
    return first, last


def add_carriers(
    instance: Instance,
    timing: Timing,
    draft: Draft,
    real: Collection[Move],
    charge_of: Mapping[int, Charge],
    node_of: Callable[[Move | ScheduledOperation, bool], int],
) -> None:
    """Order the stops of each carrier; an empty move that was not under way begins at `now` or later.

    Parameters
    ----------
    real
        The moves that have happened or are under way.
    charge_of
        The charges by activity.
    node_of
        The activity of an operation or a move, or (True) that of its drop.
    """
    execution = execution_of(instance)
    # Copies, since what was lost as it ended looks like what is to be done again.
    lost = [replace(piece) for piece in execution.aborted if piece.tended_by is not None]
    lost_ids = {id(piece) for piece in lost}
    has_begun = {*real, *execution.charges, *started(instance).values()}
    plugged = {(charge.vehicle, charge.start): node for node, charge in charge_of.items()}
    baseline = execution.baseline
    planned = _tasks(baseline.moves, baseline.charges, baseline.operations)
    tasks = _tasks(draft.moves, draft.charges, (*lost, *draft.operations))
    for carrier_id, to_do in tasks.items():
        carrier, group = instance.carrier_by_id[carrier_id], instance.group_by_carrier[carrier_id]
        came_from: dict[tuple[object, ...], str] = {}
        place, key = carrier.start, tuple[object, ...]()
        for stop in _stops(instance, carrier, planned.get(carrier_id, ())):
            key = stop.key(key)
            came_from[key] = place
            place = stop.leaves
        place, key, before, after = carrier.start, (), None, None
        for stop in _stops(instance, carrier, to_do):
            task, key = stop.task, stop.key(key)
            is_lost = id(task) in lost_ids
            if is_lost:
                node = timing.add_fixed(task.start, task.end)
            elif isinstance(task, Charge):
                node = plugged[task.vehicle, task.start]
            else:
                node = node_of(task, stop.is_drop)
            is_past = is_lost or task in has_begun
            travel = group.travel_time(place, stop.place)
            earliest = travel if came_from.get(key) == place or travel == 0 else execution.now + travel
            if _is_parked(group) and not is_past and (after is None or after in has_begun):
                # It is where the empty moves that have begun take it, by which it may have got nearer.
                free_at = 0 if after is None else after.end
                begun = [way for way in ways_begun(instance, carrier_id) if way.start >= free_at]
                place, free_at = stand_at(begun, place, free_at, execution.now)
                direct = group.travel_time(place, stop.place)
                travel, earliest = (0 if begun else direct), free_at + direct
            elif group.slowdowns and travel > 0:
                travel, earliest = _slowed(instance, carrier_id, place, stop, after, is_past)
            if node != before:
                if before is not None:
                    timing.order((before, "end", 0), (node, "start", 0), Reason("mover", carrier_id), travel)
                if not is_past:
                    timing.not_before(node, earliest)
            place, before, after = stop.leaves, node, task


def _is_parked(group: CarrierGroup) -> bool:
    return isinstance(group, Fleet) and bool(group.limited)


def _slowed(
    instance: Instance, carrier: str, place: str, stop: Stop, after: Task | None, is_past: bool
) -> tuple[int, int]:
    """Return how long the travel to a stop takes at the least, and when the carrier can be there, where ways are slow.

    Between stops of the past it takes as long as it took. A way that was under way at `now` goes on.
    """
    group, execution = instance.group_by_carrier[carrier], execution_of(instance)
    if is_past:
        was = group.travel_time(place, stop.place, max(stop.task.start, 0 if after is None else after.start))
        return (was if stop.is_drop else 0), 0
    begun = max(
        (
            m.start
            for m in execution.baseline.by_mover.get(carrier, ())
            if m.job is None and m.start < execution.now and (m.origin, m.destination) == (place, stop.place)
        ),
        default=None,
    )
    if after is not None and begun is not None and begun < after.start:
        begun = None  # that was before
    travel = group.travel_time(place, stop.place)
    leaves = leaves_at(group, place, stop.place, 0, execution.now, begun)
    if begun is not None and leaves < execution.now:
        return min(travel, group.travel_time(place, stop.place, begun)), leaves + travel
    return travel, execution.now + travel


def _tasks(
    moves: Iterable[Move], charges: Iterable[Charge], operations: Iterable[ScheduledOperation]
) -> dict[str, list[Task]]:
    """Return what each robot and vehicle has to do, in its nominal order; a charge comes before a move."""
    found: dict[str, list[Task]] = {}
    items: list[tuple[str, Task]] = [(charge.vehicle, charge) for charge in charges]
    items += ((m.mover, m) for m in moves if m.kind in ("robot_move", "transport"))
    items += ((o.tended_by, o) for o in operations if o.tended_by is not None)
    for carrier, task in sorted(items, key=lambda i: (i[1].start, not isinstance(i[1], Charge), i[1].end)):
        found.setdefault(carrier, []).append(task)
    return found


def _stops(instance: Instance, carrier: Carrier, tasks: Sequence[Task]) -> Iterator[Stop]:
    """Yield the stops at which a carrier does its tasks; one that holds several parts charges when it holds none."""
    if carrier.capacity > 1:
        charges = [task for task in tasks if isinstance(task, Charge)]
        handled = [task for task in tasks if not isinstance(task, Charge)]
        num_held = 0
        for visit in visits(instance.group_by_carrier[carrier.id], carrier, handled):
            while charges and num_held == 0 and charges[0].start <= visit.begin:
                yield _plugged(instance, charges.pop(0))
            yield Stop(visit.task, visit.place, visit.is_drop, visit.place)
            num_held += visit.taken
        yield from (_plugged(instance, charge) for charge in charges)
        return
    for task in tasks:
        if isinstance(task, Move):
            yield Stop(task, task.origin, False, task.destination)
        elif isinstance(task, ScheduledOperation):
            yield Stop(task, task.machine, False, task.machine)
        else:
            yield _plugged(instance, task)


def _plugged(instance: Instance, charge: Charge) -> Stop:
    place = instance.charger_by_id[charge.charger].place
    return Stop(charge, place, False, place)
