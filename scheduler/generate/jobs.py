"""The jobs of a random network: their ways through the facilities, operations, modes and dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scheduler.domain import Instance, Job, Machine, Mode, Operation, Precedence
from scheduler.domain.jobs import chain
from scheduler.generate.plant import FAMILIES, chosen
from scheduler.generate.recipe import SLOWEST_PERCENT, Recipe

MAX_WEIGHT = 5
OPERATIONS_PER_OPERATOR = 4
ROBOT_MOVE_ESTIMATE = 5
SHORTEST_DWELL = 10
"""Maximum dwell at the least: more than the way of a robot from one end of its cell to the other."""


def draw_jobs(recipe: Recipe, plant: Instance, rng: np.random.Generator) -> tuple[Job, ...]:
    """Return jobs for the plant; release dates spread over half of the time that its machines need for all of them."""
    assembled = chosen(range(recipe.jobs), recipe.assembly, rng)
    in_loads = chosen(range(recipe.jobs), recipe.splits, rng) if recipe.splits else ()
    mean_load = recipe.operations * sum(recipe.durations) // (2 * recipe.machines)
    largest = min((lane.units_per_vehicle for lane in plant.lanes), default=1)
    width = len(str(recipe.jobs))
    jobs = []
    for index, count in enumerate(_operation_counts(recipe, rng)):
        way = _way(recipe, plant, count, rng)
        num_branching = _num_branching(plant, way) if index in assembled else 0
        operations = _operations(recipe, plant, way, num_branching, rng)
        if recipe.dwell and num_branching == 0 and index not in in_loads:
            operations = tuple(_with_dwell(o, plant, rng) if _happens(recipe.dwell, rng) else o for o in operations)
        release_date = int(rng.integers(0, mean_load // 2 + 1))
        slack = (1 - recipe.tightness) * int(rng.integers(400, 801)) / 100
        jobs.append(
            Job(
                id=f"J{index + 1:0{width}d}",
                operations=operations,
                precedences=_precedences(operations, num_branching),
                release_date=release_date,
                due_date=release_date + round((1 + slack) * _time_alone(plant, way, operations)),
                weight=int(rng.integers(1, MAX_WEIGHT + 1)),
                units=int(rng.integers(1, largest + 1)) + (2 * largest if index in in_loads else 0),
                splits=index in in_loads,
            )
        )
    return tuple(jobs)


def _operation_counts(recipe: Recipe, rng: np.random.Generator) -> list[int]:
    """Return how many operations each job has: the mean, but for one third one less and for another one more."""
    counts = np.full(recipe.jobs, recipe.operations // recipe.jobs)
    order = rng.permutation(recipe.jobs)
    counts[order[: recipe.operations % recipe.jobs]] += 1
    third = recipe.jobs // 3
    if recipe.operations >= 2 * recipe.jobs:
        counts[order[:third]] -= 1
        counts[order[recipe.jobs - third :]] += 1
    return [int(count) for count in counts]


def _way(recipe: Recipe, plant: Instance, count: int, rng: np.random.Generator) -> list[int]:
    """Return the facility (its index) of each of `count` operations: consecutive facilities, in order."""
    first, last = sorted(int(index) for index in rng.integers(0, recipe.facilities, 2))
    if not plant.lanes:
        last = first
    visited = range(first, min(last, first + count - 1) + 1)
    return [visited[position * len(visited) // count] for position in range(count)]


def _num_branching(plant: Instance, way: Sequence[int]) -> int:
    """Return how many operations can be in two branches: those in the first facility, if a joining one follows."""
    count = min(sum(facility == way[0] for facility in way), len(way) - 1)
    return count if count >= 2 and _without_blocking(_machines_in(plant, way[0])) else 0


def _machines_in(plant: Instance, facility: int) -> list[Machine]:
    return [machine for machine in plant.machines if machine.facility == plant.facilities[facility].id]


def _without_blocking(machines: Sequence[Machine]) -> list[Machine]:
    return [machine for machine in machines if machine.output_buffer is None]


def _operations(
    recipe: Recipe, plant: Instance, way: Sequence[int], num_branching: int, rng: np.random.Generator
) -> tuple[Operation, ...]:
    family = FAMILIES[int(rng.integers(0, len(FAMILIES)))]
    operations = []
    for position, facility in enumerate(way):
        machines = _machines_in(plant, facility)
        if position < num_branching:
            machines = _without_blocking(machines)
        modes = _modes(recipe, plant, machines, family, rng)
        operations.append(Operation(str(position + 1), modes, interruptible=_happens(recipe.interruptible, rng)))
    return tuple(operations)


def _modes(
    recipe: Recipe, plant: Instance, machines: Sequence[Machine], family: str, rng: np.random.Generator
) -> tuple[Mode, ...]:
    """Return modes on machines that follow one another; the drawn duration is that of the first."""
    first = int(rng.integers(0, len(machines)))
    number = int(recipe.flexibility) + _happens(recipe.flexibility % 1, rng)
    duration = int(rng.integers(recipe.durations[0], recipe.durations[1] + 1))
    operators = {}
    if plant.operators and rng.integers(0, OPERATIONS_PER_OPERATOR) == 0:
        operators = {plant.operators[int(rng.integers(0, len(plant.operators)))].id: 1}
    tended = recipe.tended > 0 and _happens(recipe.tended, rng)
    modes = []
    for offset in range(min(number, len(machines))):
        machine = machines[(first + offset) % len(machines)]
        percent = 100 if offset == 0 else int(rng.integers(100, SLOWEST_PERCENT + 1))
        modes.append(
            Mode(
                machine=machine.id,
                duration=duration * percent // 100,
                setup_family=family if machine.setups is not None else None,
                operators=operators,
                tended=tended and machine.cell is not None,
            )
        )
    return tuple(modes)


def _with_dwell(operation: Operation, plant: Instance, rng: np.random.Generator) -> Operation:
    """Return the operation with a maximum dwell on stations that always work, longer than any robot is on its way."""
    dwell = int(rng.integers(SHORTEST_DWELL, 3 * SHORTEST_DWELL + 1))
    stations = {m.id for m in plant.machines if m.cell is not None and m.calendar.always_works}
    modes = (replace(mode, max_dwell=dwell) if mode.machine in stations else mode for mode in operation.modes)
    return replace(operation, modes=tuple(modes))


def _precedences(operations: Sequence[Operation], num_branching: int) -> tuple[Precedence, ...]:
    """Return a chain, or the first `num_branching` operations in two chains, joined by the next."""
    ids = tuple(operation.id for operation in operations)
    if num_branching == 0:
        return chain(ids)
    half = num_branching // 2
    left, right, rest = ids[:half], ids[half:num_branching], ids[num_branching:]
    return (*chain((*left, rest[0])), *chain((*right, rest[0])), *chain(rest))


def _time_alone(plant: Instance, way: Sequence[int], operations: Sequence[Operation]) -> int:
    """Return about how long a job takes alone: its first modes, stretched by shifts, its moves and transfers."""
    total = sum(lane.trip_time for lane in plant.lanes[way[0] : way[-1]])
    for operation in operations:
        mode = operation.modes[0]
        machine = plant.machine_by_id[mode.machine]
        total += mode.duration + (ROBOT_MOVE_ESTIMATE if machine.cell is not None else 0)
        if pattern := machine.calendar.pattern:
            working = sum(shift.end - shift.start for shift in pattern.shifts)
            total += mode.duration * (pattern.period - working) // working
    return total


def _happens(share: float, rng: np.random.Generator) -> bool:
    return int(rng.integers(0, 1000)) < round(1000 * share)
