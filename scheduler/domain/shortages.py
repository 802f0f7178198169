"""Shortages: windows in which some of the operators of a pool, or of the places of a charger, are missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, order=True)
class Shortage:
    """A window ``[start, end)`` in which ``count`` fewer are there than usual; those that overlap add up."""

    start: int
    end: int
    count: int = 1
    reason: str = ""


def missing(capacity: int, shortages: Iterable[Shortage]) -> tuple[Shortage, ...]:
    """Return every window in which any of a capacity are missing, with how many: sorted, disjoint, at most all."""
    counted = [shortage for shortage in shortages if shortage.start < shortage.end and shortage.count > 0]
    edges = sorted({instant for shortage in counted for instant in (shortage.start, shortage.end)})
    found: list[Shortage] = []
    for start, end in pairwise(edges):
        there = [shortage for shortage in counted if shortage.start <= start < shortage.end]
        count = min(capacity, sum(shortage.count for shortage in there))
        if count > 0:
            reasons = dict.fromkeys(shortage.reason for shortage in there if shortage.reason)
            found.append(Shortage(start, end, count, "+".join(reasons)))
    return tuple(found)
