"""The docks of facilities in the network of a draft: capacities of the stops of its trips."""

from __future__ import annotations

from collections.abc import Mapping

from scheduler.domain import Instance, Move
from scheduler.rescheduling.timing import Capacity, Reason, Taken, Timing, Use


def add_docks(instance: Instance, timing: Timing, trips: Mapping[int, Move], now: int) -> None:
    """Let the trips wait for docks at both ends, in the order of their nominal stops.

    Parameters
    ----------
    trips
        By node: a transfer of each trip, at its nominal time. A trip whose node is fixed is done or under way: its
        stops stay, also one that lies ahead.
    """
    limits = {facility.id: facility.docks for facility in instance.facilities if facility.docks is not None}
    stops: dict[str, list[tuple[int, int, Use]]] = {facility: [] for facility in limits}
    taken: dict[str, list[Taken]] = {facility: [] for facility in limits}
    for node, move in trips.items() if limits else ():
        lane = instance.lane_by_vehicle[move.mover]
        start, end = timing.starts[node], timing.ends[node]
        departure = max(move.start, now)
        load, unload = lane.load_time, lane.unload_time
        arrival = departure + lane.trip_time_at(departure) - unload
        for place, window, nominal, use in (
            (lane.origin, (start, start + load), departure, Use((node, "start", 0), [(node, "start", load)])),
            (lane.destination, (end - unload, end), arrival, Use((node, "end", -unload), [(node, "end", 0)])),
        ):
            if place in limits and timing.fixed[node]:
                taken[place].append(Taken(*window, 1, node))
            elif place in limits:
                stops[place].append((nominal, node, use))
    for facility, limit in limits.items():
        uses = [use for _, _, use in sorted(stops[facility], key=lambda stop: stop[:2])]
        timing.limit(Capacity(limit, uses, Reason("dock", facility), sorted(taken[facility])))
