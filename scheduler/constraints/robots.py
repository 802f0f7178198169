"""Robots: a robot carries one part at a time and travels between its moves.

For consecutive loaded moves *k*, *l* of one robot (*k* is its start place and tick 0 before the first)::

    start(l) - end(k) >= travel(drop place of k, pick-up place of l)

A loaded move does not overlap a downtime of the robot, unless it is in `Execution.moves`; an empty move may. Where
the two places differ and the travel takes time, the schedule lists exactly one empty move, of that length, inside the
gap; it lists no others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scheduler.constraints.facts import Clock, describe, past_moves, travel_time
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Move, Robot, RobotCell, Schedule
from scheduler.domain.routing import SLOTS

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.links import OptionVars


def applies(instance: Instance) -> bool:
    """Return whether there are robot cells."""
    return bool(instance.cells)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    past = past_moves(instance)
    for robot_id, robot in instance.robot_by_id.items():
        moves = schedule.by_mover.get(robot_id, ())
        loaded = [move for move in moves if move.job is not None]
        empty = [move for move in moves if move.job is None]
        yield from _travel(instance.cell_by_robot[robot_id], robot, loaded)
        yield from _downtimes(robot, loaded, past)
        yield from _empty_moves(instance.cell_by_robot[robot_id], robot, loaded, empty)


def _travel(cell: RobotCell, robot: Robot, loaded: Sequence[Move]) -> Iterator[Violation]:
    """Check the gap before each loaded move; among overlapping moves the one that ends last counts."""
    here, free_at, previous = robot.start, 0, f"its start at {robot.start}"
    for move in loaded:
        needed, gap = travel_time(cell, here, move.origin), move.start - free_at
        if gap < needed:
            detail = f"needs {needed} between {previous} and {describe(move)}, has {gap}"
            yield Violation("robots", f"robot {robot.id}", detail, needed - gap)
        if move.end >= free_at:
            here, free_at, previous = move.destination, move.end, describe(move)


def _downtimes(robot: Robot, loaded: Sequence[Move], past: frozenset[Move]) -> Iterator[Violation]:
    clock = Clock(robot.calendar)
    for move in loaded:
        downtime = clock.downtime(move.start, move.end)
        if downtime > 0 and move not in past:
            detail = f"{describe(move)}, until {move.end}, is {downtime} in a downtime"
            yield Violation("robots", f"robot {robot.id}", detail, downtime)


def _empty_moves(cell: RobotCell, robot: Robot, loaded: Sequence[Move], empty: Sequence[Move]) -> Iterator[Violation]:
    """Check that each gap lists its empty move and nothing else."""
    where = f"robot {robot.id}"
    starts = [move.start for move in loaded]
    by_gap: dict[int, list[Move]] = {}
    for move in empty:
        by_gap.setdefault(bisect_right(starts, move.start), []).append(move)
    here, free_at = robot.start, 0
    for number, pick_up in enumerate(loaded):
        listed = by_gap.pop(number, [])
        needed = travel_time(cell, here, pick_up.origin) if here != pick_up.origin else 0
        if needed > 0 and not listed:
            detail = f"the empty move from {here} to {pick_up.origin} before {describe(pick_up)} is not listed"
            yield Violation("robots", where, detail, needed)
        if needed > 0 and listed:
            yield from _fits(where, listed.pop(0), here, free_at, pick_up, needed)
        for move in listed:
            yield Violation("robots", where, f"{describe(move)} is listed, but not needed", 1)
        here, free_at = pick_up.destination, pick_up.end
    for move in by_gap.get(len(loaded), ()):
        yield Violation("robots", where, f"{describe(move)} leads to no pick-up", 1)


def _fits(where: str, move: Move, here: str, free_at: int, pick_up: Move, needed: int) -> Iterator[Violation]:
    """Check one empty move against its gap, from `here` at `free_at` to the pick-up."""
    words = f"{describe(move)}, until {move.end},"
    if (move.origin, move.destination) != (here, pick_up.origin):
        yield Violation("robots", where, f"{words} should go from {here} to {pick_up.origin}", 1)
    elif move.end - move.start != needed:
        detail = f"{words} lasts {move.end - move.start}, needs {needed}"
        yield Violation("robots", where, detail, abs(move.end - move.start - needed))
    outside = max(free_at - move.start, move.end - pick_up.start)
    if outside > 0:
        yield Violation("robots", where, f"{words} is not inside [{free_at}, {pick_up.start})", outside)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post a circuit over the possible moves of each robot, with the empty travel on its arcs, and its downtimes."""
    for cell in ctx.instance.cells:
        for robot in cell.robots:
            options = [o for link in ctx.links for slot in link.slots for o in slot.options if o.mover == robot.id]
            if not options:
                continue
            ctx.model.add_no_overlap(option.interval for option in options)
            ctx.model.add_circuit(_arcs(ctx, cell, robot, options))
            blocked = robot.calendar.blocked(ctx.horizon)
            for option in options:
                ctx.add_load(robot.id, option.length, option.literal)
                if option.fixed is None and option.length > 0:
                    windows = [(d.start - option.length + 1, d.end - 1) for d in blocked]
                    ctx.forbid(option.start, windows, option.literal)


def _arcs(ctx: ModelContext, cell: RobotCell, robot: Robot, options: list[OptionVars]) -> list[tuple[int, int, Any]]:
    """Return the arcs of the circuit; node 0 is the robot's start place and the end of its day."""
    arcs: list[tuple[int, int, Any]] = []
    for b, after in enumerate(options, start=1):
        if after.literal is not ctx.true:
            arcs.append((b, b, after.literal.negated()))
        if ctx.may_follow(robot.id, after.key, None):
            last = ctx.new_bool(f"last[{robot.id}:{b}]", lambda view, o=after: view.ends_with(robot.id, o))
            arcs.append((b, 0, last))
        for a, before in enumerate([None, *options]):
            if a == b or (before is not None and not _can_follow(before, after)):
                continue
            if not ctx.may_follow(robot.id, before and before.key, after.key):
                continue
            place = robot.start if before is None else before.leg.destination
            travel = cell.travel_time(place, after.leg.origin) if place != after.leg.origin else 0
            literal = ctx.new_bool(
                f"next[{robot.id}:{a}>{b}]", lambda view, a=before, b=after: view.follows(robot.id, a, b)
            )
            arcs.append((a, b, literal))
            if travel > 0:
                ctx.add_load(robot.id, travel, literal)
            if after.fixed is None:
                free_at = 0 if before is None else before.end
                if before is None or before.fixed is not None:
                    free_at = _leaves_at(ctx, robot, place, after.leg.origin, free_at)
                ctx.model.add(after.start >= free_at + travel).only_enforce_if(literal)
            elif before is not None and not (before.fixed is not None and before.end + travel <= after.start):
                # Only the past comes before the past, and it is possible as it was.
                ctx.model.add(literal == 0)
    if all(option.literal is not ctx.true for option in options):
        arcs.append((0, 0, ctx.new_bool(f"idle[{robot.id}]", lambda view: not view.loaded_moves(robot.id))))
    return arcs


def _leaves_at(ctx: ModelContext, robot: Robot, place: str, pick_up: str, free_at: int) -> int:
    """Return when the robot can leave `place` for its first pending pick-up: when free and not before `now`.

    An empty move to that pick-up that was under way at `now` goes on.
    """
    execution = ctx.instance.execution
    if execution is None:
        return free_at
    for move in execution.baseline.by_mover.get(robot.id, ()):
        under_way = move.job is None and free_at <= move.start < execution.now
        if under_way and (move.origin, move.destination) == (place, pick_up):
            return move.start
    return max(free_at, execution.now)


def _can_follow(before: OptionVars, after: OptionVars) -> bool:
    """Return False where the order is impossible anyway: legs of one link follow their slots, a leg is one move."""
    if before.link is not after.link:
        return True
    return SLOTS.index(before.leg.slot) < SLOTS.index(after.leg.slot)


RULE = Rule("robots", applies, violations, post)
