"""Random small instances over all features, and random events: for hypothesis, or from a seed.

One builder draws from either source. Numbers are small, so that the oracle stays fast and rules collide often;
instances need not have a schedule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Protocol, TypeVar

from hypothesis import strategies as st

from scheduler.domain import (
    Calendar,
    Downtime,
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
    Schedule,
    SetupMatrix,
    Shift,
    ShiftPattern,
    Shortage,
    Timetable,
    TransitTimes,
    TransitWindow,
    Vehicle,
)
from scheduler.domain.departures import usable_departures, usable_windows
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

T = TypeVar("T")

FEATURES = (
    "modes",
    "plans",
    "graph",
    "lags",
    "dates",
    "deadlines",
    "setups",
    "capacity",
    "downtimes",
    "shifts",
    "interruptible",
    "operators",
    "cells",
    "blocking",
    "buffers",
    "swaps",
    "lanes",
    "fleets",
    "timetables",
    "docks",
    "dwell",
    "reach",
    "tending",
    "transit",
    "hubs",
    "splits",
    "shortages",
    "stations",
    "speeds",
    "carriers",
)
SPEEDS = (100, 50, 130, 250)
OBJECTIVES = (
    "makespan",
    "flow_time",
    "total_tardiness",
    "weighted_tardiness > makespan",
    "maximum_tardiness > flow_time",
    "number_tardy + 0.5*makespan",
    "makespan > setup_time",
    "makespan > transfer_count",
    "makespan > transfer_cost + 0.5*transfer_co2",
)


class Source(Protocol):
    """Where the builder draws from; the first choice is the simplest."""

    def integer(self, low: int, high: int) -> int: ...

    def choice(self, items: Sequence[T]) -> T: ...


class SeededSource:
    """Draws from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def integer(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def choice(self, items: Sequence[T]) -> T:
        return self.random.choice(items)


class HypothesisSource:
    """Draws from hypothesis, which shrinks towards the simplest."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def choice(self, items: Sequence[T]) -> T:
        return self.draw(st.sampled_from(items))


@st.composite
def instances(draw: st.DrawFn, *, max_operations: int = 5, without: Sequence[str] = ()) -> Instance:
    """Draw an instance of at most so many operations, without the features named."""
    return _Builder(HypothesisSource(draw), without).instance(draw(st.integers(1, max_operations)))


def random_instance(seed: int, size: int = 5, *, without: Sequence[str] = ()) -> Instance:
    """Return the instance of `size` operations that belongs to the seed."""
    return _Builder(SeededSource(seed), without).instance(size)


def random_fleet_instance(seed: int, size: int, *, without: Sequence[str] = ()) -> Instance:
    """Return the instance of `size` operations that belongs to the seed, with fleets in every facility that can."""
    instance = _Builder(SeededSource(seed), (*without, "fleets", "dwell")).instance(size)
    instance = _Builder(SeededSource(seed), without).with_fleets(instance)
    if "speeds" not in without and seed % 3 == 0:
        instance = _Builder(SeededSource(seed), without).with_speeds(instance)
    has_carriers = "carriers" not in without and seed % 4 == 0
    return _Builder(SeededSource(seed), without).with_carriers(instance) if has_carriers else instance


def random_tended_instance(seed: int, size: int, *, without: Sequence[str] = ()) -> Instance:
    """Return the instance of `size` operations that belongs to the seed, with robots that tend if there are cells."""
    instance = random_instance(seed, size, without=(*without, "tending"))
    return _Builder(SeededSource(seed), without).with_tending(instance)


def random_mover_instance(seed: int, size: int, *, without: Sequence[str] = ()) -> Instance:
    """Return the instance of `size` operations that belongs to the seed, with much that robots and vehicles can do.

    There are robots that reach some places only and tend machines; with odd seeds all carriers hold two parts.
    """
    builder = _Builder(SeededSource(seed), without)
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
    instance = _Builder(SeededSource(seed + 10**6), ()).with_places(instance)
    counted = any((cell.input_places, cell.output_places) != (None, None) for cell in instance.cells)
    return instance if counted and not defects(instance) else None


class _Builder:
    def __init__(self, source: Source, without: Sequence[str]) -> None:
        if unknown := set(without) - set(FEATURES):
            raise ValueError(f"unknown features {sorted(unknown)}")
        self.integer = source.integer
        self.choice = source.choice
        self.without = without

    def has(self, feature: str, one_in: int = 2) -> bool:
        """Draw whether to use a feature here."""
        return feature not in self.without and self.integer(0, one_in - 1) == 1

    def instance(self, num_operations: int) -> Instance:
        facilities = (Facility("F1"), Facility("F2")) if self.has("lanes") else (Facility("F1"),)
        if len(facilities) > 1 and self.has("docks", 3):
            facilities = tuple(replace(facility, docks=self.choice((1, 2, None))) for facility in facilities)
        celled = {facility.id: self.has("cells") for facility in facilities}
        pools = (OperatorPool("P", self.integer(1, 2)),) if self.has("operators") else ()
        machines = tuple(
            self.machine(f"M{number}", self.choice(facilities).id, celled)
            for number in range(1, self.integer(1, 2 + num_operations // 4) + 1)
        )
        stations = {facility: [m.id for m in machines if m.cell == f"C-{facility}"] for facility in celled}
        jobs = self.jobs(num_operations, machines, pools)
        instance = Instance(
            name="random",
            facilities=facilities,
            machines=machines,
            jobs=jobs,
            cells=tuple(self.cell(facility, ids) for facility, ids in stations.items() if ids),
            lanes=self.lanes(machines, jobs) if len(facilities) > 1 else (),
            operators=pools,
            objective=self.choice(OBJECTIVES),
        )
        instance = self.with_fleets(instance) if self.has("fleets", 3) else instance
        instance = self.with_dwell(instance) if self.has("dwell", 4) else instance
        instance = self.with_reach(instance) if self.has("reach", 4) else instance
        instance = self.with_tending(instance) if self.has("tending", 4) else instance
        instance = self.with_hub(instance) if instance.lanes and self.has("hubs", 3) else instance
        instance = self.with_splits(instance) if instance.lanes and self.has("splits", 3) else instance
        instance = self.with_shortages(instance) if pools and self.has("shortages", 2) else instance
        instance = self.with_places(instance) if instance.cells and self.has("stations") else instance
        instance = self.with_speeds(instance) if instance.group_by_id and self.has("speeds", 3) else instance
        return self.with_carriers(instance) if instance.group_by_id and self.has("carriers", 3) else instance

    # the plant

    def with_shortages(self, instance: Instance) -> Instance:
        """Return the instance in which operators are away, once or twice, perhaps at one time."""
        (pool,) = instance.operators
        found = []
        for _ in range(self.integer(1, 2)):
            start = self.integer(0, 6)
            found.append(Shortage(start, start + self.integer(1, 5), self.integer(1, pool.capacity)))
        return replace(instance, operators=(replace(pool, shortages=tuple(sorted(found))),))

    def with_places(self, instance: Instance) -> Instance:
        """Return the instance with input and output stations of cells that have only so many places."""
        served = {place for fleet in instance.fleets for place in fleet.places}
        cells = (
            replace(
                cell,
                input_places=self.choice((None, 1, 2)) if cell.input_station in served else None,
                output_places=self.choice((None, 1, 1, 2)),
            )
            for cell in instance.cells
        )
        return replace(instance, cells=tuple(cells))

    def with_fleets(self, instance: Instance) -> Instance:
        """Return the instance with a fleet, or two, in some facilities; some places are not served."""
        facilities, fleets = [], []
        for facility in instance.facilities:
            places = [m.id for m in instance.machines if m.facility == facility.id and m.cell is None]
            for cell in instance.cells:
                if cell.facility == facility.id:
                    places += dict.fromkeys((cell.input_station, cell.output_station))
            if self.integer(0, 3) == 3 and len(places) > 1:
                places.pop()
            station = f"dock-{facility.id}" if self.integer(0, 2) else None
            places += [station] if station else []
            if not places:
                facilities.append(facility)
                continue
            returns_jobs = station is not None and self.integer(0, 1) == 1
            facilities.append(replace(facility, station=station, returns_jobs=returns_jobs))
            for number in range(1, 2 + (self.integer(0, 3) == 3)):
                vehicles = tuple(
                    Vehicle(f"V{number}{k}-{facility.id}", self.choice(places), self.calendar())
                    for k in range(1, 2 + (self.integer(0, 2) == 2))
                )
                travel = {a: {b: self.integer(1, 3) for b in places if a != b} for a in places}
                handling = self.integer(0, 1), self.integer(0, 1)
                fleets.append(Fleet(f"A{number}-{facility.id}", facility.id, vehicles, travel, *handling))
        served = {place for fleet in fleets for place in fleet.places}
        machines = (
            replace(m, input_buffer=1) if m.cell is None and m.id in served and self.has("buffers", 3) else m
            for m in instance.machines
        )
        return replace(instance, facilities=tuple(facilities), fleets=tuple(fleets), machines=tuple(machines))

    def with_speeds(self, instance: Instance) -> Instance:
        """Return the instance with robots and vehicles that are faster or slower than the others."""
        cells = (
            replace(cell, robots=tuple(replace(robot, speed=self.choice(SPEEDS)) for robot in cell.robots))
            for cell in instance.cells
        )
        fleets = (
            replace(fleet, vehicles=tuple(replace(vehicle, speed=self.choice(SPEEDS)) for vehicle in fleet.vehicles))
            for fleet in instance.fleets
        )
        return replace(instance, cells=tuple(cells), fleets=tuple(fleets))

    def with_carriers(self, instance: Instance) -> Instance:
        """Return the instance with some jobs that only some fleets, vehicles or robots may carry."""
        names = (*(fleet.id for fleet in instance.fleets), *instance.carrier_by_id)
        for job in instance.jobs:
            named = dict.fromkeys(self.choice(names) for _ in range(self.integer(0, 2)))
            jobs = tuple(replace(j, carriers=tuple(named)) if j is job else j for j in instance.jobs)
            changed = replace(instance, jobs=jobs)
            instance = instance if defects(changed) else changed
        return instance

    def with_reach(self, instance: Instance) -> Instance:
        """Return the instance with robots that don't go everywhere, if every part can still be carried."""
        cells = []
        for cell in instance.cells:
            robots = []
            for number in range(1, 3):
                reach = tuple(place for place in cell.travel if self.integer(0, 3))
                start = self.choice(reach or tuple(cell.travel))
                robots.append(Robot(f"R{number}-{cell.facility}", start, reach=reach))
            cells.append(replace(cell, robots=tuple(robots)))
        changed = replace(instance, cells=tuple(cells))
        return instance if defects(changed) else changed

    def with_tending(self, instance: Instance) -> Instance:
        """Return the instance with some modes in cells that need a robot."""
        jobs = []
        for job in instance.jobs:
            operations = [
                replace(
                    operation,
                    modes=tuple(
                        replace(
                            mode, tended=instance.machine_by_id[mode.machine].cell is not None and mode.duration > 0
                        )
                        if self.integer(0, 1)
                        else mode
                        for mode in operation.modes
                    ),
                )
                for operation in job.operations
            ]
            jobs.append(replace(job, operations=tuple(operations)))
        changed = replace(instance, jobs=tuple(jobs))
        return instance if defects(changed) else changed

    def with_dwell(self, instance: Instance) -> Instance:
        """Return the instance with a maximum dwell in some modes of jobs without joins, where parts are fetched."""
        fetched = {m.id for m in instance.machines if m.cell} | {p for fleet in instance.fleets for p in fleet.places}
        jobs = []
        for job in instance.jobs:
            after = [p.successor for p in job.precedences]
            operations = [
                replace(
                    operation,
                    modes=tuple(
                        replace(mode, max_dwell=self.choice((None, 0, 2, 5))) if mode.machine in fetched else mode
                        for mode in operation.modes
                    ),
                )
                for operation in job.operations
            ]
            jobs.append(replace(job, operations=tuple(operations)) if len(set(after)) == len(after) else job)
        return replace(instance, jobs=tuple(jobs))

    def with_hub(self, instance: Instance) -> Instance:
        """Return the instance with a hub on the way of its first lane, which may be missing then."""
        first, *others = instance.lanes
        ends = {"H1": (first.origin, "H"), "H2": ("H", first.destination)}
        ways = tuple(
            replace(first, id=id, origin=a, destination=b, transit_time=self.integer(0, 2), vehicles=self.integer(1, 2))
            for id, (a, b) in ends.items()
        )
        hub = Facility("H", docks=self.choice((None, 1)), hub=True)
        kept = (first, *others) if self.integer(0, 2) else tuple(others)
        return replace(instance, facilities=(*instance.facilities, hub), lanes=(*kept, *ways))

    def with_splits(self, instance: Instance) -> Instance:
        """Return the instance with jobs that go over lanes in loads where they are too large for a vehicle."""
        jobs = []
        for job in instance.jobs:
            dwells = any(mode.max_dwell is not None for o in job.operations for mode in o.modes)
            is_large = not dwells and self.integer(0, 2) > 0
            jobs.append(replace(job, units=job.units + self.integer(0, 3), splits=True) if is_large else job)
        return replace(instance, jobs=tuple(jobs))

    def machine(self, id: str, facility: str, celled: dict[str, bool]) -> Machine:
        capacity = self.integer(2, 3) if self.has("capacity", 4) else 1
        in_cell = celled[facility] and self.integer(0, 3) > 0
        lacks_buffers = in_cell or self.has("blocking", 3)
        calendar = self.calendar()
        setups = self.setups() if capacity == 1 and self.has("setups", 3) else None
        places = (None, 0, 1) if self.has("buffers", 3) and setups is None else (None, 0)
        input_buffer = self.choice(places if in_cell else (None, 0)) if lacks_buffers else None
        output_buffer = self.choice(places) if lacks_buffers else None
        return Machine(
            id=id,
            facility=facility,
            cell=f"C-{facility}" if in_cell else None,
            capacity=capacity,
            calendar=calendar,
            setups=setups,
            input_buffer=input_buffer,
            output_buffer=output_buffer,
            swap=not (lacks_buffers and capacity == 1 and not output_buffer and self.has("swaps", 3)),
        )

    def calendar(self) -> Calendar:
        downtimes = ()
        if self.has("downtimes", 4):
            start = self.integer(0, 8)
            downtimes = (Downtime(start, start + self.integer(1, 4), "maintenance"),)
        pattern = None
        if self.has("shifts", 5):
            start = self.integer(0, 2)
            pattern = ShiftPattern(8, (Shift(start, start + self.integer(4, 6)),))
        return Calendar(downtimes, pattern)

    def setups(self) -> SetupMatrix:
        times = {a: {b: self.integer(0, 3) for b in "AB" if a != b or self.integer(0, 3) == 3} for a in "AB"}
        return SetupMatrix(times, self.choice((None, "A", "B")))

    def cell(self, facility: str, stations: list[str]) -> RobotCell:
        input_station = f"in-{facility}"
        output_station = self.choice((f"out-{facility}", input_station))
        places = list(dict.fromkeys((input_station, *stations, output_station)))
        robots = tuple(
            Robot(f"R{number}-{facility}", self.choice(places), self.calendar())
            for number in range(1, 2 + (self.integer(0, 3) == 3))
        )
        return RobotCell(
            id=f"C-{facility}",
            facility=facility,
            robots=robots,
            input_station=input_station,
            output_station=output_station,
            travel={a: {b: self.integer(1, 3) for b in places if a != b} for a in places},
            load_time=self.integer(0, 1),
            unload_time=self.integer(0, 1),
        )

    def lanes(self, machines: Sequence[Machine], jobs: Sequence[Job]) -> tuple[Lane, ...]:
        """Return lanes both ways if a part has to change facility, else some."""
        facility_of = {machine.id: machine.facility for machine in machines}
        has_to_change = False
        for job in jobs:
            sites = {
                operation.id: {facility_of[mode.machine] for mode in operation.modes} for operation in job.operations
            }
            has_to_change |= any(not sites[p.predecessor] & sites[p.successor] for p in job.precedences)
        ways = [("F1", "F2"), ("F2", "F1")] if has_to_change else [("F1", "F2")]
        ways += [self.choice((("F2", "F1"), ("F1", "F2")))] if self.integer(0, 1) else []
        units = max(job.units for job in jobs)
        lanes = tuple(
            Lane(
                id=f"L{number}",
                origin=origin,
                destination=destination,
                transit_time=self.integer(1, 4),
                vehicles=self.integer(1, 2),
                units_per_vehicle=self.integer(units, units + 1),
                return_time=self.integer(0, 3),
                load_time=self.integer(0, 1),
                unload_time=self.integer(0, 1),
                calendar=self.calendar(),
            )
            for number, (origin, destination) in enumerate(ways, start=1)
        )
        lanes = tuple(self.transit(lane) for lane in lanes) if self.has("transit", 3) else lanes
        return tuple(self.departures(lane) for lane in lanes) if self.has("timetables", 3) else lanes

    def transit(self, lane: Lane) -> Lane:
        """Return the lane with another transit time in a window of a period, where the calendar leaves a trip."""
        start = self.integer(0, 4)
        window = TransitWindow(start, start + self.integer(1, 3), self.integer(0, 6))
        found = replace(lane, transit_times=TransitTimes(self.choice((7, 8)), (window,)))
        return found if usable_windows(found) else lane

    def departures(self, lane: Lane) -> Lane:
        """Return the lane with headway, costs and, where that leaves a departure, a timetable."""
        lane = replace(
            lane,
            headway=self.integer(0, 4),
            trip_cost=self.integer(0, 3),
            unit_cost=self.integer(0, 2),
            trip_co2=self.integer(0, 2),
        )
        first = self.integer(0, 3)
        more = (first + self.integer(1, 2),) if self.integer(0, 1) else ()
        timetable = Timetable((first, *more), self.choice((4, 3, 8)))
        found = replace(lane, timetable=timetable)
        return found if usable_departures(found) and self.integer(0, 2) else lane

    # the jobs

    def jobs(self, num_operations: int, machines: Sequence[Machine], pools: Sequence[OperatorPool]) -> tuple[Job, ...]:
        jobs: list[Job] = []
        while num_operations > 0:
            count = self.integer(1, num_operations)
            jobs.append(self.job(f"J{len(jobs) + 1}", count, machines, pools))
            num_operations -= count
        return tuple(jobs)

    def job(self, id: str, count: int, machines: Sequence[Machine], pools: Sequence[OperatorPool]) -> Job:
        ids = [str(number) for number in range(1, count + 1)]
        release_date = self.integer(0, 4) if self.has("dates") else 0
        return Job(
            id=id,
            operations=tuple(self.operation(operation, machines, pools) for operation in ids),
            precedences=self.precedences(ids),
            release_date=release_date,
            due_date=release_date + self.integer(1, 12) if self.has("dates") else None,
            deadline=release_date + self.integer(8, 25) if self.has("deadlines", 5) else None,
            weight=self.integer(1, 3),
            units=self.integer(1, 2),
            plans=self.plans(ids) if count > 1 and self.has("plans", 4) else (),
        )

    def operation(self, id: str, machines: Sequence[Machine], pools: Sequence[OperatorPool]) -> Operation:
        chosen = [self.choice(machines) for _ in range(2 if self.has("modes", 3) else 1)]
        modes = tuple(self.mode(machine, pools) for machine in dict.fromkeys(m.id for m in chosen))
        return Operation(id, modes, interruptible=self.has("interruptible", 3))

    def mode(self, machine: str, pools: Sequence[OperatorPool]) -> Mode:
        operators = {pool.id: self.integer(1, pool.capacity) for pool in pools if self.integer(0, 2)}
        return Mode(machine, self.integer(1, 4), self.choice((None, "A", "B")), operators)

    def precedences(self, ids: Sequence[str]) -> tuple[Precedence, ...]:
        as_graph = self.has("graph", 4)
        pairs = [(a, b) for i, b in enumerate(ids) for a in ids[:i] if as_graph or a == ids[i - 1]]
        kept = [pair for pair in pairs if not as_graph or self.integer(0, 1)]
        return tuple(self.precedence(*pair) for pair in kept)

    def precedence(self, predecessor: str, successor: str) -> Precedence:
        if not self.has("lags", 4):
            return Precedence(predecessor, successor)
        min_lag = self.integer(0, 2)
        return Precedence(predecessor, successor, min_lag, self.choice((None, min_lag + self.integer(0, 8))))

    def plans(self, ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return all operations but one, or all but another."""
        left_out = {self.integer(0, len(ids) - 1), self.integer(0, len(ids) - 1)}
        return tuple(tuple(id for id in ids if id != ids[index]) for index in sorted(left_out))


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
            job = _Builder(source, ("plans", "deadlines", "lags")).job(
                f"rush{number}", 1, instance.machines, instance.operators
            )
            found.append(RushOrder(id, at, replace(job, release_date=at)))
        else:
            found.append(JobCancelled(id, at, source.choice(open_jobs)))
            kinds = [k for k in kinds if k not in ("job_cancelled", "operation_delayed")]
    return tuple(found)
