"""What has happened by `now`, and what of the schedule in force may no longer change."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.domain.schedule import Charge, Move, Schedule, ScheduledOperation


@dataclass(frozen=True)
class Execution:
    """State of the factory when it is rescheduled.

    Attributes
    ----------
    now
        Operations and loaded moves of the baseline that start before `now` have happened or are under way: they
        keep mode, machine or mover, and start. Everything else starts at `now` or later.
    baseline
        The schedule in force before the disruption; the stability terms measure against it.
    pins
        Pending operations that keep machine and start as given here (the frozen horizon, after right shift).
    frozen_until
        End of the frozen horizon: baseline operations that start before it are pinned. At most `now`: none.
    aborted
        Work that was lost: the piece ``[start, end)`` of an operation that has to be done again (``end <= now``).
    moves
        Loaded moves under way or done, as they really are (a robot breakdown lengthens the move it hits).
    charges
        Charges under way or done; they stay as they are.
    """

    now: int
    baseline: Schedule
    pins: tuple[ScheduledOperation, ...] = ()
    frozen_until: int = 0
    aborted: tuple[ScheduledOperation, ...] = ()
    moves: tuple[Move, ...] = ()
    charges: tuple[Charge, ...] = ()
