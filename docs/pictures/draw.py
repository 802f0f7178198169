"""Draws the pictures of docs/gantt.md anew: ``python docs/pictures/draw.py``, or those named behind it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

import scheduler
from scheduler.domain import Job, Mode, Operation
from scheduler.domain.events import (
    Event,
    FacilityOutage,
    JobCancelled,
    MachineBreakdown,
    RobotDown,
    RushOrder,
    VehicleDown,
)
from scheduler.domain.jobs import chain
from scheduler.plot import before_after, gantt, plot_cascade
from scheduler.rescheduling import repair

HERE = Path(__file__).parent
INSTANCES = HERE.parents[1] / "instances"
FACTORY = INSTANCES / "two_facilities.json"
HALL = INSTANCES / "charging_hall.json"
CELL = INSTANCES / "cyclic_cell_tiny.json"
NOW = 400
RUSH = Job(
    "RUSH",
    (Operation("turn", (Mode("lathe-1", 50),)), Operation("test", (Mode("test-rig", 40),))),
    chain(("turn", "test")),
    release_date=NOW,
    due_date=900,
)
EVENTS: tuple[Event, ...] = (
    MachineBreakdown("E1", NOW, "mill-1", NOW + 240, "repeat"),
    RobotDown("E2", NOW, "pressing-robot", NOW + 45),
    JobCancelled("E3", NOW, "W-304"),
    RushOrder("E4", NOW, RUSH),
)


def save(figure: Figure, name: str) -> None:
    """Write a picture with 256 colours, a third of the size of the full one."""
    content = BytesIO()
    figure.savefig(content, dpi=120)
    Image.open(content).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(HERE / name, optimize=True)


def draw_repair() -> None:
    """Plan the factory, repair the plan, and draw both."""
    factory = scheduler.load(FACTORY)
    plan = scheduler.solve(factory, time_limit=20)
    assert plan.schedule is not None
    axes = gantt(factory, plan.schedule, terms={t: plan.terms[t] for t in plan.objective.terms}, width=17)
    assert isinstance(axes.figure, Figure)
    save(axes.figure, "schedule.png")
    repaired = repair(factory, plan.schedule, EVENTS, frozen_until=NOW + 60, time_limit=20)
    after = repaired.result.schedule
    assert after is not None
    terms = {t: repaired.result.terms[t] for t in repaired.result.objective.terms}
    save(before_after(repaired.instance, plan.schedule, after, terms=terms, width=15), "repair.png")


def draw_breakdown() -> None:
    """Draw a job shop one of whose machines breaks down: what would only wait for it changes its order."""
    draw_disruption("ft06.json", MachineBreakdown("E1", 20, "M3", 32), "auto", "breakdown.png")


def draw_vehicle() -> None:
    """Draw a hall one of whose two vehicles breaks down: the other takes over."""
    draw_disruption("fleet.json", VehicleDown("E1", 60, "cart-1", 160), "auto", "vehicle.png")


def draw_outage() -> None:
    """Draw two facilities, one of which stands still: everything keeps its order and its place."""
    outage = FacilityOutage("E1", NOW, "assembly", NOW + 120, ramp_up=60)
    draw_disruption("two_facilities.json", outage, "right-shift", "outage.png")


def draw_disruption(instance: str, event: Event, policy: str, name: str) -> None:
    """Draw a plan before and after one event: nothing here takes longer than a minute."""
    factory = scheduler.load(INSTANCES / instance)
    plan = scheduler.solve(factory, time_limit=20, workers=2)
    assert plan.schedule is not None
    repaired = repair(factory, plan.schedule, (event,), policy=policy, time_limit=20, workers=2)
    after = repaired.result.schedule
    assert after is not None
    terms = {t: repaired.result.terms[t] for t in repaired.result.objective.terms}
    save(before_after(repaired.instance, plan.schedule, after, terms=terms, width=13), name)


def draw_cascade() -> None:
    """Plan the factory in a hurry, let a machine and a robot break down, and draw what that delays."""
    factory = scheduler.load(FACTORY)
    plan = scheduler.solve(factory, time_limit=2)
    assert plan.schedule is not None
    repaired = repair(factory, plan.schedule, EVENTS[:2], policy="right-shift", time_limit=5)
    assert repaired.report is not None
    picture = plot_cascade(repaired.report.cascade, EVENTS[:2], title=factory.name, instance=repaired.instance)
    save(picture, "cascade.png")


def draw_charging() -> None:
    """Draw mobile robots that charge."""
    hall = scheduler.load(HALL)
    plan = scheduler.solve(hall, time_limit=60)
    assert plan.schedule is not None
    axes = gantt(hall, plan.schedule, width=15)
    assert isinstance(axes.figure, Figure)
    save(axes.figure, "charging.png")


def draw_cycle() -> None:
    """Draw a robot cell that makes the same part again and again."""
    cell = scheduler.load(CELL)
    plan = scheduler.solve(cell, time_limit=20)
    assert plan.schedule is not None
    axes = gantt(cell, plan.schedule, width=9)
    assert isinstance(axes.figure, Figure)
    save(axes.figure, "cycle.png")


PICTURES: dict[str, Callable[[], None]] = {
    "repair": draw_repair,
    "breakdown": draw_breakdown,
    "vehicle": draw_vehicle,
    "outage": draw_outage,
    "cascade": draw_cascade,
    "charging": draw_charging,
    "cycle": draw_cycle,
}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or PICTURES:
        PICTURES[chosen]()
