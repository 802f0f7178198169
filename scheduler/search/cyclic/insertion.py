"""Jobs put between the others of a timetable that repeats itself, and out of their own way.

What a job does itself the recursion does not see. Where two uses of it collide, which is the rule where jobs last many
cycles, a *stretch* of the job with one of the two is planned again while everything around it stays, which is what it
must not collide with now; and so on until nothing collides any more, as in the repair by least conflicts of Minton and
others (1992, Artificial Intelligence 58, "Minimizing conflicts: a heuristic repair method for constraint satisfaction
and scheduling problems").
"""

from __future__ import annotations

import numpy as np

from scheduler.search.cyclic.costs import sort_uses
from scheduler.search.cyclic.facts import Facts, Ints, Plan, Uses
from scheduler.search.cyclic.path import cheapest
from scheduler.search.cyclic.room import COLLISION, NEVER, OWN, Room
from scheduler.search.cyclic.shared import count_uses, eject, is_there, overload
from scheduler.search.cyclic.using import collide, forget_job, use_around, use_job
from scheduler.search.inner import uncounted

REPAIRS = 30
"""Stretches of a job in its own way that are planned again."""


@uncounted
def insert(
    facts: Facts,
    plan: Plan,
    uses: Uses,
    weights: Ints,
    room: Room,
    job: int,
    cycle: int,
    ticks: int,
    is_late: bool,
    noise: int,
    stands: bool,
) -> int:
    """Plan a job that is not in the plan where it collides least; return what that costs, `NEVER` if it did not work.

    A job that `stands` has instants already; stretches of it are planned again until it is out of its own way, one of
    them at least. Its uses are among the uses afterwards (none if it did not work), with those of the jobs that it
    collides with; these are marked as ``hit``.
    """
    weight, weights[job] = weights[job], OWN // COLLISION
    begin, end = facts.ops_at[job], facts.ops_at[job + 1]
    cost, given, until, is_forward = NEVER, begin - 1, end, not stands
    room.noise[0] = noise
    for repair in range(1 + REPAIRS):
        is_to_plan = repair > 0 or not stands
        if is_to_plan and not replan(facts, plan, uses, weights, room, job, cycle, ticks, is_late, given, until):
            break
        use_job(facts, plan, uses, job)
        first, second = find_clash(facts, plan, uses, room, job, cycle, is_forward)
        if second < 0 and repair == 0 and stands:
            first = second = np.random.randint(begin, end + 1)
        elif second < 0:
            cost = find_hits(facts, uses, weights, room, job, cycle)
            if facts.is_once[0] and room.hit[len(room.hit) - 1]:  # what the plan begins with is in the way
                cost = NEVER
            break
        forget_job(uses, job)
        is_forward = is_forward and second - 1 > given and second > begin
        if is_forward:
            given = second - 1
        else:
            given, until = _stretch(begin, end, first, second)
            for op in range(given + 1, until):
                if facts.outs_to[op] - facts.outs_from[op] > 1:  # all that follows is planned after it
                    until = end
            room.noise[0] = COLLISION // 2
        use_around(facts, plan, uses, job, given, until)
    if cost >= NEVER:
        forget_job(uses, job)
    weights[job] = weight
    return cost


@uncounted
def replan(
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
) -> bool:
    """Plan a job between two operations; return whether that worked.

    Of several successors of an operation that is planned one is planned with it. When that is done the next one is,
    with all that can be, and so on: the part that goes there begins from what is planned by then. The uses of what
    stays have to be there; afterwards none of the job are.
    """
    while True:
        stop = _up_to(facts, given, until)
        for op in range(given + 1, until):
            plan.mode[op] = 0 if op < stop else -1
        sort_uses(uses, room.order, cycle)
        cost = cheapest(facts, plan, uses, weights, room, job, cycle, ticks, is_late, given, stop)
        forget_job(uses, job)
        if cost >= NEVER:
            for op in range(stop, until):
                plan.mode[op] = 0
            return False
        if stop >= until:
            return True
        given = stop - 1
        use_around(facts, plan, uses, job, given, until)


@uncounted
def _up_to(facts: Facts, given: int, until: int) -> int:
    """Return the first operation after `given` that is another successor of one that is planned, or `until`."""
    for op in range(given + 2, until):
        for n in range(facts.ins_at[op], facts.ins_at[op + 1]):
            before = facts.comes_from[facts.ins[n]]
            if before <= given:
                continue
            for link in range(facts.outs_from[before], facts.outs_to[before]):
                if given < facts.goes_to[link] < op:
                    return op
    return until


@uncounted
def _stretch(begin: int, end: int, first: int, second: int) -> tuple[int, int]:
    """Return between which operations to plan a job again where it is in its own way at two others."""
    if first == second:
        return np.random.randint(begin - 1, first), np.random.randint(min(first + 1, end), end + 1)
    if first < begin or np.random.randint(2) == 0:
        return np.random.randint(max(first, begin - 1), second), np.random.randint(min(second + 1, end), end + 1)
    return np.random.randint(begin - 1, first), np.random.randint(first + 1, second + 1)


@uncounted
def find_hits(facts: Facts, uses: Uses, weights: Ints, room: Room, job: int, cycle: int) -> int:
    """Mark the jobs that a job collides with; return their weights."""
    hit = room.hit
    hit[:] = 0
    total = 0
    for resource in range(len(uses.size)):
        for a in range(uses.size[resource]):
            if uses.job[resource, a] != job:
                continue
            if facts.is_counted[resource]:
                total += eject(facts, uses, weights, room, resource, job, cycle)
                break
            for b in range(uses.size[resource]):
                other = uses.job[resource, b]
                if other != job and not hit[other] and collide(facts, uses, resource, a, b, cycle):
                    hit[other] = 1
                    total += weights[other]
    return total


@uncounted
def find_clash(
    facts: Facts, plan: Plan, uses: Uses, room: Room, job: int, cycle: int, is_first: bool
) -> tuple[int, int]:
    """Return two operations of a job at or on the way to which it is in its own way: any, or the first; -1: not.

    The number after its last operation stands for its departure.
    """
    first, second, num = -1, -1, 0
    num_ops = len(plan.mode)
    for resource in range(len(uses.size)):
        is_shared, tick = facts.is_counted[resource] > 0, -1
        for a in range(uses.size[resource]):
            if uses.job[resource, a] != job:
                continue
            if is_shared and tick < 0:
                count_uses(uses, resource, room.hit, room.departed, job, cycle, room.taken)
                tick = overload(facts, resource, room.taken, cycle)
                if tick < 0:
                    break
            for b in range(a, uses.size[resource]):
                if uses.job[resource, b] != job:
                    continue
                if is_shared:
                    if not (is_there(uses, resource, a, cycle, tick) and is_there(uses, resource, b, cycle, tick)):
                        continue
                    if a == b and uses.end[resource, a] - uses.start[resource, a] <= cycle:
                        continue
                elif not collide(facts, uses, resource, a, b, cycle):
                    continue
                one = _op_of(facts, uses.start_instant[resource, a], num_ops)
                other = _op_of(facts, uses.start_instant[resource, b], num_ops)
                num += 1
                if max(one, other) < second if is_first and num > 1 else np.random.randint(num) == 0:
                    first, second = min(one, other), max(one, other)
    return first, second


@uncounted
def _op_of(facts: Facts, instant: int, num_ops: int) -> int:
    """Return the operation that starts at an instant, or to which a move leads; the number after it for a departure.

    Of a move to where several parts are joined it is the one that the part comes from: the ways to an operation that is
    planned anew are all planned at once, so that they would be in each other's way again.
    """
    if instant < num_ops:
        return instant
    link = facts.link_of[instant - num_ops]
    before, after = facts.comes_from[link], facts.goes_to[link]
    if after < 0:
        return before + 1
    return after if facts.ins_at[after + 1] - facts.ins_at[after] == 1 else before
