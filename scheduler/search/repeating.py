"""Cyclic schedules from a schedule of one part set: the smallest cycle time at which copies of it fit into one another.

One set after the other always fits, once everything is back where it began: that is the safety net. Smaller cycle
times are tried from the least that the work allows on. Most of them are ruled out quickly: some uses of a machine or
carrier overlap modulo the cycle time. The checker decides about the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from scheduler.checker import check
from scheduler.domain import Instance, Move, Schedule, ScheduledOperation
from scheduler.domain.cycle import copy_id
from scheduler.domain.derive import complete

MAX_CHECKS = 40
"""Schedules that are checked before sets follow one after the other."""


def repeated(instance: Instance, one_set: Schedule) -> Schedule | None:
    """Return the schedule of a cyclic instance in which every set is made like this one, at the smallest cycle time.

    Parameters
    ----------
    instance
        A cyclic instance.
    one_set
        A schedule of its `scheduler.domain.cycle.part_set`.

    Returns
    -------
    Schedule or None
        None if there is no such schedule (which is not known to happen).
    """
    loaded = [move for move in one_set.moves if move.job is not None]
    spans = [(o.start, o.end) for o in one_set.operations] + [(m.start, m.end) for m in loaded]
    span = max(end for _, end in spans) - min(start for start, _ in spans) + 1
    alone = span + _way_back(instance)
    uses = _uses(instance, one_set.operations, loaded)
    least = max((sum(end - start for start, end in held) for held in uses), default=0)
    num_checks = 0
    for cycle_time in range(max(1, least, -(-span // _most_sets(instance))), alone):
        if not all(_fits(held, cycle_time) for held in uses):
            continue
        schedule = _shifted(instance, one_set.operations, loaded, cycle_time)
        if not check(instance, schedule):
            return schedule
        num_checks += 1
        if num_checks == MAX_CHECKS:
            break
    schedule = _shifted(instance, one_set.operations, loaded, alone)
    return None if check(instance, schedule) else schedule


def _most_sets(instance: Instance) -> int:
    """Return how many sets may be in the factory at a time."""
    return max(1, instance.cycle.repetitions - 1) if instance.cycle is not None else 1


def _way_back(instance: Instance) -> int:
    """Return the longest that anything takes after a set to be ready for the next."""
    travel = [group.longest_travel for group in instance.group_by_id.values()]
    setups = [
        t for m in instance.machines if m.setups is not None for row in m.setups.times.values() for t in row.values()
    ]
    lanes = [max(lane.return_time, lane.headway) for lane in instance.lanes]
    return max((*travel, *setups, *lanes), default=0)


def _uses(
    instance: Instance, operations: Iterable[ScheduledOperation], moves: Iterable[Move]
) -> list[list[tuple[int, int]]]:
    """Return when each machine of capacity 1 and each carrier is used, at the least."""
    found: dict[str, list[tuple[int, int]]] = {}
    for operation in operations:
        if instance.machine_by_id[operation.machine].capacity == 1 and operation.start < operation.end:
            found.setdefault(f"machine {operation.machine}", []).append((operation.start, operation.end))
    for move in moves:
        carrier = instance.carrier_by_id.get(move.mover)
        if carrier is not None and carrier.capacity == 1 and move.start < move.end:
            found.setdefault(f"carrier {move.mover}", []).append((move.start, move.end))
    return list(found.values())


def _fits(held: list[tuple[int, int]], cycle_time: int) -> bool:
    """Return whether no two of the uses overlap when all are repeated every `cycle_time` ticks."""
    turns = sorted((start % cycle_time, end - start) for start, end in held)
    turns.append((turns[0][0] + cycle_time, 0))
    return all(start + length <= later for (start, length), (later, _) in pairwise(turns))


def _shifted(
    instance: Instance, operations: Iterable[ScheduledOperation], moves: Iterable[Move], cycle_time: int
) -> Schedule:
    """Return the schedule of all sets, each so many ticks after the one before."""
    numbers = range(1, instance.cycle.repetitions + 1) if instance.cycle is not None else range(1, 2)
    return complete(
        instance,
        [
            replace(o, job=copy_id(o.job, k), start=o.start + (k - 1) * cycle_time, end=o.end + (k - 1) * cycle_time)
            for k in numbers
            for o in operations
        ],
        [
            replace(
                m,
                job=copy_id(m.job or "", k),
                start=m.start + (k - 1) * cycle_time,
                end=m.end + (k - 1) * cycle_time,
            )
            for k in numbers
            for m in moves
        ],
    )
