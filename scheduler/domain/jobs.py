"""Jobs, their operations, and the modes in which an operation can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to do an operation: on this machine, in ``duration`` ticks of working time.

    ``operators`` says how many people of which pool are held from start to end. With ``max_dwell`` the part leaves
    the machine at most so many ticks after the operation has ended (0: at once) and, where it is put down on the
    machine itself, is worked on from that moment: the soaking window of a bath. None is no limit. With
    ``tended`` a robot of the machine's cell is at the machine, and has a gripper there, from start to end.
    """

    machine: str
    duration: int
    setup_family: str | None = None
    operators: Mapping[str, int] = field(default_factory=dict)
    max_dwell: int | None = None
    tended: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """The smallest piece of work that is scheduled; ``id`` is unique inside its job.

    An ``interruptible`` operation pauses in downtimes of its machine and goes on after them; any other must
    lie between two downtimes.
    """

    id: str
    modes: tuple[Mode, ...]
    interruptible: bool = False


@dataclass(frozen=True, slots=True)
class Precedence:
    """``min_lag <= start(successor) - end(predecessor) <= max_lag``; the part moves from one to the other.

    ``max_lag`` None is no limit; 0 with ``min_lag`` 0 is *no-wait*.
    """

    predecessor: str
    successor: str
    min_lag: int = 0
    max_lag: int | None = None


@dataclass(frozen=True)
class Job:
    """Operations that are delivered together.

    ``precedences`` form an acyclic graph. With ``plans`` (alternative process plans, each a set of operation ids)
    exactly one plan is carried out and the other operations are left out, with their precedences.
    ``units`` is the job's size in transport units on transfer lanes. ``carriers`` are the fleets, vehicles and robots
    that may carry it: in a cell of which robots are named only these do; in a facility of which vehicles or fleets are
    named only these vehicles, and those of these fleets; elsewhere all do. A job that ``splits`` goes over a lane in as
    few loads as the smallest vehicle there needs, on one or several trips; any other has to fit into one vehicle.
    """

    id: str
    operations: tuple[Operation, ...]
    precedences: tuple[Precedence, ...] = ()
    release_date: int = 0
    due_date: int | None = None
    deadline: int | None = None
    weight: int = 1
    units: int = 1
    plans: tuple[tuple[str, ...], ...] = ()
    carriers: tuple[str, ...] = ()
    splits: bool = False

    @property
    def indivisible_units(self) -> int:
        """Transport units that have to go on one trip: all of them, or 1 where the job splits."""
        return 1 if self.splits else self.units

    @cached_property
    def links(self) -> tuple[tuple[str | None, str | None, Precedence | None], ...]:
        """Every way of a part of the job: ``(predecessor, successor, precedence)``.

        Besides its precedences a job has a link ``(None, first, None)`` into each operation that can be without
        predecessor and ``(last, None, None)`` out of each that can be without successor. With alternative plans such a
        link counts only in the plans in which the operation really has none, see `scheduler.domain.routing.is_first`.
        """
        plans = self.plans or (tuple(operation.id for operation in self.operations),)
        found: list[tuple[str | None, str | None, Precedence | None]] = []
        firsts: set[str] = set()
        lasts: set[str] = set()
        for plan in map(frozenset, plans):
            firsts |= plan.difference(p.successor for p in self.precedences if p.predecessor in plan)
            lasts |= plan.difference(p.predecessor for p in self.precedences if p.successor in plan)
        found.extend((None, operation.id, None) for operation in self.operations if operation.id in firsts)
        found.extend((p.predecessor, p.successor, p) for p in self.precedences)
        found.extend((operation.id, None, None) for operation in self.operations if operation.id in lasts)
        return tuple(found)

    def operation(self, operation_id: str) -> Operation:
        """Return the operation with this id (KeyError when there is none)."""
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        raise KeyError(operation_id)


def chain(operation_ids: tuple[str, ...]) -> tuple[Precedence, ...]:
    """Return the precedences of operations done one after the other."""
    return tuple(Precedence(a, b) for a, b in pairwise(operation_ids))
