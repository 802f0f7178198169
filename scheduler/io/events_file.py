"""The event file: what has happened, for `scheduler repair`; its documentation is `docs/events.md`.

``{"events": [...]}``, a bare list, or JSON Lines (one event a line).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from scheduler.domain.events import EVENTS, Event, Retraction, same
from scheduler.errors import Defect, EventError
from scheduler.io.defects import instead, limited, shown
from scheduler.io.event_documents import EventDocument, document_of, event_document, event_of
from scheduler.io.files import read_text
from scheduler.io.json_text import parse_json
from scheduler.io.structure import Document, read_document, require_kind, schema

__all__ = ["event_document", "events_schema", "parse_events", "read_events"]

_KINDS: Mapping[str, type[Event]] = {kind.type: kind for kind in EVENTS}


class EventsDocument(Document):
    """An event file."""

    json_schema: Annotated[str | None, Field(alias="$schema")] = None
    """Address of this schema, for editors."""
    schema_version: Literal[1] = 1
    """Version of the file format."""
    events: list[Any]
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


def events_schema() -> dict[str, Any]:
    """Return the JSON Schema of the event file."""
    kinds: Any = reduce(or_, (document_of(kind) for kind in EVENTS))
    events = (list[Annotated[kinds, Field(discriminator="type")]], Field(description="The events, in any order."))
    words = "An event file."
    return schema(create_model("EventsDocument", __base__=EventsDocument, __doc__=words, events=events))


def _events(trees: Sequence[object], source: str, places: Sequence[str]) -> tuple[Event, ...]:
    events: dict[str, tuple[Event, str]] = {}
    defects: list[Defect] = []
    for tree, place in zip(trees, places, strict=True):
        document, found = _document(tree, source)
        defects += [replace(defect, where=place + defect.where[1:]) for defect in found]
        if document is None:
            continue
        event = event_of(document)
        other, there = events.setdefault(event.id, (event, place))
        if not same(event, other):
            cause = f"{shown(event.id)} is the id of the event at {there} too"
            defects.append(Defect("E604", f"{place}.id", cause, "give each event its own"))
    if defects:
        raise EventError(source, limited(defects))
    return tuple(event for event, _ in events.values())


def _document(tree: object, source: str) -> tuple[EventDocument | None, tuple[Defect, ...]]:
    """Return the document of one event, or what is wrong with it (places begin with ``$``)."""
    if not isinstance(tree, dict):
        return None, (Defect("E203", "$", f"{shown(tree)} is not an object {{...}}", "write an event"),)
    if "type" not in tree:
        kinds = ", ".join(_KINDS)
        return None, (Defect("E201", "$.type", "key 'type' is missing", f"add 'type': one of {kinds}"),)
    kind = _KINDS.get(tree["type"]) if isinstance(tree["type"], str) else None
    if kind is None:
        fix = instead(str(tree["type"]), tuple(_KINDS), "type")
        return None, (Defect("E205", "$.type", f"there is no event of type {shown(tree['type'])}", fix),)
    ambiguous = tuple(_ambiguous(kind, tree))
    try:
        document = read_document(document_of(kind), tree, source, EventError)
    except EventError as error:
        return None, (*error.defects, *ambiguous)
    return (None, ambiguous) if ambiguous else (document, ())


def _ambiguous(kind: type[Event], tree: Mapping[str, object]) -> Iterator[Defect]:
    """Yield alternative keys of which not one is given, and a status that is not the one of the event."""
    for group in kind.one_of:
        given = [key for key in group if tree.get(key) is not None]
        names = f"{', '.join(group[:-1])} and {group[-1]}"
        whole = "both" if len(group) == 2 else "all"
        if not given:
            yield Defect("E603", f"$.{group[0]}", f"{names} are {whole} missing", "give one of them")
        elif len(given) > 1:
            words = f"{', '.join(given[:-1])} and {given[-1]}"
            yield Defect("E603", f"$.{given[0]}", f"{words} are both given", "give one of them")
    status = "asserted" if tree.get("supersedes") is None else "updated"
    status = "retracted" if issubclass(kind, Retraction) else status
    if tree.get("status") in ("asserted", "updated", "retracted") and tree["status"] != status:
        cause = f"status {shown(tree['status'])} is not the one of this event, which is {status}"
        fix = "give the id of the other event in supersedes; a retraction is an event of the type retraction"
        yield Defect("E603", "$.status", cause, fix)
