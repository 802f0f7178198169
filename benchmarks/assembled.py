"""Published sets that have to be put together: a plain file, and vehicles over a travel-time matrix or a rule more.

Their rules: all jobs and vehicles are at the load/unload station at tick 0, each way between two places takes a
vehicle, one job at a time, nothing returns; the makespan is the end of the last operation.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from pathlib import Path

import click

from benchmarks.best_known import TABLE, BestKnown
from scheduler.domain import Instance, Mode
from scheduler.io import read
from scheduler.io.files import read_text
from scheduler.io.layout import Matrix, read_matrix, with_blocking, with_fleet, without_waiting
from scheduler.io.numbered import machine_id, numbered_job, plain_instance

VEHICLES = 2
"""Vehicles of the sets that know no other number."""


class NotThere(click.ClickException):
    """A file that a set is put together from is not in the data folder."""

    exit_code = 2


@dataclass(frozen=True)
class Assembled:
    """An instance as published, `factor` times as fine, with the best known bounds in its ticks."""

    family: str
    name: str
    instance: Instance
    known: BestKnown
    factor: int = 1


def bilge_ulusoy(data: Path) -> Iterator[Assembled]:
    """Yield the job shops with two vehicles of Bilge & Ulusoy (1995).

    ``EX<job set><layout>`` is as published; with a further 0 or 1 processing takes 2 or 3 times as long, travel half.
    """
    folder = data / "jspt-bilge-ulusoy"
    document = json.loads(_text(folder / "jobsets_and_layouts.json"))
    for row in _rows(folder):
        match = re.fullmatch(r"EX(10|[1-9])([1-4])([01]?)", row["instance"])
        if match is None:
            raise click.ClickException(f"{folder / TABLE}: {row['instance']} is no name of this set")
        work, halves = {"": (1, 1), "0": (2, 2), "1": (3, 2)}[match[3]]
        jobs = document["jobsets_[machine,time]"][match[1]]
        shop = [[[Mode(machine_id(machine), work * time)] for machine, time in job] for job in jobs]
        travel = document["layouts_index0_is_LU"][match[2]]
        plain = plain_instance(row["instance"], len(travel) - 1, map(numbered_job, count(1), shop))
        matrix = tuple(tuple(Fraction(time, halves) for time in line) for line in travel)
        yield _carried(row["group"], row["instance"], plain, matrix, document["vehicles"], row)


def deroussi_norre(data: Path) -> Iterator[Assembled]:
    """Yield the flexible job shops with two vehicles of Deroussi & Norre (2010): job sets of Bilge & Ulusoy."""
    folder = data / "fjspt-deroussi-norre"
    raw = folder / "raw" / "ekprogrammer_fjs_format"
    for row in _rows(folder):
        plain = read(_file(raw / f"{row['instance']}.txt"))
        # The third number of the first row is that of the vehicles.
        yield _over(raw / "trucks_layout8.txt", "fjsp", row["instance"], plain, VEHICLES, row)


def homayouni_fontes(data: Path) -> Iterator[Assembled]:
    """Yield the flexible job shops with two vehicles of Homayouni & Fontes (2021), each over the layout of its size."""
    folder = data / "fjspt-homayouni-fontes"
    large = folder / "raw" / "msh0576_dataset" / "dataset"
    for row in _rows(folder):
        family, number = re.fullmatch(r"([A-Z]+|[a-z]+\d+)(.*)", row["instance"]).groups()  # type: ignore[union-attr]
        if family in ("SFJST", "MFJST"):
            plain = read(_file(folder / "raw" / "lucasberter_fattahi" / f"{family[:4].lower()}{number}.txt"))
            layouts = folder / "raw" / "msh0576_dataset" / "small_and_medium_instances"
        else:
            name = f"Mk{number}" if family == "MKT" else row["instance"].removesuffix("t")
            plain, layouts = read(_file(large / f"{name}.fjs")), large
        layout = layouts / f"{len(plain.machines)}_machine_layout.txt"
        yield _over(layout, family, row["instance"], plain, VEHICLES, row)


def berterottiere(data: Path) -> Iterator[Assembled]:
    """Yield the instances of Dauzere-Peres & Paulli with 2, 4 and 6 vehicles (Berterottiere et al. 2024)."""
    folder = data / "fjspt-berterottiere"
    layouts = folder / "raw" / "travel_times_homayouni_fontes_used_by_solutions"
    for row in _rows(folder):
        plain = read(_file(folder / "raw" / "instances" / f"{row['instance']}.txt"))
        layout = layouts / row["layout_file"].split()[0]
        family = f"{row['vehicles']} vehicles"
        yield _over(layout, family, row["instance"], plain, int(row["vehicles"]), row)


def no_wait(data: Path) -> Iterator[Assembled]:
    """Yield the job shops in which no job waits."""
    for family, file, row in _files_of(data, "jsp-no-wait", "jsp"):
        yield Assembled(family, file.stem, _named(without_waiting(read(file)), file.stem), _known(row))


def blocking(data: Path) -> Iterator[Assembled]:
    """Yield the job shops in which parts stay on their machine until they go on; they may be exchanged."""
    for family, file, row in _files_of(data, "jsp-blocking", "jsp"):
        yield Assembled(family, file.stem, _named(with_blocking(read(file), swap=True), file.stem), _known(row))


def flexible_blocking(data: Path) -> Iterator[Assembled]:
    """Yield the flexible job shops in which parts stay on their machine until they go on; they may be exchanged."""
    for row in _rows(data / "fjsp-blocking"):
        family = row["set"].lower().replace(" ", "-").removesuffix("-paulli")
        name = row["instance"].lower()
        called = {name, f"{family}{name}", f"dpp{name}", f"{name}_{family.removeprefix('hurink-')}"}
        for file in sorted((data / "fjsp" / family).glob("*.fjs")):
            if file.stem.lower() in called:
                plain = _named(with_blocking(read(file), swap=True), file.stem)
                yield Assembled(family, file.stem, plain, _known(row))


ASSEMBLED: dict[str, Callable[[Path], Iterator[Assembled]]] = {
    "jspt-bilge-ulusoy": bilge_ulusoy,
    "fjspt-deroussi-norre": deroussi_norre,
    "fjspt-homayouni-fontes": homayouni_fontes,
    "fjspt-berterottiere": berterottiere,
    "jsp-no-wait": no_wait,
    "jsp-blocking": blocking,
    "fjsp-blocking": flexible_blocking,
}
"""The sets, by the name of their folder."""


def _over(layout: Path, family: str, name: str, plain: Instance, vehicles: int, row: dict[str, str]) -> Assembled:
    """Return an instance with vehicles over the layout in a file."""
    matrix = read_matrix(_text(layout), str(layout), len(plain.machines) + 1)
    return _carried(family, name, _named(plain, name), matrix, vehicles, row)


def _carried(family: str, name: str, plain: Instance, matrix: Matrix, vehicles: int, row: dict[str, str]) -> Assembled:
    instance, factor = with_fleet(plain, matrix, vehicles)
    return Assembled(family, name, instance, _known(row, factor), factor)


def _files_of(data: Path, values: str, kind: str) -> Iterator[tuple[str, Path, dict[str, str]]]:
    """Yield family and file of what `DATA/KIND` has of the instances that `DATA/VALUES` has values of."""
    files = {file.stem.lower(): file for file in sorted((data / kind).rglob("*")) if file.suffix in (".txt", ".fjs")}
    for row in _rows(data / values):
        file = files.get(row["instance"].lower())
        if file is not None:
            yield file.parent.name, file, row


def _known(row: dict[str, str], factor: int = 1) -> BestKnown:
    lower, upper = (
        float(text) * factor if (text := row[f"{side}_bound"].strip()) else None for side in ("lower", "upper")
    )
    return BestKnown(lower, upper)


def _named(instance: Instance, name: str) -> Instance:
    return replace(instance, name=name)


def _rows(folder: Path) -> list[dict[str, str]]:
    with _file(folder / TABLE).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _text(file: Path) -> str:
    return read_text(_file(file))


def _file(file: Path) -> Path:
    if not file.is_file():
        raise NotThere(f"{file} is missing; this set is put together from it")
    return file
