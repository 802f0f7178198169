"""What the benchmarks compare with, and how a study goes on after an interruption."""

from __future__ import annotations

from pathlib import Path

from benchmarks.best_known import BestKnown, best_known
from benchmarks.records import Row, append, done


def table(folder: Path, *lines: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "best_known.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_best_known_values_by_family_and_instance(tmp_path: Path) -> None:
    table(tmp_path / "fjsp", "family,instance,lower_bound,upper_bound", "edata,la01,600,609", "rdata,la01,570,")
    assert best_known(tmp_path / "fjsp" / "edata" / "la01.fjs", tmp_path) == BestKnown(600, 609)
    assert best_known(tmp_path / "fjsp" / "rdata" / "la01.fjs", tmp_path) == BestKnown(570, None)
    assert best_known(tmp_path / "fjsp" / "vdata" / "la01.fjs", tmp_path) is None


def test_best_known_values_by_file(tmp_path: Path) -> None:
    table(tmp_path, "instance,file,lower_bound,upper_bound,objective", "Large1,raw/332.fjs,589,1009,makespan")
    assert best_known(tmp_path / "332.fjs", tmp_path) == BestKnown(589, 1009)


def test_values_of_another_objective_do_not_count(tmp_path: Path) -> None:
    table(tmp_path, "instance,lower_bound,upper_bound,objective", "la01,3452,3452,total tardiness")
    assert best_known(tmp_path / "la01.txt", tmp_path) is None


def test_tables_above_the_data_folder_do_not_count(tmp_path: Path) -> None:
    table(tmp_path, "instance,lower_bound,upper_bound", "la01,1,1")
    (tmp_path / "data").mkdir()
    assert best_known(tmp_path / "data" / "la01.txt", tmp_path / "data") is None


def test_a_study_goes_on_after_its_last_row(tmp_path: Path) -> None:
    study = tmp_path / "results.csv"
    assert done(study) == set()
    append(study, Row("a.fjs", status="optimal", value=55, violations=0))
    append(study, Row("b.fjs", status="rejected", error="E201 at line 3: 'x, y' is no number"))
    assert done(study) == {"a.fjs", "b.fjs"}
    assert len(study.read_text(encoding="utf-8").splitlines()) == 3  # one heading


def test_a_row_is_sound_unless_it_crashed_or_has_violations() -> None:
    assert Row("a", status="optimal", violations=0).is_sound
    assert Row("a", status="unknown").is_sound
    assert not Row("a", status="feasible", violations=1).is_sound
    assert not Row("a", status="crashed").is_sound
