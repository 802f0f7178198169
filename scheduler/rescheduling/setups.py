"""Setups in the network of a draft: before each stay on a machine whose family is not that of the stay before."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.domain import Instance, Machine, ScheduledOperation
from scheduler.domain.happened import execution_of
from scheduler.rescheduling.timing import Blocked, Reason, Stuck, Timing, Use


def add_setups(
    instance: Instance,
    timing: Timing,
    machine: Machine,
    stays: Sequence[tuple[ScheduledOperation, Use]],
    blocked: Blocked,
) -> None:
    """Put a setup before each stay of another family: one under way begins as planned or later, others from `now` on.

    Parameters
    ----------
    stays
        The operations on the machine and their occupation, in order.
    blocked
        The downtimes of the machine.
    """
    matrix = machine.setups
    if matrix is None:
        return
    execution = execution_of(instance)
    planned: dict[tuple[str, str, str | None, str | None], int] = {
        (s.job, s.operation, s.from_family, s.to_family): s.start
        for s in execution.baseline.setups
        if s.machine == machine.id
    }
    family, before, reason = matrix.initial, None, Reason("machine", machine.id)
    for operation, use in stays:
        needed = instance.mode(operation.key, operation.mode).setup_family
        length = matrix.time(family, needed)
        if length > 0:
            node, _, _ = use.begin
            if before is not None:
                timing.follow(before, use, reason, length)
                if (node, "start", 0) in before.untils:
                    raise Stuck(f"{timing.label(node)} needs a setup, but its part stays there from before")
            begun = planned.get((operation.job, operation.operation, family, needed), execution.now)
            earliest = min(begun, execution.now) + length
            offset = timing.instant(use.begin) - timing.starts[node]
            if timing.starts[node] >= execution.now:
                timing.not_before(node, earliest - offset)
            timing.keep_free(node, blocked, offset - length, length)
        family, before = needed, use
