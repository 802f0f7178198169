"""The rehearsal loads what a repair needs, and leaves no trace."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shop import SETTINGS, breakdown, opened, tell

import scheduler.loop.rehearsal as module
from scheduler.loop.rehearsal import rehearse
from scheduler.rescheduling import Repair, repair


@pytest.fixture
def repairs(monkeypatch: pytest.MonkeyPatch) -> list[Repair]:
    """What the rehearsals of a test have found."""
    found: list[Repair] = []

    def watched(*arguments: Any, **options: Any) -> Repair:
        found.append(repair(*arguments, **options))
        return found[-1]

    monkeypatch.setattr(module, "repair", watched)
    return found


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The garbage collector looks at everything again afterwards, by itself; threads take turns as before."""
    thresholds, seconds = gc.get_threshold(), sys.getswitchinterval()
    yield
    sys.setswitchinterval(seconds)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_it_repairs_and_leaves_no_trace(tmp_path: Path, repairs: list[Repair]) -> None:
    with opened(tmp_path) as loop:
        tell(loop, breakdown("E1", 1, 3))
        before = (tmp_path / "current.json").read_bytes(), (tmp_path / "journal.db").read_bytes(), loop.state
        rehearse(loop.state, SETTINGS)
        assert ((tmp_path / "current.json").read_bytes(), (tmp_path / "journal.db").read_bytes()) == before[:2]
        assert loop.state is before[2]
    (found,) = repairs
    assert found.result.schedule is not None
    # M1 has J2.1 before it, 2 ticks, and M2 both second operations: M2 is the one that stands still until J1.2 begins.
    (event,) = found.revisions[0].events
    assert (event.machine, event.at) == ("M2", 1)  # type: ignore[attr-defined]


def test_an_event_of_its_name_does_not_stop_it(tmp_path: Path, repairs: list[Repair]) -> None:
    with opened(tmp_path) as loop:
        tell(loop, breakdown("rehearsal", 1, 3))
        rehearse(loop.state, SETTINGS)
        assert [event.id for event in loop.state.last.events] == ["rehearsal"] if loop.state.last else False


def test_nothing_to_do_needs_none(tmp_path: Path, repairs: list[Repair]) -> None:
    with opened(tmp_path) as loop:
        rehearse(replace(loop.state, now=10), SETTINGS)
    assert repairs == []


def test_what_is_loaded_is_out_of_the_collectors_sight(tmp_path: Path) -> None:
    with opened(tmp_path) as loop:
        rehearse(loop.state, SETTINGS)
        assert gc.isenabled()
        assert gc.get_freeze_count() > len(gc.get_objects())
