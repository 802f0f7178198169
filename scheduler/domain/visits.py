"""The visits of a robot or vehicle: where it picks parts up and drops them, one after the other.

A loaded move has two visits: ``[start, start + pick-up)`` at its origin and ``[end - drop, end)`` at its destination.
A carrier that holds one part at a time makes the two in direct succession; one that holds several may make others in
between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from scheduler.domain.resources import Carrier, CarrierGroup
from scheduler.domain.schedule import Move


class Visit(NamedTuple):
    """A carrier picks up (or, ``is_drop``, puts down) the part of ``move`` at ``place`` during ``[begin, end)``."""

    begin: int
    end: int
    place: str
    is_drop: bool
    move: Move


class Stretch(NamedTuple):
    """A carrier holds one part or more during ``[begin, end)``, on its way from ``origin`` to ``destination``."""

    begin: int
    end: int
    origin: str
    destination: str


def visits(group: CarrierGroup, carrier: Carrier, loaded_moves: Iterable[Move]) -> list[Visit]:
    """Return the visits of a carrier in order, given its moves by start and end.

    Where it holds several parts, the nearest visit is next among those without length at one instant.
    """
    if carrier.capacity == 1:
        return [visit for move in loaded_moves for visit in _visits_of(group, move)]
    waiting = sorted((v for move in loaded_moves for v in _visits_of(group, move)), key=lambda v: v[:2])
    found: list[Visit] = []
    here, first = carrier.start, 0
    while first < len(waiting):
        last = first + 1
        while last < len(waiting) and waiting[last][:2] == waiting[first][:2]:
            last += 1
        tied = waiting[first:last]
        while tied:
            picks = {id(visit.move) for visit in tied if not visit.is_drop}
            able = [visit for visit in tied if not visit.is_drop or id(visit.move) not in picks]
            visit = min(able, key=lambda v: group.travel_time(here, v.place))
            tied.remove(visit)
            found.append(visit)
            here = visit.place
        first = last
    return found


def stretches(group: CarrierGroup, carrier: Carrier, loaded_moves: Iterable[Move]) -> Iterator[Stretch]:
    """Yield the stretches of a carrier, given its moves by start and end: without any part it is only between them."""
    first, num_held = None, 0
    for visit in visits(group, carrier, loaded_moves):
        first = visit if first is None else first
        num_held += -1 if visit.is_drop else 1
        if num_held == 0:
            yield Stretch(first.begin, visit.end, first.place, visit.place)
            first = None


def _visits_of(group: CarrierGroup, move: Move) -> tuple[Visit, Visit]:
    return (
        Visit(move.start, move.start + group.pick_up_time, move.origin, False, move),
        Visit(move.end - group.drop_time, move.end, move.destination, True, move),
    )
