"""Calendars: when operations may run.

With ``works(m, t)`` saying whether *t* is outside all downtimes of machine *m*, for an operation with
``start(o) < end(o)``::

    not interruptible:   works(m, t) for every t in [start(o), end(o))
    interruptible:       works(m, start(o)) and works(m, end(o) - 1)

An operation of length 0 may be at any time. A part may be loaded, wait and be unloaded in a downtime.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scheduler.constraints.facts import Clock, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Downtime, Instance, OperationKey, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether any machine has downtimes."""
    return any(not machine.calendar.always_works for machine in instance.machines)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    clocks = {m.id: Clock(m.calendar) for m in instance.machines if not m.calendar.always_works}
    for operation in schedule.operations:
        known = instance.operation_by_key.get(operation.key)
        start, end = operation.start, operation.end
        if known is None or operation.machine not in clocks or start >= end:
            continue
        clock = clocks[operation.machine]
        where = place(operation)
        if not known.interruptible:
            downtime = clock.downtime(start, end)
            if downtime > 0:
                detail = f"[{start}, {end}) holds {downtime} of downtime and the operation is not interruptible"
                yield Violation("calendars", where, detail, downtime)
            continue
        if clock.downtime(start, start + 1):
            yield Violation("calendars", where, f"starts at {start}, in a downtime", 1)
        if clock.downtime(end - 1, end):
            yield Violation("calendars", where, f"ends at {end}, its last tick is in a downtime", 1)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Keep operations out of downtimes; the length of an interruptible one follows from its start.

    Where the machine has slowdowns, the rule `modes` says so, with pauses.
    """
    for key, operation in ctx.instance.operation_by_key.items():
        if ctx.lengths.lasted(key) is not None:
            continue
        for number, mode in enumerate(operation.modes):
            blocked = ctx.blocked(mode.machine)
            if not blocked or mode.duration == 0:
                continue
            if ctx.lengths.follows_tempo(key, number):
                if not operation.interruptible:
                    _post_whole(ctx, key, number)
            elif operation.interruptible:
                _post_pauses(ctx, key, number)
            else:
                windows = [(d.start - mode.duration + 1, d.end - 1) for d in blocked]
                ctx.forbid(ctx.start(key), windows, ctx.modes(key)[number])


def _post_whole(ctx: ModelContext, key: OperationKey, number: int) -> None:
    """Keep an operation out of downtimes whose length follows from its start."""
    machine = ctx.instance.mode(key, number).machine
    downtimes = [
        ctx.model.new_fixed_size_interval_var(d.start, d.end - d.start, f"down[{machine}:{d.start}]")
        for d in ctx.blocked(machine)
    ]
    ctx.model.add_no_overlap([ctx.interval(key, number), *downtimes])


def _post_pauses(ctx: ModelContext, key: OperationKey, number: int) -> None:
    """Post ``end - start`` as a step function of the start: one literal per value, with the starts that give it."""
    mode = ctx.instance.mode(key, number)
    blocked = ctx.blocked(mode.machine)
    chosen = ctx.modes(key)[number]
    cases = []
    for elapsed, windows in _elapsed(blocked, mode.duration, ctx.horizon).items():
        case = ctx.new_bool(
            f"elapsed[{key[0]}.{key[1]}@{mode.machine}={elapsed}]",
            lambda view, elapsed=elapsed: view.mode(key) == number and view.end(key, 0) - view.start(key, 0) == elapsed,
        )
        ctx.restrict(ctx.start(key), windows, case)
        ctx.model.add(ctx.end(key) == ctx.start(key) + elapsed).only_enforce_if(case)
        cases.append(case)
    ctx.model.add(sum(cases) == chosen)


def _elapsed(blocked: tuple[Downtime, ...], duration: int, until: int) -> dict[int, list[tuple[int, int]]]:
    """Return, by ``end - start``, the closed windows of starts (first tick working) that need this long."""
    found: dict[int, list[tuple[int, int]]] = {}
    gaps: list[tuple[int, int]] = []
    begin = 0
    for downtime in (*blocked, None):
        end = until if downtime is None else downtime.start
        if end > begin:
            gaps.append((begin, end))
        begin = until if downtime is None else downtime.end
    for first, (begin, end) in enumerate(gaps):
        start = begin
        for last in range(first, len(gaps)):
            # Work done before the last gap when starting at t: (end - t) + full gaps between; it must be < duration.
            between = sum(b - a for a, b in gaps[first + 1 : last])
            if last == first:
                latest = end - duration
                lost = 0
            else:
                inside = gaps[last][1] - gaps[last][0]
                latest = end + between + inside - duration
                lost = gaps[last][0] - end - between
            latest = min(latest, end - 1)
            if latest >= start:
                found.setdefault(duration + lost, []).append((start, latest))
                start = latest + 1
            if start >= end:
                break
    return found


RULE = Rule("calendars", applies, violations, post)
