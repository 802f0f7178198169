"""Charts as files: PNG, SVG or PDF by the ending of the name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import cast

from matplotlib.figure import Figure

from scheduler.constraints import Violation
from scheduler.domain.instance import Instance
from scheduler.domain.schedule import Schedule
from scheduler.io.atomic import write_bytes
from scheduler.plot.chart import before_after, gantt
from scheduler.plot.layout import ColourBy

FORMATS = ("png", "svg", "pdf")
PNG_DPI = 130.0
MAX_PIXELS, MAX_SIDE = 60_000_000, 60_000
"""A picture with more pixels, or longer, is written with fewer dots per inch."""


def save_gantt(
    path: str | Path,
    instance: Instance,
    schedule: Schedule,
    *,
    baseline: Schedule | None = None,
    title: str | None = None,
    now: int | None = None,
    frozen_until: int | None = None,
    links: bool = False,
    colour_by: ColourBy = "job",
    terms: Mapping[str, int] | None = None,
    dpi: float = PNG_DPI,
    broken: Sequence[Violation] = (),
    highlight: Collection[str] = (),
) -> None:
    """Write the chart of a schedule or, with a `baseline`, the picture before and after its repair.

    The file is complete or, on an error, untouched. The other parameters are those of `scheduler.plot.gantt`;
    `links` are drawn, and jobs highlighted, only without baseline.

    Raises
    ------
    ValueError
        If the name doesn't end in ``.png``, ``.svg`` or ``.pdf``.
    FormatError
        If the file can't be written.
    """
    picture_format(path)
    if baseline is None:
        axes = gantt(
            instance,
            schedule,
            title=title,
            now=now,
            frozen_until=frozen_until,
            links=links,
            colour_by=colour_by,
            terms=terms,
            broken=broken,
            highlight=highlight,
        )
        figure = cast("Figure", axes.figure)  # its own: no axes were given
    else:
        figure = before_after(
            instance,
            baseline,
            schedule,
            title=title,
            now=now,
            frozen_until=frozen_until,
            colour_by=colour_by,
            terms=terms,
            broken=broken,
        )
    save_figure(path, figure, dpi=dpi)


def save_figure(path: str | Path, figure: Figure, *, dpi: float = PNG_DPI) -> None:
    """Write a figure in the format that the name ends in; without a time stamp, so that equal pictures are equal files.

    Raises
    ------
    ValueError
        If the name doesn't end in ``.png``, ``.svg`` or ``.pdf``.
    FormatError
        If the file can't be written.
    """
    kind = picture_format(path)
    width, height = figure.get_size_inches()
    dpi = min(dpi, (MAX_PIXELS / (width * height)) ** 0.5, MAX_SIDE / max(width, height))
    stamps: Mapping[str, Mapping[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    content = BytesIO()
    figure.savefig(content, format=kind, dpi=dpi, metadata=dict(stamps[kind]))
    write_bytes(path, content.getvalue())


def picture_format(path: str | Path) -> str:
    """Return the format that a file name asks for.

    Raises
    ------
    ValueError
        If it is none of PNG, SVG and PDF.
    """
    suffix = Path(path).suffix.lower().lstrip(".")
    if suffix not in FORMATS:
        raise ValueError(f"can't write a picture to {str(path)!r}: its name must end in .png, .svg or .pdf")
    return suffix
