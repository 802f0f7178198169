"""The timelines of all robots and vehicles of fleets, each of its kind."""

from __future__ import annotations

from collections.abc import Mapping

from scheduler.domain.parking import shared_room, yards
from scheduler.search.charging import BatteryTimeline
from scheduler.search.movers import CarrierTimeline
from scheduler.search.parked_charging import ParkedBatteryTimeline
from scheduler.search.parking import ParkingTimeline
from scheduler.search.problem import Problem
from scheduler.search.timelines import Profile


def carrier_timelines(problem: Problem, chargers: Mapping[str, Profile], pieces: int) -> dict[str, CarrierTimeline]:
    """Return the timelines of the carriers; those of one fleet share its limited places, and the `chargers`.

    A charge reaches at least up to the end of so many `pieces` of the charge curve.
    """
    instance, now, downtimes = problem.instance, problem.now, problem.carrier_downtimes
    yard_of = yards(instance)
    found: dict[str, CarrierTimeline] = {}
    for cell in instance.cells:
        for robot in cell.robots:
            found[robot.id] = CarrierTimeline(robot, instance.group_by_carrier[robot.id], downtimes[robot.id], now)
    for fleet in instance.fleets:
        rooms = {place: Profile(room) for place, room in shared_room(fleet, yard_of).items()}
        for vehicle in fleet.vehicles:
            own, yard = instance.fleet_by_vehicle[vehicle.id], yard_of.get(vehicle.id)
            pauses, battery = downtimes[vehicle.id], vehicle.battery
            if battery is not None and yard is not None:
                timeline: CarrierTimeline = ParkedBatteryTimeline(
                    vehicle, battery, yard, pauses, now, rooms, chargers, pieces
                )
            elif battery is not None:
                timeline = BatteryTimeline(vehicle, battery, own, pauses, now, chargers, pieces)
            elif yard is not None:
                timeline = ParkingTimeline(vehicle, yard, pauses, now, rooms)
            else:
                timeline = CarrierTimeline(vehicle, own, pauses, now)
            found[vehicle.id] = timeline
    return found
