"""An instant long after the end of any schedule worth looking at: nothing is placed after it."""

from __future__ import annotations

from scheduler.domain import Calendar, Fleet, Instance
from scheduler.domain.batteries import charging_time
from scheduler.domain.departures import longest_wait
from scheduler.search.decode.goal import trips_per_way


def guess_latest(instance: Instance) -> int:
    """Return an instant long after the end of any schedule worth looking at."""
    work = sum(max(mode.duration for mode in o.modes) for o in instance.operation_by_key.values())
    calendars = _calendars(instance)
    periods = [c.pattern.period for c in calendars if c.pattern is not None]
    num_trips = sum(trips_per_way(instance, job) for job in instance.jobs)
    trips = max((max(lane.cycle_time, lane.headway) for lane in instance.lanes), default=0) * num_trips
    trips += sum(longest_wait(lane) for lane in instance.lanes) * num_trips
    work += instance.num_operations * max((_per_transport(instance, fleet) for fleet in instance.fleets), default=0)
    return max(known_ends(instance)) + 3 * (work + trips) + 50 * max(periods, default=0) + 1000


def known_ends(instance: Instance) -> list[int]:
    """Return 0, now, and when downtimes, slow machines and the plan in force end and jobs are released."""
    ends = [c.settled for c in _calendars(instance)] + [job.release_date for job in instance.jobs]
    ends += [tick for machine in instance.machines for tick in machine.tempo.ends]
    if instance.execution is not None:
        ends += [instance.execution.now, instance.execution.baseline.makespan]
    return [0, *ends]


def _calendars(instance: Instance) -> list[Calendar]:
    calendars = [machine.calendar for machine in instance.machines]
    calendars += [carrier.calendar for carrier in instance.carrier_by_id.values()]
    calendars += [lane.calendar for lane in instance.lanes]
    return calendars


def _per_transport(instance: Instance, fleet: Fleet) -> int:
    """Return how long a vehicle with a battery is busy for a transport, with its share of the charges; 0 without."""
    farthest = instance.longest_travel(fleet.id)
    length = fleet.pick_up_time + farthest + fleet.drop_time
    found = 0
    for battery in (vehicle.battery for vehicle in fleet.vehicles if vehicle.battery is not None):
        drain = battery.drain_loaded * length + 2 * battery.drain_empty * farthest
        charge = charging_time(battery, battery.minimum, battery.capacity) + 2 * farthest
        moves = max(1, (battery.capacity - battery.minimum) // max(1, drain))
        found = max(found, length + farthest + charge // moves + 1)
    return found
