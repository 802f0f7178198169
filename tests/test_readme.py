"""The README keeps its word: its examples run, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "benchmarks" / "README.md",
    ROOT / "CHANGELOG.md",
]
README = PAGES[0].read_text(encoding="utf-8")

PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
TEST_COMMAND = re.compile(r"<!-- test command[^>]*-->\n+```\w*\n(.+?)\n```", re.DOTALL)


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like the project to the examples, and takes what they write."""
    (tmp_path / "instances").symlink_to(ROOT / "instances")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("code", PYTHON_BLOCK.findall(README))
def test_python_examples_run(code: str, workshop: Path) -> None:
    briefly = re.sub(r"time_limit=\d+", "time_limit=1", code)
    exec(compile(briefly, "<README.md>", "exec"), {"__name__": "readme"})
    named = re.findall(r"out/[\w.]+", code)
    assert named != []
    assert all((workshop / name).stat().st_size > 0 for name in named)


def test_the_library_example_is_there_and_short() -> None:
    lengths = [len(code.splitlines()) for code in PYTHON_BLOCK.findall(README)]
    assert lengths != []
    assert max(lengths) <= 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_to_files(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_the_test_command_can_be_found_by_the_gate() -> None:
    commands = TEST_COMMAND.findall(README)
    assert len(commands) == 1
    assert ".venv/bin/python -m pytest" in commands[0]
    assert "test command" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
