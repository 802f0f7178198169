"""What is to be drawn: the schedules with everything looked up that several parts of a layout need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from scheduler.analysis.compare import ChangeKind, changes
from scheduler.analysis.occupation import Occupation, Wait, machine_usage, occupations, waits
from scheduler.domain.instance import Instance
from scheduler.domain.schedule import Charge, Move, OperationKey, Schedule, ScheduledOperation, Setup
from scheduler.plot.docks import Hold, dock_holds
from scheduler.plot.layout import LATE, NO_FAMILY, ON_TIME, ColourBy
from scheduler.plot.parking import Parked, parked_vehicles, parking_lanes
from scheduler.plot.pools import Share, pool_shares
from scheduler.plot.rows import Row, RowKind, arrange, sub_lanes
from scheduler.plot.stations import Place, place_lanes, taken_places

Piece: TypeAlias = tuple[OperationKey, int]
"""An operation or aborted piece by key and start: an operation that is repeated has one of each."""


@dataclass(frozen=True)
class Subject:
    """A schedule to lay out, alone, as the repair of `baseline`, or as the baseline of `repaired`."""

    instance: Instance
    schedule: Schedule
    baseline: Schedule | None = None
    repaired: Schedule | None = None
    colour_by: ColourBy = "job"

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """All schedules there are, the earlier one first."""
        return tuple(s for s in (self.baseline, self.schedule, self.repaired) if s is not None)

    @cached_property
    def other(self) -> Schedule | None:
        """The schedule that this one is compared with."""
        return self.baseline if self.baseline is not None else self.repaired

    @cached_property
    def change_by_key(self) -> Mapping[OperationKey, ChangeKind]:
        """What the repair changed; empty without comparison."""
        if len(self.schedules) == 1:
            return {}
        return {(change.job, change.operation): change.kind for change in changes(*self.schedules)}

    @cached_property
    def aborted(self) -> tuple[ScheduledOperation, ...]:
        """Work that was lost; the baseline of a repair does not know of it yet."""
        execution = self.instance.execution
        return () if execution is None or self.repaired is not None else execution.aborted

    @cached_property
    def lane_by_piece(self) -> Mapping[Piece, int]:
        """Sub-lane of every operation and aborted piece of the schedule."""
        return _stack(occupations(self.instance, self.schedule), self.schedule.operations, self.aborted)

    @cached_property
    def waits(self) -> tuple[tuple[Wait, int], ...]:
        """Who takes a place in a counted buffer, with its sub-lane: the lowest that is free."""
        free_at: dict[tuple[str, str], list[int]] = {}
        found = []
        for wait in waits(self.instance, self.schedule):
            lanes = free_at.setdefault((wait.machine, wait.side), [])
            lane = next((index for index, at in enumerate(lanes) if at <= wait.start), len(lanes))
            lanes[lane : lane + 1] = [wait.end]
            found.append((wait, lane))
        return tuple(found)

    @cached_property
    def taken_places(self) -> tuple[Place, ...]:
        """Who takes a place at an input or output station."""
        return taken_places(self.instance, self.schedule)

    @cached_property
    def parked(self) -> tuple[Parked, ...]:
        """Which vehicles are at limited places of their fleets."""
        return parked_vehicles(self.instance, self.schedule)

    def _places(self, machine: str, side: str) -> int:
        """Return the sub-lanes of a counted buffer."""
        known = self.instance.machine_by_id[machine]
        places = known.input_buffer if side == "before" else known.output_buffer
        used = [lane for wait, lane in self.waits if (wait.machine, wait.side) == (machine, side)]
        return sub_lanes(places or 1, max(used, default=0) + 1)

    @cached_property
    def ghost_lane_by_piece(self) -> Mapping[Piece, int]:
        """Sub-lane of every operation of the baseline."""
        if self.baseline is None:
            return {}
        return _stack(occupations(self.instance, self.baseline), self.baseline.operations, ())

    @cached_property
    def tardiness_by_job(self) -> Mapping[str, int]:
        """Tardiness of the jobs completed after their due date, latest first."""
        tardiness = {
            job.id: self.schedule.completions[job.id] - job.due_date
            for job in self.instance.jobs
            if job.due_date is not None and self.schedule.completions.get(job.id, job.due_date) > job.due_date
        }
        return dict(sorted(tardiness.items(), key=lambda item: -item[1]))

    @cached_property
    def _unchanged(self) -> frozenset[Move | Setup | Charge]:
        """The moves, setups and charges of the other schedule."""
        other = self.other
        return frozenset() if other is None else frozenset((*other.moves, *other.setups, *other.charges))

    def change_of(self, item: Move | Setup | Charge) -> ChangeKind | None:
        """Return whether the other schedule has the same move, setup or charge, None without comparison."""
        if self.other is None:
            return None
        return "unchanged" if item in self._unchanged else "moved"

    @cached_property
    def dock_holds(self) -> Mapping[str, tuple[Hold, ...]]:
        """The trips at the docks of every facility that has a number of them."""
        return dock_holds(self.instance, self.schedule)

    @cached_property
    def pool_shares(self) -> Mapping[str, tuple[Share, ...]]:
        """What takes the operators of every pool that has shortages."""
        return pool_shares(self.instance, self.schedule)

    @cached_property
    def _dock_lanes(self) -> Mapping[str, int]:
        """Sub-lanes of the docks of every facility that has a number of them."""
        found = {}
        for facility in self.instance.facilities:
            if facility.docks is not None:
                used = max((hold.dock + 1 for hold in self.dock_holds[facility.id]), default=1)
                found[facility.id] = sub_lanes(facility.docks, used)
        return found

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the chart."""
        used = dict.fromkeys(self.instance.machine_by_id, 1)
        shown = [(o, self.lane_by_piece) for o in (*self.schedule.operations, *self.aborted)]
        if self.baseline is not None:
            shown += [(o, self.ghost_lane_by_piece) for o in self.baseline.operations]
        for operation, lanes in shown:
            used[operation.machine] = max(used[operation.machine], lanes[operation.key, operation.start] + 1)
        return arrange(
            self.instance,
            {
                **{("machine", m.id): sub_lanes(m.capacity, used[m.id]) for m in self.instance.machines},
                **{("places_before", m.id): self._places(m.id, "before") for m in self.instance.machines},
                **{("places_after", m.id): self._places(m.id, "after") for m in self.instance.machines},
                **place_lanes(self.instance, self.taken_places),
                **{("docks", id): lanes for id, lanes in self._dock_lanes.items()},
                **{("operators", pool.id): pool.capacity for pool in self.instance.operators},
                **{("parking_places", row): n for row, n in parking_lanes(self.instance, self.parked).items()},
                **{("charger", c.id): c.places for c in self.instance.charger_by_id.values()},
            },
            {machine: usage.utilisation for machine, usage in machine_usage(self.instance, self.schedule).items()},
            tuple(self.tardiness_by_job),
            has_due_dates=any(job.due_date is not None or job.deadline is not None for job in self.instance.jobs),
        )

    @cached_property
    def row_of(self) -> Mapping[tuple[RowKind, str], int]:
        """Number of the row of a resource or late job."""
        return {(row.kind, row.id): index for index, row in enumerate(self.rows)}

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """What colours stand for; jobs of the earliest schedule first, so that a repair leaves their colours alone."""
        if self.colour_by == "lateness":
            return (ON_TIME, LATE)
        execution = self.instance.execution
        earlier = () if execution is None else execution.baseline.operations
        operations = [operation for schedule in self.schedules for operation in schedule.operations]
        if self.colour_by == "job":
            known = tuple(self.instance.job_by_id)
            first = known if execution is None and len(self.schedules) == 1 else ()
            return tuple(dict.fromkeys((*first, *(o.job for o in (*earlier, *operations)), *known)))
        families = {self.group(o.job, o) for o in operations}
        return (*sorted(f for f in families if f is not None and f != NO_FAMILY), NO_FAMILY)

    def group(self, job: str | None, operation: ScheduledOperation | None = None) -> str | None:
        """Return what colours a bar of this job or operation."""
        if job is None or self.colour_by == "job":
            return job
        if self.colour_by == "lateness":
            return LATE if job in self.tardiness_by_job else ON_TIME
        known = None if operation is None else self.instance.operation_by_key.get(operation.key)
        if operation is None or known is None or operation.mode >= len(known.modes):
            return NO_FAMILY
        return known.modes[operation.mode].setup_family or NO_FAMILY


def _stack(
    occupied: Mapping[OperationKey, Occupation],
    operations: Sequence[ScheduledOperation],
    aborted: Iterable[ScheduledOperation],
) -> dict[Piece, int]:
    """Give every occupation of a machine the lowest sub-lane that is free when it begins.

    An aborted piece whose part has stayed on the machine until its operation is repeated lies in that one's sub-lane.
    """
    taken = [(occupied[o.key].start, occupied[o.key].end, o.machine, (o.key, o.start)) for o in operations]
    start_by_key = {o.key: o.start for o in operations}
    stayed: list[ScheduledOperation] = []
    for piece in aborted:
        held = occupied.get(piece.key)
        if held is not None and held.machine == piece.machine and held.start <= piece.start:
            stayed.append(piece)
        else:
            taken.append((piece.start, piece.end, piece.machine, (piece.key, piece.start)))
    lane_by_piece: dict[Piece, int] = {}
    free_at: dict[str, list[int]] = {}
    for start, end, machine, key in sorted(taken):
        lanes = free_at.setdefault(machine, [])
        lane = next((index for index, at in enumerate(lanes) if at <= start), len(lanes))
        lanes[lane : lane + 1] = [end]
        lane_by_piece[key] = lane
    for lost in stayed:
        lane_by_piece[lost.key, lost.start] = lane_by_piece[lost.key, start_by_key[lost.key]]
    return lane_by_piece
