"""The checker as a whole: it passes what is right, flags every single slip, and never falls over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import helpers
import pytest
from helpers import at, carry, empty, executed, factory, machine, simple_job
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.checker import check, recompute, require
from scheduler.constraints import RULES
from scheduler.domain import Execution, Instance, Move, Objective, Schedule, ScheduledOperation, Setup
from scheduler.errors import UncheckedScheduleError

SECOND_PLAN, FIRST_PLAN = helpers.complete_schedule(), helpers.complete_schedule_of_first_plan()
FACTORY = helpers.complete_instance()
PINS = tuple(o for o in SECOND_PLAN.operations if o.key == ("J1", "3"))

RIGHT: dict[str, tuple[Instance, Schedule]] = {
    "second plan": (FACTORY, SECOND_PLAN),
    "first plan": (FACTORY, FIRST_PLAN),
    "at 13, a setup under way": (executed(FACTORY, SECOND_PLAN, 13), SECOND_PLAN),
    "at 21, with a pin": (executed(FACTORY, SECOND_PLAN, 21, pins=PINS), SECOND_PLAN),
    "at 24, an empty move under way": (executed(FACTORY, FIRST_PLAN, 24), FIRST_PLAN),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_schedules_pass(name: str):
    helpers.assert_valid(*RIGHT[name])
    require(*RIGHT[name])


def test_every_rule_applies_to_the_factory_with_every_feature():
    instance, _ = RIGHT["at 21, with a pin"]
    # A cyclic factory has no calendars, dates, batteries or past; a fleet with batteries has no limited parking.
    assert [rule.name for rule in RULES if not rule.applies(instance)] == ["parking", "cycles"]


def test_rules_that_speak_of_nothing_do_not_apply():
    plain = factory(machine("M1"), simple_job("J1", ("M1", 1)))
    assert [rule.name for rule in RULES if rule.applies(plain)] == ["plans", "modes", "capacity"]


# --- single slips ------------------------------------------------------------------------------------------------

Part = ScheduledOperation | Move | Setup
Slip = Callable[[Schedule], Schedule]


def change(wanted: Callable[[Any], bool], edit: Callable[[Any], tuple[Part, ...]]) -> Slip:
    """Replace every part that is wanted by what `edit` makes of it; there has to be one."""

    def slip(schedule: Schedule) -> Schedule:
        parts = (*schedule.operations, *schedule.moves, *schedule.setups)
        assert any(wanted(part) for part in parts)
        return helpers.schedule(*(new for part in parts for new in (edit(part) if wanted(part) else (part,))))

    return slip


def add(*parts: Part) -> Slip:
    return lambda s: helpers.schedule(*s.operations, *s.moves, *s.setups, *parts)


def named(name: str) -> Callable[[Any], bool]:
    """Operation ``J1.2``."""
    return lambda part: isinstance(part, ScheduledOperation) and f"{part.job}.{part.operation}" == name


def moved(job: str | None, origin: str, destination: str, mover: str) -> Callable[[Any], bool]:
    """The move of this job (None: empty) by this mover."""
    key = (job, origin, destination, mover)
    return lambda p: isinstance(p, Move) and (p.job, p.origin, p.destination, p.mover) == key


def set_up(job: str) -> Callable[[Any], bool]:
    return lambda part: isinstance(part, Setup) and part.job == job


def shift(ticks: int) -> Callable[[Any], tuple[Part, ...]]:
    return lambda part: (replace(part, start=part.start + ticks, end=part.end + ticks),)


def lengthen(ticks: int) -> Callable[[Any], tuple[Part, ...]]:
    return lambda part: (replace(part, end=part.end + ticks),)


def with_fields(**fields: object) -> Callable[[Any], tuple[Part, ...]]:
    return lambda part: (replace(part, **fields),)


def drop(part: Part) -> tuple[Part, ...]:
    return ()


def twice(part: Part) -> tuple[Part, ...]:
    return (part, part)


def swap_machines(schedule: Schedule) -> Schedule:
    """J1.3 and J4.3 change machines: M3 and M4."""
    other = {"M3": "M4", "M4": "M3"}
    wanted = {("J1", "3"), ("J4", "3")}
    operations = (replace(o, machine=other[o.machine]) if o.key in wanted else o for o in schedule.operations)
    return replace(schedule, operations=tuple(operations))


def swap_times(schedule: Schedule) -> Schedule:
    """J3.1 and J3.2, of the families a and b, change places on M1: b in [2, 5), then a in [14, 18)."""
    times = {("J3", "1"): (14, 18), ("J3", "2"): (2, 5)}
    operations = []
    for operation in schedule.operations:
        start, end = times.get(operation.key, (operation.start, operation.end))
        operations.append(replace(operation, start=start, end=end))
    return replace(schedule, operations=tuple(operations))


TRIP_OF_J4 = moved("J4", "F1", "F2", "L#1")
SLIPS: dict[str, tuple[str, Slip]] = {
    # what is scheduled
    "drop an operation": ("plans", change(named("J3.2"), drop)),
    "schedule an operation twice": ("plans", change(named("J5.1"), twice)),
    "rename an operation": ("plans", change(named("J5.1"), with_fields(operation="9"))),
    "follow both plans": ("plans", add(at("J4.1", "M1", 60, 62), at("J4.2", "OV", 60, 68))),
    # modes
    "shorten an operation": ("modes", change(named("J3.3"), lengthen(-1))),
    "lengthen an interruptible operation": ("modes", change(named("J2.3"), lengthen(1))),
    "turn an operation round": ("modes", change(named("J3.3"), with_fields(start=24, end=18))),
    "swap two machines": ("modes", swap_machines),
    "take the other mode": ("modes", change(named("J1.3"), with_fields(mode=1))),
    "take a mode that does not exist": ("modes", change(named("J1.3"), with_fields(mode=7))),
    "take a machine that does not exist": ("modes", change(named("J1.3"), with_fields(machine="M9"))),
    # when operations run
    "start before the predecessor ends": ("precedence", change(named("J3.3"), shift(-1))),
    "exceed the maximum lag": ("precedence", change(named("J4.3"), shift(5))),
    "start before tick 0": ("time_windows", change(named("J3.1"), shift(-3))),
    "arrive before the release date": ("time_windows", change(moved("J2", "IN", "S1", "R1"), shift(-12))),
    "miss the deadline": ("time_windows", change(named("J4.3"), shift(20))),
    "overlap on a machine": ("capacity", change(named("J2.3"), shift(-1))),
    "load onto a station still taken": ("capacity", change(moved("J2", "IN", "S1", "R1"), shift(-9))),
    "run three parts in the oven": ("capacity", change(named("J3.3"), lambda o: (o, o, o))),
    "run in a downtime": ("calendars", change(named("J3.2"), shift(-4))),
    "end off shift": ("calendars", change(named("J1.3"), with_fields(end=38))),
    "start off shift": ("calendars", change(named("J1.3"), with_fields(start=37))),
    # setups
    "drop a setup": ("setups", change(set_up("J3"), drop)),
    "shorten a setup": ("setups", change(set_up("J3"), lengthen(-1))),
    "shift a setup": ("setups", change(set_up("J3"), shift(1))),
    "set up twice": ("setups", change(set_up("J3"), twice)),
    "set up to another family": ("setups", change(set_up("J3"), with_fields(to_family="c"))),
    "set up another machine": ("setups", change(set_up("J3"), with_fields(machine="M4"))),
    "leave no time for a setup": ("setups", swap_times),
    # moves
    "drop an arrival": ("moves", change(moved("J1", "IN", "S1", "R1"), drop)),
    "drop a departure": ("moves", change(moved("J5", "S3", "OUT", "R2"), drop)),
    "drop a transfer": ("moves", change(TRIP_OF_J4, drop)),
    "move twice": ("moves", change(moved("J1", "S1", "S2", "R1"), twice)),
    "shorten a move": ("moves", change(moved("J1", "S1", "S2", "R1"), lengthen(-1))),
    "shorten a transfer": ("moves", change(TRIP_OF_J4, lengthen(-1))),
    "fetch a part before it is ready": ("moves", change(moved("J1", "S1", "S2", "R1"), shift(-1))),
    "work before the part is there": ("moves", change(moved("J5", "IN", "S3", "R2"), shift(1))),
    "carry another job's part": ("moves", change(moved("J5", "IN", "S3", "R2"), with_fields(job="J1"))),
    "let a robot be a vehicle": ("moves", change(TRIP_OF_J4, with_fields(mover="R2"))),
    "use a mover that does not exist": ("moves", change(TRIP_OF_J4, with_fields(mover="L#2"))),
    "bring to another station": ("moves", change(moved("J5", "IN", "S3", "R2"), with_fields(destination="S2"))),
    # robots
    "let the other robot move": ("movers", change(moved("J1", "S2", "OUT", "R1"), with_fields(mover="R2"))),
    "carry in a downtime": ("movers", change(moved("J2", "S1", "OUT", "R1"), shift(1))),
    "drop an empty move": ("movers", change(moved(None, "S2", "IN", "R1"), drop)),
    "shorten an empty move": ("movers", change(moved(None, "S2", "IN", "R1"), lengthen(-1))),
    "shift an empty move": ("movers", change(moved(None, "S2", "IN", "R1"), shift(1))),
    "travel elsewhere": ("movers", change(moved(None, "S2", "IN", "R1"), with_fields(destination="OUT"))),
    "travel for nothing": ("movers", add(empty("OUT>IN", "R1", 40, 42))),
    # R2, which has two grippers and tends S3
    "drop the way from the start place": ("visits", change(moved(None, "OUT", "IN", "R2"), drop)),
    "travel with two grippers for nothing": ("visits", add(empty("OUT>IN", "R2", 40, 42))),
    "tend before the part is there": ("visits", change(named("J5.1"), shift(-1))),
    "let nobody tend": ("tending", change(named("J5.1"), with_fields(tended_by=None))),
    "let a robot tend what it does not reach": ("tending", change(named("J1.2"), with_fields(tended_by="R2"))),
    # transfers
    "depart before the return": ("transfers", change(TRIP_OF_J4, shift(-2))),
    "overload a trip": ("transfers", change(TRIP_OF_J4, with_fields(start=29, end=34))),
    "depart in a downtime of the lane": ("transfers", change(moved("J1", "F1", "F2", "L#1"), shift(-6))),
    "drop a return": ("transfers", change(moved(None, "F2", "F1", "L#1"), drop)),
    "shorten a return": ("transfers", change(moved(None, "F2", "F1", "L#1"), lengthen(-1))),
    "return before the arrival": ("transfers", change(moved(None, "F2", "F1", "L#1"), shift(-1))),
    # operators: J3.3 holds one of two, J4.3 both
    "hold too many operators": ("operators", change(named("J3.3"), shift(20))),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("name", RIGHT)
def test_every_slip_is_flagged_by_its_rule(name: str, slip: str):
    instance, schedule = RIGHT[name]
    rule, change_schedule = SLIPS[slip]
    found = check(instance, change_schedule(schedule))
    assert rule in {violation.rule for violation in found}
    assert all(violation.amount > 0 and violation.where and violation.detail for violation in found)


PAST_SLIPS: dict[str, Slip] = {
    "move the past": change(named("J5.1"), shift(1)),
    "stop what is running": change(named("J2.2"), drop),
    "do it on another machine": change(named("J1.1"), with_fields(mode=1, machine="S2")),
    "forget a move": change(moved("J5", "IN", "S3", "R2"), drop),
    "move a move under way": change(moved("J1", "S2", "OUT", "R1"), shift(1)),
    "start before now": change(named("J4.3"), with_fields(start=20, end=23)),
    "fetch before now": change(moved("J2", "S1", "OUT", "R1"), with_fields(start=20, end=24)),
    "move a pin": change(named("J1.3"), with_fields(start=40, end=45)),
}


@pytest.mark.parametrize("slip", PAST_SLIPS)
def test_every_slip_in_the_past_is_flagged(slip: str):
    instance, schedule = RIGHT["at 21, with a pin"]
    found = check(instance, PAST_SLIPS[slip](schedule))
    assert "execution" in {violation.rule for violation in found}


def test_slips_do_not_hide_one_another():
    # Three slips in three places: each is flagged as it is alone.
    instance, schedule = RIGHT["second plan"]
    slips = [SLIPS[name][1] for name in ("drop a setup", "drop a return", "shorten a move")]
    alone = {violation for slip in slips for violation in check(instance, slip(schedule))}
    for slip in slips:
        schedule = slip(schedule)
    assert set(check(instance, schedule)) == alone
    assert {violation.rule for violation in alone} == {"setups", "transfers", "moves"}


def test_violations_come_in_the_order_of_the_rules():
    instance, schedule = RIGHT["at 21, with a pin"]
    found = check(instance, SLIPS["start before tick 0"][1](schedule))
    order = [rule.name for rule in RULES]
    assert [v.rule for v in found] == sorted((v.rule for v in found), key=order.index)
    assert found == check(instance, SLIPS["start before tick 0"][1](schedule))


# --- anything may come in a file ---------------------------------------------------------------------------------

JOBS, OPERATIONS = st.sampled_from(["J1", "J2", "J3", "J4", "J5", "J9", ""]), st.sampled_from(["1", "2", "3", "9"])
PLACES = st.sampled_from(["S1", "S2", "S3", "M1", "OV", "M3", "M4", "IN", "OUT", "F1", "F2", "X9"])
MOVERS = st.sampled_from(["R1", "R2", "L#1", "L#2", "M1", "X9"])
TICKS = st.integers(-10, 70) | st.sampled_from([-(10**12), 10**12])
FAMILIES = st.sampled_from(["a", "b", "c"])
KINDS = st.sampled_from(["robot_move", "empty_move", "transport", "transfer"])
MAYBE = st.none() | OPERATIONS
SCHEDULED = st.builds(ScheduledOperation, JOBS, OPERATIONS, st.integers(-2, 3), PLACES, TICKS, TICKS)
MOVES = st.builds(Move, st.none() | JOBS, PLACES, PLACES, MOVERS, KINDS, TICKS, TICKS, MAYBE, MAYBE)
SETUPS = st.builds(Setup, PLACES, JOBS, OPERATIONS, FAMILIES, FAMILIES, TICKS, TICKS)
ANYTHING = st.builds(
    Schedule,
    *(st.lists(parts, max_size=12).map(tuple) for parts in (SCHEDULED, MOVES, SETUPS)),
)


@settings(max_examples=150, deadline=None)
@given(ANYTHING, st.sampled_from(list(RIGHT)))
def test_any_schedule_is_checked_without_falling_over(schedule: Schedule, name: str):
    # Nothing that is made up can be right: twelve parts are too few for the whole factory.
    found = check(RIGHT[name][0], schedule)
    assert found
    assert all(violation.amount > 0 for violation in found)


@settings(max_examples=50, deadline=None)
@given(ANYTHING, st.integers(0, 60))
def test_any_baseline_is_survived(baseline: Schedule, now: int):
    execution = Execution(now, baseline, pins=baseline.operations[:2], moves=baseline.moves[:2])
    instance = replace(FACTORY, execution=execution)
    assert all(violation.amount > 0 for violation in check(instance, SECOND_PLAN))


# --- require and recompute ---------------------------------------------------------------------------------------


def test_require_lists_the_violations():
    late = SLIPS["drop a return"][1](SECOND_PLAN)
    with pytest.raises(
        UncheckedScheduleError, match="schedule for test has 2 violations\n  transfers: L#1: the return"
    ):
        require(FACTORY, late)


def test_require_lists_only_the_first_violations():
    with pytest.raises(UncheckedScheduleError, match=r"has 12 violations\n(  plans.*\n){10}  and 2 more"):
        require(FACTORY, helpers.schedule())


def test_one_violation_is_singular():
    with pytest.raises(UncheckedScheduleError, match="has 1 violation\n"):
        require(factory(machine("M1"), simple_job("J1", ("M1", 1))), helpers.schedule())


def test_detail_carries_the_figures():
    shop = factory(machine("M1"), machine("M2"), simple_job("J1", ("M1", 3), ("M2", 2)))
    (violation,) = check(shop, helpers.schedule(at("J1.1", "M1", 0, 3), at("J1.2", "M2", 1, 3)))
    assert str(violation) == "precedence: J1.1 -> J1.2: needs 0 between end 3 and start 1, has -2"


def test_things_the_instance_has_nothing_of_are_flagged():
    # No cell, no lane, no setups: the rules do not apply, and are asked all the same.
    shop = factory(machine("M1"), simple_job("J1", ("M1", 3)))
    parts = at("J1.1", "M1", 5, 8), carry("J1 >1", "IN>M1", "R1", 0, 4), helpers.setup("J1.1", "M1", "a>b", 4, 5)
    assert {v.rule for v in check(shop, helpers.schedule(*parts))} == {"moves", "setups"}


def test_recompute():
    # Total tardiness 3 + 4; makespan 47 and a fifth of 5 ticks of setup.
    objective = Objective.parse("total_tardiness > makespan + 0.2*setup_time")
    assert recompute(FACTORY, SECOND_PLAN, objective) == (Fraction(7), Fraction(48))
