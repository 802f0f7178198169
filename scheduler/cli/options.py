"""The kinds of values on the command line, checked while it is read: before anything is solved or written."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from scheduler.domain.objective import Objective
from scheduler.errors import ObjectiveError

Command = TypeVar("Command", bound=Callable[..., Any])

PICTURES = (".png", ".svg", ".pdf")
LONGEST = 365 * 24 * 3600.0
"""Seconds; engines count a limit in integers and wait for it."""
MOST_WORKERS = 1_000
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_LENGTH_OF_TIME = re.compile(r"(?P<number>\d+(?:\.\d*)?|\.\d+) *(?P<unit>[smh]?)", re.ASCII)


def seconds(text: str) -> float:
    """Read a length of wall time: ``30``, ``30s``, ``2m``, ``1.5h``."""
    match = _LENGTH_OF_TIME.fullmatch(text.strip())
    if match is None:
        raise click.BadParameter(f"{text!r} is no length of time; write seconds (30, 30s) or minutes (2m).")
    length = float(match["number"]) * _UNITS[match["unit"]]
    if length <= 0:
        raise click.BadParameter("a time limit must be longer than 0 s.")
    if length > LONGEST:
        raise click.BadParameter("a time limit must be at most a year.")
    return length


class FiniteRange(click.FloatRange):
    """A range of numbers: without ``nan``, which no bound refuses, and ``inf``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


def objective_spec(text: str) -> Objective:
    """Read tiers of weighted terms."""
    try:
        return Objective.parse(text)
    except ObjectiveError as error:
        raise click.BadParameter(f"{error}.") from error


def share_of_value(text: str) -> float:
    """Read a share: ``0.02`` or ``2%``."""
    number, percent = (text.strip()[:-1], True) if text.strip().endswith("%") else (text, False)
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 10:
        raise click.BadParameter(f"{text!r} is no share; write a number from 0 to 10, or percent (2%).")
    return share


allowance_option = click.option(
    "--allowance",
    type=share_of_value,
    metavar="SHARE",
    help="What stability may cost: of the plans with values at most so much above the best found, the one with the "
    "least change.  [default in job shops: up to 0.5%, the more is pending]",
)

tax_option = click.option(
    "--tax",
    type=FiniteRange(min=0, max=1000),
    metavar="TICKS",
    help="What change costs: so much later may all jobs end for one tick of mean start deviation less; no allowance "
    "then.  [default in networks: up to 0.25, the more is pending]",
)


def require_one_of(allowance: float | None, tax: float | None) -> None:
    """Let at most one of allowance and tax pass."""
    if allowance is not None and tax is not None:
        raise click.UsageError("--allowance and --tax are two answers to one question; give one of them.")


def output_file(text: str) -> Path:
    """Read the name of a file to write; its folder exists and the place is writable."""
    path = Path(text)
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise click.BadParameter(f"'{path}' can't be written ({error.strerror}).") from None
    if is_folder:
        raise click.BadParameter(f"'{path}' is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise click.BadParameter(f"folder '{path.parent}' does not exist; create it first.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise click.BadParameter(f"'{path}' is not writable.")
    return path


def picture_file(text: str) -> Path:
    """Read the name of a picture to write."""
    path = output_file(text)
    if path.suffix.lower() not in PICTURES:
        raise click.BadParameter(f"'{path}' is no picture; end its name with one of {', '.join(PICTURES)}.")
    return path


INPUT_FILE = click.Path(path_type=Path)
"""Whether it is there and readable is the reader's to say, like everything else about its content."""

instance_argument = click.argument("instance_path", metavar="INSTANCE", type=INPUT_FILE)
schedule_argument = click.argument("schedule_path", metavar="SCHEDULE.json", type=INPUT_FILE)
workers_option = click.option(
    "--workers", type=click.IntRange(1, MOST_WORKERS), metavar="N", help="Worker threads.  [default: one for each core]"
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    metavar="N",
    help="Random seed; with one worker, the same seed gives the same schedule.  [default: 0]",
)
gantt_option = click.option(
    "--gantt", "gantt_path", type=picture_file, metavar="FILE", help=f"Draw it too ({', '.join(PICTURES)})."
)
history_option = click.option(
    "--plot-history", "history_path", type=picture_file, metavar="FILE", help="Draw value and bound over time."
)
quiet_option = click.option("--quiet", is_flag=True, help="Print neither progress nor summary.")


def objective_option(default: str) -> Callable[[Command], Command]:
    """Return the option for the objective; `default` says which one is taken without it."""
    example = "weighted_tardiness > makespan + 0.2*setup_time"
    return click.option(
        "--objective",
        type=objective_spec,
        metavar="SPEC",
        help=f"What to minimise, for example '{example}'.  [default: {default}]",
    )


def time_limit_option(default: int) -> Callable[[Command], Command]:
    """Return the option for the time limit with its default in seconds."""
    return click.option(
        "--time-limit",
        type=seconds,
        default=str(default),
        metavar="SECONDS",
        help=f"Wall time, for example 30, 30s or 2m.  [default: {default}]",
    )


def require_distinct(inputs: Sequence[Path], outputs: Sequence[Path | None]) -> None:
    """Refuse to write over an input file, or two outputs into one file.

    Raises
    ------
    click.UsageError
        If a file is named twice.
    """
    taken = {path.resolve() for path in inputs}
    for path in outputs:
        if path is None:
            continue
        if path.resolve() in taken:
            raise click.UsageError(f"'{path}' is named twice; write to another file.")
        taken.add(path.resolve())
