"""A folder with instances and schedules, and the command line to be used in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
from click.testing import CliRunner, Result

from scheduler.cli import main

FILES = Path(__file__).parent / "files"
INSTANCES = Path(__file__).parents[2] / "instances"
ENVIRONMENT = {"COLUMNS": "80", "FORCE_COLOR": None, "TERM": "dumb"}


def furnish(folder: Path) -> Path:
    """Copy what the tests name into the folder."""
    for file in (*FILES.iterdir(), *(INSTANCES / name for name in ("teaching.json", "infeasible.json", "ft06.json"))):
        shutil.copy(file, folder)
    shutil.copytree(INSTANCES / "broken", folder / "broken")
    return folder


def run(*arguments: str | Path) -> Result:
    """Run `scheduler` with these arguments; an exception that is no exit is raised."""
    result = CliRunner().invoke(
        main, [str(argument) for argument in arguments], prog_name="scheduler", env=ENVIRONMENT, catch_exceptions=False
    )
    assert isinstance(result.exception, (SystemExit, click.exceptions.Exit, type(None)))
    return result
