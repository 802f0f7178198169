"""Validation of cyclic production: nothing in the factory may tell one cycle from another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scheduler.domain import Instance, Job
from scheduler.domain.cycle import FEWEST_REPETITIONS, copy_id, part_set, sets_of
from scheduler.errors import Defect
from scheduler.io.defects import shown
from scheduler.io.json_text import json_path
from scheduler.io.validate_resources import Path, calendars, shortages

_FIX = 'remove it, or remove "cycle" and list the jobs'


def unlike_copies(instance: Instance) -> Iterator[Defect]:
    """The jobs are not copies of one set (only an instance built in code can have that)."""
    cycle = instance.cycle
    if cycle is None:
        return
    if cycle.repetitions < FEWEST_REPETITIONS or len(instance.jobs) % cycle.repetitions != 0 or not instance.jobs:
        cause = f"{len(instance.jobs)} jobs are not {cycle.repetitions} copies of a part set"
        yield Defect("E361", "$.cycle.repetitions", cause, "build the instance with scheduler.domain.cycle.unrolled")
        return
    one = part_set(instance).jobs
    for number, jobs in enumerate(sets_of(instance), start=1):
        for j, (original, copy) in enumerate(zip(one, jobs, strict=True)):
            if copy != replace(original, id=copy_id(original.id, number)):
                cause = f"job {shown(copy.id)} is not copy {number} of {shown(original.id)}"
                fix = "build the instance with scheduler.domain.cycle.unrolled"
                yield Defect("E361", json_path("jobs", j), cause, fix)


def unperiodic_features(instance: Instance) -> Iterator[Defect]:
    """Something depends on the clock or runs low, so that one cycle would not be like the other."""
    if instance.cycle is None:
        return
    for path, _ in calendars(instance):
        yield _defect(path, "a calendar")
    for path, _, _ in shortages(instance):
        yield _defect((*path, "shortages"), "a shortage")
    for i, lane in enumerate(instance.lanes):
        if lane.timetable is not None:
            yield _defect(("lanes", i, "timetable"), "a timetable")
        if lane.transit_times is not None:
            yield _defect(("lanes", i, "transit_times"), "transit by time of day")
    for i, fleet in enumerate(instance.fleets):
        if fleet.limited:
            yield _defect(("fleets", i, "parking"), "limited parking, with vehicles that leave the place of others,")
        for v, vehicle in enumerate(fleet.vehicles):
            if vehicle.battery is not None:
                yield _defect(("fleets", i, "vehicles", v, "battery"), "a battery")
    for j, job in enumerate(_first_set(instance)):
        dates = (("release_date", job.release_date or None), ("due_date", job.due_date), ("deadline", job.deadline))
        for key, date in dates:
            if date is not None:
                yield _defect(("jobs", j, key), f"{key} of a job")


def _first_set(instance: Instance) -> tuple[Job, ...]:
    sets = sets_of(instance)
    return sets[0] if sets else ()


def _defect(path: Path, what: str) -> Defect:
    return Defect("E360", json_path(*path), f"{what} makes one cycle unlike another", _FIX)
