"""Ask the model about one schedule: is it complete as a hint, and feasible when fixed?"""

from __future__ import annotations

from ortools.sat.python import cp_model

from scheduler.cpsat.context import ModelContext
from scheduler.cpsat.links import OptionVars
from scheduler.cpsat.objective import EXPRESSIONS
from scheduler.cpsat.solve import build
from scheduler.cpsat.view import ScheduleView
from scheduler.domain import Instance, Move, Schedule, Status
from scheduler.domain.routing import SLOTS

STATUS = {
    cp_model.OPTIMAL: Status.FEASIBLE,
    cp_model.FEASIBLE: Status.FEASIBLE,
    cp_model.INFEASIBLE: Status.INFEASIBLE,
    cp_model.UNKNOWN: Status.UNKNOWN,
}


def solve(ctx: ModelContext, **parameters: object) -> tuple[Status, cp_model.CpSolver]:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = 20
    for name, value in parameters.items():
        setattr(solver.parameters, name, value)
    return STATUS[solver.solve(ctx.model)], solver


def hinted(instance: Instance, schedule: Schedule, *, terms: bool = True) -> ModelContext:
    """Return the model with every objective term, hinted with the schedule."""
    ctx = build(instance)
    if terms:
        for expression in EXPRESSIONS.values():
            expression(ctx)
    ctx.hint(schedule)
    return ctx


def hint_status(instance: Instance, schedule: Schedule) -> Status:
    """Return whether the model is feasible with *every* variable fixed to its hint."""
    return solve(hinted(instance, schedule), fix_variables_to_their_hinted_value=True)[0]


def fixed_status(instance: Instance, schedule: Schedule) -> Status:
    """Return whether the model is feasible with operations and loaded moves as in the schedule."""
    ctx = build(instance)
    view_of = {o.key: o for o in schedule.operations}
    for key, operation in instance.operation_by_key.items():
        found = view_of.get(key)
        for number in range(len(operation.modes)):
            ctx.model.add(ctx.modes(key)[number] == int(found is not None and found.mode == number))
        if found is not None:
            ctx.model.add(ctx.start(key) == found.start)
            ctx.model.add(ctx.end(key) == found.end)
    moves = {(m.job, m.predecessor, m.successor, m.origin, m.destination, m.load): m for m in schedule.moves if m.job}
    for link in ctx.links:
        for slot in sorted(link.slots, key=lambda slot: SLOTS.index(slot.slot)):
            for option in slot.options:
                leg = option.leg
                move = moves.get((link.job.id, link.predecessor, link.successor, leg.origin, leg.destination, leg.load))
                is_done = move is not None and _known_as(ctx, move.mover) == option.mover and _lasts(ctx, move, option)
                ctx.model.add(option.literal == int(is_done))
                if move is not None and is_done:
                    ctx.model.add(slot.start == move.start)
                    ctx.model.add(slot.end == move.end)
    view = ScheduleView(instance, schedule)
    for turn in (turn for tours in ctx.tours.values() for turn in tours.turns):
        taken = view.turn(turn.fleet, turn.before and turn.before.key, turn.start, turn.after.key)
        ctx.model.add(turn.literal == int(taken))
    return solve(ctx)[0]


def _lasts(ctx: ModelContext, move: Move, option: OptionVars) -> bool:
    """Return whether the option is that of the length which trips have that depart then."""
    lane = ctx.instance.lane_by_id.get(option.mover)
    return lane is None or option.fixed is not None or lane.trip_time_at(move.start) == option.length


def _known_as(ctx: ModelContext, mover: str) -> str:
    """Return the lane of a vehicle, or the fleet if its vehicles have one model."""
    group = ctx.instance.group_by_carrier.get(mover)
    return group.id if group is not None and group.id in ctx.alike else mover.split("#")[0]
