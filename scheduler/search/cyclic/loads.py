"""Loads of a job each of which takes one of several lanes, in the recursion along the ticks.

Loads depart one after the other, or at once, each over the lane that is the cheapest just then. Which lane the job
itself has taken, and when, says when it may take it again: that is written down with what is the cheapest at each tick,
with the latest arrival of the loads so far. So the job is never in its own way on a lane; but of two ways to have so
many loads on their way at a tick only the cheaper one is known, though a lane is free sooner, or all arrives sooner, by
the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scheduler.search.cyclic.facts import NO_LIMIT, NONE, TRIP, Facts, Ints, Uses
from scheduler.search.cyclic.room import NEVER, Room
from scheduler.search.cyclic.rows import Row, add, begin, copy
from scheduler.search.cyclic.shared import departing
from scheduler.search.inner import uncounted

Rows = NDArray[np.int32]
"""Rows by tick: what is known of the loads so far where the last of them departs then."""
COST, LATEST, DUE, FREE = range(4)
"""What they cost, the latest arrival, by when the operation has to start; from `FREE` on by lane when it is free, then
how many trips the job has made, then how many units have room on a trip that departs at that tick."""


@uncounted
def least_time(facts: Facts, way: int, k: int) -> int:
    """Return how long the legs of a way take from this one on, at the least."""
    total = 0
    for leg in range(facts.legs_at[way] + k, facts.legs_at[way + 1]):
        least = NO_LIMIT
        for option in range(facts.options_at[leg], facts.options_at[leg + 1]):
            least = min(least, facts.length[option])
        if leg + 1 < facts.legs_at[way + 1] and facts.apart[leg + 1] >= 0:
            least = facts.apart[leg + 1]
        total += least
    return total


@uncounted
def go_in_loads(
    facts: Facts,
    uses: Uses,
    weights: Ints,
    room: Room,
    way: int,
    k: int,
    source: int,
    station: int,
    first_row: int,
    cycle: int,
    ticks: int,
    most: int,
) -> int:
    """Write the costs at which all loads have arrived to ``steps[1]``, from what is ready in ``steps[0]``.

    `k` is the first of their legs; returned is the last. `source` and `station` are the rows of the stays, on a machine
    or at a station, that last until the last load is taken up, -1: none. `most` is as in `travel`.
    """
    first, last = facts.legs_at[way] + k, facts.legs_at[way] + k
    while last + 1 < facts.legs_at[way + 1] and facts.apart[last + 1] >= 0:
        last += 1
    left = least_time(facts, way, last + 1 - facts.legs_at[way])
    lanes = facts.options_at[first + 1] - facts.options_at[first]
    width = FREE + 3 * lanes
    row, begun, is_free = room.steps[2], room.steps[4], np.random.randint(2) == 0
    for leg in range(first, last + 1):
        number, at = leg - first, first_row + leg - facts.legs_at[way]
        old, new = 2 + number % 2 * width, 2 + (number + 1) % 2 * width
        before, after = room.loads[old : old + width], room.loads[new : new + width]
        into, by = room.moved_from[at], room.moved_by[at]
        if number == 0:
            _load_first(room, before, most, ticks)
        after[COST, :ticks] = NEVER
        only = NONE if is_free else np.random.randint(lanes)
        for lane in range(lanes):
            option = facts.options_at[leg] + lane
            num = ticks - facts.lasts[option]
            if num <= 0 or 0 <= only != lane:
                continue
            _wait_for_lane(facts, room, before, lanes, lane, option, number == 0, ticks)
            departing(facts, uses, weights, room, option, cycle, row)
            begin(room.loads[0], row, begun, num, cycle)
            if leg == last and source >= 0:
                add(room.begun[source], facts.pick_up[option] - 1, begun, num)
            if leg == last and station >= 0:
                add(room.from_station[station], facts.pick_up[option] - 1, begun, num)
            for t in range(num):
                if begun[t] < after[COST, t]:
                    after[COST, t], into[t], by[t] = begun[t], room.loads[1, t], option
        for t in range(ticks):
            if after[COST, t] < NEVER:
                _depart(facts, before, after, lanes, into[t], by[t] - facts.options_at[leg], by[t], t)
        if leg == last:
            _arrive(room, after, room.arrived[at], most, left, ticks)
    return last - facts.legs_at[way]


@uncounted
def _load_first(room: Room, before: Rows, most: int, ticks: int) -> None:
    """Write what is ready for the first load: all lanes are free."""
    before[:, :ticks] = 0
    copy(room.steps[0], before[COST], ticks)
    if most < NO_LIMIT:
        copy(room.due[0], before[DUE], ticks)


@uncounted
def _units(facts: Facts, option: int) -> tuple[int, int]:
    """Return the units of a load, and how many go on a trip of its lane."""
    s = facts.shares_at[option]
    while facts.shares[s, 1] <= TRIP:
        s += 1
    return facts.shares[s, 2], facts.capacity[facts.shares[s, 0]]


@uncounted
def _wait_for_lane(
    facts: Facts, room: Room, before: Rows, lanes: int, lane: int, option: int, is_first: bool, ticks: int
) -> None:
    """Write what it costs at each tick to be ready for a lane, and when the load before departed.

    A load that has room on a trip of the job can go with it.
    """
    waiting, came, cost, free = room.loads[0], room.loads[1], before[COST], before[FREE + lane]
    if is_first:
        for t in range(ticks):
            waiting[t], came[t] = cost[t], t
        return
    waiting[:ticks] = NEVER
    for t in range(ticks):
        at = max(t, free[t])
        if cost[t] < NEVER and at < ticks and cost[t] <= waiting[at]:
            waiting[at], came[at] = cost[t], t
    best, where = NEVER, -1
    for t in range(ticks):
        if waiting[t] <= best:
            best, where = waiting[t], came[t]
        waiting[t], came[t] = best, where
    units, _ = _units(facts, option)
    for t in range(ticks):
        if before[FREE + 2 * lanes + lane, t] >= units and cost[t] <= waiting[t]:
            waiting[t], came[t] = cost[t], t


@uncounted
def _depart(facts: Facts, before: Rows, after: Rows, lanes: int, since: int, lane: int, option: int, t: int) -> None:
    """Write what follows from the departure of a load over a lane, after what the one before has left."""
    units, most = _units(facts, option)
    number, left = FREE + lanes + lane, FREE + 2 * lanes + lane
    joins = since == t and before[left, t] >= units
    for other in range(FREE + 2 * lanes, FREE + 3 * lanes):
        after[other, t] = before[other, since] if since == t else 0
    for other in range(FREE, FREE + lanes):
        after[other, t] = max(before[other, since], t + facts.turns[option, 3])
        after[other + lanes, t] = before[other + lanes, since]
    if joins:
        after[FREE + lane, t] = before[FREE + lane, t]
        after[left, t] -= units
    else:
        after[number, t] += 1
        is_round = after[number, t] % facts.turns[option, 1] == 0
        after[FREE + lane, t] = t + facts.turns[option, 2 if is_round else 0]
        after[left, t] = most - units
    after[LATEST, t] = max(before[LATEST, since], t + facts.length[option])
    after[DUE, t] = before[DUE, since]


@uncounted
def _arrive(room: Room, after: Rows, arrived: Row, most: int, left: int, ticks: int) -> None:
    """Write what it costs that the last of all loads arrives at each tick, and when the last one departed."""
    arrival = room.steps[1]
    arrival[:ticks] = NEVER
    for t in range(ticks):
        latest = after[LATEST, t]
        if after[COST, t] >= NEVER or latest >= ticks or after[COST, t] >= arrival[latest]:
            continue
        if most >= NO_LIMIT or after[DUE, t] >= latest + left:
            arrival[latest], arrived[latest] = after[COST, t], t
            if most < NO_LIMIT:
                room.due[1, latest] = after[DUE, t]
