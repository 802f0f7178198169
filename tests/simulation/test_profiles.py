"""What is drawn: as often and as long as the formulas say, and the same for the same seed."""

from __future__ import annotations

from statistics import fmean, stdev

import pytest
from helpers import at, factory, machine, schedule, simple_job

from scheduler.simulation import PROFILES, Profile
from scheduler.simulation.profiles import fate_of

WORK = 1_000
SHOP = factory(
    machine("M1"),
    machine("M2"),
    machine("idle"),
    *(simple_job(f"J{n}", ("M1", 30), ("M2", 10)) for n in range(WORK)),
)
PLAN = schedule(
    *(at(f"J{n}.1", "M1", 30 * n, 30 * n + 30) for n in range(WORK)),
    *(at(f"J{n}.2", "M2", 30 * n + 30, 30 * n + 40) for n in range(WORK)),
)


def test_machines_fail_as_often_as_the_breakdown_level_says() -> None:
    # MTTR = 2 * 20 = 40, MTBF = 40 * 0.9 / 0.1 = 360: 166.7 failures of either machine in 60,020 ticks.
    failures = fate_of(SHOP, PLAN, Profile(0.1, 2.0), seed=1).failures
    assert len(failures) == pytest.approx(2 * 60_020 / 360, rel=0.15)
    assert fmean(d.end - d.start for _, d in failures) == pytest.approx(40, rel=0.15)
    on_busiest = sum(machine == "M1" for machine, _ in failures)
    assert on_busiest / len(failures) == pytest.approx(0.75, abs=0.06)
    assert {machine for machine, _ in failures} == {"M1", "M2"}


def test_a_machine_that_is_down_does_not_fail() -> None:
    free_at = {"M1": 0, "M2": 0}
    for name, downtime in fate_of(SHOP, PLAN, Profile(0.4, 10.0), seed=2).failures:
        assert downtime.start >= free_at[name]
        free_at[name] = downtime.end


def test_erlang_times_vary_less() -> None:
    lengths = {
        phases: [d.end - d.start for _, d in fate_of(SHOP, PLAN, Profile(0.1, 2.0, phases=phases), seed=3).failures]
        for phases in (1, 9)
    }
    assert stdev(lengths[1]) / fmean(lengths[1]) == pytest.approx(1, abs=0.15)
    assert stdev(lengths[9]) / fmean(lengths[9]) == pytest.approx(1 / 3, abs=0.06)


def test_durations_vary_as_the_profile_says() -> None:
    factors = list(fate_of(SHOP, PLAN, Profile(variation=0.2), seed=4).factors.values())
    assert fmean(factors) == pytest.approx(1, abs=0.02)
    assert stdev(factors) == pytest.approx(0.2, abs=0.02)


def test_a_seed_draws_the_same() -> None:
    profile = PROFILES["stormy"]
    assert fate_of(SHOP, PLAN, profile, seed=5) == fate_of(SHOP, PLAN, profile, seed=5)
    assert fate_of(SHOP, PLAN, profile, seed=5) != fate_of(SHOP, PLAN, profile, seed=6)


@pytest.mark.parametrize("wrong", [{"breakdown_level": 1.0}, {"repair_time": 0.0}, {"variation": -0.1}, {"phases": 0}])
def test_profiles_that_can_not_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is"):
        Profile(**wrong)  # type: ignore[arg-type]
