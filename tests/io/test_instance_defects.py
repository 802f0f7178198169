"""Every rule of validation: what breaks it, what it says, and what it lets pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from defect_cases import (
    J1,
    M1,
    M2,
    STATION,
    at_dock,
    carts,
    cell,
    two_sites,
)
from defects_of_fleets import FLEETS
from defects_of_jobs import JOBS
from defects_of_resources import RESOURCES
from helpers import complete_instance, distances, factory, job, machine, mode, op, shifts, simple_job

from scheduler.domain import (
    Calendar,
    Downtime,
    Facility,
    Instance,
    Lane,
    Precedence,
    SetupMatrix,
    Vehicle,
)
from scheduler.errors import Defect, InstanceError
from scheduler.io import validate
from scheduler.io.limits import MAX_DEFECTS
from scheduler.io.validate import defects, require_valid

TABLE = [*RESOURCES, *JOBS, *FLEETS]


def only(instance: Instance) -> Defect:
    (defect,) = defects(instance)
    return defect


def test_a_factory_with_every_feature_is_valid() -> None:
    instance = complete_instance()
    assert defects(instance) == ()
    assert require_valid(instance, "x.json") is instance


def test_defects_are_raised_with_their_source() -> None:
    with pytest.raises(InstanceError, match=r"^x\.json: 1 defect in the instance\n  E301 at ") as caught:
        require_valid(factory(machine("M1"), machine("M1"), simple_job("J1", ("M1", 1))), "x.json")
    assert caught.value.source == "x.json"


@pytest.mark.parametrize(("code", "where", "phrase", "instance"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE])
def test_one_defect(code: str, where: str, phrase: str, instance: Instance) -> None:
    defect = only(instance)
    assert (defect.code, defect.where) == (code, where)
    assert phrase in str(defect)


VALID: list[tuple[str, Instance]] = [
    (
        "a shift may go over the end of the period",
        factory(machine("M1", calendar=shifts(24, (0, 6), (20, 24))), simple_job("J1", ("M1", 10))),
    ),
    (
        "shifts without gap never end",
        factory(machine("M1", calendar=shifts(24, (0, 8), (8, 24))), simple_job("J1", ("M1", 100))),
    ),
    (
        "an interruptible operation may be long",
        factory(machine("M1", calendar=shifts(24, (0, 8))), job("J1", op("1", mode("M1", 30), interruptible=True))),
    ),
    (
        "a family with an empty row is known",
        factory(machine("M1", setups=SetupMatrix({"plain": {}})), job("J1", op("1", mode("M1", 3, "plain")))),
    ),
    ("families mean nothing on machines without setups", factory(M1, job("J1", op("1", mode("M1", 3, "red"))))),
    (
        "one pair of modes is enough",
        two_sites(job("J1", op("1", mode("M1", 3)), op("2", mode("M2", 3), mode("M1", 9)))),
    ),
    (
        "the roomiest lane counts",
        two_sites(
            replace(simple_job("J1", ("M1", 3), ("M2", 4)), units=4),
            Lane("L", "north", "south", 5),
            Lane("K", "north", "south", 9, units_per_vehicle=4),
        ),
    ),
    (
        "input and output may be one place",
        factory(STATION, cell(output_station="IN", travel=distances("IN S", 2)), M1, J1),
    ),
    ("due dates may lie in the past", factory(M1, replace(J1, due_date=-5))),
    ("operations may take no time", factory(M1, simple_job("J1", ("M1", 0)))),
    (
        "operations may be in no plan",
        factory(
            M1,
            job("J1", op("1", mode("M1", 1)), op("2", mode("M1", 1)), links=(), plans=(("1",),)),
        ),
    ),
]


@pytest.mark.parametrize(("instance"), [row[1] for row in VALID], ids=[row[0] for row in VALID])
def test_what_passes(instance: Instance) -> None:
    assert defects(instance) == ()


@pytest.mark.parametrize(
    "instance",
    [
        # A fleet may go to parking places, leave out machines, and have times on the diagonal.
        factory(carts("M1 park", travel={p: {q: 1 for q in ("M1", "park")} for p in ("M1", "park")}), M1, M2, J1),
        at_dock(factory(carts(), M1, M2, J1), returns_jobs=True),
        # Cells are served at their input and output stations.
        factory(STATION, cell(), carts("M1 IN OUT"), M1, simple_job("J1", ("M1", 3), ("S", 2), carriers=("carts",))),
        # Nobody has to carry what stays on its machine, or goes where no fleet goes.
        factory(carts("M1 park"), M1, M2, simple_job("J1", ("M1", 3), ("M1", 3), ("M2", 3), carriers=("carts",))),
    ],
)
def test_fleets_that_pass(instance: Instance) -> None:
    assert defects(instance) == ()


def test_plans_that_contradict_one_another_are_a_circle_of_plans() -> None:
    # As the reader of a file without precedences makes it: 1 before 2 in one plan, 2 before 1 in the other.
    circle = replace(
        job(
            "J1",
            *(op(name, mode("M1", 1)) for name in "123"),
            links=(Precedence("1", "2"), Precedence("2", "1"), Precedence("1", "3")),
        ),
        plans=(("1", "2"), ("2", "1", "3")),
    )
    assert [(d.code, d.where) for d in defects(factory(M1, circle))] == [("E317", "$.jobs[0].plans")]


def test_a_circle_is_named_from_its_first_operation() -> None:
    # 4 waits for the circle 3 -> 2 -> 5 -> 3, but is not in it; nor is 1, for which it waits.
    links = tuple(Precedence(*pair) for pair in ("12", "32", "25", "53", "54"))
    instance = factory(M1, job("J1", *(op(name, mode("M1", 1)) for name in "12345"), links=links))
    assert only(instance).cause == 'the precedences of job "J1" go in a circle: 2 -> 5 -> 3 -> 2'


def test_ten_thousand_operations_in_a_circle() -> None:
    names = [str(n) for n in range(10_000)]
    links = tuple(Precedence(a, b) for a, b in zip(names, (*names[1:], "0"), strict=True))
    instance = factory(M1, job("J1", *(op(name, mode("M1", 1)) for name in names), links=links))
    assert only(instance).code == "E317"


def test_no_more_defects_than_anyone_would_read() -> None:
    found = defects(factory(*(M1 for _ in range(3 * MAX_DEFECTS)), J1))
    assert len(found) == MAX_DEFECTS + 1
    assert found[-1].code == "E199"


def test_rules_do_not_stumble_over_each_other() -> None:
    # Everything refers to something that does not exist, and all ids are the same.
    lost = Instance(
        name="lost",
        facilities=(Facility("F"), Facility("F")),
        machines=(machine("x", "G", cell="D"), machine("x", "G", calendar=Calendar((Downtime(5, 1),)))),
        jobs=tuple(
            replace(
                job("J", op("1", mode("q", 1, "f", p=2)), op("1"), links=(Precedence("8", "9"), Precedence("9", "8"))),
                plans=((), ("7", "7")),
                units=5,
                carriers=("carts", "nobody"),
            )
            for _ in range(2)
        ),
        cells=(cell(id="E", facility="H", travel={}),),
        fleets=(carts("x y", facility="K", vehicles=(Vehicle("R", "z"), Vehicle("R", "x"))),),
        lanes=(Lane("L", "A", "A", 1),),
        objective="",
    )
    codes = {defect.code for defect in defects(lost)}
    assert codes >= {"E301", "E302", "E305", "E306", "E309", "E311", "E321", "E323"}


@pytest.mark.parametrize("rule", [*validate.LIMITS, *validate.RULES], ids=lambda rule: rule.__name__)
def test_every_rule_breaks_in_the_table(rule: Callable[[Instance], object]) -> None:
    broken = [instance for _, _, _, instance in TABLE if any(rule(instance))]  # type: ignore[call-overload]
    assert broken
