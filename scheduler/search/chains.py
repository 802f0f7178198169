"""Inserting a job whose parts block plain machines: the earliest way through the gaps that the others left.

A part that takes a machine in a gap ``[a, b)`` may stay there until *b*, but has to go on before: to a gap of the next
machine that is open by then. Of all ways that enter a gap the earliest is the best, since it can wait for all others.
So one label for each operation and gap, its earliest entry, gives the earliest completion there is for a job between
others that stay as they are (job insertion: Groeflin & Klinkert 2009, Discrete Applied Mathematics 157).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scheduler.search.board import Board
from scheduler.search.downtimes import NEVER
from scheduler.search.problem import ModeData, OperationData, PlanData
from scheduler.search.timelines import MachineTimeline


class _Label(NamedTuple):
    """The earliest entry of an operation into a gap, which it has to leave by ``limit``; and whence."""

    entry: int
    limit: int
    gap: int
    mode: ModeData
    before: _Label | None


def place_chain(board: Board, plan: PlanData, operations: Sequence[OperationData]) -> bool:
    """Place all operations of a job at the earliest; False if there is no way.

    The plan is a chain on machines that have nothing but a capacity of 1 (`PlanData.is_chain`), and nothing of the job
    has been placed.
    """
    ready = max(plan.job.domain.release_date, board.problem.now)
    labels = [
        label
        for mode in board.modes_of(operations[0])
        for label in _entries(board, mode, None, ready, NEVER, len(operations) == 1)
    ]
    for operation in operations[1:]:
        lag = max(link.min_lag for link in plan.incoming[operation.index])
        is_last = operation is operations[-1]
        labels.sort(key=lambda label: label.entry + label.mode.duration)
        found: dict[tuple[int, int], _Label] = {}
        for before in labels:
            ready = before.entry + before.mode.duration + lag
            for mode in board.modes_of(operation):
                for label in _entries(board, mode, before, ready, before.limit, is_last):
                    found.setdefault((mode.number, label.gap), label)
        labels = list(found.values())
    best = min(labels, key=lambda label: label.entry + label.mode.duration, default=None)
    if best is None:
        return False
    until = best.entry + best.mode.duration
    for operation in reversed(operations):
        assert best is not None
        board.occupy(operation.index, best.mode, best.entry, until)
        board.work(operation.index, best.mode, best.entry, best.entry + best.mode.duration)
        until, best = best.entry, best.before
    return True


def _entries(
    board: Board, mode: ModeData, before: _Label | None, ready: int, latest: int, is_last: bool
) -> Iterator[_Label]:
    """Yield a label for every gap of a mode's machine that a part enters from `ready` to `latest`.

    A part leaves a machine without `swap` before the one after it comes, unless it leaves for good.
    """
    if before is not None and before.mode.machine is mode.machine:
        if ready + mode.duration <= latest:
            yield _Label(ready, latest, before.gap, mode, before)
        return
    timeline = board.timelines[mode.machine.index]
    assert isinstance(timeline, MachineTimeline)
    for gap, begin, end in timeline.gaps(ready):
        entry, limit = max(begin, ready), end - timeline.margin
        if entry > latest:
            break
        if entry + mode.duration <= (end if is_last else limit):
            yield _Label(entry, limit, gap, mode, before)
