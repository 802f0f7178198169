"""What is wrong with jobs, the objective and sizes as a whole: code, place, words, a factory with no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from defect_cases import (
    J1,
    M1,
    reached,
    two_sites,
)
from helpers import factory, job, machine, mode, op, shifts, simple_job

from scheduler.domain import (
    Instance,
    Job,
    Lane,
    Mode,
    OperatorPool,
    Precedence,
    SetupMatrix,
)
from scheduler.io.limits import MAX_TICK

JOBS: list[tuple[str, str, str, Instance]] = [
    (
        "E301",
        "$.jobs[0].operations[1].id",
        '"1"',
        factory(M1, job("J1", op("1", mode("M1", 1)), op("1", mode("M1", 2)))),
    ),
    (
        "E302",
        "$.jobs[0].operations[0].modes[0].machine",
        'did you mean "M1"?',
        factory(M1, simple_job("J1", ("M_1", 3))),
    ),
    (
        "E302",
        "$.jobs[0].operations[0].modes[0].operators.crew",
        "there is no operator pool",
        factory(M1, job("J1", op("1", mode("M1", 3, crew=1)))),
    ),
    (
        "E302",
        "$.jobs[0].operations[0].modes[0].setup_family",
        'setup family "gren" does not exist; did you mean "green"?',
        factory(machine("M1", setups=SetupMatrix({"red": {"green": 5}})), job("J1", op("1", mode("M1", 3, "gren")))),
    ),
    (
        "E302",
        "$.jobs[0].precedences[0].successor",
        'operation "2"',
        factory(M1, job("J1", op("1", mode("M1", 3)), links=(Precedence("1", "2"),))),
    ),
    (
        "E302",
        "$.jobs[0].plans[0][1]",
        'operation "2"',
        factory(M1, replace(J1, plans=(("1", "2"),), precedences=(Precedence("1", "2"),))),
    ),
    ("E311", "$.jobs[0].operations", "has no operation", factory(M1, Job("J1", ()))),
    ("E311", "$.jobs[0].operations[0].modes", "has no mode", factory(M1, job("J1", op("1")))),
    (
        "E312",
        "$.jobs[0].operations[0].modes[2]",
        'the mode on "M1" in 3 ticks is listed already',
        factory(M1, job("J1", op("1", mode("M1", 3), mode("M1", 4), mode("M1", 3)))),
    ),
    (
        "E313",
        "$.jobs[0].operations[0].modes[0].operators.crew",
        'needs 3 operators of pool "crew", which has 2',
        factory(M1, OperatorPool("crew", 2), job("J1", op("1", mode("M1", 3, crew=3)))),
    ),
    (
        "E352",
        "$.jobs[0].operations[0].modes[0].machine",
        'no robot brings parts to "S"',
        reached(("IN", "OUT"), ("OUT", "S"), "OUT"),
    ),
    (
        "E353",
        "$.jobs[0].operations[0].modes[0].tended",
        '"M1" is in no robot cell',
        factory(M1, job("J1", op("1", Mode("M1", 3, tended=True)))),
    ),
    (
        "E350",
        "$.jobs[0].operations[0].modes[0].max_dwell",
        'no robot or vehicle fetches parts from "M1"',
        factory(M1, job("J1", op("1", Mode("M1", 3, max_dwell=4)))),
    ),
    (
        "E314",
        "$.jobs[0].operations[0].modes[0].duration",
        "9 ticks fit into no shift",
        factory(machine("M1", calendar=shifts(24, (0, 8))), simple_job("J1", ("M1", 9))),
    ),
    (
        "E325",
        "$.jobs[0].operations[0].modes[0].duration",
        '"M1" is set up from one operation to the next',
        factory(machine("M1", setups=SetupMatrix({"a": {}})), simple_job("J1", ("M1", 0))),
    ),
    (
        "E315",
        "$.jobs[0].precedences[1]",
        '"1" before "2" is listed already',
        factory(
            M1,
            job(
                "J1",
                op("1", mode("M1", 3)),
                op("2", mode("M1", 3)),
                links=(Precedence("1", "2"), Precedence("1", "2", 5)),
            ),
        ),
    ),
    (
        "E316",
        "$.jobs[0].precedences[0]",
        "min_lag 6 is larger than max_lag 5",
        factory(M1, job("J1", op("1", mode("M1", 3)), op("2", mode("M1", 3)), links=(Precedence("1", "2", 6, 5),))),
    ),
    (
        "E317",
        "$.jobs[0].precedences",
        "in a circle: 1 -> 1",
        factory(M1, job("J1", op("1", mode("M1", 3)), links=(Precedence("1", "1"),))),
    ),
    (
        "E318",
        "$.jobs[0].operations[1]",
        'no lane from "north" to "south"',
        two_sites(simple_job("J1", ("M1", 3), ("M2", 4)), Lane("L", "south", "north", 5)),
    ),
    (
        "E318",
        "$.jobs[0].precedences[0]",
        'no lane from "south" to "north"',
        two_sites(job("J1", op("1", mode("M1", 1)), op("2", mode("M2", 1)), links=(Precedence("2", "1"),))),
    ),
    (
        "E319",
        "$.jobs[0].operations[1]",
        "4 units go between",
        two_sites(
            replace(simple_job("J1", ("M1", 3), ("M2", 4)), units=4),
            Lane("L", "north", "south", 5, units_per_vehicle=3),
        ),
    ),
    (
        "E344",
        "$.jobs[0].units",
        "101 units go in more than 100 loads where a vehicle carries 1",
        two_sites(replace(J1, units=101, splits=True), Lane("L", "north", "south", 5)),
    ),
    (
        "E320",
        "$.jobs[0].deadline",
        "the deadline 4 lies before the release date 5",
        factory(M1, replace(J1, release_date=5, deadline=4)),
    ),
    ("E321", "$.jobs[0].plans[0]", "lists no operation", factory(M1, replace(J1, plans=((),)))),
    (
        "E321",
        "$.jobs[0].plans[0]",
        'lists operation "1" twice',
        factory(M1, replace(J1, plans=(("1", "1"),))),
    ),
    (
        "E321",
        "$.jobs[0].plans[1]",
        "the same operations as plan 0",
        factory(M1, replace(simple_job("J1", ("M1", 3), ("M1", 4)), plans=(("1", "2"), ("2", "1")))),
    ),
    ("E323", "$.objective", "unknown objective term 'profit'", factory(M1, J1, objective="profit")),
    (
        "E204",
        "$.jobs[0].operations[0].modes[0].duration",
        "-1 is out of range",
        factory(M1, simple_job("J1", ("M1", -1))),
    ),
    (
        "E204",
        "$.jobs[0].release_date",
        f"{2 * MAX_TICK} is out of range",
        factory(M1, replace(J1, release_date=2 * MAX_TICK)),
    ),
    (
        "E324",
        "$",
        "doing everything one after the other takes",
        factory(M1, simple_job("J1", *(("M1", MAX_TICK),) * 40)),
    ),
    (
        "E324",
        "$.jobs",
        "weighted completion times",
        factory(M1, replace(simple_job("J1", ("M1", MAX_TICK)), weight=100_000)),
    ),
    (
        "E324",
        "$.time_origin",
        "beyond the year 9999",
        factory(M1, simple_job("J1", ("M1", 10**8)), time_unit="day", time_origin=datetime(2026, 1, 5)),
    ),
]
