"""From schedules to the layout of their chart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from scheduler.domain.batteries import level_trace
from scheduler.domain.calendar import Calendar
from scheduler.domain.cycle import cycle_time, sets_of
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job
from scheduler.domain.resources import Robot
from scheduler.domain.schedule import Move, Schedule, ScheduledOperation
from scheduler.domain.slowdowns import Slowdown
from scheduler.plot.bars import (
    arrows,
    charge_bars,
    departure_marks,
    dock_bars,
    ghosts,
    is_breakdown,
    late_strips,
    machine_bars,
    missing_bars,
    mover_bars,
    parked_bars,
    pool_bars,
    station_bars,
    tardiness_bars,
    transit_bars,
    waiting_bars,
)
from scheduler.plot.docks import transit_windows
from scheduler.plot.layout import FLAG_LEVELS, Bar, ColourBy, Flag, FlagKind, Layout, Level, Shade, ShadeKind, span_of
from scheduler.plot.rows import Row
from scheduler.plot.subject import Subject


def lay_out(
    instance: Instance,
    schedule: Schedule,
    *,
    baseline: Schedule | None = None,
    repaired: Schedule | None = None,
    with_links: bool = False,
    colour_by: ColourBy = "job",
    highlight: Collection[str] = (),
) -> Layout:
    """Return the chart of `schedule`.

    Parameters
    ----------
    baseline
        If given, `schedule` is shown as a repair of it: bars carry their change, ghosts show old positions.
    repaired
        If given, `schedule` is shown as the baseline of this repair: bars carry what will become of them.
    highlight
        Jobs whose way is drawn; everything of other jobs turns pale.
    """
    subject = Subject(instance, schedule, baseline, repaired, colour_by)
    bars = (
        *machine_bars(subject),
        *waiting_bars(subject),
        *station_bars(subject),
        *mover_bars(subject),
        *dock_bars(subject),
        *charge_bars(subject),
        *parked_bars(subject),
        *pool_bars(subject),
    )
    bars += (*late_strips(subject, bars), *tardiness_bars(subject), *ghosts(subject))
    start, end = _time_shown(subject)
    bars += tuple(departure_marks(subject, start, end))
    flags, num_hidden = _flags(subject, start, end)
    sets = _sets(subject)
    end = max((end, *(flag.at for flag in flags), *sets))
    end += max(1, (end - start) // 100)  # so that nothing ends on the frame
    bars += tuple(transit_bars(subject, start, end))
    bars += tuple(missing_bars(subject, start, end))
    if highlight:
        bars = tuple(replace(bar, is_pale=bar.job is not None and bar.job not in highlight) for bar in bars)
    followed = [job for job in instance.jobs if with_links or job.id in highlight]
    return Layout(
        rows=subject.rows,
        bars=bars,
        shades=tuple(_shades(subject, start, end)),
        flags=flags,
        links=tuple(_links(subject, bars, followed)),
        arrows=tuple(arrows(subject, bars)),
        groups=subject.groups,
        start=start,
        end=end,
        has_ghosts=baseline is not None,
        num_late=len(subject.tardiness_by_job),
        num_hidden_flags=num_hidden,
        levels=tuple(_levels(subject)),
        sets=sets,
    )


def _time_shown(subject: Subject) -> tuple[int, int]:
    """Return from when to when anything happens, from 0 unless that would leave a fifth of the chart empty."""
    schedules = subject.schedules
    times = [(operation.start, operation.end) for s in schedules for operation in s.operations]
    times += [(piece.start, piece.end) for piece in subject.aborted]
    times += [(move.start, move.end) for s in schedules for move in s.moves]
    times += [(setup.start, setup.end) for s in schedules for setup in s.setups]
    times += [(charge.start, charge.end) for s in schedules for charge in s.charges]
    start, end = min((t[0] for t in times), default=0), max((t[1] for t in times), default=1)
    return 0 if 0 <= start <= end / 5 else start, max(end, start + 1)


def _sets(subject: Subject) -> tuple[int, ...]:
    """Return when the part sets of cyclic production begin, and when the one after the last would."""
    cycle, schedule = subject.instance.cycle, subject.schedule
    if cycle is None or not schedule.operations:
        return ()
    first = {job.id for job in sets_of(subject.instance)[0]}
    things: tuple[ScheduledOperation | Move, ...] = (*schedule.operations, *schedule.moves)
    begin = min((thing.start for thing in things if thing.job in first), default=0)
    distance = cycle_time(subject.instance, schedule)
    return tuple(begin + k * distance for k in range(cycle.repetitions + 1)) if distance > 0 else ()


def _slowdowns(subject: Subject) -> Iterator[tuple[list[int], Slowdown]]:
    """Yield the slowdowns of machines, robot cells and fleets, each with the rows of what it makes slow."""
    for machine in subject.instance.machines:
        for slowdown in machine.slowdowns:
            yield [subject.row_of["machine", machine.id]], slowdown
    for group in subject.instance.group_by_id.values():
        rows = [subject.row_of["robot" if isinstance(c, Robot) else "vehicle", c.id] for c in group.carriers]
        for slowdown in group.slowdowns:
            yield rows, slowdown


def _shades(subject: Subject, start: int, end: int) -> Iterator[Shade]:
    """Yield the downtimes in the time shown of machines, robots and vehicles, and where they are slow."""
    for lane, slow in transit_windows(subject.instance, start, end):
        for vehicle in subject.instance.lane_by_id[lane].vehicle_ids:
            number = subject.row_of["vehicle", vehicle]
            yield Shade("transit", number, slow.start, slow.end, f"transit {slow.transit_time}")
    for numbers, slowdown in _slowdowns(subject):
        until = end if slowdown.over_at is None else min(slowdown.over_at, end)
        for number in numbers if max(slowdown.start, start) < until else ():
            yield Shade("slow", number, max(slowdown.start, start), until, f"speed {slowdown.speed} %")
    for index, row in enumerate(subject.rows):
        calendar = _calendar_of(subject, row)
        if calendar is None:
            continue
        for window in Calendar(pattern=calendar.pattern).blocked(end):
            if window.end > start:
                yield Shade("off_shift", index, window.start, window.end, window.reason)
        for window in calendar.downtimes:
            if window.end > start and window.start < end:
                kind: ShadeKind = "breakdown" if is_breakdown(window.reason) else "downtime"
                yield Shade(kind, index, window.start, window.end, window.reason)


def _levels(subject: Subject) -> Iterator[Level]:
    """Yield the level of every battery in use, up to the last move or charge of its vehicle."""
    schedule = subject.schedule
    for vehicle, battery in subject.instance.battery_by_vehicle.items():
        moves, charges = schedule.by_mover.get(vehicle, ()), schedule.by_vehicle.get(vehicle, ())
        trace = level_trace(subject.instance, vehicle, moves, charges)
        if len(trace) > 1:
            points = tuple((at, level / battery.capacity) for at, level in _down_to_empty(trace))
            yield Level(subject.row_of["battery", vehicle], points, battery.minimum / battery.capacity)


def _down_to_empty(trace: Sequence[tuple[int, int]]) -> Iterator[tuple[float, int]]:
    """Yield the points of a level, with 0 where it is below that in a degraded schedule."""
    for (at, level), (then, after) in pairwise(trace):
        yield at, max(0, level)
        if level * after < 0:
            yield at + (then - at) * level / (level - after), 0
    yield trace[-1][0], max(0, trace[-1][1])


def _calendar_of(subject: Subject, row: Row) -> Calendar | None:
    if row.kind == "machine":
        return subject.instance.machine_by_id[row.id].calendar
    carrier = subject.instance.carrier_by_id.get(row.id) if row.kind in ("robot", "vehicle") else None
    if carrier is not None:
        return carrier.calendar
    return subject.instance.lane_by_vehicle[row.id].calendar if row.kind == "vehicle" else None


def _flags(subject: Subject, start: int, end: int) -> tuple[tuple[Flag, ...], int]:
    """Return the due dates and deadlines, and how many lie too far out: a quarter of the time shown, or before."""
    dated: list[tuple[int, FlagKind, str]] = []
    for job in subject.instance.jobs:
        dated += [(job.due_date, "due_date", job.id)] if job.due_date is not None else []
        dated += [(job.deadline, "deadline", job.id)] if job.deadline is not None else []
    limit = end + (end - start) // 4
    found: list[Flag] = []
    for at, kind, job_id in sorted(dated):
        if start <= at <= limit:
            is_late = subject.schedule.completions.get(job_id, at) > at
            found.append(Flag(kind, job_id, at, len(found) % FLAG_LEVELS, is_late, subject.group(job_id)))
    return tuple(found), len(dated) - len(found)


def _links(subject: Subject, bars: Iterable[Bar], followed: Iterable[Job]) -> Iterator[tuple[tuple[float, float], ...]]:
    """Yield the way of every part of these jobs over its moves; in loads, that of each of them."""
    centre: dict[tuple[str, str], float] = {}
    on_mover: dict[tuple[str, str, int], float] = {}
    for bar in bars:
        if bar.job is not None and bar.kind in ("operation", "robot_move", "transport", "transfer"):
            top, bottom = span_of(subject.rows[bar.row], bar, subject.baseline is not None)
            if bar.operation is not None:
                centre[bar.job, bar.operation] = (top + bottom) / 2
            else:
                on_mover[bar.job, subject.rows[bar.row].id, bar.start] = (top + bottom) / 2
    moves: dict[tuple[str, str | None, str | None], dict[tuple[str, str], list[Move]]] = {}
    for move in sorted(subject.schedule.moves, key=lambda m: m.start):
        if move.job is not None:
            legs = moves.setdefault((move.job, move.predecessor, move.successor), {})
            legs.setdefault((move.origin, move.destination), []).append(move)
    for job in followed:
        for before, after, precedence in job.links:
            first = subject.schedule.by_operation.get((job.id, before or ""))
            last = subject.schedule.by_operation.get((job.id, after or ""))
            if precedence is not None and (first is None or last is None):
                continue
            legs = moves.get((job.id, before, after), {})
            for load in range(max((len(loads) for loads in legs.values()), default=1)):
                way: list[tuple[float, float]] = []
                if first is not None:
                    way.append((first.end, centre[first.key]))
                for move in (loads[min(load, len(loads) - 1)] for loads in legs.values()):
                    y = on_mover[job.id, move.mover, move.start]
                    way.extend(((move.start, y), (move.end, y)))
                if last is not None:
                    way.append((last.start, centre[last.key]))
                if len(way) > 1:
                    yield tuple(way)
