"""Every rule, term, event, format and option is in the README, every module of a compiled search in design.md."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from scheduler.cli import main
from scheduler.constraints import RULES
from scheduler.domain.events import EVENTS
from scheduler.domain.objective import TERM_NAMES
from scheduler.io import FORMATS

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (?:\[`([^`]+)`\]\(([^)]+)\)|`([^`]+)`)", re.MULTILINE)


def rows_below(heading: str) -> dict[str, str]:
    """Return the links by name in the table below a heading of the README ("" for a name without link)."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, found, rest = readme.partition(f"### {heading}\n")
    assert found, f"README.md has no heading {heading!r}"
    section = re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return {linked or bare: target for linked, target, bare in ROW.findall(section)}


def test_every_rule_links_to_its_file() -> None:
    rules = rows_below("Constraints")
    assert list(rules) == [rule.name for rule in RULES]
    for rule in RULES:
        assert rules[rule.name] == rule.post.__module__.replace(".", "/") + ".py"


def test_every_objective_term_has_a_row() -> None:
    assert list(rows_below("Objectives")) == list(TERM_NAMES)


def test_every_event_has_a_row() -> None:
    assert list(rows_below("Events")) == [event.type for event in EVENTS]


def test_every_format_links_to_its_file() -> None:
    formats = rows_below("Formats")
    assert {format.name for format in FORMATS} <= set(formats)
    assert all((ROOT / target).is_file() for target in formats.values())


def test_every_option_is_in_the_readme_or_left_out_in_plain_sight() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    synopsis = readme.partition("## Command line\n\n```\n")[2].partition("```")[0]
    told = dict(re.findall(r"^scheduler (\w+)(.*(?:\n  .*)*)", synopsis, re.MULTILINE))
    context = click.Context(main)
    assert list(told) == main.list_commands(context)
    for name, text in told.items():
        command = main.get_command(context, name)
        assert command is not None
        options = {option.opts[0] for option in command.params if isinstance(option, click.Option)} - {"--help", "-h"}
        named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))
        assert named <= options, name
        assert named == options or "..." in text, name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_specified(rule: object) -> None:
    specification = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert f"| `{rule.name}` |" in specification  # type: ignore[attr-defined]


@pytest.mark.parametrize("search", ["tabu", "blocking", "decode", "cyclic"])
def test_every_module_of_a_compiled_search_is_explained(search: str) -> None:
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    section = re.split(r"\(`search/\w+`, numba\)", design.partition(f"(`search/{search}`, numba)")[2])[0]
    named = {
        name for row in re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    modules = {file.stem for file in (ROOT / "scheduler" / "search" / search).glob("*.py")}
    assert named == modules - {"__init__"}
