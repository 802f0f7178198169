"""The schedule file: its contract for other programs, repaired schedules, and what does not fit the instance."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
from helpers import at, complete_instance, complete_schedule, factory, job, machine, mode, op, schedule, simple_job

from scheduler.checker import check
from scheduler.domain import (
    Instance,
    Objective,
    Progress,
    Result,
    Schedule,
    ScheduledOperation,
    Setup,
    SetupMatrix,
    Status,
)
from scheduler.domain.derive import complete
from scheduler.domain.events import JobCancelled, MachineBreakdown, Revision, RushOrder, revise
from scheduler.errors import FormatError, ScheduleError
from scheduler.io.schedule_file import ScheduleFile, read_schedule, schedule_document, schedule_schema, write_schedule
from scheduler.terms import value_terms

# Two machines, two jobs: J1 on M1 then M2 or M1; J2 on M2. Optimal makespan 7.
SHOP = factory(
    machine("M1"),
    machine("M2"),
    job("J1", op("1", mode("M1", 4)), op("2", mode("M1", 5), mode("M2", 3))),
    simple_job("J2", ("M2", 4)),
)
PLAN = schedule(at("J1.1", "M1", 0, 4), at("J1.2", "M2", 4, 7, mode=1), at("J2.1", "M2", 0, 4))


def result(instance: Instance, plan: Schedule | None, objective: str = "makespan", **fields: object) -> Result:
    terms = {} if plan is None else value_terms(instance, plan)
    return replace(Result(Status.FEASIBLE, Objective.parse(objective), plan, terms), **fields)  # type: ignore[arg-type]


def read_back(tmp_path: Path, instance: Instance, document: object) -> ScheduleFile:
    path = tmp_path / "schedule.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return read_schedule(path, instance)


def defects_of(tmp_path: Path, instance: Instance, document: object) -> list[tuple[str, str]]:
    with pytest.raises(ScheduleError) as caught:
        read_back(tmp_path, instance, document)
    return [(defect.code, defect.where) for defect in caught.value.defects]


def test_the_contract() -> None:
    outcome = result(
        SHOP,
        PLAN,
        "makespan + 0.5*flow_time > setup_time",
        bounds=(Fraction(11), None),
        history=(Progress(0.25, Fraction(27, 2), None, "search"),),
        seconds=1.23456,
        seed=3,
        workers=2,
        versions={"scheduler": "0.1.0"},
    )
    document = schedule_document(SHOP, outcome)
    # Flow time 7 + 4 = 11, so the first tier is 7 + 5.5 = 12.5.
    assert document.pop("objective") == {
        "spec": "makespan + 0.5*flow_time > setup_time",
        "value": 12.5,
        "terms": dict(outcome.terms),
        "tiers": [
            {"spec": "makespan + 0.5*flow_time", "value": 12.5, "lower_bound": 11},
            {"spec": "setup_time", "value": 0, "lower_bound": None},
        ],
    }
    assert outcome.terms["flow_time"] == 11
    assert document.pop("gap") == pytest.approx(1.5 / 12.5)
    assert document == {
        "schema_version": 1,
        "instance": SHOP.name,
        "status": "feasible",
        "reason": "",
        "lower_bound": 11,
        "makespan": 7,
        "time_unit": "minute",
        "time_origin": None,
        "solver": {"versions": {"scheduler": "0.1.0"}, "seed": 3, "workers": 2, "seconds": 1.235},
        "operations": [
            {
                "job": name,
                "operation": operation,
                "job_index": job_index,
                "operation_index": operation_index,
                "mode": chosen,
                "machine": f"M{machine_index + 1}",
                "machine_index": machine_index,
                "start": start,
                "end": end,
            }
            for name, operation, job_index, operation_index, chosen, machine_index, start, end in [
                ("J1", "1", 0, 0, 0, 0, 0, 4),
                ("J1", "2", 0, 1, 1, 1, 4, 7),
                ("J2", "1", 1, 0, 0, 1, 0, 4),
            ]
        ],
        "setups": [],
        "moves": [],
        "revisions": [],
        "history": [{"seconds": 0.25, "value": 13.5, "bound": None, "engine": "search"}],
    }


def test_every_feature_survives_a_round_trip(tmp_path: Path) -> None:
    instance, plan = complete_instance(), complete_schedule()
    path = tmp_path / "schedule.json"
    write_schedule(path, instance, result(instance, plan, "weighted_tardiness > makespan", bounds=(Fraction(5, 2),)))
    file = read_schedule(path, instance)
    assert file == ScheduleFile(
        instance, plan, Status.FEASIBLE, Objective.parse("weighted_tardiness > makespan"), Fraction(5, 2)
    )
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schedule_schema())
    move = json.loads(path.read_text(encoding="utf-8"))["moves"][0]
    assert list(move) == ["job", "from", "to", "mover", "kind", "start", "end", "predecessor", "successor"]


def test_operations_stand_in_the_order_of_the_instance() -> None:
    shuffled = Schedule(tuple(reversed(PLAN.operations)))
    assert schedule_document(SHOP, result(SHOP, shuffled)) == schedule_document(SHOP, result(SHOP, PLAN))


def test_dates_follow_from_origin_and_unit() -> None:
    dated = replace(SHOP, time_origin=datetime(2026, 1, 5, 22), time_unit="hour")
    document = schedule_document(dated, result(dated, PLAN))
    assert document["time_origin"] == "2026-01-05T22:00:00"
    first = document["operations"][0]
    assert (first["start_date"], first["end_date"]) == ("2026-01-05T22:00:00", "2026-01-06T02:00:00")
    # A week has no length here: no dates.
    weekly = replace(dated, time_unit="week")
    assert "start_date" not in schedule_document(weekly, result(weekly, PLAN))["operations"][0]


def test_without_schedule(tmp_path: Path) -> None:
    outcome = result(SHOP, None, status=Status.INFEASIBLE, reason="J1 can't meet its deadline")
    document = schedule_document(SHOP, outcome)
    assert (document["status"], document["reason"]) == ("infeasible", "J1 can't meet its deadline")
    assert (document["makespan"], document["gap"], document["operations"]) == (None, None, [])
    assert document["objective"]["tiers"] == [{"spec": "makespan", "value": None, "lower_bound": None}]
    file = read_back(tmp_path, SHOP, document)
    assert (file.status, file.schedule) == (Status.INFEASIBLE, Schedule(()))


# What other programs write.


def test_names_are_enough(tmp_path: Path) -> None:
    keys = ("job", "operation", "machine", "start", "end")
    rows = [("J2", "1", "M2", 0, 4), ("J1", "1", "M1", 0, 4), ("J1", "2", "M2", 4, 7)]
    document = {"operations": [dict(zip(keys, row, strict=True)) for row in rows], "made by": "hand"}
    assert read_back(tmp_path, SHOP, document) == ScheduleFile(SHOP, PLAN)


def test_indices_are_enough(tmp_path: Path) -> None:
    keys = ("job_index", "operation_index", "machine_index", "start", "end")
    rows = [(0, 0, 0, 0, 4), (0, 1, 1, 4, 7), (1, 0, 1, 0, 4)]
    document = {"operations": [dict(zip(keys, row, strict=True)) for row in rows]}
    assert read_back(tmp_path, SHOP, document) == ScheduleFile(SHOP, PLAN)


def test_a_mode_is_enough(tmp_path: Path) -> None:
    document = {"operations": [{"job": "J1", "operation": "2", "mode": 1, "start": 4, "end": 7}]}
    assert read_back(tmp_path, SHOP, document).schedule.operations == (at("J1.2", "M2", 4, 7, mode=1),)


def test_of_several_modes_on_a_machine_the_one_that_takes_as_long(tmp_path: Path) -> None:
    instance = factory(machine("M1"), job("J1", op("1", mode("M1", 5), mode("M1", 3), mode("M1", 4))))

    def chosen(end: int) -> int:
        document = {"operations": [{"job": "J1", "operation": "1", "machine": "M1", "start": 0, "end": end}]}
        return read_back(tmp_path, instance, document).schedule.operations[0].mode

    assert [chosen(5), chosen(3), chosen(4), chosen(9)] == [0, 1, 2, 0]


def test_setups_are_derived_if_there_are_none(tmp_path: Path) -> None:
    painted = machine("M1", setups=SetupMatrix({"a": {"b": 2}}, "a"))
    instance = factory(painted, job("J1", op("1", mode("M1", 3, "b"))))
    operation = {"job": "J1", "operation": "1", "machine": "M1", "start": 6, "end": 9}
    needed = Setup("M1", "J1", "1", "a", "b", 4, 6)
    assert read_back(tmp_path, instance, {"operations": [operation]}).schedule.setups == (needed,)
    # An empty list is a statement (a wrong one), which is not mended.
    assert read_back(tmp_path, instance, {"operations": [operation], "setups": []}).schedule.setups == ()


def test_a_wrong_schedule_can_be_read(tmp_path: Path) -> None:
    # J1.2 before J1.1, twice, at a negative time, ending before it starts; J2 not at all.
    operations = [
        {"job": "J1", "operation": "2", "machine": "M1", "start": -3, "end": -8},
        {"job": "J1", "operation": "2", "machine": "M1", "start": 0, "end": 5},
        {"job": "J1", "operation": "1", "machine": "M1", "start": 2, "end": 6},
    ]
    file = read_back(tmp_path, SHOP, {"operations": operations})
    assert [o.key for o in file.schedule.operations] == [("J1", "1"), ("J1", "2"), ("J1", "2")]
    assert {violation.rule for violation in check(SHOP, file.schedule)} >= {"plans", "modes"}


# Repaired schedules.


def test_revisions_lead_to_the_revised_instance(tmp_path: Path) -> None:
    # At 2 M1 breaks down until 5: J1.1 pauses and ends at 7. At 6 J9 comes in.
    down = Revision(2, 3, (MachineBreakdown("E1", 2, "M1", 5, "resume"),), PLAN, (at("J2.1", "M2", 0, 4),))
    broken = revise(SHOP, down)
    shifted = complete(broken, [at("J1.1", "M1", 0, 7), at("J1.2", "M2", 7, 10, mode=1), at("J2.1", "M2", 0, 4)])
    order = replace(simple_job("J9", ("M1", 2)), release_date=6)
    rush = Revision(6, 0, (RushOrder("E2", 6, order),), shifted)
    after = revise(broken, rush)
    plan = complete(after, [*shifted.operations, at("J9.1", "M1", 7, 9)])
    assert check(after, plan) == ()

    path = tmp_path / "repaired.json"
    write_schedule(path, after, result(after, plan), revisions=(down, rush))
    file = read_schedule(path, SHOP)
    assert file.instance == after
    assert file.schedule == plan
    assert file.revisions == (down, rush)
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schedule_schema())


def test_every_feature_survives_a_revision(tmp_path: Path) -> None:
    instance, plan = complete_instance(), complete_schedule()
    revision = Revision(12, 0, (JobCancelled("E1", 12, "J4"),), plan)
    after = revise(instance, revision)
    kept = complete(
        after, [o for o in plan.operations if o.job != "J4"], [m for m in plan.moves if m.job not in (None, "J4")]
    )
    write_schedule(tmp_path / "x.json", after, result(after, kept), revisions=(revision,))
    file = read_schedule(tmp_path / "x.json", instance)
    assert (file.instance, file.schedule, file.revisions) == (after, kept, (revision,))


def test_defects_of_a_revision_are_placed_in_it(tmp_path: Path) -> None:
    bare = {"operations": [{"job": "J1", "operation": "1", "machine": "M1", "start": 0, "end": 4}]}
    revision = {"now": 2, "events": [], "baseline": bare}
    event = {"type": "machine_breakdown", "id": "E1", "at": 2, "machine": "M7", "duration": 3}

    def found(**keys: object) -> list[tuple[str, str]]:
        return defects_of(tmp_path, SHOP, {**bare, "revisions": [revision, {**revision, **keys}]})

    assert found(now="2") == [("E203", "$.revisions[1].now")]
    wrong = {"job": "J1", "operation": "1", "machine": "M3", "start": 0, "end": 4}
    assert found(baseline={"operations": [wrong]}) == [("E302", "$.revisions[1].baseline.operations[0].machine")]
    assert found(pins=[wrong]) == [("E302", "$.revisions[1].pins[0].machine")]
    assert found(events=[{"type": "machine_breakdown"}])[0][1].startswith("$.revisions[1].events[0].")
    ((code, where),) = found(events=[event])
    assert code == "E601"
    assert where.startswith("$.revisions[1].events[")
    assert where.endswith(".machine")


# What does not fit.


def operations_with(**keys: object) -> dict[str, object]:
    """A schedule with two operations, the second with these keys (None: without)."""
    first: dict[str, object] = {"job": "J1", "operation": "1", "machine": "M1", "start": 0, "end": 4}
    second = {"job": "J1", "operation": "2", "machine": "M2", "start": 4, "end": 7, **keys}
    return {"operations": [first, {key: value for key, value in second.items() if value is not None}]}


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"job": "J3"}, [("E302", "job")]),
        ({"operation": "3"}, [("E302", "operation")]),
        ({"machine": "M3"}, [("E302", "machine")]),
        ({"job": None, "machine": None}, [("E401", "job"), ("E401", "machine")]),
        ({"job_index": 2}, [("E402", "job_index")]),
        ({"machine_index": 2, "machine": None}, [("E402", "machine_index")]),
        ({"job_index": 1}, [("E403", "job_index")]),
        ({"operation_index": 0, "machine_index": 0}, [("E403", "machine_index"), ("E403", "operation_index")]),
        ({"mode": 2}, [("E404", "mode")]),
        ({"job": "J2", "operation": "1", "machine": "M1"}, [("E404", "machine")]),
        ({"start": "4"}, [("E203", "start")]),
        ({"end": 2**50}, [("E204", "end")]),
        ({"end": None}, [("E201", "end")]),
        ({"mode": -1}, [("E204", "mode")]),
    ],
)
def test_operations_that_do_not_fit(tmp_path: Path, keys: dict[str, object], found: list[tuple[str, str]]) -> None:
    expected = [(code, f"$.operations[1].{key}") for code, key in found]
    assert sorted(defects_of(tmp_path, SHOP, operations_with(**keys))) == sorted(expected)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"job": "J8", "predecessor": "5"}, [("E302", "job")]),
        ({"predecessor": "9"}, [("E302", "predecessor")]),
        ({"mover": "R9"}, [("E302", "mover")]),
        ({"from": "M1"}, [("E302", "from")]),
        ({"from": "F1", "to": "F2"}, [("E302", "from"), ("E302", "to")]),
        ({"kind": "flight"}, [("E205", "kind")]),
    ],
)
def test_moves_that_do_not_fit(tmp_path: Path, keys: dict[str, object], found: list[tuple[str, str]]) -> None:
    move = {"job": "J1", "from": "IN", "to": "S1", "mover": "R1", "kind": "robot_move", "start": 0, "end": 4, **keys}
    document = {"operations": [], "moves": [move]}
    assert defects_of(tmp_path, complete_instance(), document) == [(code, f"$.moves[0].{key}") for code, key in found]


def test_all_defects_are_reported_at_once(tmp_path: Path) -> None:
    document = operations_with(machine="M3")
    document["operations"][0]["job"] = "J3"  # type: ignore[index]
    document["setups"] = [
        {"machine": "M9", "job": "J1", "operation": "9", "from_family": "a", "to_family": "b", "start": 0, "end": 1}
    ]
    document["objective"] = {"spec": "profit"}
    assert defects_of(tmp_path, SHOP, document) == [
        ("E323", "$.objective.spec"),
        ("E302", "$.operations[0].job"),
        ("E302", "$.operations[1].machine"),
        ("E302", "$.setups[0].machine"),
        ("E302", "$.setups[0].operation"),
    ]


def test_an_instance_is_no_schedule(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"E112 at \$: this is an instance, not a schedule"):
        read_back(tmp_path, SHOP, {"jobs": [], "machines": []})
    assert defects_of(tmp_path, SHOP, {}) == [("E201", "$.operations")]


def test_the_schema_describes_every_key() -> None:
    schema = schedule_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    objects = [schema, *schema["$defs"].values()]
    undescribed = [
        (item["title"], key)
        for item in objects
        for key, value in item["properties"].items()
        if not value.get("description")
    ]
    assert undescribed == []


def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "schedule.json"
    path.write_text("old", encoding="utf-8")
    stray = Schedule((ScheduledOperation("J7", "1", 0, "M1", 0, 4),))
    with pytest.raises(KeyError):
        write_schedule(path, SHOP, replace(result(SHOP, PLAN), schedule=stray))
    assert path.read_text(encoding="utf-8") == "old"
