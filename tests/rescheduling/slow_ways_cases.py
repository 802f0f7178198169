"""Carts, and random factories whose ways become slow and fast again, shared by the tests of slow ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import NamedTuple

from helpers import distances, factory, machine, simple_job
from repair_cases import with_waiting_carriers

from benchmarks.drawing import random_event
from scheduler.domain import Battery, ChargeStep, Fleet, Instance, Objective, Schedule, Vehicle
from scheduler.domain.events import Event, Retraction, Revision, RouteSlow, revise
from scheduler.domain.happened import execution_of
from scheduler.errors import EventError
from scheduler.rescheduling.right_shift import right_shift
from scheduler.search.decode.engine import FactorySearch

MAKESPAN = Objective.parse("makespan")


def carts() -> Instance:
    """One cart: J1 from M1 to M2, J2 from M1 to M2; 4 ticks between any two places."""
    fleet = Fleet("carts", "F", (Vehicle("V", "P"),), distances("P M1 M2", 4))
    return factory(
        *(machine(name) for name in ("M1", "M2")),
        fleet,
        simple_job("J1", ("M1", 4), ("M2", 2)),
        simple_job("J2", ("M1", 4), ("M2", 2)),
    )


def battery_cart(initial: int, **drains: int) -> Instance:
    """One cart with a battery that nothing charges: J1 from M1 to M2; 4 ticks between any two places."""
    battery = Battery(40, (ChargeStep(40, 1),), initial, 0, **{"drain_loaded": 1, "drain_empty": 1, **drains})
    fleet = replace(carts().fleets[0], vehicles=(Vehicle("V", "P", battery=battery),))
    return replace(carts(), fleets=(fleet,), jobs=carts().jobs[:1])


def decoded(instance: Instance) -> Schedule | None:
    """Return the first schedule of the factory search."""
    search = FactorySearch.of(instance, MAKESPAN, 0, lambda *_: None)
    return None if search is None else search.first()


class Case(NamedTuple):
    """An instance after events, and its right shift."""

    instance: Instance
    schedule: Schedule


def cases(instance: Instance, baseline: Schedule | None, seed: int) -> Iterator[Case]:
    """Let ways become slow and fast again, and other things happen in between."""
    random, names, now = Random(seed), list[str](), 0
    for number in range(5 if baseline is not None else 0):
        assert baseline is not None
        now += random.randint(1, max(1, baseline.makespan // 4))
        event = _event(random, revise(instance, Revision(now, 0, (), baseline)), number, names)
        try:
            after = revise(instance, Revision(now, 0, () if event is None else (event,), baseline))
        except EventError:
            continue
        names += [] if event is None else [event.id]
        shifted = right_shift(after, execution_of(after).baseline)
        if shifted is None:
            after = with_waiting_carriers(after, execution_of(after).baseline)
            shifted = right_shift(after, execution_of(after).baseline)
        if shifted is None:
            return
        yield Case(after, shifted)
        instance, baseline = after, shifted


def _event(random: Random, instance: Instance, number: int, names: list[str]) -> Event | None:
    now, id = execution_of(instance).now, f"E{number}"
    if number % 2 == 0:
        if not instance.group_by_id:
            return None
        route = random.choice(list(instance.group_by_id))
        until = random.choice([None, now + random.randint(1, 12)])
        return RouteSlow(id, now, route, random.choice([30, 50, 70, 150]), until)
    if random.random() < 0.4 and names:
        return Retraction(id, now, supersedes=random.choice(names))
    return random_event(random, instance, id, ())
