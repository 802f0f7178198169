"""What the execution says has happened, put on the board before anything else.

Operations that have started, moves under way or done, and pinned operations are reserved as they are. An operation to
whose station a part has been brought keeps that machine. A part that has not left a station without output buffer
occupies it until it is carried away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeAlias, TypeGuard

from scheduler.domain import Execution, Job, Move, OperationKey, Schedule, ScheduledOperation
from scheduler.domain.derive import drop_time, pick_up_time
from scheduler.domain.happened import execution_of, first_starts, started
from scheduler.domain.parking import ways_begun
from scheduler.domain.slowdowns import arrival, lifts
from scheduler.domain.visits import visits
from scheduler.search.board import Board
from scheduler.search.charging import BatteryTimeline
from scheduler.search.downtimes import NEVER
from scheduler.search.movers import CarrierTimeline
from scheduler.search.parking import ParkingTimeline
from scheduler.search.problem import JobData, LinkData, MachineData, ModeData, OperationData, PlanData, Problem

Way: TypeAlias = tuple[str, str | None, str | None]
"""Job, predecessor, successor."""
NOTHING = Schedule(())
"""A schedule without anything."""


class Past:
    """Operations that have started, pins, and moves by the way of a part.

    What is `settled` counts as if it had happened: operations, moves and charges to come, from a schedule that keeps
    every rule.
    """

    def __init__(self, problem: Problem, settled: Schedule = NOTHING) -> None:
        self._problem = problem
        execution = execution_of(problem.instance)
        moves, charges = (*execution.moves, *settled.moves), (*execution.charges, *settled.charges)
        self._execution: Execution = replace(execution, moves=moves, charges=charges)
        self._started: Mapping[OperationKey, ScheduledOperation] = {
            **started(problem.instance),
            **settled.by_operation,
        }
        self._pins = {pin.key: pin for pin in self._execution.pins if pin.key not in self._started}
        self._carried = _by_way(self._execution.moves)
        now, planned = self._execution.now, self._execution.baseline.moves
        self._planned = _by_way(move for move in planned if move.job is not None and move.start >= now)
        self._scheduled: dict[str, set[str]] = {}
        for operation in self._execution.baseline.operations:
            self._scheduled.setdefault(operation.job, set()).add(operation.operation)
        self._begun: dict[str, set[str]] = {}
        for job_id, operation_id in chain(self._started, self._pins):
            self._begun.setdefault(job_id, set()).add(operation_id)
        for job_id, before, after in self._carried:
            self._begun.setdefault(job_id, set()).update(end for end in (before, after) if end is not None)

    def begun(self, job: Job) -> set[str]:
        """Return the operations of a job that have started, are pinned, or from or to which a part was carried."""
        return self._begun.get(job.id, set())

    def plan_number(self, job: JobData) -> int | None:
        """Return a plan that holds what has begun, that of the baseline if it does; None if there is none."""
        begun = self.begun(job.domain)
        baseline = self._scheduled.get(job.domain.id, set())
        possible = [number for number, ids in enumerate(job.plan_ids) if begun.issubset(ids)]
        return min(possible, key=lambda n: len(baseline.symmetric_difference(job.plan_ids[n])), default=None)

    def recall(self, board: Board, plans: Sequence[PlanData]) -> None:
        """Put the past on an empty board; `plans` are those of the jobs that have begun."""
        for move in self._execution.moves:
            self._reserve(board, move)
        for name, carrier in board.carriers.items():
            if _makes_stretches(carrier):
                carrier.recall(move for move in self._execution.moves if move.mover == name)
        for charge in self._execution.charges:
            board.plug_in(charge)
        for piece in self._execution.aborted:
            if piece.tended_by is not None:
                board.carriers[piece.tended_by].reserve(piece.start, piece.end, piece.machine, piece.machine)
        self._let_go_on(board)
        operations = [(plan, operation) for plan in plans for operation in plan.operations]
        for plan in plans:
            for link in plan.links:
                if moves := self._moves(link):
                    self._note_carried(board, link, moves)
        for _, operation in operations:
            if operation.key in self._started:
                self._run(board, operation, self._started[operation.key])
                board.fixed.add(operation.index)
        for plan, operation in operations:
            if operation.index in board.fixed:
                self._occupy(board, plan, operation)
        for _, operation in operations:
            if operation.key in self._pins:
                self._pin(board, operation, self._pins[operation.key])
        for plan in plans:
            self._keep_movers(board, plan)
        for plan, operation in operations:
            if operation.index not in board.fixed:
                self._restrict(board, plan, operation)
        self._hold_stations(board, operations)
        self._hold_places(board, operations)
        self._park(board, plans)

    def _note_carried(self, board: Board, link: LinkData, moves: Sequence[Move]) -> None:
        """Note how far a part has been carried: over every leg on which no load is left."""
        by_leg: dict[tuple[str, str], list[Move]] = {}
        for move in moves:
            by_leg.setdefault((move.origin, move.destination), []).append(move)
        for number, (places, loads) in enumerate(by_leg.items()):
            full = sum(move.units or link.job.units for move in loads) >= link.job.units
            if full:
                board.part[link] = (number + 1, max(move.end for move in loads))
            else:
                board.departed[link, *places] = loads

    def _reserve(self, board: Board, move: Move) -> None:
        """Keep a move as it was, also one of a job that the instance does not have any more."""
        job, carrier = self._problem.instance.job_by_id.get(move.job or ""), board.carriers.get(move.mover)
        if carrier is None:
            board.book(move, move.units or (job.units if job is not None else 1))
        elif not _makes_stretches(carrier):
            carrier.reserve(move.start, move.end, move.origin, move.destination)
        board.moves.append(move)

    def _let_go_on(self, board: Board) -> None:
        """Note the setups and empty moves that were under way at `now`."""
        now, baseline = self._execution.now, self._execution.baseline
        for carrier_id, carrier in board.carriers.items():
            tasks: list[Move | ScheduledOperation] = [m for m in self._execution.moves if m.mover == carrier_id]
            tasks += [o for o in (*self._started.values(), *self._execution.aborted) if o.tended_by == carrier_id]
            tasks = [task for task in tasks if task.start < now]
            charges = [charge for charge in self._execution.charges if charge.vehicle == carrier_id]
            ends = [task.end for task in tasks] + [charge.end for charge in charges if charge.start < now]
            free_at = max(ends, default=0)
            carrier.under_way = {
                (move.origin, move.destination): move.start
                for move in baseline.by_mover.get(carrier_id, ())
                if move.job is None and free_at <= move.start < now
            }
            if carrier.carrier.capacity > 1 and not _makes_stretches(carrier):
                made = visits(self._problem.instance.group_by_carrier[carrier_id], carrier.carrier, tasks)
                left = next((number for number, visit in enumerate(made) if visit.end > now), len(made))
                carrier.visits_left = made[max(left - 1, 0) :] if left < len(made) else ()
            if isinstance(carrier, BatteryTimeline):
                carrier.ways = ways_begun(self._problem.instance, carrier_id)
            if isinstance(carrier, ParkingTimeline):
                carrier.set_out(ways_begun(self._problem.instance, carrier_id))
        for setup in baseline.setups:
            operation = self._problem.operation_by_key.get((setup.job, setup.operation))
            machine = self._problem.machine_by_id.get(setup.machine)
            if setup.start < now and operation is not None and machine is not None:
                change = (operation.index, setup.from_family, setup.to_family)
                board.timelines[machine.index].begun[change] = setup.start

    def _run(self, board: Board, operation: OperationData, was: ScheduledOperation) -> None:
        """Let an operation run as it started or is pinned; how long is known only if it has ended."""
        mode = operation.modes[was.mode]
        end = was.end
        if end > self._execution.now:
            downtimes, end = mode.machine.downtimes, was.start + mode.duration
            if downtimes is not None:
                end = downtimes.end(was.start, mode.duration, operation.interruptible)
        board.work(operation.index, mode, was.start, end, robot=was.tended_by)
        board.domains[operation.index] = (mode,)

    def _occupy(self, board: Board, plan: PlanData, operation: OperationData) -> None:
        """Let an operation that has started occupy its machine, unless its part is still there."""
        index, mode = operation.index, board.mode_of(operation)
        machine = mode.machine
        if machine.keeps:
            left = [self._left_at(board, link, mode.machine) for link in plan.outgoing[index]]
            board.waiting[index] = left.count(None)
            board.left_at[index] = max([board.end[index], *(instant for instant in left if instant is not None)])
        begin = self._begin(board, plan, operation, machine)
        if machine.places_out:
            board.occupy(index, mode, begin, board.end[index])
            if board.waiting[index] == 0:
                board.store(index, mode, begin, board.left_at[index])
        elif board.waiting[index] == 0:
            board.occupy(index, mode, begin, board.left_at[index])

    def _pin(self, board: Board, operation: OperationData, pin: ScheduledOperation) -> None:
        """Keep machine and operators free for a pinned operation; it is placed later."""
        index = operation.index
        self._run(board, operation, pin)
        board.mode[index] = None
        board.pins[index] = pin.start
        board.occupy(index, operation.modes[pin.mode], pin.start, board.end[index])

    def _keep_movers(self, board: Board, plan: PlanData) -> None:
        """Keep movers free for the moves to pinned operations, or out of the cell after them, as in the baseline."""
        for link in plan.links:
            before, after = link.predecessor, link.successor
            latest = NEVER if after is None else board.pins.get(after.index, -1)
            known = before is None or before.index in board.fixed or before.index in board.pins
            moves = self._planned.get(_way(link), ())
            if (
                not moves
                or not known
                or moves[-1].end > latest
                or (before and moves[0].start < board.end[before.index])
            ):
                continue
            for move in moves if not link.job.splits else ():
                if self._takes_as_long(move) and board.is_possible(move, link.job.units):
                    board.book(move, link.job.units)
                    board.kept[link, move.origin, move.destination] = move

    def _takes_as_long(self, move: Move) -> bool:
        """Return whether a planned move takes as long as ever: ways may have become slow, or fast again."""
        instance, length = self._problem.instance, move.end - move.start
        if move.kind == "transfer":
            return length == instance.lane_by_vehicle[move.mover].trip_time_at(move.start)
        group = instance.group_by_carrier[move.mover]
        usual = group.move_time(move.origin, move.destination)
        if lifts(group) and length == group.move_time(move.origin, move.destination, move.start):
            return True
        if instance.carrier_by_id[move.mover].capacity == 1:
            return length == usual
        lifted = move.start + group.pick_up_time
        return move.end - group.drop_time >= arrival(group, move.origin, move.destination, lifted)

    def _restrict(self, board: Board, plan: PlanData, operation: OperationData) -> None:
        """Leave an operation the modes to which the moves that have begun lead."""
        for link in plan.incoming[operation.index]:
            if moves := self._moves(link):
                origin = board.mode_of(link.predecessor).machine if link.predecessor is not None else None
                modes = board.modes_of(operation)
                board.domains[operation.index] = tuple(m for m in modes if self._leads_to(m.machine, origin, moves))

    def _leads_to(self, machine: MachineData, origin: MachineData | None, moves: Sequence[Move]) -> bool:
        gone = list(dict.fromkeys((move.origin, move.destination) for move in moves))
        routes = self._problem.routes(origin, machine)
        return any([(leg.origin, leg.destination) for leg in legs[: len(gone)]] == gone for legs in routes)

    def _hold_stations(self, board: Board, operations: Sequence[tuple[PlanData, OperationData]]) -> None:
        """Let parts occupy stations until they are carried away or, if another part is on its way there, until then."""
        held: list[tuple[int, OperationData, ModeData]] = []
        for plan, operation in operations:
            index = operation.index
            if index in board.fixed and board.waiting[index]:
                mode = board.mode_of(operation)
                held.append((self._begin(board, plan, operation, mode.machine), operation, mode))
            elif index not in board.fixed and (modes := board.modes_of(operation)) and modes[0].machine.holds_in:
                loaded_at = self._loaded_at(plan, operation, modes[0].machine)
                if loaded_at is not None:
                    board.loaded[index] = loaded_at
                    held.append((loaded_at, operation, modes[0]))
        for begin, operation, mode in sorted(held, key=lambda item: -item[0]):
            index, store = operation.index, board.stores[mode.machine.index]
            if store is not None:
                board.store(index, mode, begin, max(begin, store.limit(begin, None)))
            if index in board.fixed and not mode.machine.holds_out:
                continue
            if board.begin[index] >= 0:
                board.vacate(index, mode)
            limit = board.timelines[mode.machine.index].limit(begin, mode.family)
            board.occupy(index, mode, begin, max(begin, limit))

    def _hold_places(self, board: Board, operations: Sequence[tuple[PlanData, OperationData]]) -> None:
        """Let parts that wait before a machine, or are on their way there, have their places until they are placed."""
        lost = first_starts(self._problem.instance)
        for plan, operation in operations:
            modes, index = board.modes_of(operation), operation.index
            is_over = index in board.fixed and board.start[index] <= self._execution.now
            if is_over or operation.key in lost or not modes or not modes[0].machine.places_in:
                continue
            brought_at = self._loaded_at(plan, operation, modes[0].machine)
            if brought_at is None:
                continue
            if index in board.fixed:
                board.wait(index, modes[0], brought_at, board.start[index])
                continue
            places = board.inputs[modes[0].machine.index]
            assert places is not None
            places.reserve(brought_at, NEVER, None, index)
            board.brought[index] = brought_at

    def _park(self, board: Board, plans: Sequence[PlanData]) -> None:
        """Let parts have their places at input and output stations, open ones where they have not gone on."""
        for link in (link for plan in plans for link in plan.links):
            moves = self._moves(link)
            if not moves or not board.stations.rooms:
                continue
            board.stations.note(link, moves)
            partly = board.departed.keys()
            made = [move for move in moves if (link, move.origin, move.destination) not in partly]
            before, after = link.predecessor, link.successor
            legs = self._problem.legs(board.mode_of(before).machine, None) if before is not None else ()
            has_left = after is None and len(legs or ()) <= board.part.get(link, (0, 0))[0]
            cell = None
            if after is not None and after.index not in board.fixed and made and made[-1].kind == "transport":
                cells = (mode.machine.cell for mode in board.modes_of(after))
                cell = next((c for c in cells if c is not None and c.input_station == made[-1].destination), None)
            is_over = has_left or (after is not None and after.index in board.fixed)
            board.stations.recall(board, link, made, cell, is_over)

    def _begin(self, board: Board, plan: PlanData, operation: OperationData, machine: MachineData) -> int:
        loaded_at = self._loaded_at(plan, operation, machine) if machine.holds_in else None
        return board.start[operation.index] if loaded_at is None else loaded_at

    def _loaded_at(self, plan: PlanData, operation: OperationData, machine: MachineData) -> int | None:
        """Return when the loading of the first part brought to the station began."""
        brought = (move for link in plan.incoming[operation.index] for move in self._moves(link))
        instance, id = self._problem.instance, machine.domain.id
        begins = (move.end - drop_time(instance, move) for move in brought if move.destination == id)
        return min(begins, default=None)

    def _left_at(self, board: Board, link: LinkData, machine: MachineData) -> int | None:
        """Return when a part left the machine: carried away, taken over by the next operation, or departed."""
        before, after = link.predecessor, link.successor
        if link.taken_at is not None:
            return link.taken_at
        if moves := self._moves(link):
            if moves[0].kind == "transfer" or moves[0].origin == machine.domain.id:
                if (link, moves[0].origin, moves[0].destination) in board.departed:
                    return None
                loads = [m for m in moves if (m.origin, m.destination) == (moves[0].origin, moves[0].destination)]
                return max(move.start + pick_up_time(self._problem.instance, move) for move in loads)
            return board.end[before.index] if before is not None else None
        if after is not None:
            return board.start[after.index] if after.index in board.fixed else None
        departs = before is not None and not self._problem.legs(machine, None)
        return board.end[before.index] if before is not None and departs else None

    def _moves(self, link: LinkData) -> list[Move]:
        return self._carried.get(_way(link), [])


def _makes_stretches(carrier: CarrierTimeline | None) -> TypeGuard[CarrierTimeline]:
    """Return whether a carrier has made stretches, with several jobs on board, that count as one task each."""
    return isinstance(carrier, BatteryTimeline | ParkingTimeline) and carrier.carrier.capacity > 1


def _way(link: LinkData) -> Way:
    before = link.predecessor.key[1] if link.predecessor is not None else None
    after = link.successor.key[1] if link.successor is not None else None
    return (link.job.id, before, after)


def _by_way(moves: Iterable[Move]) -> dict[Way, list[Move]]:
    found: dict[Way, list[Move]] = {}
    for move in sorted(moves, key=lambda m: (m.start, m.end)):
        found.setdefault((move.job or "", move.predecessor, move.successor), []).append(move)
    return found
