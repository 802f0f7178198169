"""The Markdown report of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from statistics import mean, median
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from benchmarks.comparison import Measurement

OURS = "scheduler"
TOLERANCE = 0.005
"""Values count as equal that differ by no more than this share of the rival's."""
Group = TypeVar("Group", bound=Hashable)


def write_report(rows: Sequence[Measurement]) -> str:
    """Return the report: one chapter for each setting (set, time limit, workers)."""
    chapters = []
    for (set_name, time_limit, workers), group in _grouped(rows, lambda r: (r.set, r.time_limit, r.workers)).items():
        by_solver = _grouped(group, lambda r: r.solver)
        lines = [f"# {set_name}: {time_limit:g} s, {workers} worker{'s' if workers > 1 else ''}", ""]
        for solver, own in by_solver.items():
            lines += [f"## {solver} {', '.join(dict.fromkeys(row.version for row in own))}", "", *_families(own), ""]
        if len(by_solver) > 1:
            lines += ["## Side by side", ""]
            if OURS in by_solver:
                lines += [*_score(by_solver), ""]
            lines += [*_side_by_side(group, list(by_solver)), ""]
        chapters.append("\n".join(lines))
    return "\n".join(chapters)


def _families(rows: Sequence[Measurement]) -> list[str]:
    """Return the table of one solver by family; gaps are to the best known value, where both exist."""
    heading = ("family", "number", "solved", "proved", "mean gap %", "worst gap %", "median s to within 1 %")
    body = [(family, *_sums(group)) for family, group in _grouped(rows, lambda r: r.family).items()]
    return _table(heading, [*body, ("**all**", *_sums(rows))])


def _sums(rows: Sequence[Measurement]) -> tuple[str, ...]:
    gaps = [row.gap_to_best_known for row in rows if row.gap_to_best_known is not None]
    seconds = [s for row in rows if (s := row.seconds_to_within_1_percent) is not None]
    solved = sum(row.value is not None for row in rows)
    return (
        str(len(rows)),
        str(solved),
        str(sum(row.proved for row in rows)),
        f"{100 * mean(gaps):.2f}" if gaps else "-",
        f"{100 * max(gaps):.2f}" if gaps else "-",
        f"{median(seconds):.1f}" if seconds else "-",
    )


def _score(by_solver: dict[str, list[Measurement]]) -> list[str]:
    """Return how often we are better, equal and worse than each rival, and what only one of the two proved."""
    heading = ("scheduler against", "instances", "better", "equal", "worse", "proved by us alone", "by the rival alone")
    own = {(row.family, row.instance, row.seed): row for row in by_solver[OURS]}
    body = []
    for rival, rows in by_solver.items():
        pairs = [(own[key], row) for row in rows if (key := (row.family, row.instance, row.seed)) in own]
        verdicts = [verdict(us.value, them.value) for us, them in pairs]
        counts = [len(pairs), *(verdicts.count(v) for v in ("better", "equal", "worse"))]
        alone = [sum(a.proved and not b.proved for a, b in pairs), sum(b.proved and not a.proved for a, b in pairs)]
        if rival != OURS:
            body.append((rival, *map(str, counts + alone)))
    return [
        *_table(heading, body),
        "",
        f"Equal: the values differ by no more than {TOLERANCE:.1%}, or neither has one.",
    ]


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
    for (family, instance, seed), group in _grouped(rows, lambda r: (r.family, r.instance, r.seed)).items():
        by_solver = {row.solver: row for row in group}
        best = min((row.value for row in group if row.value is not None), default=None)
        name = f"{family}/{instance}" + (f" (seed {seed})" if several_seeds else "")
        body.append((name, _known(group[0]), *(_cell(by_solver.get(solver), best) for solver in solvers)))
    legend = "Value (gap to the best known upper bound in percent); best of a row in bold, † proved."
    return [*_table(("instance", "best known", *solvers), body), "", legend]


def _known(row: Measurement) -> str:
    lower, upper = ("?" if bound is None else f"{bound:g}" for bound in (row.best_known_lower, row.best_known_upper))
    return upper if lower == upper else f"{lower} to {upper}"


def _cell(row: Measurement | None, best: int | None) -> str:
    if row is None:
        return ""
    if row.value is None:
        return row.status
    value = f"**{row.value}**" if row.value == best else str(row.value)
    gap = "" if row.gap_to_best_known is None else f" ({100 * row.gap_to_best_known:.2f})"
    return f"{value}{' †' if row.proved else ''}{gap}"


def _grouped(rows: Iterable[Measurement], group_of: Callable[[Measurement], Group]) -> dict[Group, list[Measurement]]:
    """Return the rows by group, in the order of the first of each."""
    groups: dict[Group, list[Measurement]] = {}
    for row in rows:
        groups.setdefault(group_of(row), []).append(row)
    return groups


def _table(heading: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    """Return a Markdown table, numbers to the right."""
    rule = ["---", *["---:"] * (len(heading) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (heading, rule, *body)]
