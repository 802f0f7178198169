"""The Markdown report of whole factories: who is better by how much on each, and by size.

Shares are of the first tier. Where its best value is 0 they would say nothing (100 %, or worse by any number), so such
factories are counted apart, as won, equal or lost by all tiers; likewise those on which somebody found no schedule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import mean
from typing import TypeAlias

from benchmarks.tables import grouped, markdown

MINE = "hybrid"
OTHERS = ("cpsat", "polishing")
SIZES = (50, 100, 200, 500, 1000, 2000)
"""Groups: factories of at most so many operations, the largest without limit."""

Values: TypeAlias = tuple[Fraction, ...]
"""Values of all tiers; nothing where there is no schedule."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One contestant on one factory: tiers as ``value > value``, wall time of the first schedule and in all."""

    instance: str
    operations: int
    objective: str
    contestant: str
    seed: int
    workers: int
    time_limit: float
    values: str
    first_seconds: float | None
    seconds: float
    violations: int

    @property
    def tiers(self) -> Values:
        """Values of all tiers."""
        return () if self.values == "inf" else tuple(Fraction(value) for value in self.values.split(" > "))

    @property
    def size(self) -> int:
        """The group that the factory belongs to."""
        return next((size for size in SIZES if self.operations <= size), SIZES[-1])


@dataclass(frozen=True)
class Duel:
    """What the planner found on a factory, and what another did."""

    mine: Values
    other: Values

    @property
    def share(self) -> Fraction | None:
        """By which share of the other's first tier ours is better; None where that says nothing."""
        if not self.mine or not self.other or min(self.mine[0], self.other[0]) <= 0:
            return None
        return 1 - self.mine[0] / self.other[0]

    @property
    def outcome(self) -> int:
        """1 if the planner has the better schedule by all tiers, -1 if the other has, 0 if they are equally good."""
        if not self.mine or not self.other:
            return bool(self.mine) - bool(self.other)
        return (self.other > self.mine) - (self.other < self.mine)

    def __str__(self) -> str:
        return _percent(self.share) if self.share is not None else ("lost", "equal", "won")[self.outcome + 1]


def report(rows: Sequence[Measured]) -> Iterator[str]:
    """Yield a table of all factories, and one of their groups by size and objective for each other contestant."""
    runs = [{row.contestant: row for row in group} for group in grouped(rows, lambda r: (r.instance, r.seed)).values()]
    runs = [run for run in runs if MINE in run]
    yield from _factories(runs)
    for other in OTHERS:
        if any(other in run for run in runs):
            yield from ("", f"Against {other}, by operations (up to); won, equal, lost where the best value is 0:", "")
            yield from _sizes([run for run in runs if other in run], other)


def _factories(runs: Iterable[Mapping[str, Measured]]) -> Iterator[str]:
    body = []
    for run in runs:
        mine = run[MINE]
        cells = [mine.instance, str(mine.operations), mine.values, f"{mine.first_seconds or 0:.2f}"]
        for name in OTHERS:
            other = run.get(name)
            cells += ["-", "-"] if other is None else [other.values, str(Duel(mine.tiers, other.tiers))]
        body.append(cells)
    heading = ("factory", "operations", MINE, "first after", *(cell for name in OTHERS for cell in (name, "better by")))
    yield from markdown(heading, body)


def _sizes(runs: Iterable[Mapping[str, Measured]], other: str) -> Iterator[str]:
    body = []
    by_group = grouped(runs, lambda run: (run[MINE].objective.split(" > ")[0], run[MINE].size))
    for (tier, size), group in sorted(by_group.items()):
        duels = [Duel(run[MINE].tiers, run[other].tiers) for run in group]
        shares = [duel.share for duel in duels if duel.share is not None]
        signs = [(share > 0) - (share < 0) for share in shares]
        apart = [duel.outcome for duel in duels if duel.share is None]
        cells = [tier.replace("_", " "), str(size), _percent(mean(shares)) if shares else "-"]
        cells += [str(found.count(sign)) for found in (signs, apart) for sign in (1, 0, -1)]
        body.append(cells)
    yield from markdown(
        ("first tier", "operations", "better by, mean", "better", "equal", "worse", "won", "equal", "lost"), body
    )


def _percent(share: Fraction) -> str:
    return f"{100 * float(share):.1f} %"
