"""Schedules as they lie in the journal: every field of every item in a list, so that they are read in a moment.

The schedule file is for people and other programs; this is only for us. Fields follow from the dataclasses, so that
what a schedule may hold one day is kept too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from typing import Any, get_args, get_type_hints

from scheduler.domain import Schedule, ScheduledOperation

_KINDS: Mapping[str, type[Any]] = {
    name: get_args(get_type_hints(Schedule)[name])[0] for name in (field.name for field in fields(Schedule))
}
"""Class of the items in each field of a schedule."""


def packed(schedule: Schedule) -> bytes:
    """Return a schedule as JSON."""
    document = {name: [astuple(item) for item in getattr(schedule, name)] for name in _KINDS}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def unpacked(content: bytes) -> Schedule:
    """Return the schedule of `packed`."""
    document = json.loads(content)
    return Schedule(**{name: tuple(kind(*item) for item in document.get(name, ())) for name, kind in _KINDS.items()})


def packed_operations(operations: Sequence[ScheduledOperation]) -> list[list[Any]]:
    """Return operations as JSON lists."""
    return [list(astuple(operation)) for operation in operations]


def unpacked_operations(items: Sequence[Sequence[Any]]) -> tuple[ScheduledOperation, ...]:
    """Return the operations of `packed_operations`."""
    return tuple(ScheduledOperation(*item) for item in items)
