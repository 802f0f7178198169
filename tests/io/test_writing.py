"""Instances written in other formats: nothing may be lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from helpers import complete_instance, down, executed, factory, job, machine, mode, op, simple_job

from scheduler.domain import Instance, Precedence, Schedule, SetupMatrix
from scheduler.errors import FormatError
from scheduler.io import fjsplib, jobshop, read, write

PLAIN = factory(
    machine("M1"),
    machine("M2"),
    simple_job("J1", ("M2", 3), ("M1", 2)),
    job("J2", op("1", mode("M1", 4)), op("2", mode("M2", 1))),
)


def lost(instance: Instance, path: Path) -> list[tuple[str, str]]:
    with pytest.raises(FormatError) as caught:
        write(instance, path)
    assert not path.exists()
    assert {defect.code for defect in caught.value.defects} == {"E131"}
    return [(defect.where, defect.cause) for defect in caught.value.defects]


def test_a_job_shop_survives_every_format(tmp_path: Path) -> None:
    for name in ("x.json", "x.fjs", "x.jsp", "x.txt", "X.FJS"):
        write(PLAIN, tmp_path / name)
        found = read(tmp_path / name)
        assert found.jobs == PLAIN.jobs
        assert [machine.id for machine in found.machines] == ["M1", "M2"]
    assert (tmp_path / "x.txt").read_text() == (tmp_path / "x.jsp").read_text() == "2 2\n1 3 0 2\n0 4 1 1\n"


def test_names_become_numbers() -> None:
    named = factory(machine("lathe"), machine("mill"), simple_job("shaft", ("mill", 3), ("lathe", 2)))
    assert fjsplib.write(named) == "1 2 1.00\n2 1 2 3 1 1 2\n"
    assert jobshop.write(named) == "1 2\n1 3 0 2\n"


def test_an_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"E130 .*suffix '.xml' can be written; use one of .fjs, .json, .jsp, .txt"):
        write(PLAIN, tmp_path / "x.xml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("instance", "place"),
    [
        (replace(PLAIN, objective="flow_time"), "$.objective"),
        (
            factory(machine("M1", setups=SetupMatrix({"a": {"b": 1}})), *PLAIN.jobs, machine("M2")),
            "$.machines[0].setups",
        ),
        (factory(machine("M1"), machine("M2", capacity=2), *PLAIN.jobs), "$.machines[1].capacity"),
        (factory(machine("M1", calendar=down((1, 2))), machine("M2"), *PLAIN.jobs), "$.machines[0].calendar"),
        (replace(PLAIN, jobs=(replace(PLAIN.jobs[0], release_date=1),)), "$.jobs[0].release_date"),
        (replace(PLAIN, jobs=(replace(PLAIN.jobs[0], due_date=9),)), "$.jobs[0].due_date"),
        (replace(PLAIN, jobs=(replace(PLAIN.jobs[0], deadline=9),)), "$.jobs[0].deadline"),
        (replace(PLAIN, jobs=(replace(PLAIN.jobs[0], weight=2),)), "$.jobs[0].weight"),
        (replace(PLAIN, jobs=(replace(PLAIN.jobs[0], plans=(("1", "2"),)),)), "$.jobs[0].plans"),
        (replace(PLAIN, jobs=(replace(PLAIN.jobs[0], precedences=()),)), "$.jobs[0].precedences"),
        (
            replace(PLAIN, jobs=(replace(PLAIN.jobs[0], precedences=(Precedence("1", "2", 3),)),)),
            "$.jobs[0].precedences",
        ),
        (executed(PLAIN, Schedule(()), 5), "$"),
    ],
)
def test_what_a_plain_format_can_not_express(instance: Instance, place: str, tmp_path: Path) -> None:
    for suffix in (".fjs", ".jsp"):
        assert [where for where, _ in lost(instance, tmp_path / f"x{suffix}")] == [place]


def test_everything_that_would_be_lost_is_named(tmp_path: Path) -> None:
    places = [where for where, _ in lost(complete_instance(), tmp_path / "x.fjs")]
    assert places[:2] == ["$.facilities", "$.cells"]
    assert {"$.machines[3].setups", "$.jobs[0].weight", "$.jobs[2].operations[2].modes", "$.jobs[3].plans"} <= set(
        places
    )


def test_a_job_shop_has_one_mode_and_one_operation_for_each_machine(tmp_path: Path) -> None:
    flexible = factory(machine("M1"), machine("M2"), job("J1", op("1", mode("M1", 3), mode("M2", 4))))
    assert lost(flexible, tmp_path / "x.jsp") == [
        ("$.jobs[0].operations", "job 'J1' has 1 operations, not one for each of the machines"),
        ("$.jobs[0].operations[0].modes", "operation '1' has 2 modes, a job shop knows one"),
    ]


def test_units_of_time_are_no_loss(tmp_path: Path) -> None:
    dated = replace(PLAIN, time_unit="hour", time_origin=datetime(2026, 1, 5))
    write(dated, tmp_path / "x.fjs")
    assert read(tmp_path / "x.fjs").jobs == PLAIN.jobs
