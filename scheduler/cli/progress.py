"""The line that shows, on a terminal, how far a solve has come."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING

from scheduler.cli.wording import gap_text, number_text
from scheduler.domain.result import Progress

if TYPE_CHECKING:
    from rich.text import Text


class ProgressLine:
    """Elapsed time, best value, bound and gap of the first tier; call it with every improvement."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started_at = clock()
        self._value: Fraction | None = None
        self._bound: Fraction | None = None

    def __call__(self, progress: Progress) -> None:
        """Take over the new value or bound."""
        self._value = self._value if progress.value is None else progress.value
        self._bound = self._bound if progress.bound is None else progress.bound

    def __str__(self) -> str:
        elapsed = self._clock() - self._started_at
        return (
            f"{elapsed:6.1f} s  best {number_text(self._value)}  bound {number_text(self._bound)}  "
            f"gap {gap_text(self._value, self._bound)}"
        )

    def __rich__(self) -> Text:
        """Return the line as it is now; rich asks again at every refresh."""
        from rich.text import Text

        return Text(str(self), no_wrap=True, overflow="ellipsis")


@contextmanager
def progress_line(quiet: bool) -> Iterator[ProgressLine | None]:
    """Show a progress line while the block runs; yields None where nobody would see it."""
    if quiet or not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.live import Live

    line = ProgressLine()
    with Live(line, console=Console(stderr=True), transient=True, refresh_per_second=5):
        yield line
