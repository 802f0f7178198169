"""Visits: a carrier that holds several parts picks them up and drops them one after the other.

For robots with ``grippers`` > 1 and vehicles with ``capacity`` > 1. Each loaded move *k* has two *visits*: a pick-up
``[start(k), start(k) + pick-up)`` at its origin and a drop ``[end(k) - drop, end(k))`` at its destination. For
consecutive visits *u*, *v* of one carrier (*u* is its start place and tick 0 before the first)::

    begin(v) - end(u) >= travel(place of u, place of v)

with travel as in `movers`, where a carrier may wait, with parts on board too, for ways that are to be faster; between
visits of two moves it may also be as fast as was to be when the later of the two began. At
any instant it holds no more parts than it has places, each from the begin of its pick-up to the end of its drop::

    |{k : start(k) <= t < end(k)}| <= capacity

An operation that a robot tends is a visit ``[start, end)`` of its machine, and takes a place for as long.

So a robot with two grippers swaps two parts at a full station in one visit: it takes one off, then puts the other on.
With a capacity of 1 the two formulas say what the rule `movers` says. No loaded move overlaps a downtime of the
carrier, unless it is in `Execution.moves`. The empty moves listed are the travels to a pick-up on which it holds
nothing, and the way back of vehicles whose fleet ``returns``. The ways with nothing on board of vehicles of which
places have room for some only are a matter of the rule `parking`.

References
----------
Sethi, Sidney, Sriskandarajah (2001): Scheduling in dual gripper robotic cells for productivity gains, IEEE Transactions
on Robotics and Automation 17.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from scheduler.constraints.facts import carrier_name, describe, moves_in_downtimes, past_moves, tasks
from scheduler.constraints.rule import Rule, Violation
from scheduler.constraints.stops import Stop, stops_of
from scheduler.constraints.stretches import post_held
from scheduler.constraints.travel import there_at, travel_time
from scheduler.domain import Carrier, CarrierGroup, Charge, Fleet, Instance, Move, Schedule
from scheduler.domain.routing import SLOTS
from scheduler.domain.slowdowns import last_departure, leaves_at, travel_ahead

if TYPE_CHECKING:
    from scheduler.cpsat.carriers import Stand
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.links import OptionVars
    from scheduler.cpsat.view import ScheduleView, TaskVars
    from scheduler.cpsat.visits import VisitVars


def applies(instance: Instance) -> bool:
    """Return whether any robot or vehicle holds several parts."""
    return any(carrier.capacity > 1 for carrier in instance.carrier_by_id.values())


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    past = past_moves(instance)
    for group in instance.group_by_id.values():
        for carrier in (c for c in group.carriers if c.capacity > 1):
            moves = schedule.by_mover.get(carrier.id, ())
            loaded = [move for move in moves if move.job is not None]
            stops = stops_of(group, carrier, tasks(instance, schedule, carrier.id))
            is_parked = isinstance(group, Fleet) and bool(group.limited)
            yield from _travel(group, carrier, stops, is_parked)
            yield from _held(carrier, stops)
            yield from moves_in_downtimes("visits", carrier, loaded, past)
            if not is_parked:
                yield from _empty_moves(group, carrier, stops, [move for move in moves if move.job is None])


def _travel(group: CarrierGroup, carrier: Carrier, stops: Sequence[Stop], is_parked: bool) -> Iterator[Violation]:
    """Check the time between each two stops; of the ways of parked vehicles only those with something on board."""
    here, free_at, words = carrier.start, 0, f"its start at {carrier.start}"
    begun = held = 0
    for stop in stops:
        needed, gap = there_at(group, carrier, here, stop.place, free_at) - free_at, stop.begin - free_at
        began_at = max(begun, stop.task.start)
        if began_at < free_at:
            needed = min(needed, travel_time(group, carrier, here, stop.place, began_at))
            needed = min(needed, there_at(group, carrier, here, stop.place, free_at, began_at) - free_at)
        begun = stop.task.start
        if gap < needed and not (is_parked and held == 0):
            detail = f"needs {needed} between {words} and {_words(stop)}, has {gap}"
            yield Violation("visits", carrier_name(carrier), detail, needed - gap)
        held += stop.taken
        here, free_at, words = stop.place, max(free_at, stop.end), _words(stop)


def _held(carrier: Carrier, stops: Sequence[Stop]) -> Iterator[Violation]:
    """Count the parts that are held, from the begin of their pick-up to the end of their drop."""
    taking = [stop for stop in stops if not isinstance(stop.task.item, Charge)]
    changes = [(stop.begin, 1) for stop in taking if stop.taken >= 0]
    changes += [(stop.end, -1) for stop in taking if stop.taken <= 0]
    changes.sort()
    held = 0
    for instant, change in changes:
        held += change
        if change > 0 and held > carrier.capacity:
            detail = f"holds {held} parts at {instant}, has room for {carrier.capacity}"
            yield Violation("visits", carrier_name(carrier), detail, held - carrier.capacity)


def _empty_moves(
    group: CarrierGroup, carrier: Carrier, stops: Sequence[Stop], empty: Sequence[Move]
) -> Iterator[Violation]:
    """Check that each way to a pick-up on which nothing is held lists its empty move, and nothing else is listed."""
    where, left = carrier_name(carrier), list(empty)
    gaps: list[tuple[str, int, str, int | None]] = []
    here, free_at, held = carrier.start, 0, 0
    for stop in stops:
        if held == 0 and stop.taken >= 0:
            gaps.append((here, free_at, stop.place, stop.begin))
        held += stop.taken
        here, free_at = stop.place, stop.end
    if isinstance(group, Fleet) and group.returns:
        gaps.append((here, free_at, carrier.start, None))
    for place, free, target, until in gaps:
        if travel_time(group, carrier, place, target) == 0:
            continue
        listed = [
            m
            for m in left
            if (m.origin, m.destination) == (place, target)
            and m.start >= free
            and m.end == m.start + travel_time(group, carrier, place, target, m.start)
            and (until is None or m.end <= until)
        ]
        if not listed:
            end = "" if until is None else until
            needed = travel_time(group, carrier, place, target)
            detail = f"no empty move of {needed} from {place} to {target} is listed in [{free}, {end})"
            yield Violation("visits", where, detail, needed)
        else:
            left.remove(listed[0])
    for move in left:
        yield Violation("visits", where, f"{describe(move)}, until {move.end}, is listed, but not needed", 1)


def _words(stop: Stop) -> str:
    if stop.taken == 0:
        return stop.task.words
    job = getattr(stop.task.item, "job", None)
    return f"{'picking up' if stop.taken > 0 else 'dropping'} {job} at {stop.place} at {stop.begin}"


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post, for each carrier that holds several parts, a circuit over its possible visits, its room and downtimes."""
    by_carrier: dict[str, list[OptionVars]] = {}
    for link in ctx.links:
        for slot in link.slots:
            for option in slot.options:
                by_carrier.setdefault(option.mover, []).append(option)
    for group in ctx.instance.group_by_id.values():
        for carrier in group.carriers:
            options = by_carrier.get(carrier.id, [])
            to_do: list[TaskVars] = [*options, *ctx.tendings.get(carrier.id, ())]
            if carrier.capacity == 1 or not to_do:
                continue
            ctx.model.add_cumulative([task.interval for task in to_do], [1] * len(to_do), carrier.capacity)
            ctx.model.add_circuit(_arcs(ctx, ctx.instance.group_by_carrier[carrier.id], carrier, to_do))
            post_held(ctx, carrier.id)
            handling = group.pick_up_time + group.drop_time
            blocked = [
                ctx.model.new_fixed_size_interval_var(d.start, d.end - d.start, f"down[{carrier.id}:{d.start}]")
                for d in carrier.calendar.blocked(ctx.horizon)
            ]
            for option in options:
                if handling > 0:
                    ctx.add_load(carrier.id, handling, option.literal)
                if option.fixed is None and blocked:
                    ctx.model.add_no_overlap([option.interval, *blocked])


def _arcs(
    ctx: ModelContext, group: CarrierGroup, carrier: Carrier, to_do: list[TaskVars]
) -> list[tuple[int, int, Any]]:
    """Return the arcs of the circuit; node 0 is the carrier's start place and the end of its day."""
    found = ctx.carriers.visits(group, to_do)
    arcs: list[tuple[int, int, Any]] = []
    for b, after in enumerate(found, start=1):
        if after.task.literal is not ctx.true:
            arcs.append((b, b, after.task.literal.negated()))
        if after.is_drop or after.task.link is None:
            last = ctx.new_bool(
                f"last[{carrier.id}:{b}]", lambda view, v=after: view.is_last_visit(carrier.id, v.task, v.is_drop)
            )
            arcs.append((b, 0, last))
            ctx.carriers.add_way(carrier.id, after, None, last)
            ctx.parking.add_turn(carrier.id, after, None, last)
        gap = None if after.is_drop else ctx.carriers.gap(carrier.id, after.task)
        for a, before in enumerate([None, *found]):
            if a == b or not _can_follow(before, after):
                continue
            literal = ctx.new_bool(
                f"visit[{carrier.id}:{a}>{b}]",
                lambda view, u=before, v=after: view.visits_next(
                    carrier.id, None if u is None else (u.task, u.is_drop), (v.task, v.is_drop)
                ),
            )
            arcs.append((a, b, literal))
            ctx.carriers.add_way(carrier.id, before, after, literal)
            ctx.parking.add_turn(carrier.id, before, after, literal)
            stand = ctx.carriers.stand(carrier.id, before)
            if isinstance(stand.free_at, int) and isinstance(after.begin, int):
                if not _was_possible(group, stand, before, after):
                    ctx.model.add(literal == 0)
            else:
                arrives_at = _leaves_at(ctx, group, carrier, stand, after) + group.travel_time(stand.place, after.place)
                # With a charge in the gap, `batteries` says how long the ways to the charger and from it are.
                uncharged = [] if gap is None else [at.negated() for at in gap.at.values()]
                direct = list(uncharged)
                later = travel_ahead(group, stand.place, after.place)[1:]
                for number, (tick, time) in enumerate(later):
                    waits = ctx.new_bool(
                        f"waits[{carrier.id}:{a}>{b}:{tick}]",
                        lambda view, u=before, v=after, n=number, later=later: (
                            _waits(view, group, carrier, u, v, later) == n
                        ),
                    )
                    ctx.model.add(after.begin >= tick + time).only_enforce_if(literal, *uncharged, waits)
                    ctx.model.add(after.begin >= stand.free_at + time).only_enforce_if(literal, *uncharged, waits)
                    direct.append(waits.negated())
                ctx.model.add(after.begin >= arrives_at).only_enforce_if(literal, *direct)
    if all(task.literal is not ctx.true for task in to_do):
        idle = ctx.new_bool(f"idle[{carrier.id}]", lambda view: not view.tasks(carrier.id))
        arcs.append((0, 0, idle))
        ctx.parking.add_turn(carrier.id, None, None, idle)
    return arcs


def _waits(
    view: ScheduleView,
    group: CarrierGroup,
    carrier: Carrier,
    before: VisitVars | None,
    after: VisitVars,
    later: tuple[tuple[int, int], ...],
) -> int:
    """Return for which tick (by number) a carrier may wait that leaves for a visit as late as it can, -1: for none."""
    if not view.visits_next(
        carrier.id, None if before is None else (before.task, before.is_drop), (after.task, after.is_drop)
    ):
        return -1
    key: Any = after.task.key
    if after.task.link is None:
        begin = view.start(key, 0)
    else:
        begin = view.leg_end(key) - group.drop_time if after.is_drop else view.leg_start(key)
    return max((number for number, (tick, time) in enumerate(later) if tick + time <= begin), default=-1)


def _was_possible(group: CarrierGroup, stand: Stand, before: VisitVars | None, after: VisitVars) -> bool:
    """Return whether a carrier could be in time for one visit of the past after another."""
    if stand.free_at <= last_departure(group, stand.place, after.place, after.begin):
        return True
    begun = after.task.start if before is None else max(before.task.start, after.task.start)
    if stand.free_at + group.travel_time(stand.place, after.place, begun) <= after.begin:
        return True
    known = replace(group, slowdowns=tuple(s for s in group.slowdowns if s.start <= begun))
    return bool(stand.free_at <= last_departure(known, stand.place, after.place, after.begin))


def _leaves_at(ctx: ModelContext, group: CarrierGroup, carrier: Carrier, stand: Stand, after: VisitVars) -> Any:
    """Return when the carrier can leave a visit for the next: at its end, but from the past not before `now`.

    A travel that was under way at `now` goes on.
    """
    place, end = stand.place, stand.free_at
    execution = ctx.instance.execution
    if execution is None or after.task.fixed is not None or not isinstance(end, int) or end >= execution.now:
        return end
    planned = execution.baseline.by_mover.get(carrier.id, ())
    for move in planned:
        under_way = move.job is None and end <= move.start < execution.now
        if under_way and (move.origin, move.destination) == (place, after.place):
            return leaves_at(group, place, after.place, end, execution.now, move.start)
    usual = ctx.instance.group_by_id[group.id]
    stops = stops_of(usual, carrier, tasks(ctx.instance, execution.baseline, carrier.id))
    held = 0
    for here, there in pairwise(stops):
        held += here.taken
        ways = (here.place, there.place) == (place, after.place)
        if held > 0 and ways and here.end <= execution.now <= there.begin:
            return leaves_at(group, place, after.place, end, execution.now, end)
    return max(end, execution.now)


def _can_follow(before: VisitVars | None, after: VisitVars) -> bool:
    """Return False where the order is impossible anyway.

    A part is picked up before it is dropped, legs of one link follow their slots, and a leg is one move.
    """
    if before is None:
        return not after.is_drop
    if before.task is after.task:
        return after.is_drop
    if before.task.link is None or after.task.link is None or before.task.link is not after.task.link:
        return True
    if SLOTS.index(before.task.leg.slot) < SLOTS.index(after.task.leg.slot):
        return before.is_drop and not after.is_drop
    return False


RULE = Rule("visits", applies, violations, post)
