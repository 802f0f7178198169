"""The factory in the native instance file: the models of its JSON, from calendars to operator pools."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scheduler.io.limits import MAX_COUNT, MAX_SPEED, MAX_TICK, MAX_VEHICLES
from scheduler.io.structure import Document
from scheduler.io.values import Amount, Count, Date, Id, Remark, Time


class DowntimeDocument(Document):
    """A window in which the resource does not work."""

    start: Time
    """First tick of the window."""
    end: Time
    """First tick after the window."""
    reason: Remark = ""
    """Why, for charts and reports."""


class ShortageDocument(Document):
    """A window in which some are missing."""

    start: Time
    """First tick of the window."""
    end: Time
    """First tick after the window."""
    count: Count = 1
    """How many are missing; those of several windows add up."""
    reason: Remark = ""
    """Why, for charts and reports."""


class ShiftDocument(Document):
    """A working window inside the period."""

    start: Time
    """First working tick, counted from the begin of the period."""
    end: Time
    """First tick after the window, at most the period."""


class ShiftsDocument(Document):
    """Working windows that repeat for ever; outside them the resource does not work."""

    period: Annotated[int, Field(ge=1, le=MAX_TICK)]
    """Ticks after which the shifts repeat; the first period begins at tick 0."""
    working: Annotated[list[ShiftDocument], Field(min_length=1)]
    """The working windows of one period, in order and disjoint."""


class CalendarDocument(Document):
    """When a resource works; without calendar: always."""

    downtimes: list[DowntimeDocument] = Field(default_factory=list)
    """Single windows without work."""
    shifts: ShiftsDocument | None = None
    """Repeating working windows."""


class SetupsDocument(Document):
    """Sequence-dependent setup times of a machine by setup family."""

    initial: Id | None = None
    """Family the machine is set up for at tick 0; null: the first operation needs no setup."""
    times: dict[Id, dict[Id, Time]]
    """Setup time from the family before (outer key) to the family after (inner key); an absent pair needs none."""


class FacilityDocument(Document):
    """A site."""

    id: Id
    """Name of the facility."""
    station: Id | None = None
    """Its load/unload station, where jobs arrive and leave; null: they arrive where their first machine is."""
    returns_jobs: bool = False
    """Whether finished jobs are taken back to the load/unload station."""
    docks: Count | None = None
    """Trips of lanes that load or unload at a time; null: any number."""
    hub: bool = False
    """Whether jobs may go from one facility to another over it, by two lanes."""


class MachineDocument(Document):
    """A machine, or a station of a robot cell."""

    id: Id
    """Name of the machine."""
    facility: Id | None = None
    """Its facility; may be left out if there is only one, and for the stations of a cell."""
    cell: Id | None = None
    """The robot cell it is a station of."""
    capacity: Count = 1
    """Operations it can process at a time."""
    calendar: CalendarDocument | None = None
    """When it works."""
    setups: SetupsDocument | None = None
    """Its setup times; only for capacity 1."""
    input_buffer: Annotated[int, Field(ge=0, le=MAX_COUNT)] | None = None
    """Places for parts before processing: 0 none, null unlimited. Absent: 0 in a cell, null outside."""
    output_buffer: Annotated[int, Field(ge=0, le=MAX_COUNT)] | None = None
    """Places for parts after processing: 0 none (parts block), null unlimited. Absent: 0 in a cell, null outside."""
    swap: bool = True
    """Whether parts that block each other may exchange their machines in one instant; if not, one leaves first."""


class RobotDocument(Document):
    """A robot of a cell."""

    id: Id
    """Name of the robot."""
    start: Id
    """The place of the cell where it stands at tick 0."""
    calendar: CalendarDocument | None = None
    """When it works."""
    grippers: Count = 1
    """Parts that it holds at a time."""
    reach: list[Id] = Field(default_factory=list)
    """Places of the cell that it goes to; absent: all."""
    speed: Annotated[int, Field(ge=1, le=MAX_SPEED)] = 100
    """Percent of the speed for which the travel times of the cell are given."""


class CellDocument(Document):
    """A robot cell: stations served by robots."""

    id: Id
    """Name of the cell."""
    facility: Id | None = None
    """Its facility; may be left out if there is only one."""
    robots: Annotated[list[RobotDocument], Field(min_length=1)]
    """The robots."""
    input_station: Id
    """The place where parts enter the cell."""
    output_station: Id
    """The place where parts leave the cell; may be the input station."""
    input_places: Count | None = None
    """Places at the input station for parts that vehicles bring; null or absent: any number."""
    output_places: Count | None = None
    """Places at the output station for parts that robots bring; null or absent: any number."""
    travel: dict[Id, dict[Id, Time]] = Field(default_factory=dict)
    """Travel time from place (outer key) to place (inner key), for every pair of stations, input and output station,
    but for pairs of which both positions are given."""
    positions: dict[Id, Date] = Field(default_factory=dict)
    """Positions of places on a line: where a pair is absent in travel, it takes their distance / speed, rounded up."""
    speed: Count = 1
    """Distance that robots travel in a tick."""
    load_time: Time = 0
    """Ticks to put a part down."""
    unload_time: Time = 0
    """Ticks to take a part up."""


class ChargeStepDocument(Document):
    """A piece of a charge curve."""

    up_to: Count
    """Level up to which it holds."""
    rate: Count
    """Units charged in a tick."""


class BatteryDocument(Document):
    """The battery of a vehicle; levels, drains and rates in one unit of charge of your choice."""

    capacity: Count
    """Largest level."""
    initial: Amount | None = None
    """Level at tick 0; absent: the capacity."""
    minimum: Amount = 0
    """Least level of a vehicle in use."""
    drain_loaded: Amount = 0
    """Units lost in a tick of a transport."""
    drain_empty: Amount = 0
    """Units lost in a tick of an empty move."""
    drain_idle: Amount = 0
    """Units lost in a tick in which it stands anywhere but at a charger."""
    curve: Annotated[list[ChargeStepDocument], Field(min_length=1)]
    """The charge curve: its pieces by rising level, the last up to the capacity."""


class ChargerDocument(Document):
    """A charging station of a fleet."""

    id: Id
    """Name of the charger."""
    place: Id
    """The place of the fleet where it is."""
    places: Count = 1
    """Vehicles it charges at a time."""
    shortages: list[ShortageDocument] = Field(default_factory=list)
    """When some of its places can't be used."""


class VehicleDocument(Document):
    """A vehicle of a fleet."""

    id: Id
    """Name of the vehicle."""
    start: Id
    """The place where it stands at tick 0."""
    calendar: CalendarDocument | None = None
    """When it works."""
    battery: BatteryDocument | None = None
    """Its battery; absent: that of the fleet."""
    capacity: Count = 1
    """Jobs that it carries at a time."""
    speed: Annotated[int, Field(ge=1, le=MAX_SPEED)] = 100
    """Percent of the speed for which the travel times of the fleet are given."""


class FleetDocument(Document):
    """Vehicles that carry jobs between places of one facility."""

    id: Id
    """Name of the fleet."""
    facility: Id | None = None
    """Its facility; may be left out if there is only one."""
    vehicles: Annotated[list[VehicleDocument], Field(min_length=1, max_length=MAX_VEHICLES)]
    """The vehicles."""
    travel: dict[Id, dict[Id, Time]]
    """Travel time from place (outer key) to place (inner key), loaded or empty, for every pair of its places: machines
    outside cells, input and output stations of cells, the load/unload station of the facility, parking places."""
    pick_up_time: Time = 0
    """Ticks to take a job up."""
    drop_time: Time = 0
    """Ticks to put a job down."""
    returns: bool = False
    """Whether vehicles go back to their start in the end."""
    battery: BatteryDocument | None = None
    """The battery of its vehicles; absent: they need no charging."""
    chargers: list[ChargerDocument] = Field(default_factory=list)
    """Its charging stations."""
    parking: dict[Id, Count] = Field(default_factory=dict)
    """How many of its vehicles have room at a place at a time; a place that is not named has room for all."""


class TimetableDocument(Document):
    """The ticks at which the trips of a lane may depart."""

    departures: Annotated[list[Time], Field(min_length=1)]
    """Ticks, in order; those of the first period if they repeat."""
    period: Annotated[int, Field(ge=1, le=MAX_TICK)] | None = None
    """Ticks after which the departures repeat; null: they do not."""
    until: Time | None = None
    """Last tick at which a trip may depart; null: they repeat for ever."""


class TransitWindowDocument(Document):
    """A window of a period in which trips take another transit time."""

    start: Time
    """Trips that depart from this tick on,"""
    end: Time
    """and before this one,"""
    transit_time: Time
    """are so many ticks under way."""


class TransitTimesDocument(Document):
    """Transit times by time of day, or of another period."""

    period: Annotated[int, Field(ge=1, le=MAX_TICK)]
    """Ticks after which the windows repeat."""
    windows: Annotated[list[TransitWindowDocument], Field(min_length=1)]
    """The windows of one period, in order."""


class LaneDocument(Document):
    """A transfer lane from one facility to another."""

    id: Id
    """Name of the lane."""
    origin: Id
    """Facility where trips begin."""
    destination: Id
    """Facility where trips end."""
    transit_time: Time
    """Ticks under way, outside the windows of its transit times."""
    vehicles: Annotated[int, Field(ge=1, le=MAX_VEHICLES)] = 1
    """Number of its identical vehicles."""
    units_per_vehicle: Count = 1
    """Transport units that one vehicle carries."""
    return_time: Time = 0
    """Ticks after arrival until the vehicle is at the origin again."""
    load_time: Time = 0
    """Ticks to load before transit."""
    unload_time: Time = 0
    """Ticks to unload after transit."""
    calendar: CalendarDocument | None = None
    """When trips may be under way."""
    headway: Time = 0
    """Least number of ticks between two departures of the lane."""
    timetable: TimetableDocument | None = None
    """When trips may depart; null: whenever jobs and a vehicle are there."""
    trip_cost: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 0
    """Cost of a trip, in any unit of money."""
    unit_cost: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 0
    """Cost of each transport unit on a trip."""
    trip_co2: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 0
    """Emission of a trip, in any unit of mass."""
    transit_times: TransitTimesDocument | None = None
    """Transit times of trips that depart in certain windows; null: all take the transit time."""


class PoolDocument(Document):
    """A pool of operators."""

    id: Id
    """Name of the pool."""
    capacity: Count = 1
    """Number of operators in it."""
    shortages: list[ShortageDocument] = Field(default_factory=list)
    """When some of them are away."""
