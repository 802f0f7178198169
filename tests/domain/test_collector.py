"""The garbage collector rests while objects are made, and only then."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from scheduler.domain.collector import IdleCollector, collector_paused


def test_the_collector_is_off_inside_and_on_after_it() -> None:
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_decorated_function_lets_it_on_again_when_it_raises() -> None:
    @collector_paused()
    def fail() -> None:
        assert not gc.isenabled()
        raise ValueError("for the test")

    with pytest.raises(ValueError, match="for the test"):
        fail()
    assert gc.isenabled()


def test_who_has_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


class Ring:
    """Garbage as soon as nobody has it: it refers to itself."""

    def __init__(self, gone: list[str]) -> None:
        self.gone, self.ring = gone, self

    def __del__(self) -> None:
        self.gone.append("gone")


@pytest.fixture
def thresholds() -> Iterator[tuple[int, int, int]]:
    """When Python collects; the same afterwards."""
    found: Any = gc.get_threshold()
    yield found
    gc.set_threshold(*found)


def test_old_garbage_is_left_to_those_who_take_over(thresholds: tuple[int, int, int]) -> None:
    gone: list[str] = []
    Ring(gone)
    IdleCollector().collect()
    assert gone == []  # Python will find it by itself
    IdleCollector.take_over()
    assert gc.get_threshold()[:2] == thresholds[:2]
    IdleCollector().collect()
    assert gone == ["gone"]


def test_it_is_not_looked_for_again_and_again_nor_where_time_is_short(
    thresholds: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 0.0

    def takes_two_seconds() -> None:
        nonlocal clock
        clock += 2.0
        seen.append(clock)

    seen: list[float] = []
    monkeypatch.setattr("scheduler.domain.collector.monotonic", lambda: clock)
    monkeypatch.setattr("scheduler.domain.collector.gc.collect", takes_two_seconds)
    IdleCollector.take_over()
    collector = IdleCollector()
    collector.collect()
    collector.collect()
    assert seen == [2.0]
    clock = 42.0  # 2 seconds of 40
    collector.collect(left=19.0)
    collector.collect(in_hurry=True)
    assert seen == [2.0]
    collector.collect(left=20.0)
    assert seen == [2.0, 44.0]
    clock = 444.0  # 2 seconds of 400
    collector.collect(in_hurry=True)
    assert seen == [2.0, 44.0, 446.0]
