"""Where events come from: bursts of lines, of a file that is played back or of a stream.

A line is the text of one event, not yet understood. Lines are read with a limit, so that one that never ends does not
fill the memory; what can't be read says why in its place. Events that come close together are a *burst*, answered by
one plan. An empty burst says that nothing more comes for now.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import BinaryIO, Protocol

from scheduler.errors import Defect, DefectsError
from scheduler.io.files import read_text
from scheduler.io.json_text import parse_json
from scheduler.io.structure import require_kind
from scheduler.loop.understanding import understood

MAX_LINE_BYTES = 2**20
"""Longest line that is read: a rush order with thousands of operations."""
MOST_IN_BURST = 100
"""Events of one burst; the next begins another one."""
_READ_AHEAD = 10_000
"""Lines of a stream that wait in memory; who writes more has to wait."""
_KEPT = 1_000
"""Characters that are kept of a line that can't be read."""


@dataclass(frozen=True)
class Line:
    """The text of an event, and why it can't be read if it can't."""

    text: str
    defect: Defect | None = None


class Feed(Protocol):
    """Something that events come from."""

    def bursts(self) -> Iterator[tuple[Line, ...]]:
        """Yield lines as they come, those that come together together."""

    def is_waiting(self) -> bool:
        """Return whether another burst has begun."""


class Recording:
    """The events of a file, played back in the order of the file.

    Parameters
    ----------
    path
        An event file. Of JSON Lines each line is read for itself, so that one that is not JSON spoils no other.
    speed
        Ticks of the factory in a second; None: as fast as they are answered.
    debounce
        Seconds that a burst lasts. An event comes when it becomes known, or with the one before it if that is later; at
        full speed, events of one instant are a burst.
    sleep
        Waits so many seconds.

    Raises
    ------
    FormatError
        If the file can't be read, or is no event file.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        speed: float | None = None,
        debounce: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._speed, self._sleep = speed, sleep
        self._window = 0 if speed is None else int(debounce * speed)
        self._lines = tuple(_lines_in(Path(path)))
        self._bursts = tuple(self._grouped(self._lines))
        self._began_at: float | None = None
        self._played = 0

    def pass_over(self, is_known: Callable[[Line], bool]) -> None:
        """Leave out lines before they are played: those that the journal has already."""
        self._bursts = tuple(self._grouped(line for line in self._lines if not is_known(line)))

    def bursts(self) -> Iterator[tuple[Line, ...]]:
        """Yield the bursts, each when it is due."""
        self._began_at = time.monotonic()
        for number, (_, lines) in enumerate(self._bursts):
            self._sleep(max(0.0, self._due_at(number) - time.monotonic()))
            self._played = number + 1
            yield lines
        yield ()

    def is_waiting(self) -> bool:
        """Return whether the next burst is due; at full speed it never is."""
        if self._speed is None or self._played == len(self._bursts):
            return False
        return time.monotonic() >= self._due_at(self._played)

    def _due_at(self, number: int) -> float:
        if self._speed is None or self._began_at is None:
            return 0.0
        return self._began_at + (self._bursts[number][0] - self._bursts[0][0] + self._window) / self._speed

    def _grouped(self, lines: Iterable[Line]) -> Iterator[tuple[int, tuple[Line, ...]]]:
        """Yield the bursts with the instant at which each begins."""
        burst: list[Line] = []
        begin = clock = 0
        for line in lines:
            clock = max(clock, _known_at(line))
            if burst and (clock > begin + self._window or len(burst) == MOST_IN_BURST):
                yield begin, tuple(burst)
                burst = []
            begin = begin if burst else clock
            burst.append(line)
        if burst:
            yield begin, tuple(burst)


class Stream:
    """The lines of a stream, as they come.

    Parameters
    ----------
    stream
        JSON Lines in UTF-8.
    debounce
        A burst ends when nothing has come for so many seconds, at the latest after five times that.
    """

    def __init__(self, stream: BinaryIO, *, debounce: float = 0.2) -> None:
        self._debounce = debounce
        self._queue: Queue[Line | None] = Queue(_READ_AHEAD)
        # A daemon: a read that waits for ever does not keep the process.
        Thread(target=self._read, args=(stream,), daemon=True).start()

    def bursts(self) -> Iterator[tuple[Line, ...]]:
        """Yield the bursts, and an empty one after each if nothing follows it at once."""
        line = self._queue.get()
        while line is not None:
            burst, until = [line], time.monotonic() + 5 * self._debounce
            line = None
            while len(burst) < MOST_IN_BURST:
                try:
                    line = self._queue.get(timeout=max(0.0, min(self._debounce, until - time.monotonic())))
                except Empty:
                    break
                if line is None:
                    yield tuple(burst)
                    yield ()
                    return
                burst.append(line)
            yield tuple(burst)
            if self._queue.empty():
                yield ()
            line = self._queue.get()

    def is_waiting(self) -> bool:
        """Return whether a line has come."""
        return not self._queue.empty()

    def _read(self, stream: BinaryIO) -> None:
        for line in lines_of(stream):
            self._queue.put(line)
        self._queue.put(None)


def lines_of(stream: BinaryIO) -> Iterator[Line]:
    """Yield the lines of a stream that are not empty; of one that can't be read only the begin is kept."""
    while content := stream.readline(MAX_LINE_BYTES + 1):
        if len(content) > MAX_LINE_BYTES:
            rest = content
            while rest and not rest.endswith(b"\n"):
                rest = stream.readline(MAX_LINE_BYTES)
            cause = f"a line has more than {MAX_LINE_BYTES} bytes"
            defect = Defect("E611", "$", cause, "describe an event in fewer")
            yield Line(content[:_KEPT].decode("utf-8", "backslashreplace"), defect)
            continue
        try:
            text = content.decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            defect = Defect("E106", "$", f"byte 0x{content[error.start]:02x} is not UTF-8 text", "write UTF-8")
            yield Line(content[:_KEPT].decode("utf-8", "backslashreplace"), defect)
            continue
        if text:
            yield Line(text)


def _lines_in(path: Path) -> Iterator[Line]:
    """Yield a line for each event of an event file."""
    text = None if path.suffix == ".jsonl" and path.is_file() else read_text(path)
    first, _, rest = (text or "").strip().partition("\n")
    if text is None or (first.startswith("{") and first.rstrip().endswith("}") and rest):
        with path.open("rb") as stream:
            yield from lines_of(stream)
        return
    tree = parse_json(text, str(path))
    if isinstance(tree, dict) and "type" not in tree:
        require_kind(tree, "events", str(path))
    trees = tree.get("events", [tree]) if isinstance(tree, dict) else tree
    for item in trees if isinstance(trees, list) else [trees]:
        yield Line(json.dumps(item, ensure_ascii=False))


def _known_at(line: Line) -> int:
    """Return when the event of a line becomes known; at once if it can't be understood."""
    if line.defect is not None:
        return 0
    try:
        return understood(line.text).known_at
    except DefectsError:
        return 0
