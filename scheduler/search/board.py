"""What has been placed so far in one pass of construction; every change can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from scheduler.domain import Charge, Move, Schedule, ScheduledOperation
from scheduler.domain.derive import complete, drop_time, pick_up_time
from scheduler.domain.routing import Leg, in_loads
from scheduler.search.carriers import carrier_timelines
from scheduler.search.carrying import Carried, by_carrier, by_lane, tender
from scheduler.search.charging import BatteryTimeline
from scheduler.search.downtimes import NEVER
from scheduler.search.movers import LaneTimeline
from scheduler.search.problem import JobData, LinkData, ModeData, OperationData, PlanData, Problem, narrow
from scheduler.search.stations import Stations
from scheduler.search.timelines import MachineTimeline, Profile, SharedTimeline, Timeline

K = TypeVar("K")
V = TypeVar("V")


class Board:
    """Timelines of everything, and where operations and parts are.

    Lists are by operation index. An operation that has been placed has a ``mode``. It occupies its machine during
    ``[begin, until)`` (``begin`` -1: not at all). While ``waiting`` parts have not left a machine without output
    buffer, the occupation is *open*: it reaches as far as the gap that it lies in.

    Attributes
    ----------
    stores, inputs
        By machine: the places of the machine and behind it together, and those before it, if they are counted.
    stored
        By operation: when its part takes a place of the store, and until when; open like an occupation.
    part, plans
        By link: how many of its moves are placed, and the end of the last. By job: the number of its plan.
    tended_by
        By operation: the robot that tends it, where its mode needs one.
    stations
        Places of input and output stations.
    patience
        How much later a trip may depart to be shared.
    domains
        Modes that are left to an operation, where not all are.
    fixed, pins, loaded, brought, kept
        From the execution: operations that have started; starts of pinned ones; begin of the occupation of stations
        to which parts were brought though the operation has not started; since when such parts have a counted place
        before their machine instead; moves of the baseline for which movers are kept free, by link, origin and
        destination.
    """

    def __init__(self, problem: Problem, patience: int = 0, pieces: int = 1) -> None:
        instance, now, size = problem.instance, problem.now, len(problem.operations)
        self.problem = problem
        self.timelines: list[Timeline] = [
            MachineTimeline(machine.domain.setups, machine.downtimes, now, 0 if machine.domain.swap else 1)
            if machine.domain.capacity == 1
            else SharedTimeline(machine.domain.capacity)
            for machine in problem.machines
        ]
        self.stores = [_shared(machine.places_out) for machine in problem.machines]
        self.inputs = [_shared(machine.places_in) for machine in problem.machines]
        self.pools = [Profile(pool.capacity, pool.shortages) for pool in instance.operators]
        self.chargers = {name: Profile(c.places, c.shortages) for name, c in instance.charger_by_id.items()}
        self.carriers = carrier_timelines(problem, self.chargers, pieces)
        self.charges: list[Charge] = []
        self.docks = {site.id: Profile(site.docks) for site in instance.facilities if site.docks is not None}
        self.lanes = {
            lane.id: LaneTimeline(lane, problem.lane_downtimes[lane.id], self.docks) for lane in instance.lanes
        }
        self.mode: list[ModeData | None] = [None] * size
        self.start = [0] * size
        self.end = [0] * size
        self.begin = [-1] * size
        self.until = [0] * size
        self.waiting = [0] * size
        self.left_at = [0] * size
        self.stored: dict[int, tuple[int, int]] = {}
        self.part: dict[LinkData, tuple[int, int]] = {}
        self.moves: list[Move] = []
        self.domains: dict[int, tuple[ModeData, ...]] = {}
        self.fixed: set[int] = set()
        self.pins: dict[int, int] = {}
        self.loaded: dict[int, int] = {}
        self.brought: dict[int, int] = {}
        self.kept: dict[tuple[LinkData, str, str], Move] = {}
        self.departed: dict[tuple[LinkData, str, str], list[Move]] = {}
        self.plans: dict[JobData, int] = {}
        self.tended_by: dict[int, str] = {}
        self.busy = [0] * len(problem.machines)
        self.patience = patience
        self._log: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self.stations = Stations(problem, self._log)

    def mark(self) -> int:
        """Return a mark to which `undo` goes back."""
        return len(self._log)

    def undo(self, mark: int) -> None:
        """Take back everything since the mark."""
        log = self._log
        while len(log) > mark:
            change, arguments = log.pop()
            change(*arguments)

    def commit(self) -> None:
        """Make everything so far final."""
        self._log.clear()

    def mode_of(self, operation: OperationData) -> ModeData:
        """Return the mode of a placed operation."""
        mode = self.mode[operation.index]
        assert mode is not None
        return mode

    def modes_of(self, operation: OperationData) -> tuple[ModeData, ...]:
        """Return the modes that are left to an operation."""
        return self.domains.get(operation.index, operation.modes)

    def adopt(self, plan: PlanData) -> None:
        """Restrict the operations of a plan to modes between which there is a way."""
        for index, modes in plan.domains.items():
            kept = self.domains.get(index)
            self._put(self.domains, index, modes if kept is None else tuple(m for m in kept if m in modes))
        if self.fixed or self.pins or self.part:
            self.narrow(plan, plan.tight)

    def choose(self, plan: PlanData, operation: OperationData, mode: ModeData) -> bool:
        """Restrict an operation to one mode; return whether its neighbours keep any."""
        if not plan.tight:
            return True
        self.restrict(operation.index, (mode,))
        return self.narrow(plan, tuple(link for link in plan.tight if operation in (link.predecessor, link.successor)))

    def restrict(self, index: int, modes: tuple[ModeData, ...]) -> None:
        """Leave an operation only these modes."""
        self._put(self.domains, index, modes)

    def narrow(self, plan: PlanData, links: tuple[LinkData, ...]) -> bool:
        """Take modes out that have no partner across the links; return whether every operation keeps some."""
        if not links:
            return True
        left = {operation.index: self.modes_of(operation) for operation in plan.operations}
        possible = narrow(self.problem, plan, left, links)
        for operation in plan.operations:
            if left[operation.index] is not self.modes_of(operation):
                self._put(self.domains, operation.index, left[operation.index])
        return possible

    def occupy(self, index: int, mode: ModeData, begin: int, until: int) -> None:
        """Let an operation take its machine during ``[begin, until)``."""
        timeline = self.timelines[mode.machine.index]
        timeline.reserve(begin, until, mode.family, index)
        self._log.append((timeline.release, (begin, until, index)))
        self._set(self.begin, index, begin)
        self._set(self.until, index, until)

    def vacate(self, index: int, mode: ModeData) -> None:
        """Take an operation off its machine."""
        timeline = self.timelines[mode.machine.index]
        begin, until = self.begin[index], self.until[index]
        timeline.release(begin, until, index)
        self._log.append((timeline.reserve, (begin, until, mode.family, index)))
        self._set(self.begin, index, -1)

    def store(self, index: int, mode: ModeData, begin: int, until: int) -> None:
        """Let the part of an operation take a place on the machine or behind it during ``[begin, until)``."""
        store = self.stores[mode.machine.index]
        assert store is not None
        if index in self.stored:
            store.release(*self.stored[index], index)
            self._log.append((store.reserve, (*self.stored[index], None, index)))
        store.reserve(begin, until, None, index)
        self._log.append((store.release, (begin, until, index)))
        self._put(self.stored, index, (begin, until))

    def wait(self, index: int, mode: ModeData, begin: int, until: int) -> None:
        """Let the part of an operation take a place before a machine during ``[begin, until)``."""
        places = self.inputs[mode.machine.index]
        assert places is not None
        places.reserve(begin, until, None, index)
        self._log.append((places.release, (begin, until, index)))

    def load(self, index: int, mode: ModeData, begin: int) -> None:
        """Let a part wait on the station of an operation that has not been placed; that settles the mode."""
        self._put(self.loaded, index, begin)
        self.restrict(index, (mode,))
        self.occupy(index, mode, begin, self.timelines[mode.machine.index].limit(begin, mode.family))

    def lift(self, index: int, mode: ModeData) -> None:
        """Take back what is reserved for an operation: machine and places and, if it is pinned, operators and robot."""
        if self.begin[index] >= 0:
            self.vacate(index, mode)
        store, places = self.stores[mode.machine.index], self.inputs[mode.machine.index]
        if store is not None and index in self.stored:
            stay = self.stored.pop(index)
            store.release(*stay, index)
            self._log += [(store.reserve, (*stay, None, index)), (self.stored.__setitem__, (index, stay))]
        if places is not None and index in self.brought:
            places.release(self.brought[index], NEVER, index)
            self._log.append((places.reserve, (self.brought[index], NEVER, None, index)))
        if index in self.pins:
            start, end = self.start[index], self.end[index]
            if index in self.tended_by:
                timeline, station = self.carriers[self.tended_by[index]], mode.machine.domain.id
                timeline.release(start)
                self._log.append((timeline.reserve, (start, end, station, station)))
            for pool, amount in mode.operators:
                self.pools[pool].add(start, end, -amount)
                self._log.append((self.pools[pool].add, (start, end, amount)))

    def work(self, index: int, mode: ModeData, start: int, end: int, parts: int = 0, robot: str | None = None) -> None:
        """Let an operation run, tended by `robot` or the nearest one; `parts` have to leave its station afterwards."""
        self.mode[index], self.start[index], self.end[index] = mode, start, end
        self.waiting[index], self.left_at[index] = parts, end
        self._log.append((self.mode.__setitem__, (index, None)))
        for pool, amount in mode.operators:
            self.pools[pool].add(start, end, amount)
            self._log.append((self.pools[pool].add, (start, end, -amount)))
        if mode.tenders:
            robot = robot or tender(self, mode, start, end - start)[1]
            timeline, station = self.carriers[robot], mode.machine.domain.id
            timeline.reserve(start, end, station, station)
            self._log.append((timeline.release, (start,)))
            self._put(self.tended_by, index, robot)

    def leave(self, index: int, instant: int) -> None:
        """Let one part leave the machine of an operation, or its buffer; with the last one, the occupation ends."""
        mode = self.mode[index]
        assert mode is not None
        self._set(self.left_at, index, max(self.left_at[index], instant))
        self._set(self.waiting, index, self.waiting[index] - 1)
        if self.waiting[index] == 0 and not mode.machine.holds_out:
            self.store(index, mode, self.stored[index][0], self.left_at[index])
        elif self.waiting[index] == 0:
            begin = self.begin[index]
            self.vacate(index, mode)
            self.occupy(index, mode, begin, self.left_at[index])

    def carry(self, link: LinkData, leg: Leg, ready: int) -> Carried | None:
        """Place a move of a part that is ready then, as it was kept or at the earliest; None if no mover ever can."""
        units, ready = link.job.units, max(ready, self.problem.now, self.stations.not_before(link, leg))
        if link.job.splits and leg.kind == "transfer":
            loads = in_loads(self.problem.instance, (leg,), link.job, *link.ends)
            if len(loads) > 1:
                return self._carry_loads(link, loads, ready)
        move = self.kept.get((link, leg.origin, leg.destination))
        if move is not None:
            self._cancel(move, units)
        if move is None or move.start < ready:
            mover, start, length = (
                by_lane(self, leg, units, ready) if leg.kind == "transfer" else by_carrier(self, leg, link.job, ready)
            )
            if start >= NEVER:
                return None
            move = Move(link.job.id, leg.origin, leg.destination, mover, leg.kind, start, start + length, *link.ends)
        self.book(move, units)
        self.moves.append(move)
        self._log.append((self.moves.pop, ()))
        return self._has_carried(link, [move])

    def _carry_loads(self, link: LinkData, loads: Sequence[Leg], ready: int) -> Carried | None:
        """Place a transfer of each load of a part that has not departed yet."""
        moves = list(self.departed.get((link, loads[0].origin, loads[0].destination), ()))
        gone = {move.load for move in moves}
        for leg in loads:
            if leg.load in gone:
                continue
            units = leg.units or link.job.units
            mover, start, length = by_lane(self, leg, units, ready)
            if start >= NEVER:
                return None
            move = Move(link.job.id, leg.origin, leg.destination, mover, leg.kind, start, start + length, *link.ends)
            moves.append(replace(move, load=leg.load, units=units))
            self.book(moves[-1], units)
            self.moves.append(moves[-1])
            self._log.append((self.moves.pop, ()))
        return self._has_carried(link, moves)

    def _has_carried(self, link: LinkData, moves: Sequence[Move]) -> Carried:
        """Note that a part has been carried one leg further, in loads perhaps; it is there when the last of them is."""
        last = max(moves, key=lambda move: move.end)
        self._put(self.part, link, (self.part.get(link, (0, 0))[0] + 1, last.end))
        self.stations.note(link, moves)
        taken_up = max(move.start + pick_up_time(self.problem.instance, move) for move in moves)
        start = min(move.start for move in moves)
        return Carried(start, taken_up, last.end - drop_time(self.problem.instance, last), last.end)

    def book(self, move: Move, units: int) -> None:
        """Reserve the mover of a move of a job, or load, of so many units."""
        carrier = self.carriers.get(move.mover)
        if carrier is not None:
            if isinstance(carrier, BatteryTimeline) and move.start >= self.problem.now:
                charge = carrier.charge_before(move)
                if charge is not None:
                    self.plug_in(charge)
            carrier.reserve(move.start, move.end, move.origin, move.destination)
            self._log.append((carrier.release, (move.start,)))
        else:
            lane, vehicle = self._vehicle(move)
            lane.reserve(vehicle, move.start, move.end + lane.lane.return_time, units)
            self._log.append((lane.release, (vehicle, move.start, units)))

    def plug_in(self, charge: Charge) -> None:
        """Let a vehicle charge."""
        carrier, room = self.carriers[charge.vehicle], self.chargers[charge.charger]
        assert isinstance(carrier, BatteryTimeline)
        carrier.plug_in(charge, self.problem.instance.charger_by_id[charge.charger].place)
        self._log.append((carrier.release, (charge.start,)))
        room.add(charge.start, charge.end, 1)
        self._log.append((room.add, (charge.start, charge.end, -1)))
        self.charges.append(charge)
        self._log.append((self.charges.pop, ()))

    def is_possible(self, move: Move, units: int) -> bool:
        """Return whether the mover of a move has time for it; with a battery it is not promised anything."""
        carrier = self.carriers.get(move.mover)
        if isinstance(carrier, BatteryTimeline):
            return False
        if carrier is not None:
            return carrier.opening(move.start, move.origin, move.destination, move.end - move.start) == move.start
        lane, vehicle = self._vehicle(move)
        return lane.has_room(vehicle, move.start, units)

    def _cancel(self, move: Move, units: int) -> None:
        """Take back `book`."""
        carrier = self.carriers.get(move.mover)
        if carrier is not None:
            carrier.release(move.start)
            self._log.append((carrier.reserve, (move.start, move.end, move.origin, move.destination)))
        else:
            lane, vehicle = self._vehicle(move)
            lane.release(vehicle, move.start, units)
            self._log.append((lane.reserve, (vehicle, move.start, move.end + lane.lane.return_time, units)))

    def _vehicle(self, move: Move) -> tuple[LaneTimeline, int]:
        lane = self.lanes[self.problem.instance.lane_by_vehicle[move.mover].id]
        return lane, lane.vehicle_ids.index(move.mover)

    def latest(self) -> int:
        """Return an instant after everything that has been placed or is pinned."""
        ends = [move.end for move in self.moves]
        ends += [self.end[index] for index, mode in enumerate(self.mode) if mode is not None or index in self.pins]
        return max(ends, default=self.problem.now)

    def completion(self, plan: PlanData) -> int:
        """Return the latest end of the operations and moves of a placed plan."""
        ends = [self.end[operation.index] for operation in plan.operations]
        return max(ends + [self.part[link][1] for link in plan.links if link in self.part])

    def schedule(self) -> Schedule:
        """Return everything that has been placed as a schedule."""
        operations = [
            ScheduledOperation(
                *o.key,
                mode.number,
                mode.machine.domain.id,
                self.start[o.index],
                self.end[o.index],
                self.tended_by.get(o.index) if mode.tenders else None,
            )
            for o in self.problem.operations
            if (mode := self.mode[o.index]) is not None
        ]
        for carrier in self.carriers.values():
            if isinstance(carrier, BatteryTimeline) and (charge := carrier.way_home()) is not None:
                self.plug_in(charge)
        return complete(self.problem.instance, operations, self.moves, self.charges)

    def _set(self, values: list[int], index: int, value: int) -> None:
        self._log.append((values.__setitem__, (index, values[index])))
        values[index] = value

    def _put(self, values: dict[K, V], key: K, value: V) -> None:
        if key in values:
            self._log.append((values.__setitem__, (key, values[key])))
        else:
            self._log.append((values.__delitem__, (key,)))
        values[key] = value


def _shared(places: int) -> SharedTimeline | None:
    return SharedTimeline(places) if places else None
