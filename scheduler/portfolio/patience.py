"""How long somebody waits for a first schedule: construction is the safety net, but its first pass may take minutes."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scheduler.portfolio.run import Run
    from scheduler.search.decode.engine import FactorySearch

PATIENCE = 1.0
"""Seconds that a first schedule may take even if the time limit is shorter, or somebody wants to stop."""
SLOW_PASS = 0.25
"""Seconds after which a first schedule of the factory search is there sooner than one of construction's."""
CONSTRUCTION_SHARE = 0.2
"""Most of the time limit that passes of construction take once there is a schedule ..."""
CONSTRUCTION_SECONDS = 1.0
"""... and most seconds."""


def construction_seconds(time_limit: float) -> float:
    """Return how long passes of construction go on once there is a schedule."""
    return min(CONSTRUCTION_SHARE * time_limit, CONSTRUCTION_SECONDS)


def first_pass_gives_up(run: Run, walk: FactorySearch | None) -> Callable[[], bool]:
    """Return what tells whether construction gives its first pass up.

    It does when the time is up, when somebody has wanted to stop for `PATIENCE`, or when the factory search `walk` is
    there: that is compiled meanwhile where a pass takes long, and has a first schedule sooner.
    """
    ends_at = monotonic() + max(run.left, PATIENCE - run.seconds)
    compiles = False

    def gives_up() -> bool:
        nonlocal ends_at, compiles
        if run.stop.requested:
            ends_at = min(ends_at, monotonic() + PATIENCE)
        if walk is not None and not compiles and run.workers > 1 and run.seconds > PATIENCE:
            compiles = True
            walk.compile_elsewhere()
        return monotonic() >= ends_at or (walk is not None and compiles and walk.is_compiled())

    return gives_up


def slow_pass(run: Run) -> Callable[[], bool]:
    """Return what tells whether the factory search would have a first schedule sooner than a pass that is under way.

    Where the tabu search plans, a pass mostly takes hundredths of a second, and the factory search is not even loaded.
    That is faster where thousands of operations wait for few machines. One worker does not look at the clock.
    """
    if run.workers == 1 or run.instance.execution is not None:
        return lambda: False
    is_compiled: bool | None = None

    def is_slow() -> bool:
        nonlocal is_compiled
        if is_compiled is None and run.seconds > SLOW_PASS:
            from scheduler.search.decode.warm import KERNELS

            is_compiled = KERNELS.are_cached(KERNELS.last)
        return is_compiled is True

    return is_slow
