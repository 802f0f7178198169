"""What a carrier that holds several parts does, one thing after the other: for the checkers of visits and batteries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scheduler.constraints.facts import Task
from scheduler.constraints.travel import travel_time, usual_time
from scheduler.domain import Carrier, CarrierGroup, Charge, Move, RobotCell


class Stop(NamedTuple):
    """A pick-up, a drop, tending, or a charge; ``taken`` is 1, -1 or 0."""

    begin: int
    end: int
    place: str
    taken: int
    task: Task


class Stretch(NamedTuple):
    """A vehicle makes ``stops`` during ``[start, end)``, and waits for all but ``busy`` ticks of that.

    It is a charge, or begins with a pick-up for which the vehicle comes empty and ends with the drop that leaves it
    empty.
    """

    start: int
    end: int
    origin: str
    destination: str
    busy: int
    stops: tuple[Stop, ...]

    @property
    def first(self) -> Task:
        """The task of the first stop."""
        return self.stops[0].task

    @property
    def last(self) -> Task:
        """The task of the last stop."""
        return self.stops[-1].task


def stops_of(group: CarrierGroup, carrier: Carrier, to_do: Sequence[Task]) -> list[Stop]:
    """Return the stops in order of time; at one instant, from place to place as the ways are short."""
    left = [stop for task in to_do for stop in _stops(group, task)]
    left.sort(key=lambda stop: (stop.begin, stop.end))
    found: list[Stop] = []
    here = carrier.start
    while left:
        instant = left[0].begin, left[0].end
        tied = left[: next((n for n, stop in enumerate(left) if (stop.begin, stop.end) != instant), len(left))]
        picked_up_now = {id(stop.task) for stop in tied if stop.taken > 0}
        able = [stop for stop in tied if stop.taken >= 0 or id(stop.task) not in picked_up_now]
        stop = min(able, key=lambda s: usual_time(group, carrier, here, s.place))
        left.remove(stop)
        found.append(stop)
        here = stop.place
    return found


def _stops(group: CarrierGroup, task: Task) -> Iterator[Stop]:
    """Yield the pick-up and the drop of a move; other tasks are one stop."""
    pick = group.unload_time if isinstance(group, RobotCell) else group.pick_up_time
    drop = group.load_time if isinstance(group, RobotCell) else group.drop_time
    if isinstance(task.item, Move):
        yield Stop(task.start, task.start + pick, task.origin, 1, task)
        yield Stop(task.end - drop, task.end, task.destination, -1, task)
    else:
        yield Stop(task.start, task.end, task.origin, 0, task)


def stretches_of(group: CarrierGroup, carrier: Carrier, to_do: Sequence[Task]) -> Iterator[Stretch]:
    """Yield the stretches of a vehicle, charges among them, in order."""
    if carrier.capacity == 1:
        for task in to_do:
            busy = task.end - task.start
            if isinstance(task.item, Move):
                way = travel_time(group, carrier, task.origin, task.destination, task.start)
                busy = min(busy, group.pick_up_time + way + group.drop_time)
            yield Stretch(task.start, task.end, task.origin, task.destination, busy, tuple(_stops(group, task)))
        return
    made: list[Stop] = []
    held = busy = 0
    for stop in stops_of(group, carrier, to_do):
        if isinstance(stop.task.item, Charge):
            yield Stretch(stop.begin, stop.end, stop.place, stop.place, stop.end - stop.begin, (stop,))
            continue
        if made:
            busy += _way(group, carrier, made[-1], stop)
        made.append(stop)
        busy += stop.end - stop.begin
        held += stop.taken
        if held == 0:
            length = stop.end - made[0].begin
            yield Stretch(made[0].begin, stop.end, made[0].place, stop.place, min(busy, length), tuple(made))
            made, busy = [], 0


def _way(group: CarrierGroup, carrier: Carrier, before: Stop, after: Stop) -> int:
    """Return how long the way to the next stop takes, on which something is held.

    With slowdowns the way of one job is as long as when its move began, if that is in time; others are as long as for
    the latest departure that is in time, or, if none is, as when the later of the two moves began.
    """
    begun = max(before.task.start, after.task.start)
    if group.slowdowns:
        way = travel_time(group, carrier, before.place, after.place, begun)
        if before.task is after.task and before.end + way <= after.begin:
            return way
        for leaves in range(after.begin, before.end - 1, -1):
            way = travel_time(group, carrier, before.place, after.place, leaves)
            if leaves + way <= after.begin:
                return way
    return travel_time(group, carrier, before.place, after.place, begun if group.slowdowns else None)
