"""Machines that share work: what they have done at the earliest, with interruption.

A *pool* is a set of machines and the operations that have no mode elsewhere. Taken as one machine that is as fast as
all of its machines that work at an instant, and done with interruption, the work of the pool takes no longer than in
any schedule. Two orders are best for such a machine:

* always the least work left (Schrage 1968): the *k*-th completion is the earliest that any schedule has (Chu 1992);
* always the earliest due date (Jackson 1955): the largest lateness is the least that any schedule has.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scheduler.bounds.one_machine import interrupted
from scheduler.domain import Instance, Machine, OperationKey, Stop
from scheduler.domain.stop import Stopped

MOST_POOLS = 24
"""Pools that are looked at: those with the most work for what they can do."""


@dataclass(frozen=True, slots=True)
class Work:
    """All that a pool has to do for a job: it begins at `head` at the earliest, and `tail` is left after its end."""

    job: str
    head: int
    length: int
    tail: int


class Clock:
    """How much the machines of a pool can have done by an instant: ``sum_m capacity_m * (ticks at work before it)``.

    Parameters
    ----------
    machines
        The machines.
    until
        The instant up to which calendars are read; all machines work on after it.
    """

    def __init__(self, machines: Iterable[Machine], until: int) -> None:
        rate, changes = 0, dict[int, int]()
        for machine in machines:
            rate += machine.capacity
            for downtime in machine.calendar.blocked(until):
                changes[downtime.start] = changes.get(downtime.start, 0) - machine.capacity
                changes[downtime.end] = changes.get(downtime.end, 0) + machine.capacity
        self._instants, self._done, self._rates = [0], [0], [rate + changes.pop(0, 0)]
        for instant in sorted(changes):
            self._done.append(self.done_by(instant))
            self._instants.append(instant)
            self._rates.append(self._rates[-1] + changes[instant])

    def done_by(self, instant: int) -> int:
        """Return the work that can be done before an instant."""
        k = bisect_right(self._instants, instant) - 1
        return self._done[k] + self._rates[k] * (instant - self._instants[k])

    def instant(self, done: int) -> int:
        """Return the earliest instant before which so much work can be done."""
        k = max(0, bisect_left(self._done, done) - 1)
        left = done - self._done[k]
        return self._instants[k] + (-(-left // self._rates[k]) if left > 0 else 0)


@dataclass(frozen=True)
class Pool:
    """What some machines have to do, one `Work` for each job, and when they can."""

    clock: Clock
    works: tuple[Work, ...]

    def completions(self, jobs: frozenset[str]) -> list[int]:
        """Return when the first of these jobs is done in the pool at the earliest, the second, and so on."""
        waiting = [(self.clock.done_by(work.head), work.length, work.length) for work in self.works if work.job in jobs]
        return [self.clock.instant(done) for _, done in interrupted(waiting, ranks_are_left=True)]

    def lateness(self, dues: Mapping[str, int]) -> int:
        """Return how late the latest of the jobs with due dates is at the least; negative if none need be late.

        With all due dates at 0 that is the latest completion.
        """
        waiting = [
            (self.clock.done_by(work.head), dues[work.job] - work.tail, work.length)
            for work in self.works
            if work.job in dues
        ]
        ends = interrupted(waiting)
        return max((self.clock.instant(done) - due for due, done in ends), default=-(1 << 60))


def pools(
    instance: Instance,
    starts: Mapping[OperationKey, int],
    left: Mapping[OperationKey, int],
    until: int,
    stop: Stop | None = None,
) -> list[Pool]:
    """Return the pools of the sets of machines that operations choose from, and of all machines.

    Parameters
    ----------
    instance
        An instance.
    starts
        Earliest start of each operation that is still to do.
    left
        Shortest time from the start of an operation to the completion of its job.
    until
        The instant up to which calendars are read.
    stop
        A wish to stop; it is looked at for every set.

    Raises
    ------
    Stopped
        If somebody wants to stop: which of the sets have the most work is not known then.
    """
    lengths, choices = dict[OperationKey, int](), dict[OperationKey, frozenset[str]]()
    for key in starts:
        modes = instance.operation_by_key[key].modes
        lengths[key] = min((mode.duration for mode in modes), default=0)
        choices[key] = frozenset(mode.machine for mode in modes)
    found: list[tuple[float, frozenset[str], list[OperationKey]]] = []
    for machines in {*choices.values(), frozenset().union(*choices.values())}:
        if stop is not None and stop.requested:
            raise Stopped
        keys = [key for key, choice in choices.items() if choice <= machines]
        capacity = sum(instance.machine_by_id[machine].capacity for machine in machines)
        found.append((sum(lengths[key] for key in keys) / max(1, capacity), machines, keys))
    found.sort(key=lambda item: (-item[0], sorted(item[1])))
    return [
        Pool(
            Clock([instance.machine_by_id[machine] for machine in sorted(machines)], until),
            _works(keys, starts, lengths, left),
        )
        for _, machines, keys in found[:MOST_POOLS]
    ]


def _works(
    keys: Sequence[OperationKey],
    starts: Mapping[OperationKey, int],
    lengths: Mapping[OperationKey, int],
    left: Mapping[OperationKey, int],
) -> tuple[Work, ...]:
    """Return the work of each job: it is done when the last of its operations is, and then the least is left."""
    by_job: dict[str, list[OperationKey]] = {}
    for key in keys:
        by_job.setdefault(key[0], []).append(key)
    return tuple(
        Work(
            job,
            min(starts[key] for key in own),
            sum(lengths[key] for key in own),
            min(left[key] - lengths[key] for key in own),
        )
        for job, own in by_job.items()
    )
