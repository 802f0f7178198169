"""Moves: every part is carried along its route, in time.

A *link* is a precedence ``a -> b`` between scheduled operations, the arrival of a part at an operation without
scheduled predecessor, or its departure from one without scheduled successor. Its route ``k_1 ... k_n`` follows from the
machines at its ends (table in `docs/rules.md`); the loaded moves of the link are exactly those, each with the kind,
places, length and a mover of its cell, fleet or lane, and::

    end(a) <= start(k_1),   end(k_i) <= start(k_{i+1}),   end(k_n) <= start(b)
    end(k) - start(k) = unload_time + travel + load_time          (robot move)
    end(k) - start(k) = pick_up_time + travel + drop_time         (transport)
    end(k) - start(k) = load_time + transit_time + unload_time    (transfer)

The travel time is that at the start of the move, by the ``slowdowns`` of its cell or fleet; it may also be longer by
those that were to be over by then (``until``) and have not been ended. A carrier that holds several parts may take
longer, and wait with the part on board until ways are to be faster. The transit time is that of
the window of ``transit_times`` in which the departure ``start(k)`` is, if there is one. A link between two facilities
has a transfer over a lane from the one to the other, or two, to a ``hub`` and on from it. A job is carried only by its
fleets, if it names any. A robot move or transport of `Execution.moves` may be longer, by at most the downtime of its
mover inside it; a transfer there has the length that it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from scheduler.constraints.facts import Clock, consecutive, describe, past_moves, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.constraints.travel import longest_travel, there_at, travel_time, trip_time
from scheduler.domain import (
    Carrier,
    CarrierGroup,
    Instance,
    Job,
    Machine,
    Move,
    MoveKind,
    Robot,
    RobotCell,
    Schedule,
    ScheduledOperation,
)

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether parts are moved: the instance has robot cells, fleets or more than one facility."""
    return bool(instance.cells or instance.fleets) or len(instance.facilities) > 1


# --- checker -----------------------------------------------------------------------------------------------------

_Link: TypeAlias = tuple[str, str | None, str | None]  # job, predecessor, successor
_End: TypeAlias = ScheduledOperation | None
_Ends: TypeAlias = tuple[str | None, str | None, str | None]  # machines at the ends, hub between them


class _Leg(NamedTuple):
    kind: MoveKind
    origin: str
    destination: str
    groups: Sequence[CarrierGroup]


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    if not schedule.moves and not applies(instance):
        return  # no part needs a move, and there is none
    carried: dict[_Link, list[Move]] = {}
    for move in schedule.moves:
        if move.job is not None:
            carried.setdefault((move.job, move.predecessor, move.successor), []).append(move)
        else:
            yield from _unloaded(instance, move)
    past = past_moves(instance)
    known: dict[_Ends, list[_Leg]] = {}
    for link, before, after in _links(instance, schedule):
        listed = sorted(carried.pop(link, ()), key=lambda m: (m.start, m.end))
        yield from _along(instance, link, before, after, listed, past, known)
    for listed in carried.values():
        for move in listed:
            if move in past and move.job not in instance.job_by_id:
                continue  # the part of a cancelled job that was under way
            yield Violation("moves", _where(move), f"{describe(move)}: the schedule has no such way of a part", 1)


def _links(instance: Instance, schedule: Schedule) -> Iterator[tuple[_Link, _End, _End]]:
    """Yield every way of a part with the operations at its ends."""
    pairs = consecutive(instance, schedule)
    with_predecessor = {after.key for _, after in pairs}
    with_successor = {before.key for before, _ in pairs}
    for before, after in pairs:
        yield (before.job, before.operation, after.operation), before, after
    for key in instance.operation_by_key:
        operation = schedule.by_operation.get(key)
        if operation is None:
            continue
        if key not in with_predecessor:
            yield (operation.job, None, operation.operation), None, operation
        if key not in with_successor:
            yield (operation.job, operation.operation, None), operation, None


def _along(
    instance: Instance,
    link: _Link,
    before: _End,
    after: _End,
    listed: list[Move],
    past: frozenset[Move],
    known: dict[_Ends, list[_Leg]],
) -> Iterator[Violation]:
    """Check the moves that are listed for one link against its route; `known` are those of other links."""
    if any(end is not None and end.machine not in instance.machine_by_id for end in (before, after)):
        return  # the rule `modes` says so; without machine there is no route
    origin = instance.machine_by_id[before.machine] if before is not None else None
    destination = instance.machine_by_id[after.machine] if after is not None else None
    hub = _hub(instance, origin, destination, listed)
    if origin and destination and origin.facility != destination.facility and hub is None:
        needed = (origin.facility, destination.facility)
        if all((lane.origin, lane.destination) != needed for lane in instance.lanes):
            yield Violation("moves", _way(link), f"no lane goes from {origin.facility} to {destination.facility}", 1)
    ready_at = before.end if before is not None else None
    arrived_at = None
    ends = (origin.id if origin else None, destination.id if destination else None, hub)
    if ends not in known:
        known[ends] = _route(instance, origin, destination, hub)
    for leg in known[ends]:
        kind, start, end, _ = leg
        carried = [m for m in listed if m.origin == start and m.destination == end and m.kind == kind]
        found = _loads(instance, link[0], leg, carried, past)
        for number, move in enumerate(found):
            if move is None:
                words = f"load {number} of " if len(found) > 1 else ""
                detail = f"{words}the {leg.kind} from {leg.origin} to {leg.destination} is missing"
                yield Violation("moves", _way(link), detail, 1)
                continue
            listed.remove(move)
            yield from _mover_and_length(instance, leg, move, past)
            if ready_at is not None and move.start < ready_at:
                detail = f"{describe(move)}: the part is ready at {ready_at}"
                yield Violation("moves", _where(move), detail, ready_at - move.start)
        if any(found):
            ready_at = arrived_at = max(move.end for move in found if move is not None)
    if after is not None and arrived_at is not None and after.start < arrived_at:
        detail = f"starts at {after.start}, the part arrives at {arrived_at}"
        yield Violation("moves", place(after), detail, arrived_at - after.start)
    for move in listed:
        yield Violation("moves", _where(move), f"{describe(move)} is not on the route of {_way(link)}", 1)


def _way(link: _Link) -> str:
    return f"{link[0]}.{link[1]} -> {link[2]}"


def _hub(instance: Instance, origin: Machine | None, destination: Machine | None, listed: Sequence[Move]) -> str | None:
    """Return the hub over which the listed moves go from facility to facility, if they do."""
    if origin is None or destination is None or origin.facility == destination.facility:
        return None
    hubs = [
        site.id for site in instance.facilities if site.hub and site.id not in (origin.facility, destination.facility)
    ]
    reached = (m.destination for m in listed if m.kind == "transfer" and m.origin == origin.facility)
    return next((site for site in reached if site in hubs), None)


def _route(
    instance: Instance, origin: Machine | None, destination: Machine | None, hub: str | None = None
) -> list[_Leg]:
    """Return the moves that take a part from machine to machine; None is the arrival or departure of the job."""
    if origin is destination:
        return []
    exit_cell = instance.cell_by_id.get(origin.cell) if origin and origin.cell else None
    entry_cell = instance.cell_by_id.get(destination.cell) if destination and destination.cell else None
    if origin and destination and exit_cell and exit_cell is entry_cell:
        return [_Leg("robot_move", origin.id, destination.id, (exit_cell,))]
    sites = {facility.id: facility for facility in instance.facilities}
    site_from = sites.get(origin.facility) if origin else None
    site_to = sites.get(destination.facility) if destination else None
    stops: list[tuple[str, str]] = []  # facility and place, one after the other, that the job passes outside of cells
    if origin and site_from:
        stops.append((site_from.id, exit_cell.output_station if exit_cell else origin.id))
    crosses = site_from is not site_to
    if site_from and site_from.station and crosses and (site_to or site_from.returns_jobs):
        stops.append((site_from.id, site_from.station))
    if hub is not None:
        stops.append((hub, ""))
    if site_to and site_to.station and crosses:
        stops.append((site_to.id, site_to.station))
    if destination and site_to:
        stops.append((site_to.id, entry_cell.input_station if entry_cell else destination.id))
    legs = []
    if origin and exit_cell:
        legs.append(_Leg("robot_move", origin.id, exit_cell.output_station, (exit_cell,)))
    for (here, place_from), (there, place_to) in pairwise(stops):
        if here != there:
            legs.append(_Leg("transfer", here, there, ()))
        elif place_from != place_to:
            able = [f for f in instance.fleets if f.facility == here and place_to in f.travel.get(place_from, {})]
            if able:
                legs.append(_Leg("transport", place_from, place_to, able))
    if destination and entry_cell:
        legs.append(_Leg("robot_move", entry_cell.input_station, destination.id, (entry_cell,)))
    return legs


def _loads(
    instance: Instance, job_id: str, leg: _Leg, carried: Sequence[Move], past: frozenset[Move]
) -> list[Move | None]:
    """Return the move of each load of the job on the leg, None where it is missing; first those that have departed."""
    job = instance.job_by_id[job_id]
    if leg.kind != "transfer" or not job.splits:
        return [next((m for m in carried if (m.load, m.units) == (0, None)), None)]
    ends = (leg.origin, leg.destination)
    smallest = min(
        (lane.units_per_vehicle for lane in instance.lanes if (lane.origin, lane.destination) == ends), default=0
    )
    gone = [m for m in carried if m in past]
    if smallest == 0 or (job.units <= smallest and not gone):
        return [next((m for m in carried if (m.load, m.units) == (0, None)), None)]
    found: list[Move | None] = list(gone)
    left = job.units - sum(m.units or job.units for m in gone)
    number = 0
    while left > 0:
        if all(m.load != number for m in gone):
            units = min(left, smallest)
            found.append(next((m for m in carried if (m.load, m.units) == (number, units)), None))
            left -= units
        number += 1
    return found


def _mover_and_length(instance: Instance, leg: _Leg, move: Move, past: frozenset[Move]) -> Iterator[Violation]:
    lane = instance.lane_by_vehicle.get(move.mover)
    if leg.groups:
        able = ((group, carrier) for group in leg.groups for carrier in group.carriers if carrier.id == move.mover)
        group, carrier = next(able, (None, None))
        if group is None or carrier is None:
            kind, names = ("robot", "vehicle")[leg.kind == "transport"], " or ".join(able.id for able in leg.groups)
            yield Violation("moves", _where(move), f"{describe(move)}: {move.mover} is no {kind} of {names}", 1)
            return
        job = instance.job_by_id.get(move.job or "")
        if job is not None and not _may_carry(instance, group, carrier, job):
            yield Violation("moves", _where(move), f"{describe(move)}: {carrier.id} may not carry {job.id}", 1)
        travel = travel_time(group, carrier, move.origin, move.destination, move.start)
        if isinstance(group, RobotCell):
            handling = group.unload_time + group.load_time
        else:
            handling = group.pick_up_time + group.drop_time
        length = handling + travel
        longest = handling + longest_travel(group, carrier, move.origin, move.destination, move.start)
        if isinstance(carrier, Robot) and carrier.reach and not {move.origin, move.destination} <= set(carrier.reach):
            yield Violation("moves", _where(move), f"{describe(move)}: {carrier.id} does not reach both places", 1)
        calendar, holds_several = carrier.calendar, carrier.capacity > 1
        if holds_several:  # it may wait with the part for the ways to be faster
            lifted = move.start + (group.unload_time if isinstance(group, RobotCell) else group.pick_up_time)
            arrives_at = there_at(group, carrier, move.origin, move.destination, lifted, move.start)
            length = min(length, handling + arrives_at - lifted)
    else:
        if lane is None or (lane.origin, lane.destination) != (move.origin, move.destination):
            yield Violation("moves", _where(move), f"{describe(move)}: {move.mover} is no vehicle of such a lane", 1)
            return
        length = longest = trip_time(lane, move.start)
        calendar, holds_several = lane.calendar, False
        if move in past:
            return  # it took as long as it took
    if holds_several and move.end - move.start >= length:
        return  # other parts may be picked up and dropped on the way
    lasts = move.end - move.start
    if lasts == length:
        return
    if lasts == longest:
        return
    longest = longest + Clock(calendar).downtime(move.start, move.end) if move in past else length
    if not length <= lasts <= longest:
        amount = length - lasts if lasts < length else lasts - longest
        yield Violation("moves", _where(move), f"{describe(move)} lasts {lasts}, needs {length}", amount)


def _may_carry(instance: Instance, group: CarrierGroup, carrier: Carrier, job: Job) -> bool:
    """Return whether the job names the carrier or its fleet, or nobody else of the cell, or fleets of the facility."""
    if not job.carriers:
        return True
    if isinstance(group, RobotCell):
        alternatives = [robot.id for robot in group.robots]
    else:
        fleets = [fleet for fleet in instance.fleets if fleet.facility == group.facility]
        alternatives = [name for fleet in fleets for name in (fleet.id, *(v.id for v in fleet.vehicles))]
    named = [name for name in alternatives if name in job.carriers]
    return not named or carrier.id in named or group.id in named


def _unloaded(instance: Instance, move: Move) -> Iterator[Violation]:
    if move.kind != "empty_move":
        yield Violation("moves", _where(move), f"{describe(move)}: a {move.kind} carries a job", 1)
    if move.mover not in instance.group_by_carrier and move.mover not in instance.lane_by_vehicle:
        yield Violation("moves", _where(move), f"the instance has no robot or vehicle {move.mover!r}", 1)


def _where(move: Move) -> str:
    return f"{move.job} on {move.mover}" if move.job is not None else move.mover


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Put the legs of every link between its two operations, one after the other; see `scheduler.cpsat.links`."""
    for link in ctx.links:
        legs = [list(loads) for _, loads in groupby(link.slots, key=lambda slot: slot.slot)]
        if link.predecessor is not None and legs:
            ready = ctx.end((link.job.id, link.predecessor))
            for load in legs[0]:
                ctx.enforce(ctx.model.add(load.start >= ready), link.active)
        for before, after in ((a, b) for first, second in pairwise(legs) for a in first for b in second):
            ctx.model.add(after.start >= before.end)
        if link.successor is not None and legs:
            begin = ctx.start((link.job.id, link.successor))
            for load in legs[-1]:
                ctx.enforce(ctx.model.add(begin >= load.end), link.active)


RULE = Rule("moves", applies, violations, post)
