"""How value and bound came together while the solver ran."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scheduler.domain.result import Progress, Result
from scheduler.plot import palette
from scheduler.plot.files import save_figure

SIZE = (8.0, 4.0)


def plot_history(result: Result, path: str | Path) -> None:
    """Write a picture of the leading tier's value and lower bound over the seconds of the run.

    Raises
    ------
    ValueError
        If the name doesn't end in ``.png``, ``.svg`` or ``.pdf``.
    FormatError
        If the file can't be written.
    """
    figure = Figure(figsize=SIZE, facecolor=palette.WHITE, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(palette.LINE_GREY)
    values = [(point.seconds, float(point.value)) for point in result.history if point.value is not None]
    bounds = [(point.seconds, float(point.bound)) for point in result.history if point.bound is not None]
    # The wider line below, so that both are seen where the value is proved.
    _draw_steps(axes, values, result.seconds, palette.NOW_BLUE, 3.0, "value")
    _draw_steps(axes, bounds, result.seconds, palette.FROZEN_GREEN, 1.2, "lower bound")
    _name_engines(axes, result.history)
    tier = result.objective.tiers[result.leading]
    axes.set_title(f"{tier}: {result.status}", loc="left", fontsize=10, parse_math=False)
    axes.set_xlabel("seconds", fontsize=8)
    axes.set_xlim(left=0)
    if len(levels := {level for _, level in values + bounds}) == 1:
        axes.set_ylim(min(levels) - 1, max(levels) + 1)
    axes.tick_params(labelsize=8)
    axes.grid(color=palette.LINE_GREY, linewidth=0.4)
    if values or bounds:
        axes.legend(fontsize=8, loc="upper right", frameon=False)
    else:
        axes.text(0.5, 0.5, "no schedule and no bound was found", transform=axes.transAxes, ha="center", fontsize=9)
    save_figure(path, figure)


def _draw_steps(
    axes: Axes, points: list[tuple[float, float]], until: float, colour: str, width: float, name: str
) -> None:
    """Draw a step line that keeps its last level until the run ends."""
    if points:
        last = (max(until, points[-1][0]), points[-1][1])
        seconds, levels = zip(*points, last, strict=True)
        axes.step(seconds, levels, where="post", color=colour, linewidth=width, label=f"{name} ({points[-1][1]:g})")


def _name_engines(axes: Axes, history: tuple[Progress, ...]) -> None:
    """Write the engine's name where it takes over finding better values."""
    last = ""
    for point in history:
        if point.value is not None and point.engine != last:
            axes.annotate(
                point.engine,
                (point.seconds, float(point.value)),
                xytext=(4, 5),
                textcoords="offset points",
                fontsize=7,
                color=palette.GREY,
                parse_math=False,
            )
            last = point.engine
