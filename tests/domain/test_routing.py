"""Routes: which moves lie between two machines."""

from __future__ import annotations

import pytest
from helpers import distances, factory, job, machine, mode, op

from scheduler.domain import Instance, Job, Lane, Precedence, Robot, RobotCell
from scheduler.domain.routing import route


def network() -> Instance:
    def cell(id: str, facility: str, stations: str) -> RobotCell:
        places = f"{id}in {id}out {stations}"
        return RobotCell(id, facility, (Robot(f"{id}R", f"{id}in"),), f"{id}in", f"{id}out", distances(places, 1))

    return factory(
        machine("A1", "F", cell="A"),
        machine("A2", "F", cell="A"),
        machine("B1", "F", cell="B"),
        machine("C1", "G", cell="C"),
        machine("M", "F"),
        machine("N", "F"),
        machine("P", "G"),
        cell("A", "F", "A1 A2"),
        cell("B", "F", "B1"),
        cell("C", "G", "C1"),
        Lane("FG", "F", "G", transit_time=5),
        job("J", op("1", mode("M", 1))),
    )


@pytest.mark.parametrize(
    ("origin", "destination", "expected"),
    [
        ("M", "M", []),
        ("M", "N", []),
        ("A1", "A1", []),
        ("A1", "A2", ["entry A1>A2"]),
        ("A1", "M", ["exit A1>Aout"]),
        ("M", "A1", ["entry Ain>A1"]),
        ("A1", "B1", ["exit A1>Aout", "entry Bin>B1"]),
        ("M", "P", ["transfer F>G"]),
        ("A1", "C1", ["exit A1>Aout", "transfer F>G", "entry Cin>C1"]),
        (None, "A2", ["entry Ain>A2"]),
        ("C1", None, ["exit C1>Cout"]),
        (None, "M", []),
    ],
)
def test_route(origin: str | None, destination: str | None, expected: list[str]) -> None:
    instance = network()
    legs = route(
        instance,
        None if origin is None else instance.machine_by_id[origin],
        None if destination is None else instance.machine_by_id[destination],
    )
    assert legs is not None
    assert [f"{leg.slot} {leg.origin}>{leg.destination}" for leg in legs] == expected


def test_no_lane_no_route() -> None:
    instance = network()
    assert route(instance, instance.machine_by_id["P"], instance.machine_by_id["M"]) is None


def assembly() -> Job:
    return job(
        "J",
        *(op(name, mode("M", 1)) for name in "abc"),
        links=(Precedence("a", "c"), Precedence("b", "c")),
    )


def test_links_of_an_assembly() -> None:
    assert [(p, s) for p, s, _ in assembly().links] == [
        (None, "a"),
        (None, "b"),
        ("a", "c"),
        ("b", "c"),
        ("c", None),
    ]


def test_links_with_plans_include_ends_of_every_plan() -> None:
    # In plan (a, c) and (b, c) the part arrives at a or at b; in plan (c,) it arrives at c.
    planned = Job("J", assembly().operations, assembly().precedences, plans=(("a", "c"), ("b", "c"), ("c",)))
    arrivals = [s for p, s, _ in planned.links if p is None]
    assert arrivals == ["a", "b", "c"]
