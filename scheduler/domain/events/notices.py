"""Events that say something about other events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from scheduler.domain.events.base import Event, Status
from scheduler.domain.instance import Instance
from scheduler.errors import Defect


@dataclass(frozen=True)
class Retraction(Event):
    """An event did not happen, or is over: what it changed is undone from now on.

    What has happened because of it stays: work that was lost, the pause of an operation, a downtime until now.
    """

    type: ClassVar[str] = "retraction"

    @property
    def status(self) -> Status:
        """``retracted``."""
        return "retracted"

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield that it names no event."""
        if self.supersedes is None:
            yield self.defect("E603", "supersedes", "a retraction names no event", "write the id of the event")

    def change(self, instance: Instance) -> Instance:
        """Change nothing: `scheduler.domain.events.revise` undoes the event."""
        return instance
