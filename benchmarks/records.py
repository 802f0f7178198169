"""Rows of a study: appended to a CSV as they come, so that an interrupted study goes on where it stopped."""

from __future__ import annotations

import csv
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

import click

from scheduler.portfolio import versions

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

RowType = TypeVar("RowType", bound="DataclassInstance")


@dataclass(frozen=True)
class Row:
    """One run on one instance; seconds are wall time, `gap` is (value - bound) / value of the first tier."""

    file: str
    jobs: int | None = None
    machines: int | None = None
    operations: int | None = None
    status: str = ""
    objective: str = ""
    value: float | None = None
    bound: float | None = None
    gap: float | None = None
    best_known_lower: float | None = None
    best_known_upper: float | None = None
    ratio_to_best_known: float | None = None
    first_schedule_seconds: float | None = None
    seconds: float | None = None
    overshoot_seconds: float | None = None
    violations: int | None = None
    error: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether nothing went wrong: no crash, and a schedule that passed the check if there is one."""
        return self.status != "crashed" and not self.violations


def done(path: Path) -> set[str]:
    """Return the files that already have a row."""
    return {row.file for row in rows_to_continue(path, Row)}


def append(path: Path, row: DataclassInstance) -> None:
    """Add a row at the end, with the heading, the names of its fields, before the first."""
    is_new = not path.is_file()
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(row)])
        if is_new:
            writer.writeheader()
        writer.writerow({name: "" if value is None else value for name, value in asdict(row).items()})


def heading(path: Path) -> list[str]:
    """Return the names of the columns of a CSV."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream).fieldnames or [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise click.UsageError(f"{path} is no CSV: {error}") from None


def is_table_of(names: Sequence[str], row_type: type[DataclassInstance]) -> bool:
    """Return whether a heading is that of such rows; columns with a default, younger than the others, may lack."""
    known = {field.name: field.default is MISSING for field in fields(row_type)}
    return set(names) <= set(known) and all(name in names for name, is_required in known.items() if is_required)


def read_rows(path: Path, row_type: type[RowType]) -> list[RowType]:
    """Return the rows of a CSV written by `append`."""
    if not is_table_of(heading(path), row_type):
        names = ",".join(field.name for field in fields(row_type))
        raise click.UsageError(f"{path} is no such table: its heading is not {names}")
    parsers = _parsers(row_type)
    rows = []
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, restkey="more")
        try:
            for cells in reader:
                rows.append(row_type(**{name: parsers[name](text) for name, text in cells.items()}))
        except (ValueError, TypeError, KeyError, csv.Error):
            raise click.UsageError(f"{path}, line {reader.line_num}: no such row") from None
    return rows


def rows_to_continue(path: Path, row_type: type[RowType]) -> list[RowType]:
    """Return the rows of a CSV that more are going to be appended to (none where there is no file)."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        return []
    if heading(path) != [field.name for field in fields(row_type)]:
        raise click.UsageError(f"{path} has other columns than the rows to come: name another file")
    return read_rows(path, row_type)


@cache
def _parsers(row_type: type[DataclassInstance]) -> dict[str, Callable[[str], Any]]:
    return {name: _parser(hint) for name, hint in get_type_hints(row_type).items()}


def _parser(hint: Any) -> Callable[[str], Any]:
    """Return what reads a cell of this type; where None is allowed, it is the empty cell."""
    if isinstance(hint, UnionType):
        (inner,) = (_parser(part) for part in get_args(hint) if part is not type(None))
        return lambda text: inner(text) if text else None
    if hint is bool:
        return lambda text: text == "True"
    parse: Callable[[str], Any] = hint
    return parse


def command_line() -> str:
    """Return the arguments of this process, without the folders of this machine."""
    return " ".join(Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:])


def write_circumstances(path: Path, **settings: object) -> None:
    """Write command, machine, versions and settings beside the CSV at `path`, as `<name>.machine.json`."""
    circumstances = {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": {"command": command_line(), **settings},
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": versions(),
    }
    path.with_suffix(".machine.json").write_text(json.dumps(circumstances, indent=2) + "\n", encoding="utf-8")


def _processor() -> str:
    """Return the name of the processor (Linux keeps it in /proc/cpuinfo only)."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
