"""What a repair asks of what it is given."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace

from scheduler.constraints import Violation, buffers, capacity
from scheduler.domain import Instance, Job, Schedule, ScheduledOperation
from scheduler.domain.events import Event, OperationStatus, QuantityChange, Rework, RushOrder, same
from scheduler.domain.happened import execution_of
from scheduler.errors import Defect, EventError, ScheduleError
from scheduler.rescheduling.concessions import intolerable
from scheduler.rescheduling.policies import POLICIES

MOST_ALLOWANCE = 10.0
"""Largest share of the value that stability may be allowed to cost."""
MOST_TAX = 1000.0
"""Most ticks by which all jobs may end later for a tick of start deviation less."""


def require_usable(
    policy: str,
    events: Sequence[Event],
    allowance: float | None,
    tax: float | None,
    time_limit: float,
    workers: int | None,
) -> None:
    """Let only arguments pass that a repair can work with.

    Raises
    ------
    ValueError
        If there is no event, the policy is unknown, the allowance is negative or above `MOST_ALLOWANCE`, the tax or
        above `MOST_TAX`, there are both, or the time limit or number of workers is not positive.
    """
    if policy not in POLICIES:
        raise ValueError(f"unknown policy {policy!r}; known policies: {', '.join(POLICIES)}")
    if not events:
        raise ValueError("there is no event to repair for")
    if allowance is not None and not 0 <= allowance <= MOST_ALLOWANCE:
        raise ValueError(f"allowance must be a share from 0 to {MOST_ALLOWANCE:g}, got {allowance}")
    if tax is not None and not 0 <= tax <= MOST_TAX:
        raise ValueError(f"tax must be a number of ticks from 0 to {MOST_TAX:g}, got {tax}")
    if allowance is not None and tax is not None:
        raise ValueError("an allowance and a tax are two answers to one question; give one of them")
    if time_limit <= 0:
        raise ValueError(f"time_limit must be positive, got {time_limit}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")


def distinct(events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events, each once.

    Raises
    ------
    EventError
        If two different ones have the same id.
    """
    found: dict[str, Event] = {}
    for event in events:
        if not same(found.setdefault(event.id, event), event):
            defect = event.defect("E604", "id", f"two events have the id {event.id}", "give each its own")
            raise EventError("events", (defect,))
    return tuple(found.values())


def require_right(
    instance: Instance,
    schedule: Schedule,
    known: Sequence[Violation] = (),
    fix: str = "repair a schedule that `scheduler check` passes",
) -> None:
    """Let only a schedule pass that breaks nothing, but for limits that it is `known` to break and that may be broken.

    Raises
    ------
    ScheduleError
        With everything else that it breaks.
    """
    found, _ = intolerable(instance, schedule, known)
    if found:
        defects = (Defect("E606", violation.where, f"{violation.rule}: {violation.detail}", fix) for violation in found)
        raise ScheduleError(instance.name, tuple(defects))


def require_valid_orders(instance: Instance, events: Sequence[Event]) -> None:
    """Validate each job that is new, got operations or another size, as if it stood in an instance file.

    Raises
    ------
    EventError
        With every defect.
    """
    orders: list[tuple[Event, Job, int]] = []  # with the number of the first operation that is new
    for event in events:
        if isinstance(event, RushOrder):
            orders.append((event, event.job, 0))
        elif isinstance(event, (Rework, QuantityChange)) and event.job in instance.job_by_id:
            job = instance.job_by_id[event.job]
            new = len(event.route) if isinstance(event, Rework) else 0
            orders.append((event, job, len(job.operations) - new))
    if not orders:
        return
    # Here, not above: the file models take their time to load.
    from scheduler.io.validate import defects

    found = [
        event.defect(defect.code, defect.where.replace("$.jobs[0]", "job", 1), defect.cause, defect.fix)
        for event, job, new in orders
        for defect in defects(replace(instance, jobs=(job,), execution=None))
        if defect.code != "E312" or _number_of(defect) >= new  # earlier events may have made modes alike
    ]
    if found:
        raise EventError("events", tuple(found))


def require_possible_past(instance: Instance, before: Schedule, events: Sequence[Event]) -> None:
    """Let only reports and rework pass with which there was room for every part where it has been.

    Where machines have no buffers, or counted ones, a part that goes on later than it was to has kept others out for
    longer, and one that was done and had nowhere to go is no longer there once another has taken its place.

    Parameters
    ----------
    instance
        The revised instance.
    before
        The schedule in force, without what the events correct.
    events
        The events.

    Raises
    ------
    EventError
        With every machine or buffer that would have had too many parts.
    """
    told = [event for event in events if isinstance(event, (OperationStatus, Rework))]
    if not told:
        return
    now = execution_of(instance).now
    is_ample = all((machine.input_buffer, machine.output_buffer) == (None, None) for machine in instance.machines)
    routes = [
        ScheduledOperation(event.job, o.id, 0, o.modes[0].machine, now, now)
        for event in told
        if isinstance(event, Rework)
        for o in event.route
    ]

    def crowded(schedule: Schedule, new: Sequence[ScheduledOperation]) -> dict[tuple[str, str], Violation]:
        known = (o for o in schedule.operations if o.key in instance.operation_by_key)
        # What is pending begins now at the earliest: its part has stayed where it was, out of everyone's way if there
        # is room beside each machine.
        known = (o for o in known if not is_ample or o.start < now)
        operations = (*(o if o.start < now else replace(o, start=now, end=now) for o in known), *new)
        past = Schedule(operations, tuple(m for m in schedule.moves if m.start < now))
        found = (*capacity.violations(instance, past), *buffers.violations(instance, past))
        return {(violation.where, violation.detail): violation for violation in found}

    # A part that is done again has been there since it was brought, in everyone's way if there is no buffer before it.
    execution = execution_of(instance)
    lost = {(piece.key, piece.start) for piece in execution.aborted}
    stays = {machine.id for machine in instance.machines if machine.input_buffer == 0}
    brought = {(move.job, move.successor, move.destination) for move in execution.moves}
    operations = (
        replace(o, end=max(o.end, now))
        if o.machine in stays and (o.key, o.start) in lost and (*o.key, o.machine) in brought
        else o
        for o in execution.baseline.operations
    )
    found = crowded(replace(execution.baseline, operations=tuple(operations)), routes)
    known = crowded(before, ()) if found else {}
    if new := [violation for key, violation in found.items() if key not in known]:
        fix = "say first what became of the other operation"
        defects = (event.defect("E602", "operation", f"{v.where}: {v.detail}", fix) for event in told for v in new)
        raise EventError("events", tuple(defects))


def _number_of(defect: Defect) -> int:
    """Return the number of the operation that a defect is about; later than all if it is about the job."""
    found = re.match(r"\$\.jobs\[0\]\.operations\[(\d+)\]", defect.where)
    return int(found[1]) if found is not None else sys.maxsize
