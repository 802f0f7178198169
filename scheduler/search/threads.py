"""What every compiled search has in common: threads that step, the best solution of all, a target and an end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread, Timer
from time import monotonic
from typing import Generic, Protocol, TypeVar

import numpy as np

from scheduler.domain import Schedule
from scheduler.search.compiling import Kernels

Found = TypeVar("Found")
OnBetter = Callable[[int], None]


class Stepper(Protocol):
    """The work of one thread."""

    def step(self) -> None:
        """Make one compiled call, some tenths of a second."""


class CompiledSearch(ABC, Generic[Found]):
    """A search; `start` runs it in threads of its own until `finish`, `advance` in the caller's.

    Parameters
    ----------
    value
        The value of a schedule that is known; only better ones are reported.
    on_better
        Called, from a thread of the search, with every value below all before.
    """

    name = "search"
    kernels: Kernels
    small = 100
    """Operations up to which the least makespan is found long before CP-SAT has proved it."""
    provable = 250
    """Modes up to which CP-SAT may prove it in the end."""

    def __init__(self, value: int, on_better: OnBetter) -> None:
        self.stopping = np.zeros(1, np.int64)
        self.target = 0
        self.iterations = 0
        self._on_better = on_better
        self._value = value
        self._best: Found | None = None
        self._lock = Lock()
        self._threads: list[Thread] = []
        self._may_step = Event()
        self._may_step.set()
        self._alone: Stepper | None = None
        self.ends_at: float | None = None
        self.aim(0)

    @property
    def value(self) -> int:
        """The best value so far."""
        return self._value

    @property
    def found(self) -> Found | None:
        """The best solution found, None if none is better than the start."""
        return self._best

    @abstractmethod
    def stepper(self, number: int) -> Stepper:
        """Return the work of a thread."""

    @abstractmethod
    def read(self, found: Found) -> Schedule:
        """Return a solution as a schedule."""

    @property
    def kernel(self) -> str:
        """Module and name of the compiled walk."""
        return self.kernels.last

    def is_compiled(self) -> bool:
        """Return whether the cache holds the walk."""
        return self.kernels.are_cached(self.kernel)

    def is_loaded(self) -> bool:
        """Return whether this process has run the walk already: to load it takes tenths of a second."""
        return self.kernels.is_loaded(self.kernel)

    def compile_elsewhere(self) -> Callable[[float], bool]:
        """Start a process that compiles; return a function that waits for it so many seconds."""
        return self.kernels.compile_elsewhere(self.kernel)

    def start(self, num_threads: int, seconds: float | None = None) -> None:
        """Begin to search with so many more threads, for about so long; the first call ever compiles, in the thread.

        Once the search has been stopped, nothing begins: a thread takes its time to start and to get its memory.
        """
        if self.stopping[0]:
            return
        if seconds is not None:
            self.ends_at = monotonic() + seconds
        running = len(self._threads)
        for number in range(running, running + num_threads):
            thread = Thread(target=self._work, args=(number,), name=f"{self.name}-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def aim(self, target: int) -> None:
        """End the search at a value of at most `target`, a proved bound."""
        self.target = max(self.target, target)
        if self.has_met_target:
            self.stopping[0] = 1

    @property
    def has_met_target(self) -> bool:
        """Whether nothing better can be found."""
        return self._value <= self.target

    def best(self) -> Schedule | None:
        """Return the best schedule found, None if none is better than the start."""
        with self._lock:
            best = self._best
        return None if best is None else self.read(best)

    def wait(self, seconds: float) -> None:
        """Wait for the search to end, at its target or stopped, this long at the most."""
        deadline = monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Let the threads rest, each after the call that it is in, for as long as the block takes."""
        self.rest()
        try:
            yield
        finally:
            self.go_on()

    def rest(self) -> None:
        """Let the threads rest, each after the call that it is in."""
        self._may_step.clear()

    def go_on(self) -> None:
        """Let threads that rest go on."""
        self._may_step.set()

    def stop(self) -> None:
        """Let the threads end soon; any thread may ask for it."""
        self.stopping[0] = 1
        self.go_on()

    def finish(self, patience: float = 0.1) -> None:
        """End the search; a thread that still compiles after `patience` seconds is left behind."""
        self.stop()
        self.wait(patience)

    def advance(self, iterations: int) -> None:
        """Search in this thread for about so many iterations, where the last call ended; for one worker in all."""
        if self._alone is None:
            self._alone = self.stepper(0)
        until = self.iterations + iterations
        while self.iterations < until and not self.stopping[0]:
            self._alone.step()

    @contextmanager
    def until(self, seconds: float) -> Iterator[None]:
        """Stop the search after so many seconds of what happens inside the block."""
        timer = Timer(seconds, self.stop)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def offer(self, value: int, found: Found) -> None:
        """Take note of a solution that somebody has reached."""
        with self._lock:
            if value >= self._value:
                return
            self._value, self._best = value, found
        self._on_better(value)
        self.aim(0)

    def _work(self, number: int) -> None:
        if self.stopping[0]:
            return
        stepper = self.stepper(number)
        while True:
            self._may_step.wait()
            if self.stopping[0]:
                return
            stepper.step()
