"""Where everything stands at `now`: what is completed, what is running, what is pending, and who holds which part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from scheduler.domain.happened import carried, execution_of, started
from scheduler.domain.instance import Instance
from scheduler.domain.schedule import Move, OperationKey

State: TypeAlias = Literal["completed", "running", "pending"]
"""``completed``: it ended by now; ``running``: it began before now and goes on; ``pending``: it begins now or later."""


@dataclass(frozen=True)
class FactoryState:
    """What has become of the schedule in force by `now`.

    Attributes
    ----------
    now
        The instant.
    operations
        The state of every operation of the instance. One whose work was lost is pending again; one that the
        schedule in force leaves out is pending.
    moves
        The state of every loaded move of the schedule in force whose job is still there, as it really is.
    held
        By robot or vehicle: the moves whose parts are in its grip or on it now.
    """

    now: int
    operations: Mapping[OperationKey, State]
    moves: Mapping[Move, State]
    held: Mapping[str, tuple[Move, ...]]


def state_of(instance: Instance) -> FactoryState:
    """Return where everything stands in an instance that has an execution."""
    execution, begun = execution_of(instance), started(instance)
    now = execution.now
    operations: dict[OperationKey, State] = dict.fromkeys(instance.operation_by_key, "pending")
    operations |= {key: _state(operation.start, operation.end, now) for key, operation in begun.items()}
    moves = {move: _state(move.start, move.end, now) for move in execution.moves}
    for move in execution.baseline.moves:
        if move.job in instance.job_by_id and move.start >= now:
            moves[move] = "pending"
    movers = dict.fromkeys((*instance.carrier_by_id, *instance.lane_by_vehicle))
    held = {mover: parts for mover in movers if (parts := carried(instance, mover))}
    return FactoryState(now, operations, moves, held)


def _state(start: int, end: int, now: int) -> State:
    if start >= now:
        return "pending"
    return "completed" if end <= now else "running"
