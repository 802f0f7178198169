"""JSON read strictly and written for people."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import FormatError
from scheduler.io.json_text import dump_json, json_path, parse_json

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=40,
)


@given(TREES)
def test_what_is_written_is_read_back(tree: object) -> None:
    assert parse_json(dump_json(tree), "x.json") == tree


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.integers() | st.text('}, {["\\', max_size=9), max_size=3)
        | st.sampled_from(["}, {", 1, {"a": [1]}, {"a": {}}, {"long": "x" * 300}]),
        min_size=9,
        max_size=12,
    )
)
def test_lists_of_records_are_written_record_by_record(records: list[object]) -> None:
    long = {"long": "x" * 120}
    assert dump_json([long, *records]) == dump_json([long, 7, *records]).replace("  7,\n", "", 1)


def test_short_values_and_records_stay_on_one_line() -> None:
    record = {f"key{number}": number for number in range(12)}  # 148 characters, nothing nested
    assert dump_json({"list": [record, record], "empty": [], "pair": [1, 2]}).splitlines() == [
        "{",
        '  "list": [',
        f"    {json.dumps(record)},",
        f"    {json.dumps(record)}",
        "  ],",
        '  "empty": [],',
        '  "pair": [1, 2]',
        "}",
    ]


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ('{"a": 1,\n "b" 2}', "E107", "line 2 column 6"),
        ("[" * 100_000, "E110", "$"),
        ('{"a": 1' + "0" * 5000 + "}", "E111", "$"),
    ],
)
def test_unreadable_text(text: str, code: str, where: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_json(text, "x.json")
    assert [(defect.code, defect.where) for defect in caught.value.defects] == [(code, where)]


def test_every_repeated_key_and_constant_is_found() -> None:
    text = '{"a": [{"b": 1, "b": 2, "c": 3, "b": 4}], "d": [NaN, {"e": -Infinity}], "a": [{"b": 1, "b": NaN}]}'
    with pytest.raises(FormatError) as caught:
        parse_json(text, "x.json")
    # The first "a" is overwritten by the second: what is in it has no place any more.
    assert {(defect.code, defect.where) for defect in caught.value.defects} == {
        ("E108", "$.a"),
        ("E108", "$.a[0].b"),
        ("E109", "$.a[0].b"),
        ("E109", "$.d[0]"),
        ("E109", "$.d[1].e"),
    }


def test_paths_quote_what_is_no_plain_key() -> None:
    assert json_path() == "$"
    assert json_path("jobs", 3, "operations", 0) == "$.jobs[3].operations[0]"
    assert json_path("travel", "place 1", "日", "") == '$.travel["place 1"]["日"][""]'
