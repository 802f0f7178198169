"""Tending: some operations need a robot of their cell at the machine from start to end.

For an operation *o* whose mode is ``tended``, one robot *r* of the cell of its machine that reaches the machine tends
it, as the schedule says. All through ``[start(o), end(o))`` *r* is at the machine and has one gripper there: the rules
`movers` and `visits` treat this as a loaded move from the machine to itself, with the travel before and after it. It
does not overlap a downtime of *r*, unless it had started by `Execution.now`: then it goes on. Other operations are
tended by nobody. (Machine tending, or attended operation; in Hall, Kamoun & Sriskandarajah 1997, Operations Research
45, "Scheduling in robotic cells: classification, two and three machine cells", robots wait at machines only.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scheduler.constraints.facts import Clock, mode_of, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether any mode has to be tended."""
    return any(mode.tended for o in instance.operation_by_key.values() for mode in o.modes)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    now = instance.execution.now if instance.execution is not None else 0
    for operation in schedule.operations:
        mode, robot_id = mode_of(instance, operation), operation.tended_by
        if mode is None or (robot_id is None and not mode.tended):
            continue
        where = place(operation)
        if robot_id is None:
            yield Violation("tending", where, "no robot tends it", 1)
            continue
        if not mode.tended:
            yield Violation("tending", where, f"{robot_id} tends it, which it does not need", 1)
            continue
        machine = instance.machine_by_id.get(operation.machine)
        robots = [r for c in instance.cells if machine is not None and c.id == machine.cell for r in c.robots]
        robot = next((r for r in robots if r.id == robot_id), None)
        if robot is None:
            yield Violation("tending", where, f"{robot_id} is no robot of its cell", 1)
            continue
        if robot.reach and operation.machine not in robot.reach:
            yield Violation("tending", where, f"{robot_id} does not reach the machine", 1)
        downtime = Clock(robot.calendar).downtime(operation.start, operation.end)
        if downtime > 0 and operation.start >= now:
            detail = f"[{operation.start}, {operation.end}) has {downtime} ticks in a downtime of {robot_id}"
            yield Violation("tending", where, detail, downtime)


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post that tending lies outside the downtimes of the robot; who tends is a variable of the context."""
    for robot, options in ctx.tendings.items():
        calendar = ctx.instance.carrier_by_id[robot].calendar
        blocked = [
            ctx.model.new_fixed_size_interval_var(d.start, d.end - d.start, f"down[{robot}:{d.start}]")
            for d in calendar.blocked(ctx.horizon)
        ]
        for option in options if blocked else ():
            if option.fixed is None:
                ctx.model.add_no_overlap([option.interval, *blocked])


RULE = Rule("tending", applies, violations, post)
