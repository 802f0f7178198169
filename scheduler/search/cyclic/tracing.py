"""What a shortest path has chosen: modes, options and instants of a job, from its last operation back."""

from __future__ import annotations

from scheduler.search.cyclic.facts import Facts, Plan
from scheduler.search.cyclic.room import Room
from scheduler.search.cyclic.steps import holds
from scheduler.search.cyclic.using import is_anew, is_planned
from scheduler.search.cyclic.windows import started_at
from scheduler.search.inner import uncounted


@uncounted
def trace(facts: Facts, plan: Plan, room: Room, job: int, given: int, until: int) -> None:
    """Write modes, options and instants of what is planned anew, from the last operation of the job back."""
    begin, end = facts.ops_at[job], facts.ops_at[job + 1]
    origin = facts.modes_at[begin]
    for op in range(end - 1, begin - 1, -1):
        is_new = given < op < until
        for link in range(facts.outs_from[op], facts.outs_to[op]):
            if not (is_anew(facts, link, given, until) and is_planned(facts, plan, link)):
                continue
            after, mode, t = facts.goes_to[link], 0, 0
            if after >= 0:
                mode = plan.mode[after]
                t = started_at(facts, facts.modes_at[after] + mode, plan.time[after])
            arrival = facts.arrivals[link] + mode
            before, at = room.starts_way[arrival, t], room.starts_from[arrival, t]
            width = 1 if after < 0 else facts.modes_at[after + 1] - facts.modes_at[after]
            way = facts.routes_at[link] + before * width + mode
            num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
            at = _trace_legs(facts, plan, room, link, way, room.moved_at[arrival, before], at)
            if is_new:
                row = facts.modes_at[op] + before - origin
                is_held = holds(facts, row + origin) and (facts.leaves[way] or (num_legs == 0 and after >= 0))
                plan.mode[op] = before
                plan.time[op] = room.held_from[row, at] if is_held else room.ready_from[row, at]
        first = facts.ins[facts.ins_at[op]]
        if is_new and facts.comes_from[first] < 0:
            arrival = facts.arrivals[first] + plan.mode[op]
            way = facts.routes_at[first] + plan.mode[op]
            at = room.starts_from[arrival, started_at(facts, facts.modes_at[op] + plan.mode[op], plan.time[op])]
            _trace_legs(facts, plan, room, first, way, room.moved_at[arrival, 0], at)


@uncounted
def _trace_legs(facts: Facts, plan: Plan, room: Room, link: int, way: int, rows_at: int, at: int) -> int:
    """Write options and starts of the moves of a link that end at `at` at the latest; return when they begin."""
    num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
    for k in range(num_legs - 1, -1, -1):
        slot, leg = facts.slots_at[link] + k, facts.legs_at[way] + k
        if facts.by_lanes[leg]:  # of several loads each row says when the one before departed
            if k == num_legs - 1 or facts.apart[leg + 1] < 0:
                at = room.arrived[rows_at + k, at]
            plan.time[len(plan.mode) + slot] = at
            plan.option[slot] = room.moved_by[rows_at + k, at]
            at = room.moved_from[rows_at + k, at]
            continue
        plan.option[slot] = room.moved_by[rows_at + k, at]
        at = room.moved_from[rows_at + k, at]
        plan.time[len(plan.mode) + slot] = at
    return at
