"""Limited parking in the network of a draft: empty moves as activities, and stays at places as uses of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal, NamedTuple, TypeAlias

from scheduler.domain import Charge, Downtime, Fleet, Instance, Move
from scheduler.domain.happened import execution_of
from scheduler.domain.parking import Way, Yard, stand_at, ways_begun, yards
from scheduler.domain.slowdowns import arrival, travel_ahead
from scheduler.rescheduling.activities import Activities
from scheduler.rescheduling.draft import Draft
from scheduler.rescheduling.stops import Stop, keys_of, stops_by_carrier
from scheduler.rescheduling.timing import Anchor, Capacity, Reason, Taken, Timing, Use, Variant


class _Stay(NamedTuple):
    """A vehicle stands at a place during ``[begin, end)``; a settled one stays where it is.

    ``nominal`` is when it comes there in the draft, which gives its turn even if it really comes late.
    """

    place: str
    nominal: int
    begin: int
    end: int
    starts: Anchor
    ends: Anchor
    is_settled: bool


class _Task(NamedTuple):
    """What a vehicle does between two gaps: a transport, a stretch, or a charge, with the keys of both its ends."""

    stays: list[_Stay]
    first: tuple[object, ...]
    last: tuple[object, ...]
    is_charge: bool
    has_begun: bool


@dataclass
class _Stand:
    """Where a vehicle is after a task: since when, and when it may leave, each in the draft and as an anchor."""

    place: str
    since: int
    begin: Anchor
    free_at: int
    free: Anchor
    key: tuple[object, ...] | None = None
    is_past: bool = True


Ways: TypeAlias = Literal["planned", "anew", "none"]
"""Whether empty moves in limited parking are those of the baseline where they can be, all anew, or left out."""


class Parked:
    """The empty moves of vehicles in limited parking that are still to begin.

    Between two tasks that the baseline has in this order they are those of the baseline. Elsewhere, in the end, and all
    if they are made `anew`, they follow the rule of `Yard`. Vehicles come to a place in the order of their nominal
    arrivals.

    Parameters
    ----------
    real
        The moves of the draft that have begun, as they really are.
    activities
        The nodes of moves and charges; gets the names of what is added.
    ways
        With "none", nobody asks where vehicles stand.
    """

    def __init__(
        self,
        instance: Instance,
        timing: Timing,
        draft: Draft,
        real: Mapping[Move, Move],
        activities: Activities,
        ways: Ways,
    ) -> None:
        self.way_of: dict[int, Move] = {}
        self._instance = instance
        self._timing = timing
        self._real = real
        self._activities = activities
        self._now = execution_of(instance).now
        yard_of = yards(instance)
        for fleet in instance.fleets:
            if not fleet.limited or ways == "none":
                continue
            self._uses: dict[str, list[tuple[int, int, Use]]] = {place: [] for place in fleet.limited}
            self._taken: dict[str, list[Taken]] = {place: [] for place in fleet.limited}
            planned = self._planned(fleet) if ways == "planned" else {}
            drafted = _stops(instance, fleet, draft.moves, draft.charges)
            for vehicle in fleet.vehicles:
                tasks = self._tasks(fleet, drafted.get(vehicle.id, ()))
                self._add_vehicle(yard_of[vehicle.id], vehicle.id, tasks, planned)
            for place in fleet.limited:
                uses = [use for _, _, use in sorted(self._uses[place], key=lambda item: item[:2])]
                taken = sorted(self._taken[place])
                timing.limit(Capacity(fleet.parking[place], uses, Reason("parking", place), taken))

    def moves(self) -> list[Move] | None:
        """Return the empty moves in the times that they have now; None if no parking is limited."""
        if not any(fleet.limited for fleet in self._instance.fleets):
            return None
        starts, ends = self._timing.starts, self._timing.ends
        return [
            Move(None, move.origin, move.destination, move.mover, "empty_move", starts[node], ends[node])
            for node, move in self.way_of.items()
        ]

    def _planned(self, fleet: Fleet) -> dict[tuple[object, ...], tuple[Way, ...]]:
        """Return the pending empty moves of the baseline by vehicle and the stops between which they are."""
        baseline = execution_of(self._instance).baseline
        found: dict[tuple[object, ...], tuple[Way, ...]] = {}
        loaded = [move for move in baseline.moves if move.job is not None]
        for vehicle, stops in _stops(self._instance, fleet, loaded, baseline.charges).items():
            pending = [m for m in baseline.by_mover.get(vehicle, ()) if m.job is None and m.start >= self._now]
            for before, after in pairwise([(None, None), *zip(stops, keys_of(stops), strict=True)]):
                stop, free_at = after[0], 0 if before[0] is None else before[0].task.end
                if stop is not None and (before[0] is None or before[0].held == 0):
                    between = (m for m in pending if free_at <= m.start and m.end <= stop.task.start)
                    ways = tuple(Way(m.origin, m.destination, m.start, m.end) for m in between)
                    found[vehicle, before[1], after[1]] = ways
        return found

    # Tasks.

    def _tasks(self, fleet: Fleet, stops: Sequence[Stop]) -> Iterator[_Task]:
        """Yield the tasks of a vehicle in order."""
        past, begun = execution_of(self._instance).charges, 0
        keys = keys_of(stops)
        for number, stop in enumerate(stops):
            if stop.held > 0:
                continue
            first, visits = stops[begun], [v for s in stops[begun : number + 1] for v in self._visits(fleet, s)]
            runs = [list(run) for _, run in groupby(visits, key=lambda visit: visit.place)]
            stays = [
                run[0]._replace(end=run[-1].end, ends=run[-1].ends, is_settled=all(v.is_settled for v in run))
                for run in runs
            ]
            has_begun = first.task in past or first.task in self._real
            yield _Task(stays, keys[begun], keys[number], isinstance(first.task, Charge), has_begun)
            begun = number + 1

    def _visits(self, fleet: Fleet, stop: Stop) -> Iterator[_Stay]:
        """Yield the visits of a stop; with one job at a time, both of a transport."""
        starts: Anchor
        ends: Anchor
        task = stop.task
        if isinstance(task, Charge):
            node = self._activities.stop_of(task, False)
            is_settled = self._timing.fixed[node]
            starts, ends = (node, "start", 0), (node, "end", 0)
            yield _Stay(stop.place, task.start, task.start, task.end, starts, ends, is_settled)
            return
        assert isinstance(task, Move)
        node, real = self._activities.node_of(task), self._real.get(task, task)
        last = self._activities.last(node)
        if not stop.is_drop:
            until = real.start + fleet.pick_up_time
            starts, ends = (node, "start", 0), (node, "start", fleet.pick_up_time)
            yield _Stay(task.origin, task.start, real.start, until, starts, ends, task in self._real)
        if stop.is_drop or last == node:
            nominal, begin = task.end - fleet.drop_time, real.end - fleet.drop_time
            starts, ends = (last, "end", -fleet.drop_time), (last, "end", 0)
            yield _Stay(task.destination, nominal, begin, real.end, starts, ends, self._timing.fixed[last])

    # Gaps.

    def _add_vehicle(
        self, yard: Yard, vehicle: str, tasks: Iterator[_Task], planned: Mapping[tuple[object, ...], tuple[Way, ...]]
    ) -> None:
        start = self._instance.carrier_by_id[vehicle].start
        anchor = self._stands(vehicle, start, 0)
        stand = _Stand(start, 0, anchor, 0, anchor)
        for task in tasks:
            if not task.has_begun:
                self._add_gap(yard, vehicle, stand, task, planned)
            elif not task.is_charge:
                self._hold(task.stays[0])
            for stay in task.stays[1:-1]:
                self._hold(stay)
            last = task.stays[-1]
            if task.is_charge and not task.has_begun:  # it has been there since it came
                stand.free_at, stand.free = last.end, last.ends
                stand.key, stand.is_past = task.last, False
            else:
                stand = _Stand(last.place, last.nominal, last.starts, last.end, last.ends, task.last, task.has_begun)
        self._add_gap(yard, vehicle, stand, None, planned)

    def _add_gap(
        self,
        yard: Yard,
        vehicle: str,
        stand: _Stand,
        task: _Task | None,
        planned: Mapping[tuple[object, ...], tuple[Way, ...]],
    ) -> None:
        """Add the empty moves of a gap that is still to come, and the stays in it; the stand is that after them."""
        timing, begun = self._timing, tuple[Way, ...]()
        if stand.is_past:
            begun = tuple(way for way in ways_begun(self._instance, vehicle) if way.start >= stand.free_at)
        if begun:
            since = begun[-1].end
            anchor = self._stands(vehicle, begun[-1].destination, since)
            stand.since, stand.begin, stand.free = since, anchor, anchor
        stand.place, leaves_at = stand_at(begun, stand.place, stand.free_at, self._now)
        known = None if task is None else planned.get((vehicle, stand.key, task.first))
        is_planned = task is not None and known is not None
        if task is not None and known is not None:
            is_planned = (known[0].origin if known else task.stays[0].place) == stand.place
        ways = known if known is not None and is_planned else self._by_rule(yard, stand.place, leaves_at, task)
        for way in ways:
            earliest = max(self._now, way.start if is_planned else 0, begun[-1].end if begun else 0)
            ahead = travel_ahead(yard.fleet, way.origin, way.destination)
            node = timing.add(earliest, ahead[-1][1])
            if len(ahead) > 1:
                closed = ((Downtime(0, tick),) if tick else () for tick, _ in ahead)
                timing.vary(node, [Variant(time, until, ()) for (_, time), until in zip(ahead, closed, strict=True)])
            self.way_of[node] = Move(None, way.origin, way.destination, vehicle, "empty_move", way.start, way.end)
            self._activities.labels[node] = f"the empty move from {way.origin} to {way.destination} by {vehicle}"
            timing.order(stand.free, (node, "start", 0), Reason("mover", vehicle))
            self._add_use(stand.place, stand.since, way.start, stand.begin, (node, "start", 0))
            stand.place, stand.since, stand.begin, stand.free = (
                way.destination,
                way.end,
                (node, "end", 0),
                (node, "end", 0),
            )
        if task is not None:
            first = task.stays[0]
            if ways:
                timing.order(stand.free, first.starts, Reason("mover", vehicle))
            if not task.is_charge:
                self._add_use(stand.place, stand.since, first.end, stand.begin, first.ends)

    def _stands(self, vehicle: str, place: str, since: int) -> Anchor:
        node = self._timing.add_fixed(since, since)
        self._activities.labels[node] = f"{vehicle}, which is at {place},"
        return (node, "end", 0)

    def _by_rule(self, yard: Yard, here: str, leaves_at: int, task: _Task | None) -> tuple[Way, ...]:
        if task is not None:
            there, start = task.stays[0].place, task.stays[0].begin
            wanted_at = max(start, arrival(yard.fleet, here, there, leaves_at))
            return yard.ways(here, leaves_at, there, wanted_at)
        if not yard.fleet.returns or here == yard.haven:
            return yard.ways(here, leaves_at, None, 0)
        return (Way(here, yard.haven, leaves_at, leaves_at + yard.fleet.travel_time(here, yard.haven, leaves_at)),)

    # Room.

    def _hold(self, stay: _Stay) -> None:
        """Let a vehicle stand where a task has it stand."""
        if not stay.is_settled:
            self._add_use(stay.place, stay.nominal, stay.end, stay.starts, stay.ends)
        elif stay.place in self._taken and stay.end > self._now:
            self._taken[stay.place].append(Taken(max(stay.begin, self._now), stay.end, 1, stay.ends[0]))

    def _add_use(self, place: str, nominal: int, until: int, begin: Anchor, end: Anchor) -> None:
        if place in self._uses:
            self._uses[place].append((nominal, until, Use(begin, [end])))


def _stops(instance: Instance, fleet: Fleet, moves: Sequence[Move], charges: Sequence[Charge]) -> dict[str, list[Stop]]:
    own = {vehicle.id for vehicle in fleet.vehicles}
    of_fleet = (move for move in moves if move.mover in own)
    return stops_by_carrier(instance, of_fleet, (charge for charge in charges if charge.vehicle in own))
