"""The best place of a job in a timetable that repeats itself: a shortest path over its operations and the ticks.

The other jobs of the plan stay where they are. Each has a *weight*: what it costs to be in its way. With costs

    A_k(t): operation k of the job starts at t        D(t): the part is ready to be taken up at t

each rule is one step along the ticks: a move costs what it collides with when it begins at *t*, modulo the cycle
time; a wait is a minimum over a window, which is as long as the maximum dwell or lag allows; and a part that stays on
its machine, from one instant to another, costs whose stretches the first of them lies in, and whose stretches begin
up to the second. So the least cost over all modes, carriers and instants takes a time that is proportional to the
ticks, and what the job collides with is whatever costs least. Only the uses of what it plans the recursion can't see
(see `insertion`); so it can also plan a stretch of a job whose operations before and after stay as they are.

Between places that collide with nothing a *price* of the time of each resource decides: what the job takes of it, parts
that wait on their machines included, and by how much its setups or empty travel become longer.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scheduler.search.cyclic.costs import blocked, helped, occupied
from scheduler.search.cyclic.facts import MOST_LEGS, NO_LIMIT, NONE, ONE, ZERO, Facts, Ints, Plan, Uses
from scheduler.search.cyclic.room import NEVER, Room
from scheduler.search.cyclic.shared import departing
from scheduler.search.cyclic.using import taken_at


@njit(cache=True, nogil=True)
def wait(
    cost: NDArray[np.int32],
    least: int,
    most: int,
    ticks: int,
    is_late: bool,
    window: Ints,
    found: NDArray[np.int32],
    source: NDArray[np.int32],
) -> None:
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


@njit(cache=True, nogil=True)
def _copy(cost: NDArray[np.int32], found: NDArray[np.int32], ticks: int) -> None:
    """Write costs to another row, one by one: for arrays whose lengths may differ numba compiles more."""
    for t in range(ticks):
        found[t] = cost[t]


@njit(cache=True, nogil=True)
def _leave(facts: Facts, room: Room, job: int, op: int, cycle: int, ticks: int, is_late: bool) -> None:
    """Write when the part of an operation is ready for its way, for each mode."""
    first = facts.modes_at[facts.ops_at[job]]
    least, most = 0, NO_LIMIT
    if op + 1 < facts.ops_at[job + 1]:
        least, most = facts.least_lag[op + 1], facts.most_lag[op + 1]
    for mode in range(facts.modes_at[op], facts.modes_at[op + 1]):
        row, duration = mode - first, facts.duration[mode]
        longest = min(most, facts.dwell[mode])
        closed, begun, behind = room.steps[0], room.begun[row], facts.behind[mode]
        held, source = room.held[row], room.held_from[row]
        if behind < 0 and facts.holds_after[facts.machine[mode]]:
            until = min(longest, facts.capacity[facts.machine[mode]] * cycle - duration)
            wait(room.starts[row], duration + least, duration + until, ticks, is_late, room.window, held, source)
        for t in range(ticks):
            closed[t] = min(NEVER, room.starts[row, t] + begun[min(ticks - 1, t + duration - 1)])
        if behind >= 0:
            until = min(longest, facts.capacity[behind] * cycle - duration)
            wait(closed, duration + least, duration + until, ticks, is_late, room.window, held, source)
            begun = room.begun[row + len(room.starts)]
            for t in range(ticks):
                closed[t] = min(NEVER, closed[t] + begun[min(ticks - 1, t + duration - 1)])
        source = room.ready_from[row]
        wait(closed, duration + least, duration + longest, ticks, is_late, room.window, room.ready[row], source)


@njit(cache=True, nogil=True)
def _travel(
    facts: Facts,
    uses: Uses,
    weights: Ints,
    room: Room,
    way: int,
    source: int,
    first_row: int,
    cycle: int,
    ticks: int,
    is_late: bool,
    takes: int,
    takes_too: int,
) -> None:
    """Write the costs of arriving by a way at each tick to ``steps[0]``, from what is ready in ``steps[0]``.

    `source` is the row of the stay that lasts until the part is taken up, -1 if there is none. `takes` and `takes_too`
    are the rows of stays that begin with the last drop, -1: none. What that costs is part of the arrival.
    """
    num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
    ready, arrival, cost = room.steps[0], room.steps[1], room.steps[2]
    for k in range(num_legs):
        leg = facts.legs_at[way] + k
        arrival[:ticks] = NEVER
        into, by = room.moved_from[first_row + k], room.moved_by[first_row + k]
        station, comes_from, is_last = facts.station[leg], k > 0 and facts.station[leg - 1] >= 0, k == num_legs - 1
        at_station, waited, stayed = room.at_station[k % 2], room.from_station[1 - k % 2], room.from_station[k % 2]
        if station >= 0:
            occupied(facts, uses, weights, room, station, ZERO, ONE, cycle, ticks, at_station, stayed)
        for option in range(facts.options_at[leg], facts.options_at[leg + 1]):
            length, pick_up, drop = facts.length[option], facts.pick_up[option], facts.drop[option]
            carrier, origin, destination = facts.carrier[option], facts.origin[option], facts.destination[option]
            if carrier >= 0:
                blocked(facts, uses, weights, room, carrier, facts.busy[option], origin, destination, cycle, cost)
            else:
                departing(facts, uses, weights, room, option, cycle, cost)
            phase = 0
            for t in range(ticks - max(length, facts.busy[option])):
                value = ready[t] + cost[phase]
                if value < NEVER:
                    if k == 0 and source >= 0:
                        value += room.begun[source, max(0, t + pick_up - 1)]
                    if comes_from:
                        value += waited[max(0, t + pick_up - 1)]
                    if station >= 0:
                        value += at_station[t + length - drop]
                        if is_last:
                            value += stayed[t + length - 1]
                    if is_last and takes >= 0:
                        value += room.inside[takes, t + length - drop]
                    if is_last and takes_too >= 0:
                        value += room.inside[takes_too, t + length - drop]
                    if value < arrival[t + length]:
                        arrival[t + length] = value
                        into[t + length] = t
                        by[t + length] = option
                phase += 1
                if phase == cycle:
                    phase = 0
        if k < num_legs - 1:
            best, at = NEVER, -1
            # What has arrived waits for the next move; the row says from which arrival on.
            for t in range(ticks):
                if arrival[t] < best or (is_late and arrival[t] == best):
                    best, at = arrival[t], t
                ready[t] = best
                if at >= 0 and at < t:
                    into[t] = into[at]
                    by[t] = by[at]
        else:
            _copy(arrival, ready, ticks)


@njit(cache=True, nogil=True)
def _holds(facts: Facts, mode: int) -> bool:
    """Return whether a part keeps its machine, or a counted place behind it, until it goes on."""
    return facts.holds_after[facts.machine[mode]] > 0 or facts.behind[mode] >= 0


@njit(cache=True, nogil=True)
def _stays(facts: Facts, uses: Uses, weights: Ints, room: Room, mode: int, row: int, cycle: int, ticks: int) -> None:
    """Write what stays on the machine of a mode, behind and before it cost."""
    machine, family, duration = facts.machine[mode], facts.family[mode], facts.duration[mode]
    inside, begun, width = room.inside, room.begun, len(room.starts)
    occupied(facts, uses, weights, room, machine, family, duration, cycle, ticks, inside[row], begun[row])
    if facts.behind[mode] >= 0:
        behind, at = facts.behind[mode], row + width
        occupied(facts, uses, weights, room, behind, ZERO, duration, cycle, ticks, inside[at], begun[at])
    if facts.before[mode] >= 0:
        before, at = facts.before[mode], row + 2 * width
        occupied(facts, uses, weights, room, before, ZERO, ONE, cycle, ticks, inside[at], begun[at])


@njit(cache=True, nogil=True)
def _enter(
    facts: Facts,
    uses: Uses,
    weights: Ints,
    room: Room,
    job: int,
    op: int,
    cycle: int,
    ticks: int,
    is_late: bool,
    next_row: int,
) -> int:
    """Write the costs of starting an operation at each tick, for each mode; return the next row for ways."""
    origin = facts.modes_at[facts.ops_at[job]]
    num_before = 1 if op == facts.ops_at[job] else facts.modes_at[op] - facts.modes_at[op - 1]
    width = facts.modes_at[op + 1] - facts.modes_at[op]
    for mode in range(facts.modes_at[op], facts.modes_at[op + 1]):
        row, machine = mode - origin, facts.machine[mode]
        starts = room.starts[row]
        _stays(facts, uses, weights, room, mode, row, cycle, ticks)
        helped(facts, uses, weights, room, mode, cycle)
        waits = facts.before[mode] >= 0
        starts[:ticks] = NEVER
        for before in range(num_before):
            way = facts.routes_at[op + job] + before * width + mode - facts.modes_at[op]
            num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
            room.moved_at[row, before] = next_row
            source = -1
            if op == facts.ops_at[job]:
                room.steps[0, :ticks] = NEVER
                room.steps[0, : min(cycle, ticks)] = 0
            else:
                last = facts.modes_at[op - 1] + before - origin
                is_held = _holds(facts, last + origin) and (facts.leaves[way] or num_legs == 0)
                _copy(room.held[last] if is_held else room.ready[last], room.steps[0], ticks)
                if is_held:
                    source = last + len(room.starts) if facts.behind[last + origin] >= 0 else last
            takes = takes_too = -1
            if facts.enters[way]:
                if facts.holds_before[machine]:
                    takes = row
                    takes_too = row + len(room.starts) if facts.behind[mode] >= 0 else -1
                elif waits:
                    takes_too = row + 2 * len(room.starts)
            _travel(facts, uses, weights, room, way, source, next_row, cycle, ticks, is_late, takes, takes_too)
            next_row += num_legs
            at_once = num_legs == 0 or (takes >= 0 and facts.dwell[mode] < NO_LIMIT)
            best, at, phase = NEVER, -1, -1
            for t in range(ticks):
                phase = 0 if phase == cycle - 1 else phase + 1
                value = room.steps[0, t]
                if num_legs == 0 and source >= 0:
                    value = min(NEVER, value + room.begun[source, max(0, t - 1)])
                if at_once or value < best or (is_late and value == best):
                    best, at = value, t
                if best < NEVER:
                    value = best + room.helpers[0, phase]
                    if takes < 0:
                        value += room.inside[row, t]
                        if facts.behind[mode] >= 0:
                            value += room.inside[row + len(room.starts), t]
                        if waits and facts.enters[way]:
                            value += room.begun[row + 2 * len(room.starts), max(0, t - 1)]
                    if value < starts[t]:
                        starts[t] = value
                        room.starts_from[row, t] = at
                        room.starts_way[row, t] = before
    return next_row


@njit(cache=True, nogil=True)
def cheapest(
    facts: Facts,
    plan: Plan,
    uses: Uses,
    weights: Ints,
    room: Room,
    job: int,
    cycle: int,
    ticks: int,
    is_late: bool,
    given: int,
    until: int,
) -> int:
    """Plan a job between two of its operations where it collides least; return what that costs, or `NEVER`.

    Up to the start of operation `given` and from the start of `until` on the job stays as it is in the plan, and `uses`
    has to have its uses there, in order, the visit of `given` last and as long as the operation; not that of `until`.
    With `given` before the first operation and `until` after the last one nothing is given.
    """
    begin, end = facts.ops_at[job], facts.ops_at[job + 1]
    origin = facts.modes_at[begin]
    next_row = ZERO
    if given >= begin:
        row = facts.modes_at[given] + plan.mode[given] - origin
        for mode in range(facts.modes_at[given], facts.modes_at[given + 1]):
            room.starts[mode - origin, :ticks] = NEVER
        _stays(facts, uses, weights, room, row + origin, row, cycle, ticks)
        room.starts[row, plan.time[given]] = -_paid(facts, plan, uses, room, given, row + origin, row)
        _leave(facts, room, job, given, cycle, ticks, is_late)
    for op in range(given + 1, min(until + 1, end)):
        next_row = _enter(facts, uses, weights, room, job, op, cycle, ticks, is_late, next_row)
        if op < until:
            _leave(facts, room, job, op, cycle, ticks, is_late)
    if until < end:
        row = facts.modes_at[until] + plan.mode[until] - origin
        best = room.starts[row, plan.time[until]]
        if best >= NEVER:
            return NEVER
        instant, offset = taken_at(facts, plan, job, until)
        taken = plan.time[instant] + offset - 1
        if facts.behind[row + origin] >= 0:
            best += room.begun[row + len(room.starts), taken]
            taken = plan.time[until] + facts.duration[row + origin] - 1
        _trace(facts, plan, room, job, given, until, NONE, NONE)
        return best + room.begun[row, taken]
    best, num_best, best_at, best_mode = NEVER, 0, NONE, NONE
    for mode in range(facts.modes_at[end - 1], facts.modes_at[end]):
        row = mode - origin
        way = facts.routes_at[end + job] + mode - facts.modes_at[end - 1]
        num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
        room.moved_at[row, room.moved_at.shape[1] - 1] = next_row
        is_held = _holds(facts, mode) and facts.leaves[way]
        _copy(room.held[row] if is_held else room.ready[row], room.steps[0], ticks)
        source = -1
        if is_held:
            source = row + len(room.starts) if facts.behind[mode] >= 0 else row
        _travel(facts, uses, weights, room, way, source, next_row, cycle, ticks, is_late, NONE, NONE)
        next_row += num_legs
        for t in range(ticks):
            value = room.steps[0, t]
            if value < best:
                best, num_best = value, 0
            if value == best and value < NEVER:
                num_best += 1
                if np.random.randint(num_best) == 0:
                    best_at, best_mode = t, mode - facts.modes_at[end - 1]
    if best >= NEVER:
        return NEVER
    _trace(facts, plan, room, job, given, end, best_at, best_mode)
    return best


@njit(cache=True, nogil=True)
def _paid(facts: Facts, plan: Plan, uses: Uses, room: Room, op: int, mode: int, row: int) -> int:
    """Return what a visit that goes on has paid for already; it is the last use that was added to its machine."""
    machine = facts.machine[mode]
    worked = plan.time[op] + facts.duration[mode] - 1
    if facts.behind[mode] >= 0:
        return room.begun[row, worked] + room.begun[row + len(room.starts), worked]
    if facts.capacity[machine] > 1:
        return room.begun[row, worked]
    return room.begun[row, uses.start[machine, uses.size[machine] - 1]]


@njit(cache=True, nogil=True)
def _trace(facts: Facts, plan: Plan, room: Room, job: int, given: int, until: int, at: int, mode: int) -> None:
    """Write modes, options and instants of a job, from an operation (or its end, in a mode at an instant) back."""
    begin, end, num_ops = facts.ops_at[job], facts.ops_at[job + 1], len(plan.mode)
    origin = facts.modes_at[begin]
    after_row = -1
    for op in range(until, given, -1):
        # The link before `op`: at `at` the part has arrived.
        before = mode
        if op < end:
            after_row = facts.modes_at[op] + plan.mode[op] - origin
            at, before = room.starts_from[after_row, plan.time[op]], room.starts_way[after_row, plan.time[op]]
            way = facts.routes_at[op + job] + before * (facts.modes_at[op + 1] - facts.modes_at[op]) + plan.mode[op]
            rows_at = room.moved_at[after_row, before]
        else:
            way = facts.routes_at[end + job] + before
            rows_at = room.moved_at[facts.modes_at[end - 1] + before - origin, room.moved_at.shape[1] - 1]
        num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
        for k in range(num_legs - 1, -1, -1):
            slot = MOST_LEGS * (op + job) + k
            plan.option[slot] = room.moved_by[rows_at + k, at]
            at = room.moved_from[rows_at + k, at]
            plan.time[num_ops + slot] = at
        if op == begin:
            return
        row = facts.modes_at[op - 1] + before - origin
        is_held = _holds(facts, row + origin) and (facts.leaves[way] or (num_legs == 0 and op < end))
        if op - 1 > given:
            plan.mode[op - 1] = before
            plan.time[op - 1] = room.held_from[row, at] if is_held else room.ready_from[row, at]
