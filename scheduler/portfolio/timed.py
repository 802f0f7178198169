"""How long a call of `solve` may take: what is left of it, and what is kept for what comes last."""

from __future__ import annotations

from functools import cached_property
from time import monotonic

from scheduler.domain import Instance, Stop
from scheduler.domain.stop import Until
from scheduler.portfolio.findings import Findings

BUILD_SHARE = 0.4
"""Most of the time limit that building the model may take."""
RESERVE = (0.15, 8e-5)
"""Seconds kept for the last schedule's way out, and for each operation: it is read from arrays, and checked ..."""
RESERVE_IN_REPAIR = (0.03, 5e-5)
"""... and in a repair, besides what a check is known to take there."""
BOUNDS_PER_OPERATION = 1e-4
"""Seconds that bounds take for each operation ..."""
BOUNDS_SHARE = 0.1
"""... and most of the time that they may take in a repair, which hardly ever proves anything."""
BOUNDS_OF_LEFT = 0.3
"""Most of the time left that they take in a plan: what is proved by then is the bound ..."""
LEAST_BOUNDS = 0.7
"""... or so many seconds, if there are so many: what the circuits of 2,000 operations in cycles take."""
WAYS_OUT = 2.0
"""The last schedule's way out, check included, in times of what it took to read and value the one before ..."""
WAYS_OUT_SHARE = 0.3
"""... and most of the time limit that is kept for it."""


class Timed:
    """The clock of a call, and how long that may take which does not look at it.

    Parameters
    ----------
    instance
        What is planned.
    time_limit
        Wall time of the call in seconds.
    stop
        The wish to stop of who has called.
    findings
        What is known of the instance.

    Attributes
    ----------
    way_out
        Seconds in which the last schedule of a compiled search was read and valued.
    """

    def __init__(self, instance: Instance, time_limit: float, stop: Stop, findings: Findings) -> None:
        self.instance = instance
        self.time_limit = time_limit
        self.stop = stop
        self.findings = findings
        self._began_at = monotonic()
        self.way_out = 0.0

    @property
    def seconds(self) -> float:
        """Wall time since the call began."""
        return monotonic() - self._began_at

    @property
    def left(self) -> float:
        """Wall time left."""
        return self.time_limit - self.seconds

    @property
    def reserve(self) -> float:
        """Seconds kept for the last schedule's way out; more where another one has taken longer."""
        if self.instance.execution is not None:
            return self._usual_reserve
        known = RESERVE[0] + WAYS_OUT * self.way_out
        return max(self._usual_reserve, min(known, WAYS_OUT_SHARE * self.time_limit))

    @cached_property
    def _usual_reserve(self) -> float:
        """The reserve by the number of operations, on a machine that nobody else keeps busy."""
        least, each = RESERVE if self.instance.execution is None else RESERVE_IN_REPAIR
        each_and_check = each * len(self.instance.operation_by_key) + self.findings.check_seconds
        return least + min(each_and_check, 0.2 * self.time_limit)

    @cached_property
    def num_modes(self) -> int:
        """Modes of all operations."""
        return self.instance.num_modes

    @property
    def has_time_for_model(self) -> bool:
        """Whether CP-SAT's model is built in a fair share of the time limit."""
        return self.builds_model_within(BUILD_SHARE)

    def builds_model_within(self, share: float) -> bool:
        """Return whether CP-SAT's model is built in this share of the time limit, at most BUILD_SHARE."""
        return self._build_seconds <= share * self.time_limit

    @cached_property
    def _build_seconds(self) -> float:
        from scheduler.cpsat.size import build_seconds

        return build_seconds(self.instance, BUILD_SHARE * self.time_limit)

    @property
    def has_time_for_bounds(self) -> bool:
        """Whether the bounds that need no solver leave the search of a repair nearly all of its time."""
        takes = BOUNDS_PER_OPERATION * len(self.instance.operation_by_key)
        return self.instance.execution is None or takes <= BOUNDS_SHARE * self.time_limit

    @cached_property
    def until_bounds(self) -> Stop:
        """The wish to stop, or that bounds have had their share of the time that was left when they began."""
        left = max(0.0, self.left - self.reserve)
        return Until(self.stop, monotonic() + max(BOUNDS_OF_LEFT * left, min(LEAST_BOUNDS, left)))
