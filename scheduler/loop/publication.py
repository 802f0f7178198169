"""What the factory gets to see: one file with the schedule in force, replaced as a whole.

The file follows from the journal alone, byte for byte, so that it can be written again after a crash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

from scheduler.constraints import Violation
from scheduler.domain import Instance, Objective, Result, Schedule, Status
from scheduler.domain.collector import collector_paused
from scheduler.io.atomic import write_text
from scheduler.io.json_text import dump_json
from scheduler.io.schedule_file import schedule_document
from scheduler.loop.journal import Draft, Entry
from scheduler.loop.packing import packed
from scheduler.rescheduling import Report

CURRENT = "current.json"
"""Name of the published file in its folder."""


def plan_draft(
    revision: int,
    policy: str,
    result: Result,
    report: Report | None,
    seconds: float,
    broken: Sequence[Violation] = (),
) -> Draft:
    """Return the entry of a plan: the schedule beside it, and what there is to say of it.

    `seconds` is the time since the first event of the revision came; `broken` is what a degraded plan breaks.
    """
    if result.schedule is None:
        raise ValueError("a plan has a schedule")
    body = {
        "policy": policy,
        "seconds": round(seconds, 3),
        "status": result.status.value,
        **({"degraded": [asdict(violation) for violation in broken], "reason": result.reason} if broken else {}),
        "objective": str(result.objective),
        "terms": dict(result.terms),
        "bounds": [None if bound is None else str(bound) for bound in result.bounds],
        "seed": result.seed,
        "workers": result.workers,
        "versions": dict(result.versions),
        "report": None if report is None else {**asdict(report), "text": str(report)},
    }
    return Draft("planned", str(revision), body, packed(result.schedule))


def broken_by(plan: Entry) -> tuple[Violation, ...]:
    """Return the limits that a plan is known to break; none unless it is degraded."""
    return tuple(Violation(**violation) for violation in plan.body.get("degraded", ()))


def result_of(plan: Entry, schedule: Schedule) -> Result:
    """Return the result of which a plan was made."""
    body = plan.body
    return Result(
        Status(body["status"]),
        Objective.parse(body["objective"]),
        schedule,
        body["terms"],
        tuple(None if bound is None else Fraction(bound) for bound in body["bounds"]),
        body.get("reason", ""),
        seconds=body["seconds"],
        seed=body["seed"],
        workers=body["workers"],
        versions=body["versions"],
    )


@collector_paused()
def published_text(plan: Entry, instance: Instance, schedule: Schedule) -> str:
    """Return the text of the published file: a schedule file with a few words about its revision around it."""
    now = 0 if instance.execution is None else instance.execution.now
    head = {"revision": int(plan.key), "now": now, "policy": plan.body["policy"], "journal": plan.digest}
    document = schedule_document(instance, result_of(plan, schedule), broken=broken_by(plan))
    return dump_json({**head, **document, "report": plan.body["report"]})


def publish(folder: Path, text: str) -> None:
    """Write the file; a reader finds the old one or the new one, whole.

    Raises
    ------
    FormatError
        If it can't be written.
    """
    write_text(folder / CURRENT, text)


def is_published(folder: Path, text: str) -> bool:
    """Return whether the folder shows this text."""
    path = folder / CURRENT
    return path.is_file() and path.read_bytes() == text.encode()


def text_digest(text: str) -> str:
    """Return the digest of a published text."""
    return hashlib.sha256(text.encode()).hexdigest()
