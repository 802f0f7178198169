"""The level of a battery: how it falls and rises, in whole units and exactly.

In a tick of a transport the level falls by ``drain_loaded``, of an empty move by ``drain_empty``, in each other tick
away from the chargers by ``drain_idle``; what a move under way at a breakdown takes longer than usual is idle. From one
charge to the next only the numbers of such ticks count, not their order.

At a charger the level rises along the charge curve: the units of a piece take ``units / rate`` ticks, and from level
*a* to level *b* it takes the sum over the pieces between. After *d* ticks the level is the highest whole one, up to the
capacity, that takes at most *d* ticks; the vehicle may stay longer, and does not drain there (piecewise-linear charging
after Montoya, Gueret, Mendoza and Villegas 2017, Transportation Research B 103, "The electric vehicle routing problem
with nonlinear charging function").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from scheduler.domain.instance import Instance
from scheduler.domain.resources import Battery
from scheduler.domain.schedule import Charge, Move


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


def drain(instance: Instance, battery: Battery, move: Move) -> int:
    """Return by how much a move drains the battery of its vehicle."""
    length = move.end - move.start
    if move.job is None:
        return battery.drain_empty * length
    usual = min(length, instance.fleet_by_vehicle[move.mover].move_time(move.origin, move.destination))
    return battery.drain_loaded * usual + battery.drain_idle * (length - usual)


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
    curve: the first tick at which it is completed.
    """
    battery = instance.battery_by_vehicle[vehicle]
    points = [(0, battery.initial)]
    for item, before, after in levels(instance, vehicle, moves, charges):
        points.append((item.start, before))
        if isinstance(item, Charge):
            for step in battery.curve:
                at = item.start + charging_time(battery, before, step.up_to)
                if before < step.up_to and at < item.end:
                    points.append((at, level_after(battery, before, at - item.start)))
        points.append((item.end, after))
    return tuple(dict.fromkeys(points))


def levels(
    instance: Instance, vehicle: str, moves: Sequence[Move], charges: Sequence[Charge]
) -> Iterator[tuple[Move | Charge, int, int]]:
    """Yield every move and charge of a vehicle, in order, with the level before and after."""
    battery = instance.battery_by_vehicle[vehicle]
    level, at = battery.initial, 0
    items: list[Move | Charge] = [*moves, *charges]
    for item in sorted(items, key=lambda x: (x.start, x.end)):
        before = level - battery.drain_idle * max(0, item.start - at)
        if isinstance(item, Charge):
            level = level_after(battery, before, item.end - item.start)
        else:
            level = before - drain(instance, battery, item)
        yield item, before, level
        at = max(at, item.end)
