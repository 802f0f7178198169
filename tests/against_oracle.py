"""The solver beside the oracle: on instances that the oracle can solve, both say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from helpers import assert_valid
from oracle import TooHardError, best_schedule

from scheduler.domain import Instance, Result, Status
from scheduler.portfolio import solve


def agreed(shops: Iterable[Instance], max_nodes: int) -> Iterator[tuple[Instance, Result]]:
    """Yield what the oracle can solve within so many nodes, with the solver's result, which it has compared."""
    for shop in shops:
        try:
            best = best_schedule(shop, max_nodes=max_nodes)
        except TooHardError:
            continue
        result = solve(shop, time_limit=20, workers=1)
        if best is None:
            assert result.status is Status.INFEASIBLE
        else:
            assert_valid(shop, best[1])
            assert_valid(shop, result.schedule)
            assert (result.status, result.values) == (Status.OPTIMAL, best[0])
        yield shop, result
