"""What of the baseline has happened by `now`, and what it commits the rest to; the facts that events build on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil

from scheduler.domain.calendar import Calendar, end_of_work, working_time
from scheduler.domain.execution import Execution
from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job, Mode, Operation
from scheduler.domain.lanes import Lane
from scheduler.domain.resources import Battery, CarrierGroup, Charger, Machine, OperatorPool, RobotCell
from scheduler.domain.routing import routes
from scheduler.domain.schedule import Move, OperationKey, Schedule, ScheduledOperation


def execution_of(instance: Instance) -> Execution:
    """Return the execution of an instance that has one.

    Raises
    ------
    ValueError
        If nothing has happened yet; `scheduler.domain.events.revise` sets the execution.
    """
    if instance.execution is None:
        raise ValueError("nothing has happened yet: the instance has no execution")
    return instance.execution


def started(instance: Instance) -> Mapping[OperationKey, ScheduledOperation]:
    """Return the operations that are completed or running now, as the baseline has them; aborted ones are pending."""
    execution = execution_of(instance)
    lost = {(piece.key, piece.start) for piece in execution.aborted}
    return {
        o.key: o
        for o in execution.baseline.operations
        if o.start < execution.now and o.key in instance.operation_by_key and (o.key, o.start) not in lost
    }


def work_done(instance: Instance, running: ScheduledOperation) -> int:
    """Return how many whole ticks of work have been done by `now` of an operation that has started."""
    now, machine = execution_of(instance).now, instance.machine_by_id[running.machine]
    return int(machine.tempo.worked(machine.calendar.blocked(now), running.start, now))


def first_starts(instance: Instance) -> Mapping[OperationKey, int]:
    """Return when the operations whose work was lost started for the first time."""
    found: dict[OperationKey, int] = {}
    for piece in instance.execution.aborted if instance.execution is not None else ():
        found[piece.key] = min(found.get(piece.key, piece.start), piece.start)
    return found


def taken_over(instance: Instance) -> Mapping[tuple[OperationKey, OperationKey], int]:
    """Return when parts came to another machine without a move for work that was lost, by operation before and after.

    The part is there since that work began for the first time, whenever and wherever it is done again. Where both are
    on one machine it has not left that.
    """
    execution = instance.execution
    if execution is None or not execution.aborted:
        return {}
    begun, found = started(instance), dict[tuple[OperationKey, OperationKey], int]()
    carried: dict[tuple[str | None, str | None, str | None], int] = {}
    for move in sorted(execution.moves, key=lambda move: move.start):
        carried.setdefault((move.job, move.predecessor, move.successor), move.start)
    for piece in execution.aborted:
        job = instance.job_by_id.get(piece.job)
        for precedence in job.precedences if job is not None else ():
            before = begun.get((piece.job, precedence.predecessor))
            if precedence.successor != piece.operation or before is None:
                continue
            way = (piece.job, precedence.predecessor, precedence.successor)
            is_there = piece.machine != before.machine and before.start <= piece.start
            if is_there and carried.get(way, piece.start) >= piece.start:
                both = (before.key, piece.key)
                found[both] = min(found.get(both, piece.start), piece.start)
    return found


def tasks_of(instance: Instance, schedule: Schedule, carrier: str) -> list[Move | ScheduledOperation]:
    """Return the loaded moves of a robot or vehicle and what a robot tends, work that was lost included, in order."""
    found: list[Move | ScheduledOperation] = [m for m in schedule.by_mover.get(carrier, ()) if m.job is not None]
    found += schedule.by_tender.get(carrier, ())
    found += lost_tending(instance, carrier)
    return sorted(found, key=lambda task: (task.start, task.end))


def lost_tending(instance: Instance, robot: str) -> Iterator[ScheduledOperation]:
    """Yield the pieces of work that a robot tended and that were lost."""
    for piece in instance.execution.aborted if instance.execution is not None else ():
        if piece.tended_by == robot:
            yield piece


def begun(instance: Instance, job: Job) -> set[str]:
    """Return the operations of the job that have started or await a part on its way, and all that precede them."""
    execution = execution_of(instance)
    kept = {operation for job_id, operation in started(instance) if job_id == job.id}
    kept |= {move.successor for move in execution.moves if move.job == job.id and move.successor is not None}
    scheduled = {o.operation for o in execution.baseline.operations if o.job == job.id}
    waiting = list(kept)
    while waiting:
        operation = waiting.pop()
        before = {p.predecessor for p in job.precedences if p.successor == operation and p.predecessor in scheduled}
        waiting.extend(before - kept)
        kept |= before
    return kept


def scrapped(instance: Instance, job_id: str, remake: str | None) -> Instance:
    """Return the instance in which the part of a job is lost: what runs ends now, what has not begun is dropped.

    The new job `remake`, if there is one, does all of it again, from now on.
    """
    execution, job = execution_of(instance), instance.job_by_id[job_id]
    anew = replace(job, id=remake or "", release_date=execution.now)
    ended: dict[OperationKey, ScheduledOperation] = {}
    durations: dict[OperationKey, tuple[int, ...]] = {}
    for key, running in started(instance).items():
        if running.job == job_id and running.end > execution.now:
            blocked = instance.machine_by_id[running.machine].calendar.blocked(execution.now)
            worked = working_time(blocked, running.start, execution.now)
            ended[key] = replace(running, end=end_of_work(blocked, running.start, worked))
            tempo = instance.machine_by_id[running.machine].tempo
            done = ceil(tempo.worked(blocked, running.start, execution.now))  # what was begun of a tick counts
            modes = enumerate(instance.operation_by_key[key].modes)
            durations[key] = tuple(done if index == running.mode else mode.duration for index, mode in modes)
    operations = tuple(ended.get(o.key, o) for o in execution.baseline.operations)
    baseline = replace(execution.baseline, operations=operations)
    instance = replace(instance, execution=replace(execution, baseline=baseline))
    instance = without_pending(with_durations(instance, durations), job_id)
    return instance if remake is None else replace(instance, jobs=(*instance.jobs, anew))


def without_pending(instance: Instance, job_id: str) -> Instance:
    """Return the instance in which a job is left without what has not begun, or which lacks it if nothing has.

    What is left has neither due date nor deadline, and anybody may carry it.
    """
    job = instance.job_by_id[job_id]
    kept = begun(instance, job)
    operations = tuple(operation for operation in job.operations if operation.id in kept)
    rest = replace(
        job,
        operations=operations,
        precedences=tuple(p for p in job.precedences if p.predecessor in kept and p.successor in kept),
        due_date=None,
        deadline=None,
        plans=(),
        carriers=(),
    )
    jobs = tuple(rest if j.id == job.id else j for j in instance.jobs if j.id != job.id or operations)
    execution = execution_of(instance)
    aborted = tuple(piece for piece in execution.aborted if piece.job != job.id or piece.operation in kept)
    return replace(instance, jobs=jobs, execution=replace(execution, aborted=aborted))


def reachable(instance: Instance, key: OperationKey, mode: Mode) -> bool:
    """Return whether the moves that have brought the part of an operation are on its way to the mode's machine too."""
    execution = execution_of(instance)
    machine = instance.machine_by_id[mode.machine]
    for move in execution.moves:
        if (move.job, move.successor) == key:
            before = execution.baseline.by_operation.get((key[0], move.predecessor or ""))
            origin = instance.machine_by_id[before.machine] if before is not None else None
            legs = (leg for legs in routes(instance, origin, machine) for leg in legs)
            if (move.origin, move.destination) not in {(leg.origin, leg.destination) for leg in legs}:
                return False
    return True


def carried(instance: Instance, mover: str) -> tuple[Move, ...]:
    """Return the loaded moves of a robot or vehicle under way now; of a lane vehicle all that make its trip."""
    execution = execution_of(instance)
    return tuple(m for m in execution.moves if m.mover == mover and m.start < execution.now < m.end)


def with_machine(instance: Instance, machine: Machine) -> Instance:
    """Return the instance in which a machine is another one of the same id."""
    return replace(instance, machines=tuple(machine if m.id == machine.id else m for m in instance.machines))


def with_lane(instance: Instance, lane: Lane) -> Instance:
    """Return the instance in which a lane is another one of the same id."""
    return replace(instance, lanes=tuple(lane if other.id == lane.id else other for other in instance.lanes))


def with_group(instance: Instance, group: CarrierGroup) -> Instance:
    """Return the instance in which a robot cell or fleet is another one of the same id."""
    if isinstance(group, RobotCell):
        return replace(instance, cells=tuple(group if other.id == group.id else other for other in instance.cells))
    return replace(instance, fleets=tuple(group if other.id == group.id else other for other in instance.fleets))


def with_pool(instance: Instance, pool: OperatorPool) -> Instance:
    """Return the instance in which an operator pool is another one of the same id."""
    return replace(instance, operators=tuple(pool if other.id == pool.id else other for other in instance.operators))


def with_charger(instance: Instance, charger: Charger) -> Instance:
    """Return the instance in which a charger is another one of the same id."""
    fleets = tuple(
        replace(f, chargers=tuple(charger if other.id == charger.id else other for other in f.chargers))
        for f in instance.fleets
    )
    return replace(instance, fleets=fleets)


def with_job(instance: Instance, job: Job) -> Instance:
    """Return the instance in which a job is another one of the same id."""
    return replace(instance, jobs=tuple(job if other.id == job.id else other for other in instance.jobs))


def with_durations(instance: Instance, durations: Mapping[OperationKey, Sequence[int]]) -> Instance:
    """Return the instance in which the modes of operations have other durations.

    A running operation that now meets a downtime of its machine pauses in it.
    """
    jobs = {key[0] for key in durations}
    changed = []
    for job in instance.jobs:
        operations = []
        for operation in job.operations if job.id in jobs else ():
            lengths = durations.get((job.id, operation.id))
            if lengths is not None:
                modes = tuple(replace(m, duration=d) for m, d in zip(operation.modes, lengths, strict=True))
                operation = replace(operation, modes=modes)
            operations.append(operation)
        changed.append(replace(job, operations=tuple(operations)) if operations else job)
    return pausing(replace(instance, jobs=tuple(changed)))


def with_operation(instance: Instance, job_id: str, operation: Operation) -> Instance:
    """Return the instance in which an operation of a job is another one of the same id."""
    job = instance.job_by_id[job_id]
    changed = replace(job, operations=tuple(operation if o.id == operation.id else o for o in job.operations))
    return replace(instance, jobs=tuple(changed if j.id == job_id else j for j in instance.jobs))


def interruptible(instance: Instance, running: ScheduledOperation) -> Instance:
    """Return the instance in which the operation pauses in downtimes of its machine."""
    operation = instance.operation_by_key[running.key]
    return with_operation(instance, running.job, replace(operation, interruptible=True))


def pausing(instance: Instance) -> Instance:
    """Return the instance in which running operations pause in the downtimes that are in their way now.

    Whatever has made them longer or their machines stop: what an event has changed, or that it is over.
    """
    now = execution_of(instance).now
    for running in started(instance).values():
        operation = instance.operation_by_key[running.key]
        if running.end > now and not operation.interruptible:
            length = operation.modes[running.mode].duration
            machine = instance.machine_by_id[running.machine]
            end = machine.tempo.end((), running.start, length)
            if working_time(machine.calendar.blocked(end), running.start, end) < end - running.start:
                instance = interruptible(instance, running)
    return instance


def pausing_between_shifts(instance: Instance, keys: Iterable[OperationKey]) -> Instance:
    """Return the instance in which those of the operations that are longer than all their shifts pause between them.

    Once a part is on its way to an operation, only shifts of the machine where it was planned count.
    """
    execution = execution_of(instance)
    on_its_way = {(move.job, move.successor) for move in execution.moves}
    for key in keys:
        operation = instance.operation_by_key[key]
        was = execution.baseline.by_operation.get(key) if key in on_its_way else None
        possible = [mode for mode in operation.modes if was is None or mode.machine == was.machine]
        longest = [instance.machine_by_id[mode.machine].calendar.longest for mode in possible]
        fits = (room is None or mode.duration <= room for mode, room in zip(possible, longest, strict=True))
        if not operation.interruptible and not any(fits):
            instance = with_operation(instance, key[0], replace(operation, interruptible=True))
    return instance


def taken_back(instance: Instance, running: ScheduledOperation) -> Instance:
    """Return the instance in which the work on the operation is lost: it has to be done again.

    Modes that its part can't reach any more become copies of the one it was in.
    """
    execution = execution_of(instance)
    operation = instance.operation_by_key[running.key]
    lost = operation.modes[running.mode]
    modes = tuple(mode if reachable(instance, running.key, mode) else lost for mode in operation.modes)
    piece = replace(running, end=min(running.end, execution.now))
    changed = with_operation(instance, running.job, replace(operation, modes=modes))
    return replace(changed, execution=replace(execution, aborted=(*execution.aborted, piece)))


def with_calendar(instance: Instance, carrier_id: str, calendar: Calendar) -> Instance:
    """Return the instance in which a robot or vehicle of a fleet has another calendar."""
    cells = tuple(
        replace(c, robots=tuple(replace(r, calendar=calendar) if r.id == carrier_id else r for r in c.robots))
        for c in instance.cells
    )
    fleets = tuple(
        replace(f, vehicles=tuple(replace(v, calendar=calendar) if v.id == carrier_id else v for v in f.vehicles))
        for f in instance.fleets
    )
    return replace(instance, cells=cells, fleets=fleets)


def with_battery(instance: Instance, vehicle_id: str, battery: Battery) -> Instance:
    """Return the instance in which a vehicle of a fleet has another battery."""
    fleets = tuple(
        replace(f, vehicles=tuple(replace(v, battery=battery) if v.id == vehicle_id else v for v in f.vehicles))
        for f in instance.fleets
    )
    return replace(instance, fleets=fleets)


def lengthened(move: Move, at: int, before: Calendar, after: Calendar) -> Move:
    """Return a move whose mover changes its calendar: what is left of it at `at` is done under the new one."""
    work = working_time(before.blocked(move.end), at, move.end)
    return replace(move, end=_end_under(after, at, work)) if work > 0 else move


def _end_under(calendar: Calendar, start: int, work: int) -> int:
    until = start + work + 1
    while (end := end_of_work(calendar.blocked(until), start, work)) > until:
        until = 2 * end
    return end
