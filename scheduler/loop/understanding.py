"""From the text of a line to an event: untrusted, so nothing is taken for granted."""

from __future__ import annotations

from scheduler.domain.events import Event
from scheduler.errors import Defect, EventError
from scheduler.io.events_file import parse_events
from scheduler.io.json_text import parse_json

MAX_DEPTH = 32
"""Deepest nesting of an event; a rush order needs seven."""


def understood(text: str) -> Event:
    """Return the event that a line tells of.

    Raises
    ------
    FormatError
        If the text is not JSON.
    EventError
        If it is no event, with all defects.
    """
    if _depth(text) > MAX_DEPTH:
        cause = f"lists and objects are nested more than {MAX_DEPTH} deep"
        raise EventError("event", (Defect("E110", "$", cause, "write the structure of docs/events.md"),))
    return parse_events([parse_json(text, "event")], "event")[0]


def _depth(text: str) -> int:
    """Return how deep brackets are nested; those inside of texts count too, which no honest event has so many of."""
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest
