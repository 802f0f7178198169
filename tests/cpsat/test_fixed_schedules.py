"""Model and checker agree on single schedules: what one accepts the other accepts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cpsat.fixing import fixed_status

from scheduler.checker import check
from scheduler.domain import Instance, Schedule, Status
from scheduler.domain.derive import complete


def test_right_schedule_is_feasible(complete_instance: Instance, complete_schedule: Schedule) -> None:
    assert check(complete_instance, complete_schedule) == ()
    assert fixed_status(complete_instance, complete_schedule) is Status.FEASIBLE


@pytest.mark.parametrize("shift", [-3, -1, 1, 3])
def test_model_and_checker_agree_on_every_shifted_operation(
    complete_instance: Instance, complete_schedule: Schedule, shift: int
) -> None:
    for number, operation in enumerate(complete_schedule.operations):
        moved = replace(operation, start=operation.start + shift, end=operation.end + shift)
        if moved.start < 0:
            continue
        operations = (*complete_schedule.operations[:number], moved, *complete_schedule.operations[number + 1 :])
        mutant = complete(complete_instance, operations, [m for m in complete_schedule.moves if m.job is not None])
        violations = check(complete_instance, mutant)
        expected = Status.INFEASIBLE if violations else Status.FEASIBLE
        assert fixed_status(complete_instance, mutant) is expected, (moved, [str(v) for v in violations])


@pytest.mark.parametrize("shift", [-2, -1, 1, 2])
def test_model_and_checker_agree_on_every_shifted_move(
    complete_instance: Instance, complete_schedule: Schedule, shift: int
) -> None:
    loaded = [m for m in complete_schedule.moves if m.job is not None]
    for number, move in enumerate(loaded):
        moved = replace(move, start=move.start + shift, end=move.end + shift)
        if moved.start < 0:
            continue
        mutant = complete(
            complete_instance, complete_schedule.operations, [*loaded[:number], moved, *loaded[number + 1 :]]
        )
        violations = check(complete_instance, mutant)
        expected = Status.INFEASIBLE if violations else Status.FEASIBLE
        assert fixed_status(complete_instance, mutant) is expected, (moved, [str(v) for v in violations])
