"""The schedule file: the models of its JSON.

Reading asks for little (see `ScheduleDocument`), so that files of other programs can be checked too; keys that are
not known here are passed over.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from scheduler.domain.horizon import MAX_HORIZON
from scheduler.io.structure import Document
from scheduler.io.values import Id, Moment

Instant = Annotated[int, Field(ge=-MAX_HORIZON, le=MAX_HORIZON)]
Index = Annotated[int, Field(ge=0)]
Number = int | float


class OpenDocument(Document):
    """Base of documents that may hold more than we know."""

    model_config = ConfigDict(extra="ignore")


class ScheduledOperationDocument(OpenDocument):
    """An operation with its mode, machine and time. Job, operation and machine are named, or given by index."""

    job: Id | None = None
    """The job."""
    operation: Id | None = None
    """The operation of the job."""
    job_index: Index | None = None
    """Place of the job in the instance, from 0."""
    operation_index: Index | None = None
    """Place of the operation in its job, from 0."""
    mode: Index | None = None
    """Place of the mode in the operation, from 0; absent: the mode on the machine that takes as long."""
    machine: Id | None = None
    """The machine."""
    machine_index: Index | None = None
    """Place of the machine in the instance, from 0."""
    start: Instant
    """First tick."""
    end: Instant
    """First tick after the end."""
    tended_by: Id | None = None
    """The robot that tends the machine all the time, if the mode needs one."""
    start_date: Moment | None = None
    """The start as date and time, if the instance has a time origin."""
    end_date: Moment | None = None
    """The end as date and time."""


class SetupDocument(OpenDocument):
    """A setup of a machine, ready for an operation."""

    machine: Id
    """The machine."""
    job: Id
    """Job of the operation that the setup is for."""
    operation: Id
    """The operation that the setup is for."""
    from_family: str
    """Setup family of the machine before."""
    to_family: str
    """Setup family of the machine after."""
    start: Instant
    """First tick."""
    end: Instant
    """First tick after the end."""
    start_date: Moment | None = None
    """The start as date and time."""
    end_date: Moment | None = None
    """The end as date and time."""


class MoveDocument(OpenDocument):
    """A move of a robot or vehicle."""

    job: Id | None
    """The job that is carried; null: the mover is empty."""
    origin: Annotated[Id, Field(alias="from")]
    """Place where it begins: machine or station of the cell, facility for transfers."""
    destination: Annotated[Id, Field(alias="to")]
    """Place where it ends."""
    mover: Id
    """The robot, the vehicle of a fleet, or that of a lane: lane#1, lane#2 ..."""
    kind: Literal["robot_move", "empty_move", "transport", "transfer"]
    """What kind of move it is."""
    start: Instant
    """First tick."""
    end: Instant
    """First tick after the end."""
    predecessor: Id | None = None
    """Operation that the part comes from; null: it arrives."""
    successor: Id | None = None
    """Operation that the part goes to; null: it leaves."""
    load: Annotated[int, Field(ge=0)] = 0
    """Number of the load of a job that goes in several, from 0."""
    units: Annotated[int, Field(ge=1)] | None = None
    """Transport units of the load; absent: the whole job."""
    start_date: Moment | None = None
    """The start as date and time."""
    end_date: Moment | None = None
    """The end as date and time."""


class ChargeDocument(OpenDocument):
    """A vehicle charges its battery."""

    vehicle: Id
    """The vehicle of a fleet."""
    charger: Id
    """The charger of its fleet."""
    start: Instant
    """First tick."""
    end: Instant
    """First tick after the end."""
    from_level: int
    """Level of the battery before."""
    to_level: int
    """Level of the battery after."""
    start_date: Moment | None = None
    """The start as date and time."""
    end_date: Moment | None = None
    """The end as date and time."""


class LevelsDocument(OpenDocument):
    """The level of a battery over time."""

    vehicle: Id
    """The vehicle of a fleet."""
    levels: list[Annotated[list[int], Field(min_length=2, max_length=2)]]
    """Tick and level, wherever it begins to change otherwise; in between it changes evenly."""


class TierDocument(OpenDocument):
    """A tier of the objective."""

    spec: str
    """The tier as text."""
    value: Number | None
    """Its value; null without schedule."""
    lower_bound: Number | None
    """What its value is proved not to be less than, given the tiers before; null: nothing is known."""


class ObjectiveDocument(OpenDocument):
    """What was minimised, and what came of it."""

    spec: str
    """The objective as text."""
    value: Number | None = None
    """Value of the first tier; null without schedule."""
    terms: dict[str, int] = Field(default_factory=dict)
    """Value of every objective term, in the objective or not."""
    tiers: list[TierDocument] = Field(default_factory=list)
    """The tiers in order of importance."""


class SolverDocument(OpenDocument):
    """How the schedule was found."""

    versions: dict[str, str]
    """Versions of the software."""
    seed: int
    """Random seed."""
    workers: int
    """Number of threads."""
    seconds: float
    """Wall time of the call."""


class ProgressDocument(OpenDocument):
    """A better value or bound of the first tier was found."""

    seconds: float
    """Time since the begin of the call."""
    value: Number | None
    """Value then."""
    bound: Number | None
    """Lower bound then."""
    engine: str
    """What found it."""


class BaselineDocument(OpenDocument):
    """The schedule in force before a revision."""

    operations: list[ScheduledOperationDocument]
    """Its operations."""
    setups: list[SetupDocument] | None = None
    """Its setups; absent: those that the operations need, each as late as possible."""
    moves: list[MoveDocument] = Field(default_factory=list)
    """Its moves."""
    charges: list[ChargeDocument] = Field(default_factory=list)
    """Its charges."""


class WaitDocument(OpenDocument):
    """A robot or vehicle under way with a job stands still, before it puts the part down."""

    mover: str
    """The robot or vehicle."""
    job: str
    """The job that it carries."""
    destination: str
    """Where it takes it."""
    start: Instant
    """When it begins to stand still."""
    end: Instant
    """When it goes on."""


class RevisionDocument(OpenDocument):
    """What has changed at one instant, and led to a new schedule."""

    now: Annotated[int, Field(ge=0, le=MAX_HORIZON)]
    """The instant of the revision."""
    frozen_until: Instant = 0
    """End of the frozen horizon."""
    events: list[dict[str, Any]]
    """The events, as in an event file."""
    baseline: BaselineDocument
    """The schedule in force before."""
    pins: list[ScheduledOperationDocument] = Field(default_factory=list)
    """Pending operations that had to keep machine and start."""
    waits: list[WaitDocument] = Field(default_factory=list)
    """Robots and vehicles under way that stood still in front of machines that were not ready for their part."""
    archived: list[str] = Field(default_factory=list)
    """Finished jobs that were taken out of instance and schedule before the events."""


class ViolationDocument(OpenDocument):
    """A hard limit that the schedule breaks."""

    rule: str
    """The rule that says so: `time_windows` (deadlines), `precedence` (maximum lags), `dwell` or `execution` (pins)."""
    where: str
    """The job or the operations."""
    detail: str
    """How it is broken, in words."""
    amount: int
    """By how many ticks or units."""


class ScheduleDocument(OpenDocument):
    """A schedule. Only ``operations`` is needed to read one, each with job, operation, machine, start and end."""

    schema_version: Literal[1] = 1
    """Version of the file format."""
    instance: str | None = None
    """Name of the instance."""
    status: Literal["optimal", "feasible", "infeasible", "unknown"] | None = None
    """How the search ended; infeasible and unknown have no operations, unless the schedule is degraded."""
    reason: str = ""
    """Why there is no schedule, if there is none (that keeps every limit)."""
    degraded: list[ViolationDocument] = Field(default_factory=list)
    """The hard limits that the schedule breaks, since none was found that keeps them; absent: it keeps every limit."""
    objective: ObjectiveDocument | None = None
    """What was minimised."""
    lower_bound: Number | None = None
    """What the first tier is proved not to be less than."""
    makespan: int | None = None
    """Latest completion; null without schedule."""
    gap: float | None = None
    """(value - lower bound) / value of the first tier; null when either is unknown."""
    time_unit: str | None = None
    """What one tick is."""
    time_origin: Moment | None = None
    """The moment of tick 0."""
    solver: SolverDocument | None = None
    """How the schedule was found."""
    operations: list[ScheduledOperationDocument]
    """The scheduled operations, in the order of the instance."""
    setups: list[SetupDocument] | None = None
    """The setups; absent: those that the operations need, each as late as possible."""
    moves: list[MoveDocument] = Field(default_factory=list)
    """The moves of robots and vehicles, loaded and empty, by start."""
    charges: list[ChargeDocument] = Field(default_factory=list)
    """The charges of vehicles with batteries, by start."""
    batteries: list[LevelsDocument] = Field(default_factory=list)
    """The level of every battery in use; not read, since it follows from moves and charges."""
    revision: Index | None = None
    """Number of the revision that the schedule belongs to; only in the file of a loop, which has no revisions."""
    revisions: list[RevisionDocument] = Field(default_factory=list)
    """For a repaired schedule: what has happened, oldest first. The schedule is one of the instance after all of it."""
    history: list[ProgressDocument] = Field(default_factory=list)
    """The course of the search."""
