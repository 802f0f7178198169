"""Validation of timetables of lanes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import lcm

from scheduler.domain import Instance, Lane, Timetable
from scheduler.domain.timetable import usable_departures
from scheduler.errors import Defect
from scheduler.io.defects import shown
from scheduler.io.json_text import json_path
from scheduler.io.limits import MAX_DEPARTURES


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


def timetables_without_trip(instance: Instance) -> Iterator[Defect]:
    """No departure of a timetable leaves time for a trip in the calendar of the lane, or there are too many to tell."""
    for i, lane in enumerate(instance.lanes):
        table = lane.timetable
        if table is None or not is_ordered(table):
            continue
        if num_departures(lane) > MAX_DEPARTURES:
            cause = f"timetable and calendar of lane {shown(lane.id)} repeat together only after very many departures"
            fix = "let one period be a multiple of the other"
            yield Defect("E341", json_path("lanes", i, "timetable", "period"), cause, fix)
        elif not usable_departures(table, lane.calendar, lane.trip_time):
            cause = f"no trip of {lane.trip_time} ticks fits into the calendar of lane {shown(lane.id)} at a departure"
            yield Defect("E341", json_path("lanes", i, "timetable"), cause, "add a departure in working time")


def is_ordered(table: Timetable) -> bool:
    """Return whether nothing is wrong with a timetable by itself."""
    departures = table.departures
    return (
        bool(departures)
        and all(before < after for before, after in pairwise(departures))
        and (table.period is None or (table.period > 0 and departures[-1] - departures[0] < table.period))
        and (table.until is None or departures[0] <= table.until)
    )


def num_departures(lane: Lane) -> int:
    """Return about how many departures there are until timetable and calendar repeat together."""
    table, pattern = lane.timetable, lane.calendar.pattern
    if table is None:
        return 0
    if table.period is None:
        return len(table.departures)
    settled = max([table.departures[-1], *(downtime.end for downtime in lane.calendar.downtimes)])
    end = settled + 2 * lcm(table.period, pattern.period if pattern is not None else 1)
    end = end if table.until is None else min(end, table.until)
    return (end // table.period + 1) * len(table.departures)
