"""What lies before a move of a vehicle with a battery, for complete hints."""

from __future__ import annotations

from typing import NamedTuple

from scheduler.domain import Charge


class Gap(NamedTuple):
    """What is before a loaded move of a vehicle with a battery, or before its return.

    The move before, or a charge of the past, ends at ``free_at`` and leaves ``charge_left``: its level plus
    ``drain_idle`` times that instant. ``level_after`` is the level after the move. A level that there is not is the
    ``minimum``.
    """

    free_at: int
    charge_left: int
    charge: Charge | None
    level_after: int
    minimum: int

    @property
    def charger(self) -> str | None:
        """Where the vehicle charges in the gap: "" nowhere, None if it does not make the move at all."""
        return None if self.free_at < 0 else "" if self.charge is None else self.charge.charger

    @property
    def start(self) -> int:
        """Start of the charge, 0 without."""
        return 0 if self.charge is None else self.charge.start

    @property
    def end(self) -> int:
        """End of the charge, 0 without."""
        return 0 if self.charge is None else self.charge.end

    @property
    def length(self) -> int:
        """Length of the charge, 0 without."""
        return self.end - self.start

    def level(self, of: str) -> int:
        """Return ``from_level`` or ``to_level`` of the charge, or ``level_after``."""
        if of == "level_after":
            return self.level_after
        if self.charge is None:
            return self.minimum
        return self.charge.from_level if of == "from_level" else self.charge.to_level
