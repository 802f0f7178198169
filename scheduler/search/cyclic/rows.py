"""Passes over rows of ticks; all but those that look for the least up to a tick become vector instructions.

In them everything is read before it is decided what is written, and offsets are slices: else a loop goes tick by tick.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scheduler.search.cyclic.facts import ZERO, Ints
from scheduler.search.cyclic.room import NEVER
from scheduler.search.inner import uncounted

Row = NDArray[np.int32]
"""A number for each tick."""


@uncounted
def copy(cost: Row, found: Row, ticks: int) -> None:
    """Write costs to another row, one by one: for arrays whose lengths may differ numba compiles more."""
    for t in range(ticks):
        found[t] = cost[t]


@uncounted
def wait(cost: Row, least: int, most: int, ticks: int, is_late: bool, window: Ints, found: Row, source: Row) -> None:
    """Write the least cost of `least` to `most` ticks before each tick, and where; the latest or earliest of equals."""
    if most < least:
        found[:ticks] = NEVER
        return
    found[: min(least, ticks)] = NEVER
    if most >= ticks:
        best, at = NEVER, -1
        for t in range(least, ticks):
            value = cost[t - least]
            if value < best or (is_late and value == best):
                best, at = value, t - least
            found[t] = best
            source[t] = at
        return
    head = tail = 0
    for t in range(least, ticks):
        value = cost[t - least]
        while tail > head and (value < cost[window[tail - 1]] or (is_late and value == cost[window[tail - 1]])):
            tail -= 1
        window[tail] = t - least
        tail += 1
        if window[head] < t - most:
            head += 1
        found[t] = cost[window[head]]
        source[t] = window[head]


@uncounted
def least_so_far(cost: Row, at: Row, ticks: int, is_late: bool) -> None:
    """Replace costs by the least up to each tick, and write where it is; the latest or earliest of equals."""
    best, where = NEVER, -1
    for t in range(ticks):
        value = cost[t]
        if value < best or (is_late and value == best):
            best, where = value, t
        cost[t] = best
        at[t] = where


@uncounted
def least_in_time(cost: Row, due: Row, left: int, most: int, ticks: int, found: Row, at: Row) -> None:
    """Write the least cost up to each tick of what is due `left` ticks after it at the earliest, and where.

    It is the latest of equals. Nothing is due more than `most` ticks after it.
    """
    best, where = NEVER, -1
    for t in range(ticks):
        if where >= 0 and due[where] < t + left:  # what can wait no longer makes way for what can
            best, where = NEVER, -1
            for before in range(max(0, t + left - most), t):
                if cost[before] <= best and cost[before] < NEVER and due[before] >= t + left:
                    best, where = cost[before], before
        if cost[t] <= best and cost[t] < NEVER and due[t] >= t + left:
            best, where = cost[t], t
        found[t] = best
        at[t] = where


@uncounted
def in_time(due: Row, left: int, begun: Row, num: int) -> None:
    """Take out the moves after whose begin less than `left` ticks are left until something is due."""
    for t in range(num):
        old, last = begun[t], due[t]
        begun[t] = old if t + left <= last else NEVER


@uncounted
def begin(ready: Row, cost: Row, begun: Row, num: int, cycle: int) -> None:
    """Write what it costs to begin a move at each of so many ticks: what is ready then, and the move.

    The move costs the same in each cycle.
    """
    for first in range(0, num, cycle):
        wide = min(cycle, num - first)
        here, there = ready[first : first + wide], begun[first : first + wide]
        for t in range(wide):
            there[t] = min(NEVER, here[t] + cost[t])


@uncounted
def add(row: Row, later: int, begun: Row, num: int) -> None:
    """Add to costs of moves what a row says so many ticks after their begin (its first, before that).

    `NEVER` stays that.
    """
    first = max(ZERO, -later)
    for t in range(first):
        begun[t] = begun[t] + row[0] if begun[t] < NEVER else NEVER
    here, there = begun[first:num], row[later + first : later + num]
    for t in range(num - first):
        cost, more = here[t], there[t]
        here[t] = cost + more if cost < NEVER else NEVER


@uncounted
def take_off(row: Row, cost: Row, num: int) -> None:
    """Take what a row says off costs; `NEVER` stays that."""
    for t in range(num):
        old, less = cost[t], row[t]
        cost[t] = old - less if old < NEVER else NEVER


@uncounted
def end(begun: Row, num: int, option: int, arrival: Row, into: Row, by: Row) -> None:
    """Take moves that begin at so many ticks and cost so much where they are the cheapest that arrive."""
    for t in range(num):
        new, old, at, who = begun[t], arrival[t], into[t], by[t]
        into[t] = t if new < old else at
        by[t] = option if new < old else who
        arrival[t] = new if new < old else old


@uncounted
def choose(cost: Row, at: Row, option: int, num: int, found: Row, source: Row, by: Row) -> None:
    """Take what costs so much at so many ticks, and comes from `at`, where it is the cheapest."""
    for t in range(num):
        new, old, there, where, who = cost[t], found[t], at[t], source[t], by[t]
        source[t] = there if new < old else where
        by[t] = option if new < old else who
        found[t] = new if new < old else old


@uncounted
def close(starts: Row, begun: Row, duration: int, ticks: int, closed: Row) -> None:
    """Write the costs of starting at each tick with what begins until the work is done."""
    first, last = max(ZERO, 1 - duration), begun[ticks - 1]
    for t in range(first):
        closed[t] = min(NEVER, starts[t] + begun[0])
    num = max(first, min(ticks, ticks - duration + 1))
    here, there, found = starts[first:num], begun[first + duration - 1 :], closed[first:]
    for t in range(num - first):
        found[t] = min(NEVER, here[t] + there[t])
    for t in range(num, ticks):
        closed[t] = min(NEVER, starts[t] + last)
