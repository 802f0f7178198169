"""Python's garbage collector, kept from looking at what lives on."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic

_NEVER = 2**31 - 1
"""So many collections of younger garbage before Python looks for old garbage by itself."""


@contextmanager
def collector_paused() -> Iterator[None]:
    """Look for no cyclic garbage inside the block, or the function that this decorates.

    The collector looks through all objects again and again while they become more. Reading an instance of 100,000
    operations makes millions of objects and no cycle, and would spend two thirds of its time on that.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def settle_collector() -> None:
    """Collect garbage once more, and never again look at what is left.

    For a process that has loaded everything and is to answer in time from now on. A solver and compiled code bring a
    million objects that stay for good; looking through them stops all threads for more than a tenth of a second.
    """
    gc.collect()
    gc.freeze()


class IdleCollector:
    """Looks for old garbage when there is time, not in the middle of what has a deadline.

    Python looks for it while objects are made, in whatever thread makes them, and stops all others meanwhile: for up to
    a fifth of a second with a plan of 350 operations, longer with larger ones. Young garbage is collected as ever.
    """

    SHARE = 0.05
    """Most of the time that it takes while nobody waits ..."""
    SHARE_IN_HURRY = 0.005
    """... and while somebody does: garbage may not grow for ever either."""
    MARGIN = 10.0
    """So many times as long as the last time there has to be left where time is short."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._ended_at = -inf

    @staticmethod
    def take_over() -> None:
        """Let Python look for old garbage no more, so that only `collect` does."""
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, _NEVER)

    def collect(self, left: float = inf, *, in_hurry: bool = False) -> None:
        """Look for old garbage if it is time to, and takes only a small part of the `left` seconds.

        Without `take_over` Python does so by itself.
        """
        if gc.get_threshold()[2] != _NEVER:
            return
        began_at, share = monotonic(), self.SHARE_IN_HURRY if in_hurry else self.SHARE
        if began_at - self._ended_at < self._seconds / share or left < self.MARGIN * self._seconds:
            return
        gc.collect()
        self._ended_at = monotonic()
        self._seconds = self._ended_at - began_at
