"""The Markdown report of a comparison of solvers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Literal

from benchmarks.comparison import Measurement
from benchmarks.tables import grouped, markdown, mean_of, percent

OURS = "scheduler"
TOLERANCE = 0.005
"""Values count as equal that differ by no more than this share of the rival's."""
PICTURES = {"gaps": "Gaps by family", "profile": "Instances within a gap", "histories": "Gap over time"}
"""Charts of a chapter, with their captions."""
SUMS = "Excess: sum of the values / sum of the best known values - 1; gaps: of the runs whose best known value is not 0"


@dataclass(frozen=True)
class Setting:
    """What rows must share to be compared."""

    set: str
    objective: str
    time_limit: float
    workers: int

    @property
    def name(self) -> str:
        """What to call files of this chapter."""
        return f"{self.set}-{self.objective}-{self.time_limit:g}s-{self.workers}w".replace("/", "-")

    def __str__(self) -> str:
        goal = "" if self.objective == "makespan" else f", {self.objective.replace('_', ' ')}"
        return f"{self.set}{goal}: {self.time_limit:g} s, {self.workers} worker{'s' if self.workers > 1 else ''}"


@dataclass(frozen=True)
class Result:
    """What a verdict needs of a run."""

    value: int | None
    proved: bool


def by_setting(rows: Sequence[Measurement]) -> dict[Setting, list[Measurement]]:
    """Return the rows of each chapter."""
    return grouped(rows, lambda r: Setting(r.set, r.objective, r.time_limit, r.workers))


def write_report(rows: Sequence[Measurement], pictures: Sequence[str] = ()) -> str:
    """Return the report, one chapter for each setting, with links to the `pictures` (file names) of each."""
    chapters = []
    for setting, group in by_setting(rows).items():
        by_solver = grouped(group, lambda r: r.solver)
        lines = [f"# {setting}", ""]
        for name, caption in PICTURES.items():
            if (file := f"{setting.name}-{name}.png") in pictures:
                lines += [f"![{caption}]({file})", ""]
        for solver, own in by_solver.items():
            versions = ", ".join(dict.fromkeys(row.version for row in own))
            lines += [f"## {solver} {versions}", "", *_families(own, setting.objective), ""]
        if len(by_solver) > 1:
            lines += ["## Side by side", "", *_score(by_solver), "", *_side_by_side(group, list(by_solver)), ""]
        chapters.append("\n".join(lines))
    return "\n".join(chapters)


def _families(rows: Sequence[Measurement], objective: str) -> list[str]:
    """Return the table of one solver by family; gaps are to the best known value, where both exist."""
    heading = ["family", "number", "solved", "proved", "at best known", "mean gap %", "worst gap %"]
    heading.append("median s to within 1 %")
    has_zeros = objective != "makespan"
    body = [(family, *_sums(group, has_zeros)) for family, group in grouped(rows, lambda r: r.family).items()]
    body.append(("**all**", *_sums(rows, has_zeros)))
    table = markdown([*heading, "excess %"] if has_zeros else heading, body)
    return [*table, "", f"{SUMS}."] if has_zeros else table


def _sums(rows: Sequence[Measurement], has_zeros: bool) -> list[str]:
    gaps = [r.gap_to_best_known for r in rows if r.gap_to_best_known is not None and r.best_known_upper]
    seconds = [s for row in rows if (s := row.seconds_to_within_1_percent) is not None]
    cells = [
        str(len(rows)),
        str(sum(row.value is not None for row in rows)),
        str(sum(row.proved for row in rows)),
        str(sum(_is_at_best_known(row) for row in rows)),
        percent(mean_of(gaps)),
        percent(max(gaps, default=None)),
        f"{median(seconds):.1f}" if seconds else "-",
    ]
    return [*cells, percent(_excess(rows))] if has_zeros else cells


def _is_at_best_known(row: Measurement) -> bool:
    return row.value is not None and row.best_known_upper is not None and row.value <= row.best_known_upper


def _excess(rows: Sequence[Measurement]) -> float | None:
    """Return sum of values / sum of best known values - 1, over the runs that have both."""
    pairs = [(r.value, r.best_known_upper) for r in rows if r.value is not None and r.best_known_upper is not None]
    values, uppers = sum(value for value, _ in pairs), sum(upper for _, upper in pairs)
    return _over(values, uppers) if pairs else None


def _over(value: float, other: float) -> float:
    return value / other - 1 if other else 0.0 if value == 0 else inf


def _score(by_solver: dict[str, list[Measurement]]) -> list[str]:
    """Return how often the first of our own is better, equal and worse than each other solver and the best of them."""
    names = list(by_solver)
    ours = next((name for name in names if name.startswith(OURS)), names[0])
    results = {
        name: {(r.family, r.instance, r.seed): Result(r.value, r.proved) for r in rows}
        for name, rows in by_solver.items()
    }
    own = results.pop(ours)
    if len(results) > 1:
        results["best of them"] = _best_of(list(results.values()))
    heading = (f"{ours} against", "runs", "better", "equal", "worse", "worst loss %", "proved by us alone", "by both")
    body = []
    for rival, theirs in results.items():
        pairs = [(own[key], result) for key, result in theirs.items() if key in own]
        verdicts = [verdict(us.value, them.value) for us, them in pairs]
        proofs = [(us.proved, them.proved) for us, them in pairs]
        losses = [_loss(us.value, them.value) for us, them in pairs]
        counts = [len(pairs), *(verdicts.count(v) for v in ("better", "equal", "worse"))]
        proved = [proofs.count(which) for which in ((True, False), (True, True), (False, True))]
        body.append((rival, *map(str, counts), percent(max(losses, default=None)), *map(str, proved)))
    return [
        *markdown((*heading, "by the rival alone"), body),
        "",
        f"Equal: the values differ by no more than {TOLERANCE:.1%}, or neither has one. Worst loss: the most by which "
        "our value is above the rival's.",
    ]


def _best_of(results: list[dict[tuple[str, str, int], Result]]) -> dict[tuple[str, str, int], Result]:
    """Return the best value of any solver, and whether any proved it."""
    best: dict[tuple[str, str, int], Result] = {}
    for key, group in grouped((item for own in results for item in own.items()), lambda item: item[0]).items():
        values = [result.value for _, result in group if result.value is not None]
        best[key] = Result(min(values, default=None), any(result.proved for _, result in group))
    return best


def _loss(ours: int | None, theirs: int | None) -> float:
    if theirs is None:
        return 0.0
    return inf if ours is None else max(0.0, _over(ours, theirs))


def verdict(ours: int | None, theirs: int | None) -> Literal["better", "equal", "worse"]:
    """Return how our value compares with a rival's; any schedule is better than none."""
    if ours is None or theirs is None:
        return "equal" if ours is theirs else "worse" if ours is None else "better"
    if abs(ours - theirs) <= TOLERANCE * theirs:
        return "equal"
    return "better" if ours < theirs else "worse"


def _side_by_side(rows: Sequence[Measurement], solvers: list[str]) -> list[str]:
    """Return the table of values (gap to the best known in percent; † proved), the best of a row in bold."""
    several_seeds = len({row.seed for row in rows}) > 1
    body = []
    for (family, instance, seed), group in grouped(rows, lambda r: (r.family, r.instance, r.seed)).items():
        by_solver = {row.solver: row for row in group}
        best = min((row.value for row in group if row.value is not None), default=None)
        name = f"{family}/{instance}" + (f" (seed {seed})" if several_seeds else "")
        body.append((name, _known(group[0]), *(_cell(by_solver.get(solver), best) for solver in solvers)))
    legend = "Value (gap to the best known upper bound in percent); best of a row in bold, † proved."
    return [*markdown(("instance", "best known", *solvers), body), "", legend]


def _known(row: Measurement) -> str:
    lower, upper = ("?" if bound is None else f"{bound:g}" for bound in (row.best_known_lower, row.best_known_upper))
    return upper if lower == upper else f"{lower} to {upper}"


def _cell(row: Measurement | None, best: int | None) -> str:
    if row is None:
        return ""
    if row.value is None:
        return row.status
    value = f"**{row.value}**" if row.value == best else str(row.value)
    against = "" if row.gap_to_best_known is None else f" ({percent(row.gap_to_best_known)})"
    return f"{value}{' †' if row.proved else ''}{against}"
