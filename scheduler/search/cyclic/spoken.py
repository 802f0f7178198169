"""What of an instance the cyclic search speaks, made again and again or once; everything else is refused by name.

Fields that tell one cycle from another (calendars, dates, timetables, batteries) are refused by the validation of the
file already; here they must have their defaults too, since an instance may be built in code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from scheduler.domain import (
    Facility,
    Fleet,
    Instance,
    Job,
    Lane,
    Machine,
    Mode,
    Operation,
    OperatorPool,
    Precedence,
    Robot,
    RobotCell,
    Vehicle,
)
from scheduler.domain.cycle import sets_of
from scheduler.domain.objective import Objective
from scheduler.domain.routing import Leg, in_loads, leg_time, routes
from scheduler.search.cyclic.choices import has_last, links_of, orders_of
from scheduler.search.cyclic.goal import SPOKEN_TERMS
from scheduler.search.fields import names, unspoken

SPOKEN: dict[type, frozenset[str]] = {
    Instance: names("name facilities machines jobs cells lanes operators fleets time_unit time_origin objective cycle"),
    Facility: names("id station returns_jobs docks hub"),
    Machine: names("id facility cell setups capacity input_buffer output_buffer swap"),
    RobotCell: names(
        "id facility robots input_station output_station travel load_time unload_time input_places output_places"
    ),
    Robot: names("id start grippers reach speed"),
    Lane: names(
        "id origin destination transit_time vehicles units_per_vehicle return_time load_time unload_time headway"
        " trip_cost unit_cost trip_co2"
    ),
    Fleet: names("id facility vehicles travel pick_up_time drop_time returns chargers parking"),
    Vehicle: names("id start capacity speed"),
    OperatorPool: names("id capacity"),
    Job: names("id operations precedences weight units plans carriers splits"),
    Operation: names("id modes interruptible"),
    Mode: names("machine duration setup_family operators max_dwell tended"),
    Precedence: names("predecessor successor min_lag max_lag"),
}
"""The fields that the search knows in cyclic production; one that is not listed must have its default."""
SPOKEN_ONCE: dict[type, frozenset[str]] = SPOKEN | {
    Machine: SPOKEN[Machine] | names("calendar"),
    Lane: SPOKEN[Lane] | names("calendar"),
    Job: SPOKEN[Job] | names("release_date due_date"),
}
"""Those that it knows in a plan that is made once; due dates are none of a makespan's."""
MOST_AT_DOCKS = 60
"""Lanes that share the docks of a facility: the search keeps a bit of a word for each."""


def why_unsupported(instance: Instance, objective: Objective) -> str | None:
    """Return what of a cyclic instance and its objective the search does not speak, None if it speaks it all."""
    if instance.cycle is None:
        return "no cycle"
    if not dict(objective.tiers[0].weights).keys() <= SPOKEN_TERMS:
        return "another objective than the cycle time and the makespan"
    return _why_not(instance, sets_of(instance)[0], SPOKEN)


def why_not_once(instance: Instance, objective: Objective) -> str | None:
    """Return why the search can't make a plan that is made once, None if it can."""
    if instance.cycle is not None:
        return "a cycle"
    if dict(objective.tiers[0].weights).keys() != {"makespan"}:
        return "another objective than the makespan"
    return _why_not(instance, instance.jobs, SPOKEN_ONCE)


def _why_not(instance: Instance, jobs: Sequence[Job], known: Mapping[type, frozenset[str]]) -> str | None:
    """Return what of an instance the search does not speak."""
    field = unspoken(_parts(instance, jobs), known)
    if field is not None:
        return field
    ends = [end for lane in instance.lanes for end in (lane.origin, lane.destination)]
    if any(ends.count(facility.id) > MOST_AT_DOCKS for facility in instance.facilities if facility.docks is not None):
        return f"docks of more than {MOST_AT_DOCKS} lanes"
    if any(fleet.limited for fleet in instance.fleets):
        return "limited parking"
    for job in jobs:
        reason = _why_not_made(instance, job)
        if reason is not None:
            return reason
    return None


def _why_not_made(instance: Instance, job: Job) -> str | None:
    """Return what of a job the search does not speak."""
    orders = orders_of(job)
    lags = {(p.predecessor, p.successor): p for p in job.precedences}
    links = [link for order in orders for link in links_of(job, order)]
    for order in orders:
        ends = links_of(job, order)
        for operation in order:
            parts = [before for before, after in ends if after is operation]
            if any(has_last(instance, parts, mode) is None for mode in operation.modes):
                return "baths to which each of several parts may come without being put down"
    for before, after in links:
        lag = lags[before.id, after.id] if before is not None and after is not None else None
        if before is not None and lag is not None and _has_to_wait(instance, job, before, after, lag):
            return "lags longer than the way from where parts don't wait beside their machine"
        for origin, destination in product(_machines(instance, before), _machines(instance, after)):
            for way in routes(instance, origin, destination) or ((),):
                legs = in_loads(instance, way, job, None, None)
                reason = _why_not_moved(instance, job, origin, legs)
                if reason is not None:
                    return reason
    return None


def _has_to_wait(instance: Instance, job: Job, before: Operation, after: Operation | None, lag: Precedence) -> bool:
    """Return whether a part waits before a way with moves where that takes a place, or for too long."""
    ends = product(_machines(instance, before), _machines(instance, after))
    ways = [in_loads(instance, way, job, None, None) for a, b in ends for way in routes(instance, a, b)]
    shortest = min((sum(leg_time(instance, leg) for leg in way if leg.load == 0) for way in ways), default=0)
    if not any(ways) or lag.min_lag <= shortest:
        return False
    machines = (instance.machine_by_id[mode.machine] for mode in before.modes)
    return any(machine.output_buffer is not None for machine in machines) or any(
        mode.max_dwell is not None for mode in before.modes
    )


def _machines(instance: Instance, operation: Operation | None) -> list[Machine | None]:
    return [None] if operation is None else [instance.machine_by_id[mode.machine] for mode in operation.modes]


def _why_not_moved(instance: Instance, job: Job, origin: Machine | None, legs: tuple[Leg, ...]) -> str | None:
    """Return what of the way of a job the search does not speak."""
    rides = []
    for leg in legs:
        if leg.kind == "transfer":
            rides += [instance.lane_by_id[lane].transit_time for lane in leg.groups]
            continue
        for group in (instance.group_by_id[group] for group in leg.groups):
            rides.append(group.travel_time(leg.origin, leg.destination))
    if origin is not None and not origin.swap and (not rides or min(rides) == 0):
        return "machines without swap from which parts pass on in no time"
    return None


def _parts(instance: Instance, jobs: Sequence[Job]) -> Iterator[Any]:
    """Yield everything of an instance with these jobs that a rule could add a field to."""
    yield instance
    resources = (instance.facilities, instance.machines, instance.cells, instance.lanes, instance.fleets)
    for group in (*resources, instance.operators):
        yield from group
    for cell in instance.cells:
        yield from cell.robots
    for fleet in instance.fleets:
        yield from fleet.vehicles
    for job in jobs:
        yield job
        yield from job.precedences
        for operation in job.operations:
            yield operation
            yield from operation.modes
