"""Downtimes in compiled form: when work can start, and when it ends."""

from __future__ import annotations

from numba import njit

from scheduler.search.decode.layout import CALENDARS, DOWN_AT, NUM_DOWN, TIMES, Ints, get


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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
