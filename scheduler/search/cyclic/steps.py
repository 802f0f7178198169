"""Steps of the recursion along the ticks: what waits, leaves its machine, goes its way and stays costs.

See `scheduler.search.cyclic.path` for the whole.
"""

from __future__ import annotations

from scheduler.search.cyclic.costs import blocked, occupied
from scheduler.search.cyclic.facts import ONE, ZERO, Facts, Ints, Uses
from scheduler.search.cyclic.room import NEVER, Room
from scheduler.search.cyclic.rows import add, begin, close, copy, end, wait
from scheduler.search.cyclic.shared import departing
from scheduler.search.cyclic.using import is_instant
from scheduler.search.inner import uncounted


@uncounted
def leave(facts: Facts, room: Room, job: int, link: int, cycle: int, ticks: int, is_late: bool) -> None:
    """Write when the part of an operation is ready for a way, for each mode."""
    first, op = facts.modes_at[facts.ops_at[job]], facts.comes_from[link]
    least, most = facts.least_wait[link], facts.most_lag[link]
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
    departs: bool,
) -> None:
    """Write the costs of arriving by a way at each tick to ``steps[0]``, from what is ready in ``steps[0]``.

    `source` is the row of the stay that lasts until the part is taken up, -1 if there is none. `takes` and `takes_too`
    are the rows of stays that begin with the last drop, -1: none. What that costs is part of the arrival. A part that
    departs is gone from its last station with the drop there.
    """
    num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
    ready, arrival, cost, begun = room.steps[0], room.steps[1], room.steps[2], room.steps[4]
    for k in range(num_legs):
        leg = facts.legs_at[way] + k
        arrival[:ticks] = NEVER
        into, by = room.moved_from[first_row + k], room.moved_by[first_row + k]
        station, is_last = facts.station[leg], k == num_legs - 1
        # The part is gone with the last of its loads, the first of which is that of leg `first`.
        first, has_more = k, not is_last and facts.apart[leg + 1] >= 0
        while facts.apart[facts.legs_at[way] + first] >= 0:
            first -= 1
        leaves = first == 0 and source >= 0 and not has_more
        comes_from = first > 0 and facts.station[facts.legs_at[way] + first - 1] >= 0 and not has_more
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
            if leaves:
                add(room.begun[source], pick_up - 1, begun, num)
            if comes_from:
                add(waited, pick_up - 1, begun, num)
            if station >= 0:
                add(at_station, length - drop, begun, num)
                if is_last and departs:
                    add(stayed, length - 1, begun, num)
            if is_last and takes >= 0:
                add(room.inside[takes], length - drop, begun, num)
            if is_last and takes_too >= 0:
                add(room.inside[takes_too], length - drop, begun, num)
            end(begun, num, option, arrival[later:], into[later:], by[later:])
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
    if is_instant(facts, mode):
        for t in range(ticks):
            inside[row, t] = begun[row, t] = 0
    if facts.behind[mode] >= 0:
        behind, at = facts.behind[mode], row + width
        occupied(facts, uses, weights, room, behind, ZERO, duration, cycle, ticks, inside[at], begun[at])
    if facts.before[mode] >= 0:
        before, at = facts.before[mode], row + 2 * width
        occupied(facts, uses, weights, room, before, ZERO, ONE, cycle, ticks, inside[at], begun[at])
