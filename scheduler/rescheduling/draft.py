"""A draft: which machine, robot and trip does what, and in which order; the times are still to be found."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TypeVar

from scheduler.domain import Charge, Instance, Job, Move, OperationKey, Schedule, ScheduledOperation
from scheduler.domain.happened import execution_of
from scheduler.domain.routing import SLOTS, carriers, route, slots_of

Item = TypeVar("Item", ScheduledOperation, Move, Charge)
LinkKey = tuple[str, str | None, str | None]
"""``(job, predecessor, successor)``: the way of a part."""
_RANK = {slot: rank for rank, slot in enumerate(SLOTS)}


@dataclass(frozen=True)
class Draft:
    """Operations, loaded moves and charges in nominal times that give their order, not yet their places in time.

    ``as_planned`` tells whether the nominal times are those of the baseline, before which nothing may start.
    ``moved_charges`` take place at another charger than planned, or earlier among those there.
    """

    operations: tuple[ScheduledOperation, ...]
    moves: tuple[Move, ...]
    added_operations: frozenset[OperationKey] = frozenset()
    added_moves: frozenset[LinkKey] = frozenset()
    charges: tuple[Charge, ...] = ()
    added_charges: frozenset[tuple[str, int]] = frozenset()
    moved_charges: frozenset[tuple[str, int]] = frozenset()

    def as_planned(self, item: ScheduledOperation | Move | Charge) -> bool:
        """Return whether the item stood in the baseline."""
        if isinstance(item, ScheduledOperation):
            return item.key not in self.added_operations
        if isinstance(item, Charge):
            return (item.vehicle, item.start) not in self.added_charges
        return link_key(item) not in self.added_moves


def really(instance: Instance, moves: Iterable[Move]) -> dict[Move, Move]:
    """Return how those of the moves that have begun really go (a robot that was down takes longer)."""
    real = {(link_key(move), move.origin, move.load): move for move in execution_of(instance).moves}
    keys = ((move, (link_key(move), move.origin, move.load)) for move in moves)
    return {move: real[key] for move, key in keys if key in real}


def in_turn(moves: Iterable[Move], begun: Container[Move]) -> list[Move]:
    """Return the moves that put parts down at one place in turn.

    First come those that have begun, unless their carrier has another part to put down there before.
    """
    found = list(moves)

    def turn(move: Move) -> tuple[bool, int]:
        pending = (m for m in found if m.mover == move.mover and m not in begun)
        return move not in begun or any(m.end < move.end for m in pending), move.end

    return sorted(found, key=turn)


def link_key(move: Move) -> LinkKey:
    """Return the link of a loaded move."""
    return (move.job or "", move.predecessor, move.successor)


def timed(item: Item, start: int, end: int) -> Item:
    """Return the item at these times, itself where it has them: copies are what a shift spends its time on."""
    return item if (item.start, item.end) == (start, end) else replace(item, start=start, end=end)


def by_leg(moves: Iterable[Move]) -> list[list[Move]]:
    """Return the moves of a link leg by leg, in order: several where a job goes in loads."""
    found: dict[tuple[str, str], list[Move]] = {}
    for move in moves:
        found.setdefault((move.origin, move.destination), []).append(move)
    return list(found.values())


def moves_by_way(instance: Instance, moves: Sequence[Move]) -> dict[LinkKey, list[Move]]:
    """Return the moves of each link, leg after leg, the moves of a leg by start."""
    slots, found = slots_of(instance, moves), dict[LinkKey, list[Move]]()
    for move in sorted(moves, key=attrgetter("start")):
        found.setdefault(link_key(move), []).append(move)
    for of_link in found.values():
        of_link.sort(key=lambda move: _RANK[slots[move]])
    return found


def moves_by_operation(moves: Iterable[Move]) -> dict[tuple[OperationKey, bool], list[Move]]:
    """Return the loaded moves to each operation (True) and away from it (False)."""
    found: dict[tuple[OperationKey, bool], list[Move]] = {}
    for move in moves:
        if move.job is not None and move.successor is not None:
            found.setdefault(((move.job, move.successor), True), []).append(move)
        if move.job is not None and move.predecessor is not None:
            found.setdefault(((move.job, move.predecessor), False), []).append(move)
    return found


def draft_of(instance: Instance, baseline: Schedule) -> Draft:
    """Return what is left of the baseline in the instance.

    A job that lost its last operations leaves the factory earlier: its way out takes the place, in the order of
    the mover, of the move that took the part from that station in the baseline. One that got new ones where its part
    is, on a machine without buffer, does them there before any other part comes.
    """
    baseline, staying = _staying(instance, baseline)
    operations = tuple(o for o in baseline.operations if o.key in instance.operation_by_key)
    scheduled = {o.key: o for o in operations}
    loaded = [m for m in baseline.moves if m.job is not None]
    if not (loaded or instance.group_by_id or instance.lanes):
        return Draft(operations, (), staying)
    ways = {key for job in instance.jobs for key in ways_of(job, scheduled)}
    kept = [m for m in loaded if link_key(m) in ways]
    present = {link_key(m) for m in kept}
    dropped = [m for m in loaded if link_key(m) not in ways]
    moves = list(kept)
    departing = [(job, last) for job, last, successor in ways - present if last is not None and successor is None]
    for last in sorted(departing):
        moves.extend(_departure(instance, scheduled[last], dropped, moves, baseline.charges))
    departures = moves[len(kept) :]
    charges = useful_charges(instance, baseline.charges, tuple(moves))
    return Draft(operations, tuple(moves), staying, frozenset(link_key(m) for m in departures), charges)


def _staying(instance: Instance, baseline: Schedule) -> tuple[Schedule, frozenset[OperationKey]]:
    """Return the baseline with new operations for which a part stays where it is, in no time, and their keys.

    It is there since an operation that has begun, keeps its place as there is no buffer, and leaves after the last.
    """
    now, operations, moves = execution_of(instance).now, dict(baseline.by_operation), list(baseline.moves)
    there: dict[str, set[str]] = {}
    for operation in baseline.operations:
        there.setdefault(operation.job, set()).add(operation.operation)
    added: list[OperationKey] = []
    for job in (job for job in instance.jobs if job.id in there):
        lacking = _lacking(job, there[job.id])
        for precedence in job.precedences if lacking else ():
            before, key = operations.get((job.id, precedence.predecessor)), (job.id, precedence.successor)
            if key[1] not in lacking or before is None or (before.start >= now and before.key not in added):
                continue
            mode = _mode_there(instance, job, precedence.successor, before.machine)
            if mode is not None:
                then = max(before.end, now)
                operations[key] = ScheduledOperation(*key, mode, before.machine, then, then)
                moves = [replace(m, predecessor=key[1]) if (m.job, m.predecessor) == before.key else m for m in moves]
                added.append(key)
    if not added:
        return baseline, frozenset()
    return replace(baseline, operations=tuple(operations.values()), moves=tuple(moves)), frozenset(added)


def _lacking(job: Job, there: set[str]) -> set[str]:
    """Return the operations that the plan of a job has gained since it was scheduled."""
    if len(there) == len(job.operations):
        return set()
    plans = [set(plan) for plan in job.plans] or [{operation.id for operation in job.operations}]
    return set() if there in plans else next((plan - there for plan in plans if plan > there), set())


def _mode_there(instance: Instance, job: Job, operation: str, machine: str) -> int | None:
    """Return the mode of an operation on the machine that its part stays on; None if it does not stay, or can't."""
    parts = [p for p in job.precedences if p.successor == operation]
    if len(parts) > 1 or instance.machine_by_id[machine].output_buffer != 0:
        return None
    modes = enumerate(job.operation(operation).modes)
    return next((number for number, mode in modes if mode.machine == machine and not mode.tended), None)


def useful_charges(instance: Instance, charges: Iterable[Charge], moves: Sequence[Move]) -> tuple[Charge, ...]:
    """Return the charges of the past, and those before moves that are left; of several before one move the first.

    One before a return stays too, if the baseline has it there, behind a move that is left.
    """
    execution, found = execution_of(instance), list[Charge]()
    past, planned = execution.charges, execution.baseline.by_mover
    starts: dict[str, list[int]] = {}
    for move in moves:
        starts.setdefault(move.mover, []).append(move.start)
    led_to: set[tuple[str, int | None]] = set()
    for charge in sorted(charges, key=attrgetter("vehicle", "start", "end")):
        vehicle = charge.vehicle
        pick_up = min((start for start in starts.get(vehicle, ()) if start >= charge.end), default=None)
        last = max((move.start for move in planned.get(vehicle, ()) if move.job is not None), default=-1)
        leads_home = pick_up is None and last < charge.end and last in starts.get(vehicle, ())
        leads_home = leads_home and instance.fleet_by_vehicle[vehicle].returns
        if charge in past:
            found.append(charge)
        elif (pick_up is not None or leads_home) and (vehicle, pick_up) not in led_to:
            led_to.add((vehicle, pick_up))
            found.append(charge)
    return tuple(found)


def ways_of(job: Job, scheduled: dict[OperationKey, ScheduledOperation]) -> Iterator[LinkKey]:
    """Yield the links of a job whose operations are scheduled, arrivals and departures included."""
    there = tuple([o.id for o in job.operations if (job.id, o.id) in scheduled])
    if len(there) == len(job.operations) and not job.plans:
        yield from ((job.id, predecessor, successor) for predecessor, successor, _ in job.links)
        return
    for predecessor, successor, _ in replace(job, plans=(there,)).links:
        if (predecessor is None or predecessor in there) and (successor is None or successor in there):
            yield (job.id, predecessor, successor)


def _departure(
    instance: Instance,
    last: ScheduledOperation,
    dropped: list[Move],
    moves: Iterable[Move],
    charges: Iterable[Charge],
) -> Iterator[Move]:
    """Yield the moves of a new way out, by the old mover or the one that is there first after its other tasks."""
    legs = route(instance, instance.machine_by_id[last.machine], None)
    if not legs:
        return
    leaving = [m for m in dropped if m.job == last.job and m.origin == last.machine and m.start >= last.end]
    old = min(leaving, key=lambda m: m.start, default=None)
    start = last.end if old is None else old.start
    tasks: dict[str, list[Move | Charge]] = {}
    items: list[Move | Charge] = [*charges, *moves]
    for task in sorted(items, key=lambda item: (item.start, item.end)):
        tasks.setdefault(task.mover if isinstance(task, Move) else task.vehicle, []).append(task)
    for leg in legs:
        lengths = dict(carriers(instance, leg, instance.job_by_id[last.job]))
        if old is not None and old.mover in lengths:
            mover = old.mover
        else:
            done = {c: _done_at(instance, tasks.get(c, ()), c, leg.origin, start, lengths[c]) for c in lengths}
            mover = min(done, key=lambda carrier: done[carrier])
        end = start + lengths[mover]
        yield Move(last.job, leg.origin, leg.destination, mover, leg.kind, start, end, last.operation, None)
        start = end


def _done_at(
    instance: Instance, tasks: Sequence[Move | Charge], carrier: str, origin: str, start: int, length: int
) -> tuple[int, int]:
    """Return when a carrier would have done a move after its tasks, and when it would be there to begin it."""
    before = [task for task in tasks if task.start <= start]
    place = places_of(instance, before[-1])[1] if before else instance.carrier_by_id[carrier].start
    there_at = max(execution_of(instance).now, before[-1].end if before else 0)
    there_at += instance.group_by_carrier[carrier].travel_time(place, origin)
    return max(start, there_at) + length, there_at


def places_of(instance: Instance, task: Move | Charge) -> tuple[str, str]:
    """Return where a task of a robot or vehicle begins and ends."""
    if isinstance(task, Move):
        return task.origin, task.destination
    place = instance.charger_by_id[task.charger].place
    return place, place
