"""Which instances a set has, and what is known of each."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

import scheduler
from benchmarks.assembled import ASSEMBLED
from benchmarks.best_known import BestKnown, best_known, published_family
from scheduler.errors import SchedulerError
from scheduler.io import write

SUFFIXES = (".fjs", ".txt", ".jsp")
OWN_SETS = Path(__file__).parent / "sets"
"""Sets that we chose, as tables."""
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
    """An instance of a set; what is known of it is `published`, or lies between its file and the folder `data`."""

    family: str
    instance: str
    file: Path
    data: Path
    published: BestKnown | None = None

    @property
    def name(self) -> str:
        """Family and instance."""
        return f"{self.family}/{self.instance}"

    def known(self, objective: str) -> BestKnown:
        """Return the best known bounds for an objective."""
        if self.published is not None and objective == "makespan":
            return self.published
        return best_known(self.file, self.data, objective) or BestKnown(None, None)

    def objective(self) -> str:
        """Return the objective of the file; that of files that can't be read is the makespan."""
        try:
            return scheduler.load(self.file).objective
        except SchedulerError:
            return "makespan"


@contextmanager
def opened(name: str, data: Path) -> Iterator[list[Case]]:
    """Open a set: one of `benchmarks.assembled`, whose files exist as long as it is open, or one of `cases`."""
    if name not in ASSEMBLED:
        yield cases(name, data)
        return
    with TemporaryDirectory() as folder:
        found = []
        for number, one in enumerate(ASSEMBLED[name](data)):
            file = Path(folder, f"{number}.json")
            write(one.instance, file)
            found.append(Case(one.family, one.name, file, Path(folder), one.known))
        yield found


def cases(name: str, data: Path) -> list[Case]:
    """Return the instances of a set of files.

    A set is a table ``DATA/NAME.csv`` or ``benchmarks/sets/NAME.csv`` (columns kind, family, instance), a folder
    ``DATA/NAME`` (all files below it), or a folder anywhere.

    Raises
    ------
    MissingData
        If there is no such set, or files of it are missing (the error lists them).
    """
    for table in (data / f"{name}.csv", OWN_SETS / f"{name}.csv"):
        if table.is_file():
            return _listed(table, data)
    for folder in (data / name, Path(name)):
        if folder.is_dir():
            return _below(folder)
    tables = f"neither {data / name}.csv nor {name}.csv among our own"
    raise MissingData(f"There is no set {name!r}: {tables}, and no folder {data / name}.")


def _listed(table: Path, data: Path) -> list[Case]:
    found, missing = [], []
    with table.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            place = data / row["kind"] / row["family"] / row["instance"]
            files = [file for suffix in SUFFIXES if (file := place.with_name(place.name + suffix)).is_file()]
            if files:
                found.append(Case(row["family"], row["instance"], files[0], data))
            else:
                missing.append(place.relative_to(data).as_posix())
    if missing:
        raise MissingData(f"{data} lacks {len(missing)} instances of {table.name}: {', '.join(missing)}.")
    if not found:
        raise MissingData(f"{table} lists no instance.")
    return found


def _below(folder: Path) -> list[Case]:
    files = sorted(file for file in folder.rglob("*") if file.suffix in SUFFIXES)
    if not files:
        raise MissingData(f"There is no {', '.join(SUFFIXES)} file below {folder}.")
    return [Case(_family(file, folder), file.stem, file, folder) for file in files]


def _family(file: Path, folder: Path) -> str:
    """Return the folders between, or else the family of the table beside the file, or else the set's folder."""
    between = file.parent.relative_to(folder).as_posix()
    return between if between != "." else published_family(file) or folder.resolve().name
