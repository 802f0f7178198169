"""The Markdown report of a profile: a row for each instance."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.profiling import ITERATION, Phase
from benchmarks.tables import grouped, markdown

PHASES = ("critical path", "job tails", "choose", "sort", "starts", "tails", "links", "copy", "rest")
"""Phases of an iteration, in the order of the columns."""


def write_profile(rows: Sequence[Phase]) -> str:
    """Return the tables of both parts, one chapter for each set."""
    chapters = []
    for set_name, group in grouped(rows, lambda r: r.set).items():
        lines = [f"# {set_name}: one thread", ""]
        for part, own in grouped(group, lambda r: r.part).items():
            lines += [*(_iterations(own) if part == ITERATION else _preparation(own)), ""]
        chapters.append("\n".join(lines))
    return "\n".join(chapters)


def _iterations(rows: Sequence[Phase]) -> list[str]:
    names = sorted({row.phase for row in rows}, key=PHASES.index)
    heading = ("instance", "objective", "operations", "thousand iterations/s", *(f"{name} %" for name in names))
    body = []
    for (family, instance, objective), group in grouped(rows, lambda r: (r.family, r.instance, r.objective)).items():
        shares = {row.phase: f"{100 * (row.share or 0.0):.0f}" for row in group}
        speed = f"{group[0].iterations_per_second / 1000:.1f}"
        cells = (f"{family}/{instance}", objective.replace("_", " "), str(group[0].operations), speed)
        body.append((*cells, *(shares.get(name, "-") for name in names)))
    by_phase = grouped(rows, lambda r: r.phase)
    medians = [f"{100 * median(row.share or 0.0 for row in by_phase[name]):.0f}" for name in names]
    return markdown(heading, [*body, ("**median**", "", "", "", *medians)])


def _preparation(rows: Sequence[Phase]) -> list[str]:
    names = list(dict.fromkeys(row.phase for row in rows))
    body = []
    for (family, instance, objective), group in grouped(rows, lambda r: (r.family, r.instance, r.objective)).items():
        spent = {row.phase: f"{row.microseconds / 1000:.1f}" for row in group}
        cells = (f"{family}/{instance}", objective.replace("_", " "), str(group[0].operations))
        body.append((*cells, *(spent.get(name, "-") for name in names)))
    return markdown(("instance", "objective", "operations", *(f"{name} ms" for name in names)), body)
