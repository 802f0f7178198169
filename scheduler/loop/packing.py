"""Schedules as they lie in the journal: every field of every item in a list, so that they are read in a moment.

The schedule file is for people and other programs; this is only for us. Fields follow from the dataclasses, so that
what a schedule may hold one day is kept too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, get_args, get_type_hints

from scheduler.domain import Schedule, ScheduledOperation

_KINDS: Mapping[str, type[Any]] = {
    name: get_args(get_type_hints(Schedule)[name])[0] for name in (field.name for field in fields(Schedule))
}
"""Class of the items in each field of a schedule."""
_NAMES: Mapping[type[Any], tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind) if field.init) for kind in _KINDS.values()
}
"""Names of their fields, all of which hold plain values; what is new stands at the end."""


def packed(schedule: Schedule) -> bytes:
    """Return a schedule as JSON."""
    document = {name: _lists(kind, getattr(schedule, name)) for name, kind in _KINDS.items()}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def unpacked(content: bytes) -> Schedule:
    """Return the schedule of `packed`."""
    document = json.loads(content)
    return Schedule(**{name: _items(kind, document.get(name, ())) for name, kind in _KINDS.items()})


def packed_operations(operations: Sequence[ScheduledOperation]) -> list[list[Any]]:
    """Return operations as JSON lists."""
    return _lists(ScheduledOperation, operations)


def unpacked_operations(items: Sequence[Sequence[Any]]) -> tuple[ScheduledOperation, ...]:
    """Return the operations of `packed_operations`."""
    return _items(ScheduledOperation, items)


def _lists(kind: type[Any], items: Sequence[Any]) -> list[list[Any]]:
    values = attrgetter(*_NAMES[kind])
    return [list(values(item)) for item in items]


def _items(kind: type[Any], lists: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    names = _NAMES[kind]
    return tuple(kind(**dict(zip(names, values, strict=False))) for values in lists)
