"""Draws the pictures of docs/gantt.md anew: ``python docs/pictures/draw.py``."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

import scheduler
from scheduler.domain import Job, Mode, Operation
from scheduler.domain.events import Event, JobCancelled, MachineBreakdown, RobotDown, RushOrder
from scheduler.domain.jobs import chain
from scheduler.plot import before_after, gantt, plot_cascade
from scheduler.rescheduling import repair

HERE = Path(__file__).parent
FACTORY = HERE.parents[1] / "instances" / "two_facilities.json"
HALL = HERE.parents[1] / "instances" / "charging_hall.json"
CELL = HERE.parents[1] / "instances" / "cyclic_cell_tiny.json"
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


def main() -> None:
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
    draw_cascade()
    draw_charging()
    draw_cycle()


def draw_cascade() -> None:
    """Plan the factory in a hurry, let a machine and a robot break down, and draw what that delays."""
    factory = scheduler.load(FACTORY)
    plan = scheduler.solve(factory, time_limit=2)
    assert plan.schedule is not None
    repaired = repair(factory, plan.schedule, EVENTS[:2], policy="right-shift", time_limit=5)
    assert repaired.report is not None
    save(plot_cascade(repaired.report.cascade, EVENTS[:2], title=factory.name), "cascade.png")


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


if __name__ == "__main__":
    main()
