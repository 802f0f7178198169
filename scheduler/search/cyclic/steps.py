"""Steps of the recursion along the ticks: what waits, leaves its machine, goes its way and stays costs.

See `scheduler.search.cyclic.path` for the whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scheduler.search.cyclic.costs import blocked, occupied
from scheduler.search.cyclic.facts import ONE, ZERO, Facts, Ints, Uses
from scheduler.search.cyclic.room import NEVER, Room
from scheduler.search.cyclic.shared import departing
from scheduler.search.inner import uncounted


@uncounted
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


@uncounted
def copy(cost: NDArray[np.int32], found: NDArray[np.int32], ticks: int) -> None:
    """Write costs to another row, one by one: for arrays whose lengths may differ numba compiles more."""
    for t in range(ticks):
        found[t] = cost[t]


@uncounted
def leave(facts: Facts, room: Room, job: int, link: int, cycle: int, ticks: int, is_late: bool) -> None:
    """Write when the part of an operation is ready for a way, for each mode."""
    first, op = facts.modes_at[facts.ops_at[job]], facts.comes_from[link]
    least, most = facts.least_lag[link], facts.most_lag[link]
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


@uncounted
def travel(
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
        station, is_last = facts.station[leg], k == num_legs - 1
        # The part is gone with the last of its loads, the first of which is that of leg `begin`.
        begin, has_more = k, not is_last and facts.apart[leg + 1] >= 0
        while facts.apart[facts.legs_at[way] + begin] >= 0:
            begin -= 1
        leaves = begin == 0 and source >= 0 and not has_more
        comes_from = begin > 0 and facts.station[facts.legs_at[way] + begin - 1] >= 0 and not has_more
        at_station, waited, stayed = room.at_station[k % 2], room.from_station[1 - begin % 2], room.from_station[k % 2]
        if station >= 0:
            occupied(facts, uses, weights, room, station, ZERO, ONE, cycle, ticks, at_station, stayed)
        for option in range(facts.options_at[leg], facts.options_at[leg + 1]):
            length, pick_up, drop = facts.length[option], facts.pick_up[option], facts.drop[option]
            carrier, origin, destination = facts.carrier[option], facts.origin[option], facts.destination[option]
            if carrier >= 0:
                blocked(facts, uses, weights, room, carrier, facts.busy[option], origin, destination, cycle, cost)
            else:
                departing(facts, uses, weights, room, option, cycle, cost)
            phase, later = 0, length
            if has_more:
                later = facts.apart[leg + 1]
            for t in range(ticks - max(length, later, facts.busy[option])):
                value = ready[t] + cost[phase]
                if value < NEVER:
                    if leaves:
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
                    if value < arrival[t + later]:
                        arrival[t + later] = value
                        into[t + later] = t
                        by[t + later] = option
                phase += 1
                if phase == cycle:
                    phase = 0
        if k < num_legs - 1:
            best, at = NEVER, -1
            # What has arrived waits for the next move, or the next load; the row says from which arrival on.
            for t in range(ticks):
                if arrival[t] < best or (is_late and arrival[t] == best):
                    best, at = arrival[t], t
                ready[t] = best
                if at >= 0 and at < t:
                    into[t] = into[at]
                    by[t] = by[at]
        else:
            copy(arrival, ready, ticks)


@uncounted
def holds(facts: Facts, mode: int) -> bool:
    """Return whether a part keeps its machine, or a counted place behind it, until it goes on."""
    return facts.holds_after[facts.machine[mode]] > 0 or facts.behind[mode] >= 0


@uncounted
def stays(facts: Facts, uses: Uses, weights: Ints, room: Room, mode: int, row: int, cycle: int, ticks: int) -> None:
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
