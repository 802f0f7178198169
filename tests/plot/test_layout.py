"""The layout: rows, bars, shading, flags, comparison; see small_factory.py for the figures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import at, factory, machine, schedule, simple_job
from small_factory import INSTANCE, MOVES, OPERATIONS, SCHEDULE, rescheduled, with_downtime

from scheduler.domain import (
    Calendar,
    Downtime,
    Execution,
    Facility,
    Instance,
    Job,
    Machine,
    Mode,
    Move,
    Operation,
    Schedule,
    ScheduledOperation,
    Shift,
    ShiftPattern,
)
from scheduler.domain.derive import complete
from scheduler.plot.lay_out import lay_out
from scheduler.plot.layout import Bar, Layout


def bars(layout: Layout, kind: str) -> list[Bar]:
    return [bar for bar in layout.bars if bar.kind == kind]


def placed(layout: Layout, kind: str) -> list[tuple[str, int, int]]:
    """Return (row id, start, end) of the bars of a kind."""
    return [(layout.rows[bar.row].id, bar.start, bar.end) for bar in bars(layout, kind)]


def test_rows_go_by_facility_then_cell_with_its_robots_and_the_lane_between_the_facilities() -> None:
    rows = lay_out(INSTANCE, SCHEDULE).rows
    assert [(row.kind, row.id) for row in rows] == [
        ("facility", "A"),
        ("machine", "saw"),
        ("cell", "welding"),
        ("machine", "S1"),
        ("machine", "S2"),
        ("robot", "r"),
        ("lane", "truck"),
        ("vehicle", "truck#1"),
        ("facility", "B"),
        ("machine", "oven"),
        ("due_dates", "due dates"),
        ("late_job", "X"),
    ]
    assert [row.top for row in rows[1:]] == [row.bottom for row in rows[:-1]]


def test_one_facility_without_cells_has_no_headers() -> None:
    instance = Instance("flat", (Facility("F"),), (Machine("M", "F"),), ())
    assert [row.kind for row in lay_out(instance, Schedule(())).rows] == ["machine"]


def test_operations_lie_on_their_machines_with_their_labels() -> None:
    layout = lay_out(INSTANCE, SCHEDULE)
    assert placed(layout, "operation") == [
        ("saw", 3, 13),
        ("S1", 17, 27),
        ("S2", 32, 37),
        ("oven", 51, 71),
        ("oven", 40, 60),
    ]
    assert [bar.label for bar in bars(layout, "operation")][:2] == ["X.cut", "X.weld"]


def test_overlapping_operations_of_a_capacity_2_machine_lie_in_sub_lanes() -> None:
    layout = lay_out(INSTANCE, SCHEDULE)
    oven = {bar.job: bar for bar in bars(layout, "operation") if layout.rows[bar.row].id == "oven"}
    # Y starts first and gets the first sub-lane.
    assert (oven["Y"].lane, oven["X"].lane, oven["X"].lanes) == (0, 1, 2)
    assert layout.span(oven["Y"])[1] <= layout.span(oven["X"])[0]


def test_occupation_before_and_after_processing() -> None:
    # S1: finished at 27, unloaded at 29; S2: put down from 31, finished at 37, unloaded at 38.
    assert placed(lay_out(INSTANCE, SCHEDULE), "occupied") == [("S1", 27, 29), ("S2", 31, 32), ("S2", 37, 38)]


def test_setups_lie_before_their_operation() -> None:
    assert placed(lay_out(INSTANCE, SCHEDULE), "setup") == [("saw", 0, 3)]


def test_moves_transfers_and_returns_lie_on_their_movers() -> None:
    layout = lay_out(INSTANCE, SCHEDULE)
    assert placed(layout, "robot_move") == [("r", 13, 17), ("r", 28, 32), ("r", 37, 41)]
    assert placed(layout, "transfer") == [("truck#1", 41, 51)]
    assert placed(layout, "return") == [("truck#1", 51, 57)]


def test_empty_moves_of_robots_are_not_returns() -> None:
    # Without the move in between, the robot goes from S1 (17) back to S2 in 2 ticks to pick up at 37.
    moves = [move for move in MOVES if move.start != 28]
    layout = lay_out(INSTANCE, complete(INSTANCE, OPERATIONS, moves))
    assert placed(layout, "empty_move") == [("r", 35, 37)]


def test_jobs_on_one_trip_share_the_height_of_the_row() -> None:
    also = Move("Y", "A", "B", "truck#1", "transfer", 41, 51, None, "bake")
    layout = lay_out(INSTANCE, complete(INSTANCE, OPERATIONS, (*MOVES, also)))
    assert [(bar.job, bar.lane, bar.lanes) for bar in bars(layout, "transfer")] == [("X", 0, 2), ("Y", 1, 2)]
    first, second = (layout.span(bar) for bar in bars(layout, "transfer"))
    assert first[1] <= second[0]


def test_lateness_is_marked_on_bars_and_in_rows_of_late_jobs() -> None:
    layout = lay_out(INSTANCE, SCHEDULE)
    # X is due at 60 and baked until 71; from its first start, 3, to its due date it is on time.
    assert placed(layout, "late") == [("oven", 60, 71)]
    assert placed(layout, "flow") == [("X", 3, 60)]
    assert placed(layout, "tardiness") == [("X", 60, 71)]
    assert [bar.label for bar in bars(layout, "tardiness")] == ["+11"]
    assert layout.num_late == 1


def test_only_the_latest_jobs_have_rows() -> None:
    # 15 jobs end at 10 and are due 1 to 15 ticks before, so job 14 is the latest.
    names = [f"J{number}" for number in range(15)]
    jobs = tuple(
        Job(name, (Operation("o", (Mode("M", 10),)),), due_date=9 - number) for number, name in enumerate(names)
    )
    machine = Machine("M", "F", capacity=15)
    schedule = Schedule(tuple(ScheduledOperation(name, "o", 0, "M", 0, 10) for name in names))
    rows = lay_out(Instance("late", (Facility("F"),), (machine,), jobs), schedule).rows
    assert [row.id for row in rows if row.kind == "late_job"] == names[:2:-1]
    assert next(row.label for row in rows if row.kind == "due_dates") == "due dates (latest 12 of 15)"


def test_due_dates_and_deadlines_are_flagged() -> None:
    flags = lay_out(INSTANCE, SCHEDULE).flags
    assert [(flag.kind, flag.job, flag.at, flag.is_late) for flag in flags] == [
        ("due_date", "X", 60, True),
        ("due_date", "Y", 70, False),
        ("deadline", "Y", 75, False),
    ]
    assert len({flag.level for flag in flags}) == 3


def test_far_due_dates_are_counted_instead_of_stretching_the_chart() -> None:
    # 71 ticks are shown; a quarter more is 88.
    jobs = (INSTANCE.jobs[0], replace(INSTANCE.jobs[1], due_date=89))
    layout = lay_out(replace(INSTANCE, jobs=jobs), SCHEDULE)
    assert layout.num_hidden_flags == 1
    assert layout.end == 76


def test_interruptible_operations_pause_in_downtimes() -> None:
    instance = with_downtime("saw", Downtime(6, 9, "maintenance"))
    cut = replace(INSTANCE.jobs[0].operations[0], interruptible=True)
    job = replace(INSTANCE.jobs[0], operations=(cut, *INSTANCE.jobs[0].operations[1:]))
    layout = lay_out(replace(instance, jobs=(job, INSTANCE.jobs[1])), rescheduled(instance, cut=(3, 16)))
    assert placed(layout, "operation")[:2] == [("saw", 3, 6), ("saw", 9, 16)]
    assert placed(layout, "pause") == [("saw", 6, 9)]
    # The label stands on the longer piece.
    assert [bar.label for bar in bars(layout, "operation")][:2] == ["", "X.cut"]


def test_shading_tells_off_shift_planned_downtime_and_breakdown_apart() -> None:
    calendar = Calendar(
        (Downtime(5, 8, "maintenance"), Downtime(20, 30, "breakdown")), ShiftPattern(50, (Shift(0, 40),))
    )
    machines = tuple(replace(m, calendar=calendar) if m.id == "saw" else m for m in INSTANCE.machines)
    layout = lay_out(replace(INSTANCE, machines=machines), SCHEDULE)
    found = [(s.kind, layout.rows[s.row].id, s.start, s.end) for s in layout.shades]
    assert found == [("off_shift", "saw", 40, 50), ("downtime", "saw", 5, 8), ("breakdown", "saw", 20, 30)]


def test_lane_downtimes_shade_every_vehicle() -> None:
    lane = replace(INSTANCE.lanes[0], vehicles=2, calendar=Calendar((Downtime(0, 9, "closed"),)))
    layout = lay_out(replace(INSTANCE, lanes=(lane,)), SCHEDULE)
    assert [layout.rows[shade.row].id for shade in layout.shades] == ["truck#1", "truck#2"]


def test_links_go_over_the_moves() -> None:
    layout = lay_out(INSTANCE, SCHEDULE, with_links=True)
    ways = [[tick for tick, _ in way] for way in layout.links]
    # cut -> weld over the robot, weld -> test over the robot, test -> bake over robot and truck.
    assert ways == [[13, 13, 17, 17], [27, 28, 32, 32], [37, 37, 41, 41, 51, 51]]
    assert lay_out(INSTANCE, SCHEDULE).links == ()


def test_colour_groups() -> None:
    assert lay_out(INSTANCE, SCHEDULE).groups == ("X", "Y")
    assert lay_out(INSTANCE, SCHEDULE, colour_by="setup_family").groups == ("blue", "no setup family")
    by_lateness = lay_out(INSTANCE, SCHEDULE, colour_by="lateness")
    assert {(bar.job, bar.group) for bar in bars(by_lateness, "operation")} == {("X", "late"), ("Y", "on time")}


# Comparison: bake of X moves from the oven (51-71) to a second oven (53-73), weld is 2 later, Y stays.

SECOND_OVEN = replace(INSTANCE, machines=(*INSTANCE.machines, Machine("oven 2", "B")))


def repaired() -> Schedule:
    later = rescheduled(INSTANCE, weld=(19, 29), bake=(53, 73))
    operations = [replace(o, machine="oven 2") if o.key == ("X", "bake") else o for o in later.operations]
    return complete(INSTANCE, operations, MOVES)


def test_repair_shows_what_became_of_each_operation_in_both_panels() -> None:
    expected = {
        ("X", "cut"): "unchanged",
        ("X", "weld"): "moved",
        ("X", "test"): "unchanged",
        ("X", "bake"): "reassigned",
        ("Y", "bake"): "unchanged",
    }
    after = lay_out(SECOND_OVEN, repaired(), baseline=SCHEDULE)
    before = lay_out(SECOND_OVEN, SCHEDULE, repaired=repaired())
    for layout in (before, after):
        assert {(bar.job, bar.operation): bar.change for bar in bars(layout, "operation")} == expected
    assert (before.start, before.end) == (after.start, after.end)


def test_ghosts_stand_at_the_old_positions_below_the_bars() -> None:
    layout = lay_out(SECOND_OVEN, repaired(), baseline=SCHEDULE)
    assert placed(layout, "ghost") == [("S1", 17, 27), ("oven", 51, 71)]
    weld = next(bar for bar in bars(layout, "operation") if bar.operation == "weld")
    assert layout.span(weld)[1] < layout.span(bars(layout, "ghost")[0])[0]
    assert bars(lay_out(SECOND_OVEN, SCHEDULE, repaired=repaired()), "ghost") == []


def test_arrow_leads_from_the_ghost_to_the_other_machine() -> None:
    layout = lay_out(SECOND_OVEN, repaired(), baseline=SCHEDULE)
    [(old_at, old_y, new_at, new_y)] = layout.arrows
    rows = {row.id: row for row in layout.rows}
    assert (old_at, new_at) == (61.0, 63.0)
    assert rows["oven"].top < old_y < rows["oven"].bottom
    assert rows["oven 2"].top < new_y < rows["oven 2"].bottom


def test_new_and_cancelled_jobs() -> None:
    # The repaired instance has lost Y and got Z; colours keep the order of the baseline.
    jobs = (INSTANCE.jobs[0], Job("Z", (Operation("bake", (Mode("oven", 5),)),)))
    instance = replace(INSTANCE, jobs=jobs)
    operations = [*OPERATIONS[:4], ScheduledOperation("Z", "bake", 0, "oven", 45, 50)]
    after_schedule = complete(instance, operations, MOVES)
    after = lay_out(instance, after_schedule, baseline=SCHEDULE)
    before = lay_out(instance, SCHEDULE, repaired=after_schedule)
    assert next(bar for bar in bars(after, "operation") if bar.job == "Z").change == "new"
    assert next(bar for bar in bars(before, "operation") if bar.job == "Y").change == "cancelled"
    assert after.groups == before.groups == ("X", "Y", "Z")
    # The repaired schedule alone keeps them too.
    executed = replace(instance, execution=Execution(20, SCHEDULE))
    assert lay_out(executed, after_schedule).groups == ("X", "Y", "Z")


def test_aborted_work_is_shown_in_the_repair_only() -> None:
    # The weld was lost at 20 and done again from 40 to 50.
    lost = ScheduledOperation("X", "weld", 0, "S1", 17, 20)
    instance = replace(INSTANCE, execution=Execution(20, SCHEDULE, aborted=(lost,)))
    again = rescheduled(INSTANCE, weld=(40, 50))
    assert placed(lay_out(instance, again, baseline=SCHEDULE), "aborted") == [("S1", 17, 20)]
    assert bars(lay_out(instance, SCHEDULE, repaired=again), "aborted") == []


def test_a_part_that_stayed_on_its_station_keeps_one_sub_lane() -> None:
    # On S2 the part is put down at 31 and holds the station until it is unloaded after the repeated test.
    lost = ScheduledOperation("X", "test", 0, "S2", 32, 34)
    instance = replace(INSTANCE, execution=Execution(34, SCHEDULE, aborted=(lost,)))
    layout = lay_out(instance, rescheduled(INSTANCE, test=(45, 50)), baseline=SCHEDULE)
    assert {row.lanes for row in layout.rows if row.id == "S2"} == {1}
    assert placed(layout, "aborted") == [("S2", 32, 34)]
    assert ("S2", 31, 45) in placed(layout, "occupied")


@pytest.mark.parametrize("reason", ["breakdown", "outage", "maintenance+cell stop", "maintenance"])
def test_baseline_of_a_resumed_operation_has_no_pause_in_the_breakdown(reason: str) -> None:
    # The weld, 17-27, pauses in the breakdown 20-30 and ends at 37; before, it didn't pause.
    instance = with_downtime("S1", Downtime(20, 30, reason))
    weld = replace(INSTANCE.jobs[0].operations[1], interruptible=True)
    first, *rest = INSTANCE.jobs[0].operations
    job = replace(INSTANCE.jobs[0], operations=(first, weld, *rest[1:]))
    instance = replace(instance, jobs=(job, INSTANCE.jobs[1]), execution=Execution(20, SCHEDULE))
    resumed = rescheduled(instance, weld=(17, 37))
    assert placed(lay_out(instance, resumed, baseline=SCHEDULE), "pause") == [("S1", 20, 30)]
    before = lay_out(instance, SCHEDULE, repaired=resumed)
    assert bars(before, "pause") == []
    assert ("S1", 17, 27) in placed(before, "operation")


def test_empty_schedule_and_late_start() -> None:
    assert lay_out(INSTANCE, Schedule(())).bars == ()
    operation = ScheduledOperation("Y", "bake", 0, "oven", 1000, 1020)
    layout = lay_out(replace(INSTANCE, jobs=()), Schedule((operation,)))
    # The chart starts where something happens, not 1000 empty ticks before.
    assert layout.start == 1000


def test_the_way_of_highlighted_jobs_is_drawn_and_all_else_is_pale() -> None:
    instance = factory(machine("M"), machine("N"), simple_job("A", ("M", 2), ("N", 3)), simple_job("B", ("N", 1)))
    plan = schedule(at("A.1", "M", 0, 2), at("A.2", "N", 2, 5), at("B.1", "N", 0, 1))
    layout = lay_out(instance, plan, highlight=("A",))
    assert {bar.job: bar.look for bar in layout.bars if bar.kind == "operation"} == {"A": None, "B": "unchanged"}
    assert [way[0][0] for way in layout.links] == [2]  # from the end of A.1 on
    assert not any(bar.is_pale for bar in lay_out(instance, plan).bars)
