"""Modes: each operation runs in one of its modes, on the machine of the mode, for its duration.

With ``p(o)`` the duration of the scheduled mode and *m* its machine::

    interruptible:   working time of m in [start(o), end(o)) = p(o)
    otherwise:       end(o) - start(o) = p(o)

(The `calendars` rule keeps the latter out of downtimes, so that their working time is ``p(o)`` too.)

Where *m* has ``slowdowns``, a tick *t* is worth ``v(t)``, the product of ``speed / 100`` over those that hold in it
(``start <= t < min(until, end)``), and 0 in a downtime if the operation is interruptible. Then the operation ends with
the first tick after which its work is done::

    v(start(o)) + ... + v(end(o) - 1) >= p(o) > v(start(o)) + ... + v(end(o) - 2)

and what had ended by `now` is not asked: reports say how long it took.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

from scheduler.constraints.facts import Clock, mode_of, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Downtime, Instance, Machine, OperationKey, Schedule, ScheduledOperation

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return True: every operation has modes."""
    return True


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    clocks = {machine.id: Clock(machine.calendar) for machine in instance.machines}
    slow = {machine.id: machine for machine in instance.machines if machine.slowdowns}
    now = instance.execution.now if instance.execution is not None else 0
    for operation in schedule.operations:
        if operation.machine not in clocks:
            yield Violation("modes", place(operation), f"the instance has no machine {operation.machine!r}", 1)
        known = instance.operation_by_key.get(operation.key)
        if known is None:
            continue  # the rule `plans` says so
        mode = mode_of(instance, operation)
        if mode is None:
            detail = f"has no mode {operation.mode}, only 0 to {len(known.modes) - 1}"
            yield Violation("modes", place(operation), detail, 1)
            continue
        if operation.machine != mode.machine:
            yield Violation("modes", place(operation), f"mode {operation.mode} runs on {mode.machine}", 1)
        if operation.machine in slow and operation.machine == mode.machine and mode.duration > 0:
            if operation.end > now:
                clock = clocks[operation.machine] if known.interruptible else None
                yield from _slow(slow[operation.machine], clock, operation, mode.duration)
            continue
        length = operation.end - operation.start
        words = "lasts"
        if known.interruptible and operation.machine in clocks and length > 0:
            length = clocks[operation.machine].working(operation.start, operation.end)
            words = "works"
        if length != mode.duration:
            detail = f"{words} {length} in [{operation.start}, {operation.end}), needs {mode.duration}"
            yield Violation("modes", place(operation), detail, abs(length - mode.duration))


def _slow(machine: Machine, clock: Clock | None, operation: ScheduledOperation, duration: int) -> Iterator[Violation]:
    """Yield that an operation does not end when its work on a machine with slowdowns is done."""
    start, end = operation.start, operation.end
    done = _work(machine, clock, start, end)
    excess = ceil(duration - done) if done < duration else floor(_work(machine, clock, start, end - 1) - duration) + 1
    if excess > 0:
        detail = f"does work of {done} in [{start}, {end}), needs {duration}"
        yield Violation("modes", place(operation), detail, excess)


def _work(machine: Machine, clock: Clock | None, start: int, end: int) -> Fraction:
    """Return the work that a machine does in ``[start, end)``, pauses in its downtimes if there is a clock."""
    changes = {t for s in machine.slowdowns for t in (s.start, s.until, s.end) if t is not None and start < t < end}
    total = Fraction(0)
    for begin, until in pairwise(sorted({start, end, *changes})):
        speed = Fraction(1)
        for slowdown in machine.slowdowns:
            over = [tick for tick in (slowdown.until, slowdown.end) if tick is not None]
            if slowdown.start <= begin and all(begin < tick for tick in over):
                speed *= Fraction(slowdown.speed, 100)
        total += speed * (until - begin if clock is None else clock.working(begin, until))
    return total


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Choose exactly one mode of each present operation; its interval ties start, length and end.

    Modes in which the job can't be done in time have no interval: they are not chosen. On a machine with slowdowns the
    length follows from the start.
    """
    for key, operation in ctx.instance.operation_by_key.items():
        literals = ctx.modes(key)
        if len(literals) > 1:
            if ctx.present(key) is ctx.true:
                ctx.model.add_exactly_one(literals)
            else:
                ctx.model.add(sum(literals) == ctx.present(key))
        for number in range(len(operation.modes)):
            if (key, number) in ctx.impossible:
                ctx.model.add(literals[number] == 0)
            else:
                ctx.interval(key, number)
                if ctx.lengths.follows_tempo(key, number):
                    _post_tempo(ctx, key, number)


class _Piece(NamedTuple):
    """A window ``[start, end)`` in which a tick is worth so many units, and the units before it."""

    start: int
    end: int
    worth: int
    before: int


def _post_tempo(ctx: ModelContext, key: OperationKey, number: int) -> None:
    """Post the end of an operation on a machine with slowdowns, by the pieces of time of its first and last tick."""
    operation, chosen = ctx.instance.operation_by_key[key], ctx.modes(key)[number]
    mode = operation.modes[number]
    machine = ctx.instance.machine_by_id[mode.machine]
    blocked = ctx.blocked(machine.id) if operation.interruptible else ()
    pieces = _pieces(machine, blocked, ctx.full_horizon)
    units = mode.duration * machine.tempo.usual
    start, end = ctx.start(key), ctx.end(key)
    cases = []
    for first, begins in enumerate(pieces):
        for ends in pieces[first:]:
            if ends.before - begins.before - begins.worth * (begins.end - 1 - begins.start) >= units:
                break
            if ends.before + ends.worth * (ends.end - ends.start) - begins.before < units:
                continue
            case = ctx.new_bool(
                f"tempo[{key[0]}.{key[1]}@{machine.id}:{begins.start}-{ends.start}]",
                lambda view, begins=begins, ends=ends: (
                    view.mode(key) == number
                    and begins.start <= view.start(key, 0) < begins.end
                    and ends.start < view.end(key, 0) <= ends.end
                ),
            )
            ctx.restrict(start, [(begins.start, begins.end - 1)], case)
            ctx.restrict(end, [(ends.start + 1, ends.end)], case)
            offset = units + (begins.before - begins.worth * begins.start) - (ends.before - ends.worth * ends.start)
            if begins.worth == ends.worth:
                elapsed = -(-offset // ends.worth)
                ctx.model.add(end == start + elapsed).only_enforce_if(case)
            else:
                done = ends.worth * end - begins.worth * start
                ctx.model.add(done >= offset).only_enforce_if(case)
                ctx.model.add(done <= offset + ends.worth - 1).only_enforce_if(case)
            cases.append(case)
    ctx.model.add(sum(cases) == chosen)


def _pieces(machine: Machine, blocked: tuple[Downtime, ...], until: int) -> list[_Piece]:
    """Return the time in which a machine works, cut wherever its speed changes or it pauses."""
    found: list[_Piece] = []
    before = 0
    for stretch in machine.tempo.pieces(0):
        begin, end = stretch.start, until if stretch.end is None else min(stretch.end, until)
        for downtime in (*(d for d in blocked if begin < d.end and d.start < end), Downtime(end, end)):
            if begin < downtime.start:
                found.append(_Piece(begin, downtime.start, stretch.worth, before))
                before += stretch.worth * (downtime.start - begin)
            begin = max(begin, downtime.end)
    return found


RULE = Rule("modes", applies, violations, post)
