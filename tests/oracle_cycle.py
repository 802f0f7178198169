"""The least cycle time of tiny cyclic instances, found by trying one after the other, each with the oracle.

For a given cycle time, that a set does what the first does so much later is two arcs for every task of it.
"""

from __future__ import annotations

from itertools import product

from oracle import _Search
from oracle_case import Case, Point, cases
from oracle_timing import Node

from scheduler.domain import Instance, Objective, Schedule

MAKESPAN = Objective.parse("makespan")


def best_cycle(instance: Instance, *, max_nodes: int = 20_000) -> tuple[int, int, Schedule]:
    """Return the least cycle time, the least makespan with it, and a schedule that has both."""
    found = [case for case in cases(instance) if _copies_are_alike(case)]
    for cycle_time in range(1, sum(task.work for task in found[0].tasks) * 10 + 100):
        best = None
        for case in found:
            search = _CyclicSearch(case, cycle_time, best, max_nodes)
            search.branch(Node(tuple(case.arcs) + search.ties()), [0] * len(case.tasks))
            best, max_nodes = search.best, search.nodes_left
        if best is not None:
            return cycle_time, int(best[0][0]), best[1]
    raise AssertionError("sets one after the other always fit")


def least_makespan(instance: Instance, *, max_nodes: int = 20_000) -> int:
    """Return the least makespan, whatever the cycle time."""
    found = [case for case in cases(instance) if _copies_are_alike(case)]
    cycle_time, best = best_cycle(instance, max_nodes=max_nodes)[:2]
    span = best - (instance.cycle.repetitions - 1) * cycle_time
    shortest = max(task.work for task in found[0].tasks)  # no set is over before its longest task
    while (instance.cycle.repetitions - 1) * (cycle_time + 1) + min(shortest, span) < best:
        cycle_time += 1
        for case in found:
            search = _CyclicSearch(case, cycle_time, None, max_nodes)
            search.branch(Node(tuple(case.arcs) + search.ties()), [0] * len(case.tasks))
            max_nodes = search.nodes_left
            if search.best is not None:
                best = min(best, int(search.best[0][0]))
    return best


def _copies_are_alike(case: Case) -> bool:
    modes = {
        (*task.job.split("#"), task.operation.operation): task.operation.mode
        for task in case.tasks[1:]
        if task.operation
    }
    return all(modes[job, "1", operation] == mode for (job, _, operation), mode in modes.items())


class _CyclicSearch(_Search):
    def __init__(self, case: Case, cycle_time: int, best: tuple[object, Schedule] | None, nodes: int) -> None:
        super().__init__(case, MAKESPAN, best, nodes)
        self.cycle_time = cycle_time
        self.horizon = 3 * case.horizon() + 2 * self.instance.cycle.repetitions * cycle_time
        self.max_passes = 4 * len(case.tasks)
        self.copies = {}
        for number, task in enumerate(case.tasks[1:], start=1):
            job, copy = task.job.split("#")
            what = task.operation.operation if task.operation else (task.link, task.leg)
            self.copies[number] = (job, what, int(copy))
        numbers = {copy: number for number, copy in self.copies.items()}
        self.first = {number: numbers[job, what, 1] for number, (job, what, _) in self.copies.items()}

    def ties(self):
        """Return what ties all sets to the first, and the first to be over when the last begins."""
        arcs = []
        for number, (_, _, copy) in self.copies.items():
            first, later = self.first[number], (copy - 1) * self.cycle_time
            arcs += [(Point(first), Point(number), later), (Point(number), Point(first), -later)]
        of_first_set = set(self.first.values())
        span = (self.instance.cycle.repetitions - 1) * self.cycle_time
        for a, b in product(of_first_set, of_first_set):
            arcs += [(Point(a, at_end=True), Point(b), -span), (Point(a, offset=1), Point(b), -span)]
        return tuple(arcs)

    def choose_mover(self, node):
        children = super().choose_mover(node)
        for child in children or ():
            (number,) = child.movers.keys() - node.movers.keys()
            if self.first[number] != number:
                return [c for c in children if c.movers[number] == c.movers[self.first[number]]]
        return children
