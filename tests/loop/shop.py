"""A small shop with its schedule, events as text, and loops on a journal in a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers import at, factory, job, machine, mode, op, schedule, simple_job

from scheduler.domain import Instance, Objective, Result, Schedule, Status
from scheduler.io.json_text import dump_json
from scheduler.io.schedule_file import schedule_document
from scheduler.loop import Journal, Line, Loop, Settings
from scheduler.terms import value_terms

SETTINGS = Settings(policy="right-shift", deadline=5.0, workers=1)


def shop() -> Instance:
    """Two jobs, first on M1, then on M2; J2.2 may also be done on M3."""
    return factory(
        machine("M1"),
        machine("M2"),
        machine("M3"),
        simple_job("J1", ("M1", 3), ("M2", 4)),
        job("J2", op("1", mode("M1", 2)), op("2", mode("M2", 3), mode("M3", 5))),
    )


def shop_schedule() -> Schedule:
    """M1: J1 [0, 3), J2 [3, 5). M2: J1 [3, 7), J2 [7, 10)."""
    return schedule(at("J1.1", "M1", 0, 3), at("J1.2", "M2", 3, 7), at("J2.1", "M1", 3, 5), at("J2.2", "M2", 7, 10))


def schedule_text(instance: Instance, plan: Schedule) -> str:
    result = Result(Status.FEASIBLE, Objective.parse("makespan"), plan, value_terms(instance, plan))
    return dump_json(schedule_document(instance, result))


def breakdown(id: str, at: int, until: int, machine: str = "M1", **fields: Any) -> dict[str, Any]:
    return {"type": "machine_breakdown", "id": id, "at": at, "machine": machine, "until": until, **fields}


def delay(id: str, at: int, name: str, ticks: int, **fields: Any) -> dict[str, Any]:
    job, operation = name.split(".")
    return {
        "type": "operation_delayed",
        "id": id,
        "at": at,
        "job": job,
        "operation": operation,
        "delay": ticks,
        **fields,
    }


def order(id: str, at: int, job: str, *steps: tuple[str, int], **fields: Any) -> dict[str, Any]:
    operations = [{"id": str(n), "modes": [{"machine": m, "duration": d}]} for n, (m, d) in enumerate(steps, 1)]
    return {"type": "rush_order", "id": id, "at": at, "job": {"id": job, "operations": operations, **fields}}


STREAM = (
    breakdown("E1", 1, 3),
    delay("E2", 4, "J1.2", 2),
    breakdown("E3", 5, 6, "M3"),
    breakdown("E4", 8, 12, "M2"),
)


def line(event: dict[str, Any] | str) -> Line:
    return Line(event if isinstance(event, str) else json.dumps(event))


@contextmanager
def opened(folder: Path, settings: Settings = SETTINGS, instance: Instance | None = None, **how: Any) -> Iterator[Loop]:
    """Yield a loop on the journal in the folder, a new one or the one that is there."""
    instance = instance or shop()
    with Journal(folder / "journal.db") as journal:
        yield Loop(journal, folder, instance, schedule_text(instance, shop_schedule()), settings, **how)


def tell(loop: Loop, *events: dict[str, Any] | str, nothing_follows: bool = True) -> None:
    """Let the events come in one burst."""
    loop.receive([line(event) for event in events])
    loop.answer(nothing_follows=nothing_follows)


def answer_all(folder: Path, events: Sequence[dict[str, Any] | str] = STREAM, **how: Any) -> None:
    """Open a loop and tell it one event after the other."""
    with opened(folder, **how) as loop:
        for event in events:
            tell(loop, event)


def current(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "current.json").read_text(encoding="utf-8")))


def starts(folder: Path) -> dict[str, int]:
    """Return the start of each operation in the published file."""
    return {f"{o['job']}.{o['operation']}": o["start"] for o in current(folder)["operations"]}


def verdicts(folder: Path) -> dict[str, str]:
    """Return what became of each event, by its id or, if it has none, the number of its entry."""
    with Journal(folder / "journal.db", only_read=True) as journal:
        decided = list(journal.entries("decided"))
    return {entry.key or str(entry.body["entry"]): entry.body["verdict"] for entry in decided}


def reason(folder: Path, event: str) -> str:
    """Return why an event was put aside."""
    with Journal(folder / "journal.db", only_read=True) as journal:
        entry = journal.last("decided", event)
    assert entry is not None
    return str(entry.body["reason"])


def story(folder: Path) -> list[tuple[Any, ...]]:
    """Return what the journal says, but for when and how fast; publications aside."""
    with Journal(folder / "journal.db", only_read=True) as journal:
        return [
            (entry.kind, entry.key, entry.content, entry.body.get("verdict"), entry.body.get("reason"))
            for entry in journal.entries()
            if entry.kind != "published"
        ]
