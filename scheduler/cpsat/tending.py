"""Variables of tending: which robot is at the machine while an operation runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scheduler.domain import OperationKey, ScheduledOperation
from scheduler.domain.routing import tenders

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


@dataclass(frozen=True, slots=True)
class TendingVars:
    """The robot ``mover`` tends an operation at its machine during ``[start, end)``, if ``literal``.

    ``fixed`` is the operation as it started or, where ``is_lost``, a piece of it whose work was lost.
    """

    operation: OperationKey
    machine: str
    mover: str
    length: int
    literal: Any
    start: Any
    end: Any
    interval: Any
    fixed: ScheduledOperation | None
    is_lost: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """The key of the operation; of what was lost, with its start."""
        return (*self.operation, self.start) if self.is_lost else self.operation

    @property
    def link(self) -> None:
        """No way of a part, as moves have it."""

    @property
    def origin(self) -> str:
        """Where the robot has to be for it."""
        return self.machine

    @property
    def destination(self) -> str:
        """Where the robot is afterwards."""
        return self.machine


def tending_variables(ctx: ModelContext) -> Mapping[str, tuple[TendingVars, ...]]:
    """Return, by robot, every operation that it may tend and the work that it tended and that was lost."""
    found: dict[str, list[TendingVars]] = {}
    execution = ctx.instance.execution
    begun = {o.key: o for o in execution.baseline.operations if ctx.has_begun(o.key)} if execution is not None else {}
    for key, operation in ctx.instance.operation_by_key.items():
        for number, (mode, literal) in enumerate(zip(operation.modes, ctx.modes(key), strict=True)):
            if not mode.tended:
                continue
            kept = begun.get(key)
            robots = [robot.id for robot in tenders(ctx.instance, mode.machine)]
            if kept is not None:
                robots = [robot for robot in robots if robot == kept.tended_by] if kept.mode == number else []
            elif ctx.kept is not None and (keeps := ctx.kept.tender(key)) is not None:
                robots = [robot for robot in robots if robot == keeps]
            choices = []
            for robot in robots:
                chosen = literal
                if len(robots) > 1:
                    chosen = ctx.new_bool(
                        f"tends[{key[0]}.{key[1]}@{mode.machine}:{robot}]",
                        lambda view, key=key, number=number, robot=robot: view.is_tended(key, number, robot),
                    )
                    choices.append(chosen)
                found.setdefault(robot, []).append(_tending(ctx, key, number, robot, chosen, kept))
            if choices:
                ctx.model.add(sum(choices) == literal)
    for piece in execution.aborted if execution is not None else ():
        if piece.tended_by is not None:
            length = piece.end - piece.start
            interval = ctx.model.new_fixed_size_interval_var(
                piece.start, length, f"lost[{piece.job}.{piece.operation}]"
            )
            times = (piece.start, piece.end, interval)
            found.setdefault(piece.tended_by, []).append(
                TendingVars(piece.key, piece.machine, piece.tended_by, length, ctx.true, *times, piece, is_lost=True)
            )
    return {robot: tuple(options) for robot, options in found.items()}


def _tending(
    ctx: ModelContext, key: OperationKey, number: int, robot: str, literal: Any, kept: ScheduledOperation | None
) -> TendingVars:
    mode = ctx.instance.mode(key, number)
    now = ctx.instance.execution.now if ctx.instance.execution is not None else 0
    start = ctx.start(key) if kept is None else kept.start
    end = kept.end if kept is not None and kept.end <= now else ctx.end(key)
    size = ctx.lengths.elapsed(key, number) if kept is None or kept.end > now else kept.end - kept.start
    interval = ctx.new_interval(start, size, end, literal, f"tend[{key[0]}.{key[1]}@{mode.machine}:{robot}]")
    return TendingVars(key, mode.machine, robot, ctx.lengths.least(key, number), literal, start, end, interval, kept)
