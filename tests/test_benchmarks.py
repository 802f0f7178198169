"""What the benchmarks compare with, how a study goes on after an interruption, and the contest of solvers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import pytest
from benchmark_data import bench, table, tiny_data
from helpers import factory, job, machine, mode, op, simple_job

from benchmarks import contestant
from benchmarks.best_known import BestKnown, best_known
from benchmarks.cases import OWN_SETS, Case, MissingData, cases
from benchmarks.comparison import Measurement, gap, histories, measured
from benchmarks.contestant import Outcome, compete
from benchmarks.records import Row, append, done, read_rows
from benchmarks.rivals import Answer, Unsupported, cpsat, pyjobshop
from scheduler.domain import Instance


def test_best_known_values_by_family_and_instance(tmp_path: Path) -> None:
    table(tmp_path / "fjsp", "family,instance,lower_bound,upper_bound", "edata,la01,600,609", "rdata,la01,570,")
    assert best_known(tmp_path / "fjsp" / "edata" / "la01.fjs", tmp_path) == BestKnown(600, 609)
    assert best_known(tmp_path / "fjsp" / "rdata" / "la01.fjs", tmp_path) == BestKnown(570, None)
    assert best_known(tmp_path / "fjsp" / "vdata" / "la01.fjs", tmp_path) is None


def test_best_known_values_by_file(tmp_path: Path) -> None:
    table(tmp_path, "instance,file,lower_bound,upper_bound,objective", "Large1,raw/332.fjs,589,1009,makespan")
    assert best_known(tmp_path / "332.fjs", tmp_path) == BestKnown(589, 1009)


def test_values_of_another_objective_do_not_count(tmp_path: Path) -> None:
    table(tmp_path, "instance,lower_bound,upper_bound,objective", "la01,3452,,total tardiness", "la02,9,9,no-wait")
    assert best_known(tmp_path / "la01.txt", tmp_path) is None
    assert best_known(tmp_path / "la01.txt", tmp_path, "total_tardiness") == BestKnown(3452, None)
    assert best_known(tmp_path / "la02.txt", tmp_path) is None


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


def test_a_study_with_other_columns_is_not_continued(tmp_path: Path) -> None:
    study = tmp_path / "results.csv"
    study.write_text("file,value\na.fjs,55\n", encoding="utf-8")
    with pytest.raises(click.UsageError, match="other columns"):
        done(study)


def test_a_row_is_sound_unless_it_crashed_or_has_violations() -> None:
    assert Row("a", status="optimal", violations=0).is_sound
    assert Row("a", status="unknown").is_sound
    assert not Row("a", status="feasible", violations=1).is_sound
    assert not Row("a", status="crashed").is_sound


# --- sets --------------------------------------------------------------------------------------------------------


def test_a_set_is_a_list_or_a_folder(tmp_path: Path) -> None:
    data = tiny_data(tmp_path)
    two = Case("small", "two", data / "jsp" / "small" / "two.txt", data)
    free = Case("other", "free", data / "fjsp" / "other" / "free.fjs", data)
    assert cases("probe", data) == [two, free]
    assert cases("jsp", data) == [replace(two, data=data / "jsp")]
    assert cases(str(data / "fjsp"), tmp_path / "elsewhere") == [replace(free, data=data / "fjsp")]
    assert (two.known("makespan"), free.known("makespan")) == (BestKnown(6, 7), BestKnown(None, 4))
    # Without a folder in between, the family is the set's own folder, and no table is looked for above it.
    (alone,) = cases("jsp/small", data)
    assert (alone.family, alone.known("makespan")) == ("small", BestKnown(None, None))


def test_a_table_beside_the_files_names_their_families(tmp_path: Path) -> None:
    data = tiny_data(tmp_path)
    (data / "late" / "odd.txt").write_text("1 1\n0 3\n", encoding="utf-8")
    table(data / "late", "family,instance,lower_bound,upper_bound", "hard,due,5,5")
    assert [(case.family, case.instance) for case in cases("late", data)] == [("hard", "due"), ("late", "odd")]


def test_the_objective_of_a_case_is_that_of_its_file(tmp_path: Path) -> None:
    data = tiny_data(tmp_path)
    assert cases("late", data)[0].objective() == "weighted_tardiness"
    assert cases("jsp", data)[0].objective() == "makespan"


def test_our_own_set_names_a_dozen_small_instances(tmp_path: Path) -> None:
    assert len((OWN_SETS / "small.csv").read_text(encoding="utf-8").splitlines()) == 1 + 12
    with pytest.raises(MissingData, match=r"lacks 12 instances of small\.csv: jsp/ft/ft06, "):
        cases("small", tmp_path)


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


def flexible() -> Instance:
    """M1 has J1.1 for 3 ticks; J1.2 may follow it on M1 (2) or M2 (4); J2 keeps M2 for 5 ticks: 5 at best."""
    flexible_job = job("J1", op("1", mode("M1", 3)), op("2", mode("M1", 2), mode("M2", 4)))
    return factory(machine("M1"), machine("M2"), flexible_job, simple_job("J2", ("M2", 5)))


def test_the_plain_model_finds_and_proves_the_optimum() -> None:
    answer = cpsat(flexible(), "makespan", 5.0, 1, 0)
    assert answer.schedule is not None
    assert (answer.status, answer.value, answer.bound, answer.schedule.makespan) == ("optimal", 5, 5, 5)
    assert answer.history[-1][1] == 5


def test_pyjobshop_finds_and_proves_the_optimum() -> None:
    pytest.importorskip("pyjobshop")
    answer = pyjobshop(flexible(), "makespan", 5.0, 1, 0)
    assert answer.schedule is not None
    assert (answer.status, answer.value, answer.bound, answer.schedule.makespan) == ("optimal", 5, 5, 5)


@pytest.mark.parametrize("solver", ["scheduler", "cpsat", "pyjobshop"])
def test_every_solver_minimises_tardiness(solver: str, tmp_path: Path) -> None:
    if solver == "pyjobshop":
        pytest.importorskip("pyjobshop")
    file = cases("late", tiny_data(tmp_path))[0].file
    # J2 first: J1 ends at 5, 4 late. J1 first: it ends at 3, 2 late, and J2 at 5, 3 late: 2 + 5 * 3, without weights 5.
    for objective in ("weighted_tardiness", "total_tardiness"):
        outcome = compete(solver, file, objective, 5.0, 1, 0)
        assert (outcome.status, outcome.value, outcome.bound) == ("optimal", 4, 4)


def test_rivals_refuse_what_they_have_no_rule_for() -> None:
    late = factory(machine("M1", capacity=2), simple_job("J1", ("M1", 3), release_date=4))
    with pytest.raises(Unsupported, match="capacities, release dates"):
        cpsat(late, "makespan", 1.0, 1, 0)
    with pytest.raises(Unsupported, match="objective flow_time"):
        cpsat(flexible(), "flow_time", 1.0, 1, 0)


def test_a_wrong_schedule_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = cases("jsp", tiny_data(tmp_path))[0]

    def liar(instance: Instance, objective: str, time_limit: float, workers: int, seed: int) -> Answer:
        return replace(cpsat(instance, objective, time_limit, workers, seed), value=6)

    monkeypatch.setitem(contestant.SOLVERS, "cpsat", liar)
    outcome = compete("cpsat", case.file, "makespan", 5.0, 1, 0)
    assert outcome.status == "unsound"
    assert "makespan is 7" in outcome.error
    settings = {"set": "jsp", "solver": "cpsat", "version": "9", "seed": 0, "workers": 1, "time_limit": 5.0}
    row = measured(outcome, case, "makespan", **settings)
    assert (row.value, row.proved, row.gap_to_best_known) == (None, False, None)


def test_the_schedule_counts_where_a_model_is_slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = cases("jsp", tiny_data(tmp_path))[0]

    def modest(instance: Instance, objective: str, time_limit: float, workers: int, seed: int) -> Answer:
        return replace(cpsat(instance, objective, time_limit, workers, seed), value=8)

    monkeypatch.setitem(contestant.SOLVERS, "cpsat", modest)
    assert compete("cpsat", case.file, "makespan", 5.0, 1, 0).value == 7


def test_gaps_to_best_known_values() -> None:
    assert gap(110, 100) == 0.1
    assert gap(0, 0) == 0.0
    assert gap(5, 0) is None
    assert gap(None, 100) is None
    assert gap(5, None) is None


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
    rows = read_rows(output, Measurement)
    # M0 has 7 ticks of work and both jobs fit around it: 7 is optimal.
    found = [(r.solver, r.status, r.operations, r.value, r.bound, r.gap_to_best_known, r.proved) for r in rows]
    assert found == [(solver, "optimal", 4, 7, 7, 0.0, True) for solver in ("scheduler", "cpsat")]
    assert [histories(output)[row.key][-1][1] for row in rows] == [7, 7]
    report = bench("report", str(output))
    assert report.exit_code == 0
    assert "| cpsat | 1 | 0 | 1 | 0 | 0.00 | 0 | 1 | 0 |" in report.output


def test_run_minimises_what_the_file_asks_for_and_each_seed_is_a_run(tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    settings = (f"--data={tiny_data(tmp_path)}", "--time-limit=1", "--workers=1", "-o", str(output))
    assert bench("run", "--set=late", "--solvers=cpsat", "--seed=3", "--seed=4", *settings).exit_code == 0
    assert bench("run", "--set=late", "--solvers=cpsat", "--objective=makespan", *settings).exit_code == 0
    found = [(r.objective, r.seed, r.value, r.best_known_upper) for r in read_rows(output, Measurement)]
    assert found == [("weighted_tardiness", 3, 4, 4.0), ("weighted_tardiness", 4, 4, 4.0), ("makespan", 0, 5, 5.0)]


def test_a_table_of_another_command_is_not_reported(tmp_path: Path) -> None:
    study = tmp_path / "results.csv"
    append(study, Row("a.fjs", status="optimal"))
    refused = bench("report", str(study))
    assert refused.exit_code == 2
    assert "is no such table" in refused.output


def test_a_crash_is_a_row_and_exit_code_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash = Outcome("crashed", error="exit code 1: boom")
    monkeypatch.setattr("benchmarks.comparison.run_alone", lambda *arguments: crash)
    output = tmp_path / "out.csv"
    failed = bench("run", "--set=probe", f"--data={tiny_data(tmp_path)}", "-o", str(output))
    assert failed.exit_code == 1
    assert "scheduler on small/two, scheduler on other/free" in failed.output
    assert [row.error for row in read_rows(output, Measurement)] == ["exit code 1: boom"] * 2


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("smoke", "--time-limit=0"),
        ("shipped", "--time-limit=-1"),
        ("shipped", "--workers=0"),
        ("load-all", "--time-limit=inf"),
        ("load-all", "--limit=-1"),
        ("load-all", "--workers=-2"),
        ("run", "--time-limit=nan"),
        ("run", "--solvers=scheduler,nonsense"),
        ("run", "--only=nonsense/*"),
        ("ablation", "--seconds=nan"),
        ("ablation", "--variants="),
        ("profile", "--seconds=inf"),
        ("proofs", "--most=0"),
        ("repairs", "--deadline=0"),
        ("repairs", "--plan=-1"),
        ("repairs", "--scratch=nan"),
        ("repairs", "--policy=nonsense"),
        ("soak", "--deadline=0"),
        ("soak", "--policy=nonsense"),
        ("latency", "--events=0"),
        ("latency", "--deadline=0"),
        ("size", "--workers=0"),
    ],
)
def test_mistakes_on_the_command_line_are_refused_before_anything_is_written(
    command: str, option: str, tmp_path: Path
) -> None:
    data = tiny_data(tmp_path / "data")
    needed = {"load-all": (f"--data={data}",)} | {
        name: ("--set=jsp", f"--data={data}") for name in ("run", "ablation", "profile")
    }
    output = () if command == "smoke" else ("-o", str(tmp_path / "study" / "out.csv"))
    refused = bench(command, option, *needed.get(command, ()), *output)
    assert refused.exit_code == 2
    assert option.partition("=")[0] in refused.output
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_pattern_that_fits_nothing_says_what_there_is(tmp_path: Path) -> None:
    refused = bench("run", "--set=probe", f"--data={tiny_data(tmp_path)}", "--only=mt*", "-o", str(tmp_path / "o.csv"))
    assert "no instance of probe is like mt*; there are small/two, other/free" in " ".join(refused.output.split())


@pytest.mark.parametrize("name", ["folder", "file/out.csv"])
def test_a_table_can_not_be_a_folder_or_below_a_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    refused = bench("proofs", "-o", str(tmp_path / name))
    assert refused.exit_code == 2
    assert "folder" in refused.output


def test_a_table_that_has_been_spoilt_is_refused(tmp_path: Path) -> None:
    study = tmp_path / "results.csv"
    append(study, Row("a.fjs", jobs=3, status="optimal"))
    study.write_text(study.read_text(encoding="utf-8").replace(",3,", ",three,"), encoding="utf-8")
    with pytest.raises(click.UsageError, match=r"results.csv, line 2: no such row"):
        read_rows(study, Row)
    study.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(click.UsageError, match=r"results.csv is no CSV"):
        read_rows(study, Row)
