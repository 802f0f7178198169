"""What of an instance the decoder speaks: every field of the domain that it knows, and nothing else.

A field that is not listed here must have its default, so that a new rule is never passed over in silence: whoever
teaches the decoder a rule adds its field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import lcm
from typing import Any

from scheduler.domain import (
    Battery,
    Charger,
    ChargeStep,
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
from scheduler.search.fields import names, unspoken

SPOKEN: dict[type, frozenset[str]] = {
    Instance: names(
        "name facilities machines jobs cells lanes operators fleets time_unit time_origin objective execution"
    ),
    Facility: names("id station returns_jobs docks hub"),
    Machine: names("id facility cell capacity calendar setups input_buffer output_buffer swap slowdowns"),
    RobotCell: names(
        "id facility robots input_station output_station travel load_time unload_time slowdowns input_places"
        " output_places"
    ),
    Robot: names("id start calendar reach grippers speed"),
    Fleet: names("id facility vehicles travel pick_up_time drop_time returns chargers slowdowns parking"),
    Vehicle: names("id start calendar battery capacity speed"),
    Battery: names("capacity curve initial minimum drain_loaded drain_empty drain_idle corrections"),
    ChargeStep: names("up_to rate"),
    Charger: names("id place places shortages"),
    Lane: names(
        "id origin destination transit_time vehicles units_per_vehicle return_time load_time unload_time calendar"
        " timetable headway trip_cost unit_cost trip_co2 transit_times slowdowns"
    ),
    OperatorPool: names("id capacity shortages"),
    Job: names("id operations precedences release_date due_date deadline weight units plans carriers splits"),
    Operation: names("id modes interruptible"),
    Mode: names("machine duration setup_family operators max_dwell tended"),
    Precedence: names("predecessor successor min_lag max_lag"),
}
"""The fields that the decoder knows."""
MAX_OPERATIONS_PER_PLAN = 3
"""Operations of all plans together, for each operation of the instance; more plans are not spoken."""
MAX_SCALE = 1 << 30
"""Parts of a tick that are counted at a charger, at the most."""


def why_unsupported(instance: Instance) -> str | None:
    """Return what of the instance the decoder does not speak, None if it speaks it all."""
    field = unspoken(_parts(instance), SPOKEN)
    if field is not None:
        return field
    planned = sum(sum(map(len, job.plans)) if job.plans else len(job.operations) for job in instance.jobs)
    if planned > MAX_OPERATIONS_PER_PLAN * instance.num_operations:
        return "very many plans"
    for battery in instance.battery_by_vehicle.values():
        if lcm(*(step.rate for step in battery.curve)) > MAX_SCALE:
            return "charge rates with a large common multiple"
    return None


def _parts(instance: Instance) -> Iterator[Any]:
    """Yield everything that the instance is made of and that a rule could add a field to."""
    yield instance
    groups: Iterable[Iterable[Any]] = (
        instance.facilities,
        instance.machines,
        instance.cells,
        instance.fleets,
        instance.lanes,
        instance.operators,
        instance.jobs,
    )
    for group in groups:
        yield from group
    for cell in instance.cells:
        yield from cell.robots
    for fleet in instance.fleets:
        yield from fleet.vehicles
        yield from fleet.chargers
        for vehicle in fleet.vehicles:
            if vehicle.battery is not None:
                yield vehicle.battery
                yield from vehicle.battery.curve
    for job in instance.jobs:
        yield from job.precedences
        for operation in job.operations:
            yield operation
            yield from operation.modes
