"""Timing of a plan whose orders are given: instants for a cycle time, and the least cycle time for which there are any.

The graph is that of `scheduler.search.cyclic.drawing`. There are instants for T exactly if no circuit has length >
T height; so the least T is the largest ratio of length to height of a circuit, found by Bellman and Ford's algorithm:
from a T below, each circuit that is too long gives a higher one.
"""

from __future__ import annotations

from scheduler.search.cyclic.drawing import Graph
from scheduler.search.cyclic.facts import NO_LIMIT, Facts, Ints, Plan, Uses
from scheduler.search.cyclic.using import forget_job, route_of, use_job
from scheduler.search.cyclic.windows import next_open, over_at
from scheduler.search.inner import entry, uncounted

MOST_CIRCUITS = 200
"""Circuits after which the search for the least cycle time gives up."""


@uncounted
def push(graph: Graph, cycle: int) -> int:
    """Push instants as far as the arcs ask for; return -1, or an instant on a circuit that is too long.

    In a plan that is made once, as far as downtimes ask for too, and the instant is one that is too late.
    """
    size, once = graph.size[0], graph.ends[0] > 0
    graph.parent[:] = -1
    if once:
        cycle = graph.ends[0]  # nothing waits for what would be a copy of it
        for instant in range(len(graph.time)):
            if graph.owner[instant] >= 0:
                graph.time[instant] = _open_at(graph, instant, graph.time[instant])
    while True:
        is_over = True
        for k in range(size):
            time = graph.time[graph.tail[k]] + graph.length[k] - graph.height[k] * cycle
            if once:
                time = _open_at(graph, graph.head[k], time)
                if time > graph.ends[0]:
                    return graph.head[k]
            if time > graph.time[graph.head[k]]:
                graph.time[graph.head[k]] = time
                graph.parent[graph.head[k]] = k
                is_over = False
        if is_over:
            return -1
        if once:  # where downtimes keep waiting, pushing goes round before it ends
            continue
        found = _circuit(graph)
        if found >= 0:
            return found


@uncounted
def _open_at(graph: Graph, instant: int, time: int) -> int:
    """Return the first time from this one on that an instant may have for downtimes."""
    first, last, later = graph.windows[instant, 0], graph.windows[instant, 1], graph.windows[instant, 2]
    if first == last:
        return time
    before, after, work = graph.windows[instant, 3], graph.windows[instant, 4], graph.windows[instant, 5]
    start = next_open(graph.closed, first, last, before, after, time + later) - later
    return over_at(graph.closed, first, last, start, work) - work if work > 0 else start


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
