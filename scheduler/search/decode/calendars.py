"""Downtimes and slow machines in compiled form: when work can start, and when it ends."""

from __future__ import annotations

from numba import njit

from scheduler.search.decode.layout import (
    CALENDARS,
    DOWN_AT,
    NEVER,
    NUM_DOWN,
    NUM_SLOW,
    SLOW_AT,
    TIMES,
    USUAL,
    Ints,
    get,
)
from scheduler.search.inner import inner


@inner
def first_down(data: Ints, at: int, num: int, instant: int) -> int:
    """Return the number of the first downtime that ends after an instant."""
    low, high = 0, num
    while low < high:
        middle = (low + high) // 2
        if data[at + 2 * middle + 1] > instant:
            high = middle
        else:
            low = middle + 1
    return low


@inner
def work_start(data: Ints, calendar: int, ready: int, work: int, pauses: int) -> int:
    """Return the earliest start at or after `ready` of so much work, in one piece unless it pauses in downtimes."""
    if calendar < 0 or work <= 0:
        return ready
    at, num = data[TIMES] + get(data, CALENDARS, calendar, DOWN_AT), get(data, CALENDARS, calendar, NUM_DOWN)
    need = 1 if pauses else work
    down = first_down(data, at, num, ready)
    while down < num and data[at + 2 * down] < ready + need:
        ready = data[at + 2 * down + 1]
        down += 1
    return ready


@inner
def work_end(data: Ints, calendar: int, start: int, work: int, pauses: int) -> int:
    """Return when work that starts then ends."""
    if calendar < 0 or not pauses or work <= 0:
        return start + work
    at, num = data[TIMES] + get(data, CALENDARS, calendar, DOWN_AT), get(data, CALENDARS, calendar, NUM_DOWN)
    down = first_down(data, at, num, start)
    while down < num and data[at + 2 * down] < start + work:
        work -= max(0, data[at + 2 * down] - start)
        start = data[at + 2 * down + 1]
        down += 1
    return start + work


@njit(cache=True, nogil=True)
def window_of_work(data: Ints, calendar: int, ready: int, work: int, pauses: int) -> tuple[int, int]:
    """Return the earliest ``[start, end)`` from `ready` on in which a machine does so much work."""
    start = work_start(data, calendar, ready, work, pauses)
    if calendar < 0 or work <= 0 or get(data, CALENDARS, calendar, NUM_SLOW) == 0:
        return start, work_end(data, calendar, start, work, pauses)
    if pauses:
        return start, slow_end(data, calendar, start, work, pauses)
    at, num = data[TIMES] + get(data, CALENDARS, calendar, DOWN_AT), get(data, CALENDARS, calendar, NUM_DOWN)
    start, end = ready, slow_end(data, calendar, ready, work, pauses)
    down = first_down(data, at, num, ready)
    while down < num and data[at + 2 * down] < end:
        start = data[at + 2 * down + 1]
        end = slow_end(data, calendar, start, work, pauses)
        down += 1
    return start, end


@inner
def slow_end(data: Ints, calendar: int, start: int, work: int, pauses: int) -> int:
    """Return when work that starts then ends on a machine that is slow at times; see `domain.tempo`."""
    at, num = data[TIMES] + get(data, CALENDARS, calendar, DOWN_AT), get(data, CALENDARS, calendar, NUM_DOWN)
    slow_at, num_slow = data[TIMES] + get(data, CALENDARS, calendar, SLOW_AT), get(data, CALENDARS, calendar, NUM_SLOW)
    usual = get(data, CALENDARS, calendar, USUAL)
    down = first_down(data, at, num, start) if pauses else num
    slow, clock, left = 0, start, work * usual
    while True:
        if down < num and data[at + 2 * down] <= clock:
            clock = max(clock, data[at + 2 * down + 1])
            down += 1
            continue
        while slow < num_slow and data[slow_at + 3 * slow + 1] <= clock:
            slow += 1
        worth, until = usual, NEVER
        if slow < num_slow:
            until = data[slow_at + 3 * slow]
            if until <= clock:
                until, worth = data[slow_at + 3 * slow + 1], data[slow_at + 3 * slow + 2]
        if down < num:
            until = min(until, data[at + 2 * down])
        ticks = (left + worth - 1) // worth
        if ticks <= until - clock:
            return clock + ticks
        left -= (until - clock) * worth
        clock = until
