"""Docks: the trips that load or unload at a facility at a time are at most its docks.

A trip is the transfers of one vehicle with the same start. It holds a dock of the origin while it loads and one of the
destination while it unloads; with *n(F, t)* the trips of all lanes that do so at facility *F* at instant *t*::

    start <= t < start + load_time       at the origin
    end - unload_time <= t < end         at the destination
    n(F, t) <= docks of F

An instant at which only trips of `Execution.moves` hold docks is not counted: a downtime may have made them meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from scheduler.constraints.facts import past_moves
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Facility, Instance, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether a facility that lanes join has a number of docks."""
    return bool(instance.lanes) and any(facility.docks is not None for facility in instance.facilities)


# --- checker -----------------------------------------------------------------------------------------------------


class _Hold(NamedTuple):
    start: int
    end: int
    vehicle: str
    is_past: bool


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    for facility in instance.facilities:
        if facility.docks is not None:
            yield from _overfull(facility, facility.docks, _holds(instance, schedule, facility.id))


def _holds(instance: Instance, schedule: Schedule, facility: str) -> list[_Hold]:
    past = past_moves(instance)
    found: set[_Hold] = set()
    for move in schedule.moves:
        lane = instance.lane_by_vehicle.get(move.mover)
        if lane is None or move.job is None:
            continue
        if facility == lane.origin and lane.load_time > 0:
            found.add(_Hold(move.start, move.start + lane.load_time, move.mover, move in past))
        if facility == lane.destination and lane.unload_time > 0:
            found.add(_Hold(move.end - lane.unload_time, move.end, move.mover, move in past))
    return sorted(found)


def _overfull(facility: Facility, docks: int, holds: list[_Hold]) -> Iterator[Violation]:
    """Yield the begin of every hold that finds all docks taken, unless only the past holds them."""
    for hold in holds:
        there = [other for other in holds if other.start <= hold.start < other.end]
        if len(there) > docks and not all(other.is_past for other in there):
            names = ", ".join(other.vehicle for other in there[:5]) + (" ..." if len(there) > 5 else "")
            detail = f"at {hold.start} {len(there)} trips load or unload ({names}), there are {docks} docks"
            yield Violation("docks", facility.id, detail, len(there) - docks)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post a cumulative over the leading transfers of each facility's lanes, and what the past holds."""
    for facility in ctx.instance.facilities:
        if facility.docks is None:
            continue
        intervals: list[Any] = []
        for lane in ctx.instance.lanes:
            held = [(0, lane.load_time)] if lane.origin == facility.id and lane.load_time > 0 else []
            if lane.destination == facility.id and lane.unload_time > 0:
                held.append((-lane.unload_time, lane.unload_time))
            for trip in ctx.trips.get(lane.id, ()):
                if trip.option.fixed is None:
                    for offset, length in held:
                        offset += trip.option.length if offset < 0 else 0
                        name = f"dock[{trip.option.link.name}@{lane.id}+{offset}]"
                        begin = trip.option.start + offset
                        intervals.append(
                            ctx.model.new_optional_fixed_size_interval_var(begin, length, trip.leader, name)
                        )
        past = list(_past_holds(ctx.instance, facility.id, facility.docks))
        demands = [1] * len(intervals) + [amount for _, _, amount in past]
        taken = [ctx.model.new_fixed_size_interval_var(start, end - start, "dock") for start, end, _ in past]
        if intervals:
            ctx.model.add_cumulative(intervals + taken, demands, facility.docks)


def _past_holds(instance: Instance, facility: str, docks: int) -> Iterator[tuple[int, int, int]]:
    """Yield from when to when how many docks, at most all, are held by trips that have departed."""
    trips = {(m.mover, m.start, m.end) for m in past_moves(instance) if m.mover in instance.lane_by_vehicle}
    windows = []
    for vehicle, start, end in trips:
        lane = instance.lane_by_vehicle[vehicle]
        if lane.origin == facility:
            windows.append((start, start + lane.load_time))
        if lane.destination == facility:
            windows.append((end - lane.unload_time, end))
    edges = sorted({instant for window in windows for instant in window})
    for start, end in pairwise(edges):
        amount = sum(first <= start < last for first, last in windows)
        if amount:
            yield start, end, min(amount, docks)


RULE = Rule("docks", applies, violations, post)
