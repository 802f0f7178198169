"""Charges of a right shift: where a vehicle would run down, it charges longer, or once more.

A delay drains vehicles that stand and wait, new jobs want to be carried, and a cancelled job takes its charge along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from scheduler.domain import Battery, Charge, Instance, Move, Schedule
from scheduler.domain.batteries import charging_time, corrected, levels
from scheduler.domain.happened import execution_of
from scheduler.domain.shortages import missing
from scheduler.domain.visits import Stretch
from scheduler.rescheduling.draft import Draft, link_key, places_of
from scheduler.rescheduling.timing import NOBODY, Capacity, Reason, Stuck, Taken, Timing, Use


class _Lack(NamedTuple):
    """A vehicle runs ``units`` below its minimum at the end of its ``tasks``, or on its way to the last of them.

    The tasks (stretches and charges, with the level after each) begin with the charge before, the first stretch if
    there is none. With one job at a time a stretch is a loaded move.
    """

    vehicle: str
    battery: Battery
    units: int
    tasks: list[tuple[Stretch | Charge, int]]


class _Stand(NamedTuple):
    """Where a vehicle is before one of its tasks, from when on, and with which level."""

    place: str
    free_at: int
    level: int


def add_chargers(instance: Instance, timing: Timing, charge_of: Mapping[int, Charge]) -> None:
    """Let vehicles wait for a place at their charger, in their nominal order; `charge_of`: by activity."""
    now = execution_of(instance).now
    uses: dict[str, list[Use]] = {}
    taken: dict[str, list[Taken]] = {}
    for node, charge in sorted(charge_of.items(), key=lambda item: (item[1].start, item[1].end)):
        if not timing.fixed[node]:
            uses.setdefault(charge.charger, []).append(Use((node, "start", 0), [(node, "end", 0)]))
        elif timing.ends[node] > now:
            taken.setdefault(charge.charger, []).append(Taken(timing.starts[node], timing.ends[node], 1, node))
    for charger, held in uses.items():
        known, busy = instance.charger_by_id[charger], taken.get(charger, [])
        gaps = (gap for gap in missing(known.places, known.shortages) if gap.end > now)
        busy += [Taken(gap.start, gap.end, gap.count, NOBODY) for gap in gaps]
        timing.limit(Capacity(known.places, held, Reason("charger", charger), busy))


def charged_more(instance: Instance, draft: Draft, schedule: Schedule) -> Draft | None:
    """Return the draft with more charge for the first vehicle that runs down in its schedule; None if none does.

    Raises
    ------
    Stuck
        If the vehicle can't charge any more.
    """
    for vehicle, battery in instance.battery_by_vehicle.items():
        lack = _lack(instance, schedule, vehicle, battery)
        if lack is not None:
            more = _longer(instance, draft, schedule, lack) or _once_more(instance, draft, lack)
            if more is None:
                words = f"the battery of {vehicle} would run {lack.units} below its minimum"
                empty = lack.units - battery.minimum
                raise Stuck(f"{words}, {empty} more than an empty one has" if empty > 0 < battery.minimum else words)
            return more
    return None


def _lack(instance: Instance, schedule: Schedule, vehicle: str, battery: Battery) -> _Lack | None:
    """Return the first lack of a vehicle; what the past lacks is not asked."""
    now = execution_of(instance).now
    moves, charges = schedule.by_mover.get(vehicle, ()), schedule.by_vehicle.get(vehicle, ())
    tasks: list[tuple[Stretch | Charge, int]] = []
    units, is_pending = 0, False
    for item, before, level in levels(instance, vehicle, moves, charges):
        starts = [task.start for task in item.tasks] if isinstance(item, Stretch) else [item.start]
        is_pending, units = max(starts) >= now, battery.minimum - level
        if isinstance(item, Charge):
            if before < battery.minimum and is_pending:
                return _Lack(vehicle, battery, battery.minimum - before, [*tasks, (item, level)])
            tasks = [(item, level)]
        elif isinstance(item, Stretch):
            tasks.append((item, level))
    return _Lack(vehicle, battery, units, tasks) if units > 0 and is_pending else None


def _longer(instance: Instance, draft: Draft, schedule: Schedule, lack: _Lack) -> Draft | None:
    """Let the charge before the lack last longer, if there is one that can."""
    charge, level = lack.tasks[0]
    if not isinstance(charge, Charge) or charge.start < execution_of(instance).now:
        return None
    if len(lack.tasks) == 1 and charge.from_level < lack.battery.minimum:
        return None  # it is the one that is not reached
    if level < lack.battery.capacity:
        target = min(lack.battery.capacity, level + lack.units)
        length = charging_time(lack.battery, charge.from_level, target)
    else:
        # A full vehicle that stays does not drain; what it would wait elsewhere it can wait here.
        idle = _waits(instance, charge, lack)
        if idle == 0:
            return None
        length = charge.end - charge.start + min(idle, -(-lack.units // lack.battery.drain_idle))
    # Charges have the same order in the schedule as in the draft.
    number = schedule.by_vehicle[lack.vehicle].index(charge)
    drafted = sorted((c for c in draft.charges if c.vehicle == lack.vehicle), key=lambda c: (c.start, c.end))[number]
    longer = replace(drafted, end=drafted.start + length)
    return replace(draft, charges=tuple(longer if c is drafted else c for c in draft.charges))


def _waits(instance: Instance, charge: Charge, lack: _Lack) -> int:
    """Return for how long the vehicle stands between a charge and the next task, if it drains then."""
    if len(lack.tasks) == 1 or lack.battery.drain_idle == 0:
        return 0
    following = lack.tasks[1][0]
    place, there = places_of(instance, charge)[1], _places(instance, following)[0]
    travel = instance.fleet_by_vehicle[lack.vehicle].travel_time(place, there)
    return max(0, following.start - travel - charge.end)


def _once_more(instance: Instance, draft: Draft, lack: _Lack) -> Draft | None:
    """Add a charge before the lack, as late as the vehicle can still get to a charger; None if it nowhere can."""
    battery, vehicle = lack.battery, lack.vehicle
    fleet, now = instance.fleet_by_vehicle[vehicle], execution_of(instance).now
    nominal = {(link_key(m), m.origin): m for m in draft.moves if m.mover == vehicle}
    stands = _stands(instance, lack)
    for number in range(len(lack.tasks), -1, -1):
        stand = stands[number]
        before = lack.tasks[number - 1][0] if number > 0 else None
        if isinstance(before, Charge) and before.start >= now:
            continue  # one charge in a gap is enough
        if number < len(lack.tasks):
            task = lack.tasks[number][0]
            if isinstance(task, Charge) or task.start < now:
                continue
            first = task.tasks[0]
            assert isinstance(first, Move)
            there, at = task.origin, nominal[link_key(first), first.origin].start
        elif fleet.returns:
            there, at = instance.carrier_by_id[vehicle].start, max(m.end for m in nominal.values()) + 1
        else:
            continue
        level = stand.level + corrected(battery, stand.free_at) - battery.drain_idle * max(0, now - stand.free_at)
        reached = [
            c for c in fleet.chargers if level - _way(instance, vehicle, stand.place, c.place) >= battery.minimum
        ]
        if not reached:
            continue
        charger = min(
            reached, key=lambda c: fleet.travel_time(stand.place, c.place) + fleet.travel_time(c.place, there)
        )
        from_level = level - _way(instance, vehicle, stand.place, charger.place)
        wanted = max(battery.curve[0].up_to, level + lack.units + _way(instance, vehicle, charger.place, there))
        length = max(1, charging_time(battery, from_level, min(battery.capacity, wanted)))
        charge = Charge(vehicle, charger.id, at, at + length)
        return replace(draft, charges=(*draft.charges, charge), added_charges=draft.added_charges | {(vehicle, at)})
    return None


def _stands(instance: Instance, lack: _Lack) -> list[_Stand]:
    """Return where the vehicle is before each of the tasks, and after all."""
    first = lack.tasks[0][0] if lack.tasks else None
    start = _Stand(instance.carrier_by_id[lack.vehicle].start, 0, lack.battery.initial)
    stands = [start if not isinstance(first, Charge) else _Stand("", 0, -1)]
    for task, level in lack.tasks:
        stands.append(_Stand(_places(instance, task)[1], task.end, level))
    return stands


def _places(instance: Instance, task: Stretch | Charge) -> tuple[str, str]:
    return (task.origin, task.destination) if isinstance(task, Stretch) else places_of(instance, task)


def _way(instance: Instance, vehicle: str, origin: str, destination: str) -> int:
    """Return what an empty move drains."""
    fleet = instance.fleet_by_vehicle[vehicle]
    return instance.battery_by_vehicle[vehicle].drain_empty * fleet.travel_time(origin, destination)
