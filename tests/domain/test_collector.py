"""The garbage collector rests while objects are made, and only then."""

from __future__ import annotations

import gc

import pytest

from scheduler.domain.collector import collector_paused


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
