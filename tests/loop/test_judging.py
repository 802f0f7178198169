"""Events that come twice, late, early, in the wrong order, or make no sense are put aside; the loop goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from shop import SETTINGS, answer_all, breakdown, current, delay, opened, order, reason, starts, story, tell, verdicts

from scheduler.loop import planning
from scheduler.rescheduling import Repair

HONEST = breakdown("E9", 4, 6, "M2")


def test_an_event_that_comes_again_counts_once(tmp_path: Path) -> None:
    event = breakdown("E1", 1, 3)
    with opened(tmp_path) as loop:
        tell(loop, event, event)
        tell(loop, event)
        assert loop.repeated == 2
        tell(loop, {**event, "received_at": 7})
        assert loop.state.revision == 1
    assert verdicts(tmp_path) == {"E1": "duplicate"}
    assert reason(tmp_path, "E1") == "it is the event of entry 4"


def test_another_event_of_the_same_id_is_put_aside(tmp_path: Path) -> None:
    answer_all(tmp_path, [breakdown("E1", 1, 3), breakdown("E1", 1, 9), HONEST])
    assert verdicts(tmp_path) == {"E1": "quarantined", "E9": "accepted"}
    assert "E604" in reason(tmp_path, "E1")
    assert starts(tmp_path)["J2.1"] == 5


def test_a_burst_is_one_revision(tmp_path: Path) -> None:
    with opened(tmp_path) as loop:
        tell(loop, breakdown("E1", 1, 3), delay("E2", 4, "J1.2", 2))
        assert loop.state.revision == 1
        assert loop.state.now == 4


def test_an_event_that_became_known_before_now_counts_from_now_on(tmp_path: Path) -> None:
    answer_all(tmp_path, [delay("E1", 4, "J1.2", 1), breakdown("E2", 2, 6, "M1")])
    assert verdicts(tmp_path) == {"E1": "accepted", "E2": "accepted"}
    assert current(tmp_path)["now"] == 4
    assert starts(tmp_path)["J2.2"] == 8  # J2.1 runs since 3 and pauses in [4, 6), until 7; J1.2 ends at 8


def test_a_stale_number_of_a_source_is_put_aside(tmp_path: Path) -> None:
    events = [breakdown(f"E{n}", 1, 3 + n, source="mes", sequence=n) for n in (2, 1)]
    answer_all(tmp_path, [*events, breakdown("E3", 1, 3, source="other", sequence=1)])
    assert verdicts(tmp_path) == {"E2": "accepted", "E1": "quarantined", "E3": "accepted"}
    assert "E612" in reason(tmp_path, "E1")


def test_an_event_waits_for_those_of_its_source_before_it(tmp_path: Path) -> None:
    one, two, four = (breakdown(f"E{n}", n, 10 + n, "M3", source="mes", sequence=n) for n in (1, 2, 4))
    with opened(tmp_path) as loop:
        tell(loop, one, nothing_follows=False)
        tell(loop, four, nothing_follows=False)
        assert verdicts(tmp_path) == {"E1": "accepted"}
    with opened(tmp_path) as loop:  # it still waits after a restart
        tell(loop, two, nothing_follows=False)
        assert verdicts(tmp_path) == {"E1": "accepted", "E2": "accepted"}
        tell(loop, nothing_follows=True)
    assert verdicts(tmp_path) == {"E1": "accepted", "E2": "accepted", "E4": "accepted"}


def test_a_correction_waits_for_what_it_corrects(tmp_path: Path) -> None:
    correction = breakdown("E2", 2, 5, supersedes="E1")
    with opened(tmp_path) as loop:
        tell(loop, correction, nothing_follows=False)
        assert loop.state.revision == 0
        tell(loop, breakdown("E1", 1, 30), nothing_follows=False)
    assert verdicts(tmp_path) == {"E1": "accepted", "E2": "accepted"}
    assert starts(tmp_path)["J2.1"] == 6  # J1.1 pauses in [2, 5)


def test_a_correction_of_nothing_is_put_aside(tmp_path: Path) -> None:
    answer_all(tmp_path, [breakdown("E2", 2, 5, supersedes="E1"), HONEST])
    assert verdicts(tmp_path) == {"E2": "quarantined", "E9": "accepted"}
    assert "E601" in reason(tmp_path, "E2")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", "E107"),
        ("[]", "E203"),
        ("{}", "E201"),
        ("[" * 1000, "E110"),
        ('{"type": "earthquake", "id": "E1", "at": 1}', "E205"),
        ('{"type": "machine_breakdown", "id": "E1", "at": 1, "machine": "M1", "until": NaN}', "E109"),
        ('{"type": "machine_breakdown", "id": "E1", "id": "E2", "at": 1, "machine": "M1", "until": 5}', "E108"),
        ('{"type": "machine_breakdown", "id": "\\ud800", "at": 1, "machine": "M1", "until": 5}', "E2"),
        (json.dumps(breakdown("E1", -1, 5)), "E2"),
        (json.dumps(breakdown("E1", 1, 10**30)), "E2"),
        (json.dumps(breakdown("'; DROP TABLE entries; --", 1, 5, "M9")), "E601"),
        (json.dumps(breakdown("E1", 1, 1)), "E603"),
        (json.dumps(breakdown("E1", 10**9, 2 * 10**9)), "E613"),
        (json.dumps(breakdown("E1", 1, 5, base_revision=7)), "E602"),
        (json.dumps(delay("E1", 9, "J1.1", 3)), "E602"),
        (json.dumps(order("E1", 1, "J1", ("M1", 1))), "E604"),
        (json.dumps(order("E1", 1, "J9", ("M1", 1), deadline=1)), "E614"),
    ],
)
def test_what_makes_no_sense_is_put_aside(text: str, code: str, tmp_path: Path) -> None:
    with opened(tmp_path) as loop:
        tell(loop, text)
        assert loop.state.revision == 0
        tell(loop, HONEST)
        assert loop.state.revision == 1
    found = verdicts(tmp_path)
    assert found.pop("E9") == "accepted"
    ((name, verdict),) = found.items()
    assert verdict == "quarantined"
    assert reason(tmp_path, "" if name.isdigit() else name).startswith(code)


def test_one_bad_event_does_not_spoil_its_burst(tmp_path: Path) -> None:
    with opened(tmp_path) as loop:
        tell(
            loop,
            breakdown("E1", 1, 3),
            breakdown("E2", 1, 3, "M7"),
            "nonsense",
            order("E3", 1, "J9", ("M1", 1), deadline=1),
        )
    found = verdicts(tmp_path)
    assert (found["E1"], found["E2"], found["E3"]) == ("accepted", "quarantined", "quarantined")


def test_a_slip_of_ours_does_not_end_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repair = planning.repair

    def slips(instance: object, schedule: object, events: list[object], **how: object) -> object:
        if any(getattr(event, "id") == "E1" for event in events):  # noqa: B009
            raise ZeroDivisionError("a slip")
        return repair(instance, schedule, events, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(planning, "repair", slips)
    with opened(tmp_path) as loop:
        tell(loop, breakdown("E1", 1, 3), breakdown("E2", 1, 3, "M2"))
    assert verdicts(tmp_path) == {"E1": "quarantined", "E2": "accepted"}
    assert "ZeroDivisionError: a slip" in reason(tmp_path, "E1")


def test_better_plans_are_published_too(tmp_path: Path) -> None:
    # M1 stands still until 40. J2 goes first on M1 afterwards in neither plan; M3 makes J2.2 end earlier in the second.
    settings = SETTINGS.__class__(policy="reoptimise", deadline=5.0, workers=1)
    with opened(tmp_path, settings) as loop:
        tell(loop, breakdown("E1", 4, 40, "M2"))
        assert loop.state.schedule.makespan == 43
    assert current(tmp_path)["policy"] == "reoptimise"
    assert current(tmp_path)["revision"] == 1


def test_every_better_plan_is_published_while_the_search_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The search tells one plan, is held up until that is in the folder, and answers with its own.
    further = planning.repair_further
    seen: list[tuple[object, object]] = []

    def held(instance: object, first: Repair, **how: Any) -> Repair:
        answer = further(instance, first, **{**how, "on_improvement": None})  # type: ignore[arg-type]
        how["on_improvement"](replace(answer, report=None))
        ends_at = monotonic() + 5.0
        while current(tmp_path)["policy"] == "right-shift" and monotonic() < ends_at:
            sleep(0.01)
        seen.append((current(tmp_path)["policy"], current(tmp_path)["report"]["makespan_after"]))
        return answer

    monkeypatch.setattr(planning, "repair_further", held)
    settings = SETTINGS.__class__(policy="reoptimise", deadline=20.0, workers=1)
    with opened(tmp_path, settings) as loop:
        tell(loop, breakdown("E1", 4, 40, "M2"))
        assert loop.state.schedule.makespan == 43
    assert seen == [("reoptimise", 43)]
    assert current(tmp_path)["report"]["makespan_after"] == 43
    assert current(tmp_path)["revision"] == 1


@pytest.mark.parametrize("is_late", [False, True])
def test_a_plan_is_published_once_where_the_time_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_late: bool
) -> None:
    # The search tells a plan at once, or when its time is nearly up, and answers with it when it is.
    further = planning.repair_further

    def slow(instance: object, first: Repair, **how: Any) -> Repair:
        ends_at = monotonic() + how["time_limit"]
        answer = further(instance, first, **{**how, "on_improvement": None})  # type: ignore[arg-type]
        sleep(max(0.0, ends_at - monotonic()) if is_late else 0.0)
        how["on_improvement"](replace(answer, report=None))
        sleep(max(0.0, ends_at - monotonic()))
        return answer

    monkeypatch.setattr(planning, "repair_further", slow)
    with opened(tmp_path, SETTINGS.__class__(policy="reoptimise", deadline=1.5, workers=1)) as loop:
        tell(loop, breakdown("E1", 4, 40, "M2"))
    plans = [entry for entry in story(tmp_path) if entry[0] == "planned"]
    assert len(plans) == 3  # that of the beginning, the right shift, the better one
    assert (current(tmp_path)["policy"], current(tmp_path)["report"]["makespan_after"]) == ("reoptimise", 43)
