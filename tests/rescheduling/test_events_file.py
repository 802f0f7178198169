"""Event files: the three forms, the examples of the documentation, and the defects."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from helpers import simple_job

from scheduler.domain.events import (
    EVENTS,
    Event,
    JobCancelled,
    MachineBreakdown,
    OperationDelayed,
    Retraction,
    RobotDown,
    RushOrder,
    VehicleDown,
)
from scheduler.errors import EventError, FormatError
from scheduler.io.events_file import event_document, events_schema, parse_events, read_events

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "events.md"

SAMPLES: list[Event] = [
    Retraction("E0", 5, supersedes="E1"),
    MachineBreakdown("E1", 5, "M1", 9),
    MachineBreakdown("E2", 5, "M1", 9, "repeat"),
    RobotDown("E3", 5, "R1", 9),
    VehicleDown("E3v", 5, "V1", 9),
    OperationDelayed("E4", 5, "J1", "1", delay=-2),
    OperationDelayed("E5", 5, "J1", "1", new_duration=7),
    RushOrder("E6", 5, simple_job("R", ("M1", 2), ("M2", 3), release_date=6, due_date=20, weight=3)),
    JobCancelled("E7", 5, "J1"),
]


def defects_of(*documents: object) -> list[str]:
    with pytest.raises(EventError) as caught:
        parse_events(documents, "events.json")
    return [str(defect) for defect in caught.value.defects]


# --- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: f"{event.type}-{event.id}")
def test_documents_come_back_as_the_same_event(event: Event) -> None:
    assert parse_events([event_document(event)], "events.json") == (event,)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: f"{event.type}-{event.id}")
def test_documents_follow_the_schema(event: Event) -> None:
    jsonschema.validate({"events": [event_document(event)]}, events_schema())


def test_a_duration_counts_from_the_event() -> None:
    document = {"type": "robot_down", "id": "E", "at": 5, "robot": "R1", "duration": 4}
    assert parse_events([document], "events.json") == (RobotDown("E", 5, "R1", 9),)


def test_a_rush_order_is_released_when_it_comes_in() -> None:
    job = {"id": "R", "operations": [{"id": "1", "modes": [{"machine": "M1", "duration": 2}]}]}
    (event,) = parse_events([{"type": "rush_order", "id": "E", "at": 5, "job": job}], "events.json")
    assert isinstance(event, RushOrder)
    assert event.job == simple_job("R", ("M1", 2), release_date=5)


@pytest.mark.parametrize("form", ["object", "list", "lines", "single"])
def test_a_file_has_one_of_these_forms(tmp_path: Path, form: str) -> None:
    documents = [event_document(event) for event in SAMPLES]
    text = {
        "object": json.dumps({"events": documents}, indent=2),
        "list": json.dumps(documents),
        "lines": "\n".join(json.dumps(document) for document in documents) + "\n\n",
        "single": json.dumps(documents[0]),
    }[form]
    path = tmp_path / "events.json"
    path.write_text(text, encoding="utf-8")
    assert read_events(path) == tuple(SAMPLES if form != "single" else SAMPLES[:1])


def test_the_examples_of_the_documentation_are_right() -> None:
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCUMENTATION.read_text("utf-8"), re.S)]
    documents = [document for example in examples for document in example.get("events", [example])]
    for number, document in enumerate(documents):
        document["id"] = f"{document['id']}-{number}"  # ids repeat from section to section
    events = parse_events(documents, "docs/events.md")
    assert {type(event) for event in events} == set(EVENTS)
    jsonschema.validate({"events": documents}, events_schema())
    assert parse_events([event_document(event) for event in events], "again") == events


def test_every_event_has_a_section() -> None:
    text = DOCUMENTATION.read_text("utf-8")
    assert all(f"\n## {event.type}\n" in text for event in EVENTS)


# --- defects -----------------------------------------------------------------------------------------------------


def test_all_defects_are_reported_at_once() -> None:
    assert defects_of(
        {"type": "machine_breakdwn"},
        {"id": "A", "at": 1},
        7,
        {"type": "machine_breakdown", "id": "B", "at": 5, "machine": "M1"},
        {
            "type": "operation_delayed",
            "id": "C",
            "at": 1.5,
            "job": "J",
            "operation": "1",
            "delay": 1,
            "new_duration": 4,
        },
        {"type": "job_cancelled", "id": "D", "at": 1, "job": "J1", "reason": "none"},
        {"type": "rush_order", "id": "E", "at": 1, "job": {"id": "R", "operations": []}},
    ) == [
        'E205 at $.events[0].type: there is no event of type "machine_breakdwn"; did you mean "machine_breakdown"?',
        "E201 at $.events[1].type: key 'type' is missing; "
        f"add 'type': one of {', '.join(event.type for event in EVENTS)}",
        "E203 at $.events[2]: 7 is not an object {...}; write an event",
        "E603 at $.events[3].duration: duration, until and estimate are all missing; give one of them",
        "E203 at $.events[4].at: 1.5 is not a whole number; write a whole number",
        "E603 at $.events[4].delay: delay and new_duration are both given; give one of them",
        "E202 at $.events[5].reason: key 'reason' is unknown; "
        "known keys: status, type, id, at, detected_at, received_at, source, sequence, base_revision, supersedes, "
        "note, job",
        "E204 at $.events[6].job.operations: the list is shorter than 1; add what belongs into 'operations'",
    ]


def test_an_id_stands_for_one_event() -> None:
    cancelled = {"type": "job_cancelled", "id": "A", "at": 1, "job": "J1"}
    assert defects_of(cancelled, {**cancelled, "job": "J2"}) == [
        'E604 at $.events[1].id: "A" is the id of the event at $.events[0] too; give each event its own'
    ]


def test_a_defect_in_a_list_or_a_line_names_its_place(tmp_path: Path) -> None:
    wrong = {"type": "job_cancelled", "id": "A", "at": -1, "job": "J1"}
    right = {"type": "job_cancelled", "id": "B", "at": 1, "job": "J1"}
    path = tmp_path / "events.jsonl"
    path.write_text(f"{json.dumps(right)}\n\n{json.dumps(wrong)}\n", encoding="utf-8")
    with pytest.raises(EventError, match=re.escape("E204 at line 3: $.at: -1 is out of range; write 0 or more")):
        read_events(path)
    path.write_text(json.dumps([right, wrong]), encoding="utf-8")
    with pytest.raises(EventError, match=re.escape("E204 at $[1].at: -1 is out of range; write 0 or more")):
        read_events(path)


def test_an_instance_file_is_no_event_file(tmp_path: Path) -> None:
    path = tmp_path / "instance.json"
    path.write_text('{"schema_version": 1, "machines": [], "jobs": []}', encoding="utf-8")
    with pytest.raises(FormatError, match="this is an instance, not an event file"):
        read_events(path)


def test_unknown_keys_beside_the_events_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text('{"events": [], "facility": "F1"}', encoding="utf-8")
    with pytest.raises(EventError, match="key 'facility' is unknown"):
        read_events(path)
