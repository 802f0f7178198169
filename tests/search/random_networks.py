"""Small random networks with every feature, for the tests of the construction heuristic."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from random import Random

from scheduler.domain import (
    Calendar,
    Downtime,
    Facility,
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
    SetupMatrix,
    Shift,
    ShiftPattern,
)

FAMILIES = ("A", "B", "C")
LONGEST = 12
"""Longest operation; every shift is long enough for it and a setup."""


@dataclass(frozen=True)
class Features:
    """Shares of machines, jobs, operations or precedences that have a feature."""

    facilities: int = 2
    cells: int = 2
    jobs: int = 6
    operations: int = 6
    blocking: float = 0.6
    capacity: float = 0.2
    setups: float = 0.3
    downtimes: float = 0.3
    shifts: float = 0.2
    operators: float = 0.3
    interruptible: float = 0.3
    plans: float = 0.3
    joins: float = 0.4
    max_lags: float = 0.0
    zero: float = 0.1


def random_network(seed: int, features: Features | None = None) -> Instance:
    """Return a network whose jobs can be done one after the other; maximum lags may spoil that."""
    return _Draw(seed, features or Features()).instance()


class _Draw:
    def __init__(self, seed: int, features: Features) -> None:
        self.rng = Random(seed)
        self.features = features
        self.seed = seed

    def happens(self, share: float) -> bool:
        return self.rng.random() < share

    def time(self, least: int, most: int) -> int:
        return 0 if self.happens(self.features.zero) else self.rng.randint(least, most)

    def instance(self) -> Instance:
        rng, features = self.rng, self.features
        facilities = tuple(Facility(f"F{i}") for i in range(rng.randint(1, features.facilities)))
        cells = [(f"C{i}", rng.choice(facilities).id) for i in range(rng.randint(0, features.cells))]
        machines = [self.machine(f"M{i}", rng.choice(facilities).id, None) for i in range(rng.randint(2, 5))]
        machines += [self.machine(f"{facility.id}M", facility.id, None) for facility in facilities]
        machines += [
            self.machine(f"{cell}S{i}", facility, cell) for cell, facility in cells for i in range(rng.randint(1, 4))
        ]
        pools = tuple(OperatorPool(f"P{i}", rng.randint(1, 3)) for i in range(2)) if self.happens(0.7) else ()
        bare = Instance(
            f"random network {self.seed}",
            facilities,
            tuple(machines),
            (),
            tuple(self.cell(cell, facility, machines) for cell, facility in cells),
            tuple(self.lane(a.id, b.id) for a in facilities for b in facilities if a != b),
            pools,
        )
        jobs = tuple(self.job(f"J{i}", bare) for i in range(rng.randint(1, features.jobs)))
        return Instance(bare.name, facilities, bare.machines, jobs, bare.cells, bare.lanes, pools)

    def machine(self, name: str, facility: str, cell: str | None) -> Machine:
        capacity = self.rng.randint(2, 3) if self.happens(self.features.capacity) else 1
        setups = None
        if capacity == 1 and self.happens(self.features.setups):
            times = {a: {b: self.rng.randint(0, 4) for b in FAMILIES if b != a} for a in FAMILIES}
            setups = SetupMatrix(times, self.rng.choice((None, *FAMILIES)))
        no_input, no_output = (cell is not None and self.happens(self.features.blocking) for _ in range(2))
        buffers = (0 if no_input else None, 0 if no_output else None)
        return Machine(name, facility, cell, capacity, self.calendar(), setups, *buffers)

    def calendar(self) -> Calendar:
        downtimes: list[Downtime] = []
        if self.happens(self.features.downtimes):
            begin = 0
            for _ in range(self.rng.randint(1, 3)):
                begin += self.rng.randint(3, 40)
                downtimes.append(Downtime(begin, begin + self.rng.randint(1, 9)))
                begin = downtimes[-1].end
        pattern = None
        if self.happens(self.features.shifts):
            pattern = ShiftPattern(48, (Shift(0, 20), Shift(22, 40)))
        return Calendar(tuple(downtimes), pattern)

    def cell(self, name: str, facility: str, machines: list[Machine]) -> RobotCell:
        one_place = self.happens(0.3)
        places = [f"{name}.in", f"{name}.in" if one_place else f"{name}.out"]
        stations = [machine.id for machine in machines if machine.cell == name]
        everywhere = [*dict.fromkeys(places), *stations]
        travel = {a: {b: self.time(1, 5) for b in everywhere if a != b} for a in everywhere}
        robots = tuple(
            Robot(f"{name}.R{i}", self.rng.choice(everywhere), self.calendar()) for i in range(self.rng.randint(1, 2))
        )
        return RobotCell(name, facility, robots, *places, travel, self.time(1, 2), self.time(1, 2))

    def lane(self, origin: str, destination: str) -> Lane:
        return Lane(
            f"{origin}-{destination}",
            origin,
            destination,
            transit_time=self.time(1, 12),
            vehicles=self.rng.randint(1, 2),
            units_per_vehicle=self.rng.randint(2, 4),
            return_time=self.time(1, 8),
            load_time=self.time(1, 2),
            unload_time=self.time(1, 2),
            calendar=Calendar((Downtime(15, 30),)) if self.happens(self.features.downtimes) else Calendar(),
        )

    def job(self, name: str, plant: Instance) -> Job:
        rng = self.rng
        count = rng.randint(1, self.features.operations)
        joined = count > 2 and self.happens(self.features.joins)
        machines = [m for m in plant.machines if not joined or (m.output_buffer, m.input_buffer) == (None, None)]
        operations = tuple(self.operation(str(i), machines, plant) for i in range(count))
        ids = [operation.id for operation in operations]
        if joined:
            pairs = [(rng.choice(ids[:i]), ids[i]) for i in range(1, count)]  # a tree that branches out
            if self.happens(0.5):
                pairs = [(ids[-1 - int(b)], ids[-1 - int(a)]) for a, b in pairs]  # or one that joins
        else:
            pairs = list(pairwise(ids))
        precedences = tuple(self.precedence(a, b) for a, b in pairs)
        plans: tuple[tuple[str, ...], ...] = ()
        if not joined and count > 1 and self.happens(self.features.plans):
            cut = rng.randint(1, count - 1)
            plans = (tuple(ids[:cut]), tuple(ids[cut:]), tuple(ids))
        release = rng.randint(0, 25) if self.happens(0.5) else 0
        due = release + rng.randint(10, 90) if self.happens(0.7) else None
        units = rng.randint(1, 2)
        return Job(name, operations, precedences, release, due, None, rng.randint(1, 5), units, plans)

    def precedence(self, before: str, after: str) -> Precedence:
        min_lag = self.rng.randint(1, 6) if self.happens(0.15) else 0
        max_lag = min_lag + 40 * self.rng.randint(0, 2) if self.happens(self.features.max_lags) else None
        return Precedence(before, after, min_lag, max_lag)

    def operation(self, name: str, machines: list[Machine], plant: Instance) -> Operation:
        chosen = self.rng.sample(machines, self.rng.randint(1, min(3, len(machines))))
        modes = []
        for machine in chosen:
            operators = {}
            if plant.operators and self.happens(self.features.operators):
                pool = self.rng.choice(plant.operators)
                operators[pool.id] = self.rng.randint(1, pool.capacity)
            family = self.rng.choice((None, *FAMILIES)) if machine.setups is not None else None
            duration = self.time(1, LONGEST) if machine.setups is None else self.rng.randint(1, LONGEST)
            modes.append(Mode(machine.id, duration, family, operators))
        return Operation(name, tuple(modes), interruptible=self.happens(self.features.interruptible))
