"""Fixtures for all tests."""

from __future__ import annotations

import helpers
import pytest

from scheduler.domain import Instance, Schedule


@pytest.fixture(scope="session")
def complete_instance() -> Instance:
    """A small factory that has every feature at once (frozen, hence shared)."""
    return helpers.complete_instance()


@pytest.fixture(scope="session")
def complete_schedule() -> Schedule:
    """A right schedule of `complete_instance`, made by hand."""
    return helpers.complete_schedule()
