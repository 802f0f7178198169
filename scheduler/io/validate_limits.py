"""Validation of sizes: nothing so large that sums overflow or memory runs out, be the file a mistake or an attack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from math import lcm

from scheduler.domain import Fleet, Instance, Lane, Objective
from scheduler.domain.batteries import charging_time
from scheduler.domain.departures import longest_wait
from scheduler.domain.horizon import MAX_HORIZON
from scheduler.errors import Defect, ObjectiveError
from scheduler.io.json_text import json_path
from scheduler.io.limits import (
    MAX_CHARGE,
    MAX_COUNT,
    MAX_DEPARTURES,
    MAX_JOBS,
    MAX_MACHINES,
    MAX_MODES,
    MAX_OPERATIONS,
    MAX_PLACES,
    MAX_SHIFTS,
    MAX_SPEED,
    MAX_TICK,
    MAX_VEHICLES,
    MAX_WEIGHTED_TIME,
)
from scheduler.io.validate_lanes import is_ordered, limits_departures, num_departures
from scheduler.io.validate_resources import Path, calendars, shortages

TICK_BY_UNIT = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
"""Length of a tick, for the time units that have one; dates need it."""


def counts(instance: Instance) -> Iterator[Defect]:
    """There is too much of something."""
    stations = Counter(machine.cell for machine in instance.machines)
    sizes: list[tuple[Path, str, int, int]] = [
        (("machines",), "machines", len(instance.machines), MAX_MACHINES),
        (("jobs",), "jobs", len(instance.jobs), MAX_JOBS),
        (("jobs",), "operations", instance.num_operations, MAX_OPERATIONS),
        (("jobs",), "modes", instance.num_modes, MAX_MODES),
        *((("cells", i), "places", stations[cell.id] + 2, MAX_PLACES) for i, cell in enumerate(instance.cells)),
        *((("fleets", i), "places", len(fleet.places), MAX_PLACES) for i, fleet in enumerate(instance.fleets)),
        *((("fleets", i), "vehicles", len(fleet.vehicles), MAX_VEHICLES) for i, fleet in enumerate(instance.fleets)),
    ]
    for path, what, size, most in sizes:
        if size > most:
            yield Defect("E322", json_path(*path), f"there are {size} {what}, more than {most}", "split the instance")


def numbers(instance: Instance) -> Iterator[Defect]:
    """A number is out of range."""
    for path, value, least, most in _numbers(instance):
        if not least <= value <= most:
            fix = f"write a number from {least} to {most}"
            yield Defect("E204", json_path(*path), f"{value} is out of range", fix)


def _numbers(instance: Instance) -> Iterator[tuple[Path, int, int, int]]:
    """Yield every number of the instance with its path, its least and its largest allowed value."""
    for i, machine in enumerate(instance.machines):
        yield ("machines", i, "capacity"), machine.capacity, 1, MAX_COUNT
        yield ("machines", i, "input_buffer"), machine.input_buffer or 0, 0, MAX_COUNT
        yield ("machines", i, "output_buffer"), machine.output_buffer or 0, 0, MAX_COUNT
        if machine.setups is not None:
            for before, row in machine.setups.times.items():
                for after, time in row.items():
                    yield ("machines", i, "setups", "times", before, after), time, 0, MAX_TICK
    for i, cell in enumerate(instance.cells):
        yield ("cells", i, "load_time"), cell.load_time, 0, MAX_TICK
        yield ("cells", i, "unload_time"), cell.unload_time, 0, MAX_TICK
        for key, places in (("input_places", cell.input_places), ("output_places", cell.output_places)):
            if places is not None:
                yield ("cells", i, key), places, 1, MAX_COUNT
        for origin, row in cell.travel.items():
            for destination, time in row.items():
                yield ("cells", i, "travel", origin, destination), time, 0, MAX_TICK
        for r, robot in enumerate(cell.robots):
            yield ("cells", i, "robots", r, "speed"), robot.speed, 1, MAX_SPEED
    for i, fleet in enumerate(instance.fleets):
        yield ("fleets", i, "pick_up_time"), fleet.pick_up_time, 0, MAX_TICK
        yield ("fleets", i, "drop_time"), fleet.drop_time, 0, MAX_TICK
        for origin, row in fleet.travel.items():
            for destination, time in row.items():
                yield ("fleets", i, "travel", origin, destination), time, 0, MAX_TICK
        for v, vehicle in enumerate(fleet.vehicles):
            yield ("fleets", i, "vehicles", v, "speed"), vehicle.speed, 1, MAX_SPEED
        yield from _battery_numbers(i, fleet)
    for i, facility in enumerate(instance.facilities):
        if facility.docks is not None:
            yield ("facilities", i, "docks"), facility.docks, 1, MAX_COUNT
    for i, lane in enumerate(instance.lanes):
        yield ("lanes", i, "vehicles"), lane.vehicles, 1, MAX_VEHICLES
        yield ("lanes", i, "units_per_vehicle"), lane.units_per_vehicle, 1, MAX_COUNT
        for key in ("transit_time", "return_time", "load_time", "unload_time", "headway"):
            yield ("lanes", i, key), getattr(lane, key), 0, MAX_TICK
        for key in ("trip_cost", "unit_cost", "trip_co2"):
            yield ("lanes", i, key), getattr(lane, key), 0, MAX_COUNT
        if lane.timetable is not None:
            for d, departure in enumerate(lane.timetable.departures):
                yield ("lanes", i, "timetable", "departures", d), departure, 0, MAX_TICK
            if lane.timetable.period is not None:
                yield ("lanes", i, "timetable", "period"), lane.timetable.period, 1, MAX_TICK
            if lane.timetable.until is not None:
                yield ("lanes", i, "timetable", "until"), lane.timetable.until, 0, MAX_TICK
        if lane.transit_times is not None:
            yield ("lanes", i, "transit_times", "period"), lane.transit_times.period, 1, MAX_TICK
            for w, window in enumerate(lane.transit_times.windows):
                for key in ("start", "end", "transit_time"):
                    yield ("lanes", i, "transit_times", "windows", w, key), getattr(window, key), 0, MAX_TICK
    for i, pool in enumerate(instance.operators):
        yield ("operators", i, "capacity"), pool.capacity, 1, MAX_COUNT
    for path, _, found in shortages(instance):
        for s, shortage in enumerate(found):
            yield (*path, "shortages", s, "start"), shortage.start, 0, MAX_TICK
            yield (*path, "shortages", s, "end"), shortage.end, 0, MAX_TICK
            yield (*path, "shortages", s, "count"), shortage.count, 1, MAX_COUNT
    yield from _calendar_numbers(instance)
    yield from _job_numbers(instance)


def _battery_numbers(i: int, fleet: Fleet) -> Iterator[tuple[Path, int, int, int]]:
    for c, charger in enumerate(fleet.chargers):
        yield ("fleets", i, "chargers", c, "places"), charger.places, 1, MAX_COUNT
    for v, vehicle in enumerate(fleet.vehicles):
        if vehicle.battery is not None:
            path = ("fleets", i, "vehicles", v, "battery")
            yield (*path, "capacity"), vehicle.battery.capacity, 1, MAX_COUNT
            for key in ("initial", "minimum", "drain_loaded", "drain_empty", "drain_idle"):
                yield (*path, key), getattr(vehicle.battery, key), 0, MAX_COUNT
            for s, step in enumerate(vehicle.battery.curve):
                yield (*path, "curve", s, "rate"), step.rate, 1, MAX_COUNT


def _calendar_numbers(instance: Instance) -> Iterator[tuple[Path, int, int, int]]:
    for path, calendar in calendars(instance):
        for d, downtime in enumerate(calendar.downtimes):
            yield (*path, "downtimes", d, "start"), downtime.start, 0, MAX_TICK
            yield (*path, "downtimes", d, "end"), downtime.end, 0, MAX_TICK
        if calendar.pattern is not None:
            yield (*path, "shifts", "period"), calendar.pattern.period, 1, MAX_TICK


def _job_numbers(instance: Instance) -> Iterator[tuple[Path, int, int, int]]:
    for j, job in enumerate(instance.jobs):
        yield ("jobs", j, "release_date"), job.release_date, 0, MAX_TICK
        yield ("jobs", j, "weight"), job.weight, 0, MAX_COUNT
        yield ("jobs", j, "units"), job.units, 1, MAX_COUNT
        if job.due_date is not None:
            yield ("jobs", j, "due_date"), job.due_date, -MAX_TICK, MAX_TICK
        if job.deadline is not None:
            yield ("jobs", j, "deadline"), job.deadline, 0, MAX_TICK
        for o, operation in enumerate(job.operations):
            for m, mode in enumerate(operation.modes):
                yield ("jobs", j, "operations", o, "modes", m, "duration"), mode.duration, 0, MAX_TICK
                for pool, demand in mode.operators.items():
                    yield ("jobs", j, "operations", o, "modes", m, "operators", pool), demand, 1, MAX_COUNT
        for p, precedence in enumerate(job.precedences):
            yield ("jobs", j, "precedences", p, "min_lag"), precedence.min_lag, 0, MAX_TICK
            if precedence.max_lag is not None:
                yield ("jobs", j, "precedences", p, "max_lag"), precedence.max_lag, 0, MAX_TICK


def unreadable_objective(instance: Instance) -> Iterator[Defect]:
    """The objective does not follow the grammar or names an unknown term."""
    try:
        Objective.parse(instance.objective)
    except ObjectiveError as error:
        cause, _, fix = str(error).partition("; ")
        yield Defect("E323", json_path("objective"), cause, fix or "see docs/file-format.md")


def too_long_horizon(instance: Instance) -> Iterator[Defect]:
    """All times together are too long to be added up, weighted, counted in shifts, or written as dates."""
    longest = _longest_schedule(instance)
    batteries = instance.battery_by_vehicle.values()
    rates = [max(battery.drain_idle, lcm(*(step.rate for step in battery.curve))) for battery in batteries]
    if longest * max(rates, default=0) > MAX_CHARGE:
        cause = f"what a battery drains or charges in {longest} ticks is too much to be counted"
        yield Defect("E324", json_path("fleets"), cause, "choose another time unit, or a larger unit of charge")
    if longest > MAX_HORIZON:
        cause = f"doing everything one after the other takes {longest} ticks, more than {MAX_HORIZON}"
        yield Defect("E324", "$", cause, "choose a larger time unit")
        return
    weighted = longest * sum(job.weight for job in instance.jobs)
    if weighted > MAX_WEIGHTED_TIME:
        cause = f"weighted completion times may add up to {weighted}, more than {MAX_WEIGHTED_TIME}"
        yield Defect("E324", json_path("jobs"), cause, "use smaller weights or a larger time unit")
    for path, calendar in calendars(instance):
        pattern = calendar.pattern
        if pattern is not None and longest // pattern.period * len(pattern.shifts) > MAX_SHIFTS:
            cause = f"a period of {pattern.period} ticks repeats {longest // pattern.period} times"
            yield Defect("E324", json_path(*path, "shifts", "period"), cause, "choose a longer period")
    for i, lane in enumerate(instance.lanes):
        table = lane.timetable
        if table is not None and table.period is not None and table.departures:
            end = longest if table.until is None else min(longest, table.until)
            if end // table.period * len(table.departures) > MAX_SHIFTS:
                cause = f"a period of {table.period} ticks repeats {end // table.period} times"
                yield Defect("E324", json_path("lanes", i, "timetable", "period"), cause, "choose a longer period")
        times = lane.transit_times
        if times is not None and longest // times.period * len(times.windows) > MAX_SHIFTS:
            cause = f"a period of {times.period} ticks repeats {longest // times.period} times"
            yield Defect("E324", json_path("lanes", i, "transit_times", "period"), cause, "choose a longer period")
    tick = TICK_BY_UNIT.get(instance.time_unit)
    if instance.time_origin is not None and tick is not None:
        left = datetime.max.replace(tzinfo=instance.time_origin.tzinfo) - instance.time_origin
        if longest > left // tick:
            cause = f"{longest} {instance.time_unit}s after the time origin lie beyond the year 9999"
            yield Defect("E324", json_path("time_origin"), cause, "choose a smaller time unit, or no time origin")


def _longest_schedule(instance: Instance) -> int:
    """Return a rough upper limit of the length of any sensible schedule: everything one after the other, no overlap."""
    lag = max((p.min_lag for job in instance.jobs for p in job.precedences), default=0)
    setup = max((_largest(machine.setups.times.values()) for machine in instance.machines if machine.setups), default=0)
    groups = instance.group_by_id.items()
    times = (3 * instance.longest_travel(name) + group.pick_up_time + group.drop_time for name, group in groups)
    travel = max(times, default=0)
    batteries = instance.battery_by_vehicle.values()
    travel += max((charging_time(battery, 0, battery.capacity) for battery in batteries), default=0)
    trip = max((max(lane.cycle_time, lane.headway) + _wait(lane) for lane in instance.lanes), default=0)
    durations = [max((m.duration for m in o.modes), default=0) for job in instance.jobs for o in job.operations]
    num_links = instance.num_operations + sum(len(job.precedences) for job in instance.jobs) + len(instance.jobs)
    work = sum(durations) + num_links * (lag + setup + 2 * travel + trip)
    stretched = max((_stretched(work, len(durations), *measure) for measure in _shift_measures(instance)), default=work)
    downtimes = sum(max(0, d.end - d.start) for _, calendar in calendars(instance) for d in calendar.downtimes)
    latest = max((max(job.release_date, abs(job.due_date or 0)) for job in instance.jobs), default=0)
    last_downtime = max((d.end for _, calendar in calendars(instance) for d in calendar.downtimes), default=0)
    last_shortage = max((s.end for _, _, found in shortages(instance) for s in found), default=0)
    return max(latest, last_shortage) + last_downtime + stretched + downtimes


def _wait(lane: Lane) -> int:
    """Return the longest wait for a departure; 0 if the timetable is wrong or cannot be listed."""
    if not limits_departures(lane) or not is_ordered(lane) or num_departures(lane) > MAX_DEPARTURES:
        return 0
    return longest_wait(lane)


def _largest(rows: Iterable[Mapping[str, int]]) -> int:
    return max((time for row in rows for time in row.values()), default=0)


def _shift_measures(instance: Instance) -> Iterator[tuple[int, int]]:
    """Yield period and working time per period of every shift pattern."""
    for _, calendar in calendars(instance):
        if calendar.pattern is not None:
            worked = sum(max(0, shift.end - shift.start) for shift in calendar.pattern.shifts)
            yield calendar.pattern.period, max(1, worked)


def _stretched(work: int, num_operations: int, period: int, worked: int) -> int:
    """Return the time in which `work` is done in shifts, every operation waiting for a new period."""
    return -(-work // worked) * period + num_operations * period
