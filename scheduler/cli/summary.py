"""The table that closes a solve or a repair."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler.cli.wording import ABSENT, gap_text, number_text
from scheduler.domain.result import Result

if TYPE_CHECKING:
    from rich.table import Table


def print_summary(
    name: str, result: Result, extra: tuple[tuple[str, str], ...] = (), files: tuple[Path, ...] = ()
) -> None:
    """Print what was found, how good it is, how long it took, and where it went."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text.assemble(name, ": ", (result.status.value, "bold")))
    if result.schedule is not None:
        console.print("", _objective_table(result), "", sep="\n")
    for label, text in (*facts(result), *extra, *(("written", str(path)) for path in files)):
        console.print(Text.assemble((f"{label:<16}", "dim"), text), soft_wrap=True)


def facts(result: Result) -> Iterator[tuple[str, str]]:
    """Yield what there is to say besides the objective, as pairs of label and text."""
    if result.schedule is not None and "makespan" not in result.objective.terms:
        yield "makespan", str(result.schedule.makespan)
    first = next((point.seconds for point in result.history if point.value is not None), None)
    yield "time", f"{result.seconds:.1f} s"
    yield "first schedule", ABSENT if first is None else f"{first:.2f} s"
    yield "workers, seed", f"{result.workers}, {result.seed}"


def tier_rows(result: Result) -> Iterator[tuple[str, str, str, str]]:
    """Yield a row ``(what, value, bound, gap)`` for each tier and, if it has several, each of its terms."""
    values = result.values or ()
    bounds = (*result.bounds, *(None for _ in values))
    for tier, value, bound in zip(result.objective.tiers, values, bounds, strict=False):
        yield str(tier), number_text(value), number_text(bound), gap_text(value, bound)
        if len(tier.weights) > 1:
            for term, _ in tier.weights:
                yield f"  {term}", number_text(result.terms[term]), ABSENT, ABSENT


def _objective_table(result: Result) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("objective", overflow="fold")
    for heading in ("value", "bound", "gap"):
        table.add_column(heading, justify="right", overflow="fold")
    for row in tier_rows(result):
        table.add_row(*row)
    return table
