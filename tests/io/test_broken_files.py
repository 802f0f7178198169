"""Each file in instances/broken/ gets its message: code, place, and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.errors import DefectsError, FormatError, InstanceError
from scheduler.io import read

FOLDER = Path(__file__).parents[2] / "instances" / "broken"

TABLE = [
    ("empty.json", FormatError, "E105", "file", "the file is empty"),
    ("not_utf8.json", FormatError, "E106", "line 13", "byte 0xe4 is not UTF-8"),
    ("syntax_error.json", FormatError, "E107", "line 3 column 32", "expecting ',' delimiter"),
    ("repeated_key.json", FormatError, "E108", "$.jobs[1].operations[0].modes[0].duration", "'duration' stands twice"),
    ("nan.json", FormatError, "E109", "$.jobs[1].operations[0].modes[0].duration", "NaN is not a number"),
    ("not_a_number.txt", FormatError, "E121", "line 3", "'x' (the time of operation 2) is not a whole number"),
    ("line_too_short.fjs", FormatError, "E122", "line 3", "the line ends where the time of operation 2 is expected"),
    ("job_missing.fjs", FormatError, "E122", "line 3", "the file ends where job 3 is expected"),
    ("machine_out_of_range.fjs", FormatError, "E123", "line 3", "the machine of operation 2 is 4; write a number from"),
    ("line_too_long.txt", FormatError, "E124", "line 3", "should end before its number 7, '7'"),
    ("missing_key.json", InstanceError, "E201", "$.jobs[0].operations[1].modes[0].duration", "'duration' is missing"),
    ("unknown_key.json", InstanceError, "E202", "$.jobs[1].due_dat", 'did you mean "due_date"?'),
    ("wrong_type.json", InstanceError, "E203", "$.jobs[0].operations[0].modes[0].duration", "write 4 without quotes"),
    (
        "negative_duration.json",
        InstanceError,
        "E204",
        "$.jobs[1].operations[1].modes[1].duration",
        "-3 is out of range",
    ),
    ("repeated_id.json", InstanceError, "E301", "$.jobs[1].id", 'id "shaft" stands at $.jobs[0].id already'),
    ("unknown_machine.json", InstanceError, "E302", "$.jobs[0].operations[1].modes[0].machine", 'did you mean "mill"?'),
    ("incomplete_travel.json", InstanceError, "E305", "$.cells[0].travel.out", 'from "out" to "lathe" is missing'),
    (
        "reversed_downtime.json",
        InstanceError,
        "E309",
        "$.machines[0].calendar.downtimes[0]",
        "begins at 60 and ends at 30",
    ),
    (
        "overlapping_shifts.json",
        InstanceError,
        "E310",
        "$.machines[1].calendar.shifts.working[1]",
        "begins at 230, before the one listed before it ends at 240",
    ),
    (
        "too_long_for_shift.json",
        InstanceError,
        "E314",
        "$.jobs[1].operations[0].modes[0].duration",
        '300 ticks fit into no shift of "mill", the longest has 240',
    ),
    (
        "no_length_with_setups.json",
        InstanceError,
        "E325",
        "$.jobs[0].operations[0].modes[0].duration",
        '"lathe" is set up from one operation to the next, and this one has length 0',
    ),
    ("crossed_lags.json", InstanceError, "E316", "$.jobs[0].precedences[0]", "min_lag 5 is larger than max_lag 2"),
    ("cycle.json", InstanceError, "E317", "$.jobs[0].precedences", "in a circle: turn -> slot -> polish -> turn"),
    ("cycle_with_calendar.json", InstanceError, "E360", "$.machines[0].calendar", "makes one cycle unlike another"),
    ("no_lane.json", InstanceError, "E318", "$.jobs[0].operations[1]", 'there is no lane from "north" to "south"'),
    ("too_large_for_lane.json", InstanceError, "E319", "$.jobs[0].operations[1]", "a vehicle carries at most 2"),
    ("more_missing_than_there_are.json", InstanceError, "E370", "$.operators[0].shortages[0].count", "3"),
    ("swap_with_capacity.json", InstanceError, "E330", "$.machines[0].swap", "forbids swaps and has capacity 2"),
    (
        "out_of_reach.json",
        InstanceError,
        "E351",
        "$.cells[0].robots[0].start",
        'stands at "in", which it does not reach',
    ),
    ("unknown_objective.json", InstanceError, "E323", "$.objective", "unknown objective term 'weighted_tardyness'"),
]


def defects_of(name: str, error: type[DefectsError]) -> DefectsError:
    with pytest.raises(error) as caught:
        read(FOLDER / name)
    assert type(caught.value) is error
    assert str(caught.value).startswith(f"{FOLDER / name}: ")
    return caught.value


@pytest.mark.parametrize(("name", "error", "code", "where", "phrase"), TABLE, ids=[row[0] for row in TABLE])
def test_one_defect(name: str, error: type[DefectsError], code: str, where: str, phrase: str) -> None:
    (defect,) = defects_of(name, error).defects
    assert (defect.code, defect.where) == (code, where)
    assert phrase in str(defect)


def test_many_defects_are_reported_at_once() -> None:
    found = [(defect.code, defect.where) for defect in defects_of("many_defects.json", InstanceError).defects]
    assert found == [
        ("E301", "$.jobs[1].id"),
        ("E309", "$.machines[0].calendar.downtimes[0]"),
        ("E302", "$.jobs[0].operations[1].modes[0].machine"),
        ("E302", "$.jobs[1].plans[1][1]"),
        ("E313", "$.jobs[1].operations[0].modes[0].operators.setter"),
        ("E317", "$.jobs[0].precedences"),
        ("E320", "$.jobs[1].deadline"),
        ("E323", "$.objective"),
    ]


def test_every_format_says_why_it_refuses_an_unknown_one() -> None:
    defects = defects_of("unknown_format.txt", FormatError).defects
    assert {defect.code for defect in defects} == {"E120"}
    causes = [defect.cause for defect in defects]
    assert causes[0].startswith("not instance JSON: not JSON: ")
    assert causes[-1] == "not FJSPLIB: 'Jobs' (the number of jobs) is not a whole number"


def test_every_broken_file_is_tested() -> None:
    tested = {row[0] for row in TABLE} | {"many_defects.json", "unknown_format.txt"}
    assert {path.name for path in FOLDER.iterdir()} == tested
