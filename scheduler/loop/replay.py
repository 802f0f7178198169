"""Replaying a journal: every revision again, every plan through the checker, every publication byte for byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scheduler.errors import Defect, DefectsError, JournalError
from scheduler.io.schedule_file import schedule_document
from scheduler.loop.journal import Entry, Journal
from scheduler.loop.publication import broken_by, is_published, published_text, result_of, text_digest
from scheduler.loop.state import State, beginning_of, schedule_of, states
from scheduler.rescheduling.concessions import intolerable

_RESTORE = "restore the journal from a copy"


def flaws(journal: Journal, folder: Path | None = None) -> Iterator[Defect]:
    """Yield everything that is wrong with a journal and, if it is given, with the folder of its publications.

    What is looked at, in this order: the chain of digests; that no text was received twice, no entry decided twice, and
    no event is in two revisions; that every revision can be applied again and every plan passes the checker, but for
    the limits that a degraded one says it breaks; that what was published is the plan, byte for byte; that the folder
    shows the last plan.
    """
    broken = journal.breaks()
    yield from broken
    if broken:
        return
    yield from _repetitions(journal)
    shown = ""
    try:
        for _, state in states(journal):
            for plan in journal.entries("planned", key=str(state.revision)):
                shown, found = _replayed(journal, plan, state)
                yield from found
    except DefectsError as error:
        yield from (
            Defect("E706", defect.where, f"{defect.code}: {defect.cause}", _RESTORE) for defect in error.defects
        )
        return
    if folder is not None and not is_published(folder, shown):
        cause = f"{folder} does not show the last plan"
        yield Defect("E706", "journal", cause, "go on with the loop, or restore the journal from a copy")


def exported(journal: Journal, number: int) -> dict[str, Any]:
    """Return the schedule file of a revision's last plan, with all revisions that lead to it.

    Unlike the published file it needs nothing besides the instance file.

    Raises
    ------
    JournalError
        If there is no such revision.
    """
    revisions = list(beginning_of(journal).revisions)
    for plan, state in states(journal):
        if state.last is not None:
            revisions.append(state.last)
        if state.revision == number:
            result, broken = result_of(plan, state.schedule), broken_by(plan)
            return schedule_document(state.instance, result, revisions=revisions, broken=broken)
    cause, fix = f"there is no revision {number}", "name one that the journal lists"
    raise JournalError(str(journal.path), (Defect("E707", "journal", cause, fix),))


def _replayed(journal: Journal, plan: Entry, state: State) -> tuple[str, list[Defect]]:
    """Return the text of the published file of a plan, and what is wrong with the plan and its publication."""
    where, schedule = f"entry {plan.number}", schedule_of(journal, plan)
    broken, untrue = intolerable(state.instance, schedule, broken_by(plan))
    words = [f"the plan breaks rule {v.rule} at {v.where}: {v.detail}" for v in broken]
    words += [f"the plan is said to break rule {v.rule} at {v.where}, but does not" for v in untrue]
    found = [Defect("E706", where, cause, _RESTORE) for cause in words]
    text = published_text(plan, state.instance, schedule)
    for entry in journal.entries("published", key=plan.key):
        if entry.body["plan"] == plan.number and entry.body["digest"] != text_digest(text):
            found.append(
                Defect("E706", f"entry {entry.number}", "something else than the plan was published", _RESTORE)
            )
    return text, found


def _repetitions(journal: Journal) -> Iterator[Defect]:
    """Yield what came, was decided or was applied twice."""
    decided = Counter(entry.body["entry"] for entry in journal.entries("decided"))
    applied = Counter(number for entry in journal.entries("revised") for number in entry.body["events"])
    received = Counter(entry.key for entry in journal.entries("received"))
    accepted = {entry.body["entry"] for entry in journal.entries("decided") if entry.body["verdict"] == "accepted"}
    for words, counts in (("decided", decided), ("applied", applied), ("received", received)):
        for name, count in counts.items():
            if count > 1:
                yield Defect("E706", f"entry {name}", f"it was {words} {count} times", _RESTORE)
    for number in accepted ^ applied.keys():
        yield Defect("E706", f"entry {number}", "it is accepted or in a revision, but not both", _RESTORE)
