"""The instance: the whole factory and its jobs, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from scheduler.domain.cycle import Cycle
from scheduler.domain.execution import Execution
from scheduler.domain.jobs import Job, Mode, Operation
from scheduler.domain.lanes import Lane
from scheduler.domain.resources import (
    Battery,
    Carrier,
    CarrierGroup,
    Charger,
    Facility,
    Fleet,
    Machine,
    OperatorPool,
    RobotCell,
    at_speed,
)
from scheduler.domain.schedule import OperationKey
from scheduler.domain.shortages import Shortage


@dataclass(frozen=True)
class Instance:
    """Everything there is to schedule, and with what.

    Ids are unique by kind. An instance read from a file is valid; one built in code is validated by
    `scheduler.io.validate.require_valid`.

    Attributes
    ----------
    time_unit
        What one tick is: ``second``, ``minute``, ``hour`` ... (a name; nothing is computed from it but dates).
    time_origin
        The moment of tick 0; outputs then carry dates too.
    objective
        Objective text used when the caller names none; see `scheduler.domain.objective`.
    cycle
        If given, the jobs are copies of a part set that is made again and again; see `scheduler.domain.cycle`.
    execution
        What has already happened (None: nothing); see `scheduler.domain.execution`.
    """

    name: str
    facilities: tuple[Facility, ...]
    machines: tuple[Machine, ...]
    jobs: tuple[Job, ...]
    cells: tuple[RobotCell, ...] = ()
    lanes: tuple[Lane, ...] = ()
    operators: tuple[OperatorPool, ...] = ()
    fleets: tuple[Fleet, ...] = ()
    time_unit: str = "minute"
    time_origin: datetime | None = None
    objective: str = "makespan"
    execution: Execution | None = None
    cycle: Cycle | None = None

    @cached_property
    def job_by_id(self) -> Mapping[str, Job]:
        """Jobs by id."""
        return MappingProxyType({job.id: job for job in self.jobs})

    @cached_property
    def machine_by_id(self) -> Mapping[str, Machine]:
        """Machines by id."""
        return MappingProxyType({machine.id: machine for machine in self.machines})

    @cached_property
    def cell_by_id(self) -> Mapping[str, RobotCell]:
        """Robot cells by id."""
        return MappingProxyType({cell.id: cell for cell in self.cells})

    @cached_property
    def lane_by_id(self) -> Mapping[str, Lane]:
        """Transfer lanes by id."""
        return MappingProxyType({lane.id: lane for lane in self.lanes})

    @cached_property
    def pool_by_id(self) -> Mapping[str, OperatorPool]:
        """Operator pools by id."""
        return MappingProxyType({pool.id: pool for pool in self.operators})

    @cached_property
    def operation_by_key(self) -> Mapping[OperationKey, Operation]:
        """Operations by ``(job id, operation id)``, in file order."""
        return MappingProxyType({(job.id, op.id): op for job in self.jobs for op in job.operations})

    @cached_property
    def facility_by_id(self) -> Mapping[str, Facility]:
        """Facilities by id."""
        return MappingProxyType({facility.id: facility for facility in self.facilities})

    @cached_property
    def fleet_by_id(self) -> Mapping[str, Fleet]:
        """Fleets by id."""
        return MappingProxyType({fleet.id: fleet for fleet in self.fleets})

    @cached_property
    def charger_by_id(self) -> Mapping[str, Charger]:
        """Charging stations of all fleets by id."""
        return MappingProxyType({charger.id: charger for fleet in self.fleets for charger in fleet.chargers})

    @cached_property
    def shortages(self) -> tuple[Shortage, ...]:
        """The shortages of all operator pools and chargers."""
        of_pools = (shortage for pool in self.operators for shortage in pool.shortages)
        return (*of_pools, *(shortage for charger in self.charger_by_id.values() for shortage in charger.shortages))

    @cached_property
    def battery_by_vehicle(self) -> Mapping[str, Battery]:
        """Batteries by the id of each vehicle that has one."""
        vehicles = (vehicle for fleet in self.fleets for vehicle in fleet.vehicles)
        return MappingProxyType({v.id: v.battery for v in vehicles if v.battery is not None})

    @cached_property
    def fleet_by_vehicle(self) -> Mapping[str, Fleet]:
        """Fleets by the id of each of their vehicles, with the travel times of that vehicle."""
        groups = self.group_by_carrier.items()
        return MappingProxyType({carrier: group for carrier, group in groups if isinstance(group, Fleet)})

    @cached_property
    def group_by_id(self) -> Mapping[str, CarrierGroup]:
        """Robot cells and fleets by id."""
        groups: tuple[CarrierGroup, ...] = (*self.cells, *self.fleets)
        return MappingProxyType({group.id: group for group in groups})

    @cached_property
    def paces_by_id(self) -> Mapping[str, Mapping[int, CarrierGroup]]:
        """Robot cells and fleets by id, with the travel times of each speed of their carriers, the fastest first."""
        found = {}
        for group in self.group_by_id.values():
            speeds = sorted({carrier.speed for carrier in group.carriers}, reverse=True) or [100]
            found[group.id] = MappingProxyType({speed: at_speed(group, speed) for speed in speeds})
        return MappingProxyType(found)

    @cached_property
    def group_by_carrier(self) -> Mapping[str, CarrierGroup]:
        """Robot cells and fleets by the id of each of their robots or vehicles, with the travel times of that one."""
        groups = self.group_by_id.values()
        return MappingProxyType({c.id: self.paces_by_id[group.id][c.speed] for group in groups for c in group.carriers})

    def fastest(self, group: str) -> CarrierGroup:
        """Return a robot cell or fleet with the travel times of the fastest of its carriers."""
        return next(iter(self.paces_by_id[group].values()))

    def longest_travel(self, group: str) -> int:
        """Return the longest travel time, from now on, between two places of a robot cell or fleet, by the slowest."""
        return max(pace.longest_travel for pace in self.paces_by_id[group].values())

    @cached_property
    def rivals_by_group(self) -> Mapping[str, frozenset[str]]:
        """Who else can do what a robot cell or fleet does: its robots; fleets of its facility, and their vehicles."""
        found = {cell.id: frozenset(robot.id for robot in cell.robots) for cell in self.cells}
        for fleet in self.fleets:
            others = [other for other in self.fleets if other.facility == fleet.facility]
            found[fleet.id] = frozenset(name for f in others for name in (f.id, *(v.id for v in f.vehicles)))
        return MappingProxyType(found)

    @cached_property
    def carrier_by_id(self) -> Mapping[str, Carrier]:
        """Robots and vehicles of fleets by id."""
        return MappingProxyType({c.id: c for group in self.group_by_id.values() for c in group.carriers})

    @cached_property
    def lane_by_vehicle(self) -> Mapping[str, Lane]:
        """Lanes by the id of each of their vehicles."""
        return MappingProxyType({vehicle: lane for lane in self.lanes for vehicle in lane.vehicle_ids})

    def mode(self, key: OperationKey, index: int) -> Mode:
        """Return mode number `index` of the operation with this key."""
        return self.operation_by_key[key].modes[index]

    def least(self, mode: Mode) -> int:
        """Return the fewest ticks that an operation takes in a mode, whenever it starts."""
        return self.machine_by_id[mode.machine].tempo.least(mode.duration)

    @cached_property
    def at_best(self) -> Instance:
        """The instance in which operations take the fewest ticks that they can: its bounds hold for this one too."""
        if all(worth <= m.tempo.usual for m in self.machines for _, _, worth in m.tempo.stretches):
            return self
        jobs = []
        for job in self.jobs:
            operations = (
                replace(o, modes=tuple(replace(mode, duration=self.least(mode)) for mode in o.modes))
                for o in job.operations
            )
            jobs.append(replace(job, operations=tuple(operations)))
        machines = tuple(replace(machine, slowdowns=()) for machine in self.machines)
        return replace(self, machines=machines, jobs=tuple(jobs))

    @property
    def num_operations(self) -> int:
        """Number of operations of all jobs."""
        return sum(len(job.operations) for job in self.jobs)

    @property
    def num_modes(self) -> int:
        """Number of modes of all operations."""
        return sum(len(operation.modes) for job in self.jobs for operation in job.operations)
