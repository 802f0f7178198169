"""docs/errors.md and docs/file-format.md say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from helpers import factory, machine, simple_job

from scheduler.io import documents, schedule_documents
from scheduler.io.formats import FORMATS, read_instance
from scheduler.io.native import instance_schema
from scheduler.io.schedule_reader import read_schedule_text
from scheduler.io.structure import Document

ROOT = Path(__file__).parents[2]
ERRORS = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
FORMAT = (ROOT / "docs" / "file-format.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```json\n(.*?)^```", FORMAT, re.MULTILINE | re.DOTALL)

MODELS = [
    model
    for module in (documents, schedule_documents)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, Document) and model.__module__ == module.__name__
]


def test_every_code_is_documented_and_used() -> None:
    sources = (file.read_text(encoding="utf-8") for file in (ROOT / "scheduler").rglob("*.py"))
    used = {code for source in sources for code in re.findall(r'"(E\d{3})"', source)}
    documented = re.findall(r"^\| (E\d{3}) \|", ERRORS, re.MULTILINE)
    assert documented == sorted(set(documented))
    assert set(documented) == used


def test_every_documented_code_says_what_to_do() -> None:
    rows = [line.split("|") for line in ERRORS.splitlines() if re.match(r"\| E\d{3}", line)]
    unfinished = [code for _, code, wrong, _, fix, _ in rows if not (wrong.endswith(". ") and fix.endswith(". "))]
    assert unfinished == []


def test_the_example_is_a_valid_instance() -> None:
    instance = read_instance(EXAMPLES[0], "example.json")
    jsonschema.validate(json.loads(EXAMPLES[0]), instance_schema())
    assert instance.name == "example"
    # It shows every kind of thing.
    assert all((instance.cells, instance.lanes, instance.operators, instance.time_origin))
    assert any(job.plans for job in instance.jobs)
    assert any(machine.setups for machine in instance.machines)
    assert any(machine.calendar.pattern and machine.calendar.downtimes for machine in instance.machines)


def test_the_least_schedule_is_read() -> None:
    instance = factory(machine("M1"), machine("M2"), simple_job("J1", ("M1", 4), ("M2", 3)))
    schedule = read_schedule_text(EXAMPLES[1], "example.json", instance).schedule
    assert [(o.operation, o.machine, o.start, o.end) for o in schedule.operations] == [
        ("1", "M1", 0, 4),
        ("2", "M2", 4, 7),
    ]
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_documented(model: type[Document]) -> None:
    keys = [field.alias or name for name, field in model.model_fields.items()]
    assert [key for key in keys if f"`{key}`" not in FORMAT] == []


def test_every_format_is_documented() -> None:
    rows = dict(re.findall(r"^\| ([\w ]+) \| (`\..*?) \|", FORMAT, re.MULTILINE))
    assert rows == {format.name: ", ".join(f"`{suffix}`" for suffix in format.suffixes) for format in FORMATS}
