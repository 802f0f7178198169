"""Who carries a part in construction, the robot, vehicle or trip that can put it down first, and who tends."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scheduler.domain import Job
from scheduler.domain.routing import Leg, carriers
from scheduler.search.charging import BatteryTimeline
from scheduler.search.downtimes import NEVER
from scheduler.search.problem import ModeData

if TYPE_CHECKING:
    from scheduler.search.board import Board


class Carried(NamedTuple):
    """When a part was carried: it is off its place at ``taken_up``, and at the next from ``put_down`` on."""

    start: int
    taken_up: int
    put_down: int
    end: int


def by_carrier(board: Board, leg: Leg, job: Job, ready: int) -> tuple[str, int, int]:
    """Return the carrier that can end a move first (the nearest of several), when it starts, and how long it takes.

    Where none that can would get to a charger afterwards, it may be the last move of one with a battery. The start is
    `NEVER` if there is none.
    """
    best: tuple[int, int] | None = None
    ends = leg.origin, leg.destination
    chosen = ("", NEVER, 0)
    who = carriers(board.problem.instance, leg, job)
    able = [(board.carriers[carrier], carrier, length) for carrier, length in who]
    starts = [timeline.opening(ready, leg.origin, leg.destination, length) for timeline, _, length in able]
    if min(starts, default=NEVER) >= NEVER:
        starts = [
            timeline.plan(ready, leg.origin, leg.destination, length, is_last=True).start
            if isinstance(timeline, BatteryTimeline)
            else NEVER
            for timeline, _, length in able
        ]
    for (timeline, carrier, usual), start in zip(able, starts, strict=True):
        length = timeline.lasts(start, leg.origin, leg.destination, usual)
        if best is None or start + length <= best[0]:
            rank = (start + length, timeline.approach(start, leg.origin))
            if best is None or rank < best:
                best, chosen = rank, (carrier, start, length)
    for timeline, carrier, usual in able if best is not None else ():
        if not timeline.visits_left:
            continue
        errand, swap = timeline.errand(ready, leg.origin, leg.destination, usual), timeline.swap(ready, *ends)
        for start, end in ((errand, errand + usual), swap):
            if best is not None and end < best[0]:
                best, chosen = (end, 0), (carrier, start, end - start)
    return chosen


def by_lane(board: Board, leg: Leg, units: int, ready: int) -> tuple[str, int, int]:
    """Return the vehicle that can arrive first, when it starts, and the length of the trip."""
    lanes = [board.lanes[lane.id] for lane in board.problem.lanes(leg)]
    trips = [lane.opening(ready, units, board.patience) for lane in lanes]
    arrivals = [lane.arrival(trip.departure) for trip, lane in zip(trips, lanes, strict=True)]
    chosen = arrivals.index(min(arrivals))
    trip, lane = trips[chosen], lanes[chosen]
    return lane.vehicle_ids[trip.vehicle], trip.departure, arrivals[chosen] - trip.departure


def tender(board: Board, mode: ModeData, ready: int, length: int) -> tuple[int, str]:
    """Return the earliest instant from `ready` on at which a robot can tend so long, and the nearest such one."""
    station, best = mode.machine.domain.id, (NEVER, 0, "")
    for robot in mode.tenders:
        timeline = board.carriers[robot]
        start = timeline.opening(ready, station, station, length)
        best = min(best, (start, timeline.approach(start, station) if start < NEVER else 0, robot))
    return best[0], best[2]
