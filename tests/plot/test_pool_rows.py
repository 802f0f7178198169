"""Operator pools in the chart: rows where they have shortages, with who is held and who is missing."""

from __future__ import annotations

from helpers import at, factory, job, machine, mode, op, schedule

from scheduler.domain import OperatorPool, Shortage
from scheduler.plot.lay_out import lay_out

JOBS = [job(f"J{n}", op("1", mode(f"M{n}", 4, crew=n))) for n in (1, 2)]
PLAN = schedule(at("J1.1", "M1", 0, 4), at("J2.1", "M2", 6, 10))


def test_a_pool_has_a_sub_lane_for_each_operator() -> None:
    # One of three is away in [2, 6): in the last sub-lane, J1 holds the first, J2 the first two.
    pools = OperatorPool("crew", 3, (Shortage(2, 6),)), OperatorPool("guards")
    layout = lay_out(factory(machine("M1"), machine("M2"), *pools, *JOBS), PLAN)
    assert [(row.id, row.lanes) for row in layout.rows if row.kind == "operators"] == [("crew", 3)]
    bars = [(b.kind, b.job, b.lane, b.start, b.end) for b in layout.bars if b.kind in ("held", "missing")]
    assert bars == [
        ("held", "J1", 0, 0, 4),
        ("held", "J2", 0, 6, 10),
        ("held", "J2", 1, 6, 10),
        ("missing", None, 2, 2, 6),
    ]


def test_a_cancelled_job_is_in_the_plan_before_and_holds_nobody_there() -> None:
    # J2 was cancelled: the upper chart still has its operation, the instance no longer says how many it held.
    pool = OperatorPool("crew", 2, (Shortage(8, 9),))
    layout = lay_out(factory(machine("M1"), machine("M2"), pool, JOBS[0]), PLAN, repaired=schedule(PLAN.operations[0]))
    assert [(b.job, b.start) for b in layout.bars if b.kind == "operation"] == [("J1", 0), ("J2", 6)]
    assert [b.job for b in layout.bars if b.kind in ("held", "missing")] == ["J1", None]
