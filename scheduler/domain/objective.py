"""Objectives: ordered tiers of weighted terms, all minimised.

Grammar: ``tier > tier > ...``, each tier ``[weight *] term + [weight *] term ... [<= aspiration]``, for example
``weighted_tardiness > makespan + 0.2*setup_time`` or ``makespan <= 480 > setup_time``. A later tier only breaks ties
of the earlier ones, and all that is no more than an aspiration is a tie.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from scheduler.errors import ObjectiveError

TERM_NAMES: Mapping[str, str] = {
    "makespan": "latest completion of all jobs, C_max = max_j C_j",
    "total_tardiness": "sum_j T_j with T_j = max(0, C_j - due_date_j)",
    "weighted_tardiness": "sum_j weight_j T_j",
    "maximum_tardiness": "T_max = max_j T_j",
    "number_tardy": "number of jobs with C_j > due_date_j",
    "flow_time": "sum_j (C_j - release_date_j)",
    "cycle_time": "ticks from the start of one part set to that of the next, in cyclic production (else 0)",
    "setup_time": "total length of all setups",
    "transfer_count": "number of trips over transfer lanes",
    "transfer_cost": "sum over trips of trip_cost + unit_cost * units on the trip, of their lanes",
    "transfer_co2": "sum over trips of the trip_co2 of their lanes",
    "start_deviation": "sum over pending operations of |start - baseline start|",
    "reassignments": "number of pending operations whose machine differs from the baseline",
    "sequence_changes": "number of baseline machine neighbours (a directly before b) no longer in this order there",
    "promised_tardiness": "sum over the jobs of the baseline of max(0, C_j - baseline C_j)",
}
"""Every objective term and its formula; `scheduler.terms` values them, `scheduler.cpsat` models them."""

STABILITY_TERMS = frozenset({"start_deviation", "reassignments", "sequence_changes", "promised_tardiness"})
"""Terms that need a baseline schedule; without one they are 0."""

MAX_SCALE = 10_000
_LARGEST = 10**15
_ASPIRATION = re.compile(r"^(?P<sum>[^<]*)<=\s*(?P<level>\d+(?:\.\d+)?)\s*$")
_ITEM = re.compile(r"^(?:(?P<weight>\d+(?:\.\d+)?)\s*\*\s*)?(?P<term>[a-z_][a-z_0-9]*)$")


@dataclass(frozen=True, slots=True)
class Tier:
    """A weighted sum of terms that is good enough at its aspiration: ``max(sum_k weight_k * term_k, aspiration)``.

    Aspirations are those of goal programming (Charnes & Cooper 1961): what is saved below one is worth nothing, so it
    is left to the tiers after it.
    """

    weights: tuple[tuple[str, Fraction], ...]
    aspiration: Fraction = Fraction(0)

    @property
    def scale(self) -> int:
        """Smallest integer that makes every weight, and the aspiration, an integer when multiplied."""
        return lcm(self.aspiration.denominator, *(weight.denominator for _, weight in self.weights))

    def value(self, terms: Mapping[str, int]) -> Fraction:
        """Return the weighted sum, given the value of each term, or the aspiration if that is more."""
        return max(self.aspiration, sum((weight * terms[name] for name, weight in self.weights), Fraction(0)))

    def __str__(self) -> str:
        text = " + ".join(name if w == 1 else f"{_decimal(w)}*{name}" for name, w in self.weights)
        return text if self.aspiration == 0 else f"{text} <= {_decimal(self.aspiration)}"


@dataclass(frozen=True, slots=True)
class Objective:
    """Tiers in order of importance, at least one."""

    tiers: tuple[Tier, ...]

    @classmethod
    def parse(cls, text: str) -> Objective:
        """Read an objective text.

        Raises
        ------
        ObjectiveError
            If the text does not follow the grammar, names an unknown term, or repeats one in a tier.
        """
        return cls(tuple(_parse_tier(part, text) for part in text.split(">")))

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of all terms, in order of first use."""
        return tuple(dict.fromkeys(name for tier in self.tiers for name, _ in tier.weights))

    def without(self, voids: Collection[str]) -> tuple[Objective, tuple[int, ...]]:
        """Return the objective without these terms, and the positions of the tiers that are left.

        Where none would be left, the objective stays as it is.
        """
        kept = {
            position: Tier(weights, tier.aspiration)
            for position, tier in enumerate(self.tiers)
            if (weights := tuple((name, weight) for name, weight in tier.weights if name not in voids))
        }
        if not kept:
            return self, tuple(range(len(self.tiers)))
        return Objective(tuple(kept.values())), tuple(kept)

    def value(self, terms: Mapping[str, int]) -> tuple[Fraction, ...]:
        """Return the value of each tier; compare two schedules by comparing these tuples."""
        return tuple(tier.value(terms) for tier in self.tiers)

    def __str__(self) -> str:
        return " > ".join(str(tier) for tier in self.tiers)


def _parse_tier(part: str, text: str) -> Tier:
    weights: dict[str, Fraction] = {}
    aspired = _ASPIRATION.match(part)
    aspiration = Fraction(aspired["level"]) if aspired is not None else Fraction(0)
    if aspiration > _LARGEST or aspiration.denominator > MAX_SCALE:
        raise ObjectiveError(
            f"the aspiration in {part.strip()!r} is out of range; "
            f"write a number up to {_LARGEST} with at most four decimals"
        )
    for item in (aspired["sum"] if aspired is not None else part).split("+"):
        match = _ITEM.match(item.strip())
        if match is None:
            raise ObjectiveError(
                f"can't read {item.strip()!r} in objective {text!r}; "
                "write tiers as 'weight*term + term > term', e.g. 'weighted_tardiness > makespan + 0.2*setup_time', "
                "each with '<= number' behind it if so much is good enough"
            )
        name = match["term"]
        if name not in TERM_NAMES:
            raise ObjectiveError(f"unknown objective term {name!r} in {text!r}; known terms: {', '.join(TERM_NAMES)}")
        if name in weights:
            raise ObjectiveError(f"term {name!r} stands twice in one tier of {text!r}; give it one weight")
        weight = Fraction(match["weight"] or 1)
        if weight <= 0 or weight > 1_000_000 or weight.denominator > MAX_SCALE:
            raise ObjectiveError(
                f"weight {match['weight']} of {name!r} in {text!r} is out of range; "
                "write a positive number up to 1000000 with at most four decimals"
            )
        weights[name] = weight
    return Tier(tuple(weights.items()), aspiration)


def _decimal(weight: Fraction) -> str:
    return f"{float(weight):.4f}".rstrip("0").rstrip(".")
