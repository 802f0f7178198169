"""Cyclic schedules from a schedule of one part set: the smallest cycle time at which copies of it fit into one another.

One set after the other always fits, once everything is back where it began: that is the safety net. Smaller cycle
times are tried from the least that the work allows on. Most of them are ruled out quickly: modulo the cycle time some
uses of a machine or carrier overlap, with the way or the setup between them. The checker decides about the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from scheduler.checker import check
from scheduler.domain import CarrierGroup, Instance, Move, Schedule, ScheduledOperation
from scheduler.domain.cycle import copy_id, part_set
from scheduler.domain.derive import complete, moves_into, occupied_from, occupied_until

MAX_CHECKS = 40
"""Schedules that are checked before sets follow one after the other."""
MAX_TRIES = 10_000
"""Cycle times that are looked at before that."""


class _Use(NamedTuple):
    """A use of a machine or carrier by one set, with the places or setup families at its ends."""

    start: int
    end: int
    first: str | None
    last: str | None


class _Turns(NamedTuple):
    """All uses of a machine or carrier by one set, and the ticks that it needs from one use to the next."""

    uses: tuple[_Use, ...]
    way: Callable[[str | None, str | None], int]

    @property
    def work(self) -> int:
        """The least that a cycle takes: all uses, one after the other."""
        return sum(use.end - use.start for use in self.uses)

    def fit(self, cycle_time: int) -> bool:
        """Return whether the uses keep clear of one another when all are repeated every `cycle_time` ticks."""
        return self.ruled_out_until(cycle_time) == cycle_time

    def ruled_out_until(self, cycle_time: int) -> int:
        """Return a cycle time before which, from this one on, the uses do not fit; this one if they do.

        Of two uses that overlap the one that belongs to so many sets before comes so many times as much nearer, or
        goes so many times as much further, with each tick of the cycle. They overlap until it is past the other.
        """
        turns = sorted((use.start % cycle_time, use.end - use.start, use) for use in self.uses)
        turns.append((turns[0][0] + cycle_time, turns[0][1], turns[0][2]))
        ticks = 0
        for (start, length, use), (later, other, following) in pairwise(turns):
            gap = later - start
            if gap < length + self.way(use.last, following.first):
                sets = (following.start - use.start - gap) // cycle_time
                left = length - gap if sets < 0 else other + gap
                ticks = max(ticks, 1, -(-left // abs(sets)) if sets and gap < length else 1)
        return cycle_time + ticks


def repeated(instance: Instance, one_set: Schedule) -> Schedule | None:
    """Return the schedule of a cyclic instance in which every set is made like this one, at the smallest cycle time.

    Parameters
    ----------
    instance
        A cyclic instance.
    one_set
        A schedule of its `scheduler.domain.cycle.part_set`.

    Returns
    -------
    Schedule or None
        None if there is no such schedule (which is not known to happen).
    """
    loaded = [move for move in one_set.moves if move.job is not None]
    spans = [(o.start, o.end) for o in one_set.operations] + [(m.start, m.end) for m in loaded]
    span = max(end for _, end in spans) - min(start for start, _ in spans) + 1
    alone = span + way_back(instance)
    turns = tuple(_turns(instance, one_set))
    least = max((each.work for each in turns), default=0)
    num_checks, cycle_time = 0, max(1, least, -(-span // _most_sets(instance)))
    for _ in range(MAX_TRIES):
        later = max((each.ruled_out_until(cycle_time) for each in turns), default=cycle_time)
        if later >= alone or num_checks == MAX_CHECKS:
            break
        if later == cycle_time:
            schedule = shifted(instance, one_set.operations, loaded, cycle_time)
            if not check(instance, schedule):
                return schedule
            num_checks += 1
            later += 1
        cycle_time = later
    schedule = shifted(instance, one_set.operations, loaded, alone)
    return None if check(instance, schedule) else schedule


def _most_sets(instance: Instance) -> int:
    """Return how many sets may be in the factory at a time."""
    return max(1, instance.cycle.repetitions - 1) if instance.cycle is not None else 1


def way_back(instance: Instance) -> int:
    """Return the longest that anything takes after a set to be ready for the next."""
    travel = [instance.longest_travel(group) for group in instance.group_by_id]
    setups = [
        t for m in instance.machines if m.setups is not None for row in m.setups.times.values() for t in row.values()
    ]
    lanes = [max(lane.return_time, lane.headway) for lane in instance.lanes]
    return max((*travel, *setups, *lanes), default=0)


def _turns(instance: Instance, one_set: Schedule) -> Iterator[_Turns]:
    """Yield the uses of each machine of capacity 1 and each carrier of one part, at the least.

    A part may stay on a machine for longer than this where it finds a buffer full of parts of other sets.
    """
    alone = part_set(instance)
    arriving, until = moves_into(one_set), occupied_until(alone, one_set)
    for machine in alone.machines:
        held: list[_Use] = []
        for operation in one_set.by_machine.get(machine.id, ()) if machine.capacity == 1 else ():
            family = alone.mode(operation.key, operation.mode).setup_family
            begin = occupied_from(alone, machine, operation, arriving.get(operation.key, ()))
            held.append(_Use(begin, until[operation.key], family, family))
        uses = tuple(use for use in held if use.start < use.end)
        if uses:
            yield _Turns(uses, machine.setups.time if machine.setups is not None else lambda before, after: 0)
    for carrier in alone.carrier_by_id.values():
        moves = one_set.by_mover.get(carrier.id, ())
        uses = tuple(_Use(m.start, m.end, m.origin, m.destination) for m in moves if m.job and m.start < m.end)
        if uses and carrier.capacity == 1:
            yield _Turns(uses, partial(_travel, alone.group_by_carrier[carrier.id]))


def _travel(group: CarrierGroup, origin: str | None, destination: str | None) -> int:
    return group.travel_time(origin or "", destination or "")


def shifted(
    instance: Instance, operations: Iterable[ScheduledOperation], moves: Iterable[Move], cycle_time: int, later: int = 0
) -> Schedule:
    """Return the schedule of all sets, each so many ticks after the one before, the first as given or `later`."""
    numbers = range(instance.cycle.repetitions) if instance.cycle is not None else range(1)
    delays = [later + number * cycle_time for number in numbers]
    loaded = [
        replace(m, job=copy_id(m.job or "", number), start=m.start + delay, end=m.end + delay)
        for number, delay in enumerate(delays, start=1)
        for m in moves
    ]
    return complete(
        instance,
        [
            replace(o, job=copy_id(o.job, number), start=o.start + delay, end=o.end + delay)
            for number, delay in enumerate(delays, start=1)
            for o in operations
        ],
        on_vehicles(instance, loaded),
    )


def on_vehicles(instance: Instance, moves: list[Move]) -> list[Move]:
    """Return the moves with the vehicles of lanes in turns: of those that are back that which has been for longest.

    What departs together is one trip as far as there is room. Where there are too few vehicles all moves keep theirs.
    """
    named = [move for move in moves if move.kind != "transfer"]
    for lane in instance.lanes:
        back_at, room = dict.fromkeys(lane.vehicle_ids, 0), dict.fromkeys(lane.vehicle_ids, 0)
        begun = dict.fromkeys(lane.vehicle_ids, -1)
        transfers = [move for move in moves if move.kind == "transfer" and move.mover in back_at]
        for move in sorted(transfers, key=lambda m: (m.start, m.mover, m.job or "")):
            units = move.units or instance.job_by_id[move.job or ""].units
            able = [v for v in back_at if begun[v] == move.start and room[v] >= units]
            if not able:
                able = sorted((v for v in back_at if back_at[v] <= move.start), key=back_at.__getitem__)
                if not able:
                    return moves
                begun[able[0]], room[able[0]] = move.start, lane.units_per_vehicle
                back_at[able[0]] = max(move.end + lane.return_time, move.start + 1)
            room[able[0]] -= units
            named.append(replace(move, mover=able[0]))
    return named
