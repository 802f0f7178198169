"""The kinds of values on the command line of the benchmarks, refused before anything is measured or written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click

from scheduler.cli.options import FiniteRange

POSITIVE = FiniteRange(min=0, min_open=True)
"""Seconds of a run."""
SECONDS = FiniteRange(min=0)
"""Seconds of a part that may be left out."""
AT_LEAST_ONE = click.IntRange(min=1)
SEED = click.IntRange(min=0)


def names_of(known: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Return what reads names with commas between, each once; `known` may be long to import, so it is called then."""

    def names(text: str) -> list[str]:
        there_are = list(known())
        found = list(dict.fromkeys(name.strip() for name in text.split(",")))
        if unknown := [repr(name) for name in found if name not in there_are]:
            raise click.BadParameter(f"unknown: {', '.join(unknown)}; there are {', '.join(there_are)}")
        return found

    return names


def table_file(text: str) -> Path:
    """Read the name of a CSV to write; folders above it that do not exist are made when it is written."""
    path = Path(text)
    if path.is_dir():
        raise click.BadParameter(f"'{path}' is a folder; name a file in it.")
    above = next(folder for folder in path.parents if folder.exists())
    if not above.is_dir():
        raise click.BadParameter(f"'{above}' is no folder.")
    return path
