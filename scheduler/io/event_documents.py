"""The documents of events, which follow from the classes in `scheduler.domain.events`."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import Field as Key
from pydantic import create_model

from scheduler.domain import Job, Operation
from scheduler.domain.events import EVENTS, Event
from scheduler.domain.events.base import Range
from scheduler.io.documents import JobDocument, OperationDocument
from scheduler.io.limits import MAX_TICK
from scheduler.io.native_jobs import job_document, job_from, operation_document, operation_from
from scheduler.io.structure import Document
from scheduler.io.values import Id, Remark

Status = Literal["asserted", "updated", "retracted"]
_REMARKS = frozenset({"source", "note"})
"""Fields that hold any text."""


class EventDocument(Document):
    """Something that happened."""

    status: Status | None = None
    """May be written for clarity: asserted, updated (it supersedes another event) or retracted (a retraction)."""


class DurationDocument(EventDocument):
    """Something that lasts."""

    duration: Annotated[int, Key(ge=1, le=MAX_TICK)] | None = None
    """Ticks that it lasts, from ``start`` on if it has one, otherwise from ``at`` on."""


@cache
def document_of(kind: type[Event]) -> type[EventDocument]:
    """Return the model of the documents of a kind of event: a key for each field of its class.

    A kind whose `one_of` names ``duration`` may give that instead of ``until``.
    """
    alternatives = {key for group in kind.one_of for key in group}
    described, hints = _descriptions(kind), get_type_hints(kind, include_extras=True)
    keys: dict[str, Any] = {"type": (Literal[kind.type], Key(description="What kind of event it is."))}
    for field in fields(kind):
        default = _default(field)
        annotation = _key_type(field.name, hints[field.name])
        if field.name in alternatives and default is ...:
            annotation, default = annotation | None, None
        keys[field.name] = (annotation, Key(default, description=described.get(field.name)))
    base = DurationDocument if "duration" in alternatives else EventDocument
    words = (kind.__doc__ or "").split("\n\n")[0]
    return create_model(f"{kind.__name__}Document", __base__=base, __doc__=words, **keys)


def event_of(document: EventDocument) -> Event:
    """Return the event of a document."""
    kind = {kind.type: kind for kind in EVENTS}[getattr(document, "type")]  # noqa: B009
    given = document.model_fields_set
    values: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in given:
            values[field.name] = _value(getattr(document, field.name))
    if getattr(document, "duration", None) is not None:
        begin = values.get("start", values["at"])
        values["until"] = begin + document.duration  # type: ignore[attr-defined]
    if "job" in values and isinstance(values["job"], Job) and "release_date" not in document.job.model_fields_set:  # type: ignore[attr-defined]
        values["job"] = replace(values["job"], release_date=values["at"])
    return kind(**values)


def event_document(event: Event) -> dict[str, Any]:
    """Return the JSON document of an event; what has its default value is left out."""
    document: dict[str, Any] = {"type": event.type}
    for field in fields(event):
        value = getattr(event, field.name)
        if field.default is MISSING or value != field.default:
            document[field.name] = _written(value)
    return document


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return ... if field.default is MISSING else field.default


def _key_type(name: str, hint: Any) -> Any:
    """Return the type of a key for the type of a field."""
    if hint is str:
        return Remark if name in _REMARKS else Id
    if hint is Job:
        return JobDocument
    if hint is Operation:
        return OperationDocument
    if get_origin(hint) is Annotated:
        kind, limits = get_args(hint)[0], next(item for item in get_args(hint) if isinstance(item, Range))
        least = -MAX_TICK if limits.least is None else limits.least
        return Annotated[kind, Key(ge=least, le=MAX_TICK if limits.largest is None else limits.largest)]
    if is_dataclass(hint):
        return _part_document(hint)
    if get_origin(hint) is tuple:
        return list[_key_type(name, get_args(hint)[0])]  # type: ignore[misc]
    if type(None) in get_args(hint):
        return _key_type(name, next(arm for arm in get_args(hint) if arm is not type(None))) | None
    return hint


def _part_document(part: Any) -> type[Document]:
    """Return the model of a part of an event: an estimate, say."""
    known = next((model for model, of in _PARTS.items() if of is part), None)
    if known is not None:
        return known
    described, hints = _descriptions(part), get_type_hints(part, include_extras=True)
    keys: dict[str, Any] = {
        field.name: (_key_type(field.name, hints[field.name]), Key(..., description=described.get(field.name)))
        for field in fields(part)
    }
    model = create_model(f"{part.__name__}Document", __base__=Document, __doc__=part.__doc__, **keys)
    _PARTS[model] = part
    return model


_PARTS: dict[type[Document], Any] = {}
"""The class of each model of a part."""


def _value(value: Any) -> Any:
    if isinstance(value, JobDocument):
        return job_from(value)
    if isinstance(value, OperationDocument):
        return operation_from(value)
    if type(value) in _PARTS:
        return _PARTS[type(value)](**dict(value))
    return tuple(_value(item) for item in value) if isinstance(value, list) else value


def _written(value: Any) -> Any:
    if isinstance(value, Job):
        return job_document(value)
    if isinstance(value, Operation):
        return operation_document(value)
    if is_dataclass(value):
        return {field.name: _written(getattr(value, field.name)) for field in fields(value)}
    return [_written(item) for item in value] if isinstance(value, tuple) else value


@cache
def _descriptions(kind: type) -> Mapping[str, str]:
    """Return the text below each field of a class and of those that it extends."""
    found: dict[str, str] = {}
    for cls in reversed(kind.__mro__[:-1]):
        if cls.__module__.startswith("scheduler."):
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
            assert isinstance(tree, ast.ClassDef)
            for before, after in zip(tree.body, tree.body[1:], strict=False):
                is_field = isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name)
                if is_field and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                    found[before.target.id] = inspect.cleandoc(str(after.value.value))  # type: ignore[attr-defined]
    return found
