"""The structure of JSON documents: keys, types and ranges, checked against pydantic models."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from scheduler.errors import Defect, DefectsError, FormatError
from scheduler.io.defects import instead, limited, shown
from scheduler.io.json_text import json_path

_JSON_TYPES = {
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "a text in quotes",
    "list_type": "a list [...]",
    "dict_type": "an object {...}",
    "model_type": "an object {...}",
    "float_type": "a number",
}


class Document(BaseModel):
    """Base of the models: exact types, no unknown keys, descriptions from the docstrings of the fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


D = TypeVar("D", bound=Document)


def read_document(model: type[D], tree: object, source: str, error: type[DefectsError]) -> D:
    """Return the JSON tree as a document.

    Raises
    ------
    DefectsError
        Of the type `error`, with every deviation from the structure.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as failure:
        raise error(source, limited(_defects(model, failure))) from None


def without_unknown_keys(model: type[Document], tree: object) -> object:
    """Return a copy of a JSON tree without the keys that the document does not know; None if more is wrong."""
    try:
        model.model_validate(tree)
    except ValidationError as failure:
        items = failure.errors(include_url=False)
        if any(item["type"] != "extra_forbidden" for item in items):
            return None
        tree = deepcopy(tree)
        for item in items:
            *way, key = item["loc"]
            owner: Any = tree
            for part in way:
                owner = owner[part]
            del owner[key]
    return tree


_KIND_BY_KEY = {"jobs": "an instance", "operations": "a schedule", "events": "an event file"}


def require_kind(tree: object, key: str, source: str) -> None:
    """Make sure that a JSON tree is not the document of another kind; its kind shows in its main key.

    Raises
    ------
    FormatError
        If the tree lacks `key`, but has the main key of another kind.
    """
    if not isinstance(tree, dict) or key in tree:
        return
    other = next((kind for name, kind in _KIND_BY_KEY.items() if name in tree), None)
    if other is not None:
        cause = f"this is {other}, not {_KIND_BY_KEY[key]}"
        raise FormatError(source, (Defect("E112", "$", cause, "check the order of the files you named"),))


def schema(model: type[Document]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}


def _defects(model: type[Document], failure: ValidationError) -> Iterator[Defect]:
    for item in failure.errors(include_url=False):
        path = item["loc"]
        code, cause, fix = _explained(model, path, item)
        # pydantic marks the key of a mapping, as opposed to its value, by a last part "[key]".
        yield Defect(code, json_path(*(path[:-1] if path[-1:] == ("[key]",) else path)), cause, fix)


def _explained(model: type[Document], path: tuple[int | str, ...], item: ErrorDetails) -> tuple[str, str, str]:
    """Return code, cause and fix of one complaint of pydantic."""
    kind, message, value = item["type"], item["msg"], item["input"]
    context = item.get("ctx", {})
    name = str(path[-1]) if path else "document"
    if kind == "missing":
        return "E201", f"key {name!r} is missing", _meaning(_model_at(model, path[:-1]), name)
    if kind == "extra_forbidden":
        return "E202", f"key {name!r} is unknown", instead(name, _keys(_model_at(model, path[:-1])), "key")
    if path == ("schema_version",):
        return "E206", f"schema version {shown(value)} is not supported", "write 1"
    if kind in _JSON_TYPES:
        return "E203", f"{shown(value)} is not {_JSON_TYPES[kind]}", _retyped(kind, value)
    if kind in ("greater_than_equal", "greater_than", "less_than_equal", "less_than"):
        least, most = context.get("ge"), context.get("le")
        bound = f"{least} or more" if least is not None else f"at most {most}"
        return "E204", f"{shown(value)} is out of range", f"write {bound}"
    if kind == "too_short":
        return "E204", f"the list is shorter than {context['min_length']}", f"add what belongs into {name!r}"
    if kind in ("string_pattern_mismatch", "string_too_short", "string_too_long", "string_unicode"):
        return "E205", f"{shown(value)} is not a name", "write 1 to 100 printable characters, no blank at either end"
    if kind == "literal_error":
        return "E205", f"{shown(value)} is not a known word", f"write {context['expected']}"
    if kind == "moment":
        return "E205", f"{shown(value)} is {message}", 'write it like "2026-01-05T06:00:00"'
    return "E203", f"{shown(value)} does not fit ({message})", "see docs/file-format.md"


def _retyped(kind: str, value: object) -> str:
    if kind == "int_type" and isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return f"write {int(value)}"
    if kind == "int_type" and isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return f"write {value.strip()} without quotes"
    if kind == "string_type" and isinstance(value, int) and not isinstance(value, bool):
        return f'write "{value}" in quotes'
    return f"write {_JSON_TYPES[kind]}"


def _meaning(model: type[BaseModel] | None, name: str) -> str:
    field = next((f for key, f in _fields(model).items() if key == name), None)
    if field is None or field.description is None:
        return f"add {name!r}"
    return f"add {name!r}: {field.description.splitlines()[0].rstrip('.')}"


def _keys(model: type[BaseModel] | None) -> tuple[str, ...]:
    return tuple(_fields(model))


def _fields(model: type[BaseModel] | None) -> dict[str, Any]:
    return {} if model is None else {field.alias or name: field for name, field in model.model_fields.items()}


def _model_at(model: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Return the model of the object at a path of the document."""
    for part in path:
        field = _fields(model).get(str(part))
        if field is not None:
            inner = next(_models_in(field.annotation), None)
            if inner is None:
                return None
            model = inner
    return model


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def unless(key: str, value: object, default: object) -> dict[str, Any]:
    """Return the entry of a document, none where the value is the default."""
    return {} if value == default else {key: value}
