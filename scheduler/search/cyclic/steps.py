"""Steps of the recursion along the ticks: what waits, leaves its machine, goes its way and stays costs.

See `scheduler.search.cyclic.path` for the whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scheduler.search.cyclic.costs import blocked, occupied
from scheduler.search.cyclic.facts import NO_LIMIT, ONE, ZERO, Facts, Ints, Uses
from scheduler.search.cyclic.loads import go_in_loads, least_time
from scheduler.search.cyclic.room import NEVER, Room
from scheduler.search.cyclic.rows import add, begin, close, copy, end, in_time, least_in_time, wait
from scheduler.search.cyclic.shared import departing
from scheduler.search.cyclic.using import is_instant
from scheduler.search.cyclic.windows import close_before
from scheduler.search.inner import uncounted


@uncounted
def _most_wait(facts: Facts, link: int) -> int:
    """Return how long a part waits before its way at the most, so that it comes before the end of the lag.

    That is what one of the ways leaves of the lag, or a part of it: then more is left for waits after the way.
    """
    least, most = facts.least_wait[link], facts.most_lag[link]
    if most >= NO_LIMIT:
        return most
    first = facts.routes_at[link]
    end = facts.routes_at[link + 1] if link + 1 < len(facts.routes_at) else len(facts.way_time)
    time = facts.way_time[first + np.random.randint(end - first)]
    if time == 0:
        return most
    most = max(least, most - time)
    return most if np.random.randint(2) == 0 else least + np.random.randint(most - least + 1)


@uncounted
def leave(facts: Facts, room: Room, job: int, link: int, cycle: int, ticks: int, is_late: bool) -> None:
    """Write when the part of an operation is ready for a way, for each mode."""
    first, op = facts.modes_at[facts.ops_at[job]], facts.comes_from[link]
    least, most = facts.least_wait[link], _most_wait(facts, link)
    for mode in range(facts.modes_at[op], facts.modes_at[op + 1]):
        row, duration = mode - first, facts.duration[mode]
        longest = min(most, facts.dwell[mode])
        closed, begun, behind = room.steps[0], room.begun[row], facts.behind[mode]
        held, source = room.held[row], room.held_from[row]
        if behind < 0 and facts.holds_after[facts.machine[mode]]:
            until = min(longest, facts.capacity[facts.machine[mode]] * cycle - duration)
            wait(room.starts[row], duration + least, duration + until, ticks, is_late, room.window, held, source)
        close(room.starts[row], begun, duration, ticks, closed)
        if behind >= 0:
            until = min(longest, facts.capacity[behind] * cycle - duration)
            wait(closed, duration + least, duration + until, ticks, is_late, room.window, held, source)
            close(closed, room.begun[row + len(room.starts)], duration, ticks, closed)
        source = room.ready_from[row]
        wait(closed, duration + least, duration + longest, ticks, is_late, room.window, room.ready[row], source)


@uncounted
def set_due(facts: Facts, room: Room, link: int, mode: int, row: int, is_held: bool, ticks: int) -> None:
    """Write by when the next operation has to start, of what is ready at each tick after a mode."""
    after, due = facts.duration[mode] + facts.most_lag[link], room.due[0]
    source = room.held_from[row] if is_held else room.ready_from[row]
    for t in range(ticks):
        due[t] = source[t] + after


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
    mode: int,
    most: int,
) -> None:
    """Write the costs of arriving by a way at each tick to ``steps[0]``, from what is ready in ``steps[0]``.

    `source` is the row of the stay that lasts until the part is taken up, -1 if there is none. `takes` and `takes_too`
    are the rows of stays that begin with the last drop, -1: none. What that costs is part of the arrival; a machine
    that it takes is set up for the `mode` before. A part that departs (mode -1) is gone from its last station with the
    drop there. Where the lag is `most` at the most, ``due`` says by when the operation has to start of what is ready,
    and afterwards of what has arrived.
    """
    num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
    ready, arrival, cost, begun = room.steps[0], room.steps[1], room.steps[2], room.steps[4]
    for k in range(num_legs):
        leg = facts.legs_at[way] + k
        if facts.by_lanes[leg] and facts.apart[leg] >= 0:  # with the first load
            continue
        arrival[:ticks] = NEVER
        into, by = room.moved_from[first_row + k], room.moved_by[first_row + k]
        station, is_last = facts.station[leg], k == num_legs - 1
        # The part is gone with the last of its loads, the first of which is that of leg `first`.
        first, has_more = k, not is_last and facts.apart[leg + 1] >= 0
        while facts.apart[facts.legs_at[way] + first] >= 0:
            first -= 1
        leaves = first == 0 and source >= 0 and not has_more
        comes_from = first > 0 and facts.station[facts.legs_at[way] + first - 1] >= 0 and not has_more
        if facts.by_lanes[leg]:
            of_station = 1 - k % 2 if first > 0 and facts.station[leg - 1] >= 0 else -1
            of_machine = source if first == 0 else -1
            last = go_in_loads(
                facts, uses, weights, room, way, k, of_machine, of_station, first_row, cycle, ticks, most
            )
            into = by = room.arrived[first_row + last]
            _go_on(room, into, by, least_time(facts, way, last + 1), most, ticks, is_late, last == num_legs - 1)
            continue
        left = least_time(facts, way, k + 1)
        at_station, waited, stayed = room.at_station[k % 2], room.from_station[1 - first % 2], room.from_station[k % 2]
        if station >= 0:
            occupied(facts, uses, weights, room, station, ZERO, ONE, cycle, ticks, at_station, stayed)
        for option in range(facts.options_at[leg], facts.options_at[leg + 1]):
            length, pick_up, drop = facts.length[option], facts.pick_up[option], facts.drop[option]
            carrier, origin, destination = facts.carrier[option], facts.origin[option], facts.destination[option]
            if carrier >= 0:
                blocked(facts, uses, weights, room, carrier, facts.busy[option], origin, destination, cycle, cost)
            else:
                departing(facts, uses, weights, room, option, cycle, cost)
            later = facts.apart[leg + 1] if has_more else length
            num = ticks - max(later, facts.lasts[option])
            if num <= 0:
                continue
            begin(ready, cost, begun, num, cycle)
            if most < NO_LIMIT:
                in_time(room.due[0], later + left, begun, num)
            if leaves:
                add(room.begun[source], pick_up - 1, begun, num)
            if comes_from:
                add(waited, pick_up - 1, begun, num)
            if station >= 0:
                add(at_station, length - drop, begun, num)
                if is_last and mode < 0:
                    add(stayed, length - 1, begun, num)
            if is_last and takes >= 0:
                add(room.inside[takes], length - drop, begun, num)
                close_before(facts, mode, length - drop, num, begun)
            if is_last and takes_too >= 0:
                add(room.inside[takes_too], length - drop, begun, num)
            end(begun, num, option, arrival[later:], into[later:], by[later:])
        if most < NO_LIMIT:
            for t in range(ticks):
                room.due[1, t] = room.due[0, into[t]] if arrival[t] < NEVER else -1
        _go_on(room, into, by, left, most, ticks, is_late, is_last)


@uncounted
def _go_on(
    room: Room,
    into: NDArray[np.int32],
    by: NDArray[np.int32],
    left: int,
    most: int,
    ticks: int,
    is_late: bool,
    is_last: bool,
) -> None:
    """Write what is ready at each tick for the next move, or the next load, and by when the operation has to start.

    What has arrived waits for it; the rows of the move say from which arrival on.
    """
    ready, arrival = room.steps[0], room.steps[1]
    if is_last:
        copy(arrival, ready, ticks)
        if most < NO_LIMIT:
            copy(room.due[1], room.due[0], ticks)
        return
    if most < NO_LIMIT:
        due, was_due, at_tick = room.due[0], room.due[1], room.due[3]
        least_in_time(arrival, was_due, left, most, ticks, ready, at_tick)
        for t in range(ticks - 1, -1, -1):  # of what arrived earlier nothing has been written over yet
            due[t] = -1
            if at_tick[t] >= 0:
                into[t] = into[at_tick[t]]
                by[t] = by[at_tick[t]]
                due[t] = was_due[at_tick[t]]
        return
    best, at = NEVER, -1
    for t in range(ticks):
        if arrival[t] < best or (is_late and arrival[t] == best):
            best, at = arrival[t], t
        ready[t] = best
        if at >= 0 and at < t:
            into[t] = into[at]
            by[t] = by[at]


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
    if is_instant(facts, mode):
        for t in range(ticks):
            inside[row, t] = begun[row, t] = 0
    if facts.behind[mode] >= 0:
        behind, at = facts.behind[mode], row + width
        occupied(facts, uses, weights, room, behind, ZERO, duration, cycle, ticks, inside[at], begun[at])
    if facts.before[mode] >= 0:
        before, at = facts.before[mode], row + 2 * width
        occupied(facts, uses, weights, room, before, ZERO, ONE, cycle, ticks, inside[at], begun[at])
