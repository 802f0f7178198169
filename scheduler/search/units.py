"""Units: the operations that have to be placed together.

Two operations are *coupled* if the part may stay at the machine of the first, whose output buffer is limited, until
the second takes it over (outside robot cells, or in the same one), if its cell has an output station with a limited
number of places, or if a maximum lag or dwell ties them. Coupled operations form a *unit*. A unit that is placed with
all its moves leaves no part on a machine, nor at a station with limited places; so whatever has been placed, any other
unit can still be placed after it, and no deadlock can arise between units. Cells hand over parts at their input and
output stations, and where these hold any number of them, their units are independent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scheduler.search.problem import JobData, LinkData, OperationData, PlanData, Problem, lower_plan


@dataclass(slots=True, eq=False)
class Unit:
    """Coupled operations of one plan in topological order.

    ``num_before`` units have to be placed before it; ``after`` are those for which it is such a one. ``rest`` is the
    least time from its start to the completion of the job.
    """

    plan: PlanData
    operations: tuple[OperationData, ...]
    rest: int
    num_before: int = 0
    after: list[Unit] = field(default_factory=list)


def split(plan: PlanData) -> tuple[Unit, ...]:
    """Return the units of a plan, in an order in which they can be placed."""
    members = _merge_cycles(plan, _coupled(plan))
    units = [_unit(plan, tuple(plan.operations[i] for i in sorted(group))) for group in members]
    unit_of = {operation.index: unit for unit in units for operation in unit.operations}
    position = {unit: number for number, unit in enumerate(units)}
    for unit in units:
        links = [link for operation in unit.operations for link in plan.outgoing[operation.index]]
        followers = {unit_of[link.successor.index] for link in links if link.successor is not None} - {unit}
        unit.after = sorted(followers, key=lambda other: position[other])
        for other in unit.after:
            other.num_before += 1
    return _in_order(units)


def _unit(plan: PlanData, operations: tuple[OperationData, ...]) -> Unit:
    rests = (
        min(mode.least + tail for mode, tail in zip(operation.modes, plan.tails[operation.index], strict=True))
        for operation in operations
    )
    return Unit(plan, operations, max(rests))


def _coupled(plan: PlanData) -> list[set[int]]:
    """Return the connected components over coupled links, by position in the plan."""
    position = {operation.index: i for i, operation in enumerate(plan.operations)}
    group_of = [{i} for i in range(len(plan.operations))]
    for link in plan.links:
        if link.predecessor is not None and link.successor is not None and _couples(link):
            _merge(group_of, position[link.predecessor.index], position[link.successor.index])
    return group_of


def _couples(link: LinkData) -> bool:
    if link.max_lag is not None:
        return True
    if link.predecessor is None or link.successor is None:
        return False
    if any(mode.max_dwell is not None for mode in link.predecessor.modes):
        return True
    if any(
        mode.machine.cell is not None and mode.machine.cell.output_places is not None for mode in link.predecessor.modes
    ):
        return True
    if link.taken_at is not None:
        return False  # its part has left for good
    cells = {mode.machine.domain.cell for mode in link.predecessor.modes if mode.machine.keeps}
    return None in cells or any(mode.machine.domain.cell in cells for mode in link.successor.modes)


def _merge_cycles(plan: PlanData, group_of: list[set[int]]) -> list[set[int]]:
    """Merge groups that wait for each other, directly or through others; return each group once."""
    position = {operation.index: i for i, operation in enumerate(plan.operations)}
    arcs = [
        (position[link.predecessor.index], position[link.successor.index])
        for link in plan.links
        if link.predecessor is not None and link.successor is not None
    ]
    if any(len(group) > 1 for group in group_of):
        reached = [_reachable(start, arcs, group_of) for start in range(len(group_of))]
        for a in range(len(group_of)):
            for b in reached[a]:
                if a in reached[b] and group_of[a] is not group_of[b]:
                    _merge(group_of, a, b)
    return list({id(group): group for group in group_of}.values())


def _reachable(start: int, arcs: list[tuple[int, int]], group_of: list[set[int]]) -> set[int]:
    """Return what is reachable from an operation, given that from any operation one gets to those of its group."""
    found = set(group_of[start])
    waiting = list(found)
    while waiting:
        operation = waiting.pop()
        nexts = set().union(*(group_of[b] for a, b in arcs if a == operation)) - found
        found |= nexts
        waiting.extend(nexts)
    return found


def _merge(group_of: list[set[int]], a: int, b: int) -> None:
    merged = group_of[a] | group_of[b]
    for member in merged:
        group_of[member] = merged


def _in_order(units: list[Unit]) -> tuple[Unit, ...]:
    missing = {unit: unit.num_before for unit in units}
    ready = [unit for unit in units if unit.num_before == 0]
    for unit in ready:
        for other in unit.after:
            missing[other] -= 1
            if missing[other] == 0:
                ready.append(other)
    return tuple(ready)


class Plans:
    """The plans of all jobs and their units, worked out when first asked for."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._found: dict[tuple[JobData, int], tuple[Unit, ...]] = {}

    def units(self, job: JobData, number: int) -> tuple[Unit, ...]:
        """Return the units of a job under one of its plans, in an order in which they can be placed."""
        if (job, number) not in self._found:
            self._found[job, number] = split(lower_plan(self._problem, job, number))
        return self._found[job, number]
