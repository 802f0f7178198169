"""Python's garbage collector, kept from looking at what lives on."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
