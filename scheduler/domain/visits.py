"""The visits of a robot or vehicle: where it picks parts up, drops them or tends machines, one after the other.

A loaded move has two visits: ``[start, start + pick-up)`` at its origin and ``[end - drop, end)`` at its destination.
A carrier that holds one part at a time makes the two in direct succession; one that holds several may make others in
between. An operation that a robot tends is one visit, from its start to its end.

From a visit for which it comes with nothing in hand to the one after which it holds nothing is a *stretch*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from scheduler.domain.resources import Carrier, CarrierGroup
from scheduler.domain.schedule import Move, ScheduledOperation
from scheduler.domain.slowdowns import last_departure


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
    """A carrier holds a part or tends one during ``[start, end)``, from the first to the last of its ``visits``."""

    start: int
    end: int
    origin: str
    destination: str
    visits: tuple[Visit, ...]

    @property
    def tasks(self) -> tuple[Move | ScheduledOperation, ...]:
        """The moves that it makes and what it tends, by their first visits."""
        return tuple({id(visit.task): visit.task for visit in self.visits}.values())


class Piece(NamedTuple):
    """A part of a stretch, ``[start, end)``: the carrier handles and travels for ``busy`` ticks, then it waits."""

    start: int
    end: int
    busy: int


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
    made: list[Visit] = []
    num_held = 0
    for visit in visits(group, carrier, tasks):
        made.append(visit)
        num_held += visit.taken
        if num_held == 0:
            yield Stretch(made[0].begin, visit.end, made[0].place, visit.place, tuple(made))
            made = []


def pieces(group: CarrierGroup, stretch: Stretch) -> Iterator[Piece]:
    """Yield the parts of a stretch, from visit to visit; visits of one task that follow each other are in one part.

    In each the carrier is busy first, as long as handling and the way to the next part usually take.
    """
    start, busy = stretch.start, 0
    for visit, following in pairwise([*stretch.visits, None]):
        assert visit is not None
        busy += visit.end - visit.begin
        if following is not None:
            busy += way(group, visit, following)
        if following is None or following.task is not visit.task:
            end = stretch.end if following is None else following.begin
            yield Piece(start, end, min(busy, max(0, end - start)))
            start, busy = end, 0


def way(group: CarrierGroup, before: Visit, after: Visit) -> int:
    """Return how long the way from one visit to the next takes: that of one job, as long as when its move began.

    On other ways, or if that is not in time, the carrier leaves as late as it can; if it can't be in time so either, it
    was as fast as when the later move began.
    """
    if before.place == after.place or not group.slowdowns:
        return group.travel_time(before.place, after.place)
    begun = group.travel_time(before.place, after.place, max(before.task.start, after.task.start))
    if before.task is after.task and before.end + begun <= after.begin:
        return begun
    latest = last_departure(group, before.place, after.place, after.begin)
    return begun if latest < before.end else group.travel_time(before.place, after.place, latest)


def _visits_of(group: CarrierGroup, task: Move | ScheduledOperation) -> tuple[Visit, ...]:
    if isinstance(task, ScheduledOperation):
        return (Visit(task.start, task.end, task.machine, False, task),)
    return (
        Visit(task.start, task.start + group.pick_up_time, task.origin, False, task),
        Visit(task.end - group.drop_time, task.end, task.destination, True, task),
    )
