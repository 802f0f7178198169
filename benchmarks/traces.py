"""Event traces: what happens in the repair studies, frozen as JSON Lines in `benchmarks/traces`.

An event is drawn from the instance and its constructed schedule, with a seed; `python -m benchmarks traces` draws all
of them again. Every event of the single-event protocol is answered on the schedule before anything has happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import click

import scheduler
from benchmarks.factories import GENERATED
from benchmarks.options import AT_LEAST_ONE
from benchmarks.size import flexible_job_shop
from scheduler.domain import Instance, Objective, Schedule
from scheduler.generate import Recipe, generate
from scheduler.io.atomic import write_text
from scheduler.loop.state import State
from scheduler.search.construct import construct

TRACES = Path(__file__).parent / "traces"
INSTANCES = Path(__file__).parents[1] / "instances"


def shipped(name: str) -> Callable[[], Instance]:
    """Return a reader of a shipped instance."""
    return lambda: scheduler.load(INSTANCES / f"{name}.json")


CASES: Mapping[str, Callable[[], Instance]] = {
    "fjsp-30x10": lambda: flexible_job_shop(300, 10, 10, seed=1),
    "fjsp-100x20": lambda: flexible_job_shop(2_000, 20, 20, seed=1),
    "fjsp-500x20": lambda: flexible_job_shop(10_000, 20, 50, seed=1),
    "robot_cell": shipped("robot_cell"),
    "fleet": shipped("fleet"),
    "two_facilities": shipped("two_facilities"),
    "battery_network": shipped("battery_network"),
    "g350": lambda: generate(Recipe(**GENERATED["g350"])),
    "v1000": lambda: generate(Recipe(**GENERATED["v1000"])),
    "t2000": lambda: generate(Recipe(**GENERATED["t2000"])),
}
"""The factories by the name of their trace."""


def baseline(instance: Instance) -> Schedule:
    """Return the schedule before anything happens: the best that construction finds in a second."""
    schedule = construct(instance, Objective.parse(instance.objective), seed=0)
    if schedule is None:
        raise ValueError(f"{instance.name}: nothing was constructed")
    return schedule


def drawn(
    instance: Instance, schedule: Schedule, number: int, seed: int, *, prefix: str = "E"
) -> Iterator[dict[str, Any]]:
    """Yield random events, in the order of time: breakdowns, delays, rush orders, cancellations, stopped movers.

    They fall into the first 80 % of the makespan; downtimes last 5 to 40 % of it, as those of the public profiles do.
    """
    rng = Random(f"{instance.name} {seed}")
    span = schedule.makespan
    machines = [operation.machine for operation in schedule.operations]
    robots = [robot.id for cell in instance.cells for robot in cell.robots]
    vehicles = [vehicle.id for fleet in instance.fleets for vehicle in fleet.vehicles]
    kinds = ["machine_breakdown"] * 4 + ["operation_delayed"] * 3 + ["rush_order"] * 2 + ["job_cancelled"]
    kinds += ["robot_down"] * 2 if robots else []
    kinds += ["vehicle_down"] * 2 if vehicles else []
    for index, at in enumerate(sorted(rng.randrange(1, max(2, 4 * span // 5)) for _ in range(number))):
        kind, until = rng.choice(kinds), at + max(1, round(span * rng.uniform(0.05, 0.4)))
        event: dict[str, Any] = {"type": kind, "id": f"{prefix}{index + 1}", "at": at}
        pending = [operation for operation in schedule.operations if operation.end > at]
        if kind == "machine_breakdown":
            event |= {"machine": rng.choice(machines), "until": until, "interrupted": rng.choice(["resume", "repeat"])}
        elif kind == "operation_delayed":
            operation = rng.choice(pending)
            duration = instance.mode(operation.key, operation.mode).duration
            event |= {"job": operation.job, "operation": operation.operation, "delay": max(1, duration // 2)}
        elif kind == "rush_order":
            likes = rng.choice(instance.jobs)
            operations = [
                {"id": o.id, "modes": [{"machine": m.machine, "duration": m.duration} for m in o.modes]}
                for o in likes.operations
            ]
            event |= {
                "job": {"id": f"{prefix}rush{index + 1}", "weight": 5, "due_date": until, "operations": operations}
            }
        elif kind == "job_cancelled":
            event |= {"job": rng.choice(pending).job}
        else:
            event |= {kind.split("_")[0]: rng.choice(robots if kind == "robot_down" else vehicles), "until": until}
        yield event


class Steady:
    """Random events in a factory that runs on: orders come as work is done, so that it has as much to do all the time.

    Each event follows from the state of the loop and the seed. Twenty times as many fall into a makespan as in a trace,
    so downtimes last a tenth as long: machines are down about a tenth of the time.
    """

    def __init__(self, instance: Instance, schedule: Schedule, seed: int) -> None:
        self._instance, self._rng = instance, Random(f"{instance.name} steady {seed}")
        self._span, self._size = schedule.makespan, len(schedule.operations)
        self._at, self._number = 0, 0

    def event(self, state: State) -> dict[str, Any]:
        """Return the next event."""
        rng, instance, span = self._rng, self._instance, self._span
        self._number += 1
        self._at += rng.randrange(2 * span // 250)
        at, id = self._at, f"E{self._number}"
        pending = [operation for operation in state.schedule.operations if operation.start > at]
        until = at + max(1, round(span * rng.uniform(0.005, 0.04)))
        kinds = ["machine_breakdown"] * 4 + ["operation_delayed"] * 3 + ["job_cancelled", "robot_down", "vehicle_down"]
        is_short = len(state.schedule.operations) < self._size or len(pending) < self._size // 2
        kind = "rush_order" if is_short and rng.random() < 0.5 else rng.choice(kinds)
        event: dict[str, Any] = {"type": kind, "id": id, "at": at}
        if kind == "rush_order" or not pending:
            operations = [
                {"id": o.id, "modes": [{"machine": m.machine, "duration": m.duration} for m in o.modes]}
                for o in rng.choice(instance.jobs).operations
            ]
            job = {"id": f"R{self._number}", "weight": rng.randrange(1, 6), "due_date": at + span}
            return {**event, "type": "rush_order", "job": {**job, "operations": operations}}
        operation = rng.choice(pending)
        if kind == "machine_breakdown":
            return event | {
                "machine": operation.machine,
                "until": until,
                "interrupted": rng.choice(["resume", "repeat"]),
            }
        if kind == "operation_delayed":
            return event | {"job": operation.job, "operation": operation.operation, "delay": rng.randrange(1, 10)}
        if kind == "job_cancelled":
            return event | {"job": operation.job}
        movers = (
            [robot.id for cell in instance.cells for robot in cell.robots]
            if kind == "robot_down"
            else [vehicle.id for fleet in instance.fleets for vehicle in fleet.vehicles]
        )
        return event | {kind.split("_")[0]: rng.choice(movers), "until": until}


@click.command("traces")
@click.option("--events", type=AT_LEAST_ONE, default=20, show_default=True, help="Events of each trace.")
@click.option("--only", multiple=True, type=click.Choice(list(CASES)), help="Only these traces.")
def traces_command(events: int, only: tuple[str, ...]) -> None:
    """Draw the event traces of the repair studies again; they are frozen, so this is for new ones."""
    TRACES.mkdir(exist_ok=True)
    for name in only or CASES:
        instance = CASES[name]()
        lines = [json.dumps(event) for event in drawn(instance, baseline(instance), events, seed=0)]
        write_text(TRACES / f"{name}.jsonl", "\n".join(lines) + "\n")
        click.echo(f"{name}: {len(lines)} events")
