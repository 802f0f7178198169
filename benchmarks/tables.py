"""Rows in groups, and Markdown tables of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from math import isinf
from statistics import mean
from typing import TypeVar

Group = TypeVar("Group", bound=Hashable)
Item = TypeVar("Item")


def grouped(items: Iterable[Item], group_of: Callable[[Item], Group]) -> dict[Group, list[Item]]:
    """Return the items by group, in the order of the first of each."""
    groups: dict[Group, list[Item]] = {}
    for item in items:
        groups.setdefault(group_of(item), []).append(item)
    return groups


def markdown(heading: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    """Return a Markdown table, numbers to the right."""
    rule = ["---", *["---:"] * (len(heading) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (heading, rule, *body)]


def percent(share: float | None) -> str:
    """Return a share in percent, without the sign."""
    if share is None:
        return "-"
    return "∞" if isinf(share) else f"{100 * share:.2f}"


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that no more than this share of the values is below."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def mean_of(shares: Sequence[float]) -> float | None:
    """Return the mean, None of nothing."""
    return mean(shares) if shares else None
