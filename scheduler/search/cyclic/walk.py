"""The walk: a timetable for a shorter cycle, job by job; what is in the way is ejected and put in again.

This is guided ejection search (Nagata & Braeysy 2009, Operations Research Letters 37, "A powerful route minimization
heuristic for the vehicle routing problem with time windows"), with the cheapest insertion of a job in place of the
search for what to eject: a job that finds no free place becomes more expensive to be in the way of, and takes the place
of those that cost least.
"""

from __future__ import annotations

import numpy as np

from scheduler.search.cyclic.costs import price_of
from scheduler.search.cyclic.drawing import Graph, draw
from scheduler.search.cyclic.facts import YES, Facts, Ints, Plan, Uses
from scheduler.search.cyclic.insertion import find_clash, find_hits, insert
from scheduler.search.cyclic.room import COLLISION, NEVER, Room
from scheduler.search.cyclic.timing import least_cycle, retime
from scheduler.search.cyclic.using import forget_job, route_of, use_job
from scheduler.search.inner import entry, uncounted

NOISE = COLLISION // 16
"""What a move costs more at a tick, at the most, in one of as many insertions as there are pairs of jobs: where few
meet, each would come back to the same place for ever; where many do, noise only hides the prices."""
MOST_WEIGHT = 64
"""Above it all weights are halved."""


@entry
def walk(
    facts: Facts,
    plan: Plan,
    uses: Uses,
    room: Room,
    weights: Ints,
    waiting: Ints,
    num_waiting: int,
    ticks: Ints,
    cycle: int,
    insertions: int,
    seed: int,
    stopping: Ints,
    standing: Plan,
) -> tuple[int, int]:
    """Put the waiting jobs into a plan; return how many wait in the end, and how many insertions were made.

    Parameters
    ----------
    facts, plan, uses
        The set, a plan of the jobs that do not wait, and its uses.
    room
        Room to work in.
    weights
        By job: what it costs to be in its way.
    waiting
        Jobs that wait, each by any of its process plans; the cheapest of them is tried.
    ticks
        By job: up to when it may last.
    cycle
        The cycle time.
    insertions
        Insertions at the most.
    seed
        Random seed.
    stopping
        Ends the walk when its cell is not 0.
    standing
        A plan; every other insertion of a job that is ``placed`` in it begins with that.
    """
    np.random.seed(seed)
    num_jobs, done = len(weights), 0
    while num_waiting > 0 and done < insertions and not stopping[0]:
        # The one that waits longest, or any: else two may eject each other for ever.
        at = np.random.randint(num_waiting)
        job = waiting[at]
        is_late, noise = np.random.randint(2) == 0, NOISE if np.random.randint(num_jobs * num_jobs) == 0 else 0
        first, end = facts.alternatives[job, 0], facts.alternatives[job, 1]
        cost, cheapest = NEVER, NEVER
        for other in range(first, end):
            stands = standing.placed[other] > 0 and np.random.randint(2) == 0
            stands = stands and take_over(facts, standing, plan, other, ticks[other])
            new = insert(facts, plan, uses, weights, room, other, cycle, ticks[other], is_late, noise, stands)
            done += 1
            if end - first == 1:
                cost = new
            elif new < NEVER:
                # Where each hits as much any is taken: by its price it would always be the same.
                price = price_of(uses, room, other) if new == 0 else np.random.randint(NEVER)
                forget_job(uses, other)
                if new < cost or (new == cost and price < cheapest):
                    job, cost, cheapest = other, new, price
        if end - first > 1 and cost < NEVER:
            use_job(facts, plan, uses, job)
            find_hits(facts, uses, weights, room, job, cycle)
        if cost == 0:
            plan.placed[job] = 1
            num_waiting -= 1
            waiting[at] = waiting[num_waiting]
            continue
        for other in range(first, end):
            weights[other] += 1
        if weights[job] >= MOST_WEIGHT:
            for other in range(num_jobs):
                if weights[other] <= 2 * MOST_WEIGHT:  # what a plan begins with stays
                    weights[other] = max(1, weights[other] // 2)
        if cost < NEVER:
            num_waiting -= 1
            waiting[at] = waiting[num_waiting]
            plan.placed[job] = 1
            for other in range(num_jobs):
                if room.hit[other]:
                    plan.placed[other] = 0
                    forget_job(uses, other)
                    waiting[num_waiting] = other
                    num_waiting += 1
    return num_waiting, done


@uncounted
def take_over(facts: Facts, standing: Plan, plan: Plan, job: int, ticks: int) -> bool:
    """Take a job from one plan over to another; return whether it lasts so many ticks at the most."""
    begin, end = facts.ops_at[job], facts.ops_at[job + 1]
    first, last = facts.slots_at[facts.links_at[job]], facts.slots_at[facts.links_at[job + 1]]
    num_ops = len(plan.mode)
    for op in range(begin, end):
        plan.mode[op], plan.time[op] = standing.mode[op], standing.time[op]
        if plan.time[op] + max(1 - facts.is_once[0], facts.duration[facts.modes_at[op] + plan.mode[op]]) >= ticks:
            return False
    for slot in range(first, last):
        plan.option[slot], plan.time[num_ops + slot] = standing.option[slot], standing.time[num_ops + slot]
    for link in range(facts.links_at[job], facts.links_at[job + 1]):
        way = route_of(facts, plan, link)
        first = facts.slots_at[link]
        for slot in range(first, first + facts.legs_at[way + 1] - facts.legs_at[way]):
            option = plan.option[slot]
            if plan.time[num_ops + slot] + facts.lasts[option] >= ticks:
                return False
    return True


@entry
def clear(
    facts: Facts, plan: Plan, uses: Uses, room: Room, weights: Ints, waiting: Ints, num_waiting: int, cycle: int
) -> int:
    """Take out jobs that collide, so that none does; return how many wait then.

    Orders are kept as given times have them, and times are new: what has taken no time may be long then.
    """
    for job in range(len(weights)):
        if not plan.placed[job]:
            continue
        is_in_way = find_clash(facts, plan, uses, room, job, cycle, YES)[1] >= 0
        if is_in_way or find_hits(facts, uses, weights, room, job, cycle) > 0:
            plan.placed[job] = 0
            forget_job(uses, job)
            waiting[num_waiting] = job
            num_waiting += 1
    return num_waiting


@entry
def tighten(facts: Facts, plan: Plan, uses: Uses, graph: Graph, least: int, cycle: int, stopping: Ints) -> int:
    """Retime a plan that is right for `cycle` for the least cycle time of its orders, from `least` on; return that.

    Once `stopping` is set it stays as it is, and so does the cycle time.
    """
    draw(facts, plan, uses, graph, cycle)
    shorter = least_cycle(plan, graph, least, cycle, stopping)
    retime(facts, plan, uses, graph, shorter)
    return shorter
