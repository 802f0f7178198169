"""When work can start on a machine that is down or slow at times, when it ends, and when it has to start for that."""

from __future__ import annotations

from scheduler.search.inner import entry, uncounted
from scheduler.search.tabu.arrays import DOWNTIMES_AT, LATEST, SLOW_AT, USUAL, Ints, ix


@entry
def pushed(machines: Ints, times: Ints, machine: int, ready: int, setup: int, piece: int) -> int:
    """Return the first start from `ready` on at which a setup before it and a piece of work after it are not cut.

    The downtimes of the machine leave the setup ``[start - setup, start)`` and the work ``[start, start + piece)``
    whole; no piece, no setup: nothing to push.
    """
    start = ready
    for k in range(machines[DOWNTIMES_AT, ix(machine)], machines[DOWNTIMES_AT, ix(machine + 1)], 2):
        if times[ix(k + 1)] <= start - setup:
            continue
        if times[ix(k)] >= start + piece:
            break
        if piece == 0 and (setup == 0 or times[ix(k)] >= start):
            break
        start = times[ix(k + 1)] + setup
    return start


@entry
def interrupted(machines: Ints, times: Ints, machine: int, start: int, time: int) -> int:
    """Return the end of an operation that pauses in downtimes."""
    clock, left = start, time
    for k in range(machines[DOWNTIMES_AT, ix(machine)], machines[DOWNTIMES_AT, ix(machine + 1)], 2):
        if times[ix(k + 1)] <= clock:
            continue
        worked = times[ix(k)] - clock
        if left <= worked:
            break
        left -= worked
        clock = times[ix(k + 1)]
    return clock + left


@entry
def worked(
    machines: Ints, times: Ints, machine: int, ready: int, setup: int, time: int, pauses: int
) -> tuple[int, int]:
    """Return the earliest start from `ready` on, with a setup before it, and the end of an operation."""
    if time > 0 and machines[SLOW_AT, ix(machine)] < machines[SLOW_AT, ix(machine + 1)]:
        return slow_window(machines, times, machine, ready, setup, time, pauses)
    if machines[DOWNTIMES_AT, ix(machine)] == machines[DOWNTIMES_AT, ix(machine + 1)]:
        return ready, ready + time
    start = pushed(machines, times, machine, ready, setup, 1 if pauses else time)
    return start, interrupted(machines, times, machine, start, time) if pauses else start + time


@uncounted
def slow_window(
    machines: Ints, times: Ints, machine: int, ready: int, setup: int, time: int, pauses: int
) -> tuple[int, int]:
    """Do `worked` on a machine that is slow at times: how long a piece is depends on its start."""
    if pauses:
        start = pushed(machines, times, machine, ready, setup, 1)
        return start, slow_end(machines, times, machine, start, time, pauses)
    start, end = ready, slow_end(machines, times, machine, ready, time, pauses)
    for k in range(machines[DOWNTIMES_AT, ix(machine)], machines[DOWNTIMES_AT, ix(machine + 1)], 2):
        if times[ix(k + 1)] <= start - setup:
            continue
        if times[ix(k)] >= end:
            break
        start = times[ix(k + 1)] + setup
        end = slow_end(machines, times, machine, start, time, pauses)
    return start, end


@uncounted
def slow_end(machines: Ints, times: Ints, machine: int, start: int, time: int, pauses: int) -> int:
    """Return the end of an operation on a machine that is slow at times; see `scheduler.domain.tempo`."""
    usual = machines[USUAL, ix(machine)]
    k, last = machines[DOWNTIMES_AT, ix(machine)], machines[DOWNTIMES_AT, ix(machine + 1)]
    if not pauses:
        k = last
    slow, last_slow = machines[SLOW_AT, ix(machine)], machines[SLOW_AT, ix(machine + 1)]
    clock, left = start, time * usual
    while True:
        if k < last and times[ix(k)] <= clock:
            clock = max(clock, times[ix(k + 1)])
            k += 2
            continue
        while slow < last_slow and times[ix(slow + 1)] <= clock:
            slow += 3
        worth, until = usual, LATEST
        if slow < last_slow:
            until = times[ix(slow)]
            if until <= clock:
                until, worth = times[ix(slow + 1)], times[ix(slow + 2)]
        if k < last:
            until = min(until, times[ix(k)])
        ticks = (left + worth - 1) // worth
        if ticks <= until - clock:
            return clock + ticks
        left -= (until - clock) * worth
        clock = until


@entry
def pulled(machines: Ints, times: Ints, machine: int, end: int, time: int, setup: int, pauses: int) -> int:
    """Return the latest start of an operation that is to end by `end`, its setup and work not cut by downtimes.

    One that pauses is cut only between its setup, with its first tick, and its end. The other way round of `worked`.
    """
    if time > 0 and machines[SLOW_AT, ix(machine)] < machines[SLOW_AT, ix(machine + 1)]:
        return slow_start(machines, times, machine, end, time, setup, pauses)
    first = machines[DOWNTIMES_AT, ix(machine)]
    k = machines[DOWNTIMES_AT, ix(machine + 1)] - 2
    while k >= first and times[ix(k)] >= end:
        k -= 2
    start, left, piece = end, time, time
    if pauses:
        piece = 1
        while k >= first and left > 0 and times[ix(k + 1)] > start - left:
            left -= max(0, start - times[ix(k + 1)])
            start = min(start, times[ix(k)])
            k -= 2
    start -= left
    while k >= first and times[ix(k + 1)] > start - setup:
        if times[ix(k)] < start + piece:
            start = times[ix(k)] - piece
        k -= 2
    return start


@uncounted
def slow_start(machines: Ints, times: Ints, machine: int, end: int, time: int, setup: int, pauses: int) -> int:
    """Do `pulled` on a machine that is slow at times."""
    first = machines[DOWNTIMES_AT, ix(machine)]
    k = machines[DOWNTIMES_AT, ix(machine + 1)] - 2
    start = begun(machines, times, machine, end, time, pauses)
    while k >= first and times[ix(k + 1)] > start - setup:
        if pauses:
            if times[ix(k)] <= start:
                start = min(start, times[ix(k)] - 1)
        elif times[ix(k)] < slow_end(machines, times, machine, start, time, pauses):
            start = begun(machines, times, machine, times[ix(k)], time, pauses)
        k -= 2
    return start


@entry
def begun(machines: Ints, times: Ints, machine: int, end: int, time: int, pauses: int) -> int:
    """Return the latest start of work that is done by `end`, on a machine that is slow at times."""
    usual = machines[USUAL, ix(machine)]
    first, k = machines[DOWNTIMES_AT, ix(machine)], machines[DOWNTIMES_AT, ix(machine + 1)] - 2
    if not pauses:
        k = first - 2
    first_slow, slow = machines[SLOW_AT, ix(machine)], machines[SLOW_AT, ix(machine + 1)] - 3
    clock, left = end, time * usual
    while True:
        if k >= first and times[ix(k + 1)] >= clock:
            clock = min(clock, times[ix(k)])
            k -= 2
            continue
        while slow >= first_slow and times[ix(slow)] >= clock:
            slow -= 3
        worth, since = usual, -LATEST
        if slow >= first_slow:
            since = times[ix(slow + 1)]
            if since >= clock:
                since, worth = times[ix(slow)], times[ix(slow + 2)]
        if k >= first:
            since = max(since, times[ix(k + 1)])
        ticks = (left + worth - 1) // worth
        if ticks <= clock - since:
            return clock - ticks
        left -= (clock - since) * worth
        clock = since
