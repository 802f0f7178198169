"""Charges of a right shift: where a vehicle would run down, it charges longer, or once more.

A delay drains vehicles that stand and wait, new jobs want to be carried, and a cancelled job takes its charge along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from scheduler.domain import Battery, Charge, Charger, Instance, Move, Schedule
from scheduler.domain.batteries import charging_time, corrected, levels
from scheduler.domain.happened import execution_of
from scheduler.domain.shortages import missing
from scheduler.domain.slowdowns import last_departure
from scheduler.domain.visits import Stretch
from scheduler.rescheduling.draft import Draft, link_key, places_of
from scheduler.rescheduling.timing import NOBODY, Capacity, Reason, Stuck, Taken, Timing, Use


class Drained(Stuck):
    """A vehicle would run ``units`` below its minimum, and can't charge any more."""

    def __init__(self, vehicle: str, minimum: int, units: int) -> None:
        words = f"the battery of {vehicle} would run {units} below its minimum"
        empty = units - minimum
        super().__init__(f"{words}, {empty} more than an empty one has" if empty > 0 < minimum else words)
        self.vehicle, self.units = vehicle, units


class _Lack(NamedTuple):
    """A vehicle runs ``units`` below its minimum at the end of its ``tasks``, or on its way to the last of them.

    The tasks (stretches and charges, with the level after each) begin with the charge before, the first stretch if
    there is none. With one job at a time a stretch is a loaded move. With ``is_unplugged`` the last task is a charge
    that it does not reach.
    """

    vehicle: str
    battery: Battery
    units: int
    tasks: list[tuple[Stretch | Charge, int]]
    is_unplugged: bool = False


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
    """Return the draft with more charge for all vehicles that run down in its schedule; None if none does.

    Each gets it where it runs down first.

    Raises
    ------
    Drained
        If the first of them can't charge any more.
    """
    better = None
    for vehicle, battery in instance.battery_by_vehicle.items():
        lack = _lack(instance, schedule, vehicle, battery)
        if lack is None:
            continue
        known = draft if better is None else better
        more = (
            _once_more(instance, known, lack, _behind(known, lack))
            or _longer(instance, known, schedule, lack)
            or _once_more(instance, known, lack)
        )
        if more is None and better is None:
            more = _elsewhere(instance, draft, schedule, lack)
            if more is None:
                raise Drained(vehicle, battery.minimum, lack.units)
        better = more or better
    return better


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
                return _Lack(vehicle, battery, battery.minimum - before, [*tasks, (item, level)], True)
            tasks = [(item, level)]
        elif isinstance(item, Stretch):
            tasks.append((item, level))
    return _Lack(vehicle, battery, units, tasks) if units > 0 and is_pending else None


def _behind(draft: Draft, lack: _Lack) -> int:
    """Return the first gap before one of the tasks, or before a return behind them, that has only new moves behind it.

    A charge there delays nothing that was planned; one that lasts longer, further ahead, does.
    """
    number = len(lack.tasks)
    if lack.is_unplugged:
        return number + 1  # who knows what follows
    while number > 0 and isinstance(task := lack.tasks[number - 1][0], Stretch):
        if any(isinstance(made, Move) and draft.as_planned(made) for made in task.tasks):
            break
        number -= 1
    return number


def _longer(instance: Instance, draft: Draft, schedule: Schedule, lack: _Lack) -> Draft | None:
    """Let the charge before the lack last longer, if there is one that can."""
    charge, level = lack.tasks[0] if lack.tasks else (None, 0)
    if not isinstance(charge, Charge) or charge.start < execution_of(instance).now:
        return None
    if len(lack.tasks) == 1 and lack.is_unplugged:
        return None
    if level < lack.battery.capacity:
        target = min(lack.battery.capacity, level + lack.units)
        length = charging_time(lack.battery, charge.from_level, target)
    else:
        # A full vehicle that stays does not drain; what it would wait elsewhere it can wait here.
        idle = _waits(instance, charge, lack)
        if idle == 0:
            return None
        length = charge.end - charge.start + min(idle, -(-lack.units // lack.battery.drain_idle))
    drafted = _drafted(draft, schedule, charge)
    longer = replace(drafted, end=drafted.start + length)
    return replace(draft, charges=tuple(longer if c is drafted else c for c in draft.charges))


def _drafted(draft: Draft, schedule: Schedule, charge: Charge) -> Charge:
    """Return a charge of the schedule as the draft has it: in both the charges of a vehicle have the same order."""
    number = schedule.by_vehicle[charge.vehicle].index(charge)
    return sorted((c for c in draft.charges if c.vehicle == charge.vehicle), key=lambda c: (c.start, c.end))[number]


def _waits(instance: Instance, charge: Charge, lack: _Lack) -> int:
    """Return for how long the vehicle stands between a charge and the next task, if it drains then."""
    if len(lack.tasks) == 1 or lack.battery.drain_idle == 0:
        return 0
    following = lack.tasks[1][0]
    fleet, place = instance.fleet_by_vehicle[lack.vehicle], places_of(instance, charge)[1]
    return max(0, last_departure(fleet, place, _places(instance, following)[0], following.start) - charge.end)


def _once_more(instance: Instance, draft: Draft, lack: _Lack, from_gap: int = 0) -> Draft | None:
    """Add a charge before the lack, as late as the vehicle can still get to a charger; None if it nowhere can.

    Gaps before `from_gap` are not tried.
    """
    battery, vehicle = lack.battery, lack.vehicle
    fleet, now = instance.fleet_by_vehicle[vehicle], execution_of(instance).now
    nominal = {(link_key(m), m.origin): m for m in draft.moves if m.mover == vehicle}
    stands = _stands(instance, lack)
    for number in range(len(lack.tasks), from_gap - 1, -1):
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
        level, leaves = _level_now(battery, stand, now), max(stand.free_at, now)
        reached = [
            c
            for c in fleet.chargers
            if level - _way(instance, vehicle, stand.place, c.place, leaves) >= battery.minimum
        ]
        if not reached:
            continue
        charger = min(
            reached, key=lambda c: fleet.travel_time(stand.place, c.place) + fleet.travel_time(c.place, there)
        )
        from_level = level - _way(instance, vehicle, stand.place, charger.place, leaves)
        wanted = max(battery.curve[0].up_to, level + lack.units + _way(instance, vehicle, charger.place, there, leaves))
        length = max(1, charging_time(battery, from_level, min(battery.capacity, wanted)))
        charge = Charge(vehicle, charger.id, at, at + length)
        return replace(draft, charges=(*draft.charges, charge), added_charges=draft.added_charges | {(vehicle, at)})
    return None


def _elsewhere(instance: Instance, draft: Draft, schedule: Schedule, lack: _Lack) -> Draft | None:
    """Let a charge that is not reached take place at the charger that the vehicle has its charge from first.

    Others that would come later than it give way to it. No charge goes elsewhere twice.
    """
    charge, battery, now = lack.tasks[-1][0] if lack.tasks else None, lack.battery, execution_of(instance).now
    if not (lack.is_unplugged and isinstance(charge, Charge)) or charge.start < now:
        return None
    drafted = _drafted(draft, schedule, charge)
    if (drafted.vehicle, drafted.start) in draft.moved_charges:
        return None
    stand, fleet = _stands(instance, lack)[-2], instance.fleet_by_vehicle[lack.vehicle]
    leaves, level = max(stand.free_at, now), _level_now(battery, stand, now)
    own = [m for m in draft.moves if m.mover == lack.vehicle]
    following = min((m for m in own if m.start >= drafted.start), key=lambda m: m.start, default=None)
    there = instance.carrier_by_id[lack.vehicle].start if following is None else following.origin
    options = []
    for charger in fleet.chargers:
        arrives = leaves + fleet.travel_time(stand.place, charger.place, leaves)
        begins = _opens(charger, [c for c in schedule.charges if c.charger == charger.id and c is not charge], arrives)
        left = level - _way(instance, lack.vehicle, stand.place, charger.place, leaves)
        left -= battery.drain_idle * (begins - arrives)
        if left >= battery.minimum:
            options.append((begins + fleet.travel_time(charger.place, there), arrives, charger.id))
    if not options:
        return None
    _, arrives, place = min(options)
    later = [_drafted(draft, schedule, c).start for c in schedule.charges if c.charger == place and c.start >= arrives]
    tasks: list[Move | Charge] = [*own, *(c for c in draft.charges if c.vehicle == lack.vehicle)]
    begun = [task.start + 1 for task in tasks if task.start < drafted.start]
    start = max([0, *begun, min([drafted.start, *(start - 1 for start in later)])])
    moved = replace(drafted, charger=place, start=start, end=start + drafted.end - drafted.start)
    keys = frozenset({(lack.vehicle, start)})
    return replace(
        draft,
        charges=tuple(moved if c is drafted else c for c in draft.charges),
        added_charges=draft.added_charges | keys,
        moved_charges=draft.moved_charges | keys,
    )


def _opens(charger: Charger, charges: Iterable[Charge], arrives: int) -> int:
    """Return when a vehicle that arrives then has a place of a charger, behind those that have come before it."""
    taken = [(charge.start, charge.end, 1) for charge in charges if charge.start < arrives]
    taken += [(gap.start, gap.end, gap.count) for gap in missing(charger.places, charger.shortages)]
    instants = sorted({arrives, *(end for _, end, _ in taken if end > arrives)})
    return next(t for t in instants if sum(n for begin, end, n in taken if begin <= t < end) < charger.places)


def _stands(instance: Instance, lack: _Lack) -> list[_Stand]:
    """Return where the vehicle is before each of the tasks, and after all."""
    first = lack.tasks[0][0] if lack.tasks else None
    start = _Stand(instance.carrier_by_id[lack.vehicle].start, 0, lack.battery.initial)
    is_first = not isinstance(first, Charge) or (lack.is_unplugged and len(lack.tasks) == 1)
    stands = [start if is_first else _Stand("", 0, -1)]
    for task, level in lack.tasks:
        stands.append(_Stand(_places(instance, task)[1], task.end, level))
    return stands


def _level_now(battery: Battery, stand: _Stand, now: int) -> int:
    """Return the level of a vehicle at its stand, when it leaves at the earliest."""
    return stand.level + corrected(battery, stand.free_at) - battery.drain_idle * max(0, now - stand.free_at)


def _places(instance: Instance, task: Stretch | Charge) -> tuple[str, str]:
    return (task.origin, task.destination) if isinstance(task, Stretch) else places_of(instance, task)


def _way(instance: Instance, vehicle: str, origin: str, destination: str, leaves: int) -> int:
    """Return what an empty move drains that begins then."""
    fleet = instance.fleet_by_vehicle[vehicle]
    return instance.battery_by_vehicle[vehicle].drain_empty * fleet.travel_time(origin, destination, leaves)
