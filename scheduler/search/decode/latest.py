"""An instant long after the end of any schedule worth looking at: nothing is placed after it."""

from __future__ import annotations

from scheduler.domain import Calendar, CarrierGroup, Fleet, Instance
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
    carried = sum(len(job.links) for job in instance.jobs) * _per_link(instance)
    return max(known_ends(instance)) + 3 * (work + trips) + carried + 50 * max(periods, default=0) + 1000


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


def _per_link(instance: Instance) -> int:
    """Return how long the moves of a part from one machine to the next take at most if one carrier makes all there are.

    With its empty moves, and its share of the charges: out of a cell and into one, and to and from a station between.
    """
    robots = max((_per_move(instance, cell) for cell in instance.cells), default=0)
    vehicles = max((_per_move(instance, fleet) + _per_charge(instance, fleet) for fleet in instance.fleets), default=0)
    return 2 * (robots + vehicles)


def _per_move(instance: Instance, group: CarrierGroup) -> int:
    """Return how long a robot or vehicle is busy for a loaded move, the empty one to it included."""
    return group.pick_up_time + group.drop_time + 2 * instance.longest_travel(group.id)


def _per_charge(instance: Instance, fleet: Fleet) -> int:
    """Return what a transport takes of the charges of a vehicle; 0 without batteries."""
    farthest, length = instance.longest_travel(fleet.id), _per_move(instance, fleet)
    found = 0
    for battery in (vehicle.battery for vehicle in fleet.vehicles if vehicle.battery is not None):
        drain = battery.drain_loaded * length + 2 * battery.drain_empty * farthest
        charge = charging_time(battery, battery.minimum, battery.capacity) + 2 * farthest
        moves = max(1, (battery.capacity - battery.minimum) // max(1, drain))
        found = max(found, charge // moves + 1)
    return found
