"""Pictures of a comparison: gaps by family, share of the instances within a gap, and gaps over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.comparison import Key, Measurement
from benchmarks.report_comparison import PICTURES, by_setting
from benchmarks.tables import grouped

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""The palette of Okabe and Ito (2008), told apart by everybody; one for each solver, in turn."""
PIXELS_PER_INCH = 150
FAR = 20.0
"""Gaps in percent beyond which an axis of gaps becomes logarithmic."""
SHARE_AXIS = 10.0
"""Percent at which the axis of the profile ends at the most."""
MOST_HISTORIES = 6

Histories = Mapping[Key, Sequence[tuple[float, int]]]


def draw_charts(rows: Sequence[Measurement], histories: Histories, folder: Path) -> list[str]:
    """Write the charts of every chapter of the report into a folder; return the names of the files."""
    names = []
    for setting, group in by_setting(rows).items():
        solvers = list(dict.fromkeys(row.solver for row in group))
        colours = {solver: COLOURS[number % len(COLOURS)] for number, solver in enumerate(solvers)}
        figures = {
            "gaps": gaps_figure(group, colours),
            "profile": profile_figure(group, colours),
            "histories": histories_figure(group, histories, colours),
        }
        for name, figure in figures.items():
            if figure is not None:
                figure.suptitle(f"{PICTURES[name]}, {setting}", x=0.01, ha="left", fontsize=10)
                names.append(f"{setting.name}-{name}.png")
                FigureCanvasAgg(figure)
                figure.savefig(folder / names[-1], dpi=PIXELS_PER_INCH)
    return names


def gaps_figure(rows: Sequence[Measurement], colours: Mapping[str, str]) -> Figure | None:
    """Return a picture with a dot for each run and a bar for the mean of each family; a cross: no schedule."""
    gaps = [100 * row.gap_to_best_known for row in rows if row.gap_to_best_known is not None]
    if not gaps:
        return None
    families = list(dict.fromkeys(row.family for row in rows))
    height = 1.2 + 0.16 * len(families) * (len(colours) + 1)
    figure = Figure(figsize=(8.0, height), layout="constrained")
    axes = figure.add_subplot()
    right = max(max(gaps) * 1.05, 1.0)
    for (solver, family), group in grouped(rows, lambda r: (r.solver, r.family)).items():
        place = families.index(family) + 0.8 * ((list(colours).index(solver) + 0.5) / len(colours) - 0.5)
        found = [100 * row.gap_to_best_known for row in group if row.gap_to_best_known is not None]
        missing = sum(row.value is None for row in group)
        axes.plot(found, [place] * len(found), "o", color=colours[solver], markersize=4, alpha=0.6, markeredgewidth=0)
        axes.plot([right] * missing, [place] * missing, "x", color=colours[solver], markersize=5)
        if found:
            axes.plot([mean(found)], [place], "|", color=colours[solver], markersize=11, markeredgewidth=2)
    axes.set_yticks(range(len(families)), families)
    axes.set_ylim(len(families) - 0.5, -0.5)
    for boundary in range(1, len(families)):
        axes.axhline(boundary - 0.5, color="0.85", linewidth=0.6)
    _add_legend(figure, colours)
    _finish(axes, "gap to the best known value in percent (bar: mean; cross: no schedule)")
    if right > FAR:
        axes.set_xscale("symlog", linthresh=1.0)
        axes.set_xlim(min(-0.1, 1.3 * min(gaps)), 1.2 * right)
        axes.xaxis.set_major_formatter("{x:g}")
    return figure


def profile_figure(rows: Sequence[Measurement], colours: Mapping[str, str]) -> Figure | None:
    """Return a picture of the share of the runs that come within x percent of the best known value."""
    rows = [row for row in rows if row.best_known_upper]
    gaps = [100 * row.gap_to_best_known for row in rows if row.gap_to_best_known is not None]
    if not gaps:
        return None
    right = min(max(1.0, 1.05 * max(gaps)), SHARE_AXIS)
    figure = Figure(figsize=(8.0, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for solver, own in grouped(rows, lambda r: r.solver).items():
        found = sorted(100 * row.gap_to_best_known for row in own if row.gap_to_best_known is not None)
        shares = [100 * (number + 1) / len(own) for number in range(len(found))]
        last = shares[-1] if shares else 0.0
        left = min([0.0, *found])
        axes.step([left, *found, max(right, *found)], [0.0, *shares, last], where="post", color=colours[solver], lw=1.8)
    axes.set_xlim(min(0.0, *gaps) - 0.01 * right, right)
    axes.set_ylim(0, 102)
    axes.set_ylabel("percent of the runs", fontsize=8)
    _add_legend(figure, colours)
    _finish(axes, "at most so many percent above the best known value")
    return figure


def histories_figure(rows: Sequence[Measurement], histories: Histories, colours: Mapping[str, str]) -> Figure | None:
    """Return pictures of the gap over time on the instances that take longest, with logarithmic axes.

    The gap is that to the best known value, or else to the best value of any run here; where that is 0, there is none.
    """
    known = {
        name: group[0].best_known_upper or min((r.value for r in group if r.value is not None), default=None)
        for name, group in grouped(rows, lambda r: (r.family, r.instance)).items()
    }
    kept = [row for row in rows if histories.get(row.key) and known[row.family, row.instance]]
    if not kept:
        return None
    slowest = grouped(
        sorted(kept, key=lambda r: -(r.seconds_to_within_1_percent or 0.0)), lambda r: (r.family, r.instance)
    )
    names = list(slowest)[:MOST_HISTORIES]
    columns = min(3, len(names))
    num_rows = -(-len(names) // columns)
    figure = Figure(figsize=(8.0, 0.6 + 2.3 * num_rows), layout="constrained")
    for number, (family, instance) in enumerate(names):
        axes = figure.add_subplot(num_rows, columns, number + 1)
        runs = [(colours[row.solver], histories[row.key], row.time_limit) for row in slowest[family, instance]]
        _draw_histories(axes, runs, known[family, instance] or 1.0)
        axes.set_title(f"{family}/{instance}", fontsize=8)
    figure.supxlabel("seconds", fontsize=8)
    figure.supylabel("gap in percent", fontsize=8)
    _add_legend(figure, {row.solver: colours[row.solver] for row in kept})
    return figure


def _draw_histories(axes: Axes, runs: Sequence[tuple[str, Sequence[tuple[float, int]], float]], best: float) -> None:
    """Draw the gap of each run (its colour, history and time limit) as steps, to the limit."""
    gaps = [[100 * (value / best - 1) for _, value in history] for _, history, _ in runs]
    for (colour, history, time_limit), own in zip(runs, gaps, strict=True):
        seconds = [max(at, 0.01) for at, _ in history]
        ends = max(seconds[-1], time_limit)
        axes.step([*seconds, ends], [*own, own[-1]], where="post", color=colour, linewidth=1.3)
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=0.1)
    axes.set_ylim(min(-0.02, *(1.5 * min(own) for own in gaps)), 1.5 * max(1.0, *(max(own) for own in gaps)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    axes.tick_params(labelsize=7)
    axes.grid(color="0.9", linewidth=0.5)


def _finish(axes: Axes, label: str) -> None:
    axes.set_xlabel(label, fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _add_legend(figure: Figure, colours: Mapping[str, str]) -> None:
    lines = [Line2D([], [], color=colour, label=solver, linewidth=2) for solver, colour in colours.items()]
    figure.legend(handles=lines, loc="outside lower right", ncols=len(lines), fontsize=8, frameon=False)
