"""How figures and counts read in the output."""

from __future__ import annotations

from fractions import Fraction

from scheduler.domain.instance import Instance

ABSENT = "-"


def number_text(value: Fraction | int | None) -> str:
    """Return ``12``, ``12.25`` or, for None, a dash."""
    if value is None:
        return ABSENT
    return str(value) if Fraction(value).denominator == 1 else f"{float(value):.4f}".rstrip("0").rstrip(".")


def gap_text(value: Fraction | None, bound: Fraction | None) -> str:
    """Return ``(value - bound) / value`` in percent, a dash where either is unknown."""
    if value is None or bound is None:
        return ABSENT
    gap = 0.0 if value == bound else float((value - bound) / value)
    return f"{gap:.1%}".replace("%", " %")


def count_text(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 job``, ``2 jobs``, ``3 facilities``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def size_text(instance: Instance) -> str:
    """Return how large an instance is, for example ``6 jobs, 36 operations, 6 machines``."""
    counts = [
        (len(instance.jobs), "job", ""),
        (instance.num_operations, "operation", ""),
        (len(instance.machines), "machine", ""),
        (len(instance.cells), "robot cell", ""),
        (len(instance.facilities), "facility", "facilities"),
        (len(instance.lanes), "lane", ""),
        (sum(len(fleet.vehicles) for fleet in instance.fleets), "vehicle", ""),
        (len(instance.operators), "operator pool", ""),
    ]
    return ", ".join(count_text(*count) for count in counts if count[0] > 0)
