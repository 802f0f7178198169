"""Imitation: solutions whose decode comes near to a schedule that somebody else has made.

A decode places unit after unit, each at the earliest, with the carriers that are soonest. Which order makes a given
schedule of that is not known: that of the starts of operations, or of the moves that bring their parts. What another
carrier than the soonest has carried comes back only if that one is wanted, which makes a walk from there stiff. So
there are several solutions to try.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scheduler.domain import Move, OperationKey, Schedule
from scheduler.domain.visits import stretches
from scheduler.search.decode import layout as at
from scheduler.search.decode.carry import wish_number
from scheduler.search.decode.layout import LAST_MOVE, MAX_LEGS
from scheduler.search.decode.lower import Lowered
from scheduler.search.decode.solution import Solution, blank
from scheduler.search.units import Unit


def imitations(lowered: Lowered, schedule: Schedule, is_old: bool = False) -> Iterator[Solution]:
    """Yield solutions for a schedule; none if it has plans or modes that are not known here.

    What an old one does not have, or has where it can't be any more, is left open and comes last.
    """
    plain = blank(lowered)
    if not (_take_plans(lowered, plain, schedule, is_old) and _take_modes(lowered, plain, schedule, is_old)):
        return
    if lowered.data[at.FIRST_LINGER]:
        _set_lingers(lowered, plain, schedule)
    if lowered.data[at.FIRST_CHARGE]:
        _set_last_moves(lowered, plain, schedule)
    wanting = plain.copy()
    if lowered.data[at.FIRST_WANTED]:
        _want_carriers(lowered, wanting, schedule)
    brought: dict[OperationKey, list[int]] = {}
    for move in schedule.moves:
        if move.job is not None and move.successor is not None:
            brought.setdefault((move.job, move.successor), []).append(move.start)
    firsts: list[Callable[[OperationKey, int], int]] = [lambda key, start: start]
    if brought:
        firsts.append(lambda key, start: max(brought.get(key, (start,))))
        firsts.append(lambda key, start: min((start, *brought.get(key, ()))))
    for first in firsts:
        order = _order(lowered, schedule, first)
        for solution in (plain, wanting) if lowered.data[at.FIRST_WANTED] else (plain,):
            solution.order[:] = order
            yield solution.copy()


def _take_plans(lowered: Lowered, solution: Solution, schedule: Schedule, is_old: bool) -> bool:
    """Carry out the plans of a schedule; return whether all are known."""
    by_job: dict[str, set[str]] = {}
    for scheduled in schedule.operations:
        by_job.setdefault(scheduled.job, set()).add(scheduled.operation)
    for job, numbers in enumerate(lowered.plans):
        data = lowered.problem.jobs[job]
        done = by_job.get(data.domain.id, set())
        fitting = [number for number in numbers if set(data.plan_ids[number]) == done]
        if not (fitting or is_old):
            return False
        solution.plans[job : job + 1] = fitting[:1] or solution.plans[job]
    return True


def _take_modes(lowered: Lowered, solution: Solution, schedule: Schedule, is_old: bool) -> bool:
    """Take the modes of a schedule, and hold what is not early; return whether all are known."""
    data = lowered.data
    for number, operation in enumerate(lowered.operations):
        known = schedule.by_operation.get(operation.key)
        if known is None:
            continue
        row = int(data[at.OPS] + number * data[at.OPS + 1])
        modes = range(int(data[row + at.MODES_AT]), int(data[row + at.MODES_END]))
        solution.choice[number] = next((k for k in modes if lowered.modes[k].number == known.mode), -1)
        if solution.choice[number] < 0 and not is_old:
            return False
        if data[at.FIRST_HOLD]:
            solution.choice[data[at.FIRST_HOLD] + number] = int(known.start >= data[row + at.BASE_START])
    return True


def _order(lowered: Lowered, schedule: Schedule, first: Callable[[OperationKey, int], int]) -> list[int]:
    """Return the free units in the order of what is first in them, none before one that it waits for."""
    starts: dict[Unit, int] = {}
    for unit in lowered.units:
        known = (schedule.by_operation.get(operation.key) for operation in unit.operations)
        found = min((first(o.key, o.start) for o in known if o is not None), default=None)
        if found is not None:
            starts[unit] = found
    last = max(starts.values(), default=0) + 1
    # Units are numbered in an order in which they can be placed; the sort keeps it among equals.
    for unit in lowered.units:
        for after in unit.after:
            starts[after] = max(starts.get(after, last), starts.setdefault(unit, last))
    return sorted(lowered.free, key=lambda number: starts.get(lowered.units[number], last))


def _want_carriers(lowered: Lowered, solution: Solution, schedule: Schedule) -> None:
    """Want the carriers that make the moves of a schedule."""
    ways: dict[tuple[str, str | None, str | None], dict[tuple[str, str], str]] = {}
    for move in sorted(schedule.moves, key=lambda m: (m.start, m.end)):
        if move.job is not None:
            legs = ways.setdefault((move.job, move.predecessor, move.successor), {})
            legs.setdefault((move.origin, move.destination), move.mover)
    carriers = {name: number for number, name in enumerate(lowered.movers) if name in lowered.instance.carrier_by_id}
    for number, link in enumerate(lowered.links):
        for leg, (places, mover) in enumerate(ways.get((link.job.id, *link.ends), {}).items()):
            if mover in carriers:
                wish = wish_number(carriers[mover], *(lowered.spot(mover, place) for place in places))
                solution.choice[lowered.data[at.FIRST_WANTED] + MAX_LEGS * number + leg] = wish


def _set_last_moves(lowered: Lowered, solution: Solution, schedule: Schedule) -> None:
    """Let vehicles keep no reserve behind their last moves in a schedule, all those of the last stretch."""
    instance, keys = lowered.instance, set[tuple[str | None, str | None]]()
    for name in instance.battery_by_vehicle:
        moves = [move for move in schedule.by_mover.get(name, ()) if move.job is not None]
        moves.sort(key=lambda move: (move.start, move.end))
        for stretch in list(stretches(instance.group_by_carrier[name], instance.carrier_by_id[name], moves))[-1:]:
            for move in stretch.tasks:
                assert isinstance(move, Move)
                keys.add((move.job, move.successor if move.successor is not None else move.predecessor))
    wishes = solution.choice[len(lowered.operations) :][: len(lowered.operations)]
    for number, operation in enumerate(lowered.operations):
        if operation.key in keys and wishes[number] < LAST_MOVE - 1:
            wishes[number] += LAST_MOVE


def _set_lingers(lowered: Lowered, solution: Solution, schedule: Schedule) -> None:
    """Let carriers linger with parts that they carry for longer than they have to in a schedule."""
    instance, lingers = lowered.instance, solution.choice[lowered.data[at.FIRST_LINGER] :][: len(lowered.operations)]
    numbers: dict[OperationKey, list[int]] = {}
    for number, operation in enumerate(lowered.operations):
        numbers.setdefault(operation.key, []).append(number)
    for move in schedule.moves:
        group = instance.group_by_carrier.get(move.mover)
        if move.job is None or group is None or instance.carrier_by_id[move.mover].capacity == 1:
            continue
        if move.end - move.start > group.move_time(move.origin, move.destination):
            brings = move.destination in instance.machine_by_id or move.origin not in instance.machine_by_id
            end, bit = (
                (move.successor, 1)
                if (brings and move.successor) or move.predecessor is None
                else (move.predecessor, 2)
            )
            for number in numbers.get((move.job, end or ""), ()):
                lingers[number] |= bit
