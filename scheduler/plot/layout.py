"""What a Gantt chart shows, as data: rows, bars, shading, flags and lines, in ticks and row units, no pixels.

`scheduler.plot.lay_out` computes it from an instance and one or two schedules; `scheduler.plot.draw` and
`scheduler.plot.margins` turn it into artists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from scheduler.analysis.compare import ChangeKind
from scheduler.plot.rows import Row

BarKind: TypeAlias = Literal[
    "operation",
    "pause",
    "occupied",
    "waiting",
    "setup",
    "aborted",
    "robot_move",
    "tending",
    "transport",
    "transfer",
    "empty_move",
    "return",
    "charge",
    "charger_use",
    "parked",
    "late",
    "ghost",
    "flow",
    "tardiness",
    "dock",
    "held",
    "missing",
    "departure",
    "transit",
]
"""``pause``: an interruptible operation in a downtime; ``occupied``: the part holds the machine before or after
processing; ``waiting``: it has a place in a counted buffer; ``tending``: a robot is at the machine while it works;
``charge``: a vehicle charges, which is ``charger_use`` in the row of the charger; ``parked``: it is at a place
with limited room;
``late``: the share of a bar after its job's due date;
``ghost``: where the baseline had the operation; ``flow`` and ``tardiness``: a late job from its first start to its due
date, and from there to its completion; ``dock``: a trip loads or unloads; ``held``: an operation
holds an operator; ``missing``: an operator or a place of a charger is missing; ``departure``: a tick of a timetable, of
length 0; ``transit``: trips that depart then have another transit time than usual."""

ShadeKind: TypeAlias = Literal["transit", "slow", "off_shift", "downtime", "breakdown"]
FlagKind: TypeAlias = Literal["due_date", "deadline"]
ColourBy: TypeAlias = Literal["job", "lateness", "setup_family"]

ON_TIME, LATE, NO_FAMILY = "on time", "late", "no setup family"
FLAG_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that takes ``[start, end)`` in sub-lane ``lane`` of ``lanes`` of a row.

    ``group`` decides the colour, ``change`` is what became of the operation (or move) in comparison. What is not
    highlighted where something else is ``is_pale``.
    """

    kind: BarKind
    row: int
    start: int
    end: int
    job: str | None = None
    operation: str | None = None
    label: str = ""
    lane: int = 0
    lanes: int = 1
    group: str | None = None
    change: ChangeKind | None = None
    is_pale: bool = False

    @property
    def look(self) -> ChangeKind | None:
        """Return the change that the bar looks like."""
        return "unchanged" if self.is_pale else self.change


@dataclass(frozen=True, slots=True)
class Shade:
    """A downtime of the resource of a row, or a time in which trips or moves take another time than usual."""

    kind: ShadeKind
    row: int
    start: int
    end: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """The level of a battery over time, in a row of its own, as shares of the capacity.

    ``points`` are ``(tick, level)``, with straight lines between; ``minimum`` is the least level in use.
    """

    row: int
    points: tuple[tuple[float, float], ...]
    minimum: float


@dataclass(frozen=True, slots=True)
class Flag:
    """A due date or deadline; flags close together stand on different levels."""

    kind: FlagKind
    job: str
    at: int
    level: int
    is_late: bool
    group: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything one chart shows; times in ``[start, end]``.

    ``links`` are polylines of ``(tick, y)``: the way of a part from operation to operation over its moves.
    ``arrows`` lead from the ghost of a reassigned operation to its bar: ``(tick, y, tick, y)``.
    ``groups`` are what colours stand for, in order; ``num_hidden_flags`` lie beyond the time shown.
    ``sets`` are the instants at which part sets of cyclic production begin, and the one after the last would.
    """

    rows: tuple[Row, ...]
    bars: tuple[Bar, ...]
    shades: tuple[Shade, ...]
    flags: tuple[Flag, ...]
    links: tuple[tuple[tuple[float, float], ...], ...]
    arrows: tuple[tuple[float, float, float, float], ...]
    groups: tuple[str, ...]
    start: int
    end: int
    has_ghosts: bool
    num_late: int
    num_hidden_flags: int
    levels: tuple[Level, ...] = ()
    sets: tuple[int, ...] = ()

    @property
    def height(self) -> float:
        """Height of all rows in row units."""
        return self.rows[-1].bottom if self.rows else 0.0

    def span(self, bar: Bar) -> tuple[float, float]:
        """Return top and bottom of a bar in row units."""
        return span_of(self.rows[bar.row], bar, self.has_ghosts)


THICKNESS: Mapping[BarKind, float] = {
    "pause": 0.25,
    "occupied": 0.5,
    "waiting": 0.8,
    "empty_move": 0.28,
    "return": 0.28,
    "charge": 0.9,
    "charger_use": 0.9,
    "parked": 0.8,
    "robot_move": 0.9,
    "tending": 0.9,
    "flow": 0.2,
    "tardiness": 0.66,
    "departure": 0.6,
    "held": 0.9,
    "missing": 0.9,
    "transit": 0.9,
}
"""Share of its sub-lane that a bar of the kind fills; the others fill all of it."""

LATE_STRIP = 0.16
"""Share of a bar's height, at its bottom, that the late strip covers."""


def span_of(row: Row, bar: Bar, has_ghosts: bool) -> tuple[float, float]:
    """Return top and bottom of a bar in its row; with ghosts, machine rows keep their lower part for them."""
    if row.kind != "machine" or not has_ghosts:
        first, last = 0.1, 0.9
    else:
        first, last = (0.76, 0.97) if bar.kind == "ghost" else (0.08, 0.70)
    height = (last - first) * row.height / bar.lanes
    gap = 0.06 * height if bar.lanes > 1 else 0.0
    top = row.top + first * row.height + bar.lane * height + gap / 2
    height -= gap
    if bar.kind == "late":
        return top + (1 - LATE_STRIP) * height, top + height
    margin = (1 - THICKNESS.get(bar.kind, 1.0)) / 2 * height
    return top + margin, top + height - margin
