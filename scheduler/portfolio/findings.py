"""What one call of `solve` leaves to another one on the same instance, with other tiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scheduler.domain import Schedule

if TYPE_CHECKING:
    from scheduler.search.decode.engine import FactorySearch
    from scheduler.search.tabu.engine import TabuSearch


@dataclass
class Findings:
    """What engines have found that a schedule does not tell.

    No order of units is sure to decode to a given schedule, so a search that goes on from its own solution is ahead of
    one that begins with a schedule.

    Attributes
    ----------
    factory
        The last factory search, ended; None if there was none.
    tabu
        The last tabu search, ended; its lowering is good for whatever objective.
    checked
        The last schedule of the instance that has passed the checker.
    check_seconds
        What the slowest check took.
    """

    factory: FactorySearch | None = None
    tabu: TabuSearch | None = None
    checked: Schedule | None = None
    check_seconds: float = 0.0
