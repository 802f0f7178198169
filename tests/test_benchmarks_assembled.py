"""Sets that are put together from plain files and layouts, and published schedules replayed on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmark_data import bench, table
from fleet_cases import two_machines

import scheduler
from benchmarks.assembled import ASSEMBLED, Assembled, NotThere
from benchmarks.best_known import BestKnown
from benchmarks.cases import opened
from benchmarks.comparison import Measurement
from benchmarks.records import read_rows
from benchmarks.sequences import Sequences, Unplayable, play, read_sequences

DATA = Path(__file__).parents[2] / "shared" / "data"
SIZES = {
    "jspt-bilge-ulusoy": 50,
    "fjspt-deroussi-norre": 5,
    "fjspt-homayouni-fontes": 26,
    "fjspt-berterottiere": 27,
    "jsp-no-wait": 11,
    "jsp-blocking": 82,
    "fjsp-blocking": 71,
}


def tiny_bilge_ulusoy(data: Path) -> None:
    """One job set of one job, M1 3 and M2 4, over one layout: all trips take 2."""
    folder = data / "jspt-bilge-ulusoy"
    # Loaded to M1 (2), 3, loaded to M2 (2), 4: 11; with work twice and travel half as long, 1 + 6 + 1 + 8 = 16.
    table(folder, "instance,lower_bound,upper_bound,group", "EX101,11,11,coarse", "EX1010,,16,fine")
    document = {
        "vehicles": 2,
        "layouts_index0_is_LU": {"1": [[2 * (p != q) for q in range(5)] for p in range(5)]},
        "jobsets_[machine,time]": {"10": [[[1, 3], [2, 4]]]},
    }
    (folder / "jobsets_and_layouts.json").write_text(json.dumps(document), encoding="utf-8")


def test_a_job_set_and_a_layout_are_put_together(tmp_path: Path) -> None:
    tiny_bilge_ulusoy(tmp_path)
    coarse, fine = ASSEMBLED["jspt-bilge-ulusoy"](tmp_path)
    assert (coarse.name, coarse.family, coarse.known) == ("EX101", "coarse", BestKnown(11, 11))
    assert (fine.known, fine.factor) == (BestKnown(None, 16), 1)
    assert [scheduler.solve(one.instance, time_limit=5).values for one in (coarse, fine)] == [(11,), (16,)]


def test_half_ticks_double_the_known_values(tmp_path: Path) -> None:
    folder = tmp_path / "fjspt-deroussi-norre"
    table(folder, "instance,lower_bound,upper_bound", "one,4,5.5")
    raw = folder / "raw" / "ekprogrammer_fjs_format"
    raw.mkdir(parents=True)
    (raw / "one.txt").write_text("1 2 2\n2 1 1 3 2 1 1 2 1\n", encoding="utf-8")
    (raw / "trucks_layout8.txt").write_text("0 1.5 2\n1 0 1\n1 1 0\n", encoding="utf-8")
    (one,) = ASSEMBLED["fjspt-deroussi-norre"](tmp_path)
    assert (one.known, one.factor) == (BestKnown(8, 11), 2)


def test_a_study_of_a_set_that_is_put_together(tmp_path: Path) -> None:
    tiny_bilge_ulusoy(tmp_path)
    output = tmp_path / "out.csv"
    settings = (f"--data={tmp_path}", "--time-limit=2", "--workers=1", "-o", str(output))
    ran = bench("run", "--set=jspt-bilge-ulusoy", "--solvers=scheduler,cpsat", *settings)
    assert ran.exit_code == 0, ran.output
    rows = read_rows(output, Measurement)
    assert [(r.instance, r.status, r.value, r.best_known_upper) for r in rows if r.solver == "scheduler"] == [
        ("EX101", "optimal", 11, 11.0),
        ("EX1010", "optimal", 16, 16.0),
    ]
    # A rival that knows no vehicles is not asked.
    assert {(r.status, r.error) for r in rows if r.solver == "cpsat"} == {
        ("unsupported", "no plain flexible job shop: moves")
    }
    with opened("jspt-bilge-ulusoy", tmp_path) as found:
        files = [case.file for case in found]
        assert all(file.is_file() for file in files)
    assert not any(file.is_file() for file in files)


def test_flexible_blocking_takes_the_values_of_the_plain_file(tmp_path: Path) -> None:
    for family, name in (("hurink-edata", "la01_edata"), ("dauzere", "dpp02a"), ("hurink-rdata", "la01_rdata")):
        folder = tmp_path / "fjsp" / family
        folder.mkdir(parents=True)
        (folder / f"{name}.fjs").write_text("1 2 1\n2 1 1 3 1 2 4\n", encoding="utf-8")
    rows = ("Hurink edata,la01,5,7", "Dauzere-Paulli,02a,7,9", "Brandimarte,Mk02,1,1")
    table(tmp_path / "fjsp-blocking", "set,instance,lower_bound,upper_bound", *rows)
    found = list(ASSEMBLED["fjsp-blocking"](tmp_path))
    assert [(one.family, one.name, one.known.upper) for one in found] == [
        ("hurink-edata", "la01_edata", 7),
        ("dauzere", "dpp02a", 9),
    ]
    assert all(machine.output_buffer == 0 for one in found for machine in one.instance.machines)


def test_a_study_of_a_part_of_a_set(tmp_path: Path) -> None:
    tiny_bilge_ulusoy(tmp_path)
    output = tmp_path / "out.csv"
    settings = (f"--data={tmp_path}", "--set=jspt-bilge-ulusoy", "--time-limit=2", "--workers=1", "-o", str(output))
    assert bench("run", *settings, "--only", "fine/*").exit_code == 0
    assert [row.instance for row in read_rows(output, Measurement)] == ["EX1010"]
    none = bench("run", *settings, "--only", "la/*", "--only", "ft/*")
    assert none.exit_code == 2
    assert "no instance of jspt-bilge-ulusoy is like la/* or ft/*" in none.output


def test_missing_files_are_named(tmp_path: Path) -> None:
    table(tmp_path / "fjspt-deroussi-norre", "instance,lower_bound,upper_bound", "fjsp1,1,1")
    with pytest.raises(NotThere, match=r"fjsp1\.txt is missing"):
        list(ASSEMBLED["fjspt-deroussi-norre"](tmp_path))


# --- published schedules -----------------------------------------------------------------------------------------


def test_sequences_are_played_as_early_as_they_allow() -> None:
    instance = two_machines("DOCK")
    sequences = read_sequences("one #vehicles: 1 Cmax: 18.0\nM1 1 3\nM2  2  4\nV1  T1 T3 T2 T4\n")
    assert sequences == Sequences({1: (1, 3), 2: (2, 4)}, {1: (1, 3, 2, 4)})
    # V1: J1 to M1 by 2, back to the dock by 4, J2 to M1 by 6, J1 to M2 by 8, back to M1 by 10 (J2 is done at 9), J2
    # to M2 by 12, where J1 is until 12: 16.
    schedule = play(instance, sequences)
    assert scheduler.check(instance, schedule) == ()
    assert max(operation.end for operation in schedule.operations) == 16


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("M1 1 3\nM2 2 4\nV1 T2 T1 T3 T4", "4 operations are waited for in vain"),
        ("M1 1 2 3\nM2 4\nV1 T1 T3 T4", "M1 can't do operation 2 of job J1"),
    ],
)
def test_sequences_that_can_not_be_played(text: str, words: str) -> None:
    with pytest.raises(Unplayable, match=words):
        play(two_machines("DOCK"), read_sequences(text))


needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the benchmark data are not beside the repository")


@needs_data
@pytest.mark.parametrize("name", ASSEMBLED)
def test_all_instances_of_a_set_are_there(name: str) -> None:
    found = list(ASSEMBLED[name](DATA))
    assert len({(one.family, one.name) for one in found}) == len(found) == SIZES[name]


def published(name: str) -> Iterator[tuple[Assembled, str]]:
    """Yield the instances of a set that have a schedule of Berterottiere et al., with its file's text."""
    raw = DATA / name / "raw"
    for one in ASSEMBLED[name](DATA):
        number = one.name.removeprefix(one.family)
        file = {
            "fjsp": raw / "lucasberter_Deroussi_solutions" / f"{one.name}.txt",
            "MFJST": raw / "lucasberter_solutions" / "fattahi" / f"mfjs{number}.txt",
            "MKT": raw / "lucasberter_solutions" / "brandimarte" / f"Mk_{number}.txt",
        }.get(one.family, raw / "solutions" / f"dpp{one.family[0]}veh" / f"dpp{one.name}_{one.family[0]}veh.txt")
        if file.is_file():
            yield one, file.read_text(encoding="utf-8")


@needs_data
@pytest.mark.parametrize(
    ("name", "number"), [("fjspt-deroussi-norre", 5), ("fjspt-homayouni-fontes", 10), ("fjspt-berterottiere", 27)]
)
def test_published_schedules_pass_the_check_at_their_value(name: str, number: int) -> None:
    found = list(published(name))
    assert len(found) == number
    for one, text in found:
        schedule = play(one.instance, read_sequences(text))
        assert scheduler.check(one.instance, schedule) == ()
        value = max(operation.end for operation in schedule.operations)
        stated = float(text.partition("Cmax:")[2].split()[0]) * one.factor
        if name == "fjspt-berterottiere":
            # The table has what the sequences come to, which is up to 5 % less than stated.
            assert value == one.known.upper
            assert value <= stated
        else:
            assert value == stated
