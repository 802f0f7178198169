"""Lowering: an instance as the arrays of `scheduler.search.decode.layout`.

What has begun is put on a board by the construction heuristic, and the decoder starts from what stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

import numpy as np

from scheduler.domain import Instance, Objective, Schedule
from scheduler.domain.collector import collector_paused
from scheduler.domain.routing import Leg
from scheduler.search.board import Board
from scheduler.search.decode import layout as at
from scheduler.search.decode.begun import Begun
from scheduler.search.decode.cells import GUARD, POISON
from scheduler.search.decode.facts import Facts, Tables
from scheduler.search.decode.in_force import neighbours_in_plan, pending_in_plan
from scheduler.search.decode.layout import MAX_LEGS, NEVER, Array
from scheduler.search.decode.resume import resume
from scheduler.search.dispatch import begin
from scheduler.search.problem import JobData, LinkData, ModeData, OperationData, PlanData, Problem
from scheduler.search.rules import rules
from scheduler.search.units import Plans, Unit

STEPS_PER_USE = 4
WRITES_PER_OPERATION = 120
WRITES_PER_MOVE = 24
WRITES_PER_CHARGE = 60
WRITES_PER_STAY = 24
SPARE_WRITES = 20_000
"""Room in the trail."""


@dataclass(eq=False)
class Lowered:
    """An instance as arrays, and what their numbers stand for.

    ``units`` and ``plans`` are numbered as in the arrays; ``free`` are the units that the order has to contain,
    ``board`` holds what has begun, ``spots`` the row of `layout.ABLE` for being at a charger. `stop` and `spot`
    are those of `Facts`.
    """

    instance: Instance
    problem: Problem
    board: Board | None
    data: Array
    state: Array
    units: list[Unit]
    free: list[int]
    operations: list[OperationData]
    modes: list[ModeData]
    links: list[LinkData]
    movers: list[str]
    spots: dict[str, int]
    plans: list[list[int]]
    stop: Callable[[Iterable[Leg]], int]
    spot: Callable[[str, str], int]

    @property
    def trail_size(self) -> int:
        """Length of a trail."""
        return int(self.data[at.TRAIL_ROOM]) + 3 * SPARE_WRITES

    def number_of(self, column: int, number: int) -> int:
        """Return the place in the state of an entry of a column."""
        return int(self.data[column]) + number


def lower(instance: Instance, latest: int, holds: bool = False, known: Schedule | None = None) -> Lowered | None:
    """Return the arrays of an instance that `scheduler.search.decode.spoken.why_unsupported` has nothing against.

    Downtimes are unrolled up to `latest`, and nothing ends after it; with `holds` solutions say which operations do not
    start before they do in the baseline. What has begun goes on as in a `known` schedule where the construction
    heuristic does not know how. None if that leads into a dead end, or some job has no plan between whose modes there
    is a way.
    """
    with collector_paused():
        return _Lowering(instance, latest, holds, known).lowered()


class _Lowering:
    def __init__(self, instance: Instance, latest: int, holds: bool, known: Schedule | None) -> None:
        self.instance = instance
        self.known = known
        self.latest = latest
        self.holds = holds and instance.execution is not None
        self.problem = Problem(instance)
        self.plans = Plans(self.problem)
        self.board: Board | None = None
        self.placed: set[Unit] = set()
        self.units: list[Unit] = []
        self.operations: list[OperationData] = []
        self.modes: list[ModeData] = []
        self.links: list[LinkData] = []
        self.plans_of: list[list[int]] = []
        self.operations_of: list[tuple[int, int]] = []
        self.units_of: list[tuple[int, int]] = []
        self.number_of: dict[tuple[PlanData, OperationData], int] = {}

    def lowered(self) -> Lowered | None:
        if self.instance.execution is not None:
            rule = next(iter(rules(self.problem, Objective.parse("makespan"))))
            started = begin(self.problem, self.plans, rule, Random(0), self.known)
            if started is None:
                return None
            self.board, self.placed = started
        elif self.instance.shortages:
            self.board = Board(self.problem)
        for job in self.problem.jobs:
            if not self._enter(job):
                return None
        facts = Facts(self.problem, self.latest)
        tables = facts.machines_and_movers()
        self._lower_operations(facts, tables)
        self._lower_jobs(facts, tables)
        tables[at.NEIGHBOURS].extend(neighbours_in_plan(self.problem, self.operations))
        facts.add_routes(tables)
        begun = Begun(facts, tables, self.board, self._numbers())
        data, state = self._lay_out(facts, tables, begun)
        free = [number for number, unit in enumerate(self.units) if unit not in self.placed]
        lowered = Lowered(
            self.instance,
            self.problem,
            self.board,
            data,
            state,
            self.units,
            free,
            self.operations,
            self.modes,
            self.links,
            facts.movers,
            facts.spots(),
            self.plans_of,
            facts.stop,
            facts.spot,
        )
        if self.board is not None:
            resume(lowered, self.board, self.placed, self._numbers(), facts, begun)
        return lowered

    def _numbers(self) -> dict[int, int]:
        """Return the number of each operation of the jobs that have begun, by its index."""
        assert self.board is not None or not self.placed
        begun = self.board.plans if self.board is not None else {}
        return {
            operation.index: number
            for (plan, operation), number in self.number_of.items()
            if begun.get(plan.job) == plan.number
        }

    def _modes_of(self, plan: PlanData, operation: OperationData) -> Sequence[ModeData]:
        if self.board is not None and plan.job in self.board.plans:
            return self.board.modes_of(operation)
        return plan.domains.get(operation.index, operation.modes)

    def _enter(self, job: JobData) -> bool:
        """Number the units and operations of the plans of a job; return whether it has any that can be done."""
        begun = self.board.plans.get(job) if self.board is not None else None
        numbers = range(len(job.plan_ids)) if begun is None else (begun,)
        possible = []
        first, first_unit = len(self.operations), len(self.units)
        for number in numbers:
            units = self.plans.units(job, number)
            plan = units[0].plan
            if not all(self._modes_of(plan, o) for o in plan.operations):
                continue
            possible.append(number)
            for unit in units:
                self.units.append(unit)
                for operation in unit.operations:
                    self.number_of[plan, operation] = len(self.operations)
                    self.operations.append(operation)
            self.links.extend(plan.links)
        self.plans_of.append(possible)
        self.operations_of.append((first, len(self.operations)))
        self.units_of.append((first_unit, len(self.units)))
        return bool(possible)

    def _lower_operations(self, facts: Facts, tables: Tables) -> None:
        """Add the tables of operations, modes, links and units."""
        unit_number = {unit: number for number, unit in enumerate(self.units)}
        link_number = {id(link): number for number, link in enumerate(self.links)}
        ops, modes, needs = tables[at.OPS], tables[at.MODES], tables[at.NEEDS]
        ins, outs, nexts = tables[at.INS], tables[at.OUTS], tables[at.NEXTS]
        base = pending_in_plan(self.problem)
        for unit_index, unit in enumerate(self.units):
            plan, first = unit.plan, len(ops)
            for operation in unit.operations:
                modes_at, ins_at, outs_at = len(modes), len(ins), len(outs)
                for mode in self._modes_of(plan, operation):
                    self.modes.append(mode)
                    machine = mode.machine.index
                    needs_at = len(needs)
                    needs.extend((facts.pool(pool), n, facts.capacity(pool) - n) for pool, n in mode.operators)
                    tail = min(plan.tails[operation.index][mode.number], NEVER >> 10)
                    family = facts.family(mode)
                    dwell = NEVER if mode.max_dwell is None else mode.max_dwell
                    tenders = facts.tenders(mode, tables)
                    modes.append((machine, mode.duration, family, needs_at, len(needs), tail, dwell, *tenders))
                ins.extend((link_number[id(link)],) for link in plan.incoming[operation.index])
                outs.extend((link_number[id(link)],) for link in plan.outgoing[operation.index])
                start, machine = base.get(operation.index, (0, -1))
                ops.append(
                    (
                        plan.job.index,
                        unit_index,
                        modes_at,
                        len(modes),
                        ins_at,
                        len(ins),
                        outs_at,
                        len(outs),
                        int(operation.interruptible),
                        start,
                        machine,
                        operation.least_duration,
                    )
                )
            nexts_at = len(nexts)
            nexts.extend((unit_number[other],) for other in unit.after)
            rest = min(unit.rest, NEVER >> 10)
            num_before = unit.num_before
            tables[at.UNITS].append(
                (plan.job.index, plan.number, first, len(ops), rest, nexts_at, len(nexts), num_before)
            )
        self._lower_links(facts, tables)

    def _lower_links(self, facts: Facts, tables: Tables) -> None:
        plan_of = {id(link): unit.plan for unit in self.units for link in unit.plan.links}
        for number, link in enumerate(self.links):
            plan = plan_of[id(link)]
            pred = -1 if link.predecessor is None else self.number_of[plan, link.predecessor]
            succ = -1 if link.successor is None else self.number_of[plan, link.successor]
            max_lag = NEVER if link.max_lag is None else link.max_lag
            loads_at = MAX_LEGS * len(self.links) + len(tables[at.LOADS])
            loads, onward = self._further_loads(facts, plan, link)
            is_taken = int(link.taken_at is not None)
            lags = (link.min_lag, max_lag)
            tables[at.LINKS].append((pred, succ, *lags, plan.job.index, loads_at, loads_at + loads, is_taken))
            tables[at.LOADS].extend((number,) for _ in range(loads + onward))
            before = [None] if link.predecessor is None else self._machines(plan, link.predecessor)
            after = [None] if link.successor is None else self._machines(plan, link.successor)
            facts.need_routes(before, after)
            if link.predecessor is not None:
                facts.need_routes(before, [None])

    def _further_loads(self, facts: Facts, plan: PlanData, link: LinkData) -> tuple[int, int]:
        """Return how many loads go over a link, at the most and but for one each, on first and on second lanes."""
        if not link.job.splits or link.predecessor is None or link.successor is None:
            return 0, 0
        pairs = product(self._modes_of(plan, link.predecessor), self._modes_of(plan, link.successor))
        machines = {(before.machine, after.machine) for before, after in pairs}
        found = [facts.further_loads(link.job, *ends) for ends in machines]
        return max(loads for loads, _ in found), max(onward for _, onward in found)

    def _machines(self, plan: PlanData, operation: OperationData) -> list[int | None]:
        return [mode.machine.index for mode in self._modes_of(plan, operation)]

    def _lower_jobs(self, facts: Facts, tables: Tables) -> None:
        for job in self.problem.jobs:
            domain = job.domain
            due = NEVER if domain.due_date is None else domain.due_date
            deadline = NEVER if domain.deadline is None else domain.deadline
            carriers = facts.carriers_of(domain)
            tables[at.JOBS].append(
                (
                    domain.release_date,
                    due,
                    deadline,
                    domain.weight,
                    domain.units,
                    carriers,
                    *self.operations_of[job.index],
                    *self.units_of[job.index],
                    int(domain.splits),
                )
            )

    def _lay_out(self, facts: Facts, tables: Tables, begun: Begun) -> tuple[Array, Array]:
        """Return data and state as two arrays."""
        num_uses = sum(len(mode.operators) for mode in self.modes) + len(self.operations)
        num_loads = len(tables[at.LOADS])
        num_uses += 2 * len(self.links) + num_loads if tables[at.LANE_LIMITS] else 0
        num_uses += 2 * len(self.operations) if any(m.places_in or m.places_out for m in self.problem.machines) else 0
        num_stays = MAX_LEGS * len(self.links) if facts.stations else 0
        num_uses += num_stays
        parks = any(fleet.limited for fleet in self.instance.fleets)
        first_tending = MAX_LEGS * len(self.links) + num_loads + len(begun.moves)
        is_tended = any(mode.tenders for mode in self.modes)
        num_moves = first_tending + is_tended * len(self.operations)
        num_charges = facts.most_charges(num_moves, len(begun.charges))
        num_drops = num_moves if any(c.capacity > 1 for c in self.instance.carrier_by_id.values()) else 0
        num_parked = (1 + (num_drops > 0)) * MAX_LEGS * len(self.links) + num_charges if parks else 0
        num_uses += num_charges + 4 * num_parked
        num_rows = num_moves + num_charges + num_drops
        num_profiles = len(facts.profiles)
        num_steps = num_profiles and num_profiles + STEPS_PER_USE * num_uses + facts.num_past_steps(self.board) + 64
        num_ops, num_links = len(self.operations), len(self.links)
        sizes: list[tuple[Sequence[int], int, int]] = [
            (range(at.MODE, at.AFTER + 1), num_ops, 0),
            (range(at.DONE, at.GONE_UNTIL + 1), num_links, 0),
            (range(at.MOVE_START, at.BESIDE + 1), num_rows, 0),
            ((at.MOST,), num_rows if num_drops else 0, 0),
            ((at.LEVEL, at.FROM_LEVEL), num_rows if num_charges else 0, 0),
            (range(at.HELD, at.STANDS_UNTIL + 1), num_stays, 0),
            (range(at.ARRIVES_AT, at.SETS_OUT + 1), parks * num_rows, 0),
            ((at.LAST_ON,), len(self.problem.machines), -1),
            ((at.LAST_OF,), len(facts.movers), -1),
            ((at.LAST_STEP,), num_profiles, 0),
            (range(at.STEP_AT, at.STEP_AFTER + 1), num_steps, -1),
            ((at.NUM_STEPS,), 1, num_profiles),
            ((at.BUSY,), len(self.problem.machines), 0),
            ((at.JOB_END,), len(self.problem.jobs), 0),
            ((at.NUM_TRIPS, at.SUM, at.LATEST, at.MOST_LATE), 1, 0),
            ((at.WISH,), 1, -1),
            ((at.LINGER,), 1, 0),
        ]
        header = np.zeros(at.HEADER, np.int64)
        parts: list[Array] = []
        place = 0
        for columns, size, value in sizes:
            for column in columns:
                header[column] = place
                is_name = column in (at.MODE, at.BEGIN, at.BEFORE, at.AFTER, at.VIA, at.BESIDE)
                parts.append(np.full(size, -1 if is_name else value, np.int64))
                parts.append(np.full(GUARD, POISON, np.int64))
                place += size + GUARD
        state = np.concatenate(parts)
        flat: list[Array] = [header]
        place = at.HEADER
        for table in range(0, 2 * at.NUM_TABLES - 2, 2):
            rows = np.array(tables[table], np.int64)
            header[table], header[table + 1] = place, rows.shape[1] if rows.size else 1
            flat.append(rows.ravel())
            place += rows.size
        header[at.TIMES], header[at.TIMES + 1] = place, 1
        flat.append(np.array(facts.times, np.int64))
        header[at.NOW], header[at.LIMIT] = self.problem.now, self.latest
        header[at.NUM_UNITS], header[at.NUM_OPS] = len(self.units), num_ops
        header[at.NUM_FREE] = sum(unit not in self.placed for unit in self.units)
        header[at.NUM_JOBS], header[at.NUM_MACHINES] = len(self.problem.jobs), len(self.problem.machines)
        header[at.NUM_PLACES], header[at.NUM_LINKS] = len(facts.places), num_links
        header[at.NUM_LOADS] = num_loads
        header[at.NUM_CARRIERS] = len(self.instance.carrier_by_id)
        header[at.NUM_CHANGEOVERS] = len(tables[at.CHANGEOVERS])
        header[at.NUM_NEIGHBOURS] = len(tables[at.NEIGHBOURS])
        header[at.NUM_LANES] = len(tables[at.LANES])
        header[at.HAS_GAPS] = facts.has_gaps
        header[at.SOME_WATCH] = any(row[at.WATCHES] for row in tables[at.MACHINES])
        header[at.SOME_STAND] = num_stays > 0
        header[at.SOME_PARK] = parks
        header[at.SOME_LIFT] = any(row[at.LIFTED_AT] for row in tables[at.PACES])
        header[at.FIRST_TENDING] = first_tending if is_tended else 0
        header[at.FIRST_CHARGE] = num_moves if num_charges else 0
        header[at.FIRST_DROP] = num_moves + num_charges if num_drops else 0
        num_choices = 2 * num_ops if num_charges else num_ops
        header[at.FIRST_LINGER] = num_choices if num_drops else 0
        num_choices += num_ops if num_drops else 0
        header[at.FIRST_HOLD] = num_choices if self.holds else 0
        num_choices += num_ops if self.holds else 0
        has_choice = any(len(group.carriers) > 1 for group in self.instance.group_by_id.values())
        has_choice = has_choice or any(lane.units_per_vehicle > 1 for lane in self.instance.lanes)
        header[at.FIRST_WANTED] = num_choices if has_choice else 0
        header[at.NUM_CHOICES] = num_choices + MAX_LEGS * num_links if has_choice else num_choices
        room = WRITES_PER_OPERATION * num_ops + WRITES_PER_MOVE * facts.most_moves(self.links, num_loads)
        room += WRITES_PER_MOVE * num_drops
        room += WRITES_PER_CHARGE * num_charges
        room += WRITES_PER_STAY * (num_stays + 4 * num_parked)
        header[at.TRAIL_ROOM] = 3 * (room + SPARE_WRITES)
        data = np.concatenate(flat)
        for profile in range(num_profiles):
            state[header[at.LAST_STEP] + profile] = profile
            state[header[at.STEP_AT] + profile] = 0
            state[header[at.STEP_LEVEL] + profile] = 0
        for job, plans in enumerate(self.plans_of):
            rests = [max(unit.rest for unit in self.plans.units(self.problem.jobs[job], number)) for number in plans]
            release = max(self.problem.jobs[job].domain.release_date, self.problem.now)
            state[header[at.JOB_END] + job] = min(release + min(rests), NEVER >> 10)
        return data, state
