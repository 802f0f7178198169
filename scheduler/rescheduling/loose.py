"""What can't keep its place in the baseline: operations that are new, or have lost their machine or their way to it.

A right shift keeps all orders. An event may take away what they rest on: a machine is ruled out, or so slow that work
fits into no shift of it, a rework has operations that the baseline lacks, a lane has fewer vehicles. Such operations,
and all that follow them in their job, come again after everything else, like those of a new job
(`scheduler.rescheduling.insertion`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count

from scheduler.domain import Instance, Job, Move, OperationKey, Schedule, ScheduledOperation
from scheduler.domain.happened import execution_of, started
from scheduler.domain.routing import Leg, in_loads, lanes_between, route
from scheduler.rescheduling.draft import Draft, LinkKey, draft_of, link_key, useful_charges, ways_of
from scheduler.rescheduling.timing import Stuck


def loose_operations(instance: Instance, draft: Draft) -> frozenset[OperationKey]:
    """Return the pending operations of the draft's jobs that can't keep their place, and those that it lacks."""
    lost = {o.key for o in draft.operations if instance.mode(o.key, o.mode).machine != o.machine}
    lost |= {(m.job or "", m.successor or m.predecessor or "") for m in _without_mover(instance, draft)}
    longest = {machine.id: machine.calendar.longest for machine in instance.machines if machine.calendar.pattern}
    if longest:
        lost |= {o.key for o in draft.operations if _has_lost_its_shift(instance, o, longest)}
    scheduled: dict[str, set[str]] = {}
    for operation in draft.operations:
        scheduled.setdefault(operation.job, set()).add(operation.operation)
    for job_id, there in scheduled.items():
        job = instance.job_by_id[job_id]
        if len(there) < len(job.operations):
            lost |= {(job_id, operation) for operation in plan_of(job, there) if operation not in there}
    lost |= set(_without_way(instance, draft, scheduled))
    return with_followers(instance, lost)


def whole_jobs(instance: Instance, loose: frozenset[OperationKey]) -> frozenset[OperationKey]:
    """Return all pending operations of the jobs of some, so that no part waits for these in the way of others."""
    jobs = {job for job, _ in loose}
    return with_followers(instance, [(id, o.id) for id in jobs for o in instance.job_by_id[id].operations])


def _without_way(instance: Instance, draft: Draft, scheduled: Mapping[str, set[str]]) -> Iterator[OperationKey]:
    """Yield the operations whose part came from one that is gone now, so that nobody brings it from the one before."""
    baseline = execution_of(instance).baseline.operations
    shorter = {o.job for o in baseline if o.job in scheduled and o.operation not in scheduled[o.job]}
    there, moves = {o.key: o for o in draft.operations}, {link_key(m) for m in draft.moves} if shorter else set()
    for job_id in shorter:
        for way in ways_of(instance.job_by_id[job_id], there):
            _, before, after = way
            if way in moves or after is None:
                continue
            origin = None if before is None else instance.machine_by_id[there[job_id, before].machine]
            if route(instance, origin, instance.machine_by_id[there[job_id, after].machine]):
                yield job_id, after


def _has_lost_its_shift(instance: Instance, operation: ScheduledOperation, longest: Mapping[str, int | None]) -> bool:
    """Return whether an operation that does not pause is now longer than every shift of its machine, not of others."""
    known = instance.operation_by_key[operation.key]
    fits = [(room := longest.get(mode.machine)) is None or mode.duration <= room for mode in known.modes]
    return not known.interruptible and not fits[operation.mode] and any(fits)


def with_followers(instance: Instance, lost: Iterable[OperationKey]) -> frozenset[OperationKey]:
    """Return those of some operations, and of all that follow them in their jobs, that are pending in every respect."""
    fixed = set(started(instance))
    fixed |= {(m.job or "", m.successor or "") for m in execution_of(instance).moves if m.successor is not None}
    loose: set[OperationKey] = set()
    waiting = [key for key in lost if key not in fixed]
    while waiting:
        key = waiting.pop()
        if key not in loose:
            loose.add(key)
            following = instance.job_by_id[key[0]].precedences
            waiting += [(key[0], p.successor) for p in following if p.predecessor == key[1]]
    return frozenset(key for key in loose if key not in fixed)


def plan_of(job: Job, scheduled: set[str]) -> tuple[str, ...]:
    """Return the operations that belong to a job of which these are scheduled: all, or those of the nearest plan."""
    plans = job.plans or (tuple(operation.id for operation in job.operations),)
    return min(plans, key=lambda plan: (not scheduled.issubset(plan), len(scheduled.symmetric_difference(plan))))


def without(instance: Instance, draft: Draft, loose: frozenset[OperationKey]) -> Draft:
    """Return the draft without operations, the moves to and from them, and charges that led to nothing else."""
    moves = tuple(
        m
        for m in draft.moves
        if (m.job or "", m.successor or "") not in loose and (m.job or "", m.predecessor or "") not in loose
    )
    operations = tuple(o for o in draft.operations if o.key not in loose)
    charges = useful_charges(instance, draft.charges, moves)
    return replace(draft, operations=operations, moves=moves, charges=charges)


def in_todays_loads(instance: Instance, draft: Draft) -> Draft:
    """Return the draft in which what is left of jobs that split goes in the loads of today.

    Vehicles that are larger or smaller than in the baseline carry other loads. Each takes the trip of one that was
    planned; more loads than that come on trips of their own, directly after the last.
    """
    pending: dict[tuple[LinkKey, str, str], list[Move]] = {}
    execution = execution_of(instance)
    for move in sorted(draft.moves, key=lambda m: (m.start, m.load)):
        if move.kind == "transfer" and move.start >= execution.now and instance.job_by_id[move.job or ""].splits:
            pending.setdefault((link_key(move), move.origin, move.destination), []).append(move)
    if not pending:
        return draft
    moves = set(draft.moves)
    for (link, origin, destination), planned in pending.items():
        lanes = tuple(lane.id for lane in lanes_between(instance, origin, destination))
        legs = [Leg("transfer", "transfer", origin, destination, lanes)]
        gone = {m.load for m in execution.departed.get((*link, origin, destination), ())}
        loads = [
            leg for leg in in_loads(instance, legs, instance.job_by_id[link[0]], *link[1:]) if leg.load not in gone
        ]
        if {(m.load, m.units) for m in planned} != {(leg.load, leg.units) for leg in loads}:
            moves -= set(planned)
            for number, leg in enumerate(loads):
                later = max(0, number - len(planned) + 1)
                move = planned[min(number, len(planned) - 1)]
                start, length = move.start + later, move.end - move.start
                moves.add(replace(move, start=start, end=start + length, load=leg.load, units=leg.units))
    return _with_moves(draft, moves)


def on_later_trips(instance: Instance, draft: Draft) -> Draft:
    """Return the draft with transfers that find no room on their trip on one of their own, directly after it.

    For what can't come behind everything else, as a part of it is there already: an assembly of which one part has been
    brought, a job of which one load has departed. Nominal times only say what comes after what.

    Raises
    ------
    Stuck
        If no vehicle is large enough any more.
    """
    crowded = list(_without_mover(instance, draft))
    if not crowded:
        return draft
    moves = set(draft.moves)
    for move in crowded:
        mover = move.mover
        if mover not in instance.lane_by_vehicle:
            lanes = lanes_between(instance, move.origin, move.destination)
            mover = next(
                (lane.vehicle_ids[0] for lane in lanes if lane.units_per_vehicle >= _units(instance, move)), ""
            )
        if not mover:
            raise Stuck(f"no lane from {move.origin} to {move.destination} carries job {move.job} any more")
        taken = {m.start for m in moves if m.mover == mover}
        start = next(tick for tick in count(move.start) if tick not in taken)
        later = replace(move, mover=mover, start=start, end=start + move.end - move.start)
        moves = moves - {move} | {later}
    return _with_moves(draft, moves)


def lacks_trips(instance: Instance, baseline: Schedule) -> bool:
    """Return whether pending transfers of the baseline have no vehicle any more, or no room on their trip."""
    return next(_without_mover(instance, in_todays_loads(instance, draft_of(instance, baseline))), None) is not None


def _with_moves(draft: Draft, moves: set[Move]) -> Draft:
    def place(m: Move) -> tuple[int, int, str, str, str, str, str, int]:
        return (m.start, m.end, m.mover, m.job or "", m.predecessor or "", m.successor or "", m.origin, m.load)

    ordered = tuple(sorted(moves, key=place))
    return draft if moves == set(draft.moves) else replace(draft, moves=ordered)


def _without_mover(instance: Instance, draft: Draft) -> Iterator[Move]:
    """Yield the pending transfers for which there is no vehicle any more, or no room on their trip."""
    now, loads = execution_of(instance).now, dict[tuple[str, int], int]()
    for move in draft.moves:
        if move.kind != "transfer" or move.start < now:
            continue
        lane = instance.lane_by_vehicle.get(move.mover)
        trip, units = (move.mover, move.start), _units(instance, move)
        if lane is None or loads.get(trip, 0) + units > lane.units_per_vehicle:
            yield move
        else:
            loads[trip] = loads.get(trip, 0) + units


def _units(instance: Instance, move: Move) -> int:
    return move.units or instance.job_by_id[move.job or ""].units
