"""``scheduler check`` and ``scheduler validate``: whether a schedule, an instance is right."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.options import instance_argument, schedule_argument
from scheduler.cli.wording import count_text, size_text
from scheduler.domain.result import Status

if TYPE_CHECKING:
    from scheduler.constraints import Violation

SHOWN_ON_TERMINAL = 20
"""Violations of one rule that a terminal shows; a pipe gets all."""


@click.command()
@instance_argument
@schedule_argument
def check(instance_path: Path, schedule_path: Path) -> None:
    """Check a schedule against every rule.

    The values that SCHEDULE.json states are recomputed and compared. A repaired schedule is checked against INSTANCE
    with its events; of a degraded one it is said what it breaks, and whether it says so itself.
    """
    from scheduler.checker import check as violations_of
    from scheduler.cli.stated import contradictions
    from scheduler.io import read
    from scheduler.io.schedule_file import read_schedule

    file = read_schedule(schedule_path, read(instance_path))
    if not file.schedule.operations and file.status in (Status.INFEASIBLE, Status.UNKNOWN):
        click.echo(f"{schedule_path}: holds no schedule ({file.status.value})", err=True)
        sys.exit(1)
    broken = violations_of(file.instance, file.schedule)
    found = (*broken, *contradictions(schedule_path, file, broken))
    if not found:
        operations = count_text(len(file.schedule.operations), "operation")
        click.echo(f"{schedule_path}: keeps every rule; {operations}, makespan {file.schedule.makespan}")
        return
    words = "degraded; " if file.broken else ""
    click.echo(f"{schedule_path}: {words}{count_text(len(found), 'violation')}")
    for text in violation_lines(found, SHOWN_ON_TERMINAL if sys.stdout.isatty() else len(found)):
        click.echo(text)
    sys.exit(1)


def violation_lines(found: Sequence[Violation], most: int) -> Iterator[str]:
    """Yield the violations grouped by rule, the first `most` of each."""
    by_rule: dict[str, list[Violation]] = {}
    for violation in found:
        by_rule.setdefault(violation.rule, []).append(violation)
    for rule, violations in by_rule.items():
        yield f"{rule} ({len(violations)})"
        yield from (f"  {violation.where}: {violation.detail}" for violation in violations[:most])
        if len(violations) > most:
            yield f"  ... and {len(violations) - most} more"


@click.command()
@instance_argument
def validate(instance_path: Path) -> None:
    """Check an instance.

    Says how large INSTANCE is, or lists everything that is wrong with it.
    """
    from scheduler.io import read

    instance = read(instance_path)
    click.echo(f"{instance_path}: valid; {size_text(instance)}; minimises {instance.objective}")
