"""Every rule, term, event and format has its row in the README, with a link to its file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_specified(rule: object) -> None:
    specification = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert f"| `{rule.name}` |" in specification  # type: ignore[attr-defined]
