"""Values that no option can take: a usage error before anything is solved or written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from scheduler.cli import main

FT06 = str(Path(__file__).parents[2] / "instances" / "ft06.json")


@pytest.mark.parametrize(
    "option",
    [
        "--time-limit=nan",
        "--time-limit=inf",
        "--time-limit=-1",
        "--time-limit=" + 25 * "9",
        "--time-limit=" + 400 * "9",
        "--workers=0",
        "--workers=" + 25 * "9",
        "--seed=nan",
        "--seed=" + 25 * "9",
        "-o" + 5000 * "a",
        "--gantt=" + 5000 * "a" + ".png",
    ],
)
def test_solve_refuses_it(option: str) -> None:
    refused = CliRunner().invoke(main, ["solve", FT06, option])
    assert refused.exit_code == 2
    assert "Invalid value for" in refused.output


@pytest.mark.parametrize(
    "option", ["--clairvoyant=nan", "--variation=inf", "--repair-time=nan", "--breakdown-level=nan"]
)
def test_simulate_refuses_what_is_no_finite_number(option: str) -> None:
    refused = CliRunner().invoke(main, ["simulate", FT06, option])
    assert refused.exit_code == 2
    assert "is not a finite number" in refused.output


@pytest.mark.parametrize("option", ["--flexibility=nan", "--flexibility=inf", "--machines=" + 25 * "9"])
def test_generate_refuses_it(option: str, tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["generate", option, "-o", str(tmp_path / "g.json")])
    assert refused.exit_code == 2
    assert "is no number up to" in refused.output
    assert not list(tmp_path.iterdir())
