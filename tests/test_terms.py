"""Values of the objective terms on schedules that can be added up by hand."""

from __future__ import annotations

from dataclasses import replace

from helpers import at, carry, executed, factory, machine, schedule, setup, simple_job, transfer

from scheduler.domain import Instance, Lane, Schedule
from scheduler.domain.objective import TERM_NAMES
from scheduler.terms import TERMS, value_terms, void_terms

SHOP = factory(
    machine("M1"),
    machine("M2"),
    simple_job("J1", ("M1", 3), ("M2", 4), release_date=1, due_date=6, weight=5),  # completed at 9: 3 late
    simple_job("J2", ("M1", 2), due_date=4, weight=2),  # completed at 6: 2 late
    simple_job("J3", ("M2", 2), due_date=2),  # completed at 2: in time
    simple_job("J4", ("M1", 5)),  # no due date
)
PLAN = schedule(
    *(at("J1.1", "M1", 1, 4), at("J1.2", "M2", 5, 9), at("J2.1", "M1", 4, 6)),
    *(at("J3.1", "M2", 0, 2), at("J4.1", "M1", 6, 11)),
)


def test_every_term_of_the_language_has_a_value():
    assert list(TERMS) == list(TERM_NAMES)
    assert list(value_terms(SHOP, PLAN)) == list(TERM_NAMES)


def test_terms_of_completion():
    terms = value_terms(SHOP, PLAN)
    assert terms["makespan"] == 11
    assert terms["total_tardiness"] == 3 + 2
    assert terms["weighted_tardiness"] == 5 * 3 + 2 * 2
    assert terms["maximum_tardiness"] == 3
    assert terms["number_tardy"] == 2
    assert terms["flow_time"] == (9 - 1) + 6 + 2 + 11


def test_the_way_out_belongs_to_the_completion():
    # A robot takes J3 away until 8, 6 after its due date.
    terms = value_terms(SHOP, schedule(*PLAN.operations, carry("J3 1>", "M2>OUT", "R", 4, 8)))
    assert terms["maximum_tardiness"] == 6


def test_terms_that_are_zero_whatever_is_planned(complete_instance: Instance, complete_schedule: Schedule):
    voids = void_terms(complete_instance)
    values = value_terms(complete_instance, complete_schedule)
    assert not any(values[name] for name in voids)
    bare = replace(complete_instance, jobs=tuple(replace(job, due_date=None) for job in complete_instance.jobs))
    tardiness = {"total_tardiness", "weighted_tardiness", "maximum_tardiness", "number_tardy"}
    assert void_terms(bare) == voids | tardiness
    assert "makespan" not in voids and "flow_time" not in voids


def test_nothing_scheduled():
    assert set(value_terms(SHOP, schedule()).values()) == {0}


def test_setup_time_is_the_length_of_all_setups():
    both = setup("J2.1", "M1", "a>b", 1, 4), setup("J4.1", "M1", "b>a", 6, 8)
    assert value_terms(SHOP, schedule(*PLAN.operations, *both))["setup_time"] == 3 + 2


def test_transfers_that_depart_together_are_one_trip():
    # At 0 one trip of two jobs and another vehicle's trip, at 9 a third one.
    trips = (
        *(transfer("J1 1>2", "F>G", "L#1", 0, 5), transfer("J2 1>2", "F>G", "L#1", 0, 5)),
        *(transfer("J3 1>2", "F>G", "L#2", 0, 5), transfer("J4 1>2", "F>G", "L#1", 9, 14)),
    )
    assert value_terms(SHOP, schedule(*trips))["transfer_count"] == 3


def test_trips_and_units_cost():
    # A trip of J1 (1 unit) and J2 (3 units), and one of J1: two trips at 10, 1 + 3 + 1 units at 4.
    lane = Lane("L", "F", "G", 5, units_per_vehicle=4, trip_cost=10, unit_cost=4, trip_co2=7)
    instance = factory(lane, simple_job("J1", ("M1", 3)), simple_job("J2", ("M1", 3), units=3))
    together = transfer("J1 1>2", "F>G", "L#1", 0, 5), transfer("J2 1>2", "F>G", "L#1", 0, 5)
    terms = value_terms(instance, schedule(*together, transfer("J1 2>3", "F>G", "L#1", 9, 14)))
    assert terms["transfer_cost"] == 2 * 10 + (1 + 3 + 1) * 4
    assert terms["transfer_co2"] == 2 * 7


def test_complete_instance(complete_instance: Instance, complete_schedule: Schedule):
    # J1 43 (due 40, weight 2), J2 47 (due 50), J3 24 (due 20), J4 46, J5 15; released at 0, 2, 0, 10, 0.
    assert value_terms(complete_instance, complete_schedule) == {
        "makespan": 47,
        "total_tardiness": 3 + 4,
        "weighted_tardiness": 2 * 3 + 4,
        "maximum_tardiness": 4,
        "number_tardy": 2,
        "flow_time": 43 + 45 + 24 + 36 + 15,
        "cycle_time": 0,
        "setup_time": 2 + 3,
        "transfer_count": 2,
        "transfer_cost": 0,
        "transfer_co2": 0,
        "start_deviation": 0,
        "reassignments": 0,
        "sequence_changes": 0,
        "promised_tardiness": 0,
    }


# --- stability ---------------------------------------------------------------------------------------------------

# On M1: a [0, 2), b [2, 4), c [4, 6), d [6, 8); on M2: e [0, 5).
ROW = factory(machine("M1"), machine("M2"), *(simple_job(j, ("M1", 2)) for j in "abcd"), simple_job("e", ("M2", 5)))
BEFORE = schedule(*(at(f"{j}.1", "M1", 2 * n, 2 * n + 2) for n, j in enumerate("abcd")), at("e.1", "M2", 0, 5))


def stability(now: int, after: Schedule, instance: Instance = ROW) -> tuple[int, int, int]:
    """Start deviation, reassignments and sequence changes against `BEFORE`."""
    terms = value_terms(executed(instance, BEFORE, now), after)
    return terms["start_deviation"], terms["reassignments"], terms["sequence_changes"]


def order(*starts: tuple[str, str, int]) -> Schedule:
    return schedule(*(at(f"{j}.1", m, start, start + 2) for j, m, start in starts), at("e.1", "M2", 0, 5))


def test_no_change():
    assert stability(0, BEFORE) == (0, 0, 0)


def test_without_execution_there_is_no_baseline():
    later = order(("a", "M1", 50), ("b", "M1", 60), ("c", "M1", 70), ("d", "M1", 80))
    assert {value_terms(ROW, later)[name] for name in ("start_deviation", "reassignments", "sequence_changes")} == {0}


def test_shift_of_the_pending():
    # At 4, a and b are past: their starts don't count. c is 3 later, d 5 later; the order is the same.
    assert stability(4, order(("a", "M1", 0), ("b", "M1", 2), ("c", "M1", 7), ("d", "M1", 11))) == (3 + 5, 0, 0)


def test_swap():
    # d before c: of the neighbours ab, bc, cd only cd is turned round; b still precedes c though not directly.
    assert stability(4, order(("a", "M1", 0), ("b", "M1", 2), ("d", "M1", 4), ("c", "M1", 6))) == (2 + 2, 0, 1)


def test_operation_inserted_between_neighbours_changes_nothing():
    # e.1 moves to M1 between b and c: one reassignment, 6 later; c and d go back by 5.
    moved = schedule(
        *(at("a.1", "M1", 0, 2), at("b.1", "M1", 2, 4), at("e.1", "M1", 6, 11)),
        *(at("c.1", "M1", 11, 13), at("d.1", "M1", 13, 15)),
    )
    assert stability(0, moved) == (6 + 7 + 7, 1, 0)


def test_move_to_another_machine():
    # c goes to M2 at the same time: the neighbours bc and cd are no longer both on M1.
    assert stability(4, order(("a", "M1", 0), ("b", "M1", 2), ("c", "M2", 5), ("d", "M1", 6))) == (1, 1, 2)


def test_neighbours_that_move_together_are_a_change():
    # The order counts on the machine of the baseline: c and d are in order, but on M2; bc is broken as well.
    assert stability(4, order(("a", "M1", 0), ("b", "M1", 2), ("c", "M2", 5), ("d", "M2", 7))) == (1 + 1, 2, 2)


def test_past_neighbours_do_not_count():
    # At 3, b has started: the pair ab is history, whatever a schedule claims.
    claimed = order(("b", "M1", 0), ("a", "M1", 2), ("c", "M1", 4), ("d", "M1", 6))
    assert stability(3, claimed) == (0, 0, 0)
    # At 2, b is pending, and starts 2 earlier than in the baseline.
    assert stability(2, claimed) == (2, 0, 1)


def test_cancelled_job():
    # Without c neither bc nor cd is a pair; b and d are not compared.
    without_c = replace(ROW, jobs=tuple(j for j in ROW.jobs if j.id != "c"))
    assert stability(2, order(("a", "M1", 0), ("d", "M1", 2), ("b", "M1", 4)), without_c) == (4 + 2, 0, 0)
