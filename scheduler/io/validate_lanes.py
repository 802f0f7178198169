"""Validation of the departures of lanes: timetables, and transit times by time of day."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from scheduler.domain import Instance, Lane, Timetable
from scheduler.domain.departures import common_period, usable_departures, usable_windows
from scheduler.errors import Defect
from scheduler.io.defects import shown
from scheduler.io.json_text import json_path
from scheduler.io.limits import MAX_DEPARTURES, MAX_LOADS


def disordered_timetables(instance: Instance) -> Iterator[Defect]:
    """Departures of a timetable are out of order, more than a period apart, or after its last tick."""
    for i, lane in enumerate(instance.lanes):
        table, where = lane.timetable, ("lanes", i, "timetable")
        if table is None:
            continue
        if not table.departures:
            yield Defect("E340", json_path(*where, "departures"), "no trip ever departs", "add a departure")
            continue
        for d, (before, after) in enumerate(pairwise(table.departures), start=1):
            if after <= before:
                cause = f"the departure at {after} is listed after the one at {before}"
                yield Defect("E340", json_path(*where, "departures", d), cause, "list every departure once, in order")
        first, last = table.departures[0], table.departures[-1]
        if table.period is not None and last - first >= table.period:
            cause = f"departures from {first} to {last} do not lie in one period of {table.period}"
            yield Defect("E340", json_path(*where, "departures"), cause, "list those of one period only")
        if table.until is not None and table.until < first:
            cause = f"the timetable ends at {table.until}, before its first departure at {first}"
            yield Defect("E340", json_path(*where, "until"), cause, "let it end later")


def disordered_transit_times(instance: Instance) -> Iterator[Defect]:
    """Windows of transit times are out of order, empty, or reach beyond the period."""
    for i, lane in enumerate(instance.lanes):
        times, where = lane.transit_times, ("lanes", i, "transit_times", "windows")
        if times is None:
            continue
        for w, window in enumerate(times.windows):
            if not 0 <= window.start < window.end <= times.period:
                cause = f"the window from {window.start} to {window.end} does not lie in the period of {times.period}"
                fix = f"write 0 <= start < end <= {times.period}; split a window that goes over the end of the period"
                yield Defect("E342", json_path(*where, w), cause, fix)
        for w, (before, after) in enumerate(pairwise(times.windows), start=1):
            if after.start < before.end:
                cause = f"the window begins at {after.start}, before the one listed before it ends at {before.end}"
                yield Defect("E342", json_path(*where, w), cause, "list the windows in order, without overlap")


def departures_without_trip(instance: Instance) -> Iterator[Defect]:
    """No departure leaves time for a trip in the calendar of the lane, or there are too many to tell."""
    for i, lane in enumerate(instance.lanes):
        key = "timetable" if lane.timetable is not None else "transit_times"
        if not limits_departures(lane) or not is_ordered(lane):
            continue
        times = " or ".join(str(time) for time in lane.trip_times)
        if num_departures(lane) > MAX_DEPARTURES:
            cause = f"departures and calendar of lane {shown(lane.id)} repeat together only after very many departures"
            yield Defect(
                "E341", json_path("lanes", i, key, "period"), cause, "let one period be a multiple of the other"
            )
        elif not (usable_departures(lane) if lane.timetable is not None else usable_windows(lane)):
            cause = f"no trip of {times} ticks fits into the calendar of lane {shown(lane.id)} at a departure"
            yield Defect("E341", json_path("lanes", i, key), cause, "add a departure in working time")


def unsuitable_splits(instance: Instance) -> Iterator[Defect]:
    """A job that splits goes in very many loads, or has modes with a maximum dwell, which speaks of one part."""
    smallest = min((lane.units_per_vehicle for lane in instance.lanes), default=1)
    for j, job in enumerate(instance.jobs):
        if job.splits and instance.lanes and job.units > MAX_LOADS * smallest:
            cause = f"{job.units} units go in more than {MAX_LOADS} loads where a vehicle carries {smallest}"
            yield Defect("E344", json_path("jobs", j, "units"), cause, "count in larger units, or use larger vehicles")
        if job.splits and any(mode.max_dwell is not None for o in job.operations for mode in o.modes):
            cause = f"job {shown(job.id)} splits, and has a mode with a maximum dwell"
            yield Defect("E344", json_path("jobs", j, "splits"), cause, "leave one of them out")


def limits_departures(lane: Lane) -> bool:
    """Return whether the wait for a departure follows from a timetable, or from transit times and calendar."""
    return lane.timetable is not None or (lane.transit_times is not None and not lane.calendar.always_works)


def is_ordered(lane: Lane) -> bool:
    """Return whether nothing is wrong with timetable and transit times by themselves."""
    windows = lane.transit_times.windows if lane.transit_times is not None else ()
    return (lane.timetable is None or _is_ordered_table(lane.timetable)) and (
        all(0 <= w.start < w.end and lane.transit_times and w.end <= lane.transit_times.period for w in windows)
        and all(before.end <= after.start for before, after in pairwise(windows))
    )


def _is_ordered_table(table: Timetable) -> bool:
    departures = table.departures
    return (
        bool(departures)
        and all(before < after for before, after in pairwise(departures))
        and (table.period is None or (table.period > 0 and departures[-1] - departures[0] < table.period))
        and (table.until is None or departures[0] <= table.until)
    )


def num_departures(lane: Lane) -> int:
    """Return about how many departures, or windows of them, there are until everything repeats together."""
    table, times = lane.timetable, lane.transit_times
    if table is not None and table.period is None:
        return len(table.departures)
    settled = max([0, *(downtime.end for downtime in lane.calendar.downtimes)])
    if table is None or table.period is None:
        end = settled + 2 * common_period(lane)
        return 0 if times is None else (end // times.period + 1) * (2 * len(times.windows) + 1)
    end = max(settled, table.departures[-1]) + 2 * common_period(lane)
    end = end if table.until is None else min(end, table.until)
    return (end // table.period + 1) * len(table.departures)
