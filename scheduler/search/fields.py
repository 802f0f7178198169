"""Fields of the domain that a compiled search speaks, and the first one of an instance that it does not.

A field that a search has not listed must have its default, so that a new rule is never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any


def names(text: str) -> frozenset[str]:
    """Return names that are written one after the other."""
    return frozenset(text.split())


def unspoken(items: Iterable[Any], spoken: Mapping[type, frozenset[str]]) -> str | None:
    """Return the first field of the items that is not among the `spoken` of its type and not at its default."""
    for item in items:
        for field in fields(item):
            if field.name not in spoken[type(item)] and not _has_default(item, field):
                return f"{field.name} of {type(item).__name__}"
    return None


def _has_default(item: object, field: Field[Any]) -> bool:
    value = getattr(item, field.name)
    if field.default is not MISSING:
        return bool(value == field.default)
    return field.default_factory is not MISSING and bool(value == field.default_factory())
