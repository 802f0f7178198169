"""A lower bound of the cycle time, without a solver: what one part set takes of everything that is there.

Let *S* be machines, or carriers, and *U* the *uses* of one set that only they can do. In a cycle each of *S* makes its
uses one after the other, and then those of the next set; so there are circuits through *U*, one for each of *S*, and

    C |S| >= sum_(a in U) length(a) + the least sum of gap(a, b) over all such circuits

which for one machine or carrier is a tour, and for several, or many uses, at least an assignment
(`scheduler.bounds.circuits`). What several parts may do at a time counts without gaps, by its capacity.

**Carriers.** A use is a loaded move, a gap the empty travel from its end to the next pick-up, over other places if
that is shorter. Where the next move takes away what has just been brought to a station without buffers, the gap is the
work on it: a robot that stays waits. So a row of *m* stations that one robot with one gripper serves, *d* from one to
the next, with *h* to load or unload, has

    C >= 2 (m + 1) (d + h) + sum_i min(p_i, d)

(Dawande, Geismar, Sethi & Sriskandarajah 2007, Throughput Optimization in Robotic Cells, chapter 3). A carrier that
holds several parts makes visits, each a use, and a round trip to all places: ``2 (m + 1) (d + h)`` for such a row
(Geismar, Dawande & Sriskandarajah 2006, Production and Operations Management 15, "Throughput optimization in constant
travel-time dual gripper robotic cells with parallel machines").

**Machines.** A use is an operation, with the drop and the pick-up where the machine has no buffers; a gap is a setup.
If the same carrier, for one part, brings and takes away everything, it has to go away with one part and come with the
next:

    gap(a, b) = d(here, there) + drop + d(there, where b comes from) + pick-up + d(where b comes from, here)

which makes ``p + 4 h + 4 d`` in a row (Sethi, Sriskandarajah, Sorger, Blazewicz & Kubiak 1992), and ``p + 2 h`` where a
second gripper takes the one part away and leaves the other. Other uses between *a* and *b* make no gap less: ways and
setups are the shortest ones over others.

**Lanes** make trips, which several parts share (`scheduler.bounds.lanes_in_cycles`).

**Sets in the factory.** A job that lasts *s* at the least is over in time only if ``(R - 1) C >= s``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TypeAlias, TypeVar

import numpy as np

from scheduler.bounds.alone import alone
from scheduler.bounds.circuits import MOST_ASSIGNED, MOST_TOURED, least_circuit, least_circuits
from scheduler.bounds.lanes_in_cycles import lanes_of_cycle_bound
from scheduler.bounds.rising import Rising
from scheduler.domain import CarrierGroup, Instance, Job, Machine, Operation, OperationKey, Stop
from scheduler.domain.cycle import part_set
from scheduler.domain.remembered import remembered
from scheduler.domain.routing import SLOTS, Leg, carriers, routes, tenders

Place: TypeAlias = tuple[str, str]
"""A robot cell or fleet, and a place of it."""
_Ways: TypeAlias = Mapping[tuple[str | None, str | None], int]


@dataclass(frozen=True)
class _Stay:
    """What a machine does: an operation on one of the ``able`` ones, for ``length`` at the least."""

    able: frozenset[str]
    length: int
    key: OperationKey
    families: frozenset[str | None]


@dataclass(frozen=True)
class _Ride:
    """What a carrier does: a loaded move, a visit that is half of one, or tending.

    Attributes
    ----------
    able
        The carriers that can do it.
    length
        How long it takes at the least.
    begins, ends
        Where it may begin and end.
    takes, brings
        The operation whose station it takes the part from, and that whose station it brings it to.
    is_whole
        Whether it can't be two visits with others between.
    """

    able: frozenset[str]
    length: int
    begins: frozenset[Place]
    ends: frozenset[Place]
    takes: OperationKey | None = None
    brings: OperationKey | None = None
    is_whole: bool = False


_Use = TypeVar("_Use", _Stay, _Ride)


@remembered
def cycle_bound(instance: Instance, *, stop: Stop | None = None) -> int:
    """Return a lower bound of the cycle time of a cyclic instance; 0 without cycle.

    Raises
    ------
    Unfinished
        If somebody wants to `stop`; one job has been looked at by then.
    """
    if instance.cycle is None or instance.execution is not None:
        return 0
    one_set = part_set(instance)
    span = max(alone(one_set, 0).completions.values(), default=0)
    rising = Rising(stop, max(1, -(-span // max(1, instance.cycle.repetitions - 1))))
    rising.lift()
    work = _Work(one_set)
    rising.lift(max(lanes_of_cycle_bound(one_set), work.of_operators(), work.of_loads()))
    work.of_machines(rising)
    work.of_carriers(rising)
    return rising.bound


class _Work:
    """What one part set takes of machines, carriers and operators; jobs with alternative plans count as nothing."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._jobs = {job.id: job for job in instance.jobs if not job.plans}
        self._operations = {(job.id, o.id): o for job in self._jobs.values() for o in job.operations}
        self._ways = {group: _travel(instance.fastest(group)) for group in instance.group_by_id}
        # By operation: the moves that put its part on a machine, and take it off; None where that is no move.
        self._into: dict[OperationKey, list[tuple[str, Leg | None]]] = {}
        self._out_of: dict[OperationKey, list[tuple[str, Leg | None]]] = {}
        self._rides: list[_Ride] = []
        for job in self._jobs.values():
            for before, after, _ in job.links:
                self._add_link(job, before, after)
        for operation in self._operations.values():
            self._add_tending(operation)

    def _add_link(self, job: Job, before: str | None, after: str | None) -> None:
        """Note how a part goes on after an operation, whatever the modes and routes."""
        ends = product(self._machines(job, before), self._machines(job, after))
        ways = [(a, b, legs) for a, b in ends for legs in routes(self.instance, a, b)]
        for a, b, legs in ways:
            if before is not None and a is not None:
                leaves = legs[0] if legs and legs[0].origin == a.id else None
                self._out_of.setdefault((job.id, before), []).append((a.id, leaves))
            if after is not None and b is not None:
                arrives = legs[-1] if legs and legs[-1].destination == b.id else None
                self._into.setdefault((job.id, after), []).append((b.id, arrives))
        for slot in SLOTS:
            found = [leg for _, _, legs in ways for leg in legs if leg.slot == slot and leg.kind != "transfer"]
            if ways and len(found) == len(ways):
                at_ends = [
                    (leg.origin == getattr(a, "id", None), leg.destination == getattr(b, "id", None))
                    for (a, b, _), leg in zip(ways, found, strict=True)
                ]
                takes = (job.id, before) if before is not None and all(first for first, _ in at_ends) else None
                brings = (job.id, after) if after is not None and all(last for _, last in at_ends) else None
                able = [option for leg in found for option in carriers(self.instance, leg, job)]
                self._rides.append(
                    _Ride(
                        frozenset(carrier for carrier, _ in able),
                        min((length for _, length in able), default=0),
                        frozenset((group, leg.origin) for leg in found for group in leg.groups),
                        frozenset((group, leg.destination) for leg in found for group in leg.groups),
                        takes,
                        brings,
                    )
                )

    def _add_tending(self, operation: Operation) -> None:
        """Note the work that a robot tends in any case."""
        if all(mode.tended for mode in operation.modes):
            machines = [self.instance.machine_by_id[mode.machine] for mode in operation.modes]
            able = frozenset(robot.id for machine in machines for robot in tenders(self.instance, machine.id))
            places = frozenset((machine.cell or "", machine.id) for machine in machines)
            length = min(mode.duration for mode in operation.modes)
            self._rides.append(_Ride(able, length, places, places, is_whole=True))

    def _machines(self, job: Job, operation: str | None) -> Sequence[Machine | None]:
        if operation is None:
            return [None]
        return [self.instance.machine_by_id[mode.machine] for mode in self._operations[job.id, operation].modes]

    def of_operators(self) -> int:
        """Return the bound of the operators that have most to do."""
        best = 0
        for pool in self.instance.operators:
            work = sum(
                min(mode.duration * mode.operators.get(pool.id, 0) for mode in operation.modes)
                for operation in self._operations.values()
            )
            best = max(best, -(-work // max(1, pool.capacity)))
        return best

    def of_loads(self) -> int:
        """Return the bound of the machine or carrier that has most to do, without gaps."""
        capacities = {machine.id: machine.capacity for machine in self.instance.machines}
        busy: dict[str, int] = {}
        uses: list[_Stay | _Ride] = [*map(self._stay, self._operations), *self._rides]
        for use in uses:
            if len(use.able) == 1:
                name = next(iter(use.able))
                busy[name] = busy.get(name, 0) + use.length
        holds = {id: carrier.capacity for id, carrier in self.instance.carrier_by_id.items()}
        return max((-(-work // {**holds, **capacities}[name]) for name, work in busy.items()), default=0)

    def of_machines(self, rising: Rising) -> None:
        """Lift a bound to that of all machines, and of sets of them between which operations have a choice."""
        stays = [self._stay(key) for key in self._operations]
        setups = {m.id: self._setups(m) for m in self.instance.machines if m.setups is not None}

        def gap(able: frozenset[str], a: _Stay, b: _Stay) -> int:
            changes = product(able, a.families, b.families)
            least = min(setups.get(machine, {}).get((was, becomes), 0) for machine, was, becomes in changes)
            return max(least, self._exchange(next(iter(able)), a.key, b.key)) if len(able) == 1 else least

        _lift(rising, stays, {machine.id: machine.capacity for machine in self.instance.machines}, gap)

    def _setups(self, machine: Machine) -> _Ways:
        """Return the shortest setups between the families of all that a machine can do."""
        modes = (mode for operation in self._operations.values() for mode in operation.modes)
        families = list(dict.fromkeys(mode.setup_family for mode in modes if mode.machine == machine.id))
        setups = machine.setups
        return _closure({(a, b): 0 if setups is None else setups.time(a, b) for a in families for b in families})

    def _stay(self, key: OperationKey) -> _Stay:
        """Return how long an operation takes its machine at the least, drop and pick-up of its part included."""
        modes, times = self._operations[key].modes, list[int]()
        for mode in modes:
            machine, time = self.instance.machine_by_id[mode.machine], mode.duration
            if machine.input_buffer == 0:
                time += self._handling(self._into.get(key, ()), machine, lambda group: group.drop_time)
            if machine.output_buffer == 0:
                time += self._handling(self._out_of.get(key, ()), machine, lambda group: group.pick_up_time)
            times.append(time)
        return _Stay(frozenset(m.machine for m in modes), min(times), key, frozenset(m.setup_family for m in modes))

    def _handling(
        self, moves: Sequence[tuple[str, Leg | None]], machine: Machine, time: Callable[[CarrierGroup], int]
    ) -> int:
        """Return the least time of the drops, or pick-ups, of these moves at a machine; 0 where one is no move."""
        return min(
            (
                min(time(self.instance.group_by_id[group]) for group in leg.groups) if leg is not None else 0
                for place, leg in moves
                if place == machine.id
            ),
            default=0,
        )

    def _exchange(self, machine: str, a: OperationKey, b: OperationKey) -> int:
        """Return how long the only carrier of a station, for one part, is on its way with one part and for the next."""
        outs = [leg for place, leg in self._out_of.get(a, ()) if place == machine]
        ins = [leg for place, leg in self._into.get(b, ()) if place == machine]
        if not outs or not ins or not _is_bare(self.instance.machine_by_id[machine]):
            return 0
        able = set[str]()
        for out, into in product(outs, ins):
            if out is None or into is None:
                return 0
            for leg, (job, _) in ((out, a), (into, b)):
                able.update(carrier for carrier, _ in carriers(self.instance, leg, self._jobs[job]))
        if len(able) != 1 or self.instance.carrier_by_id[next(iter(able))].capacity > 1:
            return 0
        group = self.instance.group_by_carrier[next(iter(able))]
        ways = self._ways[group.id]
        stops = {(machine, out.destination, into.origin, machine) for out, into in product(outs, ins) if out and into}
        return group.drop_time + group.pick_up_time + min(sum(ways.get(w, 0) for w in pairwise(each)) for each in stops)

    def of_carriers(self, rising: Rising) -> None:
        """Lift a bound to that of all carriers, and of sets of them between which moves have a choice."""
        holds = {id for id, carrier in self.instance.carrier_by_id.items() if carrier.capacity > 1}

        def gap(_: frozenset[str], a: _Ride, b: _Ride) -> int:
            if a.brings is not None and a.brings == b.takes:
                return self._work_at_bare_stations(a.brings)
            return self._way(a.ends, b.begins)

        rides = [part for ride in self._rides for part in (self._visits(ride) if ride.able & holds else (ride,))]
        _lift(rising, rides, dict.fromkeys(self.instance.carrier_by_id, 1), gap)
        for carrier in holds:
            visits = [ride for ride in rides if ride.able == {carrier}]
            rising.lift(sum(ride.length for ride in visits) + self._round_trip(visits))

    def _round_trip(self, visits: Sequence[_Ride]) -> int:
        """Return the least way to every place of some visits; past `MOST_TOURED`, to those that are farthest apart."""
        places = list(dict.fromkeys(end for ride in visits for end in (ride.begins, ride.ends) if len(end) == 1))
        some: list[frozenset[Place]] = []
        while places and len(some) < MOST_TOURED:
            some.append(max(places, key=lambda a: min((self._way(a, b) for b in some), default=0)))
            places.remove(some[-1])
        return least_circuit(np.array([[self._way(a, b) for b in some] for a in some], np.int64))

    def _way(self, ends: frozenset[Place], begins: frozenset[Place]) -> int:
        """Return the shortest way from one of some places to one of others; 0 to another group."""
        return min(
            self._ways[group].get((end, begin), 0) if group == other else 0
            for (group, end), (other, begin) in product(ends, begins)
        )

    def _visits(self, ride: _Ride) -> tuple[_Ride, ...]:
        """Return the two visits of a move."""
        if ride.is_whole:
            return (ride,)
        groups = [self.instance.group_by_id[group] for group, _ in ride.begins]
        pick_up, drop = min(group.pick_up_time for group in groups), min(group.drop_time for group in groups)
        return (
            _Ride(ride.able, pick_up, ride.begins, ride.begins, takes=ride.takes),
            _Ride(ride.able, drop, ride.ends, ride.ends, brings=ride.brings),
        )

    def _work_at_bare_stations(self, key: OperationKey) -> int:
        """Return the least work on a part where it is the only one at its station; 0 where there may be others."""
        modes = self._operations[key].modes
        is_alone = all(_is_bare(self.instance.machine_by_id[mode.machine]) for mode in modes)
        return min(mode.duration for mode in modes) if is_alone else 0


def _is_bare(machine: Machine) -> bool:
    """Return whether there is no more than one part at a machine, from its drop to its pick-up."""
    return machine.capacity == 1 and machine.input_buffer == 0 and machine.output_buffer == 0


def _travel(group: CarrierGroup) -> _Ways:
    """Return the shortest ways of a group."""
    places = {place for a, row in group.travel.items() for place in (a, *row)}
    ways: dict[tuple[str | None, str | None], int] = {(place, place): 0 for place in places}
    ways.update({(a, b): time for a, row in group.travel.items() for b, time in row.items()})
    return _closure(ways)


def _closure(ways: _Ways) -> _Ways:
    """Return the shortest way between any two places, or families, over others if that is shorter."""
    found = dict(ways)
    places = list(dict.fromkeys(end for pair in found for end in pair))
    for over, a, b in product(places, repeat=3):
        if (a, over) in found and (over, b) in found:
            found[a, b] = min(found.get((a, b), found[a, over] + found[over, b]), found[a, over] + found[over, b])
    return found


def _lift(
    rising: Rising,
    uses: Sequence[_Use],
    capacities: Mapping[str, int],
    gap: Callable[[frozenset[str], _Use, _Use], int],
) -> None:
    """Lift a bound to those of all sets of resources that some use has a choice between."""
    for some in {use.able for use in uses if use.able}:
        inside = [use for use in uses if use.able and use.able <= some]
        work = sum(use.length for use in inside)
        if len(inside) <= MOST_ASSIGNED and all(capacities[resource] == 1 for resource in some):
            rows = list[list[int]]()
            for a in inside:
                rising.lift()
                rows.append([gap(some, a, b) for b in inside])
            costs = np.array(rows, np.int64)
            work += least_circuit(costs) if len(some) == 1 else least_circuits(costs)
        rising.lift(-(-work // sum(capacities[resource] for resource in some)))
