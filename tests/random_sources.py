"""Where random instances draw from: hypothesis, or a seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

FEATURES = (
    "modes",
    "plans",
    "graph",
    "lags",
    "dates",
    "deadlines",
    "setups",
    "capacity",
    "downtimes",
    "shifts",
    "interruptible",
    "operators",
    "cells",
    "blocking",
    "buffers",
    "swaps",
    "lanes",
    "fleets",
    "timetables",
    "docks",
    "dwell",
    "reach",
    "tending",
    "transit",
    "hubs",
    "splits",
    "shortages",
    "stations",
    "speeds",
    "carriers",
)


class Source(Protocol):
    """Where the builder draws from; the first choice is the simplest."""

    def integer(self, low: int, high: int) -> int: ...

    def choice(self, items: Sequence[T]) -> T: ...


class SeededSource:
    """Draws from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def integer(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def choice(self, items: Sequence[T]) -> T:
        return self.random.choice(items)


class HypothesisSource:
    """Draws from hypothesis, which shrinks towards the simplest."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def choice(self, items: Sequence[T]) -> T:
        return self.draw(st.sampled_from(items))


class Draws:
    """Draws from a source, of all features but some."""

    def __init__(self, source: Source, without: Sequence[str]) -> None:
        if unknown := set(without) - set(FEATURES):
            raise ValueError(f"unknown features {sorted(unknown)}")
        self.integer = source.integer
        self.choice = source.choice
        self.without = without

    def has(self, feature: str, one_in: int = 2) -> bool:
        """Draw whether to use a feature here."""
        return feature not in self.without and self.integer(0, one_in - 1) == 1
