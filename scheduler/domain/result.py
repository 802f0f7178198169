"""What an engine answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from scheduler.domain.objective import Objective
from scheduler.domain.schedule import Schedule


class Status(StrEnum):
    """How a solve or repair ended."""

    OPTIMAL = "optimal"
    """A schedule was found, and every tier of the objective is proved to be as small as possible."""
    FEASIBLE = "feasible"
    """A schedule was found; a better one may exist."""
    INFEASIBLE = "infeasible"
    """It is proved that no schedule exists."""
    UNKNOWN = "unknown"
    """Neither a schedule nor a proof was found."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A point of the history: after ``seconds``, ``engine`` made the leading tier ``value`` or its bound ``bound``."""

    seconds: float
    value: Fraction | None
    bound: Fraction | None
    engine: str


@dataclass(frozen=True)
class Result:
    """Outcome of `scheduler.solve` and `scheduler.repair`.

    Attributes
    ----------
    status
        See `Status`.
    objective
        The objective that was minimised.
    schedule
        The best schedule found, checked; None if there is none.
    terms
        Value of every objective term on the schedule (not only of those in the objective).
    bounds
        Proved lower bound of each tier, each under the condition that the tiers before it have their value here;
        None where nothing is known.
    reason
        For infeasible and unknown: why, in a sentence.
    leading
        Position of the first tier that is not 0 in every schedule.
    history
        Every improvement of value or bound of the leading tier.
    seconds, seed, workers, versions
        Wall time of the whole call, random seed, worker threads, and versions of the software.
    """

    status: Status
    objective: Objective
    schedule: Schedule | None = None
    terms: Mapping[str, int] = field(default_factory=dict)
    bounds: tuple[Fraction | None, ...] = ()
    reason: str = ""
    leading: int = 0
    history: tuple[Progress, ...] = ()
    seconds: float = 0.0
    seed: int = 0
    workers: int = 1
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def values(self) -> tuple[Fraction, ...] | None:
        """Value of each tier, or None without schedule."""
        return None if self.schedule is None else self.objective.value(self.terms)

    @property
    def lower_bound(self) -> Fraction | None:
        """Proved lower bound of the first tier."""
        return self.bounds[0] if self.bounds else None

    @property
    def gap(self) -> float | None:
        """``(value - bound) / value`` of the first tier; 0 when both are 0, None when either is unknown."""
        if self.values is None or self.lower_bound is None:
            return None
        value = self.values[0]
        return 0.0 if value == self.lower_bound else float((value - self.lower_bound) / value)
