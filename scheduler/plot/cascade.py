"""The cascade of a repair as a picture: which event, through what, delays which job where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from scheduler.domain import Instance
from scheduler.domain.events import Event
from scheduler.plot import palette
from scheduler.plot.files import save_figure
from scheduler.plot.lettering import Lettering
from scheduler.plot.palette import JobColour, job_colour
from scheduler.plot.subject import Subject
from scheduler.rescheduling.cascade import Delay, culprit, depth

MOST_DELAYS, MOST_COLUMNS = 60, 6
"""Delays that are drawn, and how deep; the title says how many there are."""
SIZE, SMALL, TITLE = 8.0, 7.0, 12.0
"""Letters in points."""
ROW, BOX = 0.5, 0.36
"""Inches from row to row, and of the height of a box."""
PADDING, EDGE, HEAD = 0.08, 0.15, 0.5
"""Inches inside of a box, around the picture, and for the title."""


@dataclass(frozen=True)
class Box:
    """An event or a delay.

    Attributes
    ----------
    column, row
        Its place: events in column 0, every delay one further than what it waits for.
    lines
        What stands in it: an event's id and type, or what is delayed and by how much.
    job
        Whose colour it has; an empty text for events and charges.
    parent
        Number, among the boxes, of what it follows from; None for events.
    way
        By way of what: a machine, mover, lane, job ...
    """

    column: int
    row: int
    lines: tuple[str, str]
    job: str = ""
    parent: int | None = None
    way: str = ""


def lay_out_cascade(delays: Sequence[Delay], events: Sequence[Event]) -> tuple[Box, ...]:
    """Return the boxes of a cascade, causes before what they delay; of large ones the first.

    The first consequence stands in the row of its cause, the others below, each with all that follows from it.
    """
    types = {event.id: event.type.replace("_", " ") for event in events}
    children: dict[int | str, list[int]] = {}
    for number, delay in enumerate(delays):
        children.setdefault(culprit(delay, events) if delay.cause is None else delay.cause, []).append(number)
    boxes: list[Box] = []
    row = 0
    for root in (key for key in children if isinstance(key, str)):
        first = len(boxes)
        boxes.append(Box(0, row, (root, types.get(root, "events"))))
        waiting = [(number, first, place == 0) for place, number in reversed([*enumerate(children[root])])]
        while waiting and len(boxes) <= MOST_DELAYS:
            number, parent, is_beside = waiting.pop()
            delay, column = delays[number], boxes[parent].column + 1
            row = row if is_beside else row + 1
            here = len(boxes)
            boxes.append(Box(column, row, _lines(delay), delay.job, parent, delay.way))
            if column < MOST_COLUMNS:
                after = [*enumerate(children.get(number, []))]
                waiting += [(child, here, place == 0) for place, child in reversed(after)]
        row += 1
    return tuple(boxes)


def _lines(delay: Delay) -> tuple[str, str]:
    """Return what is delayed, and where by how much."""
    if not delay.resource:
        return delay.name, delay.effect
    what = delay.name.removesuffix(f" on {delay.resource}").removesuffix(f" by {delay.resource}")
    return what, f"{delay.resource}: {delay.effect}"


def plot_cascade(
    delays: Sequence[Delay], events: Sequence[Event], *, title: str = "", instance: Instance | None = None
) -> Figure:
    """Draw the cascade of a repair (`Repair.report.cascade`) as a tree, from the events on the left.

    Parameters
    ----------
    delays
        What the events delay while nobody reacts.
    events
        The events that they follow from: those of the last revision.
    title
        The name of the instance, say.
    instance
        The instance after the events (`Repair.instance`), so that each job has the colour of its Gantt charts.
    """
    boxes = lay_out_cascade(delays, events)
    drawn = sum(box.parent is not None for box in boxes)
    heading = f"{len(delays)} delayed, {depth(delays)} deep" if delays else "nothing is delayed"
    heading += f", {drawn} of them shown" if drawn < len(delays) else ""
    texts = [text for box in boxes for text in (*box.lines, box.way)]
    lettering = Lettering.covering((*texts, title, heading))
    lefts, widths = _columns(boxes, lettering)
    heads = (lettering.room(title, TITLE, bold=True) + lettering.room(heading, SIZE)) / 72 + 0.2
    width = max([left + width for left, width in zip(lefts, widths, strict=True)], default=0.0)
    size = (max(width, heads) + 2 * EDGE, HEAD + ROW * (1 + max((box.row for box in boxes), default=0)) + EDGE)
    figure = Figure(figsize=size, facecolor=palette.WHITE)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(-EDGE, size[0] - EDGE), ylim=(size[1], 0.0))
    axes.axis("off")
    _write(axes, lettering, 0.0, 0.25, title, TITLE, fontweight="bold")
    behind = lettering.room(title, TITLE, bold=True) / 72 + 0.15 if title else 0.0
    _write(axes, lettering, behind, 0.26, heading, SIZE, color=palette.GREY)
    execution = None if instance is None else instance.execution
    charted = () if instance is None or execution is None else Subject(instance, execution.baseline).groups
    jobs = dict.fromkeys((*charted, *(delay.job for delay in delays if delay.job)))
    colours = {job: job_colour(index) for index, job in enumerate(jobs)}
    for box in boxes:
        if box.parent is not None:
            _draw_way(axes, lettering, box, boxes[box.parent], lefts, widths)
        _draw_box(axes, lettering, box, lefts[box.column], widths[box.column], colours.get(box.job))
    return figure


def save_cascade(
    path: str | Path,
    delays: Sequence[Delay],
    events: Sequence[Event],
    *,
    title: str = "",
    instance: Instance | None = None,
) -> None:
    """Write the picture of a cascade; see `plot_cascade` and `scheduler.plot.files.save_figure`."""
    save_figure(path, plot_cascade(delays, events, title=title, instance=instance))


def _columns(boxes: Sequence[Box], lettering: Lettering) -> tuple[list[float], list[float]]:
    """Return the left edge and the width of each column in inches, with room for the ways between them."""
    number = 1 + max((box.column for box in boxes), default=-1)
    widths, gaps = [0.0] * number, [0.0] * number
    for box in boxes:
        words = max(lettering.width(line, SIZE, bold=True) for line in box.lines)
        widths[box.column] = max(widths[box.column], words / 72 + 2 * PADDING)
        if box.column:
            gaps[box.column] = max(gaps[box.column], lettering.width(box.way, SMALL) / 72 + 0.4)
    lefts: list[float] = []
    for column in range(number):
        lefts.append(gaps[column] + (lefts[-1] + widths[column - 1] if column else 0.0))
    return lefts, widths


def _middle(box: Box) -> float:
    return HEAD + ROW * (box.row + 0.5)


def _draw_box(axes: Axes, lettering: Lettering, box: Box, left: float, width: float, colour: JobColour | None) -> None:
    middle = _middle(box)
    fill, ink = (palette.BAND_GREY, palette.INK) if colour is None else (colour.fill, colour.text)
    is_event = box.parent is None
    if is_event:
        fill, ink = palette.PALE_RED, palette.RED
    frame = FancyBboxPatch(
        (left + 0.02, middle - BOX / 2),
        width - 0.04,
        BOX,
        boxstyle="round,pad=0.0,rounding_size=0.05",
        facecolor=fill,
        edgecolor=palette.RED if is_event else palette.INK,
        linewidth=1.2 if is_event else 0.6,
        zorder=2,
    )
    axes.add_patch(frame)
    for line, offset, weight in zip(box.lines, (-0.08, 0.08), ("bold", "normal"), strict=True):
        _write(axes, lettering, left + PADDING, middle + offset, line, SIZE, color=ink, fontweight=weight, zorder=4)


def _draw_way(
    axes: Axes, lettering: Lettering, box: Box, parent: Box, lefts: Sequence[float], widths: Sequence[float]
) -> None:
    """Draw the line from a cause to what it delays, and write on it by way of what."""
    begin, bend, end = lefts[parent.column] + widths[parent.column], 0.1, lefts[box.column]
    ys = (_middle(parent), _middle(parent), _middle(box), _middle(box))
    axes.plot((begin, begin + bend, begin + bend, end), ys, color=palette.GREY, linewidth=0.9, zorder=1)
    tip = {"arrowstyle": "-|>", "color": palette.GREY, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (end + 0.02, _middle(box)), (end - 0.12, _middle(box)), arrowprops=tip)
    _write(axes, lettering, begin + 0.16, _middle(box) - 0.09, box.way, SMALL, color=palette.GREY)


def _write(axes: Axes, lettering: Lettering, x: float, y: float, text: str, size: float, **options: object) -> None:
    given: dict[str, object] = {"color": palette.INK, "va": "center", **options}
    families = list(lettering.families)
    axes.text(x, y, lettering.show(text), fontsize=size, family=families, parse_math=False, usetex=False, **given)  # type: ignore[arg-type]
