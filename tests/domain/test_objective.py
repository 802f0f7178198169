"""The objective text: grammar, values, messages."""

from __future__ import annotations

from fractions import Fraction

import pytest

from scheduler.cpsat.objective import EXPRESSIONS
from scheduler.domain import Objective
from scheduler.domain.objective import TERM_NAMES
from scheduler.errors import ObjectiveError
from scheduler.terms import TERMS


def test_tiers_and_weights() -> None:
    objective = Objective.parse("weighted_tardiness > makespan + 0.2*setup_time")
    assert [tier.weights for tier in objective.tiers] == [
        (("weighted_tardiness", Fraction(1)),),
        (("makespan", Fraction(1)), ("setup_time", Fraction(1, 5))),
    ]
    assert objective.tiers[1].scale == 5
    assert objective.value({"weighted_tardiness": 7, "makespan": 10, "setup_time": 3}) == (7, Fraction(53, 5))


@pytest.mark.parametrize(
    "text",
    [
        "makespan",
        "2*makespan + flow_time > number_tardy",
        "0.0625*setup_time > makespan",
        "makespan <= 480 > setup_time <= 0.5",
    ],
)
def test_text_round_trip(text: str) -> None:
    assert str(Objective.parse(text)) == text
    assert Objective.parse(str(Objective.parse(text))) == Objective.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "can't read ''"),
        ("makespam", "unknown objective term 'makespam'.*known terms: makespan"),
        ("makespan > ", "can't read ''"),
        ("-1*makespan", "can't read '-1\\*makespan'"),
        ("makespan + makespan", "stands twice"),
        ("0*makespan", "out of range"),
        ("0.00001*makespan", "out of range"),
        ("makespan, flow_time", "can't read"),
        ("makespan <= x", "can't read"),
        ("<= 4", "can't read ''"),
        ("makespan <= 1 <= 2", "can't read"),
        ("makespan <= 0.00001", "aspiration in 'makespan <= 0.00001' is out of range"),
    ],
)
def test_bad_texts_say_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ObjectiveError, match=message):
        Objective.parse(text)


def test_below_an_aspiration_all_values_are_equal() -> None:
    objective = Objective.parse("2*makespan <= 21 > setup_time")
    assert objective.value({"makespan": 10, "setup_time": 3}) == (21, 3)
    assert objective.value({"makespan": 11, "setup_time": 3}) == (22, 3)


def test_terms_left_out() -> None:
    objective = Objective.parse("setup_time > makespan + 2*setup_time <= 5 > flow_time")
    less, positions = objective.without({"setup_time"})
    assert (str(less), positions) == ("makespan <= 5 > flow_time", (1, 2))
    assert objective.without({"setup_time", "makespan", "flow_time"}) == (objective, (0, 1, 2))


def test_every_term_has_a_value_and_an_expression() -> None:
    assert list(TERMS) == list(EXPRESSIONS) == list(TERM_NAMES)
