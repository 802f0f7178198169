"""The graph of a plan whose orders are given: instants, and what each has to wait for.

With the order of the uses of each resource kept, a plan is a graph of instants (Hanen 1994, European Journal of
Operational Research 72, "Study of a NP-hard cyclic scheduling problem: the recurrent job-shop"). An arc of *length* l
and *height* h from *a* to *b* says

    time(b) + h T >= time(a) + l

where the height tells how many cycles later *b* the arc means. Uses that follow one another have a gap between them:
the heights along all uses of a resource add up to 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scheduler.search.cyclic.facts import NO_LIMIT, NONE, ONE, TRIP, ZERO, Facts, Ints, Plan, Uses, size_of
from scheduler.search.cyclic.last import last_of
from scheduler.search.cyclic.using import brought_at, gap, left_at, next_to, put_down_at, route_of, taken_at
from scheduler.search.inner import entry, inner, uncounted

ENDLESS = 4
"""Times the length of a plan that is made once, after which orders have no instants."""


class Graph(NamedTuple):
    """Arcs in any order, ``size[0]`` of them, and room to work in.

    Attributes
    ----------
    tail, head, length, height
        By arc.
    owner
        By instant: the job that it belongs to, -1: none.
    time
        By instant: the times that are found.
    parent
        By instant: the arc that pushed it last.
    order, phase
        Room to sort the uses of a resource, and for what they take.
    closed
        Downtimes: begin and end.
    windows
        By instant, in a plan that is made once: a row of the first of the downtimes that keep it waiting, and one more
        than the last, what is added to it, for how long before and after them, and how long work takes that pauses in
        them, 0 for what does not.
    ends
        After which tick instants are given up, in a plan that is made once; 0 in any other.
    """

    size: Ints
    tail: Ints
    head: Ints
    length: Ints
    height: Ints
    owner: Ints
    time: Ints
    parent: Ints
    order: Ints
    phase: Ints
    closed: Ints
    windows: Ints
    ends: Ints


def graphs(facts: Facts) -> Graph:
    """Return room for the graph of any plan."""
    size = size_of(facts)
    num_instants = size.instants + 2
    num_uses = size.legs * (2 + int(np.diff(facts.shares_at).max(initial=0))) + size.operations * (
        3 + int(np.diff(facts.helps_at).max(initial=0))
    )
    num_arcs = 6 * len(facts.comes_from) + 4 * num_instants + 4 * num_uses
    size_of_graph, ends = np.zeros(1, np.int64), np.zeros(1, np.int64)
    by_arc = np.zeros((4, num_arcs), np.int64)
    owner, time, parent, order, phase = np.zeros((5, num_instants), np.int64)
    windows = np.zeros((num_instants, 6), np.int64)
    arcs = by_arc[0], by_arc[1], by_arc[2], by_arc[3]
    return Graph(size_of_graph, *arcs, owner, time, parent, order, phase, facts.closed, windows, ends)


@uncounted
def _arc(graph: Graph, tail: int, head: int, length: int, height: int) -> None:
    k = graph.size[0]
    graph.size[0] = k + 1
    graph.tail[k] = tail
    graph.head[k] = head
    graph.length[k] = length
    graph.height[k] = height


@entry
def draw(facts: Facts, plan: Plan, uses: Uses, graph: Graph, cycle: int) -> None:
    """Draw the graph of a plan that is right for this cycle time; its orders are those of its instants."""
    num_ops = len(plan.mode)
    begin, over = len(plan.time), len(plan.time) + 1
    graph.size[0] = 0
    graph.owner[:] = -1
    graph.ends[0] = ENDLESS * cycle if facts.is_once[0] else 0
    for job in range(len(plan.placed)):
        if plan.placed[job]:
            _draw_job(facts, plan, graph, job, num_ops, begin, over)
    _arc(graph, over, begin, ZERO, facts.sets[0])
    for resource in range(len(uses.size)):
        if facts.is_counted[resource]:
            _draw_shares(facts, uses, graph, resource, cycle)
        else:
            _draw_turns(facts, uses, graph, resource, cycle)


@uncounted
def _draw_job(facts: Facts, plan: Plan, graph: Graph, job: int, num_ops: int, begin: int, over: int) -> None:
    """Draw what a part does, one after the other."""
    for link in range(facts.links_at[job], facts.links_at[job + 1]):
        before, op = facts.comes_from[link], facts.goes_to[link]
        way = route_of(facts, plan, link)
        num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
        last, ready, dwell = NONE, ZERO, NO_LIMIT  # instant before, with the ticks after it, at which the part is ready
        origin, since = last, ready
        if before >= 0:
            mode = facts.modes_at[before] + plan.mode[before]
            last, ready, dwell = before, facts.duration[mode], facts.dwell[mode]
            if facts.outs_to[before] - facts.outs_from[before] > 1:  # the part that leaves last stays the last
                end = facts.ops_at[job + 1]
                taken, at = taken_at(facts, plan, before, end, end)
                instant, later = left_at(facts, plan, link)
                if instant >= 0 and instant != taken and taken != before:
                    _arc(graph, instant, taken, later - at, ZERO)
        worked = ready
        for k in range(num_legs):
            slot = facts.slots_at[link] + k
            instant = num_ops + slot
            graph.owner[instant] = job
            is_first = facts.apart[facts.legs_at[way] + k] < 0  # of the loads, if there are several
            if is_first:
                origin, since = last, ready
            if origin >= 0:
                _arc(graph, origin, instant, since, ZERO)
            else:
                _arc(graph, begin, instant, facts.release[job], ZERO)
            if k == 0 and before >= 0 and dwell < NO_LIMIT:
                _arc(graph, instant, last, -ready - dwell, ZERO)
            option = plan.option[slot]
            if facts.is_once[0]:
                _wait_for_lane(facts, graph, instant, option)
            if is_first:
                last = instant
            else:
                later = facts.pick_up[option] - facts.pick_up[plan.option[last - num_ops]]
                if plan.time[instant] + later >= plan.time[last]:  # the load that is taken up last stays the last
                    _arc(graph, last, instant, -later, ZERO)
                    last = instant
                else:
                    _arc(graph, instant, last, later, ZERO)
            ready = facts.length[plan.option[last - num_ops]]
            if facts.by_lanes[facts.legs_at[way] + k]:  # what follows waits for each load
                _arc(graph, instant, next_to(facts, plan, link, k), facts.length[option], ZERO)
            if facts.carrier[option] < 0 or facts.lasts[option] > ready:
                _arc(graph, instant, over, facts.lasts[option], ZERO)
        if op < 0:
            _arc(graph, last, over, ready, ZERO)
            continue
        graph.owner[op] = job
        mode = facts.modes_at[op] + plan.mode[op]
        if facts.is_once[0]:
            _wait_for_machine(facts, plan, graph, op, mode)
        if facts.duration[mode] == 0 and not facts.is_once[0]:  # it is not over at its start
            _arc(graph, op, over, ONE, ZERO)
        if last < 0:
            _arc(graph, begin, op, facts.release[job], ZERO)
            continue
        _arc(graph, last, op, ready + (facts.least_lag[link] if num_legs == 0 else 0), ZERO)
        if num_legs > 0 and facts.least_lag[link] > 0:
            _arc(graph, before, op, worked + facts.least_lag[link], ZERO)
        if num_legs > 0 and facts.most_lag[link] < NO_LIMIT:
            _arc(graph, op, before, -worked - facts.most_lag[link], ZERO)
        if num_legs == 0:
            most = min(facts.most_lag[link], dwell)
            if most < NO_LIMIT:
                _arc(graph, op, last, -ready - most, ZERO)
        elif facts.enters[way]:
            begins = facts.holds_before[facts.machine[mode]] and facts.dwell[mode] < NO_LIMIT
            if begins and (facts.has_last[mode] == 0 or last_of(facts, plan, op) == link):  # the last stays the last
                _arc(graph, op, last, -ready, ZERO)
            is_taken = facts.holds_before[facts.machine[mode]] or facts.before[mode] >= 0
            if is_taken and facts.ins_at[op + 1] - facts.ins_at[op] > 1:  # the part that is there first stays the first
                first, offset = brought_at(facts, plan, op)
                instant, later = put_down_at(facts, plan, link)
                if first != instant:
                    _arc(graph, first, instant, offset - later, ZERO)


@uncounted
def _wait_for_lane(facts: Facts, graph: Graph, instant: int, option: int) -> None:
    """Let a trip keep clear of the downtimes of its lane."""
    windows = graph.windows[instant]
    windows[0], windows[1] = facts.departs[option, 0], facts.departs[option, 1]
    windows[2], windows[3], windows[4], windows[5] = 0, facts.length[option], 0, 0


@uncounted
def _wait_for_machine(facts: Facts, plan: Plan, graph: Graph, op: int, mode: int) -> None:
    """Let work keep clear of the downtimes of its machine, and its setup, which may come before the first drop."""
    windows, set_up = graph.windows[op], facts.set_up[mode]
    first, offset = brought_at(facts, plan, op)
    is_before = first != op and facts.holds_before[facts.machine[mode]] > 0
    windows[0], windows[1] = facts.works[mode, 0], facts.works[mode, 1]
    windows[2], windows[3], windows[4] = 0, max(1, facts.duration[mode]), 0 if is_before else set_up
    windows[5] = 0
    if facts.pauses[mode]:
        windows[3], windows[5] = 1, facts.duration[mode]
    if is_before and set_up > 0:
        windows = graph.windows[first]
        windows[0], windows[1] = facts.works[mode, 0], facts.works[mode, 1]
        windows[2], windows[3], windows[4], windows[5] = offset, 0, set_up, 0


@uncounted
def _draw_turns(facts: Facts, uses: Uses, graph: Graph, resource: int, cycle: int) -> None:
    """Draw the uses of a resource, each after the one that is before it in the cycle."""
    num = uses.size[resource]
    for k in range(num):
        graph.phase[k] = (uses.start[resource, k] % cycle) * (1 << 20) + uses.end[resource, k] - uses.start[resource, k]
        at = k
        while at > 0 and graph.phase[graph.order[at - 1]] > graph.phase[k]:
            graph.order[at] = graph.order[at - 1]
            at -= 1
        graph.order[at] = k
    for at in range(num):
        a, b = graph.order[at], graph.order[(at + 1) % num]
        between = gap(facts, resource, uses.last[resource, a], uses.first[resource, b])
        ready = uses.end[resource, a] + between
        height = -((uses.start[resource, b] - ready) // cycle)
        length = uses.end_offset[resource, a] + between - uses.start_offset[resource, b]
        _arc(graph, uses.end_instant[resource, a], uses.start_instant[resource, b], length, height)


@uncounted
def _draw_trips(uses: Uses, graph: Graph, resource: int, by_begin: Ints, cycle: int) -> None:
    """Write what each use of a shared resource takes, the first of a trip for all; let the others depart with it."""
    for at in range(len(by_begin)):
        k = by_begin[at]
        family, phase = uses.first[resource, k], uses.start[resource, k] % cycle
        graph.phase[k] = uses.demand[resource, k]
        before = at - 1
        while family <= TRIP and before >= 0 and uses.start[resource, by_begin[before]] % cycle == phase:
            other = by_begin[before]
            before -= 1
            if uses.first[resource, other] == family and graph.phase[other] > 0:
                height = (uses.start[resource, other] - uses.start[resource, k]) // cycle
                a, b = uses.start_instant[resource, other], uses.start_instant[resource, k]
                _arc(graph, a, b, ZERO, height)
                _arc(graph, b, a, ZERO, -height)
                graph.phase[k] = 0


@inner
def _draw_shares(facts: Facts, uses: Uses, graph: Graph, resource: int, cycle: int) -> None:
    """Draw the uses of a shared resource: each unit that a use takes is one that another has given back.

    Who gives back first is followed by who takes first, so the heights of all these arcs add up to the capacity.
    """
    num, taken_by = uses.size[resource], graph.phase
    begins, ends = uses.start[resource, :num], uses.end[resource, :num]
    by_begin, by_end = np.argsort(begins % cycle), np.argsort(ends % cycle)
    _draw_trips(uses, graph, resource, by_begin, cycle)
    total = taken = 0
    for k in range(num):
        total += taken_by[k]
        taken += taken_by[k] * (ends[k] // cycle - begins[k] // cycle)
    if total == 0:
        return
    # Of the units that are given back, numbered from tick 0 on, the first that is taken waits for this one.
    first = taken - facts.capacity[resource]
    lap, rest = first // total, first % total
    at = 0
    while rest >= taken_by[by_end[at]]:
        rest -= taken_by[by_end[at]]
        at += 1
    for k in by_begin:
        left = taken_by[k]
        while left > 0:
            giver = by_end[at]
            units = min(left, taken_by[giver] - rest)
            if units > 0:
                height = ends[giver] // cycle - begins[k] // cycle - lap
                length = uses.end_offset[resource, giver] - uses.start_offset[resource, k]
                _arc(graph, uses.end_instant[resource, giver], uses.start_instant[resource, k], length, height)
            left -= units
            rest += units
            if rest == taken_by[giver]:
                rest = 0
                at += 1
                if at == num:
                    at = 0
                    lap += 1
