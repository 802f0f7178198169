"""Parking: at the places of a fleet stand no more vehicles than have room there.

For every place *p* of ``Fleet.parking`` and every instant *t* (from ``now`` on, once things have happened)::

    |{vehicles: at p during [t, t + 1)}|  <=  parking[p]

A vehicle is at its ``start`` from tick 0. An empty move takes it from its origin when it starts, and to its destination
when it ends. With something on board it leaves a place when it has picked up or put down there, and is at the next when
it begins to do so; if that is the same, it stays. So a transport takes it from its origin at ``start + pick_up_time``,
to its destination at ``end - drop_time``. While it charges it is at the charger's place. Under way it is nowhere.

So where a vehicle waits with nothing on board is part of the plan, and the empty moves say it. Its *tasks* are what it
does from a pick-up for which it comes empty to the drop that leaves it empty (with one job at a time, a transport), and
charges. In the gap between two tasks, or before the first, there are one or two empty moves, each as long as its way,
one where the other ends, inside the gap: directly to where the next task begins, or over one other place, a *stop*;
none where the vehicle stays. It is as fast as when it begins. No stop makes a way shorter: as everywhere, ``start(next)
- end(previous) >= travel(place of the end, place of the start)``. After the last task there may be one, to wherever; a
fleet that ``returns`` goes back to its start place instead, directly or over a stop. Empty moves that began before
``now`` are those of the baseline, beside which the gap may have the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from scheduler.constraints.facts import describe, tasks
from scheduler.constraints.rule import Rule, Violation
from scheduler.constraints.stops import Stretch, stretches_of
from scheduler.constraints.travel import there_at, travel_time
from scheduler.domain import Fleet, Instance, Move, Schedule, Vehicle

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether any fleet has places with room for some of its vehicles only."""
    return any(fleet.limited for fleet in instance.fleets)


# --- checker -----------------------------------------------------------------------------------------------------


class _Visit(NamedTuple):
    """A vehicle is at a place during ``[begin, until)``; until None: for ever."""

    begin: int
    until: int | None
    vehicle: str


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    now = instance.execution.now if instance.execution is not None else 0
    for fleet in instance.fleets:
        if not fleet.limited:
            continue
        at: dict[str, list[_Visit]] = {place: [] for place in fleet.limited}
        for vehicle in fleet.vehicles:
            to_do = list(stretches_of(fleet, vehicle, tasks(instance, schedule, vehicle.id)))
            empty = [move for move in schedule.by_mover.get(vehicle.id, ()) if move.job is None]
            yield from _ways(instance, fleet, vehicle, to_do, empty, now)
            for place, visit in _visits(vehicle, to_do, empty):
                if place in at:
                    at[place].append(visit)
        for place, visits in at.items():
            yield from _crowded(fleet, place, visits, now)


def _ways(
    instance: Instance, fleet: Fleet, vehicle: Vehicle, to_do: Sequence[Stretch], empty: Sequence[Move], now: int
) -> Iterator[Violation]:
    """Check that the vehicle gets to each task by the empty moves that are listed, and makes no others."""
    where = f"vehicle {vehicle.id}"
    planned = instance.execution.baseline.by_mover.get(vehicle.id, ()) if instance.execution is not None else ()
    kept = {(m.origin, m.destination, m.start) for m in planned if m.job is None and m.start < now}
    for move in empty:
        length = travel_time(fleet, vehicle, move.origin, move.destination, move.start)
        if move.end - move.start != length:
            detail = f"{describe(move)}, until {move.end}, lasts {move.end - move.start}, needs {length}"
            yield Violation("parking", where, detail, abs(move.end - move.start - length))
        if move.start < now and (move.origin, move.destination, move.start) not in kept:
            yield Violation("parking", where, f"{describe(move)} was not under way, but now is {now}", now - move.start)
    done = max((task.end for task in to_do if task.start < now), default=0)
    made = {(m.origin, m.destination, m.start) for m in empty}
    for origin, destination, start in sorted(kept - made, key=lambda way: way[2]):
        if start >= done:
            detail = f"has left {origin} for {destination} at {start}, which is not listed"
            yield Violation("parking", where, detail, 1)
    home = vehicle.start if fleet.returns else None
    ends = [(task.origin, task.start, task.first.words) for task in to_do]
    left = list(empty)
    here, free_at, words = vehicle.start, 0, f"its start at {vehicle.start}"
    for number, (there, wanted_at, after) in enumerate([*ends, (home, None, "its return")]):
        listed = [move for move in left if wanted_at is None or move.start < wanted_at]
        left = left[len(listed) :]
        pending = [move for move in listed if move.start >= now]
        most = 2 if there is not None else 1
        stands, leaves_at = here, free_at
        for move in listed:
            if move.origin != here or move.start < free_at:
                detail = f"{describe(move)} does not go on from {here}, where the vehicle is free at {free_at}"
                yield Violation("parking", where, detail, max(1, free_at - move.start))
            here, free_at = move.destination, move.end
            if move.start < now:
                stands, leaves_at = here, max(free_at, now)
        if wanted_at is not None and there is not None and wanted_at >= now:
            needed = there_at(fleet, vehicle, stands, there, leaves_at) - leaves_at if stands != there else 0
            if wanted_at - leaves_at < needed:
                detail = f"needs {needed} from {stands}, after {words}, to {after}, has {wanted_at - leaves_at}"
                yield Violation("parking", where, detail, needed - (wanted_at - leaves_at))
        if len(pending) > most:
            detail = f"makes {len(pending)} empty moves between {words} and {after}, {most} are allowed"
            yield Violation("parking", where, detail, len(pending) - most)
        if there is not None and here != there:
            detail = f"is at {here} after {words}, and no empty move to {there} is listed before {after}"
            yield Violation("parking", where, detail, 1)
        if wanted_at is not None and free_at > wanted_at:
            yield Violation("parking", where, f"is free at {free_at}, too late for {after}", free_at - wanted_at)
        if number < len(to_do):
            here, free_at, words = to_do[number].destination, to_do[number].end, to_do[number].last.words


def _visits(vehicle: Vehicle, to_do: Sequence[Stretch], empty: Sequence[Move]) -> Iterator[tuple[str, _Visit]]:
    """Yield where the vehicle is, and when."""
    trips = [
        (before.end, after.begin, after.place)
        for task in to_do
        for before, after in pairwise(task.stops)
        if before.place != after.place
    ]
    trips += [(move.start, move.end, move.destination) for move in empty]
    place, begin = vehicle.start, 0
    for leaves_at, arrives_at, destination in sorted(trips):
        yield place, _Visit(begin, leaves_at, vehicle.id)
        place, begin = destination, arrives_at
    yield place, _Visit(begin, None, vehicle.id)


def _crowded(fleet: Fleet, place: str, visits: Sequence[_Visit], now: int) -> Iterator[Violation]:
    """Yield a violation for each vehicle that comes when the place is full, with those that are there."""
    there: list[_Visit] = []
    clipped = (visit._replace(begin=max(visit.begin, now)) for visit in visits)
    for visit in sorted(clipped, key=lambda visit: (visit.begin, visit.vehicle)):
        if visit.until is not None and visit.until <= visit.begin:
            continue
        there = [other for other in there if other.until is None or other.until > visit.begin]
        if len(there) >= fleet.parking[place]:
            names = " and ".join(sorted({other.vehicle for other in there}))
            free_at = min((other.until for other in there if other.until is not None), default=None)
            until = "for good" if free_at is None else f"until {free_at}"
            stay, room = "stays" if len(there) == 1 else "stay", fleet.parking[place]
            detail = f"{visit.vehicle} comes at {visit.begin}, but {names} {stay} {until}: it has room for {room}"
            excess = (free_at or visit.begin + 1) - visit.begin
            yield Violation("parking", f"{place} of fleet {fleet.id}", detail, excess)
        there.append(visit)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post for each limited place that the stays of vehicles fit."""
    for fleet in ctx.instance.fleets:
        for place, stays in ctx.parking.stays(fleet).items():
            if len(stays) > fleet.parking[place]:
                ctx.model.add_cumulative(stays, [1] * len(stays), fleet.parking[place])


RULE = Rule("parking", applies, violations, post)
