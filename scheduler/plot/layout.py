"""What a Gantt chart shows, as data: rows, bars, shading, flags and lines, in ticks and row units, no pixels.

`lay_out` computes it from an instance and one or two schedules; the drawing modules turn it into artists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from scheduler.analysis.compare import ChangeKind, changes
from scheduler.analysis.occupation import is_interruptible, machine_usage, occupations, pieces
from scheduler.domain.calendar import Calendar
from scheduler.domain.instance import Instance
from scheduler.domain.routing import links
from scheduler.domain.schedule import Move, OperationKey, Schedule, ScheduledOperation
from scheduler.plot.rows import Row, arrange, sub_lanes

BarKind: TypeAlias = Literal[
    "operation",
    "pause",
    "occupied",
    "setup",
    "aborted",
    "robot_move",
    "transport",
    "transfer",
    "empty_move",
    "return",
    "late",
    "ghost",
    "flow",
    "tardiness",
]
"""``pause``: an interruptible operation in a downtime; ``occupied``: the part holds the machine before or after
processing; ``late``: the share of a bar after its job's due date; ``ghost``: where the baseline had the operation;
``flow`` and ``tardiness``: a late job from its first start to its due date, and from there to its completion."""

ShadeKind: TypeAlias = Literal["off_shift", "downtime", "breakdown"]
FlagKind: TypeAlias = Literal["due_date", "deadline"]
ColourBy: TypeAlias = Literal["job", "lateness", "setup_family"]

ON_TIME, LATE, NO_FAMILY = "on time", "late", "no setup family"
FLAG_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that takes ``[start, end)`` in sub-lane ``lane`` of ``lanes`` of a row.

    ``group`` decides the colour, ``change`` is what became of the operation (or move) in comparison.
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


@dataclass(frozen=True, slots=True)
class Shade:
    """A downtime of the resource of a row."""

    kind: ShadeKind
    row: int
    start: int
    end: int
    reason: str = ""


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

    @property
    def height(self) -> float:
        """Height of all rows in row units."""
        return self.rows[-1].bottom if self.rows else 0.0

    def span(self, bar: Bar) -> tuple[float, float]:
        """Return top and bottom of a bar in row units."""
        return _span(self.rows[bar.row], bar, self.has_ghosts)


THICKNESS: Mapping[BarKind, float] = {
    "pause": 0.25,
    "occupied": 0.5,
    "empty_move": 0.28,
    "return": 0.28,
    "robot_move": 0.9,
    "flow": 0.2,
    "tardiness": 0.66,
}
"""Share of its sub-lane that a bar of the kind fills; the others fill all of it."""

LATE_STRIP = 0.16
"""Share of a bar's height, at its bottom, that the late strip covers."""


def _span(row: Row, bar: Bar, has_ghosts: bool) -> tuple[float, float]:
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


def lay_out(
    instance: Instance,
    schedule: Schedule,
    *,
    baseline: Schedule | None = None,
    repaired: Schedule | None = None,
    with_links: bool = False,
    colour_by: ColourBy = "job",
) -> Layout:
    """Return the chart of `schedule`.

    Parameters
    ----------
    baseline
        If given, `schedule` is shown as a repair of it: bars carry their change, ghosts show old positions.
    repaired
        If given, `schedule` is shown as the baseline of this repair: bars carry what will become of them.
    """
    chart = _Chart(instance, schedule, baseline, repaired, colour_by)
    bars = (*chart.machine_bars(), *chart.mover_bars())
    bars += tuple(chart.late_strips(bars)) + tuple(chart.tardiness_bars()) + tuple(chart.ghosts())
    start, end = _time_shown(instance, schedule, *(other for other in (baseline, repaired) if other is not None))
    flags, hidden = chart.flags(start, end)
    end = max((end, *(flag.at for flag in flags)))
    end += (end - start) // 100  # so that nothing ends on the frame
    return Layout(
        rows=chart.rows,
        bars=bars,
        shades=tuple(chart.shades(start, end)),
        flags=flags,
        links=tuple(chart.links(bars)) if with_links else (),
        arrows=tuple(chart.arrows(bars)),
        groups=chart.groups,
        start=start,
        end=end,
        has_ghosts=baseline is not None,
        num_late=len(chart.late_jobs),
        num_hidden_flags=hidden,
    )


def _time_shown(instance: Instance, *schedules: Schedule) -> tuple[int, int]:
    """Return from when to when anything happens, from 0 unless that would leave a fifth of the chart empty."""
    aborted = instance.execution.aborted if instance.execution is not None else ()
    times = [(operation.start, operation.end) for s in (*schedules, Schedule(aborted)) for operation in s.operations]
    times += [(move.start, move.end) for s in schedules for move in s.moves]
    times += [(setup.start, setup.end) for s in schedules for setup in s.setups]
    start, end = min((t[0] for t in times), default=0), max((t[1] for t in times), default=1)
    return 0 if 0 <= start <= end / 5 else start, max(end, start + 1)


class _Chart:
    """The two schedules and the rows, while a layout is computed."""

    def __init__(
        self,
        instance: Instance,
        schedule: Schedule,
        baseline: Schedule | None,
        repaired: Schedule | None,
        colour_by: ColourBy,
    ) -> None:
        self.instance = instance
        self.schedule = schedule
        self.baseline = baseline
        self.repaired = repaired
        self.other = baseline if baseline is not None else repaired
        self.colour_by = colour_by
        self.change_by_key: dict[OperationKey, ChangeKind] = {}
        if baseline is not None:
            self.change_by_key = {(c.job, c.operation): c.kind for c in changes(baseline, schedule)}
        elif repaired is not None:
            self.change_by_key = {(c.job, c.operation): c.kind for c in changes(schedule, repaired)}
        self.other_moves = frozenset(self.other.moves) if self.other is not None else frozenset[Move]()
        self.aborted = instance.execution.aborted if instance.execution is not None and repaired is None else ()
        self.lane_by_key, used = stack(instance, schedule, self.aborted)
        self.ghost_lane_by_key: dict[OperationKey, int] = {}
        if baseline is not None:
            self.ghost_lane_by_key, used_before = stack(instance, baseline, ())
            used = {m: max(used.get(m, 1), used_before.get(m, 1)) for m in (*used, *used_before)}
        self.late_jobs = _late_jobs(instance, schedule)
        lanes = {m.id: sub_lanes(m, used.get(m.id, 1)) for m in instance.machines}
        self.rows = arrange(
            instance,
            lanes,
            {machine: usage.utilisation for machine, usage in machine_usage(instance, schedule).items()},
            self.late_jobs,
            has_due_dates=any(job.due_date is not None or job.deadline is not None for job in instance.jobs),
        )
        self.row_of = {(row.kind, row.id): index for index, row in enumerate(self.rows)}
        self.groups = self._groups()

    def _groups(self) -> tuple[str, ...]:
        if self.colour_by == "lateness":
            return (ON_TIME, LATE)
        # The earlier schedule comes first, so that a repair leaves the colours of the jobs as they were.
        schedules = [s for s in (self.baseline, self.schedule, self.repaired) if s is not None]
        operations = [operation for schedule in schedules for operation in schedule.operations]
        if self.colour_by == "job":
            known = self.instance.job_by_id if len(schedules) == 1 else ()
            return tuple(dict.fromkeys((*known, *(o.job for o in operations), *self.instance.job_by_id)))
        families = dict.fromkeys(self.group(o.job, o) for o in operations)
        return (*sorted(f for f in families if f is not None and f != NO_FAMILY), NO_FAMILY)

    def group(self, job: str | None, operation: ScheduledOperation | None = None) -> str | None:
        """Return what colours a bar of this job or operation."""
        if job is None or self.colour_by == "job":
            return job
        if self.colour_by == "lateness":
            return LATE if job in self.late_jobs else ON_TIME
        known = None if operation is None else self.instance.operation_by_key.get(operation.key)
        if operation is None or known is None or operation.mode >= len(known.modes):
            return NO_FAMILY
        return known.modes[operation.mode].setup_family or NO_FAMILY

    def machine_bars(self) -> Iterator[Bar]:
        """Yield setups, operations with their pauses and occupations, and aborted pieces."""
        for setup in self.schedule.setups:
            row = self.row_of["machine", setup.machine]
            yield Bar("setup", row, setup.start, setup.end, setup.job, setup.operation)
        held = occupations(self.instance, self.schedule)
        for operation in self.schedule.operations:
            bar = self._bar(operation, self.lane_by_key[operation.key])
            occupation = held[operation.key]
            if occupation.start < operation.start:
                yield replace(bar, kind="occupied", label="", start=occupation.start, end=operation.start)
            if operation.end < occupation.end:
                yield replace(bar, kind="occupied", label="", start=operation.end, end=occupation.end)
            yield from self._pieces(bar, operation)
        for operation in self.aborted:
            yield replace(self._bar(operation, self.lane_by_key[operation.key]), kind="aborted", change=None)

    def _bar(self, operation: ScheduledOperation, lane: int) -> Bar:
        row = self.row_of["machine", operation.machine]
        return Bar(
            kind="operation",
            row=row,
            start=operation.start,
            end=operation.end,
            job=operation.job,
            operation=operation.operation,
            label=f"{operation.job}.{operation.operation}",
            lane=lane,
            lanes=self.rows[row].lanes,
            group=self.group(operation.job, operation),
            change=self.change_by_key.get(operation.key),
        )

    def _pieces(self, bar: Bar, operation: ScheduledOperation) -> Iterator[Bar]:
        """Yield the bar in pieces with pauses between them; the longest piece keeps the label."""
        worked: tuple[tuple[int, int], ...] = ((operation.start, operation.end),)
        if is_interruptible(self.instance, operation):
            worked = pieces(self._calendar_of(operation.machine).blocked(operation.end), operation)
        longest = max(worked, key=lambda piece: piece[1] - piece[0])
        clock = operation.start
        for start, end in worked:
            if clock < start:
                yield replace(bar, kind="pause", label="", start=clock, end=start)
            yield replace(bar, start=start, end=end, label=bar.label if (start, end) == longest else "")
            clock = end

    def _calendar_of(self, machine: str) -> Calendar:
        """Return the machine's calendar; for a baseline that was repaired, as it was before the breakdowns."""
        calendar = self.instance.machine_by_id[machine].calendar
        execution = self.instance.execution
        if self.repaired is None or execution is None:
            return calendar
        known = (d for d in calendar.downtimes if d.start < execution.now or not is_breakdown(d.reason))
        return Calendar(tuple(known), calendar.pattern)

    def mover_bars(self) -> Iterator[Bar]:
        """Yield the moves; jobs on one trip share its height."""
        for mover, moves in self.schedule.by_mover.items():
            is_robot = ("robot", mover) in self.row_of
            row = self.row_of["robot" if is_robot else "vehicle", mover]
            trips: dict[tuple[int, bool], list[Move]] = {}
            for move in moves:
                trips.setdefault((move.start, move.job is None), []).append(move)
            for trip in trips.values():
                for lane, move in enumerate(trip):
                    kind: BarKind = "return" if move.kind == "empty_move" and not is_robot else move.kind
                    yield Bar(
                        kind=kind,
                        row=row,
                        start=move.start,
                        end=move.end,
                        job=move.job,
                        label=move.job or "",
                        lane=lane,
                        lanes=len(trip),
                        group=self.group(move.job),
                        change=None if self.other is None else "unchanged" if move in self.other_moves else "moved",
                    )

    def late_strips(self, bars: Iterable[Bar]) -> Iterator[Bar]:
        """Yield the part after the due date of each operation, transport and transfer."""
        for bar in bars:
            job = self.instance.job_by_id.get(bar.job) if bar.job is not None else None
            if job is None or job.due_date is None or bar.end <= job.due_date:
                continue
            if bar.kind in ("operation", "transport", "transfer"):
                yield replace(bar, kind="late", label="", start=max(bar.start, job.due_date))

    def tardiness_bars(self) -> Iterator[Bar]:
        """Yield, for each late job that has a row, the way to its due date and its tardiness."""
        for job_id in self.late_jobs:
            row = self.row_of.get(("late_job", job_id))
            due = self.instance.job_by_id[job_id].due_date
            if row is None or due is None:
                continue
            first = min((o.start for o in self.schedule.operations if o.job == job_id), default=due)
            completion = self.schedule.completions[job_id]
            group = self.group(job_id)
            if first < due:
                yield Bar("flow", row, first, due, job_id, group=group)
            yield Bar("tardiness", row, due, completion, job_id, label=f"+{completion - due}", group=group)

    def ghosts(self) -> Iterator[Bar]:
        """Yield where the baseline had the operations that are elsewhere now."""
        for operation in self.baseline.operations if self.baseline is not None else ():
            if self.change_by_key[operation.key] in ("moved", "reassigned", "extended", "cancelled"):
                yield replace(self._bar(operation, self.ghost_lane_by_key[operation.key]), kind="ghost", label="")

    def arrows(self, bars: Sequence[Bar]) -> Iterator[tuple[float, float, float, float]]:
        """Yield the way of each reassigned operation, from its ghost to its bar."""
        new = {(bar.job, bar.operation): bar for bar in reversed(bars) if bar.kind == "operation"}
        for ghost in bars:
            if ghost.kind == "ghost" and ghost.change == "reassigned":
                bar = new[ghost.job, ghost.operation]
                above, below = _span(self.rows[ghost.row], ghost, True), _span(self.rows[bar.row], bar, True)
                yield ((ghost.start + ghost.end) / 2, sum(above) / 2, (bar.start + bar.end) / 2, sum(below) / 2)

    def shades(self, start: int, end: int) -> Iterator[Shade]:
        """Yield the downtimes in the time shown of every machine, robot and vehicle."""
        for index, row in enumerate(self.rows):
            calendar = self._calendar(row)
            if calendar is None:
                continue
            for window in Calendar(pattern=calendar.pattern).blocked(end):
                if window.end > start:
                    yield Shade("off_shift", index, window.start, window.end, window.reason)
            for window in calendar.downtimes:
                if window.end > start and window.start < end:
                    kind: ShadeKind = "breakdown" if is_breakdown(window.reason) else "downtime"
                    yield Shade(kind, index, window.start, window.end, window.reason)

    def _calendar(self, row: Row) -> Calendar | None:
        if row.kind == "machine":
            return self.instance.machine_by_id[row.id].calendar
        if row.kind == "robot":
            return self.instance.robot_by_id[row.id].calendar
        return self.instance.lane_by_vehicle[row.id].calendar if row.kind == "vehicle" else None

    def flags(self, start: int, end: int) -> tuple[tuple[Flag, ...], int]:
        """Return the due dates and deadlines, and how many lie too far out: a quarter of the time shown, or before."""
        dated = [(job.due_date, "due_date", job) for job in self.instance.jobs if job.due_date is not None]
        dated += [(job.deadline, "deadline", job) for job in self.instance.jobs if job.deadline is not None]
        limit = end + (end - start) // 4
        found: list[Flag] = []
        for at, kind, job in sorted(dated, key=lambda item: (item[0], item[1], item[2].id)):
            if not start <= at <= limit:
                continue
            is_late = self.schedule.completions.get(job.id, at) > at
            found.append(
                Flag(
                    "due_date" if kind == "due_date" else "deadline",
                    job.id,
                    at,
                    len(found) % FLAG_LEVELS,
                    is_late,
                    self.group(job.id),
                )
            )
        return tuple(found), len(dated) - len(found)

    def links(self, bars: Iterable[Bar]) -> Iterator[tuple[tuple[float, float], ...]]:
        """Yield the way of every part from operation to operation over its moves."""
        centre: dict[tuple[str, str | None, int], float] = {}
        for bar in bars:
            if bar.job is not None and bar.kind in ("operation", "robot_move", "transport", "transfer"):
                top, bottom = _span(self.rows[bar.row], bar, self.baseline is not None)
                centre[bar.job, bar.operation, bar.start if bar.operation is None else 0] = (top + bottom) / 2
        moves: dict[tuple[str, str | None, str | None], list[Move]] = {}
        for move in self.schedule.moves:
            if move.job is not None:
                moves.setdefault((move.job, move.predecessor, move.successor), []).append(move)
        for job in self.instance.jobs:
            for before, after, precedence in links(job):
                way: list[tuple[float, float]] = []
                first = self.schedule.by_operation.get((job.id, before or ""))
                last = self.schedule.by_operation.get((job.id, after or ""))
                if precedence is not None and (first is None or last is None):
                    continue
                if first is not None:
                    way.append((first.end, centre[job.id, before, 0]))
                for move in sorted(moves.get((job.id, before, after), ()), key=lambda m: m.start):
                    y = centre[job.id, None, move.start]
                    way.extend(((move.start, y), (move.end, y)))
                if last is not None:
                    way.append((last.start, centre[job.id, after, 0]))
                if len(way) > 1:
                    yield tuple(way)


def is_breakdown(reason: str) -> bool:
    """Return whether a downtime with this reason was not planned; see `scheduler.domain.events`."""
    return "breakdown" in reason or reason == "robot down"


def stack(
    instance: Instance, schedule: Schedule, aborted: Iterable[ScheduledOperation]
) -> tuple[dict[OperationKey, int], dict[str, int]]:
    """Return the sub-lane of each operation and how many sub-lanes each machine uses.

    Every occupation gets the lowest sub-lane that is free when it begins.
    """
    held = occupations(instance, schedule)
    taken = [(o.start, o.end, o.machine, key) for key, o in held.items()]
    taken += [(o.start, o.end, o.machine, o.key) for o in aborted if o.key not in held]
    lane_by_key: dict[OperationKey, int] = {}
    free_at: dict[str, list[int]] = {}
    for start, end, machine, key in sorted(taken):
        lanes = free_at.setdefault(machine, [])
        lane = next((index for index, at in enumerate(lanes) if at <= start), len(lanes))
        lanes[lane : lane + 1] = [end]
        lane_by_key[key] = lane
    return lane_by_key, {machine: len(lanes) for machine, lanes in free_at.items()}


def _late_jobs(instance: Instance, schedule: Schedule) -> tuple[str, ...]:
    """Return the jobs completed after their due date, latest first."""
    tardiness = {
        job.id: schedule.completions[job.id] - job.due_date
        for job in instance.jobs
        if job.due_date is not None and schedule.completions.get(job.id, job.due_date) > job.due_date
    }
    return tuple(sorted(tardiness, key=lambda job: -tardiness[job]))
