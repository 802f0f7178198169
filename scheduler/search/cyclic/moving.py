"""Jobs moved to other free places, a few at a time, so that all of them together take less of what is busy.

An insertion that ejects others asks only for room. So what robots and vehicles lose on their way from one part to the
next is what the insertions have left, and no later one gains it back; a cycle in which nobody has room is often one in
which everybody travels too much. Here some jobs that are served one soon after the other are taken out and put in again
in another order, each where it is cheapest and in nobody's way (ruin and recreate, Schrimpf, Schneider, Stamm-Wilbrandt
& Dueck 2000, Journal of Computational Physics 159, "Record breaking optimization results using the ruin and recreate
principle"). If that takes a little more than before it stays with probability exp(-more / heat), which also moves
the gaps; else everything is as it was.
"""

from __future__ import annotations

import numpy as np

from scheduler.search.cyclic.costs import price_of_all
from scheduler.search.cyclic.facts import NO_LIMIT, Facts, Ints, Plan, Uses
from scheduler.search.cyclic.insertion import insert
from scheduler.search.cyclic.room import Room
from scheduler.search.cyclic.using import forget_job, use_job
from scheduler.search.cyclic.walk import take_over
from scheduler.search.inner import entry, uncounted

NEAR = 2
"""How many uses of a resource are, at the most, between those of jobs that are moved together, and one more."""


@entry
def rearrange(
    facts: Facts,
    plan: Plan,
    uses: Uses,
    room: Room,
    weights: Ints,
    ticks: Ints,
    cycle: int,
    insertions: int,
    heat: float,
    seed: int,
    stopping: Ints,
    saved: Plan,
    jobs: Ints,
) -> int:
    """Move jobs of a plan in which nothing collides; nothing does afterwards. Return how many insertions were made.

    Parameters
    ----------
    facts, plan, uses, room, weights, ticks, cycle, seed, stopping
        As in `scheduler.search.cyclic.walk.walk`.
    insertions
        Insertions after which no further move begins.
    heat
        What all jobs may take more after a move, with probability 1/e.
    saved
        Room for a plan.
    jobs
        Room for numbers of jobs: twice as many as are moved at a time, at the most.
    """
    np.random.seed(seed)
    num_jobs, most, done = len(weights), len(jobs) // 2, 0
    before = price_of_all(facts, uses, room, cycle)
    while done < insertions and not stopping[0]:
        num = _choose(plan, uses, room, jobs, 1 + np.random.randint(most), num_jobs)
        for k in range(num):
            take_over(facts, plan, saved, jobs[k], NO_LIMIT)
            forget_job(uses, jobs[k])
            plan.placed[jobs[k]] = 0
        is_late, put_in, is_better = np.random.randint(2) == 0, 0, True
        while put_in < num and is_better:
            first, end = facts.alternatives[jobs[put_in], 0], facts.alternatives[jobs[put_in], 1]
            job = np.random.randint(first, end)
            jobs[most + put_in] = job
            is_better = insert(facts, plan, uses, weights, room, job, cycle, ticks[job], is_late, 0, False) == 0
            plan.placed[job] = 1
            put_in += 1
            done += 1
        if is_better:
            now = price_of_all(facts, uses, room, cycle)
            is_better = now <= before - heat * np.log(1.0 - np.random.random())
            before = now if is_better else before
        if is_better:
            continue
        for k in range(put_in):
            forget_job(uses, jobs[most + k])
            plan.placed[jobs[most + k]] = 0
        for k in range(num):
            take_over(facts, saved, plan, jobs[k], NO_LIMIT)
            use_job(facts, plan, uses, jobs[k])
            plan.placed[jobs[k]] = 1
        price_of_all(facts, uses, room, cycle)  # which sorts the uses
    return done


@uncounted
def _choose(plan: Plan, uses: Uses, room: Room, jobs: Ints, wanted: int, num_jobs: int) -> int:
    """Write jobs that are served one soon after the other, in any order; return how many, `wanted` at the most."""
    jobs[0] = np.random.randint(num_jobs)
    while not plan.placed[jobs[0]]:
        jobs[0] = np.random.randint(num_jobs)
    num = 1
    for _ in range(wanted - 1):
        other = _near(plan, uses, room, jobs[np.random.randint(num)])
        is_new = True
        for k in range(num):
            is_new = is_new and jobs[k] != other
        if is_new:
            jobs[num] = other
            num += 1
    for k in range(num):
        at = np.random.randint(k, num)
        jobs[k], jobs[at] = jobs[at], jobs[k]
    return num


@uncounted
def _near(plan: Plan, uses: Uses, room: Room, job: int) -> int:
    """Return a job that a resource serves soon before or after a job, or the job itself where there is none."""
    found, num = job, 0
    for resource in range(len(uses.size)):
        size = uses.size[resource]
        for k in range(size):
            if uses.job[resource, room.order[resource, k]] != job:
                continue
            other = uses.job[resource, room.order[resource, (k + np.random.randint(-NEAR, NEAR + 1)) % size]]
            if other != job and plan.placed[other]:  # what a plan begins with is never in it
                num += 1
                if np.random.randint(num) == 0:
                    found = other
    return found
