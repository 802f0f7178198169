"""The best place of a job in a timetable that repeats itself: a shortest path over its operations and the ticks.

The other jobs of the plan stay where they are. Each has a *weight*: what it costs to be in its way. With costs

    A_k(t): operation k of the job starts at t        D(t): the part is ready to be taken up at t

each rule is one step along the ticks: a move costs what it collides with when it begins at *t*, modulo the cycle
time; a wait is a minimum over a window, which is as long as the maximum dwell or lag allows; and a part that stays on
its machine, from one instant to another, costs whose stretches the first of them lies in, and whose stretches begin
up to the second. So the least cost over all modes, carriers and instants takes a time that is proportional to the
ticks, and what the job collides with is whatever costs least. Only the uses of what it plans the recursion can't see
(see `insertion`); so it can also plan a stretch of a job whose operations before and after stay as they are.

Branches of an assembly cost what they cost together: A of the operation that joins them is the sum over its parts,
each of which comes when that is the cheapest, up to *t*. Where its machine is taken from the first part's drop on, what
is in the way of several parts that wait there counts for each; so what costs nothing is free, and what costs is judged
exactly afterwards. Of several successors of an operation one is planned with it, and the others when it stands.

Between places that collide with nothing a *price* of the time of each resource decides: what the job takes of it, parts
that wait on their machines included, and by how much its setups or empty travel become longer.
"""

from __future__ import annotations

import numpy as np

from scheduler.search.cyclic.costs import helped
from scheduler.search.cyclic.facts import NO_LIMIT, NONE, ZERO, Facts, Ints, Plan, Uses
from scheduler.search.cyclic.last import begin_by_last, begins_by_one_that_stays, choose_last, come_last
from scheduler.search.cyclic.room import NEVER, Room
from scheduler.search.cyclic.rows import add, begin, choose, copy, end, least_in_time, least_so_far, take_off
from scheduler.search.cyclic.steps import holds, leave, set_due, stays, travel
from scheduler.search.cyclic.tracing import trace
from scheduler.search.cyclic.using import brought_at, is_anew, is_instant, is_planned, put_down_at, taken_at
from scheduler.search.cyclic.windows import close_before, put_off, started_at
from scheduler.search.inner import uncounted


@uncounted
def _come(
    facts: Facts,
    uses: Uses,
    weights: Ints,
    room: Room,
    job: int,
    link: int,
    mode: int,
    cycle: int,
    ticks: int,
    is_late: bool,
    next_row: int,
    is_first: bool,
    has_last: bool,
) -> int:
    """Write the costs of starting an operation in a mode at each tick, of one of its parts; return the next row.

    That which is `is_first` pays for the start; the others only for what they take before it. Where the operation
    `has_last`, a part that begins it by its drop, each part may wait, and what it costs to be that one is written too.
    """
    origin, op, num_stays = facts.modes_at[facts.ops_at[job]], facts.goes_to[link], len(room.starts)
    first, width = facts.modes_at[op], facts.modes_at[op + 1] - facts.modes_at[op]
    predecessor = facts.comes_from[link]
    num_before = 1 if predecessor < 0 else facts.modes_at[predecessor + 1] - facts.modes_at[predecessor]
    row, machine, arrival = mode - origin, facts.machine[mode], facts.arrivals[link] + mode - first
    waits, is_counted, most = facts.before[mode] >= 0, facts.behind[mode] >= 0, facts.most_lag[link]
    cost, at, paid = room.steps[0], room.steps[1], room.steps[4]
    found = room.starts[row] if is_first else room.steps[3]
    found[:ticks] = NEVER
    for before in range(num_before):
        way = facts.routes_at[link] + before * width + mode - first
        num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
        room.moved_at[arrival, before] = next_row
        source = -1
        if predecessor < 0:
            # A job begins in time; which of several branches does is not known.
            num_begins = 0
            for other in range(facts.links_at[job], facts.links_at[job + 1]):
                num_begins += facts.comes_from[other] < 0
            room.steps[0, :ticks] = NEVER
            room.steps[0, facts.release[job] : min(room.begins[0], ticks) if num_begins == 1 else ticks] = 0
        else:
            last = facts.modes_at[predecessor] + before - origin
            is_held = holds(facts, last + origin) and (facts.leaves[way] or num_legs == 0)
            copy(room.held[last] if is_held else room.ready[last], room.steps[0], ticks)
            if is_held:
                source = last + num_stays if facts.behind[last + origin] >= 0 else last
            if most < NO_LIMIT and num_legs > 0:
                set_due(facts, room, link, last + origin, last, is_held, ticks)
        takes = takes_too = -1
        if facts.enters[way]:
            if facts.holds_before[machine]:
                takes = row
                takes_too = row + num_stays if is_counted else -1
            elif waits:
                takes_too = row + 2 * num_stays
        travel(facts, uses, weights, room, way, source, next_row, cycle, ticks, is_late, takes, takes_too, mode, most)
        next_row += num_legs
        at_once = num_legs == 0 or (takes >= 0 and facts.dwell[mode] < NO_LIMIT and not has_last)
        if has_last and takes >= 0:
            come_last(room, row, is_counted, before, cycle, ticks, is_first)
        if num_legs == 0 and source >= 0:
            add(room.begun[source], -1, cost, ticks)
        if not at_once and most < NO_LIMIT:
            least_in_time(cost, room.due[0], ZERO, most, ticks, room.due[2], at)
            copy(room.due[2], cost, ticks)
        elif not at_once:
            least_so_far(cost, at, ticks, is_late)
        if is_first:
            begin(cost, room.helpers[0], paid, ticks, cycle)
        else:
            copy(cost, paid, ticks)
        # The first part has paid for the machine up to the start, or pays for it now; the others up to their drop only.
        if takes < 0 and waits and facts.enters[way]:
            add(room.begun[row + 2 * num_stays], -1, paid, ticks)
        if num_legs > 0 and facts.station[facts.legs_at[way + 1] - 1] >= 0:  # it is there until the operation starts
            add(room.from_station[(num_legs - 1) % 2], -1, paid, ticks)
        if takes < 0 and is_first:
            add(room.inside[row], ZERO, paid, ticks)
            if is_counted:
                add(room.inside[row + num_stays], ZERO, paid, ticks)
            if facts.holds_before[machine]:
                close_before(facts, mode, ZERO, ticks, paid)
        elif takes >= 0 and not is_first:
            take_off(room.inside[row], paid, ticks)
            if is_counted:
                take_off(room.inside[row + num_stays], paid, ticks)
        into, by = room.starts_from[arrival], room.starts_way[arrival]
        if at_once:
            end(paid, ticks, before, found, into, by)
        else:
            choose(paid, at, before, ticks, found, into, by)
    return next_row


@uncounted
def _enter(
    facts: Facts,
    plan: Plan,
    uses: Uses,
    weights: Ints,
    room: Room,
    job: int,
    op: int,
    cycle: int,
    ticks: int,
    is_late: bool,
    next_row: int,
    given: int,
    until: int,
) -> int:
    """Write the costs of starting an operation at each tick, for each mode; return the next row for ways.

    Parts that come by ways that stay as they are are not among them. Where work begins as soon as the last of several
    parts is put down, they cost together what they do up to a tick, and what it costs more that one comes just then.
    """
    for n in range(facts.ins_at[op], facts.ins_at[op + 1]):
        if facts.comes_from[facts.ins[n]] >= 0 and is_anew(facts, facts.ins[n], given, until):
            leave(facts, room, job, facts.ins[n], cycle, ticks, is_late)
    for mode in range(facts.modes_at[op], facts.modes_at[op + 1]):
        row = mode - facts.modes_at[facts.ops_at[job]]
        starts, joined = room.starts[row], room.steps[3]
        stays(facts, uses, weights, room, mode, row, cycle, ticks)
        helped(facts, uses, weights, room, mode, cycle)
        is_first, has_last = True, facts.has_last[mode] > 0
        if has_last:
            for t in range(ticks):
                room.last[0, t] = room.last[2, t] = NEVER
        for n in range(facts.ins_at[op], facts.ins_at[op + 1]):
            link = facts.ins[n]
            if not is_anew(facts, link, given, until):
                continue
            next_row = _come(
                facts, uses, weights, room, job, link, mode, cycle, ticks, is_late, next_row, is_first, has_last
            )
            if has_last:
                choose_last(room, link, starts if is_first else joined, ticks)
            if not is_first:
                for t in range(ticks):
                    starts[t] = min(NEVER, starts[t] + joined[t]) if max(starts[t], joined[t]) < NEVER else NEVER
            is_first = False
        if facts.duration[mode] == 0 and not facts.is_once[0]:  # it is not over at its start
            starts[ticks - 1] = NEVER
        if has_last and (given < op < until or not begins_by_one_that_stays(facts, plan, op, given, until)):
            begin_by_last(facts, room, row, mode - facts.modes_at[op], ticks)
        if facts.pauses[mode]:
            put_off(facts, mode, ticks, starts)
    return next_row


@uncounted
def _depart(
    facts: Facts,
    uses: Uses,
    weights: Ints,
    room: Room,
    job: int,
    link: int,
    cycle: int,
    ticks: int,
    is_late: bool,
    next_row: int,
) -> tuple[int, int]:
    """Plan how a part departs after an operation; return what all up to then costs, and the next row for ways."""
    leave(facts, room, job, link, cycle, ticks, is_late)
    origin, op = facts.modes_at[facts.ops_at[job]], facts.comes_from[link]
    best, num_best, best_at, best_mode = NEVER, 0, NONE, NONE
    arrival = facts.arrivals[link]
    for mode in range(facts.modes_at[op], facts.modes_at[op + 1]):
        row, before = mode - origin, mode - facts.modes_at[op]
        way = facts.routes_at[link] + before
        num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
        room.moved_at[arrival, before] = next_row
        is_held = holds(facts, mode) and facts.leaves[way]
        copy(room.held[row] if is_held else room.ready[row], room.steps[0], ticks)
        source = -1
        if is_held:
            source = row + len(room.starts) if facts.behind[mode] >= 0 else row
        travel(facts, uses, weights, room, way, source, next_row, cycle, ticks, is_late, NONE, NONE, NONE, NO_LIMIT)
        next_row += num_legs
        for t in range(ticks):
            value = room.steps[0, t]
            if value < best:
                best, num_best = value, 0
            if value == best and value < NEVER:
                num_best += 1
                if np.random.randint(num_best) == 0:
                    best_at, best_mode = t, before
    room.starts_from[arrival, 0], room.starts_way[arrival, 0] = best_at, best_mode
    return best, next_row


@uncounted
def _end(facts: Facts, plan: Plan, room: Room, job: int, op: int, ticks: int) -> int:
    """Plan an operation after which nothing is planned yet where it ends at the least cost, the earliest of equals.

    Returns what all up to then costs, or `NEVER`.
    """
    origin, num_stays, best = facts.modes_at[facts.ops_at[job]], len(room.starts), NEVER
    for mode in range(facts.modes_at[op], facts.modes_at[op + 1]):
        row, worked = mode - origin, facts.duration[mode] - 1
        for t in range(ticks - max(0, worked)):
            value = room.starts[row, t]
            if value < NEVER:
                value += room.begun[row, max(0, t + worked)]
                if facts.behind[mode] >= 0:
                    value += room.begun[row + num_stays, max(0, t + worked)]
                if value < best:
                    best = value
                    plan.mode[op], plan.time[op] = mode - facts.modes_at[op], t
    return best


@uncounted
def _stand(
    facts: Facts, plan: Plan, uses: Uses, weights: Ints, room: Room, job: int, op: int, cycle: int, ticks: int
) -> None:
    """Write that an operation starts when the plan says; what its visit costs up to then is paid."""
    origin = facts.modes_at[facts.ops_at[job]]
    row = facts.modes_at[op] + plan.mode[op] - origin
    for mode in range(facts.modes_at[op], facts.modes_at[op + 1]):
        room.starts[mode - origin, :ticks] = NEVER
    stays(facts, uses, weights, room, row + origin, row, cycle, ticks)
    room.starts[row, plan.time[op]] = -_paid(facts, plan, uses, room, op, row + origin, row)


@uncounted
def _met(facts: Facts, plan: Plan, room: Room, job: int, op: int, given: int, until: int) -> int:
    """Return what it costs that an operation starts when the plan says, with all parts, or `NEVER`."""
    row = facts.modes_at[op] + plan.mode[op] - facts.modes_at[facts.ops_at[job]]
    mode, start, num_stays = facts.modes_at[op] + plan.mode[op], plan.time[op], len(room.starts)
    cost, began = room.starts[row, start], started_at(facts, mode, start)
    if cost >= NEVER:
        return NEVER
    for n in range(facts.ins_at[op], facts.ins_at[op + 1]):
        if is_anew(facts, facts.ins[n], given, until):
            continue
        instant, offset = put_down_at(facts, plan, facts.ins[n])
        if instant < 0:
            continue
        there = plan.time[instant] + offset
        if facts.holds_before[facts.machine[mode]]:
            cost += room.inside[row, there] - room.inside[row, began]
            if facts.behind[mode] >= 0:
                cost += room.inside[row + num_stays, there] - room.inside[row + num_stays, began]
        elif facts.before[mode] >= 0:
            cost += room.inside[row + 2 * num_stays, there] + room.begun[row + 2 * num_stays, max(0, began - 1)]
    instant, offset = taken_at(facts, plan, op, given, until)
    taken = max(0, plan.time[instant] + offset - 1)
    if facts.behind[mode] >= 0:
        cost += room.begun[row + num_stays, taken]
        taken = max(0, start + facts.duration[mode] - 1)
    return min(NEVER, cost + room.begun[row, taken])


@uncounted
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
    has to have its uses there (see `scheduler.search.cyclic.using.use_around`).
    With `given` before the first operation and `until` after the last one nothing is given. Each operation that is
    planned has one successor that is planned, too, or none (see `scheduler.search.cyclic.insertion.replan`).
    """
    begin, end = facts.ops_at[job], facts.ops_at[job + 1]
    next_row, total = ZERO, ZERO
    for op in range(begin, end):
        if plan.mode[op] < 0:
            continue
        goes_anew = comes_anew = False
        for link in range(facts.outs_from[op], facts.outs_to[op]):
            goes_anew = goes_anew or (is_anew(facts, link, given, until) and is_planned(facts, plan, link))
        for n in range(facts.ins_at[op], facts.ins_at[op + 1]):
            comes_anew = comes_anew or is_anew(facts, facts.ins[n], given, until)
        if comes_anew:
            next_row = _enter(facts, plan, uses, weights, room, job, op, cycle, ticks, is_late, next_row, given, until)
        elif goes_anew:
            _stand(facts, plan, uses, weights, room, job, op, cycle, ticks)
        cost = ZERO
        if comes_anew and not goes_anew:
            if given < op < until:
                cost = _end(facts, plan, room, job, op, ticks)
            else:
                cost = _met(facts, plan, room, job, op, given, until)
        elif goes_anew and facts.goes_to[facts.outs_from[op]] < 0:
            link = facts.outs_from[op]
            cost, next_row = _depart(facts, uses, weights, room, job, link, cycle, ticks, is_late, next_row)
        if cost >= NEVER:
            return NEVER
        total += cost
    trace(facts, plan, room, job, given, until)
    return total


@uncounted
def _paid(facts: Facts, plan: Plan, uses: Uses, room: Room, op: int, mode: int, row: int) -> int:
    """Return what a visit that goes on has paid for already."""
    machine = facts.machine[mode]
    worked = max(0, plan.time[op] + facts.duration[mode] - 1)
    if facts.behind[mode] >= 0:
        return room.begun[row, worked] + room.begun[row + len(room.starts), worked]
    if facts.capacity[machine] > 1 or is_instant(facts, mode):
        return room.begun[row, worked]
    k, begins = uses.size[machine] - 1, op
    if facts.holds_before[machine]:
        begins, _ = brought_at(facts, plan, op)
    while uses.start_instant[machine, k] != begins:
        k -= 1
    return room.begun[row, uses.start[machine, k]]
