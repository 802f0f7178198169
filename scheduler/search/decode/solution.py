"""Solutions: orders, modes and plans, and what a schedule has to do with them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scheduler.domain import Charge, Move, Schedule, ScheduledOperation
from scheduler.domain.derive import complete
from scheduler.domain.routing import Leg, in_loads
from scheduler.search.decode import layout as at
from scheduler.search.decode.layout import MAX_LEGS, MOST_PIECES, Array
from scheduler.search.decode.lower import Lowered
from scheduler.search.decode.stops import ways_with_stops
from scheduler.search.problem import LinkData


class Solution(NamedTuple):
    """What a decode needs, and nothing that follows from it.

    Attributes
    ----------
    choice
        By operation: the mode (its row), -1 where the decode chooses the one that promises to be the earliest. With
        batteries, behind that, by operation: up to the end of how many pieces of the charge curve a vehicle charges,
        if it has to before a move of the operation (0: as little as possible, -1: one), or, above
        `layout.MOST_PIECES`, how many parts of its capacity; likewise, more than `layout.MOST_WISH`, even if it doesn't
        have to; `layout.LAST_MOVE` more if they are the last moves of their
        vehicles, which need not get to a charger any more. Where carriers hold several parts, behind all that, by
        operation: whether they linger with the parts that they bring (1), with those that they take away (2), or both.
        Where starts count, by operation: whether it is held (1), not to start before it does in the plan. Where a group
        has several carriers, or several jobs can go on one trip, last of all, by move: which carrier is wanted
        (`carry.wish_number`), or from when on a trip (negative); 0: what is there first.
    plans
        By job: the number of the plan that is carried out.
    order
        The free units; those of plans that are not carried out are passed over.
    """

    choice: Array
    plans: Array
    order: Array

    def copy(self) -> Solution:
        """Return a copy."""
        return Solution(*(part.copy() for part in self))


def blank(lowered: Lowered, rng: np.random.Generator | None = None) -> Solution:
    """Return a solution without order and modes, with plans drawn at random (without `rng` the shortest)."""
    choice = np.full(int(lowered.data[at.NUM_CHOICES]), -1, np.int64)
    if rng is not None:
        choice[len(lowered.operations) :] = rng.integers(-1, MOST_PIECES + 1)
    if lowered.data[at.FIRST_LINGER]:
        lingers = choice[lowered.data[at.FIRST_LINGER] :][: len(lowered.operations)]
        lingers[:] = (
            0 if rng is None else rng.integers(4, size=len(lingers)) * (rng.random(len(lingers)) < rng.random() ** 3)
        )
    if lowered.data[at.FIRST_HOLD]:
        choice[lowered.data[at.FIRST_HOLD] :] = 1
    if lowered.data[at.FIRST_WANTED]:
        choice[lowered.data[at.FIRST_WANTED] :] = 0
    plans = np.zeros(len(lowered.plans), np.int64)
    for job, numbers in enumerate(lowered.plans):
        data = lowered.problem.jobs[job]
        plans[job] = min(numbers, key=lambda n: len(data.plan_ids[n])) if rng is None else rng.choice(numbers)
    return Solution(choice, plans, np.array(lowered.free, np.int64))


def carried_over(solution: Solution, lowered: Lowered, state: Array, other: Lowered) -> Solution:
    """Return a solution, decoded in `state`, for another lowering of the same instance, in which starts count.

    Operations that do not start before they do in the plan are held there, so that it decodes to the same schedule.
    """
    data, rows, num = lowered.data, other.data, len(other.operations)
    found = blank(other)
    hold, plain = int(rows[at.FIRST_HOLD]), int(data[at.FIRST_HOLD] or data[at.FIRST_WANTED] or data[at.NUM_CHOICES])
    found.choice[:hold] = solution.choice[:plain]
    first, width = int(rows[at.OPS]), int(rows[at.OPS + 1])
    planned = rows[first : first + num * width].reshape(num, width)[:, at.BASE_START]
    found.choice[hold : hold + num] = state[data[at.START] : data[at.START] + num] >= planned
    if rows[at.FIRST_WANTED]:
        found.choice[rows[at.FIRST_WANTED] :] = solution.choice[data[at.FIRST_WANTED] :]
    found.plans[:] = solution.plans
    found.order[:] = solution.order
    return found


def to_schedule(lowered: Lowered, state: Array) -> Schedule:
    """Return what has been placed as a schedule."""
    data, problem = lowered.data, lowered.problem
    placed = state[data[at.MODE] : data[at.MODE] + len(lowered.operations)].tolist()
    start = state[data[at.START] : data[at.START] + len(lowered.operations)].tolist()
    end = state[data[at.END] : data[at.END] + len(lowered.operations)].tolist()
    mover = state[data[at.MOVER] + data[at.FIRST_TENDING] :]
    operations = [
        ScheduledOperation(
            *operation.key,
            lowered.modes[mode].number,
            lowered.modes[mode].machine.domain.id,
            start[o],
            end[o],
            lowered.movers[int(mover[o])] if lowered.modes[mode].tenders else None,
        )
        for o, (operation, mode) in enumerate(zip(lowered.operations, placed, strict=True))
        if mode >= 0
    ]
    board = lowered.board
    moves: list[Move] = [] if board is None else list(board.moves)
    done = state[data[at.DONE] : data[at.DONE] + len(lowered.links)].tolist()
    rows = data[data[at.LINKS] :]
    width = int(data[at.LINKS + 1])
    for number, link in enumerate(lowered.links):
        before = 0 if board is None or link not in board.part else board.part[link][0]
        if done[number] <= before:
            continue
        pred, succ = int(rows[number * width + at.PRED]), int(rows[number * width + at.SUCC])
        ends = [None if o < 0 else lowered.modes[placed[o]].machine for o in (pred, succ)]
        routes, taken = problem.routes(*ends), int(state[data[at.VIA] + number])
        legs = next((legs for legs in routes if lowered.stop(legs) == taken), routes[0])
        for k in range(before, done[number]):
            row = MAX_LEGS * number + k
            for leg in _loads(lowered, link, legs[k]):
                moves.append(
                    Move(
                        link.job.id,
                        leg.origin,
                        leg.destination,
                        lowered.movers[int(state[data[at.MOVER] + row])],
                        leg.kind,
                        int(state[data[at.MOVE_START] + row]),
                        int(state[data[at.MOVE_END] + row]),
                        *link.ends,
                        load=leg.load,
                        units=leg.units,
                    )
                )
                row = int(state[data[at.BESIDE] + row])
    charges = _charges(lowered, state)
    ways = ways_with_stops(lowered, state, moves, charges) if data[at.SOME_PARK] else None
    return complete(lowered.instance, operations, moves, charges, ways)


def _loads(lowered: Lowered, link: LinkData, leg: Leg) -> tuple[Leg, ...]:
    """Return a leg once for each load of the job that has not departed."""
    if not link.job.splits or leg.kind != "transfer":
        return (leg,)
    departed = lowered.board.departed if lowered.board is not None else {}
    gone = {move.load for move in departed.get((link, leg.origin, leg.destination), ())}
    loads = in_loads(lowered.instance, (leg,), link.job, *link.ends)
    return tuple(load for load in loads if load.load not in gone)


def _charges(lowered: Lowered, state: Array) -> list[Charge]:
    """Return the charges that have been placed."""
    data, found = lowered.data, []
    charges = range(int(data[at.FIRST_CHARGE]), int(data[at.FIRST_DROP] or len(state)))
    charger_of = {able: name for name, able in lowered.spots.items()}
    for number, vehicle in enumerate(lowered.movers if data[at.FIRST_CHARGE] else ()):
        row = int(state[data[at.LAST_OF] + number])
        while row >= 0:
            if row in charges:
                start, end = (int(state[data[column] + row]) for column in (at.MOVE_START, at.MOVE_END))
                found.append(Charge(vehicle, charger_of[int(state[data[at.MOVE_ABLE] + row])], start, end))
            row = int(state[data[at.MOVE_BEFORE] + row])
    return found
