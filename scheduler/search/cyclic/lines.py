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

from collections.abc import Iterator

from scheduler.search.cyclic.facts import MOST_LEGS, Facts, Plan
from scheduler.search.cyclic.using import route_of


def in_turns(facts: Facts, plan: Plan) -> tuple[int, Plan] | None:
    """Return a plan with the modes and carriers of this one in which a line makes its turns, and its long cycle time.

    Turns are so long that everything happens one after the other; the least cycle time of these orders is for
    `scheduler.search.cyclic.timing` to find. None where the jobs are no line.
    """
    jobs = [job for job in range(len(plan.placed)) if plan.placed[job]]
    lines = [_machines(facts, plan, job) for job in jobs]
    if any(line != lines[0] for line in lines):
        return None
    moves = [list(_moves(facts, plan, job)) for job in jobs]
    if any(of_job != moves[0] for of_job in moves):
        return None
    order = _turn(moves[0])
    step = 1 + 2 * max((int(facts.length[plan.option[slot]]) for slot in _slots(facts, plan, jobs)), default=0)
    step += max((int(gap) for gap in facts.gaps if gap < 1 << 20), default=0)
    work = sum(int(facts.duration.max(initial=0)) + int(lag) for lag in facts.least_lag[: len(lines[0])])
    turn = (len(order) + 1) * step + work
    found, num_ops = plan.copy(), len(plan.mode)
    for number, job in enumerate(jobs):
        begin, at = int(facts.ops_at[job]), number * turn
        ready = at
        for k, legs in enumerate(moves[number]):
            for leg in range(legs):
                slot = MOST_LEGS * (begin + k + job) + leg
                found.time[num_ops + slot] = at + order.index((k, leg)) * step
                ready = int(found.time[num_ops + slot] + facts.length[plan.option[slot]])
            if begin + k < facts.ops_at[job + 1]:
                found.time[begin + k] = ready + (int(facts.least_lag[begin + k]) if legs == 0 else 0)
                ready = int(found.time[begin + k] + facts.duration[facts.modes_at[begin + k] + plan.mode[begin + k]])
            if k + 1 < len(moves[number]) and moves[number][k + 1] > 0:
                at += turn
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


def _moves(facts: Facts, plan: Plan, job: int) -> Iterator[int]:
    """Yield the legs of each link of a job."""
    for link in range(int(facts.ops_at[job]) + job, int(facts.ops_at[job + 1]) + job + 1):
        way = route_of(facts, plan, job, link)
        yield int(facts.legs_at[way + 1] - facts.legs_at[way])


def _slots(facts: Facts, plan: Plan, jobs: list[int]) -> Iterator[int]:
    for job in jobs:
        for k, legs in enumerate(_moves(facts, plan, job)):
            yield from range(
                MOST_LEGS * (int(facts.ops_at[job]) + k + job), MOST_LEGS * (int(facts.ops_at[job]) + k + job) + legs
            )
