"""A plan that is made once: from tick 0 on, with release dates, downtimes, and everything where it begins.

It is that of a set in a cycle that is longer than the set takes, with all that goes round, so that nothing meets a copy
of itself. What is only there where a set is made once is lowered here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from scheduler.domain import Instance, Lane, Machine, Mode, Operation
from scheduler.search.cyclic.resources import FIRST
from scheduler.search.repeating import way_back

WIDEST = 20_000
"""Ticks up to which downtimes are written down: longer plans have no room."""


def margin(instance: Instance) -> int:
    """Return by how many ticks a cycle is longer than a plan, so that nothing meets a copy of itself."""
    return 2 + way_back(instance)


def downtimes(instance: Instance) -> tuple[list[tuple[int, int]], dict[str, tuple[int, int]]]:
    """Return the downtimes of machines and lanes, and by id the first of its own and one more than the last."""
    found, rows = list[tuple[int, int]](), dict[str, tuple[int, int]]()
    timed: list[Machine | Lane] = [*instance.machines, *instance.lanes]
    for each in timed:
        first = len(found)
        if not each.calendar.always_works:
            found += [(window.start, window.end) for window in each.calendar.blocked(WIDEST)]
        rows[each.id] = first, len(found)
    return found, rows


def longest_setups(instance: Instance, modes: Sequence[Mode]) -> list[int]:
    """Return by mode how long its machine is set up after a downtime, at the most."""
    found = []
    for mode in modes:
        machine = instance.machine_by_id[mode.machine]
        longest, setups = 0, machine.setups
        if setups is not None and not machine.calendar.always_works:
            longest = max(setups.time(family, mode.setup_family) for family in (setups.initial, *setups.times))
        found.append(longest)
    return found


def beginnings(
    instance: Instance, resources: Mapping[str | tuple[str, str], int], names: Sequence[Mapping[str | None, int]]
) -> list[tuple[int, int]]:
    """Return for each machine and carrier that one part takes at a time its number and the family it begins with."""
    alone = [m.id for m in instance.machines if m.capacity == 1]
    return [(resources[id], names[resources[id]][FIRST]) for id in (*alone, *instance.carrier_by_id)]


def pauses(
    instance: Instance, chosen: Sequence[tuple[Operation, Mode, str | None]], late: Collection[int]
) -> list[bool]:
    """Return by operation and mode whether downtimes interrupt the work; if it is strict about its start they don't.

    Without that it only starts where no downtime is in the way, which is a rule more, and none less. So it is with
    operations that others help with, that have a longest dwell, or that a maximum lag leads to (`late`).
    """
    found = []
    for operation, mode, robot in chosen:
        helped = robot is not None or any(mode.operators.values())
        works = instance.machine_by_id[mode.machine].calendar.always_works
        strict = helped or mode.max_dwell is not None or id(operation) in late
        found.append(operation.interruptible and not works and not strict)
    return found
