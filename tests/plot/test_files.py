"""Pictures as files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from small_factory import INSTANCE, SCHEDULE, rescheduled

from scheduler.domain import Objective, Progress, Result, Status
from scheduler.errors import FormatError
from scheduler.plot import plot_history, save_gantt

BEGINNINGS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_format_follows_the_ending(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"chart.{kind}"
    save_gantt(path, INSTANCE, SCHEDULE)
    assert path.read_bytes().startswith(BEGINNINGS[kind])
    assert list(tmp_path.iterdir()) == [path]


def test_ending_in_capitals_and_comparison(tmp_path: Path) -> None:
    path = tmp_path / "repair.PNG"
    save_gantt(path, INSTANCE, rescheduled(INSTANCE, weld=(19, 29)), baseline=SCHEDULE, colour_by="lateness")
    assert path.read_bytes().startswith(BEGINNINGS["png"])


@pytest.mark.parametrize("name", ["chart.jpg", "chart", "chart.png.txt"])
def test_other_endings_are_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.png, \.svg or \.pdf"):
        save_gantt(tmp_path / name, INSTANCE, SCHEDULE)
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="can't be written"):
        save_gantt(tmp_path / "nowhere" / "chart.png", INSTANCE, SCHEDULE)


def test_equal_charts_are_equal_files(tmp_path: Path) -> None:
    for kind in ("png", "pdf"):
        contents = []
        for name in ("one", "two"):
            path = tmp_path / f"{name}.{kind}"
            save_gantt(path, INSTANCE, SCHEDULE)
            contents.append(path.read_bytes())
        assert contents[0] == contents[1]


def history(*points: tuple[float, int | None, int | None]) -> Result:
    found = tuple(
        Progress(at, None if v is None else Fraction(v), None if b is None else Fraction(b), "engine")
        for at, v, b in points
    )
    return Result(Status.FEASIBLE, Objective.parse("makespan"), history=found, seconds=9.0)


@pytest.mark.parametrize(
    "result", [history((0.1, 90, 40), (2.0, 71, None), (3.0, None, 71)), history((1.0, None, 5)), history()]
)
def test_history_is_drawn(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "history.svg"
    plot_history(result, path)
    assert path.read_bytes().startswith(BEGINNINGS["svg"])


def test_history_knows_the_same_endings(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must end in"):
        plot_history(history(), tmp_path / "history.txt")
