"""Placing one operation: in the mode that completes it first, with all moves of its part, into the gaps left.

What an operation can't do because one before it was placed too early (its part would have to stay on a station that is
taken by then, or a maximum lag would be exceeded) is a *clash*; `scheduler.search.insertion` deals with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import count
from typing import NamedTuple

from scheduler.domain.horizon import horizon
from scheduler.domain.routing import Leg
from scheduler.search.board import Board
from scheduler.search.carrying import tender
from scheduler.search.clash import HOPELESS, Clash
from scheduler.search.downtimes import NEVER
from scheduler.search.leaving import fetched, has_to_leave, leave, send_off, stays, take_over
from scheduler.search.problem import LinkData, ModeData, OperationData, PlanData
from scheduler.search.routes import first_to_arrive
from scheduler.search.rules import Rule
from scheduler.search.stations import with_room

MAX_OPENINGS = 400
"""Openings tried for one operation in one mode."""
PATIENT_TRIES = 100
"""Windows tried for one operation before it is asked whether any can come."""


class Entry(NamedTuple):
    """The last move of a part to its machine, and perhaps the first; the part is ready for it at ``ready``."""

    ready: int
    leg: Leg
    link: LinkData
    is_first: bool


class Placement:
    """Places operations on a board, by the preferences of a rule."""

    def __init__(self, board: Board, rule: Rule) -> None:
        self.board = board
        self.problem = board.problem
        self.rule = rule

    def place_operation(self, plan: PlanData, operation: OperationData, floor: int = 0) -> Clash | None:
        """Place an operation in its best mode, not to start before `floor`; return None if that was possible."""
        board = self.board
        if board.mode[operation.index] is not None:
            return with_room(board, plan, operation, lambda: send_off(board, plan, operation))
        if plan.is_plain and operation.index not in board.pins:
            return self._place_plain(plan, operation, floor)
        modes = board.modes_of(operation)
        if len(modes) == 1:
            return self.place_in(plan, operation, modes[0], floor)
        mark = board.mark()
        best: tuple[tuple[float, ...], ModeData] | None = None
        clash = HOPELESS
        for mode in modes:
            failed = self.place_in(plan, operation, mode, floor)
            if failed is None:
                rank = self._rank(plan, operation, mode)
                if best is None or rank < best[0]:
                    best = (rank, mode)
            elif failed.bound < clash.bound:
                clash = failed
            board.undo(mark)
        return clash if best is None else self.place_in(plan, operation, best[1], floor)

    def place_in(self, plan: PlanData, operation: OperationData, mode: ModeData, floor: int) -> Clash | None:
        """Place an operation in a mode; on a clash the board is left as it is then."""
        return with_room(self.board, plan, operation, lambda: self._place_in(plan, operation, mode, floor))

    def _place_in(self, plan: PlanData, operation: OperationData, mode: ModeData, floor: int) -> Clash | None:
        board, index, machine = self.board, operation.index, mode.machine
        if not board.choose(plan, operation, mode):
            return HOPELESS
        if board.begin[index] >= 0 or index in board.brought:
            board.lift(index, mode)
        earliest = max(floor, plan.job.domain.release_date, self.problem.now, board.pins.get(index, 0))
        entries: list[Entry] = []
        for link in plan.incoming[index]:
            before = link.predecessor
            origin = board.mode_of(before).machine if before is not None else None
            arrived_at = board.end[before.index] if before is not None else plan.job.domain.release_date
            done, ready = board.part.get(link, (0, arrived_at))
            legs = first_to_arrive(board, link, self.problem.routes(origin, machine), ready)
            if legs is None:
                return HOPELESS
            for number, leg in enumerate(legs[done:], start=done):
                is_taken = number == 0 and before is not None and origin is not None and origin.takes_up(leg)
                if number == 0 and before is not None and not is_taken:
                    clash = leave(board, before, link, board.end[before.index])
                    if clash is not None:
                        return clash
                if leg.slot == "entry" or (machine.has_place_in and leg.destination == machine.domain.id):
                    entries.append(Entry(ready, leg, link, number == 0))
                    break
                moved = board.carry(link, leg, ready)
                if moved is None:
                    return HOPELESS
                if number == 0 and before is not None:
                    clash = fetched(board, before, link, leg, moved.start)
                    if clash is None and is_taken:
                        clash = leave(board, before, link, moved.taken_up)
                    if clash is not None:
                        return clash
                ready = moved.end
            else:
                earliest = max(earliest, ready)
            if before is not None:
                earliest = max(earliest, board.end[before.index] + link.min_lag)
        entries.sort(key=lambda entry: entry.ready)
        mark = board.mark()
        opens_at = 0
        for _ in range(MAX_OPENINGS):
            clash = self._fit(plan, operation, mode, earliest, opens_at, entries)
            if clash is None or clash.operation is not operation or index in board.loaded:
                return clash
            board.undo(mark)
            opens_at = clash.bound
        # The opening flees: a setup is needed while the part has to stay on the station.
        return HOPELESS

    def bring(self, plan: PlanData, link: LinkData, floor: int = 0) -> bool:
        """Bring one part to the station of an operation that still waits for others; return whether it can be."""
        board, before, after = self.board, link.predecessor, link.successor
        if before is None or after is None or board.begin[after.index] >= 0:
            return False
        origin = board.mode_of(before).machine
        mark = board.mark()
        for mode in board.modes_of(after):
            machine = mode.machine
            legs = self.problem.legs(origin, machine)
            if not legs or not machine.holds_in or link in board.part:
                continue
            if (legs[0].origin, legs[0].destination) != (origin.domain.id, machine.domain.id):
                continue
            if board.choose(plan, after, mode):
                timeline = board.timelines[machine.index]
                moved = board.carry(link, legs[0], max(board.end[before.index], floor))
                begin = moved.put_down if moved is not None else NEVER
                if (
                    moved is not None
                    and fetched(board, before, link, legs[0], moved.start) is None
                    and leave(board, before, link, moved.taken_up) is None
                    and timeline.opening(begin, 1, mode.family, after.index) == begin
                ):
                    board.load(after.index, mode, begin)
                    return True
            board.undo(mark)
        return False

    def send_out(self, plan: PlanData, link: LinkData) -> bool:
        """Carry one part out of its cell, and so the operation that waits for it goes elsewhere; False if it can't."""
        board, before, after = self.board, link.predecessor, link.successor
        if before is None or after is None or link in board.part:
            return False
        cell = board.mode_of(before).machine.cell
        elsewhere = tuple(mode for mode in board.modes_of(after) if mode.machine.cell is not cell)
        if cell is None or cell.output_places is not None or not elsewhere:
            return False
        board.restrict(after.index, elsewhere)
        return board.narrow(plan, plan.tight) and send_off(board, plan, before) is None

    def _place_plain(self, plan: PlanData, operation: OperationData, floor: int) -> Clash | None:
        """Do `place_operation` where machines have nothing but a capacity of 1, and parts need no moves."""
        board, index = self.board, operation.index
        ready = max(floor, plan.job.domain.release_date, self.problem.now)
        for link in plan.incoming[index]:
            if link.predecessor is not None:
                ready = max(ready, board.end[link.predecessor.index] + link.min_lag)
        rule, least = self.rule, operation.least_duration
        best: tuple[float, int, int] | None = None
        chosen, start = operation.modes[0], 0
        for mode in board.modes_of(operation):
            duration, machine = mode.duration, mode.machine.index
            begin = board.timelines[machine].opening(ready, duration, None, index)
            extra = rule.thrift * (duration - least) if duration > least else 0
            if rule.loyalty:
                extra += rule.penalty(operation, mode)
            rank = (begin + duration + extra, duration, board.busy[machine])
            if best is None or rank < best:
                best, chosen, start = rank, mode, begin
        if start >= NEVER or best is None:
            return HOPELESS
        for link in plan.incoming[index]:
            clash = self._exceeded(link, start)
            if clash is not None:
                return clash
        board.occupy(index, chosen, start, start + chosen.duration)
        board.work(index, chosen, start, start + chosen.duration)
        return None

    def _fit(
        self,
        plan: PlanData,
        operation: OperationData,
        mode: ModeData,
        earliest: int,
        opens_at: int,
        entries: Sequence[Entry],
    ) -> Clash | None:
        """Place entries, occupation, work and exits, the occupation not to begin before `opens_at`."""
        board, index, machine = self.board, operation.index, mode.machine
        # Where a part is on its way, the station is taken when that is put down: no other part comes before it.
        mark, free_at = board.mark(), max(opens_at, board.loaded.get(index, 0)) if machine.holds_in else 0
        while True:
            loaded_at = board.loaded.get(index, board.brought.get(index, NEVER))
            ready = earliest
            for part_ready, leg, link, is_first in entries:
                if free_at > 0:
                    part_ready = max(part_ready, free_at - self.problem.lead_time(leg))
                moved = board.carry(link, leg, part_ready)
                if moved is None:
                    return HOPELESS
                before = link.predecessor
                clash = fetched(board, before, link, leg, moved.start) if before is not None and is_first else None
                if clash is None and before is not None and board.mode_of(before).machine.takes_up(leg):
                    clash = leave(board, before, link, moved.taken_up)
                if clash is not None:
                    return clash
                loaded_at, ready = min(loaded_at, moved.put_down), max(ready, moved.end)
            is_loaded = machine.holds_in and loaded_at < NEVER
            start, end = self._working_window(operation, mode, ready if is_loaded else max(ready, opens_at))
            if start >= NEVER or start != board.pins.get(index, start):
                return HOPELESS
            places = board.inputs[machine.index]
            waits = places is not None and (bool(entries) or index in board.brought)
            if places is None or not waits or places.opening(loaded_at, start - loaded_at, None, index) == loaded_at:
                break
            if index in board.brought:
                return HOPELESS
            board.undo(mark)
            free_at = places.beyond(loaded_at, start)
        if waits:
            board.wait(index, mode, loaded_at, start)
        begin = loaded_at if is_loaded else start
        if mode.max_dwell is not None and is_loaded and start > (arrived := self._arrives_at(plan, operation)):
            return Clash(operation, begin + start - arrived)
        for link in plan.incoming[index]:
            clash = self._exceeded(link, start) or stays(board, link, machine, start)
            clash = clash or take_over(board, link, operation, machine, begin, start)
            if clash is not None:
                return clash
        timeline = board.timelines[machine.index]
        until = end + (machine.unload_time if has_to_leave(board, plan, operation, machine) else 0)
        parts = len(plan.outgoing[index]) if machine.keeps else 0
        length = max(until - begin, 1) if machine.holds_out else until - begin
        opening, store = timeline.opening(begin, length, mode.family, index), board.stores[machine.index]
        if opening == begin and store is not None:
            opening = store.opening(begin, max(length, 1), None, index)
        if opening >= NEVER:
            return HOPELESS
        if opening > begin:
            return Clash(operation, opening)
        board.occupy(index, mode, begin, timeline.limit(begin, mode.family) if machine.holds_out else until)
        if store is not None:
            board.store(index, mode, begin, store.limit(begin, None))
        board.work(index, mode, start, end, parts)
        return send_off(board, plan, operation)

    def _arrives_at(self, plan: PlanData, operation: OperationData) -> int:
        """Return when the last of its parts that are still on the way will be there; `NEVER` if none is."""
        ends = (self.board.part[link][1] for link in plan.incoming[operation.index] if link in self.board.part)
        return max((end for end in ends if end > self.problem.now), default=NEVER)

    def _exceeded(self, link: LinkData, start: int) -> Clash | None:
        """Return the clash if an operation that starts then exceeds the maximum lag."""
        if link.max_lag is None or link.predecessor is None:
            return None
        excess = start - self.board.end[link.predecessor.index] - link.max_lag
        return Clash(link.predecessor, self.board.start[link.predecessor.index] + excess) if excess > 0 else None

    def _working_window(self, operation: OperationData, mode: ModeData, ready: int) -> tuple[int, int]:
        """Return the earliest ``[start, end)`` that calendar, operators and robots that tend allow.

        `NEVER` if there is none: shifts of a machine and of a robot need not have enough time in common.
        """
        downtimes, duration = mode.machine.downtimes, mode.duration
        for tries in count():
            start, end = ready, ready + duration
            if downtimes is not None:
                start, end = downtimes.window(ready, duration, operation.interruptible)
            if start >= NEVER or (tries > PATIENT_TRIES and start > self._latest):
                break
            ready = start
            for pool, amount in mode.operators:
                ready = max(ready, self.board.pools[pool].opening(start, end - start, amount))
            if mode.tenders:
                ready = max(ready, tender(self.board, mode, start, end - start)[0])
            if ready == start or ready >= NEVER:
                return ready, end
        return NEVER, NEVER

    @cached_property
    def _latest(self) -> int:
        """An instant long after any at which something has to wait for calendars."""
        return 2 * horizon(self.problem.instance)

    def _rank(self, plan: PlanData, operation: OperationData, mode: ModeData) -> tuple[float, ...]:
        """Return how good a mode is (less is better), given that the operation is placed in it."""
        board, index, rule = self.board, operation.index, self.rule
        wait = 0
        for link in plan.outgoing[index]:
            if link in board.part:
                done, at = board.part[link]
                legs = (self.problem.legs(mode.machine, None) or ())[:done]
                wait = max(wait, at - board.end[index] - sum(self.problem.leg_time(leg, 1) for leg in legs))
        done_at = board.end[index] + wait + plan.tails[index][mode.number]
        extra = rule.thrift * (mode.least - operation.least_duration) + rule.penalty(operation, mode)
        return (done_at + extra, mode.duration, board.busy[mode.machine.index], mode.number)
