"""Limited parking in a chart: which vehicle is at which place, and until when."""

from __future__ import annotations

from typing import NamedTuple

from scheduler.domain import Instance, Schedule
from scheduler.domain.parking import gaps_listed
from scheduler.plot.rows import parking_row, sub_lanes


class Parked(NamedTuple):
    """A vehicle takes room number ``lane`` of the row of a place during ``[start, end)``."""

    row: str
    vehicle: str
    start: int
    end: int
    lane: int


def parked_vehicles(instance: Instance, schedule: Schedule) -> tuple[Parked, ...]:
    """Return every stay of a vehicle at a limited place, up to the end of the schedule, in the lowest free room.

    Where a charge follows an empty move to its place, the vehicle has been there all the time: that is one stay.
    """
    end = max([0, *(o.end for o in schedule.operations), *(move.end for move in schedule.moves)])
    found = []
    for fleet in instance.fleets:
        stays: list[tuple[int, int, str, str]] = []
        for gap in gaps_listed(instance, fleet, schedule) if fleet.limited else ():
            for place, begin, until in gap.stays:
                if place not in fleet.limited or begin >= min(until, end):
                    continue
                if stays and stays[-1][1:] == (begin, gap.vehicle, place):
                    begin = stays.pop()[0]
                stays.append((begin, min(until, end), gap.vehicle, place))
        free_at: dict[str, list[int]] = {}
        for begin, until, vehicle, place in sorted(stays):
            rooms = free_at.setdefault(place, [])
            lane = next((index for index, at in enumerate(rooms) if at <= begin), len(rooms))
            rooms[lane : lane + 1] = [until]
            found.append(Parked(parking_row(fleet, place), vehicle, begin, until, lane))
    return tuple(found)


def parking_lanes(instance: Instance, parked: tuple[Parked, ...]) -> dict[str, int]:
    """Return the sub-lanes of the row of every limited place."""
    found = {}
    for fleet in instance.fleets:
        for place in fleet.limited:
            row = parking_row(fleet, place)
            used = max((stay.lane + 1 for stay in parked if stay.row == row), default=1)
            found[row] = sub_lanes(fleet.parking[place], used)
    return found
