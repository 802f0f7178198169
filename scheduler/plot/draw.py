"""From layout to artists inside the axes: shading, bars, labels, flags, lines. One collection per kind of bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from scheduler.plot import palette
from scheduler.plot.layout import Bar, Layout
from scheduler.plot.lettering import Lettering
from scheduler.plot.palette import JobColour, Stripe
from scheduler.plot.rows import Row
from scheduler.plot.styles import BAR_STYLES, CHANGE_EDGES, SHADE_STYLES, Style, edge_of, fill_of

LABEL_SIZES = (7.0, 6.0, 5.0)
"""Font sizes tried for the label of a bar, in points; a label that fits in none of them is left out."""

LABEL_MARGIN = 2.5
HALO = 2.5
"""Width in points of the line in the colour of the bar that keeps a hatch away from a label."""
TIP = 4.5
"""Length in points of the tip of a pointed bar, at most a third of the bar."""

FLAG_SIZE = 9.0
RIGHT_MARGIN = 0.55
"""Inches between the axes and the right edge of the figure."""

PENNANT = Path(
    [(0.0, -1.0), (0.0, 1.0), (1.1, 0.55), (0.0, 0.1), (0.0, -1.0)],
    [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY],
)

STAR_YELLOW = "#ffd400"
STRIPE_DASHES: Mapping[Stripe, Any] = {"solid": "solid", "dashed": (0, (2.0, 1.5))}

Points: TypeAlias = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Sheet:
    """The axes a layout is drawn on, with its scale: points per tick and per row unit."""

    ax: Axes
    layout: Layout
    lettering: Lettering
    colours: dict[str, JobColour]
    points_per_tick: float
    points_per_unit: float

    def colour(self, group: str | None) -> JobColour | None:
        """Return the colour of a group, None for what belongs to none."""
        return self.colours.get(group) if group is not None else None

    def text(self, x: float, y: float, text: str, size: float, **options: Any) -> None:
        """Write text as it is: no mathematics, no LaTeX, in fonts that have its characters."""
        options = {"va": "center", "color": palette.INK, **options}
        self.ax.text(
            x,
            y,
            self.lettering.show(text),
            fontsize=size,
            family=list(self.lettering.families),
            parse_math=False,
            usetex=False,
            **options,
        )


def draw_inside(sheet: Sheet) -> None:
    """Draw everything that lies inside the axes."""
    _draw_rows(sheet)
    _draw_shades(sheet)
    _draw_levels(sheet)
    for kind in BAR_STYLES:
        bars = [bar for bar in sheet.layout.bars if bar.kind == kind]
        if bars:
            _draw_bars(sheet, bars)
    _draw_stripes(sheet)
    _draw_crosses(sheet)
    _draw_stars(sheet)
    _draw_labels(sheet)
    _draw_flags(sheet)
    _draw_links(sheet)
    _draw_arrows(sheet)


def _draw_rows(sheet: Sheet) -> None:
    """Tint the headers and draw a thin line below every row."""
    start, end = sheet.layout.start, sheet.layout.end
    rows = sheet.layout.rows
    headers = [row for row in rows if row.is_header]
    bands = [_box(start, end, row.top, row.bottom) for row in headers]
    tints = [header_tint(row) for row in headers]
    sheet.ax.add_collection(PolyCollection(bands, facecolors=tints, linewidths=0, zorder=0.1))
    lines = [((start, row.bottom), (end, row.bottom)) for row in rows]
    lines += [
        ((start, row.top + lane * row.height / row.lanes), (end, row.top + lane * row.height / row.lanes))
        for row in rows
        for lane in range(1, row.lanes)
    ]
    widths = [0.5] * len(rows) + [0.25] * (len(lines) - len(rows))
    sheet.ax.add_collection(LineCollection(lines, colors=palette.LINE_GREY, linewidths=widths, zorder=0.5))


def header_tint(row: Row) -> str:
    """Return the colour of the band behind a header."""
    return palette.FACILITY_GREY if row.kind == "facility" else palette.BAND_GREY


def _draw_shades(sheet: Sheet) -> None:
    for kind, style in SHADE_STYLES.items():
        boxes = [
            _box(shade.start, shade.end, sheet.layout.rows[shade.row].top, sheet.layout.rows[shade.row].bottom)
            for shade in sheet.layout.shades
            if shade.kind == kind
        ]
        if boxes:
            sheet.ax.add_collection(
                PolyCollection(
                    boxes,
                    facecolors=style.fill,
                    edgecolors=style.edge,
                    linewidths=style.line_width,
                    hatch=style.hatch,
                    zorder=style.zorder,
                )
            )


def _draw_levels(sheet: Sheet) -> None:
    """Draw the level of each battery as an area over its row, full at the top, and the minimum as a thin line."""
    if not sheet.layout.levels:
        return
    areas, curves, minima = [], [], []
    for level in sheet.layout.levels:
        row = sheet.layout.rows[level.row]
        foot, height = row.bottom - 0.06 * row.height, 0.86 * row.height
        curve = [(float(at), foot - share * height) for at, share in level.points]
        curves.append(curve)
        areas.append([(curve[0][0], foot), *curve, (curve[-1][0], foot)])
        if level.minimum > 0:
            y = foot - level.minimum * height
            minima.append(((curve[0][0], y), (curve[-1][0], y)))
    ax = sheet.ax
    ax.add_collection(PolyCollection(areas, facecolors=palette.CHARGE_GREEN, alpha=0.45, linewidths=0, zorder=2.0))
    ax.add_collection(LineCollection(curves, colors=palette.LEVEL_GREEN, linewidths=0.9, zorder=2.1))
    ax.add_collection(LineCollection(minima, colors=palette.RED, linewidths=0.6, linestyles="dashed", zorder=2.2))


def _draw_bars(sheet: Sheet, bars: Sequence[Bar]) -> None:
    style = BAR_STYLES[bars[0].kind]
    tip = TIP / sheet.points_per_tick
    outlines = []
    for bar in bars:
        top, bottom = sheet.layout.span(bar)
        corners = _box(bar.start, bar.end, top, bottom)
        if style.pointed:
            inner = max(bar.end - tip, bar.end - (bar.end - bar.start) / 3)
            corners = [
                (bar.start, top),
                (inner, top),
                (bar.end, (top + bottom) / 2),
                (inner, bottom),
                (bar.start, bottom),
            ]
        outlines.append(corners)
    sheet.ax.add_collection(
        PolyCollection(
            outlines,
            facecolors=[fill_of(style, sheet.colour(bar.group), bar.look) for bar in bars],
            edgecolors=[edge_of(style, sheet.colour(bar.group), bar.look) for bar in bars],
            linewidths=[_edge_width(bar, style) for bar in bars],
            linestyles=style.line_style,
            hatch=style.hatch,
            zorder=style.zorder,
            joinstyle="miter",
        )
    )


def _edge_width(bar: Bar, style: Style) -> float:
    if bar.kind != "operation" or bar.look is None:
        return style.line_width
    return CHANGE_EDGES.get(bar.look, style.line_width)


def _draw_stripes(sheet: Sheet) -> None:
    """Draw the stripe of colours that have one along the top of their operations."""
    lines: list[Points] = []
    dashes = []
    for bar in sheet.layout.bars:
        colour = sheet.colour(bar.group)
        if bar.kind == "operation" and bar.look != "unchanged" and colour is not None and colour.stripe is not None:
            top, bottom = sheet.layout.span(bar)
            y = top + 0.13 * (bottom - top)
            lines.append(((bar.start, y), (bar.end, y)))
            dashes.append(STRIPE_DASHES[colour.stripe])
    sheet.ax.add_collection(
        LineCollection(lines, linestyles=dashes, colors=palette.INK, linewidths=1.3, capstyle="butt", zorder=4.2)
    )


def _draw_crosses(sheet: Sheet) -> None:
    """Cross out aborted pieces and cancelled operations."""
    lines: list[Points] = []
    for bar in sheet.layout.bars:
        if bar.kind == "aborted" or (bar.kind == "operation" and bar.change == "cancelled"):
            top, bottom = sheet.layout.span(bar)
            lines.append(((bar.start, top), (bar.end, bottom)))
            lines.append(((bar.start, bottom), (bar.end, top)))
    sheet.ax.add_collection(LineCollection(lines, colors=palette.RED, linewidths=1.1, zorder=6.5))


def _draw_stars(sheet: Sheet) -> None:
    """Mark the operations of new jobs."""
    new = [bar for bar in sheet.layout.bars if bar.kind == "operation" and bar.change == "new"]
    if new:
        tops = [sheet.layout.span(bar)[0] for bar in new]
        sheet.ax.scatter(
            [bar.start for bar in new],
            tops,
            marker="*",
            s=46,
            facecolors=STAR_YELLOW,
            edgecolors=palette.INK,
            linewidths=0.6,
            zorder=9,
        )


def _draw_labels(sheet: Sheet) -> None:
    for bar in sheet.layout.bars:
        if not bar.label:
            continue
        top, bottom = sheet.layout.span(bar)
        middle = (top + bottom) / 2
        if bar.kind == "tardiness":
            reach, width = (points / sheet.points_per_tick for points in (2, sheet.lettering.width(bar.label, 6.0)))
            crosses = bar.end <= sheet.layout.end < bar.end + 2 * reach + width
            x = (sheet.layout.end if crosses else bar.end) + reach  # never on the frame
            sheet.text(x, middle, bar.label, 6.0, ha="left", color=palette.RED, zorder=6, clip_on=False)
            continue
        fitting = _fitting(sheet, bar, bottom - top)
        if fitting is not None:
            (label, size), centre = fitting, (bar.start + bar.end) / 2
            colour, style = _label_colour(sheet, bar), BAR_STYLES[bar.kind]
            fill = fill_of(style, sheet.colour(bar.group), bar.look)
            halo = [] if style.hatch is None else [withStroke(linewidth=HALO, foreground=fill)]
            sheet.text(
                centre, middle, label, size, ha="center", color=colour, zorder=6, clip_on=True, path_effects=halo
            )


def _label_colour(sheet: Sheet, bar: Bar) -> str:
    colour = sheet.colour(bar.group)
    if bar.kind == "aborted":
        return palette.RED
    if bar.kind in ("transit", "parked") or (bar.kind == "charger_use" and bar.look != "unchanged"):
        return palette.INK
    if bar.look == "unchanged" or colour is None:
        return palette.GREY
    return palette.INK if bar.change == "cancelled" else colour.text


def _fitting(sheet: Sheet, bar: Bar, height: float) -> tuple[str, float] | None:
    """Return the label, or else the job alone, in the largest font size in which it fits in its bar."""
    room, depth = (bar.end - bar.start) * sheet.points_per_tick - LABEL_MARGIN, height * sheet.points_per_unit
    for text in dict.fromkeys((bar.label, bar.job or "")):
        for size in LABEL_SIZES:
            if size <= depth and sheet.lettering.width(text, size) <= room:
                return text, size
    return None


def _draw_flags(sheet: Sheet) -> None:
    """Draw a pennant per due date and deadline, with its job where there is room to the next one or the edge."""
    rows = [row for row in sheet.layout.rows if row.kind == "due_dates"]
    flags = sheet.layout.flags
    if not rows or not flags:
        return
    level_height = rows[0].height / (max(flag.level for flag in flags) + 1)
    centres = [rows[0].top + (flag.level + 0.5) * level_height for flag in flags]
    fills: list[palette.Rgb | str] = []
    for flag in flags:
        colour = sheet.colour(flag.group)
        fills.append(palette.RED if flag.is_late else palette.WHITE if colour is None else colour.fill)
    sheet.ax.scatter(
        [flag.at for flag in flags],
        centres,
        marker=PENNANT,
        s=[FLAG_SIZE**2 * (0.5 if flag.kind == "due_date" else 1.0) for flag in flags],
        facecolors=fills,
        edgecolors=[palette.INK if flag.kind == "deadline" else palette.GREY for flag in flags],
        linewidths=[1.0 if flag.kind == "deadline" else 0.5 for flag in flags],
        zorder=5,
        clip_on=False,
    )
    for position, (flag, centre) in enumerate(zip(flags, centres, strict=True)):
        margin = RIGHT_MARGIN * 72 / sheet.points_per_tick
        following = (other.at for other in flags[position + 1 :] if other.level == flag.level)
        room = (next(following, sheet.layout.end + margin) - flag.at) * sheet.points_per_tick - FLAG_SIZE
        if sheet.lettering.width(flag.job, 5.5) <= room:
            shade = palette.RED if flag.is_late else palette.GREY
            reach = 0.62 * FLAG_SIZE / sheet.points_per_tick
            sheet.text(flag.at + reach, centre, flag.job, 5.5, ha="left", color=shade, zorder=5)


def _draw_links(sheet: Sheet) -> None:
    if sheet.layout.links:
        lines = LineCollection(sheet.layout.links, colors=palette.INK, linewidths=0.6, alpha=0.6, zorder=3.5)
        sheet.ax.add_collection(lines)


def _draw_arrows(sheet: Sheet) -> None:
    """Draw an arrow from each ghost of a reassigned operation to its bar."""
    arrows = sheet.layout.arrows
    if arrows:
        sheet.ax.quiver(
            [a[0] for a in arrows],
            [a[1] for a in arrows],
            [a[2] - a[0] for a in arrows],
            [a[3] - a[1] for a in arrows],
            angles="xy",
            scale_units="xy",
            scale=1,
            units="inches",
            width=0.015,
            headwidth=5,
            headlength=6,
            headaxislength=5.5,
            color=palette.INK,
            alpha=0.75,
            zorder=7,
        )


def draw_moment(sheet: Sheet, at: int, text: str, colour: str, *, side: str) -> None:
    """Draw a vertical line at a moment, with its name above the axes, left or right of the line."""
    sheet.ax.axvline(at, color=colour, linewidth=1.3, linestyle="solid" if side == "right" else (0, (5, 2)), zorder=8)
    reach = 2 / sheet.points_per_tick
    x = at - reach if side == "right" else at + reach
    y = -4 / sheet.points_per_unit
    sheet.text(x, y, text, 7.0, ha=side, va="bottom", color=colour, fontweight="bold", zorder=8)


def draw_frozen(sheet: Sheet, now: int, until: int) -> None:
    """Tint the frozen horizon."""
    box = _box(now, until, 0, sheet.layout.height)
    sheet.ax.add_collection(
        PolyCollection([box], facecolors=palette.FROZEN_GREEN, alpha=0.07, linewidths=0, zorder=0.3)
    )


def draw_cycle(sheet: Sheet, text: str) -> None:
    """Draw a line where each part set begins, and tint the cycle that begins with the last, with its name above."""
    sets = sheet.layout.sets
    for at in sets:
        sheet.ax.axvline(at, color=palette.CYCLE_VIOLET, linewidth=0.9, linestyle=(0, (2, 2)), zorder=7.5)
    box = _box(sets[-2], sets[-1], 0, sheet.layout.height)
    sheet.ax.add_collection(
        PolyCollection([box], facecolors=palette.CYCLE_VIOLET, alpha=0.09, linewidths=0, zorder=0.3)
    )
    middle, y = (sets[-2] + sets[-1]) / 2, -4 / sheet.points_per_unit
    sheet.text(middle, y, text, 7.0, ha="center", va="bottom", color=palette.CYCLE_VIOLET, fontweight="bold", zorder=8)


def _box(start: float, end: float, top: float, bottom: float) -> list[tuple[float, float]]:
    return [(start, top), (end, top), (end, bottom), (start, bottom)]


def texts_of(layout: Layout) -> Iterator[str]:
    """Yield every id and label the layout can show."""
    yield from (bar.label for bar in layout.bars)
    yield from (row.label for row in layout.rows)
    yield from (flag.job for flag in layout.flags)
    yield from layout.groups
