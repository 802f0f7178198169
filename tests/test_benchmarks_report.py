"""What the reports of the benchmarks say."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from benchmark_data import bench

from benchmarks.ablation import Trial
from benchmarks.comparison import Improvement, Measurement, gap, history_file
from benchmarks.profiling import ITERATION, PREPARATION, Phase
from benchmarks.records import append
from benchmarks.report import measurements
from benchmarks.report_ablation import sign_test, write_ablation
from benchmarks.report_comparison import verdict, write_report
from benchmarks.report_profile import write_profile
from benchmarks.tables import percent


def measurement(
    family: str, instance: str, solver: str, value: int | None, proved: bool = False, upper: float = 100
) -> Measurement:
    """A row of a set whose best known values are 90 and `upper`."""
    return Measurement(
        set="s",
        family=family,
        instance=instance,
        operations=4,
        solver=solver,
        version="1",
        seed=0,
        workers=2,
        time_limit=10.0,
        status="optimal" if proved else "unknown" if value is None else "feasible",
        value=value,
        bound=None,
        best_known_lower=90,
        best_known_upper=upper,
        gap_to_best_known=gap(value, upper),
        proved=proved,
        seconds=10.0,
        first_seconds=0.5,
        seconds_to_within_1_percent=None if value is None else 1.5,
        error="",
    )


ROWS = [
    measurement("a", "i", "scheduler", 100, proved=True),
    measurement("a", "i", "cpsat", 110),
    measurement("a", "j", "scheduler", 104),
    measurement("a", "j", "cpsat", 100, proved=True),
    measurement("b", "i", "scheduler", 101),
    measurement("b", "i", "cpsat", None),
]


def test_verdicts() -> None:
    assert verdict(1000, 1005) == "equal"
    assert verdict(1000, 1006) == "better"
    assert verdict(1006, 1000) == "worse"
    assert verdict(1000, None) == "better"
    assert verdict(None, 1000) == "worse"
    assert verdict(None, None) == "equal"
    assert verdict(1, 0) == "worse"


def test_percent() -> None:
    assert [percent(0.1234), percent(None), percent(inf)] == ["12.34", "-", "∞"]


def test_the_report_sums_up_by_family_and_side_by_side() -> None:
    report = write_report(ROWS)
    assert "# s: 10 s, 2 workers" in report
    assert "| a | 2 | 2 | 1 | 1 | 2.00 | 4.00 | 1.5 |" in report  # ours: gaps of 0 and 4 %
    assert "| b | 1 | 0 | 0 | 0 | - | - | - |" in report  # the rival's
    assert "| **all** | 3 | 3 | 1 | 1 | 1.67 | 4.00 | 1.5 |" in report
    assert "| cpsat | 3 | 2 | 0 | 1 | 4.00 | 1 | 0 | 1 |" in report
    assert "| a/i | 90 to 100 | **100** † (0.00) | 110 (10.00) |" in report
    assert "| b/i | 90 to 100 | **101** (1.00) | unknown |" in report


def test_several_rivals_are_taken_together_too() -> None:
    others = [replace(row, solver="third", value=103, proved=True) for row in ROWS[1::2]]
    # The best of both: 103 proved, 100 proved, 103 proved, against our 100 proved, 104, 101.
    assert "| best of them | 3 | 2 | 0 | 1 | 4.00 | 0 | 1 | 2 |" in write_report(ROWS + others)


def test_no_schedule_where_a_rival_has_one_is_a_loss_without_limit() -> None:
    rows = [measurement("a", "i", "scheduler", None), measurement("a", "i", "cpsat", 100)]
    assert "| cpsat | 1 | 0 | 0 | 1 | ∞ | 0 | 0 | 0 |" in write_report(rows)


def test_excess_where_best_known_values_are_zero() -> None:
    values = (("i", 0, 0), ("j", 5, 0), ("k", 110, 100))
    rows = [
        replace(measurement("a", name, "scheduler", value, upper=upper), objective="weighted_tardiness")
        for name, value, upper in values
    ]
    # One of three at its best known value; the only gap is that of k; 115 / 100 - 1.
    assert "| a | 3 | 3 | 0 | 1 | 10.00 | 10.00 | 1.5 | 15.00 |" in write_report(rows)
    assert "# s, weighted tardiness: 10 s, 2 workers" in write_report(rows)


def results(path: Path, rows: list[Measurement]) -> Path:
    path.parent.mkdir(exist_ok=True)
    for row in rows:
        append(path, row)
    return path


def test_two_tables_of_one_solver_stand_side_by_side(tmp_path: Path) -> None:
    tables = [results(tmp_path / name / "results.csv", ROWS[:1]) for name in ("before", "after")]
    rows, _ = measurements(tables)
    assert [row.solver for row in rows] == ["scheduler (before)", "scheduler (after)"]
    assert "| scheduler (after) | 1 | 0 | 1 | 0 | 0.00 | 0 | 1 | 0 |" in write_report(rows)


def test_tables_of_different_solvers_are_put_together(tmp_path: Path) -> None:
    tables = [results(tmp_path / name / "results.csv", ROWS[k::2]) for k, name in enumerate(("ours", "rivals"))]
    report = bench("report", *map(str, tables))
    assert report.exit_code == 0
    assert "| cpsat | 3 | 2 | 0 | 1 | 4.00 | 1 | 0 | 1 |" in report.output


def test_a_table_from_before_other_objectives_is_read(tmp_path: Path) -> None:
    table = results(tmp_path / "results.csv", ROWS)
    lines = table.read_text(encoding="utf-8").splitlines()
    column = lines[0].split(",").index("objective")
    old = [",".join(cell for k, cell in enumerate(line.split(",")) if k != column) for line in lines]
    table.write_text("\n".join(old) + "\n", encoding="utf-8")
    assert measurements([table])[0] == ROWS


def test_charts_lie_beside_the_report(tmp_path: Path) -> None:
    far = measurement("b", "j", "cpsat", 300)
    table = results(tmp_path / "results.csv", [*ROWS, far])
    for seconds, value in ((0.5, 150), (2.0, 110), (9.0, 104)):
        improvement = Improvement(
            set="s",
            family="a",
            instance="j",
            objective="makespan",
            solver="scheduler",
            seed=0,
            workers=2,
            time_limit=10.0,
            at_seconds=seconds,
            value=value,
        )
        append(history_file(table), improvement)
    folder = tmp_path / "report"
    assert bench("report", str(table), "-o", str(folder)).exit_code == 0
    text = (folder / "report.md").read_text(encoding="utf-8")
    for name in ("gaps", "profile", "histories"):
        picture = folder / f"s-makespan-10s-2w-{name}.png"
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert f"]({picture.name})" in text


def trial(variant: str, instance: str, seed: int, value: int | None) -> Trial:
    return Trial(
        set="s",
        family="a",
        instance=instance,
        objective="makespan",
        operations=4,
        variant=variant,
        settings="",
        seed=seed,
        limit=10.0,
        value=value,
        best_known_lower=90,
        best_known_upper=100,
        gap_to_best_known=gap(value, 100),
        iterations=50_000,
        seconds=10.0,
        seconds_to_within_1_percent=1.0,
        error="",
    )


def test_variants_are_compared_instance_by_instance() -> None:
    values = {"N5": ((110, 112), (104, 104), (120, None)), "default": ((110, 110), (105, 105), (120, 100))}
    rows = [
        trial(variant, instance, seed, value)
        for variant, by_instance in values.items()
        for instance, by_seed in zip("ijk", by_instance, strict=True)
        for seed, value in enumerate(by_seed)
    ]
    report = write_ablation(rows)
    # i: 111 / 110, worse; j: 104 / 105, better; k: only seed 0 has both values, equal. (1/110 - 1/105) / 3 = -0.01 %.
    assert "| N5 | 3 | 10.00 | 20.00 | 5.0 | -0.01 | 1 | 1 | 1 | 1.00 |" in report
    # The default comes first, whatever came first in the table.
    assert "| default | 3 | 8.33 | 20.00 | 5.0 |  |  |  |  |  |\n| N5 " in report
    assert "| a | 8.33 (20.00) | 10.00 (20.00) |" in report


def test_sign_test() -> None:
    assert sign_test(0, 0) == 1.0
    assert sign_test(3, 3) == 1.0
    assert sign_test(6, 0) == pytest.approx(2 / 64)
    assert sign_test(1, 5) == pytest.approx(2 * (1 + 6) / 64)


def test_an_ablation_is_known_by_its_columns(tmp_path: Path) -> None:
    append(tmp_path / "out.csv", trial("default", "i", 0, 105))
    report = bench("report", str(tmp_path / "out.csv"))
    assert "# s, makespan: 10 s, one thread, 1 seed" in report.output
    assert "| default | 1 | 5.00 | 5.00 | 5.0 |" in report.output


def phase(part: str, name: str, microseconds: float, share: float | None) -> Phase:
    return Phase(
        set="s",
        family="a",
        instance="i",
        objective="makespan",
        operations=36,
        iterations_per_second=200_000.0,
        part=part,
        phase=name,
        microseconds=microseconds,
        share=share,
    )


def test_the_profile_has_shares_of_the_iteration_and_times_of_the_preparation() -> None:
    rows = [
        phase(ITERATION, "rest", 2.0, 0.4),
        phase(ITERATION, "choose", 3.0, 0.6),
        phase(PREPARATION, "read", 4e3, None),
    ]
    report = write_profile(rows)
    assert "| instance | objective | operations | thousand iterations/s | choose % | rest % |" in report
    assert "| a/i | makespan | 36 | 200.0 | 60 | 40 |" in report
    assert "| a/i | makespan | 36 | 4.0 |" in report
