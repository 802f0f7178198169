"""Turns on a machine for one part at a time: one stay after the other, and what takes no time takes no place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from scheduler.domain import ScheduledOperation
from scheduler.rescheduling.timing import Reason, Timing, Use


class Stay(NamedTuple):
    """The occupation of a machine by an operation, with the instants of the draft; stays are sorted by these.

    Attributes
    ----------
    begins_at, ends_at, start, end
        Nominal instants of the occupation, and of the operation.
    use
        The occupation in the network.
    """

    begins_at: int
    ends_at: int
    start: int
    end: int
    use: Use
    operation: ScheduledOperation


def take_turns(timing: Timing, stays: Sequence[Stay], reason: Reason) -> None:
    """Let each stay begin when the one before it, in order, has ended.

    One without length in the midst of another has no turn, unless it takes time by now: a machine takes it up at any
    time, if it goes on at once.
    """
    has_turn = []
    latest = min((stay.begins_at for stay in stays), default=0)
    for stay in stays:
        if stay.begins_at == stay.ends_at < latest and timing.lengths[stay.use.untils[0][0]] == 0:
            _go_on_at_once(timing, stay.use, reason)
        else:
            has_turn.append(stay)
        latest = max(latest, stay.ends_at)
    for before, after in pairwise(has_turn):
        timing.follow(before.use, after.use, reason)


def _go_on_at_once(timing: Timing, use: Use, reason: Reason) -> None:
    """Let a stay begin no sooner than it ends, unless it has begun for good."""
    if timing.fixed[use.begin[0]]:
        return
    for until in use.untils:
        if until[0] != use.begin[0]:
            timing.order(until, use.begin, reason)
