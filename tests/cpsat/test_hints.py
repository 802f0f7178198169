"""A schedule becomes a complete, feasible hint: every variable of the model has its value."""

from __future__ import annotations

from cpsat.fixing import hint_status, hinted

from scheduler.domain import Instance, Schedule, Status


def test_hint_names_every_variable(complete_instance: Instance, complete_schedule: Schedule) -> None:
    ctx = hinted(complete_instance, complete_schedule)
    constants = [v for v in ctx.model.proto.variables if len(v.domain) == 2 and v.domain[0] == v.domain[1]]
    assert len(ctx.model.proto.solution_hint.vars) == len(ctx.model.proto.variables) - len(constants)


def test_complete_hint_is_feasible(complete_instance: Instance, complete_schedule: Schedule) -> None:
    assert hint_status(complete_instance, complete_schedule) is Status.FEASIBLE
