"""Lowering of what does not depend on jobs: machines, movers, lanes, routes, calendars."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, zip_longest

from scheduler.domain import Calendar, Job, Lane, Robot
from scheduler.domain.parking import yards
from scheduler.domain.routing import Leg, may_carry
from scheduler.domain.stations import Side, places_at
from scheduler.domain.tempo import STEADY, Tempo
from scheduler.search.board import Board
from scheduler.search.decode import layout as at
from scheduler.search.decode.batteries import lower_battery
from scheduler.search.decode.layout import MAX_LEGS, NEVER
from scheduler.search.decode.places import limited_places, pace_row, places_of
from scheduler.search.parking import ParkingTimeline
from scheduler.search.problem import LinkData, MachineData, ModeData, Problem
from scheduler.search.timelines import MachineTimeline, Profile, SharedTimeline

SIDES: tuple[Side, Side] = ("input", "output")
SLOTS = {"exit": at.EXIT, "entry": at.ENTRY, "onward": at.ONWARD}

Tables = dict[int, list[tuple[int, ...]]]


class Facts:
    """The tables of a problem but for jobs and operations; ``times`` is the list that they point into.

    Places of groups are numbered (`group_places`); `chargers` are a row of ABLE, a profile, and what others may take.
    """

    def __init__(self, problem: Problem, latest: int) -> None:
        self.problem = problem
        self.latest = latest
        self.times: list[int] = []
        instance = problem.instance
        self.movers = [*instance.carrier_by_id, *instance.lane_by_vehicle]
        self._mover = {name: number for number, name in enumerate(self.movers)}
        self._groups = {group: number for number, group in enumerate(instance.group_by_id)}
        self.group_places = {group.id: places_of(group) for group in instance.group_by_id.values()}
        self._lanes = {lane.id: number for number, lane in enumerate(instance.lanes)}
        self._sites = {site.id: number for number, site in enumerate(instance.facilities)}
        self._families: list[dict[str | None, int]] = []
        self._calendars: dict[tuple[Calendar, Tempo], int] = {}
        self.yards = yards(instance)
        self.places: dict[str, int] = {}
        self.profiles: list[int] = []
        self._first_pool = 0
        self._docks: dict[str, int] = {}
        self.chargers: dict[str, tuple[int, int, int]] = {}
        self.stations: dict[tuple[str, Side], tuple[int, int]] = {}
        self._needed: set[tuple[int, int]] = set()
        self._leg_rows: dict[Leg, tuple[int, ...]] = {}
        self.has_gaps = False
        self._tenders: dict[int, tuple[int, int]] = {}
        self._examples: dict[int, int] = {}

    def machines_and_movers(self) -> Tables:
        """Return all tables, those of machines, carriers, groups, lanes and calendars filled."""
        instance = self.problem.instance
        tables: Tables = {table: [] for table in range(0, 2 * at.NUM_TABLES, 2)}
        bathed = {m.machine.index for o in self.problem.operations for m in o.modes if m.max_dwell is not None}
        for machine in self.problem.machines:
            place = self.places.setdefault(machine.place, len(self.places))
            self._examples.setdefault(place, machine.index)
            domain, setups_at, side, initial = machine.domain, -1, 0, 0
            families: dict[str | None, int] = {None: 0}
            if domain.setups is not None:
                for family in (domain.setups.initial, *domain.setups.times):
                    families.setdefault(family, len(families))
                for row in domain.setups.times.values():
                    for family in row:
                        families.setdefault(family, len(families))
                setups_at, side = len(self.times), len(families)
                initial = families[domain.setups.initial]
                self.times.extend(domain.setups.time(a, b) for a in families for b in families)
            self._families.append(families)
            shared = -1
            if domain.capacity > 1:
                shared = len(self.profiles)
                self.profiles.append(domain.capacity)
            cell = -1 if machine.cell is None else self._groups[machine.cell.id]
            tables[at.MACHINES].append(
                (
                    domain.capacity,
                    cell,
                    machine.load_time,
                    machine.unload_time,
                    int(machine.holds_in),
                    int(machine.holds_out),
                    self._calendar(domain.calendar, tables, domain.tempo),
                    setups_at,
                    side,
                    initial,
                    place,
                    shared,
                    int(machine.keeps),
                    int(machine.keeps or machine.index in bathed),
                    int(domain.capacity == 1 and not domain.swap),
                    *self._profile(machine.places_out),
                    *self._profile(machine.places_in),
                )
            )
        for site in instance.facilities:
            if site.docks is not None:
                self._docks[site.id] = len(self.profiles)
                self.profiles.append(site.docks)
        for name, charger in instance.charger_by_id.items():
            fleet = next(fleet for fleet in instance.fleets if charger in fleet.chargers)
            spot = self.group_places[fleet.id][charger.place]
            self.chargers[name] = len(tables[at.ABLE]), len(self.profiles), charger.places - 1
            tables[at.ABLE].append((-1, 0, spot, spot, 0, 0))
            self.profiles.append(charger.places)
        for rooms in ({(cell.id, side): places_at(cell, side) for side in SIDES} for cell in instance.cells):
            self.stations.update({room: self._profile(num) for room, num in rooms.items() if num is not None})
        self._first_pool = len(self.profiles)
        self.profiles.extend(pool.capacity for pool in instance.operators)
        limited = limited_places(self)
        paces: dict[tuple[str, int], int] = {}
        for group_id, groups in instance.paces_by_id.items():
            places = self.group_places[group_id]
            for speed, group in groups.items():
                paces[group_id, speed] = len(tables[at.PACES])
                tables[at.PACES].append(pace_row(group, places, self.times))
        for name, carrier in instance.carrier_by_id.items():
            group = instance.group_by_carrier[name]
            home = self.group_places[group.id][carrier.start]
            battery = lower_battery(self, name, tables) if name in instance.battery_by_vehicle else -1
            calendar = self._calendar(carrier.calendar, tables)
            spots_at = len(tables[at.ABLE])
            pace, number = paces[group.id, carrier.speed], self._groups[group.id]
            usual = (calendar, pace, home, battery, 0, 0, carrier.capacity, spots_at, number)
            tables[at.CARRIERS].append((*usual, *limited.get(name, (-1, -1)), home, self.problem.now))
            if carrier.capacity > 1:
                handling = (group.pick_up_time, group.drop_time)
                spots = range(len(self.group_places[group.id]))
                tables[at.ABLE].extend((self._mover[name], 0, spot, spot, *handling) for spot in spots)
        for lane in instance.lanes:
            tables[at.LANES].append(
                (
                    self._mover[lane.vehicle_ids[0]] if lane.vehicles else 0,
                    lane.vehicles,
                    lane.units_per_vehicle,
                    lane.trip_times[0],
                    lane.return_time,
                    self._calendar(lane.calendar, tables),
                    self._lane_limits(lane, tables),
                    lane.trip_cost,
                    lane.unit_cost,
                    lane.trip_co2,
                )
            )
        return tables

    def _profile(self, places: int) -> tuple[int, int]:
        """Add a profile for so many places; return its number and what others may take of it (-1, 0: no places)."""
        if places == 0:
            return -1, 0
        self.profiles.append(places)
        return len(self.profiles) - 1, places - 1

    def pool(self, number: int) -> int:
        """Return the profile of an operator pool."""
        return self._first_pool + number

    def capacity(self, number: int) -> int:
        """Return the capacity of an operator pool."""
        return self.problem.instance.operators[number].capacity

    def family(self, mode: ModeData) -> int:
        """Return the setup family of a mode (0: none, or one that needs no setup from or to any other)."""
        return self.family_number(mode.machine.index, mode.family)

    def tenders(self, mode: ModeData, tables: Tables) -> tuple[int, int]:
        """Return the rows of `layout.ABLE`, from the first to behind the last, of the robots that may tend a mode."""
        machine = mode.machine
        if not mode.tenders or machine.cell is None:
            return 0, 0
        if machine.index not in self._tenders:
            first, spot = len(tables[at.ABLE]), self.group_places[machine.cell.id][machine.domain.id]
            tables[at.ABLE].extend((self._mover[robot], 0, spot, spot, 0, 0) for robot in mode.tenders)
            self._tenders[machine.index] = first, len(tables[at.ABLE])
        return self._tenders[machine.index]

    def carriers_of(self, job: Job) -> int:
        """Return where it stands which robots and vehicles may carry a job; -1 where all may."""
        if not job.carriers:
            return -1
        place, instance = len(self.times), self.problem.instance
        self.times.extend(int(may_carry(instance, carrier, job)) for carrier in instance.carrier_by_id)
        return place

    def need_routes(self, before: Iterable[int | None], after: Iterable[int | None]) -> None:
        """Note that parts go from some machines to others (None: from or to the outside)."""
        machines, outside = self.problem.machines, len(self.places)
        here = {outside if m is None else self.places[machines[m].place] for m in before}
        there = {outside if m is None else self.places[machines[m].place] for m in after}
        self._needed.update((a, b) for a in here for b in there)

    def add_routes(self, tables: Tables) -> None:
        """Fill the tables of routes, legs, and who can do them."""
        side = len(self.places) + 1
        tables[at.ROUTES] = [(0, -1, -1, -1)] * (side * side)
        machines = self.problem.machines
        for here, there in sorted(self._needed):
            ends = (None if place == side - 1 else machines[self._examples[place]] for place in (here, there))
            routes = self.problem.routes(*ends)
            if not routes:
                self.has_gaps = True
            row = here * side + there
            for number, legs in enumerate(routes, start=1):
                other = len(tables[at.ROUTES]) if number < len(routes) else -1
                tables[at.ROUTES][row] = (len(tables[at.LEGS]), len(legs), self.stop(legs), other)
                for leg, onward in zip_longest(legs, legs[1:]):
                    tables[at.LEGS].append((*self._leg(leg, tables), *self._station(leg, onward)))
                if other >= 0:
                    tables[at.ROUTES].append((0, -1, -1, -1))
                row = other

    def _station(self, leg: Leg, onward: Leg | None) -> tuple[int, int]:
        """Return the profile of the station at which a part takes a place after a leg, and what others may take."""
        if leg.kind == "robot_move" and leg.destination not in self.problem.machine_by_id:
            return self.stations.get((leg.groups[0], "output"), (-1, 0))
        if leg.kind == "transport" and onward is not None and onward.slot == "entry":
            return self.stations.get((onward.groups[0], "input"), (-1, 0))
        return -1, 0

    def stop(self, legs: Iterable[Leg]) -> int:
        """Return the number of the facility that the first lane of a route leads to; -1 if it takes none."""
        return next((self.site(leg.destination) for leg in legs if leg.slot == "transfer"), -1)

    def site(self, name: str) -> int:
        """Return the number of a facility."""
        return self._sites[name]

    def mover(self, name: str) -> int:
        """Return the number of a mover."""
        return self._mover[name]

    def spot(self, carrier: str, place: str) -> int:
        """Return the number of a place among those of the group of a carrier."""
        return self.group_places[self.problem.instance.group_by_carrier[carrier].id][place]

    def lane(self, vehicle: str) -> int:
        """Return the number of the lane of a vehicle."""
        return self._lanes[self.problem.instance.lane_by_vehicle[vehicle].id]

    def family_number(self, machine: int, family: str | None) -> int:
        """Return the number of a setup family on a machine, 0 if it has none there."""
        return self._families[machine].get(family, 0)

    def num_past_steps(self, board: Board | None) -> int:
        """Return how many steps the profiles on the board have."""
        return 0 if board is None else sum(len(profile.steps) for profile in profiles_on(board))

    def spots(self) -> dict[str, int]:
        """Return, by charger, the row of `layout.ABLE` for being there."""
        return {name: able for name, (able, _, _) in self.chargers.items()}

    def most_charges(self, num_moves: int, num_begun: int) -> int:
        """Return how many rows there are for charges: before each move, on the way home, and what has begun."""
        instance = self.problem.instance
        if not instance.battery_by_vehicle:
            return 0
        return num_moves + len(instance.carrier_by_id) + num_begun

    def further_loads(self, job: Job, origin: MachineData, destination: MachineData) -> tuple[int, int]:
        """Return how many loads of a job there are, but for one each, on the first and second lanes of its routes."""
        found = [0, 0]
        for legs in self.problem.routes(origin, destination) if job.splits else ():
            for leg in legs:
                if leg.kind == "transfer":
                    full = min(self.problem.instance.lane_by_id[lane].units_per_vehicle for lane in leg.groups)
                    lane = int(leg.slot == "onward")
                    found[lane] = max(found[lane], (job.units - 1) // full)
        return found[0], found[1]

    def most_moves(self, links: list[LinkData], num_loads: int) -> int:
        """Return the most moves that there can be."""
        instance = self.problem.instance
        if not (instance.cells or instance.fleets or instance.lanes):
            return 0
        return MAX_LEGS * len(links) + num_loads

    def _calendar(self, calendar: Calendar, tables: Tables, tempo: Tempo = STEADY) -> int:
        if calendar.always_works and not tempo.stretches:
            return -1
        if (calendar, tempo) not in self._calendars:
            self._calendars[calendar, tempo] = len(tables[at.CALENDARS])
            windows = calendar.blocked(self.latest)
            slow_at = len(self.times) + 2 * len(windows)
            tables[at.CALENDARS].append((len(self.times), len(windows), slow_at, len(tempo.stretches), tempo.usual))
            for window in windows:
                self.times.extend((window.start, window.end))
            for begin, end, worth in tempo.stretches:
                self.times.extend((begin, NEVER if end is None else end, worth))
        return self._calendars[calendar, tempo]

    def _lane_limits(self, lane: Lane, tables: Tables) -> int:
        """Add the row of what limits the departures of a lane; return its number, -1 if nothing does."""
        docks = [self._docks.get(site, -1) for site in (lane.origin, lane.destination)]
        timetable = lane.timetable
        if timetable is None and lane.headway == 0 and max(docks) < 0 and not lane.varies:
            return -1
        here, there = ((dock, self.profiles[dock] - 1 if dock >= 0 else 0) for dock in docks)
        listed_at, listed, period, last = len(self.times), 0, 0, NEVER
        if timetable is not None:
            listed, period = len(timetable.departures), timetable.period or 0
            last = NEVER if timetable.until is None else timetable.until
            self.times.extend(timetable.departures)
        row = (listed_at, listed, period, last, lane.headway, *here, lane.load_time, *there, lane.unload_time)
        tables[at.LANE_LIMITS].append((*row, *self._pieces(lane)))
        return len(tables[at.LANE_LIMITS]) - 1

    def _pieces(self, lane: Lane) -> tuple[int, int, int, int, int, int]:
        """Write down how long trips are when, and the lengths that they have; zeros if all are alike."""
        if not lane.varies:
            return 0, 0, 0, 0, 0, 0
        pieces_at, times = len(self.times), lane.transit_times
        period = 1 if times is None else times.period
        first = [s.until for s in lane.slowdowns if s.end is None and s.until is not None]
        repeats_at = -(-max(first, default=0) // period) * period
        num_first = self._pieces_of(lane, 0, repeats_at, 0)
        num_pieces = self._pieces_of(lane, repeats_at, repeats_at + period, repeats_at)
        lengths_at = len(self.times)
        self.times.extend(lane.trip_times)
        return pieces_at, num_first, num_pieces, period, lengths_at, len(lane.trip_times)

    def _pieces_of(self, lane: Lane, begin: int, end: int, origin: int) -> int:
        """Write down the pieces of a window, by their ticks after the origin; return how many there are."""
        pieces = list(pairwise((begin, *lane.changes(begin, end), end))) if begin < end else []
        for start, until in pieces:
            self.times.extend((until - origin, lane.trip_time_at(start)))
        return len(pieces)

    def _leg(self, leg: Leg, tables: Tables) -> tuple[int, ...]:
        if leg in self._leg_rows:
            return self._leg_rows[leg]
        first, instance = len(tables[at.ABLE]), self.problem.instance
        least = full = NEVER
        if leg.kind == "transfer":
            for lane_id in leg.groups:
                lane: Lane = instance.lane_by_id[lane_id]
                least, full = min(least, lane.trip_times[0]), min(full, lane.units_per_vehicle)
                handling = (lane.load_time, lane.unload_time)
                tables[at.ABLE].append((self._lanes[lane_id], lane.trip_times[0], 0, 0, *handling))
        else:
            for group_id in leg.groups:
                group, places = instance.group_by_id[group_id], self.group_places[group_id]
                paces = instance.paces_by_id[group_id].items()
                lengths = {speed: pace.move_time(leg.origin, leg.destination) for speed, pace in paces}
                least = min(least, *lengths.values())
                ends = (places[leg.origin], places[leg.destination])
                handling = (group.pick_up_time, group.drop_time)
                able = [c for c in group.carriers if not isinstance(c, Robot) or c.reaches(leg.origin, leg.destination)]
                tables[at.ABLE].extend((self._mover[c.id], lengths[c.speed], *ends, *handling) for c in able)
        is_trip, slot = leg.kind == "transfer", SLOTS.get(leg.slot, at.ELSEWHERE)
        takes_up = -1 if is_trip else int(leg.origin in self.problem.machine_by_id)
        brings = int(not is_trip and leg.destination in self.problem.machine_by_id)
        row = (int(is_trip), slot, first, len(tables[at.ABLE]), least, takes_up, brings, full)
        self._leg_rows[leg] = row
        return row


def profiles_on(board: Board) -> list[Profile]:
    """Return the profiles of a board by number: of machines, docks, chargers, stations of cells, pools, parking."""
    timelines = (line for lines in zip(board.timelines, board.stores, board.inputs, strict=True) for line in lines)
    machines = [line.profile for line in timelines if isinstance(line, SharedTimeline)]
    stations = [room.profile for room in board.stations.rooms.values()]
    parked = (board.carriers[fleet.vehicles[0].id] for fleet in board.problem.instance.fleets if fleet.limited)
    rooms = [room for timeline in parked if isinstance(timeline, ParkingTimeline) for room in timeline.rooms.values()]
    return [*machines, *board.docks.values(), *board.chargers.values(), *stations, *board.pools, *rooms]


def machine_timelines(board: Board) -> list[MachineTimeline | None]:
    """Return the sequences of the machines, None for shared machines."""
    return [timeline if isinstance(timeline, MachineTimeline) else None for timeline in board.timelines]
