"""Machines that are slow until a known tick: a tick before it is worth less work, in all engines."""

from __future__ import annotations

from itertools import product
from random import Random

import numpy as np
import pytest
from cpsat.fixing import fixed_status, hint_status
from helpers import assert_valid, at, constructed, down, factory, flagged, job, machine, mode, op, schedule, simple_job
from repair_cases import flow_shop, flow_shop_baseline, revised

from scheduler.domain import Instance, Objective, OperationKey, Schedule, Slowdown, Status
from scheduler.domain.events import (
    EarlyCompletion,
    MachineDegraded,
    MachineRestored,
    OperationStatus,
    Retraction,
    Revision,
    RushOrder,
    revise,
)
from scheduler.domain.events.archive import without_jobs
from scheduler.domain.happened import execution_of
from scheduler.domain.horizon import horizon
from scheduler.portfolio import solve
from scheduler.rescheduling.right_shift import right_shift
from scheduler.search.construct import construct
from scheduler.search.decode.engine import FactorySearch
from scheduler.search.tabu.arrays import why_unsupported
from scheduler.search.tabu.space import RestSpace, space_of
from scheduler.search.tabu.timing import time_all
from scheduler.search.tabu.weights import weigh

MAKESPAN = Objective.parse("makespan")


def shop(*, interruptible: bool = False, windows: tuple[tuple[int, int], ...] = ()) -> Instance:
    """J0 and J1 are done on M, in 2 and 4 ticks."""
    first, second = op("1", mode("M", 2)), op("1", mode("M", 4), interruptible=interruptible)
    return factory(machine("M", calendar=down(*windows)), job("J0", first), job("J1", second))


def plan(start: int, end: int) -> Schedule:
    """J0 comes first, J1 then."""
    return schedule(at("J0.1", "M", 0, 2), at("J1.1", "M", start, end))


SLOW = MachineDegraded("E", 1, "M", 50, until=8)
"""J0 has a tick left at 1, which takes two; then M has 5 ticks at half speed."""


def shop_plan(start: int, end: int) -> Schedule:
    return schedule(at("J0.1", "M", 0, 3), at("J1.1", "M", start, end))


# J1 begins at 3 and does 2.5 ticks of work by 8, the last 1.5 take 2; from 6 on it is 1 by 8, from 8 on it is as ever.
@pytest.mark.parametrize(("start", "end"), [(3, 10), (4, 10), (5, 11), (6, 11), (7, 12), (8, 12), (9, 13)])
def test_an_operation_ends_with_the_first_tick_after_which_its_work_is_done(start: int, end: int) -> None:
    after = revised(shop(), plan(2, 6), 1, SLOW)
    assert after.machine_by_id["M"].slowdowns == (Slowdown(1, None, 50, until=8),)
    assert_valid(after, shop_plan(start, end))
    assert hint_status(after, shop_plan(start, end)) is Status.FEASIBLE
    assert fixed_status(after, shop_plan(start, end)) is Status.FEASIBLE
    for other in (end - 1, end + 1):
        assert [(rule, where) for rule, where, _ in flagged(after, shop_plan(start, other))] == [("modes", "J1.1 on M")]
        assert fixed_status(after, shop_plan(start, other)) is Status.INFEASIBLE


def test_the_excess_is_in_ticks_of_work() -> None:
    after = revised(shop(), plan(2, 6), 1, SLOW)
    assert flagged(after, shop_plan(3, 7)) == [("modes", "J1.1 on M", 2)]
    assert flagged(after, shop_plan(8, 15)) == [("modes", "J1.1 on M", 3)]


@pytest.mark.parametrize(
    ("interruptible", "windows", "start", "end"),
    [
        # It would be cut at 9, where it has done 3; from 8 on at 12, where there is no work any more.
        (False, ((9, 10),), 10, 14),
        (True, ((9, 10),), 3, 11),
        # One tick less of half speed: 2 by 8, and 2 after it.
        (True, ((4, 5),), 3, 10),
        (False, ((4, 5),), 5, 11),
        (False, ((4, 5), (10, 12)), 12, 16),
        (True, ((3, 20),), 20, 24),
    ],
)
def test_downtimes(interruptible: bool, windows: tuple[tuple[int, int], ...], start: int, end: int) -> None:
    instance = shop(interruptible=interruptible, windows=windows)
    after = revised(instance, plan(30, 34), 1, SLOW)
    best = right_shift(after, plan(2, 6))
    assert best == shop_plan(start, end)
    assert constructed(after, "makespan") == shop_plan(start, end)
    assert_valid(after, best)
    assert hint_status(after, best) is fixed_status(after, best) is Status.FEASIBLE
    for wrong in ((start - 1, end), (start, end - 1), (start, end + 1)):
        assert flagged(after, shop_plan(*wrong)) != []
        assert fixed_status(after, shop_plan(*wrong)) is Status.INFEASIBLE


def test_what_is_moved_before_the_tick_is_slow_and_what_comes_later_is_not() -> None:
    # M2 is slow for [5, 9). J2.2 is planned at 9; when J1 is cancelled it goes there at 5.
    after = revised(flow_shop(), flow_shop_baseline(), 5, MachineDegraded("E", 5, "M2", 50, until=9))
    result = right_shift(after, flow_shop_baseline())
    assert result is not None
    # J1.2 [3, 7) has two ticks left at 5: [3, 9). J2.2 then takes 3 ticks.
    assert [(o.start, o.end) for o in result.by_machine["M2"]] == [(3, 9), (9, 12)]
    early = schedule(at("J1.1", "M1", 0, 3), at("J2.1", "M1", 3, 5), at("J2.2", "M2", 5, 10), at("J1.2", "M2", 10, 14))
    before = schedule(at("J1.1", "M1", 0, 3), at("J2.1", "M1", 3, 5), at("J1.2", "M2", 9, 13), at("J2.2", "M2", 13, 16))
    assert_valid(revised(flow_shop(), before, 5, MachineDegraded("E", 5, "M2", 50, until=9)), early)


def hand_case() -> tuple[Instance, Schedule]:
    """Three jobs of 4 ticks on M or 6 on N; M is at half speed during [2, 10).

    In 13 ticks M does 4 + 3 of work from 2 on, one job, and N 11, one job. In 14 ticks they do two each: one goes on M
    slowly, one on N, and the third on either when that is free, on M from 10 on at the usual speed.
    """
    jobs = tuple(job(f"J{n}", op("1", mode("M", 4), mode("N", 6))) for n in range(3))
    instance = factory(machine("M"), machine("N"), *jobs)
    plan = schedule(*(at(f"J{n}.1", "M", 2 + 4 * n, 6 + 4 * n) for n in range(3)))
    return revised(instance, plan, 2, MachineDegraded("E", 2, "M", 50, until=10)), plan


def test_some_go_before_the_tick_slowly_some_after_it_and_some_elsewhere() -> None:
    after, plan = hand_case()
    assert [(o.start, o.end) for o in right_shift(after, plan).by_machine["M"]] == [(2, 10), (10, 14), (14, 18)]
    found = constructed(after, "makespan")
    assert found is not None
    assert_valid(after, found)
    assert found.makespan == 14
    assert horizon(after) >= 14


def test_the_optimum_by_hand_is_found_and_proved_by_solve() -> None:
    after, plan = hand_case()
    assert why_unsupported(after) is None
    result = solve(after, objective="makespan", start=right_shift(after, plan), time_limit=20, workers=1)
    assert (result.values, result.status) == ((14,), Status.OPTIMAL)
    assert_valid(after, result.schedule)


def test_a_faster_machine_is_not_bounded_by_its_usual_speed() -> None:
    # At twice the speed until 6: J1 takes 2 ticks, J2 too; together [2, 6).
    instance = factory(machine("M"), simple_job("J1", ("M", 4)), simple_job("J2", ("M", 4)))
    plan = schedule(at("J1.1", "M", 2, 6), at("J2.1", "M", 6, 10))
    after = revised(instance, plan, 2, MachineDegraded("E", 2, "M", 200, until=6))
    found = constructed(after, "makespan")
    assert found is not None
    assert found.makespan == 6
    assert hint_status(after, found) is Status.FEASIBLE
    result = solve(after, objective="makespan", time_limit=20, workers=1)
    assert (result.values, result.status) == ((6,), Status.OPTIMAL)


def test_speed_that_is_over_counts_no_more_in_the_model() -> None:
    # J0 does 1 by 1, and the other 2 by 3, at 150 percent; from 4 on M is as fast as ever.
    instance = factory(machine("M"), simple_job("J0", ("M", 3)), simple_job("J1", ("M", 3)))
    plan = schedule(at("J0.1", "M", 0, 3), at("J1.1", "M", 8, 11))
    first = revised(instance, plan, 1, MachineDegraded("E", 1, "M", 150, until=4))
    over = revise(first, Revision(6, 0, (), plan))
    assert over.machine_by_id["M"].tempo.is_over(6)
    assert_valid(over, plan)
    assert hint_status(over, plan) is fixed_status(over, plan) is Status.FEASIBLE
    assert fixed_status(over, schedule(at("J0.1", "M", 0, 3), at("J1.1", "M", 8, 10))) is Status.INFEASIBLE


# --- events ------------------------------------------------------------------------------------------------------


def test_a_slowdown_is_ended_corrected_and_over_at_its_tick() -> None:
    first = revised(shop(), plan(2, 6), 1, SLOW)
    result = right_shift(first, plan(2, 6))
    assert result == shop_plan(3, 10)
    for event in (Retraction("R", 4, supersedes="E"), MachineRestored("R", 4, "M")):
        # J1 has done half a tick by 4, and ends at 8: 3.5 are left.
        ended = revise(first, Revision(4, 0, (event,), result))
        assert ended.machine_by_id["M"].slowdowns == (Slowdown(1, 4, 50, until=8),)
        assert right_shift(ended, result) == shop_plan(3, 8)
    longer = revise(first, Revision(4, 0, (MachineDegraded("F", 4, "M", 50, until=20, supersedes="E"),), result))
    assert right_shift(longer, result) == shop_plan(3, 11)
    over = revise(first, Revision(9, 0, (), result))
    assert over.machine_by_id["M"].slowdowns == (Slowdown(1, 9, 50, until=8),)
    assert right_shift(over, result) == result
    again = revise(first, Revision(1, 0, (Retraction("R", 1, supersedes="E"),), result))
    assert again.machine_by_id["M"].slowdowns == ()


def test_reports_say_how_long_it_took() -> None:
    first = revised(shop(), plan(2, 6), 1, SLOW)
    result = right_shift(first, plan(2, 6))
    assert result is not None
    done = revise(first, Revision(6, 0, (EarlyCompletion("F", 6, "J1", "1"),), result))
    # 1.5 ticks of work have been done in [3, 6), but it is what it is.
    assert_valid(done, right_shift(done, execution_of(done).baseline))
    assert hint_status(done, shop_plan(3, 6)) is fixed_status(done, shop_plan(3, 6)) is Status.FEASIBLE
    report = OperationStatus("F", 6, "J1", "1", "started", started_at=5)
    late = revise(first, Revision(6, 0, (report,), result))
    assert right_shift(late, execution_of(late).baseline) == shop_plan(5, 11)
    # It stands still during [6, 7), in which half a tick would have been done: counted as a whole one.
    pause = OperationStatus("F", 6, "J1", "1", "paused", until=7)
    paused = revise(first, Revision(6, 0, (pause,), result))
    assert right_shift(paused, execution_of(paused).baseline) == shop_plan(3, 11)


@pytest.mark.parametrize("remake", [None, "J1b"])
def test_a_part_that_is_scrapped_before_a_tick_of_work_was_done(remake: str | None) -> None:
    # At 30 % J0 ends at 5 and J1 has done 0.6 ticks of work by 7: the machine was taken for two.
    first = revised(shop(), plan(2, 6), 1, MachineDegraded("E", 1, "M", 30, until=20))
    result = right_shift(first, plan(2, 6))
    assert result is not None
    assert [(o.start, o.end) for o in result.operations] == [(0, 5), (5, 19)]
    scrap = OperationStatus("F", 7, "J1", "1", "scrapped", remake=remake)
    after = revise(first, Revision(7, 0, (scrap,), result))
    shifted = right_shift(after, execution_of(after).baseline)
    assert_valid(after, shifted)
    assert shifted is not None
    assert [(o.start, o.end) for o in shifted.operations if o.job == "J1"] == [(5, 7)]
    assert hint_status(after, shifted) is fixed_status(after, shifted) is Status.FEASIBLE


def test_a_new_job_is_slow_too() -> None:
    first = revised(shop(), plan(2, 6), 1, SLOW, RushOrder("N", 1, simple_job("J2", ("M", 2), release_date=1)))
    result = constructed(first, "makespan")
    assert result is not None
    assert_valid(first, result)
    assert result.makespan == 12


def test_too_many_reasons_at_once_are_refused() -> None:
    first = revised(shop(), plan(2, 6), 1, *(MachineDegraded(f"E{n}", 1, "M", 97, until=8) for n in range(3)))
    assert first.machine_by_id["M"].tempo.usual == 10**6
    found = list(MachineDegraded("E3", 1, "M", 97, until=8).contradictions(first))
    assert [(defect.code, defect.where.rpartition(".")[2]) for defect in found] == [("E603", "speed")]


def test_slowdowns_leave_that_only_finished_jobs_met() -> None:
    first = revised(shop(), plan(12, 16), 1, MachineDegraded("E", 1, "M", 50, until=5))
    result = schedule(at("J0.1", "M", 0, 3), at("J1.1", "M", 12, 16))
    over = revise(first, Revision(14, 0, (), result))
    assert without_jobs(over, result, ["J1"])[0].machine_by_id["M"].slowdowns != ()
    later = revise(first, Revision(17, 0, (), result))
    left, rest = without_jobs(later, result, ["J0"])
    assert left.machine_by_id["M"].slowdowns == ()
    assert_valid(left, rest)


# --- engines against one another -----------------------------------------------------------------------------------


def random_case(seed: int) -> tuple[Instance, Schedule]:
    """Return three jobs of two operations on two machines in part down, one or both slow or fast, and their plan."""
    random = Random(seed)

    def operation(id: str) -> object:
        modes = [mode(m, random.randint(1, 4)) for m in random.sample(["M", "N"], random.randint(1, 2))]
        return op(id, *modes, interruptible=random.random() < 0.3)

    stages = [machine(m, calendar=down(*[(8, 9)] * random.randint(0, 1))) for m in "MN"]
    jobs = [job(f"J{n}", operation("1"), operation("2")) for n in range(3)]  # type: ignore[arg-type]
    instance = factory(*stages, *jobs)
    plan = construct(instance, MAKESPAN, time_limit=0.0)
    assert plan is not None
    now = random.randint(0, 4)
    events = [
        MachineDegraded(f"E{m}", now, m, random.choice([30, 50, 75, 150]), until=now + random.randint(1, 9))
        for m in random.sample(["M", "N"], random.randint(1, 2))
    ]
    return revised(instance, plan, now, *events), plan


@pytest.mark.parametrize("seeds", [range(12)])
def test_engines_agree_on_random_cases(seeds: range) -> None:
    for seed in seeds:
        after, plan = random_case(seed)
        shifted = right_shift(after, plan)
        built = construct(after, MAKESPAN, time_limit=0.0)
        assert shifted is not None
        assert built is not None
        for found in (shifted, built):
            assert_valid(after, found)
            assert hint_status(after, found) is Status.FEASIBLE
        weights = weigh(after, MAKESPAN)
        assert weights is not None
        space = space_of(after, weights, shifted)
        assert isinstance(space, RestSpace)
        solution = space.solution(shifted)
        assert solution is not None
        time_all(*space.problem[:2], *space.problem[3:], solution.state)
        timed = space.schedule(solution)
        assert_valid(after, timed)
        assert timed.makespan <= shifted.makespan  # a right shift brings nothing forward
        assert_valid(after, space.schedule(space.reinserted(solution, 0, np.zeros(1, np.int64))))
        space.settled(solution)
        late = space.schedule(solution)
        assert_valid(after, late)
        assert late.makespan == timed.makespan


def best_by_trying(instance: Instance, plan: Schedule) -> int:
    """Return the least makespan of all orders and modes, each operation as soon as it can: later is never better."""
    now = execution_of(instance).now
    begun = {}
    for o in plan.operations:
        if o.start < now:
            stage = instance.machine_by_id[o.machine]
            pauses = stage.calendar.blocked(1000) if instance.operation_by_key[o.key].interruptible else ()
            length = instance.mode(o.key, o.mode).duration
            begun[o.key] = o.machine, o.end if o.end <= now else stage.tempo.end(pauses, o.start, length)
    pending = [key for key in instance.operation_by_key if key not in begun]
    best = 10**6
    for modes in product(*(instance.operation_by_key[key].modes for key in pending)):
        chosen = dict(zip(pending, modes, strict=True))
        for order in orders(pending):
            done = dict(begun)
            for key in order:
                stage = instance.machine_by_id[chosen[key].machine]
                before = [end for other, (at, end) in done.items() if at == stage.id or other[0] == key[0]]
                blocked, pauses = stage.calendar.blocked(1000), instance.operation_by_key[key].interruptible
                start = stage.tempo.start(blocked, max([now, *before]), chosen[key].duration, pauses)
                done[key] = stage.id, stage.tempo.end(blocked if pauses else (), start, chosen[key].duration)
            best = min(best, max(end for _, end in done.values()))
    return best


def orders(keys: list[OperationKey]) -> list[list[OperationKey]]:
    """Return all orders of keys in which each job has its operations in turn."""
    if not keys:
        return [[]]
    found = []
    for key in keys:
        if not any(other[0] == key[0] and other[1] < key[1] for other in keys):
            found += [[key, *order] for order in orders([other for other in keys if other != key])]
    return found


@pytest.mark.slow
def test_random_cases_are_solved_as_by_trying_everything_out() -> None:
    for seed in range(100, 112):
        after, plan = random_case(seed)
        result = solve(after, objective="makespan", start=right_shift(after, plan), time_limit=30, workers=1)
        assert result.status is Status.OPTIMAL
        assert_valid(after, result.schedule)
        assert result.values == (best_by_trying(after, plan),)
        search = FactorySearch.of(after, MAKESPAN, 0, lambda *_: None)
        first = search.first() if search is not None else None
        assert first is not None
        assert_valid(after, first)
