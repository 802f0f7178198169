"""What of the search can be set; the defaults are what the studies in `benchmarks` found best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Neighbourhood = Literal["N5", "N6", "N7"]
Starts = Literal["greedy", "random", "beam", "given"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a compiled search.

    Attributes
    ----------
    neighbourhood
        Moves inside critical blocks: the first and last two swapped (N5: Nowicki & Smutnicki 1996), any operation to
        the ends of its block (N6: Balas & Vazacopoulos 1998), and the ends into it (N7: Zhang et al. 2007).
    tenure
        Factor on the iterations that a move stays tabu.
    reactive
        Whether moves stay tabu longer while the walk comes back to known solutions (Battiti & Tecchiolli 1994).
    starts
        What trails begin with that do not begin between elite solutions: greedy solutions that mind the work
        remaining, any order, solutions by beam search (where that speaks the objective), or, for the first trail, the
        schedule that the search was given.
    elite
        Solutions kept; new trails begin between two of them.
    relinking
        Whether trails begin between two elite solutions; else at an elite solution with some random moves.
    patience
        Factor on the iterations without improvement after which a trail is given up.
    """

    neighbourhood: Neighbourhood = "N7"
    tenure: float = 1.0
    reactive: bool = True
    starts: Starts = "greedy"
    elite: int = 16
    relinking: bool = True
    patience: float = 1.0


DEFAULT = Settings()
