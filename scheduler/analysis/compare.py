"""What a repair changed: operation by operation, before against after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from scheduler.analysis.tables import frame
from scheduler.domain.instance import Instance
from scheduler.domain.schedule import Schedule, ScheduledOperation

if TYPE_CHECKING:
    import pandas as pd

ChangeKind: TypeAlias = Literal["unchanged", "extended", "moved", "reassigned", "new", "cancelled"]
"""``extended``: same start, another end; ``moved``: same machine, another start; ``reassigned``: another machine;
``new`` and ``cancelled``: only after, only before."""


@dataclass(frozen=True, slots=True)
class Change:
    """An operation before and after; None where it is not scheduled."""

    job: str
    operation: str
    before: ScheduledOperation | None
    after: ScheduledOperation | None

    @property
    def kind(self) -> ChangeKind:
        """See `ChangeKind`."""
        if self.before is None:
            return "new"
        if self.after is None:
            return "cancelled"
        if self.before.machine != self.after.machine:
            return "reassigned"
        if self.before.start != self.after.start:
            return "moved"
        return "unchanged" if self.before.end == self.after.end else "extended"

    @property
    def shift(self) -> int | None:
        """``start after - start before``; None unless scheduled in both."""
        return None if self.before is None or self.after is None else self.after.start - self.before.start


def changes(before: Schedule, after: Schedule) -> tuple[Change, ...]:
    """Return a change for every operation of either schedule, in the order of `after`, cancelled ones last."""
    keys = dict.fromkeys((*after.by_operation, *before.by_operation))
    return tuple(
        Change(job, operation, before.by_operation.get((job, operation)), after.by_operation.get((job, operation)))
        for job, operation in keys
    )


def comparison_frame(instance: Instance, before: Schedule, after: Schedule) -> pd.DataFrame:
    """Return one row per operation of either schedule.

    Columns: job, operation, change (see `ChangeKind`), machine_before, machine_after, start_before, start_after,
    end_before, end_after, shift (``start_after - start_before``); with a time origin also the four dates.
    """
    found = changes(before, after)
    return frame(
        instance,
        {
            "job": [c.job for c in found],
            "operation": [c.operation for c in found],
            "change": [c.kind for c in found],
            "machine_before": [c.before and c.before.machine for c in found],
            "machine_after": [c.after and c.after.machine for c in found],
            "start_before": [c.before and c.before.start for c in found],
            "start_after": [c.after and c.after.start for c in found],
            "end_before": [c.before and c.before.end for c in found],
            "end_after": [c.after and c.after.end for c in found],
            "shift": [c.shift for c in found],
        },
        instants=("start_before", "start_after", "end_before", "end_after"),
        numbers=("shift",),
        optional=("start_before", "start_after", "end_before", "end_after", "shift"),
    )
