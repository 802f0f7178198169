"""The plan in force, against which stability is measured: what was pending in it, who were neighbours on machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from scheduler.domain import OperationKey
from scheduler.search.problem import OperationData, Problem


def pending_in_plan(problem: Problem) -> dict[int, tuple[int, int]]:
    """Return start and machine, by operation index, of what was pending in the baseline."""
    execution = problem.instance.execution
    if execution is None:
        return {}
    index = {key: operation.index for key, operation in problem.operation_by_key.items()}
    return {
        index[o.key]: (o.start, problem.machine_by_id[o.machine].index)
        for o in execution.baseline.operations
        if o.key in index and o.start >= execution.now and o.machine in problem.machine_by_id
    }


def neighbours_in_plan(problem: Problem, operations: Sequence[OperationData]) -> Iterator[tuple[int, int, int]]:
    """Yield neighbours on machines in the baseline, in every plan that has both: their numbers, and the machine's."""
    execution = problem.instance.execution
    if execution is None:
        return
    numbers: dict[OperationKey, list[int]] = {}
    for number, operation in enumerate(operations):
        numbers.setdefault(operation.key, []).append(number)
    for machine, sequence in execution.baseline.by_machine.items():
        if machine not in problem.machine_by_id:
            continue
        where = problem.machine_by_id[machine].index
        for a, b in pairwise(sequence):
            if b.start >= execution.now:
                pairs = product(numbers.get(a.key, ()), numbers.get(b.key, ()))
                yield from ((one, other, where) for one, other in pairs)
