"""The vehicles of lanes in the network of a draft: one trip after the other, departures a headway apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from scheduler.domain import Instance, Lane, Move
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


@dataclass(frozen=True, slots=True)
class Departures:
    """When trips of a lane can depart: outside ``closed``, and outside what is closed in the variant of their length.

    Without variants every trip is ``length`` long, and nothing is ``blocked`` until its arrival.
    """

    length: int
    closed: Blocked
    blocked: Blocked
    variants: tuple[Variant, ...]


def departures_of(lane: Lane, latest: int, blocked: Blocked) -> Departures:
    """Return when trips of a lane, with its downtimes `blocked`, can depart up to `latest`."""
    closed = () if lane.timetable is None else lane.timetable.closed(latest)
    times = lane.trip_times if lane.varies else ()
    variants = tuple(Variant(time, lane.closed(time, latest), blocked) for time in times)
    return Departures(lane.trip_times[0], closed, blocked, variants)


def add_trip(timing: Timing, earliest: int, departures: Departures) -> int:
    """Add the activity of a trip that departs at `earliest` or later; return its node."""
    node = timing.add(earliest, departures.length)
    timing.keep_free(node, departures.closed, 0, 1)
    if departures.variants:
        timing.vary(node, departures.variants)
    else:
        timing.keep_free(node, departures.blocked, 0, departures.length)
    return node
