"""Setups: a machine is changed over between operations of different setup families.

If *b* directly follows *a* on a machine (in order of occupation)::

    from(b) - until(a) >= s   with s = time(family a, family b)

For the first operation *a* is the initial family and ``until(a) = 0``. A setup with ``s > 0`` is done in one piece
during ``[from(b) - s, from(b))``, outside the machine's downtimes, whether or not the part of *b* is there. The
schedule lists exactly these setups. Machines of capacity 1 only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from scheduler.constraints.facts import Clock, Stay, mode_of, name, occupations, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Machine, OperationKey, Schedule, Setup, SetupMatrix

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether any machine has setups."""
    return any(machine.setups is not None for machine in instance.machines)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    listed: dict[tuple[str, str, str], list[Setup]] = {}
    for setup in schedule.setups:
        listed.setdefault((setup.machine, setup.job, setup.operation), []).append(setup)
    held = occupations(instance, schedule) if applies(instance) else {}
    for machine in instance.machines:
        if machine.setups is not None:
            yield from _on_machine(instance, machine, machine.setups, held[machine.id], listed)
    for (machine_id, job, operation), superfluous in listed.items():
        for setup in superfluous:
            detail = f"setup {_words(setup)} is listed, but not needed"
            yield Violation("setups", f"{job}.{operation} on {machine_id}", detail, max(1, setup.end - setup.start))


def _on_machine(
    instance: Instance,
    machine: Machine,
    matrix: SetupMatrix,
    held: Iterable[Stay],
    listed: dict[tuple[str, str, str], list[Setup]],
) -> Iterator[Violation]:
    """Walk the machine's sequence; takes what is needed out of `listed`."""
    clock = Clock(machine.calendar)
    family, free_at, previous = matrix.initial, 0, "tick 0"
    for begin, until, _, _, operation in held:
        mode = mode_of(instance, operation)
        needed_family = mode.setup_family if mode is not None else None
        length = matrix.time(family, needed_family)
        if length > 0 and family is not None and needed_family is not None:
            where = place(operation)
            needed = Setup(machine.id, *operation.key, family, needed_family, begin - length, begin)
            if begin - free_at < length:
                detail = f"setup {_words(needed)} needs {length} between {previous} and {name(operation)}"
                shortage = length - (begin - free_at)
                yield Violation("setups", where, f"{detail}, has {begin - free_at}", shortage)
            downtime = clock.downtime(needed.start, needed.end)
            if downtime > 0:
                yield Violation("setups", where, f"setup {_words(needed)} is {downtime} in a downtime", downtime)
            yield from _compare(where, needed, listed.get((machine.id, *operation.key), []))
        family, free_at, previous = needed_family, until, name(operation)


def _compare(where: str, needed: Setup, found: list[Setup]) -> Iterator[Violation]:
    """Compare the setup that is needed before an operation with those listed for it, and take out the nearest."""
    if needed in found:
        found.remove(needed)
    elif not found:
        yield Violation("setups", where, f"setup {_words(needed)} is not listed", needed.end - needed.start)
    else:
        off = abs(found[0].start - needed.start) + abs(found[0].end - needed.end)
        detail = f"setup {_words(needed)} is listed as {_words(found[0])}"
        yield Violation("setups", where, detail, max(1, off))
        del found[0]


def _words(setup: Setup) -> str:
    return f"{setup.from_family} -> {setup.to_family} in [{setup.start}, {setup.end})"


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post a circuit over the operations of each machine with setups: arc a -> b means b directly follows a."""
    for machine in ctx.instance.machines:
        if machine.setups is None:
            continue
        arcs, setup_arcs = _arcs(ctx, machine, machine.setups)
        if not arcs:
            continue
        ctx.model.add_circuit(arcs)
        ctx.setup_arcs.extend((literal, length) for into in setup_arcs.values() for literal, length in into)
        if ctx.blocked(machine.id):
            _post_downtimes(ctx, machine, setup_arcs)


def _arcs(
    ctx: ModelContext, machine: Machine, matrix: SetupMatrix
) -> tuple[list[tuple[int, int, Any]], dict[int, list[tuple[Any, int]]]]:
    """Return the arcs of the circuit (node 0 is the begin and end) and, by node, its possible setups."""
    occupations = [ctx.occupation(*item) for item in ctx.operations_on(machine.id)]
    families = [ctx.instance.mode(o.key, o.mode).setup_family for o in occupations]
    arcs: list[tuple[int, int, Any]] = []
    setup_arcs: dict[int, list[tuple[Any, int]]] = {}
    for b, after in enumerate(occupations, start=1):
        if after.literal is not ctx.true:
            arcs.append((b, b, after.literal.negated()))
        if ctx.may_follow(machine.id, after.key, None):
            last = ctx.new_bool(
                f"last[{after.key[0]}.{after.key[1]}@{machine.id}]",
                lambda view, key=after.key: view.is_last(key, machine.id),
            )
            arcs.append((b, 0, last))
        for a, before in enumerate([None, *occupations]):
            if a == b or (before is not None and before.key == after.key):
                continue
            if not ctx.may_follow(machine.id, before and before.key, after.key):
                continue
            length = matrix.time(matrix.initial if before is None else families[a - 1], families[b - 1])
            literal = ctx.new_bool(
                f"next[{'' if before is None else '.'.join(before.key)}>{'.'.join(after.key)}@{machine.id}]",
                lambda view, a=before and before.key, b=after.key: view.is_on(b, machine.id) and view.previous(b) == a,
            )
            arcs.append((a, b, literal))
            earliest = length if before is None else before.until + length
            ctx.model.add(after.from_ >= earliest).only_enforce_if(literal)
            begins_at = _begins_at(ctx, machine, after.key)
            if length > 0 and begins_at is not None:
                ctx.model.add(after.from_ >= begins_at + length).only_enforce_if(literal)
            if length > 0:
                ctx.add_load(machine.id, length, literal)
                setup_arcs.setdefault(b, []).append((literal, length))
    if arcs and all(literal is not ctx.true for literal in (o.literal for o in occupations)):
        empty = ctx.new_bool(f"idle[{machine.id}]", lambda view: not view.sequence(machine.id))
        arcs.append((0, 0, empty))
    return arcs, setup_arcs


def _begins_at(ctx: ModelContext, machine: Machine, key: OperationKey) -> int | None:
    """Return the earliest begin of a setup for a pending operation: `now`, unless it was under way at `now`."""
    execution = ctx.instance.execution
    if execution is None or ctx.has_begun(key):
        return None
    for setup in execution.baseline.setups:
        if (setup.machine, setup.job, setup.operation) == (machine.id, *key) and setup.start < execution.now:
            return setup.start
    return execution.now


def _post_downtimes(ctx: ModelContext, machine: Machine, setup_arcs: dict[int, list[tuple[Any, int]]]) -> None:
    """Keep every setup, in one piece right before the occupation, out of the downtimes of its machine."""
    blocked = ctx.blocked(machine.id)
    work = ctx.operations_on(machine.id)
    for b, into in setup_arcs.items():
        occupation = ctx.occupation(*work[b - 1])
        by_length: dict[int, list[Any]] = {}
        for literal, length in into:
            by_length.setdefault(length, []).append(literal)
        for length, literals in by_length.items():
            begin = occupation.from_ - length
            for literal in literals:
                ctx.forbid(begin, [(d.start - length + 1, d.end - 1) for d in blocked], literal)


RULE = Rule("setups", applies, violations, post)
