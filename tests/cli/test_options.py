"""Values on the command line: what is accepted, and what is refused before anything happens."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from scheduler.cli.options import objective_spec, output_file, picture_file, require_distinct, seconds, share_of_value


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30", 30), ("30s", 30), ("0.5", 0.5), (".5s", 0.5), ("2m", 120), ("1.5h", 5400), ("2 m", 120)],
)
def test_lengths_of_time(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "s", "-1", "1e3", "nan", "inf", "2 minutes", "1m30s", "١"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(click.BadParameter, match="no length of time"):
        seconds(text)


@pytest.mark.parametrize("text", ["0", "0s", "0.0m"])
def test_a_limit_of_nothing(text: str) -> None:
    with pytest.raises(click.BadParameter, match="longer than 0 s"):
        seconds(text)


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("2%", 0.02), ("0.5 %", 0.005), ("0.02", 0.02), ("10", 10)])
def test_shares(text: str, expected: float) -> None:
    assert share_of_value(text) == expected


@pytest.mark.parametrize("text", ["", "%", "-1%", "nan", "inf", "11", "much"])
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no share"):
        share_of_value(text)


def test_an_objective() -> None:
    assert str(objective_spec("weighted_tardiness>makespan + 0.20*setup_time")) == (
        "weighted_tardiness > makespan + 0.2*setup_time"
    )


def test_an_unknown_term_is_answered_with_the_known_ones() -> None:
    with pytest.raises(click.BadParameter, match=r"'speed'.*known terms: makespan, total_tardiness"):
        objective_spec("makespan > speed")


def test_an_output_in_a_folder_that_exists(tmp_path: Path) -> None:
    assert output_file(str(tmp_path / "plan.json")) == tmp_path / "plan.json"
    assert not (tmp_path / "plan.json").exists()


def test_outputs_that_can_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(click.BadParameter, match="create it first"):
        output_file(str(tmp_path / "missing" / "plan.json"))
    with pytest.raises(click.BadParameter, match="is a folder"):
        output_file(str(tmp_path))


@pytest.mark.parametrize("name", ["plan.png", "plan.SVG", "plan.pdf"])
def test_pictures(tmp_path: Path, name: str) -> None:
    assert picture_file(str(tmp_path / name)).name == name


@pytest.mark.parametrize("name", ["plan.gif", "plan", "png"])
def test_what_is_no_picture(tmp_path: Path, name: str) -> None:
    with pytest.raises(click.BadParameter, match=r"end its name with one of \.png, \.svg, \.pdf"):
        picture_file(str(tmp_path / name))


def test_inputs_are_never_written_over(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    with pytest.raises(click.UsageError, match="named twice"):
        require_distinct([plan], [None, tmp_path / "." / "plan.json"])


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    plan = tmp_path / "plan.svg"
    with pytest.raises(click.UsageError, match="named twice"):
        require_distinct([], [plan, plan])
    require_distinct([tmp_path / "factory.json"], [plan, None, tmp_path / "plan.json"])
