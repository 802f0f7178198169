"""The visits of a robot or vehicle: where it picks parts up, drops them or tends machines, one after the other.

A loaded move has two visits: ``[start, start + pick-up)`` at its origin and ``[end - drop, end)`` at its destination.
A carrier that holds one part at a time makes the two in direct succession; one that holds several may make others in
between. An operation that a robot tends is one visit, from its start to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from scheduler.domain.resources import Carrier, CarrierGroup
from scheduler.domain.schedule import Move, ScheduledOperation


class Visit(NamedTuple):
    """A carrier picks up (``is_drop``: puts down) a part at ``place`` during ``[begin, end)``, or tends it there."""

    begin: int
    end: int
    place: str
    is_drop: bool
    task: Move | ScheduledOperation

    @property
    def taken(self) -> int:
        """Parts that it holds more after the visit than before."""
        return 0 if isinstance(self.task, ScheduledOperation) else -1 if self.is_drop else 1


class Stretch(NamedTuple):
    """A carrier holds a part or tends one during ``[begin, end)``, on its way from ``origin`` to ``destination``."""

    begin: int
    end: int
    origin: str
    destination: str


def visits(group: CarrierGroup, carrier: Carrier, tasks: Iterable[Move | ScheduledOperation]) -> list[Visit]:
    """Return the visits of a carrier in order, given its loaded moves and tended operations by start and end.

    Where it holds several parts, the visit that is usually nearest is next among those without length at one instant.
    """
    if carrier.capacity == 1:
        return [visit for task in tasks for visit in _visits_of(group, task)]
    waiting = sorted((v for task in tasks for v in _visits_of(group, task)), key=lambda v: v[:2])
    found: list[Visit] = []
    here, first = carrier.start, 0
    while first < len(waiting):
        last = first + 1
        while last < len(waiting) and waiting[last][:2] == waiting[first][:2]:
            last += 1
        tied = waiting[first:last]
        while tied:
            picks = {id(visit.task) for visit in tied if not visit.is_drop}
            able = [visit for visit in tied if not visit.is_drop or id(visit.task) not in picks]
            visit = min(able, key=lambda v: 0 if v.place == here else group.travel[here][v.place])
            tied.remove(visit)
            found.append(visit)
            here = visit.place
        first = last
    return found


def stretches(group: CarrierGroup, carrier: Carrier, tasks: Iterable[Move | ScheduledOperation]) -> Iterator[Stretch]:
    """Yield the stretches of a carrier, given its tasks as in `visits`: only between them it has nothing in hand."""
    if carrier.capacity == 1:
        for task in tasks:
            if isinstance(task, ScheduledOperation):
                yield Stretch(task.start, task.end, task.machine, task.machine)
            else:
                yield Stretch(task.start, task.end, task.origin, task.destination)
        return
    first, num_held = None, 0
    for visit in visits(group, carrier, tasks):
        first = visit if first is None else first
        num_held += visit.taken
        if num_held == 0:
            yield Stretch(first.begin, visit.end, first.place, visit.place)
            first = None


def _visits_of(group: CarrierGroup, task: Move | ScheduledOperation) -> tuple[Visit, ...]:
    if isinstance(task, ScheduledOperation):
        return (Visit(task.start, task.end, task.machine, False, task),)
    return (
        Visit(task.start, task.start + group.pick_up_time, task.origin, False, task),
        Visit(task.end - group.drop_time, task.end, task.destination, True, task),
    )
