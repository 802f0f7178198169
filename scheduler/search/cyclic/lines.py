"""A first plan for lines: in each turn every part goes on by one machine.

Where all jobs go over the same machines, those machines are a *line*. In a *turn* of it each part that is there is
carried to its next machine, a new one comes in, and one leaves. A part can be put down once the one before it has been
taken up. So a carrier for two parts goes along the line with one part in hand and swaps at every machine: the best
cycle of a cell in which a robot with two grippers is always busy (Sethi, Sidney & Sriskandarajah 2001, IEEE
Transactions on Robotics and Automation 17, "Scheduling in dual gripper robotic cells for productivity gains"). A
carrier for one part takes the last part first, the *downhill permutation* (Dawande, Geismar, Sethi & Sriskandarajah
2005, Journal of Scheduling 8, "Sequencing and scheduling in robotic cells: recent developments").
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.search.cyclic.facts import UNREACHABLE, Facts, Plan
from scheduler.search.cyclic.using import route_of


def line_of(facts: Facts, plan: Plan) -> list[int]:
    """Return the jobs of a plan if they are a line, chains over the same machines with as many moves between."""
    jobs = [job for job in range(len(plan.placed)) if plan.placed[job]]
    num_links, num_ops = facts.links_at[1:] - facts.links_at[:-1], facts.ops_at[1:] - facts.ops_at[:-1]
    if any(num_links[job] != num_ops[job] + 1 for job in jobs):
        return []
    ways = [(_machines(facts, plan, job), _moves(facts, plan, job)) for job in jobs]
    return jobs if all(way == ways[0] for way in ways) else []


def in_turns(facts: Facts, plan: Plan, jobs: Sequence[int]) -> tuple[int, Plan]:
    """Return a plan with the modes and carriers of this one in which a line makes its turns, and its long cycle time.

    The jobs come in the given order. Turns are so long that everything happens one after the other; the least cycle
    time of these orders is for `scheduler.search.cyclic.timing` to find.
    """
    moves, found, num_ops = _moves(facts, plan, jobs[0]), plan.copy(), len(plan.mode)
    order = {leg: number for number, leg in enumerate(_turn(moves))}
    options = [plan.option[facts.slots_at[facts.links_at[job] + k] + leg] for job in jobs for k, leg in order]
    step = 1 + 2 * max((int(facts.length[option]) for option in options), default=0)
    step += max((int(gap) for gap in facts.gaps if gap < UNREACHABLE), default=0)
    work = len(moves) * int(facts.duration.max(initial=0)) + int(facts.least_lag.sum())
    turn = (len(order) + 1) * step + work
    for number, job in enumerate(jobs):
        begin, at = int(facts.ops_at[job]), number * turn
        done = ready = at
        for k, legs in enumerate(moves):
            if k > 0 and legs > 0:
                at += turn
            for leg in range(legs):
                slot = int(facts.slots_at[facts.links_at[job] + k]) + leg
                found.time[num_ops + slot] = at + order[k, leg] * step
                ready = int(found.time[num_ops + slot] + facts.length[plan.option[slot]])
            op = begin + k
            if op < facts.ops_at[job + 1]:
                found.time[op] = max(ready, done + int(facts.least_lag[facts.links_at[job] + k]))
                done = ready = int(found.time[op] + facts.duration[facts.modes_at[op] + plan.mode[op]])
    return len(jobs) * turn, found


def _turn(moves: list[int]) -> list[tuple[int, int]]:
    """Return links and legs in the order of a turn: what makes room at a machine comes before what takes it."""
    found: list[tuple[int, int]] = []

    def emit(k: int, until: int) -> None:
        for leg in range(until):
            if (k, leg) in found:
                continue
            following = next((other for other in range(k + 1, len(moves)) if moves[other] > 0), None)
            if leg == moves[k] - 1 and following is not None:
                emit(following, 1)
            found.append((k, leg))

    for k, legs in enumerate(moves):
        emit(k, legs)
    return found


def _machines(facts: Facts, plan: Plan, job: int) -> list[int]:
    """Return the machines of a job in order."""
    ops = range(int(facts.ops_at[job]), int(facts.ops_at[job + 1]))
    return [int(facts.machine[facts.modes_at[op] + plan.mode[op]]) for op in ops]


def _moves(facts: Facts, plan: Plan, job: int) -> list[int]:
    """Return how many legs each link of a job has."""
    links = range(int(facts.links_at[job]), int(facts.links_at[job + 1]))
    ways = [route_of(facts, plan, link) for link in links]
    return [int(facts.legs_at[way + 1] - facts.legs_at[way]) for way in ways]
