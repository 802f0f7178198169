"""Asking a running engine to end early, with what it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic


class Stopped(Exception):
    """Work is given up half done, since somebody wants to stop."""


class Stop:
    """A wish to stop, made in one thread and heard in others; it can't be taken back.

    A planning tool keeps one beside a running `scheduler.solve` and calls `request` when its user cancels; Ctrl-C does
    the same. The call then returns soon, with the best schedule found so far.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._requested = False
        self._listeners: list[Callable[[], object]] = []

    @property
    def requested(self) -> bool:
        """Whether somebody wants the engines to stop."""
        return self._requested

    def request(self) -> None:
        """Stop the engines; may be called any number of times, from any thread."""
        with self._lock:
            self._requested = True
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    @contextmanager
    def calling(self, listener: Callable[[], object]) -> Iterator[None]:
        """Have `listener` called if the wish is made inside the block (at once if it was made before)."""
        with self._lock:
            self._listeners.append(listener)
            requested = self._requested
        try:
            if requested:
                listener()
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)


class Until(Stop):
    """The wish of another to stop, or that the time is up: for work that looks at it again and again.

    Who wants to be called has to ask the other one: no clock runs here.

    Parameters
    ----------
    stop
        The other wish.
    ends_at
        When the time is up (`time.monotonic`).
    """

    def __init__(self, stop: Stop, ends_at: float) -> None:
        super().__init__()
        self._other, self._ends_at = stop, ends_at

    @property
    def requested(self) -> bool:
        """Whether somebody wants the engines to stop, or the time is up."""
        return super().requested or self._other.requested or monotonic() >= self._ends_at
