"""Why an operation has no place on a board."""

from __future__ import annotations

from typing import NamedTuple

from scheduler.search.downtimes import NEVER
from scheduler.search.problem import OperationData


class Clash(NamedTuple):
    """Why an operation has no place: the occupation of ``operation`` has to begin at ``bound`` or later.

    Without an operation no later start of anything helps.
    """

    operation: OperationData | None
    bound: int


HOPELESS = Clash(None, NEVER)
