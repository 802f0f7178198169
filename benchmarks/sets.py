"""Which instances a set has, and what is known of each."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.best_known import BestKnown, best_known

SUFFIXES = (".fjs", ".txt", ".jsp")
WHERE_TO_GET_IT = (
    "The public job shop and flexible job shop sets, with their best known values, are at "
    "https://github.com/ScheduleOpt/benchmarks. Put them into DATA/KIND/FAMILY/INSTANCE.fjs or .txt with "
    "DATA/KIND/best_known.csv (columns family, instance, lower_bound, upper_bound), and name DATA with --data."
)


class MissingData(click.ClickException):
    """A set, or an instance of it, that is not in the data folder."""

    exit_code = 2

    def __init__(self, cause: str) -> None:
        super().__init__(f"{cause}\n{WHERE_TO_GET_IT}")


@dataclass(frozen=True)
class Case:
    """An instance of a set."""

    family: str
    instance: str
    file: Path
    known: BestKnown


def cases(name: str, data: Path) -> list[Case]:
    """Return the instances of a set.

    A set is a table ``DATA/NAME.csv`` (columns kind, family, instance), a folder ``DATA/NAME`` (all files below it), or
    a folder anywhere.

    Raises
    ------
    MissingData
        If there is no such set, or files of it are missing (the error lists them).
    """
    table = data / f"{name}.csv"
    if table.is_file():
        return _listed(table, data)
    for folder in (data / name, Path(name)):
        if folder.is_dir():
            return _below(folder)
    raise MissingData(f"There is no set {name!r}: neither {table} nor the folder {data / name} exists.")


def _listed(table: Path, data: Path) -> list[Case]:
    found, missing = [], []
    with table.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            place = data / row["kind"] / row["family"] / row["instance"]
            files = [file for suffix in SUFFIXES if (file := place.with_name(place.name + suffix)).is_file()]
            if files:
                found.append(_case(files[0], row["family"], data))
            else:
                missing.append(place.relative_to(data).as_posix())
    if missing:
        raise MissingData(f"{data} lacks {len(missing)} instances of {table.name}: {', '.join(missing)}.")
    return found


def _below(folder: Path) -> list[Case]:
    files = sorted(file for file in folder.rglob("*") if file.suffix in SUFFIXES)
    if not files:
        raise MissingData(f"There is no {', '.join(SUFFIXES)} file below {folder}.")
    families = [file.parent.relative_to(folder).as_posix() for file in files]
    return [
        _case(file, folder.resolve().name if family == "." else family, folder)
        for file, family in zip(files, families, strict=True)
    ]


def _case(file: Path, family: str, data: Path) -> Case:
    return Case(family, file.stem, file, best_known(file, data) or BestKnown(None, None))
