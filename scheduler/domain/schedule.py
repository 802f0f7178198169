"""A schedule: where and when everything happens. It knows nothing of due dates or prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal, TypeAlias

MoveKind: TypeAlias = Literal["robot_move", "empty_move", "transport", "transfer"]
"""``robot_move``: a robot carries a part; ``transfer``: a lane vehicle carries a job; ``empty_move``: a robot or
vehicle travels (or returns) without load; ``transport``: a mobile robot carries a job inside a facility."""

OperationKey: TypeAlias = tuple[str, str]
"""``(job id, operation id)``."""


@dataclass(frozen=True, slots=True)
class ScheduledOperation:
    """An operation in mode number ``mode`` (its index in the operation) on ``machine`` during ``[start, end)``.

    ``tended_by`` is the robot that tends the machine all the time, where the mode needs one. ``key`` is
    ``(job, operation)``, kept since nothing is asked for more often.
    """

    job: str
    operation: str
    mode: int
    machine: str
    start: int
    end: int
    tended_by: str | None = None
    key: OperationKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.job, self.operation))


@dataclass(frozen=True, slots=True)
class Setup:
    """``machine`` is changed over from one family to another, ready for an operation, during ``[start, end)``."""

    machine: str
    job: str
    operation: str
    from_family: str
    to_family: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Move:
    """A mover goes from place to place during ``[start, end)``, with a job or (``job`` None) empty.

    Places are machine ids and cell input / output stations for robots, facility ids for lanes. A loaded move
    belongs to the precedence ``predecessor -> successor`` of its job; predecessor None is the way into the first
    operation, successor None the way out after the last one. Where a job splits, each transfer carries the load of that
    number, counted from 0, of so many ``units`` (None: the whole job).
    """

    job: str | None
    origin: str
    destination: str
    mover: str
    kind: MoveKind
    start: int
    end: int
    predecessor: str | None = None
    successor: str | None = None
    load: int = field(default=0, kw_only=True)
    units: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Charge:
    """``vehicle`` is at ``charger`` during ``[start, end)`` and its battery is filled; its levels before and after."""

    vehicle: str
    charger: str
    start: int
    end: int
    from_level: int = 0
    to_level: int = 0


@dataclass(frozen=True)
class Schedule:
    """Operations, setups, moves, charges; build it with `scheduler.domain.derive.complete` to have them agree."""

    operations: tuple[ScheduledOperation, ...]
    moves: tuple[Move, ...] = ()
    setups: tuple[Setup, ...] = ()
    charges: tuple[Charge, ...] = ()

    @cached_property
    def by_operation(self) -> Mapping[OperationKey, ScheduledOperation]:
        """Scheduled operations by ``(job, operation)``."""
        return MappingProxyType({o.key: o for o in self.operations})

    @cached_property
    def by_machine(self) -> Mapping[str, tuple[ScheduledOperation, ...]]:
        """Scheduled operations of each machine that has any, sorted by start, end, job, operation."""
        found: dict[str, list[ScheduledOperation]] = {}
        for operation in self.operations:
            found.setdefault(operation.machine, []).append(operation)
        order = {m: tuple(sorted(ops, key=lambda o: (o.start, o.end, o.job, o.operation))) for m, ops in found.items()}
        return MappingProxyType(order)

    @cached_property
    def by_tender(self) -> Mapping[str, tuple[ScheduledOperation, ...]]:
        """Operations that each robot tends, of robots that tend any, sorted by start and end."""
        found: dict[str, list[ScheduledOperation]] = {}
        for operation in self.operations:
            if operation.tended_by is not None:
                found.setdefault(operation.tended_by, []).append(operation)
        return MappingProxyType({r: tuple(sorted(ops, key=lambda o: (o.start, o.end))) for r, ops in found.items()})

    @cached_property
    def by_mover(self) -> Mapping[str, tuple[Move, ...]]:
        """Moves of each mover that has any, sorted by start and end."""
        found: dict[str, list[Move]] = {}
        for move in self.moves:
            found.setdefault(move.mover, []).append(move)
        return MappingProxyType({m: tuple(sorted(ms, key=lambda x: (x.start, x.end))) for m, ms in found.items()})

    @cached_property
    def by_vehicle(self) -> Mapping[str, tuple[Charge, ...]]:
        """Charges of each vehicle that has any, sorted by start and end."""
        found: dict[str, list[Charge]] = {}
        for charge in self.charges:
            found.setdefault(charge.vehicle, []).append(charge)
        return MappingProxyType({v: tuple(sorted(cs, key=lambda x: (x.start, x.end))) for v, cs in found.items()})

    @cached_property
    def completions(self) -> Mapping[str, int]:
        """Completion of each job: the latest end among its operations and loaded moves."""
        ends: dict[str, int] = {}
        for operation in self.operations:
            ends[operation.job] = max(ends.get(operation.job, 0), operation.end)
        for move in self.moves:
            if move.job is not None:
                ends[move.job] = max(ends.get(move.job, 0), move.end)
        return MappingProxyType(ends)

    @cached_property
    def makespan(self) -> int:
        """Latest completion of all jobs (0 for an empty schedule)."""
        return max(self.completions.values(), default=0)
