"""Identical machines: of all schedules that differ by their names alone, the model keeps one.

Machines are identical if nothing tells them apart: facility, capacity, calendar, setups and buffers, and for every
operation the modes on them. The machines of such a group are used in order (value precedence, Law & Lee 2004): with
operations in file order, an operation may go to machine k only if one before it goes to machine k - 1::

    x[o, k] <= sum of x[p, k - 1] over p before o

The order of the machines is that in which a schedule that is known uses them first, so that its hint stays feasible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from scheduler.domain import Instance, OperationKey, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext

MOST_TERMS = 200_000
"""Literals in all sums of a group, beyond which they cost more than they save."""

_Modes: TypeAlias = Mapping[OperationKey, Sequence[int]]


def identical_machines(instance: Instance) -> tuple[tuple[str, ...], ...]:
    """Return the groups of at least two identical machines, in file order.

    Stations of cells, and machines between which vehicles go, are never identical here; nor are any in a repair, as
    what has happened and the stability terms tell machines apart.
    """
    if instance.execution is not None or instance.fleets:
        return ()
    work: dict[str, list[str]] = {machine.id: [] for machine in instance.machines}
    for key, operation in instance.operation_by_key.items():
        # The order of an operation's modes does not matter, so those on one machine are sorted.
        for where, needs in sorted((mode.machine, repr(replace(mode, machine=""))) for mode in operation.modes):
            work[where].append(f"{key} {needs}")
    groups: dict[tuple[str, ...], list[str]] = {}
    for machine in instance.machines:
        if machine.cell is None and work[machine.id]:
            groups.setdefault((repr(replace(machine, id="")), *work[machine.id]), []).append(machine.id)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def post_order(ctx: ModelContext, start: Schedule | None) -> None:
    """Let identical machines be used in one order, that of `start`."""
    if ctx.kept is not None:
        return
    for group in identical_machines(ctx.instance):
        modes = {machine: _modes_on(ctx, machine) for machine in group}
        keys = list(dict.fromkeys(key for key, _ in ctx.operations_on(group[0])))
        if len(group) * len(keys) ** 2 > 2 * MOST_TERMS:
            continue
        for before, after in pairwise(_in_order(group, keys, start)):
            earlier: list[Any] = []
            for key in keys:
                for number in modes[after][key]:
                    ctx.model.add_bool_or([*earlier, ctx.modes(key)[number].negated()])
                earlier.extend(ctx.modes(key)[n] for n in modes[before][key])


def _in_order(group: Sequence[str], keys: Sequence[OperationKey], start: Schedule | None) -> list[str]:
    """Return the machines in the order in which the schedule uses them first, going through the operations."""
    if start is None:
        return list(group)
    used = [start.by_operation[key].machine for key in keys if key in start.by_operation]
    return [machine for machine in dict.fromkeys((*used, *group)) if machine in group]


def _modes_on(ctx: ModelContext, machine: str) -> _Modes:
    found: dict[OperationKey, list[int]] = {}
    for key, number in ctx.operations_on(machine):
        found.setdefault(key, []).append(number)
    return found
