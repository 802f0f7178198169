"""Random small instances over all features, and random events: for hypothesis, or from a seed.

One builder draws from either source. Numbers are small, so that the oracle stays fast and rules collide often;
instances need not have a schedule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st
from random_instances import Builder
from random_sources import HypothesisSource, SeededSource, Source

from scheduler.domain import Instance, Schedule
from scheduler.domain.events import (
    Event,
    JobCancelled,
    MachineBreakdown,
    OperationDelayed,
    RobotDown,
    RushOrder,
    VehicleDown,
)
from scheduler.io.validate import defects


@st.composite
def instances(draw: st.DrawFn, *, max_operations: int = 5, without: Sequence[str] = ()) -> Instance:
    """Draw an instance of at most so many operations, without the features named."""
    return Builder(HypothesisSource(draw), without).instance(draw(st.integers(1, max_operations)))


def random_instance(seed: int, size: int = 5, *, without: Sequence[str] = ()) -> Instance:
    """Return the instance of `size` operations that belongs to the seed."""
    return Builder(SeededSource(seed), without).instance(size)


def random_fleet_instance(seed: int, size: int, *, without: Sequence[str] = ()) -> Instance:
    """Return the instance of `size` operations that belongs to the seed, with fleets in every facility that can."""
    instance = Builder(SeededSource(seed), (*without, "fleets", "dwell")).instance(size)
    instance = Builder(SeededSource(seed), without).with_fleets(instance)
    if "speeds" not in without and seed % 3 == 0:
        instance = Builder(SeededSource(seed), without).with_speeds(instance)
    has_carriers = "carriers" not in without and seed % 4 == 0
    return Builder(SeededSource(seed), without).with_carriers(instance) if has_carriers else instance


def random_tended_instance(seed: int, size: int, *, without: Sequence[str] = ()) -> Instance:
    """Return the instance of `size` operations that belongs to the seed, with robots that tend if there are cells."""
    instance = random_instance(seed, size, without=(*without, "tending"))
    return Builder(SeededSource(seed), without).with_tending(instance)


def random_mover_instance(seed: int, size: int, *, without: Sequence[str] = ()) -> Instance:
    """Return the instance of `size` operations that belongs to the seed, with much that robots and vehicles can do.

    There are robots that reach some places only and tend machines; with odd seeds all carriers hold two parts.
    """
    builder = Builder(SeededSource(seed), without)
    instance = random_instance(seed, size, without=(*without, "reach", "tending"))
    instance = builder.with_tending(builder.with_reach(instance))
    if seed % 2 == 0:
        return instance
    cells = tuple(replace(c, robots=tuple(replace(r, grippers=2) for r in c.robots)) for c in instance.cells)
    fleets = tuple(replace(f, vehicles=tuple(replace(v, capacity=2) for v in f.vehicles)) for f in instance.fleets)
    return replace(instance, cells=cells, fleets=fleets)


def random_station_instance(seed: int, size: int) -> Instance | None:
    """Return the instance of `size` operations that belongs to the seed, with limited stations; None if it has no cell.

    With odd seeds there are fleets in every facility that can have one.
    """
    instance = random_fleet_instance(seed, size) if seed % 2 else random_instance(seed, size)
    instance = Builder(SeededSource(seed + 10**6), ()).with_places(instance)
    counted = any((cell.input_places, cell.output_places) != (None, None) for cell in instance.cells)
    return instance if counted and not defects(instance) else None


# --- events --------------------------------------------------------------------------------------------------------


@st.composite
def events(draw: st.DrawFn, instance: Instance, baseline: Schedule, *, max_events: int = 2) -> tuple[Event, ...]:
    """Draw events at one instant of a schedule that is carried out; none contradicts the schedule or another."""
    return _random_events(HypothesisSource(draw), instance, baseline, draw(st.integers(1, max_events)))


def random_events(seed: int, instance: Instance, baseline: Schedule, *, size: int = 1) -> tuple[Event, ...]:
    """Return the events of one instant that belong to the seed."""
    return _random_events(SeededSource(seed), instance, baseline, size)


def _random_events(source: Source, instance: Instance, baseline: Schedule, size: int) -> tuple[Event, ...]:
    at = source.integer(0, baseline.makespan - 1)
    unfinished = [o for o in baseline.operations if o.end > at]
    open_jobs = [job.id for job in instance.jobs if baseline.completions[job.id] > at]
    kinds = ["machine_breakdown", "rush_order"]
    kinds += ["robot_down"] if instance.cells else []
    kinds += ["vehicle_down"] if instance.fleets else []
    kinds += ["operation_delayed"] if unfinished else []
    kinds += ["job_cancelled"] if len(instance.jobs) > 1 else []
    found: list[Event] = []
    for number in range(1, size + 1):
        kind, id, until = source.choice(kinds), f"e{number}", at + source.integer(1, 6)
        if kind == "machine_breakdown":
            machine = source.choice(instance.machines)
            found.append(MachineBreakdown(id, at, machine.id, until, source.choice(("resume", "repeat"))))
        elif kind == "robot_down":
            found.append(RobotDown(id, at, source.choice([r.id for c in instance.cells for r in c.robots]), until))
        elif kind == "vehicle_down":
            vehicles = [vehicle.id for fleet in instance.fleets for vehicle in fleet.vehicles]
            found.append(VehicleDown(id, at, source.choice(vehicles), until))
        elif kind == "operation_delayed":
            late = source.choice(unfinished)
            found.append(OperationDelayed(id, at, late.job, late.operation, delay=source.integer(1, 3)))
        elif kind == "rush_order":
            job = Builder(source, ("plans", "deadlines", "lags")).job(
                f"rush{number}", 1, instance.machines, instance.operators
            )
            found.append(RushOrder(id, at, replace(job, release_date=at)))
        else:
            found.append(JobCancelled(id, at, source.choice(open_jobs)))
            kinds = [k for k in kinds if k not in ("job_cancelled", "operation_delayed")]
    return tuple(found)
