"""Batteries: no vehicle in use runs below its minimum level, and chargers have room.

The level of a vehicle is ``initial`` at tick 0. From one charge to the next (or from tick 0, or to the end of its last
move) the level at the end is::

    level - drain_loaded * (ticks busy with jobs) - drain_empty * (ticks of empty moves) - drain_idle * (ticks left)

and what was measured between (`Battery.corrections`). A vehicle is *busy with jobs* while it picks one up or puts one
down, and on each way that it makes with any on board, as long as that usually takes; while it waits with them, or is
broken down, it is idle. The level falls all the time, so what has to be asked is that this is at least ``minimum``. A
charge of *d* ticks from level *a* ends with the highest level *b*, up to the capacity, with::

    sum over the pieces of the curve of (units of the piece between a and b) / rate <= d

How far a vehicle runs below its minimum at the most is one violation. A schedule states both levels of every charge. A
charge takes a tick or more and one of the ``places`` of its charger all the time, less those that are missing by its
shortages. The vehicle holds nothing then: a *stretch* is from a pick-up before which it holds nothing to the drop after
which it holds nothing again, with one job at a time a single move. Between two stretches there is at most one charge,
and none after the last, unless the vehicle has to go back to its start place; those of `Execution.charges` are not
asked, nor whether the past kept the minimum; a return that had begun by `now` is past too. The last move is the return,
or, where places have room for some vehicles only, the one with which a vehicle makes room (`parking`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from scheduler.constraints.charging import post_gap, post_last_ways, post_places
from scheduler.constraints.facts import Task, past_charges, past_moves, tasks
from scheduler.constraints.rule import Rule, Violation
from scheduler.constraints.stops import stretches_of
from scheduler.constraints.stretches import post_stretches
from scheduler.constraints.travel import travel_time
from scheduler.domain import Battery, Charge, Charger, Fleet, Instance, Move, Schedule, Vehicle

if TYPE_CHECKING:
    from scheduler.cpsat.carriers import Turn
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
                yield from _with_jobs(vehicle, tasks(instance, schedule, vehicle.id))
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


def _with_jobs(vehicle: Vehicle, to_do: Sequence[Task]) -> Iterator[Violation]:
    """Check that a vehicle for several jobs holds none while it charges; of others the rule `movers` says so."""
    charges = [task for task in to_do if isinstance(task.item, Charge)] if vehicle.capacity > 1 else []
    for charge in charges:
        for task in to_do:
            overlap = min(task.end, charge.end) - max(task.start, charge.start)
            if isinstance(task.item, Move) and task.start < charge.end and charge.start < task.end:
                detail = f"holds {task.item.job} during {charge.words}"
                yield Violation("batteries", f"vehicle {vehicle.id}", detail, max(1, overlap))


def _readings(
    instance: Instance, schedule: Schedule, fleet: Fleet, vehicle: Vehicle, battery: Battery
) -> Iterator[_Reading]:
    """Follow the level from stretch to stretch; it is judged before each charge and in the end."""
    past, now = past_charges(instance) | past_moves(instance), instance.execution.now if instance.execution else 0
    empty = [move for move in schedule.by_mover.get(vehicle.id, ()) if move.job is None]
    level, here, free_at = battery.initial, vehicle.start, 0
    measured = sorted(battery.corrections)
    words, is_past = "", True
    for stretch in stretches_of(fleet, vehicle, tasks(instance, schedule, vehicle.id)):
        last = stretch.last
        words, is_past = f"the end of {last.words}", all(stop.task.item in past for stop in stretch.stops)
        travel = _travelled(fleet, vehicle, empty, here, stretch.origin, free_at, stretch.start)
        level -= battery.drain_empty * travel + battery.drain_idle * (stretch.start - free_at - travel)
        while measured and measured[0].at <= stretch.start:
            level += measured.pop(0).by
        if isinstance(last.item, Charge):
            yield _Reading(level, last.words, last.item not in past, "from", last.item.from_level)
            plugged_in = stretch.start
            while measured and measured[0].at < stretch.end:
                level = _filled(battery, level, measured[0].at - plugged_in) + measured[0].by
                plugged_in = measured.pop(0).at
            level = _filled(battery, level, stretch.end - plugged_in)
            yield _Reading(level, last.words, False, "to", last.item.to_level)
        else:
            level -= battery.drain_loaded * stretch.busy
            level -= battery.drain_idle * (stretch.end - stretch.start - stretch.busy)
            while measured and measured[0].at < stretch.end:
                level += measured.pop(0).by
        here, free_at = stretch.destination, stretch.end
    goes_home = fleet.returns and here != vehicle.start and words != ""
    if (goes_home or fleet.limited) and empty and empty[-1].start >= free_at:
        travel = _travelled(fleet, vehicle, empty, here, vehicle.start, free_at, inf)
        level -= battery.drain_empty * travel + battery.drain_idle * (empty[-1].end - free_at - travel)
        level += sum(correction.by for correction in measured)
        words, is_past = "its return" if fleet.returns else "its last stop", empty[-1].start < now
    if words:
        yield _Reading(level, words, not is_past)


def _travelled(
    fleet: Fleet, vehicle: Vehicle, empty: Sequence[Move], here: str, there: str, free_at: int, wanted_at: float
) -> int:
    """Return how long a vehicle travels from place to place: as long as ways take when it sets out.

    Where places are limited it may go over others.
    """
    if fleet.limited:
        return sum(move.end - move.start for move in empty if free_at <= move.start < wanted_at)
    if not fleet.slowdowns:
        return travel_time(fleet, vehicle, here, there)
    listed = (m.start for m in empty if m.start >= free_at and (m.origin, m.destination) == (here, there))
    return travel_time(fleet, vehicle, here, there, next(listed, None))


def _too_low(vehicle: Vehicle, battery: Battery, readings: Sequence[_Reading]) -> Iterator[Violation]:
    """State the lowest level that is below the minimum; one below 0 asks for help, so it has words of its own."""
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
    """Post the charges between stretches, and how the level goes on from move to move, or from visit to visit.

    The turns of `movers` and `visits` say what is before what. Levels are at most what they would be, which is as good:
    less is never of use.
    """
    for fleet in ctx.instance.fleets:
        plugged_in: dict[str, list[Any]] = {charger.id: [] for charger in fleet.chargers}
        for vehicle in fleet.vehicles:
            if vehicle.battery is None:
                continue
            by_gap: dict[int, list[Turn]] = {}
            for turn in ctx.carriers.turns.get(vehicle.id, ()):
                by_gap.setdefault(id(turn.after), []).append(turn)
            for turns in by_gap.values():
                gap = ctx.carriers.gap(vehicle.id, turns[0].after)
                if gap is not None:  # else a move of the past, or nothing: the vehicle stays where it is in the end
                    post_gap(ctx, vehicle, vehicle.battery, gap, turns, plugged_in)
            if vehicle.capacity > 1:
                post_stretches(ctx, vehicle, vehicle.battery)
            if fleet.limited:
                post_last_ways(ctx, vehicle, vehicle.battery)
        for charger in fleet.chargers:
            post_places(ctx, charger, plugged_in[charger.id], len(fleet.vehicles))


RULE = Rule("batteries", applies, violations, post)
