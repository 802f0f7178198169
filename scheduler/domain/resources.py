"""What a factory is made of: facilities, machines, robot cells, transport fleets, operator pools; lanes apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from scheduler.domain.calendar import Calendar
from scheduler.domain.shortages import Shortage
from scheduler.domain.slowdowns import Slowdown, slowed
from scheduler.domain.tempo import Tempo, tempo_of


@dataclass(frozen=True, slots=True)
class Facility:
    """A site. Jobs go from one facility to another only over a transfer lane.

    ``station`` is its load/unload station: the place at which jobs arrive, from outside or over a lane, and leave;
    None: jobs arrive where their first machine is. With ``returns_jobs`` finished jobs are taken back to the station,
    otherwise they are complete where their last operation ends. At most ``docks`` trips of all its lanes load or unload
    at a time (None: any number). Over a ``hub`` jobs may go from one facility to another by two lanes, one to the hub
    and one from it.
    """

    id: str
    station: str | None = None
    returns_jobs: bool = False
    docks: int | None = None
    hub: bool = False


@dataclass(frozen=True, slots=True)
class SetupMatrix:
    """Sequence-dependent setup times of one machine, by setup family.

    If an operation of family ``g`` directly follows one of family ``f`` on the machine, the machine is set up for
    ``time(f, g)`` ticks between them. ``initial`` is the family the machine is in at tick 0 (None: the first
    operation needs no setup). Pairs that are absent, and operations without a family, need no setup.
    """

    times: Mapping[str, Mapping[str, int]]
    initial: str | None = None

    def time(self, before: str | None, after: str | None) -> int:
        """Return the setup time from family `before` to family `after` (0 when either is None or the pair absent)."""
        if before is None or after is None:
            return 0
        return self.times.get(before, {}).get(after, 0)


@dataclass(frozen=True, slots=True)
class Machine:
    """Processes up to ``capacity`` operations at a time.

    A machine with a ``cell`` is a *station* of that robot cell: parts come and go only in the grip of a robot.
    ``input_buffer`` / ``output_buffer`` are the places for parts before and after processing: None is unlimited,
    0 is none. A part that a mover brings needs a place from the moment it is put down until its operation starts;
    without input buffer, that is the machine itself. A part that is done stays on the machine (*blocking*) until there
    is a place for it, or it has been taken away, or its next operation starts.
    With ``swap`` parts may exchange their machines in one instant; without, the one on this machine leaves first.
    ``slowdowns``, by their start, come by events: its operations take longer in them.
    """

    id: str
    facility: str
    cell: str | None = None
    capacity: int = 1
    calendar: Calendar = field(default_factory=Calendar)
    setups: SetupMatrix | None = None
    input_buffer: int | None = None
    output_buffer: int | None = None
    swap: bool = True
    slowdowns: tuple[Slowdown, ...] = ()

    @property
    def tempo(self) -> Tempo:
        """How fast it works, tick by tick."""
        return tempo_of(self.slowdowns)


@dataclass(frozen=True, slots=True)
class Robot:
    """A robot of a cell: holds as many parts at a time as it has ``grippers``. ``start`` is its place at tick 0.

    ``reach`` are the places of the cell that it goes to (empty: all). Its travel takes the times of the cell at
    ``speed`` percent, see `at_speed`.
    """

    id: str
    start: str
    calendar: Calendar = field(default_factory=Calendar)
    grippers: int = 1
    reach: tuple[str, ...] = ()
    speed: int = 100

    @property
    def capacity(self) -> int:
        """Parts that it holds at a time: ``grippers``."""
        return self.grippers

    def reaches(self, origin: str, destination: str) -> bool:
        """Return whether it can carry a part from one place to the other."""
        return not self.reach or (origin in self.reach and destination in self.reach)


@dataclass(frozen=True, slots=True)
class ChargeStep:
    """A piece of the charge curve: ``rate`` units a tick while the level is below ``up_to``."""

    up_to: int
    rate: int


@dataclass(frozen=True, slots=True, order=True)
class Correction:
    """What was measured: at tick ``at``, which is past, the level turned out to be ``by`` units higher than counted."""

    at: int
    by: int


@dataclass(frozen=True, slots=True)
class Battery:
    """What a vehicle runs on; its level is a whole number of units of charge (Wh, ampere hours: what the file means).

    The level is ``initial`` at tick 0, at most ``capacity``, never below ``minimum`` while the vehicle is in use. It
    falls by ``drain_loaded`` in each tick of a transport, ``drain_empty`` in each tick of an empty move, ``drain_idle``
    in each other tick that the vehicle is not at a charger, also while it waits with jobs on board. ``curve`` has the
    pieces of the charge curve, by rising level up to the capacity; see `scheduler.domain.batteries` for the arithmetic.
    ``corrections`` come from events.
    """

    capacity: int
    curve: tuple[ChargeStep, ...]
    initial: int
    minimum: int = 0
    drain_loaded: int = 0
    drain_empty: int = 0
    drain_idle: int = 0
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class Charger:
    """A charging station of a fleet, at one of its places: charges up to ``places`` vehicles, but for ``shortages``."""

    id: str
    place: str
    places: int = 1
    shortages: tuple[Shortage, ...] = ()


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle of a fleet (AGV, AMR, forklift): carries ``capacity`` jobs at a time. ``start`` is its place at tick 0.

    ``battery`` None: it never has to be charged. Its travel takes the times of the fleet at ``speed`` percent, see
    `at_speed`.
    """

    id: str
    start: str
    calendar: Calendar = field(default_factory=Calendar)
    battery: Battery | None = None
    capacity: int = 1
    speed: int = 100


Carrier: TypeAlias = Robot | Vehicle
"""A mover that carries parts, most often one at a time, and travels empty between its moves."""


@dataclass(frozen=True, slots=True)
class RobotCell:
    """Stations served by robots.

    Places of the cell are its stations (machines whose ``cell`` is this one), the input station, where parts
    enter, and the output station, where they leave; the two may be one place. ``input_places`` / ``output_places``
    are how many parts they hold: those that a vehicle has brought and no robot has taken up yet, and those that a robot
    has brought and nothing has taken away (None: any number); the two are counted apart, also at one place.
    A *robot move* from p to q lasts ``unload_time + travel[p][q] + load_time``. Between two consecutive moves of
    a robot lies the *empty move*, ``travel[last drop][next pick-up]``. ``slowdowns``, by their start, come by events.
    """

    id: str
    facility: str
    robots: tuple[Robot, ...]
    input_station: str
    output_station: str
    travel: Mapping[str, Mapping[str, int]]
    load_time: int = 0
    unload_time: int = 0
    input_places: int | None = None
    output_places: int | None = None
    slowdowns: tuple[Slowdown, ...] = ()

    @property
    def carriers(self) -> tuple[Robot, ...]:
        """Its movers: the robots."""
        return self.robots

    @property
    def pick_up_time(self) -> int:
        """Ticks from the start of a move until the part has left its place: ``unload_time``."""
        return self.unload_time

    @property
    def drop_time(self) -> int:
        """Ticks before the end of a move in which the part is put down: ``load_time``."""
        return self.load_time

    def serves(self, origin: str, destination: str) -> bool:
        """Return whether a robot can carry a part from one place to the other."""
        return any(robot.reaches(origin, destination) for robot in self.robots)

    @property
    def longest_travel(self) -> int:
        """The longest travel time between two places, from now on."""
        return _longest_travel(self)

    def travel_time(self, origin: str, destination: str, instant: int | None = None) -> int:
        """Return the travel time between two places of the cell (0 from a place to itself).

        It is that of travel which begins at an instant of the past, None: now or later.
        """
        return _travel_time(self, origin, destination, instant)

    def move_time(self, origin: str, destination: str, instant: int | None = None) -> int:
        """Return ``unload_time + travel + load_time`` of a loaded move that begins then (None: now or later)."""
        return self.unload_time + self.travel_time(origin, destination, instant) + self.load_time


@dataclass(frozen=True, slots=True)
class Fleet:
    """Vehicles that carry jobs between places of one facility.

    Places are those of ``travel``: machines outside robot cells, input and output stations of cells, the load/unload
    station of the facility, parking places. A *transport* from p to q lasts ``pick_up_time + travel[p][q] +
    drop_time``; between two transports of a vehicle lies the *empty move*, ``travel[last drop][next pick-up]``. The
    times need neither be symmetric nor satisfy the triangle inequality. Vehicles stay where they were last needed;
    with ``returns`` each goes back to its start place in the end. Vehicles with batteries charge at the ``chargers``.
    ``slowdowns``, by their start, come by events. ``parking`` says how many vehicles have room at a place at a time;
    where it says nothing, any number.
    """

    id: str
    facility: str
    vehicles: tuple[Vehicle, ...]
    travel: Mapping[str, Mapping[str, int]]
    pick_up_time: int = 0
    drop_time: int = 0
    returns: bool = False
    chargers: tuple[Charger, ...] = ()
    slowdowns: tuple[Slowdown, ...] = ()
    parking: Mapping[str, int] = field(default_factory=dict)

    @property
    def carriers(self) -> tuple[Vehicle, ...]:
        """Its movers: the vehicles."""
        return self.vehicles

    @property
    def limited(self) -> tuple[str, ...]:
        """The places that have no room for all of its vehicles at a time."""
        return tuple(place for place, room in self.parking.items() if room < len(self.vehicles))

    @property
    def places(self) -> frozenset[str]:
        """Where its vehicles go."""
        return frozenset((*self.travel, *(place for row in self.travel.values() for place in row)))

    def serves(self, origin: str, destination: str) -> bool:
        """Return whether its vehicles go from one place to the other."""
        return destination in self.travel.get(origin, {})

    @property
    def longest_travel(self) -> int:
        """The longest travel time between two places, from now on."""
        return _longest_travel(self)

    def travel_time(self, origin: str, destination: str, instant: int | None = None) -> int:
        """Return the travel time between two places of the fleet (0 from a place to itself).

        It is that of travel which begins at an instant of the past, None: now or later.
        """
        return _travel_time(self, origin, destination, instant)

    def move_time(self, origin: str, destination: str, instant: int | None = None) -> int:
        """Return ``pick_up_time + travel + drop_time`` of a loaded move that begins then (None: now or later)."""
        return self.pick_up_time + self.travel_time(origin, destination, instant) + self.drop_time


CarrierGroup: TypeAlias = RobotCell | Fleet
"""Carriers that share places and ways, each at its own speed."""
AnyGroup = TypeVar("AnyGroup", bound=CarrierGroup)


def at_speed(group: AnyGroup, speed: int) -> AnyGroup:
    """Return a robot cell or fleet with the travel times of a carrier of that speed, in percent, rounded up."""
    if speed == 100:
        return group
    travel = {a: {b: -(-time * 100 // speed) for b, time in row.items()} for a, row in group.travel.items()}
    return replace(group, travel=travel)


def _travel_time(group: CarrierGroup, origin: str, destination: str, instant: int | None) -> int:
    if origin == destination:
        return 0
    usual = group.travel[origin][destination]
    return slowed(usual, group.slowdowns, instant) if group.slowdowns else usual


def _longest_travel(group: CarrierGroup) -> int:
    usual = max((time for row in group.travel.values() for time in row.values()), default=0)
    return slowed(usual, group.slowdowns)


@dataclass(frozen=True, slots=True)
class OperatorPool:
    """People (or a person) that operations need for their whole length: ``capacity`` of them, but for ``shortages``."""

    id: str
    capacity: int = 1
    shortages: tuple[Shortage, ...] = ()
