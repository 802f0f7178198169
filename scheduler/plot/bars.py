"""The bars of a layout: on machines, on movers, and in the rows of late jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from scheduler.analysis.occupation import is_interruptible, occupations, pieces
from scheduler.domain.calendar import Calendar, Downtime
from scheduler.domain.schedule import Move, ScheduledOperation
from scheduler.domain.shortages import missing
from scheduler.plot.docks import departures, transit_windows
from scheduler.plot.layout import Bar, BarKind, span_of
from scheduler.plot.stations import ROW_OF
from scheduler.plot.subject import Subject

_UNPLANNED = ("outage", "cell stop", "robot down", "vehicle down", "blocked")
"""Reasons of downtimes that events bring, besides breakdowns; merged downtimes have several, joined by ``+``."""


def machine_bars(subject: Subject) -> Iterator[Bar]:
    """Yield setups, operations with their pauses and occupations, and aborted pieces."""
    for setup in subject.schedule.setups:
        row = subject.row_of["machine", setup.machine]
        change = subject.change_of(setup)
        yield Bar("setup", row, setup.start, setup.end, setup.job, setup.operation, change=change)
    held = occupations(subject.instance, subject.schedule)
    for operation in subject.schedule.operations:
        bar = _bar(subject, operation, subject.lane_by_piece[operation.key, operation.start])
        occupation = held[operation.key]
        if occupation.start < operation.start:
            yield replace(bar, kind="occupied", label="", start=occupation.start, end=operation.start)
        if operation.end < occupation.end:
            yield replace(bar, kind="occupied", label="", start=operation.end, end=occupation.end)
        yield from _pieces(subject, bar, operation)
    for piece in subject.aborted:
        bar = _bar(subject, piece, subject.lane_by_piece[piece.key, piece.start])
        yield replace(bar, kind="aborted", change=None)


def waiting_bars(subject: Subject) -> Iterator[Bar]:
    """Yield who waits in the counted buffers of the machines."""
    for wait, lane in subject.waits:
        row = subject.row_of["places_before" if wait.side == "before" else "places_after", wait.machine]
        operation = subject.schedule.by_operation[wait.key]
        yield Bar(
            kind="waiting",
            row=row,
            start=wait.start,
            end=wait.end,
            job=operation.job,
            lane=lane,
            lanes=subject.rows[row].lanes,
            group=subject.group(operation.job, operation),
        )


def station_bars(subject: Subject) -> Iterator[Bar]:
    """Yield who takes places at the input and output stations of cells."""
    for place in subject.taken_places:
        row, job = subject.row_of[ROW_OF[place.stay.side], place.stay.cell], place.stay.bringing.job
        lanes = subject.rows[row].lanes
        begin, until = place.stay.begin, place.stay.until
        yield Bar("waiting", row, begin, until, job, lane=place.number, lanes=lanes, group=subject.group(job))


def _bar(subject: Subject, operation: ScheduledOperation, lane: int) -> Bar:
    row = subject.row_of["machine", operation.machine]
    return Bar(
        kind="operation",
        row=row,
        start=operation.start,
        end=operation.end,
        job=operation.job,
        operation=operation.operation,
        label=f"{operation.job}.{operation.operation}",
        lane=lane,
        lanes=subject.rows[row].lanes,
        group=subject.group(operation.job, operation),
        change=subject.change_by_key.get(operation.key),
    )


def _pieces(subject: Subject, bar: Bar, operation: ScheduledOperation) -> Iterator[Bar]:
    """Yield the bar in pieces with pauses between them; the longest piece keeps the label."""
    worked: tuple[tuple[int, int], ...] = ((operation.start, operation.end),)
    if is_interruptible(subject.instance, operation):
        worked = pieces(_downtimes(subject, operation), operation)
    longest = max(worked, key=lambda piece: piece[1] - piece[0])
    clock = operation.start
    for start, end in worked:
        if clock < start:
            yield replace(bar, kind="pause", label="", start=clock, end=start)
        yield replace(bar, start=start, end=end, label=bar.label if (start, end) == longest else "")
        clock = end


def _downtimes(subject: Subject, operation: ScheduledOperation) -> tuple[Downtime, ...]:
    """Return the downtimes that an interruptible operation pauses in.

    The baseline of a repair didn't know of the breakdowns since: they don't count if its work wouldn't add up, nor does
    maintenance since in which it begins or ends.
    """
    machine = subject.instance.machine_by_id[operation.machine]
    calendar, windows = machine.calendar, machine.calendar.blocked(operation.end)
    duration = subject.instance.mode(operation.key, operation.mode).duration
    if subject.repaired is None or machine.tempo.end(windows, operation.start, duration) == operation.end:
        return windows
    planned = tuple(downtime for downtime in calendar.downtimes if not is_breakdown(downtime.reason))
    windows = Calendar(planned, calendar.pattern).blocked(operation.end)
    return tuple(window for window in windows if operation.start < window.start and window.end < operation.end)


def mover_bars(subject: Subject) -> Iterator[Bar]:
    """Yield the moves, and what robots tend; jobs on one trip share its height."""
    by_mover, by_tender = subject.schedule.by_mover, subject.schedule.by_tender
    for mover in dict.fromkeys((*by_mover, *by_tender)):
        is_robot = ("robot", mover) in subject.row_of
        row = subject.row_of["robot" if is_robot else "vehicle", mover]
        trips: dict[tuple[int, bool, bool], list[Move | ScheduledOperation]] = {}
        tasks: list[Move | ScheduledOperation] = [*by_mover.get(mover, ()), *by_tender.get(mover, ())]
        for task in sorted(tasks, key=lambda task: (task.start, task.end)):
            trips.setdefault((task.start, task.job is None, isinstance(task, Move)), []).append(task)
        carrier = subject.instance.carrier_by_id.get(mover)
        places = carrier.capacity if carrier is not None else 1
        free_at = [0] * places
        for trip in trips.values():
            for lane, task in enumerate(trip):
                if places > 1 and task.job is not None:
                    lane = next((n for n, at in enumerate(free_at) if at <= task.start), lane)
                    free_at[lane] = task.end
                kind: BarKind = "tending"
                if isinstance(task, Move):
                    is_return = task.kind == "empty_move" and mover in subject.instance.lane_by_vehicle
                    kind = "return" if is_return else task.kind
                yield Bar(
                    kind=kind,
                    row=row,
                    start=task.start,
                    end=task.end,
                    job=task.job,
                    label=_words(task),
                    lane=lane,
                    lanes=places if places > 1 and task.job is not None else len(trip),
                    group=subject.group(task.job),
                    change=subject.change_of(task) if isinstance(task, Move) else subject.change_by_key.get(task.key),
                )


def _words(task: Move | ScheduledOperation) -> str:
    """Return the job, and the units of a load."""
    is_load = isinstance(task, Move) and task.units is not None
    return f"{task.job} ({task.units})" if isinstance(task, Move) and is_load else task.job or ""


def dock_bars(subject: Subject) -> Iterator[Bar]:
    """Yield the trips that load or unload at a dock."""
    for facility, holds in subject.dock_holds.items():
        for hold in holds:
            row = subject.row_of["docks", facility]
            yield Bar(
                kind="dock",
                row=row,
                start=hold.start,
                end=hold.end,
                label=hold.vehicle,
                lane=hold.dock,
                lanes=subject.rows[row].lanes,
                group=subject.group(hold.job),
            )


def pool_bars(subject: Subject) -> Iterator[Bar]:
    """Yield who holds the operators of pools that have shortages."""
    for pool, shares in subject.pool_shares.items():
        row = subject.row_of["operators", pool]
        lanes = subject.rows[row].lanes
        for start, end, lane, operation in shares:
            if operation is not None:
                job, group = operation.job, subject.group(operation.job, operation)
                change = subject.change_by_key.get(operation.key)
                yield Bar("held", row, start, end, job, label=job, lane=lane, lanes=lanes, group=group, change=change)


def missing_bars(subject: Subject, start: int, end: int) -> Iterator[Bar]:
    """Yield who is missing of the operators in the time shown, and which places of chargers, the last ones."""
    found = [
        (subject.row_of["operators", pool], share.lane, share.start, share.end)
        for pool, shares in subject.pool_shares.items()
        for share in shares
        if share.operation is None
    ]
    for charger in subject.instance.charger_by_id.values():
        for gap in missing(charger.places, charger.shortages):
            lanes = range(charger.places - gap.count, charger.places)
            found += [(subject.row_of["charger", charger.id], lane, gap.start, gap.end) for lane in lanes]
    for row, lane, first, last in found:
        if first < end and last > start:
            yield Bar("missing", row, max(first, start), min(last, end), lane=lane, lanes=subject.rows[row].lanes)


def departure_marks(subject: Subject, start: int, end: int) -> Iterator[Bar]:
    """Yield a mark in the header of a lane for every departure of its timetable."""
    for lane, at in departures(subject.instance, start, end):
        yield Bar("departure", subject.row_of["lane", lane], at, at)


def transit_bars(subject: Subject, start: int, end: int) -> Iterator[Bar]:
    """Yield a band in the header of a lane for every window with another transit time, labelled with that."""
    for lane, window in transit_windows(subject.instance, start, end):
        row = subject.row_of["lane", lane]
        yield Bar("transit", row, window.start, window.end, label=str(window.transit_time))


def charge_bars(subject: Subject) -> Iterator[Bar]:
    """Yield the charges, on the vehicle and in a sub-lane of the charger, where they carry the vehicle's name."""
    free_at: dict[str, list[int]] = {}
    for charge in sorted(subject.schedule.charges, key=lambda c: (c.start, c.end)):
        change = subject.change_of(charge)
        row = subject.row_of["vehicle", charge.vehicle]
        yield Bar("charge", row, charge.start, charge.end, change=change)
        row = subject.row_of["charger", charge.charger]
        lanes = subject.rows[row].lanes
        taken = free_at.setdefault(charge.charger, [0] * lanes)
        lane = next((lane for lane, at in enumerate(taken) if at <= charge.start), 0)
        taken[lane] = charge.end
        yield Bar(
            "charger_use", row, charge.start, charge.end, label=charge.vehicle, lane=lane, lanes=lanes, change=change
        )


def parked_bars(subject: Subject) -> Iterator[Bar]:
    """Yield the vehicles at limited places, with their names."""
    for row_id, vehicle, start, end, lane in subject.parked:
        row = subject.row_of["parking_places", row_id]
        yield Bar("parked", row, start, end, label=vehicle, lane=lane, lanes=subject.rows[row].lanes)


def late_strips(subject: Subject, bars: Iterable[Bar]) -> Iterator[Bar]:
    """Yield the part after the due date of each operation, transport and transfer."""
    for bar in bars:
        job = subject.instance.job_by_id.get(bar.job) if bar.job is not None else None
        if job is None or job.due_date is None or bar.end <= job.due_date:
            continue
        if bar.kind in ("operation", "transport", "transfer"):
            yield replace(bar, kind="late", label="", start=max(bar.start, job.due_date))


def tardiness_bars(subject: Subject) -> Iterator[Bar]:
    """Yield, for each late job that has a row, the way to its due date and its tardiness."""
    for job_id, tardiness in subject.tardiness_by_job.items():
        row = subject.row_of.get(("late_job", job_id))
        due = subject.instance.job_by_id[job_id].due_date
        if row is None or due is None:
            continue
        first = min((o.start for o in subject.schedule.operations if o.job == job_id), default=due)
        group = subject.group(job_id)
        if first < due:
            yield Bar("flow", row, first, due, job_id, group=group)
        yield Bar("tardiness", row, due, due + tardiness, job_id, label=f"+{tardiness}", group=group)


def ghosts(subject: Subject) -> Iterator[Bar]:
    """Yield where the baseline had the operations that are elsewhere now."""
    for operation in subject.baseline.operations if subject.baseline is not None else ():
        if subject.change_by_key[operation.key] in ("moved", "reassigned", "extended", "cancelled"):
            lane = subject.ghost_lane_by_piece[operation.key, operation.start]
            yield replace(_bar(subject, operation, lane), kind="ghost", label="")


def arrows(subject: Subject, bars: Sequence[Bar]) -> Iterator[tuple[float, float, float, float]]:
    """Yield the way of each reassigned operation: from the middle of its ghost to the near edge of its bar."""
    new = {(bar.job, bar.operation): bar for bar in reversed(bars) if bar.kind == "operation"}
    for ghost in bars:
        if ghost.kind == "ghost" and ghost.change == "reassigned":
            bar = new[ghost.job, ghost.operation]
            old_y = sum(span_of(subject.rows[ghost.row], ghost, True)) / 2
            top, bottom = span_of(subject.rows[bar.row], bar, True)
            edge = bottom if old_y > bottom else top
            yield ((ghost.start + ghost.end) / 2, old_y, (bar.start + bar.end) / 2, edge)


def is_breakdown(reason: str) -> bool:
    """Return whether a downtime with this reason was not planned; see `scheduler.domain.events`."""
    return bool(unplanned((reason,)))


def unplanned(reasons: Iterable[str]) -> tuple[str, ...]:
    """Return what of the reasons of downtimes was not planned, each once, breakdowns first."""
    found = {part for reason in reasons for part in reason.split("+")}
    breakdowns = ("breakdown",) if any("breakdown" in part for part in found) else ()
    return (*breakdowns, *(part for part in _UNPLANNED if part in found))
