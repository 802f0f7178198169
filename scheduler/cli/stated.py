"""What a schedule file states about its schedule, against what the schedule is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from scheduler.checker import recompute
from scheduler.cli.wording import number_text
from scheduler.constraints import Violation
from scheduler.errors import ScheduleError
from scheduler.io.files import read_text
from scheduler.io.json_text import parse_json
from scheduler.io.schedule_documents import ScheduleDocument
from scheduler.io.schedule_file import ScheduleFile
from scheduler.io.structure import read_document
from scheduler.terms import value_terms

RULE = "stated values"


def contradictions(path: Path, file: ScheduleFile, broken: Sequence[Violation]) -> Iterator[Violation]:
    """Yield every figure in the file at `path` that is not the one of its schedule, which breaks `broken`.

    Compared are makespan, terms, tier values and the lower bound, as far as the file has them; a lower bound
    contradicts when it exceeds the value of the first tier. Of a degraded schedule, all that it breaks has to be said.
    """
    if file.broken:
        actual, said = ({(v.rule, v.where, v.amount): v for v in found} for found in (broken, file.broken))
        for key in sorted(said.keys() - actual.keys()):
            yield Violation(RULE, "degraded", f"says {said[key]}, but the schedule keeps it", 1)
        for key in sorted(actual.keys() - said.keys()):
            yield Violation(RULE, "degraded", f"does not say {actual[key]}", 1)
    document = read_document(ScheduleDocument, parse_json(read_text(path), str(path)), str(path), ScheduleError)
    yield from _unequal("makespan", document.makespan, file.schedule.makespan)
    if document.objective is None or file.objective is None:
        return
    terms = value_terms(file.instance, file.schedule)
    for name, stated in document.objective.terms.items():
        if name in terms:
            yield from _unequal(f"objective.terms.{name}", stated, terms[name])
    values = recompute(file.instance, file.schedule, file.objective)
    yield from _unequal("objective.value", document.objective.value, values[0])
    for index, (tier, value) in enumerate(zip(document.objective.tiers, values, strict=False)):
        yield from _unequal(f"objective.tiers[{index}].value", tier.value, value)
    if file.lower_bound is not None and file.lower_bound > values[0]:
        detail = f"says {number_text(file.lower_bound)}, but the schedule has {number_text(values[0])}"
        yield Violation(RULE, "lower_bound", detail, int(file.lower_bound - values[0]) or 1)


def _unequal(where: str, stated: int | float | None, actual: Fraction | int) -> Iterator[Violation]:
    if stated is not None and Fraction(str(stated)) != actual and float(stated) != float(actual):
        distance = abs(Fraction(str(stated)) - actual)
        detail = f"says {number_text(Fraction(str(stated)))}, but the schedule has {number_text(actual)}"
        yield Violation(RULE, where, detail, int(distance) or 1)
