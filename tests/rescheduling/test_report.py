"""The figures of a repair."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from helpers import at, schedule
from repair_cases import flow_shop, flow_shop_baseline, revised

from scheduler.domain import Schedule
from scheduler.domain.events import MachineBreakdown
from scheduler.rescheduling import Price, repair
from scheduler.rescheduling.report import compare


def test_the_figures_of_a_repair() -> None:
    # M1 breaks down at 1. Pending are J1.2 (3 -> 8), J2.1 (3 -> 8) and J2.2 (M2 at 7 -> M3 at 10).
    before = flow_shop()
    before = replace(before, jobs=(replace(before.jobs[0], due_date=7), replace(before.jobs[1], due_date=15)))
    after = revised(before, flow_shop_baseline(), 1, MachineBreakdown("E", 1, "M1", 6))
    repaired = schedule(
        at("J1.1", "M1", 0, 8), at("J1.2", "M2", 8, 12), at("J2.1", "M1", 8, 10), at("J2.2", "M3", 10, 15, mode=1)
    )
    report = compare(before, flow_shop_baseline(), after, repaired, 1)
    assert (report.operations_pending, report.operations_moved) == (3, 3)
    assert (report.total_deviation, report.max_deviation) == (13, 5)
    assert report.mean_deviation == 13 / 3
    assert (report.reassignments, report.sequence_changes) == (1, 1)  # J1.2, J2.2 were neighbours on M2
    assert (report.jobs_newly_late, report.jobs_no_longer_late) == (("J1",), ())
    assert (report.makespan_before, report.makespan_after, report.efficiency) == (10, 15, 50.0)
    assert str(report) == "\n".join(
        (
            "operations moved            3 of 3 pending",
            "start deviation             total 13, mean 4.3, max 5",
            "reassignments               1",
            "sequence changes            1",
            "operations new / cancelled  0 / 0",
            "jobs newly late             1: J1",
            "jobs no longer late         0",
            "match-up                    14 after the event",
            "touched                     jobs 2, machines 3, movers 0, facilities 1",
            "makespan                    10 -> 15 (efficiency 50.0 %)",
        )
    )


def test_nothing_moved_is_full_efficiency() -> None:
    after = revised(flow_shop(), flow_shop_baseline(), 1)
    report = compare(flow_shop(), flow_shop_baseline(), after, flow_shop_baseline(), 1)
    assert (report.operations_moved, report.total_deviation, report.mean_deviation) == (0, 0, 0.0)
    assert report.efficiency == 100.0


def test_operations_come_and_go() -> None:
    after = revised(flow_shop(), flow_shop_baseline(), 0)
    only_new = schedule(at("J9.1", "M1", 0, 3))
    report = compare(flow_shop(), flow_shop_baseline(), after, only_new, 0)
    assert (report.operations_new, report.operations_cancelled) == (1, 4)


def test_an_empty_schedule_has_figures_too() -> None:
    after = revised(flow_shop(), Schedule(()), 0)
    report = compare(flow_shop(), Schedule(()), after, Schedule(()), 0)
    assert (report.operations_pending, report.makespan_after, report.efficiency) == (0, 0, 100.0)


def test_a_report_is_json() -> None:
    after = revised(flow_shop(), flow_shop_baseline(), 1)
    report = compare(flow_shop(), flow_shop_baseline(), after, flow_shop_baseline(), 1)
    read = json.loads(json.dumps(report.as_json()))
    assert (read["match_up_time"], read["jobs_touched"], read["efficiency"]) == (0, [], 100.0)


# --- price of stability ------------------------------------------------------------------------------------------


def priced(policy: str, **how: object) -> Price | None:
    """Repair with M2 down during [1, 11): right shift J1.2 [11, 15), J2.2 [15, 18); J2.2 on M3 [5, 10) is free."""
    event = MachineBreakdown("E", 1, "M2", 11)
    found = repair(
        flow_shop(),
        flow_shop_baseline(),
        [event],
        policy=policy,
        time_limit=60,
        workers=1,
        price_of_stability=60,
        **how,  # type: ignore[arg-type]
    )
    assert found.report is not None
    assert found.report.as_json()["price"] == (
        None if found.report.price is None else {**asdict(found.report.price), "price": found.report.price.price}
    )
    return found.report.price


def test_the_price_of_stability() -> None:
    price = priced("right-shift")
    assert price == Price("makespan", 18.0, 15.0, True)
    assert price.price == 3 / 15
    assert str(price) == "20.0 % (makespan 18 instead of 15)"
    assert str(replace(price, is_proved=False)) == "20.0 % or more (makespan 18 instead of 15)"
    free = priced("reoptimise")
    assert free is not None
    assert (free.price, free.stable) == (0.0, 15.0)


def test_terms_of_stability_have_no_price() -> None:
    assert priced("right-shift", objective="start_deviation") is None
    price = priced("right-shift", objective="start_deviation > makespan + 9*reassignments")
    assert price == Price("makespan", 18.0, 15.0, True)


def test_a_price_above_nothing_is_no_share() -> None:
    assert Price("total_tardiness", 3, 0, True).price is None
    assert str(Price("total_tardiness", 3, 0, True)) == "- (total_tardiness 3 instead of 0)"
    assert Price("total_tardiness", 0, 0, True).price == 0
