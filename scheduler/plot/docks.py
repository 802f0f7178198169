"""Lanes in a chart: which trip holds which of the docks of a facility, when trips may depart, when they are slower."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from scheduler.domain.instance import Instance
from scheduler.domain.schedule import Schedule
from scheduler.domain.transit import TransitWindow


class Hold(NamedTuple):
    """A trip of a vehicle loads or unloads during ``[start, end)`` at the dock of that number; ``job`` is on it."""

    start: int
    end: int
    vehicle: str
    job: str
    dock: int


def dock_holds(instance: Instance, schedule: Schedule) -> Mapping[str, tuple[Hold, ...]]:
    """Return the holds of every facility with a number of docks; each has the lowest dock free when it begins."""
    limited = {facility.id for facility in instance.facilities if facility.docks is not None}
    windows: dict[str, dict[tuple[int, int, str], str]] = {facility: {} for facility in limited}
    for move in schedule.moves:
        lane = instance.lane_by_vehicle.get(move.mover)
        if lane is None or move.job is None:
            continue
        if lane.origin in limited and lane.load_time > 0:
            windows[lane.origin].setdefault((move.start, move.start + lane.load_time, move.mover), move.job)
        if lane.destination in limited and lane.unload_time > 0:
            windows[lane.destination].setdefault((move.end - lane.unload_time, move.end, move.mover), move.job)
    return {facility: tuple(_numbered(held)) for facility, held in windows.items()}


def _numbered(held: Mapping[tuple[int, int, str], str]) -> Iterator[Hold]:
    free_at: list[int] = []
    for (start, end, vehicle), job in sorted(held.items()):
        dock = next((number for number, at in enumerate(free_at) if at <= start), len(free_at))
        free_at[dock : dock + 1] = [end]
        yield Hold(start, end, vehicle, job, dock)


def departures(instance: Instance, start: int, end: int) -> Iterator[tuple[str, int]]:
    """Yield lane and tick of every departure of a timetable in ``[start, end]``."""
    for lane in instance.lanes:
        at = lane.timetable.next(start) if lane.timetable is not None else None
        while lane.timetable is not None and at is not None and at <= end:
            yield lane.id, at
            at = lane.timetable.next(at + 1)


def transit_windows(instance: Instance, start: int, end: int) -> Iterator[tuple[str, TransitWindow]]:
    """Yield lane and window of every other transit time than the usual one in ``[start, end]``, cut at both ends."""
    for lane in instance.lanes:
        yield from ((lane.id, window) for window in lane.transit_windows(start, end))
