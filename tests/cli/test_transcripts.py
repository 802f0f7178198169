"""Sessions at the command line, word for word.

A transcript holds commands (lines that begin with ``$``) and what they print; ``(exit n)`` stands after those that do
not exit with 0. Lengths of time read ``#.# s``. To take over what the commands print now:
``UPDATE_TRANSCRIPTS=1 python -m pytest tests/cli/test_transcripts.py``, then read the difference.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import furnish, run

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.out"))
LENGTH_OF_TIME = re.compile(r"\d+\.\d+ s\b")


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(transcript: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(furnish(tmp_path))
    expected = transcript.read_text(encoding="utf-8")
    commands = [line[2:] for line in expected.splitlines() if line.startswith("$ ")]
    assert commands != []
    actual = "\n".join(session(commands))
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        transcript.write_text(actual, encoding="utf-8")
    assert actual == expected


def session(commands: list[str]) -> Iterator[str]:
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "scheduler"
        result = run(*arguments)
        yield f"$ {command}"
        if result.output:
            yield LENGTH_OF_TIME.sub("#.# s", result.output).rstrip("\n")
        if result.exit_code != 0:
            yield f"(exit {result.exit_code})"
        yield ""
