"""Modes of the search: those of the instance, with who tends and who carries where that has to be known beforehand.

The two visits of a move that a carrier for several parts makes are legs of their own, and have to be by the same
carrier. So where one of several makes a move and some hold several parts, the operation that it leads to has a mode for
each, or for each choice of them where several moves lead to it. Likewise for each hub over which a part can come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from itertools import chain, product
from typing import NamedTuple, TypeAlias

from scheduler.domain import Instance, Job, Machine, Mode, Operation, ScheduledOperation
from scheduler.domain.routing import Leg, Slot, carriers, route, routes, tenders


def orders_of(job: Job) -> tuple[tuple[Operation, ...], ...]:
    """Return the operations of each process plan of a job in orders of work: layer by layer, branch after branch.

    Of several successors of an operation only one, the *main* one, can be in its layer; the others, and all that
    follows them, come in a later one. So in a layer each operation has one successor or none. What is planned first has
    the choice: there is an order in which the main one is that with the most work to come, one with the second most...
    """
    plans = job.plans or (tuple(operation.id for operation in job.operations),)
    return tuple(order for plan in plans for order in _orders(job, plan))


def _orders(job: Job, plan: Sequence[str]) -> Iterable[tuple[Operation, ...]]:
    predecessors, successors = ({operation: list[str]() for operation in plan} for _ in range(2))
    for before, after in _pairs(job, plan):
        predecessors[after].append(before)
        successors[before].append(after)
    in_time = list(TopologicalSorter(predecessors).static_order())
    work = dict[str, int]()  # from an operation on, at the least
    for operation in reversed(in_time):
        successors[operation].sort(key=lambda after: -work[after])
        work[operation] = min(mode.duration for mode in job.operation(operation).modes)
        work[operation] += max((work[after] for after in successors[operation]), default=0)
    num_orders = max((len(each) for each in successors.values()), default=1)
    found = dict[tuple[str, ...], None]()
    for number in range(max(1, num_orders)):
        main = {operation: each[number % len(each)] for operation, each in successors.items() if each}
        found[_order(plan, in_time, predecessors, main)] = None
    return [tuple(map(job.operation, order)) for order in found]


def _order(
    plan: Sequence[str], in_time: Sequence[str], predecessors: Mapping[str, Sequence[str]], main: Mapping[str, str]
) -> tuple[str, ...]:
    """Return an order of work in which these are the main successors."""
    layer = dict[str, int]()
    for operation in in_time:
        layers = [layer[before] + (main[before] != operation) for before in predecessors[operation]]
        layer[operation] = max(layers, default=0)
    backwards = list[str]()
    for number in sorted(set(layer.values()), reverse=True):
        left = [o for o in plan if layer[o] == number and (o not in main or layer[main[o]] > number)]
        while left:
            last = left.pop()
            backwards.append(last)
            left += [before for before in predecessors[last] if main[before] == last and layer[before] == number]
    return tuple(reversed(backwards))


def _pairs(job: Job, plan: Iterable[str]) -> list[tuple[str, str]]:
    """Return predecessor and successor of the precedences between operations of a plan."""
    there = set(plan)
    return [(p.predecessor, p.successor) for p in job.precedences if {p.predecessor, p.successor} <= there]


def links_of(job: Job, order: Sequence[Operation]) -> list[tuple[Operation | None, Operation | None]]:
    """Return the operations at both ends of each link of a process plan, by number of the link."""
    by_id = {operation.id: operation for operation in order}
    pairs = _pairs(job, by_id)
    joined = {after for _, after in pairs}
    found: list[tuple[Operation | None, Operation | None]] = []
    for operation in order:
        if operation.id not in joined:
            found.append((None, operation))
        successors = [by_id[after] for before, after in pairs if before == operation.id]
        found += [(operation, after) for after in successors or (None,)]
    return found


LegOfWay: TypeAlias = tuple[str | None, Slot]
"""The operation that a part comes from, if any, and a leg of its way."""


def id_of(operation: Operation | None) -> str | None:
    """Return the id of an operation at an end of a link, None where the part arrives or departs."""
    return None if operation is None else operation.id


class Choice(NamedTuple):
    """A mode of the search: one of the instance, and who does what the other rules leave open there.

    Attributes
    ----------
    mode
        The mode of the instance.
    robot
        The robot that tends, if any.
    brings, takes
        By leg on each way to the operation, and from the last one of a job on, the carrier where there are several of
        which some hold several parts: the two visits of a move have to be by the same.
    over
        By predecessor: the hub over which its part comes, None where it comes directly or within the facility.
    """

    mode: int
    robot: str | None
    brings: tuple[tuple[LegOfWay, str], ...]
    takes: tuple[tuple[LegOfWay, str], ...]
    over: tuple[tuple[str | None, str | None], ...]


def choices_of(one_set: Instance, job: Job, order: Sequence[Operation]) -> list[tuple[Choice, ...]]:
    """Return the modes of each operation of a plan: who can tend it, who brings its parts, and over which hub."""
    found, links = [], links_of(job, order)
    for operation in order:
        comes_from = [before for before, after in links if after is operation]
        brings = product(*(_picks(one_set, job, before, operation) for before in comes_from))
        joined = [tuple(chain.from_iterable(ways)) for ways in brings]
        takes = _picks(one_set, job, operation, None) if (operation, None) in links else [()]
        over = list(product(*(_hubs(one_set, before, operation) for before in comes_from)))
        robots = [[r.id for r in tenders(one_set, m.machine)] if m.tended else [None] for m in operation.modes]
        ways = [Choice(*way) for k, able in enumerate(robots) for way in product([k], able, joined, takes, over)]
        found.append(tuple(ways))
    return found


def _machines(one_set: Instance, operation: Operation | None) -> Sequence[Machine | None]:
    return [None] if operation is None else [one_set.machine_by_id[mode.machine] for mode in operation.modes]


def has_last(instance: Instance, comes_from: Sequence[Operation | None], mode: Mode) -> bool | None:
    """Return whether work in a mode begins as soon as the last of several parts is put down.

    None if the ways of the parts don't tell, since each of them can also come without being put down.
    """
    machine = instance.machine_by_id[mode.machine]
    if mode.max_dwell is None or machine.input_buffer != 0 or len(comes_from) < 2:
        return False
    drops = [
        {
            bool(way) and way[-1].destination == machine.id
            for origin in _machines(instance, before)
            for way in routes(instance, origin, machine)
        }
        for before in comes_from
    ]
    if {True} in drops:
        return True
    return None if any(True in each for each in drops) else False


def hub_of(way: Sequence[Leg]) -> str | None:
    """Return the hub over which a route leads."""
    return next((leg.origin for leg in way if leg.slot == "onward"), None)


def _hubs(one_set: Instance, before: Operation | None, after: Operation) -> list[tuple[str | None, str | None]]:
    """Return the hubs over which a part can come from an operation, or None, with that operation."""
    ends = product(_machines(one_set, before), _machines(one_set, after))
    hubs = dict.fromkeys(hub_of(way) for origin, destination in ends for way in routes(one_set, origin, destination))
    return [(id_of(before), hub) for hub in hubs or [None]]


def _picks(
    one_set: Instance, job: Job, before: Operation | None, after: Operation | None
) -> list[tuple[tuple[LegOfWay, str], ...]]:
    """Return every choice of who makes the moves of a link, as far as some of several hold several parts."""
    able: dict[LegOfWay, list[str]] = {}
    ends = product(_machines(one_set, before), _machines(one_set, after))
    legs = (leg for origin, destination in ends for leg in route(one_set, origin, destination) or ())
    for leg in (leg for leg in legs if leg.kind != "transfer"):
        known = [carrier for carrier, _ in carriers(one_set, leg, job)]
        way = id_of(before), leg.slot
        able[way] = list(dict.fromkeys([*able.get(way, ()), *known]))
    several = {s: ids for s, ids in able.items() if any(one_set.carrier_by_id[c].capacity > 1 for c in ids)}
    return [tuple(zip(several, each, strict=True)) for each in product(*several.values())]


def mode_of(
    choices: Sequence[Choice],
    done: ScheduledOperation,
    brings: Mapping[LegOfWay, str],
    takes: Mapping[LegOfWay, str],
    over: Mapping[str | None, str],
) -> int:
    """Return the mode of the search that an operation and the moves around it are made in."""
    for number, choice in enumerate(choices):
        picks = [(brings.get(way, id), id) for way, id in choice.brings]
        picks += [(takes.get(way, id), id) for way, id in choice.takes]
        is_way = all(over.get(before) == hub for before, hub in choice.over) and all(mover == id for mover, id in picks)
        if is_way and (choice.mode, choice.robot) == (done.mode, done.tended_by):
            return number
    raise AssertionError(f"{done.key} is in no mode of the search")
