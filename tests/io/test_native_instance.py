"""The native instance file: what is written is read back, and what is left out has its default."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import jsonschema
import pytest
from helpers import complete_instance, job, mode, op, simple_job
from hypothesis import given, settings
from strategies import instances

from scheduler.domain import Execution, Facility, Instance, Machine, Precedence, Schedule, SetupMatrix, Vehicle
from scheduler.domain.calendar import Calendar, Downtime, Shift, ShiftPattern
from scheduler.errors import FormatError, InstanceError
from scheduler.io import documents, factory_documents, read, write
from scheduler.io.native import instance_document, instance_schema
from scheduler.io.native import read as read_text
from scheduler.io.native import write as text_of

SMALL = {
    "schema_version": 1,
    "machines": [{"id": "M1"}, {"id": "M2"}],
    "jobs": [{"id": "J1", "operations": [{"id": "a", "modes": [{"machine": "M1", "duration": 3}]}]}],
}

VALIDATOR = jsonschema.Draft202012Validator(instance_schema())


def of(document: object) -> Instance:
    return read_text(json.dumps(document), "folder/small.json")


def changed(**keys: object) -> dict[str, object]:
    return {**SMALL, **keys}


def test_defaults() -> None:
    instance = of(SMALL)
    assert instance == Instance(
        name="small",
        facilities=(Facility("main"),),
        machines=(Machine("M1", "main"), Machine("M2", "main")),
        jobs=(job("J1", op("a", mode("M1", 3))),),
    )
    # What has its default value is not written: but for the name, the file is the one that was read.
    assert instance_document(instance) == changed(name="small")


def test_every_feature_survives_a_round_trip(tmp_path: Path) -> None:
    instance = replace(
        complete_instance(),
        time_unit="hour",
        time_origin=datetime(2026, 1, 5, 6, tzinfo=UTC),
        objective="weighted_tardiness > makespan + 0.2*setup_time",
    )
    write(instance, tmp_path / "x.json")
    assert read(tmp_path / "x.json") == instance


@given(instances())
@settings(max_examples=60, deadline=None)
def test_random_instances_survive_a_round_trip(instance: Instance) -> None:
    text = text_of(instance)
    assert read_text(text, "x.json") == instance
    VALIDATOR.validate(json.loads(text))


def test_calendars_and_setups() -> None:
    calendar = Calendar((Downtime(5, 9, "audit"), Downtime(20, 21)), ShiftPattern(24, (Shift(0, 8), Shift(9, 16))))
    machine = Machine("M1", "main", calendar=calendar, setups=SetupMatrix({"a": {"b": 2}, "b": {}}, "a"))
    instance = replace(of(SMALL), machines=(machine,))
    assert instance_document(instance)["machines"] == [
        {
            "id": "M1",
            "calendar": {
                "downtimes": [{"start": 5, "end": 9, "reason": "audit"}, {"start": 20, "end": 21}],
                "shifts": {"period": 24, "working": [{"start": 0, "end": 8}, {"start": 9, "end": 16}]},
            },
            "setups": {"initial": "a", "times": {"a": {"b": 2}, "b": {}}},
        }
    ]
    assert read_text(text_of(instance), "small.json") == instance


def test_stations_have_no_buffers_unless_told_otherwise() -> None:
    machines = [
        {"id": "S1", "cell": "C"},
        {"id": "S2", "cell": "C", "input_buffer": None, "output_buffer": 0},
        {"id": "M3"},
        {"id": "M4", "input_buffer": None},
    ]
    robots = [{"id": "R", "start": "in"}]
    cell = {"id": "C", "robots": robots, "input_station": "in", "output_station": "out", "travel": {}}
    instance = of(changed(machines=machines, cells=[cell]))
    buffers = [(machine.input_buffer, machine.output_buffer) for machine in instance.machines]
    assert buffers == [(0, 0), (None, 0), (None, None), (None, None)]
    assert instance_document(instance)["machines"] == [
        {"id": "S1", "cell": "C"},
        {"id": "S2", "cell": "C", "input_buffer": None},
        {"id": "M3"},
        {"id": "M4"},
    ]


def test_stations_are_in_the_facility_of_their_cell() -> None:
    cell = {
        "id": "C",
        "facility": "south",
        "robots": [{"id": "R", "start": "in"}],
        "input_station": "in",
        "output_station": "out",
        "travel": {},
    }
    facilities = [{"id": "north"}, {"id": "south"}]
    machines = [{"id": "M1", "facility": "north"}, {"id": "S", "cell": "C"}]
    instance = of(changed(facilities=facilities, machines=machines, cells=[cell]))
    assert [machine.facility for machine in instance.machines] == ["north", "south"]

    with pytest.raises(InstanceError) as caught:
        of(changed(facilities=facilities, machines=[{"id": "M1"}]))
    assert [(d.code, d.where) for d in caught.value.defects] == [("E201", "$.machines[0].facility")]


def test_fleets() -> None:
    places = ("dock", "M1")
    fleet = {
        "id": "carts",
        "vehicles": [{"id": "V1", "start": "dock", "calendar": {"downtimes": [{"start": 3, "end": 5}]}}],
        "pick_up_time": 1,
        "drop_time": 2,
        "returns": True,
        "travel": {p: {q: 4 for q in places if q != p} for p in places},
    }
    facilities = [{"id": "main", "station": "dock", "returns_jobs": True}]
    jobs = [{**SMALL["jobs"][0], "carriers": ["carts"]}]  # type: ignore[index]
    document = changed(name="small", facilities=facilities, fleets=[fleet], jobs=jobs)
    instance = of(document)
    assert instance.facilities == (Facility("main", "dock", True),)
    assert instance.fleets[0].vehicles[0] == Vehicle("V1", "dock", Calendar((Downtime(3, 5),)))
    assert instance.fleets[0].move_time("dock", "M1") == 7
    assert (instance.fleets[0].facility, instance.fleets[0].returns) == ("main", True)
    assert instance.jobs[0].carriers == ("carts",)
    VALIDATOR.validate(document)
    assert instance_document(instance) == document

    with pytest.raises(InstanceError) as caught:
        of(
            changed(
                facilities=[{"id": "north"}, {"id": "south"}],
                machines=[{"id": "M1", "facility": "north"}],
                fleets=[fleet],
            )
        )
    assert [(d.code, d.where) for d in caught.value.defects] == [("E201", "$.fleets[0].facility")]


def test_precedences() -> None:
    operations = [{"id": name, "modes": [{"machine": "M1", "duration": 1}]} for name in "abc"]

    def precedences(**keys: object) -> list[tuple[str, str]]:
        instance = of(changed(jobs=[{"id": "J1", "operations": operations, **keys}]))
        assert read_text(text_of(instance), "x.json") == instance
        return [(p.predecessor, p.successor) for p in instance.jobs[0].precedences]

    assert precedences() == [("a", "b"), ("b", "c")]
    assert precedences(precedences=[]) == []
    assert precedences(precedences=[{"predecessor": "a", "successor": "c"}]) == [("a", "c")]
    # With plans a chain along each: the precedences of all plans together, each once.
    assert precedences(plans=[["a", "c"], ["a", "b", "c"]]) == [("a", "c"), ("a", "b"), ("b", "c")]
    assert precedences(plans=[["b", "a"]]) == [("b", "a")]


def test_lags() -> None:
    limited = job("J1", op("a", mode("M1", 1)), op("b", mode("M1", 1)), links=(Precedence("a", "b", 2, 5),))
    instance = replace(of(SMALL), jobs=(limited,))
    assert instance_document(instance)["jobs"][0]["precedences"] == [
        {"predecessor": "a", "successor": "b", "min_lag": 2, "max_lag": 5}
    ]
    assert read_text(text_of(instance), "x.json").jobs == instance.jobs


def test_an_execution_has_no_place_in_an_instance_file() -> None:
    running = replace(of(SMALL), execution=Execution(5, Schedule(())))
    with pytest.raises(FormatError, match=r"E131 .* write the schedule file of the repair"):
        text_of(running)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ([], [("E203", "$")]),
        ({}, [("E201", "$.schema_version"), ("E201", "$.machines"), ("E201", "$.jobs")]),
        (changed(schema_version=2), [("E206", "$.schema_version")]),
        (changed(schema_version="1"), [("E206", "$.schema_version")]),
        (changed(machines=[]), [("E204", "$.machines")]),
        (changed(machines={"id": "M1"}), [("E203", "$.machines")]),
        (changed(machines=[{"id": 1}, {"id": " M"}, {"id": ""}, {"id": "x" * 101}, {"id": "a\nb"}]), None),
        (changed(time_origin="Monday"), [("E205", "$.time_origin")]),
        (changed(time_origin=5), [("E203", "$.time_origin")]),
        (changed(machines=[{"id": "M1", "capacity": True}]), [("E203", "$.machines[0].capacity")]),
        (changed(machines=[{"id": "M1", "capacity": 0}]), [("E204", "$.machines[0].capacity")]),
        (changed(machines=[{"id": "M1", "setups": {"times": {"a": {"b": 1.5}}}}]), None),
        (
            changed(lanes=[{"id": "L", "origin": "main"}]),
            [("E201", "$.lanes[0].destination"), ("E201", "$.lanes[0].transit_time")],
        ),
        (changed(operators=[{"id": "P", "capacty": 2}]), [("E202", "$.operators[0].capacty")]),
        (changed(operations=[]), [("E202", "$.operations")]),
    ],
)
def test_structure(document: object, found: list[tuple[str, str]] | None) -> None:
    with pytest.raises(InstanceError) as caught:
        of(document)
    places = [(defect.code, defect.where) for defect in caught.value.defects]
    if found is None:
        assert places in (
            [("E203", "$.machines[0].id"), *(("E205", f"$.machines[{index}].id") for index in range(1, 5))],
            [("E203", "$.machines[0].setups.times.a.b")],
        )
    else:
        assert places == found


@pytest.mark.parametrize(
    ("keys", "rest"),
    [
        ({}, [("E302", "$.jobs[0].operations[0].modes[0].machine")]),
        (
            {"facilities": [{"id": "A"}, {"id": "B"}]},
            [("E201", "$.machines[0].facility"), ("E201", "$.machines[1].facility")],
        ),
        ({"schema_version": 2}, [("E206", "$.schema_version")]),
    ],
)
def test_unknown_keys_hide_nothing(keys: dict[str, object], rest: list[tuple[str, str]]) -> None:
    """Only where the structure is wrong otherwise too, the meaning is left for later."""
    mode_document = {"machine": "NOWHERE", "duration": 3}
    jobs = [{"id": "J1", "operations": [{"id": "a", "modes": [mode_document]}], "weigth": 2}]
    with pytest.raises(InstanceError) as caught:
        of(changed(jobs=jobs, **keys))
    places = {(defect.code, defect.where) for defect in caught.value.defects}
    assert places == {("E202", "$.jobs[0].weigth"), *rest}


def test_fixes_say_what_to_write() -> None:
    mode_document = {"machine": 7, "duration": 3.0, "operator": {}}
    operation = {"id": "a", "modes": [mode_document], "interruptible": "no"}
    with pytest.raises(InstanceError) as caught:
        of(changed(jobs=[{"id": "J1", "operations": [operation], "weigth": 2}]))
    assert [(defect.cause, defect.fix) for defect in caught.value.defects] == [
        ("7 is not a text in quotes", 'write "7" in quotes'),
        ("3.0 is not a whole number", "write 3"),
        ("key 'operator' is unknown", 'did you mean "operators"?'),
        ('"no" is not true or false', "write true or false"),
        ("key 'weigth' is unknown", 'did you mean "weight"?'),
    ]


def test_other_documents_are_recognised() -> None:
    with pytest.raises(FormatError, match=r"E112 at .*: this is a schedule, not an instance"):
        of({"operations": []})
    with pytest.raises(FormatError, match=r"E112 at .*: this is an event file, not an instance"):
        of({"events": []})


def test_the_schema_describes_every_key() -> None:
    schema = instance_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(SMALL, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed(machine=[]), schema)
    objects = [schema, *schema["$defs"].values()]
    undescribed = [
        (item["title"], key)
        for item in objects
        for key, value in item["properties"].items()
        if not value.get("description")
    ]
    assert undescribed == []
    assert all(item["description"] for item in objects)


@pytest.mark.parametrize("name", ["Lane", "OperatorPool", "Precedence", "Mode", "Operation", "Downtime", "Job"])
def test_keys_are_the_names_of_the_fields(name: str) -> None:
    import scheduler.domain

    document_name = f"{name.removeprefix('Operator')}Document"
    document = getattr(documents, document_name, None) or getattr(factory_documents, document_name)
    by_events = {"slowdowns"}  # of lanes: events bring them, files do not
    names = {field.name for field in fields(getattr(scheduler.domain, name))}
    assert set(document.model_fields) == names - by_events


def test_an_instance_of_350_operations_is_read_quickly(tmp_path: Path) -> None:
    jobs = tuple(simple_job(f"J{n}", *((f"M{1 + (n + k) % 2}", 1 + k) for k in range(7))) for n in range(50))
    instance = replace(of(SMALL), jobs=jobs)
    write(instance, tmp_path / "x.json")
    begin = process_time()
    assert read(tmp_path / "x.json").num_operations == 350
    # Some hundredths of a second; ten times that would be a slip like a quadratic search.
    assert process_time() - begin < 1
