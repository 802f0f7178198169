"""A bound that rises step by step: given up half done, it is still a bound."""

from __future__ import annotations

from scheduler.domain.stop import Stop, Stopped


class Unfinished(Stopped):
    """A bound is given up half done; ``bound`` is what is proved by then."""

    def __init__(self, bound: int) -> None:
        super().__init__(f"given up at {bound}")
        self.bound = bound


class Rising:
    """A bound that rises until it is done, or somebody wants to stop.

    Parameters
    ----------
    stop
        The wish to stop, None for nobody's.
    least
        A bound that is proved already.
    """

    def __init__(self, stop: Stop | None, least: int = 0) -> None:
        self.bound = least
        self._stop = stop

    def lift(self, bound: int = 0) -> None:
        """Take note of another bound, and look whether to go on.

        Raises
        ------
        Unfinished
            If somebody wants to stop.
        """
        self.bound = max(self.bound, bound)
        if self._stop is not None and self._stop.requested:
            raise Unfinished(self.bound)
