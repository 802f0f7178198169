"""How the time of robots and vehicles is spent; no pandas here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scheduler.domain.calendar import Calendar, working_time
from scheduler.domain.instance import Instance
from scheduler.domain.schedule import Schedule


@dataclass(frozen=True, slots=True)
class MoverUsage:
    """How a robot, or a vehicle of a fleet or lane, spends its time up to the makespan.

    Attributes
    ----------
    group
        Its cell, fleet or lane.
    moves
        Number of loaded moves; each job of a common trip counts.
    loaded
        Ticks with at least one job, picking up and putting down included.
    empty
        Ticks of empty moves before the makespan.
    tending
        Ticks in which it tends machines.
    down
        Ticks in ``[0, makespan)`` in which it does not work.
    utilisation
        ``100 * (loaded + empty + tending) / (makespan - down)``, in percent; 0 when there is no working time. Empty
        moves may lie in a downtime, so that it can exceed 100.
    """

    group: str
    moves: int
    loaded: int
    empty: int
    tending: int
    down: int
    utilisation: float


def mover_usage(instance: Instance, schedule: Schedule) -> Mapping[str, MoverUsage]:
    """Return the usage of every robot and vehicle up to the makespan."""
    usage = {}
    for mover, carrier in instance.carrier_by_id.items():
        usage[mover] = _usage(schedule, mover, instance.group_by_carrier[mover].id, carrier.calendar)
    for vehicle, lane in instance.lane_by_vehicle.items():
        usage[vehicle] = _usage(schedule, vehicle, lane.id, lane.calendar)
    return usage


def _usage(schedule: Schedule, mover: str, group: str, calendar: Calendar) -> MoverUsage:
    makespan = schedule.makespan
    moves = schedule.by_mover.get(mover, ())
    loaded = [(move.start, move.end) for move in moves if move.job is not None]
    empty = [(move.start, min(move.end, makespan)) for move in moves if move.job is None and move.start < makespan]
    down = makespan - working_time(calendar.blocked(makespan), 0, makespan)
    tending = [(operation.start, operation.end) for operation in schedule.by_tender.get(mover, ())]
    spent = _covered(loaded), _covered(empty), _covered(tending)
    utilisation = 100 * sum(spent) / (makespan - down) if makespan > down else 0.0
    return MoverUsage(group, len(loaded), *spent, down, utilisation)


def _covered(windows: Iterable[tuple[int, int]]) -> int:
    """Return the ticks that lie in at least one of the windows."""
    total = until = 0
    for start, end in sorted(windows):
        total += max(0, end - max(start, until))
        until = max(until, end)
    return total
