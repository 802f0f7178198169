"""The stops of robots and of the vehicles of fleets, in the order of a draft or of a schedule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from scheduler.domain import Carrier, Charge, Instance, Move, ScheduledOperation
from scheduler.domain.visits import visits
from scheduler.rescheduling.draft import link_key

Task: TypeAlias = Move | Charge | ScheduledOperation
"""What a carrier does at a stop."""


class Stop(NamedTuple):
    """A carrier picks up or (``is_drop``) puts down a part at ``place``, or charges or tends a machine there.

    It goes on from the place ``leaves``: one that holds one part at a time is where it puts that down. ``held`` are the
    parts in its grippers, or on board, when it goes on; one that holds one part at a time has put it down.
    """

    task: Task
    place: str
    is_drop: bool
    leaves: str
    held: int = 0

    def key(self, before: object) -> tuple[object, ...]:
        """Return what makes it known again in another schedule, with the key of the stop before it.

        A charge is known by what is before it: it may begin at another time.
        """
        task = self.task
        if isinstance(task, Move):
            return (link_key(task), self.place, self.is_drop)
        return task.key if isinstance(task, ScheduledOperation) else (before, task.charger)


def keys_of(stops: Iterable[Stop]) -> list[tuple[object, ...]]:
    """Return the keys of stops in order."""
    keys = [tuple[object, ...]()]
    for stop in stops:
        keys.append(stop.key(keys[-1]))
    return keys[1:]


def stops_by_carrier(
    instance: Instance, moves: Iterable[Move], charges: Iterable[Charge], operations: Iterable[ScheduledOperation] = ()
) -> dict[str, list[Stop]]:
    """Return the stops of each robot and vehicle, in its nominal order; a charge comes before a move."""
    found: dict[str, list[Task]] = {}
    items: list[tuple[str, Task]] = [(charge.vehicle, charge) for charge in charges]
    items += ((m.mover, m) for m in moves if m.kind in ("robot_move", "transport"))
    items += ((o.tended_by, o) for o in operations if o.tended_by is not None)
    for carrier, task in sorted(items, key=lambda i: (i[1].start, not isinstance(i[1], Charge), i[1].end)):
        found.setdefault(carrier, []).append(task)
    return {carrier: list(_stops(instance, instance.carrier_by_id[carrier], tasks)) for carrier, tasks in found.items()}


def _stops(instance: Instance, carrier: Carrier, tasks: Sequence[Task]) -> Iterator[Stop]:
    """Yield the stops at which a carrier does its tasks; one that holds several parts charges when it holds none."""
    if carrier.capacity > 1:
        charges = [task for task in tasks if isinstance(task, Charge)]
        handled = [task for task in tasks if not isinstance(task, Charge)]
        held = 0
        for visit in visits(instance.group_by_carrier[carrier.id], carrier, handled):
            while charges and held == 0 and charges[0].start <= visit.begin:
                yield _plugged(instance, charges.pop(0))
            held += visit.taken
            yield Stop(visit.task, visit.place, visit.is_drop, visit.place, held)
        yield from (_plugged(instance, charge) for charge in charges)
        return
    for task in tasks:
        if isinstance(task, Move):
            yield Stop(task, task.origin, False, task.destination)
        elif isinstance(task, ScheduledOperation):
            yield Stop(task, task.machine, False, task.machine)
        else:
            yield _plugged(instance, task)


def _plugged(instance: Instance, charge: Charge) -> Stop:
    place = instance.charger_by_id[charge.charger].place
    return Stop(charge, place, False, place)
