"""Modes: each operation runs in one of its modes, on the machine of the mode, for its duration.

With ``p(o)`` the duration of the scheduled mode and *m* its machine::

    interruptible:   working time of m in [start(o), end(o)) = p(o)
    otherwise:       end(o) - start(o) = p(o)

(The `calendars` rule keeps the latter out of downtimes, so that their working time is ``p(o)`` too.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scheduler.constraints.facts import Clock, mode_of, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return True: every operation has modes."""
    return True


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    clocks = {machine.id: Clock(machine.calendar) for machine in instance.machines}
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
        length = operation.end - operation.start
        words = "lasts"
        if known.interruptible and operation.machine in clocks and length > 0:
            length = clocks[operation.machine].working(operation.start, operation.end)
            words = "works"
        if length != mode.duration:
            detail = f"{words} {length} in [{operation.start}, {operation.end}), needs {mode.duration}"
            yield Violation("modes", place(operation), detail, abs(length - mode.duration))


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Choose exactly one mode of each present operation; its interval ties start, length and end.

    Modes in which the job can't be done in time have no interval: they are not chosen.
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


RULE = Rule("modes", applies, violations, post)
