"""Robots and the vehicles of fleets in the network of a draft: one stop after the other, with the travel between.

A move of a carrier that holds several parts is two activities, its pick-up and its drop; between the two it may visit
other places. Any other move, and a charge, is one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from scheduler.domain import CarrierGroup, Fleet, Instance, Move
from scheduler.domain.happened import execution_of, started
from scheduler.domain.parking import stand_at, ways_begun
from scheduler.domain.slowdowns import arrival, leaves_at, travel_ahead
from scheduler.rescheduling.activities import Activities
from scheduler.rescheduling.draft import Draft
from scheduler.rescheduling.stops import Stop, Task, keys_of, stops_by_carrier
from scheduler.rescheduling.timing import Blocked, Reason, Timing, Travel


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
    ahead = travel_ahead(group, move.origin, move.destination)
    first = timing.add(earliest, pick_up)
    last = timing.add(arrival(group, move.origin, move.destination, earliest + pick_up), drop)
    timing.travel(first, last, ahead, Reason("mover", move.mover))
    timing.keep_free(first, blocked, 0, pick_up + ahead[-1][1] + drop)
    timing.keep_clear(first, last, blocked)
    return first, last


def add_carriers(
    instance: Instance,
    timing: Timing,
    draft: Draft,
    real: Collection[Move],
    activities: Activities,
) -> None:
    """Order the stops of each carrier; an empty move that was not under way begins at `now` or later.

    Parameters
    ----------
    real
        The moves that have happened or are under way.
    activities
        The nodes of all that they do.
    """
    execution = execution_of(instance)
    # Copies, since what was lost as it ended looks like what is to be done again.
    lost = [replace(piece) for piece in execution.aborted if piece.tended_by is not None]
    lost_ids = {id(piece) for piece in lost}
    has_begun = {*real, *execution.charges, *started(instance).values()}
    baseline = execution.baseline
    planned = stops_by_carrier(instance, baseline.moves, baseline.charges, baseline.operations)
    drafted = stops_by_carrier(instance, draft.moves, draft.charges, (*lost, *draft.operations))
    for carrier_id, to_do in drafted.items():
        carrier, group = instance.carrier_by_id[carrier_id], instance.group_by_carrier[carrier_id]
        came_from: dict[tuple[object, ...], str] = {}
        place, stops = carrier.start, planned.get(carrier_id, [])
        for stop, key in zip(stops, keys_of(stops), strict=True):
            came_from[key] = place
            place = stop.leaves
        place, before, after, held = carrier.start, None, None, 0
        for stop, key in zip(to_do, keys_of(to_do), strict=True):
            task = stop.task
            is_lost = id(task) in lost_ids
            node = timing.add_fixed(task.start, task.end) if is_lost else activities.stop_of(task, stop.is_drop)
            is_past = is_lost or task in has_begun
            ahead: Travel = ()
            travel = group.travel_time(place, stop.place)
            is_planned = draft.as_planned(task) and came_from.get(key) == place
            earliest = travel if is_planned or travel == 0 else execution.now + travel
            if _is_parked(group) and held == 0 and not is_past and (after is None or after in has_begun):
                # It is where the empty moves that have begun take it, by which it may have got nearer.
                free_at = 0 if after is None else after.end
                begun = [way for way in ways_begun(instance, carrier_id) if way.start >= free_at]
                place, free_at = stand_at(begun, place, free_at, execution.now)
                direct, *later = travel_ahead(group, place, stop.place)
                travel, ahead = (0, ()) if begun else (direct[1], tuple(later))
                earliest = arrival(group, place, stop.place, free_at)
            elif group.slowdowns and travel > 0:
                travel, earliest = _slowed(instance, carrier_id, place, stop, after, is_past)
                ahead = () if is_past else travel_ahead(group, place, stop.place)[1:]
                earliest = min(earliest, *(tick + time for tick, time in ahead)) if ahead else earliest
                if is_past and before is not None and timing.fixed[before]:  # it may have waited for faster ways
                    travel = min(travel, max(0, timing.starts[node] - timing.ends[before]))
            if node != before:
                if before is not None:
                    timing.travel(before, node, ((0, travel), *ahead), Reason("mover", carrier_id))
                if not is_past:
                    timing.not_before(node, earliest)
            place, before, after, held = stop.leaves, node, task, stop.held


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
