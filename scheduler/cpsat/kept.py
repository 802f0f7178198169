"""What a subproblem keeps of a schedule: the relative order of everything but some free operations.

Modes, movers and, on each resource, the order of what is kept stay as they are, while all times may change (the partial
order schedule of Policella et al. 2004, which Godard, Laborie & Nuijten 2005 relax). A free operation may go anywhere.
A part's way is kept if the operations at both of its ends are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from scheduler.cpsat.view import ScheduleView
from scheduler.domain import Instance, Move, OperationKey, Schedule, ScheduledOperation
from scheduler.domain.routing import Slot

if TYPE_CHECKING:
    from scheduler.cpsat.carriers import GapVars
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.links import OptionVars

MoveKey: TypeAlias = tuple[str, str | None, str | None, Slot, int]
"""``(job, predecessor, successor, slot, load)`` of a loaded move."""


class Kept:
    """The questions that rules ask about the order that is kept, and the constraints that keep it.

    Parameters
    ----------
    instance
        The instance of the subproblem: kept operations have one mode.
    schedule
        The schedule that is kept, in the modes of `instance`.
    free
        The operations that are not kept.
    """

    def __init__(self, instance: Instance, schedule: Schedule, free: frozenset[OperationKey]) -> None:
        self._instance = instance
        self._view = ScheduleView(instance, schedule)
        self._free = free

    def keeps(self, job: str, *operations: str | None) -> bool:
        """Return whether all of these operations are kept (None is the outside)."""
        return not any((job, operation) in self._free for operation in operations)

    def mover(self, key: MoveKey) -> str | None:
        """Return the carrier, or the lane, that a kept move keeps; None where it is free."""
        move = self._view.move(key) if self.keeps(key[0], key[1], key[2]) else None
        if move is None:
            return None
        lane = self._instance.lane_by_vehicle.get(move.mover)
        return move.mover if lane is None else lane.id

    def tender(self, key: OperationKey) -> str | None:
        """Return the robot that tends a kept operation; None where it is free."""
        kept = None if key in self._free else self._view.operations.get(key)
        return None if kept is None else kept.tended_by

    def may_follow(self, resource: str, before: Hashable, after: Hashable) -> bool:
        """Return whether one may directly follow the other on a machine or carrier (None: its begin or end).

        Between two that are kept only free ones may come, so they follow each other only if they are neighbours
        among the kept.
        """
        ranks = self._ranks.get(resource, {})
        a = -1 if before is None else ranks.get(before)
        b = len(ranks) if after is None else ranks.get(after)
        return a is None or b is None or b == a + 1

    def may_join(self, transfer: MoveKey, leader: MoveKey) -> bool:
        """Return whether a transfer may join the trip of another: of the kept, only one of its own trip."""
        moves = [self._view.move(key) if self.keeps(key[0], key[1], key[2]) else None for key in (transfer, leader)]
        return any(move is None for move in moves) or len({(m.mover, m.start) for m in moves if m is not None}) == 1

    @cached_property
    def _ranks(self) -> dict[str, dict[Hashable, int]]:
        found: dict[str, dict[Hashable, int]] = {}
        for machine in self._instance.machines:
            kept = (key for key in self._view.sequence(machine.id) if key not in self._free)
            found[machine.id] = {key: rank for rank, key in enumerate(kept)}
        for carrier in self._instance.carrier_by_id:
            keys = (self._task_key(task) for task in self._kept_tasks(carrier))
            found[carrier] = {key: rank for rank, key in enumerate(keys)}
        return found

    def _kept_tasks(self, carrier: str) -> list[Move | ScheduledOperation]:
        """Return the loaded moves of a carrier that are kept and the kept operations that it tends, in order."""
        moves = set(self._kept_moves(carrier))
        tasks = self._view.tasks(carrier)
        return [task for task in tasks if (task in moves if isinstance(task, Move) else self._keeps_tending(task))]

    def _keeps_tending(self, operation: ScheduledOperation) -> bool:
        return operation.key not in self._free and self._view.operations.get(operation.key) == operation

    def _task_key(self, task: Move | ScheduledOperation) -> MoveKey | OperationKey:
        return self._key(task) if isinstance(task, Move) else task.key

    def _kept_moves(self, mover: str) -> list[Move]:
        """Return the loaded moves of the mover that are kept, in order; the past may have some of cancelled jobs."""
        return [
            move
            for move in self._view.loaded_moves(mover)
            if move.job is not None
            and move.job in self._instance.job_by_id
            and self.keeps(move.job, move.predecessor, move.successor)
        ]

    def _key(self, move: Move) -> MoveKey:
        return (move.job or "", move.predecessor, move.successor, self._view.slot(move), move.load)

    # --- constraints -------------------------------------------------------------------------------------------------

    def post(self, ctx: ModelContext) -> None:
        """Keep the order on machines, in operator pools, of carriers and of lane vehicles."""
        for machine in self._instance.machines:
            keys = [key for key in self._view.sequence(machine.id) if key not in self._free]
            stays = [(self._view.from_(key), self._view.until(key), 1, key) for key in keys]
            for a, b in _handed_on(stays, machine.capacity):
                ctx.model.add(ctx.occupation(b, 0).from_ >= ctx.occupation(a, 0).until)
        for pool in self._instance.operators:
            for a, b in _handed_on(self._holders(pool.id), pool.capacity):
                ctx.model.add(ctx.start(b) >= ctx.end(a))
        if self._instance.group_by_id or self._instance.lanes:
            self._post_moves(ctx)

    def _holders(self, pool: str) -> list[tuple[int, int, int, OperationKey]]:
        held = []
        for key, operation in self._view.operations.items():
            demand = self._instance.mode(key, operation.mode).operators.get(pool, 0)
            if demand > 0 and key not in self._free:
                held.append((operation.start, operation.end, demand, key))
        return sorted(held)

    def _post_moves(self, ctx: ModelContext) -> None:
        options: dict[MoveKey, OptionVars] = {
            option.key: option for link in ctx.links for slot in link.slots for option in slot.options
        }
        for carrier in self._instance.carrier_by_id:
            holds_several = self._instance.carrier_by_id[carrier].capacity > 1
            for before, after in pairwise(self._kept_tasks(carrier)):
                start, end = self._times(ctx, options, before)
                ctx.model.add(self._times(ctx, options, after)[0] >= (start if holds_several else end))
        for charges in self._kept_charges(ctx, options).values():
            for (_, _, gap), (_, _, later) in pairwise(sorted(charges, key=lambda charge: charge[:2])):
                ctx.model.add(later.start >= gap.end)
        for vehicle, lane in self._instance.lane_by_vehicle.items():
            for before, after in pairwise(self._kept_moves(vehicle)):
                a, b = options[self._key(before)], options[self._key(after)]
                ctx.model.add(
                    b.start == a.start if after.start == before.start else b.start >= a.end + lane.return_time
                )

    def _times(
        self, ctx: ModelContext, options: Mapping[MoveKey, OptionVars], task: Move | ScheduledOperation
    ) -> tuple[Any, Any]:
        """Return start and end of a kept task of a carrier in the model."""
        if isinstance(task, Move):
            option = options[self._key(task)]
            return option.start, option.end
        return ctx.start(task.key), ctx.end(task.key)

    def _kept_charges(
        self, ctx: ModelContext, options: Mapping[MoveKey, OptionVars]
    ) -> dict[str, list[tuple[int, str, GapVars]]]:
        """Let vehicles charge before kept moves where they did; return those at chargers for one, with their start."""
        found: dict[str, list[tuple[int, str, GapVars]]] = {}
        for vehicle in self._instance.battery_by_vehicle:
            for move in self._kept_moves(vehicle):
                gap = ctx.carriers.gap(vehicle, options[self._key(move)])
                if gap is None:
                    continue
                was = gap.of(self._view)
                if was.charge is None:
                    ctx.model.add(sum(gap.at.values()) == 0)
                else:
                    ctx.model.add(gap.at[was.charge.charger] == 1)
                if was.charge is not None and self._instance.charger_by_id[was.charge.charger].places == 1:
                    found.setdefault(was.charge.charger, []).append((was.start, vehicle, gap))
        return found


def _handed_on(
    held: Iterable[tuple[int, int, int, OperationKey]], capacity: int
) -> Iterator[tuple[OperationKey, OperationKey]]:
    """Yield who takes over a unit from whom, ``(from, until, units, key)`` being held in order of ``from``.

    Each takes the units that have been free for the shortest time.
    """
    places: list[tuple[int, OperationKey | None]] = [(0, None)] * capacity
    for from_, until, units, key in held:
        if from_ >= until:
            continue
        free = sorted((p for p in range(capacity) if places[p][0] <= from_), key=lambda p: -places[p][0])[:units]
        givers = dict.fromkeys(places[p][1] for p in free)
        for giver in givers:
            if giver is not None:
                yield giver, key
        for p in free:
            places[p] = (until, key)
