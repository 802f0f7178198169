"""Best known values, from the `best_known.csv` of a data folder."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class BestKnown:
    """Published bounds of an instance; None where none is published."""

    lower: float | None
    upper: float | None


def best_known(file: Path, data: Path) -> BestKnown | None:
    """Return the best known makespan bounds of an instance file, or None.

    They stand in the nearest `best_known.csv` between the file and the folder `data`. A row belongs to the file when
    its `file` column ends with the file's name or else when its `instance` is the file's stem (and its `family`, if it
    has one, is the file's folder). Rows for another objective or another problem than plain makespan don't count.
    """
    for folder in file.parents:
        table = folder / "best_known.csv"
        if table.is_file():
            with table.open(encoding="utf-8", newline="") as stream:
                return next((_bounds(row) for row in csv.DictReader(stream) if _is_row_of(row, file)), None)
        if folder == data:
            break
    return None


def _is_row_of(row: dict[str, str], file: Path) -> bool:
    if row.get("objective", "makespan") != "makespan":
        return False
    if row.get("file"):
        return Path(row["file"]).name == file.name
    return row["instance"] == file.stem and row.get("family", file.parent.name) == file.parent.name


def _bounds(row: dict[str, str]) -> BestKnown:
    lower, upper = (row[column].strip() for column in ("lower_bound", "upper_bound"))
    return BestKnown(float(lower) if lower else None, float(upper) if upper else None)
