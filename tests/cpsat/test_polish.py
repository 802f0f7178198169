"""Large-neighbourhood search: never worse, always right, and optimal where everything fits into one neighbourhood."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from helpers import assert_valid, at, constructed, factory, job, machine, mode, op, schedule, simple_job
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracle import TooHardError, best_schedule
from strategies import events, instances

import scheduler
from scheduler.cpsat import polish as polishing
from scheduler.cpsat.context import ModelContext
from scheduler.cpsat.neighbourhoods import NEIGHBOURHOODS, Neighbourhood, Network, movers_of_a_group, neighbourhoods
from scheduler.cpsat.polish import polish
from scheduler.domain import Execution, Instance, Objective, Schedule, Stop
from scheduler.rescheduling import repair
from scheduler.search.construct import construct
from scheduler.terms import value_terms

INSTANCES = Path(__file__).parents[2] / "instances"
SECONDS = 10.0
"""Far more than what fits into one neighbourhood takes."""

quick = settings(
    derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def polished(
    instance: Instance, known: Schedule, seconds: float = SECONDS, seed: int = 0, enough: int = 10**6
) -> Schedule:
    """Return what polishing makes of a schedule; it ends at the latest when it has found `enough` better ones."""
    objective, stop = Objective.parse(instance.objective), Stop()
    found: list[Schedule] = []

    def on_better(better: Schedule) -> None:
        found.append(better)
        if len(found) == enough:
            stop.request()

    best = polish(instance, objective, known, seconds=seconds, seed=seed, stop=stop, on_better=on_better)
    # Every schedule that is announced is right and better than the one before; the last of them is the answer.
    values = [objective.value(value_terms(instance, s)) for s in (known, *found)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)
    for announced in found:
        assert_valid(instance, announced)
    assert best is (found[-1] if found else known)
    return best


# --- by hand -------------------------------------------------------------------------------------------------------


def two_machines() -> tuple[Instance, Schedule]:
    """A takes M then N, B takes N then M, 3 ticks each; done one after the other, 12 in all. Together: 6."""
    instance = factory(
        machine("M"), machine("N"), simple_job("A", ("M", 3), ("N", 3)), simple_job("B", ("N", 3), ("M", 3))
    )
    return instance, schedule(at("A.1", "M", 0, 3), at("A.2", "N", 3, 6), at("B.1", "N", 6, 9), at("B.2", "M", 9, 12))


def test_finds_the_optimum_of_a_tiny_shop() -> None:
    instance, known = two_machines()
    best = polished(instance, known)
    assert best.makespan == 6
    assert_valid(instance, best)


def test_stops_at_the_floor() -> None:
    instance, known = two_machines()
    same = polish(
        instance, Objective.parse("makespan"), known, seconds=SECONDS, seed=0, stop=Stop(), floor=known.makespan
    )
    assert same is known


def test_stops_when_asked() -> None:
    instance, known = two_machines()
    stop = Stop()
    stop.request()
    assert polish(instance, Objective.parse("makespan"), known, seconds=SECONDS, seed=0, stop=stop) is known


def test_a_model_that_a_stop_cut_short_is_not_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    instance, known = two_machines()
    stop = Stop()

    def stopped_build(instance: Instance, *rest: object) -> ModelContext:
        stop.request()
        return ModelContext(instance)  # without any rule, everything at 0 would be the best

    monkeypatch.setattr(polishing, "build", stopped_build)
    assert polish(instance, Objective.parse("makespan"), known, seconds=SECONDS, seed=0, stop=stop) is known


def test_works_on_the_second_tier_when_the_first_is_0() -> None:
    # Nobody is late, and nobody shall be: 6 is reached with the first tier at 0.
    instance, known = two_machines()
    objective = Objective.parse("total_tardiness > makespan")
    assert polish(instance, objective, known, seconds=SECONDS, seed=0, stop=Stop()).makespan == 6


def test_what_has_begun_stays() -> None:
    # A runs on M since 0, 5 ticks long; N would have done it in 1. Only B may still change to N: 5 instead of 10.
    jobs = [job(name, op("1", mode("M", 5), mode("N", 5))) for name in "AB"]
    baseline = schedule(at("A.1", "M", 0, 5), at("B.1", "M", 5, 10))
    instance = factory(machine("M"), machine("N"), *jobs)
    running = scheduler.domain.Instance(
        instance.name, instance.facilities, instance.machines, instance.jobs, execution=Execution(1, baseline)
    )
    best = polished(running, baseline)
    assert [(o.machine, o.start) for o in best.operations] == [("M", 0), ("N", 1)]


# --- neighbourhoods ------------------------------------------------------------------------------------------------


def staircase() -> tuple[Instance, Schedule]:
    """A on M [0, 4), then on N [4, 8); B on N [0, 2); C on M [4, 5). Only A is critical."""
    instance = factory(
        machine("M"),
        machine("N"),
        simple_job("A", ("M", 4), ("N", 4)),
        simple_job("B", ("N", 2)),
        simple_job("C", ("M", 1)),
    )
    known = schedule(at("A.1", "M", 0, 4), at("A.2", "N", 4, 8), at("B.1", "N", 0, 2), at("C.1", "M", 4, 5))
    return instance, known


def test_slack_is_the_delay_that_nobody_notices() -> None:
    # B may end 2 later before it pushes A.2, C 3 later before it ends after 8.
    network = Network(staircase()[0], Objective.parse("makespan"), staircase()[1])
    assert dict(network.slacks) == {("A", "1"): 0, ("A", "2"): 0, ("B", "1"): 2, ("C", "1"): 3}


@pytest.mark.parametrize("choose", [*NEIGHBOURHOODS, movers_of_a_group])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_neighbourhoods_have_the_size_asked_for(choose: Neighbourhood, size: int) -> None:
    instance, known = staircase()
    network = Network(instance, Objective.parse("makespan"), known)
    for seed in range(5):
        free = choose(network, size, Random(seed))
        # Whole jobs are freed together: A has two operations.
        assert size <= len(free) <= size + 1 if choose.__name__ == "job_subset" else 1 <= len(free) <= size
        assert free <= set(instance.operation_by_key)


def test_a_group_of_movers_frees_what_it_carries() -> None:
    factory_with_movers = scheduler.load(INSTANCES / "two_facilities.json")
    objective = Objective.parse("makespan")
    known = construct(factory_with_movers, objective, time_limit=0.0, seed=0)
    assert known is not None
    network = Network(factory_with_movers, objective, known)
    lanes, cells = set(factory_with_movers.lane_by_id), set(factory_with_movers.cell_by_id)
    assert set(network.carried) == lanes | cells
    for lane in lanes:
        ends = {(m.job, m.predecessor) for m in known.moves if m.job is not None and m.mover.startswith(f"{lane}#")}
        assert ends <= {o.key for operations in network.carried[lane].values() for o in operations}
    for seed in range(5):
        free = movers_of_a_group(network, 6, Random(seed))
        assert len(free) == 6
        groups = [set().union(*map(set, group.values())) for group in network.carried.values()]
        assert any(free <= {o.key for o in group} for group in groups)
    assert movers_of_a_group in neighbourhoods(network)
    assert tuple(neighbourhoods(Network(staircase()[0], objective, staircase()[1]))) == NEIGHBOURHOODS


def test_pinned_operations_are_never_free() -> None:
    instance, known = staircase()
    execution = Execution(1, known, pins=(known.by_operation["C", "1"],))
    running = scheduler.domain.Instance(
        instance.name, instance.facilities, instance.machines, instance.jobs, execution=execution
    )
    network = Network(running, Objective.parse("makespan"), known)
    assert [o.key for o in network.free] == [("A", "2")]


# --- at random -----------------------------------------------------------------------------------------------------


@settings(quick, max_examples=40)
@given(instances(max_operations=5))
def test_what_fits_into_one_neighbourhood_becomes_optimal(instance: Instance) -> None:
    objective = Objective.parse(instance.objective)
    known = constructed(instance)
    assume(known is not None)
    try:
        best = best_schedule(instance, max_nodes=2_000)
    except TooHardError:
        assume(False)
    found = polished(instance, known)
    assert objective.value(value_terms(instance, found))[0] == best[0][0]


@settings(quick, max_examples=25)
@given(st.data())
def test_polished_repairs_are_right(data: st.DataObject) -> None:
    instance = data.draw(instances(max_operations=6))
    baseline = constructed(instance)
    assume(baseline is not None)
    repaired = repair(instance, baseline, data.draw(events(instance, baseline)), policy="right-shift")
    known = repaired.result.schedule
    assume(known is not None)
    polished(repaired.instance, known)


@pytest.mark.parametrize("name", ["robot_cell", "two_facilities", "ft06"])
def test_small_neighbourhoods_of_shipped_instances(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polishing, "FIRST_SIZE", 5)
    instance = scheduler.load(f"instances/{name}.json")
    known = constructed(instance)
    assert known is not None
    polished(instance, known, seconds=2.0, enough=5)
