"""Wording shared by all who report defects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import islice

from scheduler.errors import Defect
from scheduler.io.limits import MAX_DEFECTS

_MOST_COMPARED = 300
_MOST_LISTED = 12


def shown(value: object) -> str:
    """Return a value as it stands in JSON, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}..."


def instead(word: str, known: Sequence[str], kind: str) -> str:
    """Return a fix for an unknown word: the most similar known one, or the list of them."""
    similar = get_close_matches(word, known, n=1) if len(known) <= _MOST_COMPARED and len(word) <= 200 else []
    if similar:
        return f"did you mean {shown(similar[0])}?"
    if not known:
        return f"there is no {kind} here"
    listed = ", ".join(known[:_MOST_LISTED])
    return f"known {kind}s: {listed}{' ...' if len(known) > _MOST_LISTED else ''}"


def limited(defects: Iterable[Defect]) -> tuple[Defect, ...]:
    """Return the defects, but no more than anyone would read."""
    found = tuple(islice(defects, MAX_DEFECTS + 1))
    if len(found) <= MAX_DEFECTS:
        return found
    more = Defect("E199", "$", f"there are more than {MAX_DEFECTS} defects", "mend these first")
    return (*found[:MAX_DEFECTS], more)
