"""Files with something changed, anywhere: they are read, or refused with defects, but never break the reader."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from helpers import complete_instance, complete_schedule
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.domain import Objective, Result, Status
from scheduler.domain.events import MachineBreakdown, Revision
from scheduler.errors import DefectsError
from scheduler.io.formats import read_instance
from scheduler.io.native import instance_document
from scheduler.io.schedule_file import schedule_document
from scheduler.io.schedule_reader import read_schedule_text
from scheduler.terms import value_terms

INSTANCE = complete_instance()
PLAN = complete_schedule()
RESULT = Result(Status.FEASIBLE, Objective.parse("makespan"), PLAN, value_terms(INSTANCE, PLAN))
REVISION = Revision(12, 0, (MachineBreakdown("E1", 12, "M1", 15, "resume"),), PLAN)

INSTANCE_TEXT = json.dumps(instance_document(INSTANCE))
SCHEDULE_TEXT = json.dumps(schedule_document(INSTANCE, RESULT, revisions=[REVISION]))

WORDS = ["", "M1", "S1", "J1", "J4", "1", "2", "F2", "IN", "R1", "L#1", "a", "makespan", "robot_move", "\ud800", "\x00"]
VALUES = (
    st.sampled_from([None, True, -1, 0, 1, 3, 2**40, 2**70, 0.5, 1e300, [], {}, [[]], [{}], {"id": "J1"}])
    | st.sampled_from(WORDS)
    | st.integers(-50, 50)
)


def containers(tree: Any) -> list[Any]:
    found = [tree] if isinstance(tree, (dict, list)) else []
    for item in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        found += containers(item)
    return found


@st.composite
def mutilated(draw: st.DrawFn, text: str) -> str:
    """The JSON text with one to three values changed, removed, doubled or added."""
    tree = json.loads(text)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(containers(tree)))
        if isinstance(place, dict):
            key = draw(st.sampled_from([*place, "more"]))
            change = draw(st.sampled_from(["set", "remove"]))
            if change == "set":
                place[key] = deepcopy(draw(VALUES))
            else:
                place.pop(key, None)
        elif place:
            index = draw(st.integers(0, len(place) - 1))
            change = draw(st.sampled_from(["set", "remove", "double"]))
            if change == "set":
                place[index] = deepcopy(draw(VALUES))
            elif change == "remove":
                del place[index]
            else:
                place.append(place[index])
        else:
            place.append(deepcopy(draw(VALUES)))
    return json.dumps(tree)


@given(mutilated(INSTANCE_TEXT))
@settings(max_examples=200, deadline=None)
def test_instances(text: str) -> None:
    try:
        instance = read_instance(text, "x.json")
    except DefectsError as error:
        assert all(defect.where and defect.cause and defect.fix for defect in error.defects)
    else:
        assert read_instance(json.dumps(instance_document(instance)), "x.json") == instance


@given(mutilated(SCHEDULE_TEXT))
@settings(max_examples=200, deadline=None)
def test_schedules(text: str) -> None:
    try:
        file = read_schedule_text(text, "x.json", INSTANCE)
    except DefectsError as error:
        assert all(defect.where and defect.cause and defect.fix for defect in error.defects)
    else:
        assert file.instance.execution is not None or not file.revisions
