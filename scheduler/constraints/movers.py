"""Movers: a robot, or a vehicle of a fleet, carries one part at a time and travels between its moves.

Robots with several grippers and vehicles for several jobs are a matter of the rule `visits`.

For consecutive loaded moves *k*, *l* of one carrier (*k* is its start place and tick 0 before the first)::

    start(l) - end(k) >= travel(drop place of k, pick-up place of l)

Travel takes the times of the cell or fleet divided by the ``speed`` of the carrier, rounded up; in a group with
``slowdowns``, as long as those say that are in force at the instant at which it begins: where one is to be over at a
known tick, a carrier may wait for that. Moves that take no time and start in one instant are made in the order in
which the schedule lists them. A charge of a vehicle counts like a loaded move from its charger's place to the same, an
operation that a robot tends like one from the machine to the same.

A loaded move does not overlap a downtime of the carrier, unless it is in `Execution.moves`; an empty move may. Where
the two places differ and the travel takes time, the schedule lists exactly one empty move, of that length, inside the
gap; it lists no others, but for the way back to the start place after the last move of a vehicle whose fleet
``returns``. The ways of vehicles of which places have room for some only are a matter of the rule `parking`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scheduler.constraints.facts import Task, carrier_name, describe, moves_in_downtimes, past_moves, tasks
from scheduler.constraints.rule import Rule, Violation
from scheduler.constraints.travel import there_at, travel_time
from scheduler.domain import Carrier, CarrierGroup, Fleet, Instance, Move, Schedule
from scheduler.domain.routing import SLOTS
from scheduler.domain.slowdowns import last_departure, least_travel, lifts, travel_ahead

if TYPE_CHECKING:
    from scheduler.cpsat.carriers import Stand
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.links import OptionVars
    from scheduler.cpsat.view import ScheduleView, TaskVars


def applies(instance: Instance) -> bool:
    """Return whether there are robot cells or fleets."""
    return bool(instance.cells or instance.fleets)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    past = past_moves(instance)
    for group in instance.group_by_id.values():
        for carrier in group.carriers:
            if carrier.capacity > 1:
                continue  # the rule `visits` speaks of it
            moves = schedule.by_mover.get(carrier.id, ())
            loaded = [move for move in moves if move.job is not None]
            empty = [move for move in moves if move.job is None]
            to_do = tasks(instance, schedule, carrier.id)
            yield from moves_in_downtimes("movers", carrier, loaded, past)
            if isinstance(group, Fleet) and group.limited:
                continue  # the rule `parking` speaks of its ways
            yield from _travel(group, carrier, to_do)
            yield from _empty_moves(group, carrier, to_do, empty)


def _travel(group: CarrierGroup, carrier: Carrier, to_do: Sequence[Task]) -> Iterator[Violation]:
    """Check the gap before each task; among overlapping tasks the one that ends last counts."""
    here, free_at, previous = carrier.start, 0, None
    for task in to_do:
        needed, gap = there_at(group, carrier, here, task.origin, free_at) - free_at, task.start - free_at
        if gap < needed:
            before = f"its start at {carrier.start}" if previous is None else previous.words
            detail = f"needs {needed} between {before} and {task.words}, has {gap}"
            yield Violation("movers", carrier_name(carrier), detail, needed - gap)
        if task.end >= free_at:
            here, free_at, previous = task.destination, task.end, task


def _empty_moves(
    group: CarrierGroup, carrier: Carrier, to_do: Sequence[Task], empty: Sequence[Move]
) -> Iterator[Violation]:
    """Check that each gap lists its empty move and nothing else."""
    where = carrier_name(carrier)
    starts = [task.start for task in to_do]
    by_gap: dict[int, list[Move]] = {}
    for move in empty:
        by_gap.setdefault(bisect_right(starts, move.start), []).append(move)
    here, free_at = carrier.start, 0
    for number, task in enumerate(to_do):
        listed = by_gap.pop(number, [])
        needed = travel_time(group, carrier, here, task.origin) if here != task.origin else 0
        if needed > 0 and not listed:
            detail = f"the empty move from {here} to {task.origin} before {task.words} is not listed"
            yield Violation("movers", where, detail, needed)
        if needed > 0 and listed:
            yield from _fits(group, carrier, listed.pop(0), here, free_at, task.origin, task.start)
        for move in listed:
            yield Violation("movers", where, f"{describe(move)} is listed, but not needed", 1)
        here, free_at = task.destination, task.end
    left = by_gap.get(len(to_do), [])
    if isinstance(group, Fleet) and group.returns and here != carrier.start:
        needed = travel_time(group, carrier, here, carrier.start)
        if needed > 0 and not left:
            detail = f"the return from {here} to {carrier.start} after {to_do[-1].words} is not listed"
            yield Violation("movers", where, detail, needed)
        elif needed > 0:
            yield from _fits(group, carrier, left.pop(0), here, free_at, carrier.start, None)
    for move in left:
        yield Violation("movers", where, f"{describe(move)} leads to no pick-up", 1)


def _fits(
    group: CarrierGroup, carrier: Carrier, move: Move, here: str, free_at: int, there: str, wanted_at: int | None
) -> Iterator[Violation]:
    """Check one empty move against its gap: from `here` at `free_at` to `there` at `wanted_at` (None: any time)."""
    needed = travel_time(group, carrier, here, there, move.start)
    if (move.origin, move.destination) != (here, there):
        yield _unfit(carrier, move, f"should go from {here} to {there}", 1)
    elif move.end - move.start != needed:
        detail = f"lasts {move.end - move.start}, needs {needed}"
        yield _unfit(carrier, move, detail, abs(move.end - move.start - needed))
    outside = max(free_at - move.start, 0 if wanted_at is None else move.end - wanted_at)
    if outside > 0:
        end = "" if wanted_at is None else wanted_at
        yield _unfit(carrier, move, f"is not inside [{free_at}, {end})", outside)


def _unfit(carrier: Carrier, move: Move, detail: str, amount: int) -> Violation:
    return Violation("movers", carrier_name(carrier), f"{describe(move)}, until {move.end}, {detail}", amount)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post a circuit over the possible moves of each carrier, with the empty travel on its arcs, and its downtimes.

    Vehicles of a fleet that are alike share one set of tours.
    """
    by_carrier: dict[str, list[OptionVars]] = {}
    for link in ctx.links:
        for slot in link.slots:
            for option in slot.options:
                by_carrier.setdefault(option.mover, []).append(option)
    for group in ctx.instance.group_by_id.values():
        if isinstance(group, Fleet) and group.id in ctx.alike:
            _post_tours(ctx, group)
            continue
        for carrier in group.carriers:
            to_do: list[TaskVars] = [*by_carrier.get(carrier.id, []), *ctx.tendings.get(carrier.id, ())]
            if not to_do or carrier.capacity > 1:
                continue
            ctx.model.add_no_overlap(task.interval for task in to_do)
            ctx.model.add_circuit(_arcs(ctx, ctx.instance.group_by_carrier[carrier.id], carrier, to_do))
            blocked = carrier.calendar.blocked(ctx.horizon)
            down = [
                ctx.model.new_fixed_size_interval_var(d.start, d.end - d.start, f"down[{carrier.id}:{d.start}]")
                for d in (blocked if lifts(group) else ())
            ]
            for task in to_do:
                ctx.add_load(carrier.id, task.length, task.literal)
                # When a robot may tend, `tending` says.
                if task.fixed is None and down and task.link is not None:
                    ctx.model.add_no_overlap([task.interval, *down])
                elif task.fixed is None and task.length > 0 and task.link is not None:
                    windows = [(d.start - task.length + 1, d.end - 1) for d in blocked]
                    ctx.forbid(task.start, windows, task.literal)


def _arcs(
    ctx: ModelContext, group: CarrierGroup, carrier: Carrier, options: list[TaskVars]
) -> list[tuple[int, int, Any]]:
    """Return the arcs of the circuit; node 0 is the carrier's start place and the end of its day."""
    arcs: list[tuple[int, int, Any]] = []
    for b, after in enumerate(options, start=1):
        if after.literal is not ctx.true:
            arcs.append((b, b, after.literal.negated()))
        if ctx.may_follow(carrier.id, after.key, None):
            last = ctx.new_bool(f"last[{carrier.id}:{b}]", lambda view, o=after: view.ends_with(carrier.id, o))
            arcs.append((b, 0, last))
            ctx.carriers.add_turn(carrier.id, after, None, last)
            ctx.parking.add_turn(carrier.id, after, None, last)
        for a, before in enumerate([None, *options]):
            if a == b or (before is not None and not _can_follow(before, after)):
                continue
            if not ctx.may_follow(carrier.id, before and before.key, after.key):
                continue
            stand = ctx.carriers.stand(carrier.id, before)
            travel = group.travel_time(stand.place, after.origin)
            literal = ctx.new_bool(
                f"next[{carrier.id}:{a}>{b}]", lambda view, a=before, b=after: view.follows(carrier.id, a, b)
            )
            arcs.append((a, b, literal))
            ctx.carriers.add_turn(carrier.id, before, after, literal)
            ctx.parking.add_turn(carrier.id, before, after, literal)
            gap = ctx.carriers.gap(carrier.id, after)
            # What begins in the past may have been faster.
            if travel > 0 and not (group.slowdowns and (before is None or before.fixed is not None)):
                least = least_travel(group, stand.place, after.origin)
                ctx.add_load(carrier.id, least if gap is None else _shortest(group, stand.place, after), literal)
            if after.fixed is None:
                free_at = stand.free_at
                if before is None or before.fixed is not None:
                    free_at = ctx.carriers.leaves_at(carrier.id, stand, after.origin)
                # With a charge in the gap, `batteries` says how long the ways to the charger and from it are.
                turn = [literal] if gap is None else [literal, gap.direct]
                goes_there = list(turn)
                later = travel_ahead(group, stand.place, after.origin)[1:]
                for number, (tick, time) in enumerate(later):
                    waits = ctx.new_bool(
                        f"waits[{carrier.id}:{a}>{b}:{tick}]",
                        lambda view, a=before, b=after, n=number, later=later: (
                            _waits(view, carrier.id, a, b, later) == n
                        ),
                    )
                    ctx.model.add(after.start >= tick + time).only_enforce_if(*turn, waits)
                    ctx.model.add(after.start >= stand.free_at + time).only_enforce_if(*turn, waits)
                    goes_there.append(waits.negated())
                ctx.model.add(after.start >= free_at + travel).only_enforce_if(goes_there)
            elif before is not None and (before.fixed is None or not _was_possible(group, stand, after)):
                # Only the past comes before the past, and it is possible as it was.
                ctx.model.add(literal == 0)
    if all(option.literal is not ctx.true for option in options):
        idle = ctx.new_bool(f"idle[{carrier.id}]", lambda view: not view.tasks(carrier.id))
        arcs.append((0, 0, idle))
        ctx.parking.add_turn(carrier.id, None, None, idle)
    return arcs


def _waits(
    view: ScheduleView, carrier: str, before: TaskVars | None, after: TaskVars, later: tuple[tuple[int, int], ...]
) -> int:
    """Return for which tick (by number) a carrier may wait that leaves for a task as late as it can, -1: for none."""
    if not view.follows(carrier, before, after):
        return -1
    key: Any = after.key
    begin = view.start(key, 0) if after.link is None else view.leg_start(key)
    return max((number for number, (tick, time) in enumerate(later) if tick + time <= begin), default=-1)


def _was_possible(group: CarrierGroup, stand: Stand, after: TaskVars) -> bool:
    """Return whether a carrier could be in time for something of the past; what runs now has no end yet."""
    if not isinstance(stand.free_at, int):
        return False
    return stand.free_at <= last_departure(group, stand.place, after.origin, after.start)


def _post_tours(ctx: ModelContext, fleet: Fleet) -> None:
    """Post that each transport comes after one other or is a vehicle's first; see `scheduler.cpsat.tours`."""
    tours, pace = ctx.tours[fleet.id], ctx.instance.fastest(fleet.id)  # all have one speed
    into: dict[Any, list[Any]] = {transport.key: [] for transport in tours.transports}
    out: dict[Any, list[Any]] = {transport.key: [] for transport in tours.transports}
    for place, number in Counter(vehicle.start for vehicle in fleet.vehicles).items():
        for transport in tours.transports:
            first = tours.begin(place, transport)
            for origin, begins_there in transport.origins.items():
                ctx.enforce(ctx.model.add(transport.start >= pace.travel_time(place, origin)), first, begins_there)
            travel = min(pace.travel_time(place, origin) for origin in transport.origins)
            ctx.add_load(fleet.id, max(travel, tours.head(transport)), first)
            into[transport.key].append(first)
        ctx.model.add(sum(literals[-1] for literals in into.values()) <= number)
    for before in tours.transports:
        there_at: dict[str, Any] = {}
        for after in tours.transports:
            if not tours.may_follow(before, after):
                continue
            turn = tours.follow(before, after)
            for origin, begins_there in after.origins.items():
                if origin not in there_at:
                    there_at[origin] = tours.there_at(before, origin)
                ctx.enforce(ctx.model.add(after.start >= there_at[origin]), turn, begins_there)
            travel = tours.travel(before, after)
            if travel + min(option.length for option in before.options) == 0:
                # Times alone don't keep these out of a circle.
                ctx.model.add(tours.rank(after) > tours.rank(before)).only_enforce_if(turn)
            ctx.add_load(fleet.id, travel, turn)
            into[after.key].append(turn)
            out[before.key].append(turn)
        last = tours.end(before)
        ctx.add_load(fleet.id, tours.tail(before), last)
        out[before.key].append(last)
    for transport in tours.transports:
        ctx.model.add(sum(into[transport.key]) == transport.literal)
        ctx.model.add(sum(out[transport.key]) == transport.literal)
        for option in transport.options:
            ctx.add_load(fleet.id, option.length, option.literal)
    if tours.transports:
        intervals = [transport.interval for transport in tours.transports]
        ctx.model.add_cumulative(intervals, [1] * len(intervals), len(fleet.vehicles))


def _shortest(group: CarrierGroup, place: str, after: TaskVars) -> int:
    """Return the least empty travel to a pick-up: direct, or over a charger."""
    there = after.origin
    chargers = group.chargers if isinstance(group, Fleet) else ()
    over = (least_travel(group, place, c.place) + least_travel(group, c.place, there) for c in chargers)
    return min(least_travel(group, place, there), *over)


def _can_follow(before: TaskVars, after: TaskVars) -> bool:
    """Return False where the order is impossible anyway: legs of one link follow their slots, a leg is one move."""
    if before.link is None or after.link is None or before.link is not after.link:
        return True
    return SLOTS.index(before.leg.slot) < SLOTS.index(after.leg.slot)


RULE = Rule("movers", applies, violations, post)
