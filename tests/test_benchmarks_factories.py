"""The comparison on whole factories: a table that says who is better by how much."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.factories import better_by, factory


def test_a_small_factory(tmp_path: Path) -> None:
    output = tmp_path / "factories.csv"
    arguments = ["factories", "-o", str(output), "--only", "transfer_tiny", "--time-limit", "2"]
    first, again = (CliRunner().invoke(main, arguments) for _ in range(2))
    assert first.exit_code == again.exit_code == 0, first.output
    assert first.output.splitlines()[-1] == again.output.splitlines()[-1]
    assert len(output.read_text(encoding="utf-8").splitlines()) == 4
    assert "| transfer_tiny | 6 | 23 |" in again.output


def test_generated_factories_have_all_movers() -> None:
    instance, objective = factory("g50-c")
    assert str(objective) == "makespan"
    assert instance.num_operations == 50
    assert instance.cells
    assert instance.fleets
    assert instance.lanes


def test_better_by() -> None:
    assert better_by(80, 100) == "20.0 %"
    assert better_by(5, 0) == "worse"
    assert better_by(0, 0) == "0.0 %"
