"""The exception tree: what can go wrong, and who has to mend it.

An *outcome* (infeasible, unknown) is never an exception; see `scheduler.domain.result`.
"""

from __future__ import annotations

from dataclasses import dataclass


class SchedulerError(Exception):
    """Base of everything this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing wrong in an input file.

    Attributes
    ----------
    code
        Stable code listed in `docs/errors.md`, for example ``E201``.
    where
        Place in the input: a JSON path (``$.jobs[3].operations[0]``) or ``line 7``.
    cause
        What is wrong, with the offending value.
    fix
        What to write instead.
    """

    code: str
    where: str
    cause: str
    fix: str

    def __str__(self) -> str:
        return f"{self.code} at {self.where}: {self.cause}; {self.fix}"


class DefectsError(SchedulerError):
    """An input is defective; carries every defect found, not only the first.

    Parameters
    ----------
    source
        The file (or other name) the defects belong to.
    defects
        At least one defect, in file order.
    """

    kind = "input"

    def __init__(self, source: str, defects: tuple[Defect, ...]) -> None:
        self.source = source
        self.defects = defects
        count = f"{len(defects)} defect{'s' if len(defects) != 1 else ''}"
        lines = "\n".join(f"  {defect}" for defect in defects)
        super().__init__(f"{source}: {count} in the {self.kind}\n{lines}")


class InstanceError(DefectsError):
    """The instance is defective."""

    kind = "instance"


class FormatError(DefectsError):
    """The file is not in the format it claims, or in none that we know."""

    kind = "file"


class ScheduleError(DefectsError):
    """A schedule file does not fit its instance (unknown job, machine, mode ...)."""

    kind = "schedule"


class EventError(DefectsError):
    """An event can't be applied: malformed, or contradicted by what has happened."""

    kind = "events"


class JournalError(DefectsError):
    """The journal of a loop can't be used: no journal, damaged, or one of another instance."""

    kind = "journal"


class ObjectiveError(SchedulerError):
    """An objective text can't be read; the message names the known terms."""


class UncheckedScheduleError(SchedulerError):
    """An engine produced a schedule that the checker rejects: a bug in this package, never published."""
