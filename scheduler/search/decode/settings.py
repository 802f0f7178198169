"""What can be varied in the factory search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes
    ----------
    history
        Length of the memory that decides which changes are kept.
    prunes
        Whether a decode is given up where it has fallen behind.
    patience
        Iterations without a better solution, for each unit, after which a walk ends.
    kicks
        Changes that are kept whatever they come to, where a walk begins at a known solution.
    turns, modes, drifts, openings, shifts
        Shares of the kinds of changes: units on the way back from the end of a job change turns (several at a time or
        one), an operation there changes its mode, any unit goes elsewhere, all modes or the plan of a job are
        open, a job goes before or behind others on its whole way.
    """

    history: int = 100
    prunes: bool = True
    patience: int = 12
    kicks: int = 10
    turns: tuple[float, float] = (0.1, 0.3)
    modes: float = 0.1
    drifts: float = 0.45
    openings: float = 0.05
    shifts: float = 0.1


DEFAULT = Settings()
