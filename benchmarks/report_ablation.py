"""The Markdown report of an ablation: gaps and speed of each variant, and pairs with the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb
from statistics import mean
from typing import TypeAlias

from benchmarks.ablation import Trial
from benchmarks.tables import grouped, markdown, mean_of, percent

DEFAULT = "default"
Runs: TypeAlias = Mapping[tuple[str, str], Sequence[Trial]]
"""Trials of a variant by family and instance."""


def write_ablation(rows: Sequence[Trial]) -> str:
    """Return the report, one chapter for each set, objective and limit; where there is no default, the first is it."""
    chapters = []
    for (set_name, objective, limit), group in grouped(rows, lambda r: (r.set, r.objective, r.limit)).items():
        # The default first, whichever trial ended first.
        by_variant = grouped(sorted(group, key=lambda r: r.variant != DEFAULT), lambda r: r.variant)
        seeds = len({row.seed for row in group})
        goal = objective.replace("_", " ")
        lines = [f"# {set_name}, {goal}: {limit:g} s, one thread, {seeds} seed{'s' if seeds > 1 else ''}", ""]
        lines += [*_variants(by_variant), "", "## Mean gap % by family", "", *_families(group, list(by_variant)), ""]
        chapters.append("\n".join(lines))
    return "\n".join(chapters)


def _variants(by_variant: Mapping[str, Sequence[Trial]]) -> list[str]:
    """Return the table of variants."""
    heading = ("variant", "instances", "mean gap %", "worst gap %", "thousand iterations/s", "difference %")
    first = DEFAULT if DEFAULT in by_variant else next(iter(by_variant))
    default = _by_instance(by_variant[first])
    body = []
    for variant, rows in by_variant.items():
        runs = _by_instance(rows)
        gaps = _gaps(rows)
        iterations, seconds = sum(row.iterations or 0 for row in rows), sum(row.seconds or 0.0 for row in rows)
        speed = f"{iterations / seconds / 1000:.1f}" if seconds else "-"
        pairs = ["", "", "", "", ""] if variant == first else _pairs(runs, default)
        body.append((variant, str(len(runs)), percent(mean_of(gaps)), percent(max(gaps, default=None)), speed, *pairs))
    legend = (
        f"Difference: mean over the instances of value / value of {first} - 1, values being means over the seeds that "
        "both have; an instance is better if its mean is lower. p: two-sided sign test of better against worse."
    )
    return [*markdown((*heading, "better", "equal", "worse", "p"), body), "", legend]


def _gaps(rows: Sequence[Trial]) -> list[float]:
    """Return the gaps to the best known values that are not 0."""
    return [r.gap_to_best_known for r in rows if r.gap_to_best_known is not None and r.best_known_upper]


def _by_instance(rows: Sequence[Trial]) -> Runs:
    return grouped(rows, lambda r: (r.family, r.instance))


def _pairs(runs: Runs, default: Runs) -> list[str]:
    """Return how a variant compares with the default on the instances that both have."""
    shares = []
    for key, own in runs.items():
        values = {row.seed: row.value for row in own}
        others = {row.seed: row.value for row in default.get(key, ())}
        both = [(a, b) for seed, a in values.items() if a is not None and (b := others.get(seed)) is not None]
        if both:
            ours, theirs = (mean(pair) for pair in zip(*both, strict=True))
            shares.append(ours / theirs - 1 if theirs else float(ours > 0))
    better, worse = sum(share < 0 for share in shares), sum(share > 0 for share in shares)
    counts = [str(better), str(len(shares) - better - worse), str(worse)]
    difference = f"{100 * mean(shares):+.2f}" if shares else "-"
    return [difference, *counts, f"{sign_test(better, worse):.2f}"]


def sign_test(better: int, worse: int) -> float:
    """Return the probability of a split at least as uneven, were better and worse equally likely."""
    pairs = better + worse
    as_uneven = 2 * sum(comb(pairs, k) for k in range(min(better, worse) + 1))
    return min(1.0, as_uneven / 2.0**pairs)


def _families(rows: Sequence[Trial], variants: Sequence[str]) -> list[str]:
    """Return the table of mean (and worst) gaps by family and variant."""
    body = []
    for family, group in grouped(rows, lambda r: r.family).items():
        by_variant = grouped(group, lambda r: r.variant)
        body.append((family, *(_cell(by_variant.get(variant, ())) for variant in variants)))
    return [*markdown(("family", *variants), body), "", "In brackets: the worst of the family."]


def _cell(rows: Sequence[Trial]) -> str:
    gaps = _gaps(rows)
    return f"{percent(mean_of(gaps))} ({percent(max(gaps))})" if gaps else "-"
