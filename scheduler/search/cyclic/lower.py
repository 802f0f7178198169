"""The part set of a cyclic instance as integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, count, product

import numpy as np

from scheduler.domain import Instance, Job, Machine, Mode, Operation
from scheduler.domain.cycle import part_set
from scheduler.domain.routing import Leg, Slot, carriers, in_loads, routes
from scheduler.search.cyclic.choices import Choice, choices_of, has_last, hub_of, id_of, links_of, orders_of
from scheduler.search.cyclic.facts import NO_LIMIT, TRIP, Facts, Ints
from scheduler.search.cyclic.once import beginnings, downtimes, longest_setups, pauses
from scheduler.search.cyclic.resources import gap_tables, shares, shares_of_lanes


@dataclass(frozen=True)
class Lowered:
    """An instance as the search sees it.

    Attributes
    ----------
    instance, one_set
        The instance, and its part set alone; the same where it is made once.
    facts
        The set as integers.
    jobs
        By number: a job of the set, and the operations of one of its process plans in the order of work.
    operations
        By number, with the id of the job.
    links
        By number of a link: job, predecessor and successor.
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
    links: tuple[tuple[str, str | None, str | None], ...]
    choices: tuple[tuple[Choice, ...], ...]
    legs: tuple[Leg, ...]
    visits: tuple[int, ...]
    carriers: tuple[str, ...]


def lower(instance: Instance) -> Lowered:
    """Return an instance that `why_unsupported` has nothing against as integers.

    Where it is made once there is one more job, without operations: it stands for what everything begins with.
    """
    return _Lowering(instance).lowered()


class _Lowering:
    """The lists that grow while an instance is lowered."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.one_set = instance if instance.cycle is None else part_set(instance)
        one_set = self.one_set
        self.capacities: dict[str | tuple[str, str], int] = {m.id: m.capacity for m in one_set.machines}
        self.capacities.update(dict.fromkeys(one_set.carrier_by_id, 1))
        self.capacities.update(shares(one_set))
        self.of_lanes = shares_of_lanes(one_set)
        self.capacities |= self.of_lanes
        self.resources = {id: k for k, id in enumerate(self.capacities)}
        self.names, tables = gap_tables(one_set, instance.cycle is None)
        tables += [[0]] * (len(self.resources) - len(tables))
        self.names += [{}] * (len(self.resources) - len(self.names))
        self.gaps_at = list(accumulate((len(table) for table in tables[:-1]), initial=0))
        self.gaps = [ticks for table in tables for ticks in table]
        self.routes_at: list[int] = []
        self.legs_at: list[int] = [0]
        self.leaves: list[int] = []
        self.enters: list[int] = []
        self.legs: list[Leg] = []
        self.visits: list[int] = []
        self.options_at: list[int] = [0]
        self.stations: list[int] = []
        self.apart: list[int] = []
        self.by_lanes: list[bool] = []
        self.options: list[tuple[int, int, int, int, int, int, int, int]] = []
        self.carriers: list[str] = []
        self.least = int(instance.cycle is not None)  # ticks that something lasts: by then it is over in its cycle
        self.shares: list[list[tuple[int, int, int, int, int]]] = []

    def lowered(self) -> Lowered:
        """Write jobs, modes, routes and options; return it all."""
        one_set = self.one_set
        jobs = tuple((job, order) for job in one_set.jobs for order in orders_of(job))
        operations = tuple((job.id, operation) for job, order in jobs for operation in order)
        by_job = [choices_of(one_set, job, order) for job, order in jobs]
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
        by_link = [links_of(job, order) for job, order in jobs]
        links: list[tuple[str, str | None, str | None]] = []
        comes_from, goes_to, arrivals, lasts = list[int](), list[int](), list[int](), list[bool]()
        numbers = count()
        for (job, order), of_job, ends in zip(jobs, by_job, by_link, strict=True):
            at = {operation.id: next(numbers) for operation in order}
            steps: dict[str | None, Sequence[tuple[Machine, Choice] | None]] = {None: [None]}
            for operation, ways in zip(order, of_job, strict=True):
                machines = [one_set.machine_by_id[mode.machine] for mode in operation.modes]
                steps[operation.id] = [(machines[way.mode], way) for way in ways]
                parts = [before for before, after in ends if after is operation]
                lasts += [has_last(one_set, parts, operation.modes[way.mode]) or False for way in ways]
            num_rows = 0
            for before, after in ((id_of(before), id_of(after)) for before, after in ends):
                links.append((job.id, before, after))
                comes_from.append(at.get(before or "", -1))
                goes_to.append(at.get(after or "", -1))
                arrivals.append(num_rows)
                num_rows += len(steps[after])
                self.routes_at.append(len(self.leaves))
                for origin, destination in product(steps[before], steps[after]):
                    chosen_by = destination[1].brings if destination else origin[1].takes if origin else ()
                    picks = {slot: id for (other, slot), id in chosen_by if other == before}
                    hub = dict(destination[1].over)[before] if destination else None
                    self._route(job, origin and origin[0], destination and destination[0], picks, hub)
        of_links = [lags.get((job, before or "", after or "")) for job, before, after in links]
        ins, outs = ([list[int]() for _ in operations] for _ in range(2))
        for link, (of, to) in enumerate(zip(comes_from, goes_to, strict=True)):
            if of >= 0:
                outs[of].append(link)
            if to >= 0:
                ins[to].append(link)
        last = {job.id: number for number, (job, _) in enumerate(jobs, start=1)}
        routes_to = [*self.routes_at[1:], len(self.leaves)]
        num_legs = np.diff(self.legs_at).tolist()
        slots = [max(num_legs[a:b]) for a, b in zip(self.routes_at, routes_to, strict=True)]
        way_times = [self._shortest(way) for way in range(len(num_legs))]
        carrier, busy, length, pick_up, drop, origins, destinations, option_lasts = (
            zip(*self.options, strict=True) if self.options else [()] * 8
        )
        closed, rows = downtimes(one_set)
        of_modes = [operation for (_, operation), ways in zip(operations, choices, strict=True) for _ in ways]
        dated = {
            id(job.operation(p.successor)) for job in one_set.jobs for p in job.precedences if p.max_lag is not None
        }
        pausing = pauses(one_set, [(o, *each) for o, each in zip(of_modes, chosen, strict=True)], dated)
        nobody = [0] if self.instance.cycle is None else []
        of_jobs = [(last[job.id] - len(orders_of(job)), last[job.id]) for job, _ in jobs]
        facts = Facts(
            ops_at=_sums([*(len(order) for _, order in jobs), *nobody]),
            links_at=_sums([*(len(ends) for ends in by_link), *nobody]),
            comes_from=_ints(comes_from),
            goes_to=_ints(goes_to),
            outs_from=_ints(each[0] for each in outs),
            outs_to=_ints(each[-1] + 1 for each in outs),
            ins_at=_sums(len(each) for each in ins),
            ins=_ints(link for each in ins for link in each),
            slots_at=_sums(slots),
            link_of=np.repeat(np.arange(len(slots)), slots),
            arrivals=_ints(arrivals),
            modes_at=_sums(len(ways) for ways in choices),
            machine=_ints(self.resources[mode.machine] for mode in modes),
            duration=_ints(mode.duration for mode in modes),
            family=_ints(self.names[self.resources[mode.machine]][mode.setup_family] for mode in modes),
            dwell=_ints(NO_LIMIT if mode.max_dwell is None else mode.max_dwell for mode in modes),
            has_last=_ints(lasts),
            behind=_ints(self.resources.get(("behind", mode.machine), -1) for mode in modes),
            before=_ints(self.resources.get(("before", mode.machine), -1) for mode in modes),
            helps_at=_sums(len(each) for each in helps),
            helper=_ints(helpers),
            help_demand=_ints(demands),
            help_place=_ints(places),
            least_lag=_ints(0 if lag is None else lag.min_lag for lag in of_links),
            most_lag=_ints(NO_LIMIT if lag is None or lag.max_lag is None else lag.max_lag for lag in of_links),
            least_wait=_ints(
                0 if lag is None else max(0, lag.min_lag - min(way_times[a:b]))
                for lag, a, b in zip(of_links, self.routes_at, routes_to, strict=True)
            ),
            holds_before=_ints(machine.input_buffer == 0 for machine in one_set.machines),
            holds_after=_ints(machine.output_buffer == 0 for machine in one_set.machines),
            routes_at=_ints(self.routes_at),
            legs_at=_ints(self.legs_at),
            way_time=_ints(way_times),
            leaves=_ints(self.leaves),
            enters=_ints(self.enters),
            options_at=_ints(self.options_at),
            station=_ints(self.stations),
            apart=_ints(self.apart),
            by_lanes=_ints(self.by_lanes),
            carrier=_ints(carrier),
            busy=_ints(busy),
            length=_ints(length),
            pick_up=_ints(pick_up),
            drop=_ints(drop),
            origin=_ints(origins),
            destination=_ints(destinations),
            lasts=_ints(option_lasts),
            turns=np.array([self._turns(id) for id in self.carriers], np.int64).reshape(-1, 4),
            shares_at=_sums(len(option) for option in self.shares),
            shares=np.array([share for option in self.shares for share in option], np.int64).reshape(-1, 5),
            capacity=_ints(self.capacities.values()),
            is_counted=_ints(capacity > 1 or id in self.of_lanes for id, capacity in self.capacities.items()),
            gaps_at=_ints(self.gaps_at),
            gaps_width=_ints(max(1, len(names)) for names in self.names),
            gaps=_ints(self.gaps),
            alternatives=np.array([*of_jobs, *((len(jobs), len(jobs) + 1) for _ in nobody)], np.int64),
            sets=_ints([self.instance.cycle.repetitions - 1 if self.instance.cycle is not None else 1]),
            is_once=_ints([len(nobody)]),
            release=_ints([*(job.release_date for job, _ in jobs), *nobody]),
            closed=np.array(closed, np.int64).reshape(-1, 2),
            works=np.array([rows[mode.machine] for mode in modes], np.int64).reshape(-1, 2),
            departs=np.array([rows.get(id, (0, 0)) for id in self.carriers], np.int64).reshape(-1, 2),
            pauses=_ints(pausing),
            set_up=_ints(longest_setups(one_set, modes)),
            begins_with=np.array(beginnings(one_set, self.resources, self.names) if nobody else [], np.int64).reshape(
                -1, 2
            ),
        )
        legs, visits, able = tuple(self.legs), tuple(self.visits), tuple(self.carriers)
        return Lowered(self.instance, one_set, facts, jobs, operations, tuple(links), choices, legs, visits, able)

    def _shortest(self, way: int) -> int:
        """Return how long a way takes at the least; of several loads only the last one counts."""
        total = 0
        for leg in range(self.legs_at[way], self.legs_at[way + 1]):
            lengths = [option[2] for option in self.options[self.options_at[leg] : self.options_at[leg + 1]]]
            if leg + 1 == self.legs_at[way + 1] or self.apart[leg + 1] < 0:
                total += min(lengths, default=NO_LIMIT)
        return total

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

    def _route(
        self,
        job: Job,
        origin: Machine | None,
        destination: Machine | None,
        picks: Mapping[Slot, str],
        hub: str | None,
    ) -> None:
        """Write the way from machine to machine, over a hub if one is given; a leg without options nothing can do."""
        legs = next((way for way in routes(self.one_set, origin, destination) if hub_of(way) == hub), None)
        loads = in_loads(self.one_set, legs or (), job, None, None)
        for k, leg in enumerate(loads):
            able = carriers(self.one_set, leg, job)
            if leg.slot in picks:
                able = tuple(option for option in able if option[0] == picks[leg.slot])
            if leg.kind == "transfer":
                self._transfer(leg, [lane for lane, _ in able], leg.units or job.units)
            elif any(("held", carrier) in self.resources for carrier, _ in able):
                ((carrier, length),) = able
                self._visits(leg, carrier, length, self._station(loads, k))
            else:
                self._move(leg, able, self._station(loads, k))
        if legs is None:
            self._move(Leg("entry", "robot_move", "", "", ()), (), -1)
        self.legs_at.append(len(self.legs))
        first, last = (legs[0], legs[-1]) if legs else (None, None)
        leaves = first is not None and origin is not None and (first.kind == "transfer" or first.origin == origin.id)
        self.leaves.append(int(leaves))
        self.enters.append(int(last is not None and destination is not None and last.destination == destination.id))

    def _move(self, leg: Leg, able: Iterable[tuple[str, int]], station: int) -> None:
        """Write a move that one of these carriers makes, each in so many ticks, without anything between."""
        for carrier, length in able:
            group, number = self.one_set.group_by_carrier[carrier], self.resources[carrier]
            handling = group.pick_up_time, group.drop_time
            places = self.names[number][leg.origin], self.names[number][leg.destination]
            self.options.append((number, length, length, *handling, *places, max(self.least, length)))
            self.carriers.append(carrier)
            self.shares.append([])
        self._end_leg(leg, 0, station)

    def _transfer(self, leg: Leg, able: Iterable[str], units: int) -> None:
        """Write a transfer over one of these lanes."""
        for lane in map(self.one_set.lane_by_id.__getitem__, able):
            length, back = lane.trip_time, lane.trip_time + lane.return_time
            lasts = max(self.least, length) + self.least * lane.return_time
            self.options.append((-1, back, length, lane.load_time, lane.unload_time, 0, 0, lasts))
            self.carriers.append(lane.id)
            found = [(self.resources["vehicles", lane.id], TRIP, 1, 0, max(1, back))]
            found.append((self.resources["units", lane.id], 0, units, 0, 1))
            if lane.headway > 0:
                found.append((self.resources["headway", lane.id], TRIP, 1, 0, lane.headway))
            handled = (lane.origin, 0, lane.load_time), (lane.destination, length - lane.unload_time, length)
            for facility, begin, end in handled:
                if ("docks", facility) in self.resources and begin < end:
                    there = [other for other in self.one_set.lanes if facility in (other.origin, other.destination)]
                    number = there.index(lane)
                    found.append((self.resources["docks", facility], TRIP - number, 1, begin, end))
            self.shares.append(found)
        self._end_leg(leg, 0, -1)
        self.by_lanes[-1] = len(leg.groups) > 1 and leg.units is not None
        if leg.load > 0:
            least, number, longest, _ = self._turns(leg.groups[0])
            self.apart[-1] = 0 if self.by_lanes[-1] else longest if leg.load % number == 0 else least

    def _turns(self, carrier: str) -> tuple[int, int, int, int]:
        """Return how long after a load over a lane others can depart so that they don't meet; see `Facts`.

        Each fills its vehicle but for the last, so none shares a trip; where all vehicles are under way the first is
        waited for.
        """
        lane = self.one_set.lane_by_id.get(carrier)
        if lane is None:
            return 0, 1, 0, 0
        ends = (lane.origin, lane.load_time), (lane.destination, lane.unload_time)
        docks = [(self.one_set.facility_by_id[facility].docks, time) for facility, time in ends]
        there, beyond = (0 if number is None else -(-time // number) for number, time in docks)
        least = max(1, lane.headway, there, beyond)
        return least, lane.vehicles, max(least, lane.trip_time + lane.return_time - (lane.vehicles - 1) * least), there

    def _visits(self, leg: Leg, carrier: str, length: int, station: int) -> None:
        """Write a move as two visits; its place on the carrier is taken from its start to its end."""
        group, number = self.one_set.group_by_carrier[carrier], self.resources[carrier]
        pick_up, drop, there = group.pick_up_time, group.drop_time, length - group.drop_time
        origin, destination = self.names[number][leg.origin], self.names[number][leg.destination]
        self.options.append((number, pick_up, there, pick_up, there, origin, origin, max(self.least, there)))
        self._end_leg(leg, 1, self.resources["held", carrier])
        self.options.append((number, drop, drop, drop, drop, destination, destination, drop))
        self._end_leg(leg, -1, station)
        self.carriers += [carrier, carrier]
        self.shares += [[], []]

    def _end_leg(self, leg: Leg, visit: int, station: int) -> None:
        self.legs.append(leg)
        self.visits.append(visit)
        self.stations.append(station)
        self.apart.append(-1)
        self.by_lanes.append(False)
        self.options_at.append(len(self.options))


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), np.int64)


def _sums(counts: Iterable[int]) -> Ints:
    return np.concatenate(([0], np.cumsum(list(counts)))).astype(np.int64)
