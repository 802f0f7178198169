"""The level of a battery: how it falls and rises, in whole units and exactly.

While a vehicle picks jobs up, puts them down and travels with any, the level falls by ``drain_loaded`` in a tick; of an
empty move by ``drain_empty``, in each other tick away from the chargers by ``drain_idle``: so it is where it waits with
jobs, and what a move under way at a breakdown takes longer than usual. From one charge to the next only the numbers of
such ticks count, not their order. A charge lies between two *stretches* (`scheduler.domain.visits`): a vehicle that
carries one job at a time has one for each transport.

At a charger the level rises along the charge curve: the units of a piece take ``units / rate`` ticks, and from level
*a* to level *b* it takes the sum over the pieces between. After *d* ticks the level is the highest whole one, up to the
capacity, that takes at most *d* ticks; the vehicle may stay longer, and does not drain there (piecewise-linear charging
after Montoya, Gueret, Mendoza and Villegas 2017, Transportation Research B 103, "The electric vehicle routing problem
with nonlinear charging function").

A *correction* is what a measurement in the past has told: from its tick on the level is so many units higher, or lower,
than what was counted until then. Between charges it is only one more summand, so that engines which know what has
happened add to the level after it what is still to come (`corrected`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import TypeAlias

from scheduler.domain.instance import Instance
from scheduler.domain.resources import Battery, Fleet
from scheduler.domain.schedule import Charge, Move
from scheduler.domain.visits import Stretch, Visit, pieces, stretches

Item: TypeAlias = Stretch | Charge | Move
"""What changes the level of a battery: a stretch, a charge, or an empty move."""


def level_after(battery: Battery, level: int, ticks: int) -> int:
    """Return the level after so many ticks at a charger."""
    left = Fraction(ticks)
    for step in battery.curve:
        needed = Fraction(max(0, step.up_to - level), step.rate)
        if needed > left:
            return level + floor(left * step.rate)
        left -= needed
        level = max(level, step.up_to)
    return level


def charging_time(battery: Battery, level: int, target: int) -> int:
    """Return the fewest ticks at a charger from one level to another."""
    time = Fraction(0)
    for step in battery.curve:
        reached = max(level, min(step.up_to, target))
        time += Fraction(reached - level, step.rate)
        level = reached
    return ceil(time)


def corrected(battery: Battery, instant: int) -> int:
    """Return by how much the level is corrected at an instant or later."""
    return sum(correction.by for correction in battery.corrections if correction.at >= instant)


def filled(battery: Battery, level: int, start: int, end: int) -> int:
    """Return the level after a charge during ``[start, end)``, with what is measured on the way."""
    since = start
    for correction in sorted(battery.corrections):
        if start < correction.at < end:
            level, since = level_after(battery, level, correction.at - since) + correction.by, correction.at
    return level_after(battery, level, end - since)


def level_at(instance: Instance, vehicle: str, moves: Sequence[Move], charges: Sequence[Charge], instant: int) -> int:
    """Return the level of a vehicle at an instant, with what is measured then."""
    battery, fleet = instance.battery_by_vehicle[vehicle], instance.fleet_by_vehicle[vehicle]
    level, at = battery.initial, 0
    for item, before, after in levels(instance, vehicle, moves, charges):
        if item.start >= instant:
            break
        level, at = after, item.end
        if isinstance(item, Charge):
            level = filled(battery, before, item.start, min(item.end, instant))
        elif item.end > instant:
            level = before - drain(battery, fleet, item, instant)
            level += sum(c.by for c in battery.corrections if item.start < c.at < instant)
        at = min(at, instant)
    level += sum(c.by for c in battery.corrections if at <= c.at <= instant)
    return level - battery.drain_idle * (instant - at)


def drain(battery: Battery, fleet: Fleet, item: Stretch | Move, until: int | None = None) -> int:
    """Return by how much a stretch or an empty move drains the battery of a vehicle, up to an instant inside it.

    The fleet is as that vehicle goes through it.
    """
    until = item.end if until is None else until
    if isinstance(item, Move):
        return battery.drain_empty * (until - item.start)
    total = 0
    for start, end, busy in pieces(fleet, item):
        length = max(0, min(end, until) - start)
        total += battery.drain_loaded * min(length, busy) + battery.drain_idle * max(0, length - busy)
    return total


def charged(instance: Instance, vehicle: str, moves: Sequence[Move], charges: Sequence[Charge]) -> Iterator[Charge]:
    """Yield the charges of a vehicle with the levels that follow from its moves, loaded and empty."""
    for item, before, after in levels(instance, vehicle, moves, charges):
        if isinstance(item, Charge):
            yield replace(item, from_level=before, to_level=after)


def level_trace(
    instance: Instance, vehicle: str, moves: Sequence[Move], charges: Sequence[Charge]
) -> tuple[tuple[int, int], ...]:
    """Return ``(tick, level)`` wherever the level of a vehicle begins to change otherwise: a polyline.

    It begins with tick 0 and ends with the last move or charge. In a charge there is a point for every piece of the
    curve: the first tick at which it is completed. A correction is a step: two points.
    """
    battery, fleet = instance.battery_by_vehicle[vehicle], instance.fleet_by_vehicle[vehicle]
    points = [(0, battery.initial)]
    steps = []
    for correction in sorted(battery.corrections):
        level = level_at(instance, vehicle, moves, charges, correction.at)
        steps += [(correction.at, level - correction.by), (correction.at, level)]
    for item, before, after in levels(instance, vehicle, moves, charges):
        inside = [step for step in steps if step[0] < item.end]
        steps = steps[len(inside) :]
        points += [step for step in inside if step[0] <= item.start]
        points.append((item.start, before))
        inside = [step for step in inside if step[0] > item.start]
        if isinstance(item, Charge) and not inside:
            for step in battery.curve:
                at = item.start + charging_time(battery, before, step.up_to)
                if before < step.up_to and at < item.end:
                    points.append((at, level_after(battery, before, at - item.start)))
        elif isinstance(item, Stretch):
            measured = {at for at, _ in inside}
            for at in _turns(fleet, item):
                if at not in measured:
                    more = sum(c.by for c in battery.corrections if item.start < c.at < at)
                    inside.append((at, before - drain(battery, fleet, item, at) + more))
            inside.sort(key=lambda point: point[0])
        points += inside
        points.append((item.end, after))
    return tuple(dict.fromkeys(points))


def _turns(fleet: Fleet, stretch: Stretch) -> Iterator[int]:
    """Yield the instants inside a stretch at which the vehicle begins, or ends, to wait for another visit."""
    parts = list(pieces(fleet, stretch))
    for start, end, busy in parts[:-1]:
        if busy < end - start:
            yield from (start + busy, end)


def levels(
    instance: Instance, vehicle: str, moves: Sequence[Move], charges: Sequence[Charge]
) -> Iterator[tuple[Item, int, int]]:
    """Yield every stretch, empty move and charge of a vehicle, in order, with the level before and after.

    A correction counts in the level before what begins at its tick or later, and after what it lies inside.
    """
    battery = instance.battery_by_vehicle[vehicle]
    level, at = battery.initial, 0
    steps = sorted(battery.corrections, reverse=True)
    loaded = sorted((move for move in moves if move.job is not None), key=lambda move: (move.start, move.end))
    fleet, carrier = instance.fleet_by_vehicle[vehicle], instance.carrier_by_id[vehicle]
    items: list[Item] = [move for move in moves if move.job is None]
    items += [*stretches(fleet, carrier, loaded), *charges]
    for item in sorted(items, key=lambda x: (x.start, x.end)):
        before = level - battery.drain_idle * max(0, item.start - at)
        while steps and steps[-1].at <= item.start:
            before += steps.pop().by
        if isinstance(item, Charge):
            level = filled(battery, before, item.start, item.end)
        else:
            level = before - drain(battery, fleet, item)
        while steps and steps[-1].at < item.end:
            by = steps.pop().by
            level += 0 if isinstance(item, Charge) else by
        yield item, before, level
        at = max(at, item.end)


def visit_levels(
    instance: Instance, vehicle: str, moves: Sequence[Move], charges: Sequence[Charge]
) -> Iterator[tuple[Visit | Charge, int]]:
    """Yield every visit and charge of a vehicle, in order, with the level after it and all that is measured later."""
    battery, fleet = instance.battery_by_vehicle[vehicle], instance.fleet_by_vehicle[vehicle]
    for item, before, after in levels(instance, vehicle, moves, charges):
        later = corrected(battery, item.start + 1)
        if isinstance(item, Charge):
            yield item, after + corrected(battery, item.end)
        elif isinstance(item, Stretch):
            for number, visit in enumerate(item.visits, start=1):
                begun = item._replace(end=visit.end, visits=item.visits[:number])
                yield visit, before - drain(battery, fleet, begun) + later
