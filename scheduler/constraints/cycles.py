"""Cycles: every part set of cyclic production does what the first does, one cycle time later than the one before.

With the cycle time *C* >= 1, one number for the whole schedule, for every operation *o* and every loaded move *m* of
the first set, and its copy in set *k*::

    mode(o_k) = mode(o_1)          start(o_k) = start(o_1) + (k - 1) C
    mover(m_k) = mover(m_1)        start(m_k) = start(m_1) + (k - 1) C        end(m_k) = end(m_1) + (k - 1) C

and the robot that tends an operation is the same too. The mover of a transfer is its lane, whose vehicles are alike.
A set is over when the last of the *R* begins::

    end(x) - start(y) <= (R - 1) C     for all operations and moves x, y of the first set

(what has no length counts as one tick, a transfer with its return). Then the schedule can go on for ever; see
docs/rules.md, *Cycles*. All other rules hold for the *R* sets as for any jobs.

The least cycle time is the problem of the cyclic robotic cell (Sethi, Sriskandarajah, Sorger, Blazewicz & Kubiak 1992,
International Journal of Flexible Manufacturing Systems 4, "Sequencing of parts and robot moves in a robotic cell") and
of the cyclic job shop (Hanen 1994, European Journal of Operational Research 72, "Study of a NP-hard cyclic scheduling
problem: the recurrent job-shop").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from scheduler.constraints.facts import describe, name, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import CarrierGroup, Instance, Move, OperationKey, Schedule
from scheduler.domain.cycle import cycle_time, sets_of

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.kept import MoveKey
    from scheduler.cpsat.links import OptionVars, SlotVars
    from scheduler.cpsat.view import ScheduleView


MOST_TURNS = 40
"""Uses of a machine or carrier by one set up to which their order in a cycle is posted for every pair."""


def applies(instance: Instance) -> bool:
    """Return whether a part set is made again and again."""
    return instance.cycle is not None


# --- checker -----------------------------------------------------------------------------------------------------

_Way: TypeAlias = tuple[str | None, str | None, str, str, int]
"""Predecessor, successor, origin, destination and load of a loaded move."""


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    cycle = instance.cycle
    if cycle is None:
        return
    size = len(instance.jobs) // cycle.repetitions
    moves: dict[str, dict[_Way, Move]] = {}
    for move in schedule.moves:
        if move.job is not None:
            way = (move.predecessor, move.successor, move.origin, move.destination, move.load)
            moves.setdefault(move.job, {})[way] = move
    starts = {o.key: o.start for o in schedule.operations}
    distances = (
        starts[second.id, o.id] - starts[first.id, o.id]
        for first, second in zip(instance.jobs[:size], instance.jobs[size : 2 * size], strict=True)
        for o in first.operations
        if (first.id, o.id) in starts and (second.id, o.id) in starts
    )
    distance = next(distances, None)
    if distance is None:
        for first, copy in zip(instance.jobs[:size], instance.jobs[size : 2 * size], strict=True):
            yield from _left_out(schedule, first.id, copy.id)
        return
    if distance < 1:
        yield Violation("cycles", "set 2", f"begins {distance} after set 1, at least 1 is needed", 1 - distance)
        return
    for number in range(1, cycle.repetitions):
        for first, copy in zip(instance.jobs, instance.jobs[number * size : (number + 1) * size], strict=False):
            yield from _left_out(schedule, first.id, copy.id)
            yield from _other_operations(schedule, first.id, copy.id, number * distance)
            yield from _other_moves(
                instance, moves.get(first.id, {}), moves.get(copy.id, {}), copy.id, number * distance
            )
    yield from _too_long(instance, schedule, {job.id for job in instance.jobs[:size]}, distance)


def _left_out(schedule: Schedule, first: str, copy: str) -> Iterator[Violation]:
    """Yield the operations that are done in one of two sets only."""
    originals = {o.operation for o in schedule.operations if o.job == first}
    copies = {o.operation for o in schedule.operations if o.job == copy}
    for operation in sorted(originals ^ copies):
        one, other = (first, copy) if operation in originals else (copy, first)
        yield Violation("cycles", f"{other}.{operation}", f"is left out, but {one}.{operation} is done", 1)


def _other_operations(schedule: Schedule, first: str, copy: str, later: int) -> Iterator[Violation]:
    """Yield the operations of a copy that are not those of the first set, `later` ticks later."""
    originals = {o.operation: o for o in schedule.operations if o.job == first}
    for now in schedule.operations:
        was = originals.get(now.operation)
        if now.job != copy or was is None:
            continue
        if (now.mode, now.machine) != (was.mode, was.machine):
            detail = f"is done in mode {now.mode}, but {name(was)} on {was.machine} in mode {was.mode}"
            yield Violation("cycles", place(now), detail, 1)
        if now.tended_by != was.tended_by:
            detail = f"is tended by {now.tended_by or 'nobody'}, but {name(was)} by {was.tended_by or 'nobody'}"
            yield Violation("cycles", place(now), detail, 1)
        if now.start != was.start + later:
            detail = f"starts at {now.start}, not {later} after {name(was)} at {was.start}"
            yield Violation("cycles", place(now), detail, abs(now.start - was.start - later))


def _other_moves(
    instance: Instance, originals: dict[_Way, Move], copies: dict[_Way, Move], copy: str, later: int
) -> Iterator[Violation]:
    """Yield the loaded moves of a copy that are not those of the first set, `later` ticks later."""
    for way in originals.keys() - copies.keys():
        yield Violation("cycles", copy, f"makes no move like that of {describe(originals[way])}", 1)
    for way in copies.keys() - originals.keys():
        yield Violation("cycles", copy, f"no move of the first set is like {describe(copies[way])}", 1)
    for way in originals.keys() & copies.keys():
        was, now = originals[way], copies[way]
        if _mover(instance, was) != _mover(instance, now):
            detail = f"{describe(now)} is done by {now.mover}, but {describe(was)} by {was.mover}"
            yield Violation("cycles", f"{copy} on {now.mover}", detail, 1)
        if (now.start, now.end) != (was.start + later, was.end + later):
            excess = max(abs(now.start - was.start - later), abs(now.end - was.end - later))
            detail = f"{describe(now)} until {now.end} is not {later} after {describe(was)} until {was.end}"
            yield Violation("cycles", f"{copy} on {now.mover}", detail, excess)


def _mover(instance: Instance, move: Move) -> str:
    lane = instance.lane_by_vehicle.get(move.mover)
    return move.mover if lane is None else lane.id


def _too_long(instance: Instance, schedule: Schedule, jobs: set[str], distance: int) -> Iterator[Violation]:
    """Tell if the first set is not over when the last begins."""
    spans = [(o.start, max(o.end, o.start + 1)) for o in schedule.operations if o.job in jobs]
    for move in schedule.moves:
        if move.job in jobs:
            lane = instance.lane_by_vehicle.get(move.mover)
            back = 0 if lane is None else lane.return_time
            spans.append((move.start, max(move.end, move.start + 1) + back))
    span = max(end for _, end in spans) - min(start for start, _ in spans)
    repetitions = instance.cycle.repetitions if instance.cycle is not None else 0
    if span > (repetitions - 1) * distance:
        detail = f"takes {span}, but the last of {repetitions} sets begins {(repetitions - 1) * distance} after it"
        yield Violation("cycles", "set 1", detail, span - (repetitions - 1) * distance)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Tie every set to the first, and post what a cycle must hold: a set, and the work of everything for one."""
    first, *copies = sets_of(ctx.instance)
    for number, jobs in enumerate(copies, start=1):
        later = number * ctx.cycle_time
        for job, copy in zip(first, jobs, strict=True):
            _equal(ctx, ctx.plans(job), ctx.plans(copy))
            for operation in job.operations:
                was, now = (job.id, operation.id), (copy.id, operation.id)
                _equal(ctx, (ctx.present(was), *ctx.modes(was)), (ctx.present(now), *ctx.modes(now)))
                ctx.enforce(ctx.model.add(ctx.start(now) == ctx.start(was) + later), ctx.present(was))
            for link, other in zip(ctx.links_of(job), ctx.links_of(copy), strict=True):
                for slot, shifted in zip(link.slots, other.slots, strict=True):
                    _equal(ctx, (o.literal for o in slot.options), (o.literal for o in shifted.options))
                    for literal in _uses(ctx, slot):
                        ctx.enforce(ctx.model.add(shifted.start == slot.start + later), literal)
                        ctx.enforce(ctx.model.add(shifted.end == slot.end + later), literal)
    for options in ctx.tendings.values():
        for jobs in copies:
            for job, copy in zip(first, jobs, strict=True):
                tended = ([o.literal for o in options if o.operation[0] == id] for id in (job.id, copy.id))
                _equal(ctx, *tended)
    _post_span(ctx, len(copies))
    _post_work(ctx)
    for uses in _uses_of(ctx):
        if len(uses) <= MOST_TURNS:
            for a, b in combinations(uses, 2):
                _post_turns(ctx, a, b, len(copies))


def _equal(ctx: ModelContext, literals: Iterable[Any], others: Iterable[Any]) -> None:
    for literal, other in zip(literals, others, strict=True):
        if literal is not other:
            ctx.model.add(literal == other)


def _uses(ctx: ModelContext, slot: SlotVars) -> list[Any]:
    """Return the literals of which one is true if the leg is used."""
    literals = [option.literal for option in slot.options]
    return [ctx.true] if any(literal is ctx.true for literal in literals) else literals


def _post_span(ctx: ModelContext, num_copies: int) -> None:
    """Post that the first set is over when the last begins."""
    jobs = frozenset(job.id for job in sets_of(ctx.instance)[0])
    begin = ctx.new_int(0, ctx.horizon, "begin of set 1", lambda view: _begin(view.schedule, jobs))
    over = begin + num_copies * ctx.cycle_time
    # Everything may begin at once, but for the ways to the first pick-ups and the setups for the first parts.
    ways = [ctx.instance.longest_travel(group) for group in ctx.instance.group_by_id]
    setups = [t for m in ctx.instance.machines if m.setups for row in m.setups.times.values() for t in row.values()]
    ctx.model.add(begin <= max((*ways, *setups), default=0))
    for job in sets_of(ctx.instance)[0]:
        for operation in job.operations:
            key = (job.id, operation.id)
            ctx.enforce(ctx.model.add(begin <= ctx.start(key)), ctx.present(key))
            ctx.enforce(ctx.model.add(ctx.end(key) <= over), ctx.present(key))
            ctx.enforce(ctx.model.add(ctx.start(key) + 1 <= over), ctx.present(key))
        for link in ctx.links_of(job):
            for slot in link.slots:
                for option in slot.options:
                    lane = ctx.instance.lane_by_id.get(option.mover)
                    back = 0 if lane is None else lane.return_time
                    ctx.enforce(ctx.model.add(begin <= slot.start), option.literal)
                    ctx.enforce(ctx.model.add(slot.end + back <= over), option.literal)
                    ctx.enforce(ctx.model.add(slot.start + 1 + back <= over), option.literal)


def _begin(schedule: Schedule, jobs: frozenset[str]) -> int:
    starts = [o.start for o in schedule.operations if o.job in jobs]
    return min((*starts, *(move.start for move in schedule.moves if move.job in jobs)), default=0)


def _post_work(ctx: ModelContext) -> None:
    """Post that what a machine, robot or vehicle does for one set fits into a cycle (redundant, for the bound)."""
    jobs = {job.id for job in sets_of(ctx.instance)[0]}
    for machine in ctx.instance.machines:
        work: list[Any] = []
        for key, mode in ctx.operations_on(machine.id):
            if key[0] in jobs:
                stay = ctx.occupation(key, mode)
                duration = ctx.instance.mode(key, mode).duration
                work.append(stay.until - stay.from_ if stay.literal is ctx.true else duration * stay.literal)
        if work:
            ctx.model.add(sum(work) <= machine.capacity * ctx.cycle_time)
    trips: dict[str, list[Any]] = {}
    for link in ctx.links:
        for slot in link.slots if link.job.id in jobs else ():
            for option in slot.options:
                if option.mover in ctx.instance.carrier_by_id:
                    trips.setdefault(option.mover, []).append(option.length * option.literal)
    for carrier, moves in trips.items():
        ctx.model.add(sum(moves) <= ctx.instance.carrier_by_id[carrier].capacity * ctx.cycle_time)


class _Use(NamedTuple):
    """The first set takes a machine or carrier during ``[from_, until)`` if ``literal``; ``value`` of ``from_``."""

    from_: Any
    until: Any
    literal: Any
    value: Callable[[ScheduleView], int]
    origin: str
    destination: str
    ways: Mapping[tuple[str, str], int]


def _uses_of(ctx: ModelContext) -> Iterator[list[_Use]]:
    """Yield the uses of each machine of capacity 1 and of each carrier by the first set, those that take time."""
    jobs = {job.id for job in sets_of(ctx.instance)[0]}
    for machine in ctx.instance.machines:
        uses = []
        for key, mode in ctx.operations_on(machine.id) if machine.capacity == 1 else ():
            if key[0] in jobs and ctx.instance.mode(key, mode).duration > 0:
                stay = ctx.occupation(key, mode)
                value: Callable[[ScheduleView], int] = partial(_from, key)
                uses.append(_Use(stay.from_, stay.until, stay.literal, value, "", "", {}))
        yield uses
    moves: dict[str, list[OptionVars]] = {}
    for link in ctx.links:
        for slot in link.slots if link.job.id in jobs else ():
            for option in slot.options:
                if option.length > 0:
                    moves.setdefault(option.mover, []).append(option)
    for carrier, group in ctx.instance.group_by_carrier.items():
        if carrier in moves and ctx.instance.carrier_by_id[carrier].capacity == 1:
            ways = _shortest_ways(group)
            yield [
                _Use(o.start, o.end, o.literal, partial(_leg_start, o.key), o.leg.origin, o.leg.destination, ways)
                for o in moves[carrier]
            ]


def _from(key: OperationKey, view: ScheduleView) -> int:
    return view.from_(key) if key in view.operations else 0


def _leg_start(key: MoveKey, view: ScheduleView) -> int:
    return view.leg_start(key)


def _shortest_ways(group: CarrierGroup) -> Mapping[tuple[str, str], int]:
    """Return the shortest time between any two places, over others if that is shorter."""
    places = list(group.travel)
    ways = {(a, b): group.travel_time(a, b) for a, b in product(places, repeat=2)}
    for over, a, b in product(places, repeat=3):
        ways[a, b] = min(ways[a, b], ways[a, over] + ways[over, b])
    return ways


def _post_turns(ctx: ModelContext, a: _Use, b: _Use, most: int) -> None:
    """Post that in every cycle the one comes after the other of some set (redundant, for propagation).

    ``from(b) + k C >= until(a) + way(a, b)`` and ``from(a) + C >= until(b) + k C + way(b, a)`` for some ``k``.
    """
    there, back = a.ways.get((a.destination, b.origin), 0), a.ways.get((b.destination, a.origin), 0)
    turns = []
    for k in range(-most, most + 1):
        turn = ctx.new_bool("turn", lambda view, k=k: _turn(view, a, b, most) == k)
        turns.append(turn)
        literals = [turn, *dict.fromkeys((a.literal, b.literal))]
        ctx.enforce(ctx.model.add(b.from_ + k * ctx.cycle_time >= a.until + there), *literals)
        ctx.enforce(ctx.model.add(a.from_ + (1 - k) * ctx.cycle_time >= b.until + back), *literals)
    ctx.model.add_exactly_one(turns)


def _turn(view: ScheduleView, a: _Use, b: _Use, most: int) -> int:
    """Return how many cycles later *b* has to be for its first begin after that of *a*."""
    return min(max(-((b.value(view) - a.value(view)) // max(1, cycle_time(view.instance, view.schedule))), -most), most)


RULE = Rule("cycles", applies, violations, post)
