"""What the benchmarks compare with, how a study goes on after an interruption, and the contest of solvers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from helpers import factory, job, machine, mode, op, simple_job

from benchmarks import contestant
from benchmarks.__main__ import main
from benchmarks.best_known import BestKnown, best_known
from benchmarks.comparison import Measurement, measured, measurements
from benchmarks.contestant import Outcome, compete
from benchmarks.records import Row, append, done
from benchmarks.report import verdict, write_report
from benchmarks.rivals import Answer, Unsupported, cpsat, pyjobshop
from benchmarks.sets import Case, MissingData, cases
from scheduler.domain import Instance


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


# --- sets --------------------------------------------------------------------------------------------------------


def tiny_data(folder: Path) -> Path:
    """Two sets of one instance each, and a list that names both."""
    table(folder / "jsp", "family,instance,lower_bound,upper_bound", "small,two,6,7")
    (folder / "jsp" / "small").mkdir()
    (folder / "jsp" / "small" / "two.txt").write_text("2 2\n0 3 1 2\n1 2 0 4\n", encoding="utf-8")
    table(folder / "fjsp", "family,instance,lower_bound,upper_bound", "other,free,,4")
    (folder / "fjsp" / "other").mkdir()
    (folder / "fjsp" / "other" / "free.fjs").write_text("2 2\n1 2 1 3 2 3\n1 2 1 3 2 3\n", encoding="utf-8")
    listed = ("kind,family,instance", "jsp,small,two", "fjsp,other,free")
    (folder / "probe.csv").write_text("\n".join(listed) + "\n", encoding="utf-8")
    return folder


def test_a_set_is_a_list_or_a_folder(tmp_path: Path) -> None:
    data = tiny_data(tmp_path)
    two = Case("small", "two", data / "jsp" / "small" / "two.txt", BestKnown(6, 7))
    free = Case("other", "free", data / "fjsp" / "other" / "free.fjs", BestKnown(None, 4))
    assert cases("probe", data) == [two, free]
    assert cases("jsp", data) == [two]
    assert cases(str(data / "fjsp"), tmp_path / "elsewhere") == [free]
    # Without a folder in between, the family is the set's own folder, and no table is looked for above it.
    assert cases("jsp/small", data) == [replace(two, known=BestKnown(None, None))]


def test_missing_data_says_where_the_sets_are(tmp_path: Path) -> None:
    data = tiny_data(tmp_path)
    (data / "fjsp" / "other" / "free.fjs").unlink()
    with pytest.raises(MissingData, match=r"lacks 1 instances of probe\.csv: fjsp/other/free"):
        cases("probe", data)
    with pytest.raises(MissingData, match=r"no \.fjs, \.txt, \.jsp file"):
        cases("fjsp", data)
    refused = bench("run", "--set=sample", f"--data={data}", "-o", str(tmp_path / "out.csv"))
    assert refused.exit_code == 2
    assert "github.com/ScheduleOpt/benchmarks" in refused.output
    assert not (tmp_path / "out.csv").exists()


# --- solvers -----------------------------------------------------------------------------------------------------


def bench(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def flexible() -> Instance:
    """M1 has J1.1 for 3 ticks; J1.2 may follow it on M1 (2) or M2 (4); J2 keeps M2 for 5 ticks: 5 at best."""
    flexible_job = job("J1", op("1", mode("M1", 3)), op("2", mode("M1", 2), mode("M2", 4)))
    return factory(machine("M1"), machine("M2"), flexible_job, simple_job("J2", ("M2", 5)))


def test_the_plain_model_finds_and_proves_the_optimum() -> None:
    answer = cpsat(flexible(), 5.0, 1, 0)
    assert answer.schedule is not None
    assert (answer.status, answer.value, answer.bound, answer.schedule.makespan) == ("optimal", 5, 5, 5)
    assert answer.history[-1][1] == 5


def test_pyjobshop_finds_and_proves_the_optimum() -> None:
    pytest.importorskip("pyjobshop")
    answer = pyjobshop(flexible(), 5.0, 1, 0)
    assert answer.schedule is not None
    assert (answer.status, answer.value, answer.bound, answer.schedule.makespan) == ("optimal", 5, 5, 5)


def test_rivals_refuse_what_they_have_no_rule_for() -> None:
    late = factory(machine("M1", capacity=2), simple_job("J1", ("M1", 3), release_date=4))
    with pytest.raises(Unsupported, match="capacities, release dates"):
        cpsat(late, 1.0, 1, 0)


def test_a_wrong_schedule_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = cases("jsp", tiny_data(tmp_path))[0]

    def liar(instance: Instance, time_limit: float, workers: int, seed: int) -> Answer:
        return replace(cpsat(instance, time_limit, workers, seed), value=6)

    monkeypatch.setitem(contestant.SOLVERS, "cpsat", liar)
    outcome = compete("cpsat", case.file, 5.0, 1, 0)
    assert outcome.status == "unsound"
    assert "makespan is 7" in outcome.error
    row = measured(outcome, case, set="jsp", solver="cpsat", version="9", seed=0, workers=1, time_limit=5.0)
    assert (row.value, row.proved, row.gap_to_best_known) == (None, False, None)


def test_a_missing_rival_is_named_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contestant, "find_spec", lambda package: None)
    output = tmp_path / "out.csv"
    refused = bench("run", "--set=jsp", f"--data={tiny_data(tmp_path)}", "--solvers=pyjobshop", "-o", str(output))
    assert refused.exit_code == 2
    assert "pyjobshop is not installed: pip install 'scheduler[bench]'" in refused.output
    assert not output.exists()


def test_run_goes_on_where_it_stopped_and_the_report_reads_it(tmp_path: Path) -> None:
    output = tmp_path / "results" / "out.csv"
    settings = (f"--data={tiny_data(tmp_path)}", "--time-limit=1", "--workers=1", "-o", str(output))
    assert bench("run", "--set=jsp", "--solvers=scheduler", *settings).exit_code == 0
    assert output.with_suffix(".machine.json").is_file()
    again = bench("run", "--set=jsp", "--solvers=scheduler,cpsat", *settings)
    assert again.exit_code == 0
    assert len(again.output.splitlines()) == 1  # only what had no row
    rows = measurements(output)
    # M0 has 7 ticks of work and both jobs fit around it: 7 is optimal.
    found = [(r.solver, r.status, r.operations, r.value, r.bound, r.gap_to_best_known, r.proved) for r in rows]
    assert found == [(solver, "optimal", 4, 7, 7, 0.0, True) for solver in ("scheduler", "cpsat")]
    report = bench("report", str(output))
    assert report.exit_code == 0
    assert "| cpsat | 1 | 0 | 1 | 0 | 0 | 0 |" in report.output


def test_a_table_of_another_command_is_not_continued(tmp_path: Path) -> None:
    study = tmp_path / "results.csv"
    append(study, Row("a.fjs", status="optimal"))
    refused = bench("report", str(study))
    assert refused.exit_code == 2
    assert "no table of `run`" in refused.output


def test_a_crash_is_a_row_and_exit_code_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash = Outcome("crashed", error="exit code 1: boom")
    monkeypatch.setattr("benchmarks.comparison.run_alone", lambda *arguments: crash)
    output = tmp_path / "out.csv"
    failed = bench("run", "--set=probe", f"--data={tiny_data(tmp_path)}", "-o", str(output))
    assert failed.exit_code == 1
    assert "scheduler on small/two, scheduler on other/free" in failed.output
    assert [row.error for row in measurements(output)] == ["exit code 1: boom"] * 2


# --- report ------------------------------------------------------------------------------------------------------


def measurement(family: str, instance: str, solver: str, value: int | None, proved: bool = False) -> Measurement:
    case = Case(family, instance, Path(instance), BestKnown(90, 100))
    status = "optimal" if proved else "unknown" if value is None else "feasible"
    history = () if value is None else ((0.5, 2 * value), (1.5, value + 1), (9.0, value))
    outcome = Outcome(status, 4, value, None, 10.0, history)
    return measured(outcome, case, set="s", solver=solver, version="1", seed=0, workers=2, time_limit=10.0)


def test_seconds_to_the_first_schedule_and_to_within_1_percent() -> None:
    row = measurement("a", "i", "scheduler", 100)
    assert (row.first_seconds, row.seconds_to_within_1_percent) == (0.5, 1.5)  # 101 is 1 % above 100


def test_verdicts() -> None:
    assert verdict(1000, 1005) == "equal"
    assert verdict(1000, 1006) == "better"
    assert verdict(1006, 1000) == "worse"
    assert verdict(1000, None) == "better"
    assert verdict(None, 1000) == "worse"
    assert verdict(None, None) == "equal"


def test_the_report_sums_up_by_family_and_side_by_side() -> None:
    rows = [
        measurement("a", "i", "scheduler", 100, proved=True),
        measurement("a", "i", "cpsat", 110),
        measurement("a", "j", "scheduler", 104),
        measurement("a", "j", "cpsat", 100, proved=True),
        measurement("b", "i", "scheduler", 101),
        measurement("b", "i", "cpsat", None),
    ]
    report = write_report(rows)
    assert "# s: 10 s, 2 workers" in report
    assert "| a | 2 | 2 | 1 | 2.00 | 4.00 | 1.5 |" in report  # ours: gaps of 0 and 4 %
    assert "| b | 1 | 0 | 0 | - | - | - |" in report  # the rival's
    assert "| **all** | 3 | 3 | 1 | 1.67 | 4.00 | 1.5 |" in report
    assert "| cpsat | 3 | 2 | 0 | 1 | 1 | 1 |" in report
    assert "| a/i | 90 to 100 | **100** † (0.00) | 110 (10.00) |" in report
    assert "| b/i | 90 to 100 | **101** (1.00) | unknown |" in report
