"""What a repair changed, operation by operation."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from scheduler.analysis import changes, comparison_frame
from scheduler.domain import Facility, Instance, Machine, Schedule, ScheduledOperation


def operation(job: str, machine: str, start: int, end: int) -> ScheduledOperation:
    return ScheduledOperation(job, "o", 0, machine, start, end)


INSTANCE = Instance("i", (Facility("F"),), (Machine("M", "F"), Machine("N", "F")), (), time_origin=datetime(2026, 3, 2))
BEFORE = Schedule(
    (
        operation("same", "M", 0, 5),
        operation("late", "M", 5, 10),
        operation("longer", "M", 10, 15),
        operation("away", "M", 20, 25),
        operation("gone", "N", 0, 5),
    )
)
AFTER = Schedule(
    (
        operation("same", "M", 0, 5),
        operation("late", "M", 7, 12),
        operation("longer", "M", 10, 19),
        operation("away", "N", 20, 25),
        operation("rush", "M", 30, 31),
    )
)


def test_every_kind_of_change() -> None:
    assert [(change.job, change.kind, change.shift) for change in changes(BEFORE, AFTER)] == [
        ("same", "unchanged", 0),
        ("late", "moved", 2),
        ("longer", "extended", 0),
        ("away", "reassigned", 0),
        ("rush", "new", None),
        ("gone", "cancelled", None),
    ]


def test_frame_has_a_row_per_operation_of_either_schedule() -> None:
    frame = comparison_frame(INSTANCE, BEFORE, AFTER).set_index("job")
    assert frame.loc["late", ["start_before", "start_after", "shift"]].tolist() == [5, 7, 2]
    assert frame.loc["away", ["machine_before", "machine_after"]].tolist() == ["M", "N"]
    assert frame.loc["late", "start_after_date"] == pd.Timestamp(2026, 3, 2, 0, 7)
    assert frame.loc["rush", ["machine_before", "start_before", "shift"]].isna().all()
    assert frame.loc["gone", ["machine_after", "end_after", "end_after_date"]].isna().all()
    assert frame["change"].value_counts().to_dict() == dict.fromkeys(frame["change"], 1)
    assert (str(frame["shift"].dtype), str(frame["machine_after"].dtype)) == ("Int64", "string")


def test_nothing_changed() -> None:
    assert set(comparison_frame(INSTANCE, BEFORE, BEFORE)["change"]) == {"unchanged"}
