"""The part set of a cyclic instance as integers, and back: plans from schedules, schedules from plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np

from scheduler.domain import Instance, Job, Machine, Mode, Move, Operation, Schedule, ScheduledOperation
from scheduler.domain.cycle import copy_id, cycle_time, part_set
from scheduler.domain.routing import Leg, Slot, carriers, route, slots_of
from scheduler.search.cyclic.choices import Choice, chains_of, choices_of, mode_of
from scheduler.search.cyclic.facts import MOST_LEGS, NO_LIMIT, UNREACHABLE, Facts, Ints, Plan, empty_plan
from scheduler.search.repeating import shifted


@dataclass(frozen=True)
class Lowered:
    """An instance as the search sees it.

    Attributes
    ----------
    instance, one_set
        The cyclic instance, and its part set alone.
    facts
        The set as integers.
    jobs
        By number: a job of the set, and the operations of one of its process plans in the order of work.
    operations
        By number, with the id of the job.
    choices
        By operation: its modes.
    legs
        By number of a leg: what it is, of two visits twice.
    visits
        By number of a leg: 1 where it takes a part up only, -1 where it puts it down only, 0 where it does both.
    carriers
        By option: the id of the carrier.
    """

    instance: Instance
    one_set: Instance
    facts: Facts
    jobs: tuple[tuple[Job, tuple[Operation, ...]], ...]
    operations: tuple[tuple[str, Operation], ...]
    choices: tuple[tuple[Choice, ...], ...]
    legs: tuple[Leg, ...]
    visits: tuple[int, ...]
    carriers: tuple[str, ...]


def lower(instance: Instance) -> Lowered:
    """Return a cyclic instance that `why_unsupported` has nothing against as integers."""
    return _Lowering(instance).lowered()


class _Lowering:
    """The lists that grow while an instance is lowered."""

    def __init__(self, instance: Instance) -> None:
        self.instance, self.one_set = instance, part_set(instance)
        one_set = self.one_set
        self.capacities: dict[str | tuple[str, str], int] = {m.id: m.capacity for m in one_set.machines}
        self.capacities.update(dict.fromkeys(one_set.carrier_by_id, 1))
        self.capacities.update(_shares(one_set))
        self.resources = {id: k for k, id in enumerate(self.capacities)}
        self.names: list[dict[str | None, int]] = [{} for _ in self.resources]
        self.gaps_at: list[int] = []
        self.gaps: list[int] = []
        self.routes_at: list[int] = []
        self.legs_at: list[int] = [0]
        self.leaves: list[int] = []
        self.legs: list[Leg] = []
        self.visits: list[int] = []
        self.options_at: list[int] = [0]
        self.stations: list[int] = []
        self.options: list[tuple[int, int, int, int, int, int, int]] = []
        self.carriers: list[str] = []
        self._gap_tables()

    def _gap_tables(self) -> None:
        """Write the setups of machines and the empty travel of carriers."""
        one_set = self.one_set
        for machine in one_set.machines:
            modes = (mode for o in one_set.operation_by_key.values() for mode in o.modes if mode.machine == machine.id)
            families = list(dict.fromkeys([None, *(mode.setup_family for mode in modes)]))
            self.names[self.resources[machine.id]] = {family: k for k, family in enumerate(families)}
            self.gaps_at.append(len(self.gaps))
            setups = machine.setups
            self.gaps += [setups.time(a, b) if setups is not None else 0 for a in families for b in families]
        for carrier, group in one_set.group_by_carrier.items():
            places = list(dict.fromkeys([*group.travel, *(b for row in group.travel.values() for b in row)]))
            self.names[self.resources[carrier]] = {place: k for k, place in enumerate(places)}
            self.gaps_at.append(len(self.gaps))
            for a in places:
                known = group.travel.get(a, {})
                self.gaps += [0 if a == b else known.get(b, UNREACHABLE) for b in places]
        for _ in range(len(self.gaps_at), len(self.resources)):
            self.gaps_at.append(len(self.gaps))
            self.gaps.append(0)

    def lowered(self) -> Lowered:
        """Write jobs, modes, routes and options; return it all."""
        one_set = self.one_set
        jobs = tuple((job, chain) for job in one_set.jobs for chain in chains_of(job))
        operations = tuple((job.id, operation) for job, chain in jobs for operation in chain)
        by_job = [choices_of(one_set, job, chain) for job, chain in jobs]
        choices = tuple(ways for of_job in by_job for ways in of_job)
        chosen = [
            (operation.modes[choice.mode], choice.robot)
            for (_, operation), ways in zip(operations, choices, strict=True)
            for choice in ways
        ]
        modes = [mode for mode, _ in chosen]
        helps = [self._helps(mode, robot) for mode, robot in chosen]
        helpers, demands, places = (
            zip(*(help for each in helps for help in each), strict=True) if any(helps) else [()] * 3
        )
        lags = {(job.id, p.predecessor, p.successor): p for job in one_set.jobs for p in job.precedences}
        befores = [before for _, chain in jobs for before in (None, *(operation.id for operation in chain[:-1]))]
        for (job, chain), of_job in zip(jobs, by_job, strict=True):
            steps: list[list[tuple[Machine, Choice]] | list[None]] = [[None]]
            for operation, ways in zip(chain, of_job, strict=True):
                steps.append([(one_set.machine_by_id[operation.modes[way.mode].machine], way) for way in ways])
            for before, after in pairwise([*steps, [None]]):
                self.routes_at.append(len(self.leaves))
                for origin, destination in product(before, after):
                    picks = destination[1].brings if destination else origin[1].takes if origin else ()
                    self._route(job, origin and origin[0], destination and destination[0], dict(picks))
        of_ops = [
            lags.get((job, before or "", operation.id))
            for (job, operation), before in zip(operations, befores, strict=True)
        ]
        ends = {job.id: number for number, (job, _) in enumerate(jobs, start=1)}
        carrier, busy, length, pick_up, drop, origins, destinations = (
            zip(*self.options, strict=True) if self.options else [()] * 7
        )
        facts = Facts(
            ops_at=_sums(len(chain) for _, chain in jobs),
            modes_at=_sums(len(ways) for ways in choices),
            machine=_ints(self.resources[mode.machine] for mode in modes),
            duration=_ints(mode.duration for mode in modes),
            family=_ints(self.names[self.resources[mode.machine]][mode.setup_family] for mode in modes),
            dwell=_ints(NO_LIMIT if mode.max_dwell is None else mode.max_dwell for mode in modes),
            behind=_ints(self.resources.get(("behind", mode.machine), -1) for mode in modes),
            before=_ints(self.resources.get(("before", mode.machine), -1) for mode in modes),
            helps_at=_sums(len(each) for each in helps),
            helper=_ints(helpers),
            help_demand=_ints(demands),
            help_place=_ints(places),
            least_lag=_ints(0 if lag is None else lag.min_lag for lag in of_ops),
            most_lag=_ints(NO_LIMIT if lag is None or lag.max_lag is None else lag.max_lag for lag in of_ops),
            holds_before=_ints(machine.input_buffer == 0 for machine in one_set.machines),
            holds_after=_ints(machine.output_buffer == 0 for machine in one_set.machines),
            routes_at=_ints(self.routes_at),
            legs_at=_ints(self.legs_at),
            leaves=_ints(self.leaves),
            options_at=_ints(self.options_at),
            station=_ints(self.stations),
            carrier=_ints(carrier),
            busy=_ints(busy),
            length=_ints(length),
            pick_up=_ints(pick_up),
            drop=_ints(drop),
            origin=_ints(origins),
            destination=_ints(destinations),
            capacity=_ints(self.capacities.values()),
            gaps_at=_ints(self.gaps_at),
            gaps_width=_ints(max(1, len(names)) for names in self.names),
            gaps=_ints(self.gaps),
            alternatives_from=_ints(ends[job.id] - len(chains_of(job)) for job, _ in jobs),
            alternatives_to=_ints(ends[job.id] for job, _ in jobs),
            sets=_ints([self.instance.cycle.repetitions - 1 if self.instance.cycle is not None else 1]),
        )
        legs, visits = tuple(self.legs), tuple(self.visits)
        return Lowered(self.instance, one_set, facts, jobs, operations, choices, legs, visits, tuple(self.carriers))

    def _helps(self, mode: Mode, robot: str | None) -> list[tuple[int, int, int]]:
        """Return what an operation takes besides its machine: resource, demand and place."""
        found = [(self.resources["operators", pool], demand, 0) for pool, demand in mode.operators.items() if demand]
        if robot is not None:
            number = self.resources[robot]
            found.append((number, 1, self.names[number][mode.machine]))
            if ("held", robot) in self.resources:
                found.append((self.resources["held", robot], 1, 0))
        return found

    def _station(self, legs: Sequence[Leg], k: int) -> int:
        """Return the counted station where a leg puts the part down, -1 if there is none."""
        leg, key = legs[k], ("", "")
        if leg.kind == "robot_move" and leg.destination not in self.one_set.machine_by_id:
            key = ("output", leg.groups[0])
        elif leg.kind == "transport" and len(legs) == k + 2 and legs[k + 1].origin == leg.destination:
            key = ("input", legs[k + 1].groups[0])
        return self.resources.get(key, -1)

    def _route(self, job: Job, origin: Machine | None, destination: Machine | None, picks: Mapping[Slot, str]) -> None:
        """Write the way from machine to machine; a leg without options is one that nothing can do."""
        legs = route(self.one_set, origin, destination)
        for k, leg in enumerate(legs or ()):
            able = carriers(self.one_set, leg, job)
            if leg.slot in picks:
                able = tuple(option for option in able if option[0] == picks[leg.slot])
            if any(("held", carrier) in self.resources for carrier, _ in able):
                ((carrier, length),) = able
                self._visits(leg, carrier, length, self._station(legs or (), k))
            else:
                self._move(leg, able, self._station(legs or (), k))
        if legs is None:
            self._move(Leg("entry", "robot_move", "", "", ()), (), -1)
        self.legs_at.append(len(self.legs))
        self.leaves.append(int(bool(legs) and origin is not None and legs is not None and legs[0].origin == origin.id))

    def _move(self, leg: Leg, able: Iterable[tuple[str, int]], station: int) -> None:
        """Write a move that one of these carriers makes, each in so many ticks, without anything between."""
        for carrier, length in able:
            group, number = self.one_set.group_by_carrier[carrier], self.resources[carrier]
            places = self.names[number][leg.origin], self.names[number][leg.destination]
            self.options.append((number, length, length, group.pick_up_time, group.drop_time, *places))
            self.carriers.append(carrier)
        self._end_leg(leg, 0, station)

    def _visits(self, leg: Leg, carrier: str, length: int, station: int) -> None:
        """Write a move as two visits; its place on the carrier is taken from its start to its end."""
        group, number = self.one_set.group_by_carrier[carrier], self.resources[carrier]
        pick_up, drop, there = group.pick_up_time, group.drop_time, length - group.drop_time
        origin, destination = self.names[number][leg.origin], self.names[number][leg.destination]
        self.options.append((number, pick_up, there, pick_up, there, origin, origin))
        self._end_leg(leg, 1, self.resources["held", carrier])
        self.options.append((number, drop, drop, drop, drop, destination, destination))
        self._end_leg(leg, -1, station)
        self.carriers += [carrier, carrier]

    def _end_leg(self, leg: Leg, visit: int, station: int) -> None:
        self.legs.append(leg)
        self.visits.append(visit)
        self.stations.append(station)
        self.options_at.append(len(self.options))


def _shares(one_set: Instance) -> dict[str | tuple[str, str], int]:
    """Return the capacity of what is shared besides machines."""
    found: dict[str | tuple[str, str], int] = {}
    for machine in one_set.machines:
        if machine.output_buffer:
            found["behind", machine.id] = machine.capacity + machine.output_buffer
        if machine.input_buffer:
            found["before", machine.id] = machine.input_buffer
    for cell in one_set.cells:
        for side, places in (("input", cell.input_places), ("output", cell.output_places)):
            if places is not None:
                found[side, cell.id] = places
    for pool in one_set.operators:
        found["operators", pool.id] = pool.capacity
    for carrier in one_set.carrier_by_id.values():
        if carrier.capacity > 1:
            found["held", carrier.id] = carrier.capacity
    return found


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), np.int64)


def _sums(counts: Iterable[int]) -> Ints:
    return np.concatenate(([0], np.cumsum(list(counts)))).astype(np.int64)


def to_plan(lowered: Lowered, schedule: Schedule) -> tuple[int, Plan]:
    """Return the cycle time of a schedule and what its first set does."""
    facts, plan, one_set = lowered.facts, empty_plan(lowered.facts), lowered.one_set
    moves: dict[tuple[str, str | None, str | None], list[Move]] = {}
    for move in schedule.moves:
        if move.job is not None:
            moves.setdefault((move.job, move.predecessor, move.successor), []).append(move)
    movers = {
        link: {slot: move.mover for move, slot in slots_of(lowered.instance, made).items()}
        for link, made in moves.items()
    }
    plan.placed[:] = _chosen(lowered, schedule)
    links = {(job, after): (copy_id(job, 1), before, after) for _, job, before, after in _placed_links(lowered, plan)}
    is_done = np.repeat(plan.placed, np.diff(facts.ops_at))
    for o, (job, operation) in enumerate(lowered.operations):
        if not is_done[o]:
            continue
        done = schedule.by_operation[copy_id(job, 1), operation.id]
        brings, takes = movers.get(links[job, operation.id], {}), movers.get(links[job, None], {})
        plan.mode[o], plan.time[o] = mode_of(lowered.choices[o], done, brings, takes), done.start
    for link, job, before, after in _placed_links(lowered, plan):
        route_number = _route_of(lowered, plan, link)
        legs = range(facts.legs_at[route_number], facts.legs_at[route_number + 1])
        made = sorted(moves.get((copy_id(job, 1), before, after), ()), key=lambda move: (move.start, move.end))
        of_legs = [move for move in made for _ in range(2 if one_set.carrier_by_id[move.mover].capacity > 1 else 1)]
        for k, (leg, move) in enumerate(zip(legs, of_legs, strict=True)):
            slot = MOST_LEGS * link + k
            options = range(facts.options_at[leg], facts.options_at[leg + 1])
            option = next(option for option in options if lowered.carriers[option] == move.mover)
            plan.option[slot] = option
            start = move.end - int(facts.length[option]) if lowered.visits[leg] < 0 else move.start
            plan.time[len(lowered.operations) + slot] = start
    return cycle_time(lowered.instance, schedule), plan


def _chosen(lowered: Lowered, schedule: Schedule) -> list[int]:
    """Return by job whether it is done by this process plan, the first that has the operations of the schedule."""
    done: dict[str, set[str]] = {}
    for operation in schedule.operations:
        done.setdefault(operation.job, set()).add(operation.operation)
    found: dict[str, int] = {}
    for number, (job, chain) in enumerate(lowered.jobs):
        if {operation.id for operation in chain} == done[copy_id(job.id, 1)]:
            found.setdefault(job.id, number)
    return [int(found[job.id] == number) for number, (job, _) in enumerate(lowered.jobs)]


def to_schedule(lowered: Lowered, plan: Plan, cycle: int) -> Schedule:
    """Return the schedule of all sets, each a cycle time after the one before, the first as early as can be."""
    facts, num_ops = lowered.facts, len(lowered.operations)
    operations: list[ScheduledOperation] = []
    moves: list[Move] = []
    is_done = np.repeat(plan.placed, np.diff(facts.ops_at))
    for o, (job, operation) in enumerate(lowered.operations):
        if not is_done[o]:
            continue
        number, robot = lowered.choices[o][plan.mode[o]][:2]
        mode, start = operation.modes[number], int(plan.time[o])
        end = start + mode.duration
        operations.append(ScheduledOperation(job, operation.id, number, mode.machine, start, end, robot))
    for link, job, before, after in _placed_links(lowered, plan):
        number = _route_of(lowered, plan, link)
        for k, leg_number in enumerate(range(facts.legs_at[number], facts.legs_at[number + 1])):
            slot, leg = MOST_LEGS * link + k, lowered.legs[leg_number]
            option, start = int(plan.option[slot]), int(plan.time[num_ops + slot])
            end = start + int(facts.length[option])
            if lowered.visits[leg_number] < 0:
                moves[-1] = replace(moves[-1], end=end)
                continue
            mover = lowered.carriers[option]
            moves.append(Move(job, leg.origin, leg.destination, mover, leg.kind, start, end, before, after))
    later = _delay(lowered, operations, moves)
    return shifted(lowered.instance, operations, moves, cycle, later)


def _delay(lowered: Lowered, operations: Sequence[ScheduledOperation], moves: Sequence[Move]) -> int:
    """Return by how much all of a set has to be later, for the first ways and setups to begin at tick 0 or later.

    An operation may be set up for from the initial family before it is known which is the first: all of them are.
    """
    one_set, found = lowered.one_set, [0]
    for move in moves:
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


def _links(lowered: Lowered) -> list[tuple[str, str | None, str | None]]:
    """Return job, predecessor and successor of each link."""
    found: list[tuple[str, str | None, str | None]] = []
    for job, chain in lowered.jobs:
        ids = [None, *(operation.id for operation in chain), None]
        found += [(job.id, before, after) for before, after in pairwise(ids)]
    return found


def _placed_links(lowered: Lowered, plan: Plan) -> list[tuple[int, str, str | None, str | None]]:
    """Return number, job, predecessor and successor of each link of the jobs in a plan."""
    is_placed = np.repeat(plan.placed, np.diff(lowered.facts.ops_at) + 1)
    return [(link, *ends) for link, ends in enumerate(_links(lowered)) if is_placed[link]]


def _route_of(lowered: Lowered, plan: Plan, link: int) -> int:
    """Return the number of the route of a link between the machines of a plan."""
    from scheduler.search.cyclic.using import route_of

    job = int(np.searchsorted(lowered.facts.ops_at + np.arange(len(lowered.facts.ops_at)), link, "right")) - 1
    return int(route_of(lowered.facts, plan, job, link))
