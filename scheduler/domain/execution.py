"""What has happened by `now`, and what of the schedule in force may no longer change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from scheduler.domain.log import Log
from scheduler.domain.schedule import Charge, Move, Schedule, ScheduledOperation


@dataclass(frozen=True)
class Wait:
    """A robot or vehicle under way with a job puts its part down later, by as long as ``[start, end)``.

    One that holds a single part stands still meanwhile; with room for others it goes on with these.
    """

    mover: str
    job: str
    destination: str
    start: int
    end: int


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
    waits
        Waits of carriers that hold several parts, as long as they last.
    revision
        How many revisions there have been, this one included.
    log
        Every event that has been applied.
    """

    now: int
    baseline: Schedule
    pins: tuple[ScheduledOperation, ...] = ()
    frozen_until: int = 0
    aborted: tuple[ScheduledOperation, ...] = ()
    moves: tuple[Move, ...] = ()
    charges: tuple[Charge, ...] = ()
    waits: tuple[Wait, ...] = ()
    revision: int = 0
    log: Log = field(default_factory=Log)

    @cached_property
    def departed(self) -> Mapping[tuple[str, str | None, str | None, str, str], tuple[Move, ...]]:
        """The moves that have begun by job, predecessor, successor, origin and destination: several are loads."""
        found: dict[tuple[str, str | None, str | None, str, str], list[Move]] = {}
        for m in self.moves:
            found.setdefault((m.job or "", m.predecessor, m.successor, m.origin, m.destination), []).append(m)
        return {key: tuple(moves) for key, moves in found.items()}
