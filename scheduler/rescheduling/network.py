"""The network of a draft: an activity for each operation, move, trip and charge, and every rule as an arc between them.

The rules are those of `docs/rules.md`; each function below adds one. Orders are read from the nominal times of the
draft and never change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from operator import itemgetter

from scheduler.domain import (
    Calendar,
    Carrier,
    Charge,
    Instance,
    Machine,
    Mode,
    Move,
    Schedule,
    ScheduledOperation,
)
from scheduler.domain.calendar import Downtime
from scheduler.domain.derive import complete, drop_time, pick_up_time
from scheduler.domain.happened import execution_of, first_starts, started, taken_over
from scheduler.domain.slowdowns import travel_ahead
from scheduler.rescheduling.activities import Activities
from scheduler.rescheduling.carriers import add_carriers, add_visits
from scheduler.rescheduling.charging import add_chargers
from scheduler.rescheduling.docks import add_docks
from scheduler.rescheduling.draft import (
    Draft,
    LinkKey,
    by_leg,
    in_turn,
    link_key,
    moves_by_operation,
    moves_by_way,
    really,
    timed,
    ways_of,
)
from scheduler.rescheduling.lanes import add_lanes, add_trip, departures_of
from scheduler.rescheduling.parking import Parked, Ways
from scheduler.rescheduling.pools import add_pools
from scheduler.rescheduling.setups import add_setups
from scheduler.rescheduling.stations import add_stations
from scheduler.rescheduling.timing import Anchor, Blocked, Capacity, Reason, Stuck, Timing, Use, Variant
from scheduler.rescheduling.turns import Stay, take_turns


class Network:
    """The timing of a draft, ready to settle.

    Calendars are unrolled up to tick `latest`. With `carriers_wait`, a robot or vehicle that is under way at `now` may
    wait in front of its destination; see `waits`. `ways`: which empty moves there are in limited parking.
    """

    def __init__(
        self, instance: Instance, draft: Draft, latest: int, *, carriers_wait: bool = False, ways: Ways = "planned"
    ) -> None:
        self.instance = instance
        self.draft = draft
        self.activities = Activities()
        self._node = self.activities.node_by_key
        self.timing = Timing(latest, self.activities.label)
        execution = execution_of(instance)
        self._now = execution.now
        self._started = started(instance)
        self._taken_over = taken_over(instance)
        self._pins = {pin.key: pin for pin in execution.pins}
        self._real = really(instance, draft.moves)
        self._waiting = frozenset(
            nominal
            for nominal, move in self._real.items()
            if carriers_wait and move.kind != "transfer" and move.end >= execution.now
        )
        self._blocked: dict[int, Blocked] = {}  # by the id of a calendar: all of them live as long as the instance
        self._departures = {
            lane.id: departures_of(lane, latest, self._blocked_of(lane.calendar)) for lane in instance.lanes
        }
        self._ways = moves_by_way(instance, draft.moves)
        self._moves_by_operation = moves_by_operation(draft.moves)
        self._scheduled = {o.key: o for o in draft.operations}
        self._has_dwell = any(self._mode(o).max_dwell is not None for o in draft.operations)
        self._add_nodes()
        self._add_parts()
        self._add_machines()
        activities, node_of = self.activities, self.activities.node_of
        add_carriers(instance, self.timing, draft, self._real, activities)
        if instance.operators:
            by_start = sorted(draft.operations, key=lambda o: (self._nominal_start(o), o.end))
            add_pools(instance, self.timing, ((self._node[o.key], o) for o in by_start), execution.now)
        trips = {node: first for node, (first, *_) in activities.moves_of.items() if first.kind == "transfer"}
        add_lanes(instance, self.timing, self.draft.moves, node_of)
        add_docks(instance, self.timing, trips, execution.now)
        add_chargers(instance, self.timing, activities.charge_of)
        add_stations(instance, self.timing, draft, self._node, node_of, activities.drop, self._waiting)
        self.parked = Parked(instance, self.timing, draft, self._real, activities, ways)

    def schedule(self) -> Schedule:
        """Return the schedule with every activity at its least start.

        Raises
        ------
        Stuck
            If there is none.
        """
        return complete(self.instance, *self._settled(), self.parked.moves())

    def retimed(self) -> Draft:
        """Return the draft with every activity at its least start.

        Raises
        ------
        Stuck
            If there is none.
        """
        operations, moves, charges = self._settled()
        return replace(self.draft, operations=tuple(operations), moves=tuple(moves), charges=tuple(charges))

    def _settled(self) -> tuple[list[ScheduledOperation], list[Move], list[Charge]]:
        timing, activities = self.timing, self.activities
        timing.settle()
        starts, ends, last = timing.starts, timing.ends, activities.last
        operations = [timed(o, starts[n], ends[n]) for n, o in activities.operation_of.items()]
        moves = [timed(m, starts[n], ends[last(n)]) for n, trip in activities.moves_of.items() for m in trip]
        charges = [timed(c, starts[n], ends[n]) for n, c in activities.charge_of.items()]
        return operations, moves, charges

    def waits(self) -> dict[Move, int]:
        """Return how long each robot and vehicle under way has to wait, where it has to.

        Raises
        ------
        Stuck
            If even so there is no schedule.
        """
        self.timing.settle()
        found = {}
        for node, (first, *_) in self.activities.moves_of.items():
            if first in self._waiting:
                ticks = self.timing.ends[self.activities.last(node)] - self._real[first].end
                if ticks > 0:
                    found[self._real[first]] = ticks
        return found

    # Activities.

    def _add_nodes(self) -> None:
        activities: list[ScheduledOperation | Charge | tuple[Move, ...]] = [*self.draft.operations, *self.draft.charges]
        activities += [(m,) for m in self.draft.moves if m.kind != "transfer"]
        transfers = sorted((m for m in self.draft.moves if m.kind == "transfer"), key=lambda m: (m.mover, m.start))
        activities += [tuple(trip) for _, trip in groupby(transfers, key=lambda m: (m.mover, m.start))]
        for activity in sorted(activities, key=_nominal_times):
            if isinstance(activity, ScheduledOperation):
                self.activities.add_operation(self._add_operation(activity), activity)
            elif isinstance(activity, Charge):
                self.activities.add_charge(self._add_charge(activity), activity)
            else:
                self._add_moves(activity)

    def _add_operation(self, operation: ScheduledOperation) -> int:
        has_started = operation.key in self._started
        if has_started and operation.end <= self._now:
            return self.timing.add_fixed(operation.start, operation.end)
        known = self.instance.operation_by_key[operation.key]
        duration = known.modes[operation.mode].duration
        machine = self.instance.machine_by_id[operation.machine]
        blocked = self._blocked_of(machine.calendar)
        earliest = max(self._earliest(operation), self.instance.job_by_id[operation.job].release_date)
        node = self.timing.add(earliest, duration, blocked if known.interruptible else None)
        if machine.slowdowns:
            self.timing.keep_tempo(node, machine.tempo, blocked)
        if known.interruptible or not machine.slowdowns:
            self.timing.keep_free(node, blocked, 0, min(duration, 1) if known.interruptible else duration)
        pin = self._pins.get(operation.key)
        if operation.tended_by is not None and not has_started:
            robot = self.instance.carrier_by_id[operation.tended_by]
            self.timing.keep_clear(node, node, self._blocked_of(robot.calendar))
        if has_started:
            self.timing.fix(node, operation.start)
        elif pin is not None:
            if pin.mode != operation.mode:
                words = f"operation {pin.operation} of job {pin.job}"
                raise Stuck(f"{words} is pinned in mode {pin.mode}, but planned in mode {operation.mode}")
            self.timing.fix(node, pin.start)
        return node

    def _add_moves(self, moves: tuple[Move, ...]) -> None:
        first = moves[0]
        carrier = self.instance.carrier_by_id.get(first.mover)
        if carrier is not None and carrier.capacity > 1:
            self._add_visits(carrier, first)
            return
        self.activities.add_moves(self._add_ride(moves), moves)

    def _add_ride(self, moves: tuple[Move, ...]) -> int:
        """Add what is one activity: a move of a carrier that holds one part, or a trip over a lane."""
        first = moves[0]
        if first in self._real:
            start, end = self._real[first].start, self._real[first].end
            return self.timing.add(start, end - start) if first in self._waiting else self.timing.add_fixed(start, end)
        earliest = max(map(self._possible_from, moves))
        if first.kind == "transfer":
            return add_trip(self.timing, earliest, self._departures[self.instance.lane_by_vehicle[first.mover].id])
        group = self.instance.group_by_carrier[first.mover]
        ahead = travel_ahead(group, first.origin, first.destination)
        lengths = [(tick, group.pick_up_time + time + group.drop_time) for tick, time in ahead]
        blocked = self._blocked_of(self.instance.carrier_by_id[first.mover].calendar)
        node = self.timing.add(earliest, lengths[-1][1])
        if len(lengths) == 1:
            self.timing.keep_free(node, blocked, 0, lengths[-1][1])
        else:
            variants = [Variant(length, (Downtime(0, tick),) if tick else (), blocked) for tick, length in lengths]
            self.timing.vary(node, variants)
        return node

    def _add_visits(self, carrier: Carrier, move: Move) -> None:
        """Add the pick-up and the drop of a move, of a carrier that holds several parts."""
        group, blocked = self.instance.group_by_carrier[carrier.id], self._blocked_of(carrier.calendar)
        earliest, real = self._possible_from(move), self._real.get(move)
        first, last = add_visits(self.timing, group, move, earliest, real, move in self._waiting, blocked)
        self.activities.add_moves(first, (move,), last)

    def _add_charge(self, charge: Charge) -> int:
        if charge in execution_of(self.instance).charges:
            return self.timing.add_fixed(charge.start, charge.end)
        return self.timing.add(self._earliest(charge), charge.end - charge.start)

    def _possible_from(self, move: Move) -> int:
        arrives = self.instance.job_by_id[move.job or ""].release_date if move.predecessor is None else 0
        return max(arrives, self._earliest(move))

    def _earliest(self, item: ScheduledOperation | Move | Charge) -> int:
        return max(self._now, item.start if self.draft.as_planned(item) else 0)

    def _blocked_of(self, calendar: Calendar) -> Blocked:
        blocked = self._blocked.get(id(calendar))
        if blocked is None:
            blocked = self._blocked[id(calendar)] = calendar.blocked(self.timing.latest)
        return blocked

    # The way of the parts: precedences, lags and moves.

    def _add_parts(self) -> None:
        for job in self.instance.jobs:
            reason = Reason("job", job.id)
            lags = {(p.predecessor, p.successor): p for p in job.precedences}
            for way in ways_of(job, self._scheduled):
                _, predecessor, successor = way
                if way not in self._ways:
                    if predecessor is not None and successor is not None:
                        before, after = self._node[job.id, predecessor], self._node[job.id, successor]
                        self.timing.keep_lags(before, after, lags[predecessor, successor], reason, follows=True)
                        self._add_dwell(way, [before, after])
                    continue
                legs = [list(dict.fromkeys(map(self.activities.node_of, leg))) for leg in by_leg(self._ways[way])]
                if predecessor is not None:
                    legs.insert(0, [self._node[job.id, predecessor]])
                if successor is not None:
                    legs.append([self._node[job.id, successor]])
                for befores, afters in pairwise(legs):
                    for before in befores:
                        ends: Anchor = (self.activities.last(before), "end", 0)
                        for after in afters:
                            self.timing.order(ends, (after, "start", 0), reason)
                self._add_dwell(way, [nodes[0] for nodes in legs])  # jobs that split have none
                if predecessor is not None and successor is not None:
                    self.timing.keep_lags(legs[0][0], legs[-1][0], lags[predecessor, successor], reason)

    def _add_dwell(self, way: LinkKey, stops: list[int]) -> None:
        """Let a part leave its machine in time, and be worked on as soon as the last part has been put down."""
        if not self._has_dwell:
            return
        job, predecessor, successor = way
        moves = self._ways.get(way, [])
        before, after = self._scheduled.get((job, predecessor or "")), self._scheduled.get((job, successor or ""))
        if before is not None and (limit := self._mode(before).max_dwell) is not None and len(stops) > 1:
            has_left = after is not None and (before.key, after.key) in self._taken_over
            leaves = moves[0].origin == before.machine if moves else after and after.machine == before.machine
            if not has_left and (leaves or self.instance.machine_by_id[before.machine].output_buffer == 0):
                self.timing.order((stops[1], "start", 0), (stops[0], "end", 0), Reason("job", job), -limit)
        if after is None or not moves or self._mode(after).max_dwell is None:
            return
        if self.instance.machine_by_id[after.machine].input_buffer == 0:
            last = next(reversed(in_turn(self._ways_at(after, into=True), self._real)), None)
            if last is moves[-1] and not (last in self._real and self._real[last].end <= self._now):
                self.timing.order(
                    (stops[-1], "start", 0), (self.activities.last(stops[-2]), "end", 0), Reason("job", job)
                )

    # Machines: occupation, capacity, setups.

    def _add_machines(self) -> None:
        by_machine: dict[str, list[ScheduledOperation]] = {}
        for operation in self.draft.operations:
            by_machine.setdefault(operation.machine, []).append(operation)
        for machine_id, operations in by_machine.items():
            machine = self.instance.machine_by_id[machine_id]
            may_stay = machine.cell is not None or (machine.input_buffer, machine.output_buffer) != (None, None)
            takes_place = may_stay or machine.setups is not None
            stays = [self._stay(machine, o) for o in operations if takes_place or self._mode(o).duration > 0]
            stays.sort(key=itemgetter(0, 1, 2, 3))
            if machine.capacity == 1:
                take_turns(self.timing, stays, Reason("machine", machine_id))
                if machine.setups is not None:
                    blocked = self._blocked_of(machine.calendar)
                    add_setups(self.instance, self.timing, machine, [(s.operation, s.use) for s in stays], blocked)
            else:
                uses = [stay.use for stay in stays]
                self.timing.limit(Capacity(machine.capacity, uses, Reason("machine", machine_id)))
            self._add_buffers(machine, [(stay.use, stay.operation) for stay in stays])

    def _nominal_start(self, operation: ScheduledOperation) -> int:
        """Return the start that gives the operation its place in an order; a repeated one comes after what runs."""
        return operation.start if operation.key in self._started else max(operation.start, self._now)

    def _mode(self, operation: ScheduledOperation) -> Mode:
        return self.instance.mode(operation.key, operation.mode)

    def _stay(self, machine: Machine, operation: ScheduledOperation) -> Stay:
        node = self._node[operation.key]
        begin: Anchor = (node, "start", 0)
        begins_at = self._nominal_start(operation)
        untils: list[Anchor] = [(node, "end", 0)]
        ends_at = operation.end
        if machine.input_buffer == 0 and (brought := self._brought(operation)) is not None:
            begins_at, begin = brought
        if machine.output_buffer == 0:
            for instant, anchor in self._taken(operation):
                untils.append(anchor)
                ends_at = max(ends_at, instant)
        return Stay(begins_at, ends_at, operation.start, operation.end, Use(begin, untils), operation)

    def _add_buffers(self, machine: Machine, stays: Sequence[tuple[Use, ScheduledOperation]]) -> None:
        """Limit the parts that wait before the machine, and those that are on it or wait behind it."""
        reason = Reason("buffer", machine.id)
        if machine.output_buffer:
            held = [Use(use.begin, use.untils + [anchor for _, anchor in self._taken(o)]) for use, o in stays]
            self.timing.limit(Capacity(machine.capacity + machine.output_buffer, held, reason))
        if machine.input_buffer:
            brought = [(found, o) for _, o in stays if (found := self._brought(o)) is not None]
            brought.sort(key=lambda item: (item[0][0], item[1].start))
            lost = {key: self.timing.add_fixed(at, at) for key, at in first_starts(self.instance).items()}
            waits = [Use(anchor, [(lost.get(o.key, self._node[o.key]), "start", 0)]) for (_, anchor), o in brought]
            self.timing.limit(Capacity(machine.input_buffer, waits, reason))

    def _brought(self, operation: ScheduledOperation) -> tuple[int, Anchor] | None:
        """Return when the first part is put down at the operation's machine (nominally); None if no move does it."""
        loadings = in_turn(self._ways_at(operation, into=True), self._real)
        for first, later in pairwise(loadings):
            self.timing.order(
                (self.activities.drop(first), "end", 0),
                (self.activities.drop(later), "end", 0),
                Reason("job", operation.job),
            )
        if not loadings:
            return None
        drop = drop_time(self.instance, loadings[0])
        return loadings[0].end - drop, (self.activities.drop(loadings[0]), "end", -drop)

    def _taken(self, operation: ScheduledOperation) -> list[tuple[int, Anchor]]:
        """Return when each part of the operation is taken away (nominally), by a move or the next operation."""
        over = {after[1]: at for (before, after), at in self._taken_over.items() if before == operation.key}
        found: list[tuple[int, Anchor]] = [(at, (self.timing.add_fixed(at, at), "start", 0)) for at in over.values()]
        for move in self._ways_at(operation, into=False):
            if move.successor in over:
                continue
            taking = pick_up_time(self.instance, move)
            taken: Anchor = (self.activities.node_of(move), "start", taking)
            if move in self._waiting:
                taken = (self.timing.add_fixed(move.start, move.start), "start", taking)
            found.append((move.start + taking, taken))
        for precedence in self.instance.job_by_id[operation.job].precedences:
            successor = self._scheduled.get((operation.job, precedence.successor))
            way = (operation.job, operation.operation, precedence.successor)
            is_open = way not in self._ways and precedence.successor not in over
            if precedence.predecessor == operation.operation and successor and is_open:
                found.append((successor.start, (self._node[successor.key], "start", 0)))
        return found

    def _ways_at(self, operation: ScheduledOperation, into: bool) -> Iterable[Move]:
        """Return the moves that bring the operation's parts to its machine, or take them from there.

        A lane takes jobs up wherever they are in the facility.
        """
        for move in self._moves_by_operation.get((operation.key, into), ()):
            is_shipped = not into and move.kind == "transfer" and move in by_leg(self._ways[link_key(move)])[0]
            if is_shipped or (move.destination if into else move.origin) == operation.machine:
                yield move


def _nominal_times(activity: ScheduledOperation | Charge | tuple[Move, ...]) -> tuple[int, int]:
    first = activity[0] if isinstance(activity, tuple) else activity
    return (first.start, first.end)
