"""Variables of what parts do at machines: from when until when they take one, when they are brought and taken away.

See docs/rules.md and docs/moves.md. What limits these times is in `scheduler.constraints.capacity` and `buffers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scheduler.cpsat.links import LinkVars, OptionVars
from scheduler.domain import CarrierGroup, Machine, OperationKey
from scheduler.domain.routing import Leg, route

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


@dataclass(frozen=True, slots=True)
class OccupationVars:
    """The time ``[from_, until)`` for which an operation in one mode takes its machine, with its interval.

    ``from_`` is the start of the operation unless moves put parts down before (``is_loaded``). ``until`` is its end
    unless the part stays (``is_held``), or the start of the operation that surely takes it over (``taker``).
    """

    key: OperationKey
    mode: int
    literal: Any
    from_: Any
    until: Any
    interval: Any
    is_loaded: bool
    is_held: bool
    taker: OperationKey | None


def occupation_variables(ctx: ModelContext, key: OperationKey, mode: int) -> OccupationVars:
    """Return the variables of one operation in one mode."""
    chosen = ctx.instance.mode(key, mode)
    machine = ctx.instance.machine_by_id[chosen.machine]
    literal = ctx.modes(key)[mode]
    name = f"{key[0]}.{key[1]}@{machine.id}"
    from_, until = ctx.start(key), ctx.end(key)
    brought = brought_at(ctx, key, mode) if machine.input_buffer == 0 else None
    taken = taken_at(ctx, key, mode) if machine.output_buffer == 0 else None
    taker = _taker(ctx, key, machine) if machine.output_buffer == 0 else None
    if brought is None and taken is None:
        return OccupationVars(key, mode, literal, from_, until, ctx.interval(key, mode), False, False, None)
    from_ = from_ if brought is None else brought
    until = until if taken is None else taken
    size = ctx.new_int(
        ctx.lengths.least(key, mode), ctx.horizon, f"occupied[{name}]", lambda view: view.until(key) - view.from_(key)
    )
    interval = ctx.new_interval(from_, size, until, literal, f"occupation[{name}]")
    is_held = taken is not None and taker is None
    return OccupationVars(key, mode, literal, from_, until, interval, brought is not None, is_held, taker)


def brought_at(ctx: ModelContext, key: OperationKey, mode: int) -> Any | None:
    """Return when the first part of the operation is put down at its machine; None if no move can lead there.

    It is the start of the operation where none does.
    """
    machine = ctx.instance.mode(key, mode).machine
    links = ctx.links_into.get(key, ())
    if not any(option.leg.destination == machine for link in links for slot in link.slots for option in slot.options):
        return None
    name = f"{key[0]}.{key[1]}@{machine}"
    first = ctx.new_int(0, ctx.horizon, f"brought[{name}]", lambda view: view.brought(key))
    arrivals = []
    for link in links:
        arrival = first
        if len(links) > 1:
            arrival = ctx.new_int(
                0,
                ctx.horizon,
                f"arrival[{link.name}@{machine}]",
                lambda view, link=link: view.arrival(link.job.id, link.predecessor, link.successor),
            )
        absent = [ctx.modes(key)[mode]]
        for slot in link.slots:
            for option in slot.options:
                if option.leg.destination == machine:
                    drop_time = _group(ctx, option).drop_time
                    ctx.enforce(ctx.model.add(arrival == slot.end - drop_time), option.literal)
                    absent.append(option.literal.negated())
        ctx.enforce(ctx.model.add(arrival == ctx.start(key)), *absent)
        arrivals.append(arrival)
    if len(arrivals) > 1:
        ctx.model.add_min_equality(first, arrivals)
    return first


def taken_at(ctx: ModelContext, key: OperationKey, mode: int) -> Any | None:
    """Return when the last part has left its machine or output buffer; None if that is the end of the operation.

    It is at least the end of work, of every pick-up, and the start of a next operation that is reached without a move,
    the first one if its work was lost.
    """
    machine = ctx.instance.machine_by_id[ctx.instance.mode(key, mode).machine]
    job = ctx.instance.job_by_id[key[0]]
    successors = [(job.id, p.successor) for p in job.precedences if p.predecessor == key[1]]
    links = ctx.links_out_of.get(key, ())
    if not successors and not links:
        return None
    taker = _taker(ctx, key, machine)
    if taker is not None:
        return ctx.start(taker)
    literal = ctx.modes(key)[mode]
    taken = ctx.new_int(0, ctx.horizon, f"taken[{key[0]}.{key[1]}@{machine.id}]", lambda view: view.taken(key))
    ctx.enforce(ctx.model.add(taken >= ctx.end(key)), literal)
    over = {after: instant for (before, after), instant in ctx.taken_over.items() if before == key}
    for instant in over.values():
        ctx.enforce(ctx.model.add(taken >= instant), literal)
    for link in links:
        if (job.id, link.successor) in over:
            continue
        for slot in link.slots:
            for option in slot.options:
                if option.leg.origin == machine.id:
                    pick_up_time = _group(ctx, option).pick_up_time
                    ctx.enforce(ctx.model.add(taken >= slot.start + pick_up_time), option.literal)
    for successor in successors:
        if successor in over:
            continue
        for number, legs in enumerate(_ways(ctx, machine, successor)):
            both = (literal, ctx.modes(successor)[number])
            if legs == ():
                ctx.enforce(ctx.model.add(taken >= ctx.start(successor)), *both)
            elif legs and legs[0].kind == "transfer":
                for loaded_at, shipped in _loadings(ctx, links, successor):
                    ctx.enforce(ctx.model.add(taken >= loaded_at), shipped, *both)
    return taken


def _group(ctx: ModelContext, option: OptionVars) -> CarrierGroup:
    """Return the cell or fleet of a robot or vehicle; vehicles that are alike go by the name of their fleet."""
    return ctx.instance.group_by_id.get(option.mover) or ctx.instance.group_by_carrier[option.mover]


def _taker(ctx: ModelContext, key: OperationKey, machine: Machine) -> OperationKey | None:
    """Return the only operation after this one, if no move can lie between them and the part has to stay for it.

    A part that was taken over for work that was lost does not stay until that is done again.
    """
    job = ctx.instance.job_by_id[key[0]]
    after = {p.successor: p for p in job.precedences if p.predecessor == key[1]}
    if job.plans or len(after) != 1:
        return None
    (successor, precedence), *_ = after.items()
    if (key, (job.id, successor)) in ctx.taken_over:
        return None
    if precedence.min_lag < 0 or any(way != () for way in _ways(ctx, machine, (job.id, successor))):
        return None
    return (job.id, successor)


def _ways(ctx: ModelContext, machine: Machine, successor: OperationKey) -> Iterator[tuple[Leg, ...] | None]:
    """Yield the legs (None: no way) from the machine to each mode of the next operation."""
    for mode in ctx.instance.operation_by_key[successor].modes:
        yield route(ctx.instance, machine, ctx.instance.machine_by_id[mode.machine])


def _loadings(ctx: ModelContext, links: tuple[LinkVars, ...], successor: OperationKey) -> Iterator[tuple[Any, Any]]:
    """Yield when the part would be loaded by a lane on its way to the next operation, and the literal of that."""
    for link in links:
        if link.successor == successor[1]:
            for slot in link.slots:
                for option in slot.options:
                    if option.leg.slot == "transfer":
                        yield slot.start + ctx.instance.lane_by_id[option.mover].pick_up_time, option.literal
