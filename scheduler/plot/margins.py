"""Around the axes: row names with their groups, utilisation, time axis. Sizes are in inches."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.transforms import Affine2DBase, ScaledTranslation, Transform, blended_transform_factory

from scheduler.domain.instance import Instance
from scheduler.plot import palette
from scheduler.plot.draw import Sheet, header_tint
from scheduler.plot.layout import Layout
from scheduler.plot.lettering import Lettering
from scheduler.plot.time_axis import axis_title, time_ticks

ROW_SIZE, HEADER_SIZE, GROUP_SIZE = 7.5, 8.5, 7.5
NAME_GAP = 0.07
BRACKET_X = 0.09
BRACKET_GAP = 0.12
MAX_NAME = 2.4
TICK_ROOM = 0.8
"""Inches that a tick label of the time axis needs."""


def name_width(layout: Layout, lettering: Lettering) -> float:
    """Return how wide the column of names left of the axes is."""
    widest = 0.5
    for row in layout.rows:
        size, bold = (HEADER_SIZE, True) if row.kind == "facility" else (ROW_SIZE, False)
        name = lettering.shortened(row.label, size, MAX_NAME * 72, bold=bold)
        widest = max(widest, lettering.width(name, size, bold=bold) / 72 + (BRACKET_GAP if row.depth else 0.0))
    return widest + NAME_GAP + 0.1


def inches_from(ax: Axes, x: float, y: float) -> Transform:
    """Return the transform of inches measured from a point of the axes, given in shares of its width and height."""
    return ax.figure.dpi_scale_trans + ScaledTranslation(x, y, cast("Affine2DBase", ax.transAxes))


def draw_names(sheet: Sheet, width: float) -> None:
    """Write the names of the rows and draw a bracket along each cell and lane."""
    ax, rows = sheet.ax, sheet.layout.rows
    place = blended_transform_factory(inches_from(ax, 0.0, 0.0), ax.transData)
    headers = [row for row in rows if row.is_header]
    bands = [[(-width, row.top), (0.0, row.top), (0.0, row.bottom), (-width, row.bottom)] for row in headers]
    tints = [header_tint(row) for row in headers]
    band = PolyCollection(bands, facecolors=tints, linewidths=0, transform=place, clip_on=False, zorder=0.1)
    ax.add_collection(band, autolim=False)
    for row in rows:
        middle = (row.top + row.bottom) / 2
        if row.kind == "facility":
            name = sheet.lettering.shortened(row.label, HEADER_SIZE, (width - 0.1) * 72, bold=True)
            sheet.text(-width + 0.04, middle, name, HEADER_SIZE, ha="left", transform=place, fontweight="bold")
        elif row.is_header:
            name = sheet.lettering.shortened(row.label, GROUP_SIZE, (width - 0.1) * 72)
            sheet.text(-width + 0.04, middle, name, GROUP_SIZE, ha="left", transform=place, color=palette.GREY)
        else:
            name = sheet.lettering.shortened(row.label, ROW_SIZE, (width - NAME_GAP - 0.1) * 72)
            shade = palette.RED if row.kind == "late_job" else palette.INK if row.kind == "machine" else palette.GREY
            sheet.text(-NAME_GAP, middle, name, ROW_SIZE, ha="right", transform=place, color=shade)
    brackets = LineCollection(
        _brackets(sheet.layout, -width + BRACKET_X),
        colors=palette.GREY,
        linewidths=0.9,
        transform=place,
        clip_on=False,
        zorder=2,
    )
    ax.add_collection(brackets, autolim=False)


def _brackets(layout: Layout, x: float) -> list[list[tuple[float, float]]]:
    """Return a bracket for every run of rows inside a cell or lane."""
    found: list[list[tuple[float, float]]] = []
    first = None
    for row, following in pairwise((*layout.rows, None)):
        if row is None or not row.depth:
            continue
        first = row.top if first is None else first
        if following is None or not following.depth:
            found.append(
                [(x + 0.05, first + 0.1), (x, first + 0.1), (x, row.bottom - 0.1), (x + 0.05, row.bottom - 0.1)]
            )
            first = None
    return found


def draw_utilisation(sheet: Sheet) -> None:
    """Write the utilisation of each machine at the right end of its row."""
    place = blended_transform_factory(inches_from(sheet.ax, 1.0, 0.0), sheet.ax.transData)
    for row in sheet.layout.rows:
        if row.utilisation is not None:
            share = f"{row.utilisation:.0f} %"
            middle = (row.top + row.bottom) / 2
            sheet.text(0.42, middle, share, 6.0, ha="right", color=palette.GREY, transform=place)
    sheet.text(
        0.42, -4 / sheet.points_per_unit, "busy", 6.0, ha="right", va="bottom", color=palette.GREY, transform=place
    )


def draw_time_axis(sheet: Sheet, instance: Instance, *, with_labels: bool = True) -> None:
    """Set limits, ticks, grid and title of the time axis; y grows downwards."""
    ax, layout = sheet.ax, sheet.layout
    ax.set_xlim(layout.start, layout.end)
    ax.set_ylim(layout.height, 0)
    ax.set_yticks([])
    ax.grid(False)
    inches = (layout.end - layout.start) * sheet.points_per_tick / 72
    ticks = time_ticks(instance, layout.start, layout.end, max(2, int(inches / TICK_ROOM)))
    ax.set_xticks([tick.at for tick in ticks], [tick.label if with_labels else "" for tick in ticks])
    for label in ax.get_xticklabels():
        label.set(fontsize=7, family=list(sheet.lettering.families), parse_math=False, usetex=False, color=palette.INK)
    ax.tick_params(axis="x", length=3, width=0.6, color=palette.GREY, pad=2)
    for tick in ticks:
        weight = 0.8 if tick.is_major else 0.35
        ax.axvline(tick.at, color=palette.LINE_GREY, linewidth=weight, zorder=0.4)
    for side in ax.spines.values():
        side.set(color=palette.LINE_GREY, linewidth=0.7)
    ax.set_facecolor(palette.WHITE)
    if with_labels:
        below = inches_from(ax, 1.0, 0.0)
        sheet.text(0.0, -0.3, axis_title(instance), 7.0, ha="right", va="top", color=palette.GREY, transform=below)
