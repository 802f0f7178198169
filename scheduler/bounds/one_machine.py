"""One machine whose work may be interrupted: the best orders for it, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush


def interrupted(work: Iterable[tuple[int, int, int]], *, ranks_are_left: bool = False) -> Iterator[tuple[int, int]]:
    """Work at every instant on what has the least rank; yield rank and end of everything, in order of the ends.

    Parameters
    ----------
    work
        ``(head, rank, duration)`` of each piece of work.
    ranks_are_left
        Whether the rank of what was interrupted is what is left of it; those given are its durations then.
    """
    waiting = sorted(work)
    ready: list[tuple[int, int]] = []  # (rank, work left)
    clock, position = 0, 0
    while position < len(waiting) or ready:
        if not ready:
            clock = max(clock, waiting[position][0])
        while position < len(waiting) and waiting[position][0] <= clock:
            heappush(ready, waiting[position][1:])
            position += 1
        rank, left = heappop(ready)
        if position < len(waiting) and waiting[position][0] < clock + left:
            left -= waiting[position][0] - clock
            heappush(ready, (left if ranks_are_left else rank, left))
            clock = waiting[position][0]
        else:
            clock += left
            yield rank, clock


def one_machine_bound(work: Iterable[tuple[int, int, int]]) -> int:
    """Return the optimum of one machine with heads, tails and interruption (Carlier 1982).

    Parameters
    ----------
    work
        ``(head, duration, tail)`` of each operation.

    Returns
    -------
    int
        ``max_o C_o + tail_o`` when at every instant the available operation with the longest tail is worked on.
    """
    ends = interrupted((head, -tail, duration) for head, duration, tail in work)
    return max((end - rank for rank, end in ends), default=0)
