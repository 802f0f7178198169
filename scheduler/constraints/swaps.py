"""Swaps: where they are ruled out, a part takes a machine only after the one before has left.

Let operation *y* take a machine without ``swap`` at instant *t*, directly after *x* of another part, which leaves then:
``until(x) = t = from(y)``. If the part of *x* has no output buffer there and *passes on*, to the next operation *s* on
another machine in the same instant::

    from(s) = t     without a move, or put down on a machine without input buffer by moves that take no time

then *y* *waits for s*: only when *s* has taken its machine is that of *y* free. Parts that wait for each other in a
circle can only move all at once (a swap), which no order of single hand-overs brings about. The rule::

    no operation waits, directly or through others, for itself

Machines without ``swap`` have capacity 1. Occupations of length 0 take no place. (Mascis & Pacciarelli 2002, European
Journal of Operational Research 143: blocking with and without swap.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from scheduler.constraints.facts import Stay, consecutive, gone_at, occupations, place, put_down_at, ways_of
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Machine, OperationKey, Schedule
from scheduler.domain.routing import route

if TYPE_CHECKING:
    from scheduler.cpsat.context import Expr, ModelContext
    from scheduler.cpsat.occupations import OccupationVars


def applies(instance: Instance) -> bool:
    """Return whether parts may not be swapped on any machine that they block."""
    return any(not machine.swap and machine.output_buffer == 0 for machine in instance.machines)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    for stays in circles(instance, schedule):
        names = ", ".join(place(stay.operation) for stay in stays)
        detail = f"the parts can take their machines at {stays[0].begin} only by swapping: {names}"
        yield Violation("swaps", place(stays[0].operation), detail, 1)


def circles(instance: Instance, schedule: Schedule) -> Iterator[list[Stay]]:
    """Yield the stays of a circle for every set of operations that wait for one another."""
    if not applies(instance):
        return
    held = occupations(instance, schedule)
    waits_for = _waits(instance, schedule, held)
    stay_of = {stay.operation.key: stay for stays in held.values() for stay in stays}
    for circle in _circles(waits_for):
        yield [stay_of[key] for key in circle]


def _waits(
    instance: Instance, schedule: Schedule, held: Mapping[str, list[Stay]]
) -> dict[OperationKey, list[OperationKey]]:
    """Return, by operation, the operations that have to take their machines before it, in the same instant."""
    begins = {stay.operation.key: stay.begin for stays in held.values() for stay in stays}
    ways, gone = ways_of(schedule), gone_at(instance, schedule)
    passes: dict[OperationKey, list[OperationKey]] = {}
    for before, after in consecutive(instance, schedule):
        moves = ways.get((before.job, before.operation, after.operation), [])
        machine = instance.machine_by_id.get(after.machine)
        is_put_down = machine is not None and machine.input_buffer == 0
        origin = instance.machine_by_id.get(before.machine)
        is_gone = (before.job, before.operation, after.operation) in gone
        if origin is None or origin.output_buffer != 0 or after.machine == before.machine or is_gone:
            continue  # it leaves for its buffer, stays, or has left long ago
        if not moves or (is_put_down and put_down_at(instance, after.machine, moves) is not None):
            passes.setdefault(before.key, []).append(after.key)
    found: dict[OperationKey, list[OperationKey]] = {}
    for machine_id, stays in held.items():
        if instance.machine_by_id[machine_id].swap:
            continue
        for x, y in pairwise(stay for stay in stays if stay.begin < stay.until):
            if x.until == y.begin:
                nexts = passes.get(x.operation.key, ())
                found[y.operation.key] = [key for key in nexts if begins.get(key) == x.until]
    return found


def _circles(waits_for: Mapping[OperationKey, Iterable[OperationKey]]) -> Iterator[list[OperationKey]]:
    """Yield a circle for every set of operations that wait for one another (depth first)."""
    done: set[OperationKey] = set()
    for root in waits_for:
        path: list[OperationKey] = []
        stack = [(root, 0)]
        while stack:
            key, depth = stack.pop()
            done.update(path[depth:])
            del path[depth:]
            if key in path:
                yield path[path.index(key) :]
            elif key not in done:
                path.append(key)
                stack.extend((other, depth + 1) for other in waits_for.get(key, ()))
        done.update(path)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Give the hand-overs of one instant an order: a part leaves a machine in an earlier place than the next takes it.

    Instants are refined to ``steps * t + place`` with ``0 <= place < steps``; a circle has at most one place for each
    machine. Refined stays, which include the place in which a part leaves, don't overlap.
    """
    machines = [machine for machine in ctx.instance.machines if not machine.swap and machine.output_buffer == 0]
    steps = len(machines) + 1
    taken: dict[tuple[OperationKey, int], Expr] = {}
    for machine in machines:
        for item in ctx.operations_on(machine.id):
            taken[item] = _taken(ctx, ctx.occupation(*item), steps, taken)
    for machine in machines:
        stays = []
        for key, mode in ctx.operations_on(machine.id):
            occupation = ctx.occupation(key, mode)
            left = _left(ctx, machine, occupation, steps, taken)
            stays.append(_refined_stay(ctx, occupation, steps, taken[key, mode], left))
        ctx.model.add_no_overlap(stays)


def _taken(
    ctx: ModelContext, occupation: OccupationVars, steps: int, taken: Mapping[tuple[OperationKey, int], Expr]
) -> Expr:
    """Return the refined instant at which the operation's part takes the machine; modes share it where they can."""
    key = occupation.key
    if not occupation.is_loaded:
        for number in range(len(ctx.modes(key))):
            if (key, number) in taken and not ctx.occupation(key, number).is_loaded:
                return taken[key, number]
    name, latest = f"taken[{key[0]}.{key[1]}:{occupation.mode}]", steps * (ctx.horizon + 1)
    is_loaded = occupation.is_loaded
    # In a mode in which it is not brought before it starts, whatever it is in the mode that is chosen.
    instant = ctx.new_int(
        0,
        latest,
        name,
        lambda view: steps * (view.from_(key) if is_loaded else view.start(key, 0)) + view.taking_place(key),
    )
    there = occupation.literal if occupation.is_loaded else ctx.present(key)
    ctx.enforce(ctx.model.add(instant >= steps * occupation.from_), there)
    ctx.enforce(ctx.model.add(instant <= steps * occupation.from_ + steps - 1), there)
    return instant


def _left(
    ctx: ModelContext,
    machine: Machine,
    occupation: OccupationVars,
    steps: int,
    taken: Mapping[tuple[OperationKey, int], Expr],
) -> Expr:
    """Return the refined instant at which the part leaves: not before it takes the next machine, if that is at once."""
    key = occupation.key
    if occupation.taker is None and not occupation.is_held:
        return steps * occupation.until
    if occupation.taker is not None:
        modes = ctx.instance.operation_by_key[occupation.taker].modes
        nexts = [taken.get((occupation.taker, number)) for number in range(len(modes))]
        stays = any(mode.machine == machine.id for mode in modes)
        if not stays and nexts[0] is not None and all(other is nexts[0] for other in nexts):
            return nexts[0]
    name, latest = f"left[{key[0]}.{key[1]}:{occupation.mode}]", steps * (ctx.horizon + 1)
    instant = ctx.new_int(0, latest, name, lambda view: steps * view.until(key) + view.leaving_place(key))
    ctx.enforce(ctx.model.add(instant >= steps * occupation.until), occupation.literal)
    ctx.enforce(ctx.model.add(instant <= steps * occupation.until + steps - 1), occupation.literal)
    for precedence in ctx.instance.job_by_id[key[0]].precedences:
        successor = (key[0], precedence.successor)
        if precedence.predecessor != key[1] or (key, successor) in ctx.taken_over:
            continue
        for number, literal in enumerate(ctx.modes(successor)):
            other = ctx.instance.machine_by_id[ctx.instance.mode(successor, number).machine]
            legs = route(ctx.instance, machine, other)
            if (successor, number) not in taken or legs is None or other is machine:
                continue
            if legs == ():
                ctx.enforce(ctx.model.add(instant >= taken[successor, number]), occupation.literal, literal)
            elif other.input_buffer == 0:
                # Free where the moves take time: then `from` is greater than `until`.
                gap = ctx.occupation(successor, number).from_ - occupation.until
                refined = instant - taken[successor, number] + 2 * steps * gap
                ctx.enforce(ctx.model.add(refined >= 0), occupation.literal, literal)
    return instant


def _refined_stay(ctx: ModelContext, occupation: OccupationVars, steps: int, taken: Expr, left: Expr) -> Any:
    """Return the refined interval of a stay; one of no length takes no place."""
    key, literal = occupation.key, occupation.literal
    duration = ctx.lengths.least(key, occupation.mode)
    name = f"stay[{key[0]}.{key[1]}:{occupation.mode}]"
    if duration == 0:
        stays = ctx.new_bool(
            f"there.{name}",
            lambda view: view.mode(key) == occupation.mode and view.from_(key) < view.until(key),
        )
        ctx.enforce(ctx.model.add(occupation.until <= occupation.from_), literal, stays.negated())
        literal = stays
    size = ctx.new_int(
        max(1, steps * (duration - 1) + 2),
        steps * (ctx.horizon + 1),
        f"size.{name}",
        lambda view: steps * (view.until(key) - view.from_(key)) + view.leaving_place(key) - view.taking_place(key) + 1,
    )
    return ctx.model.new_optional_interval_var(taken, size, left + 1, literal, name)


RULE = Rule("swaps", applies, violations, post)
