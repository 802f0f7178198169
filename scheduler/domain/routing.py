"""The way of a part from machine to machine: which moves it needs.

On the way there are up to three *legs*, in this order:

* ``exit``: a robot carries the part from its station to the cell's output station;
* ``transfer``: a lane carries the job from facility to facility;
* ``entry``: a robot carries the part from the cell's input station to the station, or directly from station to
  station when both are in one cell.

Between machines outside cells in one facility a part is moved in no time, without a move; likewise from a cell's
output station to the next cell's input station, lane or machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from scheduler.domain.instance import Instance
from scheduler.domain.jobs import Job, Precedence
from scheduler.domain.resources import Lane, Machine
from scheduler.domain.schedule import MoveKind

Slot: TypeAlias = Literal["exit", "transfer", "entry"]
SLOTS: tuple[Slot, ...] = ("exit", "transfer", "entry")


@dataclass(frozen=True, slots=True)
class Leg:
    """One move of a part. ``cell`` is the robot cell that does it, None for a transfer."""

    slot: Slot
    kind: MoveKind
    cell: str | None
    origin: str
    destination: str


def route(instance: Instance, origin: Machine | None, destination: Machine | None) -> tuple[Leg, ...] | None:
    """Return the legs from machine to machine, or None if no lane links their facilities.

    `origin` None is the arrival of the job (at the input station of its first cell), `destination` None its
    departure (at the output station of its last cell).
    """
    if origin is not None and destination is not None:
        if origin.id == destination.id:
            return ()
        if origin.cell is not None and origin.cell == destination.cell:
            return (Leg("entry", "robot_move", origin.cell, origin.id, destination.id),)
    legs: list[Leg] = []
    if origin is not None and origin.cell is not None:
        cell = instance.cell_by_id[origin.cell]
        legs.append(Leg("exit", "robot_move", cell.id, origin.id, cell.output_station))
    if origin is not None and destination is not None and origin.facility != destination.facility:
        if not lanes_between(instance, origin.facility, destination.facility):
            return None
        legs.append(Leg("transfer", "transfer", None, origin.facility, destination.facility))
    if destination is not None and destination.cell is not None:
        cell = instance.cell_by_id[destination.cell]
        legs.append(Leg("entry", "robot_move", cell.id, cell.input_station, destination.id))
    return tuple(legs)


def lanes_between(instance: Instance, origin: str, destination: str) -> tuple[Lane, ...]:
    """Return the lanes from one facility to another."""
    return tuple(lane for lane in instance.lanes if lane.origin == origin and lane.destination == destination)


def links(job: Job) -> tuple[tuple[str | None, str | None, Precedence | None], ...]:
    """Return every way of a part of the job: ``(predecessor, successor, precedence)``.

    Besides its precedences a job has a link ``(None, first, None)`` into each operation that can be without
    predecessor and ``(last, None, None)`` out of each that can be without successor. With alternative plans
    such a link counts only in the plans in which the operation really has none (see `is_first`, `is_last`).
    """
    plans = job.plans or (tuple(operation.id for operation in job.operations),)
    found: list[tuple[str | None, str | None, Precedence | None]] = []
    for operation in job.operations:
        if any(is_first(job, operation.id, plan) for plan in plans):
            found.append((None, operation.id, None))
    found.extend((p.predecessor, p.successor, p) for p in job.precedences)
    for operation in job.operations:
        if any(is_last(job, operation.id, plan) for plan in plans):
            found.append((operation.id, None, None))
    return tuple(found)


def is_first(job: Job, operation: str, plan: tuple[str, ...]) -> bool:
    """Return whether the operation is in the plan and none of its predecessors is."""
    return operation in plan and not any(p.successor == operation and p.predecessor in plan for p in job.precedences)


def is_last(job: Job, operation: str, plan: tuple[str, ...]) -> bool:
    """Return whether the operation is in the plan and none of its successors is."""
    return operation in plan and not any(p.predecessor == operation and p.successor in plan for p in job.precedences)
