"""The native instance file: the models of its JSON. Keys are the field names of `scheduler.domain`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from scheduler.domain.cycle import FEWEST_REPETITIONS
from scheduler.io.factory_documents import (
    CellDocument,
    FacilityDocument,
    FleetDocument,
    LaneDocument,
    MachineDocument,
    PoolDocument,
)
from scheduler.io.limits import MAX_COUNT, MAX_REPETITIONS
from scheduler.io.structure import Document
from scheduler.io.values import Count, Date, Id, Moment, Time


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
    tended: bool = False
    """Whether a robot of the machine's cell is needed at the machine from start to end."""


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
    splits: bool = False
    """Whether it may go over a lane in several loads, where it does not fit into a vehicle."""
    carriers: list[Id] = Field(default_factory=list)
    """The fleets, vehicles and robots that may carry the job, where there is a choice of them; absent: all."""
    plans: list[Annotated[list[Id], Field(min_length=1)]] = Field(default_factory=list)
    """Alternative process plans: each lists operations; exactly one plan is carried out. Absent: all operations are."""


class CycleDocument(Document):
    """Cyclic production: the jobs are a part set that is made again and again."""

    repetitions: Annotated[int, Field(ge=FEWEST_REPETITIONS, le=MAX_REPETITIONS)]
    """Sets that a schedule shows; at most one less are in the factory at a time."""


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
    cycle: CycleDocument | None = None
    """The jobs are made again and again; null: once."""
    jobs: Annotated[list[JobDocument], Field(min_length=1)]
    """The jobs."""
