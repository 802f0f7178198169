"""Rows of a study: appended to a CSV as they come, so that an interrupted study goes on where it stopped."""

from __future__ import annotations

import csv
import json
import os
import platform
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler.portfolio import versions

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


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
    if not path.is_file():
        return set()
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["file"] for row in csv.DictReader(stream)}


def append(path: Path, row: DataclassInstance) -> None:
    """Add a row at the end, with the heading, the names of its fields, before the first."""
    is_new = not path.is_file()
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(row)])
        if is_new:
            writer.writeheader()
        writer.writerow({name: "" if value is None else value for name, value in asdict(row).items()})


def write_circumstances(path: Path, **settings: object) -> None:
    """Write machine, versions and settings beside the CSV at `path`, as `<name>.machine.json`."""
    circumstances = {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": settings,
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
