"""The table of formats, and the choice among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scheduler.domain import Instance
from scheduler.domain.collector import collector_paused
from scheduler.errors import Defect, FormatError
from scheduler.io import fjsplib, jobshop, native, operation_graph, prata, singer_pinedo, taillard
from scheduler.io.atomic import write_text
from scheduler.io.files import read_text
from scheduler.io.validate import require_valid


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of instance file.

    Attributes
    ----------
    name
        What it is called in messages.
    suffixes
        Endings of the names of such files, with the dot.
    matches
        Whether a text looks like one, at a glance.
    read
        Reads a text, given the name of its file; raises FormatError.
    write
        Returns the text of an instance, or raises FormatError if the format can't express it. None: read only.
    """

    name: str
    suffixes: tuple[str, ...]
    matches: Callable[[str], bool]
    read: Callable[[str, str], Instance]
    write: Callable[[Instance], str] | None = None


FORMATS: tuple[Format, ...] = (
    Format("instance JSON", (".json",), native.matches, native.read, native.write),
    Format("total tardiness job shop", (".txt",), prata.matches, prata.read),
    Format("job shop in two blocks", (".txt",), taillard.matches, taillard.read),
    Format("job shop", (".txt", ".jsp"), jobshop.matches, jobshop.read, jobshop.write),
    Format("weighted tardiness job shop", (".txt",), singer_pinedo.matches, singer_pinedo.read),
    Format("graph of operations", (".txt",), operation_graph.matches, operation_graph.read),
    Format("FJSPLIB", (".fjs", ".txt"), fjsplib.matches, fjsplib.read, fjsplib.write),
)
"""Every format, those with the most telling looks first. A new format is a file in this folder and a line here."""


def read(path: str | Path) -> Instance:
    """Read an instance in any known format; the suffix decides, or else the content.

    Raises
    ------
    FormatError
        If the file can't be read or is in no known format.
    InstanceError
        If the instance is defective, with every defect.
    """
    return read_instance(read_text(path), str(path))


@collector_paused()
def read_instance(text: str, source: str) -> Instance:
    """Return the valid instance of a text from the file `source`; raises like `read`."""
    suffix = Path(source).suffix.lower()
    by_suffix = [format for format in FORMATS if suffix in format.suffixes]
    if len(by_suffix) == 1:
        return require_valid(by_suffix[0].read(text, source), source)
    alike = [format for format in FORMATS if format.matches(text)]
    refusals: list[tuple[Format, FormatError]] = []
    for format in alike or FORMATS:
        try:
            instance = format.read(text, source)
        except FormatError as refusal:
            refusals.append((format, refusal))
        else:
            return require_valid(instance, source)
    if alike:
        raise refusals[0][1]
    raise FormatError(source, tuple(_unlike(format, refusal) for format, refusal in refusals))


def write(instance: Instance, path: str | Path) -> None:
    """Write an instance in the format of the suffix; `path` is complete afterwards or untouched.

    Raises
    ------
    FormatError
        If no format that can be written has the suffix, the format can't express the instance, or the file
        can't be written.
    """
    suffix = Path(path).suffix.lower()
    for format in FORMATS:
        if format.write is not None and suffix in format.suffixes:
            write_text(path, format.write(instance))
            return
    known = sorted({suffix for format in FORMATS if format.write is not None for suffix in format.suffixes})
    cause = f"no format with the suffix {suffix!r} can be written"
    raise FormatError(str(path), (Defect("E130", "file", cause, f"use one of {', '.join(known)}"),))


def _unlike(format: Format, refusal: FormatError) -> Defect:
    first = refusal.defects[0]
    return Defect("E120", first.where, f"not {format.name}: {first.cause}", "name a file in a known format")
