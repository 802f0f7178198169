"""The vehicles of lanes in the network of a draft: one trip after the other, departures a headway apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from scheduler.domain import Instance, Move
from scheduler.rescheduling.timing import Timing


def add_lanes(instance: Instance, timing: Timing, moves: Iterable[Move], node_of: Callable[[Move], int]) -> None:
    """Order the trips of each vehicle and the departures of each lane as their nominal times do.

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
    gaps = [(of_vehicle, instance.lane_by_vehicle[vehicle].cycle_time) for vehicle, of_vehicle in by_vehicle.items()]
    headways = ((of_lane, instance.lane_by_id[lane].headway) for lane, of_lane in by_lane.items())
    gaps += [(of_lane, headway) for of_lane, headway in headways if headway > 0]
    for departures, gap in gaps:
        for before, after in pairwise(dict.fromkeys(node_of(move) for move in departures)):
            timing.order((before, "start", 0), (after, "start", 0), gap)
