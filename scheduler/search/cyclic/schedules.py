"""Plans of the search from schedules, and schedules from plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scheduler.domain import Instance, Move, Schedule, ScheduledOperation
from scheduler.domain.cycle import copy_id, cycle_time
from scheduler.domain.derive import complete
from scheduler.domain.routing import SLOTS, slots_of
from scheduler.search.cyclic.choices import LegOfWay, mode_of
from scheduler.search.cyclic.facts import Plan, empty_plan
from scheduler.search.cyclic.lower import Lowered
from scheduler.search.repeating import on_vehicles, shifted


def to_plan(lowered: Lowered, schedule: Schedule) -> tuple[int, Plan]:
    """Return the cycle time of a schedule and what its first set does."""
    facts, plan, one_set = lowered.facts, empty_plan(lowered.facts), lowered.one_set
    moves: dict[tuple[str, str | None, str | None], list[Move]] = {}
    for move in schedule.moves:
        if move.job is not None:
            moves.setdefault((move.job, move.predecessor, move.successor), []).append(move)
    movers: dict[tuple[str, str | None], dict[LegOfWay, str]] = {}  # by job and successor
    hubs: dict[tuple[str, str | None], dict[str | None, str]] = {}
    for (name, before, after), made in moves.items():
        for move, of_way in slots_of(lowered.instance, made).items():
            movers.setdefault((name, after), {})[before, of_way] = move.mover
            if of_way == "onward":
                hubs.setdefault((name, after), {})[before] = move.origin
    chosen = _chosen(lowered, schedule)
    plan.placed[: len(chosen)] = chosen
    is_done = np.repeat(plan.placed, np.diff(facts.ops_at))
    for o, (job, operation) in enumerate(lowered.operations):
        if not is_done[o]:
            continue
        done = schedule.by_operation[_of_first(lowered, job), operation.id]
        brings, takes = (movers.get((_of_first(lowered, job), after), {}) for after in (operation.id, None))
        over = hubs.get((_of_first(lowered, job), operation.id), {})
        plan.mode[o] = mode_of(lowered.choices[o], done, brings, takes, over)
        plan.time[o] = done.end - operation.modes[done.mode].duration  # later than the start where work has paused
    for link, job, before, after in _placed_links(lowered, plan):
        route_number = _route_of(lowered, plan, link)
        legs = range(facts.legs_at[route_number], facts.legs_at[route_number + 1])
        made = _in_order(lowered.instance, moves.get((_of_first(lowered, job), before, after), ()))
        several = {id for id, carrier in one_set.carrier_by_id.items() if carrier.capacity > 1}
        of_legs = [move for move in made for _ in range(2 if move.mover in several else 1)]
        for k, (leg, move) in enumerate(zip(legs, of_legs, strict=True)):
            slot = int(facts.slots_at[link]) + k
            options = range(facts.options_at[leg], facts.options_at[leg + 1])
            lane = one_set.lane_by_vehicle.get(move.mover)
            mover = move.mover if lane is None else lane.id
            option = next(option for option in options if lowered.carriers[option] == mover)
            plan.option[slot] = option
            start = move.end - int(facts.length[option]) if lowered.visits[leg] < 0 else move.start
            plan.time[len(lowered.operations) + slot] = start
    return cycle_time(lowered.instance, schedule), plan


def _of_first(lowered: Lowered, job: str) -> str:
    """Return the id of a job in the first set."""
    return job if lowered.instance.cycle is None else copy_id(job, 1)


def _in_order(instance: Instance, made: Sequence[Move]) -> list[Move]:
    """Return the moves of a link one after the other, the loads of a transfer by their numbers."""
    slots = slots_of(instance, made)
    return sorted(made, key=lambda move: (SLOTS.index(slots[move]), move.load))


def _chosen(lowered: Lowered, schedule: Schedule) -> list[int]:
    """Return by job whether it is done by this process plan, the first that has the operations of the schedule."""
    done: dict[str, set[str]] = {}
    for operation in schedule.operations:
        done.setdefault(operation.job, set()).add(operation.operation)
    found: dict[str, int] = {}
    for number, (job, chain) in enumerate(lowered.jobs):
        if {operation.id for operation in chain} == done[_of_first(lowered, job.id)]:
            found.setdefault(job.id, number)
    return [int(found[job.id] == number) for number, (job, _) in enumerate(lowered.jobs)]


def to_schedule(lowered: Lowered, plan: Plan, cycle: int) -> Schedule:
    """Return the schedule of all sets, each a cycle time after the one before, the first as early as can be.

    Of a set that is made once it is the plan as it stands.
    """
    from scheduler.search.cyclic.windows import started_at

    facts, num_ops = lowered.facts, len(lowered.operations)
    operations: list[ScheduledOperation] = []
    moves: list[Move] = []
    is_done = np.repeat(plan.placed, np.diff(facts.ops_at))
    for o, (job, operation) in enumerate(lowered.operations):
        if not is_done[o]:
            continue
        number, robot = lowered.choices[o][plan.mode[o]][:2]
        mode = operation.modes[number]
        start = int(started_at(facts, int(facts.modes_at[o] + plan.mode[o]), int(plan.time[o])))
        end = int(plan.time[o]) + mode.duration
        operations.append(ScheduledOperation(job, operation.id, number, mode.machine, start, end, robot))
    for link, job, before, after in _placed_links(lowered, plan):
        number = _route_of(lowered, plan, link)
        for k, leg_number in enumerate(range(facts.legs_at[number], facts.legs_at[number + 1])):
            slot, leg = int(facts.slots_at[link]) + k, lowered.legs[leg_number]
            option, start = int(plan.option[slot]), int(plan.time[num_ops + slot])
            end = start + int(facts.length[option])
            if lowered.visits[leg_number] < 0:
                moves[-1] = replace(moves[-1], end=end)
                continue
            mover = lowered.carriers[option]
            if leg.kind == "transfer":
                mover = lowered.one_set.lane_by_id[mover].vehicle_ids[0]
            way = leg.origin, leg.destination, mover, leg.kind
            moves.append(Move(job, *way, start, end, before, after, load=leg.load, units=leg.units))
    if lowered.instance.cycle is None:
        return complete(lowered.instance, operations, on_vehicles(lowered.instance, moves))
    later = _delay(lowered, operations, moves)
    return shifted(lowered.instance, operations, moves, cycle, later)


def _delay(lowered: Lowered, operations: Sequence[ScheduledOperation], moves: Sequence[Move]) -> int:
    """Return by how much all of a set has to be later, for the first ways and setups to begin at tick 0 or later.

    An operation may be set up for from the initial family before it is known which is the first: all of them are.
    """
    one_set, found = lowered.one_set, [0]
    found += [-move.start for move in moves if move.kind == "transfer"]
    for move in (move for move in moves if move.kind != "transfer"):
        group, start = one_set.group_by_carrier[move.mover], one_set.carrier_by_id[move.mover].start
        found.append((0 if start == move.origin else group.travel.get(start, {}).get(move.origin, 0)) - move.start)
    for operation in operations:
        if operation.tended_by is not None:
            group, start = (
                one_set.group_by_carrier[operation.tended_by],
                one_set.carrier_by_id[operation.tended_by].start,
            )
            way = 0 if start == operation.machine else group.travel.get(start, {}).get(operation.machine, 0)
            found.append(way - operation.start)
        setups = one_set.machine_by_id[operation.machine].setups
        mode = one_set.mode(operation.key, operation.mode)
        found.append((setups.time(setups.initial, mode.setup_family) if setups is not None else 0) - operation.start)
    for move in moves:
        if move.successor is not None and move.destination in one_set.machine_by_id:
            machine = one_set.machine_by_id[move.destination]
            mode_number = next(o.mode for o in operations if o.key == (move.job, move.successor))
            family = one_set.mode((move.job or "", move.successor), mode_number).setup_family
            group = one_set.group_by_carrier[move.mover]
            if machine.setups is not None and machine.input_buffer == 0:
                found.append(machine.setups.time(machine.setups.initial, family) - (move.end - group.drop_time))
    return max(found)


def _placed_links(lowered: Lowered, plan: Plan) -> list[tuple[int, str, str | None, str | None]]:
    """Return number, job, predecessor and successor of each link of the jobs in a plan."""
    is_placed = np.repeat(plan.placed, np.diff(lowered.facts.links_at))
    return [(number, *link) for number, link in enumerate(lowered.links) if is_placed[number]]


def _route_of(lowered: Lowered, plan: Plan, link: int) -> int:
    """Return the number of the route of a link between the machines of a plan."""
    from scheduler.search.cyclic.using import route_of

    return int(route_of(lowered.facts, plan, link))
