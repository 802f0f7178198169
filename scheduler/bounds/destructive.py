"""A lower bound of the makespan that tries one makespan after the other, and proves of some that they are too short.

*Destructive* (Klein & Scholl 1999, European Journal of Operational Research 112): where a relaxation proves that no
schedule ends by *D*, ``D + 1`` is a bound. With *D*, every operation has a window (`scheduler.bounds.windows`), and
everything that has to be carried between two operations has one, too. *D* is too short if

* an operation has no window in any mode;
* the operations that only one machine can do, interrupted at will, do not all fit into their windows in its working
  time (Jackson's preemptive schedule);
* in some interval, more has to be done by some machines, a robot cell, a fleet or an operator pool than they offer:
  ``sum of times > capacity * working time``, over all whose whole window lies in the interval;
* the transports of a fleet drain more than its vehicles, or the chargers, have time to charge besides
  (`scheduler.bounds.charging`).

Setups and empty travel take no time here; robots and vehicles always work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scheduler.bounds.charging import least_charging
from scheduler.bounds.one_machine import one_machine_bound
from scheduler.bounds.rising import Rising
from scheduler.bounds.windows import Window, Windows
from scheduler.bounds.working_time import WorkingTime
from scheduler.domain import Instance, Job, Stop
from scheduler.domain.horizon import horizon

MOST_HEADS = 20
"""Instants, at the most, from which on work is counted."""
FIRST_STEP = 16
"""Part of the bound so far by which the second makespan that is tried is longer than the first."""
UNLIKELY = 8
"""Times the bound so far from which on it is looked up whether there may be no schedule at all: that takes its time."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What takes so much ``time`` of a resource, begins at ``head`` or later and ends by ``due``."""

    head: int
    due: int
    time: int


def destructive_bound(instance: Instance, least: int, stop: Stop | None = None) -> int:
    """Return a bound of the makespan, better than another one, `least`, or the same.

    It is the same for cycles, for plans with a past, and where it is proved that there is no schedule at all.

    Raises
    ------
    Unfinished
        If somebody wants to `stop`.
    """
    if instance.execution is not None or instance.cycle is not None:
        return least
    windows, rising = Windows(instance), Rising(stop, least)
    if not _is_refuted(instance, windows, least, rising):
        return least
    # What carriers and operators have to do in all is a bound as well: many makespans need no try.
    far = UNLIKELY * least
    wanted = _demands(instance, windows, far, rising)
    loads = (
        [-(-sum(item.time for item in work) // max(1, capacity)) for work, capacity in wanted.steady]
        if wanted
        else [far + 1]
    )
    refuted = max(least, min(far + 1, max(loads, default=0)) - 1)
    rising.lift(refuted + 1)
    step = max(1, refuted // FIRST_STEP)
    while _is_refuted(instance, windows, refuted + step, rising):
        refuted, step = refuted + step, 2 * step
        rising.lift(refuted + 1)
        if refuted >= far and refuted >= horizon(instance):
            return least
    while step > 1:
        half = step // 2
        if _is_refuted(instance, windows, refuted + half, rising):
            refuted, step = refuted + half, step - half
            rising.lift(refuted + 1)
        else:
            step = half
    return refuted + 1


@dataclass(frozen=True, slots=True)
class _Demands:
    """What is to be done by sets of machines, and by what always offers its capacity."""

    on_machines: Mapping[frozenset[str], list[Demand]]
    steady: Sequence[tuple[list[Demand], int]]


def _is_refuted(instance: Instance, windows: Windows, limit: int, rising: Rising) -> bool:
    """Return whether it is proved that no schedule has a makespan of at most a limit."""
    times, wanted = windows.times(limit), _demands(instance, windows, limit, rising)
    if wanted is None:
        return True
    for machines in wanted.on_machines:
        rising.lift()
        if _overloads(instance, times, machines, wanted.on_machines):
            return True
    return any(_is_too_much(work, _steadily(capacity)) for work, capacity in wanted.steady)


def _demands(instance: Instance, windows: Windows, limit: int, rising: Rising) -> _Demands | None:
    """Return what every schedule with a makespan of at most a limit asks for; None if some operation has no window."""
    times = windows.times(limit)
    on_machines: dict[frozenset[str], list[Demand]] = {}
    by_group: dict[str, list[Demand]] = {}
    by_pool: dict[str, list[Demand]] = {}
    for job in instance.jobs:
        rising.lift()
        found = windows.of_job(job, times, limit)
        if found is None:
            return None
        for operation, left in found.items():
            modes = [instance.operation_by_key[job.id, operation].modes[window.mode] for window in left]
            machines = frozenset(mode.machine for mode in modes)
            on_machines.setdefault(machines, []).append(_least(left, [mode.duration for mode in modes]))
            for pool in modes[0].operators:
                held = [mode.duration * mode.operators.get(pool, 0) for mode in modes]
                by_pool.setdefault(pool, []).append(_least(left, held))
            cells = {instance.machine_by_id[mode.machine].cell if mode.tended else None for mode in modes}
            cell = cells.pop() if len(cells) == 1 else None
            if cell is not None:
                by_group.setdefault(cell, []).append(_least(left, [mode.duration for mode in modes]))
        for predecessor, successor, _ in job.links if found else ():
            ends = found.get(predecessor or ""), found.get(successor or "")
            for group, work in _carried(windows, job, *ends, limit).items():
                by_group.setdefault(group, []).append(work)
    holds = {id: sum(carrier.capacity for carrier in group.carriers) for id, group in instance.group_by_id.items()}
    capacities = {pool.id: pool.capacity for pool in instance.operators}
    steady = []
    for fleet in instance.fleets:
        ticks = least_charging(fleet, sum(work.time for work in by_group.get(fleet.id, ())))
        if ticks > 0:
            charges = Demand(0, limit, ticks)
            by_group[fleet.id].append(charges)
            steady.append(([charges], sum(charger.places for charger in fleet.chargers)))
    steady += [(work, holds[group]) for group, work in by_group.items()]
    return _Demands(on_machines, steady + [(work, capacities[pool]) for pool, work in by_pool.items()])


def _least(left: tuple[Window, ...], times: list[int]) -> Demand:
    """Return what an operation takes at the least, whatever its mode."""
    return Demand(min(window.start for window in left), max(window.latest_end for window in left), min(times))


def _carried(
    windows: Windows, job: Job, before: tuple[Window, ...] | None, after: tuple[Window, ...] | None, limit: int
) -> dict[str, Demand]:
    """Return what robot cells and fleets have to do on the way between two operations, whatever their modes."""
    found: dict[str, Demand] | None = None
    for a in before or (None,):
        for b in after or (None,):
            way = windows.way(a.machine if a else None, b.machine if b else None)
            left_at, due = a.end if a else job.release_date, b.latest_start if b else limit
            if way is None or left_at + way.time > due:
                continue
            here = {c.group: Demand(left_at + c.before, due - c.after, c.time) for c in way.carries}
            if found is not None:
                both = ((group, found[group], here[group]) for group in found.keys() & here.keys())
                here = {g: Demand(min(x.head, y.head), max(x.due, y.due), min(x.time, y.time)) for g, x, y in both}
            found = here
    return found or {}


def _overloads(
    instance: Instance,
    times: Mapping[str, WorkingTime],
    machines: frozenset[str],
    on_machines: Mapping[frozenset[str], list[Demand]],
) -> bool:
    """Return whether the operations that only these machines can do are too much for them."""
    inside = [work for some, found in on_machines.items() if some <= machines for work in found]
    offers = [(instance.machine_by_id[machine].capacity, times[machine].before) for machine in machines]
    if len(offers) > 1 or offers[0][0] > 1:
        return _is_too_much(inside, lambda instant: sum(capacity * before(instant) for capacity, before in offers))
    before = offers[0][1]
    end = max(before(work.due) for work in inside)
    return one_machine_bound([(before(work.head), work.time, end - before(work.due)) for work in inside]) > end


def _is_too_much(work: Iterable[Demand], offer: Callable[[int], int]) -> bool:
    """Return whether some interval offers less than the work that has to be done in it; `offer` counts from tick 0."""
    by_due = [(offer(item.due), item.head, item.time) for item in sorted(work, key=lambda item: item.due)]
    instants = sorted({head for _, head, _ in by_due})
    for first in instants[:: -(-len(instants) // MOST_HEADS)]:
        busy = offer(first)
        for until, head, time in by_due:
            if head >= first:
                busy += time
                if busy > until:
                    return True
    return False


def _steadily(capacity: int) -> Callable[[int], int]:
    """Return what a resource without calendar offers up to each instant."""
    return lambda instant: capacity * instant
