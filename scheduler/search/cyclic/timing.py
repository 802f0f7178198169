"""Timing of a plan whose orders are given: instants for a cycle time, and the least cycle time for which there are any.

With the order of the uses of each resource kept, a plan is a graph of instants (Hanen 1994, European Journal of
Operational Research 72, "Study of a NP-hard cyclic scheduling problem: the recurrent job-shop"). An arc of *length* l
and *height* h from *a* to *b* says

    time(b) + h T >= time(a) + l

where the height tells how many cycles later *b* the arc means. There are instants for T exactly if no circuit has
length > T height; so the least T is the largest ratio of length to height of a circuit, found by Bellman and Ford's
algorithm: from a T below, each circuit that is too long gives a higher one. Uses that follow one another have a
gap between them: the heights along all uses of a resource add up to 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scheduler.search.cyclic.facts import NO_LIMIT, NONE, ONE, TRIP, ZERO, Facts, Ints, Plan, Uses, size_of
from scheduler.search.cyclic.last import last_of
from scheduler.search.cyclic.using import (
    brought_at,
    forget_job,
    gap,
    left_at,
    next_to,
    put_down_at,
    route_of,
    taken_at,
    use_job,
)
from scheduler.search.inner import entry, inner, uncounted

MOST_CIRCUITS = 200
"""Circuits after which the search for the least cycle time gives up."""


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


def graphs(facts: Facts) -> Graph:
    """Return room for the graph of any plan."""
    size = size_of(facts)
    num_instants = size.instants + 2
    num_uses = size.legs * (2 + int(np.diff(facts.shares_at).max(initial=0))) + size.operations * (
        3 + int(np.diff(facts.helps_at).max(initial=0))
    )
    num_arcs = 6 * len(facts.comes_from) + 4 * num_instants + 4 * num_uses
    by_arc = [np.zeros(num_arcs, np.int64) for _ in range(4)]
    by_instant = [np.zeros(num_instants, np.int64) for _ in range(3)]
    return Graph(np.zeros(1, np.int64), *by_arc, *by_instant, *(np.zeros(num_instants, np.int64) for _ in range(2)))


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
                _arc(graph, begin, instant, ZERO, ZERO)
            if k == 0 and before >= 0 and dwell < NO_LIMIT:
                _arc(graph, instant, last, -ready - dwell, ZERO)
            option = plan.option[slot]
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
        if facts.duration[mode] == 0:  # it is not over at its start
            _arc(graph, op, over, ONE, ZERO)
        if last < 0:
            _arc(graph, begin, op, ZERO, ZERO)
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


@uncounted
def push(graph: Graph, cycle: int) -> int:
    """Push instants as far as the arcs ask for; return -1, or an instant on a circuit that is too long."""
    size = graph.size[0]
    graph.parent[:] = -1
    while True:
        is_over = True
        for k in range(size):
            time = graph.time[graph.tail[k]] + graph.length[k] - graph.height[k] * cycle
            if time > graph.time[graph.head[k]]:
                graph.time[graph.head[k]] = time
                graph.parent[graph.head[k]] = k
                is_over = False
        if is_over:
            return -1
        found = _circuit(graph)
        if found >= 0:
            return found


@uncounted
def _circuit(graph: Graph) -> int:
    """Return an instant on a circuit of parents, -1 if there is none."""
    num = len(graph.time)
    mark = graph.order  # of the instants seen, from where
    mark[:] = -1
    for start in range(num):
        instant = start
        while mark[instant] < 0 and graph.parent[instant] >= 0:
            mark[instant] = start
            instant = graph.tail[graph.parent[instant]]
        if mark[instant] == start and graph.parent[instant] >= 0:
            return instant
        if mark[instant] < 0:
            mark[instant] = start
    return -1


@uncounted
def ratio(graph: Graph, on_circuit: int) -> tuple[int, int]:
    """Return length and height of the circuit of parents through an instant."""
    length = height = 0
    instant = on_circuit
    while True:
        k = graph.parent[instant]
        length += graph.length[k]
        height += graph.height[k]
        instant = graph.tail[k]
        if instant == on_circuit:
            return length, height


@uncounted
def begin_with(plan: Plan, graph: Graph) -> None:
    """Write the times of a plan to the graph, one by one: for arrays whose lengths may differ numba compiles more."""
    for instant in range(len(plan.time)):
        graph.time[instant] = plan.time[instant]
    graph.time[len(plan.time) :] = 0


@entry
def least_cycle(plan: Plan, graph: Graph, least: int, cycle: int, stopping: Ints) -> int:
    """Return the least cycle time, from `least` on, of the orders of a plan that is right for `cycle`.

    The times of the graph are instants for it. Where `stopping` is set `cycle` is all that is known, and returned.
    """
    for _ in range(MOST_CIRCUITS):
        if least >= cycle or stopping[0]:
            break
        begin_with(plan, graph)
        found = push(graph, least)
        if found < 0:
            return least
        length, height = ratio(graph, found)
        if height <= 0:
            break
        least = max(least + 1, -(-length // height))
    begin_with(plan, graph)
    push(graph, cycle)
    return cycle


@uncounted
def retime(facts: Facts, plan: Plan, uses: Uses, graph: Graph, cycle: int) -> None:
    """Take over the times of the graph, the first of each job within the first cycle, and write its uses anew."""
    num_ops = len(plan.mode)
    first = graph.time[len(plan.time)]
    for job in range(len(plan.placed)):
        if not plan.placed[job]:
            continue
        begin, end = facts.links_at[job], facts.links_at[job + 1]
        start = NO_LIMIT
        for link in range(begin, end):
            if facts.comes_from[link] < 0:
                way = route_of(facts, plan, link)
                has_moves = facts.legs_at[way + 1] > facts.legs_at[way]
                start = min(start, graph.time[num_ops + facts.slots_at[link] if has_moves else facts.goes_to[link]])
        earlier = first + (start - first) // cycle * cycle
        for op in range(facts.ops_at[job], facts.ops_at[job + 1]):
            plan.time[op] = graph.time[op] - earlier
        for leg in range(num_ops + facts.slots_at[begin], num_ops + facts.slots_at[end]):
            plan.time[leg] = graph.time[leg] - earlier
        forget_job(uses, job)
        use_job(facts, plan, uses, job)
