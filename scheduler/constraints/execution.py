"""Execution: what has started before ``now`` stays, what has not starts at ``now`` or later.

For every operation *o* of the baseline with ``start(o) < now`` that is in the instance and whose piece from
``start(o)`` on is not aborted::

    mode, start and tending robot as in the baseline; end too if end(o) <= now in the baseline

Every other operation starts at ``now`` or later. The moves of `Execution.moves` are in the schedule exactly as they
are there; every other loaded move starts at ``now`` or later. So it is with charges and `Execution.charges`. A pin is
scheduled in its mode, at its start.

Nothing new is done in the past either. A setup with ``start < now <= end`` is one that the baseline has for the same
machine, operation and families, begun there no later. An empty move of a robot or vehicle that starts before ``now``
and leads to something at ``now`` or later is likewise one of the baseline: same mover and places, begun no later, and
after the mover's last pick-up or charge before ``now``. So a pending operation *b* that follows a past one on its
machine has ``from(b) - s >= now``, unless that setup was under way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scheduler.constraints.facts import describe, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Execution, Fleet, Instance, OperationKey, RobotCell, Schedule, ScheduledOperation

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether something has happened."""
    return instance.execution is not None


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    execution = instance.execution
    if execution is None:
        return
    kept = _started(instance, execution)
    for operation in kept.values():
        now = schedule.by_operation.get(operation.key)
        if now is not operation:
            yield from _kept(execution, operation, now)
    for operation in schedule.operations:
        if operation.key not in kept and operation.start < execution.now:
            yield _too_early(place(operation), f"starts at {operation.start}", operation.start, execution.now)
    for pin in execution.pins:
        yield from _pinned(pin, schedule.by_operation.get(pin.key))
    yield from _moves(execution, schedule)
    yield from _charges(execution, schedule)
    yield from _setups(execution, schedule)
    yield from _empty_moves(instance, execution, schedule)


def _started(instance: Instance, execution: Execution) -> dict[OperationKey, ScheduledOperation]:
    """Return the operations of the baseline that have started and stay."""
    aborted = {(*piece.key, piece.start) for piece in execution.aborted}
    return {
        o.key: o
        for o in execution.baseline.operations
        if o.start < execution.now and o.key in instance.operation_by_key and (*o.key, o.start) not in aborted
    }


def _kept(execution: Execution, was: ScheduledOperation, now: ScheduledOperation | None) -> Iterator[Violation]:
    where = place(was)
    if now is None:
        yield Violation("execution", where, f"started at {was.start}, but is not scheduled", 1)
        return
    if (now.mode, now.machine) != (was.mode, was.machine):
        detail = f"started in mode {was.mode}, is now in mode {now.mode} on {now.machine}"
        yield Violation("execution", where, detail, 1)
    if now.tended_by != was.tended_by:
        detail = f"was tended by {was.tended_by or 'nobody'} when it started, now by {now.tended_by or 'nobody'}"
        yield Violation("execution", where, detail, 1)
    if now.start != was.start:
        detail = f"started at {was.start}, now at {now.start}"
        yield Violation("execution", where, detail, abs(now.start - was.start))
    if was.end <= execution.now and now.end != was.end:
        yield Violation("execution", where, f"ended at {was.end}, now at {now.end}", abs(now.end - was.end))


def _pinned(pin: ScheduledOperation, now: ScheduledOperation | None) -> Iterator[Violation]:
    where = place(pin)
    if now is None:
        yield Violation("execution", where, f"is pinned at {pin.start}, but not scheduled", 1)
        return
    if (now.mode, now.machine) != (pin.mode, pin.machine):
        detail = f"is pinned in mode {pin.mode}, is now in mode {now.mode} on {now.machine}"
        yield Violation("execution", where, detail, 1)
    if now.start != pin.start:
        yield Violation("execution", where, f"is pinned at {pin.start}, now at {now.start}", abs(now.start - pin.start))


def _moves(execution: Execution, schedule: Schedule) -> Iterator[Violation]:
    missing = Counter(execution.moves)
    missing.subtract(move for move in schedule.moves if move.job is not None)
    for move, count in missing.items():
        where = f"{move.job} on {move.mover}"
        if count > 0:
            detail = f"{describe(move)}, until {move.end}, has happened, but is not in the schedule"
            yield Violation("execution", where, detail, count)
        elif count < 0 and move.start < execution.now:
            yield _too_early(where, describe(move), move.start, execution.now)


def _charges(execution: Execution, schedule: Schedule) -> Iterator[Violation]:
    missing = Counter(execution.charges)
    missing.subtract(schedule.charges)
    for charge, count in missing.items():
        where = f"{charge.vehicle} at {charge.charger}"
        if count > 0:
            detail = f"the charge at {charge.start}, until {charge.end}, has happened, but is not in the schedule"
            yield Violation("execution", where, detail, count)
        elif count < 0 and charge.start < execution.now:
            yield _too_early(where, f"the charge at {charge.start}", charge.start, execution.now)


def _setups(execution: Execution, schedule: Schedule) -> Iterator[Violation]:
    begun = {(s.machine, s.job, s.operation, s.from_family, s.to_family): s.start for s in execution.baseline.setups}
    for setup in schedule.setups:
        if not setup.start < execution.now <= setup.end:
            continue
        key = (setup.machine, setup.job, setup.operation, setup.from_family, setup.to_family)
        if begun.get(key, execution.now) > setup.start:
            where = f"{setup.job}.{setup.operation} on {setup.machine}"
            words = f"setup {setup.from_family} -> {setup.to_family} at {setup.start} was not under way"
            yield _too_early(where, words, setup.start, execution.now)


def _empty_moves(instance: Instance, execution: Execution, schedule: Schedule) -> Iterator[Violation]:
    now = execution.now
    tended = [*(o for o in execution.baseline.operations if o.start < now), *execution.aborted]
    for carrier, group in instance.group_by_carrier.items():
        if isinstance(group, Fleet) and group.limited:
            continue  # the rule `parking` keeps what has begun
        kind = "robot" if isinstance(group, RobotCell) else "vehicle"
        moves = schedule.by_mover.get(carrier, ())
        last_task = max(
            (
                *(m.start for m in execution.moves if m.mover == carrier),
                *(c.start for c in execution.charges if c.vehicle == carrier),
                *(o.start for o in tended if o.tended_by == carrier),
            ),
            default=0,
        )
        begun = {
            (m.origin, m.destination): m.start
            for m in execution.baseline.by_mover.get(carrier, ())
            if m.job is None and last_task <= m.start < now
        }
        for move in moves:
            if move.job is not None or move.start >= now or move.end <= last_task:
                continue
            if begun.get((move.origin, move.destination), now) > move.start:
                words = f"{describe(move)} was not under way"
                yield _too_early(f"{kind} {carrier}", words, move.start, now)


def _too_early(where: str, words: str, start: int, now: int) -> Violation:
    return Violation("execution", where, f"{words}, but now is {now}", now - start)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Fix what has started and what is pinned; let everything else start at `now` or later."""
    execution = ctx.instance.execution
    if execution is None:
        return
    begun = {o.key: o for o in execution.baseline.operations if ctx.has_begun(o.key)}
    pinned = {pin.key: pin for pin in execution.pins}
    for key in ctx.instance.operation_by_key:
        kept = begun.get(key, pinned.get(key))
        if kept is not None:
            ctx.model.add(ctx.modes(key)[kept.mode] == 1)
            ctx.model.add(ctx.start(key) == kept.start)
        else:
            ctx.enforce(ctx.model.add(ctx.start(key) >= execution.now), ctx.present(key))
        if key in begun and begun[key].end <= execution.now:
            ctx.model.add(ctx.end(key) == begun[key].end)
    for link in ctx.links:
        for slot in link.slots:
            for option in slot.options:
                if option.fixed is None:
                    ctx.enforce(ctx.model.add(option.start >= execution.now), option.literal)


RULE = Rule("execution", applies, violations, post)
