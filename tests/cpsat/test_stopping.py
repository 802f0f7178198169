"""A model that nobody waits for any more is given up while it is built."""

from __future__ import annotations

from helpers import factory, machine, simple_job

from scheduler.cpsat.solve import build, improve
from scheduler.domain import Instance, Objective, Status, Stop


class Soon(Stop):
    """A wish to stop that is made after so many looks."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    @property
    def requested(self) -> bool:
        self._looks -= 1
        return self._looks < 0


def shop() -> Instance:
    return factory(machine("M1"), machine("M2"), *(simple_job(f"J{n}", ("M1", 2), ("M2", 3)) for n in range(5)))


def test_building_ends_at_the_next_variable() -> None:
    whole = len(build(shop(), stop=Stop()).model.proto.variables)
    assert (
        len(build(shop(), stop=Soon(4)).model.proto.variables) == 6 < whole
    )  # a constant and the one that was in hand


def test_what_was_known_is_the_answer() -> None:
    outcome = improve(
        shop(),
        Objective.parse("makespan"),
        start=None,
        time_limit=60.0,
        workers=1,
        seed=0,
        on_progress=lambda value, bound: None,
        stop=Soon(4),
    )
    assert (outcome.status, outcome.schedule, outcome.bounds) == (Status.UNKNOWN, None, (None,))
