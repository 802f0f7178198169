"""Figures in the output, and the line that shows progress."""

from __future__ import annotations

import io
from fractions import Fraction

import pytest

from scheduler.cli.progress import ProgressLine, progress_line
from scheduler.cli.wording import count_text, gap_text, number_text
from scheduler.domain.result import Progress


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0, "0"), (12, "12"), (Fraction(12), "12"), (Fraction(49, 4), "12.25"), (Fraction(1, 3), "0.3333")],
)
def test_numbers(value: Fraction | int | None, text: str) -> None:
    assert number_text(value) == text


def test_gaps() -> None:
    assert gap_text(Fraction(60), Fraction(45)) == "25.0 %"  # (60 - 45) / 60
    assert gap_text(Fraction(0), Fraction(0)) == "0.0 %"
    assert gap_text(Fraction(60), None) == gap_text(None, Fraction(45)) == "-"


def test_counts() -> None:
    assert count_text(1, "job") == "1 job"
    assert count_text(2, "job") == "2 jobs"
    assert count_text(2, "facility", "facilities") == "2 facilities"


def test_the_progress_line_keeps_the_last_value_and_the_last_bound() -> None:
    clock = iter([100.0, 101.0, 103.5, 104.0])  # started, then asked three times
    line = ProgressLine(lambda: next(clock))
    assert str(line) == "   1.0 s  best -  bound -  gap -"
    line(Progress(2.0, Fraction(60), None, "construction"))
    line(Progress(3.0, None, Fraction(45), "cp-sat"))
    assert str(line) == "   3.5 s  best 60  bound 45  gap 25.0 %"
    assert line.__rich__().plain == "   4.0 s  best 60  bound 45  gap 25.0 %"


def test_there_is_no_progress_line_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_line(quiet=False) as line:
        assert line is None
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_the_progress_line_unless_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setattr("sys.stderr", screen)
    with progress_line(quiet=False) as line:
        assert line is not None
        line(Progress(2.0, Fraction(60), Fraction(45), "cp-sat"))
    assert "best 60  bound 45  gap 25.0 %" in screen.getvalue()
    with progress_line(quiet=True) as line:
        assert line is None
