"""The comparison on whole factories: a table that says who is better by how much."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from benchmark_data import bench

from benchmarks.factories import DEFAULT, factory
from benchmarks.report_factories import Duel, Measured, report


def test_a_small_factory(tmp_path: Path) -> None:
    output = tmp_path / "factories.csv"
    arguments = ("factories", "-o", str(output), "--only", "transfer_tiny", "--time-limit", "2")
    first, again = (bench(*arguments) for _ in range(2))
    assert first.exit_code == again.exit_code == 0, first.output
    tables = [[line for line in run.output.splitlines() if line.startswith("|")] for run in (first, again)]
    assert tables[0] == tables[1] != []
    assert len(output.read_text(encoding="utf-8").splitlines()) == 4
    assert "| transfer_tiny | 6 | 23 |" in again.output


def test_generated_factories_have_all_movers() -> None:
    for name in ("g50-c", "m50-c"):
        instance, objective = factory(name)
        assert str(objective) == "makespan"
        assert instance.num_operations == 50
        assert instance.cells
        assert instance.fleets
        assert instance.lanes
    assert instance.battery_by_vehicle
    assert instance.charger_by_id
    assert all(lane.timetable is not None for lane in instance.lanes)
    assert {facility.docks for facility in instance.facilities} == {2}
    assert any(machine.input_buffer for machine in instance.machines)
    assert any(machine.output_buffer for machine in instance.machines)
    assert any(mode.max_dwell is not None for j in instance.jobs for o in j.operations for mode in o.modes)


def test_generated_factories_are_drawn_with_other_seeds() -> None:
    assert factory("g50@1-c")[0] == factory("g50-c")[0] != factory("g50@7-c")[0]
    assert str(factory("g50@7-c")[1]) == "makespan"


@pytest.mark.parametrize("name", ["fleet@3", "g50@", "g50@x", "g50@-2", "g51@3"])
def test_what_can_not_be_drawn_is_unknown(name: str, tmp_path: Path) -> None:
    run = bench("factories", "-o", str(tmp_path / "table.csv"), "--only", name)
    assert run.exit_code == 2
    assert f"unknown: '{name}'" in run.output


def test_every_size_is_compared_for_both_objectives() -> None:
    assert {f"m{size}{goal}" for size in (50, 100, 200, 500, 1000, 2000) for goal in ("", "-c")} <= set(DEFAULT)


def test_shares_and_what_they_say_nothing_about() -> None:
    assert str(duel("80", "100")) == "20.0 %"
    assert str(duel("100 > 3", "80 > 9")) == "-25.0 %"
    assert str(duel("5 > 1", "5 > 3")) == "0.0 %"
    assert str(duel("0 > 7", "12 > 1")) == "won"
    assert str(duel("0 > 7", "0 > 7")) == "equal"
    assert str(duel("0 > 8", "0 > 7")) == "lost"
    assert str(duel("9", "inf")) == "won"
    assert str(duel("inf", "9")) == "lost"


def test_the_report_has_means_by_size_and_counts_zeros_apart() -> None:
    rows = [
        *pair("a", 120, "80", "100"),
        *pair("b", 200, "100", "80"),
        *pair("c", 150, "0 > 5", "3 > 1"),
        *pair("d", 199, "0 > 5", "0 > 5"),
        *pair("e", 3000, "50", "50"),
    ]
    lines = list(report(rows))
    assert "| a | 120 | 80 | 0.50 | 100 | 20.0 % | - | - |" in lines
    assert "| c | 150 | 0 > 5 | 0.50 | 3 > 1 | won | - | - |" in lines
    assert "| makespan | 200 | -2.5 % | 1 | 0 | 1 | 1 | 1 | 0 |" in lines
    assert "| makespan | 2000 | 0.0 % | 0 | 1 | 0 | 0 | 0 | 0 |" in lines
    assert not any("polishing, by" in line for line in lines)


def duel(mine: str, other: str) -> Duel:
    first, second = pair("x", 1, mine, other)
    return Duel(first.tiers, second.tiers)


def pair(name: str, operations: int, mine: str, other: str) -> tuple[Measured, Measured]:
    """What the planner and CP-SAT alone found on a factory."""
    first = Measured(
        instance=name,
        operations=operations,
        objective="makespan",
        contestant="hybrid",
        seed=0,
        workers=2,
        time_limit=30.0,
        values=mine,
        first_seconds=0.5,
        seconds=30.0,
        violations=0,
    )
    return first, replace(first, contestant="cpsat", values=other)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--only=nonsense", "unknown: 'nonsense'; there are"),
        ("--only=m50-xyz", "m50, m100"),
        ("--only=m50-", "each with -c behind it for the makespan"),
        ("--only=../fleet", "fleet_charging"),
        ("--only=", "unknown: ''"),
        ("--contestants=hybrid,nonsense", "unknown: 'nonsense'; there are hybrid, cpsat, polishing"),
        ("--contestants=", "unknown: ''"),
        ("--time-limit=nan", "'nan' is not a finite number"),
        ("--workers=0", "0 is not in the range x>=1"),
    ],
)
def test_mistakes_are_named_before_anything_is_written(option: str, words: str, tmp_path: Path) -> None:
    refused = bench("factories", option, "-o", str(tmp_path / "study" / "factories.csv"))
    assert refused.exit_code == 2
    assert words in " ".join(refused.output.split())
    assert not list(tmp_path.iterdir())
