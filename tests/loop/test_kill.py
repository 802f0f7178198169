"""A real kill -9 at random moments: nothing is lost, nothing is done twice."""

from __future__ import annotations

import pytest
from kill import main


def test_three_kills() -> None:
    assert main(3, seed=0) == []


@pytest.mark.slow
def test_a_thousand_kills() -> None:
    assert main(1_000, seed=1) == []
