"""Finished jobs leave the books: what they did is in the journal, and nothing that is still to come asks for it.

A factory that runs for weeks would otherwise drag its whole past through every repair.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from scheduler.domain.derive import complete
from scheduler.domain.instance import Instance
from scheduler.domain.schedule import Move, Schedule, ScheduledOperation


def finished_jobs(instance: Instance, schedule: Schedule, now: int, kept: int) -> tuple[str, ...]:
    """Return the jobs that may leave, those finished first, so that about `kept` operations of finished jobs stay.

    What was the last thing before `now` that a machine, robot or vehicle did stays, since it says where that is and for
    which family it is set up; so does what vehicles with batteries carried, since their levels follow from it. None
    leave while there are hardly more than `kept`.
    """
    done = {job for job, completion in schedule.completions.items() if completion <= now}
    last: dict[str, ScheduledOperation | Move] = {}
    held = {move.job for move in schedule.moves if move.mover in instance.battery_by_vehicle}
    for operation in schedule.operations:
        for user in (operation.machine, operation.tended_by):
            if user is not None and operation.start < now:
                last[user] = max(last.get(user, operation), operation, key=_time)
    for move in schedule.moves:
        if move.job is not None and move.start < now:
            last[move.mover] = max(last.get(move.mover, move), move, key=_time)
    held |= {item.job for item in last.values()}
    sizes = {job: 0 for job in done}
    for operation in schedule.operations:
        if operation.job in done:
            sizes[operation.job] += 1
    excess = sum(sizes.values()) - kept
    leaving: list[str] = []
    if excess <= kept // 4:
        return ()
    for job in sorted(done - held, key=lambda job: (schedule.completions[job], job)):
        if excess <= 0:
            break
        leaving.append(job)
        excess -= sizes[job]
    return tuple(leaving)


def without_jobs(instance: Instance, schedule: Schedule, jobs: Collection[str]) -> tuple[Instance, Schedule]:
    """Return instance and schedule as if there had never been these jobs."""
    gone = frozenset(jobs)
    if not gone:
        return instance, schedule
    execution = instance.execution
    if execution is not None:
        execution = replace(
            execution,
            aborted=tuple(piece for piece in execution.aborted if piece.job not in gone),
            moves=tuple(move for move in execution.moves if move.job not in gone),
            pins=tuple(pin for pin in execution.pins if pin.job not in gone),
            log=execution.log.without_jobs(gone),
        )
    left = replace(instance, jobs=tuple(job for job in instance.jobs if job.id not in gone), execution=execution)
    operations = (o for o in schedule.operations if o.job not in gone)
    moves = (m for m in schedule.moves if m.job is not None and m.job not in gone)
    return left, complete(left, operations, moves, schedule.charges)


def _time(item: ScheduledOperation | Move) -> tuple[int, int]:
    return (item.start, item.end)
