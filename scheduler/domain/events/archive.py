"""Finished jobs leave the books: what they did is in the journal, and nothing that is still to come asks for it.

With them go the downtimes, shortages and slowdowns that are over. A factory that runs for weeks would otherwise drag
its whole past through every repair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from scheduler.domain.calendar import Calendar
from scheduler.domain.derive import complete
from scheduler.domain.execution import Execution
from scheduler.domain.instance import Instance
from scheduler.domain.resources import AnyGroup, Fleet, Machine
from scheduler.domain.schedule import Move, Schedule, ScheduledOperation
from scheduler.domain.shortages import Shortage


def finished_jobs(instance: Instance, schedule: Schedule, now: int, kept: int) -> tuple[str, ...]:
    """Return the jobs that may leave, those finished first, so that about `kept` operations of finished jobs stay.

    What was the last thing before `now` that a machine, robot or vehicle did stays, since it says where that is and for
    which family it is set up; so does what vehicles with batteries carried, since their levels follow from it. None
    leave while there are hardly more than `kept`.
    """
    done = {job for job, completion in schedule.completions.items() if completion <= now}
    last: dict[str, ScheduledOperation | Move] = {}
    followed = {*instance.battery_by_vehicle, *(v.id for f in instance.fleets if f.limited for v in f.vehicles)}
    held = {move.job for move in schedule.moves if move.mover in followed}
    for operation in schedule.operations:
        for user in (operation.machine, operation.tended_by):
            if user is not None and operation.start < now:
                last[user] = max(last.get(user, operation), operation, key=_time)
    for move in schedule.moves:
        if move.job is not None and move.start < now:
            last[move.mover] = max(last.get(move.mover, move), move, key=_time)
    held |= {item.job for item in last.values()}
    sizes = {job: 0 for job in done}
    for operation in schedule.operations:
        if operation.job in done:
            sizes[operation.job] += 1
    excess = sum(sizes.values()) - kept
    leaving: list[str] = []
    if excess <= kept // 4:
        return ()
    for job in sorted(done - held, key=lambda job: (schedule.completions[job], job)):
        if excess <= 0:
            break
        leaving.append(job)
        excess -= sizes[job]
    return tuple(leaving)


def without_jobs(instance: Instance, schedule: Schedule, jobs: Collection[str]) -> tuple[Instance, Schedule]:
    """Return instance and schedule as if there had never been these jobs.

    Downtimes, shortages and slowdowns that nothing else met leave too.
    """
    gone = frozenset(jobs)
    if not gone:
        return instance, schedule
    execution = instance.execution
    if execution is not None:
        execution = replace(
            execution,
            aborted=tuple(piece for piece in execution.aborted if piece.job not in gone),
            moves=tuple(move for move in execution.moves if move.job not in gone),
            pins=tuple(pin for pin in execution.pins if pin.job not in gone),
            log=execution.log.without_jobs(gone),
        )
    left = replace(instance, jobs=tuple(job for job in instance.jobs if job.id not in gone), execution=execution)
    operations = (o for o in schedule.operations if o.job not in gone)
    moves = (m for m in schedule.moves if m.job is not None and m.job not in gone)
    rest = complete(left, operations, moves, schedule.charges, [m for m in schedule.moves if m.job is None])
    if execution is not None:
        left = _without_slowdowns(
            _without_shortages(_without_downtimes(left, rest, execution), rest, execution), rest, execution
        )
    return left, rest


def _without_downtimes(instance: Instance, schedule: Schedule, execution: Execution) -> Instance:
    """Return the instance without the downtimes that are over and that nothing in the schedule met.

    A machine, robot, vehicle or lane keeps those that end later than the last thing that it has finished: reports of
    what it did since then may still come.
    """
    on_machine: dict[str, list[tuple[int, int]]] = defaultdict(list)
    by_mover: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for operation in (*schedule.operations, *execution.aborted):
        on_machine[operation.machine].append((operation.start, operation.end))
        if operation.tended_by is not None:
            by_mover[operation.tended_by].append((operation.start, operation.end))
    for setup in schedule.setups:
        on_machine[setup.machine].append((setup.start, setup.end))
    for move in schedule.moves:
        lane = instance.lane_by_vehicle.get(move.mover)
        by_mover[move.mover if lane is None else lane.id].append((move.start, move.end))
    for charge in schedule.charges:
        by_mover[charge.vehicle].append((charge.start, charge.end))

    def kept(calendar: Calendar, met: Sequence[tuple[int, int]]) -> Calendar:
        over = _over(met, execution.now)
        downtimes = tuple(d for d in calendar.downtimes if d.end > over or _meets(d.start, d.end, met))
        return calendar if len(downtimes) == len(calendar.downtimes) else replace(calendar, downtimes=downtimes)

    return replace(
        instance,
        machines=tuple(replace(m, calendar=kept(m.calendar, on_machine[m.id])) for m in instance.machines),
        cells=tuple(
            replace(c, robots=tuple(replace(r, calendar=kept(r.calendar, by_mover[r.id])) for r in c.robots))
            for c in instance.cells
        ),
        fleets=tuple(
            replace(f, vehicles=tuple(replace(v, calendar=kept(v.calendar, by_mover[v.id])) for v in f.vehicles))
            for f in instance.fleets
        ),
        lanes=tuple(replace(lane, calendar=kept(lane.calendar, by_mover[lane.id])) for lane in instance.lanes),
    )


def _without_shortages(instance: Instance, schedule: Schedule, execution: Execution) -> Instance:
    """Return the instance without the shortages of operators and charging places that are over, kept like downtimes."""
    of_pool: dict[str, list[tuple[int, int]]] = defaultdict(list)
    at_charger: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for operation in (*schedule.operations, *execution.aborted):
        for pool in instance.mode(operation.key, operation.mode).operators:
            of_pool[pool].append((operation.start, operation.end))
    for charge in schedule.charges:
        at_charger[charge.charger].append((charge.start, charge.end))

    def kept(shortages: tuple[Shortage, ...], met: Sequence[tuple[int, int]]) -> tuple[Shortage, ...]:
        over = _over(met, execution.now)
        return tuple(s for s in shortages if s.end > over or _meets(s.start, s.end, met))

    def of_fleet(fleet: Fleet) -> Fleet:
        chargers = (replace(c, shortages=kept(c.shortages, at_charger[c.id])) for c in fleet.chargers)
        return replace(fleet, chargers=tuple(chargers))

    return replace(
        instance,
        operators=tuple(replace(pool, shortages=kept(pool.shortages, of_pool[pool.id])) for pool in instance.operators),
        fleets=tuple(of_fleet(fleet) for fleet in instance.fleets),
    )


def _without_slowdowns(instance: Instance, schedule: Schedule, execution: Execution) -> Instance:
    """Return the instance without the slowdowns that are over and met nothing: no operation, no travel of a carrier.

    An empty move begins as late as it can: just before a slowdown, where it would be too late in it. So what touches
    one keeps it too.
    """

    def kept(group: AnyGroup) -> AnyGroup:
        if not group.slowdowns:
            return group
        moves = (m for carrier in group.carriers for m in schedule.by_mover.get(carrier.id, ()))
        met = [(m.start - 1, m.end + 1) for m in moves]
        over = _over(met, execution.now)
        slowdowns = tuple(s for s in group.slowdowns if s.end is None or s.end > over or _meets(s.start, s.end, met))
        return replace(group, slowdowns=slowdowns)

    def of_machine(machine: Machine) -> Machine:
        met = [(o.start, o.end) for o in schedule.by_machine.get(machine.id, ())] if machine.slowdowns else []
        over = _over(met, execution.now)
        slowdowns = tuple(
            s for s in machine.slowdowns if s.over_at is None or s.over_at > over or _meets(s.start, s.over_at, met)
        )
        return replace(machine, slowdowns=slowdowns) if len(slowdowns) < len(machine.slowdowns) else machine

    machines = tuple(map(of_machine, instance.machines))
    cells, fleets = tuple(map(kept, instance.cells)), tuple(map(kept, instance.fleets))
    return replace(instance, machines=machines, cells=cells, fleets=fleets)


def _over(met: Sequence[tuple[int, int]], now: int) -> int:
    """Return when the last thing ended that is finished."""
    return max((end for _, end in met if end <= now), default=0)


def _meets(begin: int, until: int, met: Sequence[tuple[int, int]]) -> bool:
    """Return whether something lies in ``[begin, until)``, in part."""
    return any(start < until and begin < end for start, end in met)


def _time(item: ScheduledOperation | Move) -> tuple[int, int]:
    return (item.start, item.end)
