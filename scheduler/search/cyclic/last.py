"""Baths to which several parts are brought: work begins as soon as the last of them has been put down.

Each part costs what it does up to a tick, wherever it waits; and one of them has to come just then, the one for which
that adds the least. So the cost of starting at *t* is, of parts that cost ``c_n(t)`` when they are put down at *t*::

    sum of M_n(t)  +  min over n of c_n(t) - M_n(t),      M_n(t) = min of c_n up to t
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scheduler.search.cyclic.facts import Facts, Plan
from scheduler.search.cyclic.room import NEVER, Room
from scheduler.search.cyclic.using import is_anew, put_down_at
from scheduler.search.inner import uncounted


@uncounted
def dropped_at(facts: Facts, plan: Plan, link: int) -> int:
    """Return when the drop of a part at a machine is over at the end of its way; -1: there is none."""
    instant, offset = put_down_at(facts, plan, link)
    if instant < 0:
        return -1
    return plan.time[instant] + offset + facts.drop[plan.option[instant - len(plan.mode)]]


@uncounted
def last_of(facts: Facts, plan: Plan, op: int) -> int:
    """Return the link by which the last part of an operation is put down at its machine; -1: none is."""
    found, latest = -1, -1
    for n in range(facts.ins_at[op], facts.ins_at[op + 1]):
        at = dropped_at(facts, plan, facts.ins[n])
        if at > latest:
            found, latest = facts.ins[n], at
    return found


@uncounted
def come_last(room: Room, row: int, is_counted: bool, before: int, cycle: int, ticks: int, is_first: bool) -> None:
    """Write what it costs that a part is put down in each tick, by a way from a mode before, if that is less."""
    cost, way, phase, num_stays = room.last[0], room.last[1], -1, len(room.starts)
    for t in range(ticks):
        phase = 0 if phase == cycle - 1 else phase + 1
        value = room.steps[0, t]
        if value >= NEVER:
            continue
        if is_first:
            value += room.helpers[0, phase]
        else:
            value -= room.inside[row, t]
            if is_counted:
                value -= room.inside[row + num_stays, t]
        if value < cost[t]:
            cost[t] = value
            way[t] = before


@uncounted
def choose_last(room: Room, link: int, parts: NDArray[np.int32], ticks: int) -> None:
    """Let the part of a link be the last at each tick where that adds least to `parts`, its cost up to then."""
    cost, way, more = room.last[0], room.last[1], room.last[2]
    for t in range(ticks):
        if cost[t] < NEVER and cost[t] - parts[t] < more[t]:
            more[t] = cost[t] - parts[t]
            room.last[3, t] = link
            room.last[4, t] = way[t]
        cost[t] = NEVER


@uncounted
def begins_by_one_that_stays(facts: Facts, plan: Plan, op: int, given: int, until: int) -> bool:
    """Return whether an operation that stays begins by the drop of a part whose way stays."""
    for n in range(facts.ins_at[op], facts.ins_at[op + 1]):
        if not is_anew(facts, facts.ins[n], given, until) and dropped_at(facts, plan, facts.ins[n]) == plan.time[op]:
            return True
    return False


@uncounted
def begin_by_last(facts: Facts, room: Room, row: int, column: int, ticks: int) -> None:
    """Add to the costs of starting an operation in a mode what it costs more that one of its parts comes just then."""
    starts, more, last, way = room.starts[row], room.last[2], room.last[3], room.last[4]
    for t in range(ticks):
        if max(starts[t], more[t]) >= NEVER:
            starts[t] = NEVER
            continue
        starts[t] = min(NEVER, starts[t] + more[t])
        arrival = facts.arrivals[last[t]] + column
        room.starts_from[arrival, t] = t
        room.starts_way[arrival, t] = way[t]
