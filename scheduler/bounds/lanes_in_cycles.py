"""A lower bound of the cycle time from what each set has to send over lanes, without a solver.

Transfers that depart at the same tick of the cycle share trips, whatever sets they are of; so a cycle has at least as
many trips as the parts of one set need (`scheduler.bounds.lanes.Packing`). Let *S* be lanes, and *n* the trips and *u*
the units of all parts that have to go over some lane of *S*. A vehicle of lane *l* is away for *T_l* on each trip, its
return included, so that with *V_l* vehicles of *c_l* units each, and *h_l* from one departure to the next,

    trips_l(C) <= V_l C / T_l,           trips_l(C) <= C / h_l
    sum_(l in S) trips_l(C) >= n,        sum_(l in S) c_l trips_l(C) >= u

and the bound is the least *C* for which that holds. Where there are several routes, directly or over hubs, one of the
first lanes of all of them has to be taken, and one of the last ones. A trip holds a dock at either end while it is
loaded or unloaded, so that a facility with *D* docks has ``D C >= sum_trips time at the dock``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from scheduler.bounds.lanes import Packing
from scheduler.domain import Instance, Job, Lane
from scheduler.domain.routing import routes


@dataclass(frozen=True, slots=True)
class _Crossing:
    """A part of so many ``units``, and sets of lanes of each of which it has to take one."""

    units: int
    splits: bool
    able: tuple[frozenset[str], ...]


def lanes_of_cycle_bound(instance: Instance) -> int:
    """Return a bound of the cycle time in which an instance without cycle is made as one set; 0 without lanes."""
    if not instance.lanes:
        return 0
    crossings = [crossing for job in instance.jobs if not job.plans for crossing in _crossings(instance, job)]
    best = 0
    for some in {able for crossing in crossings for able in crossing.able}:
        inside = [crossing for crossing in crossings if any(able <= some for able in crossing.able)]
        best = max(best, _least_cycle([instance.lane_by_id[lane] for lane in some], inside))
    return max(best, _of_docks(instance, crossings))


def _crossings(instance: Instance, job: Job) -> list[_Crossing]:
    """Return what has to go over lanes between two operations of a job, whatever the modes."""
    found = []
    for before, after, _ in job.links:
        if before is None or after is None:
            continue
        modes = product(*(instance.operation_by_key[job.id, operation].modes for operation in (before, after)))
        ends = dict.fromkeys((a.machine, b.machine) for a, b in modes)  # machines with setups can't be hashed
        ways = [
            [leg for leg in legs if leg.kind == "transfer"]
            for a, b in ends
            for legs in routes(instance, instance.machine_by_id[a], instance.machine_by_id[b])
        ]
        if not ways or not all(ways):
            continue
        able = []
        for one in ({leg for way in ways for leg in way[:1]}, {leg for way in ways for leg in way[-1:]}):
            lanes = [instance.lane_by_id[lane] for leg in one for lane in leg.groups]
            able.append(frozenset(lane.id for lane in lanes if lane.units_per_vehicle >= job.indivisible_units))
        found.append(_Crossing(job.units, job.splits, tuple(lanes for lanes in able if lanes)))
    return found


def _num_trips(lanes: Sequence[Lane], crossings: Sequence[_Crossing]) -> int:
    """Return how many trips of some lanes parts need at the least."""
    packing = Packing(max(lane.units_per_vehicle for lane in lanes), {crossing.units for crossing in crossings})
    for crossing in crossings:
        packing.add(crossing.units, crossing.splits)
    return packing.num_trips


def _least_cycle(lanes: Sequence[Lane], crossings: Sequence[_Crossing]) -> int:
    """Return the least cycle time in which lanes can make the trips that parts need."""
    num_trips, units = _num_trips(lanes, crossings), sum(crossing.units for crossing in crossings)

    def is_enough(cycle: int) -> bool:
        trips, room = 0, 0
        for lane in lanes:
            away, num = lane.trip_times[0] + lane.return_time, units
            if away > 0:
                num = min(num, lane.vehicles * cycle // away)
            if lane.headway > 0:
                num = min(num, cycle // lane.headway)
            trips, room = trips + num, room + num * lane.units_per_vehicle
        return trips >= num_trips and room >= units

    low = high = 1
    while not is_enough(high):
        low, high = high + 1, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle + 1, high)
    return low


def _of_docks(instance: Instance, crossings: Sequence[_Crossing]) -> int:
    """Return the bound of the docks that have most to do; what may go over lanes of two ways counts for neither."""
    held = dict.fromkeys((facility.id for facility in instance.facilities), 0)
    by_way: dict[tuple[str, str], list[Lane]] = {}
    for lane in instance.lanes:
        by_way.setdefault((lane.origin, lane.destination), []).append(lane)
    for (origin, destination), lanes in by_way.items():
        ids = {lane.id for lane in lanes}
        inside = [crossing for crossing in crossings if any(able <= ids for able in crossing.able)]
        num_trips = _num_trips(lanes, inside)
        held[origin] += num_trips * min(lane.load_time for lane in lanes)
        held[destination] += num_trips * min(lane.unload_time for lane in lanes)
    docks = [(facility.id, facility.docks) for facility in instance.facilities if facility.docks is not None]
    return max((-(-held[id] // max(1, num)) for id, num in docks), default=0)
