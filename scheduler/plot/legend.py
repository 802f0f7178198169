"""The legend: what colours, hatches and marks mean, in columns below the axes, never over the bars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.path import Path
from matplotlib.transforms import Transform

from scheduler.analysis.compare import ChangeKind
from scheduler.plot import palette
from scheduler.plot.bars import unplanned
from scheduler.plot.draw import PENNANT, STAR_YELLOW, STRIPE_DASHES, Sheet
from scheduler.plot.layout import BarKind, Layout, ShadeKind
from scheduler.plot.lettering import Lettering
from scheduler.plot.margins import inches_from
from scheduler.plot.palette import JobColour
from scheduler.plot.styles import BAR_STYLES, CHANGE_EDGES, CHANGE_NAMES, SHADE_STYLES, Style, edge_of, fill_of

TEXT_SIZE = 7.0
LINE_HEIGHT = 0.165
SWATCH, SWATCH_HEIGHT, GAP = 0.24, 0.11, 0.06
COLUMN_GAP = 0.2
MAX_GROUPS = 90
"""Beyond this many groups colours can't be told apart, and the legend says so instead of listing them."""

MAX_ENTRY = 2.6


@dataclass(frozen=True)
class Entry:
    """A line of the legend: its text and what is drawn before it, given the sheet, the place and its lower left."""

    text: str
    draw: Callable[[Sheet, Transform, float, float], None] = field(compare=False)


@dataclass(frozen=True)
class Legend:
    """Blocks of entries, each set in columns of equal width; all lengths in inches."""

    blocks: tuple[tuple[Entry, ...], ...]
    lettering: Lettering
    width: float

    @property
    def height(self) -> float:
        """Height of all blocks."""
        return sum(self._lines(block) * LINE_HEIGHT for block in self.blocks) + 0.06 * (len(self.blocks) - 1)

    def _column(self, block: tuple[Entry, ...]) -> float:
        widest = max(self.lettering.width(self._text(entry, block), TEXT_SIZE) for entry in block) / 72
        return SWATCH + GAP + widest + COLUMN_GAP

    def _columns(self, block: tuple[Entry, ...]) -> int:
        return max(1, min(len(block), int((self.width + COLUMN_GAP) / self._column(block))))

    def _lines(self, block: tuple[Entry, ...]) -> int:
        return -(-len(block) // self._columns(block))

    def _text(self, entry: Entry, block: tuple[Entry, ...]) -> str:
        limit = MAX_ENTRY if len(block) > 1 else self.width - SWATCH - GAP
        return self.lettering.shortened(entry.text, TEXT_SIZE, limit * 72)

    def draw(self, sheet: Sheet, left: float, below: float) -> None:
        """Draw the legend with its upper left corner `left` of and `below` the lower left corner of the axes."""
        place = inches_from(sheet.ax, 0.0, 0.0)
        top = -below
        for block in self.blocks:
            column, columns = self._column(block), self._columns(block)
            for position, entry in enumerate(block):
                x = -left + position % columns * column
                y = top - (position // columns + 0.5) * LINE_HEIGHT
                entry.draw(sheet, place, x, y - SWATCH_HEIGHT / 2)
                sheet.text(x + SWATCH + GAP, y, self._text(entry, block), TEXT_SIZE, ha="left", transform=place)
            top -= self._lines(block) * LINE_HEIGHT + 0.06


def legend_of(layouts: tuple[Layout, ...], colours: dict[str, JobColour], lettering: Lettering, width: float) -> Legend:
    """Return the legend for what the layouts really show."""
    blocks = (_kinds(layouts), _groups(layouts, colours))
    return Legend(tuple(block for block in blocks if block), lettering, width)


def _kinds(layouts: tuple[Layout, ...]) -> tuple[Entry, ...]:
    bars = [bar for layout in layouts for bar in layout.bars]
    kinds = {bar.kind for bar in bars}
    changes = {bar.change for bar in bars if bar.kind == "operation"}
    shades = {shade.kind for layout in layouts for shade in layout.shades}
    flags = {(flag.kind, flag.is_late) for layout in layouts for flag in layout.flags}
    sample = JobColour(palette.oklch(0.78, 0.09, 240), palette.INK)
    found = [Entry(CHANGE_NAMES[c], _swatch(BAR_STYLES["operation"], sample, c)) for c in CHANGE_NAMES if c in changes]
    found += [Entry(s.name, _swatch(s, sample, kind=k)) for k, s in BAR_STYLES.items() if k in kinds and s.name]
    found += [Entry(_name(k, s, layouts), _swatch(s, sample)) for k, s in SHADE_STYLES.items() if k in shades]
    if any(layout.levels for layout in layouts):
        found.append(Entry("level of the battery, least level", _level))
    if ("due_date", False) in flags:
        found.append(Entry("due date", _pennant(sample.fill, palette.GREY, 0.5)))
    if ("due_date", True) in flags:
        found.append(Entry("missed due date", _pennant(palette.RED, palette.GREY, 0.5)))
    if any(kind == "deadline" for kind, _ in flags):
        found.append(Entry("deadline", _pennant(sample.fill, palette.INK, 1.0)))
    return tuple(found)


def _name(kind: ShadeKind, style: Style, layouts: tuple[Layout, ...]) -> str:
    """Return what a kind of shade stands for: of what was not planned, what there is of it."""
    if kind != "breakdown":
        return style.name
    return ", ".join(unplanned(shade.reason for layout in layouts for shade in layout.shades if shade.kind == kind))


def _groups(layouts: tuple[Layout, ...], colours: dict[str, JobColour]) -> tuple[Entry, ...]:
    used = {bar.group for layout in layouts for bar in layout.bars}
    groups = [group for group in layouts[-1].groups if group in used]
    if len(groups) > MAX_GROUPS:
        text = f"{len(groups)} colours, more than can be told apart: read the labels"
        return (Entry(text, lambda *_: None),)
    return tuple(Entry(group, _swatch(BAR_STYLES["operation"], colours[group])) for group in groups)


def _swatch(
    style: Style, colour: JobColour, change: ChangeKind | None = None, kind: BarKind = "operation"
) -> Callable[[Sheet, Transform, float, float], None]:
    def draw(sheet: Sheet, place: Transform, x: float, y: float) -> None:
        height = SWATCH_HEIGHT * style.height
        low = y + (SWATCH_HEIGHT - height) / 2
        corners = [(x, low), (x + SWATCH, low), (x + SWATCH, low + height), (x, low + height)]
        if style.pointed:
            tip = (x + SWATCH, low + height / 2)
            corners[1:3] = [(x + SWATCH * 0.75, low), tip, (x + SWATCH * 0.75, low + height)]
        outline = Polygon(
            corners,
            facecolor=fill_of(style, colour, change),
            edgecolor=edge_of(style, colour, change),
            linewidth=style.line_width if change is None else CHANGE_EDGES.get(change, style.line_width),
            linestyle=style.line_style,
            hatch=style.hatch,
            transform=place,
            clip_on=False,
        )
        sheet.ax.add_artist(outline)
        if colour.stripe is not None:
            stripe = low + 0.85 * height
            dashes = STRIPE_DASHES[colour.stripe]
            _add_line(
                sheet, place, [x, x + SWATCH], [stripe, stripe], color=palette.INK, linewidth=1.3, linestyle=dashes
            )
        if kind == "aborted" or change == "cancelled":
            for ends in ([low, low + height], [low + height, low]):
                _add_line(sheet, place, [x, x + SWATCH], ends, color=palette.RED, linewidth=1.0)
        if change == "new":
            _add_mark(sheet, place, (x, low + height), "*", 6.5, STAR_YELLOW, palette.INK, 0.6)

    return draw


def _level(sheet: Sheet, place: Transform, x: float, y: float) -> None:
    xs, ys = [x, x + SWATCH / 2, x + SWATCH], [y + SWATCH_HEIGHT, y + 0.3 * SWATCH_HEIGHT, y + SWATCH_HEIGHT]
    area = [(x, y), *zip(xs, ys, strict=True), (x + SWATCH, y)]
    look: dict[str, Any] = {"facecolor": palette.CHARGE_GREEN, "alpha": 0.45, "linewidth": 0.0}
    sheet.ax.add_artist(Polygon(area, transform=place, clip_on=False, **look))
    _add_line(sheet, place, xs, ys, color=palette.LEVEL_GREEN, linewidth=0.9)
    low = y + 0.18 * SWATCH_HEIGHT
    _add_line(sheet, place, [x, x + SWATCH], [low, low], color=palette.RED, linewidth=0.6, linestyle="dashed")


def _pennant(fill: palette.Rgb | str, edge: str, width: float) -> Callable[[Sheet, Transform, float, float], None]:
    def draw(sheet: Sheet, place: Transform, x: float, y: float) -> None:
        _add_mark(sheet, place, (x + SWATCH / 2, y + SWATCH_HEIGHT / 2), PENNANT, 9.0, fill, edge, width)

    return draw


def _add_mark(
    sheet: Sheet,
    place: Transform,
    at: tuple[float, float],
    marker: str | Path,
    size: float,
    fill: palette.Rgb | str,
    edge: str,
    width: float,
) -> None:
    look = {"markersize": size, "markerfacecolor": fill, "markeredgecolor": edge, "markeredgewidth": width}
    _add_line(sheet, place, [at[0]], [at[1]], marker=marker, linestyle="", **look)


def _add_line(sheet: Sheet, place: Transform, xs: list[float], ys: list[float], **look: Any) -> None:
    sheet.ax.add_artist(Line2D(xs, ys, transform=place, clip_on=False, **look))
