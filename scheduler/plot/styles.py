"""How each kind of bar and shade looks, and what the legend calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.analysis.compare import ChangeKind
from scheduler.plot import palette
from scheduler.plot.layout import LATE, ON_TIME, BarKind, Layout, ShadeKind
from scheduler.plot.palette import JobColour, blend, darker, job_colour, oklch


@dataclass(frozen=True, slots=True)
class Style:
    """Look of a kind of bar.

    ``fill`` None is the colour of the bar's group, mixed with ``pallor`` of white; ``edge`` None is a darker tone of
    the fill. ``name`` is the legend's word, empty for what needs none; ``height`` is the share of the legend's
    swatch. A ``pointed`` bar ends in a tip.
    """

    zorder: float
    name: str = ""
    fill: str | None = None
    pallor: float = 0.0
    edge: str | None = None
    line_width: float = 0.4
    line_style: str = "solid"
    hatch: str | None = None
    height: float = 1.0
    pointed: bool = False


BAR_STYLES: Mapping[BarKind, Style] = {
    "occupied": Style(2.5, "loading, blocking", pallor=0.68, line_width=0.0, height=0.5),
    "waiting": Style(2.5, "waiting in a buffer", pallor=0.5, line_width=0.3, height=0.6),
    "pause": Style(2.6, "pause in a downtime", pallor=0.45, height=0.3),
    "setup": Style(3.0, "setup", palette.WHITE, edge=palette.GREY, line_width=0.5, hatch="/////"),
    "operation": Style(4.0),
    "aborted": Style(4.1, "aborted work", palette.PALE_RED, edge=palette.RED, line_width=0.7),
    "robot_move": Style(4.0, "robot move"),
    "tending": Style(4.0, "robot tends the machine", pallor=0.55, line_width=0.6, hatch="----"),
    "transport": Style(4.0, "transport", hatch="...."),
    "transfer": Style(4.0, "transfer", pointed=True, line_width=0.6),
    "empty_move": Style(3.0, "empty move", palette.WHITE, edge=palette.GREY, line_width=0.5, height=0.32),
    "return": Style(
        3.0, "empty return", palette.WHITE, edge=palette.GREY, line_width=0.5, line_style="dashed", height=0.32
    ),
    "charge": Style(4.0, "charging", palette.CHARGE_GREEN, edge=palette.LEVEL_GREEN, line_width=0.6, hatch="|||"),
    "charger_use": Style(4.0, "", palette.CHARGE_GREEN, edge=palette.LEVEL_GREEN, line_width=0.6),
    "parked": Style(4.0, "vehicle at a place", palette.PALE_GREY, edge=palette.GREY, line_width=0.5, height=0.6),
    "late": Style(5.0, "after the due date", palette.RED, edge=palette.RED, line_width=0.0, height=0.3),
    "ghost": Style(4.5, "old position", pallor=0.55, line_width=0.8, line_style="dashed", height=0.5),
    "flow": Style(3.0, "", pallor=0.35, line_width=0.0),
    "dock": Style(4.0, "at a dock", pallor=0.3, hatch="|||"),
    "held": Style(4.0, "holds an operator", pallor=0.3),
    "missing": Style(1.6, "missing", palette.PALE_RED, edge=palette.RED, line_width=0.6, hatch="xxxx"),
    "transit": Style(1.5, "", palette.TRANSIT_SAND, edge=palette.GREY, line_width=0.4),
    "departure": Style(3.0, "departure of the timetable", palette.GREY, edge=palette.GREY, line_width=0.9, height=0.5),
    "tardiness": Style(3.1, "tardiness", palette.RED, edge=palette.RED),
}

SHADE_STYLES: Mapping[ShadeKind, Style] = {
    "transit": Style(
        0.9, "other transit time", palette.PALE_SAND, edge=palette.TRANSIT_SAND, line_width=0.0, hatch="...."
    ),
    "slow": Style(0.9, "slow", palette.PALE_SAND, edge=palette.TRANSIT_SAND, line_width=0.0, hatch="...."),
    "off_shift": Style(1.0, "off shift", palette.OFF_SHIFT_GREY, edge=palette.OFF_SHIFT_GREY, line_width=0.0),
    "downtime": Style(1.1, "downtime", palette.PALE_GREY, edge=palette.PALE_GREY, line_width=0.0),
    "breakdown": Style(1.2, "breakdown", palette.PALE_RED, edge=palette.RED, line_width=0.6, hatch="xxxx"),
}

CHANGE_PALLOR: Mapping[ChangeKind, float] = {"unchanged": 0.72, "cancelled": 0.45}
"""Share of white mixed into the colour of an operation that was left alone or dropped."""

CHANGE_NAMES: Mapping[ChangeKind, str] = {
    "unchanged": "unchanged",
    "extended": "extended",
    "moved": "moved in time",
    "reassigned": "moved to another machine",
    "new": "new",
    "cancelled": "cancelled",
}
CHANGE_EDGES: Mapping[ChangeKind, float] = {
    "extended": 1.1,
    "moved": 1.1,
    "reassigned": 2.0,
    "new": 1.6,
    "cancelled": 0.8,
}
"""Width of the ink outline of a changed operation, in points."""


def group_colours(layout: Layout) -> dict[str, JobColour]:
    """Return the colour of each group of the layout."""
    if layout.groups == (ON_TIME, LATE):
        calm, alarming = oklch(0.80, 0.08, 240), oklch(0.72, 0.15, 55)
        return {ON_TIME: JobColour(calm, palette.INK), LATE: JobColour(alarming, palette.INK)}
    return {group: job_colour(index) for index, group in enumerate(layout.groups)}


def fill_of(style: Style, colour: JobColour | None, change: ChangeKind | None) -> palette.Rgb | str:
    """Return the fill of a bar: its style's, or its group's colour, pale when it is unchanged or cancelled."""
    if style.fill is not None:
        return style.fill
    fill = colour.fill if colour is not None else oklch(0.8, 0.0, 0.0)
    return blend(fill, max(style.pallor, CHANGE_PALLOR.get(change, 0.0) if change is not None else 0.0))


def edge_of(style: Style, colour: JobColour | None, change: ChangeKind | None) -> palette.Rgb | str:
    """Return the edge of a bar: ink when the operation changed, pale when not, else its style's or a darker tone."""
    if style.edge is not None:
        return palette.PALE_INK if change == "unchanged" else style.edge
    if change in CHANGE_EDGES and style is BAR_STYLES["operation"]:
        return palette.INK
    dark = darker(colour.fill if colour is not None else oklch(0.8, 0.0, 0.0))
    return blend(dark, 0.5) if change == "unchanged" else dark
