"""Facts about a schedule that several rules check against.

Derived here from instance and schedule alone, by other means than the model, the construction heuristic,
`scheduler.domain.derive` and `scheduler.domain.routing`, so that a slip there can't hide here. Nothing here
raises on a schedule that refers to things the instance does not have.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from scheduler.constraints.rule import Violation
from scheduler.domain import (
    Calendar,
    Carrier,
    Charge,
    Instance,
    Mode,
    Move,
    OperationKey,
    Robot,
    RobotCell,
    Schedule,
)
from scheduler.domain import ScheduledOperation as Scheduled
from scheduler.domain.remembered import remembered


def name(operation: Scheduled) -> str:
    """Return ``J3.2`` for operation 2 of job J3."""
    return f"{operation.job}.{operation.operation}"


def place(operation: Scheduled) -> str:
    """Return ``J3.2 on M4``."""
    return f"{name(operation)} on {operation.machine}"


def describe(move: Move) -> str:
    """Return ``J3 from M4 to M5 at 17``; an empty move has no job."""
    return f"{move.job or 'empty move'} from {move.origin} to {move.destination} at {move.start}"


def carrier_name(carrier: Carrier) -> str:
    """Return ``robot R1`` or ``vehicle V2``."""
    return f"{'robot' if isinstance(carrier, Robot) else 'vehicle'} {carrier.id}"


def mode_of(instance: Instance, operation: Scheduled) -> Mode | None:
    """Return the scheduled mode, or None if the instance has no such operation or mode."""
    known = instance.operation_by_key.get(operation.key)
    if known is None or not 0 <= operation.mode < len(known.modes):
        return None
    return known.modes[operation.mode]


@remembered
def past_moves(instance: Instance) -> frozenset[Move]:
    """Return the loaded moves that have happened or are under way, as they really are."""
    return frozenset(instance.execution.moves) if instance.execution else frozenset()


def past_charges(instance: Instance) -> frozenset[Charge]:
    """Return the charges that have happened or are under way."""
    return frozenset(instance.execution.charges) if instance.execution else frozenset()


class Task(NamedTuple):
    """What takes a carrier for ``[start, end)``: a loaded move, a charge, or an operation that a robot tends.

    For the last two ``origin`` is ``destination``.
    """

    start: int
    end: int
    origin: str
    destination: str
    item: Move | Charge | Scheduled

    @property
    def words(self) -> str:
        """The task in words."""
        if isinstance(self.item, Move):
            return describe(self.item)
        if isinstance(self.item, Charge):
            return f"the charge at {self.item.charger} at {self.start}"
        return f"tending {place(self.item)} at {self.start}"


def tasks(instance: Instance, schedule: Schedule, carrier: str) -> list[Task]:
    """Return what a robot or vehicle has to do, in order; charges at unknown chargers are for `batteries` to tell.

    Work that a robot tended and that was lost took it too.
    """
    found = [
        Task(m.start, m.end, m.origin, m.destination, m)
        for m in schedule.by_mover.get(carrier, ())
        if m.job is not None
    ]
    for charge in schedule.by_vehicle.get(carrier, ()):
        charger = instance.charger_by_id.get(charge.charger)
        if charger is not None:
            found.append(Task(charge.start, charge.end, charger.place, charger.place, charge))
    lost = instance.execution.aborted if instance.execution is not None else ()
    tended = (*schedule.by_tender.get(carrier, ()), *(piece for piece in lost if piece.tended_by == carrier))
    found += (Task(o.start, o.end, o.machine, o.machine, o) for o in tended)
    return sorted(found, key=lambda task: task[:2])


class Clock:
    """Counts the ticks in which a calendar works, in closed form: nothing is unrolled up to a horizon."""

    def __init__(self, calendar: Calendar) -> None:
        self._pattern = calendar.pattern
        self._per_period = sum(shift.end - shift.start for shift in self._pattern.shifts) if self._pattern else 0
        self._overtime = calendar.overtime  # outside of shifts and downtimes
        self._downtimes = _merged((d.start, d.end) for d in calendar.downtimes if d.start < d.end)
        self._downtime_ends = [end for _, end in self._downtimes]

    def working(self, start: int, end: int) -> int:
        """Return the number of working ticks in ``[start, end)``."""
        if end <= start:
            return 0
        ticks = self._on_shift(end) - self._on_shift(start)
        ticks += sum(max(0, min(w.end, end) - max(w.start, start)) for w in self._overtime)
        position = bisect_right(self._downtime_ends, start)
        while position < len(self._downtimes) and self._downtimes[position][0] < end:
            down_from, down_until = self._downtimes[position]
            ticks -= self._on_shift(min(down_until, end)) - self._on_shift(max(down_from, start))
            position += 1
        return ticks

    def downtime(self, start: int, end: int) -> int:
        """Return the number of ticks in ``[start, end)`` without work."""
        if self._pattern is None and not self._downtimes:
            return 0
        return max(0, end - start) - self.working(start, end)

    def _on_shift(self, instant: int) -> int:
        """Return the ticks on shift in ``[0, instant)``, downtimes ignored."""
        if self._pattern is None:
            return instant
        periods, rest = divmod(instant, self._pattern.period)
        begun = sum(min(rest, shift.end) - shift.start for shift in self._pattern.shifts if shift.start < rest)
        return periods * self._per_period + begun


def _merged(windows: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


class Stay(NamedTuple):
    """One part on one machine, which it occupies during ``[begin, until)``; `operation` runs there."""

    begin: int
    until: int
    start: int
    end: int
    operation: Scheduled


@remembered
def occupations(instance: Instance, schedule: Schedule) -> Mapping[str, list[Stay]]:
    """Return the stays on each known machine in the order of occupation (`docs/rules.md`)."""
    lacking = any(0 in (machine.input_buffer, machine.output_buffer) for machine in instance.machines)
    loading = brought_at(instance, schedule) if lacking else {}
    leaving = taken_at(instance, schedule) if lacking else {}
    found: dict[str, list[Stay]] = {machine.id: [] for machine in instance.machines}
    for operation in schedule.operations:
        machine = instance.machine_by_id.get(operation.machine)
        if machine is None:
            continue
        begin = loading.get(operation.key, operation.start) if machine.input_buffer == 0 else operation.start
        until = max(operation.end, leaving.get(operation.key, 0)) if machine.output_buffer == 0 else operation.end
        found[machine.id].append(Stay(begin, until, operation.start, operation.end, operation))
    for held in found.values():
        held.sort(key=lambda o: (o[0], o[1], o[2], o[3], o[4].job, o[4].operation))
    return found


Way: TypeAlias = tuple[str, str | None, str | None]
"""Job, predecessor, successor."""


@remembered
def ways_of(schedule: Schedule) -> Mapping[Way, list[Move]]:
    """Return the loaded moves of each way of a part, in order."""
    ways: dict[Way, list[Move]] = {}
    for move in schedule.moves:
        if move.job is not None:
            ways.setdefault((move.job, move.predecessor, move.successor), []).append(move)
    for moves in ways.values():
        moves.sort(key=lambda m: (m.start, m.end))
    return ways


def _handling(instance: Instance, move: Move) -> tuple[int, int]:
    """Return how long a move takes to pick the part up and to put it down."""
    group = instance.group_by_carrier.get(move.mover)
    lane = instance.lane_by_vehicle.get(move.mover)
    if lane is not None:
        return lane.load_time, lane.unload_time
    if isinstance(group, RobotCell):
        return group.unload_time, group.load_time
    return (group.pick_up_time, group.drop_time) if group is not None else (0, 0)


def put_down_at(instance: Instance, machine: str, moves: Sequence[Move]) -> int | None:
    """Return when the last move of a way begins to put the part down on the machine; None if it ends elsewhere."""
    if not moves or moves[-1].destination != machine:
        return None
    return moves[-1].end - _handling(instance, moves[-1])[1]


def taken_up_at(instance: Instance, machine: str, moves: Sequence[Move]) -> int | None:
    """Return when the first move of a way has the part off the machine; None if it begins elsewhere.

    A lane takes jobs up wherever they are in the facility, and the last of several loads last.
    """
    if not moves or (moves[0].origin != machine and moves[0].kind != "transfer"):
        return None
    places = (moves[0].origin, moves[0].destination)
    loads = [move for move in moves if (move.origin, move.destination) == places]
    return max(move.start + _handling(instance, move)[0] for move in loads)


def brought_at(instance: Instance, schedule: Schedule) -> dict[OperationKey, int]:
    """Return when the first part is put down at its machine, by operation to whose machine a move leads."""
    begins: dict[OperationKey, int] = {}
    for (job, _, successor), moves in ways_of(schedule).items():
        operation = schedule.by_operation.get((job, successor or ""))
        down = put_down_at(instance, operation.machine, moves) if operation is not None else None
        if operation is not None and down is not None:
            begins[operation.key] = min(begins.get(operation.key, down), down)
    return begins


def taken_at(instance: Instance, schedule: Schedule) -> dict[OperationKey, int]:
    """Return when the last part has been picked up, or taken over by the next operation, by operation.

    A part that was taken over for work that was lost has been gone since then.
    """
    instants: dict[OperationKey, int] = {}
    ways, gone = ways_of(schedule), gone_at(instance, schedule)
    for (job, predecessor, successor), moves in ways.items():
        if (job, predecessor, successor) in gone:
            continue
        operation = schedule.by_operation.get((job, predecessor or ""))
        up = taken_up_at(instance, operation.machine, moves) if operation is not None else None
        if operation is not None and up is not None:
            instants[operation.key] = max(instants.get(operation.key, up), up)
    for before, after in consecutive(instance, schedule):
        way = (before.job, before.operation, after.operation)
        if way in gone or way not in ways:
            instant = gone.get(way, after.start)
            instants[before.key] = max(instants.get(before.key, instant), instant)
    return instants


def gone_at(instance: Instance, schedule: Schedule) -> dict[Way, int]:
    """Return when the part of a way came to another machine without a move, for work that was lost there."""
    lost = instance.execution.aborted if instance.execution is not None else ()
    if not lost:
        return {}
    found: dict[Way, int] = {}
    ways = ways_of(schedule)
    for before, after in consecutive(instance, schedule):
        way = (before.job, before.operation, after.operation)
        moved_at = min((move.start for move in ways.get(way, ())), default=None)
        starts = [
            piece.start
            for piece in lost
            if piece.key == after.key and piece.machine != before.machine and piece.start >= before.start
        ]
        starts = [start for start in starts if moved_at is None or moved_at >= start]
        if starts:
            found[way] = min(starts)
    return found


@remembered
def consecutive(instance: Instance, schedule: Schedule) -> list[tuple[Scheduled, Scheduled]]:
    """Return every pair of scheduled operations that a precedence links, without repetition, in file order."""
    pairs: dict[tuple[OperationKey, OperationKey], tuple[Scheduled, Scheduled]] = {}
    for job in instance.jobs:
        for precedence in job.precedences:
            before = schedule.by_operation.get((job.id, precedence.predecessor))
            after = schedule.by_operation.get((job.id, precedence.successor))
            if before is not None and after is not None:
                pairs[before.key, after.key] = (before, after)
    return list(pairs.values())


class Holding(NamedTuple):
    """A part takes a place during ``[begin, until)``; ``where`` says which one."""

    begin: int
    until: int
    where: str


def overflows(rule: str, stays: Iterable[Holding], places: int, happens: str) -> Iterator[Violation]:
    """Yield a violation for each part that comes when all places are taken by earlier ones."""
    held: list[Holding] = []
    for stay in sorted(stay for stay in stays if stay.begin < stay.until):
        held = [other for other in held if other.until > stay.begin]
        if len(held) >= places:
            first = min(held, key=lambda other: other.until)
            detail = f"{happens} at {stay.begin}, all {places} places are taken until {first.until} ({first.where})"
            yield Violation(rule, stay.where, detail, min(first.until, stay.until) - stay.begin)
            held.remove(first)
        held.append(stay)


def moves_in_downtimes(
    rule: str, carrier: Carrier, loaded: Sequence[Move], past: frozenset[Move]
) -> Iterator[Violation]:
    """Yield a violation of the rule for each loaded move that is planned over a downtime of its carrier."""
    clock = Clock(carrier.calendar)
    for move in loaded:
        downtime = clock.downtime(move.start, move.end)
        if downtime > 0 and move not in past:
            detail = f"{describe(move)}, until {move.end}, is {downtime} in a downtime"
            yield Violation(rule, carrier_name(carrier), detail, downtime)
