"""What is measured of batteries while a plan is carried out, and what becomes of it when that was wrong.

A measurement is kept as a correction by so many units from its tick on (`scheduler.domain.batteries`). Charges of the
past state the levels that were counted with it.
"""

from __future__ import annotations

from dataclasses import replace

from scheduler.domain.batteries import filled, level_at
from scheduler.domain.happened import execution_of, with_battery
from scheduler.domain.instance import Instance
from scheduler.domain.resources import Battery, Correction
from scheduler.domain.schedule import Charge


def measured(instance: Instance, vehicle: str, level: int) -> Instance:
    """Return the instance in which a vehicle has this level now; a charge under way goes on from there."""
    return _corrected(instance, vehicle, level - _level_now(instance, vehicle))


def measured_otherwise(before: Instance, after: Instance) -> Instance:
    """Return `after`, in which batteries lack some of their corrections, with charges as they were.

    Where one has begun since the first of these, all of them stay, and another one leads to the level that the same
    charges would have led to without them, now: to a full battery, say, where it was charged until it was full.
    """
    execution = execution_of(before)
    for vehicle, battery in before.battery_by_vehicle.items():
        now_has = after.battery_by_vehicle.get(vehicle)
        gone = [] if now_has is None else [c for c in battery.corrections if c not in now_has.corrections]
        if now_has is None or not gone:
            continue
        first = min(gone).at
        charges = [c for c in execution.charges if c.vehicle == vehicle and c.start < execution.now]
        if any(c.start >= first or first < c.end <= execution.now for c in charges):
            level = min(now_has.capacity, _level_now(after, vehicle))
            kept = replace(now_has, corrections=battery.corrections)
            after = with_battery(after, vehicle, kept)
            after = _corrected(after, vehicle, level - _level_now(after, vehicle))
        else:
            after = _filled_otherwise(after, vehicle, now_has)
    return after


def _level_now(instance: Instance, vehicle: str) -> int:
    """Return the level that is counted now."""
    execution = execution_of(instance)
    moves = [m for m in execution.moves if m.mover == vehicle]
    planned = execution.baseline.by_mover.get(vehicle, ())
    # What is planned next says where a vehicle is going that has jobs on board.
    moves += [m for m in planned if (m.job is None) == (m.start < execution.now)]
    charges = [c for c in execution.charges if c.vehicle == vehicle]
    return level_at(instance, vehicle, moves, charges, execution.now)


def _corrected(instance: Instance, vehicle: str, by: int) -> Instance:
    battery = instance.battery_by_vehicle[vehicle]
    known = tuple(sorted((*battery.corrections, Correction(execution_of(instance).now, by))))
    battery = replace(battery, corrections=known)
    return _filled_otherwise(with_battery(instance, vehicle, battery), vehicle, battery)


def _filled_otherwise(instance: Instance, vehicle: str, battery: Battery) -> Instance:
    """Return the instance in which a charge under way ends with another level."""
    execution = execution_of(instance)

    def of_today(charge: Charge) -> Charge:
        if charge.vehicle != vehicle or not charge.start < execution.now < charge.end:
            return charge
        return replace(charge, to_level=filled(battery, charge.from_level, charge.start, charge.end))

    charges = tuple(map(of_today, execution.charges))
    baseline = replace(execution.baseline, charges=tuple(map(of_today, execution.baseline.charges)))
    return replace(instance, execution=replace(execution, charges=charges, baseline=baseline))
