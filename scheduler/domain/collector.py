"""Python's garbage collector, paused while very many objects are made that all live on."""

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
