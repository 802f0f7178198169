"""Lower bounds of the makespan, in milliseconds and without a solver.

* the longest job: ``max_o head(o) + tail(o)``;
* one machine with interruption: the operations that have no other machine than this one, each with its head and the
  shortest way to the end of its job after it, done in the order of Jackson's preemptive schedule (Carlier 1982: the
  optimum of the preemptive problem, hence a bound of the other).

The load bound, which shares out flexible operations among machines, is a linear program: `scheduler.cpsat.load`.
"""

from __future__ import annotations

from heapq import heappop, heappush

from scheduler.domain import Instance
from scheduler.domain.horizon import heads, tails


def makespan_bound(instance: Instance) -> int:
    """Return the best of the bounds; valid for every schedule of the instance, whatever has already happened."""
    earliest, left = heads(instance), tails(instance)
    planned = {job.id for job in instance.jobs if job.plans}
    certain = [key for key in instance.operation_by_key if key[0] not in planned]
    best = max((earliest[key] + left[key] for key in certain), default=0)
    by_machine: dict[str, list[tuple[int, int, int]]] = {}
    for key in certain:
        modes = instance.operation_by_key[key].modes
        machines = {mode.machine for mode in modes}
        if len(machines) == 1:
            duration = min(mode.duration for mode in modes)
            item = (earliest[key], duration, left[key] - duration)
            by_machine.setdefault(machines.pop(), []).append(item)
    for machine in instance.machines:
        if machine.capacity == 1 and machine.id in by_machine:
            best = max(best, one_machine_bound(by_machine[machine.id]))
    return best


def one_machine_bound(work: list[tuple[int, int, int]]) -> int:
    """Return the optimum of one machine with heads, tails and interruption.

    Parameters
    ----------
    work
        ``(head, duration, tail)`` of each operation.

    Returns
    -------
    int
        ``max_o C_o + tail_o`` when at every instant the available operation with the longest tail is worked on.
    """
    waiting = sorted(work)
    ready: list[tuple[int, int]] = []  # (-tail, work left)
    clock, best, position = 0, 0, 0
    while position < len(waiting) or ready:
        if not ready:
            clock = max(clock, waiting[position][0])
        while position < len(waiting) and waiting[position][0] <= clock:
            _, duration, tail = waiting[position]
            heappush(ready, (-tail, duration))
            position += 1
        negative_tail, left = heappop(ready)
        until = clock + left
        if position < len(waiting) and waiting[position][0] < until:
            heappush(ready, (negative_tail, until - waiting[position][0]))
            clock = waiting[position][0]
        else:
            clock = until
            best = max(best, clock - negative_tail)
    return best
