"""A schedule seen through the questions that model variables ask: the source of complete hints."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from scheduler.cpsat.gaps import Gaps, name_of
from scheduler.domain import Instance, Move, OperationKey, Schedule, ScheduledOperation
from scheduler.domain.derive import brought_at, moves_into, occupied_from, taken_at
from scheduler.domain.happened import taken_over, tasks_of
from scheduler.domain.routing import SLOTS, Slot, slots_of
from scheduler.domain.stations import Side, StationStay, station_stays
from scheduler.domain.visits import visits

if TYPE_CHECKING:
    from scheduler.cpsat.kept import MoveKey
    from scheduler.cpsat.links import LinkVars, OptionVars
    from scheduler.cpsat.tending import TendingVars

    TaskVars: TypeAlias = OptionVars | TendingVars
    """What a carrier may have to do."""


class ScheduleView:
    """Answers for a schedule; operations that are not scheduled get the default the caller names."""

    def __init__(self, instance: Instance, schedule: Schedule) -> None:
        self.instance = instance
        self.schedule = schedule
        self._leaders: dict[str, list[int]] = {}
        self.operations: Mapping[OperationKey, ScheduledOperation] = schedule.by_operation

    def start(self, key: OperationKey, default: int) -> int:
        """Return the start of the operation."""
        found = self.operations.get(key)
        return default if found is None else found.start

    def end(self, key: OperationKey, default: int) -> int:
        """Return the end of the operation."""
        found = self.operations.get(key)
        return default if found is None else found.end

    def mode(self, key: OperationKey) -> int:
        """Return the mode number of the operation, -1 when it is not scheduled."""
        found = self.operations.get(key)
        return -1 if found is None else found.mode

    def plan(self, job: str) -> int:
        """Return the number of the plan whose operations are scheduled, -1 when none fits."""
        scheduled = {o for j, o in self.operations if j == job}
        plans = self.instance.job_by_id[job].plans
        return next((n for n, plan in enumerate(plans) if set(plan) == scheduled), -1)

    def completion(self, job: str) -> int:
        """Return the completion of the job."""
        return self.schedule.completions.get(job, 0)

    # --- moves -------------------------------------------------------------------------------------------------------

    @cached_property
    def _moves(self) -> dict[MoveKey, Move]:
        return {(m.job or "", m.predecessor, m.successor, slot, m.load): m for m, slot in self._slots.items()}

    @cached_property
    def _slots(self) -> dict[Move, Slot]:
        return slots_of(self.instance, self.schedule.moves)

    def slot(self, move: Move) -> Slot:
        """Return which leg of its link a loaded move is."""
        return self._slots[move]

    def move(self, key: MoveKey) -> Move | None:
        """Return the loaded move on this leg of its link."""
        return self._moves.get(key)

    def leg_start(self, key: MoveKey) -> int:
        """Return the start of the leg; a leg without move is where the part stands when its turn comes."""
        move = self.move(key)
        return self._ready(key) if move is None else move.start

    def leg_end(self, key: MoveKey) -> int:
        """Return the end of the leg (its start when there is no move)."""
        move = self.move(key)
        return self._ready(key) if move is None else move.end

    def _ready(self, key: MoveKey) -> int:
        job, predecessor, successor, slot, _ = key
        release = self.instance.job_by_id[job].release_date
        ready = release if predecessor is None else self.end((job, predecessor), release)
        for earlier in SLOTS[: SLOTS.index(slot)]:
            ready = self._last_ends.get((job, predecessor, successor, earlier), ready)
        return ready

    @cached_property
    def _last_ends(self) -> dict[tuple[str, str | None, str | None, Slot], int]:
        """When the last load of each leg has arrived."""
        found: dict[tuple[str, str | None, str | None, Slot], int] = {}
        for key, move in self._moves.items():
            found[key[:4]] = max(found.get(key[:4], 0), move.end)
        return found

    def follows(self, carrier: str, before: TaskVars | None, after: TaskVars) -> bool:
        """Return whether the move (or tending) is done by the carrier directly after the other (None: as its first)."""
        position = self._positions.get((carrier, *name_of(after)))
        if position is None:
            return False
        return position == 0 if before is None else self._positions.get((carrier, *name_of(before))) == position - 1

    def ends_with(self, carrier: str, task: TaskVars) -> bool:
        """Return whether the move (or tending) is the carrier's last."""
        return self._positions.get((carrier, *name_of(task))) == len(self.tasks(carrier)) - 1

    @cached_property
    def _positions(self) -> dict[tuple[object, ...], int]:
        """Place of each loaded move and tending in the sequence of its carrier."""
        found: dict[tuple[object, ...], int] = {}
        for carrier in self.instance.carrier_by_id:
            for position, task in enumerate(self.tasks(carrier)):
                found[(carrier, *self._name(task))] = position
        return found

    def tasks(self, carrier: str) -> list[Move | ScheduledOperation]:
        """Return the loaded moves of a carrier and what it tends, in order."""
        return tasks_of(self.instance, self.schedule, carrier)

    def _name(self, task: Move | ScheduledOperation) -> tuple[object, ...]:
        """Return what tells a task of a carrier from its others; see `name_of`."""
        if isinstance(task, Move):
            return (task.job, task.predecessor, task.successor, task.origin, task.destination)
        is_lost = self.instance.execution is not None and task in self.instance.execution.aborted
        return (*task.key, task.start, task.machine) if is_lost else (*task.key, task.machine)

    def is_tended(self, key: OperationKey, mode: int, robot: str) -> bool:
        """Return whether the operation is done in this mode and tended by this robot."""
        found = self.operations.get(key)
        return found is not None and (found.mode, found.tended_by) == (mode, robot)

    def group_of(self, key: MoveKey) -> str | None:
        """Return the cell or fleet whose robot or vehicle does this move, None without move."""
        move = self.move(key)
        return None if move is None else self.instance.group_by_carrier[move.mover].id

    def turn(self, fleet: str, before: MoveKey | None, start: str, after: MoveKey) -> bool:
        """Return whether a vehicle of the fleet does a transport directly after another, or first, from `start`."""
        vehicle, position = self._turns.get(after, ("", -1))
        if not vehicle or self.instance.group_by_carrier[vehicle].id != fleet:
            return False
        if before is None:
            return position == 0 and self.instance.carrier_by_id[vehicle].start == start
        return self._turns.get(before) == (vehicle, position - 1)

    def ends_tour(self, fleet: str, key: MoveKey) -> bool:
        """Return whether a transport is the last of a vehicle of the fleet."""
        vehicle, position = self._turns.get(key, ("", -1))
        in_fleet = bool(vehicle) and self.instance.group_by_carrier[vehicle].id == fleet
        return in_fleet and position == len(self.loaded_moves(vehicle)) - 1

    def position(self, key: MoveKey) -> int:
        """Return the place of a loaded move in the sequence of its carrier, 0 where there is none."""
        return max(0, self._turns.get(key, ("", 0))[1])

    @cached_property
    def _turns(self) -> dict[MoveKey, tuple[str, int]]:
        """Carrier of each loaded move, and the place in its sequence."""
        found: dict[MoveKey, tuple[str, int]] = {}
        for carrier in self.instance.carrier_by_id:
            for position, move in enumerate(self.loaded_moves(carrier)):
                key = (move.job or "", move.predecessor, move.successor, self.slot(move), move.load)
                found[key] = (carrier, position)
        return found

    def visits_next(self, carrier: str, before: tuple[TaskVars, bool] | None, after: tuple[TaskVars, bool]) -> bool:
        """Return whether the carrier makes a visit (of a move; True: its drop) directly after the other."""
        places = self._visits[carrier]
        place = places.get((*name_of(after[0]), after[1]))
        if place is None or before is None:
            return place == 0
        return places.get((*name_of(before[0]), before[1])) == place - 1

    def is_last_visit(self, carrier: str, task: TaskVars, is_drop: bool) -> bool:
        """Return whether the carrier makes no visit after it."""
        places = self._visits[carrier]
        return places.get((*name_of(task), is_drop)) == len(places) - 1

    @cached_property
    def _visits(self) -> dict[str, dict[tuple[object, ...], int]]:
        """Place of each visit in the sequence of its carrier."""
        found: dict[str, dict[tuple[object, ...], int]] = {}
        for carrier_id, carrier in self.instance.carrier_by_id.items():
            group = self.instance.group_by_carrier[carrier_id]
            found[carrier_id] = {}
            for place, visit in enumerate(visits(group, carrier, self.tasks(carrier_id))):
                found[carrier_id][(*self._name(visit.task), visit.is_drop)] = place
        return found

    def loaded_moves(self, mover: str) -> list[Move]:
        """Return the loaded moves of the mover in order."""
        return [move for move in self.schedule.by_mover.get(mover, ()) if move.job is not None]

    @cached_property
    def gaps(self) -> Gaps:
        """What lies between the tasks of vehicles with batteries, in limited parking, or with several jobs."""
        return Gaps(self.instance, self.schedule)

    def leader(self, lane: str, options: list[OptionVars], index: int) -> int:
        """Return the first transfer (by index) on the trip of transfer `index`, -1 if it does not use the lane."""
        if lane not in self._leaders:
            first: dict[tuple[str, int], int] = {}
            self._leaders[lane] = []
            for number, option in enumerate(options):
                move = self.move(option.key)
                used = None if move is None else self.instance.lane_by_vehicle[move.mover]
                lasts = used is not None and move is not None and used.trip_time_at(move.start) == option.length
                if move is None or used is None or used.id != lane or not (lasts or option.fixed is not None):
                    self._leaders[lane].append(-1)
                else:
                    self._leaders[lane].append(first.setdefault((move.mover, move.start), number))
        return self._leaders[lane][index]

    # --- stations ----------------------------------------------------------------------------------------------------

    def gone_from_station(self, link: LinkVars) -> int:
        """Return when the part of a link is taken from the output station, 0 if it does not go over one."""
        stay = self._stays.get((*link.ends, "output"))
        return 0 if stay is None else stay.until

    def time_at_station(self, link: LinkVars, side: Side) -> int:
        """Return how long the part of a link takes a place at the station, 0 if it does not go over one."""
        stay = self._stays.get((*link.ends, side))
        return 0 if stay is None else stay.until - stay.begin

    def brings_to_station(self, link: LinkVars, side: Side, option: OptionVars) -> bool:
        """Return whether this move brings the part of a link to the station."""
        stay, move = self._stays.get((*link.ends, side)), self.move(option.key)
        group = None if stay is None else self.instance.group_by_carrier[stay.bringing.mover]
        in_place = move is not None and (move.origin, move.destination) == (option.origin, option.destination)
        known = stay is not None and group is not None and option.mover in (stay.bringing.mover, group.id)
        return known and in_place

    @cached_property
    def _stays(self) -> dict[tuple[str, str | None, str | None, Side], StationStay]:
        found = {}
        for stay in station_stays(self.instance, self.schedule):
            move = stay.bringing
            found[move.job or "", move.predecessor, move.successor, stay.side] = stay
        return found

    # --- machines ----------------------------------------------------------------------------------------------------

    @cached_property
    def _arrivals(self) -> dict[tuple[str, str | None], list[Move]]:
        return moves_into(self.schedule)

    def from_(self, key: OperationKey) -> int:
        """Return when the operation's part takes its machine."""
        found = self.operations.get(key)
        if found is None:
            return 0
        machine = self.instance.machine_by_id[found.machine]
        return occupied_from(self.instance, machine, found, self._arrivals.get(key, ()))

    def until(self, key: OperationKey) -> int:
        """Return when the operation's part leaves its machine."""
        found = self.operations.get(key)
        if found is None:
            return 0
        return self.taken(key) if self.instance.machine_by_id[found.machine].output_buffer == 0 else found.end

    def brought(self, key: OperationKey) -> int:
        """Return when the operation's part is put down at its machine, its start where no move brings it there."""
        found = self.operations.get(key)
        return 0 if found is None else brought_at(self.instance, found, self._arrivals.get(key, ()))

    def taken(self, key: OperationKey) -> int:
        """Return when the operation's part is taken from its machine or output buffer."""
        return self._taken.get(key, 0)

    @cached_property
    def _taken(self) -> dict[OperationKey, int]:
        return taken_at(self.instance, self.schedule)

    @cached_property
    def _sequences(self) -> dict[str, list[OperationKey]]:
        found: dict[str, list[OperationKey]] = {}
        for machine, operations in self.schedule.by_machine.items():
            order = sorted(operations, key=lambda o: (self.from_(o.key), o.start, o.end))
            found[machine] = [o.key for o in order]
        return found

    def taking_place(self, key: OperationKey) -> int:
        """Return the place, among the hand-overs of an instant, in which the operation takes its machine.

        It is 0 where nothing leaves a machine without swap for it, else one more than that of the leaving.
        """
        before = self._directly_before.get(key)
        return 0 if before is None else 1 + self.leaving_place(before)

    def leaving_place(self, key: OperationKey) -> int:
        """Return the place in which the part leaves its machine: that in which it takes the next one, if at once."""
        return max((self.taking_place(after) for after in self._at_once_after.get(key, ())), default=0)

    @cached_property
    def _directly_before(self) -> dict[OperationKey, OperationKey]:
        """What leaves a machine without swap in the instant in which the operation takes it."""
        found = {}
        for machine in self.instance.machines:
            if not machine.swap and machine.output_buffer == 0:
                stays = (key for key in self.sequence(machine.id) if self.from_(key) < self.until(key))
                found.update({b: a for a, b in pairwise(stays) if self.until(a) == self.from_(b)})
        return found

    @cached_property
    def _at_once_after(self) -> dict[OperationKey, list[OperationKey]]:
        """The next operations of a part that take other machines when it leaves its own, not by way of a buffer."""
        found: dict[OperationKey, list[OperationKey]] = {}
        carried = {(move.job, move.predecessor, move.successor) for move in self.schedule.moves}
        over = taken_over(self.instance)
        for job in self.instance.jobs:
            for precedence in job.precedences:
                a, b = (job.id, precedence.predecessor), (job.id, precedence.successor)
                if (a, b) in over:
                    continue
                if a in self.operations and b in self.operations and self.until(a) == self.from_(b):
                    machine = self.instance.machine_by_id[self.operations[b].machine]
                    if machine.id == self.operations[a].machine:
                        continue
                    if machine.input_buffer == 0 or (job.id, a[1], b[1]) not in carried:
                        found.setdefault(a, []).append(b)
        return found

    def arrival(self, job: str, predecessor: str | None, successor: str | None) -> int:
        """Return when the part on this link is put down at the machine that it is brought to."""
        found = self.operations.get((job, successor or ""))
        if found is None:
            return 0
        arriving = [m for m in self._arrivals.get(found.key, ()) if m.predecessor == predecessor]
        return brought_at(self.instance, found, arriving)

    def is_on(self, key: OperationKey, machine: str) -> bool:
        """Return whether the operation is done on the machine."""
        found = self.operations.get(key)
        return found is not None and found.machine == machine

    def previous(self, key: OperationKey) -> OperationKey | None:
        """Return the operation directly before this one on its machine."""
        found = self.operations.get(key)
        if found is None:
            return None
        return self._previous[key]

    @cached_property
    def _previous(self) -> dict[OperationKey, OperationKey | None]:
        return {b: a for sequence in self._sequences.values() for a, b in pairwise([None, *sequence]) if b is not None}

    def is_last(self, key: OperationKey, machine: str) -> bool:
        """Return whether the operation is the last on the machine."""
        return bool(self._sequences.get(machine)) and self._sequences[machine][-1] == key

    def sequence(self, machine: str) -> list[OperationKey]:
        """Return the operations on the machine in order of occupation."""
        return self._sequences.get(machine, [])
