"""Whole pictures: `gantt` of a schedule, and `before_after` of a repair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scheduler.analysis.compare import changes
from scheduler.constraints import Violation
from scheduler.domain.instance import Instance
from scheduler.domain.schedule import Schedule
from scheduler.plot import palette
from scheduler.plot.draw import (
    LABEL_MARGIN,
    LABEL_SIZES,
    RIGHT_MARGIN,
    Sheet,
    draw_cycle,
    draw_frozen,
    draw_inside,
    draw_moment,
    texts_of,
)
from scheduler.plot.lay_out import lay_out
from scheduler.plot.layout import ColourBy, Layout
from scheduler.plot.legend import Legend, legend_of
from scheduler.plot.lettering import Lettering
from scheduler.plot.margins import draw_names, draw_time_axis, draw_utilisation, inches_from, name_width
from scheduler.plot.palette import JobColour
from scheduler.plot.styles import CHANGE_NAMES, group_colours
from scheduler.plot.time_axis import axis_title, time_label

MIN_WIDTH, MAX_WIDTH = 8.0, 30.0
"""Bounds on the width of the time axis in inches."""

MAX_ASPECT, WIDE_ENOUGH = 2.5, 14.0
"""The axis is at most so many times as wide as the rows are high, once it is this wide."""

FITTING_LABELS = 0.7
"""The axis is made as wide, within its bounds, as this share of the operations needs to carry its label."""

UNIT_HEIGHTS = ((30.0, 0.30), (60.0, 0.25), (float("inf"), 0.21))
"""Inches per row unit for charts up to so many row units."""

TITLE_HEIGHT, PANEL_TITLE_HEIGHT, MOMENT_HEIGHT = 0.32, 0.3, 0.18
AXIS_HEIGHT, FOOTER_HEIGHT, EDGE = 0.52, 0.24, 0.12
LINE_HEIGHT = 0.16
"""Inches of a line below the footer."""

MOST_BROKEN = 6
"""Broken limits that are listed below the footer of a degraded schedule."""


@dataclass(frozen=True)
class _Times:
    """The moments marked by vertical lines."""

    now: int | None
    frozen_until: int | None

    @classmethod
    def of(cls, instance: Instance, now: int | None, frozen_until: int | None) -> _Times:
        """Return the given moments, else those of the instance's execution."""
        execution = instance.execution
        if execution is not None:
            now = execution.now if now is None else now
            frozen_until = execution.frozen_until if frozen_until is None else frozen_until
        return cls(now, frozen_until)


def gantt(
    instance: Instance,
    schedule: Schedule,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    now: int | None = None,
    frozen_until: int | None = None,
    baseline: Schedule | None = None,
    links: bool = False,
    colour_by: ColourBy = "job",
    terms: Mapping[str, int] | None = None,
    width: float | None = None,
    broken: Sequence[Violation] = (),
    highlight: Collection[str] = (),
) -> Axes:
    """Draw a schedule and return its axes.

    Parameters
    ----------
    ax
        Axes to draw on, with room left of and below them for names and legend. By default a new figure is made
        in a size that suits the schedule (``axes.figure``; it belongs to no global state).
    title
        Defaults to the name of the instance.
    now, frozen_until
        Ticks of two vertical lines; by default those of ``instance.execution``, if it has one.
    baseline
        The schedule before a repair: unchanged operations turn pale, changed ones are outlined, with their old
        positions below them.
    links
        Whether to draw the way of every part from operation to operation.
    colour_by
        ``job``, ``lateness`` or ``setup_family``.
    terms
        Values of objective terms for the footer.
    width
        Width of the time axis in inches; by default what the labels need, 8 to 30.
    broken
        The limits that a degraded schedule breaks: the chart is marked, and lists them below.
    highlight
        Ids of jobs whose way is drawn; everything of other jobs turns pale.
    """
    layout = lay_out(instance, schedule, baseline=baseline, with_links=links, colour_by=colour_by, highlight=highlight)
    summary = _summary(instance, schedule, layout)
    if baseline is not None:
        summary += "  ·  " + _change_summary(baseline, schedule)
    panel = _Panel(layout, "", summary, _alarm(broken))
    page = _Page.of(instance, (panel,), title, _footer(schedule, terms, layout), broken)
    times = _Times.of(instance, now, frozen_until)
    return page.draw_on(ax, times) if ax is not None else page.draw(times, width).axes[0]


def before_after(
    instance: Instance,
    before: Schedule,
    after: Schedule,
    *,
    title: str | None = None,
    now: int | None = None,
    frozen_until: int | None = None,
    colour_by: ColourBy = "job",
    terms: Mapping[str, int] | None = None,
    width: float | None = None,
    broken: Sequence[Violation] = (),
) -> Figure:
    """Draw a baseline schedule above its repair, on one time axis.

    Operations that the repair left alone are pale in both; the others have their full colour and an outline, and in
    the lower panel a ghost at their old position. Arrows lead to other machines; new operations carry a star.

    Parameters
    ----------
    instance
        The instance that `after` was made for, after the events.
    now, frozen_until, colour_by, terms, width, broken
        As in `gantt`; `terms` and `broken` are those of the repaired schedule.
    """
    upper = lay_out(instance, before, repaired=after, colour_by=colour_by)
    lower = lay_out(instance, after, baseline=before, colour_by=colour_by)
    panels = (
        _Panel(upper, "before", _summary(instance, before, upper)),
        _Panel(
            lower,
            "after",
            f"{_summary(instance, after, lower)}  ·  {_change_summary(before, after)}",
            _alarm(broken),
        ),
    )
    page = _Page.of(instance, panels, title, _footer(after, terms, lower), broken)
    return page.draw(_Times.of(instance, now, frozen_until), width)


@dataclass(frozen=True)
class _Panel:
    """One chart of a page: its layout, its name (empty when it is the only one), a line of figures, and an alarm."""

    layout: Layout
    name: str
    summary: str
    alarm: str = ""


@dataclass(frozen=True)
class _Page:
    """Panels one above the other, with one title, legend and footer; places everything in inches from the top."""

    instance: Instance
    panels: tuple[_Panel, ...]
    title: str
    footer: str
    broken: tuple[str, ...]
    lettering: Lettering
    colours: dict[str, JobColour]

    @classmethod
    def of(
        cls,
        instance: Instance,
        panels: tuple[_Panel, ...],
        title: str | None,
        footer: str,
        broken: Sequence[Violation],
    ) -> _Page:
        name = instance.name if title is None else title
        listed = [f"breaks {violation.rule}: {violation.where} {violation.detail}" for violation in broken]
        if len(listed) > MOST_BROKEN:
            listed[MOST_BROKEN:] = [f"and {len(listed) - MOST_BROKEN} more"]
        texts = [text for panel in panels for text in texts_of(panel.layout)]
        lettering = Lettering.covering((*texts, name, footer, *listed, axis_title(instance)))
        footer = "  ·  ".join(part for part in (footer, lettering.note) if part)
        return cls(instance, panels, name, footer, tuple(listed), lettering, group_colours(panels[-1].layout))

    def draw(self, times: _Times, width: float | None) -> Figure:
        """Draw the page on a figure of its own, with an axes per panel."""
        layouts = [panel.layout for panel in self.panels]
        names = max(name_width(layout, self.lettering) for layout in layouts)
        unit = _unit_height(max(layout.height for layout in layouts))
        inner = width or max(_axis_width(layout, self.lettering, unit) for layout in layouts)
        legend = self._legend(names + inner)
        above = MOMENT_HEIGHT + (PANEL_TITLE_HEIGHT if len(self.panels) > 1 else 0.0)
        heights = [above + layout.height * unit + AXIS_HEIGHT for layout in layouts]
        size = (
            2 * EDGE + names + inner + RIGHT_MARGIN,
            2 * EDGE + TITLE_HEIGHT + sum(heights) + legend.height + self._footer_height,
        )
        figure = Figure(figsize=size, facecolor=palette.WHITE)
        FigureCanvasAgg(figure)
        drawn: list[Axes] = []
        top = EDGE + TITLE_HEIGHT
        for panel, height in zip(self.panels, heights, strict=True):
            chart = panel.layout.height * unit
            box = ((EDGE + names) / size[0], 1 - (top + above + chart) / size[1], inner / size[0], chart / size[1])
            axes = figure.add_axes(box, sharex=drawn[0] if drawn else None)
            sheet = self._draw_panel(axes, panel, times, names, inner * 72, chart * 72)
            if not drawn:
                words = ("", "") if panel.name else (panel.alarm, panel.summary)
                _write_above(sheet, names, above + TITLE_HEIGHT - 0.12, self.title, *words)
            if panel.name:
                _write_above(sheet, names, above - 0.06, panel.name, panel.alarm, panel.summary, size=9.0)
            drawn.append(axes)
            top += height
        self._write_below(sheet, legend, names)
        return figure

    def draw_on(self, axes: Axes, times: _Times) -> Axes:
        """Draw the only panel on axes that the caller has placed."""
        layout = self.panels[0].layout
        extent = axes.get_window_extent()
        inches = axes.figure.dpi_scale_trans.inverted().transform([(extent.width, extent.height)])[0]
        names = name_width(layout, self.lettering)
        sheet = self._draw_panel(axes, self.panels[0], times, names, inches[0] * 72, inches[1] * 72)
        panel = self.panels[0]
        _write_above(sheet, names, MOMENT_HEIGHT + TITLE_HEIGHT - 0.12, self.title, panel.alarm, panel.summary)
        self._write_below(sheet, self._legend(names + inches[0]), names)
        return axes

    def _legend(self, width: float) -> Legend:
        return legend_of(tuple(panel.layout for panel in self.panels), self.colours, self.lettering, width)

    def _draw_panel(self, axes: Axes, panel: _Panel, times: _Times, names: float, width: float, height: float) -> Sheet:
        """Draw a panel on axes of this width and height in points."""
        layout = panel.layout
        scale = (width / (layout.end - layout.start), height / max(layout.height, 1.0))
        sheet = Sheet(axes, layout, self.lettering, self.colours, *scale)
        draw_time_axis(sheet, self.instance)
        draw_inside(sheet)
        draw_names(sheet, names)
        draw_utilisation(sheet)
        if times.frozen_until is not None and times.now is not None and times.frozen_until > times.now:
            draw_frozen(sheet, times.now, times.frozen_until)
        if times.frozen_until is not None and times.frozen_until > (times.now or 0):
            text = f"frozen until {time_label(self.instance, times.frozen_until)}"
            draw_moment(sheet, times.frozen_until, text, palette.FROZEN_GREEN, side="left")
        if layout.sets:
            draw_cycle(sheet, f"one cycle: {layout.sets[-1] - layout.sets[-2]}")
        if times.now is not None:
            text = f"now {time_label(self.instance, times.now)}"
            draw_moment(sheet, times.now, text, palette.NOW_BLUE, side="right")
        return sheet

    def _write_below(self, sheet: Sheet, legend: Legend, names: float) -> None:
        legend.draw(sheet, names, AXIS_HEIGHT)
        place = inches_from(sheet.ax, 0.0, 0.0)
        y = -AXIS_HEIGHT - legend.height - 0.14
        sheet.text(-names, y, self.footer, 7.0, ha="left", color=palette.GREY, transform=place)
        for number, text in enumerate(self.broken, 1):
            sheet.text(-names, y - number * LINE_HEIGHT, text, 7.0, ha="left", color=palette.RED, transform=place)

    @property
    def _footer_height(self) -> float:
        return FOOTER_HEIGHT + LINE_HEIGHT * len(self.broken)


def _alarm(broken: Sequence[Violation]) -> str:
    return f"degraded: breaks {_count(len(broken), 'limit')}" if broken else ""


def _write_above(
    sheet: Sheet, names: float, above: float, title: str, alarm: str, summary: str, *, size: float = 12.0
) -> None:
    """Write a title and, behind it, an alarm and a line of figures, `above` the axes."""
    place = inches_from(sheet.ax, 0.0, 1.0)
    sheet.text(-names, above, title, size, ha="left", transform=place, fontweight="bold")
    behind = sheet.lettering.room(title, size, bold=True) / 72 + 0.15
    if alarm:
        red = {"color": palette.RED, "fontweight": "bold"}
        sheet.text(-names + behind, above - 0.01, alarm, 8.0, ha="left", transform=place, **red)
        behind += sheet.lettering.room(alarm, 8.0, bold=True) / 72 + 0.15
    sheet.text(-names + behind, above - 0.01, summary, 8.0, ha="left", transform=place, color=palette.GREY)


def _axis_width(layout: Layout, lettering: Lettering, unit: float) -> float:
    """Return the width of the time axis in inches at which `FITTING_LABELS` of the operations carry their label."""
    needed = sorted(
        (lettering.width(bar.label, LABEL_SIZES[1]) + LABEL_MARGIN) / (bar.end - bar.start)
        for bar in layout.bars
        if bar.kind == "operation" and bar.label and bar.end > bar.start
    )
    points_per_tick = needed[int(FITTING_LABELS * (len(needed) - 1))] if needed else 0.0
    widest = min(max(MAX_ASPECT * layout.height * unit, WIDE_ENOUGH), MAX_WIDTH)
    return max(MIN_WIDTH, min(points_per_tick * (layout.end - layout.start) / 72, widest))


def _unit_height(height: float) -> float:
    return next(inches for limit, inches in UNIT_HEIGHTS if height <= limit)


def _summary(instance: Instance, schedule: Schedule, layout: Layout) -> str:
    parts = [_count(len(schedule.operations), "operation"), _count(len(schedule.completions), "job")]
    parts.append(f"makespan {time_label(instance, schedule.makespan)}")
    if any(job.due_date is not None for job in instance.jobs):
        parts.append(f"{_count(layout.num_late, 'late job')}")
    return "  ·  ".join(parts)


def _change_summary(before: Schedule, after: Schedule) -> str:
    kinds = Counter(change.kind for change in changes(before, after))
    return "  ·  ".join(f"{kinds[kind]} {name}" for kind, name in CHANGE_NAMES.items() if kinds[kind])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _footer(schedule: Schedule, terms: Mapping[str, int] | None, layout: Layout) -> str:
    values = {"makespan": schedule.makespan, **(terms or {})}
    parts = [f"{name} {value}" for name, value in values.items()]
    if layout.num_hidden_flags:
        parts.append(f"due dates and deadlines outside the time shown: {layout.num_hidden_flags}")
    return "  ·  ".join(parts)
