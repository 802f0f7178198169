"""Which unit is placed next: two queues of those whose predecessors have been placed."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Protocol, TypeAlias

from scheduler.search.insertion import Insertion
from scheduler.search.rules import Rule
from scheduler.search.units import Unit

_Entry: TypeAlias = tuple[float, int, Unit]
"""A unit in line: its rank, and a number that is less for units that came earlier."""


class Queue(Protocol):
    """Units that could be placed next."""

    def push(self, units: Iterable[Unit]) -> None:
        """Add units whose predecessors have been placed."""
        ...

    def pop(self) -> Unit | None:
        """Take the unit out that is next; None if there is none left."""
        ...


def queue_for(insertion: Insertion, rule: Rule) -> Queue:
    """Return the queue that fits the rule."""
    return LineQueue(insertion, rule) if rule.window == 0 else StartQueue(insertion, rule)


class StartQueue:
    """Units by the time at which they can start, or by rank alone.

    While units are only added to the board, a start only grows, so that an estimate from earlier is a lower bound.
    """

    def __init__(self, insertion: Insertion, rule: Rule) -> None:
        self._insertion = insertion
        self._rule = rule
        self._heap: list[tuple[float, int, Unit]] = []
        self._count = 0

    def push(self, units: Iterable[Unit]) -> None:
        """Add units whose predecessors have been placed."""
        for unit in units:
            by_rank = self._rule.window is None
            self._put(self._rule.rank(unit, 0) if by_rank else self._insertion.peek(unit), unit)

    def pop(self) -> Unit | None:
        """Take the unit out that is next; None if there is none left."""
        if not self._heap:
            return None
        if self._rule.window is None:
            return heappop(self._heap)[2]
        instant, first = self._soonest()
        latest = instant + self._rule.window * first.operations[0].least_duration
        rivals = [(self._rule.rank(first, instant), instant, first)]
        while self._heap and self._heap[0][0] <= latest:
            start, rival = self._soonest()
            if start > latest:
                self._put(start, rival)
                break
            rivals.append((self._rule.rank(rival, start), start, rival))
        best = min(range(len(rivals)), key=lambda i: rivals[i][:2])
        for number, (_, start, rival) in enumerate(rivals):
            if number != best:
                self._put(start, rival)
        return rivals[best][2]

    def _soonest(self) -> tuple[float, Unit]:
        """Take the unit out that can start first, and when; bring estimates up to date on the way."""
        while True:
            estimate, _, unit = heappop(self._heap)
            start = self._insertion.peek(unit)
            if start <= estimate or not self._heap or start <= self._heap[0][0]:
                return start, unit
            self._put(start, unit)

    def _put(self, key: float, unit: Unit) -> None:
        self._count += 1
        heappush(self._heap, (key, self._count, unit))


class LineQueue:
    """Units in a line at each of their machines, for rules without window.

    Of the units that can start first, that of the least rank is next. As long as a unit's machines are all busy it
    can't start, so that only the lines of idle machines need a look, from the front: a pass over thousands of
    operations takes a time that hardly grows with the number of jobs that wait.
    """

    def __init__(self, insertion: Insertion, rule: Rule) -> None:
        self._insertion = insertion
        self._board = insertion.board
        self._rule = rule
        self._instant = 0
        self._coming: list[tuple[int, int, Unit]] = []  # a heap by the earliest start, as far as it is known
        self._waiting: dict[Unit, int] = {}  # in line, with the number of the entry
        # One line more than there are machines, for what waits for none: operations of no length or without mode.
        self._lines: list[list[_Entry]] = [[] for _ in range(len(self._board.timelines) + 1)]
        self._ranked_at = [0] * len(self._lines)  # the instant whose ranks a line has
        self._idle: list[int] = []  # machines with a line
        self._busy: list[tuple[int, int]] = []  # a heap of the others with a line: when it is idle, machine
        self._watched: set[int] = set()  # both
        self._seen: dict[Unit, int] = {}  # how many units had been taken out when its start was worked out
        self._num_taken = 0
        self._count = 0

    def push(self, units: Iterable[Unit]) -> None:
        """Add units whose predecessors have been placed."""
        for unit in units:
            self._come(self._insertion.peek(unit), unit)

    def pop(self) -> Unit | None:
        """Take the unit out that is next; None if there is none left."""
        while self._coming or self._waiting:
            while self._coming and self._coming[0][0] <= self._instant:
                self._line_up(heappop(self._coming)[2])
            while self._busy and self._busy[0][0] <= self._instant:
                self._idle.append(heappop(self._busy)[1])
            unit = self._first()
            if unit is None:
                self._instant = min(heap[0][0] for heap in (self._coming, self._busy) if heap)
                continue
            del self._waiting[unit]
            # Where nothing has been placed since, the start is the instant, or a guess that won't get better.
            is_known = self._seen[unit] == self._num_taken
            start = self._instant if is_known else self._insertion.peek(unit, self._instant)
            if start <= self._instant:
                self._num_taken += 1
                return unit
            self._come(start, unit)
        return None

    def _come(self, start: int, unit: Unit) -> None:
        self._seen[unit] = self._num_taken
        self._count += 1
        heappush(self._coming, (start, self._count, unit))

    def _line_up(self, unit: Unit) -> None:
        self._count += 1
        self._waiting[unit] = self._count
        entry = (self._rule.rank(unit, 0 if self._rule.is_steady else self._instant), self._count, unit)
        modes = self._board.modes_of(unit.operations[0])
        for machine in [mode.machine.index if mode.duration > 0 else -1 for mode in modes] or [-1]:
            heappush(self._lines[machine], entry)
            if machine not in self._watched:
                self._watched.add(machine)
                self._idle.append(machine)

    def _first(self) -> Unit | None:
        """Return the unit of the least rank in the lines of idle machines."""
        candidates, self._idle = self._idle, []
        best: _Entry | None = None
        for machine in candidates:
            idle_at, head = self._idle_at(machine), self._head(machine)
            if head is None:
                self._watched.remove(machine)
            elif idle_at > self._instant:
                heappush(self._busy, (idle_at, machine))
            else:
                self._idle.append(machine)
                best = head if best is None else min(best, head)
        return best[2] if best is not None else None

    def _head(self, machine: int) -> _Entry | None:
        """Return the unit that is first in line now, with its rank."""
        line, waiting = self._lines[machine], self._waiting
        if not self._rule.is_steady and self._ranked_at[machine] != self._instant:
            self._ranked_at[machine] = self._instant
            left = ((count, unit) for _, count, unit in line if waiting.get(unit) == count)
            line[:] = [(self._rule.rank(unit, self._instant), count, unit) for count, unit in left]
            heapify(line)
        while line and waiting.get(line[0][2]) != line[0][1]:
            heappop(line)
        return line[0] if line else None

    def _idle_at(self, machine: int) -> int:
        """Return the first instant from now on at which the machine is idle."""
        return self._board.timelines[machine].opening(self._instant, 1, None, -1) if machine >= 0 else 0
