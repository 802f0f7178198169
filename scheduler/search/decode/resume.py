"""What has begun, from the board of the construction heuristic into the state that every decode starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scheduler.domain import Charge, Fleet, Move, ScheduledOperation
from scheduler.domain.batteries import visit_levels
from scheduler.domain.derive import complete
from scheduler.domain.visits import visits
from scheduler.search.board import Board
from scheduler.search.charging import BatteryTimeline
from scheduler.search.decode import layout as at
from scheduler.search.decode.begun import Begun
from scheduler.search.decode.facts import Facts, machine_timelines, profiles_on
from scheduler.search.decode.layout import MAX_LEGS
from scheduler.search.parking import ParkingTimeline
from scheduler.search.units import Unit

if TYPE_CHECKING:
    from scheduler.search.decode.lower import Lowered


def resume(
    lowered: Lowered,
    board: Board,
    placed: set[Unit],
    numbers: Mapping[int, int],
    facts: Facts,
    begun: Begun,
) -> None:
    """Write what is on the board into the state; `numbers` are those of its operations by index."""
    data, state = lowered.data, lowered.state

    def put(column: int, row: int, value: int) -> None:
        state[data[column] + row] = value

    row_of = _mode_rows(lowered)
    for unit in placed:
        for operation in unit.operations:
            number, index = numbers[operation.index], operation.index
            put(at.MODE, number, row_of[number][board.mode_of(operation).number])
            for column, values in (
                (at.START, board.start),
                (at.END, board.end),
                (at.BEGIN, board.begin),
                (at.UNTIL, board.until),
                (at.WAITING, board.waiting),
                (at.LEFT_AT, board.left_at),
            ):
                put(column, number, values[index])
            put(at.STORED, number, board.stored.get(index, (0, 0))[1])
    for machine, timeline in enumerate(machine_timelines(board)):
        before = -1
        for begin, until, owner in timeline.occupied() if timeline is not None else ():
            number = numbers[owner]
            put(at.BEGIN, number, begin)
            put(at.UNTIL, number, until)
            put(at.BEFORE, number, before)
            if before >= 0:
                put(at.AFTER, before, number)
            put(at.LAST_ON, machine, number)
            before = number
        put(at.BUSY, machine, board.busy[machine])
    _resume_profiles(lowered, board)
    _resume_moves(lowered, board, facts, begun)
    _resume_levels(lowered, board)
    for number, link in enumerate(lowered.links):
        if link in board.part:
            done, instant = board.part[link]
            put(at.DONE, number, done)
            put(at.AT, number, instant)
    _resume_ways(lowered, board, facts)
    ends: dict[int, int] = {}
    for unit in placed:
        job = unit.plan.job.index
        ends[job] = max(ends.get(job, 0), *(board.end[o.index] for o in unit.operations))
    job_number = {job.domain.id: job.index for job in lowered.problem.jobs}
    for link, (_, instant) in board.part.items():
        job = job_number[link.job.id]
        ends[job] = max(ends.get(job, 0), instant)
    for planned in board.plans:
        put(at.JOB_END, planned.index, ends.get(planned.index, 0))


def _resume_ways(lowered: Lowered, board: Board, facts: Facts) -> None:
    """Write down which lanes parts have taken first, and how much of a job is gone with some of its loads."""
    data, state = lowered.data, lowered.state
    stops: dict[tuple[str | None, ...], int] = {}
    for move in sorted(board.moves, key=lambda move: move.start):
        if move.kind == "transfer":
            stops.setdefault((move.job, move.predecessor, move.successor), facts.site(move.destination))
    gone = {link: moves for (link, _, _), moves in board.departed.items()}
    for number, link in enumerate(lowered.links):
        state[data[at.VIA] + number] = stops.get((link.job.id, *link.ends), -1)
        if link in gone:
            state[data[at.GONE] + number] = sum(move.units or 0 for move in gone[link])
            state[data[at.GONE_UNTIL] + number] = max(move.end for move in gone[link])


def _mode_rows(lowered: Lowered) -> list[dict[int, int]]:
    """Return, by operation, the row of each of its modes by number."""
    rows: list[dict[int, int]] = []
    ops_at, width = int(lowered.data[at.OPS]), int(lowered.data[at.OPS + 1])
    for number in range(len(lowered.operations)):
        row = ops_at + number * width
        first, end = int(lowered.data[row + at.MODES_AT]), int(lowered.data[row + at.MODES_END])
        rows.append({lowered.modes[k].number: k for k in range(first, end)})
    return rows


def _resume_profiles(lowered: Lowered, board: Board) -> None:
    data, state = lowered.data, lowered.state
    new = int(state[data[at.NUM_STEPS]])
    for number, profile in enumerate(profiles_on(board)):
        before = number
        for position, (instant, level) in enumerate(profile.steps):
            step = number if position == 0 else new
            new += position > 0
            state[data[at.STEP_AT] + step] = instant
            state[data[at.STEP_LEVEL] + step] = level
            state[data[at.STEP_AFTER] + step] = -1
            state[data[at.STEP_BEFORE] + step] = -1 if position == 0 else before
            if position > 0:
                state[data[at.STEP_AFTER] + before] = step
            before = step
        state[data[at.LAST_STEP] + number] = before
    state[data[at.NUM_STEPS]] = new


def _resume_moves(lowered: Lowered, board: Board, facts: Facts, begun: Begun) -> None:
    """Put moves, charges and tending on the board into the sequences of movers; transfers of one trip share a row."""
    data, state, instance = lowered.data, lowered.state, lowered.problem.instance
    number_of = {name: number for number, name in enumerate(lowered.movers)}
    last: dict[str, int] = {}
    trips: dict[tuple[str, int], int] = {}
    first = MAX_LEGS * len(lowered.links) + int(data[at.NUM_LOADS])
    first_charge = 2 * int(data[at.FIRST_CHARGE]) + len(instance.carrier_by_id)
    rows: list[tuple[int, str, str | None, Move | Charge, int]]
    rows = [(first + k, move.mover, move.job, move, able) for k, (move, able) in enumerate(begun.moves)]
    rows += [(first_charge + k, charge.vehicle, None, charge, able) for k, (charge, able) in enumerate(begun.charges)]
    tending = int(data[at.FIRST_TENDING])
    rows += [(tending + number, stay.mover, None, stay, able) for number, stay, able in begun.tendings]
    several = {name for name, carrier in instance.carrier_by_id.items() if carrier.capacity > 1}
    _resume_visits(lowered, facts, [(n, mover, item, able) for n, mover, _, item, able in rows if mover in several])
    for number, mover, name, item, able in sorted(rows, key=lambda row: (row[3].start, row[3].end)):
        if mover in several:
            continue
        lane = instance.lane_by_vehicle.get(mover)
        if lane is not None:
            job = instance.job_by_id.get(name or "")
            size = item.units if isinstance(item, Move) else None
            size = (size or job.units) if job is not None else 0  # what nobody knows any more costs nothing
            if (mover, item.start) in trips:
                state[data[at.LOAD] + trips[mover, item.start]] += size
                continue
            trips[mover, item.start] = number
            state[data[at.LOAD] + number] = size
            state[data[at.NUM_TRIPS]] += 1
        free_at = max(item.end + (lane.return_time if lane is not None else 0), item.start + 1)
        before = last.get(mover, -1)
        for column, value in (
            (at.MOVE_START, item.start),
            (at.MOVE_END, item.end),
            (at.MOVE_FREE, free_at),
            (at.MOVE_ABLE, able),
            (at.MOVER, number_of[mover]),
            (at.MOVE_BEFORE, before),
            (at.MOVE_AFTER, -1),
        ):
            state[data[column] + number] = value
        timeline = board.carriers.get(mover)
        if isinstance(timeline, ParkingTimeline):
            state[data[at.ARRIVES_AT] + number] = timeline.arrives_at(item.start)
        if before >= 0:
            state[data[at.MOVE_AFTER] + before] = number
        state[data[at.LAST_OF] + number_of[mover]] = number
        last[mover] = number


def _resume_visits(lowered: Lowered, facts: Facts, rows: list[tuple[int, str, Move | Charge, int]]) -> None:
    """Put visits and charges of carriers that hold several parts into their sequences, by row, mover and row of ABLE.

    Staying at a machine is one visit.
    """
    data, state, instance = lowered.data, lowered.state, lowered.problem.instance
    for carrier, name in enumerate(lowered.movers):
        own = [row for row in rows if row[1] == name]
        if not own:
            continue
        group, holder = instance.group_by_carrier[name], instance.carrier_by_id[name]
        tasks: dict[int, Move | ScheduledOperation] = {
            number: item if item.job is not None else ScheduledOperation("", "", 0, item.origin, item.start, item.end)
            for number, _, item, _ in own
            if isinstance(item, Move)
        }
        number_of = {id(task): number for number, task in tasks.items()}
        spots_at = data[data[at.CARRIERS] + carrier * data[at.CARRIERS + 1] + at.SPOTS_AT]
        made: list[tuple[int, int, int, int, int, int, int]] = []
        held = 0
        for visit in visits(group, holder, tasks.values()):
            row = number_of[id(visit.task)] + (data[at.FIRST_DROP] if visit.is_drop else 0)
            free_at, able = visit.end, spots_at + facts.spot(name, visit.place)
            most, held = held + (visit.taken >= 0), held + visit.taken
            made.append((visit.begin, row, visit.task.end, free_at, able, held, most))
        for number, _, item, able in own:
            if isinstance(item, Charge):
                made.append((item.start, number, item.end, item.end, able, 0, holder.capacity))
        before = -1
        for start, row, end, free_at, able, held, most in sorted(made, key=lambda row: row[0]):
            for column, value in (
                (at.MOVE_START, start),
                (at.MOVE_END, end),
                (at.MOVE_FREE, free_at),
                (at.MOVE_ABLE, able),
                (at.MOVER, carrier),
                (at.MOVE_BEFORE, before),
                (at.MOVE_AFTER, -1),
                (at.LOAD, held),
                (at.MOST, most),
            ):
                state[data[column] + row] = value
            if isinstance(group, Fleet) and group.limited:
                stays = before >= 0 and state[data[at.LOAD] + before] > 0
                stays = stays and state[data[at.MOVE_ABLE] + before] == able
                state[data[at.ARRIVES_AT] + row] = state[data[at.MOVE_FREE] + before] if stays else start
            if before >= 0:
                state[data[at.MOVE_AFTER] + before] = row
            state[data[at.LAST_OF] + carrier] = before = row
        if name in instance.battery_by_vehicle:
            _resume_stretches(lowered, name, [(number, item) for number, _, item, _ in own])


def _resume_stretches(lowered: Lowered, name: str, rows: list[tuple[int, Move | Charge]]) -> None:
    """Write down the levels of a vehicle that holds several jobs: before charges, after them and after visits."""
    data, state, instance = lowered.data, lowered.state, lowered.problem.instance
    number_of = {item: number for number, item in rows if isinstance(item, Move)}
    charge_at = {item.start: number for number, item in rows if isinstance(item, Charge)}
    made = complete(instance, (), number_of, [item for _, item in rows if isinstance(item, Charge)])
    for charge in made.charges:
        state[data[at.FROM_LEVEL] + charge_at[charge.start]] = charge.from_level
    for item, level in visit_levels(instance, name, made.by_mover.get(name, ()), made.charges):
        if isinstance(item, Charge):
            row = charge_at[item.start]
        else:
            assert isinstance(item.task, Move)
            row = number_of[item.task] + (data[at.FIRST_DROP] if item.is_drop else 0)
        state[data[at.LEVEL] + row] = level


def _resume_levels(lowered: Lowered, board: Board) -> None:
    """Write down the levels of batteries before charges and after everything, with one job at a time.

    In limited parking that after all of it is enough: `layout.LEVEL_THERE`.
    """
    data, state = lowered.data, lowered.state
    for number, name in enumerate(lowered.movers):
        timeline = board.carriers.get(name)
        if not isinstance(timeline, BatteryTimeline) or isinstance(timeline, ParkingTimeline):
            continue
        if timeline.carrier.capacity > 1:
            continue
        row = int(state[data[at.LAST_OF] + number])
        for before, after in reversed(timeline.levels()):
            state[data[at.LEVEL] + row] = after
            if row >= data[at.FIRST_CHARGE]:
                state[data[at.FROM_LEVEL] + row] = before
            row = int(state[data[at.MOVE_BEFORE] + row])
