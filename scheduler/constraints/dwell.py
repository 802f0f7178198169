"""Dwell: a part is worked on as soon as it is put down, and leaves soon enough afterwards.

For an operation *o* whose mode has a ``max_dwell`` (a bath of a hoist line, a furnace), and every loaded move *k* that
takes a part of it from its machine::

    start(k) - end(o) <= max_dwell

The same holds with ``start(successor)`` for ``start(k)`` where the part needs no move, because its next operation is
on the same machine or because it blocks a machine outside cells. A part that another machine took over for work that
was lost has left when that work began for the first time. On a machine without input buffer the part is in the bath
from the moment it is put down, so that work begins then::

    start(o) = end(m),   m the last of the moves that bring its part or parts

unless *m* had ended by ``Execution.now``. So the time in the bath is in ``[p(o), p(o) + max_dwell]``, the soaking
window of the hoist scheduling problem (Phillips & Unger 1976, AIIE Transactions 8, "Mathematical programming solution
of a hoist scheduling program").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scheduler.constraints.facts import consecutive, describe, mode_of, name, past_moves, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Machine, Move, OperationKey, Schedule
from scheduler.domain.happened import taken_over
from scheduler.domain.routing import Leg, route, routes

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.links import LinkVars, OptionVars


def applies(instance: Instance) -> bool:
    """Return whether any mode has a maximum dwell."""
    return any(m.max_dwell is not None for o in instance.operation_by_key.values() for m in o.modes)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    limits = {o.key: m.max_dwell for o in schedule.operations if (m := mode_of(instance, o)) is not None}
    if all(limit is None for limit in limits.values()):
        return
    into: dict[OperationKey, list[Move]] = {}
    out_of: dict[tuple[OperationKey, str | None], Move] = {}
    for move in sorted((m for m in schedule.moves if m.job is not None), key=lambda m: (m.start, m.end)):
        if move.job is not None and move.successor is not None:
            into.setdefault((move.job, move.successor), []).append(move)
        if move.job is not None and move.predecessor is not None:
            out_of.setdefault(((move.job, move.predecessor), move.successor), move)
    ends = {o.key: o.end for o in schedule.operations}
    over = taken_over(instance)
    for (key, successor), move in out_of.items():
        limit = limits.get(key)
        if limit is None or not _waits(instance, schedule.by_operation[key].machine, move):
            continue
        if successor is not None and (key, (key[0], successor)) in over:
            continue
        dwell = move.start - ends[key]
        if dwell > limit:
            detail = f"{describe(move)}: stays {dwell} after its end at {ends[key]}, {limit} are allowed"
            yield Violation("dwell", place(schedule.by_operation[key]), detail, dwell - limit)
    for before, after in consecutive(instance, schedule):
        machine, limit = instance.machine_by_id.get(before.machine), limits.get(before.key)
        if limit is None or machine is None:
            continue
        left_at = over.get((before.key, after.key))
        if left_at is None and (before.key, after.operation) in out_of:
            continue
        dwell = (after.start if left_at is None else left_at) - before.end
        if dwell > limit and (before.machine == after.machine or machine.output_buffer == 0):
            detail = f"stays {dwell} after its end at {before.end} until {name(after)}, {limit} are allowed"
            yield Violation("dwell", place(before), detail, dwell - limit)
    now = instance.execution.now if instance.execution is not None else 0
    past = past_moves(instance)
    for operation in schedule.operations:
        machine = instance.machine_by_id.get(operation.machine)
        if machine is None or machine.input_buffer != 0 or limits.get(operation.key) is None:
            continue
        brought = [m for m in into.get(operation.key, ()) if m.destination == machine.id]
        last = max(brought, key=lambda m: m.end, default=None)
        if last is not None and operation.start > last.end and not (last in past and last.end <= now):
            wait = operation.start - last.end
            detail = f"starts {wait} after {describe(last)} has put its part down at {last.end}"
            yield Violation("dwell", place(operation), detail, wait)


def _waits(instance: Instance, machine_id: str, first: Move) -> bool:
    """Return whether a part stays on its machine until its first move; else it is taken aside in no time."""
    machine = instance.machine_by_id.get(machine_id)
    return machine is not None and (first.origin == machine.id or machine.output_buffer == 0)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post that parts leave in time, and that work begins when they have been put down."""
    for key, operation in ctx.instance.operation_by_key.items():
        for mode, literal in zip(operation.modes, ctx.modes(key), strict=True):
            if mode.max_dwell is not None:
                machine = ctx.instance.machine_by_id[mode.machine]
                _post_leaving(ctx, key, machine, mode.max_dwell, literal)
                if machine.input_buffer == 0:
                    _post_begin(ctx, key, machine)


def _post_leaving(ctx: ModelContext, key: OperationKey, machine: Machine, limit: int, literal: Any) -> None:
    """Post the limit for the first move of each way out, and for operations that take the part over."""
    for link in ctx.links_out_of.get(key, ()):
        if link.successor is not None and (key, (key[0], link.successor)) in ctx.taken_over:
            continue
        first = _first_legs(ctx, link, machine)
        for slot in link.slots:
            for option in slot.options:
                if option.leg in first:
                    ctx.enforce(ctx.model.add(slot.start - ctx.end(key) <= limit), literal, option.literal)
    for precedence in ctx.instance.job_by_id[key[0]].precedences:
        if precedence.predecessor != key[1]:
            continue
        after = (key[0], precedence.successor)
        left_at = ctx.taken_over.get((key, after))
        if left_at is not None:
            if machine.output_buffer == 0:
                ctx.enforce(ctx.model.add(left_at - ctx.end(key) <= limit), literal)
            continue
        for mode, chosen in zip(ctx.instance.operation_by_key[after].modes, ctx.modes(after), strict=True):
            legs = route(ctx.instance, machine, ctx.instance.machine_by_id[mode.machine])
            if legs == () and (mode.machine == machine.id or machine.output_buffer == 0):
                ctx.enforce(ctx.model.add(ctx.start(after) - ctx.end(key) <= limit), literal, chosen)


def _first_legs(ctx: ModelContext, link: LinkVars, machine: Machine) -> set[Leg]:
    """Return the legs on which a part can leave the machine; without any, it is taken aside in no time."""
    if link.successor is None:
        ends: list[Machine | None] = [None]
    else:
        successor = ctx.instance.operation_by_key[link.job.id, link.successor]
        ends = [ctx.instance.machine_by_id[mode.machine] for mode in successor.modes]
    first = {legs[0] for end in ends for legs in routes(ctx.instance, machine, end) if legs}
    return {leg for leg in first if leg.origin == machine.id or machine.output_buffer == 0}


def _post_begin(ctx: ModelContext, key: OperationKey, machine: Machine) -> None:
    """Post that the operation begins when the last of its parts has been put down on the machine."""
    now = ctx.instance.execution.now if ctx.instance.execution is not None else 0
    links = ctx.links_into.get(key, ())
    options = [o for link in links for slot in link.slots for o in slot.options if o.leg.destination == machine.id]
    pending = [o for o in options if o.fixed is None or o.fixed.end > now]
    if len(links) == 1:
        for option in pending:
            ctx.enforce(ctx.model.add(ctx.start(key) <= option.end), option.literal)
        return
    lasts = []
    for option in pending:
        last = ctx.new_bool(
            f"last[{option.link.name}:{option.leg.origin}>{machine.id}@{option.mover}]",
            lambda view, option=option: _is_last(view.move(option.key), option, view.start(key, 0)),
        )
        ctx.model.add_implication(last, option.literal)
        ctx.model.add(ctx.start(key) <= option.end).only_enforce_if(last)
        lasts.append(last)
    for option in pending:
        ctx.enforce(ctx.model.add_bool_or(lasts), option.literal)


def _is_last(move: Move | None, option: OptionVars, start: int) -> bool:
    """Return whether the move is this option and ends when the operation starts."""
    if move is None or move.end != start:
        return False
    return (move.mover, move.origin, move.destination) == (option.mover, option.leg.origin, option.leg.destination)


RULE = Rule("dwell", applies, violations, post)
