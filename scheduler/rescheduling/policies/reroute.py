"""Reroute: what the events hit may go elsewhere, all else keeps its order."""

from __future__ import annotations

from scheduler.cpsat.part import improve_part
from scheduler.domain import OperationKey
from scheduler.domain.happened import execution_of, started
from scheduler.rescheduling.case import SHORTEST, Case
from scheduler.rescheduling.policies.reoptimise import search
from scheduler.rescheduling.safety_net import offer_shift

FIRST = 8
"""Affected operations that are free at first; twice as many each time."""
SHARE = 0.5
"""Most of the time left that one step may take."""


def reroute(case: Case) -> None:
    """Let affected operations take another machine, cell, vehicle or facility; all else keeps its order.

    Affected is what the right shift delays: what the events hit, and what follows from it. The earliest are free at
    first, then ever more of them (affected operations rescheduling with alternative routes: Abumaizar & Svestka,
    Int. J. Production Research 35, 1997). Where even the orders that stay have no schedule: reoptimise.
    """
    offer_shift(case)
    reroute_affected(case, case.left)
    if case.best is None:
        search(case)


def reroute_affected(case: Case, seconds: float) -> None:
    """Free ever more of the affected operations, for so many seconds at the most."""
    base, ends_with = case.shift.placed, case.left - seconds
    affected = affected_operations(case)
    if base is None or not affected or case.left < SHORTEST:
        return
    number = FIRST
    while case.left - ends_with > SHORTEST:
        free = affected[:number]
        found = improve_part(
            case.instance,
            case.objective,
            base if case.best is None else case.best.schedule,
            free,
            is_start=case.best is not None,
            time_limit=(case.left - ends_with) * (1.0 if len(free) == len(affected) else SHARE),
            workers=case.workers,
            seed=case.seed,
            stop=case.stop,
        )
        if found is not None:
            case.offer(found, "reroute")
        if len(free) == len(affected):
            return
        number *= 2


def affected_operations(case: Case) -> list[OperationKey]:
    """Return the operations that are new or that the right shift delays or lengthens, in the order of its starts."""
    placed, execution = case.shift.placed, execution_of(case.instance)
    if placed is None:
        return []
    before, begun = execution.baseline.by_operation, started(case.instance)
    fixed = {pin.key for pin in execution.pins}.union(begun)
    found = []
    for operation in sorted(placed.operations, key=lambda o: (o.start, o.end, o.key)):
        was = before.get(operation.key)
        place = (operation.machine, operation.start, operation.end)
        if operation.key not in fixed and (was is None or (was.machine, was.start, was.end) != place):
            found.append(operation.key)
    return found
