"""The native instance file: the models of its JSON. Keys are the field names of `scheduler.domain`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from scheduler.io.limits import MAX_COUNT, MAX_ID_LENGTH, MAX_TICK, MAX_VEHICLES
from scheduler.io.structure import Document

Id = Annotated[
    str,
    StringConstraints(
        max_length=MAX_ID_LENGTH,
        pattern=r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$",
    ),
]
Remark = Annotated[str, StringConstraints(max_length=MAX_ID_LENGTH, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Time = Annotated[int, Field(ge=0, le=MAX_TICK)]
Date = Annotated[int, Field(ge=-MAX_TICK, le=MAX_TICK)]
Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("moment", "not a date and time of ISO 8601") from None
    return text


Moment = Annotated[str, AfterValidator(_moment), Field(json_schema_extra={"format": "date-time"})]


class DowntimeDocument(Document):
    """A window in which the resource does not work."""

    start: Time
    """First tick of the window."""
    end: Time
    """First tick after the window."""
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


class VehicleDocument(Document):
    """A vehicle of a fleet."""

    id: Id
    """Name of the vehicle."""
    start: Id
    """The place where it stands at tick 0."""
    calendar: CalendarDocument | None = None
    """When it works."""
    capacity: Count = 1
    """Jobs that it carries at a time."""


class FleetDocument(Document):
    """Identical vehicles that carry jobs between places of one facility."""

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


class TimetableDocument(Document):
    """The ticks at which the trips of a lane may depart."""

    departures: Annotated[list[Time], Field(min_length=1)]
    """Ticks, in order; those of the first period if they repeat."""
    period: Annotated[int, Field(ge=1, le=MAX_TICK)] | None = None
    """Ticks after which the departures repeat; null: they do not."""
    until: Time | None = None
    """Last tick at which a trip may depart; null: they repeat for ever."""


class LaneDocument(Document):
    """A transfer lane from one facility to another."""

    id: Id
    """Name of the lane."""
    origin: Id
    """Facility where trips begin."""
    destination: Id
    """Facility where trips end."""
    transit_time: Time
    """Ticks under way."""
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


class PoolDocument(Document):
    """A pool of operators."""

    id: Id
    """Name of the pool."""
    capacity: Count = 1
    """Number of operators in it."""


class ModeDocument(Document):
    """One way to do an operation."""

    machine: Id
    """The machine."""
    duration: Time
    """Ticks of working time."""
    setup_family: Id | None = None
    """What the machine has to be set up for; null: for anything."""
    operators: dict[Id, Count] = Field(default_factory=dict)
    """Operators held from start to end, by pool."""
    max_dwell: Time | None = None
    """Most ticks from the end of the operation until its part is fetched; a part that is put down on the machine itself
    is then worked on at once (a bath). null: no limit."""


class OperationDocument(Document):
    """The smallest piece of work that is scheduled."""

    id: Id
    """Name of the operation, unique in its job."""
    modes: Annotated[list[ModeDocument], Field(min_length=1)]
    """The ways to do it; a schedule chooses one."""
    interruptible: bool = False
    """Whether it pauses in downtimes of its machine; otherwise it lies between two downtimes."""


class PrecedenceDocument(Document):
    """An operation comes after another: ``min_lag <= start(successor) - end(predecessor) <= max_lag``."""

    predecessor: Id
    """The operation before."""
    successor: Id
    """The operation after."""
    min_lag: Time = 0
    """Fewest ticks between."""
    max_lag: Time | None = None
    """Most ticks between; null: no limit."""


class JobDocument(Document):
    """Operations that are delivered together."""

    id: Id
    """Name of the job."""
    operations: Annotated[list[OperationDocument], Field(min_length=1)]
    """Its operations."""
    precedences: list[PrecedenceDocument] | None = None
    """Which operation comes after which. Absent: a chain in file order (with plans: a chain in each plan)."""
    release_date: Time = 0
    """Earliest start."""
    due_date: Date | None = None
    """Target for the completion; lateness costs."""
    deadline: Time | None = None
    """Latest completion that is allowed."""
    weight: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 1
    """Importance in weighted tardiness."""
    units: Count = 1
    """Size in transport units on lanes."""
    fleets: list[Id] = Field(default_factory=list)
    """The fleets that may carry the job; absent: all."""
    plans: list[Annotated[list[Id], Field(min_length=1)]] = Field(default_factory=list)
    """Alternative process plans: each lists operations; exactly one plan is carried out. Absent: all operations are."""


class InstanceDocument(Document):
    """An instance: a factory, its jobs, and what counts."""

    json_schema: Annotated[str | None, Field(alias="$schema")] = None
    """Address of this schema, for editors."""
    schema_version: Literal[1]
    """Version of the file format."""
    name: Id | None = None
    """Name of the instance; absent: the name of the file."""
    time_unit: Id = "minute"
    """What one tick is: second, minute, hour, day, or any other name."""
    time_origin: Moment | None = None
    """The moment of tick 0; results then carry dates too."""
    objective: str = "makespan"
    """What to minimise unless the caller says otherwise: tiers of weighted terms."""
    facilities: Annotated[list[FacilityDocument] | None, Field(min_length=1)] = None
    """The sites; absent: one named main."""
    machines: Annotated[list[MachineDocument], Field(min_length=1)]
    """The machines, stations of cells included."""
    cells: list[CellDocument] = Field(default_factory=list)
    """The robot cells."""
    lanes: list[LaneDocument] = Field(default_factory=list)
    """The transfer lanes between facilities."""
    operators: list[PoolDocument] = Field(default_factory=list)
    """The operator pools."""
    fleets: list[FleetDocument] = Field(default_factory=list)
    """The transport fleets."""
    jobs: Annotated[list[JobDocument], Field(min_length=1)]
    """The jobs."""
