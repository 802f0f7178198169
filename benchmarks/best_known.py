"""Best known values, from the `best_known.csv` of a data folder."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLE = "best_known.csv"
OBJECTIVES = {
    "makespan": "makespan",
    "total tardiness": "total_tardiness",
    "total weighted tardiness": "weighted_tardiness",
}
"""What we call the objectives of the tables; values for any other (blocking, no-wait ...) count for nothing."""


@dataclass(frozen=True)
class BestKnown:
    """Published bounds of an instance; None where none is published."""

    lower: float | None
    upper: float | None


def best_known(file: Path, data: Path, objective: str = "makespan") -> BestKnown | None:
    """Return the best known bounds of an instance file for an objective, or None.

    They stand in the nearest `best_known.csv` between the file and the folder `data`. A row belongs to the file when
    its `file` column ends with the file's name or else when its `instance` is the file's stem. Then its `family`, if it
    has one, must be the file's folder, unless the table lies in that folder itself.
    """
    for folder in file.parents:
        table = folder / TABLE
        if table.is_file():
            rows = (row for row in _rows_of(file, table) if _objective(row) == objective)
            return next((BestKnown(_number(row["lower_bound"]), _number(row["upper_bound"])) for row in rows), None)
        if folder == data:
            break
    return None


def published_family(file: Path) -> str | None:
    """Return the family that a table in the file's own folder gives it."""
    table = file.parent / TABLE
    if not table.is_file():
        return None
    return next((family for row in _rows_of(file, table) if (family := row.get("family"))), None)


def _rows_of(file: Path, table: Path) -> Iterator[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row.get("file"):
                if Path(row["file"]).name == file.name:
                    yield row
            elif row.get("instance") == file.stem and (
                table.parent == file.parent or row.get("family", file.parent.name) == file.parent.name
            ):
                yield row


def _objective(row: dict[str, str]) -> str | None:
    return OBJECTIVES.get(row.get("objective", "makespan"))


def _number(text: str) -> float | None:
    return float(text) if text.strip() else None
