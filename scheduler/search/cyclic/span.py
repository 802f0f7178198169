"""How long a set takes: a plan for a cycle time, begun with the job and at the instants with which it is over soonest.

A timetable that repeats itself can begin anywhere. Once it is known with which job, each job begins within a cycle
from there; and with the orders that this makes, there are least instants from tick 0 on, all at once: the longest paths
of the graph of `scheduler.search.cyclic.timing`. The *span* F(C), the longest of all, is convex in the cycle time C,
since each path of length l and height h is l - h C. So the cycle time with the least value is found by bisection.
"""

from __future__ import annotations

from scheduler.search.cyclic.drawing import Graph, draw
from scheduler.search.cyclic.facts import NO_LIMIT, Facts, Ints, Plan, Uses
from scheduler.search.cyclic.timing import least_cycle, push
from scheduler.search.cyclic.using import forget_job, route_of, use_job
from scheduler.search.inner import entry, uncounted


@entry
def ends_of(facts: Facts, plan: Plan, job: int) -> tuple[int, int]:
    """Return when a job of a plan begins, and when it is over."""
    begin, over, num_ops = NO_LIMIT, 0, len(plan.mode)
    for link in range(facts.links_at[job], facts.links_at[job + 1]):
        way = route_of(facts, plan, link)
        num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
        first = num_ops + facts.slots_at[link]
        before, after = facts.comes_from[link], facts.goes_to[link]
        if before < 0:
            begin = min(begin, plan.time[first if num_legs > 0 else after])
        if after < 0 and num_legs > 0:
            last = first + num_legs - 1
            over = max(over, plan.time[last] + facts.length[plan.option[last - num_ops]])
        elif after < 0:
            over = max(over, plan.time[before] + facts.duration[facts.modes_at[before] + plan.mode[before]])
    return begin, over


@uncounted
def _put_off(facts: Facts, plan: Plan, uses: Uses, job: int, ticks: int) -> None:
    """Let a job of a plan be so much later."""
    num_ops = len(plan.mode)
    for op in range(facts.ops_at[job], facts.ops_at[job + 1]):
        plan.time[op] += ticks
    for slot in range(facts.slots_at[facts.links_at[job]], facts.slots_at[facts.links_at[job + 1]]):
        plan.time[num_ops + slot] += ticks
    forget_job(uses, job)
    use_job(facts, plan, uses, job)


@uncounted
def _begin_best(facts: Facts, plan: Plan, uses: Uses, graph: Graph, cycle: int) -> None:
    """Let a plan begin with the job with which it is over soonest, at tick 0; each job within a cycle from there."""
    begins, lasts = graph.order, graph.phase
    num_jobs = len(plan.placed)
    for job in range(num_jobs):
        begins[job], over = ends_of(facts, plan, job)
        lasts[job] = over - begins[job]
    least, origin = NO_LIMIT, 0
    for first in range(num_jobs):
        if not plan.placed[first]:
            continue
        span = 0
        for job in range(num_jobs):
            if plan.placed[job]:
                span = max(span, (begins[job] - begins[first]) % cycle + lasts[job])
        if span < least:
            least, origin = span, begins[first]
    for job in range(num_jobs):
        if plan.placed[job]:
            _put_off(facts, plan, uses, job, (begins[job] - origin) % cycle - begins[job])


@uncounted
def _span(graph: Graph, num_instants: int, cycle: int) -> int:
    """Return the span of the orders of a graph for a cycle time that they allow; its times are the instants."""
    graph.time[:] = 0
    if push(graph, cycle) >= 0 and graph.ends[0] > 0:
        return NO_LIMIT
    return graph.time[num_instants + 1] - graph.time[num_instants]


@entry
def settle(
    facts: Facts,
    plan: Plan,
    uses: Uses,
    graph: Graph,
    least: int,
    cycle: int,
    per_cycle: int,
    per_span: int,
    stopping: Ints,
) -> tuple[int, int]:
    """Retime a plan that is right for `cycle` where its orders have the least value; return cycle time and span.

    Its uses are written anew, whatever they were.

    The cycle time is `least` or more, and at most twice what it was; where a cycle is worth nothing it stays. Once
    `stopping` is set it is `cycle` or more. A plan that is made once begins at tick 0 and stays as it is.
    """
    if not facts.is_once[0]:
        _begin_best(facts, plan, uses, graph, cycle)
    draw(facts, plan, uses, graph, cycle)
    num_instants, low, high = len(plan.time), cycle, cycle
    if per_cycle > 0:
        low, high = least_cycle(plan, graph, least, cycle, stopping), 2 * cycle
    while low < high:
        middle = (low + high) // 2
        here = per_cycle * middle + per_span * _span(graph, num_instants, middle)
        if here <= per_cycle * (middle + 1) + per_span * _span(graph, num_instants, middle + 1):
            high = middle
        else:
            low = middle + 1
    span = _span(graph, num_instants, low)
    if span >= NO_LIMIT:
        return low, span
    begin = graph.time[num_instants]
    for instant in range(num_instants):
        plan.time[instant] = graph.time[instant] - begin
    for job in range(len(plan.placed)):
        if plan.placed[job]:
            forget_job(uses, job)
            use_job(facts, plan, uses, job)
    return low, span


@entry
def take_late(facts: Facts, plan: Plan, uses: Uses, until: int, waiting: Ints, num_waiting: int) -> int:
    """Take out the jobs of a plan that are not over by a tick; return how many jobs wait then."""
    for job in range(len(plan.placed)):
        if plan.placed[job] and ends_of(facts, plan, job)[1] > until:
            plan.placed[job] = 0
            forget_job(uses, job)
            waiting[num_waiting] = job
            num_waiting += 1
    return num_waiting
