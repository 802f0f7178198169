"""Random small instances: parts put together, and what concerns several of them (fleets, reach, dwell, hubs, loads)."""

from __future__ import annotations

from dataclasses import replace

from random_factories import Parts

from scheduler.domain import (
    Facility,
    Fleet,
    Instance,
    OperatorPool,
    Robot,
    Shortage,
    Vehicle,
)
from scheduler.io.validate import defects

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


class Builder(Parts):
    """Draws whole instances."""

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
