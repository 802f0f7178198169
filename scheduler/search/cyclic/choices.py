"""Modes of the search: those of the instance, with who tends and who carries where that has to be known beforehand.

The two visits of a move that a carrier for several parts makes are legs of their own, and have to be by the same
carrier. So where one of several makes a move and some hold several parts, the operation that it leads to has a mode for
each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import NamedTuple

from scheduler.domain import Instance, Job, Machine, Operation, ScheduledOperation
from scheduler.domain.routing import Slot, carriers, route, tenders


def chains_of(job: Job) -> tuple[tuple[Operation, ...], ...]:
    """Return the operations of each process plan of a job in the order of work, nothing of a plan that is no chain."""
    return tuple(_chain(job, plan) for plan in job.plans or (tuple(operation.id for operation in job.operations),))


def _chain(job: Job, plan: Sequence[str]) -> tuple[Operation, ...]:
    links = [(p.predecessor, p.successor) for p in job.precedences if p.predecessor in plan and p.successor in plan]
    followed_by, successors = dict(links), {successor for _, successor in links}
    order = [operation for operation in plan if operation not in successors][:1]
    while order and order[-1] in followed_by:
        order.append(followed_by[order[-1]])
    is_chain = len(order) == len(plan) == len(links) + 1
    return tuple(job.operation(operation) for operation in order) if is_chain else ()


class Choice(NamedTuple):
    """A mode of the search: one of the instance, and who does what the other rules leave open there.

    Attributes
    ----------
    mode
        The mode of the instance.
    robot
        The robot that tends, if any.
    brings, takes
        By leg on the way to the operation, and from the last one of a job on, the carrier where there are several of
        which some hold several parts: the two visits of a move have to be by the same.
    """

    mode: int
    robot: str | None
    brings: tuple[tuple[Slot, str], ...]
    takes: tuple[tuple[Slot, str], ...]


def choices_of(one_set: Instance, job: Job, operations: Sequence[Operation]) -> list[tuple[Choice, ...]]:
    """Return the modes of each operation of a chain: each robot that can tend it, and who brings the part."""
    machines = [[one_set.machine_by_id[mode.machine] for mode in operation.modes] for operation in operations]
    ends: list[Sequence[Machine | None]] = [[None], *machines, [None]]
    picks = [_picks(one_set, job, before, after) for before, after in pairwise(ends)]
    found = []
    for number, operation in enumerate(operations):
        takes = picks[number + 1] if number == len(machines) - 1 else [()]
        robots = [[r.id for r in tenders(one_set, m.machine)] if m.tended else [None] for m in operation.modes]
        ways = [Choice(*way) for k, able in enumerate(robots) for way in product([k], able, picks[number], takes)]
        found.append(tuple(ways))
    return found


def _picks(
    one_set: Instance, job: Job, origins: Sequence[Machine | None], destinations: Sequence[Machine | None]
) -> list[tuple[tuple[Slot, str], ...]]:
    """Return every choice of who makes the moves of a link, as far as some of several hold several parts."""
    able: dict[Slot, list[str]] = {}
    legs = (leg for ends in product(origins, destinations) for leg in route(one_set, *ends) or ())
    for leg in (leg for leg in legs if leg.kind != "transfer"):
        known = [carrier for carrier, _ in carriers(one_set, leg, job)]
        able[leg.slot] = list(dict.fromkeys([*able.get(leg.slot, ()), *known]))
    several = {s: ids for s, ids in able.items() if any(one_set.carrier_by_id[c].capacity > 1 for c in ids)}
    return [tuple(zip(several, each, strict=True)) for each in product(*several.values())]


def mode_of(
    choices: Sequence[Choice], done: ScheduledOperation, brings: Mapping[Slot, str], takes: Mapping[Slot, str]
) -> int:
    """Return the mode of the search that an operation and the moves around it are made in."""
    for number, choice in enumerate(choices):
        picks = [(brings.get(slot, id), id) for slot, id in choice.brings]
        picks += [(takes.get(slot, id), id) for slot, id in choice.takes]
        if (choice.mode, choice.robot) == (done.mode, done.tended_by) and all(mover == id for mover, id in picks):
            return number
    raise AssertionError(f"{done.key} is in no mode of the search")
