"""The event file: what has happened, for `scheduler repair`; its documentation is `docs/events.md`.

``{"events": [...]}``, a bare list, or JSON Lines (one event a line).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from scheduler.domain import Job
from scheduler.domain.events import (
    Event,
    JobCancelled,
    MachineBreakdown,
    OperationDelayed,
    RobotDown,
    RushOrder,
    VehicleDown,
)
from scheduler.errors import Defect, EventError
from scheduler.io.defects import instead, limited, shown
from scheduler.io.documents import JobDocument
from scheduler.io.files import read_text
from scheduler.io.json_text import parse_json
from scheduler.io.limits import MAX_TICK
from scheduler.io.native_jobs import job_document, job_from
from scheduler.io.structure import Document, read_document, require_kind, schema
from scheduler.io.values import Id, Time

Length = Annotated[int, Field(ge=1, le=MAX_TICK)]


class EventDocument(Document, ABC):
    """What every event has."""

    type: str
    """What kind of event it is."""
    id: Id
    """Name of the event, unique among all events of the factory."""
    at: Time
    """Tick at which it happened."""

    @abstractmethod
    def event(self) -> Event:
        """Return the event."""


class DownDocument(EventDocument):
    """Something stands still from ``at`` on; give one of ``duration`` and ``until``."""

    duration: Length | None = None
    """Ticks that it stands still."""
    until: Time | None = None
    """First tick at which it works again."""

    @property
    def end(self) -> int:
        """First tick after the downtime."""
        return self.until if self.until is not None else self.at + (self.duration or 0)


class MachineBreakdownDocument(DownDocument):
    """A machine breaks down."""

    type: Literal["machine_breakdown"]
    machine: Id
    """The machine."""
    interrupted: Literal["resume", "repeat"] = "resume"
    """What becomes of its running operation: it goes on after the repair, or has to be done again."""

    def event(self) -> Event:
        """Return the event."""
        return MachineBreakdown(self.id, self.at, self.machine, self.end, self.interrupted)


class RobotDownDocument(DownDocument):
    """A robot of a cell stands still."""

    type: Literal["robot_down"]
    robot: Id
    """The robot."""

    def event(self) -> Event:
        """Return the event."""
        return RobotDown(self.id, self.at, self.robot, self.end)


class VehicleDownDocument(DownDocument):
    """A vehicle of a fleet stands still."""

    type: Literal["vehicle_down"]
    vehicle: Id
    """The vehicle."""

    def event(self) -> Event:
        """Return the event."""
        return VehicleDown(self.id, self.at, self.vehicle, self.end)


class OperationDelayedDocument(EventDocument):
    """An operation takes longer or shorter; give one of ``delay`` and ``new_duration``."""

    type: Literal["operation_delayed"]
    job: Id
    """Its job."""
    operation: Id
    """The operation, running or pending."""
    delay: Annotated[int | None, Field(ge=-MAX_TICK, le=MAX_TICK)] = None
    """Ticks that it takes longer (negative: shorter)."""
    new_duration: Time | None = None
    """Working ticks that it takes from its start in the mode in which it is scheduled."""

    def event(self) -> Event:
        """Return the event."""
        return OperationDelayed(self.id, self.at, self.job, self.operation, self.delay, self.new_duration)


class RushOrderDocument(EventDocument):
    """A new job comes in."""

    type: Literal["rush_order"]
    job: JobDocument
    """The job, as in an instance file; absent release_date: ``at``."""

    def event(self) -> Event:
        """Return the event."""
        job = job_from(self.job)
        given = "release_date" in self.job.model_fields_set
        return RushOrder(self.id, self.at, job if given else replace(job, release_date=self.at))


class JobCancelledDocument(EventDocument):
    """A job is not wanted any more."""

    type: Literal["job_cancelled"]
    job: Id
    """The job."""

    def event(self) -> Event:
        """Return the event."""
        return JobCancelled(self.id, self.at, self.job)


_DOCUMENTS: Mapping[str, type[EventDocument]] = {
    MachineBreakdown.type: MachineBreakdownDocument,
    RobotDown.type: RobotDownDocument,
    VehicleDown.type: VehicleDownDocument,
    OperationDelayed.type: OperationDelayedDocument,
    RushOrder.type: RushOrderDocument,
    JobCancelled.type: JobCancelledDocument,
}

_EITHER = (("duration", "until"), ("delay", "new_duration"))
"""Pairs of keys of which an event that knows them has exactly one."""


class EventsDocument(Document):
    """An event file."""

    json_schema: Annotated[str | None, Field(alias="$schema")] = None
    """Address of this schema, for editors."""
    schema_version: Literal[1] = 1
    """Version of the file format."""
    events: list[Any]
    """The events, in any order."""


class _PublishedDocument(EventsDocument):
    """An event file."""

    events: list[
        Annotated[
            MachineBreakdownDocument
            | RobotDownDocument
            | VehicleDownDocument
            | OperationDelayedDocument
            | RushOrderDocument
            | JobCancelledDocument,
            Field(discriminator="type"),
        ]
    ]
    """The events, in any order."""


def read_events(path: str | Path) -> tuple[Event, ...]:
    """Read the events of a file, in file order.

    Raises
    ------
    FormatError
        If the file can't be read, or is not JSON.
    EventError
        If events are malformed; with all defects.
    """
    source = str(path)
    text = read_text(path)
    lines = {number: line for number, line in enumerate(text.splitlines(), 1) if line.strip()}
    if len(lines) > 1 and all(line.strip()[0] == "{" and line.strip()[-1] == "}" for line in lines.values()):
        trees = [parse_json(line, f"{source}, line {number}") for number, line in lines.items()]
        return _events(trees, source, [f"line {number}: $" for number in lines])
    tree = parse_json(text, source)
    if isinstance(tree, list):
        return _events(tree, source, [f"$[{index}]" for index in range(len(tree))])
    if isinstance(tree, dict) and "type" in tree and "events" not in tree:
        return _events([tree], source, ["$"])
    require_kind(tree, "events", source)
    return parse_events(read_document(EventsDocument, tree, source, EventError).events, source)


def parse_events(documents: Sequence[object], source: str) -> tuple[Event, ...]:
    """Return the events of the list ``events`` of a document.

    Raises
    ------
    EventError
        If events are malformed; with all defects.
    """
    return _events(documents, source, [f"$.events[{index}]" for index in range(len(documents))])


def event_document(event: Event) -> dict[str, Any]:
    """Return the JSON document of an event."""
    document: dict[str, Any] = {"type": event.type}
    for field in fields(event):
        value = getattr(event, field.name)
        if value is not None:
            document[field.name] = job_document(value) if isinstance(value, Job) else value
    return document


def events_schema() -> dict[str, Any]:
    """Return the JSON Schema of the event file."""
    return schema(_PublishedDocument)


def _events(trees: Sequence[object], source: str, places: Sequence[str]) -> tuple[Event, ...]:
    events: list[Event] = []
    defects: list[Defect] = []
    place_by_id: dict[str, str] = {}
    for tree, place in zip(trees, places, strict=True):
        document, found = _document(tree, source)
        defects += [replace(defect, where=place + defect.where[1:]) for defect in found]
        if document is None:
            continue
        if document.id in place_by_id:
            cause = f"{shown(document.id)} is the id of the event at {place_by_id[document.id]} too"
            defects.append(Defect("E604", f"{place}.id", cause, "give each event its own"))
        place_by_id.setdefault(document.id, place)
        events.append(document.event())
    if defects:
        raise EventError(source, limited(defects))
    return tuple(events)


def _document(tree: object, source: str) -> tuple[EventDocument | None, tuple[Defect, ...]]:
    """Return the document of one event, or what is wrong with it (places begin with ``$``)."""
    if not isinstance(tree, dict):
        return None, (Defect("E203", "$", f"{shown(tree)} is not an object {{...}}", "write an event"),)
    if "type" not in tree:
        kinds = ", ".join(_DOCUMENTS)
        return None, (Defect("E201", "$.type", "key 'type' is missing", f"add 'type': one of {kinds}"),)
    model = _DOCUMENTS.get(tree["type"]) if isinstance(tree["type"], str) else None
    if model is None:
        fix = instead(str(tree["type"]), tuple(_DOCUMENTS), "type")
        return None, (Defect("E205", "$.type", f"there is no event of type {shown(tree['type'])}", fix),)
    try:
        document = read_document(model, tree, source, EventError)
    except EventError as error:
        return None, (*error.defects, *_ambiguous(model, tree))
    ambiguous = tuple(_ambiguous(model, tree))
    return (None, ambiguous) if ambiguous else (document, ())


def _ambiguous(model: type[EventDocument], tree: Mapping[str, object]) -> Iterator[Defect]:
    for one, other in _EITHER:
        if one in model.model_fields and (tree.get(one) is None) == (tree.get(other) is None):
            cause = f"{one} and {other} are both {'missing' if tree.get(one) is None else 'given'}"
            yield Defect("E603", f"$.{one}", cause, "give one of them")
