"""Flexible job shops given as a graph of operations.

The first row is ``operations arcs machines``; then a row ``predecessor successor`` for each arc, operations numbered
from 0; then a row for each operation: the number of its modes and a pair ``machine time`` for each, machines numbered
from 0. A job is what hangs together. The small and medium instances of P. Fattahi, M. Saidi Mehrabad and F. Jolai,
J. Intell. Manuf. 18 (2007), are also published in this form.
"""

from __future__ import annotations

from scheduler.domain import Instance, Job, Mode, Precedence
from scheduler.io.limits import MAX_MACHINES, MAX_OPERATIONS
from scheduler.io.numbered import job_id, machine_id, numbered_operations, plain_instance
from scheduler.io.rows import Rows, are_integers, first_rows


def matches(text: str) -> bool:
    """Return whether the text looks like it: three numbers, then a row of two."""
    rows = first_rows(text)
    return len(rows) > 1 and len(rows[0]) == 3 and len(rows[1]) == 2 and are_integers(rows[0] + rows[1])


def read(text: str, source: str) -> Instance:
    """Return the instance of a graph of operations.

    Raises
    ------
    FormatError
        If the text is not one.
    """
    rows = Rows(text, source)
    row = rows.next("the first row")
    num_operations = row.integer("the number of operations", 1, MAX_OPERATIONS)
    num_arcs = row.integer("the number of arcs", 0, MAX_OPERATIONS)
    num_machines = row.integer("the number of machines", 1, MAX_MACHINES)
    row.end()
    arcs = rows.block("an operation", num_arcs, 2, 0, num_operations - 1)
    modes = [_modes(rows, number, num_machines) for number in range(num_operations)]
    rows.end()
    return plain_instance(source, num_machines, _jobs(_components(num_operations, arcs), arcs, modes))


def _modes(rows: Rows, number: int, num_machines: int) -> list[Mode]:
    row = rows.next(f"operation {number}")
    modes = []
    for _ in range(row.integer("the number of modes", 1)):
        machine = row.integer("a machine", 0, num_machines - 1)
        modes.append(Mode(machine_id(machine + 1), row.integer("a time")))
    row.end()
    return modes


def _jobs(components: list[list[int]], arcs: list[list[int]], modes: list[list[Mode]]) -> list[Job]:
    job_of = {operation: j for j, component in enumerate(components) for operation in component}
    name = {operation: str(n) for component in components for n, operation in enumerate(component, start=1)}
    precedences: list[list[Precedence]] = [[] for _ in components]
    for predecessor, successor in arcs:
        precedences[job_of[predecessor]].append(Precedence(name[predecessor], name[successor]))
    return [
        Job(job_id(j + 1), numbered_operations(modes[o] for o in component), tuple(precedences[j]))
        for j, component in enumerate(components)
    ]


def _components(num_operations: int, arcs: list[list[int]]) -> list[list[int]]:
    """Return the operations of each job, in file order."""
    neighbours: list[list[int]] = [[] for _ in range(num_operations)]
    for predecessor, successor in arcs:
        neighbours[predecessor].append(successor)
        neighbours[successor].append(predecessor)
    components, seen = [], [False] * num_operations
    for first in range(num_operations):
        if seen[first]:
            continue
        seen[first] = True
        component = [first]
        for operation in component:
            for neighbour in neighbours[operation]:
                if not seen[neighbour]:
                    seen[neighbour] = True
                    component.append(neighbour)
        components.append(sorted(component))
    return components
