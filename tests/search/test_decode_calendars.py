"""When work starts and ends in the factory search, on machines that are down or slow at times."""

from __future__ import annotations

import pytest
from helpers import down, factory, machine, shifts, simple_job

from scheduler.domain import Calendar, Slowdown
from scheduler.search.decode.calendars import window_of_work
from scheduler.search.decode.cells import Cells
from scheduler.search.decode.lower import lower
from scheduler.search.downtimes import Downtimes


@pytest.mark.parametrize("calendar", [down(), down((3, 5), (9, 10), (14, 20)), shifts(9, (0, 6))])
def test_a_window_of_work_is_that_of_construction(calendar: Calendar) -> None:
    slow = Slowdown(2, None, 50, until=7), Slowdown(6, None, 80, until=13), Slowdown(16, 22, 150, until=30)
    stage = machine("M", calendar=calendar, slowdowns=slow)
    lowered = lower(factory(stage, simple_job("J", ("M", 3))), 1000)
    assert lowered is not None
    data, expected = Cells(lowered.data, constant=True), Downtimes(calendar, stage.tempo)
    for pauses in (False, True):
        for work in range(6):
            for ready in range(30):
                found = window_of_work(data, 0, ready, work, int(pauses))
                assert found == expected.window(ready, work, pauses)
