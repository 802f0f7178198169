"""Transfers: the trips of the vehicles of a lane.

Transfers of one vehicle with the same start are one trip. For consecutive trips *v*, *w* of a vehicle, and the first::

    start(w) >= end(v) + return_time,   start(first) >= 0
    sum of units over the transfers of a trip <= units_per_vehicle   (the units of its job, or of the load)

For any two trips *v*, *w* of a lane, of whichever vehicles, and any trip of a lane with timetable::

    start(w) >= start(v) + headway   or   start(v) >= start(w) + headway
    start(v) = d + k period <= until   for a departure d of the timetable and a k >= 0   (not in `Execution.moves`)

A trip does not overlap a downtime of the lane, unless its transfers are in `Execution.moves`. With a return time, the
schedule lists exactly one empty move after each trip: the return, of that length, after the arrival and before the
next departure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from scheduler.constraints.facts import Clock, describe, past_moves
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Lane, Move, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.links import OptionVars, TripVars


def applies(instance: Instance) -> bool:
    """Return whether there are transfer lanes."""
    return bool(instance.lanes)


# --- checker -----------------------------------------------------------------------------------------------------

_Trips: TypeAlias = Mapping[int, Sequence[Move]]  # the transfers of each trip of a vehicle, by start


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    past = past_moves(instance)
    for vehicle, lane in instance.lane_by_vehicle.items():
        moves = schedule.by_mover.get(vehicle, ())
        trips: dict[int, list[Move]] = {}
        for move in moves:
            if move.job is not None:
                trips.setdefault(move.start, []).append(move)
        yield from _cycles(vehicle, lane, trips)
        yield from _loads(instance, vehicle, lane, trips)
        yield from _downtimes(vehicle, lane, trips, past)
        yield from _timetable(vehicle, lane, trips, past)
        yield from _returns(vehicle, lane, trips, [move for move in moves if move.job is None])
    for lane in instance.lanes:
        yield from _headway(lane, schedule)


def _cycles(vehicle: str, lane: Lane, trips: _Trips) -> Iterator[Violation]:
    """Check that the vehicle is back before each departure."""
    back_at, previous = 0, "tick 0"
    for start, trip in trips.items():
        if start < back_at:
            detail = f"departs at {start}, after {previous} it is back at {back_at}"
            yield Violation("transfers", vehicle, detail, back_at - start)
        back_at, previous = max(back_at, _arrival(trip) + lane.return_time), f"the trip at {start}"


def _loads(instance: Instance, vehicle: str, lane: Lane, trips: _Trips) -> Iterator[Violation]:
    for start, trip in trips.items():
        jobs = [instance.job_by_id[m.job] for m in trip if m.job is not None and m.job in instance.job_by_id]
        carried = [m for m in trip if m.job in instance.job_by_id]
        units = sum(m.units or instance.job_by_id[m.job or ""].units for m in carried)
        if units > lane.units_per_vehicle:
            names = ", ".join(job.id for job in jobs)
            detail = f"the trip at {start} carries {units} units ({names}), room is for {lane.units_per_vehicle}"
            yield Violation("transfers", vehicle, detail, units - lane.units_per_vehicle)


def _downtimes(vehicle: str, lane: Lane, trips: _Trips, past: frozenset[Move]) -> Iterator[Violation]:
    clock = Clock(lane.calendar)
    for start, trip in trips.items():
        downtime = clock.downtime(start, _arrival(trip))
        if downtime > 0 and not past.issuperset(trip):
            detail = f"the trip at {start}, until {_arrival(trip)}, is {downtime} in a downtime of {lane.id}"
            yield Violation("transfers", vehicle, detail, downtime)


def _timetable(vehicle: str, lane: Lane, trips: _Trips, past: frozenset[Move]) -> Iterator[Violation]:
    table = lane.timetable
    for start, trip in trips.items() if table is not None else ():
        assert table is not None
        waits = min(
            (
                (departure - start) % table.period
                if table.period is not None and start > departure
                else departure - start
                for departure in table.departures
                if table.period is not None or departure >= start
            ),
            default=None,
        )
        if table.until is not None and waits is not None and start + waits > table.until:
            waits = None
        if waits != 0 and not past.issuperset(trip):
            then = "no more" if waits is None else f"next at {start + waits}"
            detail = f"departs at {start}, not in the timetable of {lane.id} ({then})"
            yield Violation("transfers", vehicle, detail, waits or 1)


def _headway(lane: Lane, schedule: Schedule) -> Iterator[Violation]:
    """Check that consecutive departures of all vehicles of the lane are apart."""
    trips = {(m.start, v) for v in lane.vehicle_ids for m in schedule.by_mover.get(v, ()) if m.job is not None}
    for (before, first), (after, second) in pairwise(sorted(trips)):
        if after - before < lane.headway:
            detail = f"{second} departs {after - before} after {first} at {before}, the headway is {lane.headway}"
            yield Violation("transfers", lane.id, detail, lane.headway - (after - before))


def _returns(vehicle: str, lane: Lane, trips: _Trips, empty: Sequence[Move]) -> Iterator[Violation]:
    """Check that each trip lists its return and that nothing else is listed."""
    starts = list(trips)
    by_trip: dict[int, list[Move]] = {}
    for move in empty:
        by_trip.setdefault(bisect_right(starts, move.start) - 1, []).append(move)
    for number, (start, trip) in enumerate(trips.items()):
        listed = by_trip.pop(number, [])
        if lane.return_time > 0 and not listed:
            detail = f"the return from {lane.destination} after the trip at {start} is not listed"
            yield Violation("transfers", vehicle, detail, lane.return_time)
        if lane.return_time > 0 and listed:
            next_start = starts[number + 1] if number + 1 < len(starts) else None
            yield from _fits(vehicle, lane, listed.pop(0), _arrival(trip), next_start)
        for move in listed:
            yield Violation("transfers", vehicle, f"{describe(move)} is listed, but not needed", 1)
    for move in by_trip.get(-1, ()):
        yield Violation("transfers", vehicle, f"{describe(move)} follows no trip", 1)


def _fits(vehicle: str, lane: Lane, move: Move, arrived_at: int, next_start: int | None) -> Iterator[Violation]:
    """Check one return against the arrival before it and the departure after it."""
    words = f"{describe(move)}, until {move.end},"
    if (move.origin, move.destination) != (lane.destination, lane.origin):
        yield Violation("transfers", vehicle, f"{words} should go from {lane.destination} to {lane.origin}", 1)
    if move.end - move.start != lane.return_time:
        detail = f"{words} lasts {move.end - move.start}, needs {lane.return_time}"
        yield Violation("transfers", vehicle, detail, abs(move.end - move.start - lane.return_time))
    if move.start < arrived_at:
        detail = f"{words} begins before the arrival at {arrived_at}"
        yield Violation("transfers", vehicle, detail, arrived_at - move.start)
    if next_start is not None and move.end > next_start:
        detail = f"{words} ends after the departure at {next_start}"
        yield Violation("transfers", vehicle, detail, move.end - next_start)


def _arrival(trip: Sequence[Move]) -> int:
    return max(move.end for move in trip)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Group the transfers of each lane into trips.

    A transfer either leads a trip or joins one led by an earlier transfer in the list, at the same time. Leading
    transfers keep one of the lane's identical vehicles until it is back; which one is settled afterwards
    (`scheduler.cpsat.extract`), which frees the model of all permutations of vehicles. Where the transit time depends
    on the departure, a transfer is an option for each length of trips, in the windows of departures with that length.
    """
    for lane in ctx.instance.lanes:
        options = [o for link in ctx.links for slot in link.slots for o in slot.options if o.mover == lane.id]
        trips = [_trip(ctx, lane, options, index) for index in range(len(options))]
        for index, trip in enumerate(trips):
            joined = [(other.option.units, other.joins[index]) for other in trips if index in other.joins]
            if joined:
                load = trip.option.units + sum(units * join for units, join in joined)
                ctx.model.add(load <= lane.units_per_vehicle).only_enforce_if(trip.leader)
            for other, join in trip.joins.items():
                ctx.model.add_implication(join, trips[other].leader)
                ctx.model.add(trip.option.start == trips[other].option.start).only_enforce_if(join)
        if trips:
            vehicles = [1] * len(trips)
            ctx.model.add_cumulative([_cycle(ctx, lane, trip) for trip in trips], vehicles, lane.vehicles)
        if lane.headway > 0:
            ctx.model.add_no_overlap([_after_departure(ctx, lane, trip) for trip in trips])
        blocked = lane.calendar.blocked(ctx.horizon)
        closed = lane.timetable.closed(ctx.horizon + 1) if lane.timetable is not None else ()
        for option in options:
            if option.fixed is None and option.length > 0:
                windows = [(d.start - option.length + 1, d.end - 1) for d in blocked]
                ctx.forbid(option.start, windows, option.literal)
            if option.fixed is None:
                shut = (*closed, *lane.closed(option.length, ctx.horizon + 1))
                ctx.forbid(option.start, [(window.start, window.end - 1) for window in shut], option.literal)


def _trip(ctx: ModelContext, lane: Lane, options: list[OptionVars], index: int) -> TripVars:
    """Return whether the transfer leads a trip, and which earlier transfer's trip it may join."""
    option = options[index]
    leader = ctx.new_bool(
        f"leads[{option.link.name}@{lane.id}]", lambda view: view.leader(lane.id, options, index) == index
    )
    joins = {}
    for other, candidate in enumerate(options[:index]):
        together = ctx.kept is None or ctx.kept.may_join(option.key, candidate.key)
        # Trips that depart together are equally long; what has departed may have been held up.
        together = together and (option.length == candidate.length or candidate.fixed is not None)
        if together and option.units + candidate.units <= lane.units_per_vehicle:
            joins[other] = ctx.new_bool(
                f"joins[{option.link.name},{candidate.link.name}@{lane.id}]",
                lambda view, other=other: view.leader(lane.id, options, index) == other,
            )
    ctx.model.add(leader + sum(joins.values()) == option.literal)
    if option.fixed is not None:
        same = (other for other, c in enumerate(options[:index]) if c.fixed is not None and _same_trip(c, option))
        first = next(same, index)
        if first in joins:
            ctx.model.add(joins[first] == option.literal)
    return ctx.add_trip(lane.id, option, leader, joins)


def _same_trip(a: OptionVars, b: OptionVars) -> bool:
    return (
        a.fixed is not None
        and b.fixed is not None
        and (a.fixed.mover, a.fixed.start)
        == (
            b.fixed.mover,
            b.fixed.start,
        )
    )


def _cycle(ctx: ModelContext, lane: Lane, trip: TripVars) -> Any:
    """Return the interval for which the trip keeps its vehicle, absent for a transfer that joins another's trip."""
    name = f"trip[{trip.option.link.name}@{lane.id}]"
    length = max(trip.option.length + lane.return_time, 1)  # what departs together is one trip
    return ctx.model.new_optional_fixed_size_interval_var(trip.option.start, length, trip.leader, name)


def _after_departure(ctx: ModelContext, lane: Lane, trip: TripVars) -> Any:
    """Return the interval in which no other trip of the lane departs, absent where the transfer leads none."""
    name = f"headway[{trip.option.link.name}@{lane.id}]"
    return ctx.model.new_optional_fixed_size_interval_var(trip.option.start, lane.headway, trip.leader, name)


RULE = Rule("transfers", applies, violations, post)
