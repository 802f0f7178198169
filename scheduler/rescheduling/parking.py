"""Limited parking in the network of a draft: empty moves as activities, and stays at places as uses of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from scheduler.domain import Fleet, Instance, Move
from scheduler.domain.happened import execution_of
from scheduler.domain.parking import Way, Yard, gaps_listed, stand_at, ways_begun, yards
from scheduler.rescheduling.draft import Draft, link_key
from scheduler.rescheduling.timing import Anchor, Capacity, Reason, Taken, Timing, Use


class Parked:
    """The empty moves of vehicles in limited parking that are still to begin.

    Between two transports that the baseline has in this order they are those of the baseline. Elsewhere, and in the
    end, they follow the rule of `Yard`. Vehicles come to a place in the order of their nominal arrivals.

    Parameters
    ----------
    real
        The moves of the draft that have begun, as they really are.
    node_of
        The activity of a move.
    labels
        Gets the names of what is added.
    """

    def __init__(
        self,
        instance: Instance,
        timing: Timing,
        draft: Draft,
        real: Mapping[Move, Move],
        node_of: Callable[[Move], int],
        labels: dict[int, str],
    ) -> None:
        self.way_of: dict[int, Move] = {}
        self._labels = labels
        self._instance = instance
        self._timing = timing
        self._real = real
        self._node_of = node_of
        self._now = execution_of(instance).now
        yard_of = yards(instance)
        for fleet in instance.fleets:
            if not fleet.limited:
                continue
            self._uses: dict[str, list[tuple[int, int, Use]]] = {place: [] for place in fleet.limited}
            self._taken: dict[str, list[Taken]] = {place: [] for place in fleet.limited}
            planned = self._planned(fleet)
            for vehicle in fleet.vehicles:
                moves = sorted((m for m in draft.moves if m.mover == vehicle.id), key=lambda m: (m.start, m.end))
                self._add_vehicle(fleet, yard_of[vehicle.id], vehicle.id, moves, planned)
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
        """Return the pending empty moves of the baseline by vehicle and the transports between which they are."""
        baseline = execution_of(self._instance).baseline
        gaps, found = iter(gaps_listed(self._instance, fleet, baseline)), dict[tuple[object, ...], tuple[Way, ...]]()
        for vehicle in fleet.vehicles:
            moves: list[Move | None] = [m for m in baseline.by_mover.get(vehicle.id, ()) if m.job is not None]
            for before, after in pairwise([None, *moves, None]):
                ways = next(gaps).ways
                if after is not None:
                    key = (vehicle.id, before and _key(before), _key(after))
                    found[key] = tuple(way for way in ways if way.start >= self._now)
        return found

    def _add_vehicle(
        self,
        fleet: Fleet,
        yard: Yard,
        vehicle: str,
        moves: Sequence[Move],
        planned: Mapping[tuple[object, ...], tuple[Way, ...]],
    ) -> None:
        before: Move | None = None
        for move in [*moves, None]:
            if move is not None and move in self._real:
                started = self._real[move].start
                if move.origin in self._taken and started + fleet.pick_up_time > self._now:
                    node = self._node_of(move)
                    self._taken[move.origin].append(Taken(self._now, started + fleet.pick_up_time, 1, node))
                before = move
                continue
            self._add_gap(fleet, yard, vehicle, before, move, planned)
            before = move

    def _add_gap(
        self,
        fleet: Fleet,
        yard: Yard,
        vehicle: str,
        before: Move | None,
        after: Move | None,
        planned: Mapping[tuple[object, ...], tuple[Way, ...]],
    ) -> None:
        """Add the empty moves of a gap that is still to come, and the stays in it."""
        timing, begun = self._timing, tuple[Way, ...]()
        if before is None:
            here, since, free_at = self._instance.carrier_by_id[vehicle].start, 0, 0
            begin = self._stands(vehicle, here, 0)
        else:
            last = self._real.get(before, before)
            here, since, free_at = before.destination, last.end - fleet.drop_time, last.end
            begin = (self._node_of(before), "end", -fleet.drop_time)
        if before is None or before in self._real:
            begun = tuple(way for way in ways_begun(self._instance, vehicle) if way.start >= free_at)
        if begun:
            since = begun[-1].end
            begin = self._stands(vehicle, begun[-1].destination, since)
        here, leaves_at = stand_at(begun, here, free_at, self._now)
        key = (vehicle, before and _key(before), after and _key(after))
        ways = planned.get(key)
        is_planned = after is not None and ways is not None and (ways[0].origin if ways else after.origin) == here
        if ways is None or not is_planned:
            ways = self._by_rule(yard, here, leaves_at, after)
        previous: Anchor = begin if before is None or begun else (self._node_of(before), "end", 0)
        for way in ways:
            earliest = max(self._now, way.start if is_planned else 0, begun[-1].end if begun else 0)
            node = timing.add(earliest, yard.fleet.travel_time(way.origin, way.destination))
            self.way_of[node] = Move(None, way.origin, way.destination, vehicle, "empty_move", way.start, way.end)
            self._labels[node] = f"the empty move from {way.origin} to {way.destination} by {vehicle}"
            timing.order(previous, (node, "start", 0), Reason("mover", vehicle))
            self._add_use(here, since, way.start, begin, (node, "start", 0))
            here, since, begin = way.destination, way.end, (node, "end", 0)
            previous = begin
        if after is not None:
            target = self._node_of(after)
            if ways:
                timing.order(previous, (target, "start", 0), Reason("mover", vehicle))
            gone: Anchor = (target, "start", fleet.pick_up_time)
            self._add_use(here, since, after.start + fleet.pick_up_time, begin, gone)

    def _stands(self, vehicle: str, place: str, since: int) -> Anchor:
        node = self._timing.add_fixed(since, since)
        self._labels[node] = f"{vehicle}, which is at {place},"
        return (node, "end", 0)

    def _by_rule(self, yard: Yard, here: str, leaves_at: int, after: Move | None) -> tuple[Way, ...]:
        if after is not None:
            wanted_at = max(after.start, leaves_at + yard.fleet.travel_time(here, after.origin))
            return yard.ways(here, leaves_at, after.origin, wanted_at)
        if not yard.fleet.returns or here == yard.haven:
            return yard.ways(here, leaves_at, None, 0)
        return (Way(here, yard.haven, leaves_at, leaves_at + yard.fleet.travel_time(here, yard.haven)),)

    def _add_use(self, place: str, nominal: int, until: int, begin: Anchor, end: Anchor) -> None:
        if place in self._uses:
            self._uses[place].append((nominal, until, Use(begin, [end])))


def _key(move: Move) -> tuple[object, ...]:
    return (*link_key(move), move.origin, move.destination, move.load)
