"""Batteries: no vehicle in use runs below its minimum level, and chargers have room.

The level of a vehicle is ``initial`` at tick 0. From one charge to the next (or from tick 0, or to the end of its last
move) the level at the end is::

    level - drain_loaded * (ticks of transports) - drain_empty * (ticks of empty moves) - drain_idle * (ticks left)

and what was measured between (`Battery.corrections`). It falls all the time, so what has to be asked is that this is at
least ``minimum``. What a transport takes longer than usual (a breakdown on the way) counts as idle. A charge of *d*
ticks from level *a* ends with the highest level *b*, up to the capacity, with::

    sum over the pieces of the curve of (units of the piece between a and b) / rate <= d

How far a vehicle runs below its minimum at the most is one violation. A schedule states both levels of every charge. A
charge takes a tick or more and one of the ``places`` of its charger all the time, less those that are missing by its
shortages. Between two loaded moves there is at most one charge, and none after the last, unless the vehicle has to go
back to its start place; those of `Execution.charges` are not asked, nor whether the past kept the minimum; a return
that had begun by `now` is past too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import TYPE_CHECKING, Any, NamedTuple

from scheduler.constraints.facts import Task, past_charges, past_moves, tasks, travel_time
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Battery, Charge, Charger, Fleet, Instance, Move, Schedule, Vehicle
from scheduler.domain.shortages import missing

if TYPE_CHECKING:
    from scheduler.cpsat.carriers import GapVars, Stand, Turn
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether any vehicle has a battery."""
    return bool(instance.battery_by_vehicle)


# --- checker -----------------------------------------------------------------------------------------------------


class _Reading(NamedTuple):
    """A level at the begin or end of something; ``stated`` is what the schedule says there, if it says anything."""

    level: int
    words: str
    is_asked: bool = False
    side: str = ""
    stated: int | None = None


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    for charge in schedule.charges:
        yield from _impossible(instance, charge)
    past = past_charges(instance) | past_moves(instance)
    for fleet in instance.fleets:
        for vehicle in fleet.vehicles:
            if vehicle.battery is not None:
                yield from _needless(fleet, vehicle, tasks(instance, schedule, vehicle.id), past)
                readings = list(_readings(instance, schedule, fleet, vehicle, vehicle.battery))
                yield from _misstated(vehicle, readings)
                yield from _too_low(vehicle, vehicle.battery, readings)
        for charger in fleet.chargers:
            there = [charge for charge in schedule.charges if charge.charger == charger.id]
            yield from _crowded(charger, there)
            yield from _short(charger, there)


def lowest_levels(instance: Instance, schedule: Schedule) -> dict[str, int]:
    """Return the lowest level of every vehicle that runs below its minimum; what the past has is not asked."""
    found = {}
    for fleet in instance.fleets:
        for vehicle in fleet.vehicles:
            if vehicle.battery is not None:
                readings = _readings(instance, schedule, fleet, vehicle, vehicle.battery)
                level = min((r.level for r in readings if r.is_asked), default=vehicle.battery.minimum)
                if level < vehicle.battery.minimum:
                    found[vehicle.id] = level
    return found


def _impossible(instance: Instance, charge: Charge) -> Iterator[Violation]:
    fleet = next((f for f in instance.fleets for v in f.vehicles if v.id == charge.vehicle and v.battery), None)
    where = f"vehicle {charge.vehicle}"
    if fleet is None:
        yield Violation("batteries", where, f"charges at {charge.start}, but has no battery", 1)
    elif charge.charger not in {charger.id for charger in fleet.chargers}:
        detail = f"charges at {charge.start} at {charge.charger}, which is no charger of fleet {fleet.id}"
        yield Violation("batteries", where, detail, 1)
    if charge.end <= charge.start:
        detail = f"the charge at {charge.start} ends at {charge.end}"
        yield Violation("batteries", where, detail, charge.start + 1 - charge.end)


def _needless(
    fleet: Fleet, vehicle: Vehicle, to_do: Sequence[Task], past: frozenset[Move | Charge]
) -> Iterator[Violation]:
    """Check that there is at most one charge between two loaded moves, and none that leads nowhere."""
    where = f"vehicle {vehicle.id}"
    for before, task in pairwise(to_do):
        if isinstance(before.item, Charge) and isinstance(task.item, Charge) and before.item not in past:
            yield Violation("batteries", where, f"{task.words} follows {before.words}: no move lies between them", 1)
    if to_do and isinstance(to_do[-1].item, Charge) and to_do[-1].item not in past and not fleet.returns:
        yield Violation("batteries", where, f"{to_do[-1].words} leads to no pick-up", 1)


def _readings(
    instance: Instance, schedule: Schedule, fleet: Fleet, vehicle: Vehicle, battery: Battery
) -> Iterator[_Reading]:
    """Follow the level from task to task; it is judged before each charge and in the end."""
    past, now = past_charges(instance) | past_moves(instance), instance.execution.now if instance.execution else 0
    to_do = tasks(instance, schedule, vehicle.id)
    empty = [move for move in schedule.by_mover.get(vehicle.id, ()) if move.job is None]
    level, here, free_at = battery.initial, vehicle.start, 0
    measured = sorted(battery.corrections)
    for task in to_do:
        travel = _travelled(fleet, vehicle, empty, here, task.origin, free_at)
        level -= battery.drain_empty * travel + battery.drain_idle * (task.start - free_at - travel)
        while measured and measured[0].at <= task.start:
            level += measured.pop(0).by
        if isinstance(task.item, Charge):
            yield _Reading(level, task.words, task.item not in past, "from", task.item.from_level)
            plugged_in = task.start
            while measured and measured[0].at < task.end:
                level = _filled(battery, level, measured[0].at - plugged_in) + measured[0].by
                plugged_in = measured.pop(0).at
            level = _filled(battery, level, task.end - plugged_in)
            yield _Reading(level, task.words, False, "to", task.item.to_level)
        else:
            travel = travel_time(fleet, vehicle, task.origin, task.destination, task.start)
            usual = fleet.pick_up_time + travel + fleet.drop_time
            extra = max(0, task.end - task.start - usual)
            level -= battery.drain_loaded * (task.end - task.start - extra) + battery.drain_idle * extra
            while measured and measured[0].at < task.end:
                level += measured.pop(0).by
        here, free_at = task.destination, task.end
    if not to_do:
        return
    words, in_past = f"the end of {to_do[-1].words}", to_do[-1].item in past
    if fleet.returns and here != vehicle.start and empty and empty[-1].start >= free_at:
        travel = _travelled(fleet, vehicle, empty, here, vehicle.start, free_at)
        level -= battery.drain_empty * travel + battery.drain_idle * (empty[-1].end - free_at - travel)
        level += sum(correction.by for correction in measured)
        words, in_past = "its return", empty[-1].start < now
    yield _Reading(level, words, not in_past)


def _travelled(fleet: Fleet, vehicle: Vehicle, empty: Sequence[Move], here: str, there: str, free_at: int) -> int:
    """Return how long a vehicle travels from place to place: as long as ways take when it sets out."""
    if not fleet.slowdowns:
        return travel_time(fleet, vehicle, here, there)
    listed = (m.start for m in empty if m.start >= free_at and (m.origin, m.destination) == (here, there))
    return travel_time(fleet, vehicle, here, there, next(listed, None))


def _too_low(vehicle: Vehicle, battery: Battery, readings: Sequence[_Reading]) -> Iterator[Violation]:
    """State the lowest level that is below the minimum; none below 0 is ever conceded, so it has words of its own."""
    low = [reading for reading in readings if reading.is_asked and reading.level < battery.minimum]
    if low:
        level, words, *_ = min(low, key=lambda reading: reading.level)
        detail = f"its level at {words} is {level}, less than an empty battery has"
        if level >= 0:
            detail = f"its level at {words} is {level}, below the minimum {battery.minimum}"
            detail += f", {len(low)} times in all" if len(low) > 1 else ""
        yield Violation("batteries", f"vehicle {vehicle.id}", detail, battery.minimum - level)


def _misstated(vehicle: Vehicle, readings: Sequence[_Reading]) -> Iterator[Violation]:
    for reading in readings:
        if reading.stated is not None and reading.stated != reading.level:
            detail = f"{reading.words} is {reading.side} level {reading.level}, not {reading.stated}"
            amount = abs(reading.stated - reading.level)
            yield Violation("batteries", f"vehicle {vehicle.id}", detail, amount)


def _filled(battery: Battery, level: int, ticks: int) -> int:
    """Return the highest level to which the curve fills the battery in so many ticks, found by bisection."""

    def time(target: int) -> Fraction:
        total, below = Fraction(0), None
        for step in battery.curve:
            lowest = level if below is None else max(level, below)
            total += Fraction(max(0, min(target, step.up_to) - lowest), step.rate)
            below = step.up_to
        return total

    low, high = level, max(level, battery.capacity)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if time(middle) <= ticks else (low, middle - 1)
    return low


def _crowded(charger: Charger, charges: Sequence[Charge]) -> Iterator[Violation]:
    """Give each vehicle, in order of arrival, the place that is free first."""
    places: list[tuple[int, str]] = [(0, "")] * charger.places
    for charge in sorted(charges, key=lambda c: (c.start, c.end, c.vehicle)):
        places.sort()
        free_at, holder = places[0]
        if charge.start < free_at:
            places_words = f", {charger.places} places" if charger.places > 1 else ""
            detail = f"{charge.vehicle} comes at {charge.start}, {holder} leaves at {free_at}{places_words}"
            yield Violation("batteries", f"charger {charger.id}", detail, min(free_at, charge.end) - charge.start)
        places[0] = max(places[0], (charge.end, charge.vehicle))


def _short(charger: Charger, charges: Sequence[Charge]) -> Iterator[Violation]:
    """Ask, whenever places begin to be missing or a vehicle comes then, whether there are enough of them left."""
    begins = {shortage.start for shortage in charger.shortages} | {charge.start for charge in charges}
    for instant in sorted(begins) if charger.shortages else ():
        away = sum(gap.count for gap in charger.shortages if gap.start <= instant < gap.end)
        there = [charge for charge in charges if charge.start <= instant < charge.end]
        left = max(0, charger.places - away)
        if away > 0 and len(there) > left:
            names = ", ".join(charge.vehicle for charge in there)
            detail = f"at {instant} {names} charge, {left} places are left"
            yield Violation("batteries", f"charger {charger.id}", detail, len(there) - left)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post the charge before each move, and how the level goes on from move to move.

    The turns of `movers` say which move is before which. Levels are at most what they would be, which is as good: less
    is never of use.
    """
    for fleet in ctx.instance.fleets:
        plugged_in: dict[str, list[Any]] = {charger.id: [] for charger in fleet.chargers}
        for vehicle in fleet.vehicles:
            pace = ctx.instance.fleet_by_vehicle[vehicle.id]
            by_gap: dict[int, list[Turn]] = {}
            for turn in ctx.carriers.turns.get(vehicle.id, ()):
                by_gap.setdefault(id(turn.after), []).append(turn)
            for turns in by_gap.values():
                gap = ctx.carriers.gap(vehicle.id, turns[0].after)
                if gap is None or vehicle.battery is None:
                    continue  # a move of the past, or nothing: the vehicle stays where it is in the end
                _leave(ctx, pace, vehicle, vehicle.battery, gap, turns)
                if gap.option is None:
                    _return(ctx, pace, vehicle, vehicle.battery, gap, turns)
                else:
                    _arrive(ctx, pace, vehicle, vehicle.battery, gap, turns)
                _charge(ctx, vehicle.battery, gap, plugged_in)
        for charger in fleet.chargers:
            _places(ctx, charger, plugged_in[charger.id], len(fleet.vehicles))


def _leave(
    ctx: ModelContext, fleet: Fleet, vehicle: Vehicle, battery: Battery, gap: GapVars, turns: Sequence[Turn]
) -> None:
    """Post what the move before leaves, and the way from there to the charger, if there is a charge in the gap."""
    model, execution = ctx.model, ctx.instance.execution
    made = sum(turn.literal for turn in turns) if gap.option is None else gap.option.literal
    model.add(gap.direct + sum(gap.at.values()) == made)
    stands = [ctx.carriers.stand(vehicle.id, turn.before) for turn in turns]
    for turn, stand in zip(turns, stands, strict=True):
        if stand.level is None:
            continue  # a move of the past that another vehicle has made
        model.add(gap.free_at >= stand.free_at).only_enforce_if(turn.literal)
        left = stand.level + battery.drain_idle * stand.free_at
        model.add(gap.charge_left <= left).only_enforce_if(turn.literal)
        if execution is not None and (turn.before is None or turn.before.fixed is not None):
            for charger in fleet.chargers:
                leaves_at = ctx.carriers.leaves_at(vehicle.id, stand, charger.place)
                arrives_at = leaves_at + fleet.travel_time(stand.place, charger.place)
                at = max(arrives_at, execution.now)
                model.add(gap.start >= at).only_enforce_if(turn.literal, gap.at[charger.id])
    for charger in fleet.chargers:
        travel = sum(
            ctx.carriers.travel_time(vehicle.id, stand, charger.place) * turn.literal
            for turn, stand in zip(turns, stands, strict=True)
        )
        model.add(gap.start >= gap.free_at + travel).only_enforce_if(gap.at[charger.id])
        more = (battery.drain_empty - battery.drain_idle) * travel
        left = gap.from_level + battery.drain_idle * gap.start
        model.add(left <= gap.charge_left - more).only_enforce_if(gap.at[charger.id])


def _arrive(
    ctx: ModelContext, fleet: Fleet, vehicle: Vehicle, battery: Battery, gap: GapVars, turns: Sequence[Turn]
) -> None:
    """Post the way from the charger to the pick-up, and the level after the move."""
    option, idle = gap.option, battery.drain_idle
    assert option is not None
    left = gap.level_after + idle * option.end + (battery.drain_loaded - idle) * option.length
    travel = sum(
        ctx.carriers.travel_time(vehicle.id, ctx.carriers.stand(vehicle.id, turn.before), option.leg.origin)
        * turn.literal
        for turn in turns
    )
    more = (battery.drain_empty - idle) * travel
    ctx.model.add(left <= gap.charge_left - more).only_enforce_if(gap.direct)
    for charger in fleet.chargers:
        travel = fleet.travel_time(charger.place, option.leg.origin)
        more = (battery.drain_empty - idle) * travel
        ctx.model.add(option.start >= gap.end + travel).only_enforce_if(gap.at[charger.id])
        ctx.model.add(left <= gap.to_level + idle * gap.end - more).only_enforce_if(gap.at[charger.id])


def _return(
    ctx: ModelContext, fleet: Fleet, vehicle: Vehicle, battery: Battery, gap: GapVars, turns: Sequence[Turn]
) -> None:
    """Post that a return, which begins at once, does not end below the minimum."""
    for turn in turns:
        stand = ctx.carriers.stand(vehicle.id, turn.before)
        travel = fleet.travel_time(stand.place, vehicle.start)
        if stand.level is None or travel == 0 or _goes_home(ctx, vehicle, turn, stand):
            continue
        waits = 0
        if turn.before is None or turn.before.fixed is not None:
            waits = ctx.carriers.leaves_at(vehicle.id, stand, vehicle.start) - stand.free_at
        least = battery.minimum + battery.drain_empty * travel + battery.drain_idle * waits
        ctx.model.add(stand.level >= least).only_enforce_if(turn.literal, gap.direct)
    for charger in fleet.chargers:
        least = battery.minimum + battery.drain_empty * fleet.travel_time(charger.place, vehicle.start)
        ctx.model.add(gap.to_level >= least).only_enforce_if(gap.at[charger.id])


def _goes_home(ctx: ModelContext, vehicle: Vehicle, turn: Turn, stand: Stand) -> bool:
    """Return whether the return of a vehicle had begun by `now`."""
    if turn.before is not None and turn.before.fixed is None:
        return False
    return ctx.carriers.under_way(vehicle.id, stand, vehicle.start) is not None


def _charge(ctx: ModelContext, battery: Battery, gap: GapVars, plugged_in: dict[str, list[Any]]) -> None:
    """Post how long a charge takes, in parts of a tick that make every unit of charge take a whole number of them."""
    parts = lcm(*(step.rate for step in battery.curve))
    length = gap.end - gap.start
    time = _time(ctx, battery, parts, gap, "to_level") - _time(ctx, battery, parts, gap, "from_level")
    for charger, literal in gap.at.items():
        ctx.model.add(length >= 1).only_enforce_if(literal)
        ctx.model.add(parts * length >= time).only_enforce_if(literal)
        size = ctx.new_int(0, ctx.full_horizon, f"{literal.name}.size", lambda view: gap.of(view).length)
        interval = ctx.model.new_optional_interval_var(gap.start, size, gap.end, literal, f"{literal.name}.stay")
        plugged_in[charger].append(interval)


def _time(ctx: ModelContext, battery: Battery, parts: int, gap: GapVars, which: str) -> Any:
    """Return the time from level 0 to a level of the gap, as a sum over the pieces of the curve.

    A piece is filled from its lower end, and only when the one below it is full.
    """
    level = getattr(gap, which)
    pieces, below, lower = [], 0, None
    for number, step in enumerate(battery.curve):
        width = step.up_to - below
        units = ctx.new_int(
            0,
            width,
            f"{level.name}.{number}",
            lambda view, below=below, width=width: min(max(gap.of(view).level(which) - below, 0), width),
        )
        if lower is not None:
            is_reached = ctx.new_bool(
                f"{level.name}>{below}", lambda view, below=below: gap.of(view).level(which) > below
            )
            ctx.model.add(units == 0).only_enforce_if(is_reached.negated())
            ctx.model.add(lower[0] == lower[1]).only_enforce_if(is_reached)
        pieces.append((units, parts // step.rate))
        below, lower = step.up_to, (units, width)
    ctx.model.add(level == sum(units for units, _ in pieces))
    return sum(units * time for units, time in pieces)


def _places(ctx: ModelContext, charger: Charger, stays: list[Any], most: int) -> None:
    """Post that a charger has room; charges of the past that go on count, and places that are missing."""
    execution = ctx.instance.execution
    for charge in execution.charges if execution is not None else ():
        if charge.charger == charger.id and execution is not None and charge.end > execution.now:
            stays.append(ctx.model.new_fixed_size_interval_var(charge.start, charge.end - charge.start, "past"))
    gaps = missing(charger.places, charger.shortages)
    taken = [ctx.model.new_fixed_size_interval_var(gap.start, gap.end - gap.start, "missing") for gap in gaps]
    if charger.places == 1:
        ctx.model.add_no_overlap(stays + taken)
    elif charger.places < most or gaps:
        demands = [1] * len(stays) + [gap.count for gap in gaps]
        ctx.model.add_cumulative(stays + taken, demands, charger.places)


RULE = Rule("batteries", applies, violations, post)
