"""The vehicles of lanes in the network of a draft: one trip after the other, departures a headway apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from scheduler.domain import Instance, Move
from scheduler.rescheduling.timing import Blocked, Reason, Timing, Variant


def add_lanes(instance: Instance, timing: Timing, moves: Iterable[Move], node_of: Callable[[Move], int]) -> None:
    """Order the trips of each vehicle and the departures of each lane as their nominal times do.

    The return of a vehicle follows its trip, also one that was held up.

    Parameters
    ----------
    moves
        All moves of the draft.
    node_of
        The activity of a move; transfers of one trip share it.
    """
    by_vehicle: dict[str, list[Move]] = {}
    by_lane: dict[str, list[Move]] = {}
    for move in sorted((m for m in moves if m.kind == "transfer"), key=lambda m: (m.start, m.end)):
        by_vehicle.setdefault(move.mover, []).append(move)
        by_lane.setdefault(instance.lane_by_vehicle[move.mover].id, []).append(move)
    for vehicle, of_vehicle in by_vehicle.items():
        for before, after in pairwise(dict.fromkeys(node_of(move) for move in of_vehicle)):
            reason = Reason("mover", vehicle)
            timing.order((before, "end", 0), (after, "start", 0), reason, instance.lane_by_vehicle[vehicle].return_time)
            timing.order((before, "start", 0), (after, "start", 0), reason, 1)  # what departs together is one trip
    for lane, of_lane in by_lane.items():
        headway = instance.lane_by_id[lane].headway
        for before, after in pairwise(dict.fromkeys(node_of(move) for move in of_lane)) if headway > 0 else ():
            timing.order((before, "start", 0), (after, "start", 0), Reason("headway", lane), headway)


def add_trip(instance: Instance, timing: Timing, trip: Move, earliest: int, blocked: Blocked) -> int:
    """Add the activity of a trip that departs at `earliest` or later; return its node.

    Parameters
    ----------
    blocked
        The downtimes of the lane.
    """
    lane = instance.lane_by_vehicle[trip.mover]
    node = timing.add(earliest, lane.trip_times[0])
    if lane.timetable is not None:
        timing.keep_free(node, lane.timetable.closed(timing.latest), 0, 1)
    if not lane.varies:
        timing.keep_free(node, blocked, 0, lane.trip_times[0])
    else:
        timing.vary(node, [Variant(time, lane.closed(time, timing.latest), blocked) for time in lane.trip_times])
    return node
