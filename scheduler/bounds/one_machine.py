"""One machine with heads and tails, whose operations may be interrupted (Carlier 1982)."""

from __future__ import annotations

from heapq import heappop, heappush


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
